"""Markers over a bar ruler."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from uptrack_analysis.present.ruler import Mark, ruler
from uptrack_analysis.report import SEVERITIES
from uptrack_bridges.messages import TempoPoint
from uptrack_bridges.tempo_map import TempoMap

STEADY = TempoMap([TempoPoint(time_s=0.0, bpm=120.0, bar=1)])
"""A bar every two seconds."""


def test_bars_are_numbered_in_phrases_from_bar_one() -> None:
    lines = ruler([], STEADY, start_s=0.0, end_s=64.0, width=64)
    assert lines[0].split() == ["1", "5", "9", "13", "17", "21", "25", "29"]
    assert [index for index, cell in enumerate(lines[1]) if cell == "┼"] == [0, 8, 16, 24, 32, 40, 48, 56]


def test_a_mark_lies_under_its_bars_with_its_number_and_its_severity() -> None:
    lines = ruler([Mark(16.0, 31.9, "major", "Bass hides the kick")], STEADY, start_s=0.0, end_s=64.0, width=64)
    assert lines[2] == " " * 16 + "1" + "▓" * 15
    assert lines[-1] == "1  9.1  major     Bass hides the kick"


def test_marks_that_touch_take_another_row_and_others_share_one() -> None:
    marks = [Mark(0, 10, "minor", "a"), Mark(10, 20, "minor", "b"), Mark(40, 50, "minor", "c")]
    rows = ruler(marks, STEADY, start_s=0.0, end_s=64.0, width=64)[2:4]
    assert "1" in rows[0]
    assert "3" in rows[0]
    assert "2" in rows[1]


def test_a_faster_tempo_makes_narrower_bars() -> None:
    bars = TempoMap([TempoPoint(time_s=0.0, bpm=60.0, bar=1), TempoPoint(time_s=32.0, bpm=120.0)])
    cells = [index for index, cell in enumerate(ruler([], bars, start_s=0.0, end_s=64.0, width=64)[1]) if cell == "┼"]
    gaps = {later - earlier for earlier, later in pairwise(cells)}
    assert len(gaps) == 2
    assert max(gaps) == 2 * min(gaps)


def test_without_a_tempo_map_the_ruler_counts_minutes_and_seconds() -> None:
    lines = ruler([Mark(72.5, 72.5, "info", "here")], None, start_s=0.0, end_s=120.0, width=80)
    assert lines[0].split()[:3] == ["0:00", "0:15", "0:30"]
    assert "1:12.500" in lines[-1]


def test_text_too_long_for_the_window_ends_in_an_ellipsis() -> None:
    line = ruler([Mark(0.0, 1.0, "major", "x" * 200)], STEADY, start_s=0.0, end_s=64.0, width=40)[-1]
    assert len(line) == 40
    assert line.endswith("…")


@pytest.mark.parametrize(("start_s", "end_s", "width"), [(1.0, 1.0, 80), (2.0, 1.0, 80), (0.0, 1.0, 5)])
def test_a_ruler_without_length_or_room_is_refused(start_s: float, end_s: float, width: int) -> None:
    with pytest.raises(ValueError, match="expected"):
        ruler([], STEADY, start_s=start_s, end_s=end_s, width=width)


@given(
    marks=st.lists(
        st.builds(
            lambda start_s, length_s, severity: Mark(start_s, start_s + length_s, severity, "text"),
            st.floats(-10, 400),
            st.floats(0, 100),
            st.sampled_from(SEVERITIES),
        ),
        max_size=30,
    ),
    width=st.integers(20, 200),
    end_s=st.floats(0.1, 300),
)
def test_no_line_is_ever_wider_than_the_window_and_every_mark_is_drawn(
    marks: list[Mark], width: int, end_s: float
) -> None:
    lines = ruler(marks, STEADY, start_s=0.0, end_s=end_s, width=width)
    assert max(map(len, lines)) <= width
    assert not [line for line in lines if line != line.rstrip()]
    drawn = " ".join(lines[2 : len(lines) - len(marks)])
    assert all(str(number) in drawn for number in range(1, len(marks) + 1))
