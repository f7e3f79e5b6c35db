"""Names of notes for frequencies, at A4 = 440 Hz in equal temperament."""

from __future__ import annotations

import math

A4_HZ = 440.0
NAMES = ("C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B")
_A4_NUMBER = 69


def nearest_note(frequency_hz: float) -> tuple[str, float]:
    """Name with octave ("A4"), and how many cents over it the frequency lies, -50 to 50; the frequency is positive."""
    number = _A4_NUMBER + 12 * math.log2(frequency_hz / A4_HZ)
    nearest = round(number)
    return f"{NAMES[nearest % 12]}{nearest // 12 - 1}", 100 * (number - nearest)
