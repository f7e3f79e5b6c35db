"""The cliff a lossy encoder or a lower sample rate leaves: full spectrum up to one frequency, next to nothing above.

MP3 and AAC encoders low-pass what they cannot afford to code, within a few hundred hertz; a file resampled from a lower
rate ends near half of it. Music that merely gets dark falls by 6 to 24 dB an octave, a fader or a microphone never by
40 dB within a third of one. The level of each 48th of an octave is its median over the sounding time, so that a few
clipped moments after decoding, which splash over the whole spectrum, do not fill the gap.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from uptrack_analysis.errors import NothingToMeasure
from uptrack_analysis.measure.fine_spectrum import BANDS_AN_OCTAVE, FineSpectrum
from uptrack_analysis.measure.resonances import sounding_slots

LOWEST_HZ = 10_000.0
"""Half of 22.05 kHz, less a resampler's slope. Below that, dull sounds end abruptly for reasons of their own."""
HIGHEST_HZ = 23_000.0
TOP_OF_NYQUIST = 0.935
"""20.6 kHz at 44.1 kHz, the end of MP3 at 320 kbit/s: from there on a converter's own filter may begin."""
DROP_DB = 40.0
EDGE_DB = 20.0
"""The cutoff is where the spectrum has fallen by this much, half-way down the least cliff."""
LEAST_PLATEAU_DB = -125.0
"""Power density re full scale: 16 dB over the dither of 16 bits. A cliff of less than that is nothing to judge by."""
NAMED_WITHIN_HZ = 350.0

_PLATEAU = BANDS_AN_OCTAVE // 3
_SLOPE = BANDS_AN_OCTAVE // 3
_READ_TO_NYQUIST = 0.97
_NOTHING = 1e-30

# Measured on five tracks of 30 s, encoded by LAME and by ffmpeg's own AAC encoder at a constant rate. Others differ:
# Vorbis ends in the same places.
_ENDS_HZ = (
    (15_100.0, "MP3 at 96 kbit/s"),
    (16_400.0, "MP3 at 128 kbit/s, or AAC at 96"),
    (17_200.0, "AAC at 128 kbit/s"),
    (18_700.0, "MP3 at 192 kbit/s"),
    (19_500.0, "MP3 at 256 kbit/s, or AAC at 192"),
    (20_150.0, "MP3 at 320 kbit/s"),
)


@dataclass(frozen=True, slots=True)
class Cliff:
    cutoff_hz: float
    likely: str | None
    """An encoder setting that ends there, if one is known."""


def find_cliff(fine: FineSpectrum, rate_hz: float) -> Cliff:
    """Where the spectrum ends, 10 kHz to 23 kHz or 93 % of half the rate.

    Parameters
    ----------
    fine : FineSpectrum
    rate_hz : float
        Of the file.

    Raises
    ------
    NothingToMeasure
        No cliff, or nothing plays, or the file's rate is too low to tell.
    """
    edges_hz, nyquist_hz = fine.edges_hz, rate_hz / 2
    highest_hz = min(HIGHEST_HZ, TOP_OF_NYQUIST * nyquist_hz)
    if highest_hz <= LOWEST_HZ:
        raise NothingToMeasure(f"a file of {rate_hz:.0f} Hz ends below where encoders cut")
    sounding = sounding_slots(fine)
    if not sounding.any():
        raise NothingToMeasure("nothing plays long enough to see where its spectrum ends")
    first = int(np.searchsorted(edges_hz, LOWEST_HZ)) - _PLATEAU
    last = int(np.searchsorted(edges_hz, _READ_TO_NYQUIST * nyquist_hz)) - 1
    # Band by band, so that of a long file no second copy is made.
    medians = np.array([np.median(fine.slots[sounding, band]) for band in range(first, last)], dtype=np.float64)
    level_db = 10 * np.log10(np.maximum(medians / np.diff(edges_hz[first : last + 1]), _NOTHING))
    # For each band from the first with a whole plateau below it on: that plateau, and what comes a slope further up.
    bands = np.arange(_PLATEAU, level_db.size - 1)
    plateau_db = np.median(sliding_window_view(level_db, _PLATEAU), axis=1)[: bands.size]
    rest_db = np.maximum.accumulate(level_db[::-1])[::-1][np.minimum(bands + _SLOPE, level_db.size - 1)]
    edge_db = plateau_db - EDGE_DB
    cliffs = (level_db[bands - 1] >= edge_db) & (level_db[bands] < edge_db) & (rest_db <= plateau_db - DROP_DB)
    cliffs &= (plateau_db >= LEAST_PLATEAU_DB) & (edges_hz[first + bands] <= highest_hz)
    if cliffs.any():
        cutoff_hz = float(edges_hz[first + bands[cliffs][-1]])
        return Cliff(cutoff_hz, _likely(cutoff_hz))
    raise NothingToMeasure("the spectrum has no cliff: it fades out, or goes on to the top of what the rate carries")


def _likely(cutoff_hz: float) -> str | None:
    apart_hz, name = min((abs(cutoff_hz - end_hz), name) for end_hz, name in _ENDS_HZ)
    return name if apart_hz <= NAMED_WITHIN_HZ else None
