"""What has just been heard, as a file to analyse: it lies in our audio folder and is deleted in time, like a render."""

from __future__ import annotations

import asyncio
import os
from collections import OrderedDict
from pathlib import Path

import soundfile

from uptrack_analysis.errors import BadInput, Unavailable
from uptrack_bridges.messages import Capture, CaptureTaken, LiveStreams
from uptrack_bridges.wire import Session
from uptrack_daemon.home import PRIVATE_FILE
from uptrack_daemon.live.recording import Passage, Recording
from uptrack_daemon.live.streams import Streams
from uptrack_daemon.retention import Retention

SHORTEST_S = 1.0
MOST_REMEMBERED = 64


class Captures:
    """Answers what hosts ask about live audio."""

    def __init__(self, streams: Streams, retention: Retention) -> None:
        self._streams = streams
        self._retention = retention
        self.port: int | None = None
        """Where live audio is heard; ``None`` where it is not."""
        self.trouble = ""
        """Why it is not."""
        self._taken: OrderedDict[tuple[str, str, str], CaptureTaken] = OrderedDict()

    @property
    def problem(self) -> str:
        """Why nothing is heard, where that is known."""
        return self.trouble or self._streams.problem

    def described(self, request: str | None) -> LiveStreams:
        """The answer to ``live.get``."""
        return LiveStreams(id=request, port=self.port, streams=self._streams.described(), problem=self.problem)

    async def take(self, session: Session, request: Capture) -> CaptureTaken:
        """The answer to ``capture``; the same request again (a lossy wire repeats) is the same file.

        Raises
        ------
        BadInput
            Nothing has come in, or too little, or nobody can tell which stream is meant.
        Unavailable
            The file cannot be written.
        """
        key = (session.host, session.instance, request.id or "")
        if request.id and (known := self._taken.get(key)) is not None:
            return known
        until_s = self._streams.now_s - session.wire.late_s - request.ago_s
        name, recording = self._streams.find(request.stream)
        passage = recording.passage(until_s, request.seconds)
        heard_s = (passage.last - passage.first) / recording.rate_hz
        if heard_s < SHORTEST_S:
            raise BadInput(
                f"Only {heard_s:.1f} s of live audio have come in: let it play on, and try again.",
                code="live.too_short",
            )
        path = await self._retention.reserve()
        try:
            await asyncio.to_thread(_write, path, recording, passage)
        except (OSError, soundfile.LibsndfileError) as error:
            await self._retention.discard(path)
            reason = error.strerror if isinstance(error, OSError) else str(error)
            raise Unavailable(
                f"The captured audio could not be written: {reason}. Free some space on the disk and try again.",
                code="live.unwritable",
            ) from error
        except ValueError as error:  # the recording was closed while it was read
            await self._retention.discard(path)
            raise Unavailable("The live stream broke off while it was captured: try again.") from error
        taken = CaptureTaken(
            id=request.id, path=str(path), stream=name, seconds=passage.seconds, missing_s=passage.missing_s
        )
        if request.id:
            self._taken[key] = taken
            if len(self._taken) > MOST_REMEMBERED:
                self._taken.popitem(last=False)
        return taken


def _write(path: Path, recording: Recording, passage: Passage) -> None:
    os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, PRIVATE_FILE))
    with soundfile.SoundFile(path, "w", recording.rate_hz, recording.channels, subtype="FLOAT", format="WAV") as sound:
        for block in recording.blocks(passage):
            sound.write(block)
