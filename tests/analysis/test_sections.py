"""The arrangement in a report: sections with their tone and loudness, or the reason why there are none."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from support.mixes import clean
from uptrack_analysis.measure.ltas import NAMED_BANDS, THIRD_OCTAVES
from uptrack_analysis.measure.results import BandMatrix, Measured, SectionEstimate, Structure
from uptrack_analysis.sections import missing_sections, report_sections

INTRO = SectionEstimate("intro", 0.0, 20.0, 8.0, 1, 0.8, -12.0, -6.0, 0.5, 0.7, 0.6, -9.0, 0.5, 0.0)
DROP = replace(INTRO, kind="drop", start_s=20.0, end_s=60.0, bars=16.0, first_bar=9, loudness_lufs=-8.0, fullness=1.0)


def joined(first: BandMatrix, second: BandMatrix, at_s: float) -> BandMatrix:
    early = first.times_s < at_s
    rows = {name: np.where(early[:, None], getattr(first, name), getattr(second, name)) for name in ("ll", "rr", "dd")}
    return replace(first, **rows)


def a_mix(structure: Structure) -> Measured:
    whole = clean(60.0)
    thin = replace(whole.bands, ll=whole.bands.ll.copy(), rr=whole.bands.rr.copy())
    thin.ll[:, :16] /= 100  # 20 dB less below 126 Hz
    thin.rr[:, :16] /= 100
    return replace(whole, bands=joined(thin, whole.bands, 20.0), structure=structure)


def test_every_section_carries_its_own_tone_and_loudness() -> None:
    intro, drop = report_sections(a_mix(Structure((INTRO, DROP))))
    assert (intro.kind, intro.bars, intro.first_bar, intro.confidence) == ("intro", 8.0, 1, 0.8)
    assert len(drop.bands_db) == len(NAMED_BANDS)
    assert len(drop.third_octaves_db) == len(THIRD_OCTAVES)
    bass = [band.name for band in NAMED_BANDS].index("bass")
    for figures, place in (("bands_db", bass), ("third_octaves_db", 5)):  # 80 Hz
        quiet, loud = getattr(intro, figures)[place], getattr(drop, figures)[place]
        assert loud - quiet == pytest.approx(20.0, abs=0.01)


def test_loudness_is_told_against_the_whole_files() -> None:
    mix = a_mix(Structure((INTRO, DROP)))
    intro, drop = report_sections(mix)
    assert intro.features is not None
    assert drop.features is not None
    assert mix.loudness.integrated_lufs == -8.5
    assert (intro.features.loudness_lu, drop.features.loudness_lu) == (-3.5, 0.5)
    assert (intro.features.fullness, drop.features.fullness) == (0.6, 1.0)


def test_what_is_missing_has_its_reason_under_the_name_of_what_is_missing() -> None:
    assert missing_sections(a_mix(Structure((INTRO, DROP)))) == {}
    assert missing_sections(a_mix(Structure((), "too short"))) == {"sections": "too short"}
    unnamed = Structure((replace(INTRO, kind=None),), "nothing changes")
    assert missing_sections(a_mix(unnamed)) == {"sections.kind": "nothing changes"}
