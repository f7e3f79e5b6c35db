"""Mains hum: lines at 50 or 60 Hz and its multiples that stand still while the music moves.

Each channel is low-passed to about 1 kHz and cut into windows of 4.1 s, in which a line at 50.0 Hz and the note G1 at
49.0 Hz lie four bins apart. A line is **clear** in a window where it is three times as strong as anything up to 3.4 Hz
away: music that repeats with the beat has equals of every line a beat's rate away, and a note that ends has skirts. Hum
is a base frequency with

* at least two of its multiples clear, in two windows and a fiftieth of all, or on the median of all: a break or an
  outro of ten seconds shows hum that dense bass covers;
* each as strong in one such window as in another, the middle half within 2 dB, and hardly ever 6 dB weaker anywhere
  between the first and the last: what stops between phrases is a note;
* within 0.1 Hz of 50 or 60 Hz, the multiples in tune with it to 0.03 Hz;
* 10 dB or more under the channel's loudest sample: what is louder is the music.

Hum that no window shows by itself, because the music pauses for half a second at most, is looked for in the floor of
all of them (``hum_floor.py``).
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from uptrack_analysis.measure.fft import rfft
from uptrack_analysis.measure.hum_floor import FloorHum, HumFloor
from uptrack_analysis.measure.results import Hum
from uptrack_analysis.signal import Block, FloatArray

MAINS_HZ = (50.0, 60.0)
MULTIPLES = 4
_LOW_RATE_HZ = 1_000
_MOST_PRODUCTS = 2**17
_WINDOW = 4096
_REACH = 17
_SKIRT = 3
_RING = 14
"""Bins around a line: Hann's main lobe ends at the second; a quarter of a hertz each."""
_TOLERANCE_HZ = 0.1
_TUNE_HZ = 0.03
_CLEAR = 3.0
_LEAST_WINDOWS = 3
_LEAST_CLEAR = 2
_CLEAR_SHARE = 0.02
_STEADY = 10 ** (2 / 20)
_PRESENT = 10 ** (-6 / 20)
_MISSING_SHARE = 0.1
_UNDER_MUSIC = 10 ** (-10 / 20)
_FAINTEST = 10 ** (-100 / 20)
TOO_SHORT = "expected at least 13 s of audio, in which a note moves and hum does not"


@dataclass(frozen=True, slots=True)
class _Line:
    multiple: int
    base_hz: float
    amplitude: float
    first: int
    last: int
    """The windows between which it is there."""
    shares: FloatArray
    """shape (n_windows,): amplitude in each window re the line's own"""


class HumMeter:
    """Streaming kernel.

    Parameters
    ----------
    rate_hz : int
    channels : int
    """

    def __init__(self, rate_hz: int, channels: int) -> None:
        self._factor = max(1, round(rate_hz / _LOW_RATE_HZ))
        self._low_hz = rate_hz / self._factor
        taps = _triangle(self._factor)
        # Rising and falling half: a row of samples ends one output and begins the next.
        self._halves = np.ascontiguousarray(taps.reshape(2, self._factor).T.astype(np.float32))
        self._begun: Block = np.zeros((channels, 1), dtype=np.float32)
        self._low: Block = np.zeros((channels, 0), dtype=np.float32)
        lines_hz = np.outer(MAINS_HZ, np.arange(1, MULTIPLES + 1))
        self._bin_hz = self._low_hz / _WINDOW
        self._bins = np.round(lines_hz.ravel() / self._bin_hz).astype(np.intp)[:, np.newaxis] + np.arange(
            -_REACH, _REACH + 1
        )
        # To the peak of a sine: Hann's mean is a half, and a real line has half its amplitude on either side.
        self._scale = 4 / _WINDOW / _response(taps, self._bins * (self._bin_hz / rate_hz))
        self._taper = np.hanning(_WINDOW + 1)[:-1].astype(np.float32)
        self._spectra: list[Block] = []
        self._next = 0
        self._floor = HumFloor(self._low_hz, channels, lines_hz, _response(taps, lines_hz / rate_hz))

    def push(self, samples: Block, first: int, end: int) -> None:
        """Take the samples up to ``end`` that were not taken yet.

        Parameters
        ----------
        samples : array, shape (channels, frames)
            Each push's begin at most ``rate_hz / 1000`` frames after the last one's end.
        first, end : int
            Position in the file of the first sample, and of the end of the signal within them.
        """
        count = (end - self._next) // self._factor
        if count <= 0:
            return
        begin = self._next - first
        self._next += count * self._factor
        rows = samples[:, begin : begin + count * self._factor].reshape(-1, count, self._factor)
        # In pieces: a product of 2**18 multiplications would wake OpenBLAS's threads.
        most = _MOST_PRODUCTS // (2 * self._factor)
        parts: Block = np.concatenate([rows[:, at : at + most] @ self._halves for at in range(0, count, most)], axis=1)
        begun: Block = np.concatenate([self._begun, parts[:, :, 0]], axis=1)
        self._begun = begun[:, -1:]
        self._low = np.concatenate([self._low, begun[:, :-1] + parts[:, :, 1]], axis=1)
        while self._low.shape[1] >= _WINDOW:
            spectrum: Any = rfft(self._low[:, :_WINDOW] * self._taper)
            self._spectra.append((np.abs(spectrum[:, self._bins]) * self._scale).astype(np.float32))
            self._floor.push(self._low[:, :_WINDOW])
            self._low = self._low[:, _WINDOW:].copy()

    def finish(self, frames: int, loudest: FloatArray) -> tuple[Hum, ...] | None:
        """Hum of each channel.

        Parameters
        ----------
        frames : int
            Of the file.
        loudest : array, shape (channels,)
            Largest sample of each channel.

        Returns
        -------
        tuple of Hum or None
            Empty where there is none, ``None`` where fewer than three windows were there to judge by.
        """
        if len(self._spectra) < _LEAST_WINDOWS:
            return None
        spectra = np.stack(self._spectra, axis=1).astype(np.float64)
        self._floor.push(self._low)  # the song's own fade, in which hum shows most
        duration_s = frames * 1.0 / (self._factor * self._low_hz)
        found: list[Hum] = []
        for channel, windows in enumerate(spectra):
            for number, mains_hz in enumerate(MAINS_HZ):
                lines = self._lines(windows[:, number * MULTIPLES : (number + 1) * MULTIPLES], mains_hz)
                if len(lines) >= 2:
                    if sum(line.amplitude for line in lines) <= _UNDER_MUSIC * loudest[channel]:
                        found.append(self._hum(channel, lines, duration_s))
                    continue
                floor = self._floor.finish(channel, number)
                if floor is not None and sum(size for _, size in floor.lines) <= _UNDER_MUSIC * loudest[channel]:
                    found.append(_throughout(channel, floor, duration_s))
        return tuple(found)

    def _lines(self, windows: FloatArray, mains_hz: float) -> list[_Line]:
        """Multiples that are clear and steady, and in tune with the strongest of them."""
        lines = [self._line(windows[:, multiple - 1], multiple, mains_hz) for multiple in range(1, MULTIPLES + 1)]
        steady = [line for line in lines if line is not None]
        if not steady:
            return []
        base_hz = max(steady, key=lambda line: line.amplitude).base_hz
        return [line for line in steady if abs(line.base_hz - base_hz) <= _TUNE_HZ]

    def _line(self, around: FloatArray, multiple: int, mains_hz: float) -> _Line | None:
        centre_hz = multiple * mains_hz
        centre_bin = round(centre_hz / self._bin_hz)
        search = math.ceil(_TOLERANCE_HZ * multiple / self._bin_hz + 0.5)
        peaks = _REACH - search + np.argmax(around[:, _REACH - search : _REACH + search + 1], axis=1)
        every = np.arange(around.shape[0])
        below, at, above = (np.log(np.maximum(around[every, peaks + step], 1e-12)) for step in (-1, 0, 1))
        curve = np.minimum(below - 2 * at + above, -1e-9)
        shift = np.clip(0.5 * (below - above) / curve, -0.5, 0.5)
        amplitudes = np.exp(at - 0.25 * (below - above) * shift)
        apart = np.abs(np.arange(around.shape[1]) - peaks[:, np.newaxis])
        rings = np.where((apart >= _SKIRT) & (apart <= _RING), around, 0.0)
        clear = amplitudes >= np.maximum(_CLEAR * rings.max(axis=1), _FAINTEST)
        if np.count_nonzero(clear) < max(_LEAST_CLEAR, _CLEAR_SHARE * clear.size):
            if np.median(amplitudes) < max(_CLEAR * float(np.median(rings, axis=0).max()), _FAINTEST):
                return None
            clear[:] = True
        quarter, amplitude, three_quarters = np.percentile(amplitudes[clear], [25, 50, 75])
        base_hz = float(np.median((peaks + shift)[clear]) - _REACH + centre_bin) * self._bin_hz / multiple
        absent = amplitudes < _PRESENT * amplitude
        first, last = np.flatnonzero(clear)[[0, -1]]
        missing = np.mean(absent[first : last + 1])
        # Where the line is neither clear nor absent louder music may cover it, and it is taken to go on.
        first = int(np.flatnonzero(absent[:first])[-1]) + 1 if absent[:first].any() else 0
        last = last + int(np.flatnonzero(absent[last:])[0]) - 1 if absent[last:].any() else absent.size - 1
        if three_quarters > _STEADY * quarter or missing > _MISSING_SHARE or abs(base_hz - mains_hz) > _TOLERANCE_HZ:
            return None
        return _Line(multiple, base_hz, float(amplitude), first, last, amplitudes / amplitude)

    def _hum(self, channel: int, lines: Sequence[_Line], duration_s: float) -> Hum:
        strongest = max(lines, key=lambda line: line.amplitude)
        start_s, end_s = self._span(strongest, duration_s)
        return Hum(
            channel=channel,
            frequency_hz=strongest.base_hz,
            level_dbfs=_level_db(line.amplitude for line in lines),
            harmonics=tuple((line.multiple, _level_db([line.amplitude])) for line in lines),
            start_s=start_s,
            end_s=end_s,
        )

    def _span(self, line: _Line, duration_s: float) -> tuple[float, float]:
        """From when to when: the share of its strength that a line has in a window tells how much of it it fills."""
        window_s = _WINDOW / self._low_hz
        start_s, end_s = 0.0, duration_s
        if line.first > 0:
            start_s = (line.first + 1) * window_s - window_s * _border(line.shares[: line.first + 1])
        if line.last < line.shares.size - 1:
            end_s = line.last * window_s + window_s * _border(line.shares[line.last :][::-1])
        return max(0.0, start_s), min(duration_s, end_s)


def _throughout(channel: int, hum: FloorHum, duration_s: float) -> Hum:
    return Hum(
        channel=channel,
        frequency_hz=hum.base_hz,
        level_dbfs=_level_db(size for _, size in hum.lines),
        harmonics=tuple((multiple, _level_db([size])) for multiple, size in hum.lines),
        start_s=0.0,
        end_s=duration_s,
    )


def _level_db(amplitudes: Iterable[float]) -> float:
    """RMS of sines, dBFS."""
    return 10 * math.log10(sum(amplitude**2 for amplitude in amplitudes) / 2)


def _triangle(half: int) -> FloatArray:
    """Two running means over an output sample's width, one after the other, with unit gain at 0 Hz.

    What would fold onto the lines loses 52 dB at 950 Hz, 40 at 900, 25 at 800 and 22 at 760; and it would have to stand
    as still as hum does.
    """
    taps = np.interp(np.arange(2 * half) + 0.5, [0.0, half, 2 * half], [0.0, 1.0, 0.0])
    triangle: FloatArray = taps / taps.sum()
    return triangle


def _response(taps: FloatArray, cycles: NDArray[Any]) -> FloatArray:
    """Gain of symmetric taps at frequencies in cycles per sample."""
    centred = np.arange(taps.size) - (taps.size - 1) / 2
    gains = [float(taps @ np.cos(2 * np.pi * cycle * centred)) for cycle in cycles.ravel()]
    return np.array(gains).reshape(cycles.shape)


_FILLS = np.linspace(0, 1, 201)
_SHARES = _FILLS - np.sin(2 * np.pi * _FILLS) / (2 * np.pi)


def _border(shares: FloatArray) -> float:
    """How many windows a line fills of the last two, the later of which is the first that it is there in."""
    # What the bin holds without the line: music, taken off as power.
    floor = float(np.median(shares[:-2])) if shares.size > 2 else 0.0
    before = _filled(math.sqrt(max(0.0, float(shares[-2]) ** 2 - floor**2)))
    # A window filled by four fifths shows next to nothing of the rest, but then the one before shows nothing.
    return before + (1.0 if before > 0.2 else _filled(min(1.0, float(shares[-1]))))


def _filled(share: float) -> float:
    """How much of a Hann window a steady line fills, from one end, whose amplitude in it is ``share`` of its own."""
    return float(np.interp(share, _SHARES, _FILLS))
