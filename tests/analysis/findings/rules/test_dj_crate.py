"""``dj.crate``: beside the tracks somebody chose, as far as those agree."""

from dataclasses import replace

import numpy as np
import pytest

from support.mixes import arranged, band_matrix, bell, clean, silent
from support.verdicts import ask, ask_one, why_unmeasured
from uptrack_analysis.measure.ltas import NAMED_BANDS, mean_spectrum, named_band_levels
from uptrack_analysis.measure.results import Crate, CrateTrack, Measured

USUAL_DB = tuple(level.level_db for level in named_band_levels(mean_spectrum(clean(12.0).bands)))
LEVELS = (-8.9, -8.7, -8.5, -8.3, -8.1)


def beside(mix: Measured, *levels_lufs: float, spread_db: float = 0.3) -> Measured:
    """Tracks at these levels, whose bands lie up to ``spread_db`` to either side of the clean mix's."""
    offsets = np.linspace(-spread_db, spread_db, len(levels_lufs))
    tracks = tuple(
        CrateTrack(level, tuple(None if usual is None else usual + offset for usual in USUAL_DB))
        for level, offset in zip(levels_lufs, offsets.tolist(), strict=True)
    )
    return replace(mix, crate=Crate(tracks))


def test_a_mix_like_its_neighbours_is_fine() -> None:
    assert ask("dj.crate", beside(clean(12.0), *LEVELS)) == ()
    assert ask("dj.crate", beside(clean(12.0, integrated_lufs=-10.2), *LEVELS)) == ()


@pytest.mark.parametrize(("integrated_lufs", "word"), [(-11.5, "under"), (-5.0, "over")])
def test_a_gap_in_level_is_minor_and_told_against_the_middle(integrated_lufs: float, word: str) -> None:
    finding = ask_one("dj.crate", beside(clean(12.0, integrated_lufs=integrated_lufs), *LEVELS))
    assert finding.severity == "minor"
    assert f"LU {word} the middle of the 5 tracks" in finding.advice
    assert "−8.5 LUFS" in finding.advice
    assert all(abs(action.gain_db or 0.0) <= 3.0 for action in finding.actions)


def test_a_gap_in_one_band_is_told_with_the_band() -> None:
    presence = next(band for band in NAMED_BANDS if band.name == "presence")
    bright = replace(clean(12.0), bands=band_matrix(12.0, bell(presence.low_hz, presence.high_hz, 5.0)))
    finding = ask_one("dj.crate", beside(bright, *LEVELS))
    assert finding.title == "More presence than the crate"
    assert (finding.low_hz, finding.high_hz) == (presence.low_hz, presence.high_hz)
    assert "5.0 dB over" in finding.advice


def test_a_crate_that_disagrees_with_itself_allows_more() -> None:
    quiet = clean(12.0, integrated_lufs=-11.5)
    assert ask("dj.crate", beside(quiet, -14.0, -12.0, -8.5, -6.0, -5.0, spread_db=6.0)) == ()


def test_a_premaster_gets_its_level_later() -> None:
    assert ask("dj.crate", beside(clean(12.0, integrated_lufs=-18.0), *LEVELS), target="premaster") == ()


def test_without_a_folder_or_with_too_few_tracks_it_is_unmeasured() -> None:
    assert "--crate" in why_unmeasured("dj.crate", arranged())
    assert "holds 2 tracks" in why_unmeasured("dj.crate", beside(clean(12.0), -8.5, -8.6))
    assert why_unmeasured("dj.crate", beside(silent(), *LEVELS)).endswith(".")
