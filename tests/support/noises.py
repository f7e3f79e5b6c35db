"""Noise of a known spectrum, shaped bin by bin over its whole length, so that no filter's ringing is in it."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from uptrack_analysis.signal import Block, FloatArray

Response = Callable[[FloatArray], FloatArray]
"""Gain, as a factor, at each frequency in Hz."""


def shaped_noise(
    rate_hz: int, seconds: float, response: Response, *, seed: int = 1, channels: int = 2, rms: float = 0.1
) -> Block:
    """Gaussian noise, independent in each channel, of the given RMS."""
    white = np.random.default_rng(seed).standard_normal((channels, round(seconds * rate_hz)))
    spectrum = np.fft.rfft(white)
    spectrum *= response(np.asarray(np.fft.rfftfreq(white.shape[1], 1 / rate_hz), dtype=np.float64))
    noise = np.fft.irfft(spectrum, white.shape[1])
    return np.asarray(noise * (rms / noise.std()), dtype=np.float32)


def pink(frequency_hz: FloatArray) -> FloatArray:
    """-3 dB an octave, nothing below 10 Hz."""
    return np.where(frequency_hz < 10.0, 0.0, 1 / np.sqrt(np.maximum(frequency_hz, 10.0)))


def bell(centre_hz: float, gain_db: float, quality: float) -> Response:
    """The analogue peaking equaliser on pink noise: ``gain_db`` at its centre."""
    gain = 10 ** (gain_db / 40)

    def response(frequency_hz: FloatArray) -> FloatArray:
        detune = quality * (np.maximum(frequency_hz, 1e-3) / centre_hz - centre_hz / np.maximum(frequency_hz, 1e-3))
        lifted: FloatArray = np.sqrt((detune**2 + gain**2) / (detune**2 + gain**-2)) * pink(frequency_hz)
        return lifted

    return response
