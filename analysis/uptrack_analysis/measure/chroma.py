"""Which pitches sound, moment by moment: steady spectral peaks as pitch classes, and the note the bass stands on.

The front pair is folded to one channel, taken to about 5.5 kHz and cut into 0.74 s frames, one every 0.37 s. A peak
counts if it stands out of its neighbourhood, and with the least amplitude that it and the frames on either side have:
a kick, a clap or a sweep has moved on by then, a note has not. Amplitudes are compressed to their cube root, so that
what is played softly is heard beside what is loud. Peaks from 100 Hz to 2 kHz become pitch classes.

The bass note is looked for from 40 to 180 Hz by its harmonics, of which the fundamental counts least: a kick or a sub
drone has hardly any other, and without the fundamental a bass that lies under a kick is still found (Terhardt's virtual
pitch, JASA 55, 1974, which also hears the root of a chord). Of two notes the lower counts more.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from uptrack_analysis.measure.decimation import Decimator, fold, nearest_smooth
from uptrack_analysis.measure.fft import rfft
from uptrack_analysis.measure.framing import Framer, check_block, check_stream, hann
from uptrack_analysis.measure.growing import Growing
from uptrack_analysis.signal import Block, FloatArray

BINS_PER_OCTAVE = 240
BINS_PER_SEMITONE = BINS_PER_OCTAVE // 12
"""Five cents a bin: a fifth harmonic lies 14 cents under the major third that it must not be taken for."""
LOW_HZ, HIGH_HZ = 100.0, 2_000.0
BASS_LOW_HZ, BASS_HIGH_HZ, BASS_TOP_HZ = 40.0, 180.0, 1_200.0
C4_HZ = 440.0 * 2 ** (-9 / 12)

_RATE_HZ = 44_100 / 8
_HOP_S = 2048 / _RATE_HZ
_PROMINENCE = 3.0
_NEIGHBOURHOOD_OCTAVES = 0.25
# The low register is crowded by the kick, and what is no harmonic of a bass is not heard there anyway.
_BASS_PROMINENCE = 2.0
_BASS_BINS_PER_OCTAVE = 120
# Strength of harmonics 1 to 6 in the search: of these forms the one that found most tonics in the tune half of
# benchmarks/key_accuracy.py; a fundamental as strong as the rest follows the kick.
_BASS_HARMONICS = (0.4, 0.9, 0.85, 0.8, 0.7, 0.6)
_BASS_REACH_BINS = 2
# How much less a note counts for each octave that it lies higher: the bass is the lowest part, and a chord over a
# hollow one (square, FM) has more harmonics by far. Over the tracks drawn for tuning, the bass's pitch class was right
# 79 % of the time without it, and 83 % with it: ``benchmarks/bass_accuracy.py`` prints both.
_BASS_LOSS_AN_OCTAVE = 0.24
# -110 dBFS: under this a "peak" is rounding.
_SILENCE = 3e-6

_Places = np.ndarray[tuple[int], np.dtype[np.intp]]


@dataclass(frozen=True, slots=True)
class Chroma:
    """What sounded in each frame.

    ``salience``: shape (n_frames, 240), none negative; bin ``b`` is ``b / 20`` semitones over C at A = 440 Hz.
    """

    hop_s: float
    salience: Block
    bass_semitones: FloatArray
    """shape (n_frames,): the bass note in semitones over C4, meaningless where its strength is 0"""
    bass_strength: FloatArray
    """shape (n_frames,), none negative"""
    peaks: int
    """How many steady peaks between 100 Hz and 2 kHz there were in all frames together."""


class ChromaMeter:
    """Streaming kernel: blocks in, one ``Chroma`` out.

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
        factor = max(1, round(rate_hz / _RATE_HZ))
        self._rate_hz = rate_hz / factor
        self._hop = nearest_smooth(_HOP_S * self._rate_hz)
        length = 2 * self._hop
        self._decimator = Decimator(1, factor)
        self._framer = Framer(1, length, self._hop, lead=length // 2, batch=64)
        window = hann(length)
        # An amplitude of 1 is a full-scale sine.
        self._window = window * np.float32(2.0 / float(window.sum()))
        self._bin_hz = self._rate_hz / length
        self._bins = np.arange(int(BASS_LOW_HZ / self._bin_hz), int(HIGH_HZ / self._bin_hz))
        reach = 2**_NEIGHBOURHOOD_OCTAVES
        self._from = np.floor(self._bins / reach).astype(np.intp)
        self._to = np.ceil(self._bins * reach).astype(np.intp) + 1
        self._samples = 0
        self._peaks = 0
        # Spectra of the last two frames: whether a peak is steady shows one frame later.
        self._held = np.zeros((2, length // 2 + 1), dtype=np.float32)
        self._salience = Growing(np.float32, (BINS_PER_OCTAVE,))
        self._bass = Growing(np.float64, (2,))

    def push(self, block: Block) -> None:
        """Take the next samples, shape (channels, frames).

        Raises
        ------
        InvalidSignal
            Another number of channels.
        """
        check_block(block, self._channels)
        self._take(self._decimator.push(fold(block)))

    def finish(self) -> Chroma:
        """All frames."""
        self._take(self._decimator.push(np.zeros((1, 0), dtype=np.float32), last=True))
        total = -(-self._samples // self._hop)
        for frames in self._framer.finish(total):
            self._transform(frames)
        self._look(np.concatenate([self._held, np.zeros((1, self._held.shape[1]), dtype=np.float32)]))
        # The first row belongs to the frame before the file; batches overlap by nothing, so the rest is in order.
        salience = self._salience.take()[1 : total + 1]
        bass = self._bass.take()[1 : total + 1]
        return Chroma(self._hop / self._rate_hz, salience, bass[:, 0], bass[:, 1], self._peaks)

    def _take(self, mono: Block) -> None:
        self._samples += mono.shape[1]
        for frames in self._framer.push(mono):
            self._transform(frames)

    def _transform(self, frames: Block) -> None:
        amplitude = np.abs(rfft(frames[0] * self._window))
        spectra = np.concatenate([self._held, amplitude])
        self._held = spectra[-2:]
        self._look(spectra)

    def _look(self, spectra: Block) -> None:
        """Peaks of all spectra but the first and last, which are there to compare with."""
        amplitude = spectra[1:-1]
        first, end = int(self._bins[0]), int(self._bins[-1]) + 1
        here, before, after = (amplitude[:, first + step : end + step] for step in (0, -1, 1))
        frame, place = np.nonzero((here > before) & (here >= after) & (here > _SILENCE))
        until = np.zeros((amplitude.shape[0], amplitude.shape[1] + 1))
        np.cumsum(amplitude, axis=1, dtype=np.float64, out=until[:, 1:])
        wide = until[frame, self._to[place]] - until[frame, self._from[place]]
        stands_out = here[frame, place] * (self._to - self._from)[place] / np.maximum(wide, 1e-30)
        prominent = stands_out > _BASS_PROMINENCE
        frame, place, stands_out = frame[prominent], place[prominent], stands_out[prominent]
        level, sides = here[frame, place].astype(np.float64), (before[frame, place], after[frame, place])
        # A parabola through the logarithms finds a Hann peak's place to a few hundredths of a bin.
        low, top, high = (np.log(part.astype(np.float64) + 1e-12) for part in (sides[0], level, sides[1]))
        bend = low - 2 * top + high
        shift = np.clip(np.divide(0.5 * (low - high), bend, out=np.zeros_like(bend), where=bend < 0.0), -0.5, 0.5)
        frequency_hz: FloatArray = np.asarray((place + first + shift) * self._bin_hz, dtype=np.float64)
        strength = np.cbrt(np.minimum(level, self._next_to(spectra, frame, place + first)))
        tonal = (frequency_hz >= LOW_HZ) & (stands_out > _PROMINENCE) & (strength > 0.0)
        self._peaks += int(np.count_nonzero(tonal))
        rows = amplitude.shape[0]
        self._salience.append(_classes(frame[tonal], frequency_hz[tonal], strength[tonal], rows))
        low_part = (frequency_hz < BASS_TOP_HZ) & (strength > 0.0)
        self._bass.append(_bass(frame[low_part], frequency_hz[low_part], strength[low_part], rows))

    @staticmethod
    def _next_to(spectra: Block, frame: _Places, place: _Places) -> FloatArray:
        """What each peak's bin and its neighbours held a frame before or after, whichever is less."""
        sides = [
            np.maximum(np.maximum(spectra[row, place - 1], spectra[row, place]), spectra[row, place + 1])
            for row in (frame, frame + 2)
        ]
        return np.minimum(*sides)


def _classes(frame: _Places, frequency_hz: FloatArray, strength: FloatArray, frames: int) -> Block:
    """Peaks folded into one octave, each split between the two nearest bins, shape (frames, 240)."""
    position = BINS_PER_OCTAVE * np.log2(frequency_hz / C4_HZ)
    lower = np.floor(position)
    share = position - lower
    salience = np.zeros(frames * BINS_PER_OCTAVE)
    for step, part in ((0, 1.0 - share), (1, share)):
        bins = frame * BINS_PER_OCTAVE + (lower.astype(np.intp) + step) % BINS_PER_OCTAVE
        salience += np.bincount(bins, weights=strength * part, minlength=salience.size)
    # Half the memory of a long file: seven digits are more than a peak's place is worth.
    return salience.reshape(frames, BINS_PER_OCTAVE).astype(np.float32)


def _bass(frame: _Places, frequency_hz: FloatArray, strength: FloatArray, frames: int) -> FloatArray:
    """The fundamental whose harmonics are there, shape (frames, 2): semitones over C4, and the sum of its harmonics."""
    bins = int(np.ceil(_BASS_BINS_PER_OCTAVE * np.log2(BASS_HIGH_HZ / BASS_LOW_HZ))) + 1
    position = _BASS_BINS_PER_OCTAVE * np.log2(frequency_hz / BASS_LOW_HZ)
    found = np.zeros(frames * bins)
    for harmonic, weight in enumerate(_BASS_HARMONICS, start=1):
        place = np.rint(position - _BASS_BINS_PER_OCTAVE * np.log2(harmonic)).astype(np.intp)
        inside = (place >= 0) & (place < bins)
        at = frame[inside] * bins + place[inside]
        found += np.bincount(at, weights=weight * strength[inside], minlength=found.size)
    grid = found.reshape(frames, bins)
    padded = np.pad(grid, ((0, 0), (_BASS_REACH_BINS, _BASS_REACH_BINS)))
    # Harmonics of one note need not meet to the cent.
    near = sum(padded[:, step : step + bins] for step in range(2 * _BASS_REACH_BINS + 1))
    near *= (1.0 - _BASS_LOSS_AN_OCTAVE) ** (np.arange(bins) / _BASS_BINS_PER_OCTAVE)
    best = np.argmax(near, axis=1)
    semitones = 12 * np.log2(BASS_LOW_HZ / C4_HZ) + best * (12 / _BASS_BINS_PER_OCTAVE)
    return np.stack([semitones, near[np.arange(frames), best]], axis=1)
