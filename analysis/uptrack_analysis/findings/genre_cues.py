"""What a genre is told by besides its tempo: where kick, snare and bass fall in the bar, and where the level lies.

All of it is read from what the one pass measured. A figure is ``None`` where there is nothing to measure it by.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from uptrack_analysis.findings.places import inside
from uptrack_analysis.measure.band_sums import power_in
from uptrack_analysis.measure.results import BandMatrix, Measured
from uptrack_analysis.signal import FloatArray

KICK_HZ = (35.0, 120.0)
SNARE_HZ = (1000.0, 5000.0)
"""Over the notes of a bass and under hi-hats."""
BASS_HZ = (140.0, 300.0)
"""Over the kick's own tone: the octaves of a bass line that small speakers play."""
LOW_HZ = (25.0, 120.0)
MIDS_HZ = (250.0, 2500.0)
WINDOW_S = 8.0
LEAST_CONTRAST = 2.0
"""Energy at the bar's harmonics over that half-way between them from which there is a rhythm; noise has 1."""
BEATS_A_BAR = 4
SHORT_FRAMES_FROM_HZ = 501.0
"""Under this, frames of the band matrix overlap by seven eighths, over it by half."""


@dataclass(frozen=True, slots=True)
class Cues:
    """One mix, at one reading of its tempo."""

    kick_on_beats: float | None
    """How much of the low end's rhythm within a bar is one hit on every beat, 0 to 1."""
    snare_half_time: float | None
    """1 where what starts between 1 and 5 kHz comes once a bar, 0 where it comes twice; 0.5 says neither."""
    bass_between_beats: float | None
    """How much of the rhythm of 140 to 300 Hz is faster than the beat, 0 to 1."""
    mids_over_low_db: float | None
    """250 to 2500 Hz over what is under 120 Hz."""
    attack_db: float | None
    """By how much the middle one of all hits rises over what came before."""


def cues_of(measured: Measured, bpm: float) -> Cues:
    """Every cue, at a tempo in beats per minute."""
    bands, transients = _music(measured), measured.details.transients
    low, mids = _power(bands, LOW_HZ), _power(bands, MIDS_HZ)
    once_or_twice = _rhythm(bands, SNARE_HZ, bpm, (1, 2), LEAST_CONTRAST)
    faster = (BEATS_A_BAR, 2 * BEATS_A_BAR, 4 * BEATS_A_BAR)
    beat_and_faster = _rhythm(bands, BASS_HZ, bpm, faster, LEAST_CONTRAST)
    return Cues(
        kick_on_beats=kick_regularity(measured, bpm),
        snare_half_time=None if once_or_twice is None else float(once_or_twice[0]),
        bass_between_beats=None if beat_and_faster is None else 1.0 - float(beat_and_faster[0]),
        mids_over_low_db=None if low is None or mids is None else _over_db(float(mids.mean()), float(low.mean())),
        attack_db=None if transients is None else transients.rise_median_db,
    )


def kick_regularity(measured: Measured, bpm: float) -> float | None:
    """How much of the low end's rhythm within a 4/4 bar is one hit on every beat, 0 to 1.

    A kick on every beat gives 1, one kick a bar a quarter, and kicks on the first and the sixth eighth note, as in drum
    and bass, nothing. ``None`` without a low end, or for less than one window of music.
    """
    harmonics = _rhythm(_music(measured), KICK_HZ, bpm, tuple(range(1, BEATS_A_BAR + 1)))
    return None if harmonics is None else float(harmonics[-1])


def _music(measured: Measured) -> BandMatrix:
    """The matrix without silence behind the music, of which no genre has more than another."""
    bands = measured.bands
    rows = slice(0, int(np.searchsorted(bands.times_s, measured.duration_s - measured.defects.tail_silence_s)))
    return replace(bands, times_s=bands.times_s[rows], ll=bands.ll[rows], rr=bands.rr[rows], dd=bands.dd[rows])


def _rhythm(
    bands: BandMatrix,
    range_hz: tuple[float, float],
    bpm: float,
    harmonics: tuple[int, ...],
    least_contrast: float = 0.0,
) -> FloatArray | None:
    """Share of each harmonic of the bar in what starts in a range, shape (n_harmonics,); the shares sum to 1.

    Rises of the power are taken as onsets, and windows of 8 s are projected on the harmonics. ``None`` without power,
    for less than a window of music, or where the harmonics stand out of what lies between them by less than asked.
    """
    if bpm <= 0 or bands.times_s.size < 2:
        return None
    hop_s = float(bands.times_s[1] - bands.times_s[0])
    length = round(WINDOW_S / hop_s)
    power = _power(bands, range_hz)
    if length > bands.times_s.size or power is None:
        return None
    if range_hz[0] >= SHORT_FRAMES_FROM_HZ:
        # A hit half-way between two frames leaves half of itself in each, and the squares of their windows add up to
        # one: together they hear it as loud as one that a frame meets.
        power[1:] += power[:-1].copy()
    # A square root keeps one loud bar from speaking for the whole track, and quiet noise from speaking at all.
    amplitude = np.sqrt(power / power.max())
    onsets = np.maximum(np.diff(amplitude, prepend=0.0), 0.0)
    times_s = np.arange(length) * hop_s
    rates_hz = np.array(harmonics) * (bpm / (60.0 * BEATS_A_BAR))
    between_hz = rates_hz + bpm / (120.0 * BEATS_A_BAR)
    waves = np.exp(-2j * np.pi * np.concatenate([rates_hz, between_hz])[:, None] * times_s) * np.hanning(length)
    windows = np.lib.stride_tricks.sliding_window_view(onsets, length)[:: max(1, length // 2)]
    energy, between = np.split(np.square(np.abs(windows @ waves.T)).sum(axis=0), 2)
    whole = float(energy.sum())
    return energy / whole if whole > least_contrast * float(between.sum()) else None


def _power(bands: BandMatrix, range_hz: tuple[float, float]) -> FloatArray | None:
    """Power of both channels in a range, frame by frame; ``None`` where there is none."""
    columns = np.flatnonzero(inside(bands.edges_hz[:-1], [range_hz]))
    if not columns.size:
        return None
    power: FloatArray = power_in(bands, [slice(int(columns[0]), int(columns[-1]) + 1)])[0]
    return power if power.size and power.max() > 0 else None


def _over_db(level: float, other: float) -> float:
    return 10 * float(np.log10(max(level, 1e-20) / max(other, 1e-20)))
