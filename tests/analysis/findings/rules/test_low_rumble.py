"""``low.rumble``: what lies under everything that is heard."""

from dataclasses import replace

import numpy as np
import pytest

from support.mixes import band_matrix, clean, flat, silent
from support.noises import pink, shaped_noise
from support.signals import tone
from support.verdicts import ask, ask_one, why_unmeasured
from uptrack_analysis.measure.bands import BandMeter
from uptrack_analysis.measure.ltas import mean_spectrum
from uptrack_analysis.measure.results import Measured
from uptrack_analysis.signal import Block


def rumbling(level_db: float, *, from_s: float = 0.0, to_s: float = 60.0) -> Measured:
    """``level_db`` over the stronger octave of the low end."""
    mix = clean()
    then = (mix.bands.times_s >= from_s) & (mix.bands.times_s < to_s)
    octaves = (mean_spectrum(mix.bands).between(low_hz, 2 * low_hz) or 0.0 for low_hz in (30.0, 60.0))
    rumble = np.where(then, max(octaves) * 10 ** (level_db / 10), mix.bands.rumble)
    return replace(mix, bands=replace(mix.bands, rumble=rumble))


@pytest.mark.parametrize(("level_db", "word"), [(-11.5, "minor"), (-6.0, "moderate"), (0.0, "major")])
def test_it_is_as_bad_as_it_is_strong(level_db: float, word: str) -> None:
    finding = ask_one("low.rumble", rumbling(level_db))
    assert finding.severity == word
    assert finding.value == pytest.approx(level_db, abs=0.3)
    assert (finding.low_hz, finding.high_hz) == (10, 28)


def test_thirteen_db_under_the_bass_is_fine() -> None:
    assert ask("low.rumble", rumbling(-13.0)) == ()


def test_it_says_when() -> None:
    finding = ask_one("low.rumble", rumbling(-4.0, from_s=20.0, to_s=44.0))
    assert (finding.start_s, finding.end_s) == pytest.approx((20.0, 44.0), abs=1.6)


def test_an_impact_may_go_as_low_as_it_likes() -> None:
    assert ask("low.rumble", rumbling(-6.0, from_s=20.0, to_s=21.0)) == ()


def test_music_without_a_low_end_is_not_blamed_for_its_hum_of_nothing() -> None:
    thin = band_matrix(60.0, lambda f: np.where(f < 120.0, -40.0, 0.0))
    assert ask("low.rumble", replace(clean(), bands=replace(thin, rumble=thin.rumble * 10**2.5))) == ()


def test_silence_has_none_to_ask_about() -> None:
    assert "silent" in why_unmeasured("low.rumble", silent())


def test_a_file_without_the_figure_is_unmeasured() -> None:
    mix = clean()
    assert "no low end" in why_unmeasured("low.rumble", replace(mix, bands=replace(mix.bands, rumble=np.empty(0))))


def with_sound(signal: Block) -> Measured:
    meter = BandMeter(44_100, 2)
    meter.push(signal)
    return replace(clean(signal.shape[1] / 44_100), bands=meter.finish())


def test_an_808_on_the_lowest_c_is_a_note_and_noise_at_18_hz_is_not() -> None:
    music = shaped_noise(44_100, 20, lambda f: np.where(f > 30, pink(f), 0.0))
    music += tone(44_100, 20, -8, frequency_hz=36.7)
    assert ask("low.rumble", with_sound(music)) == ()
    air = shaped_noise(44_100, 20, lambda f: np.where((f > 12) & (f < 25), 1.0, 0.0), rms=0.2)
    assert ask_one("low.rumble", with_sound(music + air)).value == pytest.approx(-3.0, abs=1.5)


def test_the_clean_mix_is_clean() -> None:
    assert ask("low.rumble", replace(clean(), bands=band_matrix(60.0, flat))) == ()
