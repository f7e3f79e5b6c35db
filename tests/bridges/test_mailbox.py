"""What is particular to the mailbox: files, their order, and everything else that can lie in a folder."""

from __future__ import annotations

import asyncio
import json
import os
import stat
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from support.desks import TOKEN, VERSION, EchoDesk
from support.hosts import PATIENCE_S, MailboxHost, ask, hear_whole, mailbox_line
from uptrack_analysis.errors import Unavailable
from uptrack_bridges import mailbox
from uptrack_bridges.mailbox import MailboxClient, serve_mailbox
from uptrack_bridges.mailbox_folder import Inbox, Outbox, instance_allowed, sweep_host_folder
from uptrack_bridges.messages import Analyze, AudioFile, Hello, JobProgress, Pong, Stem, Welcome, read_from_daemon
from uptrack_bridges.switchboard import Switchboard
from uptrack_bridges.wire import WireClosed

HELLO: dict[str, Any] = {"type": "hello", "id": "h1", "protocol": 1, "host": "reaper", "token": TOKEN}
posix = pytest.mark.skipif(sys.platform == "win32", reason="links, pipes and modes are a POSIX matter")


@pytest.fixture
def desk() -> EchoDesk:
    return EchoDesk()


@pytest.fixture
def switchboard(desk: EchoDesk) -> Switchboard:
    return Switchboard(desk, token=TOKEN, version=VERSION)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "mailbox"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "to_daemon"
    made.mkdir()
    return made


def texts(inbox: Inbox) -> list[bytes | None]:
    letters = inbox.take()
    for letter in letters:
        inbox.done(letter)
    return [letter.text for letter in letters]


# -- one folder --------------------------------------------------------------------------------------------------------


def test_messages_are_read_in_the_order_of_their_numbers_and_then_gone(folder: Path) -> None:
    for name in ("10-a", "9-b", "0011", "1"):
        (folder / f"{name}.json").write_text(f'{{"n": "{name}"}}')
    assert texts(Inbox(folder)) == [b'{"n": "1"}', b'{"n": "9-b"}', b'{"n": "10-a"}', b'{"n": "0011"}']
    assert list(folder.iterdir()) == []


def test_a_message_stays_until_it_was_acted_on(folder: Path) -> None:
    (folder / "1.json").write_text("{}")
    inbox = Inbox(folder)
    assert [letter.text for letter in inbox.take()] == [b"{}"]
    assert [letter.text for letter in Inbox(folder).take()] == [b"{}"]  # the next daemon, had this one died


def test_no_more_than_so_many_messages_are_taken_at_once(folder: Path) -> None:
    for number in range(5):
        (folder / f"{number}.json").write_text("{}")
    inbox = Inbox(folder, max_files=3)
    assert [len(texts(inbox)) for _ in range(3)] == [3, 2, 0]


def test_a_message_being_written_is_not_read_and_not_overtaken(folder: Path) -> None:
    now_s = 0.0
    inbox = Inbox(folder, grace_s=1.0, clock=lambda: now_s)
    (folder / "1.tmp").write_text('{"half')
    assert texts(inbox) == []
    # A writer that does not rename: half a message now, the rest in a moment.
    (folder / "2.json").write_text('{"half": ')
    (folder / "3.json").write_text('{"n": 3}')
    assert texts(inbox) == []
    (folder / "2.json").write_text('{"whole": 2}\n')
    assert texts(inbox) == [b'{"whole": 2}\n', b'{"n": 3}']
    assert [path.name for path in folder.iterdir()] == ["1.tmp"]


def test_a_message_that_stays_half_is_handed_on_for_refusal_after_its_grace(folder: Path) -> None:
    now_s = 0.0
    inbox = Inbox(folder, grace_s=1.0, clock=lambda: now_s)
    (folder / "1.json").write_text('{"half')
    assert texts(inbox) == []
    now_s = 1.5
    assert texts(inbox) == [b'{"half']


def test_a_file_over_the_cap_is_refused_unread(folder: Path) -> None:
    (folder / "1.json").write_bytes(b"{" + b" " * 65_535 + b"}")
    (letter,) = Inbox(folder).take()
    assert letter.text is None
    assert letter.refusal is not None
    assert letter.refusal.code == "message.too_large"


@posix
def test_links_pipes_and_folders_are_removed_and_never_followed(folder: Path, tmp_path: Path) -> None:
    outside = tmp_path / "outside.json"
    outside.write_text('{"secret": true}')
    (folder / "1.json").symlink_to(outside)
    (folder / "2.json").symlink_to(tmp_path)
    (folder / "3.json").symlink_to(tmp_path / "nowhere")
    os.mkfifo(folder / "4.json")
    (folder / "5.json").mkdir()
    (folder / "6.json").mkdir()
    (folder / "6.json" / "keep.txt").write_text("not ours to delete")
    (folder / "7.json").write_text("{}")
    assert texts(Inbox(folder)) == [b"{}"]
    assert [path.name for path in folder.iterdir()] == ["6.json"]
    assert outside.read_text() == '{"secret": true}'


@posix
def test_what_another_user_has_written_is_thrown_away_unread_and_said(
    folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (folder / "1.json").write_text("{}")
    assert Inbox(folder, owner=os.geteuid() + 1).take() == []
    assert list(folder.iterdir()) == []
    assert "belongs to another user" in caplog.text
    assert "uptrack doctor" in caplog.text


@posix
def test_what_another_user_has_written_and_cannot_be_deleted_is_said_once(
    folder: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def not_permitted(*_: object, **__: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    (folder / "1.json").write_text("{}")
    inbox = Inbox(folder, owner=os.geteuid() + 1)
    for remove in ("unlink", "remove"):
        monkeypatch.setattr(os, remove, not_permitted)
    monkeypatch.setattr(Path, "unlink", not_permitted)
    for _ in range(3):
        assert inbox.take() == []
    assert caplog.text.count("another user") == 1


@posix
def test_a_name_that_became_a_link_or_a_pipe_after_the_listing_is_not_read(folder: Path, tmp_path: Path) -> None:
    outside = tmp_path / "outside.json"
    outside.write_text('{"secret": true}')
    (folder / "1.json").symlink_to(outside)
    os.mkfifo(folder / "2.json")
    inbox = Inbox(folder)
    assert inbox._read(folder / "1.json") is None
    assert inbox._read(folder / "2.json") is None  # and did not wait for a writer


@posix
def test_a_folder_that_is_a_link_is_no_mailbox(folder: Path, tmp_path: Path) -> None:
    (folder / "1.json").write_text("{}")
    (tmp_path / "link").symlink_to(folder)
    with pytest.raises(FileNotFoundError):
        Inbox(tmp_path / "link").take()
    with pytest.raises(WireClosed):
        Outbox(tmp_path / "link").put("{}")


def test_what_is_older_than_an_hour_is_swept_unread(folder: Path) -> None:
    for name in ("1.json", "2.tmp", "3.json"):
        (folder / name).write_text("{}")
    hour_ago = time.time() - 3_700
    os.utime(folder / "1.json", (hour_ago, hour_ago))
    os.utime(folder / "2.tmp", (hour_ago, hour_ago))
    assert texts(Inbox(folder)) == [b"{}"]
    assert list(folder.iterdir()) == []


def test_a_file_that_cannot_be_deleted_yet_is_acted_on_once(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "1.json").write_text("{}")
    inbox = Inbox(folder)
    unlink = Path.unlink

    def busy(path: Path, missing_ok: bool = False) -> None:  # what Windows says while a scanner holds the file
        raise PermissionError(13, "The process cannot access the file", str(path))

    with monkeypatch.context() as held:
        held.setattr(Path, "unlink", busy)
        assert texts(inbox) == [b"{}"]
        assert texts(inbox) == []
    assert Path.unlink is unlink
    assert texts(inbox) == []
    assert list(folder.iterdir()) == []


def test_names_only_grow_also_when_the_clock_was_set_back(folder: Path) -> None:
    first = Outbox(folder, wall_clock=lambda: 2_000_000_000.0).put("{}")
    later = Outbox(folder, wall_clock=lambda: 1_000_000_000.0)
    names = [first.name, later.put("{}").name, later.put("{}").name]
    assert names == sorted(set(names))
    assert stat.S_IMODE(first.stat().st_mode) == 0o600 or sys.platform == "win32"


@pytest.mark.parametrize("name", ["r-8123", "ABC_1.2", "0", "x" * 64])
def test_plain_names_may_be_a_hosts_folder(name: str) -> None:
    assert instance_allowed(name)


@pytest.mark.parametrize(
    "name", ["", ".", "..", ".hidden", "a/b", "a\\b", "a b", "ü", "x" * 65, "con", "NUL.txt", "dot.", "a\n", "-x"]
)
def test_names_that_are_no_name_everywhere_may_not(name: str) -> None:
    assert not instance_allowed(name)


def test_sweeping_a_dead_host_takes_its_mailbox_and_nothing_else(tmp_path: Path) -> None:
    dead, odd = MailboxHost(tmp_path / "dead"), MailboxHost(tmp_path / "odd")
    for host in (dead, odd):
        host.make()
        (host.folder / "to_daemon" / "1.json").write_text("{}")
    (odd.folder / "to_host" / "song.wav").write_text("audio")
    assert sweep_host_folder(dead.folder)
    assert not sweep_host_folder(odd.folder)
    assert not dead.folder.exists()
    assert [path.name for path in odd.folder.rglob("*") if path.is_file()] == ["song.wav"]


# -- the server --------------------------------------------------------------------------------------------------------


@posix
async def test_the_mailbox_is_made_private_and_a_link_in_its_place_is_refused(
    switchboard: Switchboard, root: Path, tmp_path: Path
) -> None:
    root.mkdir(mode=0o755)
    async with serve_mailbox(root, switchboard):
        assert stat.S_IMODE(root.stat().st_mode) == 0o700
    (tmp_path / "link").symlink_to(root)
    with pytest.raises(Unavailable, match="choose another folder"):
        async with serve_mailbox(tmp_path / "link", switchboard):
            pass


async def test_a_restarted_daemon_picks_up_what_lies_there_and_asks_for_hello(
    switchboard: Switchboard, desk: EchoDesk, root: Path
) -> None:
    async with mailbox_line(switchboard, root) as line:
        host = await line.host("r-1")
        await ask(host, **HELLO, instance="r-1")
    await host.say(json.dumps({"type": "analyze", "id": "a1", "mix": {"path": "/mix.wav"}}))
    restarted = Switchboard(desk, token=TOKEN, version=VERSION)
    async with mailbox_line(restarted, root):
        refused = await hear_whole(host)
        assert (refused["id"], refused["code"]) == ("a1", "hello.first")
        assert (await ask(host, **HELLO, instance="r-1"))["type"] == "welcome"


async def test_a_file_over_the_cap_is_refused_and_the_next_one_read(switchboard: Switchboard, root: Path) -> None:
    async with mailbox_line(switchboard, root) as line:
        host = await line.host()
        await ask(host, **HELLO)
        await host.say(json.dumps({"type": "ping", "id": "x" * 65_536}))
        assert (await hear_whole(host))["code"] == "message.too_large"
        assert (await ask(host, type="ping"))["type"] == "pong"


async def test_a_host_that_falls_silent_loses_its_session_and_may_come_back(
    switchboard: Switchboard, desk: EchoDesk, root: Path
) -> None:
    now_s = 0.0
    async with mailbox_line(switchboard, root, clock=lambda: now_s, lost_after_s=600.0) as line:
        host = await line.host()
        await ask(host, **HELLO)
        now_s = 601.0
        async with asyncio.timeout(PATIENCE_S):
            await desk.ended.get()
        assert (await ask(host, type="ping"))["code"] == "hello.first"
        assert (await ask(host, **HELLO))["type"] == "welcome"


async def test_the_folder_of_a_dead_host_is_swept_and_a_stranger_folder_is_not(
    switchboard: Switchboard, root: Path
) -> None:
    dead = MailboxHost(root / "r-dead")
    dead.make()
    (dead.folder / "to_host" / "1.json").write_text("{}")
    (root / "Samples").mkdir()
    hour_ago = time.time() - 3_700
    for path in (root / "Samples", dead.folder / "to_host", dead.folder / "to_daemon", dead.folder):
        os.utime(path, (hour_ago, hour_ago))
    async with mailbox_line(switchboard, root) as line:
        # A living host is found by the same look round that comes upon the dead one.
        await ask(await line.host("r-alive"), **HELLO)
    assert sorted(path.name for path in root.iterdir()) == ["Samples", "r-alive"]


@posix
async def test_a_hosts_folder_that_is_a_link_is_not_followed(
    switchboard: Switchboard, root: Path, tmp_path: Path
) -> None:
    outside = MailboxHost(tmp_path / "outside")
    outside.make()
    await outside.say(json.dumps(HELLO))
    root.mkdir()
    (root / "a-link").symlink_to(outside.folder)
    async with mailbox_line(switchboard, root) as line:
        await ask(await line.host("r-alive"), **HELLO)
    assert [path.name for path in (outside.folder / "to_daemon").iterdir()] == ["1.json"]
    assert list((outside.folder / "to_host").iterdir()) == []


async def test_a_host_that_does_not_read_loses_progress_first_and_then_its_wire(
    switchboard: Switchboard, root: Path
) -> None:
    async with mailbox_line(switchboard, root) as line:
        host = await line.host()
        await ask(host, **HELLO)
        (session,) = switchboard.sessions
        unread = host.folder / "to_host"
        for number in range(mailbox.DROP_PROGRESS_ABOVE):
            (unread / f"{number}.json").write_text("{}")
        await session.wire.send(JobProgress(job="j", fraction=0.5, stage="spectrum"))
        assert len(list(unread.iterdir())) == mailbox.DROP_PROGRESS_ABOVE
        await session.wire.send(Pong())
        assert len(list(unread.iterdir())) == mailbox.DROP_PROGRESS_ABOVE + 1
        for number in range(mailbox.MAX_WAITING):
            (unread / f"{number}.json").write_text("{}")
        with pytest.raises(WireClosed, match="lie unread"):
            await session.wire.send(Pong())


async def test_our_own_client_speaks_so_too_and_hangs_up(switchboard: Switchboard, desk: EchoDesk, root: Path) -> None:
    async with mailbox_line(switchboard, root):
        client = MailboxClient(root, "demo-1", poll_s=0.005)
        await client.send(Hello(id="h1", protocol=1, host="demo", token=TOKEN))
        async with asyncio.timeout(PATIENCE_S):
            heard = client.texts()
            assert isinstance(read_from_daemon(await anext(heard)), Welcome)
            stems = [Stem(path=f"/{'s' * 900}/{number}.wav") for number in range(200)]  # over 64 KB: in parts
            await client.send(Analyze(id="a1", mix=AudioFile(path="/mix.wav"), stems=stems))
            _, message = await desk.heard.get()
            assert isinstance(message, Analyze)
            assert len(message.stems) == 200
            await client.close()
            await desk.ended.get()
    assert not client.folder.exists()
