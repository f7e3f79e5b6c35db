"""Where phrases begin does not turn on which of two beats a change is nailed to."""

from __future__ import annotations

import numpy as np
import pytest

from uptrack_analysis.measure.onsets import OnsetFlux
from uptrack_analysis.measure.phrases import PHRASE_BARS, phrase_grid
from uptrack_analysis.measure.results import BandMatrix, BeatGrid
from uptrack_analysis.measure.structure_features import RANGE_EDGES, Profile
from uptrack_analysis.signal import FloatArray

BEAT_S, BEATS = 0.5, 160
GRID = BeatGrid(BEAT_S, 0.0, 0.0, 4, 1.0, 0.0)
HOP_S = BEAT_S / 10


def begins(*changes: tuple[int, int, float]) -> FloatArray:
    """How likely phrases begin with each bar of eight, where ranges step at beats: (beat, range, by how many dB)."""
    duration_s = BEATS * BEAT_S
    times_s = np.arange(HOP_S / 2, duration_s, HOP_S)
    levels_db = np.zeros((times_s.size, RANGE_EDGES[-1] - RANGE_EDGES[0]))
    for beat, number, step_db in changes:
        columns = slice(RANGE_EDGES[number] - RANGE_EDGES[0], RANGE_EDGES[number + 1] - RANGE_EDGES[0])
        levels_db[times_s >= beat * BEAT_S, columns] += step_db
    power = 1e-4 * 10 ** (levels_db / 10)
    edges_hz = 10 ** (np.arange(RANGE_EDGES[0], RANGE_EDGES[-1] + 1) / 20)
    bands = BandMatrix(edges_hz, times_s, power, power, np.zeros_like(power))
    onsets = OnsetFlux(1 / HOP_S, np.full((4, times_s.size), 0.1, dtype=np.float32))
    return phrase_grid(Profile(bands, onsets, duration_s), GRID, duration_s).begins


def test_a_phrase_begins_where_the_arrangement_changes() -> None:
    likely = begins((4 * 13, 1, -8.0), (4 * 21, 1, 8.0))
    assert likely.sum() == pytest.approx(1.0)
    assert likely.size == PHRASE_BARS
    assert likely.argmax() == 13 % PHRASE_BARS
    assert likely.max() > 0.9


def test_a_change_that_takes_two_beats_moves_no_phrase_when_a_hair_more_of_it_falls_on_the_other() -> None:
    # One voice leaves with bar 29, another two beats on; the first of them is off the other change's phrases.
    first, second = (begins((4 * 18, 1, -5.0), (112, 2, -6.0), (114, 3, -6.0 + hair_db)) for hair_db in (0.1, -0.1))
    assert np.abs(first - second).max() < 0.2
