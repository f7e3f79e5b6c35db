"""``int.hum``: mains hum against the music it lies under."""

from dataclasses import replace

import numpy as np
import pytest

from support.mixes import RATE_HZ, arranged, clean, silent, swapped, with_defects
from support.signals import music, tone
from support.small_band import mixed, small_band
from support.stem_cases import ask_stems
from support.verdicts import ask, ask_one, why_unmeasured
from uptrack_analysis.measure.defects import DefectMeter
from uptrack_analysis.measure.results import Hum, Measured
from uptrack_analysis.signal import Block


def humming(level_dbfs: float, *, channels: tuple[int, ...] = (0, 1), mains_hz: float = 50.0) -> Measured:
    lines = ((1, level_dbfs - 1.0), (3, level_dbfs - 8.0), (2, level_dbfs - 20.0))
    return with_defects(
        clean(60.0), hum=tuple(Hum(channel, mains_hz, level_dbfs, lines, 0.0, 60.0) for channel in channels)
    )


@pytest.mark.parametrize(("level_dbfs", "word"), [(-57.0, "minor"), (-48.0, "moderate"), (-36.0, "major")])
def test_hum_is_as_bad_as_it_is_loud_against_the_music(level_dbfs: float, word: str) -> None:
    finding = ask_one("int.hum", humming(level_dbfs))
    assert finding.severity == word
    assert finding.value == pytest.approx(level_dbfs + 8.5)


def test_both_channels_of_one_leak_are_one_finding_and_one_channel_is_named() -> None:
    assert ask_one("int.hum", humming(-40.0)).spans[0].channel is None
    assert "in right" in ask_one("int.hum", humming(-40.0, channels=(1,))).advice
    assert "in left" in ask_one("int.hum", swapped(humming(-40.0, channels=(1,)))).advice


def test_the_lines_to_notch_are_named_from_the_lowest_up() -> None:
    finding = ask_one("int.hum", humming(-40.0, mains_hz=60.0))
    assert "60 Hz, 120 Hz, 180 Hz" in finding.advice
    assert (finding.low_hz, finding.high_hz) == (60.0, 180.0)


def test_every_line_it_names_has_a_notch_of_its_own() -> None:
    finding = ask_one("int.hum", humming(-40.0, mains_hz=60.0))
    notches = [action for action in finding.actions if action.tool == "notch"]
    assert [action.frequency_hz for action in notches] == [60.0, 120.0, 180.0]
    assert {action.q for action in notches} == {30.0}


def test_the_stem_that_hums_is_named_and_not_the_bass_that_plays_there() -> None:
    band = small_band(seconds=32.0)
    mains = sum(tone(RATE_HZ, 32.0, level, frequency_hz=hz) for hz, level in ((50, -34), (100, -42), (150, -38)))
    for name in band:
        band[name][:, 16 * RATE_HZ : 26 * RATE_HZ] *= np.float32(0.003)
    band["Pad"] = band["Pad"] + mains
    (finding,) = ask_stems("int.hum", band)
    assert finding.stem == "Pad"
    assert finding.shares[0].share > 0.9


def test_hum_that_came_in_after_the_stems_is_no_stem_s() -> None:
    band = small_band(seconds=32.0)
    for name in band:
        band[name][:, 16 * RATE_HZ : 26 * RATE_HZ] *= np.float32(0.003)
    mains = sum(tone(RATE_HZ, 32.0, level, frequency_hz=hz) for hz, level in ((50, -34), (100, -42), (150, -38)))
    (finding,) = ask_stems("int.hum", band, mixed(band) + mains)
    assert finding.stem is None
    assert "No stem has it" in finding.advice


def test_a_leak_far_under_the_music_is_no_finding() -> None:
    assert ask("int.hum", humming(-72.0)) == ()


def test_no_hum_no_finding() -> None:
    assert ask("int.hum", arranged()) == ()


def test_a_file_too_short_to_tell_hum_from_a_note_is_not_judged() -> None:
    short = replace(with_defects(clean(8.0), hum=None), unmeasured={"defects.hum": "Expected at least 13 s of audio."})
    assert why_unmeasured("int.hum", short) == "Expected at least 13 s of audio."
    assert ask("int.hum", silent()) == ()


def measured(signal: Block) -> Measured:
    meter = DefectMeter(RATE_HZ, 2, 24)
    meter.push(signal)
    return replace(clean(signal.shape[1] / RATE_HZ), defects=meter.finish())


def test_hum_is_found_in_the_break_of_real_samples_and_a_steady_bass_is_none() -> None:
    groove = music(RATE_HZ, 40.0)
    groove[:, round(20.0 * RATE_HZ) :] *= np.float32(0.003)  # a break
    assert ask("int.hum", measured(groove)) == ()
    mains = sum(tone(RATE_HZ, 40.0, level, frequency_hz=hz) for hz, level in ((50, -38), (100, -46), (150, -42)))
    finding = ask_one("int.hum", measured(groove + mains))
    assert finding.severity == "moderate"
    assert finding.low_hz == pytest.approx(50.0, abs=0.1)
    assert finding.exposure > 0.3
