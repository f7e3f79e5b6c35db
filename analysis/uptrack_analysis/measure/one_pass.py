"""All meters over one file in a single decode.

The caller's thread decodes, and runs the meters together with one more (``lanes.py``). A third would only wait for
memory.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from time import perf_counter
from typing import Any

from uptrack_analysis.audio.source import AudioSource, Speaker
from uptrack_analysis.errors import NothingToMeasure
from uptrack_analysis.measure.bands import BandMeter
from uptrack_analysis.measure.breaks import clicks_apart_from
from uptrack_analysis.measure.decimation import fold
from uptrack_analysis.measure.defects import DefectMeter
from uptrack_analysis.measure.details import measure_details
from uptrack_analysis.measure.envelope import EnvelopeMeter
from uptrack_analysis.measure.hum import TOO_SHORT as HUM_TOO_SHORT
from uptrack_analysis.measure.key import KeyMeter
from uptrack_analysis.measure.lanes import Lane, Lanes
from uptrack_analysis.measure.levels import RmsMeter
from uptrack_analysis.measure.loudness import LoudnessMeter
from uptrack_analysis.measure.peaks import PeakMeter
from uptrack_analysis.measure.probes import ProbeMeter, Probes
from uptrack_analysis.measure.results import (
    BandMatrix,
    Defects,
    LowSignal,
    Measured,
    Structure,
    TempoEstimate,
    TimedGaps,
)
from uptrack_analysis.measure.stereo_curve import StereoCurveMeter, rms_dbfs
from uptrack_analysis.measure.structure import find_structure
from uptrack_analysis.measure.tempo import TempoMeter
from uptrack_analysis.measure.timed_gaps import goes_with, plays_on

Progress = Callable[[float, str], None]
"""Called with the fraction done, 0 to 1, and the stage's name."""

DECODE = "decode"
STRUCTURE = "structure"
_HELPERS = 1
# 12 s at 44.1 kHz: each block is handed over nine times, and half as many hand-overs saved a twentieth. Files of more
# channels get a quarter, for memory's sake; both hold whole chunks of most meters whose frames touch.
_BLOCK_FRAMES, _SURROUND_BLOCK_FRAMES = 524_288, 131_072
# Share of the work that streams by; the rest is what meters do when the file has ended.
_STREAMED = 0.9
# Where no header tells how long a file is, progress approaches its end as if this much were still to come.
_GUESSED_S = 120.0


@dataclass(frozen=True, slots=True)
class Metered:
    """What the meters heard of a file that has been read to its end."""

    bands: BandMatrix
    defects: Defects
    """Before it is known which of ``timed_gaps`` the music keeps time with."""
    probes: Probes | None
    complete: Callable[[], Measured]
    """Makes of it what no meter knows alone; one thread's work, for which nothing of the file is needed."""


def measure(
    source: AudioSource,
    progress: Progress,
    timings: dict[str, float] | None = None,
    *,
    probes: bool = False,
    stem: bool = False,
) -> Measured:
    """Run every meter over ``source``.

    Parameters
    ----------
    source : AudioSource
        Open, and not read from yet.
    progress : callable
        Hears from each stage after each block, on the caller's thread; what it raises ends the measurement.
    timings : dict, optional
        Filled with the seconds each stage worked. Stages run side by side, so they add up to more than the wall time.
    probes : bool
        Keep stretches of the samples that stems can be laid over.
    stem : bool
        The file is one of them, measured as fully as a mix: keep such stretches, and what is low in it.

    Raises
    ------
    NothingToMeasure
        The file holds no frames.
    """
    whole = hear(source, progress, timings, probes=probes, stem=stem).complete()
    progress(1.0, STRUCTURE)
    return whole


def hear(
    source: AudioSource,
    progress: Progress,
    timings: dict[str, float] | None = None,
    *,
    probes: bool = False,
    stem: bool = False,
) -> Metered:
    """All of ``measure`` that needs the file; parameters and errors are the same."""
    info = source.info
    rate_hz, channels = info.sample_rate_hz, info.channels
    front = front_pair(info.layout)
    rows = len(front)
    loudness = LoudnessMeter(rate_hz, info.layout)
    peaks = PeakMeter(rate_hz, channels)
    defects = DefectMeter(
        rate_hz, channels, info.bit_depth, unheard=[at for at, speaker in enumerate(info.layout) if speaker == "LFE"]
    )
    bands = BandMeter(rate_hz, rows, keep_low=stem)
    stereo = StereoCurveMeter(rate_hz, rows)
    tempo = TempoMeter(rate_hz, 1)
    key = KeyMeter(rate_hz, 1)
    envelope = EnvelopeMeter(rate_hz, rows)

    lanes = Lanes(_HELPERS)
    # The longest first, so that none is left alone at the end of the file.
    found_bands = lanes.add("spectrum", bands.push, bands.finish)
    found_defects = lanes.add("defects", defects.push, defects.finish)
    found_peaks = lanes.add("peaks", peaks.push, peaks.finish)
    found_tempo = lanes.add("tempo", tempo.push, tempo.finish)
    found_loudness = lanes.add("loudness", loudness.push, loudness.finish)
    heard_key = lanes.add("key", key.push, key.finish)
    # Of two channels the stereo curve has the power already.
    rms = RmsMeter(channels)
    found_rms = None if channels == 2 else lanes.add("levels", rms.push, rms.finish)
    found_stereo = lanes.add("stereo", stereo.push, stereo.finish)
    found_waveform = lanes.add("waveform", envelope.push, envelope.finish)
    paired: set[Lane[Any]] = {found_waveform, found_bands, found_stereo}
    folded: set[Lane[Any]] = {found_tempo, heard_key}
    found_probes = None
    if probes or stem:
        prober = ProbeMeter(rate_hz, rows)
        found_probes = lanes.add("probes", prober.push, prober.finish)
        paired.add(found_probes)
    reached, decoding_s = 0.0, 0.0

    def heard(stage: str, through: int) -> None:
        ended = _STREAMED + (1 - _STREAMED) * through / len(lanes.all)
        progress(ended if through else reached, stage)

    with lanes:
        blocks = source.blocks(_BLOCK_FRAMES if channels <= 2 else _SURROUND_BLOCK_FRAMES)
        while True:
            begun = perf_counter()
            block = next(blocks, None)
            decoding_s += perf_counter() - begun
            if block is None:
                break
            reached = max(reached, _STREAMED * _fraction(source))
            progress(reached, DECODE)
            pair = block if channels <= 2 else block[list(front)]
            single = fold(pair)
            for lane in lanes.all:
                lanes.feed(lane, single if lane in folded else pair if lane in paired else block, heard)
        if source.frames_read == 0:
            raise NothingToMeasure("Expected audio, but the file ends before its first sample: export it again.")
        lanes.finish(heard)
    faults = _apart_from_broken(found_defects.result, source)
    if not faults.timed_gaps:
        tempo.forget()
    kept_probes = None if found_probes is None else found_probes.result
    if timings is not None:
        timings |= {DECODE: decoding_s} | {lane.stage: lane.seconds for lane in lanes.all}

    def complete() -> Measured:
        begun = perf_counter()
        defects, pulse = _settled(faults, rate_hz, tempo, found_tempo.result)
        tempo.forget()
        structure = Structure()
        if tempo.onsets is not None:
            duration_s = source.frames_read / rate_hz
            structure = find_structure(found_bands.result, tempo.onsets, found_loudness.result, pulse.grid, duration_s)
        if timings is not None:
            timings[STRUCTURE] = perf_counter() - begun
        measured = Measured(
            sample_rate_hz=rate_hz,
            channels=channels,
            frames=source.frames_read,
            rms_dbfs=found_rms.result if found_rms else rms_dbfs(found_stereo.result, source.frames_read),
            loudness=found_loudness.result,
            peaks=found_peaks.result,
            defects=defects,
            bands=found_bands.result,
            stereo=found_stereo.result,
            tempo=pulse,
            key=key.estimate(pulse.grid),
            non_finite_samples=source.non_finite_samples,
            non_finite=source.broken_stretches,
            codec=info.codec,
            bit_depth=info.bit_depth,
            front=front,
            structure=structure,
            bass=key.bass,
            waveform=found_waveform.result,
            probes=kept_probes,
            low=LowSignal(bands.low_rate_hz, bands.low_signal) if stem else None,
        )
        details, reasons = measure_details(
            measured, fine=bands.fine, low_envelope=bands.low_envelope, excerpts=stereo.excerpts
        )
        return replace(
            measured,
            details=details,
            unmeasured={
                **reasons,
                **_unmeasured(measured),
                **loudness.unmeasured,
                **({"tempo.bpm": tempo.reason} if tempo.reason else {}),
                **key.unmeasured,
                **({"defects.hum": HUM_TOO_SHORT} if measured.defects.hum is None else {}),
            },
        )

    return Metered(found_bands.result, faults, kept_probes, complete)


def _apart_from_broken(defects: Defects, source: AudioSource) -> Defects:
    """Without the clicks that begin or end what was no sound, and was silenced: those samples are told as such."""
    borders = [(broken.start, broken.end) for broken in source.broken_stretches]
    return replace(defects, clicks=clicks_apart_from(borders, defects.clicks, source.info.sample_rate_hz))


def _settled(defects: Defects, rate_hz: int, tempo: TempoMeter, pulse: TempoEstimate) -> tuple[Defects, TempoEstimate]:
    """With the holes that keep a time which is not the music's among the lost ones, and the music's own tempo."""
    lost: list[TimedGaps] = []
    doubted: list[TimedGaps] = []
    for group in defects.timed_gaps:
        if pulse.bpm is not None and not goes_with(group, 60 / pulse.bpm):
            lost.append(group)
        elif plays_on(group, rate_hz):
            doubted.append(group)
    if doubted:
        heard, reason = tempo.onsets, tempo.reason
        own = tempo.without([(gap.start / rate_hz, gap.end / rate_hz) for group in doubted for gap in group.gaps])
        unmeant = [group for group in doubted if own.bpm is None or not goes_with(group, 60 / own.bpm)]
        if unmeant:
            lost, pulse = lost + unmeant, own
        else:
            tempo.onsets, tempo.reason = heard, reason
    if not lost:
        return defects, pulse
    gaps = [gap for group in lost for gap in group.gaps]
    kept = tuple(group for group in defects.timed_gaps if group not in lost)
    together = tuple(sorted((*defects.gaps, *gaps), key=lambda gap: (gap.start, gap.channels)))
    return replace(defects, gaps=together, timed_gaps=kept, regular_gaps=len(gaps)), pulse


def front_pair(layout: tuple[Speaker, ...]) -> tuple[int, ...]:
    """Channels of front left and right; the first two if the layout names none, the only one of a mono file."""
    if "L" in layout and "R" in layout:
        return layout.index("L"), layout.index("R")
    return tuple(range(min(2, len(layout))))


def _fraction(source: AudioSource) -> float:
    expected = source.frames_expected
    if expected is None:
        return source.frames_read / (source.frames_read + _GUESSED_S * source.info.sample_rate_hz)
    return min(1.0, source.frames_read / max(1, expected))


def _unmeasured(measured: Measured) -> dict[str, str]:
    """Why figures of the peaks and of the stereo image are missing."""
    silent = f"expected signal, but every sample is {'no sound or zero' if measured.non_finite_samples else 'zero'}"
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
