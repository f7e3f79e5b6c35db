"""``low.sub_absent``: a bass that small speakers do not play."""

import re
from dataclasses import replace

import numpy as np
import pytest

from support.mixes import band_matrix, clean, silent
from support.verdicts import ask, ask_one, why_unmeasured
from uptrack_analysis.measure.results import Measured


def bass(sub_db: float, middle_db: float, heard_db: float) -> Measured:
    """Levels over the average under 45 Hz, to 100 Hz and to 250 Hz."""
    return replace(
        clean(),
        bands=band_matrix(
            60.0, lambda f: np.select([f < 45.0, f < 100.0, f < 250.0], [sub_db, middle_db, heard_db], 0.0)
        ),
    )


@pytest.mark.parametrize(("heard_db", "word"), [(-5.5, "minor"), (-8.5, "moderate"), (-13.0, "major")])
def test_a_sine_sub_alone_is_as_bad_as_what_is_missing_over_it(heard_db: float, word: str) -> None:
    finding = ask_one("low.sub_absent", bass(22.0, -4.0, heard_db))
    assert finding.severity == word
    assert finding.high_hz == 250
    assert {action.kind for action in finding.actions} == {"NT"}


def test_a_sub_with_harmonics_is_heard_everywhere() -> None:
    assert ask("low.sub_absent", bass(22.0, -4.0, -2.0)) == ()


def test_an_808_whose_fundamental_glides_over_45_hz_is_heard_by_its_middle() -> None:
    assert ask("low.sub_absent", bass(22.0, 12.0, -12.0)) == ()


def test_thin_music_without_a_sub_is_another_matter() -> None:
    assert ask("low.sub_absent", bass(-10.0, -10.0, -12.0)) == ()


def all_sub(heard_db: float) -> Measured:
    """Nothing but a tone of 39 Hz, or what a sixth octave makes of it, under 45 Hz."""
    mix = clean()
    edges = mix.bands.edges_hz
    tone_at = int(np.searchsorted(edges, 39.0)) - 1
    thin = bass(0.0, -4.0, heard_db).bands.ll
    power = np.where(np.arange(edges.size - 1) == tone_at, 20 * thin[:, :15].sum(axis=1, keepdims=True), thin)
    return replace(mix, bands=replace(mix.bands, ll=power, rr=power))


def test_it_names_the_harmonics_that_small_speakers_play() -> None:
    # A sixth octave says 37.6 Hz of what it holds from 35.5 to 39.8.
    assert "at 113 Hz and 150 Hz" in ask_one("low.sub_absent", all_sub(-12.0)).advice


@pytest.mark.parametrize("heard_db", [-6.0, -12.0, -25.0])
def test_with_those_harmonics_nothing_is_missing(heard_db: float) -> None:
    mix = all_sub(heard_db)
    under_db = int(re.search(r"each (\d+) dB under", ask_one("low.sub_absent", mix).advice)[1])  # type: ignore[index]
    edges, power = mix.bands.edges_hz, mix.bands.ll.copy()
    sub = power[:, edges[1:] <= 45.0].sum(axis=1)
    for tone_hz in (113.0, 150.0):
        power[:, int(np.searchsorted(edges, tone_hz)) - 1] += sub * 10 ** (-under_db / 10)
    assert ask("low.sub_absent", replace(mix, bands=replace(mix.bands, ll=power, rr=power))) == ()


def test_no_harmonics_are_advised_that_would_be_another_bass() -> None:
    assert "each 6 dB under" in ask_one("low.sub_absent", bass(3.0, -30.0, -40.0)).advice


def test_silence_has_no_bass_to_judge() -> None:
    assert "silent" in why_unmeasured("low.sub_absent", silent())


def test_without_mids_there_is_nothing_to_compare_with() -> None:
    mix = clean()
    low = np.where(mix.bands.edges_hz[:-1] < 300.0, mix.bands.ll, 0.0)
    assert "500 and 2000 Hz" in why_unmeasured("low.sub_absent", replace(mix, bands=replace(mix.bands, ll=low, rr=low)))
