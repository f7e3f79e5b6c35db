"""The link without LuaSocket: finding the daemon, roles, and the mailbox with a bounded amount of work a look."""

from __future__ import annotations

import asyncio
import contextlib
import json
import shutil
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from support.desks import TOKEN, VERSION, EchoDesk
from support.fake_reaper import FakeReaper
from support.hosts import PATIENCE_S
from support.link_host import SCRIPTS, LinkHost
from uptrack_bridges.mailbox import serve_mailbox
from uptrack_bridges.messages import Analyze, FeedbackApplied
from uptrack_bridges.switchboard import Switchboard

HELLO: dict[str, Any] = {"type": "hello", "id": "h1", "protocol": 1, "host": "reaper"}
ANALYZE: dict[str, Any] = {"type": "analyze", "id": "a1", "mix": {"path": "/music/mix.wav"}}


class CountingReaper(FakeReaper):
    """Counts what a look asks of REAPER."""

    listings = 0
    names = 0
    clock_step_s = 0.0
    """How much later it is every time the clock is read."""

    def EnumerateFiles(self, path: str, fileindex: int) -> str | None:  # noqa: N802
        self.listings += fileindex == -1
        self.names += fileindex != -1
        return super().EnumerateFiles(path, fileindex)

    def RecursiveCreateDirectory(self, path: str, ignored: int) -> int:  # noqa: N802
        with contextlib.suppress(OSError):  # REAPER raises nothing either
            return super().RecursiveCreateDirectory(path, ignored)
        return 0

    def time_precise(self) -> float:
        self.now_s += self.clock_step_s
        return self.now_s


@pytest.fixture(params=["lupa.lua53", "lupa.lua54"])
def new_lua(request: pytest.FixtureRequest) -> Callable[[], Any]:
    return lambda: import_module(request.param).LuaRuntime(unpack_returned_tuples=True, register_eval=False)


@pytest.fixture
def lua(new_lua: Callable[[], Any]) -> Any:
    return new_lua()


@pytest.fixture
def reaper(lua: Any) -> CountingReaper:
    return CountingReaper(lua)


class Post:
    """A script, a desk and the folder between them."""

    def __init__(self, home: Path, reaper: CountingReaper) -> None:
        self.home = home
        self.reaper = reaper
        self.desk = EchoDesk()
        self.script = LinkHost(reaper)
        self.heard: list[dict[str, Any]] = []
        self.looks = 0
        self.announce()

    @property
    def mailbox(self) -> Path:
        return self.home / "mailbox"

    def folder(self, direction: str) -> Path:
        (folder,) = self.mailbox.glob(f"*/{direction}")
        return folder

    def announce(self, **changes: Any) -> None:
        bridge = {"protocol": 1, "version": VERSION, "pid": 1, "port": 1, "osc_port": 1, "token": TOKEN}
        (self.home / "bridge.json").write_text(json.dumps(bridge | {"mailbox": str(self.mailbox)} | changes))

    @asynccontextmanager
    async def daemon(self, token: str = TOKEN) -> AsyncIterator[None]:
        switchboard = Switchboard(self.desk, token=token, version=VERSION)
        async with serve_mailbox(self.mailbox, switchboard, active_poll_s=0.005, idle_poll_s=0.01):
            yield

    async def until(self, happened: Callable[[], object]) -> None:
        async with asyncio.timeout(PATIENCE_S):
            while not happened():
                self.heard += self.script.look()
                self.looks += 1
                await asyncio.sleep(0 if self.script.state()["busy"] else 0.002)  # files send no events

    def kinds(self) -> list[str]:
        return [message["type"] for message in self.heard]

    async def greet(self) -> None:
        assert self.script.open("files") is None
        assert self.script.send(HELLO) is None
        await self.until(lambda: "welcome" in self.kinds())

    def put(self, number: int, message: dict[str, Any]) -> None:
        """Leave a message as the daemon does."""
        draft = self.folder("to_host") / f"{number}.tmp"
        draft.write_text(json.dumps(message))
        draft.rename(draft.with_suffix(".json"))


@pytest.fixture
def post(reaper: CountingReaper, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Post:
    monkeypatch.setenv("UPTRACK_HOME", str(tmp_path))
    return Post(tmp_path, reaper)


# -- finding the daemon ------------------------------------------------------------------------------------------------


def installed(new_lua: Callable[[], Any], folder: Path, note: str | None) -> LinkHost:
    """The scripts as they lie in a REAPER, with what ``uptrack install reaper`` notes beside them."""
    scripts = folder / "Scripts" / "UpTrack"
    shutil.copytree(SCRIPTS, scripts)
    if note is not None:
        (scripts / "uptrack.json").write_text(note)
    lua = new_lua()
    return LinkHost(FakeReaper(lua), scripts)


def test_the_home_that_was_noted_at_installation_wins_over_the_environment(
    new_lua: Callable[[], Any], tmp_path: Path, post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("UPTRACK_HOME", str(tmp_path / "nowhere"))
    note = json.dumps({"version": VERSION, "home": str(post.home), "command": ["uptrack"]})
    script = installed(new_lua, tmp_path, note)
    assert script.open("mix") is None
    assert script.state()["token"] == TOKEN


@pytest.mark.parametrize("note", [None, "{}", '{"home": ""}', '{"home": 1}'])
def test_without_a_noted_home_the_environment_counts(
    new_lua: Callable[[], Any], tmp_path: Path, post: Post, note: str | None
) -> None:
    assert installed(new_lua, tmp_path, note).open("mix") is None


@pytest.mark.parametrize("note", ["", "[]", '{"home"'])
def test_a_damaged_note_is_a_sentence(new_lua: Callable[[], Any], tmp_path: Path, post: Post, note: str) -> None:
    sentence = installed(new_lua, tmp_path, note).open("mix")
    assert sentence is not None
    assert sentence.endswith("uptrack.json is damaged. Run `uptrack install reaper` again.")


@pytest.mark.parametrize(("written", "read"), [("/home/ada/audio", "/home/ada/audio"), ("", None), (1, None)])
def test_the_folder_to_render_into_is_what_the_daemon_names_or_where_older_ones_have_it(
    post: Post, written: object, read: str | None
) -> None:
    post.announce(audio=written)
    assert post.script.open("mix") is None
    assert post.script.state().get("audio") == (read or str(post.home / "audio"))


async def test_a_token_that_changed_meanwhile_is_read_before_every_hello(post: Post) -> None:
    assert post.script.open("files") is None
    post.announce(token="another-token-nobody-guesses")
    post.script.send(HELLO)
    (letter,) = post.folder("to_daemon").iterdir()
    assert json.loads(letter.read_text())["token"] == "another-token-nobody-guesses"
    async with post.daemon("another-token-nobody-guesses"):
        await post.until(lambda: post.heard)
    assert post.kinds() == ["welcome"]


async def test_a_hello_refused_for_its_token_is_said_again_with_the_one_that_is_right_now(post: Post) -> None:
    assert post.script.open("files") is None
    post.script.send(HELLO)
    post.announce(token="another-token-nobody-guesses")
    async with post.daemon("another-token-nobody-guesses"):
        await post.until(lambda: post.heard)
    assert post.kinds() == ["welcome"]


async def test_a_token_that_stays_wrong_is_refused_once_and_the_script_hears_why(post: Post) -> None:
    assert post.script.open("files") is None
    post.script.send(HELLO)
    async with post.daemon("another-token-nobody-guesses"):
        await post.until(lambda: post.heard)
        assert [message["code"] for message in post.heard] == ["hello.token"]
    assert post.desk.sessions == []


# -- roles -------------------------------------------------------------------------------------------------------------


def test_each_role_has_a_mailbox_of_its_own_in_the_name_of_one_reaper(new_lua: Callable[[], Any], post: Post) -> None:
    lua = new_lua()
    reaper = FakeReaper(lua)
    reaper.ext_state = post.reaper.ext_state  # one REAPER, two scripts
    other = LinkHost(reaper)
    assert post.script.open("stems") is None
    assert other.open("results") is None
    names = sorted(folder.name for folder in post.mailbox.iterdir())
    assert [name.rsplit("-", 1)[1] for name in names] == ["results", "stems"]
    assert len({name.rsplit("-", 1)[0] for name in names}) == 1
    assert names[1] == post.script.state()["instance"]
    (post.mailbox / names[1] / "to_host" / "1.json").write_text('{"type": "pong"}')
    assert other.look() == []
    assert post.script.look() == [{"type": "pong"}]


def test_a_role_nobody_knows_is_a_slip_in_the_script(post: Post) -> None:
    with pytest.raises(Exception, match="mix, stems, files, live or results"):
        post.script.open("mastering")


# -- bounded work ------------------------------------------------------------------------------------------------------


async def test_three_megabytes_are_read_over_many_looks_and_in_their_turn(post: Post) -> None:
    async with post.daemon():
        await post.greet()
        post.desk.markers = 18_000
        post.script.send(ANALYZE)
        await post.until(lambda: "job.queued" in post.kinds())
        post.script.send({"type": "ping", "id": "p1"})
        await post.until(lambda: "pong" in post.kinds())
    assert post.kinds() == ["welcome", "job.queued", "job.progress", "feedback", "pong"]
    (feedback,) = [message for message in post.heard if message["type"] == "feedback"]
    assert len(json.dumps(feedback, ensure_ascii=False)) > 3_000_000
    assert [marker["id"] for marker in feedback["markers"]] == [f"low.mono-{number:04d}" for number in range(18_000)]
    assert post.looks > 18_000 * 9 / 1_000  # nine fields a marker, a thousand values a look


def test_a_look_that_takes_too_long_by_the_clock_ends_before_its_steps_do(post: Post) -> None:
    post.script.open("results")
    message = {"type": "pong", "values": list(range(450))}
    post.put(1, message)
    assert post.script.look() == [message]
    post.put(2, message)
    post.reaper.clock_step_s = 0.0015
    looks = 1
    while not (heard := post.script.look()):
        looks += 1
    assert heard == [message]
    assert looks >= 3, "by its steps it would be one"


async def test_a_look_while_something_is_decoded_lists_nothing(post: Post) -> None:
    post.script.open("results")
    post.put(1, {"type": "pong", "values": list(range(9_000))})
    assert post.script.look() == []
    assert post.script.state()["busy"]
    listings = post.reaper.listings
    while not post.script.look():
        assert post.reaper.listings == listings
    assert not post.script.state()["busy"]


def test_two_thousand_stray_files_cost_one_listing_a_look_and_hide_no_message(post: Post) -> None:
    post.script.open("results")
    for number in range(2_000):
        (post.folder("to_host") / f"stray {number}.txt").touch()
    for number in (30, 4, 100):
        post.put(number, {"type": "pong", "id": f"p{number}"})
    heard: list[dict[str, Any]] = []
    looks = 0
    while len(heard) < 3:
        post.reaper.listings = post.reaper.names = 0
        heard += post.script.look()
        looks += 1
        assert post.reaper.listings <= 1
        assert post.reaper.names <= 257
    assert [message["id"] for message in heard] == ["p4", "p30", "p100"]
    assert looks <= 9
    assert len(list(post.folder("to_host").iterdir())) == 2_000


def test_at_most_32_messages_come_a_look(post: Post) -> None:
    post.script.open("results")
    for number in range(1, 71):
        post.put(number, {"type": "pong", "id": f"p{number}"})
    looks = [post.script.look() for _ in range(4)]
    assert [len(heard) for heard in looks] == [32, 32, 6, 0]
    assert [message["id"] for heard in looks for message in heard] == [f"p{number}" for number in range(1, 71)]


# -- the folder --------------------------------------------------------------------------------------------------------


def test_drafts_an_earlier_run_left_are_swept_and_nothing_else(post: Post) -> None:
    post.script.open("mix")
    now_s = int(time.time())
    old, fresh = f"{(now_s - 3_600) * 1_000:015d}-0A1B2C3D.tmp", f"{now_s * 1_000:015d}-0A1B2C3D.tmp"
    others = [fresh, "notes.tmp", f"{(now_s - 3_600) * 1_000:015d}-0A1B2C3D.json", "1.tmp"]
    for name in (old, *others):
        (post.folder("to_daemon") / name).touch()
    post.script.open("mix")
    post.script.forget_old()
    assert {path.name for path in post.folder("to_daemon").iterdir()} == set(others)


def test_a_mailbox_the_daemon_took_away_is_made_again(post: Post) -> None:
    post.script.open("mix")
    (folder,) = post.mailbox.iterdir()
    shutil.rmtree(folder)
    assert post.script.send(HELLO) is None
    assert len(list((folder / "to_daemon").glob("*.json"))) == 1
    assert (folder / "to_host").is_dir()


def test_a_mailbox_that_cannot_be_written_is_a_sentence(post: Post) -> None:
    post.script.open("mix")
    shutil.rmtree(post.mailbox)
    post.mailbox.touch()
    sentence = post.script.send({"type": "ping"})
    assert sentence is not None
    assert "cannot be written" in sentence


def test_what_an_earlier_action_left_unread_is_forgotten(post: Post) -> None:
    post.script.open("files")
    for number in range(1, 600):
        post.put(number, {"type": "pong", "id": f"p{number}"})
    post.script.forget_old()
    post.put(600, {"type": "pong", "id": "new"})
    assert post.script.look() == [{"type": "pong", "id": "new"}]


@pytest.mark.parametrize("text", ["", "nothing", "[]", "[1]", '"x"', '{"type":', "\xff", "[" * 70_000])
def test_files_that_hold_no_message_are_dropped(post: Post, text: str) -> None:
    post.script.open("files")
    (post.folder("to_host") / "1.json").write_text(text, encoding="latin-1")
    post.put(2, {"type": "pong"})
    assert post.script.look() == [{"type": "pong"}]
    assert list(post.folder("to_host").iterdir()) == []


def test_messages_behind_one_that_cannot_be_opened_wait_with_it(post: Post) -> None:
    """A scanner may hold a file for a moment; here it is a link whose end is not there yet."""
    post.script.open("files")
    late = post.home / "late.json"
    (post.folder("to_host") / "2.json").symlink_to(late)
    for number in (1, 3):
        post.put(number, {"type": "pong", "id": f"p{number}"})
    assert [message["id"] for message in post.script.look()] == ["p1"]
    assert post.script.look() == []
    late.write_text('{"type": "pong", "id": "p2"}')
    assert [message["id"] for message in post.script.look()] == ["p2", "p3"]


async def test_everything_is_read_once_the_daemon_took_the_last_message(post: Post) -> None:
    await_reading = {"type": "feedback.applied", "run": "run-1", "placed": [], "skipped": []}
    post.script.open("files")
    assert post.script.state()["all_read"]
    post.script.send(HELLO)
    post.script.send(await_reading)
    assert not post.script.state()["all_read"]
    async with post.daemon():
        await post.until(lambda: post.script.state()["all_read"])
    _, applied = post.desk.heard.get_nowait()
    assert isinstance(applied, FeedbackApplied)


async def test_a_request_larger_than_one_file_arrives_whole(post: Post) -> None:
    points = [{"time_s": 2.0 * bar, "bpm": 120.0 + bar % 7 / 8} for bar in range(3_000)]
    async with post.daemon():
        await post.greet()
        post.script.send(ANALYZE | {"project": {"tempo_map": points}})
        await post.until(lambda: "feedback" in post.kinds())
    _, request = post.desk.heard.get_nowait()
    assert isinstance(request, Analyze)
    assert request.project is not None
    assert [point.bpm for point in request.project.tempo_map] == [point["bpm"] for point in points]
