"""From what was heard to a file that is analysed and goes away, through the real desk and real wires."""

from __future__ import annotations

import os
import stat
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from support.desks import TOKEN, VERSION
from support.front_desk import a_desk
from support.hosts import Host, ask, mailbox_line, websocket_line
from support.live_place import Place
from support.stores import a_store
from uptrack_bridges.switchboard import Switchboard
from uptrack_daemon.home import Home
from uptrack_daemon.jobs.queue import Queue
from uptrack_daemon.live.capture import Captures
from uptrack_daemon.retention import Retention
from uptrack_daemon.store import Store

RATE_HZ = 8_000


@pytest.fixture
async def store(home: Home, tmp_path: Path) -> AsyncIterator[Store]:
    async with a_store(tmp_path / "uptrack.sqlite") as store:
        yield store


class Studio:
    """A host, what it has heard of, and the daemon's desk."""

    def __init__(self, host: Host, place: Place, store: Store, retention: Retention, captures: Captures) -> None:
        self.host, self.place, self.store, self.retention, self.captures = host, place, store, retention, captures

    async def capture(self, request: str = "c1", **wanted: Any) -> dict[str, Any]:
        return await ask(self.host, type="capture", id=request, **{"seconds": 5.0, **wanted})


@asynccontextmanager
async def a_studio(home: Home, store: Store, *, days: int = 7, mailbox: Path | None = None) -> AsyncIterator[Studio]:
    place = Place(home.cache)
    retention = Retention(home, store, days=days)
    captures = Captures(place.streams, retention)
    captures.port = 58_710
    switchboard = Switchboard(a_desk(store, captures=captures, rendered=retention), token=TOKEN, version=VERSION)
    async with websocket_line(switchboard) if mailbox is None else mailbox_line(switchboard, mailbox) as line:
        host = await line.host()
        welcome = await ask(host, type="hello", protocol=1, host="reaper", instance="r-1", token=TOKEN)
        assert welcome["type"] == "welcome"
        yield Studio(host, place, store, retention, captures)
    place.streams.close()


@pytest.fixture
async def studio(home: Home, store: Store) -> AsyncIterator[Studio]:
    async with a_studio(home, store) as studio:
        yield studio


def noise(seconds: float, seed: int = 1) -> np.ndarray:
    shape = (round(seconds * RATE_HZ), 2)
    return np.random.default_rng(seed).uniform(-1.5, 1.5, shape).astype(np.float32)


async def test_a_capture_is_the_sound_to_the_last_bit_also_over_full_scale(studio: Studio) -> None:
    sound = noise(12)
    studio.place.send(sound, "uptrack", rate_hz=RATE_HZ)
    taken = await studio.capture(seconds=5.0)
    assert taken["type"] == "capture.taken"
    assert (taken["stream"], taken["missing_s"]) == ("uptrack", 0)
    assert taken["seconds"] == pytest.approx(5)
    captured, rate_hz = soundfile.read(taken["path"], dtype="float32")
    assert rate_hz == RATE_HZ
    np.testing.assert_array_equal(captured, sound[-len(captured) :])
    assert len(captured) == 5 * RATE_HZ
    assert stat.S_IMODE(Path(taken["path"]).stat().st_mode) == 0o600


async def test_a_capture_ends_when_it_is_said_to(studio: Studio) -> None:
    sound = noise(12)
    studio.place.send(sound, "uptrack", rate_hz=RATE_HZ)
    taken = await studio.capture(seconds=2.0, ago_s=4.0)
    captured, _ = soundfile.read(taken["path"], dtype="float32")
    np.testing.assert_array_equal(captured, sound[6 * RATE_HZ : 8 * RATE_HZ])


async def test_what_lay_in_the_mailbox_for_a_while_is_meant_for_when_it_was_written(
    home: Home, store: Store, tmp_path: Path
) -> None:
    async with a_studio(home, store, mailbox=tmp_path / "mailbox") as studio:
        sound = noise(12)
        studio.place.send(sound, "uptrack", rate_hz=RATE_HZ)
        draft = tmp_path / "mailbox" / "host-1" / "to_daemon" / "100.tmp"
        draft.write_text('{"type": "capture", "id": "c1", "seconds": 2.0}', encoding="utf-8")
        written_s = draft.stat().st_mtime - 3.0
        os.utime(draft, (written_s, written_s))
        draft.rename(draft.with_suffix(".json"))
        taken = await studio.host.hear()
    captured, _ = soundfile.read(taken["path"], dtype="float32")
    # The look at the folder comes a moment after the writing.
    first = next(at for at in range(len(sound)) if np.array_equal(sound[at : at + 8], captured[:8]))
    assert first / RATE_HZ == pytest.approx(12 - 3 - 2, abs=1)
    assert first / RATE_HZ <= 12 - 3 - 2


async def test_the_same_request_again_is_the_same_file(studio: Studio, home: Home) -> None:
    studio.place.send(noise(6), "uptrack", rate_hz=RATE_HZ)
    first = await studio.capture()
    studio.place.send(noise(6, seed=2), "uptrack", rate_hz=RATE_HZ)
    assert await studio.capture() == first
    assert (await studio.capture("c2"))["path"] != first["path"]
    assert len(list(home.audio.iterdir())) == 2


@pytest.mark.parametrize(
    ("played_s", "wanted", "code", "words"),
    [
        (0, {}, "live.nothing", "No live audio has come in. Put ReaStream on the master"),
        (0.5, {}, "live.too_short", "Only 0.5 s of live audio"),
        (3, {"ago_s": 60.0}, "live.too_short", "Only 0.0 s of live audio"),
        (3, {"stream": "bass"}, "live.nothing", "called “bass”"),
        (3, {"seconds": 0}, "message.bad", "seconds"),
        (3, {"ago_s": -1}, "message.bad", "ago_s"),
    ],
)
async def test_what_cannot_be_captured_is_refused_in_a_sentence(
    studio: Studio, home: Home, played_s: float, wanted: dict[str, Any], code: str, words: str
) -> None:
    if played_s:
        studio.place.send(noise(played_s), "uptrack", rate_hz=RATE_HZ)
    refused = await studio.capture(**wanted)
    assert (refused["type"], refused["code"]) == ("refused", code)
    assert words in refused["sentence"]
    assert list(home.audio.iterdir()) == []


async def test_a_disk_that_takes_no_file_loses_nothing_that_was_heard(studio: Studio, home: Home) -> None:
    studio.place.send(noise(6), "uptrack", rate_hz=RATE_HZ)
    away = home.audio.rename(home.audio.with_name("elsewhere"))
    refused = await studio.capture()
    assert refused["code"] == "live.unwritable"
    assert refused["retry"]
    away.rename(home.audio)
    assert (await studio.capture())["type"] == "capture.taken"


@pytest.mark.parametrize(("days", "left"), [(7, 1), (0, 0)])
async def test_a_captured_file_is_analysed_and_kept_no_longer_than_a_render(
    home: Home, store: Store, days: int, left: int
) -> None:
    async with a_studio(home, store, days=days) as studio:
        studio.place.send(noise(6), "uptrack", rate_hz=RATE_HZ)
        taken = await studio.capture()
        queued = await ask(studio.host, type="analyze", id="a1", mix={"path": taken["path"]})
        assert queued["type"] == "job.queued"
        await studio.retention.sweep()
        assert len(list(home.audio.iterdir())) == 1  # a job reads it
        job = await Queue(store).claim()
        assert job is not None
        await studio.retention.ended(job.id)
        assert len(list(home.audio.iterdir())) == left


async def test_a_host_hears_what_comes_in_and_where_to_send_it(studio: Studio) -> None:
    streams = await ask(studio.host, type="live.get", id="l1")
    assert streams == {
        "type": "live.streams", "id": "l1", "port": 58_710, "streams": [], "problem": "",
    }  # fmt: skip
    studio.place.play("uptrack", seconds=4)
    studio.place.now_s += 2
    said = await ask(studio.host, type="live.get", id="l2")
    assert said["streams"] == [
        {"stream": "uptrack", "rate_hz": 8_000, "channels": 2, "seconds": 4.0, "silent_s": pytest.approx(2),
         "missing_s": 0.0},
    ]  # fmt: skip
    studio.captures.trouble = "Expected UDP port 58710 for live audio, but it is taken."
    assert "58710" in (await ask(studio.host, type="live.get", id="l3"))["problem"]
