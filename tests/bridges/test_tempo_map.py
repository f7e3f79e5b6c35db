"""Project seconds to bar and beat and back."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from uptrack_bridges.messages import TempoPoint
from uptrack_bridges.tempo_map import TempoMap

WAREHOUSE = TempoMap([TempoPoint(time_s=0.0, bpm=128.0, bar=1)])

points = st.builds(
    TempoPoint,
    time_s=st.floats(-60, 600),
    bpm=st.floats(40, 300),
    beats_per_bar=st.integers(1, 9),
    bar=st.none() | st.integers(-8, 400),
)
maps = st.lists(points, min_size=1, max_size=12).map(TempoMap)
unanchored = st.lists(
    st.builds(TempoPoint, time_s=st.floats(-60, 600), bpm=st.floats(40, 300)), min_size=1, max_size=12
).map(TempoMap)
times_s = st.floats(-1_000, 2_000)
laws = settings(max_examples=40)


@pytest.mark.parametrize(
    ("time_s", "label"),
    [
        (0.0, "1.1"),
        (135.0, "73.1"),
        (134.999, "73.1"),
        (134.9, "72.4"),
        (1.875, "2.1"),
        (0.46875, "1.2"),
        (-1.0, "0.2"),
    ],
)
def test_a_steady_project_counts_bars_from_one(time_s: float, label: str) -> None:
    assert WAREHOUSE.label(time_s) == label


def test_no_points_mean_nothing_is_known_about_bars() -> None:
    assert TempoMap.of([]) is None


def test_a_change_of_tempo_in_the_middle_of_a_bar_carries_the_count_on() -> None:
    # Two beats at 120, then 60 bpm: the bar's last two beats take a second each.
    tempo_map = TempoMap([TempoPoint(time_s=0, bpm=120), TempoPoint(time_s=1.0, bpm=60)])
    assert [tempo_map.label(time_s) for time_s in (0.5, 1.0, 2.0, 3.0)] == ["1.2", "1.3", "1.4", "2.1"]


def test_a_change_of_signature_starts_a_bar() -> None:
    tempo_map = TempoMap([TempoPoint(time_s=0, bpm=60), TempoPoint(time_s=6, bpm=60, beats_per_bar=3)])
    assert [tempo_map.label(time_s) for time_s in (5.5, 6.0, 8.9, 9.0)] == ["2.2", "3.1", "3.3", "4.1"]


def test_an_anchor_cuts_the_bar_before_it_short() -> None:
    tempo_map = TempoMap([TempoPoint(time_s=0, bpm=60, bar=1), TempoPoint(time_s=6.5, bpm=60, bar=10)])
    assert [tempo_map.label(time_s) for time_s in (6.4, 6.5, 10.5)] == ["2.3", "10.1", "11.1"]
    assert tempo_map.time_s(5) == 6.5  # a bar that does not exist


def test_an_anchor_corrects_a_count_that_drifted_by_rounding() -> None:
    # 127.97 sent as 127.9: after 200 bars the count is half a beat behind, or ahead at 128.05.
    exact_s = 800 * 60 / 127.97
    for sent_bpm in (127.9, 128.04):
        tempo_map = TempoMap(
            [TempoPoint(time_s=0, bpm=sent_bpm, bar=1), TempoPoint(time_s=exact_s, bpm=sent_bpm, bar=201)]
        )
        assert tempo_map.label(exact_s) == "201.1"
        assert tempo_map.position(exact_s - 0.001) <= tempo_map.position(exact_s)


def test_an_anchor_that_names_a_bar_long_passed_is_ignored() -> None:
    tempo_map = TempoMap([TempoPoint(time_s=0, bpm=60, bar=1), TempoPoint(time_s=40, bpm=60, bar=2)])
    assert tempo_map.label(40) == "11.1"


def test_points_may_come_in_any_order_and_the_last_at_one_time_holds() -> None:
    tempo_map = TempoMap(
        [TempoPoint(time_s=4, bpm=120), TempoPoint(time_s=0, bpm=30), TempoPoint(time_s=0, bpm=60, bar=5)]
    )
    assert [tempo_map.label(time_s) for time_s in (0, 3, 4, 6)] == ["5.1", "5.4", "6.1", "7.1"]


@laws
@given(tempo_map=maps, earlier_s=times_s, later_s=times_s)
def test_later_is_never_an_earlier_bar(tempo_map: TempoMap, earlier_s: float, later_s: float) -> None:
    earlier_s, later_s = sorted((earlier_s, later_s))
    earlier, later = tempo_map.position(earlier_s), tempo_map.position(later_s)
    assert (earlier.bar, earlier.beat) <= (later.bar, later.beat + 1e-9)


@laws
@given(tempo_map=maps, time_s=times_s)
def test_a_position_that_exists_is_found_again(tempo_map: TempoMap, time_s: float) -> None:
    bar, beat = tempo_map.position(time_s)
    again = tempo_map.position(tempo_map.time_s(bar, beat))
    # Rounding may fall on the other side of a bar line; the distance in time is what must vanish.
    assert again == pytest.approx((bar, beat), abs=1e-6) or abs(tempo_map.time_s(*again) - time_s) < 1e-6


@laws
@given(tempo_map=unanchored, time_s=times_s)
def test_without_cut_bars_seconds_to_bars_and_back_is_the_same_time(tempo_map: TempoMap, time_s: float) -> None:
    # Half a snap: a point that lies that close to a bar line is moved onto it.
    assert tempo_map.time_s(*tempo_map.position(time_s)) == pytest.approx(time_s, abs=0.01)
