"""Faults of the export: another speed than the project's, and a lossy file on the way."""

from __future__ import annotations

import subprocess
import tempfile
from pathlib import Path

import numpy as np
import soundfile
import soxr
from fault_filters import band_db, no_louder_than
from fault_mixes import RATE_HZ, Mix

from fault_kinds.kind import LEVEL, Kind, Planted, _whole


def _another_speed(mix: Mix, percent: float, _rng: np.random.Generator) -> Planted | None:
    """Played so much faster than the project says, pitch and all, as a file is whose rate was mistaken."""
    if mix.bpm is None:
        return None
    faster = np.ascontiguousarray(soxr.resample(mix.sound.T, RATE_HZ * (1 + percent / 100), RATE_HZ).T)
    sound = no_louder_than(faster.astype(np.float32), mix.sound)
    return Planted(sound, 0.0, sound.shape[1] / RATE_HZ, percent)


TOP_HZ = (17_000.0, 20_000.0)
TOP_UNDER_DB = 60.0
"""A mix with less than this up there has no top that a codec could take."""


def _through_a_codec(mix: Mix, kbit_s: float, _rng: np.random.Generator) -> Planted | None:
    """To an MP3 and back into a lossless file, as what is bounced from a preview is; its rate keeps its top away."""
    if mix.lossy or band_db(mix.sound, *TOP_HZ) < band_db(mix.sound, 20.0, TOP_HZ[1]) - TOP_UNDER_DB:
        return None
    with tempfile.TemporaryDirectory(prefix="uptrack-faults-") as folder:
        whole, coded, back = (Path(folder) / name for name in ("mix.wav", "mix.mp3", "back.wav"))
        soundfile.write(whole, mix.sound.T / max(1.0, float(np.abs(mix.sound).max())), RATE_HZ, subtype="PCM_24")
        command = ["ffmpeg", "-nostdin", "-loglevel", "error", "-y", "-i"]
        subprocess.run([*command, str(whole), "-b:a", f"{kbit_s:.0f}k", str(coded)], check=True)
        subprocess.run([*command, str(coded), "-ar", str(RATE_HZ), "-c:a", "pcm_f32le", str(back)], check=True)
        decoded = soundfile.read(back, dtype="float32", always_2d=True)[0].T
    sound = np.ascontiguousarray(decoded[:, : mix.sound.shape[1]])
    return Planted(no_louder_than(sound, mix.sound), *_whole(mix), kbit_s)


KINDS = (
    Kind(
        "another speed",
        # 0.6 % is a warning, 2.1 bad; 8.8 % is a render of 44.1 kHz played at 48.
        ((0.3, "info"), (1.2, "moderate"), (2.5, "major"), (8.84, "major")),
        "% faster",
        _another_speed,
        ("dj.tempo",),
        (*LEVEL, "dj.key", "dj.grid", "dj.phrase", "ton.tilt", "ton.air", "int.hum"),
        "whole",
    ),
    Kind(
        "lossy on the way",
        # Where the encoder's cliff lies: from 18.9 kHz down the rule warns, at 15.6 it calls it bad.
        ((192.0, "minor"), (128.0, "moderate"), (64.0, "major")),
        "kbit/s",
        _through_a_codec,
        ("int.format",),
        (*LEVEL, "ton.air", "int.truepeak", "int.codec_overs", "int.headtail", "ste.narrow_wide"),
        "whole",
    ),
)
