"""How much of a stem is mains hum, at lines the mix is known to hum at, from the signal at about 1.4 kHz stems keep.

A bass may play a note where the mains are. It comes and goes and hum does not, so the level that a line has in the
quieter quarter of some seconds each is taken for hum. Lines over the signal's range are left out of stem and mix alike.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from uptrack_analysis.measure.results import Hum, LowSignal
from uptrack_analysis.signal import FloatArray

WINDOW_S = 4.0
"""A line half a hertz wide."""
HIGHEST_HZ = 600.0
_QUIETER_PERCENT = 25


def lines_of(hums: Sequence[Hum], lowest_hz: float) -> tuple[tuple[float, ...], float]:
    """The lines of the loudest hum that has one at ``lowest_hz``, in Hz, and their mean-square power in the mix."""
    own = [hum for hum in hums if any(abs(k * hum.frequency_hz - lowest_hz) < 0.5 for k, _dbfs in hum.harmonics)]
    if not own:
        return (), 0.0
    loudest = max(own, key=lambda hum: hum.level_dbfs)
    lines = [(k * loudest.frequency_hz, dbfs) for k, dbfs in loudest.harmonics if k * loudest.frequency_hz < HIGHEST_HZ]
    return tuple(hz for hz, _dbfs in lines), sum(10 ** (dbfs / 10) for _hz, dbfs in lines)


def line_power(
    low: LowSignal, lines_hz: Sequence[float], spans: Sequence[tuple[float, float]], delay_s: float
) -> float:
    """Mean-square power of what stands still at ``lines_hz`` in the louder channel; ``spans`` are in the mix's time."""
    rows, frames = low.samples.shape
    length = min(frames, round(WINDOW_S * low.rate_hz))
    lines = [hz for hz in lines_hz if hz < min(HIGHEST_HZ, 0.45 * low.rate_hz)]
    if length < low.rate_hz / 2 or not lines:
        return 0.0
    starts = np.arange(0, frames - length + 1, max(1, length // 2))
    middles_s = (starts + length / 2) / low.rate_hz + delay_s
    chosen = [any(start_s <= middle_s <= end_s for start_s, end_s in spans) for middle_s in middles_s]
    if any(chosen):
        starts = starts[chosen]
    window = np.hanning(length)
    waves = window * np.exp(-2j * np.pi * np.outer(lines, np.arange(length)) / low.rate_hz)
    powers: FloatArray = np.empty((starts.size, rows))
    for place, start in enumerate(starts.tolist()):
        found = low.samples[:, start : start + length].astype(np.float64) @ waves.T
        powers[place] = 2 * (np.abs(found) ** 2).sum(axis=1) / window.sum() ** 2
    return float(np.percentile(powers, _QUIETER_PERCENT, axis=0).max(initial=0.0))
