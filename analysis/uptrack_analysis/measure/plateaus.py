"""Flat tops: runs of samples at a channel's ceiling, and what tells a clipped one from an honest one.

A ceiling is the largest value a channel reaches on one side of zero (converters saturate at +32767 and at -32768), and
for float files that go higher also full scale itself. At least three consecutive samples exactly there are a plateau:

* **round** when the wave leaves the plateau, on either side, no faster than the crest of a low note does, whose
  curvature is finer than the resolution. A parabola that stays inside one step ``q`` for ``n`` samples has fallen by at
  most ``q (1 + 4 / (n - 1))**2`` two samples further out, and rounding adds one step.
* **stepped** when the wave arrives and leaves by jumps out of other flat stretches: a square or pulse wave, a
  staircase. It was drawn that way.
* **sliced** otherwise: the wave was on its way up, the plateau cut it short, and on the other side it is on its way
  down. A slope that continues into the plateau's first step is what clipping looks like.

Dense music clipped hard has sliced plateaus everywhere, and some whose neighbours happen to look stepped; a square
wave has none or few sliced ones. So a ceiling is judged as a whole, by the share of sliced plateaus. Under full scale
one plateau of three samples proves nothing either: once in a few hours of music a crest is flat by chance. There the
plateaus must go on for three samples more than two each, together.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from uptrack_analysis.measure.results import ClipRun
from uptrack_analysis.signal import Block

CONTEXT = 2
"""Samples needed on either side of a stretch to judge its plateaus."""
MIN_RUN = 3
MAX_RUNS = 10_000
FULL_SCALE = 1.0
_SLICED_SHARE = 0.2
_FULL_SCALE_EVIDENCE = 1
_EVIDENCE = 3
# A ceiling lower than this is noise or silence, not music that hit something.
_LOWEST_CEILING = 1e-3

_BEFORE = np.array([[-1], [-2]])
_AFTER = np.array([[0], [1]])
"""The two samples outside a plateau, from its first and from its end, the nearer one first."""

Drops = tuple[float, float]
"""How far under the ceiling the first and second sample outside a plateau lie."""


@dataclass(slots=True)
class Tally:
    """Plateaus met at one ceiling."""

    sliced: int = 0
    stepped: int = 0
    samples: int = 0
    beyond_two: int = 0
    """Samples past the second of each plateau."""
    starts: list[NDArray[np.int64]] = field(default_factory=list)
    lengths: list[NDArray[np.int64]] = field(default_factory=list)
    kept: int = 0
    ceiling: float = FULL_SCALE
    open: tuple[int, Drops] | None = None
    """First sample, and the drops before it, of a plateau that the stretch ended in."""

    def is_clipping(self, evidence: int) -> bool:
        """Whether the plateaus were cut, given how many samples of plateau it takes to exclude chance."""
        enough = self.sliced > 0 and self.beyond_two >= evidence
        return enough and self.sliced >= _SLICED_SHARE * (self.sliced + self.stepped)

    def runs(self, channel: int) -> list[ClipRun]:
        return [
            ClipRun(channel, start, length, self.ceiling)
            for starts, lengths in zip(self.starts, self.lengths, strict=True)
            for start, length in zip(starts.tolist(), lengths.tolist(), strict=True)
        ]


class CeilingWatch:
    """Streaming kernel for one channel and one side of zero.

    Parameters
    ----------
    sign : int
        1 for the upper side, -1 for the lower.
    resolution : float
        One quantisation step of the file, full scale 1.0.
    """

    def __init__(self, sign: int, resolution: float) -> None:
        self._sign = np.float32(sign)
        self._resolution = resolution
        self._level = np.float32(_LOWEST_CEILING)
        self._at_peak = Tally()
        self._at_full_scale = Tally()

    def push(self, samples: Block, start: int, top: np.float32) -> None:
        """Take a stretch that follows the last one.

        Parameters
        ----------
        samples : array, shape (frames + 2 * CONTEXT,)
            The stretch with ``CONTEXT`` samples before and after it.
        start : int
            Position of the stretch's own first sample.
        top : float32
            Its own largest sample on this side of zero, times the sign.
        """
        if top > self._level:
            self._level, self._at_peak = top, Tally(ceiling=float(top))
        if top >= FULL_SCALE:
            self._collect(self._at_full_scale, np.float32(FULL_SCALE), samples, start)
        if top == self._level != FULL_SCALE:
            self._collect(self._at_peak, top, samples, start)

    def finish(self) -> list[Tally]:
        """Clipped ceilings, if any."""
        # The upper end of an integer file is one step under 1.0, and full scale all the same.
        at_end_of_range = self._level >= FULL_SCALE - self._resolution
        found = [self._at_full_scale] if self._at_full_scale.is_clipping(_FULL_SCALE_EVIDENCE) else []
        if self._at_peak.is_clipping(_FULL_SCALE_EVIDENCE if at_end_of_range else _EVIDENCE):
            found.append(self._at_peak)
        return found

    def _collect(self, tally: Tally, level: np.float32, samples: Block, start: int) -> None:
        frames = samples.size - 2 * CONTEXT
        hits = np.flatnonzero(samples[CONTEXT:-CONTEXT] == self._sign * level)
        if hits.size == 0:
            return
        breaks = np.flatnonzero(np.diff(hits) > 1)
        firsts = hits[np.concatenate([[0], breaks + 1])]
        ends = hits[np.concatenate([breaks, [hits.size - 1]])] + 1
        # Nearly all are single samples, of which nothing more is asked; at an edge of the stretch they may go on.
        long = ends - firsts >= MIN_RUN
        long[0] |= firsts[0] == 0
        long[-1] |= ends[-1] == frames
        if not long.any():
            return
        firsts, ends = firsts[long], ends[long]
        before, after = (level - self._sign * samples[places + CONTEXT] for places in (firsts + _BEFORE, ends + _AFTER))
        starts = firsts + start
        stops = ends + start
        if tally.open is not None and firsts[0] == 0:
            starts[0], before[:, 0] = tally.open
        tally.open = None
        if ends[-1] == frames and after[0, -1] == 0:
            tally.open = int(starts[-1]), (float(before[0, -1]), float(before[1, -1]))
            starts, stops, before, after = starts[:-1], stops[:-1], before[:, :-1], after[:, :-1]
        lengths = stops - starts
        away = np.minimum(before.max(axis=0), after.max(axis=0))
        round_steps = (1 + 4 / np.maximum(1, lengths - 1)) ** 2 + 1
        judged = (lengths >= MIN_RUN) & (away > round_steps * self._resolution)
        sliced = judged & (_slopes_into(before) | _slopes_into(after))
        tally.sliced += int(sliced.sum())
        tally.stepped += int((judged & ~sliced).sum())
        tally.samples += int(lengths[judged].sum())
        tally.beyond_two += int((lengths[judged] - MIN_RUN + 1).sum())
        room = MAX_RUNS - tally.kept
        if room > 0 and judged.any():
            tally.starts.append(starts[judged][:room].astype(np.int64))
            tally.lengths.append(lengths[judged][:room].astype(np.int64))
            tally.kept += tally.starts[-1].size


def _slopes_into(drops: Block) -> NDArray[np.bool_]:
    """Whether the last step into a plateau is at most twice the one before it: the same slope, cut short."""
    into, slope = drops[0], drops[1] - drops[0]
    sloped: NDArray[np.bool_] = into <= 2 * slope
    return sloped
