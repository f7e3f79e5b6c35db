"""How strongly something starts, moment by moment: spectral flux in log bands, the raw material of tempo and beats.

The front pair is folded to one channel, taken to about 22 kHz and cut into 46 ms frames, one every 11.6 ms. What is
kept while streaming is the power in 24 log bands (about 8 kB a second); flux is taken at the end, when the level each
band reaches is known, so that a quiet master and a loud one, a dull and a bright one, give the same envelope. The same
channel feeds ``attacks.py``, which hears less but times it finer.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from uptrack_analysis.measure.attacks import HIGH_WINDOW_S, LOW_WINDOW_S, AttackMeter, Attacks
from uptrack_analysis.measure.decimation import Decimator, fold
from uptrack_analysis.measure.fft import rfft
from uptrack_analysis.measure.framing import Framer, check_block, check_stream, hann
from uptrack_analysis.measure.growing import Growing
from uptrack_analysis.signal import Block, FloatArray

FRAME_RATE_HZ = 22_050 / 256
"""Nominal; other sample rates come within 1 % and say theirs in the envelope."""
BANDS = 24
LOW_HZ, HIGH_HZ = 30.0, 10_000.0
GROUP_EDGES_HZ = (30.0, 160.0, 800.0, 3_500.0, 10_000.0)
"""Kick and bass; toms, bass harmonics, body; snare and synths; hats."""

_FRAMES_A_WINDOW = 4
_HALF_WINDOW_S = _FRAMES_A_WINDOW / 2 / FRAME_RATE_HZ
# Logarithmic above this share of the level a band reaches: 30 dB down, hits have sunk into the tails of others.
_COMPRESSION_FLOOR = 1e-3
# A band that never comes within 60 dB of the whole signal's loud moments is noise floor, and may not be scaled up.
_BAND_FLOOR = 1e-6
_SILENCE_POWER = 1e-11
_SOUNDING = 1e-6
# Frames overlap by three quarters, so a hit needs two of them to rise.
_RISE_FRAMES = 2
# Frames whose rise is taken together: six minutes, so that only a longer file is cut.
_CHUNK = 1 << 15


@dataclass(frozen=True, slots=True)
class OnsetFlux:
    """``groups``: flux of each range of ``GROUP_EDGES_HZ``, shape (n_groups, n_frames), none negative.

    Element ``k`` is the rise over the 23 ms that end ``k / rate_hz`` seconds into the file. All zero in silence; of
    silence behind the music there are no frames.
    """

    rate_hz: float
    groups: Block


@dataclass(frozen=True, slots=True)
class OnsetEnvelope(OnsetFlux):
    """The flux, and what says where beats and bars lie: eight times as much to keep."""

    levels: Block
    """shape (n_frames, n_bands): compressed level of each band, natural log, 0 where it reaches its own loud moments"""
    attacks: Attacks


def without(envelope: OnsetEnvelope, spans_s: Sequence[tuple[float, float]]) -> OnsetEnvelope:
    """The envelope as if nothing started in these spans, nor where they end: what lies about them goes on through.

    Parameters
    ----------
    spans_s : sequence of (start, end)
    """
    attacks = envelope.attacks
    return replace(
        envelope,
        groups=np.stack([_bridged(group, envelope.rate_hz, spans_s, _HALF_WINDOW_S) for group in envelope.groups]),
        attacks=replace(
            attacks,
            low=_bridged(attacks.low, attacks.rate_hz, spans_s, LOW_WINDOW_S),
            high=_bridged(attacks.high, attacks.rate_hz, spans_s, HIGH_WINDOW_S),
        ),
    )


def _bridged(flux: Block, rate_hz: float, spans_s: Sequence[tuple[float, float]], window_s: float) -> Block:
    """With straight lines over the spans and all around them that a window of so many seconds, and a rise, reach."""
    touched = np.zeros(flux.size, dtype=np.bool_)
    for start_s, end_s in spans_s:
        touched[max(0, math.floor((start_s - window_s) * rate_hz)) : math.ceil((end_s + 2 * window_s) * rate_hz)] = True
    if touched.all():
        return np.zeros_like(flux)
    frames = np.arange(flux.size)
    return np.interp(frames, frames[~touched], flux[~touched]).astype(flux.dtype)


class OnsetMeter:
    """Streaming kernel: blocks in, one ``OnsetEnvelope`` out.

    Parameters
    ----------
    rate_hz : int
        8-192 kHz.
    channels : int
        Rows of each block; the first two are the front left and right.

    Raises
    ------
    InvalidSignal
        A rate outside that range, or no channel.
    """

    def __init__(self, rate_hz: int, channels: int) -> None:
        check_stream(rate_hz, channels)
        self._channels = channels
        factor = max(1, round(rate_hz / 22_050))
        self._rate_hz = rate_hz / factor
        self._hop = round(self._rate_hz / FRAME_RATE_HZ)
        length = _FRAMES_A_WINDOW * self._hop
        self._decimator = Decimator(1, factor)
        self._framer = Framer(1, length, self._hop, lead=length // 2, batch=256)
        self._window = hann(length)
        self._samples = 0
        self._weights, self._centres_hz = _log_bands(self._rate_hz, length)
        self._powers = Growing(np.float32, (self._centres_hz.size,))
        self._attacks = AttackMeter(self._rate_hz)

    def push(self, block: Block) -> None:
        """Take the next samples, shape (channels, frames).

        Raises
        ------
        InvalidSignal
            Another number of channels.
        """
        check_block(block, self._channels)
        self._take(self._decimator.push(fold(block)))

    def finish(self) -> OnsetEnvelope:
        """The whole envelope."""
        self._take(self._decimator.push(np.zeros((1, 0), dtype=np.float32), last=True))
        total = -(-self._samples // self._hop)
        for frames in self._framer.finish(total):
            self._transform(frames)
        powers = self._powers.take()[:total]
        sounding = sounding_frames(powers)
        levels = compressed(powers[:sounding])
        rate_hz = self._rate_hz / self._hop
        attacks = self._attacks.finish(sounding / rate_hz)
        return OnsetEnvelope(rate_hz, flux(levels, self._centres_hz), levels, attacks)

    def _take(self, mono: Block) -> None:
        self._samples += mono.shape[1]
        self._attacks.push(mono)
        for frames in self._framer.push(mono):
            self._transform(frames)

    def _transform(self, frames: Block) -> None:
        parts = rfft(frames[0] * self._window).view(np.float32)
        np.square(parts, out=parts)
        # In parts, because a larger product would wake OpenBLAS's threads, which cost more than the work.
        groups = [parts[:, first : first + weights.shape[0]] @ weights for first, weights in self._weights]
        self._powers.append(np.concatenate(groups, axis=1))


def sounding_frames(powers: Block) -> int:
    """How many frames there are up to the last within 60 dB of the strongest; all of them in silence.

    What a file holds after its music says nothing of when things start in it.

    Parameters
    ----------
    powers : shape (n_frames, n_bands)
        Mean-square power.
    """
    together = powers.sum(axis=1)
    sounding = np.flatnonzero(together > _SOUNDING * together.max(initial=0.0))
    return int(sounding[-1]) + 1 if sounding.size else powers.shape[0]


def compressed(powers: Block) -> Block:
    """Power to level: natural log over what each band reaches, flattened far below it; zero throughout in silence.

    Parameters
    ----------
    powers : shape (n_frames, n_bands)
        Mean-square power. It is overwritten: a two-hour set has room for it once.
    """
    if powers.size == 0 or float(powers.max()) < _SILENCE_POWER:
        return np.zeros_like(powers)
    loud = float(np.percentile(powers.sum(axis=1), 95))
    # Band by band: all at once, the percentile would copy the whole of a two-hour set.
    strong = np.array([np.percentile(band, 90) for band in powers.T])
    reached = np.maximum(strong, max(_BAND_FLOOR * loud, _SILENCE_POWER))
    powers /= reached.astype(np.float32)
    powers += np.float32(_COMPRESSION_FLOOR)
    return np.log(powers, out=powers)


def flux(levels: Block, centres_hz: FloatArray) -> Block:
    """Half-wave rectified rise of compressed band level, averaged in four ranges.

    Parameters
    ----------
    levels : shape (n_frames, n_bands)
        Natural log.
    centres_hz : shape (n_bands,)

    Returns
    -------
    groups : shape (4, n_frames)
        Natural-log units; a range without a band is zero.
    """
    groups = np.zeros((len(GROUP_EDGES_HZ) - 1, levels.shape[0]), dtype=np.float32)
    if levels.shape[0] <= _RISE_FRAMES:
        return groups
    for group, (low_hz, high_hz) in enumerate(itertools.pairwise(GROUP_EDGES_HZ)):
        members = np.flatnonzero((centres_hz >= low_hz) & (centres_hz < high_hz))
        if members.size:
            for first in range(0, levels.shape[0] - _RISE_FRAMES, _CHUNK):
                part = levels[first : first + _CHUNK + _RISE_FRAMES, members[0] : members[-1] + 1]
                rise = np.maximum(part[_RISE_FRAMES:] - part[:-_RISE_FRAMES], 0.0)
                groups[group, first + _RISE_FRAMES : first + part.shape[0]] = rise.mean(axis=1)
    return groups


def _log_bands(rate_hz: float, length: int) -> tuple[list[tuple[int, Block]], FloatArray]:
    """Weights from interleaved real and imaginary squares to mean-square band power, and the bands' centres.

    Three bands at a time, with the first of the squares they need: most of the whole matrix is zero.
    """
    edges_hz = np.geomspace(LOW_HZ, HIGH_HZ, BANDS + 1)
    edges_hz = edges_hz[edges_hz <= rate_hz / 2]
    bins = np.arange(length // 2 + 1)
    width_hz = rate_hz / length
    below, above = np.maximum(bins - 0.5, 0.0) * width_hz, (bins + 0.5) * width_hz
    overlap = np.minimum(above[:, None], edges_hz[1:]) - np.maximum(below[:, None], edges_hz[:-1])
    weights = np.maximum(overlap, 0.0) / (above - below)[:, None]
    weights *= 2.0 / (length * float(np.sum(hann(length).astype(np.float64) ** 2)))
    pairs = np.repeat(weights, 2, axis=0).astype(np.float32)
    groups: list[tuple[int, Block]] = []
    for first in range(0, pairs.shape[1], 3):
        bands = pairs[:, first : first + 3]
        used = np.flatnonzero(bands.any(axis=1))
        groups.append((int(used[0]), np.ascontiguousarray(bands[used[0] : used[-1] + 1])))
    return groups, np.sqrt(edges_hz[1:] * edges_hz[:-1])
