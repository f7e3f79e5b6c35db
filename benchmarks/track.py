"""What speed is measured on: an LMMS demo project rendered and looped to 4:30, stereo, 44.1 kHz, 24 bit."""

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


def excerpt() -> Path:
    """Its first seconds, for what is run often."""
    return _looped(EXCERPT_SECONDS)


def _looped(seconds: int) -> Path:
    looped = CACHE / f"speed-{seconds}s.wav"
    if not looped.exists():
        source, _bpm = render()
        partial = looped.with_suffix(".partial.wav")
        loop = ["-stream_loop", "-1", "-i", str(source), "-t", str(seconds), "-c:a", "pcm_s24le"]
        subprocess.run(["ffmpeg", "-nostdin", "-loglevel", "error", "-y", *loop, str(partial)], check=True)
        partial.rename(looped)
    return looped
