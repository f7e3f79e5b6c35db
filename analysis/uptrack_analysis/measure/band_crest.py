"""How far each named band's loud moments rise over its mean: which part of the spectrum moves and which stands."""

from __future__ import annotations

import numpy as np

from uptrack_analysis.measure.ltas import NAMED_BANDS, bands_between
from uptrack_analysis.measure.results import BandMatrix
from uptrack_analysis.report import BandCrest

LOUD_PERCENTILE = 95


def band_crests(matrix: BandMatrix) -> tuple[BandCrest, ...]:
    """95th percentile of band power over its mean, in dB, frame by frame of the band matrix.

    Frames are 93 ms long, so this is about hits and phrases, not about single peaks. ``None`` for a band that is
    silent or that the rate cannot carry.
    """
    # Bands first, so that each is a sum of whole rows: faster than sums of parts of them.
    power = np.ascontiguousarray((matrix.ll + matrix.rr).T)

    def crest_db(low_hz: float, high_hz: float) -> float | None:
        columns = bands_between(matrix.edges_hz, low_hz, high_hz)
        if columns is None or power.shape[1] == 0:
            return None
        band = power[columns].sum(axis=0)
        loud, mean = float(np.percentile(band, LOUD_PERCENTILE)), float(band.mean())
        return 10 * float(np.log10(loud / mean)) if loud > 0.0 else None

    return tuple(
        BandCrest(band.name, band.low_hz, band.high_hz, crest_db(band.low_hz, band.high_hz)) for band in NAMED_BANDS
    )
