"""Mains hum that sounds throughout and shows in short pauses only: as lines in the floor of the low end.

A pause of half a second between two notes is too short to part 50.0 Hz from a note at 49.0 Hz, but there are many of
them. Each line is followed through windows of half a second. Music raises a line for as long as a note lasts; hum is
what is left in the quietest thirtieth of the windows, so there its lines stand out of the frequencies between them.
And because hum keeps one phase from the first pause to the last, those windows add up as vectors, at one frequency for
all multiples; notes do so by accident only.

A pair of lines is evidence enough if both stand far out of the floor, or if both stand out and add up. Three things
only look like it: a note that plays alone for some seconds, which is strong where all beside it is quiet; a drone on a
note nearby, whose vectors add up at no frequency that mains have; and a note on the line that is played with every
beat, which windows half as long find dying away in between.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from uptrack_analysis.signal import Block, FloatArray

_WINDOW = 512
_HOP = 128
"""Half a second and a quarter of it, at about 1 kHz."""
_AWAY_HZ = (-9.0, -7.0, 7.0, 9.0)
"""Where the floor is compared: outside of a Hann window's main lobe, which ends 4 Hz away."""
_LONE = 4.0
"""Where everything beside a line is at its quietest, how far the line may lie over its own floor; a lone note does."""
_SHORT = 256
_DYING = 10 ** (4 / 20)
"""A line's floor in windows half as long under the one in the whole: hum has the same in both."""
_QUIETEST = 0.03
_STILL = 1.5
"""Windows in which a line is at most so much stronger than in the quietest take part in the sum of vectors."""
_SILENCE = 1e-5
"""RMS of a window that is empty: a file's own silence is no pause."""
_LEAST_WINDOWS = 100
"""Enough for three that are the quietest: 13 s of audio."""
_FAINTEST = 1e-6
_AT_ONCE = 4096
_TOLERANCE_HZ = 0.1
_STEP_HZ = 0.002
_OUT_DB = 5.0
_FAR_OUT_DB = 13.0
_SURE = 8.0
"""Of a line whose vectors add up: number of windows times the square of how much of their length is left. Vectors of
random phase reach that in one case of 3,000."""
_BOTH_SURE = 40.0
_LEFT = 0.12
"""Share of the lines' power that is left when their vectors are added up, at least. Drones 0.2 to 1 Hz beside the
mains leave 0.1, hum of the same strength 0.16 to 0.9."""
_LIKELY = 9.0
"""Of all lines together; at the best of fifty frequencies vectors of random phase reach it once in 15 times."""


@dataclass(frozen=True, slots=True)
class FloorHum:
    """Hum of one channel, there from end to end."""

    base_hz: float
    lines: tuple[tuple[int, float], ...]
    """(multiple of the base, peak amplitude)"""


class HumFloor:
    """Streaming kernel; takes the low-passed signal in stretches of one length.

    Parameters
    ----------
    low_hz : float
        Rate of what is pushed.
    channels : int
    lines_hz : array, shape (n_mains, n_multiples)
    gains : array, shape (n_mains, n_multiples)
        By which the low-pass in front changes each of them.
    """

    def __init__(self, low_hz: float, channels: int, lines_hz: FloatArray, gains: FloatArray) -> None:
        self._low_hz = low_hz
        self._lines_hz = lines_hz
        away = (np.array(_AWAY_HZ)[:, np.newaxis] + lines_hz.ravel()).ravel()
        every_hz, every_gain = np.append(lines_hz.ravel(), away), np.tile(gains.ravel(), 1 + len(_AWAY_HZ))
        self._turns = _turns(_WINDOW, every_hz / low_hz, every_gain)
        self._short_turns = _turns(_SHORT, lines_hz.ravel() / low_hz, gains.ravel())
        self._tail: Block = np.zeros((channels, _WINDOW - _HOP), dtype=np.float32)
        # One of each a stretch, shape (channels, n_windows, n_lines); half precision is enough for a size.
        self._lines: list[NDArray[np.complex64]] = []
        self._sides: list[NDArray[np.float16]] = []
        self._short: list[NDArray[np.float16]] = []
        self._empty: list[NDArray[np.bool_]] = []

    def push(self, stretch: Block) -> None:
        """Take the next samples, shape (channels, n); only the last stretch of a file may be no multiple of 128."""
        if stretch.shape[1] < _HOP:
            return  # the rest of a file that fills no window
        joined: Block = np.concatenate([self._tail, stretch], axis=1)
        self._tail = joined[:, -self._tail.shape[1] :].copy()
        windows = np.lib.stride_tricks.sliding_window_view(joined, _WINDOW, axis=1)[:, ::_HOP]
        whole = _sized(windows @ self._turns)
        count = self._lines_hz.size
        sides = np.square(np.abs(whole[..., count:])).reshape(*whole.shape[:2], len(_AWAY_HZ), count)
        self._lines.append(whole[..., :count].copy())  # a view would keep the rest
        self._sides.append(np.sqrt(sides.mean(axis=2)).astype(np.float16))
        middle = windows[..., (_WINDOW - _SHORT) // 2 :][..., :_SHORT]
        self._short.append(np.abs(_sized(middle @ self._short_turns)).astype(np.float16))
        self._empty.append(np.sqrt(np.mean(np.square(windows), axis=2)) < _SILENCE)

    def finish(self, channel: int, mains: int) -> FloorHum | None:
        """Hum of one channel at one of the mains frequencies, or none."""
        if not self._lines:
            return None
        # The first windows are not full.
        begin = self._tail.shape[1] // _HOP
        there = ~np.concatenate([empty[channel] for empty in self._empty])[begin:]
        if there.sum() < _LEAST_WINDOWS:
            return None
        multiples = self._lines_hz.shape[1]
        columns = slice(mains * multiples, (mains + 1) * multiples)
        lines = np.concatenate([part[channel, :, columns] for part in self._lines])[begin:]
        sides, short = (
            np.concatenate([part[channel, :, columns] for part in parts])[begin:]
            for parts in (self._sides, self._short)
        )
        sizes = np.abs(lines)
        floor, floor_beside, floor_short = (_floor(part[there]) for part in (sizes, sides, short))
        out_db = 20 * np.log10(floor / floor_beside)
        lasting = floor_short >= floor / _DYING
        still = there[:, np.newaxis] & (sizes <= _STILL * floor)
        # Where it is quietest beside the line, hum is all there is: what is stronger there is a lone note.
        alone = there[:, np.newaxis] & (sides <= floor_beside)
        left = np.array([np.median(sizes[alone[:, column], column]) for column in range(multiples)])
        out = np.flatnonzero((out_db >= _OUT_DB) & lasting & (left <= _LONE * floor))
        if out.size < 2:
            return None
        times_s: FloatArray = np.arange(there.size, dtype=np.float64) * (_HOP / self._low_hz)
        off_hz = np.arange(-_TOLERANCE_HZ, _TOLERANCE_HZ + _STEP_HZ / 2, _STEP_HZ)
        sure = np.empty((out.size, off_hz.size))
        for row, column in enumerate(out):
            chosen = still[:, column]
            # A window's vector is turned from its own first sample on, not from the file's.
            turned_hz = self._lines_hz[mains, column] + (column + 1) * off_hz
            vectors = _sum_of_vectors(lines[chosen, column], times_s[chosen], turned_hz)
            sure[row] = np.square(np.abs(vectors) / sizes[chosen, column].sum()) * chosen.sum()
        best = int(np.argmax(sure.sum(axis=0)))
        together = float(sure[:, best].sum())
        far_out = np.count_nonzero(out_db[out] >= _FAR_OUT_DB) >= 2 and together >= _LIKELY
        adds_up = np.count_nonzero(sure[:, best] >= _SURE) >= 2 and together >= _BOTH_SURE
        # At the edge of what the mains do, it is the flank of something beside them; and so it is where many windows
        # leave little.
        off = best in (0, off_hz.size - 1) or together < _LEFT * still[:, out].sum()
        if off or not (far_out or adds_up):
            return None
        amplitudes = [(int(column) + 1, float(np.median(sizes[still[:, column], column]))) for column in out]
        return FloorHum(float(self._lines_hz[mains, 0] + off_hz[best]), tuple(amplitudes))


def _turns(length: int, cycles: FloatArray, gains: FloatArray) -> Block:
    """What a Hann window is multiplied with for the vectors of sines, their peak amplitude 1: cosines, then sines.

    Parameters
    ----------
    length : int
    cycles, gains : array, shape (n,)
        Frequencies in cycles per sample, and what to undo at each.
    """
    taper = np.hanning(length + 1)[:-1]
    turns = np.exp(-2j * np.pi * np.outer(np.arange(length), cycles)) * (2 / taper.sum() * taper)[:, np.newaxis] / gains
    return np.concatenate([turns.real, turns.imag], axis=1).astype(np.float32)


def _sized(parts: Block) -> NDArray[np.complex64]:
    half = parts.shape[-1] // 2
    return np.asarray(parts[..., :half] + 1j * parts[..., half:], dtype=np.complex64)


def _sum_of_vectors(
    vectors: NDArray[np.complex64], times_s: FloatArray, turning_hz: FloatArray
) -> NDArray[np.complex128]:
    """Sum of vectors turned back at each of some frequencies, in parts, so that a long file takes no more memory."""
    total = np.zeros(turning_hz.size, dtype=np.complex128)
    for first in range(0, times_s.size, _AT_ONCE):
        part = slice(first, first + _AT_ONCE)
        total += np.exp(-2j * np.pi * np.outer(turning_hz, times_s[part])) @ vectors[part]
    return total


def _floor(sizes: NDArray[np.floating[Any]]) -> FloatArray:
    """Of windows in the first dimension, what the quietest reach."""
    return np.maximum(np.quantile(sizes.astype(np.float64), _QUIETEST, axis=0), _FAINTEST)
