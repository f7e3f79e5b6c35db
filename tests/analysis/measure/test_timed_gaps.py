"""What makes holes keep time, told from where they end."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from uptrack_analysis.measure.results import Gap, TimedGaps
from uptrack_analysis.measure.timed_gaps import apart_in_time, goes_with, plays_on

RATE_HZ = 44_100


def holes(*ends_s: float, frames: int = 400, rise_db: float = 0.0) -> list[Gap]:
    ends = [round(end_s * RATE_HZ) for end_s in sorted(ends_s)]
    return [Gap(end - frames, end, (0, 1), rise_db) for end in ends]


def evenly(first_s: float, step_s: float, count: int) -> list[float]:
    return [first_s + step_s * number for number in range(count)]


@settings(max_examples=60)
@given(
    step_s=st.floats(0.06, 3.0),
    count=st.integers(6, 80),
    skipped=st.sets(st.integers(1, 78), max_size=40),
    late_s=st.lists(st.floats(-0.001, 0.001), min_size=80, max_size=80),
)
def test_six_or_more_on_one_grid_keep_time_though_some_places_have_none(
    step_s: float, count: int, skipped: set[int], late_s: list[float]
) -> None:
    there = [number for number in range(count) if number not in skipped]
    ends_s = [1.0 + number * step_s + late_s[number] for number in there]
    together = len(ends_s) >= 6 and np.diff(ends_s).min() < 1.5 * step_s  # else the step itself is unknown
    lost, timed = apart_in_time(holes(*ends_s), RATE_HZ)
    if together:
        assert lost == ()
        assert len(timed) == 1
    elif len(ends_s) < 6:
        assert timed == ()
    assert len(lost) + sum(len(group.gaps) for group in timed) == len(ends_s)


@pytest.mark.parametrize("off_s", [0.093, 0.211, 0.307])
def test_one_off_the_grid_is_none_of_them(off_s: float) -> None:
    gate, odd = holes(*evenly(1.0, 0.48, 20)), holes(1.0 + 0.48 * 9 + off_s, frames=900)
    lost, timed = apart_in_time(sorted([*gate, *odd], key=lambda gap: gap.start), RATE_HZ)
    assert lost == tuple(odd)
    assert [(round(group.step_s, 4), list(group.gaps)) for group in timed] == [(0.48, gate)]


def test_a_triplet_between_the_beats_of_a_gate_is_played() -> None:
    gate = holes(*evenly(1.0, 0.48, 20), 1.0 + 0.48 * 4 + 0.16, 1.0 + 0.48 * 4 + 0.32)
    assert apart_in_time(gate, RATE_HZ)[0] == ()


def test_two_stutters_of_their_own_steps_are_two() -> None:
    first, second = holes(*evenly(2.0, 0.125, 9)), holes(*evenly(11.3, 0.285, 7))
    lost, timed = apart_in_time([*first, *second], RATE_HZ)
    assert lost == ()
    assert [len(group.gaps) for group in timed] == [9, 7]
    assert [group.step_s for group in timed] == [pytest.approx(0.125, abs=1e-4), pytest.approx(0.285, abs=1e-4)]


def test_holes_at_random_keep_no_time() -> None:
    """Of a hundred files with twelve buffers lost within some minutes."""
    random = np.random.default_rng(4)
    timed = [apart_in_time(holes(*random.uniform(1, 200, 12)), RATE_HZ)[1] for _ in range(100)]
    assert sum(map(bool, timed)) == 0


@pytest.mark.parametrize(("step_s", "is_it"), [(0.24, True), (1.44, True), (0.71, False), (0.2, False)])
def test_a_grid_goes_with_a_beat_of_which_it_is_a_plain_part_or_multiple(step_s: float, is_it: bool) -> None:
    assert goes_with(TimedGaps(step_s, ()), 0.48) is is_it


@pytest.mark.parametrize(
    ("frames", "rise_db", "does_it"), [(512, 0.5, True), (512, -1.9, True), (512, 4.0, False), (4_000, 0.5, False)]
)
def test_what_is_gone_for_a_moment_plays_on_unless_a_hit_begins_after_it_or_it_is_gone_for_long(
    frames: int, rise_db: float, does_it: bool
) -> None:
    group = TimedGaps(0.5, tuple(holes(*evenly(1.0, 0.5, 10), frames=frames, rise_db=rise_db)))
    assert plays_on(group, RATE_HZ) is does_it
