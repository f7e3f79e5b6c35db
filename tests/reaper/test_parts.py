"""Our Lua's parts against Python's: what one cuts, the other joins; and OSC datagrams byte for byte."""

from __future__ import annotations

import json
import random
from importlib import import_module
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from support.link_host import SCRIPTS
from uptrack_bridges.messages import Part, write
from uptrack_bridges.osc_packet import encode
from uptrack_bridges.parts import Assembler, split

both = pytest.mark.parametrize("version", ["lua53", "lua54"])
texts = st.text(st.characters(codec="utf-8", exclude_characters="\0") | st.sampled_from('"\\é音🎚'))
long_texts = st.tuples(texts, st.integers(1, 100)).map(lambda drawn: drawn[0] * drawn[1])


def _modules(version: str) -> tuple[Any, Any, Any]:
    lua = import_module(f"lupa.{version}").LuaRuntime(unpack_returned_tuples=True)
    lua.globals().package.path = f"{SCRIPTS / 'lib'}/?.lua"
    lua.globals().reaper = lua.table_from({"time_precise": lambda: 0.0})
    require = lua.eval("function(name) return (require(name)) end")
    return lua, require("parts"), require("osc_packet")


MODULES = {version: _modules(version) for version in ("lua53", "lua54")}


@both
@settings(max_examples=60)
@given(text=long_texts, limit=st.integers(140, 400))
def test_what_lua_cuts_python_joins_and_every_part_fits(version: str, text: str, limit: int) -> None:
    _, parts, _ = MODULES[version]
    document = json.dumps({"text": text}, ensure_ascii=False)
    cut = [dict(part) for part in parts.split(document, limit, "a1", "s1").values()]
    assembler = Assembler()
    joined = [assembler.add(Part(**part)) for part in cut]
    assert joined[-1] == document
    assert joined[:-1] == [None] * (len(cut) - 1)
    for part in cut:
        assert len(json.dumps(part, ensure_ascii=False, separators=(",", ":")).encode()) <= limit


@both
def test_a_long_text_is_cut_a_few_kilobytes_at_a_time(version: str) -> None:
    """A look through all of it stands still for tens of milliseconds, which no count of instructions sees."""
    _, parts, _ = MODULES[version]
    document = json.dumps([{"id": f"low.boom-{number:04}", "note": "x" * (number % 90)} for number in range(5_000)])
    string = MODULES[version][0].globals().string
    plain, looked_at = string.gsub, []

    def watched(text: str, *rest: object) -> object:
        looked_at.append(len(text))
        return plain(text, *rest)

    string.gsub = watched
    turns: list[int] = []
    try:
        cut = [dict(part) for part in parts.split(document, 16 * 1024, "a1", None, turns.append).values()]
    finally:
        string.gsub = plain
    assert "".join(part["data"] for part in cut) == document
    assert max(looked_at) <= 4096
    assert 1.0 <= sum(turns) / (100 * len(document) / 4096) < 2.0, "what a look costs, and not much more"
    assert all(len(json.dumps(part)) > 12 * 1024 for part in cut[:-1]), "no part is much smaller than it may be"


@both
@settings(max_examples=60)
@given(text=long_texts, seed=st.integers(0, 1_000))
def test_what_python_cuts_lua_joins_in_any_order(version: str, text: str, seed: int) -> None:
    lua, parts, _ = MODULES[version]
    cut = [json.loads(write(part)) for part in split('{"t": "' + text, limit_bytes=200, message_id="x1")]
    last = cut.pop(random.Random(seed).randrange(len(cut)))
    shuffled = cut * 2
    random.Random(seed).shuffle(shuffled)
    joiner = parts.joiner()
    for part in shuffled:
        assert joiner.add(joiner, lua.table_from(part)) is None
    slices = joiner.add(joiner, lua.table_from(last))
    assert "".join(slices[number] for number in range(1, len(slices) + 1)) == '{"t": "' + text


@both
@settings(max_examples=60)
@given(text=texts.filter(bool))
def test_a_datagram_is_pythons_byte_for_byte_and_is_read_back(version: str, text: str) -> None:
    _, _, packet = MODULES[version]
    datagram = packet.message(text)
    assert datagram.encode() == encode("/uptrack/message", "s", (text,))
    assert packet.size(len(text.encode())) == len(datagram.encode())
    assert packet.text(datagram) == text
