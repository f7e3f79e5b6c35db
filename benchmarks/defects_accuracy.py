"""What the defect meters find of faults planted in music, and what they report in music nobody planted anything in.

    .venv/bin/python benchmarks/defects_accuracy.py [seconds a track]

Faults are planted with a fixed seed, five of a kind in each track. A fault is found if one is reported within 4 ms
(hum: if any is reported). False alarms are counted in the untouched tracks, per hour; what a track reports itself is
printed, to be listened to. The tracks lie in ``$UPTRACK_MATERIAL/tracks``, or in ``../shared/material/tracks`` beside
the project; without them there is nothing to do.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import soundfile
from scipy.ndimage import minimum_filter1d, uniform_filter1d

from uptrack_analysis.measure.defects import DefectMeter
from uptrack_analysis.measure.results import Defects
from uptrack_analysis.signal import Block

MATERIAL = Path(os.environ.get("UPTRACK_MATERIAL", Path(__file__).parents[2] / "shared" / "material"))
PLANTED = 5
NEAR_S = 0.004
BIT_DEPTH = 16

Plant = Callable[[Block, int, int, np.random.Generator], None]
"""Damages samples in place: (samples, rate, frame, random)."""


def samples(path: Path, seconds: float) -> tuple[Block, int]:
    """Decoded audio, shape (channels, frames), and its rate."""
    with soundfile.SoundFile(path) as file:
        interleaved = file.read(round(seconds * file.samplerate), dtype="float32", always_2d=True)
        return np.ascontiguousarray(interleaved.T), file.samplerate


def measured(signal: Block, rate_hz: int) -> Defects:
    meter = DefectMeter(rate_hz, signal.shape[0], BIT_DEPTH)
    for start in range(0, signal.shape[1], 131_072):
        meter.push(signal[:, start : start + 131_072])
    return meter.finish()


def click(amplitude: float, kind: str) -> Plant:
    def plant(signal: Block, rate_hz: int, frame: int, rng: np.random.Generator) -> None:
        time_s = np.arange(round(0.0015 * rate_hz)) / rate_hz
        shape = {
            "sample": np.ones(1),
            "pop": np.exp(-time_s / 0.0003) * np.cos(2 * np.pi * 3_000 * time_s),
            "burst": rng.uniform(-1, 1, round(0.001 * rate_hz)),
        }[kind]
        hit = rng.integers(0, 3) if signal.shape[0] > 1 else 2
        rows = slice(None) if hit == 2 else slice(hit, hit + 1)
        signal[rows, frame : frame + shape.size] += np.float32(amplitude * rng.choice([-1, 1])) * shape.astype("f4")

    return plant


def step(signal: Block, rate_hz: int, frame: int, _rng: np.random.Generator) -> None:
    """An edit without a fade: 37 ms are gone."""
    gone = round(0.037 * rate_hz)
    signal[:, frame:-gone] = signal[:, frame + gone :].copy()


def repeat(seconds: float) -> Plant:
    def plant(signal: Block, rate_hz: int, frame: int, _rng: np.random.Generator) -> None:
        period = round(seconds * rate_hz)
        signal[:, frame : frame + period] = signal[:, frame - period : frame].copy()

    return plant


def hole(seconds: float) -> Plant:
    def plant(signal: Block, rate_hz: int, frame: int, _rng: np.random.Generator) -> None:
        signal[:, frame : frame + round(seconds * rate_hz)] = 0

    return plant


FAULTS: dict[str, tuple[Plant, str]] = {
    **{
        f"click {kind} {level:g}": (click(level, kind), "clicks")
        for kind in ("sample", "pop", "burst")
        for level in (0.5, 0.15, 0.05)
    },
    "click edit": (step, "clicks"),
    **{f"repeat {ms:g} ms": (repeat(ms / 1000), "repeats") for ms in (1.45, 5.8, 10, 23.2, 100)},
    **{f"dropout {ms} ms": (hole(ms / 1000), "gaps") for ms in (5, 20, 100)},
}


def places(found: Defects) -> dict[str, list[int]]:
    return {
        "clicks": [click.frame for click in found.clicks],
        "repeats": [repeat.start for repeat in found.repeats],
        "gaps": [gap.start for gap in found.gaps],
    }


def with_hum(signal: Block, rate_hz: int, mains_hz: float, level_dbfs: float) -> Block:
    """A fundamental of that RMS level with falling harmonics, in every channel."""
    time_s = np.arange(signal.shape[1]) / rate_hz
    wave = sum(0.5 ** (k - 1) * np.sin(2 * np.pi * k * mains_hz * time_s + k) for k in (1, 2, 3, 4))
    hum: Block = signal + np.float32(np.sqrt(2) * 10 ** (level_dbfs / 20)) * np.asarray(wave, dtype=np.float32)
    return hum


def main(seconds: float) -> None:
    files = sorted((MATERIAL / "tracks").glob("*"))
    if not files:
        print(f"No tracks in {MATERIAL}: set UPTRACK_MATERIAL.")
        return
    clean = {path: samples(path, seconds) for path in files}
    untouched = {path: measured(*track) for path, track in clean.items()}
    report_untouched(untouched, clean)
    rng = np.random.default_rng(3)
    for name, (plant, kind) in FAULTS.items():
        report_planted(name, plant, kind, clean, rng)
    report_hum(clean)
    report_levels(clean, untouched)
    report_dithered(clean, untouched)


def report_untouched(untouched: dict[Path, Defects], clean: dict[Path, tuple[Block, int]]) -> None:
    hours = sum(signal.shape[1] / rate_hz for signal, rate_hz in clean.values()) / 3600
    totals = {
        kind: sum(len(places(found)[kind]) for found in untouched.values()) for kind in ("clicks", "repeats", "gaps")
    }
    totals["clip runs"] = sum(found.clipped_runs for found in untouched.values())
    totals["hum"] = sum(len(found.hum or ()) for found in untouched.values())
    print(f"untouched: {len(clean)} tracks, {hours * 60:.1f} min")
    for kind, count in totals.items():
        print(f"  {kind:9} {count:4d}  {count / hours:7.1f} an hour")
    for path, found in untouched.items():
        for kind, frames in places(found).items():
            if frames:
                at = ", ".join(f"{frame / clean[path][1]:.4f}" for frame in frames[:6])
                print(f"    {path.name}: {len(frames)} {kind} at {at} s")


def report_planted(
    name: str, plant: Plant, kind: str, clean: dict[Path, tuple[Block, int]], rng: np.random.Generator
) -> None:
    hits, exact, planted = 0, 0, 0
    for original, rate_hz in clean.values():
        signal = original.copy()
        frames = np.linspace(rate_hz, signal.shape[1] - 2 * rate_hz, PLANTED + 1)[:-1].astype(int)
        frames += rng.integers(0, max(1, int(np.diff(frames)[0]) - rate_hz // 2), PLANTED)
        for frame in frames.tolist():
            plant(signal, rate_hz, frame, rng)
        found = np.array(places(measured(signal, rate_hz))[kind], dtype=np.int64)
        for frame in frames.tolist():
            # Silence and the parts of it that a hole may fall into sound the same.
            if np.abs(original[:, frame - 400 : frame + 400]).max() < 1e-3:
                continue
            planted += 1
            off = int(np.abs(found - frame).min()) if found.size else rate_hz
            hits += off <= NEAR_S * rate_hz
            exact += off == 0
    print(f"{name:18} found {hits / planted:6.1%} of {planted}, {exact / max(1, hits):6.1%} of these to the sample")


def report_hum(clean: dict[Path, tuple[Block, int]]) -> None:
    """In the music alone, and in the music with an outro: its first 15 s once more, 30 dB down."""
    for outro in (False, True):
        for mains_hz, level_dbfs in ((50.0, -30), (50.0, -40), (60.03, -50), (60.03, -60)):
            hits, errors_db, errors_hz = 0, [], []
            for signal, rate_hz in clean.values():
                quiet = signal[:, : 15 * rate_hz] * np.float32(0.03)
                music = np.concatenate([signal, quiet], axis=1) if outro else signal
                found = measured(with_hum(music, rate_hz, mains_hz, level_dbfs), rate_hz).hum
                if found:
                    hits += 1
                    errors_hz.append(abs(found[0].frequency_hz - mains_hz))
                    first = dict(found[0].harmonics).get(1)
                    errors_db += [] if first is None else [abs(first - level_dbfs)]
            where = ", outro" if outro else ""
            print(
                f"hum {mains_hz:g} Hz {level_dbfs} dBFS{where}: found in {hits / len(clean):6.1%} of tracks, median "
                f"error {np.median(errors_hz or [np.nan]):.3f} Hz, {np.median(errors_db or [np.nan]):.2f} dB"
            )


def dithered(signal: Block, bits: int, rng: np.random.Generator, shape: str = "TPDF") -> Block:
    """An export's samples: dither of a step either way, or of half a step, and rounding."""
    scale = 2.0 ** (bits - 1)
    noise = sum(rng.uniform(-0.5, 0.5, signal.shape) for _ in range(2 if shape == "TPDF" else 1))
    rounded: Block = (np.clip(np.round(signal * scale + noise), -scale, scale - 1) / scale).astype(np.float32)
    return rounded


def limited(signal: Block, over_db: float, ceiling: float, ahead: int) -> Block:
    """Turned up, and down again around each peak, which is left as pointed as it was."""
    loud = signal * (10 ** (over_db / 20) / np.abs(signal).max())
    wanted = np.minimum(1, ceiling / np.maximum(np.abs(loud).max(axis=0), 1e-9))
    gain = uniform_filter1d(minimum_filter1d(wanted, 2 * ahead + 1), ahead + 1)
    held: Block = np.asarray(loud * gain, dtype=np.float32)
    return held


def report_dithered(clean: dict[Path, tuple[Block, int]], untouched: dict[Path, Defects]) -> None:
    """Tracks that are not clipped, once they are: flat tops with dither against those without; and behind limiters."""
    rng = np.random.default_rng(4)
    unclipped = {path: track for path, track in clean.items() if not untouched[path].clipped_runs}
    for over_db in (1, 3, 6):
        bare = {
            path: np.clip(signal * (10 ** (over_db / 20) / np.abs(signal).max()), -1, 1)
            for path, (signal, _rate_hz) in unclipped.items()
        }
        runs = {path: measured(0.966 * signal, unclipped[path][1]).clipped_runs for path, signal in bare.items()}
        for bits, shape in ((24, "TPDF"), (16, "RPDF"), (16, "TPDF")):
            for ceiling in (0.966, 0.5):
                found = {
                    path: measured(dithered(ceiling * signal, bits, rng, shape), unclipped[path][1]).clipped_runs
                    for path, signal in bare.items()
                }
                told = [path for path, count in runs.items() if count]
                print(
                    f"clipped by {over_db} dB at {ceiling:g}, {bits}-bit {shape}: {sum(found.values())} of "
                    f"{sum(runs.values())} runs, in {sum(found[path] > 0 for path in told)} of {len(told)} tracks"
                )
    for over_db in (0, 6, 12):
        for ahead in (2, 8, 60):
            wrong = [
                measured(dithered(limited(signal, over_db, 0.966, ahead), 16, rng), rate_hz).clipped_runs
                for signal, rate_hz in unclipped.values()
            ]
            print(
                f"limited by {over_db} dB, {ahead} samples ahead, 16-bit TPDF: {sum(wrong)} runs in "
                f"{np.count_nonzero(wrong)} of {len(wrong)} tracks"
            )


def report_levels(clean: dict[Path, tuple[Block, int]], untouched: dict[Path, Defects]) -> None:
    for offset in (0.01, 0.001):
        errors = [
            float(
                np.abs(
                    measured(signal + np.float32(offset), rate_hz).dc_offset - untouched[path].dc_offset - offset
                ).max()
            )
            for path, (signal, rate_hz) in clean.items()
        ]
        print(f"DC of {offset:g}: largest error {max(errors):.1e}")
    for over_db in (1, 3, 6):
        for ceiling in (1.0, 0.7):
            hits, levels = 0, []
            for signal, rate_hz in clean.values():
                gain = 10 ** (over_db / 20) / np.abs(signal).max()
                found = measured((np.clip(signal * gain, -1, 1) * ceiling).astype(np.float32), rate_hz)
                hits += found.clipped_runs > 0
                levels += [run.ceiling for run in found.clip_runs[:1]]
            print(
                f"clipped by {over_db} dB at {ceiling:g}: found in {hits / len(clean):6.1%} of tracks, ceiling read as "
                f"{np.median(levels or [np.nan]):.4f}"
            )


if __name__ == "__main__":
    main(float(sys.argv[1]) if len(sys.argv) > 1 else 40.0)
