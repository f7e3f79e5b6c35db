"""The demo's story: a DAW asks over the mailbox, sees its markers, fixes the mix, and asks again over WebSocket.

Everything is the real thing but for the DAWs, which are played here: a daemon in a process of its own, the wires, the
worker, the store. It lives in a temporary home and never meets a running daemon or the user's data.
"""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Sequence
from contextlib import aclosing, asynccontextmanager
from pathlib import Path

from uptrack_analysis.errors import UpTrackError
from uptrack_analysis.present.ruler import Mark, ruler
from uptrack_bridges.client import converse
from uptrack_bridges.discovery import Bridge
from uptrack_bridges.mailbox import MailboxClient
from uptrack_bridges.messages import (
    PROTOCOL,
    Analyze,
    AudioFile,
    DaemonMessage,
    Feedback,
    FeedbackApplied,
    FromHost,
    Hello,
    JobFailed,
    JobProgress,
    JobQueued,
    Part,
    Project,
    Refused,
    Stem,
    TempoPoint,
    read_from_daemon,
)
from uptrack_bridges.parts import Assembler
from uptrack_bridges.tempo_map import TempoMap
from uptrack_daemon import control
from uptrack_daemon.demo.arrangement import arrange
from uptrack_daemon.demo.faults import Fault
from uptrack_daemon.demo.song import DemoSong, render
from uptrack_daemon.home import Home

ANSWER_LIMIT_S = 120.0
SEED = 1
"""Which performance of the song: the demo is the same every time."""

Say = Callable[[str], None]


async def play(say: Say, *, width: int, keep: Path | None = None) -> None:
    """Play the demo, telling each step through ``say``.

    Parameters
    ----------
    say : callable
        Takes one line, or several joined by line ends.
    width : int
        Columns of the terminal.
    keep : pathlib.Path, optional
        Folder to keep the audio in; otherwise everything is gone at the end.

    Raises
    ------
    UpTrackError
        A step failed; the daemon is stopped and the temporary home is gone.
    """
    with tempfile.TemporaryDirectory(prefix="uptrack-demo-") as temporary:
        folder = keep or Path(temporary) / "audio"
        say("Synthesising a 128 BPM track with faults planted in it, and starting a daemon beside it …")
        playing = asyncio.create_task(asyncio.to_thread(arrange, SEED))
        async with _daemon(Home(Path(temporary) / "home")) as bridge:
            performance = await playing
            song = await asyncio.to_thread(render, folder / "planted", performance)
            say(f"  {song.title}: {song.duration_s:.0f} s, {song.bpm:g} BPM, {song.key}, {len(song.stems)} stems")
            say(f"  daemon: process {bridge.pid}, port {bridge.port}, OSC port {bridge.osc_port}")

            say("\nA DAW without sockets asks through the mailbox (files in a folder pair, as REAPER's Lua does):")
            # The repaired mix is made while the first one is measured.
            repaired = asyncio.create_task(asyncio.to_thread(render, folder / "repaired", performance, clean=True))
            first = await over_mailbox(bridge, song, say)
            say("\nWhat its timeline shows now:\n")
            say(_timeline(first, song, width))
            say("\n" + _planted_and_found(song.faults, first))

            fixed = await repaired
            say("\nThe producer repairs the mix. A DAW with sockets asks again over WebSocket:")
            second = await over_websocket(bridge, fixed, say)
            say(f"\nBefore: {first.status}\nAfter:  {second.status}")
            say(_timeline(second, fixed, width) if second.markers else "No marker left on the timeline.")
        say(f"\nThe daemon has stopped{f'; the audio is in {keep}' if keep else ', and everything it made is gone'}.")


@asynccontextmanager
async def _daemon(home: Home) -> AsyncIterator[Bridge]:
    bridge, _started = await control.start(home)
    try:
        yield bridge
    finally:
        await control.stop(home)


async def over_mailbox(bridge: Bridge, song: DemoSong, say: Say) -> Feedback:
    """Have ``song`` analysed as a DAW without sockets does, and say what went over the wire."""
    client = MailboxClient(Path(bridge.mailbox), "demo-daw")
    hello = Hello(id="h1", protocol=PROTOCOL, token=bridge.token, host="demo", instance="demo-daw")
    await client.send(hello)
    say("  → hello")
    async with aclosing(_whole_messages(client)) as heard, asyncio.timeout(ANSWER_LIMIT_S):
        welcome = await anext(heard)
        say(f"  ← {welcome.type}")
        feedback = await _ask(song, client.send, heard, say)
    await client.close()
    return feedback


async def over_websocket(bridge: Bridge, song: DemoSong, say: Say) -> Feedback:
    """The same as a DAW with sockets does."""

    async def heard() -> AsyncGenerator[DaemonMessage, None]:
        while True:
            yield await conversation.hear()

    async with converse(bridge, host="demo") as conversation, asyncio.timeout(ANSWER_LIMIT_S):
        say("  → hello\n  ← welcome")
        async with aclosing(heard()) as messages:
            return await _ask(song, conversation.say, messages, say)


async def _whole_messages(client: MailboxClient) -> AsyncGenerator[DaemonMessage, None]:
    """What the daemon says through the mailbox, parts joined."""
    assembler = Assembler()
    async for text in client.texts():
        message = read_from_daemon(text)
        if isinstance(message, Part):
            whole = assembler.add(message)
            if whole is None:
                continue
            message = read_from_daemon(whole)
        yield message


async def _ask(
    song: DemoSong,
    send: Callable[[FromHost], Awaitable[None]],
    heard: AsyncIterator[DaemonMessage],
    say: Say,
) -> Feedback:
    """Ask for ``song`` to be analysed, follow the job, place the markers, acknowledge."""
    points = [
        TempoPoint(time_s=mark.time_s, bpm=mark.bpm, beats_per_bar=mark.beats_per_bar, bar=mark.bar)
        for mark in song.tempo_map
    ]
    await send(
        Analyze(
            id="a1",
            mix=AudioFile(path=str(song.mix)),
            stems=[Stem(path=str(stem.path), name=stem.name, track=f"{{{stem.name}}}") for stem in song.stems],
            genre="techno",
            target="club",
            project=Project(id="demo", name=song.title, tempo_map=points, key=song.key),
        )
    )
    say(f"  → analyze {song.mix.name}")
    stages: list[str] = []
    async for message in heard:
        match message:
            case JobQueued():
                say(f"  ← job.queued, {message.position} before it")
            case JobProgress():
                if message.stage not in stages:
                    stages.append(message.stage)
            case JobFailed() | Refused():
                raise UpTrackError(message.sentence, code=message.code)
            case Feedback():
                say(f"  ← job.progress: {', '.join(stages)}")
                say(f"  ← feedback: {message.status}")
                placed = [marker.id for marker in message.markers]
                await send(FeedbackApplied(run=message.run, placed=placed))
                say(f"  → feedback.applied: {len(placed)} markers placed")
                return message
            case _:
                pass
    raise UpTrackError("The daemon fell silent before its feedback.", code="demo.silence")


def _timeline(feedback: Feedback, song: DemoSong, width: int) -> str:
    marks = [Mark(marker.start_s, marker.end_s, marker.severity, marker.text) for marker in feedback.markers]
    bars = TempoMap(
        TempoPoint(time_s=m.time_s, bpm=m.bpm, beats_per_bar=m.beats_per_bar, bar=m.bar) for m in song.tempo_map
    )
    return "\n".join(ruler(marks, bars, start_s=0.0, end_s=song.duration_s, width=width))


def _planted_and_found(planted: Sequence[Fault], feedback: Feedback) -> str:
    """Each planted fault, and whether a marker of one of its rules covers its place."""
    lines = ["Planted, and found?"]
    for fault in planted:
        found = any(
            marker.rule in fault.rules and marker.start_s < fault.end_s + 0.05 and marker.end_s > fault.start_s - 0.05
            for marker in feedback.markers
        )
        lines.append(f"  {'found ' if found else 'MISSED'}  bar {fault.bar:<6} {fault.what}")
    return "\n".join(lines)
