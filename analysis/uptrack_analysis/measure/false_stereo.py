"""Is it really stereo: one signal on both channels, one channel turned over, or one merely later than the other.

Two channels are one signal if, after the gain that fits best, what is left of them is 60 dB under the loudest moment:
dither and an encoder's rounding, nothing one hears. That follows from the powers every 100 ms. A delay (Haas "stereo")
needs the samples: three dozen 100 ms steps, spread over the file, are cross-correlated over 40 ms to either side.

The samples are differenced first, which whitens music: otherwise the bass, which looks like itself at every lag,
would decide. A turned channel is one whose strongest likeness, at whatever lag, is negative, with bass and without.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from uptrack_analysis.errors import NothingToMeasure
from uptrack_analysis.measure.fft import fast_length, irfft, rfft
from uptrack_analysis.measure.results import ChannelMatch, StereoCurve
from uptrack_analysis.signal import Block, FloatArray

SAME_DB = -60.0
LEAST_S = 0.1
LEAST_DB = -120.0
"""What is left of identical channels: nothing, but a logarithm must end somewhere."""
EQUAL_GAIN_DB = 0.01
LONGEST_LAG_S = 0.04
"""A Haas delay; from there on it is an echo."""
DELAYED = 0.95
"""Correlation at the lag from which on the channels are one signal: 10 dB more alike than not."""
ALIKE = 0.3
"""Below this at every lag, the channels have too little in common to be in or out of phase, with ``BASS_ALIKE`` as
the last word."""
BASS_ALIKE = 0.5
CLEARLY = 1.25
"""A negative likeness must beat the best positive one by this: a periodic sound has both, half a period apart."""


@dataclass(frozen=True, slots=True)
class _Likeness:
    """Normalised cross-correlation; element ``i`` is lag ``i - n_lags // 2`` in samples, positive: right is later."""

    values: FloatArray

    @property
    def at_zero(self) -> float:
        return float(self.values[self.values.size // 2])

    def strongest(self) -> tuple[float, float]:
        """Value and lag, by a parabola through the three points around it; zero wins where it is nearly as strong."""
        centre = self.values.size // 2
        place = int(np.argmax(np.abs(self.values)))
        if abs(self.at_zero) >= 0.95 * abs(self.values[place]):
            place = centre
        value, lag = float(self.values[place]), float(place - centre)
        if 0 < place < self.values.size - 1 and place != centre:
            before, after = (float(self.values[place + side]) for side in (-1, 1))
            bend = before - 2 * value + after
            if bend * value < 0:
                shift = 0.5 * (before - after) / bend
                lag, value = lag + shift, value - 0.25 * (before - after) * shift
        return float(np.clip(value, -1.0, 1.0)), lag


def match_channels(curve: StereoCurve, excerpts: list[Block], rate_hz: int) -> ChannelMatch:
    """How alike the channels are.

    Parameters
    ----------
    curve : StereoCurve
    excerpts : list of array, shape (2, n_frames)
        Stretches of the samples, the last may be shorter.
    rate_hz : int

    Raises
    ------
    NothingToMeasure
        A channel is silent, there is only one, or less than a tenth of a second of both.
    """
    if curve.ll.size == 0:
        raise NothingToMeasure("expected two channels, but the file is mono")
    if sum(excerpt.shape[1] for excerpt in excerpts) < LEAST_S * rate_hz:
        raise NothingToMeasure(f"expected at least {LEAST_S:g} s of two channels, to tell whether they are one signal")
    ll, rr, lr = (float(part.sum()) for part in (curve.ll, curve.rr, curve.lr))
    if not min(ll, rr) > 0.0:
        raise NothingToMeasure("expected signal in two channels, but at least one of them is silent")
    gain = lr / ll
    left_over = float(np.max(curve.rr - 2 * gain * curve.lr + gain**2 * curve.ll))
    difference_db = max(LEAST_DB, _db(left_over / float(curve.rr.max())))
    gain_db = _db(rr / ll)
    whitened = _likeness([np.diff(excerpt, axis=1) for excerpt in excerpts], rate_hz)
    value, lag = whitened.strongest()
    kind: Literal["stereo", "identical", "gain", "delay"] = "stereo"
    delay_ms: float | None = None
    if difference_db <= SAME_DB:
        kind = "identical" if abs(gain_db) <= EQUAL_GAIN_DB else "gain"
    elif abs(value) >= DELAYED and abs(lag) >= 1.0:
        kind, delay_ms = "delay", 1000 * lag / rate_hz
    return ChannelMatch(kind, difference_db, gain_db, delay_ms, _inverted(whitened, excerpts, rate_hz))


def _inverted(whitened: _Likeness, excerpts: list[Block], rate_hz: int) -> bool | None:
    value, lag = whitened.strongest()
    if value >= ALIKE:
        return False
    plain = _likeness(excerpts, rate_hz)
    if abs(value) < ALIKE:
        # Unrelated hats over a common bass: the bass alone answers, if it does so without a shift.
        return plain.at_zero < 0 if abs(plain.at_zero) >= BASS_ALIKE else None
    if lag != 0.0 and float(whitened.values.max()) * CLEARLY > -value:
        return None
    # The bass may be in order while all the rest is turned: that is for the bands to say, not for the channel.
    around = plain.values.size // 2 + round(lag)
    return bool(plain.values[around] < 0)


def _likeness(excerpts: list[Block], rate_hz: int) -> _Likeness:
    """Summed over the excerpts, each lag normalised by the energies that overlap at it."""
    longest = max((excerpt.shape[1] for excerpt in excerpts), default=0)
    if longest < 2:
        return _Likeness(np.zeros(1))
    # Steps differ by a sample where the rate is no multiple of ten; the last of a file may be much shorter.
    longest -= 1
    whole = [excerpt[:, :longest] for excerpt in excerpts if excerpt.shape[1] >= longest]
    lags = min(round(LONGEST_LAG_S * rate_hz), longest // 2)
    length = fast_length(longest + lags)
    cross = np.zeros(length // 2 + 1, dtype=np.complex128)
    energies = np.zeros((2, longest))
    for excerpt in whole:
        padded = np.zeros((2, length), dtype=excerpt.dtype)
        padded[:, :longest] = excerpt
        left, right = rfft(padded)
        cross += np.conj(left) * right
        energies += np.square(excerpt, dtype=np.float64)
    circular = irfft(cross, length)
    numerator = np.concatenate([circular[length - lags :], circular[: lags + 1]])
    until = np.concatenate([np.zeros((2, 1)), np.cumsum(energies, axis=1)], axis=1)
    steps = np.arange(lags + 1)
    from_start, to_end = until[:, longest - steps], until[:, -1:] - until[:, steps]
    right_later = from_start[0] * to_end[1]
    left_later = to_end[0] * from_start[1]
    scale = np.sqrt(np.concatenate([left_later[:0:-1], right_later]))
    safe = np.where(scale > 0, scale, 1.0)
    return _Likeness(np.where(scale > 0, numerator / safe, 0.0))


def _db(ratio: float) -> float:
    return 10 * float(np.log10(ratio)) if ratio > 0 else -np.inf
