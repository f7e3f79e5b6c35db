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
HELD_UP_S = 2.0
"""What may have waited in buffers at a stream's beginning, and then comes all at once ..."""
EARLY_S = 0.25
"""... and by how much it may come earlier than it did at any time before, once it has run for a while."""
SETTLED_AFTER_S = 5.0
LOOK_BACK_S = 2.0
"""The earliest until so long ago is what is compared with: two quartzes drift, and a render does not take its time."""
PROBLEM_FOR_S = 10.0
LOG_AGAIN_AFTER_S = 60.0
FORGET_AFTER_S = 600.0
OURS = "uptrack"
"""Where several streams come in, the one of this name is meant."""


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
        self._paces: dict[str, _Pace] = {}
        self._problem, self._said_s = "", 0.0
        self._logged_s: dict[str, float] = {}

    @property
    def problem(self) -> str:
        """What kept audio from being heard a moment ago; empty where nothing did."""
        return self._problem if self._clock() - self._said_s < PROBLEM_FOR_S else ""

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
        if recording is not None and now_s - recording.heard_s > BREAK_S:
            log.info("a live stream begins anew, %.2f s after its last packet", now_s - recording.heard_s)
            self._drop(name)
            recording = None
        if recording is not None and not _is_of(recording, packet):
            # Also a change of format: the old one falls silent, and the new one begins anew.
            self._say(f"Two senders are called “{name}”: give one of them another identifier.")
            return
        try:
            if recording is None:
                self._forget(now_s)
                if len(self._recordings) >= MOST_STREAMS:
                    self._say(f"More than {MOST_STREAMS} live streams come in; “{name}” is not kept.")
                    return
                rate_hz, channels = packet.rate_hz, packet.samples.shape[1]
                recording = Recording(self._folder, rate_hz=rate_hz, channels=channels, longest_s=self._longest_s)
                self._recordings[name] = recording
                self._paces[name] = _Pace()
            recording.add(packet.samples, now_s)
        except OSError as error:
            self._drop(name)
            self._say(f"Live audio cannot be kept: {error.strerror or error}. Free some space on the disk.")
            return
        if self._paces[name].is_too_fast(recording):
            self._drop(name)
            self._say(
                f"“{name}” comes in faster than it can be heard: a render, or two senders of one name. It is not kept."
            )

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
        self._problem = ""

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
            del self._paces[name]

    def _say(self, sentence: str) -> None:
        now_s = self._clock()
        if now_s - self._logged_s.get(sentence, -LOG_AGAIN_AFTER_S) >= LOG_AGAIN_AFTER_S:
            if len(self._logged_s) >= MOST_STREAMS:
                self._logged_s.clear()
            self._logged_s[sentence] = now_s
            log.warning("%s", sentence)
        self._problem, self._said_s = sentence, now_s


class _Pace:
    """Whether one stream comes as fast as it is played: what is under way may be late, never early."""

    def __init__(self) -> None:
        self._began: float | None = None
        self._settled = False
        self._least_s = self._least_before_s = 0.0
        self._looked_s = 0.0

    def is_too_fast(self, recording: Recording) -> bool:
        lead_s, now_s = recording.lead_s, recording.heard_s
        if self._began is None:
            self._began = self._looked_s = now_s
            self._least_s = self._least_before_s = lead_s
        if not self._settled and now_s - self._began > SETTLED_AFTER_S:
            # What was held up at the beginning has come by now: from here on this is the measure.
            self._settled, self._least_before_s, self._looked_s = True, self._least_s, now_s
        if lead_s < self._least_before_s - (EARLY_S if self._settled else HELD_UP_S):
            return True
        self._least_s = min(self._least_s, lead_s)
        if self._settled and now_s - self._looked_s >= LOOK_BACK_S:
            self._least_before_s, self._looked_s = self._least_s, now_s
        return False


def _is_of(recording: Recording, packet: AudioPacket) -> bool:
    return (recording.rate_hz, recording.channels) == (packet.rate_hz, packet.samples.shape[1])
