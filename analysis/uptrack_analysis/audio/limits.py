"""How large a file may be and how far it may unfold."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """Caps that protect the machine; a file over one is refused, while decoding if the header lied."""

    max_channels: int = 8
    min_rate_hz: int = 8_000
    max_rate_hz: int = 192_000
    max_samples: int = 4_000_000_000
    """frames x channels: 5 h 45 min of 96 kHz stereo"""
    max_samples_per_byte: int = 256
    """How far a file may unfold once it is past ``free_samples``: an Opus stream of 6 kbit/s reaches 130, a FLAC
    bomb 800. Digital silence unfolds without end too, hence the free part."""
    free_samples: int = 100_000_000
    """19 min of 44.1 kHz stereo"""
