"""``int.channel``: dead, silent for a while, lopsided or inverted."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile

from support.format_zoo import encode
from support.mixes import RATE_HZ, clean, stereo_curve, swapped, with_defects
from support.signals import music
from support.verdicts import ask, ask_one, why_unmeasured
from uptrack_analysis.audio.source import open_audio
from uptrack_analysis.measure.one_pass import measure
from uptrack_analysis.measure.results import Gap, Measured, Silence
from uptrack_analysis.signal import FloatArray


def inverted(seconds: float, correlation: float = -0.9) -> Measured:
    curve = np.full(600, 0.6)
    curve[100 : 100 + round(10 * seconds)] = correlation
    return replace(clean(60.0), stereo=stereo_curve(60.0, curve))


def leaning(balance_db: float, seconds: float = 60.0) -> Measured:
    mix, curve = clean(60.0), stereo_curve(60.0)
    lean = np.where(np.arange(600) < 10 * seconds, 10 ** (balance_db / 20), 1.0)
    return replace(mix, stereo=replace(curve, ll=curve.ll * lean, rr=curve.rr / lean))


def test_a_dead_channel_is_a_blocker_that_names_the_side() -> None:
    finding = ask_one("int.channel", with_defects(clean(), silent_channels=(1,)))
    assert (finding.severity, finding.spans[0].channel) == ("blocker", 1)
    assert "right channel is silent" in finding.advice


def surround(mix: Measured) -> Measured:
    """The same in a file of six channels in the order of Ogg: left, centre, right, two behind, LFE."""
    return replace(mix, channels=6, front=(0, 2))


def test_an_unused_centre_is_no_fault_wherever_the_file_keeps_it() -> None:
    for channel in (1, 5):
        assert ask("int.channel", with_defects(surround(clean()), silent_channels=(channel,))) == ()


def test_a_dead_front_channel_is_a_blocker_wherever_the_file_keeps_it() -> None:
    mix = with_defects(surround(clean()), silent_channels=(2, 5))
    finding = ask_one("int.channel", mix)
    assert (finding.severity, finding.spans[0].channel) == ("blocker", 2)
    assert "The front right (channel 3) channel is silent" in finding.advice
    assert "One channel is silent" in why_unmeasured("ste.balance", mix)


def test_an_ogg_of_six_channels_is_judged_by_its_front_pair(tmp_path: Path) -> None:
    def faults(*dead: int) -> list[tuple[str, int | None]]:
        sound = music(44_100, 8.0, channels=6)
        sound[list(dead)] = 0.0
        (tmp_path / "a.ogg").write_bytes(encode(sound.T.astype(np.float64), "OGG", "VORBIS"))
        with open_audio(tmp_path / "a.ogg") as source:
            mix = measure(source, lambda _fraction, _stage: None)
        assert mix.front == (0, 2)
        return [(finding.title, finding.spans[0].channel) for finding in ask("int.channel", mix)]

    assert faults(1, 5) == []
    assert faults(2) == [("One channel is silent", 2)]


def test_a_side_upside_down_for_a_quarter_minute_is_found_where_it_is() -> None:
    finding = ask_one("int.channel", inverted(15.0))
    assert finding.severity == "blocker"
    assert finding.value == pytest.approx(-0.9, abs=0.1)
    assert (finding.start_s, finding.end_s) == pytest.approx((10.0, 25.0), abs=1.0)


def test_eight_seconds_upside_down_may_be_an_effect() -> None:
    assert ask("int.channel", inverted(8.0)) == ()


def test_a_very_wide_mix_is_not_inverted() -> None:
    assert ask("int.channel", inverted(50.0, -0.3)) == ()


@pytest.mark.parametrize("mirror", [False, True])
def test_four_db_between_the_sides_all_along_is_found_and_its_side_named(mirror: bool) -> None:
    mix = swapped(leaning(4.0)) if mirror else leaning(4.0)
    finding = ask_one("int.channel", mix)
    assert finding.severity == "major"
    assert abs(finding.value or 0) == pytest.approx(4.0, abs=0.05)
    assert ("The right channel" if mirror else "The left channel") in finding.advice


@pytest.mark.parametrize("mix", [leaning(2.5), leaning(5.0, seconds=20.0)], ids=["2.5 dB", "20 s"])
def test_a_smaller_or_shorter_lean_is_left_to_taste(mix: Measured) -> None:
    assert ask("int.channel", mix) == ()


def leaning_in_turn(left_db: float, right_db: float, left_s: float, right_s: float) -> Measured:
    """Two minutes that lean to the left for a while, then to the right, and so on."""
    mix, curve = clean(120.0), stereo_curve(120.0)
    turn_s = np.arange(1200) / 10 % (left_s + right_s)
    lean = 10 ** (np.where(turn_s < left_s, left_db, -right_db) / 20)
    return replace(mix, stereo=replace(curve, ll=curve.ll * lean, rr=curve.rr / lean))


@pytest.mark.parametrize("balance_db", [3.2, 4.0, 6.0])
def test_ping_pong_from_side_to_side_is_an_effect(balance_db: float) -> None:
    assert ask("int.channel", leaning_in_turn(balance_db, balance_db, 4.0, 4.0)) == ()
    assert ask("int.channel", leaning_in_turn(balance_db, balance_db, 4.0, 3.0)) == ()
    assert [one.rule for one in ask("ste.balance", leaning_in_turn(balance_db, balance_db, 4.0, 4.0))] == []


def test_a_side_that_leads_by_far_is_told_by_its_own_lead_alone() -> None:
    finding = ask_one("int.channel", leaning_in_turn(4.0, 8.0, 12.0, 5.0))
    assert finding.value == pytest.approx(4.0, abs=0.1)
    assert "The left channel" in finding.advice


def fallen(start_s: float, end_s: float, channel: int = 1, *, cut: bool = True, both_fall: bool = False) -> Measured:
    """One channel silent for a while in a mix whose sides are alike."""
    mix, steps = clean(60.0), np.arange(600)
    curve = stereo_curve(60.0)
    gone = np.where((steps >= 10 * start_s) & (steps < 10 * end_s), 0.0, 1.0)
    other = np.where(gone == 0.0, 1e-5, 1.0) if both_fall else np.ones(600)
    sides = (other, gone) if channel else (gone, other)
    silence = Silence(round(start_s * RATE_HZ), round(end_s * RATE_HZ), cut, False, channel)
    mix = replace(mix, stereo=replace(curve, ll=curve.ll * sides[0], rr=curve.rr * sides[1], lr=curve.lr * gone))
    bands = mix.bands
    there = np.interp(bands.times_s, steps / 10, gone)[:, np.newaxis] ** 8
    powers = {"rr" if channel else "ll": (bands.rr if channel else bands.ll) * there}
    return with_defects(replace(mix, bands=replace(bands, **powers)), silences=(silence,))


@pytest.mark.parametrize(("length_s", "word"), [(0.2, "moderate"), (1.0, "major"), (8.0, "blocker")])
@pytest.mark.parametrize(("channel", "side"), [(0, "left"), (1, "right")])
def test_a_channel_that_breaks_off_while_the_other_plays_on_is_told_with_its_side(
    channel: int, side: str, length_s: float, word: str
) -> None:
    finding = ask_one("int.channel", fallen(20.0, 20.0 + length_s, channel))
    assert finding.severity == word
    assert finding.value == pytest.approx(length_s)
    assert (finding.start_s, finding.end_s) == pytest.approx((20.0, 20.0 + length_s))
    assert finding.spans[0].channel == channel
    assert f"The {side} channel breaks off at 0:20.000" in finding.advice


def test_a_front_channel_that_breaks_off_is_judged_by_the_other_one_beside_unused_ones() -> None:
    mix = surround(fallen(20.0, 21.0))
    (silence,) = mix.defects.silences
    mix = with_defects(mix, silences=(replace(silence, channel=2),), silent_channels=(1, 5))
    finding = ask_one("int.channel", mix)
    assert (finding.severity, finding.spans[0].channel) == ("major", 2)
    assert "The front right (channel 3) channel breaks off at 0:20.000" in finding.advice
    assert ask("int.channel", with_defects(mix, silences=(replace(silence, channel=1),))) == ()


def test_what_a_stream_has_held_in_one_channel_is_a_dropout_and_no_silence() -> None:
    mix = fallen(20.0, 21.0)
    (silence,) = mix.defects.silences
    assert ask("int.channel", with_defects(mix, held=(Gap(silence.start, silence.end, (1,)),))) == ()
    assert ask("int.channel", with_defects(mix, held=(Gap(silence.start, silence.end, (0,)),))) != ()


def test_several_such_silences_are_one_finding_that_counts_them() -> None:
    once, again = fallen(20.0, 21.0), fallen(30.0, 32.0)
    gone = np.minimum(once.stereo.rr, again.stereo.rr)
    both = replace(once, stereo=replace(once.stereo, rr=gone))
    finding = ask_one("int.channel", with_defects(both, silences=(*once.defects.silences, *again.defects.silences)))
    assert "breaks off 2 times, first at 0:20.000, and for 2.00 s at most there is nothing in it" in finding.advice
    assert [(span.start_s, span.end_s) for span in finding.spans] == [(20.0, 21.0), (30.0, 32.0)]


def test_a_channel_that_dies_away_or_stops_with_the_other_has_no_fault() -> None:
    assert ask("int.channel", fallen(20.0, 25.0, cut=False)) == ()
    assert ask("int.channel", fallen(20.0, 25.0, both_fall=True)) == ()


def test_a_channel_that_breaks_off_for_long_is_no_mix_that_leans() -> None:
    mix = fallen(10.0, 45.0)
    assert [finding.title for finding in ask("int.channel", mix)] == ["One channel falls silent"]
    assert ask("ste.balance", mix) == ()
    assert [finding.title for finding in ask("int.channel", fallen(10.0, 45.0, cut=False))] == [
        "One channel much louder"
    ]


# --- parts that play on one side --------------------------------------------------------------------------------------

SECONDS = 60
TIME_S = np.arange(SECONDS * RATE_HZ) / RATE_HZ


def saw(frequency_hz: float) -> FloatArray:
    return 0.6 * ((frequency_hz * TIME_S) % 1) - 0.3


def fallen_silent(folder: Path, left: FloatArray, right: FloatArray) -> list[tuple[str, int]]:
    """How bad it is that one channel of a measured file falls silent, and how often it does."""
    soundfile.write(folder / "mix.wav", np.stack([left, right], axis=1), RATE_HZ, subtype="FLOAT")
    with open_audio(folder / "mix.wav") as source:
        found = ask("int.channel", measure(source, lambda _fraction, _stage: None))
    return [(one.severity, len(one.spans)) for one in found if one.title == "One channel falls silent"]


def test_notes_on_one_side_that_stop_in_time_are_playing(tmp_path: Path) -> None:
    for frequency_hz in (220.0, 55.0):  # the drone's own note, too, which is as good as shared
        notes = saw(frequency_hz) * (TIME_S % 0.5 < 0.3)
        assert fallen_silent(tmp_path, notes, saw(55.0)) == []
    silent = (TIME_S >= 20) & (TIME_S < 26)
    assert fallen_silent(tmp_path, np.where(silent, 0.0, notes), saw(55.0)) == []
    longer = saw(220.0) * (TIME_S % 0.5 < 0.4)
    assert fallen_silent(tmp_path, np.where(silent, 0.0, longer), saw(55.0)) == []
    lost = np.where((TIME_S >= 20.13) & (TIME_S < 26.23), 0.0, notes)
    assert fallen_silent(tmp_path, lost, saw(55.0)) == [("major", 1)]


def test_notes_on_one_side_that_are_played_by_hand_or_held_for_long_are_playing(tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    by_hand = np.zeros(TIME_S.size)
    for start_s in np.cumsum(rng.uniform(0.35, 1.1, 200)):
        by_hand[round(start_s * RATE_HZ) : round((start_s + rng.uniform(0.1, 0.3)) * RATE_HZ)] = 1.0
    assert fallen_silent(tmp_path, saw(233.0) * by_hand, saw(55.0)) == []
    assert fallen_silent(tmp_path, saw(233.0) * (TIME_S % 20 < 14), saw(55.0)) == []


def test_sound_thrown_from_side_to_side_is_an_effect(tmp_path: Path) -> None:
    left, right = music(RATE_HZ, SECONDS).astype(np.float64)
    thrown, on_left = (TIME_S >= 20) & (TIME_S < 21.4), TIME_S % 0.5 < 0.25
    assert fallen_silent(tmp_path, np.where(thrown & ~on_left, 0.0, left), np.where(thrown & on_left, 0.0, right)) == []


@pytest.mark.parametrize(
    ("places", "word"),
    [
        ([(20.13, 0.13)], "minor"),
        ([(10.1, 0.2), (12.4, 0.5), (13.9, 0.3), (15.77, 1.0), (17.61, 0.15)], "major"),
        ([(20.3, 20.0)], "blocker"),
        ([(10.3, 8.0), (40.1, 8.0)], "blocker"),
    ],
    ids=["once", "five times at odd places", "for long", "for long twice"],
)
def test_music_that_both_sides_share_does_not_rest_on_one_of_them(
    places: list[tuple[float, float]], word: str, tmp_path: Path
) -> None:
    left, right = music(RATE_HZ, SECONDS).astype(np.float64)
    for start_s, length_s in places:
        right[round(start_s * RATE_HZ) : round((start_s + length_s) * RATE_HZ)] = 0.0
    assert fallen_silent(tmp_path, left, right) == [(word, len(places))]


def unlike(mix: Measured) -> Measured:
    """The same with sides that share nothing."""
    return replace(mix, stereo=replace(mix.stereo, lr=np.zeros_like(mix.stereo.lr)))


def test_one_of_several_long_silences_of_a_side_of_its_own_is_no_blocker() -> None:
    once, again = fallen(10.0, 18.0), fallen(40.0, 40.2)
    both = replace(once, stereo=replace(once.stereo, rr=np.minimum(once.stereo.rr, again.stereo.rr)))
    both = with_defects(both, silences=(*once.defects.silences, *again.defects.silences))
    assert ask_one("int.channel", unlike(once)).severity == "blocker"
    assert ask_one("int.channel", both).severity == "blocker"
    assert [finding.title for finding in ask("int.channel", unlike(both))] == ["One channel falls silent"]
    assert ask_one("int.channel", unlike(both)).severity != "blocker"


def test_a_mono_file_has_no_channel_fault() -> None:
    assert ask("int.channel", replace(clean(), channels=1)) == ()
