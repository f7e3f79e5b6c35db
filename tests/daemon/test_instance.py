"""One daemon per user, also when several start, look and die at the same moment."""

from __future__ import annotations

import asyncio
import contextlib
import time
from pathlib import Path

import pytest
from aiohttp import web
from filelock import FileLock

from support.daemon_process import environment_of, running_daemon, uptrack
from uptrack_analysis.errors import Unavailable
from uptrack_bridges.discovery import Bridge, write_bridge
from uptrack_daemon import control
from uptrack_daemon.home import Home
from uptrack_daemon.instance import only_one, running_bridge


def test_somebody_who_looks_at_the_lock_just_then_keeps_no_daemon_from_starting(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    glance = FileLock(home.lock_file)
    glance.acquire()
    monkeypatch.setattr(time, "sleep", lambda _seconds: glance.release())  # what waiting for a lock comes to
    with only_one(home):
        assert not glance.is_locked


async def test_a_start_that_was_overtaken_by_another_takes_the_daemon_that_is_there(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    environment = environment_of(home.root)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    spawn = control._spawn

    def overtaken(home: Home) -> object:
        assert uptrack("daemon", "start", environment=environment).returncode == 0
        return spawn(home)

    monkeypatch.setattr(control, "_spawn", overtaken)
    try:
        bridge, started = await control.start(home)
        assert running_bridge(home) == bridge
        assert not started
    finally:
        assert await control.stop(home)


async def test_a_start_beside_a_daemon_that_is_just_ending_says_so(home: Home) -> None:
    ending = FileLock(home.lock_file)
    ending.acquire()
    starting = asyncio.create_task(control.start(home))
    await asyncio.sleep(0)  # it has looked once
    ending.release()
    with pytest.raises(Unavailable, match="start it again"):
        await starting


@pytest.mark.parametrize("words", [("run", "--quiet"), ("start",), ("status",), ("stop",)], ids=" ".join)
def test_a_folder_in_the_place_of_the_lock_is_said_in_a_sentence(home: Home, words: tuple[str, ...]) -> None:
    home.lock_file.mkdir()
    ended = uptrack("daemon", *words, environment=environment_of(home.root))
    assert ended.returncode == 4, ended.stderr
    assert str(home.lock_file) in ended.stderr
    assert ended.stderr.count("\n") == 1


@pytest.mark.parametrize("answer", [b"<html>a router</html>", b"[]", b"\xff\xfe", b""])
async def test_an_answer_that_is_not_the_daemons_is_said_in_a_sentence(home: Home, answer: bytes) -> None:
    async def other(_request: web.Request) -> web.Response:
        return web.Response(body=answer)

    application = web.Application()
    application.router.add_route("*", "/api/{what}", other)
    runner = web.AppRunner(application)
    await runner.setup()
    async with contextlib.AsyncExitStack() as stack:
        stack.push_async_callback(runner.cleanup)
        stack.enter_context(only_one(home))
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        port = runner.addresses[0][1]
        bridge = Bridge(protocol=1, version="0", pid=1, port=port, osc_port=1, mailbox="/none", token="x" * 16)
        write_bridge(home.bridge_file, bridge)
        with pytest.raises(Unavailable, match="not as the daemon does") as refused:
            await control.status(home)
    assert refused.value.code == "daemon.no_answer"


def test_what_a_daemon_writes_is_for_its_owner_alone_and_its_log_is_kept_once(tmp_path: Path) -> None:
    with running_daemon(tmp_path / "home") as daemon:
        files = [path for path in daemon.home.rglob("*") if path.is_file()]
        assert {path.name: path.stat().st_mode & 0o777 for path in files} == {path.name: 0o600 for path in files}
        assert (daemon.home / "logs" / "daemon.log").stat().st_size
        assert (daemon.home / "logs" / "start.log").read_text("utf-8") == "", "it would grow for ever"
