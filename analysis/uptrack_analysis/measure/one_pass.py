"""All meters over one file in a single decode.

The caller's thread decodes; two others run the meters, each of which sees every block in order and shares nothing
with the others. The arithmetic is NumPy's and soxr's, which let go of the interpreter lock, so two threads are worth
nearly two cores; more would only wait for memory.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from dataclasses import replace
from time import perf_counter
from typing import Any, ParamSpec, TypeVar

from uptrack_analysis.audio.source import AudioSource, Speaker
from uptrack_analysis.errors import NothingToMeasure
from uptrack_analysis.measure.bands import BandMeter
from uptrack_analysis.measure.defects import DefectMeter
from uptrack_analysis.measure.key import KeyMeter
from uptrack_analysis.measure.levels import RmsMeter
from uptrack_analysis.measure.loudness import LoudnessMeter
from uptrack_analysis.measure.peaks import PeakMeter
from uptrack_analysis.measure.results import Measured
from uptrack_analysis.measure.stereo_curve import StereoCurveMeter
from uptrack_analysis.measure.tempo import TempoMeter
from uptrack_analysis.signal import Block

Progress = Callable[[float, str], None]
"""Called with the fraction done, 0 to 1, and the stage's name."""

DECODE = "decode"
_THREADS = 2
_BLOCK_FRAMES = 131_072
# Share of the work that streams by; the rest is what meters do when the file has ended.
_STREAMED = 0.9
# Where no header tells how long a file is, progress approaches its end as if this much were still to come.
_GUESSED_S = 120.0

P = ParamSpec("P")
Result = TypeVar("Result")


def measure(source: AudioSource, progress: Progress, timings: dict[str, float] | None = None) -> Measured:
    """Run every meter over ``source``.

    Parameters
    ----------
    source : AudioSource
        Open, and not read from yet.
    progress : callable
        Hears from each stage after each block, on the caller's thread; what it raises ends the measurement.
    timings : dict, optional
        Filled with the seconds each stage worked. Stages run side by side, so they add up to more than the wall time.

    Raises
    ------
    NothingToMeasure
        The file holds no frames.
    """
    info = source.info
    rate_hz, channels = info.sample_rate_hz, info.channels
    front = front_pair(info.layout)
    rows = len(front)
    loudness = LoudnessMeter(rate_hz, info.layout)
    peaks = PeakMeter(rate_hz, channels)
    defects = DefectMeter(rate_hz, channels, info.bit_depth)
    rms = RmsMeter(channels)
    bands = BandMeter(rate_hz, rows)
    stereo = StereoCurveMeter(rate_hz, rows)
    tempo = TempoMeter(rate_hz, rows)
    key = KeyMeter(rate_hz, rows)

    clock = _Clock({} if timings is None else timings)
    # The longest first, so that no thread is left alone with one at the end of a block.
    whole: list[tuple[str, Callable[[Block], None]]] = [
        ("loudness", loudness.push),
        ("peaks", peaks.push),
        ("defects", defects.push),
        ("levels", rms.push),
    ]
    paired: list[tuple[str, Callable[[Block], None]]] = [
        ("spectrum", bands.push),
        ("tempo", tempo.push),
        ("key", key.push),
        ("stereo", stereo.push),
    ]
    with ThreadPoolExecutor(max_workers=_THREADS, thread_name_prefix="meters") as pool:
        running: dict[Future[None], str] = {}
        reached = 0.0
        blocks = source.blocks(_BLOCK_FRAMES)
        while (block := clock.run(DECODE, next, blocks, None)) is not None:
            _settle(running, reached, progress)
            pair = block if channels <= 2 else block[list(front)]
            running = {pool.submit(clock.run, name, push, pair): name for name, push in paired}
            running |= {pool.submit(clock.run, name, push, block): name for name, push in whole}
            reached = max(reached, _STREAMED * _fraction(source))
            progress(reached, DECODE)
        _settle(running, _STREAMED, progress)
        if source.frames_read == 0:
            raise NothingToMeasure("Expected audio, but the file ends before its first sample: export it again.")

        found_tempo = pool.submit(clock.run, "tempo", tempo.finish)
        found_key = pool.submit(clock.run, "key", key.finish)
        found_bands = pool.submit(clock.run, "spectrum", bands.finish)
        found_loudness = pool.submit(clock.run, "loudness", loudness.finish)
        found_peaks = pool.submit(clock.run, "peaks", peaks.finish)
        found_defects = pool.submit(clock.run, "defects", defects.finish)
        ends: list[tuple[str, Future[Any]]] = [
            ("tempo", found_tempo),
            ("key", found_key),
            ("spectrum", found_bands),
            ("loudness", found_loudness),
            ("peaks", found_peaks),
            ("defects", found_defects),
        ]
        for done, (name, future) in enumerate(ends, start=1):
            future.result()
            progress(_STREAMED + (1 - _STREAMED) * done / len(ends), name)
    measured = Measured(
        sample_rate_hz=rate_hz,
        channels=channels,
        frames=source.frames_read,
        rms_dbfs=rms.finish(),
        loudness=found_loudness.result(),
        peaks=found_peaks.result(),
        defects=found_defects.result(),
        bands=found_bands.result(),
        stereo=stereo.finish(),
        tempo=found_tempo.result(),
        key=found_key.result(),
        non_finite_samples=source.non_finite_samples,
    )
    return replace(
        measured,
        unmeasured={
            **_unmeasured(measured),
            **loudness.unmeasured,
            **({"tempo.bpm": tempo.reason} if tempo.reason else {}),
            **({"key.name": key.reason} if key.reason else {}),
        },
    )


def front_pair(layout: tuple[Speaker, ...]) -> tuple[int, ...]:
    """Channels of front left and right; the first two if the layout names none, the only one of a mono file."""
    if "L" in layout and "R" in layout:
        return layout.index("L"), layout.index("R")
    return tuple(range(min(2, len(layout))))


class _Clock:
    """Adds up the seconds each stage works; a stage never runs twice at once, so nothing is lost between threads."""

    def __init__(self, seconds: dict[str, float]) -> None:
        self._seconds = seconds

    def run(self, stage: str, work: Callable[P, Result], *args: P.args, **kwargs: P.kwargs) -> Result:
        begun = perf_counter()
        try:
            return work(*args, **kwargs)
        finally:
            self._seconds[stage] = self._seconds.get(stage, 0.0) + perf_counter() - begun


def _settle(running: dict[Future[None], str], reached: float, progress: Progress) -> None:
    """Wait until every meter has taken its block; the first that failed speaks for all."""
    for future in as_completed(running):
        future.result()
        progress(reached, running[future])


def _fraction(source: AudioSource) -> float:
    expected = source.frames_expected
    if expected is None:
        return source.frames_read / (source.frames_read + _GUESSED_S * source.info.sample_rate_hz)
    return min(1.0, source.frames_read / max(1, expected))


def _unmeasured(measured: Measured) -> dict[str, str]:
    """Why figures of the peaks and of the stereo image are missing."""
    silent = "expected signal, but every sample is zero"
    reasons: dict[str, str] = {}
    if measured.rms_dbfs is None:
        reasons |= dict.fromkeys(
            ("loudness.true_peak_dbtp", "loudness.sample_peak_dbfs", "dynamics.rms_dbfs", "dynamics.crest_db"), silent
        )
    if measured.channels == 1:
        mono = "expected two channels, but the file is mono"
        reasons |= dict.fromkeys(
            ("stereo.correlation", "stereo.correlation_low", "stereo.width_db", "stereo.balance_db"), mono
        )
    return reasons
