"""How well parts of an arrangement are found and named, beside a naive peer on the same files.

    python benchmarks/structure_accuracy.py [tune] [test] [demo] [lmms]

Boundaries are scored by F-measure within half a second and within a bar, both ends of the file left out; names by the
share of the time that has the right one. The peer is ``librosa.segment.agglomerative`` on chroma and MFCC of every
beat, given the true tempo and as many parts as we found; it has no names. Each song is judged twice: with the true beat
grid, and with the one the tempo meter finds. Songs are played on the spot, LMMS's own demos are rendered; of those only
where they change is known. What is called "test" was not looked at while anything was tuned.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import soundfile

from lmms_arrangement import read_project
from structure_songs import AMBIENT, RESTLESS, RESTLESS_TEST, TEST, TUNE
from support.arrangements import Arrangement, play
from support.lmms import PROJECTS, render
from uptrack_analysis.measure.bands import BandMeter
from uptrack_analysis.measure.loudness import LoudnessMeter
from uptrack_analysis.measure.results import BeatGrid, Structure
from uptrack_analysis.measure.structure import find_structure
from uptrack_analysis.measure.tempo import TempoMeter
from uptrack_analysis.signal import Block

RATE_HZ = 44_100
LMMS = {
    "tune": ("EsoXLB-CPU", "Oglsdl-Dr8v2", "Saber-FinalStep", "Settel-InnerRecreation"),
    "test": ("Thomasso-AxeFromThe80s", "TameAnderson-MakeMe"),
}

Spans = tuple[tuple[str | None, float, float], ...]


@dataclass(frozen=True, slots=True)
class Case:
    """A file and the truth about it; kinds are ``None`` where only the changes are known."""

    name: str
    signal: Block
    grid: BeatGrid
    truth: Spans


def songs(which: tuple[Arrangement, ...]) -> Iterator[Case]:
    for song in which:
        yield Case(song.name, play(song, RATE_HZ), song.grid, song.sections())


def the_demo() -> Iterator[Case]:
    """The demo's own song, whose arrangement is in its timeline."""
    from uptrack_daemon.demo import arrangement, master, timeline

    mix = master.master(master.sum_stems(arrangement.arrange(1).values()))
    truth = tuple((part.kind, part.start_s, part.end_s) for part in timeline.PARTS)
    yield Case("the demo's song", mix, BeatGrid(60 / timeline.BPM, 0.0, 0.0, 4, 1.0, 0.0), truth)


def lmms(names: tuple[str, ...]) -> Iterator[Case]:
    for name in names:
        wav, bpm = render(f"demos/{name}.mmpz")
        samples, rate_hz = soundfile.read(wav, dtype="float32", always_2d=True)
        assert rate_hz == RATE_HZ
        project = read_project(PROJECTS / "demos" / f"{name}.mmpz")
        edges_s = [0.0, *(bar * project.bar_s for bar in project.changes), len(samples) / rate_hz]
        truth: Spans = tuple((None, start_s, end_s) for start_s, end_s in pairwise(edges_s))
        yield Case(name, np.ascontiguousarray(samples.T), BeatGrid(60 / bpm, 0.0, 0.0, 4, 1.0, 0.0), truth)


def f_measure(found_s: list[float], true_s: list[float], within_s: float) -> float:
    """Harmonic mean of the shares of found and of true boundaries that have a partner."""

    def partnered(these: list[float], those: list[float]) -> float:
        near = [min((abs(one - other) for other in those), default=np.inf) <= within_s for one in these]
        return float(np.mean(near)) if near else float(not those)

    precision, recall = partnered(found_s, true_s), partnered(true_s, found_s)
    return 2 * precision * recall / (precision + recall) if precision + recall else 0.0


def rightly_named(found: Spans, truth: Spans) -> float:
    right_s = sum(
        max(0.0, min(end_s, true_end_s) - max(start_s, true_start_s))
        for kind, start_s, end_s in found
        for true_kind, true_start_s, true_end_s in truth
        if kind == true_kind
    )
    return right_s / (truth[-1][2] - truth[0][1])


def peer_boundaries_s(case: Case, parts: int) -> list[float]:
    """Boundaries of librosa's agglomerative clustering of beats."""
    import librosa
    from librosa.segment import agglomerative

    mono = librosa.resample(case.signal.mean(axis=0), orig_sr=RATE_HZ, target_sr=22_050)
    features = np.vstack([librosa.feature.mfcc(y=mono, sr=22_050), librosa.feature.chroma_stft(y=mono, sr=22_050)])
    features /= features.std(axis=1, keepdims=True) + 1e-9
    beats_s = np.arange(case.grid.first_beat_s, mono.size / 22_050, case.grid.beat_s)
    frames = librosa.time_to_frames(beats_s, sr=22_050)
    synced = librosa.util.sync(features, frames)
    starts = agglomerative(synced, min(parts, synced.shape[1]))
    edges_s = np.concatenate([[0.0], beats_s]) if frames[0] > 0 else beats_s
    return [float(edges_s[min(start, edges_s.size - 1)]) for start in starts[1:]]


def judge(case: Case) -> tuple[float, ...]:
    """Print one line; returns its figures."""
    bands, tempo = BandMeter(RATE_HZ, 2), TempoMeter(RATE_HZ, 2)
    loudness = LoudnessMeter(RATE_HZ, ("L", "R"))
    for start in range(0, case.signal.shape[1], 131_072):
        block = np.ascontiguousarray(case.signal[:, start : start + 131_072])
        for meter in (bands, tempo, loudness):
            meter.push(block)
    matrix, levels, estimate = bands.finish(), loudness.finish(), tempo.finish()
    assert tempo.onsets is not None
    duration_s = case.signal.shape[1] / RATE_HZ
    begun = time.thread_time()
    given = find_structure(matrix, tempo.onsets, levels, case.grid, duration_s)
    took_s = time.thread_time() - begun
    measured = find_structure(matrix, tempo.onsets, levels, estimate.grid, duration_s)
    peer_s = peer_boundaries_s(case, max(1, len(given.sections)))
    bar_s = case.grid.beat_s * case.grid.beats_per_bar
    true_s = [start_s for _, start_s, _ in case.truth[1:]]
    figures: list[float] = []
    for found_s in (_starts_s(given), _starts_s(measured), peer_s):
        figures += [f_measure(found_s, true_s, 0.5), f_measure(found_s, true_s, bar_s)]
    named = case.truth[0][0] is not None
    figures += [rightly_named(_spans(found), case.truth) if named else np.nan for found in (given, measured)]
    print(
        f"  {case.name:26.26} {' '.join(_share(value) for value in figures)}  {1000 * took_s:4.0f} ms  {_kinds(given)}"
    )
    return tuple(figures)


def _starts_s(structure: Structure) -> list[float]:
    return [section.start_s for section in structure.sections[1:]]


def _spans(structure: Structure) -> Spans:
    return tuple((section.kind, section.start_s, section.end_s) for section in structure.sections)


def _kinds(structure: Structure) -> str:
    return " ".join(f"{section.kind or 'part'}@{section.first_bar}" for section in structure.sections)


def _share(value: float) -> str:
    return "   –" if np.isnan(value) else f"{value:4.2f}"


def judge_all(title: str, cases: Iterator[Case]) -> None:
    print(title)
    print(f"  {'':26} true grid  own grid   librosa   names: true, own")
    print(f"  {'':26} 0.5s  bar 0.5s  bar 0.5s  bar")
    rows = [judge(case) for case in cases]
    means = [float(np.mean(column)) for column in np.array(rows).T]
    print(f"  {'mean':26} {' '.join(_share(value) for value in means)}")


if __name__ == "__main__":
    wanted = sys.argv[1:] or ["tune", "test", "demo", "lmms"]
    if "tune" in wanted:
        judge_all("songs tuned by", songs(TUNE))
        judge_all("songs tuned by, voices coming and going inside parts", songs(RESTLESS))
    if "test" in wanted:
        judge_all("songs not looked at", songs(TEST))
        judge_all("songs not looked at, voices coming and going inside parts", songs(RESTLESS_TEST))
        judge_all("no beat: its own grid has to be none", songs((AMBIENT,)))
    if "demo" in wanted:
        judge_all("the demo", the_demo())
    if "lmms" in wanted and PROJECTS.exists() and not os.environ.get("UPTRACK_NO_LMMS"):
        for split, names in LMMS.items():
            judge_all(f"LMMS demos, {split}: changes only", lmms(names))
