"""Our Lua JSON against Python's: whatever one writes, the other reads."""

from __future__ import annotations

import json
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

LIB = Path(__file__).parents[2] / "reaper_scripts" / "UpTrack" / "lib"
RUNTIMES = {name: import_module(f"lupa.{name}").LuaRuntime(unpack_returned_tuples=True) for name in ("lua53", "lua54")}
CODECS = {name: runtime.globals().dofile(str(LIB / "json.lua")) for name, runtime in RUNTIMES.items()}

both = pytest.mark.parametrize("version", ["lua53", "lua54"])
text = st.text(st.characters(codec="utf-8"))
scalars = st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.floats(allow_nan=False, allow_infinity=False) | text
documents = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(text, inner, max_size=4), max_leaves=20
)


def rewritten(version: str, document: str) -> Any:
    """What Python reads of what Lua writes of what Lua read."""
    codec = CODECS[version]
    return json.loads(codec.encode(codec.decode(document)))


@both
@settings(max_examples=60)
@given(document=documents)
def test_what_lua_reads_and_writes_again_is_the_same(version: str, document: Any) -> None:
    for ascii_only in (True, False):
        assert rewritten(version, json.dumps(document, ensure_ascii=ascii_only)) == document


@both
def test_null_fields_are_absent_and_nulls_in_lists_stay(version: str) -> None:
    assert rewritten(version, ' { "a" : null , "b" : [ null , { } , [ ] ] } ') == {"b": [None, {}, []]}


@both
def test_whole_floats_are_written_as_integers(version: str) -> None:
    codec = CODECS[version]
    assert codec.encode(4.0) == "4"
    assert codec.encode(0.1) == "0.10000000000000001"
    assert codec.encode(RUNTIMES[version].eval("-0.0")) in {"0", "-0"}


@both
@pytest.mark.parametrize(
    "broken",
    [
        "", " ", "{", "[1,]", '{"a":1,}', '{"a" 1}', "{a:1}", '"\\x"', '"\\u12"', '"open', "01", "1.", "+1", "nul",
        "[1] 2", "[" * 100 + "]" * 100, '"\x01"', "--1", "1e", "[1 2]", "'a'",
    ],
)  # fmt: skip
def test_what_is_no_json_is_refused(version: str, broken: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        json.loads(broken) if not broken.startswith("[[") else (_ for _ in ()).throw(ValueError("too deep"))
    assert RUNTIMES[version].globals().pcall(CODECS[version].decode, broken)[0] is False


@both
@pytest.mark.parametrize("value", ["0/0", "1/0", "{[2] = 1}", "function() end", "'\\xff'"])
def test_what_json_cannot_hold_is_refused(version: str, value: str) -> None:
    lua = RUNTIMES[version]
    refused = lua.eval(f"function(encode) return not pcall(encode, {value}) end")  # bytes as such stay inside Lua
    assert refused(CODECS[version].encode)


@both
@settings(max_examples=60)
@given(document=st.lists(documents, max_size=5), copies=st.integers(1, 60))
def test_decoding_at_a_pace_gives_the_same_and_stops_every_hundred_values(
    version: str, document: Any, copies: int
) -> None:
    """In a coroutine that yields whenever it is asked, as a script does it between REAPER's ticks."""
    codec = CODECS[version]
    written = json.dumps([document] * copies)
    paced = RUNTIMES[version].eval(
        "function(codec, text)"
        " local worker = coroutine.create(function() return codec.encode(codec.decode(text, coroutine.yield)) end)"
        " local stops = 0"
        " while true do"
        "  local _, value = coroutine.resume(worker)"
        "  if coroutine.status(worker) == 'dead' then return stops, value end"
        "  stops = stops + value // 100"
        " end "
        "end"
    )
    stops, rewritten_at_a_pace = paced(codec, written)
    assert json.loads(rewritten_at_a_pace) == [document] * copies
    assert stops >= _values([document] * copies) // 100


def _values(document: Any) -> int:
    """How many values a document holds, itself included."""
    match document:
        case list():
            return 1 + sum(map(_values, document))
        case dict():
            return 1 + sum(map(_values, document.values()))
        case _:
            return 1


@both
@settings(max_examples=100)
@given(document=documents, ascii_only=st.booleans(), every=st.integers(1, 40))
def test_a_text_is_read_from_its_slices_wherever_it_was_cut(
    version: str, document: Any, ascii_only: bool, every: int
) -> None:
    lua, codec = RUNTIMES[version], CODECS[version]
    written = json.dumps(document, ensure_ascii=ascii_only, indent=1)
    slices = [written[start : start + every] for start in range(0, len(written), every)]
    assert json.loads(codec.encode(codec.decode(lua.table_from(slices)))) == document


@both
@pytest.mark.parametrize(
    "broken", ['{"a": [1, tru]}', '{"a": "open', "[1, 2", '{"a": "\\u12"}', '{"a": 1} x', '{"a" 1}', ""]
)
@pytest.mark.parametrize("every", [1, 2, 5])
def test_what_is_broken_is_refused_with_the_same_sentence_wherever_it_was_cut(
    version: str, broken: str, every: int
) -> None:
    lua, codec = RUNTIMES[version], CODECS[version]
    slices = [broken[start : start + every] for start in range(0, len(broken), every)]
    refused, sentence = lua.globals().pcall(codec.decode, broken)
    assert (refused, sentence) == lua.globals().pcall(codec.decode, lua.table_from(slices))
    assert refused is False
    assert sentence.startswith("expected JSON, got ")


@both
def test_a_long_text_is_never_put_together_while_it_is_read_from_its_slices(version: str) -> None:
    """What a slice is put to is what is left of the one before: a copy of all of it costs more than a tick."""
    lua, codec = RUNTIMES[version], CODECS[version]
    written = json.dumps([{"name": "a bass drum " * 40, "at": number} for number in range(8_000)])
    slices = [written[start : start + 60_000] for start in range(0, len(written), 60_000)]
    read = lua.eval(
        "function(codec, slices)"
        " collectgarbage() collectgarbage('stop')"
        " local most, last = 0, collectgarbage('count')"
        " codec.decode(slices, function()"
        "  local now = collectgarbage('count')"
        "  most, last = math.max(most, now - last), now"
        " end)"
        " collectgarbage('restart')"
        " return most "
        "end"
    )
    assert read(codec, lua.table_from(slices)) < 1_024, f"kilobytes at once, of {len(written) // 1_024}"


@both
def test_what_is_broken_is_refused_at_a_pace_too(version: str) -> None:
    broken = "[" + "1," * 500 + "]"
    refused = RUNTIMES[version].eval("function(codec, text) return pcall(codec.decode, text, function() end) end")
    assert refused(CODECS[version], broken)[0] is False


@both
@pytest.mark.parametrize("outcome", ["whole", "broken", "dropped"])
def test_nothing_of_a_text_is_kept_once_it_is_read_refused_or_dropped_half_way(version: str, outcome: str) -> None:
    kept = RUNTIMES[version].eval(
        "function(codec, outcome)"
        " collectgarbage()"
        " local before = collectgarbage('count')"
        " local values = ('1,'):rep(2 * 1024 * 1024)"
        " if outcome == 'dropped' then"
        "  coroutine.resume(coroutine.create(function()"
        "   codec.decode({'[' .. values, '1]'}, function() coroutine.yield() end)"
        "  end))"
        " else"
        "  local text = outcome == 'broken' and '[1 ' .. values .. ']' or '\"' .. values .. '\"'"
        "  assert(pcall(codec.decode, {text}) == (outcome == 'whole'))"
        " end"
        " values = nil"
        " collectgarbage() collectgarbage()"
        " return collectgarbage('count') - before "
        "end"
    )
    assert kept(CODECS[version], outcome) < 512, "kilobytes, of 4096"
