"""Spans: joined, measured, made from windows."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from uptrack_analysis.findings.places import inside, merged, overlap_s, share, spans_of_windows, total_s, when


def test_neighbours_up_to_the_gap_are_joined() -> None:
    assert merged([(5, 6), (0, 1), (2.5, 3)], 1.5) == ((0, 3), (5, 6))
    assert merged([(0, 10), (2, 3)]) == ((0, 10),)


def test_time_covered_twice_counts_once() -> None:
    assert total_s([(0, 2), (1, 3), (5, 6)]) == 4
    assert overlap_s([(0, 2), (1, 3)], [(1, 10)]) == 2
    assert share([(0, 2), (1, 3)], [(0, 6)]) == 0.5
    assert share([(0, 2)], []) == 0


@given(st.integers(0, 50), st.integers(0, 50), st.integers(0, 50))
def test_splitting_a_span_changes_no_share(first: int, second: int, third: int) -> None:
    start, cut, end = sorted((first, second, third))
    assert share([(start, cut), (cut, end)], [(0, 60)]) == share([(start, end)], [(0, 60)])


def test_windows_become_the_union_of_what_they_cover() -> None:
    ends = np.arange(10, 40) / 10
    chosen = np.zeros(30, dtype=np.bool_)
    chosen[[0, 1, 2, 25]] = True
    first, second = spans_of_windows(chosen, ends, 1.0)
    assert first == pytest.approx((0.0, 1.2))
    assert second == pytest.approx((2.5, 3.5))


def test_inside_takes_the_start_and_leaves_the_end() -> None:
    assert inside(np.array([0.0, 1.0, 2.0, 3.0]), [(1.0, 3.0)]).tolist() == [False, True, True, False]


def test_many_stretches_are_told_by_the_longest() -> None:
    assert when([(0, 1), (10, 30), (40, 50), (60, 90), (100, 101)]) == "0:10–0:30, 0:40–0:50, 1:00–1:30 and 2 more"
    assert when([(0, 10), (20, 30)]) == "0:00–0:10 and 0:20–0:30"
    assert when([]) == ""
