"""``int.false_stereo``: one signal on two channels, and what is merely narrow."""

from dataclasses import replace

import numpy as np
import pytest

from support.mixes import RATE_HZ, arranged, clean
from support.signals import music
from support.small_band import mixed, small_band
from support.stem_cases import ask_stems
from support.verdicts import ask, ask_one, why_unmeasured
from uptrack_analysis.measure.false_stereo import match_channels
from uptrack_analysis.measure.results import ChannelMatch, Measured
from uptrack_analysis.measure.stereo_curve import StereoCurveMeter
from uptrack_analysis.present.wording import measured_against
from uptrack_analysis.signal import Block


def alike(match: ChannelMatch | None, duration_s: float = 60.0) -> Measured:
    made = clean(duration_s)
    return replace(made, details=replace(made.details, channels=match))


@pytest.mark.parametrize("difference_db", [-60.0, -79.0, -120.0])
def test_one_signal_on_both_channels_is_moderate(difference_db: float) -> None:
    finding = ask_one("int.false_stereo", alike(ChannelMatch("identical", difference_db, 0.0, None, inverted=False)))
    assert finding.severity == "moderate"
    assert "mono switch" in finding.advice
    assert measured_against(finding).endswith(" dB (told from −60)"), "not from 10, where the scale begins"


def test_the_same_at_another_gain_says_so() -> None:
    finding = ask_one("int.false_stereo", alike(ChannelMatch("gain", -90.0, -1.5, None, inverted=False)))
    assert "−1.5 dB on the right" in finding.advice


def test_a_delay_names_the_late_side_and_where_the_comb_begins() -> None:
    finding = ask_one("int.false_stereo", alike(ChannelMatch("delay", -8.0, 0.0, -10.0, inverted=False)))
    assert finding.severity == "major"
    assert "left channel is the other one 10.00 ms later" in finding.advice
    assert "from 50 Hz up" in finding.advice


def test_a_short_loop_may_be_mono_on_purpose() -> None:
    finding = ask_one("int.false_stereo", alike(ChannelMatch("identical", -120.0, 0.0, None, inverted=False), 12.0))
    assert finding.severity == "minor"


def test_a_mono_file_is_not_false_stereo_and_a_stereo_one_neither() -> None:
    assert ask("int.false_stereo", replace(alike(None), channels=1)) == ()
    assert ask("int.false_stereo", arranged()) == ()


def test_a_dead_channel_leaves_nothing_to_compare() -> None:
    silent = replace(alike(None), unmeasured={"stereo.false_stereo": "Expected signal in two channels."})
    assert why_unmeasured("int.false_stereo", silent) == "Expected signal in two channels."


def measured(signal: Block) -> Measured:
    meter = StereoCurveMeter(RATE_HZ, 2)
    meter.push(signal)
    return alike(match_channels(meter.finish(), meter.excerpts, RATE_HZ))


def test_real_samples_25_db_narrower_are_stereo_and_one_channel_twice_is_not() -> None:
    mix = music(RATE_HZ, 12.0)
    assert ask("int.false_stereo", measured(mix)) == ()
    middle, side = mix.mean(axis=0), (mix[0] - mix[1]) / 2
    narrow = np.float32(10 ** (-25 / 20)) * side
    assert ask("int.false_stereo", measured(np.stack([middle + narrow, middle - narrow]))) == ()
    assert ask_one("int.false_stereo", measured(np.stack([middle, middle]))).severity == "moderate"
    late = np.stack([middle, np.roll(middle, 441)])
    assert ask_one("int.false_stereo", measured(late)).value == pytest.approx(10.0, abs=0.1)


def in_mono(signal: Block) -> Block:
    return np.stack([signal.mean(axis=0)] * 2)


def test_stems_with_a_side_signal_say_that_the_export_lost_it() -> None:
    stems = small_band(seconds=32.0)
    (finding,) = ask_stems("int.false_stereo", stems, in_mono(mixed(stems)))
    assert finding.severity == "moderate"
    assert finding.confidence == 0.95
    assert "Of the stems Hats and 1 more have a side signal, so the export lost it" in finding.advice


def test_a_mix_of_mono_stems_is_mono_as_made_and_only_informs() -> None:
    stems = {name: in_mono(samples) for name, samples in small_band(seconds=32.0).items()}
    (finding,) = ask_stems("int.false_stereo", stems)
    assert finding.severity == "info"
    assert "No stem has a side signal either" in finding.advice


def test_a_mono_stem_in_a_stereo_mix_is_no_finding() -> None:
    assert ask_stems("int.false_stereo", small_band(seconds=32.0)) == ()
