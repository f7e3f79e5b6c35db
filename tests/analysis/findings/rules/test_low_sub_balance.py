"""``low.sub_balance``: a weak guide to levels that says so, and a better one to a sub that leaps."""

from dataclasses import replace

import numpy as np
import pytest

from support.mixes import CLUB_SUB_DB, band_matrix, bell, clean, silent
from support.verdicts import ask, ask_one, why_unmeasured
from uptrack_analysis.measure.results import Measured


def with_sub(over_average_db: float) -> Measured:
    return replace(clean(), bands=band_matrix(60.0, bell(20.0, 60.0, over_average_db - CLUB_SUB_DB)))


def leaping(first_db: float, second_db: float, *, at_s: float, until_s: float = 60.0) -> Measured:
    """A sub so far over the average, and from ``at_s`` until ``until_s`` at another level."""
    before, after = with_sub(first_db), with_sub(second_db)
    then = ((after.bands.times_s >= at_s) & (after.bands.times_s < until_s))[:, None]
    ll, rr = (
        np.where(then, two, one) for one, two in ((before.bands.ll, after.bands.ll), (before.bands.rr, after.bands.rr))
    )
    return replace(before, bands=replace(before.bands, ll=ll, rr=rr))


def quieter(mix: Measured, *, until_s: float, lufs: float, all_db: float) -> Measured:
    """Its beginning with so much less loudness, and so much less of everything."""
    short_term = mix.loudness.short_term_lufs.copy()
    short_term[: round(100 * until_s)] -= lufs
    less = np.where(mix.bands.times_s < until_s, 10 ** (-all_db / 10), 1.0)[:, None]
    bands = replace(mix.bands, ll=mix.bands.ll * less, rr=mix.bands.rr * less)
    return replace(mix, bands=bands, loudness=replace(mix.loudness, short_term_lufs=short_term))


@pytest.mark.parametrize(("over_db", "word"), [(23.1, "minor"), (-5.1, "minor"), (28.1, "major"), (-10.1, "major")])
def test_it_warns_five_db_outside_of_the_usual_range_and_calls_ten_bad(over_db: float, word: str) -> None:
    finding = ask_one("low.sub_balance", with_sub(over_db))
    assert finding.severity == word
    assert finding.excess == pytest.approx(0.5 if word == "minor" else 2.0, abs=0.1)


@pytest.mark.parametrize("over_db", [9.0, 12.0, 16.0, 19.5])
def test_what_most_electronic_music_has_is_no_finding(over_db: float) -> None:
    assert ask("low.sub_balance", with_sub(over_db)) == ()


@pytest.mark.parametrize(("over_db", "title"), [(-3.0, "Little sub"), (3.0, "Little sub"), (21.0, "Much sub")])
def test_between_most_music_and_the_edge_of_what_is_usual_it_informs(over_db: float, title: str) -> None:
    finding = ask_one("low.sub_balance", with_sub(over_db))
    assert (finding.severity, finding.title, finding.confidence) == ("info", title, 0.35)
    assert "9.0 to 19.5 dB over it" in finding.advice


def test_what_only_informs_costs_no_more_than_information_however_far_it_is_off() -> None:
    near, far = (ask_one("low.sub_balance", with_sub(over_db)) for over_db in (3.0, -3.0))
    assert near.excess > 0.5
    assert far.excess > near.excess
    assert far.penalty == near.penalty


def test_it_believes_itself_by_sixty_percent_and_says_so() -> None:
    for genre in ("techno", None):
        finding = ask_one("low.sub_balance", with_sub(29.0), genre)
        assert (finding.confidence, finding.grade) == (0.6, "D")
        assert "weak guide (evidence D, confidence 60 %)" in finding.advice


def test_no_move_exceeds_three_db() -> None:
    finding = ask_one("low.sub_balance", with_sub(34.0))
    assert {action.gain_db for action in finding.actions} == {-3.0}


@pytest.mark.parametrize(("leap_db", "word"), [(3.8, "minor"), (4.8, "moderate"), (9.0, "major")])
def test_a_sub_that_leaps_up_is_found_where_it_does(leap_db: float, word: str) -> None:
    finding = ask_one("low.sub_balance", leaping(15.0, 15.0 + leap_db, at_s=36.0))
    assert (finding.severity, finding.title) == (word, "Much sub")
    assert finding.value == pytest.approx(leap_db, abs=0.6)
    assert (finding.start_s, finding.end_s) == pytest.approx((36.0, 60.0), abs=1.6)


def test_a_sub_that_goes_half_way_is_found_where_it_is_weak_also_for_most_of_the_song() -> None:
    finding = ask_one("low.sub_balance", leaping(7.0, 16.0, at_s=0.0, until_s=20.0))
    assert finding.title == "Little sub"
    assert (finding.start_s, finding.end_s) == pytest.approx((20.0, 60.0), abs=1.6)


def test_a_stretch_between_two_alike_is_the_odd_one_whatever_is_usual() -> None:
    """A mix with less sub than most, and in the middle of it what most have."""
    finding = ask_one("low.sub_balance", leaping(10.0, 16.0, at_s=20.0, until_s=40.0))
    assert finding.title == "Much sub"
    assert (finding.start_s, finding.end_s) == pytest.approx((20.0, 40.0), abs=1.6)


def test_a_long_middle_is_the_song_and_what_is_around_it_its_ends() -> None:
    assert ask_one("low.sub_balance", leaping(10.0, 16.0, at_s=12.0, until_s=50.0)).title == "Little sub"


def test_two_db_more_in_the_second_drop_are_arrangement() -> None:
    assert ask("low.sub_balance", leaping(14.0, 16.0, at_s=30.0)) == ()


def test_a_leap_too_small_to_warn_of_hides_nothing_that_is_said_of_the_whole() -> None:
    finding = ask_one("low.sub_balance", leaping(22.6, 19.4, at_s=30.0))
    assert (finding.severity, finding.title) == ("info", "Much sub")
    assert "average of popular music" in finding.advice


def test_a_break_without_any_sub_is_arrangement() -> None:
    assert ask("low.sub_balance", leaping(15.0, -15.0, at_s=20.0, until_s=30.0)) == ()


def test_a_sub_that_enters_for_a_while_in_music_that_has_none_is_arrangement() -> None:
    assert not any(
        "leaps" in one.advice for one in ask("low.sub_balance", leaping(-14.0, 16.0, at_s=20.0, until_s=40.0))
    )
    assert "leaps" in ask_one("low.sub_balance", leaping(2.0, 16.0, at_s=20.0, until_s=40.0)).advice


def test_an_808_that_comes_and_goes_with_its_pattern_is_no_leap() -> None:
    before, after = with_sub(10.0), with_sub(18.0)
    on = (np.floor(before.bands.times_s / 4.0) % 2 == 0)[:, None]
    ll, rr = np.where(on, after.bands.ll, before.bands.ll), np.where(on, after.bands.rr, before.bands.rr)
    assert ask("low.sub_balance", replace(before, bands=replace(before.bands, ll=ll, rr=rr))) == ()


def test_silence_has_no_sub() -> None:
    assert "silent" in why_unmeasured("low.sub_balance", silent())


def test_both_levels_have_to_be_in_loud_music() -> None:
    mix = leaping(15.0, 6.0, at_s=5.0, until_s=20.0)
    assert ask_one("low.sub_balance", mix).title == "Little sub"
    assert ask("low.sub_balance", quieter(mix, until_s=24.0, lufs=6.0, all_db=2.5)) == ()


def test_a_sub_whose_loss_makes_its_passage_a_quiet_one_is_heard() -> None:
    mix = leaping(15.0, 6.0, at_s=5.0, until_s=20.0)
    assert ask_one("low.sub_balance", quieter(mix, until_s=24.0, lufs=6.0, all_db=0.0)).title == "Little sub"


def test_what_most_of_the_music_has_is_no_odd_level_while_most_electronic_music_has_it_too() -> None:
    assert ask("low.sub_balance", leaping(10.0, 16.0, at_s=0.0, until_s=12.0)) == ()
    assert ask_one("low.sub_balance", leaping(7.0, 16.0, at_s=0.0, until_s=12.0)).title == "Little sub"


@pytest.mark.parametrize(("shelf_db", "title"), [(9.0, "Much sub"), (-9.0, "Little sub")])
def test_a_shelf_of_nine_db_over_a_passage_is_found(shelf_db: float, title: str) -> None:
    finding = ask_one("low.sub_balance", leaping(14.0, 14.0 + shelf_db, at_s=18.0, until_s=30.0))
    assert finding.title == title
    assert (finding.start_s, finding.end_s) == pytest.approx((18.0, 30.0), abs=1.6)
