"""``ste.narrow_wide``: next to mono, wider than solid, or a drop that closes in."""

from dataclasses import replace

import numpy as np
import pytest

from support.mixes import band_matrix, clean, silent, stereo_curve
from support.verdicts import ask, ask_one, why_unmeasured
from uptrack_analysis.measure.results import Measured, SectionEstimate, SectionKind, Structure


def correlation_of(width_db: float) -> float:
    """Of equal channels whose side lies so far over mid."""
    ratio = 10 ** (width_db / 10)
    return (1 - ratio) / (1 + ratio)


def wide(width_db: float) -> Measured:
    return replace(
        clean(), bands=band_matrix(60.0, correlation=lambda f: np.where(f < 150, 1, correlation_of(width_db)))
    )


def part(kind: SectionKind, start_s: float, end_s: float) -> SectionEstimate:
    return SectionEstimate(kind, start_s, end_s, 8.0, 1, 0.9, -8.5, 0.0, 1.0, 1.0, 1.0, 0.0, 0.0, 0.0)


def song(break_db: float, drop_db: float) -> Measured:
    """A break of half a minute and a drop of the same length."""
    before, after = wide(break_db), wide(drop_db)
    then = (before.bands.times_s < 30.0)[:, None]
    bands = replace(before.bands, dd=np.where(then, before.bands.dd, after.bands.dd))
    return replace(after, bands=bands, structure=Structure((part("break", 0.0, 30.0), part("drop", 30.0, 60.0))))


@pytest.mark.parametrize(("width_db", "excess"), [(2.5, 0.5), (6.0, 1.0), (11.0, 2.0)])
def test_sides_over_the_middle_are_as_bad_as_they_are_wide(width_db: float, excess: float) -> None:
    finding = ask_one("ste.narrow_wide", wide(width_db))
    assert (finding.severity, finding.title) == ("info", "Very wide")
    assert finding.excess == pytest.approx(excess, rel=0.3)
    assert finding.value == pytest.approx(width_db, abs=0.1)
    assert finding.low_hz == 250


def test_a_narrow_one_is_told() -> None:
    finding = ask_one("ste.narrow_wide", wide(-32.0))
    assert (finding.severity, finding.title) == ("info", "Very narrow")


@pytest.mark.parametrize("width_db", [-17.0, -8.0, -1.0])
def test_a_wide_and_coherent_pad_and_a_solid_middle_are_both_usual(width_db: float) -> None:
    assert ask("ste.narrow_wide", wide(width_db)) == ()


def test_it_promises_no_more_than_thirty_percent_of_width_change() -> None:
    less, more, drop = (
        ask_one("ste.narrow_wide", mix).expected_delta for mix in (wide(6.0), wide(-32.0), song(-4.0, -14.0))
    )
    assert less.startswith("side over mid +6.0 → +2.9 dB, about 3.1 of ")
    assert more.startswith("side over mid −32.0 → −29.7 dB, about 2.3 of ")
    assert "about 3.1 of" in drop
    near = ask_one("ste.narrow_wide", wide(2.2)).expected_delta
    assert "a matter of sounds" not in near


def test_a_mono_mix_in_two_channels_has_no_width_to_set() -> None:
    assert ask("ste.narrow_wide", wide(-90.0)) == ()


def test_a_drop_that_closes_in_is_found_in_the_drop() -> None:
    finding = ask_one("ste.narrow_wide", song(-4.0, -14.0))
    assert (finding.title, finding.severity) == ("Drop narrower than the break", "info")
    assert finding.value == pytest.approx(10.0, abs=0.8)  # a window over the border holds some of either
    assert (finding.start_s, finding.end_s) == (30.0, 60.0)


@pytest.mark.parametrize("drop_db", [-7.0, -2.0])
def test_a_drop_as_wide_as_the_break_is_fine(drop_db: float) -> None:
    assert ask("ste.narrow_wide", song(-6.0, drop_db)) == ()


def test_without_an_image_it_is_unmeasured() -> None:
    assert "one channel" in why_unmeasured("ste.narrow_wide", replace(clean(), channels=1))
    assert "silent" in why_unmeasured("ste.narrow_wide", silent())
    upside_down = replace(wide(3.0), stereo=stereo_curve(60.0, -0.9))
    assert "no loud passage" in why_unmeasured("ste.narrow_wide", upside_down)
