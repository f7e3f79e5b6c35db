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
    places = [{_number(start_s): place for place, start_s in enumerate(stem.starts_s)} for stem in stems]
    for place, start_s in enumerate(mix.starts_s):
        own = _fold(mix, place)
        rows = np.zeros((len(stems), own.size))
        for number, (stem, known) in enumerate(zip(stems, places, strict=True)):
            at = known.get(_number(start_s))
            if at is None:
                continue
            row = _fold(stem, at)
            if stem.rate_hz != mix.rate_hz:
                row = np.asarray(soxr.resample(row, stem.rate_hz, mix.rate_hz), dtype=np.float64)
            used = min(row.size, own.size)
            rows[number, :used] = row[:used]
        yield own, rows


def _fold(probes: Probes, place: int) -> FloatArray:
    rows = probes.stretch(place)
    if rows.shape[0] == 1:
        mono: FloatArray = rows[0]
        return mono
    # As in the measurement: not a half each, or an inverted channel would vanish.
    both: FloatArray = FOLD_WEIGHTS[0] * rows[0] + FOLD_WEIGHTS[1] * rows[1]
    return both


def _number(start_s: float) -> int:
    return round(start_s / SPACING_S)
