"""Stretches of the mix with the same stretches of its stems, each shifted to where it lies: what sums are made of."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import soxr

from uptrack_analysis.measure.decimation import FOLD_WEIGHTS
from uptrack_analysis.measure.probes import SPACING_S, Probes
from uptrack_analysis.signal import FloatArray


class Overlay:
    """The mix beside its stems, stretch by stretch.

    Parameters
    ----------
    mix : Probes
    stems : sequence of Probes
    delays : sequence of int
        Of each stem in the mix, in samples of the mix.
    """

    def __init__(self, mix: Probes, stems: Sequence[Probes], delays: Sequence[int]) -> None:
        self.mix = mix
        self.stems = tuple(stems)
        self.delays = tuple(delays)
        self._margin = max((abs(delay) for delay in self.delays), default=0)

    def stretches(self) -> Iterator[tuple[FloatArray, FloatArray]]:
        """Mix, shape (frames,), and stems, shape (n_stems, frames): what all have in common of each stretch."""
        margin = self._margin
        for mix, stems in folded(self.mix, self.stems):
            end = mix.size - margin
            shifted = [row[margin - delay : end - delay] for row, delay in zip(stems, self.delays, strict=True)]
            yield mix[margin:end], np.stack(shifted)


def folded(mix: Probes, stems: Sequence[Probes]) -> Iterator[tuple[FloatArray, FloatArray]]:
    """Every stretch of the mix, in one channel, shape (frames,), with the stems', shape (n_stems, frames).

    A stem that has ended, or does not reach so far, is silent there.
    """
    places = [{stretch_number(start_s): place for place, start_s in enumerate(stem.starts_s)} for stem in stems]
    for place, start_s in enumerate(mix.starts_s):
        own = fold_stretch(mix, place, mix.rate_hz)
        rows = np.zeros((len(stems), own.size))
        for number, (stem, known) in enumerate(zip(stems, places, strict=True)):
            at = known.get(stretch_number(start_s))
            if at is None:
                continue
            row = fold_stretch(stem, at, mix.rate_hz)
            used = min(row.size, own.size)
            rows[number, :used] = row[:used]
        yield own, rows


def fold_stretch(probes: Probes, place: int, rate_hz: int) -> FloatArray:
    """One stretch in one channel, brought to ``rate_hz``; shape (frames,)."""
    rows = probes.stretch(place)
    # As in the measurement: not a half each, or an inverted channel would vanish.
    both: FloatArray = rows[0] if rows.shape[0] == 1 else FOLD_WEIGHTS[0] * rows[0] + FOLD_WEIGHTS[1] * rows[1]
    return both if probes.rate_hz == rate_hz else np.asarray(soxr.resample(both, probes.rate_hz, rate_hz))


def stretch_number(start_s: float) -> int:
    """Which stretch of a file begins there, counted from 0."""
    return round(start_s / SPACING_S)
