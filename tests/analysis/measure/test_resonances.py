from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from support.noises import bell, pink, shaped_noise
from support.signals import amplitude, tone
from uptrack_analysis.errors import NothingToMeasure
from uptrack_analysis.measure.bands import BandMeter
from uptrack_analysis.measure.notes import nearest_note
from uptrack_analysis.measure.resonances import MOST, resonances
from uptrack_analysis.measure.results import Resonance
from uptrack_analysis.signal import Block

RATE_HZ = 44_100


def found(signal: Block, rate_hz: int = RATE_HZ) -> tuple[Resonance, ...]:
    meter = BandMeter(rate_hz, signal.shape[0])
    meter.push(signal)
    meter.finish()
    return resonances(meter.fine)


def cents(peak: Resonance, frequency_hz: float) -> float:
    return abs(1200 * float(np.log2(peak.frequency_hz / frequency_hz)))


def test_a_bell_of_9_db_at_440_hz_is_found_as_a4_within_5_cents_and_1_db() -> None:
    (peak,) = found(shaped_noise(RATE_HZ, 40, bell(440, 9, 30)))
    assert cents(peak, 440) < 5
    assert peak.above_floor_db == pytest.approx(9, abs=1)
    assert peak.share > 0.9  # a filter rings whatever is played through it
    note, off = nearest_note(peak.frequency_hz)
    assert (note, abs(off) < 5) == ("A4", True)


@settings(max_examples=5)
@given(frequency_hz=st.floats(210, 9_000), gain_db=st.floats(7, 15))
def test_a_bell_is_found_wherever_it_lies(frequency_hz: float, gain_db: float) -> None:
    (peak,) = found(shaped_noise(RATE_HZ, 15, bell(frequency_hz, gain_db, 12)))
    assert cents(peak, frequency_hz) < 12
    assert peak.above_floor_db == pytest.approx(gain_db, abs=1.7)


@pytest.mark.parametrize("gain_db", [7.0, 15.0])
def test_where_the_search_begins_a_tall_bell_reads_up_to_two_db_low(gain_db: float) -> None:
    (peak,) = found(shaped_noise(RATE_HZ, 15, bell(200.0, gain_db, 12)))
    assert cents(peak, 200.0) < 12
    assert gain_db - 2.2 < peak.above_floor_db < gain_db


@pytest.mark.parametrize("rate_hz", [8_000, 22_050, 48_000, 96_000, 192_000])
def test_the_rate_does_not_move_it(rate_hz: int) -> None:
    (peak,) = found(shaped_noise(rate_hz, 15, bell(440, 9, 25), channels=1), rate_hz)
    assert cents(peak, 440) < 12
    # Fifteen seconds of noise in a bin of 2.7 Hz are 60 independent values: 0.6 dB, one sigma.
    assert peak.above_floor_db == pytest.approx(9, abs=1.7)


@pytest.mark.parametrize("seconds", [7, 20])
def test_noise_has_none(seconds: float) -> None:
    assert found(shaped_noise(RATE_HZ, seconds, pink)) == ()


def test_a_broad_bell_is_tone_and_no_resonance() -> None:
    assert found(shaped_noise(RATE_HZ, 20, bell(700, 9, 1.5))) == ()


def test_the_edge_of_a_low_pass_is_no_resonance() -> None:
    assert found(shaped_noise(RATE_HZ, 20, lambda f: np.where(f < 9_000, pink(f), 1e-6))) == ()


def test_a_note_that_sounds_a_third_of_the_time_has_that_share() -> None:
    noise = shaped_noise(RATE_HZ, 24, pink)
    note = tone(RATE_HZ, 24, -22, frequency_hz=523.25)
    note[:, np.arange(note.shape[1]) % (6 * RATE_HZ) >= 2 * RATE_HZ] = 0
    (peak,) = found(noise + note)
    assert cents(peak, 523.25) < 2
    # Slots of 0.37 s that a note's beginning or end falls into may or may not stand.
    assert peak.share == pytest.approx(1 / 3, abs=0.09)


def test_it_says_when_a_peak_stands() -> None:
    noise = shaped_noise(RATE_HZ, 24, pink)
    note = tone(RATE_HZ, 24, -22, frequency_hz=523.25)
    note[:, : 6 * RATE_HZ] = note[:, 18 * RATE_HZ :] = 0
    (peak,) = found(noise + note)
    assert len(peak.standing) == 1
    assert peak.standing[0] == pytest.approx((6.0, 18.0), abs=0.4)


def test_what_rings_on_comes_before_what_stands_higher_for_a_moment() -> None:
    noise = shaped_noise(RATE_HZ, 24, bell(1_000, 9, 30))
    note = tone(RATE_HZ, 24, -20, frequency_hz=523.25)
    note[:, 2 * RATE_HZ :] = 0
    first, second = found(noise + note)
    assert (round(first.frequency_hz, -2), round(second.frequency_hz, -2)) == (1_000, 500)
    assert second.above_floor_db > first.above_floor_db


def test_many_partials_are_cut_to_the_most_telling() -> None:
    signal = shaped_noise(RATE_HZ, 8, pink, rms=amplitude(-50))
    for number in range(1, 31):
        signal = signal + tone(RATE_HZ, 8, -30, frequency_hz=150 * number)
    assert len(found(signal)) == MOST


def test_silence_and_a_short_sound_have_no_answer() -> None:
    for signal in (np.zeros((2, 10 * RATE_HZ), np.float32), np.zeros((1, 1), np.float32), tone(RATE_HZ, 3, -6)):
        with pytest.raises(NothingToMeasure, match="6 s"):
            found(signal)


@pytest.mark.parametrize(
    ("frequency_hz", "note", "off"), [(440, "A4", 0), (261.626, "C4", 0), (452, "A4", 46.6), (27.5, "A0", 0)]
)
def test_notes_have_their_names(frequency_hz: float, note: str, off: float) -> None:
    name, over = nearest_note(frequency_hz)
    assert name == note
    assert over == pytest.approx(off, abs=0.1)
