"""docs/protocol.md is executed: its examples are sent and compared, its tables are checked against the models."""

from __future__ import annotations

import asyncio
import json
import re
from pathlib import Path
from typing import Any, get_args

import pytest

from support.desks import TOKEN, VERSION, EchoDesk
from support.hosts import ask, hear_whole, websocket_line
from uptrack_bridges import osc_vocabulary
from uptrack_bridges.discovery import Bridge
from uptrack_bridges.messages import (
    PROTOCOL,
    Area,
    ChangedFinding,
    DaemonMessage,
    FromDaemon,
    FromHost,
    HostMessage,
    Marker,
    Passage,
    Project,
    SectionMark,
    SinceBefore,
    Step,
    TempoPoint,
    TrackNote,
    read_from_daemon,
    read_from_host,
    write,
)
from uptrack_bridges.switchboard import Switchboard
from uptrack_bridges.websocket import CloseCode

PAGE = (Path(__file__).parents[2] / "docs" / "protocol.md").read_text(encoding="utf-8")


def block(name: str) -> str:
    (text,) = re.findall(rf"```\w+ {name}\n(.*?)```", PAGE, re.DOTALL)
    return str(text)


def section(title: str) -> str:
    (text,) = re.findall(rf"^##+ {re.escape(title)}\n(.*?)(?=^## |\Z)", PAGE, re.DOTALL | re.MULTILINE)
    return str(text)


def lines(name: str) -> list[tuple[str, str]]:
    return [(line[0], line[2:]) for line in block(name).splitlines()]


def test_the_example_of_bridge_json_is_one() -> None:
    assert Bridge.model_validate_json(block("bridge")).protocol == PROTOCOL


@pytest.mark.parametrize(("who", "text"), lines("conversation") + lines("parts"))
def test_every_example_is_a_message_and_written_with_all_its_fields(who: str, text: str) -> None:
    message = read_from_host(text) if who == "→" else read_from_daemon(text)
    if who == "←":
        assert json.loads(write(message)) == json.loads(text)
    else:
        assert set(json.loads(text)) <= set(type(message).model_fields)


async def test_the_conversation_goes_as_it_is_written() -> None:
    switchboard = Switchboard(EchoDesk(), token=json.loads(block("bridge"))["token"], version=VERSION)
    async with websocket_line(switchboard) as line:
        host = await line.host()
        for who, text in lines("conversation"):
            if who == "→":
                await host.say(text)
                continue
            expected, heard = json.loads(text), await hear_whole(host)
            assert set(heard) == set(expected)
            assert (heard["type"], heard["id"]) == (expected["type"], expected["id"])


async def test_the_example_in_parts_is_answered_as_one_message() -> None:
    async with websocket_line(Switchboard(EchoDesk(), token=TOKEN, version=VERSION)) as line:
        host = await line.host()
        await ask(host, type="hello", protocol=1, host="x", token=TOKEN)
        for _, text in lines("parts"):
            await host.say(text)
        assert await hear_whole(host) == {"type": "pong", "id": "p2"}


async def test_the_smallest_host_gets_its_feedback(capsys: pytest.CaptureFixture[str]) -> None:
    names: dict[str, Any] = {}
    exec(block("client"), names)  # noqa: S102 - the page's own example
    async with websocket_line(Switchboard(EchoDesk(), token=TOKEN, version=VERSION)) as line:
        port = int(line.url.split(":")[2].split("/")[0])
        heard = await asyncio.to_thread(names["analyze"], {"port": port, "token": TOKEN}, "/mix.wav")
    assert heard["type"] == "feedback"
    assert capsys.readouterr().out.splitlines() == ["welcome", "job.queued", "spectrum", "76 · techno"]


@pytest.mark.parametrize(
    ("title", "union", "shared"),
    [("What you can say", HostMessage, FromHost), ("What you will hear", DaemonMessage, FromDaemon)],
)
def test_the_tables_name_every_message_and_field(title: str, union: Any, shared: type[FromHost | FromDaemon]) -> None:
    rows = dict(re.findall(r"^\| `([a-z.]+)` \|(.*)$", section(title), re.MULTILINE))
    models = {model.model_fields["type"].default: model for model in get_args(get_args(union)[0])}
    assert {name for name in rows if name in models} == set(models)
    for name, model in models.items():
        common = {"type", "session"} if name == "part" else {"type"}
        missing = set(model.model_fields) - set(shared.model_fields) - common
        assert [field for field in missing if f"`{field}`" not in rows[name]] == []


@pytest.mark.parametrize(
    "model",
    [Project, TempoPoint, Marker, Step, TrackNote, Area, SectionMark, Passage, SinceBefore, ChangedFinding],
)
def test_the_page_lists_the_fields_of_what_messages_hold(model: type[Any]) -> None:
    assert f"{{{', '.join(model.model_fields)}}}" in PAGE.replace("\n", " ")


def test_the_page_lists_every_typed_address_and_close_code() -> None:
    assert set(osc_vocabulary._HEARD) <= set(re.findall(r"^\| `(/uptrack/\w+)`", PAGE, re.MULTILINE))
    source = Path(osc_vocabulary.__file__).read_text(encoding="utf-8")
    said = set(re.findall(r'Said\(\s*"(/uptrack/\w+)"', source))
    assert said <= set(re.findall(r"^\| `(/uptrack/\w+)`", PAGE, re.MULTILINE))
    assert {str(int(code)) for code in CloseCode} <= set(re.findall(r"^\| (\d{4}) \|", PAGE, re.MULTILINE))


def test_the_page_lists_every_code_the_wires_refuse_with() -> None:
    sources = [path.read_text(encoding="utf-8") for path in Path(osc_vocabulary.__file__).parent.glob("*.py")]
    codes = {code for text in sources for code in re.findall(r'"((?:hello|session|message|part)\.\w+)"', text)}
    codes -= {"part.too_many"}  # what we would send, not what a host is told
    assert "hello.first" in codes
    assert [code for code in sorted(codes) if f"`{code}`" not in PAGE] == []
