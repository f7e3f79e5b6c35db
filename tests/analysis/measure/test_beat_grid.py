from __future__ import annotations

import numpy as np
import pytest

from support.grooves import RATE_HZ, groove
from uptrack_analysis.measure.results import BeatGrid
from uptrack_analysis.measure.tempo import TempoMeter
from uptrack_analysis.signal import Block

# The tolerance for downbeats; attacks themselves are timed to about 3 ms.
NEAR_S = 0.020
ATTACK_S = 0.006

SONG = {"kick": "x...x...x...x...", "snare": "....x.......x...", "hat": "..x...x...x...x."}


def grid(signal: Block, rate_hz: int = RATE_HZ) -> BeatGrid:
    meter = TempoMeter(rate_hz, signal.shape[0])
    meter.push(signal)
    found = meter.finish().grid
    assert found is not None
    return found


def from_the_nearest_bar(found: BeatGrid, downbeat_s: float, bpm: float, beats: int = 4) -> float:
    assert found.first_downbeat_s is not None
    bar_s = 60 * beats / bpm
    return (found.first_downbeat_s - downbeat_s + bar_s / 2) % bar_s - bar_s / 2


def chords(signal: Block, bpm: float, starts_s: float, beats: int = 4, rate_hz: int = RATE_HZ) -> Block:
    """A pad under a groove, another chord each bar: what tells a listener that a bar begins."""
    time_s = np.arange(signal.shape[1]) / rate_hz
    bar = np.floor((time_s - starts_s) * bpm / 60 / beats).astype(int)
    roots_hz = 110.0 * 2 ** (np.array([0, 8, 3, 10]) / 12)
    pad = sum(np.sin(2 * np.pi * roots_hz[bar % 4] * ratio * time_s) for ratio in (1.0, 1.26, 1.5, 2.0))
    return np.asarray(signal + 0.03 * pad, dtype=np.float32)


@pytest.mark.parametrize("starts_s", [0.0, 0.217, 1.4])
@pytest.mark.parametrize("bpm", [97.0, 124.0, 171.3])
def test_the_first_downbeat_is_found_where_the_bar_begins(bpm: float, starts_s: float) -> None:
    pattern = {**SONG, "kick": "x.....x...x....."}
    found = grid(chords(groove(pattern, bpm, starts_s=starts_s), bpm, starts_s))
    assert from_the_nearest_bar(found, starts_s, bpm) == pytest.approx(0.0, abs=ATTACK_S)
    assert found.beats_per_bar == 4
    assert found.beat_s == pytest.approx(60 / bpm, rel=2e-4)


@pytest.mark.parametrize("rate_hz", [8_000, 22_050, 44_100, 48_000, 96_000])
def test_the_rate_of_the_file_does_not_move_the_bar(rate_hz: int) -> None:
    found = grid(chords(groove(SONG, 126.0, seconds=16, rate_hz=rate_hz), 126.0, 0.1, rate_hz=rate_hz), rate_hz)
    assert from_the_nearest_bar(found, 0.1, 126.0) == pytest.approx(0.0, abs=ATTACK_S)


def test_loud_offbeats_are_not_taken_for_the_beat() -> None:
    pattern = {"kick": "x...x...x...x...", "snare": "..x...x...x...x.", "bass": "..x...x...x...x."}
    found = grid(chords(groove(pattern, 138.0), 138.0, 0.1))
    assert from_the_nearest_bar(found, 0.1, 138.0) == pytest.approx(0.0, abs=NEAR_S)


def test_a_bar_of_three_has_three_beats() -> None:
    found = grid(chords(groove("waltz", 112.0, seconds=40), 112.0, 0.1, beats=3))
    assert found.beats_per_bar == 3
    assert from_the_nearest_bar(found, 0.1, 112.0, beats=3) == pytest.approx(0.0, abs=NEAR_S)


def test_equal_strokes_have_a_beat_but_no_bar() -> None:
    found = grid(groove({"hat": "x...x...x...x..."}, 120.0, starts_s=0.2, misses=0.0))
    assert found.first_beat_s == pytest.approx(0.2, abs=ATTACK_S)
    assert found.first_downbeat_s is None


def test_a_file_that_begins_on_a_beat_begins_with_it() -> None:
    found = grid(chords(groove(SONG, 128.0, starts_s=0.0), 128.0, 0.0))
    assert found.first_beat_s == pytest.approx(0.0, abs=ATTACK_S)
    assert found.first_downbeat_s == pytest.approx(0.0, abs=ATTACK_S)


def test_beats_lie_within_the_first_beat_and_bars_within_the_first_bar() -> None:
    for starts_s in (0.05, 0.3, 0.9):
        found = grid(groove("house", 124.0, starts_s=starts_s))
        assert 0.0 <= found.first_beat_s < found.beat_s
        assert found.first_downbeat_s is not None
        assert 0.0 <= found.first_downbeat_s < 4 * found.beat_s
        beats = (found.first_downbeat_s - found.first_beat_s) / found.beat_s
        assert beats == pytest.approx(round(beats), abs=1e-6)


def test_a_machine_does_not_drift() -> None:
    found = grid(groove("house", 124.0, seconds=60))
    assert found.drift_ms is not None
    assert found.drift_ms < 3.0


def test_a_player_who_slows_down_drifts_by_what_he_slowed() -> None:
    seconds, bpm, drift = 120.0, 120.0, 0.004
    found = grid(groove("house", bpm, seconds=seconds, drift=drift))
    # Step k comes at about q k + drift q^2 k^2 / (2 s): a parabola over the straight line that fits it best, whose
    # ends and middle lie a quarter of drift * seconds / 2 apart. Of fifteen rows the thirteen inner ones count, whose
    # middles span 0.8 of the file, and a parabola 0.64 of its height.
    assert found.drift_ms == pytest.approx(0.64 * 1e3 * drift * seconds / 2 / 4, rel=0.1)


def test_too_few_bars_tell_no_drift() -> None:
    assert grid(groove("house", 124.0, seconds=6.5)).drift_ms is None
