"""Which live streams come in, and what of them is kept.

A stream is kept without a break: when nothing has come for a moment, or its format has changed, it begins anew. What
comes in faster than it could be heard is a render through the same plug-in, or two senders of one name, and is not
kept either: it would be taken for what the producer has just listened to.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from pathlib import Path

from uptrack_analysis.errors import BadInput
from uptrack_bridges.messages import LiveStream
from uptrack_bridges.reastream import AudioPacket, BadPacket
from uptrack_daemon.live.recording import LONGEST_S, Recording

log = logging.getLogger(__name__)

MOST_STREAMS = 16
BREAK_S = 1.0
"""A DAW that runs its effects sends some hundred packets a second, also while it stands."""
AHEAD_S = 2.0
"""By how much a stream may be ahead of the clock: buffers that were waiting come all at once."""
WELL_AFTER_S = 5.0
"""Two senders of one name are found out after four."""
FORGET_AFTER_S = 600.0
OURS = "uptrack"
"""The name our own scripts ask for; where several streams come in, this one is meant."""


class Streams:
    """All live streams of one daemon.

    Parameters
    ----------
    folder : Path
        Where recordings take their disk space.
    is_rendering : callable
        Whether a DAW has said that it renders: what it sends then is not what anybody hears.
    """

    def __init__(
        self,
        folder: Path,
        *,
        is_rendering: Callable[[], bool] = lambda: False,
        longest_s: float = LONGEST_S,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._folder = folder
        self._is_rendering = is_rendering
        self._longest_s = longest_s
        self._clock = clock
        self._recordings: dict[str, Recording] = {}
        self.problem = ""
        """The last thing that kept audio from being heard; empty once some is."""

    @property
    def now_s(self) -> float:
        """The clock all moments of recordings are on."""
        return self._clock()

    def heard(self, packet: AudioPacket) -> None:
        """Keep one packet."""
        now_s = self._clock()
        name = packet.identifier
        if self._is_rendering():
            self._drop(name)
            return
        recording = self._recordings.get(name)
        if recording is not None and not _goes_on(recording, packet, now_s):
            log.info("a live stream begins anew, %.2f s after its last packet", now_s - recording.heard_s)
            self._drop(name)
            recording = None
        try:
            if recording is None:
                self._forget(now_s)
                if len(self._recordings) >= MOST_STREAMS:
                    self._say(f"More than {MOST_STREAMS} live streams come in; “{name}” is not kept.")
                    return
                rate_hz, channels = packet.rate_hz, packet.samples.shape[1]
                recording = Recording(self._folder, rate_hz=rate_hz, channels=channels, longest_s=self._longest_s)
                self._recordings[name] = recording
            recording.add(packet.samples, now_s)
        except OSError as error:
            self._drop(name)
            self._say(f"Live audio cannot be kept: {error.strerror or error}. Free some space on the disk.")
            return
        if recording.ahead_s > AHEAD_S:
            self._drop(name)
            self._say(
                f"“{name}” comes in faster than it can be heard: a render, or two senders of one name. It is not kept."
            )
        elif recording.frames > WELL_AFTER_S * recording.rate_hz:
            self.problem = ""

    def refused(self, error: BadPacket) -> None:
        """Note a datagram that could not be read."""
        self._say(error.sentence)

    def find(self, wanted: str | None) -> tuple[str, Recording]:
        """The stream of that name; without a name ours, or the only one that comes in.

        Raises
        ------
        BadInput
            There is none (``live.nothing``), or nobody can tell which is meant (``live.which``).
        """
        self._forget(self._clock())
        names = sorted(self._recordings)
        if wanted is not None:
            names = [name for name in names if name == wanted]
        elif OURS in names:
            names = [OURS]
        elif len(names) > 1:
            now_s = self._clock()
            names = [name for name in names if now_s - self._recordings[name].heard_s < BREAK_S] or names
        if not names:
            named = "" if wanted is None else f" called “{wanted}”"
            why = f" {self.problem}" if self.problem else " Put ReaStream on the master, sending to 127.0.0.1."
            raise BadInput(f"No live audio{named} has come in.{why}", code="live.nothing")
        if len(names) > 1:
            listed = ", ".join(f"“{name}”" for name in names)
            raise BadInput(f"{listed} come in: call the one that is meant “{OURS}”.", code="live.which")
        return names[0], self._recordings[names[0]]

    def described(self) -> list[LiveStream]:
        """Every stream that is kept, by name."""
        now_s = self._clock()
        self._forget(now_s)
        return [
            LiveStream(
                stream=name,
                rate_hz=one.rate_hz,
                channels=one.channels,
                seconds=one.seconds,
                silent_s=max(0.0, now_s - one.heard_s),
                missing_s=one.missing_s,
            )
            for name, one in sorted(self._recordings.items())
        ]

    def close(self) -> None:
        """Forget everything."""
        for name in list(self._recordings):
            self._drop(name)

    def forget_old(self) -> None:
        """Let go of streams that have been silent for long; called now and then, so that nothing lies for ever."""
        self._forget(self._clock())

    def _forget(self, now_s: float) -> None:
        for name, recording in list(self._recordings.items()):
            if now_s - recording.heard_s > FORGET_AFTER_S:
                self._drop(name)

    def _drop(self, name: str) -> None:
        if (recording := self._recordings.pop(name, None)) is not None:
            recording.close()

    def _say(self, sentence: str) -> None:
        if sentence != self.problem:
            log.warning("%s", sentence)
        self.problem = sentence


def _goes_on(recording: Recording, packet: AudioPacket, now_s: float) -> bool:
    same = (recording.rate_hz, recording.channels) == (packet.rate_hz, packet.samples.shape[1])
    return same and now_s - recording.heard_s <= BREAK_S
