"""How far a recording lies off A = 440 Hz: where within a semitone its steady tones are densest.

The densest place and not the mean: a fifth harmonic lies 14 cents under the tempered major third and a seventh 31
under the minor seventh, so a mean is drawn flat by every sawtooth.
"""

from __future__ import annotations

import numpy as np

from uptrack_analysis.measure.chroma import BINS_PER_SEMITONE, Chroma
from uptrack_analysis.signal import FloatArray

KERNEL_CENTS = 8.0
"""Width of "one place": as much as chorus and detuned unison spread a note."""
REACH_CENTS = 12.5
"""The offset is the mean of what lies this near to the densest place: closer than a fifth harmonic is."""
MIN_SHARE = 0.4
"""Of all that sounds, what must lie within reach of the offset; if every pitch sounded alike, a quarter would."""
MIN_PEAKS_PER_FRAME = 0.5

_CENTS_PER_BIN = 100 / BINS_PER_SEMITONE


def tuning_cents(chroma: Chroma) -> tuple[float | None, str | None]:
    """Offset in cents, from -50 up to 50, or ``None`` and the reason."""
    if chroma.peaks < max(1.0, MIN_PEAKS_PER_FRAME * chroma.salience.shape[0]):
        return None, "too few steady tones between 100 Hz and 2 kHz to tell their tuning"
    offset, share = densest(chroma)
    if share < MIN_SHARE:
        return None, "the tones that sound agree on no tuning"
    return offset, None


def densest(chroma: Chroma) -> tuple[float, float]:
    """Where within a semitone most of what sounds lies, in cents, and the share of it that is within reach of there."""
    within = chroma.salience.sum(axis=0, dtype=np.float64).reshape(12, BINS_PER_SEMITONE).sum(axis=0)
    total = float(within.sum())
    if not total > 0.0:
        return 0.0, 0.0
    places = np.arange(BINS_PER_SEMITONE) * _CENTS_PER_BIN
    kernel = np.exp(-0.5 * (around(places[:, None] - places[None, :]) / KERNEL_CENTS) ** 2)
    highest = places[int(np.argmax(kernel @ within))]
    distance = around(places - highest)
    near = np.abs(distance) <= REACH_CENTS
    offset = highest + float(np.average(distance[near], weights=within[near]))
    return float(around(np.array([offset]))[0]), float(within[near].sum()) / total


def around(cents: FloatArray) -> FloatArray:
    """The same place within a semitone, from -50 up to 50 cents."""
    wrapped: FloatArray = (cents + 50.0) % 100.0 - 50.0
    return wrapped
