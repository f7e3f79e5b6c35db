"""Our lines in a file of the user's: taken out, every byte is as before."""

from __future__ import annotations

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from uptrack_analysis.errors import BadInput
from uptrack_daemon.install.marked_block import BEGIN, block_in, with_block, without_block

NAME = "__startup.lua"
users = st.lists(
    st.sampled_from([b"x = 1", b"\n", b"\r\n", b"--[[", b"return 1", b"\xef\xbb\xbf", b"#!lua", b"\xff\x00", b" "])
).map(b"".join)


@given(before=users)
def test_what_goes_in_comes_out_and_leaves_every_byte(before: bytes) -> None:
    try:
        after = with_block(before, "ours()", NAME)
    except BadInput:
        assert before.removeprefix(b"\xef\xbb\xbf").startswith(b"#")
        assert b"\n" not in before
        return
    assert block_in(after, NAME) == "ours()\n"
    assert without_block(after, NAME) == before


@given(before=users)
def test_new_lines_take_the_old_ones_place(before: bytes) -> None:
    assume(b"#" not in before)
    once = with_block(before, "old()", NAME)
    twice = with_block(once, "new()\n", NAME)
    assert twice == once.replace(b"old()", b"new()")
    assert without_block(twice, NAME) == before


def test_a_file_that_was_made_for_them_is_gone_with_them_unless_something_was_added() -> None:
    made = with_block(None, "ours()", NAME)
    updated = with_block(made, "newer()", NAME)
    assert without_block(updated, NAME) is None
    assert without_block(updated + b"mine()\n", NAME) == b"mine()\n"
    assert without_block(with_block(b"", "ours()", NAME), NAME) == b""


def test_lines_an_editor_saved_with_other_line_ends_are_still_ours() -> None:
    saved = with_block(b"mine()\n", "ours()", NAME).replace(b"\n", b"\r\n")
    assert block_in(saved, NAME) == "ours()\n"
    assert without_block(saved, NAME) == b"mine()\r\n"


@pytest.mark.parametrize("harm", ["end lost", "begin lost", "twice"])
def test_broken_marks_are_left_to_the_user(harm: str) -> None:
    whole = with_block(b"mine()\n", "ours()", NAME)
    broken = {
        "end lost": whole.replace(b"-- <<< UpTrack <<<\n", b""),
        "begin lost": whole.split(b"\n", 1)[1],
        "twice": whole + whole,
    }[harm]
    for act in (
        lambda: with_block(broken, "x", NAME),
        lambda: without_block(broken, NAME),
        lambda: block_in(broken, NAME),
    ):
        with pytest.raises(BadInput, match="Expected one block between"):
            act()


def test_a_file_without_our_lines_is_not_touched() -> None:
    assert without_block(b"mine()", NAME) == b"mine()"
    assert block_in(b"-- UpTrack is nice\n", NAME) is None
    assert not b"mine()".startswith(BEGIN)
