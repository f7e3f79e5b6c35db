"""Excess: distance from the range that is fine, in steps that mean the same for every rule."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from uptrack_analysis.findings.threshold import Threshold, costing_excess, severity_of

ONE_SIDED = [Threshold.above(3.0, 5.0), Threshold.below(7.0, 5.5)]
laws = settings(max_examples=60)
levels = st.floats(-1e3, 1e3)


@pytest.mark.parametrize(
    ("threshold", "warn", "bad"),
    [
        (Threshold.above(2.5, 10.0), 2.5, 10.0),
        (Threshold.below(7.0, 5.5), 7.0, 5.5),
        (Threshold.around(-13.8, 6.0, 10.0), -13.8 + 6.0, -13.8 - 10.0),
        (Threshold.window(-10.0, -7.0, 1.0, 4.0), -6.0, -14.0),
    ],
)
def test_the_warning_is_excess_a_half_and_bad_is_two(threshold: Threshold, warn: float, bad: float) -> None:
    assert threshold.excess(warn) == pytest.approx(0.5)
    assert threshold.excess(bad) == pytest.approx(2.0)


def test_the_range_that_is_fine_has_no_excess_up_to_its_edges() -> None:
    threshold = Threshold.window(-10.0, -7.0, 1.0, 4.0)
    assert threshold.ok_range == (-10.0, -7.0)
    assert [threshold.excess(value) for value in (-10.0, -8.5, -7.0)] == [0.0, 0.0, 0.0]


@laws
@given(st.floats(0, 100), st.floats(0, 100))
def test_a_two_sided_excess_grows_with_distance_whichever_side(near: float, further: float) -> None:
    threshold = Threshold.around(-5.0, 3.0, 5.0)
    near, further = sorted((near, further))
    assert threshold.excess(-5.0 + near) == pytest.approx(threshold.excess(-5.0 - near))
    assert threshold.excess(-5.0 + near) <= threshold.excess(-5.0 - further) + 1e-9


@pytest.mark.parametrize("threshold", ONE_SIDED)
@laws
@given(first=levels, second=levels)
def test_a_one_sided_excess_never_falls_on_the_way_out(threshold: Threshold, first: float, second: float) -> None:
    better, worse = sorted((first, second), reverse=threshold.ok_low is not None)
    assert threshold.excess(better) <= threshold.excess(worse)


@laws
@given(st.floats(0, 20), st.floats(0, 20), st.floats(0, 1), st.floats(0, 1))
def test_what_is_further_off_or_more_believed_never_costs_less(
    near: float, further: float, doubtful: float, believed: float
) -> None:
    (near, further), (doubtful, believed) = sorted((near, further)), sorted((doubtful, believed))
    for at_most in ("info", "minor", "moderate", "blocker"):
        assert costing_excess(near, believed, at_most) <= costing_excess(further, believed, at_most) + 1e-12
        assert costing_excess(further, doubtful, at_most) <= costing_excess(further, believed, at_most) + 1e-12
        assert costing_excess(further, believed, at_most) <= further + 1e-12


def test_no_cost_comes_or_goes_by_a_step() -> None:
    def taken(excess: float, confidence: float) -> float:
        return 1 - math.exp(-costing_excess(excess, confidence, "blocker"))

    by_excess = [taken(excess, 0.9) for excess in np.arange(0.0, 4.0, 0.001)]
    by_belief = [taken(3.0, confidence) for confidence in np.arange(0.0, 1.0, 0.001)]
    for costs in (by_excess, by_belief):
        assert np.abs(np.diff(costs)).max() < 0.012


def test_a_finding_costs_from_where_it_warns_and_its_own_excess_from_well_inside_the_minor_ones() -> None:
    assert [costing_excess(excess, 0.9, "blocker") for excess in (0.3, 0.5, 0.8, 1.5, 9.0)] == pytest.approx(
        [0.0, 0.0, 0.8, 1.5, 9.0], abs=1e-12
    )
    assert costing_excess(9.0, 0.9, "info") == costing_excess(9.0, 0.4, "blocker") == 0.0


def test_limits_in_the_wrong_order_are_refused() -> None:
    with pytest.raises(ValueError, match="warn and bad must differ"):
        Threshold.above(5.0, 3.0)


@pytest.mark.parametrize(
    ("excess", "word"),
    [(0.49, "info"), (0.5, "minor"), (0.99, "minor"), (1.0, "moderate"), (1.99, "moderate"), (2.0, "major")],
)
def test_severity_follows_the_excess(excess: float, word: str) -> None:
    assert severity_of(excess, 0.9) == word


@pytest.mark.parametrize("blocker", [False, True])
def test_what_is_believed_by_less_than_half_is_never_more_than_minor(blocker: bool) -> None:
    assert severity_of(50.0, 0.49, blocker=blocker) == "minor"
    assert severity_of(50.0, 0.39, blocker=blocker) == "info"


def test_only_a_believed_objective_defect_beyond_its_warning_is_a_blocker() -> None:
    assert severity_of(1.5, 0.9, blocker=True) == "blocker"
    assert severity_of(0.7, 0.9, blocker=True) == "minor"
