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

Dither that was added behind the clipper, as for an export in 16 bits, leaves hardly two samples of a flat top alike:
they lie within three steps of each other. So all that comes so near to a ceiling is judged a second time, with plateaus
as rough as that. There flat means less, and more is asked: the crest of a parabola counts as round by that width, more
samples must speak, and a good part of all that comes to the ceiling must stay there for three samples or more. Behind a
limiter, which scales peaks and leaves them pointed, next to none does.
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

_STEP = 2.0**-15
_DITHER = 3 * _STEP
"""TPDF dither of a 16-bit step either way, and half a step of rounding: so far apart lie the samples of a flat top."""
_CREEP = 1.5 * _STEP
"""By how much a ceiling may rise and still be the same: the largest sample so far need not be dither's largest."""
_NOISE = 2 * _STEP
"""By how much dither can move one sample against another, all but never more."""
_DITHERED_EVIDENCE = 8
"""Samples past the second of each plateau: in a minute of music, limited and not clipped, chance made three at most."""
_DITHERED_RUNS = 3
"""One or two are no ceiling, however long: a sampled kick had one of 13 samples."""
_STAYING_SHARE = 0.2
"""Of the samples at a ceiling, in plateaus. Clipped music had 0.28 and more, dithered or not, unclipped under 0.15."""
_ALL_BUT_ALL, _OF_AT_LEAST = 0.98, 24
"""Of so many samples at a ceiling so far: where these equal the largest, it was left without dither."""
_LOWEST_DITHERED = 2.0**-4
"""Lower, three steps are too much of the wave: a saturated note of 2 kHz is as flat at -28 dBFS."""
_MORE = 1.1
"""How many times the plateaus of equal samples there must be rough ones, if these are to be believed instead: in files
without dither the two differ by less than a hundredth, with the smoothest dither by a third."""

_BEFORE = np.array([[-1], [-2]])
_AFTER = np.array([[0], [1]])
"""The two samples outside a plateau, from its first and from its end, the nearer one first."""

Drops = tuple[float, float]
"""How far under the ceiling the first and second sample outside a plateau lie."""


@dataclass(frozen=True, slots=True)
class _Band:
    """What counts as being at a ceiling, and how much of a difference there says nothing."""

    low: np.float32
    high: np.float32
    flat: float
    """How far the samples of a plateau may lie apart, for the crest of a parabola to be one."""
    noise: float
    """How far a sample may lie off the wave."""
    slack: float = 0.0
    """How far the step into a plateau may be longer for that."""


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
    visits: int = 0
    """Samples looked at near a rough ceiling, in plateaus or not."""
    visits_sum: float = 0.0
    met: int = 0
    """Samples near it, looked at or not."""
    met_alike: int = 0
    """Those of them that equalled the largest so far."""
    open: tuple[int, Drops] | None = None
    """First sample, and the drops before it, of a plateau that the stretch ended in."""

    def is_clipping(self, evidence: int) -> bool:
        """Whether the plateaus were cut, given how many samples of plateau it takes to exclude chance."""
        enough = self.sliced > 0 and self.beyond_two >= evidence
        return enough and self.sliced >= _SLICED_SHARE * (self.sliced + self.stepped)

    def is_dithered_clipping(self) -> bool:
        """The same of plateaus within dither's width, where those that were cut are most of what comes there."""
        enough = self.count >= _DITHERED_RUNS and self.samples >= _STAYING_SHARE * self.visits
        return enough and self.is_clipping(_DITHERED_EVIDENCE)

    @property
    def count(self) -> int:
        return self.sliced + self.stepped

    @property
    def level(self) -> float:
        """Where the plateaus lie, full scale 1.0; of rough ones the mean, so that dither does not show in it."""
        return self.visits_sum / self.visits if self.visits else self.ceiling

    def runs(self, channel: int) -> list[ClipRun]:
        return [
            ClipRun(channel, start, length, self.level)
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
        self._takes_dither = resolution <= _STEP
        self._near_peak = Tally(ceiling=0.0)

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
        near = self._near_peak
        if top > near.ceiling + _CREEP:
            near = self._near_peak = Tally(ceiling=float(top))
        low = np.float32(near.ceiling - _DITHER)
        alike: NDArray[np.intp] | None = None
        if self._takes_dither and bool(top >= low) and bool(top >= _LOWEST_DITHERED):
            hits = np.flatnonzero(
                samples[CONTEXT:-CONTEXT] >= low if self._sign > 0 else samples[CONTEXT:-CONTEXT] <= -low
            )
            values = self._sign * samples[hits + CONTEXT]
            alike = hits[values == self._level]
            near.met += hits.size
            near.met_alike += alike.size
            # What equals the largest needs no second look, and most of what comes to a ceiling without dither does.
            if near.met < _OF_AT_LEAST or near.met_alike < _ALL_BUT_ALL * near.met:
                near.visits += hits.size
                near.visits_sum += float(values.sum(dtype=np.float64))
                rough = _Band(
                    low, low + np.float32(_DITHER + _CREEP), _DITHER + _CREEP + _NOISE, _NOISE, _DITHER + _NOISE
                )
                self._collect(near, rough, samples, start, hits)
            else:
                near.open = None
        if top == self._level != FULL_SCALE:
            self._collect_at(self._at_peak, top, samples, start, alike)
        if top >= FULL_SCALE:
            full = alike if top == FULL_SCALE else None
            self._collect_at(self._at_full_scale, np.float32(FULL_SCALE), samples, start, full)

    def _collect_at(
        self, tally: Tally, level: np.float32, samples: Block, start: int, hits: NDArray[np.intp] | None
    ) -> None:
        """Plateaus of samples that equal the level; ``hits`` are their places, if they are known."""
        if hits is None:
            hits = np.flatnonzero(samples[CONTEXT:-CONTEXT] == self._sign * level)
        self._collect(tally, _Band(level, level, self._resolution, self._resolution), samples, start, hits)

    def finish(self) -> list[Tally]:
        """Clipped ceilings, if any."""
        # The upper end of an integer file is one step under 1.0, and full scale all the same.
        at_end_of_range = self._level >= FULL_SCALE - self._resolution
        found = [self._at_full_scale] if self._at_full_scale.is_clipping(_FULL_SCALE_EVIDENCE) else []
        if self._at_peak.is_clipping(_FULL_SCALE_EVIDENCE if at_end_of_range else _EVIDENCE):
            found.append(self._at_peak)
        near = self._near_peak
        if not near.is_dithered_clipping():
            return found
        elsewhere = [tally for tally in found if tally.ceiling < near.ceiling - _DITHER]
        alike = sum(tally.count for tally in found) - sum(tally.count for tally in elsewhere)
        return [*elsewhere, near] if near.count > _MORE * alike else found

    def _collect(self, tally: Tally, band: _Band, samples: Block, start: int, hits: NDArray[np.intp]) -> None:
        frames = samples.size - 2 * CONTEXT
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
        before, after = (
            band.high - self._sign * samples[places + CONTEXT] for places in (firsts + _BEFORE, ends + _AFTER)
        )
        starts = firsts + start
        stops = ends + start
        if tally.open is not None and firsts[0] == 0:
            starts[0], before[:, 0] = tally.open
        tally.open = None
        if ends[-1] == frames and 0 <= after[0, -1] <= band.high - band.low:
            tally.open = int(starts[-1]), (float(before[0, -1]), float(before[1, -1]))
            starts, stops, before, after = starts[:-1], stops[:-1], before[:, :-1], after[:, :-1]
        lengths = stops - starts
        away = np.minimum(before.max(axis=0), after.max(axis=0))
        round_off = (1 + 4 / np.maximum(1, lengths - 1)) ** 2 * band.flat + band.noise
        judged = (lengths >= MIN_RUN) & (away > round_off)
        sliced = judged & (_slopes_into(before, band.slack) | _slopes_into(after, band.slack))
        tally.sliced += int(sliced.sum())
        tally.stepped += int((judged & ~sliced).sum())
        tally.samples += int(lengths[judged].sum())
        tally.beyond_two += int((lengths[judged] - MIN_RUN + 1).sum())
        room = MAX_RUNS - tally.kept
        if room > 0 and judged.any():
            tally.starts.append(starts[judged][:room].astype(np.int64))
            tally.lengths.append(lengths[judged][:room].astype(np.int64))
            tally.kept += tally.starts[-1].size


def _slopes_into(drops: Block, slack: float) -> NDArray[np.bool_]:
    """Whether the last step into a plateau is at most twice the one before it: the same slope, cut short."""
    into, slope = drops[0], drops[1] - drops[0]
    sloped: NDArray[np.bool_] = into <= 2 * slope + slack
    return sloped
