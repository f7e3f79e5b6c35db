"""``ton.band``: octaves out of shape, once level and tilt are taken out."""

from dataclasses import replace

import numpy as np
import pytest

from support.mixes import Level, arranged, band_matrix, bell, clean, flat, silent
from support.verdicts import ask, ask_one, why_unmeasured
from uptrack_analysis.findings.loop_leaps import LoopLeap
from uptrack_analysis.findings.rules import ton_band
from uptrack_analysis.measure.ltas import Band
from uptrack_analysis.measure.results import Measured
from uptrack_analysis.signal import FloatArray

PRESENCE = (1990.0, 3990.0)
LOW_MIDS = (250.0, 502.0)


def shaped(level: Level) -> Measured:
    return replace(clean(), bands=band_matrix(60.0, level))


@pytest.mark.parametrize(("band", "name"), [(PRESENCE, "presence"), (LOW_MIDS, "low midrange")])
@pytest.mark.parametrize(("gain_db", "word"), [(4.7, "minor"), (7.0, "major"), (-9.0, "major")])
def test_one_octave_out_of_shape_keeps_its_whole_deviation(
    band: tuple[float, float], name: str, gain_db: float, word: str
) -> None:
    finding = ask_one("ton.band", shaped(bell(*band, gain_db)))
    assert finding.severity == word
    assert finding.value == pytest.approx(gain_db, abs=0.5)
    assert finding.title == f"Too {'much' if gain_db > 0 else 'little'} {name}"
    assert finding.low_hz == pytest.approx(band[0], rel=0.01)


@pytest.mark.parametrize("gain_db", [-7.5, 7.5])
@pytest.mark.parametrize("centre_hz", [250.0, 3900.0])
@pytest.mark.parametrize("tilt", [-0.3, 0.8])
def test_a_bell_hides_behind_no_tilt(centre_hz: float, gain_db: float, tilt: float) -> None:
    # Of Q 1, which touches three named bands and would lean on the line through them.
    bent = shaped(
        lambda f: (
            flat(f) * (f < 90.0) + tilt * np.log2(f / 1000.0) + gain_db * np.exp(-(np.log2(f / centre_hz) ** 2) / 0.8)
        )
    )
    finding = ask_one("ton.band", bent)
    assert finding.severity in {"moderate", "major"}
    assert abs(np.log2(np.sqrt((finding.low_hz or 0) * (finding.high_hz or 0)) / centre_hz)) <= 1 / 3
    assert finding.value == pytest.approx(gain_db, abs=2.5)


@pytest.mark.parametrize(
    "edge",
    [
        lambda f: np.where(f > 10_500.0, -80.0, np.where(f > 3_980.0, 2.0, 0.0)),
        lambda f: np.where(f > 7_000.0, -80.0, 0.0),
        lambda f: np.where(f < 110.0, -80.0, np.where(f < 251.0, 2.0, 0.0)),
        lambda f: -10.0 * np.clip(np.log2(f / 1500.0), 0.0, 1.0),
    ],
    ids=["a low-pass beside a little too much", "a low-pass", "a high-pass beside a little too much", "a shelf"],
)
def test_an_octave_beside_an_edge_stands_out_of_nothing(edge: Level) -> None:
    findings = ask("ton.band", shaped(lambda f: flat(f) + edge(f)))
    assert all(finding.confidence < 0.5 or "Too little" in finding.title for finding in findings), findings


def passage(inside: Level, outside: Level = flat, from_s: float = 20.0, to_s: float = 40.0) -> Measured:
    """Sixty seconds with another spectrum for a while."""
    plain, odd = band_matrix(60.0, outside), band_matrix(60.0, inside)
    then = ((odd.times_s >= from_s) & (odd.times_s < to_s))[:, None]
    ll, rr = np.where(then, odd.ll, plain.ll), np.where(then, odd.rr, plain.rr)
    return replace(clean(), bands=replace(plain, ll=ll, rr=rr))


@pytest.mark.parametrize(("gain_db", "least"), [(-4.6, 0.5), (5.4, 1.0), (-7.0, 2.0), (-12.0, 2.0)])
def test_an_octave_that_leaps_while_the_rest_plays_on_is_found_where_it_does(gain_db: float, least: float) -> None:
    finding = ask_one("ton.band", passage(bell(*LOW_MIDS, gain_db)))
    assert (finding.severity, finding.excess >= least) == ("info", True)
    assert finding.value == pytest.approx(gain_db, rel=0.1)
    assert (finding.start_s, finding.end_s) == pytest.approx((20.0, 40.0), abs=2.1)
    assert "leaps" in finding.advice


def test_a_bell_that_reaches_into_its_neighbours_is_a_leap_too() -> None:
    """An equaliser's bell of 18 dB: the octaves beside its own move by 4 to 10 dB."""

    def equalised(f: FloatArray) -> FloatArray:
        octaves = np.log2(f / 355.0)
        return flat(f) - 18.0 / (1.0 + (octaves / 0.7) ** 2)

    told = ask("ton.band", passage(equalised, from_s=24.0, to_s=36.0))
    leap = next(finding for finding in told if "leaps" in finding.advice)
    assert leap.title == "Too little low midrange"
    assert (leap.start_s, leap.end_s) == pytest.approx((24.0, 36.0), abs=2.1)


def test_a_leap_that_only_informs_silences_no_finding_that_weighs() -> None:
    # Nine decibels for a third of the time are four and a half in the mean: that is told, and when.
    finding = ask_one("ton.band", passage(bell(*LOW_MIDS, 9.0)))
    assert finding.severity == "moderate"
    assert (finding.start_s, finding.end_s) == pytest.approx((20.0, 40.0), abs=2.1)


def test_what_only_a_leap_makes_is_told_once_and_where_it_is() -> None:
    """A shoulder within tolerance, lifted by 9 dB for a while: in the mean it is too much, and may be the style."""

    def shoulder(f: FloatArray) -> FloatArray:
        return np.select([f < 126.0, f < 251.0, f < 502.0], [10.4, 8.0, 4.0], 0.0)

    def lifted(f: FloatArray) -> FloatArray:
        return shoulder(f) + np.where((f > 251.0) & (f < 502.0), 9.0, 0.0)

    finding = ask_one("ton.band", passage(lifted, shoulder, from_s=24.0, to_s=40.0))
    assert "leaps" in finding.advice
    assert (finding.start_s, finding.end_s) == pytest.approx((24.0, 40.0), abs=2.1)


def looped(mix: Measured, monkeypatch: pytest.MonkeyPatch) -> Measured:
    """A mix that an equaliser is heard in between two passes of its loop: 9 dB more low mids from 20 to 40 s."""
    leap = LoopLeap(Band("low mids", 251.2, 501.2), 9.0, (20.0, 40.0))
    monkeypatch.setattr(ton_band, "loop_leap", lambda *_: leap)
    return replace(mix, tempo=arranged().tempo)


@pytest.mark.parametrize("low_hz", [251.2, 398.1])
def test_an_equaliser_heard_in_the_loop_tells_alone_what_it_makes_up_to_its_skirts(
    low_hz: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    mix = passage(bell(0.995 * low_hz, 2.005 * low_hz, 10.0))
    assert {finding.severity for finding in ask("ton.band", mix)} & {"moderate", "major"}
    assert "same bars come again" in ask_one("ton.band", looped(mix, monkeypatch)).advice


def test_an_octave_that_is_out_without_the_loop_s_passage_too_is_told_beside_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    always = bell(*LOW_MIDS, 8.0)
    mix = passage(bell(*LOW_MIDS, 17.0), always)
    whole, part = ask("ton.band", looped(mix, monkeypatch))
    assert "same bars come again" in part.advice
    assert (whole.title, "leaps" in whole.advice) == ("Too much low midrange", False)


@pytest.mark.parametrize(("from_s", "to_s"), [(20.0, 44.0), (0.0, 25.0), (33.0, 58.0)])
def test_the_odd_level_is_the_rarer_one(from_s: float, to_s: float) -> None:
    finding = ask_one("ton.band", passage(bell(*LOW_MIDS, -6.0), from_s=from_s, to_s=to_s))
    assert finding.title == "Too little low midrange"
    assert (finding.start_s, finding.end_s) == pytest.approx((from_s, to_s), abs=2.1)


def test_a_leap_elsewhere_is_found_beside_an_octave_that_is_always_out() -> None:
    always = bell(*LOW_MIDS, 8.0)
    mix = passage(lambda f: always(f) + np.where((f > 2000.0) & (f < 4000.0), -5.4, 0.0), always)
    assert {(finding.title, finding.start_s > 15.0) for finding in ask("ton.band", mix)} == {
        ("Too much low midrange", False),
        ("Too little presence", True),
    }


def test_an_instrument_that_enters_moves_some_notes_and_is_no_leap() -> None:
    def notes(f: FloatArray) -> FloatArray:
        return flat(f) + np.where((f > 250.0) & (f < 500.0) & (np.round(6 * np.log2(f / 250.0)) % 2 == 0), 9.0, 0.0)

    assert ask("ton.band", passage(notes)) == ()


def test_a_part_in_which_much_else_changes_is_another_part_and_no_leap() -> None:
    def other(f: FloatArray) -> FloatArray:
        return bell(*LOW_MIDS, 6.0)(f) + np.where((f > 500.0) & (f < 1000.0), -6.0, 0.0)

    assert ask("ton.band", passage(other)) == ()


@pytest.mark.parametrize("gain_db", [-3.2, 3.2])
def test_a_small_leap_is_told_if_nothing_else_moves_meanwhile(gain_db: float) -> None:
    finding = ask_one("ton.band", passage(bell(*LOW_MIDS, gain_db)))
    assert finding.severity == "info"
    assert (finding.start_s, finding.end_s) == pytest.approx((20.0, 40.0), abs=2.1)


def test_the_same_small_leap_is_another_part_if_the_rest_moves_a_little_too() -> None:
    def other(f: FloatArray) -> FloatArray:
        beyond = (f < 120.0) | (f > 1000.0)
        return bell(*LOW_MIDS, -3.0)(f) + np.where(beyond, 1.5 * (-1.0) ** np.round(2 * np.log2(f)), 0.0)

    assert ask("ton.band", passage(other)) == ()


@pytest.mark.parametrize(("uneven_db", "told"), [(0.0, True), (1.6, False)])
def test_an_octave_all_of_whose_notes_move_alike_beside_neighbours_that_stay_is_equalised(
    uneven_db: float, told: bool
) -> None:
    """Whatever else changes meanwhile: the bass and the highs do, by 2 dB up or down."""

    def other(f: FloatArray) -> FloatArray:
        beyond, inside = (f < 120.0) | (f > 1000.0), (f > LOW_MIDS[0]) & (f < LOW_MIDS[1])
        turns = (-1.0) ** np.round(6 * np.log2(f / 250.0))
        return bell(*LOW_MIDS, -3.8)(f) + np.where(beyond, 2.0 * turns, 0.0) + np.where(inside, uneven_db * turns, 0.0)

    assert [finding.title for finding in ask("ton.band", passage(other))] == told * ["Too little low midrange"]


def test_a_dip_that_the_style_allows_is_told_if_it_stands_out_of_both_neighbours() -> None:
    mix = shaped(bell(*LOW_MIDS, -5.5))
    finding = ask_one("ton.band", mix, genre="ambient")
    assert (finding.severity, finding.title) == ("info", "Too little low midrange")
    assert "which styles do too" in finding.advice
    # A step is a shoulder, and no dip.
    assert ask("ton.band", shaped(lambda f: flat(f) - 5.5 * (f > 250.0)), genre="ambient") == ()


def test_an_octave_between_two_named_bands_is_found_where_it_is() -> None:
    finding = ask_one("ton.band", shaped(bell(2820.0, 5640.0, 7.0)))
    assert np.sqrt((finding.low_hz or 0) * (finding.high_hz or 0)) == pytest.approx(3981, rel=2 ** (1 / 6) - 1)
    assert finding.severity in {"moderate", "major"}


def test_what_only_the_average_says_may_be_the_style() -> None:
    # The upper bass as the shoulder of a heavy bass: far over the average, and not out of its neighbours.
    stepped = shaped(lambda f: np.select([f < 126, f < 251], [12.0, 8.0], 0.0))
    findings = ask("ton.band", stepped)
    assert findings
    assert all(finding.severity == "minor" and finding.confidence < 0.5 for finding in findings)
    assert all("may be the style" in finding.advice for finding in findings)


def test_the_scoop_that_electronic_music_usually_has_in_the_mids_is_none() -> None:
    assert ask("ton.band", shaped(bell(1000.0, 2000.0, -5.5))) == ()
    assert ask("ton.band", shaped(bell(1000.0, 2000.0, 6.5)))


@pytest.mark.parametrize("tilt", [-1.5, 0.0, 1.5])
def test_a_tilt_is_not_a_band_out_of_shape(tilt: float) -> None:
    assert ask("ton.band", shaped(lambda f: flat(f) + tilt * np.log2(f / 1000.0))) == ()


def test_four_db_are_within_tolerance() -> None:
    assert ask("ton.band", shaped(bell(*PRESENCE, 4.0))) == ()


def test_the_low_end_is_not_judged_by_a_curve_that_does_not_hold_there() -> None:
    assert ask("ton.band", shaped(lambda f: np.where(f < 120.0, 15.0, 0.0))) == ()


def test_no_eq_move_exceeds_four_db_and_a_large_fault_is_sent_back_to_the_sounds() -> None:
    finding = ask_one("ton.band", shaped(bell(*PRESENCE, 12.0)))
    assert finding.actions[0].gain_db == -4.0
    assert finding.exposure == pytest.approx(1.0, abs=0.05)
    assert 1990 < (finding.actions[0].frequency_hz or 0) < 3990
    assert "sounds and arrangement" in finding.advice


def test_a_wide_family_tolerates_more() -> None:
    mix = shaped(bell(*PRESENCE, 9.0))
    assert ask_one("ton.band", mix, "techno").excess > ask_one("ton.band", mix, "ambient").excess


def test_only_the_loud_passage_is_judged() -> None:
    mix, odd = clean(60.0), band_matrix(60.0, lambda f: bell(*PRESENCE, 12.0)(f) - 12.0)
    quiet = odd.times_s < 26.0
    curve = np.where(np.arange(6000) < 3000, -20.0, -8.5)
    mix = replace(
        mix,
        loudness=replace(mix.loudness, short_term_lufs=curve),
        bands=replace(
            mix.bands,
            ll=np.where(quiet[:, None], odd.ll, mix.bands.ll),
            rr=np.where(quiet[:, None], odd.rr, mix.bands.rr),
        ),
    )
    assert ask("ton.band", mix) == ()


def test_it_says_when() -> None:
    plain, odd = band_matrix(60.0, flat), band_matrix(60.0, bell(*PRESENCE, 12.0))
    then = ((odd.times_s >= 10.0) & (odd.times_s < 46.0))[:, None]
    ll, rr = np.where(then, odd.ll, plain.ll), np.where(then, odd.rr, plain.rr)
    finding = ask_one("ton.band", replace(clean(), bands=replace(plain, ll=ll, rr=rr)))
    assert (finding.start_s, finding.end_s) == pytest.approx((10.0, 46.0), abs=2.1)  # windows of 4 s


def test_silence_and_a_telephone_have_no_shape() -> None:
    assert "silent" in why_unmeasured("ton.band", silent())
    assert "Too few octaves" in why_unmeasured("ton.band", shaped(lambda f: np.where(f < 1000.0, 0.0, -150.0)))
