"""What a script of the usual libraries measures of a file: the peer that most people would write first.

Loudness and range by pyloudnorm; tempo, chroma, spectral centroid and a spectrogram by librosa with its defaults.
"""

from __future__ import annotations

import sys

import librosa
import numpy as np
import pyloudnorm
import soundfile
from librosa.beat import beat_track


def main(path: str) -> None:
    samples, rate_hz = soundfile.read(path)
    meter = pyloudnorm.Meter(rate_hz)
    print("integrated", meter.integrated_loudness(samples), "range", meter.loudness_range(samples))
    mono, mono_rate_hz = librosa.load(path)
    tempo, _beats = beat_track(y=mono, sr=mono_rate_hz)
    chroma = librosa.feature.chroma_cqt(y=mono, sr=mono_rate_hz).mean(axis=1)
    centroid_hz = librosa.feature.spectral_centroid(y=mono, sr=mono_rate_hz).mean()
    spectrum = (np.abs(librosa.stft(mono)) ** 2).mean(axis=1)
    print("tempo", float(np.atleast_1d(tempo)[0]), "chroma", chroma.argmax(), "centroid", centroid_hz, spectrum.size)


if __name__ == "__main__":
    main(sys.argv[1])
