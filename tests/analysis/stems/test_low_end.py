"""Kick against bass: what the hits are, however short the files."""

from __future__ import annotations

import numpy as np
import pytest

from support.small_band import small_band
from support.stem_cases import case_with_stems
from uptrack_analysis.stems.low_end import RATE_HZ, find_hits, low_end


def test_stems_of_20_ms_are_struck_too_seldom_to_compare() -> None:
    band = small_band(seconds=10.0)
    time_s = np.arange(882) / 44_100
    # Sub and click, and nothing between: so short a stem is a kick by that alone.
    kick = 0.4 * np.sin(2 * np.pi * 50 * time_s) + 0.33 * np.sin(2 * np.pi * 1500 * time_s)
    short = {"Kick": np.stack([kick, kick]).astype(np.float32), "Bass": band["Bass"][:, 30_000:30_882]}
    mix = band["Hats"] + band["Pad"]
    mix[:, :882] += short["Kick"] + short["Bass"]
    stems = case_with_stems({**short, "Hats": band["Hats"], "Pad": band["Pad"]}, mix).stems
    assert stems is not None
    assert {stem.name: stem.role for stem in stems.stems if stem.measured.duration_s < 1.0} == {
        "Kick": "kick",
        "Bass": "bass",
    }
    assert low_end(stems) == "The kick is struck too seldom to compare it with the bass."


@pytest.mark.parametrize("length_s", [0.0, 0.001, 0.02, 0.03])
def test_a_kick_shorter_than_what_lies_before_a_hit_has_one_at_most(length_s: float) -> None:
    samples = round(length_s * RATE_HZ)
    assert find_hits(np.sin(0.3 * np.arange(1, samples + 1))).size <= 1


def test_a_kick_every_half_second_has_a_hit_every_half_second() -> None:
    since_s = np.arange(round(8 * RATE_HZ)) / RATE_HZ % 0.5
    hits = find_hits(np.sin(2 * np.pi * 60 * since_s) * np.exp(-since_s / 0.05)) / RATE_HZ
    assert np.diff(hits) == pytest.approx(np.full(hits.size - 1, 0.5), abs=0.01)
    assert hits.size == 16
