"""REAPER's transport played, and the ReaStream on the master that sends what is played: real packets, real UDP."""

from __future__ import annotations

import base64
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np

from support import reaper_sound
from support.reaper_project import Audio, FakeFx, FakeProject
from uptrack_bridges.reastream import AudioPacket, write_packets

AS_INSTALLED = base64.b64encode(b"receive; *; off").decode()
SENDING = base64.b64encode(b"send; 127.0.0.1; on").decode()
"""ReaStream's state as its user sets it. What REAPER really keeps there nobody has published: scripts take it whole."""

A_BLOCK_S = 0.01


def advance(project: FakeProject, seconds: float) -> list[tuple[float, float]]:
    """Let time pass; the stretches of the project that were played meanwhile."""
    if not project.playing:
        return []
    left_s, spans = seconds * project.play_rate, []
    from_s, to_s = project.loop_s
    while left_s > 1e-9:  # less is rounding
        start_s = project.position_s
        looped = bool(project.repeat) and from_s <= start_s < to_s
        end_s = min(start_s + left_s, to_s) if looped else start_s + left_s
        spans.append((start_s, end_s))
        left_s -= end_s - start_s
        project.position_s = from_s if looped and end_s >= to_s else end_s
    return spans


class StreamOut:
    """Where a ReaStream sends to; ``None`` sends nothing."""

    def __init__(self) -> None:
        self.port: int | None = None
        self.by_itself = False
        """A thread plays, not the rounds of scripts."""
        self.rendering = False
        self._sound: tuple[FakeProject, Audio] | None = None

    def played(self, project: FakeProject, spans: list[tuple[float, float]]) -> None:
        """Send what was just played, if a ReaStream on the master is set to."""
        for start_s, end_s in spans if self._is_set(project) else ():
            first, last = (round(time_s * project.sample_rate_hz) for time_s in (start_s, end_s))
            sound = self._mix(project)[first:last]
            self._send(np.pad(sound, ((0, last - first - len(sound)), (0, 0))), project.sample_rate_hz)

    def rendered(self, project: FakeProject, sound: Audio) -> None:
        """A render runs through the same effects, as fast as it can."""
        if self._is_set(project):
            self._send(sound, project.sample_rate_hz)

    @contextmanager
    def audio_thread(self, project: FakeProject) -> Iterator[None]:
        """While the block runs, play in real time, block by block, whatever scripts do: rounds play no more."""
        ended = threading.Event()

        def run() -> None:
            last_s = time.monotonic()
            while not ended.wait(A_BLOCK_S):
                now_s = time.monotonic()
                if self.rendering:  # nothing is played meanwhile
                    last_s = now_s
                self.played(project, advance(project, now_s - last_s))
                last_s = now_s

        thread = threading.Thread(target=run, name="audio")
        self.by_itself = True
        thread.start()
        try:
            yield
        finally:
            ended.set()
            thread.join()

    def _is_set(self, project: FakeProject) -> bool:
        return self.port is not None and any(_sends(fx) for fx in project.master.fx)

    def _mix(self, project: FakeProject) -> Audio:
        # Mixed once: REAPER mixes block by block and never stands still for it. What is edited later is not heard.
        if self._sound is None or self._sound[0] is not project:
            self._sound = project, reaper_sound.mix_of(project, 0.0, project.sound_s)
        return self._sound[1]

    def _send(self, sound: Audio, rate_hz: int) -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as out:
            for datagram in write_packets(AudioPacket("default", rate_hz, sound.astype(np.float32))):
                out.sendto(datagram, ("127.0.0.1", self.port))


def _sends(fx: FakeFx) -> bool:
    return fx.name.startswith("ReaStream") and fx.values["vst_chunk"] == SENDING
