"""The same music in another form: what a score must not hear, and by how many points it may differ at most."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile as sf
import soxr

from support.needs import need_program
from uptrack_analysis.signal import Block

RATES_HZ = (44_100, 48_000)
ROOM_DB = 8.0
"""Under full scale: for 6 dB more, and for what resampling and an encoder add to a peak."""
FADE_IN_S, FADE_OUT_S = 0.01, 2.0
SILENCE_S = 2.0
"""Less than what the rule about ends calls long."""


@dataclass(frozen=True, slots=True)
class Form:
    """``write`` takes samples, shape (channels, frames), their rate in Hz and a folder; it returns the file."""

    write: Callable[[Block, int, Path], Path]
    points: float
    """Most that the score may move."""


def prepared(samples: Block, rate_hz: int) -> Block:
    """Music with soft ends, and with room: what silence or an encoder does to a cut or a clip is about those."""
    places = np.arange(samples.shape[1])
    samples = samples * np.clip(places / (FADE_IN_S * rate_hz), 0.0, 1.0)
    samples = samples * np.clip((samples.shape[1] - 1 - places) / (FADE_OUT_S * rate_hz), 0.0, 1.0) ** 2
    peak = float(np.abs(samples).max())
    return np.asarray(samples * (10 ** (-ROOM_DB / 20) / peak), dtype=np.float32)


def plain(samples: Block, rate_hz: int, folder: Path) -> Path:
    """As 32-bit floats."""
    return _written(samples, rate_hz, folder / "plain.wav")


def louder(gain_db: float) -> Callable[[Block, int, Path], Path]:
    def write(samples: Block, rate_hz: int, folder: Path) -> Path:
        return _written(samples * np.float32(10 ** (gain_db / 20)), rate_hz, folder / f"gain {gain_db:+g} dB.wav")

    return write


def _swapped(samples: Block, rate_hz: int, folder: Path) -> Path:
    return _written(samples[::-1], rate_hz, folder / "swapped.wav")


def _resampled(samples: Block, rate_hz: int, folder: Path) -> Path:
    other_hz = RATES_HZ[rate_hz == RATES_HZ[0]]
    resampled = soxr.resample(np.ascontiguousarray(samples.T), rate_hz, other_hz, quality="VHQ")
    return _written(resampled.T, other_hz, folder / "resampled.wav")


def _in_24_bits(samples: Block, rate_hz: int, folder: Path) -> Path:
    return _written(samples, rate_hz, folder / "24 bits.wav", "PCM_24")


def _as_mp3(samples: Block, rate_hz: int, folder: Path) -> Path:
    wav, mp3 = _written(samples, rate_hz, folder / "to encode.wav"), folder / "encoded.mp3"
    command = [need_program("ffmpeg"), "-nostdin", "-loglevel", "error", "-y", "-i", str(wav), "-b:a", "320k", str(mp3)]
    subprocess.run(command, check=True)
    return mp3


def _with_silence(samples: Block, rate_hz: int, folder: Path) -> Path:
    longer = np.pad(samples, ((0, 0), (0, round(SILENCE_S * rate_hz))))
    return _written(longer, rate_hz, folder / "with silence.wav")


def _written(samples: Block, rate_hz: int, path: Path, subtype: str = "FLOAT") -> Path:
    sf.write(path, samples.T, rate_hz, subtype=subtype)
    return path


FORMS: Mapping[str, Form] = {
    "at another rate": Form(_resampled, 0.5),
    "in 24 bits": Form(_in_24_bits, 0.5),
    "as MP3 at 320 kb/s": Form(_as_mp3, 1.0),
    "with silence behind it": Form(_with_silence, 0.2),
    "with its channels swapped": Form(_swapped, 0.02),
}
