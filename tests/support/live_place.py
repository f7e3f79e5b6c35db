"""Live streams whose clock stands still until something is sent."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from uptrack_bridges.reastream import AudioPacket
from uptrack_daemon.live.streams import Streams

PACKET_S = 0.02


class Place:
    """Streams, their clock, and somebody who sends."""

    def __init__(self, folder: Path) -> None:
        self.now_s = 1_000.0
        self.rendering = False
        self.streams = Streams(folder, is_rendering=lambda: self.rendering, clock=lambda: self.now_s)

    def play(
        self, *names: str, seconds: float = 2.0, rate_hz: int = 8_000, channels: int = 2, speed: float = 1.0
    ) -> None:
        """Silence."""
        self.send(np.zeros((round(seconds * rate_hz), channels), np.float32), *names, rate_hz=rate_hz, speed=speed)

    def send(self, sound: np.ndarray, *names: str, rate_hz: int, speed: float = 1.0) -> None:
        """Sound of shape (frames, channels), in packets, under each of the names."""
        step = round(PACKET_S * rate_hz)
        for first in range(0, len(sound), step):
            self.now_s += PACKET_S / speed
            for name in names:
                self.streams.heard(AudioPacket(name, rate_hz, sound[first : first + step]))

    def kept(self) -> dict[str, float]:
        return {one.stream: round(one.seconds, 2) for one in self.streams.described()}
