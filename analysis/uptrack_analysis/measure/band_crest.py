"""How far each named band's loud moments rise over its mean: which part of the spectrum moves and which stands."""

from __future__ import annotations

import numpy as np

from uptrack_analysis.measure.band_sums import power_in
from uptrack_analysis.measure.ltas import NAMED_BANDS, bands_between
from uptrack_analysis.measure.results import BandMatrix
from uptrack_analysis.report import BandCrest
from uptrack_analysis.signal import FloatArray

LOUD_PERCENTILE = 95


def band_crests(matrix: BandMatrix) -> tuple[BandCrest, ...]:
    """95th percentile of band power over its mean, in dB, frame by frame of the band matrix.

    Frames are 93 ms long, so this is about hits and phrases, not about single peaks. ``None`` for a band that is
    silent or that the rate cannot carry.
    """
    columns = [bands_between(matrix.edges_hz, band.low_hz, band.high_hz) for band in NAMED_BANDS]
    powers = iter(power_in(matrix, [bands for bands in columns if bands is not None]))

    def crest_db(power: FloatArray) -> float | None:
        if power.size == 0:
            return None
        loud, mean = float(np.percentile(power, LOUD_PERCENTILE)), float(power.mean())
        return 10 * float(np.log10(loud / mean)) if loud > 0.0 else None

    return tuple(
        BandCrest(band.name, band.low_hz, band.high_hz, None if bands is None else crest_db(next(powers)))
        for band, bands in zip(NAMED_BANDS, columns, strict=True)
    )
