"""Is a stem that is missing from the folder told, and a master chain not taken for one?

    .venv/bin/python benchmarks/stem_sums.py                 six mixes, the shared material's sets first
    .venv/bin/python benchmarks/stem_sums.py --half test --mixes 12

Every mix that has stems (``fault_mixes.py``) goes through every master chain below with all its stems: what is said to
be missing then is a false alarm. Then each stem in turn is left out of the folder, beside the plain sum and beside the
whole chain: one within 25 dB of the mix has to be told. Stems are placed as in an analysis, by their waveforms.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import tempfile
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import get_args

# Before numpy is loaded, as in a worker.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np
import soundfile
from fault_filters import LIMITER, bell, low_shelf
from fault_mixes import RATE_HZ, Half, Mix, Sound, plans
from fault_places import mean_db
from fault_runs import mix_named, write_audio

from support.measured_stems import measured_stem
from uptrack_analysis.findings.rules.int_stemsum import LIMITS, octaves_left_db
from uptrack_analysis.measure.bands import BandMeter
from uptrack_analysis.measure.probes import ProbeMeter
from uptrack_analysis.stems.alignment import DelayFinder, align
from uptrack_analysis.stems.results import StemMeasured
from uptrack_analysis.stems.sum_check import check_sum
from uptrack_daemon.demo import master

HAS_TO_BE_TOLD_DB = -25.0
"""Of a stem, re the mix."""
CLASSES_DB = (-12.0, -18.0, HAS_TO_BE_TOLD_DB)
MIXES = 6


# -- master chains -----------------------------------------------------------------------------------------------------


def _full_scale(sound: Sound, drive_db: float) -> Sound:
    return sound * np.float32(10 ** (drive_db / 20) / np.abs(sound).max())


def _equalised(sound: Sound) -> Sound:
    """Highs up and lows down by 4 dB each."""
    return low_shelf(bell(sound, 6_000.0, 4.0, 0.5), 200.0, -4.0)


STEP_FRAMES = 44
ATTACK_S, RELEASE_S, RATIO = 0.01, 0.12, 4.0


def _compressed(sound: Sound) -> Sound:
    """A bus compressor at the mix's own level, 4:1, 10 ms and 120 ms: 3 to 5 dB on the loud beats."""
    count = sound.shape[1] // STEP_FRAMES
    power = np.square(sound[:, : count * STEP_FRAMES]).mean(axis=0).reshape(count, STEP_FRAMES).mean(axis=1)
    over_db = 10 * np.log10(np.maximum(power / max(float(power.mean()), 1e-20), 1e-10))
    reduced_db, curve = 0.0, np.zeros(count)
    for place, wanted_db in enumerate(np.maximum(0.0, over_db * (1 - 1 / RATIO))):
        kept = np.exp(-STEP_FRAMES / RATE_HZ / (ATTACK_S if wanted_db > reduced_db else RELEASE_S))
        reduced_db = kept * reduced_db + (1 - kept) * float(wanted_db)
        curve[place] = reduced_db
    at = np.arange(sound.shape[1])
    gain_db = -np.interp(at, STEP_FRAMES * (np.arange(count) + 0.5), curve)
    return sound * (10 ** (gain_db / 20)).astype(np.float32)


def _limited(sound: Sound, drive_db: float) -> Sound:
    return master.limit(_full_scale(sound, drive_db), LIMITER)


def _saturated(sound: Sound, drive_db: float) -> Sound:
    return np.tanh(_full_scale(sound, drive_db))


def _coded(sound: Sound) -> Sound:
    """To an MP3 of 192 kbit/s and back."""
    with tempfile.TemporaryDirectory(prefix="uptrack-stem-sums-") as folder:
        whole, coded, back = (str(Path(folder) / name) for name in ("mix.wav", "mix.mp3", "back.wav"))
        write_audio(Path(whole), sound / np.float32(max(1.0, np.abs(sound).max())))
        quiet = ["ffmpeg", "-nostdin", "-loglevel", "error", "-y"]
        subprocess.run([*quiet, "-i", whole, "-b:a", "192k", coded], check=True)
        subprocess.run([*quiet, "-i", coded, "-c:a", "pcm_f32le", back], check=True)
        decoded = soundfile.read(back, dtype="float32", always_2d=True)[0].T
    return np.ascontiguousarray(decoded[:, : sound.shape[1]])


CHAINS: dict[str, Callable[[Sound], Sound]] = {
    "the plain sum": lambda sound: sound,
    "a fader at -6 dB": lambda sound: sound * np.float32(0.5),
    "an equaliser": _equalised,
    "a compressor": _compressed,
    "a limiter, 4 dB": lambda sound: _limited(sound, 4.0),
    "a limiter, 8 dB": lambda sound: _limited(sound, 8.0),
    "saturation, 3 dB": lambda sound: _saturated(sound, 3.0),
    "saturation, 9 dB": lambda sound: _saturated(sound, 9.0),
    "clipping, 4 dB": lambda sound: np.clip(_full_scale(sound, 4.0), -1.0, 1.0),
    "an MP3 of it": _coded,
    "equaliser, compressor, saturation, limiter": lambda sound: _limited(
        _saturated(_compressed(_equalised(sound)), 3.0), 3.0
    ),
}
WITHOUT_A_STEM = ("the plain sum", "equaliser, compressor, saturation, limiter")


# -- the question ------------------------------------------------------------------------------------------------------


def left_db(mix: Sound, stems: Iterable[StemMeasured]) -> float:
    """Of the octave with most of it, what is left that no stem and no master chain accounts for; -inf for nothing."""
    stems = list(stems)
    probes, bands = ProbeMeter(RATE_HZ, mix.shape[0]), BandMeter(RATE_HZ, mix.shape[0])
    probes.push(mix)
    bands.push(mix)
    looked = probes.finish()
    finder = DelayFinder(looked)
    placed = align(looked, bands.finish(), stems, [finder.find(stem.probes) for stem in stems])
    check = check_sum(looked, [stem.probes for stem in stems], placed)
    if isinstance(check, str) or check.left_over is None:
        return -np.inf
    return float(octaves_left_db(check.left_over).max())


def mixes(half: Half | None, count: int) -> Iterator[Mix]:
    """Those that have stems: the shared material's sets first, for they are nobody's synthesis."""
    having = [plan for plan in plans(half) if plan.master is not None]
    having.sort(key=lambda plan: not plan.name.endswith(" stems"))
    for plan in having[:count]:
        mix = mix_named(plan.name)
        if len(mix.stems) > 1:
            yield mix


def main() -> None:
    parser = argparse.ArgumentParser(description="Leave stems out of the folder, and count what is told.")
    parser.add_argument("--half", choices=get_args(Half), default=None, help="only this half")
    parser.add_argument("--mixes", type=int, default=MIXES)
    asked = parser.parse_args()
    warn_db = LIMITS.table("missing").number("warn_db")
    full: dict[str, list[float]] = {name: [] for name in CHAINS}
    without: dict[str, list[tuple[float, float]]] = {name: [] for name in WITHOUT_A_STEM}
    for mix in mixes(asked.half, asked.mixes):
        summed = np.asarray(np.sum(list(mix.stems.values()), axis=0), dtype=np.float32)
        stems = {name: measured_stem(sound) for name, sound in mix.stems.items()}
        for name, chain in CHAINS.items():
            made = np.ascontiguousarray(chain(summed), dtype=np.float32)
            full[name].append(found := left_db(made, stems.values()))
            if found >= warn_db:
                print(f"  false alarm: {mix.name}, {name}: {found:.1f} dB")
            for stem, sound in mix.stems.items() if name in WITHOUT_A_STEM else ():
                level_db = mean_db(sound) - mean_db(summed)
                found = left_db(made, [one for other, one in stems.items() if other != stem])
                without[name].append((level_db, found))
                if found < warn_db and level_db >= HAS_TO_BE_TOLD_DB:
                    print(f"  not told: {mix.name} without {stem} ({level_db:.0f} dB), {name}: {found:.1f} dB")
        print(f"  {mix.name}: {len(stems)} stems", flush=True)
    _show(full, without, warn_db)


def _show(full: dict[str, list[float]], without: dict[str, list[tuple[float, float]]], warn_db: float) -> None:
    print(f"\nAll stems there (told from {warn_db:g} dB on)")
    for name, values in full.items():
        print(f"  {name:45} {sum(value >= warn_db for value in values)} of {len(values)}, most {max(values):6.1f} dB")
    everything = [value for values in full.values() for value in values]
    print(f"  {'false alarms':45} {sum(value >= warn_db for value in everything)} of {len(everything)}")
    print("\nOne stem left out")
    for name, cases in without.items():
        for least_db in CLASSES_DB:
            values = [value for level_db, value in cases if level_db >= least_db]
            told = sum(value >= warn_db for value in values)
            share = told / max(1, len(values))
            print(f"  {name:45} within {-least_db:g} dB of the mix: {told} of {len(values)}, recall {share:.2f}")


if __name__ == "__main__":
    main()
