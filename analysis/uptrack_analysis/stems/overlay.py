"""Stretches of the mix with the same stretches of its stems, each shifted to where it lies: what sums are made of."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import soxr

from uptrack_analysis.measure.probes import SPACING_S, Probes
from uptrack_analysis.signal import Block


class Overlay:
    """The mix beside its stems, stretch by stretch, as the one is looked at that is looked at least often: where a stem
    was not looked at it is not silent.

    Parameters
    ----------
    mix : Probes
    stems : sequence of Probes
    delays : sequence of int
        Of each stem in the mix, in samples of the mix.
    """

    def __init__(self, mix: Probes, stems: Sequence[Probes], delays: Sequence[int]) -> None:
        every = max(probes.every for probes in (mix, *stems))
        self.mix = mix.thinned(every)
        self.stems = tuple(stem.thinned(every) for stem in stems)
        self.delays = tuple(delays)
        self._margin = max((abs(delay) for delay in self.delays), default=0)

    def stretches(self) -> Iterator[tuple[Block, Block]]:
        """Mix, shape (frames,), and stems, shape (n_stems, frames): what all have in common of each stretch."""
        margin = self._margin
        for mix, stems in side_by_side(self.mix, self.stems):
            end = mix.size - margin
            if not margin:
                yield mix, stems
                continue
            shifted = [row[margin - delay : end - delay] for row, delay in zip(stems, self.delays, strict=True)]
            yield mix[margin:end], np.stack(shifted)


def side_by_side(mix: Probes, stems: Sequence[Probes]) -> Iterator[tuple[Block, Block]]:
    """Every stretch of the mix, shape (frames,), with the stems', shape (n_stems, frames).

    A stem that has ended, or does not reach so far, is silent there.
    """
    places = [{stretch_number(start_s): place for place, start_s in enumerate(stem.starts_s)} for stem in stems]
    for place, start_s in enumerate(mix.starts_s):
        own = stretch_at(mix, place, mix.rate_hz)
        rows = np.zeros((len(stems), own.size), dtype=np.float32)
        for number, (stem, known) in enumerate(zip(stems, places, strict=True)):
            at = known.get(stretch_number(start_s))
            if at is None:
                continue
            if stem.silent(at):
                continue
            row = stretch_at(stem, at, mix.rate_hz)
            used = min(row.size, own.size)
            rows[number, :used] = row[:used]
        yield own, rows


def stretch_at(probes: Probes, place: int, rate_hz: int) -> Block:
    """One stretch, brought to ``rate_hz``; shape (frames,)."""
    samples = probes.stretch(place)
    return samples if probes.rate_hz == rate_hz else np.asarray(soxr.resample(samples, probes.rate_hz, rate_hz))


def stretch_number(start_s: float) -> int:
    """Which stretch of a file begins there, counted from 0."""
    return round(start_s / SPACING_S)
