"""What speed is measured on: an LMMS demo project rendered and looped to 4:30, stereo, 44.1 kHz, 24 bit.

And what memory is measured on: the same music for hours, at 48 kHz and 16 bit, as recordings of sets are.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "tests"))

from support.lmms import CACHE, render  # noqa: E402

SECONDS = 270
EXCERPT_SECONDS = 20


def track() -> Path:
    """The track's path; rendered once and kept in ``.cache/lmms``."""
    return _looped(SECONDS)


def tempo_bpm() -> float:
    """What its project says."""
    return render()[1]


def excerpt() -> Path:
    """Its first seconds, for what is run often."""
    return _looped(EXCERPT_SECONDS)


def long_file(folder: Path, minutes: int) -> Path:
    """The same music at 48 kHz and 16 bit, in ``folder``: too large to be kept."""
    path = folder / f"{minutes}-minutes.wav"
    _loop(path, 60 * minutes, "-ar", "48000", "-c:a", "pcm_s16le")
    return path


def _looped(seconds: int) -> Path:
    looped = CACHE / f"speed-{seconds}s.wav"
    if not looped.exists():
        partial = looped.with_suffix(".partial.wav")
        _loop(partial, seconds, "-c:a", "pcm_s24le")
        partial.rename(looped)
    return looped


def _loop(path: Path, seconds: int, *form: str) -> None:
    source, _bpm = render()
    loop = ["-stream_loop", "-1", "-i", str(source), "-t", str(seconds), *form]
    subprocess.run(["ffmpeg", "-nostdin", "-loglevel", "error", "-y", *loop, str(path)], check=True)
