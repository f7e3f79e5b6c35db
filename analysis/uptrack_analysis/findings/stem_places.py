"""What rules that speak of stems share: where a stem is strongest, and what to say without stems."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from uptrack_analysis.findings.case import Case, Unmeasured
from uptrack_analysis.findings.places import TimeSpan, inside
from uptrack_analysis.measure.ltas import bands_between
from uptrack_analysis.signal import FloatArray
from uptrack_analysis.stems.results import Stem, power_gain

NO_STEMS = Unmeasured("The mix came without its stems.", optional=True)


def strongest_band_hz(case: Case, name: str, low_hz: float, high_hz: float, spans: Sequence[TimeSpan]) -> float:
    """Centre of the sixth-octave band in which the stem ``name`` is strongest; of the range if it is silent there."""
    middle_hz = float(np.sqrt(low_hz * high_hz))
    stems = case.stems.stems if case.stems else ()
    stem = next((stem for stem in stems if stem.name == name), None)
    if stem is None:
        return middle_hz
    bands = stem.measured.bands
    columns = bands_between(bands.edges_hz, low_hz, high_hz)
    if columns is None:
        return middle_hz
    power = stem_power(stem, columns)[inside(bands.times_s + stem.alignment.delay_s, spans)].sum(axis=0)
    if not power.size or not power.max() > 0:
        return middle_hz
    place = columns.start + int(power.argmax())
    return float(np.sqrt(bands.edges_hz[place] * bands.edges_hz[place + 1]))


def stem_power(stem: Stem, columns: slice) -> FloatArray:
    """Mean-square power in the mix of the chosen bands, frame by frame, shape (n_frames, n_bands)."""
    bands = stem.measured.bands
    power: FloatArray = power_gain(stem) * (bands.ll[:, columns].astype(np.float64) + bands.rr[:, columns]) / 2
    return power
