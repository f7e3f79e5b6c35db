"""A small real desk: answers every request at once, and remembers what it was told."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field

from uptrack_analysis.errors import BadInput, Unavailable
from uptrack_bridges.messages import (
    Analyze,
    AudioFile,
    Capture,
    CaptureTaken,
    Feedback,
    FindingDismiss,
    FindingDismissed,
    FixApplied,
    FixNoted,
    JobProgress,
    JobQueued,
    LiveGet,
    LiveStream,
    LiveStreams,
    Marker,
)
from uptrack_bridges.wire import Session, ToDesk

TOKEN = "a-token-nobody-guesses-0123456789"
VERSION = "0.1.0"


@dataclass
class EchoDesk:
    """Answers ``analyze`` with ``job.queued``, ``job.progress`` and ``feedback`` for one marker.

    A mix called ``/no/such/file`` is refused with ``input.bad``, one called ``/disk/full`` for the moment; one called
    ``/bug`` is a programming slip. ``markers`` says how many markers the feedback has, ``gate`` holds answers back
    until it is set. ``answer`` makes the feedback of a request, given its job, where one marker will not do.
    """

    markers: int = 1
    gate: asyncio.Event | None = None
    answer: Callable[[Analyze, str], Feedback] | None = None
    streams: list[LiveStream] = field(default_factory=list[LiveStream])
    """What it hears live; without any, a ``capture`` is refused."""
    deaf: str = ""
    """Why it hears nothing."""
    sessions: list[Session] = field(default_factory=list[Session])
    heard: asyncio.Queue[tuple[Session, ToDesk]] = field(default_factory=asyncio.Queue)
    ended: asyncio.Queue[Session] = field(default_factory=asyncio.Queue)

    def page_url(self) -> str:
        return "http://127.0.0.1:49721/?code=once"

    async def opened(self, session: Session) -> None:
        self.sessions.append(session)

    async def received(self, session: Session, message: ToDesk) -> None:
        self.heard.put_nowait((session, message))
        if self.gate is not None:
            await self.gate.wait()
        match message:
            case Analyze(mix=AudioFile(path=path)):
                await self._analyze(session, message, path)
            case LiveGet():
                port = None if self.deaf else 58_710
                heard = LiveStreams(id=message.id, port=port, streams=self.streams, problem=self.deaf)
                await session.wire.send(heard)
            case Capture():
                await self._capture(session, message)
            case FixApplied():
                noted = FixNoted(id=message.id, run=message.run, finding=message.finding, fix=f"fix-{message.finding}")
                await session.wire.send(noted)
            case FindingDismiss():
                rule = message.finding.rsplit("-", 1)[0]
                whole = message.scope == "rule"
                await session.wire.send(
                    FindingDismissed(
                        id=message.id, run=message.run, finding=None if whole else message.finding, rule=rule,
                        project="Warehouse", undone=message.undo,
                    )
                )  # fmt: skip
            case _:
                pass

    async def closed(self, session: Session) -> None:
        self.ended.put_nowait(session)

    async def _capture(self, session: Session, request: Capture) -> None:
        if not self.streams:
            raise BadInput("No live audio has come in. Put ReaStream on the master.", code="live.nothing")
        stream = self.streams[0]
        seconds = min(request.seconds, stream.seconds)
        await session.wire.send(
            CaptureTaken(
                id=request.id,
                path="/home/ada/.uptrack/audio/capture.wav",
                stream=stream.stream,
                seconds=seconds,
                missing_s=stream.missing_s,
            )
        )

    async def _analyze(self, session: Session, request: Analyze, path: str) -> None:
        if path == "/no/such/file":
            raise BadInput(f"Expected an audio file, but {path} does not exist.")
        if path == "/disk/full":
            raise Unavailable("The disk is full: free some space.", code="store.disk_full")
        if path == "/bug":
            raise ZeroDivisionError("a planted slip")
        job = f"job-{request.id}"
        await session.wire.send(JobQueued(id=request.id, job=job, position=0))
        await session.wire.send(JobProgress(job=job, fraction=0.5, stage="spectrum"))
        if self.answer is not None:
            await session.wire.send(self.answer(request, job))
            return
        markers = [
            Marker(
                id=f"low.mono-{number:04d}",
                rule="low.mono",
                severity="major",
                start_s=135.0,
                end_s=150.0,
                bar="73.1",
                text="Bass ist nicht mono — 58 Hz",
                colour="#e5484d",
            )
            for number in range(self.markers)
        ]
        await session.wire.send(
            Feedback(job=job, run="run-1", report="report-1", status="76 · techno", score=76.0, markers=markers)
        )
