"""How often tempo and bar are right, beside librosa and essentia on the same files.

``python benchmarks/tempo_accuracy.py`` prints it; ``--ours`` leaves the others out, ``--drawn SEED`` judges a set of
grooves drawn by chance instead (``drawn.py``), ``--short`` asks ours alone of excerpts as long as loops are, two of
each length from a random place of every file, whatever the least length is that it takes a tempo from.

Acc1: within 4 % of the written tempo or an equally valid level of it. Acc2: also at 2, 3, 1/2 or 1/3 of one. Then
within 0.5 % up to octaves, within 0.05 BPM up to octaves where a machine kept time, and downbeats within 20 ms of a bar
line. Songs used for tuning and songs kept for judging are counted apart, stems alone (a lead, one snare) apart too.

essentia is asked in a process of its own (``essentia_peer.py``).
"""

from __future__ import annotations

import json
import subprocess
import sys
import warnings
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

import corpus
import drawn
import numpy as np
import soundfile
from corpus import Track
from essentia_peer import essentia_python

from uptrack_analysis.audio.source import open_audio
from uptrack_analysis.measure import tempo
from uptrack_analysis.measure.tempo import TempoMeter

DOWNBEAT_S = 0.020
SHORT_S = (3.0, 3.5, 4.0, 5.0, 6.0, 8.0)
EACH = 2

_ASK_ESSENTIA = """
import json, sys
import essentia; essentia.log.infoActive = essentia.log.warningActive = False
import essentia.standard as es
for line in sys.stdin:
    audio = es.MonoLoader(filename=line.rstrip("\\n"), sampleRate=44100)()
    answers = {"essentia multifeature": es.RhythmExtractor2013(method="multifeature")(audio)[0],
               "essentia degara": es.RhythmExtractor2013(method="degara")(audio)[0],
               "essentia Percival": es.PercivalBpmEstimator()(audio)}
    print(json.dumps({name: float(bpm) for name, bpm in answers.items()}), flush=True)
"""


@dataclass(frozen=True, slots=True)
class Answer:
    """What an estimator said of one track."""

    bpm: float | None
    downbeat_s: float | None = None
    bars: bool = False
    """It says where bars begin, or would."""


def ours(path: Path) -> Answer:
    with open_audio(path) as source:
        pair = min(2, source.info.channels)
        meter = TempoMeter(source.info.sample_rate_hz, pair)
        for block in source.blocks(131_072):
            meter.push(block[:pair])
    found = meter.finish()
    return Answer(found.bpm, found.grid.first_downbeat_s if found.grid is not None else None, bars=True)


def librosa_s(path: Path) -> Answer:
    import librosa

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        samples, rate_hz = librosa.load(path)
        return Answer(float(librosa.feature.tempo(y=samples, sr=rate_hz)[0]))


def essentia_s(tracks: list[Track]) -> dict[str, list[Answer]]:
    """Answers of three of its estimators; none where it cannot be installed."""
    python = essentia_python()
    if python is None:
        return {}
    asked = subprocess.run(
        [python, "-c", _ASK_ESSENTIA],
        input="\n".join(str(track.path) for track in tracks),
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        check=True,
    )
    said = [json.loads(line) for line in asked.stdout.splitlines() if line.startswith("{")]
    return {name: [Answer(line[name]) for line in said] for name in said[0]}


def _near(bpm: float, levels: Iterable[float], share: float) -> bool:
    return any(abs(bpm / level - 1.0) <= share for level in levels)


def acc1(track: Track, answer: Answer) -> bool | None:
    if track.bpm is None:
        return None
    return answer.bpm is not None and _near(answer.bpm, (track.bpm, *track.alternates), 0.04)


def acc2(track: Track, answer: Answer) -> bool | None:
    if track.bpm is None:
        return None
    levels = [bpm * factor for bpm in (track.bpm, *track.alternates) for factor in (1.0, 2.0, 3.0, 1 / 2, 1 / 3)]
    return answer.bpm is not None and _near(answer.bpm, levels, 0.04)


def half_per_cent(track: Track, answer: Answer) -> bool | None:
    if track.bpm is None:
        return None
    return answer.bpm is not None and _near(answer.bpm, _octaves(track), 0.005)


def twentieth(track: Track, answer: Answer) -> bool | None:
    if track.bpm is None or not track.exact:
        return None
    return answer.bpm is not None and min(abs(answer.bpm - level) for level in _octaves(track)) <= 0.05


def _octaves(track: Track) -> list[float]:
    return [bpm * factor for bpm in (track.bpm or 0.0, *track.alternates) for factor in (0.25, 0.5, 1.0, 2.0, 4.0)]


def downbeat(track: Track, answer: Answer) -> bool | None:
    if track.downbeat_s is None or not answer.bars:
        return None
    error_s = downbeat_error_s(track, answer)
    return error_s is not None and abs(error_s) <= DOWNBEAT_S


def downbeat_error_s(track: Track, answer: Answer) -> float | None:
    """Distance to the nearest bar line of the written tempo."""
    if track.downbeat_s is None or answer.downbeat_s is None:
        return None
    return (answer.downbeat_s - track.downbeat_s + track.bar_s / 2) % track.bar_s - track.bar_s / 2


def no_beat(track: Track, answer: Answer) -> bool | None:
    return None if track.bpm is not None else answer.bpm is None


SCORES: dict[str, Callable[[Track, Answer], bool | None]] = {
    "Acc1": acc1, "Acc2": acc2, "0.5 %": half_per_cent, "0.05 BPM": twentieth, "downbeat": downbeat, "no beat": no_beat,
}  # fmt: skip


def main(peers: bool = True, seed: int | None = None) -> None:
    """Print everything; ``peers=False`` asks only ourselves, which takes a tenth of the time."""
    tracks = list(corpus.tracks() if seed is None else corpus.drawn_grooves(seed))
    if seed is None and not corpus.MATERIAL.exists():
        print("the shared material is not here: LMMS's projects and synthesised grooves only")
    answers = {"uptrack": [ours(track.path) for track in tracks]}
    if peers:
        answers["librosa"] = [librosa_s(track.path) for track in tracks]
        essentia = essentia_s(tracks)
        answers |= essentia
        if not essentia:
            print("essentia is absent")
    groups = {
        "judged (test)": [n for n, track in enumerate(tracks) if track.split == "test" and not track.stem],
        "tuned on": [n for n, track in enumerate(tracks) if track.split == "tune" and not track.stem],
        "stems alone": [n for n, track in enumerate(tracks) if track.stem],
    }
    for group, members in groups.items():
        if not members:
            continue
        print(f"\n{group}: {len(members)} files")
        print(f"  {'':<22}" + "".join(f"{name:>16}" for name in SCORES))
        for who, said in answers.items():
            print(f"  {who:<22}" + "".join(f"{_share(score, tracks, said, members):>16}" for score in SCORES.values()))
    for who, said in answers.items():
        print(f"\nwhat {who} missed")
        for track, answer in zip(tracks, said, strict=True):
            missed = [name for name, score in SCORES.items() if score(track, answer) is False]
            if missed:
                print(f"  {track.split} {track.name}: {', '.join(missed)}; {_said(track, answer)}")


def short() -> None:
    """How sure ours is of excerpts, and how often right."""
    tempo.MIN_SECONDS = min(SHORT_S)
    rng = np.random.default_rng(1)
    tracks = [track for track in corpus.tracks() if not track.stem and track.bpm is not None]
    said: dict[float, list[tuple[Track, Answer, float]]] = {seconds: [] for seconds in SHORT_S}
    for track in tracks:
        samples, rate_hz = soundfile.read(track.path, dtype="float32", always_2d=True)
        for seconds, answers in said.items():
            frames = round(seconds * rate_hz)
            for _ in range(EACH if len(samples) >= frames else 0):
                start = rng.integers(0, len(samples) - frames + 1)
                part = np.ascontiguousarray(samples[start : start + frames, :2].T)
                if not part.any():
                    continue
                meter = TempoMeter(rate_hz, part.shape[0])
                meter.push(part)
                found = meter.finish()
                answers.append((track, Answer(found.bpm), found.confidence))
    for seconds, answers in said.items():
        told = [(acc1(track, answer), sure) for track, answer, sure in answers if answer.bpm is not None]
        print(
            f"{seconds} s: {len(answers)} excerpts, {len(told)} with a tempo, right by Acc1 "
            f"{np.mean([right for right, _ in told]):.2f}, {np.mean([sure for _, sure in told]):.2f} sure on average"
        )


def _share(
    score: Callable[[Track, Answer], bool | None], tracks: list[Track], said: list[Answer], members: list[int]
) -> str:
    right = [good for n in members if (good := score(tracks[n], said[n])) is not None]
    return f"{sum(right)}/{len(right)} {sum(right) / len(right):.0%}" if right else "-"


def _said(track: Track, answer: Answer) -> str:
    tempo = "no beat" if answer.bpm is None else f"{answer.bpm:.3f} BPM"
    written = "no beat" if track.bpm is None else f"{track.bpm:g} BPM"
    error_s = downbeat_error_s(track, answer)
    bar = "" if error_s is None else f", downbeat {1e3 * error_s:+.0f} ms"
    return f"{tempo} for {written}{bar}"


if __name__ == "__main__":
    if "--short" in sys.argv:
        short()
    else:
        main(peers="--ours" not in sys.argv, seed=drawn.seed_of(sys.argv))
