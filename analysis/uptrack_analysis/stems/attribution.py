"""Whose is it? How much of what a finding speaks of each stem brings, at that place and in that band.

What "how much" means depends on the finding: power for tone and level, side power for width, what leans to one side for
balance, opposite polarity for correlation, the offset itself for DC, the mains' own lines for hum. Always it is what
the stem is in the mix, at the delay and gain it has there, so that a loud file that is turned down counts for as little
as it should.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np

from uptrack_analysis.measure.ltas import bands_between
from uptrack_analysis.measure.results import BandMatrix, Measured
from uptrack_analysis.signal import FloatArray
from uptrack_analysis.stems.hum_lines import line_power, lines_of
from uptrack_analysis.stems.results import Stem, Stems, power_gain

Blame = Literal["power", "side", "left", "right", "opposed", "offset", "faults", "hum"]

SHORTEST_S = 0.2
"""A place shorter than this is looked at with what surrounds it: the stems' spectra are 93 ms apart."""
LEAST_OF_MIX = 0.3
"""Share of the mix's own amount that the stems must have together: below it the cause is the master chain."""
FAULT_REACH_S = 0.02
"""A fault of a stem this close to one of the mix is the same."""

Place = tuple[float, float]


def shares(
    mix: Measured,
    stems: Stems,
    blame: Blame,
    spans: Sequence[Place],
    low_hz: float | None = None,
    high_hz: float | None = None,
) -> tuple[tuple[str, float], ...]:
    """Name and share of each stem, largest first; empty where the stems together have too little of it to be the cause.

    Parameters
    ----------
    mix : Measured
    stems : Stems
    blame : Blame
        What is shared.
    spans : sequence of (start_s, end_s)
        In the mix's time; none for the whole file.
    low_hz, high_hz : float, optional
        The band; the whole spectrum if either is missing. Of hum the lowest line says which one is meant.

    Returns
    -------
    tuple of (name, share)
        Shares of a whole of 1.
    """
    if blame == "hum":
        lines_hz, in_mix = lines_of(mix.defects.hum or (), low_hz or 0.0)
        amounts = np.array([_hum(stem, lines_hz, spans) for stem in stems.stems])
    else:
        in_mix = _in_mix(mix, blame, spans, low_hz, high_hz)
        amounts = np.array([_amount(stem, blame, spans, low_hz, high_hz) for stem in stems.stems])
    whole = float(amounts.sum())
    if not whole > LEAST_OF_MIX * in_mix:
        return ()
    order = np.argsort(-amounts, kind="stable")
    return tuple((stems.stems[place].name, float(amounts[place]) / whole) for place in order if amounts[place] > 0)


def _in_mix(mix: Measured, blame: Blame, spans: Sequence[Place], low_hz: float | None, high_hz: float | None) -> float:
    """The same amount in the mix itself."""
    match blame:
        case "offset":
            return float(np.abs(mix.defects.dc_offset).max(initial=0.0))
        case "faults":
            return 0.0
        case _:
            return _energy(mix.bands, 0.0, _wanted(mix.bands, blame, low_hz, high_hz), spans)


def _amount(stem: Stem, blame: Blame, spans: Sequence[Place], low_hz: float | None, high_hz: float | None) -> float:
    gain = power_gain(stem)
    match blame:
        case "offset":
            return float(np.sqrt(gain) * np.abs(stem.measured.dc_offset).max(initial=0.0))
        case "faults":
            return 1.0 if gain > 0 and _has_fault(stem, spans) else 0.0
        case _:
            bands = stem.measured.bands
            return gain * _energy(bands, stem.alignment.delay_s, _wanted(bands, blame, low_hz, high_hz), spans)


def _hum(stem: Stem, lines_hz: Sequence[float], spans: Sequence[Place]) -> float:
    return power_gain(stem) * line_power(stem.measured.low, lines_hz, spans, stem.alignment.delay_s)


def _wanted(bands: BandMatrix, blame: Blame, low_hz: float | None, high_hz: float | None) -> FloatArray:
    """What counts, frame by frame, shape (n_frames,)."""
    columns: slice | None = slice(None)
    if low_hz is not None and high_hz is not None:
        top_hz = float(bands.edges_hz[-1]) if bands.edges_hz.size else 0.0
        columns = bands_between(bands.edges_hz, max(low_hz, 20.0), min(high_hz, top_hz))
    if columns is None:
        return np.zeros(bands.times_s.size)
    ll, rr, dd = (part[:, columns].sum(axis=1, dtype=np.float64) for part in (bands.ll, bands.rr, bands.dd))
    amount: FloatArray
    match blame:
        case "side":
            amount = dd / 4
        case "left":
            amount = np.maximum(0.0, ll - rr)
        case "right":
            amount = np.maximum(0.0, rr - ll)
        case "opposed":
            amount = np.maximum(0.0, (dd - ll - rr) / 2)
        case _:
            amount = (ll + rr) / 2
    return amount


def _energy(bands: BandMatrix, delay_s: float, amount: FloatArray, spans: Sequence[Place]) -> float:
    """Summed over time: a stem that has ended brings nothing to the rest of a span."""
    if bands.times_s.size == 0:
        return 0.0
    # Frames of stems are longer than the mix's, and those of other sample rates longer or shorter again.
    frame_s = float(bands.times_s[1] - bands.times_s[0]) if bands.times_s.size > 1 else 2 * float(bands.times_s[0])
    if not spans:
        return float(amount.sum()) * frame_s
    times_s = bands.times_s + delay_s
    chosen = np.zeros(times_s.size, dtype=np.bool_)
    for start_s, end_s in spans:
        middle, half = (start_s + end_s) / 2, max(end_s - start_s, SHORTEST_S) / 2
        chosen |= (times_s >= middle - half) & (times_s <= middle + half)
    return float(amount[chosen].sum()) * frame_s


def _has_fault(stem: Stem, spans: Sequence[Place]) -> bool:
    breaks, rate_hz = stem.measured.breaks, stem.measured.sample_rate_hz
    if breaks is None:
        return False
    # Whether holes in time are a gate, the mix has judged, by the music's beat; of a stem it is asked where they are.
    places = [(gap.start, gap.end) for gap in breaks.gaps]
    places += [(gap.start, gap.end) for group in breaks.timed_gaps for gap in group.gaps]
    places += [(gap.start, gap.end) for gap in breaks.held]
    places += [(click.frame, click.frame) for click in breaks.clicks]
    places += [(copy.start, copy.end) for copy in breaks.repeats]
    delay_s = stem.alignment.delay_s
    return any(
        start / rate_hz + delay_s <= end_s + FAULT_REACH_S and end / rate_hz + delay_s >= start_s - FAULT_REACH_S
        for start, end in places
        for start_s, end_s in spans
    )
