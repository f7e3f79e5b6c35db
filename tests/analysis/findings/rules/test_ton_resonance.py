"""``ton.resonance``: peaks that ring and are no note."""

from dataclasses import replace

import numpy as np
import pytest

from support.mixes import clean
from support.noises import bell, pink, shaped_noise
from support.signals import tone
from support.verdicts import ask, ask_one, why_unmeasured
from uptrack_analysis.measure.bands import BandMeter
from uptrack_analysis.measure.resonances import resonances
from uptrack_analysis.measure.results import Details, KeyEstimate, Measured, Resonance
from uptrack_analysis.signal import Block

A_MINOR = KeyEstimate(9, True, 0.85, (), 0.0)
RING_HZ = 1240.0  # D#6, which is no note of A minor
ALWAYS = ((0.0, 60.0),)


def peak(frequency_hz: float = RING_HZ, height_db: float = 15.0, standing: tuple[tuple[float, float], ...] = ALWAYS,
         share: float = 0.95) -> Resonance:  # fmt: skip
    return Resonance(frequency_hz, height_db, share, standing)


def with_peaks(*peaks: Resonance, key: KeyEstimate = A_MINOR) -> Measured:
    return replace(clean(), key=key, details=Details(resonances=peaks))


@pytest.mark.parametrize(("height_db", "most"), [(10.0, 1.0), (15.0, 2.0), (20.0, 3.0)])
def test_it_is_as_bad_as_it_stands_out_and_never_more_than_told(height_db: float, most: float) -> None:
    finding = ask_one("ton.resonance", with_peaks(peak(height_db=height_db)))
    assert (finding.severity, finding.value) == ("info", height_db)
    assert most - 1.0 < finding.excess <= most
    assert finding.title == "Resonance at 1.24 kHz"
    assert (finding.low_hz or 0) < RING_HZ < (finding.high_hz or 0)
    assert finding.actions[0].frequency_hz == RING_HZ


@pytest.mark.parametrize("height_db", [5.0, 8.0])
def test_what_is_under_the_warning_is_nothing(height_db: float) -> None:
    assert ask("ton.resonance", with_peaks(peak(height_db=height_db))) == ()


@pytest.mark.parametrize("frequency_hz", [880.0, 1046.5, 1318.5])
def test_a_held_note_of_the_chord_is_no_resonance(frequency_hz: float) -> None:
    assert ask("ton.resonance", with_peaks(peak(frequency_hz, 20.0))) == ()


def test_a_note_off_the_grid_is_no_note() -> None:
    assert ask("ton.resonance", with_peaks(peak(880.0 * 2 ** (40 / 1200))))


def test_what_is_out_of_tune_is_told_by_its_distance_and_not_by_the_key() -> None:
    f7_hz = 2793.83  # in A minor, and the ring 25 cents over it
    advice = ask_one("ton.resonance", with_peaks(peak(f7_hz * 2 ** (25 / 1200)))).advice
    assert "it is 25 cents off F7, so no played note." in advice
    assert "A minor" not in advice


def test_the_key_is_named_where_the_note_lies_outside_of_it() -> None:
    assert "it is D#6, which is no note of A minor." in ask_one("ton.resonance", with_peaks(peak())).advice


def test_notes_are_named_as_the_file_is_tuned() -> None:
    tuned = replace(A_MINOR, tuning_cents=40.0)
    advice = ask_one("ton.resonance", with_peaks(peak(880.0 * 2 ** (75 / 1200)), key=tuned)).advice
    assert "35 cents off A5" in advice


def test_a_whistle_over_all_notes_is_not_measured_by_them() -> None:
    assert "higher than notes are played" in ask_one("ton.resonance", with_peaks(peak(11_064.0, 22.0))).advice


def test_a_file_tuned_40_cents_up_has_its_notes_there() -> None:
    tuned = replace(A_MINOR, tuning_cents=40.0)
    assert ask("ton.resonance", with_peaks(peak(880.0 * 2 ** (40 / 1200)), key=tuned)) == ()


def test_a_note_outside_the_key_that_brings_its_octave_is_played() -> None:
    assert ask("ton.resonance", with_peaks(peak(), peak(RING_HZ / 2, 5.0))) == ()


def test_where_the_key_is_not_sure_whatever_is_in_tune_may_be_a_note() -> None:
    assert ask("ton.resonance", with_peaks(peak(), key=replace(A_MINOR, confidence=0.4))) == ()


def test_a_bright_hi_hat_rings_and_may() -> None:
    assert ask("ton.resonance", with_peaks(peak(6850.0, 12.0), peak(8643.0, 10.0))) == ()


def test_a_whistle_is_found_wherever_it_lies() -> None:
    assert ask_one("ton.resonance", with_peaks(peak(11_064.0, 22.0, share=0.99))).excess > 2


def test_it_says_when() -> None:
    standing = ((20.0, 24.0), (24.4, 33.0), (33.8, 40.0), (52.0, 52.4))
    finding = ask_one("ton.resonance", with_peaks(peak(standing=standing, share=0.33)))
    assert (finding.start_s, finding.end_s) == (20.0, 40.0)
    assert finding.exposure == pytest.approx(1 / 3, abs=0.01)


def test_notes_that_come_and_go_do_not_ring() -> None:
    short = tuple((start, start + 0.7) for start in np.arange(0.0, 60.0, 3.0).tolist())
    assert ask("ton.resonance", with_peaks(peak(standing=short, share=0.25))) == ()


def test_without_resonances_it_is_unmeasured() -> None:
    assert "not measured" in why_unmeasured("ton.resonance", replace(clean(), details=Details()))


def of_sound(signal: Block) -> Measured:
    meter = BandMeter(44_100, 2)
    meter.push(signal)
    meter.finish()
    return with_peaks(*resonances(meter.fine))


def test_a_filter_that_rings_for_a_while_is_found_there_and_a_held_lead_note_is_not() -> None:
    plain, ringing = (shaped_noise(44_100, 60, response) for response in (pink, bell(RING_HZ, 16, 30)))
    then = (np.arange(plain.shape[1]) >= 20 * 44_100) & (np.arange(plain.shape[1]) < 40 * 44_100)
    lead = tone(44_100, 60, -26, frequency_hz=880.0)
    finding = ask_one("ton.resonance", of_sound(np.where(then, ringing, plain) + lead))
    assert finding.title == "Resonance at 1.24 kHz"
    assert (finding.start_s, finding.end_s) == pytest.approx((20.0, 40.0), abs=0.8)
