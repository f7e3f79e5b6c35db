"""The last minutes of one live stream, on disk and without a name.

The file is a ring of frames that has no entry in any folder where the system allows that (else it is deleted when it is
closed, or after a power cut when the daemon next starts): a daemon that is killed leaves nothing behind, and nobody can
open it. Beside it stands when what came: a stream brings no time of its own, so where a passage begins, and what of it
was lost, is read off the clock.
"""

from __future__ import annotations

import contextlib
import tempfile
import threading
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

LONGEST_S = 600.0
"""What is kept of a stream."""
SPARE_S = 15.0
"""More than that is held, so that a passage can be read while the ring goes on."""
BLOCK_FRAMES = 65_536
PREFIX = "live-"
TOGETHER_S = 0.05
"""Of what came within so long one moment is kept, the last: ten minutes are then no more than twelve thousand."""
JITTER_S, DRIFT = 0.08, 5e-4
"""What a clock and a sound card may differ by with nothing lost: blocks come late, and quartzes differ."""


def sweep_recordings(folder: Path) -> None:
    """Delete what a power cut has left where a file needs a name (Windows); no recording may be open in ``folder``."""
    with contextlib.suppress(OSError):
        for path in folder.glob(f"{PREFIX}*"):
            with contextlib.suppress(OSError):
                path.unlink()  # a link itself, and no folder


@dataclass(frozen=True, slots=True)
class Passage:
    """Frames ``first`` to ``last`` of a recording."""

    first: int
    last: int
    seconds: float
    """From the first frame to the moment that was asked for."""
    missing_s: float
    """By how much less came than time has passed."""


class Recording:
    """One stream without a break, from its first packet on.

    Parameters
    ----------
    folder : Path
        Where the disk space is taken.
    longest_s : float
        What is kept; what is older makes room.

    All moments are seconds on one clock, the caller's.
    """

    def __init__(self, folder: Path, *, rate_hz: int, channels: int, longest_s: float = LONGEST_S) -> None:
        self.rate_hz = rate_hz
        self.channels = channels
        self.frames = 0
        """All that have come, also those the ring has let go."""
        self._kept = round(longest_s * rate_hz)
        self._ring = round((longest_s + SPARE_S) * rate_hz)
        self._bytes_a_frame = 4 * channels
        self._moments: deque[tuple[float, int]] = deque()
        """When how many frames had come."""
        self._since_s = 0.0
        self._file = tempfile.TemporaryFile(dir=folder, prefix=PREFIX, buffering=0)  # noqa: SIM115 - closed by close
        self._turn = threading.Lock()

    def add(self, samples: npt.NDArray[np.float32], now_s: float) -> None:
        """Append frames of shape (frames, channels) that came at ``now_s``.

        Raises
        ------
        OSError
            The disk does not take them.
        """
        if not self._moments:
            self._moments.append((now_s - len(samples) / self.rate_hz, 0))
        for start in range(0, len(samples), self._ring):
            self._write(samples[start : start + self._ring])
        if len(self._moments) > 1 and now_s - self._since_s < TOGETHER_S:
            self._moments[-1] = (now_s, self.frames)
        else:
            self._moments.append((now_s, self.frames))
            self._since_s = now_s
        while len(self._moments) > 2 and self._moments[1][1] < self.frames - self._ring:
            self._moments.popleft()

    def _write(self, samples: npt.NDArray[np.float32]) -> None:
        place = self.frames % self._ring
        room = self._ring - place
        with self._turn:
            for where, part in ((place, samples[:room]), (0, samples[room:])):
                if len(part):
                    self._file.seek(where * self._bytes_a_frame)
                    left = part.astype("<f4").tobytes()
                    while left:
                        left = left[self._file.write(left) :]
        self.frames += len(samples)

    @property
    def began_s(self) -> float:
        """When the oldest frame that is kept was heard."""
        times, counts = self._heard()
        return float(np.interp(max(0, self.frames - self._kept), counts, times))

    @property
    def heard_s(self) -> float:
        """When the last packet came."""
        return self._moments[-1][0]

    @property
    def seconds(self) -> float:
        """What is kept of it."""
        return min(self.frames, self._kept) / self.rate_hz

    @property
    def lead_s(self) -> float:
        """The clock's lead over the frames, of no absolute meaning: it grows with delay and loss, and shrinks where
        audio comes faster than it can be heard."""
        return self.heard_s - self.frames / self.rate_hz

    @property
    def missing_s(self) -> float:
        """What was lost on the way of all that is kept."""
        return self.passage(self.heard_s, self._kept / self.rate_hz).missing_s

    def passage(self, until_s: float, seconds: float) -> Passage:
        """What was heard in the ``seconds`` up to ``until_s``, as much of it as is kept."""
        times, counts = self._heard()
        oldest_s = float(np.interp(max(0, self.frames - self._kept), counts, times))
        from_s = max(until_s - seconds, oldest_s)
        first, last = (round(float(frame)) for frame in np.interp([from_s, until_s], times, counts))
        expected_s = max(0.0, min(until_s, self.heard_s) - from_s)
        missing_s = expected_s - (last - first) / self.rate_hz
        if missing_s < JITTER_S + DRIFT * expected_s:
            missing_s = 0.0
        return Passage(first, last, max(0.0, until_s - from_s), missing_s)

    def blocks(self, passage: Passage) -> Iterator[npt.NDArray[np.float32]]:
        """Its frames, shape (frames, channels), some at a time; may be read in a thread while more comes in."""
        at = passage.first
        while at < passage.last:
            place = at % self._ring
            count = min(BLOCK_FRAMES, passage.last - at, self._ring - place)
            with self._turn:
                self._file.seek(place * self._bytes_a_frame)
                data = self._file.read(count * self._bytes_a_frame)
            yield np.frombuffer(data, "<f4").reshape(-1, self.channels).astype(np.float32, copy=False)
            at += count

    def close(self) -> None:
        """Let go of the disk space; what was heard is gone with that."""
        with self._turn:
            self._file.close()

    def _heard(self) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
        """When it must have been heard that so many frames had come, both rising.

        What is under way arrives late and never early. So where the clock's lead over the frames is smaller later on,
        it was delay before; only a lead that stays is loss.
        """
        times, counts = np.array(self._moments).T
        lead = times - counts / self.rate_hz
        lead = np.minimum.accumulate(lead[::-1])[::-1]
        return lead + counts / self.rate_hz, counts
