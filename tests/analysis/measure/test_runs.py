"""Extremes and sums of short runs."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from uptrack_analysis.errors import InvalidSignal
from uptrack_analysis.measure.runs import largest_of_runs, smallest_of_runs, sums
from uptrack_analysis.signal import Block

SAMPLES = st.floats(-4.0, 4.0, width=32)


@st.composite
def rows_of_runs(draw: st.DrawFn) -> tuple[Block, int]:
    length = draw(st.sampled_from([1, 2, 8, 64]))
    shape = (draw(st.integers(1, 3)), length * draw(st.integers(0, 5)))
    return draw(arrays(np.float32, shape, elements=SAMPLES)), length


@given(rows_of_runs())
def test_extremes_of_runs_are_those_of_their_samples(case: tuple[Block, int]) -> None:
    rows, length = case
    runs = rows.reshape(rows.shape[0], -1, length)
    np.testing.assert_array_equal(largest_of_runs(rows, length), runs.max(axis=2))
    np.testing.assert_array_equal(smallest_of_runs(rows, length), runs.min(axis=2))


@pytest.mark.parametrize(("frames", "length"), [(12, 3), (12, 8), (8, 0)])
def test_what_is_no_whole_number_of_runs_of_a_power_of_two_is_refused(frames: int, length: int) -> None:
    with pytest.raises(InvalidSignal, match="whole runs"):
        largest_of_runs(np.zeros(frames, dtype=np.float32), length)


@given(arrays(np.float32, (2, 384), elements=SAMPLES))
def test_a_sum_is_right_to_single_precision_of_its_terms(rows: Block) -> None:
    for found, row in zip(sums(rows), rows, strict=True):
        assert found == pytest.approx(math.fsum(row.tolist()), abs=1e-5 * (1 + float(np.abs(row).sum())))
