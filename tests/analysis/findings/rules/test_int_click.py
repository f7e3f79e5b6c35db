"""``int.click``: a wrong sample that the music around it does not hide."""

from dataclasses import replace

import numpy as np
import pytest

from support.mixes import RATE_HZ, arranged, band_matrix, clean, swapped, turned, with_defects
from support.noises import pink, shaped_noise
from support.verdicts import ask, ask_one
from uptrack_analysis.measure.bands import BandMeter
from uptrack_analysis.measure.defects import DefectMeter
from uptrack_analysis.measure.results import Click, Measured
from uptrack_analysis.present.wording import measured_against
from uptrack_analysis.signal import Block

# Turns the clean mix's matrix so that 4-16 kHz reads -37 dBFS, as in a loud master.
CALIBRATED_DB = -28.25


def clicking(*clicks: tuple[float, float], channels: tuple[int, ...] = (0, 1), gain_db: float = 0.0) -> Measured:
    """Clicks at ``(second, dBFS)``, in music turned by ``gain_db``."""
    return replace(
        with_defects(
            clean(60.0), clicks=tuple(Click(round(at_s * RATE_HZ), channels, level) for at_s, level in clicks)
        ),
        bands=band_matrix(60.0, gain_db=CALIBRATED_DB + gain_db),
    )


@pytest.mark.parametrize(("level_dbfs", "word"), [(-20.0, "moderate"), (-14.0, "moderate"), (-6.0, "major")])
def test_a_click_is_as_bad_as_it_stands_out(level_dbfs: float, word: str) -> None:
    finding = ask_one("int.click", clicking((14.118, level_dbfs)))
    assert finding.severity == word
    assert finding.value == pytest.approx(level_dbfs + 37.0, abs=0.2)


def test_it_says_from_where_on_clicks_are_told_and_not_where_the_scale_begins() -> None:
    finding = ask_one("int.click", clicking((14.118, -20.0)))
    assert measured_against(finding).endswith(" dB (told from 16)")
    assert ask("int.click", clicking((14.118, -37.0 + 15.5))) == ()


def test_a_click_is_told_with_its_place() -> None:
    finding = ask_one("int.click", clicking((14.118, -10.0), channels=(1,)))
    assert finding.start_s == pytest.approx(14.118, abs=1e-4)
    assert finding.spans[0].channel == 1
    assert "0:14.118 in right" in finding.advice


def test_what_the_music_hides_is_no_finding_and_the_same_in_a_quiet_break_is() -> None:
    assert ask("int.click", clicking((14.0, -26.0))) == ()
    assert ask_one("int.click", clicking((14.0, -26.0), gain_db=-20.0)).severity == "major"


def test_a_click_is_held_against_its_own_side_wherever_the_file_keeps_it() -> None:
    def told(channel: int) -> float | None:
        mix = clicking((14.0, -12.0), channels=(channel,))
        quiet_right = replace(mix, bands=replace(mix.bands, rr=mix.bands.rr / 100))
        return ask_one("int.click", replace(quiet_right, channels=6, front=(0, 2))).value

    assert told(2) == pytest.approx((told(0) or 0.0) + 20.0, abs=0.1)
    assert told(4) == told(0)  # of those behind only the music in front is known


def test_turning_the_file_down_changes_nothing() -> None:
    loud = clicking((14.0, -12.0))
    quiet = replace(turned(loud, -6.0), defects=clicking((14.0, -18.0)).defects)
    assert ask_one("int.click", quiet).excess == pytest.approx(ask_one("int.click", loud).excess)


def test_left_and_right_may_be_swapped() -> None:
    mix = clicking((14.0, -10.0), channels=(0,))
    assert ask_one("int.click", swapped(mix)).spans[0].channel == 1


def test_clicks_within_a_bar_are_one_place_and_further_ones_another() -> None:
    findings = ask("int.click", clicking((10.0, -10.0), (11.0, -12.0), (30.0, -10.0)))
    assert sorted(len(finding.spans) for finding in findings) == [1, 2]
    assert len({finding.id for finding in findings}) == 2


def test_crackle_from_start_to_end_is_likelier_meant() -> None:
    findings = ask("int.click", clicking(*((0.5 + 1.7 * k, -10.0) for k in range(34))))
    assert {finding.severity for finding in findings} == {"minor"}


def test_no_click_no_finding() -> None:
    assert ask("int.click", arranged()) == ()


def measured(signal: Block) -> Measured:
    defects, bands = DefectMeter(RATE_HZ, 2, 24), BandMeter(RATE_HZ, 2)
    defects.push(signal)
    bands.push(signal)
    found = clean(signal.shape[1] / RATE_HZ)
    return replace(found, defects=defects.finish(), bands=bands.finish())


def gated_stutter(signal: Block, at_s: float) -> Block:
    """Sixteenths at 130 bpm of which every other is silent, without a fade, for a bar."""
    step = 60 / 130 / 4
    stuttered = signal.copy()
    for number in range(1, 16, 2):
        stuttered[:, round((at_s + number * step) * RATE_HZ) : round((at_s + (number + 1) * step) * RATE_HZ)] = 0
    return stuttered


def distorted_lead(signal: Block) -> Block:
    """A square wave, each of whose edges is as steep as a click."""
    time_s = np.arange(signal.shape[1]) / RATE_HZ
    return signal + np.float32(0.15) * np.sign(np.sin(2 * np.pi * 220.0 * time_s)).astype(np.float32)


def test_a_spike_in_real_samples_is_found_to_the_sample() -> None:
    signal = shaped_noise(RATE_HZ, 12.0, pink, rms=0.1)
    signal[:, 300_000] += np.float32(0.6)
    finding = ask_one("int.click", measured(signal))
    assert finding.start_s == pytest.approx(300_000 / RATE_HZ, abs=2e-4)
    assert finding.severity in {"moderate", "major"}


def test_a_gated_stutter_and_a_distorted_lead_are_no_clicks() -> None:
    signal = shaped_noise(RATE_HZ, 12.0, pink, rms=0.1)
    assert ask("int.click", measured(gated_stutter(signal, 4.0))) == ()
    assert ask("int.click", measured(distorted_lead(signal))) == ()
