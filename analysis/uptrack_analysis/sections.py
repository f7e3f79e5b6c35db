"""The arrangement as the report tells it: what the structure pass found, with loudness and tone of every section."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from uptrack_analysis.measure.ltas import mean_spectrum, named_band_levels, third_octave_levels
from uptrack_analysis.measure.results import BandMatrix, Measured, SectionEstimate
from uptrack_analysis.report import Section, SectionFeatures

NONE, UNNAMED = "sections", "sections.kind"
"""Names under which ``measurements.unmeasured`` says why there is no section, or why they have no kind."""


def report_sections(measured: Measured) -> tuple[Section, ...]:
    """Every section, in order."""
    return tuple(_section(measured, found) for found in measured.structure.sections)


def missing_sections(measured: Measured) -> dict[str, str]:
    """Why the arrangement, or the kind of its parts, could not be measured."""
    structure = measured.structure
    if structure.reason is None:
        return {}
    return {UNNAMED if structure.sections else NONE: structure.reason}


def _section(measured: Measured, found: SectionEstimate) -> Section:
    integrated, lufs = measured.loudness.integrated_lufs, found.loudness_lufs
    spectrum = mean_spectrum(_during(measured.bands, found.start_s, found.end_s))
    return Section(
        kind=found.kind,
        start_s=found.start_s,
        end_s=found.end_s,
        bars=found.bars,
        first_bar=found.first_bar,
        confidence=found.confidence,
        loudness_lufs=lufs,
        bands_db=tuple(band.level_db for band in named_band_levels(spectrum)),
        third_octaves_db=tuple(band.level_db for band in third_octave_levels(spectrum)),
        features=SectionFeatures(
            loudness_lu=None if lufs is None or integrated is None else lufs - integrated,
            low_end_db=found.low_end_db,
            kick_share=found.kick_share,
            onset_share=found.onset_share,
            highs_db=found.highs_db,
            rise_db=found.rise_db,
            onset_rise=found.onset_rise,
            fullness=found.fullness,
        ),
    )


def _during(matrix: BandMatrix, start_s: float, end_s: float) -> BandMatrix:
    """The frames whose centres lie in a section: views, not copies."""
    first, last = np.searchsorted(matrix.times_s, [start_s, end_s])
    rows = slice(int(first), int(last))
    return replace(matrix, times_s=matrix.times_s[rows], ll=matrix.ll[rows], rr=matrix.rr[rows], dd=matrix.dd[rows])
