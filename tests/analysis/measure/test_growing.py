from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from uptrack_analysis.measure.growing import Growing


@given(st.lists(st.integers(0, 50), max_size=8))
def test_what_was_appended_is_there_in_order(counts: list[int]) -> None:
    rows = np.arange(3 * sum(counts), dtype=np.float32).reshape(-1, 3)
    growing = Growing(np.float32, (3,))
    for part in np.split(rows, np.cumsum(counts)[:-1]) if counts else []:
        growing.append(part)
    np.testing.assert_array_equal(growing.take(), rows)


def test_parts_of_a_row_may_come_in_any_order_and_overlap() -> None:
    growing = Growing(np.float32, (2, 4))
    ones = np.ones((5, 2, 3), dtype=np.float32)
    growing.add(0, slice(0, 3), ones)
    growing.add(0, slice(1, 4), ones[:2])
    growing.add(2, slice(1, 4), ones)
    whole = growing.take()
    assert whole.shape == (7, 2, 4)
    np.testing.assert_array_equal(whole[:, 1], [[1, 2, 2, 1]] * 5 + [[0, 1, 1, 1]] * 2)


def test_single_numbers_keep_their_precision_and_are_taken_once() -> None:
    growing = Growing(np.float64)
    assert growing.take().shape == (0,)
    growing.append(np.array([0.1, 0.2])[::-1])
    assert growing.take().tolist() == [0.2, 0.1]
    assert growing.take().size == 0


def test_rows_that_somebody_looks_at_stay_where_they_are() -> None:
    growing = Growing(np.float32)
    growing.append(np.ones(3, dtype=np.float32))
    taken = growing.take()
    growing.append(np.zeros(100_000, dtype=np.float32))
    assert taken.tolist() == [1.0, 1.0, 1.0]
