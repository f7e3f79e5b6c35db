"""``ton.tilt``: dark and bright."""

from dataclasses import replace

import numpy as np
import pytest

from support.mixes import band_matrix, clean, flat
from support.verdicts import ask, ask_one, why_unmeasured
from uptrack_analysis.measure.results import Measured


def tilted(db_per_octave: float, rate_hz: int = 44_100) -> Measured:
    bands = band_matrix(60.0, lambda f: flat(f) * (f < 90.0) + db_per_octave * np.log2(f / 1000.0), rate_hz=rate_hz)
    return replace(clean(), bands=bands)


@pytest.mark.parametrize(("tilt", "word"), [(1.45, "minor"), (-0.75, "minor"), (1.95, "major"), (-1.25, "major")])
def test_it_warns_at_seven_tenths_and_calls_one_point_two_bad(tilt: float, word: str) -> None:
    finding = ask_one("ton.tilt", tilted(tilt))
    assert finding.severity == word
    assert finding.title == ("Bright mix" if tilt > 0 else "Dark mix")


@pytest.mark.parametrize("tilt", [-0.5, 0.0, 0.7, 1.15])
def test_from_the_average_to_the_brighter_one_of_electronic_music_all_is_fine(tilt: float) -> None:
    assert ask("ton.tilt", tilted(tilt)) == ()


def test_the_shelf_it_advises_brings_the_tilt_where_it_says() -> None:
    finding = ask_one("ton.tilt", tilted(-0.8))
    shelf = finding.actions[0]
    assert shelf.gain_db is not None
    assert 0 < shelf.gain_db <= 4
    fixed = replace(
        clean(),
        bands=band_matrix(60.0, lambda f: -0.8 * np.log2(f / 1000.0) + np.where(f > 4000.0, shelf.gain_db or 0.0, 0.0)),
    )
    assert ask("ton.tilt", fixed) == ()


def test_a_telephone_band_has_no_tilt_to_compare() -> None:
    assert why_unmeasured("ton.tilt", tilted(0.0, rate_hz=16_000))


@pytest.mark.parametrize("gain_db", [-9.0, 9.0])
@pytest.mark.parametrize("centre_hz", [250.0, 4000.0])
def test_a_dip_or_a_hump_is_no_tilt(centre_hz: float, gain_db: float) -> None:
    wide = band_matrix(60.0, lambda f: flat(f) + gain_db * np.exp(-(np.log2(f / centre_hz) ** 2) / 0.8))
    assert all(finding.severity == "info" for finding in ask("ton.tilt", replace(clean(), bands=wide)))


def test_a_hump_on_a_tilted_mix_is_left_out_and_said_so() -> None:
    hump = band_matrix(60.0, lambda f: -1.2 * np.log2(f / 1000.0) + 8.0 * np.exp(-(np.log2(f / 400.0) ** 2) / 0.4))
    finding = ask_one("ton.tilt", replace(clean(), bands=hump))
    assert finding.value == pytest.approx(ask_one("ton.tilt", tilted(-1.2)).value, abs=0.15)
    assert "but for what stands out around 4" in finding.advice
