"""What breaks, breaks alone: a killed worker, a killed daemon, a full queue, a second daemon, a hostile wire."""

from __future__ import annotations

import asyncio
import json
import os
import random
import signal
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import aiohttp
import pytest
import websockets
from pythonosc.osc_bundle_builder import OscBundleBuilder
from pythonosc.osc_message_builder import OscMessageBuilder

from support.daemon_process import Daemon, environment_of, running_daemon, uptrack
from support.daws import daw_over, hear_one, hear_until
from support.tracks import beat, long_track

pytestmark = pytest.mark.xdist_group("faults")

DATAGRAMS = 3_000


@pytest.fixture(scope="module")
def daemon(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Daemon]:
    with running_daemon(tmp_path_factory.mktemp("home")) as daemon:
        yield daemon


@pytest.fixture(scope="module")
def long_mix(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return long_track(tmp_path_factory.mktemp("audio") / "long.wav", minutes=6)


@pytest.fixture(scope="module")
def short_mix(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return beat(tmp_path_factory.mktemp("audio") / "short.wav", seconds=2)


async def test_a_killed_worker_fails_its_job_with_a_sentence_and_is_replaced(
    daemon: Daemon, long_mix: Path, short_mix: Path
) -> None:
    worker = daemon.worker()
    async with daw_over("websocket", daemon) as daw:
        await daw.say(type="analyze", id="long", mix={"path": str(long_mix)})
        await hear_one(daw, "job.progress")
        os.kill(worker, signal.SIGKILL)
        failed = await hear_one(daw, "job.failed", "feedback")
        assert failed["type"] == "job.failed"
        assert "signal 9" in failed["sentence"]
        await daw.say(type="analyze", id="short", mix={"path": str(short_mix)})
        assert (await hear_one(daw, "feedback", "job.failed"))["type"] == "feedback"
    assert daemon.worker() != worker


async def test_cancelling_a_running_job_ends_it_and_the_next_one_runs(
    daemon: Daemon, long_mix: Path, short_mix: Path
) -> None:
    async with daw_over("mailbox", daemon) as daw:
        await daw.say(type="analyze", id="long", mix={"path": str(long_mix)})
        await hear_one(daw, "job.progress")
        await daw.say(type="cancel", request="long")
        ended = await hear_one(daw, "job.failed", "feedback")
        assert (ended["type"], ended["code"]) == ("job.failed", "job.cancelled")
        await daw.say(type="analyze", id="short", mix={"path": str(short_mix)})
        assert (await hear_one(daw, "feedback", "job.failed"))["type"] == "feedback"


async def test_fifty_jobs_at_once_are_all_answered_in_their_order(daemon: Daemon, short_mix: Path) -> None:
    async with daw_over("websocket", daemon) as daw:
        for number in range(50):
            await daw.say(type="analyze", id=f"a{number}", mix={"path": str(short_mix)})
        done: list[str] = []
        while len(done) < 50:
            feedback = await hear_one(daw, "feedback", "job.failed", "refused")
            assert feedback["type"] == "feedback", feedback
            await daw.say(type="feedback.applied", run=feedback["run"])
            done.append(feedback["id"])
    assert done == [f"a{number}" for number in range(50)]


async def test_a_job_cut_off_by_the_daemons_own_death_goes_on_after_a_restart(tmp_path: Path, long_mix: Path) -> None:
    home = tmp_path / "home"
    environment = environment_of(home)
    assert uptrack("daemon", "start", environment=environment).returncode == 0
    daemon = Daemon(home, environment)
    killed = daemon.bridge["pid"]
    worker = daemon.worker()
    async with daw_over("websocket", daemon, instance="survivor") as daw:
        await daw.say(type="analyze", id="long", mix={"path": str(long_mix)})
        job = (await hear_one(daw, "job.progress"))["job"]
        os.kill(killed, signal.SIGKILL)
    await gone(worker)  # the worker of a killed daemon does not live on
    with running_daemon(home) as restarted:
        assert restarted.bridge["pid"] != killed, "the lock and bridge.json left behind count for nothing"
        async with daw_over("websocket", restarted, instance="survivor") as daw:
            feedback = await hear_one(daw, "feedback", "job.failed")
            assert (feedback["type"], feedback["job"], feedback["id"]) == ("feedback", job, "long")


async def gone(process: int) -> None:
    """Wait until ``process`` is no more (a zombie waiting for its parent is no more either)."""
    status = Path(f"/proc/{process}/stat")
    async with asyncio.timeout(60):
        while status.exists() and status.read_text().rpartition(")")[2].split()[0] != "Z":
            await asyncio.sleep(0.02)


async def test_sigterm_stops_in_order_and_takes_the_discovery_file_away(tmp_path: Path, long_mix: Path) -> None:
    home = tmp_path / "home"
    environment = environment_of(home, stop_grace_s="0")
    assert uptrack("daemon", "start", environment=environment).returncode == 0
    daemon = Daemon(home, environment)
    pid = daemon.bridge["pid"]
    async with daw_over("websocket", daemon, instance="survivor") as daw:
        await daw.say(type="analyze", id="long", mix={"path": str(long_mix)})
        await hear_one(daw, "job.progress")
        os.kill(pid, signal.SIGTERM)
        with pytest.raises(websockets.ConnectionClosed) as closed:
            await hear_until(daw, "nothing of this type ever comes")
        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code == 1001, "going away, said in order"
    await gone(pid)
    assert not (home / "bridge.json").exists()
    with running_daemon(home) as restarted:
        async with daw_over("websocket", restarted, instance="survivor") as daw:
            assert (await hear_one(daw, "feedback", "job.failed"))["type"] == "feedback", "put back, not lost"


def test_a_second_daemon_is_told_about_the_first(daemon: Daemon) -> None:
    second = daemon.command("daemon", "run")
    assert second.returncode == 4
    assert str(daemon.bridge["pid"]) in second.stderr
    assert "already running" in second.stderr.splitlines()[-1]


def test_a_port_that_is_taken_is_named_and_nobody_is_sent_to_a_daemon_that_is_not_there(tmp_path: Path) -> None:
    left_behind = tmp_path / "home" / "bridge.json"
    left_behind.parent.mkdir()
    left_behind.write_text('{"pid": 1}', "utf-8")  # by a daemon that was killed
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        refused = uptrack("daemon", "start", environment=environment_of(tmp_path / "home", port=str(port)))
    assert refused.returncode == 4
    assert str(port) in refused.stderr
    assert refused.stderr.startswith("uptrack: Expected to listen")
    assert not left_behind.exists()


def test_commands_say_so_when_no_daemon_runs(tmp_path: Path) -> None:
    environment = environment_of(tmp_path / "home")
    status = uptrack("daemon", "status", environment=environment)
    assert status.returncode == 4
    assert "uptrack daemon start" in status.stderr
    assert uptrack("daemon", "stop", environment=environment).returncode == 0


def test_bridge_json_is_for_its_owner_alone(daemon: Daemon) -> None:
    assert (daemon.home / "bridge.json").stat().st_mode & 0o777 == 0o600
    assert daemon.home.stat().st_mode & 0o777 == 0o700


async def test_every_route_needs_a_key_and_our_own_name(daemon: Daemon) -> None:
    port = daemon.bridge["port"]
    routes = ["/", "/api/status", "/api/reports", "/api/reports/0000", "/reports/0000", "/style.css", "/nowhere"]
    async with aiohttp.ClientSession() as stranger:
        for route in routes:
            async with stranger.get(f"http://127.0.0.1:{port}{route}") as answer:
                assert answer.status == 401, route
            async with stranger.get(f"http://127.0.0.1:{port}{route}", headers={"Host": "evil.example"}) as answer:
                assert answer.status == 421, route
        async with stranger.post(f"http://127.0.0.1:{port}/api/stop") as answer:
            assert answer.status == 401
    with pytest.raises(websockets.InvalidStatus) as refused:
        await websockets.connect(f"ws://127.0.0.1:{port}/bridge", origin=websockets.Origin("https://evil.example"))
    assert refused.value.response.status_code == 403


async def test_a_wrong_token_or_version_is_refused_in_a_sentence(daemon: Daemon) -> None:
    async with websockets.connect(f"ws://127.0.0.1:{daemon.bridge['port']}/bridge") as wire:
        await wire.send(json.dumps({"type": "hello", "protocol": 1, "host": "x", "token": "wrong"}))
        assert json.loads(await wire.recv())["code"] == "hello.token"
        await wire.send(json.dumps({"type": "hello", "protocol": 99, "host": "x", "token": daemon.bridge["token"]}))
        assert json.loads(await wire.recv())["code"] == "hello.protocol"


async def test_garbage_on_every_wire_leaves_the_daemon_answering(daemon: Daemon) -> None:
    rng = random.Random(20)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
        udp.connect(("127.0.0.1", daemon.bridge["osc_port"]))
        for _ in range(DATAGRAMS):
            udp.send(rng.randbytes(rng.randrange(1, 400)))
        future = OscBundleBuilder(int(time.time()) + 3_600)
        future.add_content(OscMessageBuilder("/uptrack/ping").build())
        udp.send(future.build().dgram)
        wrong = OscMessageBuilder("/uptrack/analyze")
        wrong.add_arg(1.5)
        wrong.add_arg(b"bytes")
        udp.send(wrong.build().dgram)
    nested = "[" * (1 << 20)
    async with daw_over("websocket", daemon) as daw:
        await daw.say(type="no such type", id="u")
        assert (await hear_one(daw, "refused"))["id"] == "u"
        await daw.say(type="analyze", id=7, mix="not an object")
        assert (await hear_one(daw, "refused"))["code"].startswith("message.")
    async with websockets.connect(f"ws://127.0.0.1:{daemon.bridge['port']}/bridge", max_size=None) as wire:
        await wire.send(nested[: (1 << 20) - 1])
        assert json.loads(await wire.recv())["type"] == "refused"
    inbox = Path(daemon.bridge["mailbox"]) / "garbage" / "to_daemon"
    (inbox.parent / "to_host").mkdir(parents=True)
    inbox.mkdir()
    (inbox / "00000001.json").write_bytes(rng.randbytes(1_000))
    os.mkfifo(inbox / "00000002.json")
    async with daw_over("osc", daemon) as daw:
        await daw.say(type="ping", id="alive")
        assert (await hear_until(daw, "pong"))[-1]["id"] == "alive"
