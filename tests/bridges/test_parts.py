"""Messages larger than their wire."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from uptrack_bridges.messages import BadMessage, Part, read_from_host, write
from uptrack_bridges.parts import MAX_PARTS, Assembler, split

# What JSON text can hold: no lone surrogates.
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=600)


@settings(max_examples=40)
@given(text=texts, limit=st.integers(200, 400), shuffled=st.randoms(use_true_random=False))
def test_what_is_split_is_the_same_when_joined_in_any_order(text: str, limit: int, shuffled: random.Random) -> None:
    parts = split(text, limit_bytes=limit, message_id="m", session="s" * 32)
    assert all(len(write(part).encode()) <= limit for part in parts)
    arriving = [read_from_host(write(part)) for part in parts]
    shuffled.shuffle(arriving)
    assembler = Assembler()
    joined = [assembler.add(part) for part in arriving if isinstance(part, Part)]
    assert joined[-1] == text
    assert joined[:-1] == [None] * (len(parts) - 1)
    assert assembler.held_bytes == 0


def test_a_text_that_fits_is_one_part() -> None:
    assert [part.data for part in split("{}", limit_bytes=200, message_id="m")] == ["{}"]


def test_a_limit_that_leaves_no_room_for_data_is_a_slip_of_the_caller() -> None:
    with pytest.raises(ValueError, match="got 60"):
        split("{}", limit_bytes=60, message_id="m")


def test_more_parts_than_a_message_may_have_are_not_made() -> None:
    with pytest.raises(BadMessage, match=f"over the cap of {MAX_PARTS}"):
        split("x" * 80 * MAX_PARTS, limit_bytes=140, message_id="m")


def part(number: int, parts: int, data: str = "x", name: str = "m") -> Part:
    return Part(id=name, part=number, parts=parts, data=data)


def test_a_part_that_comes_twice_counts_once() -> None:
    assembler = Assembler()
    assert assembler.add(part(1, 2, "a")) is None
    assert assembler.add(part(1, 2, "a")) is None
    assert assembler.add(part(2, 2, "b")) == "ab"


@pytest.mark.parametrize(
    ("wrong", "code"), [(part(4, 3), "part.out_of_range"), (part(2, 4), "part.mismatch")], ids=["beyond", "mismatch"]
)
def test_parts_that_contradict_each_other_are_refused_and_forgotten(wrong: Part, code: str) -> None:
    assembler = Assembler()
    assembler.add(part(1, 3))
    with pytest.raises(BadMessage) as refused:
        assembler.add(wrong)
    assert refused.value.code == code
    assert assembler.held_bytes == 0


def test_bytes_are_capped_over_all_unfinished_messages() -> None:
    assembler = Assembler(max_bytes=100)
    assembler.add(part(1, 2, "ü" * 30, "a"))
    with pytest.raises(BadMessage, match="over 100 bytes"):
        assembler.add(part(1, 2, "x" * 41, "b"))
    assert assembler.held_bytes == 60
    assert assembler.add(part(2, 2, "", "a")) == "ü" * 30


def test_the_oldest_unfinished_message_makes_room_for_a_new_one() -> None:
    assembler = Assembler(max_messages=2)
    for name in "abc":
        assembler.add(part(1, 2, name, name))
    assert assembler.add(part(2, 2, "!", "b")) == "b!"
    assert assembler.add(part(2, 2, "!", "a")) is None  # its first part is gone


def test_a_message_whose_last_part_does_not_come_in_time_is_forgotten() -> None:
    now_s = 0.0
    assembler = Assembler(patience_s=60, clock=lambda: now_s)
    assembler.add(part(1, 2, "a"))
    now_s = 61.0
    assert assembler.add(part(2, 2, "b")) is None
    assert assembler.held_bytes == 1
