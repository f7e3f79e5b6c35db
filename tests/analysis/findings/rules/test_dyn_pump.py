"""``dyn.pump``: what nearly all bands do together is told, and never more than told."""

from dataclasses import replace

import numpy as np
import pytest

from support.mixes import RATE_HZ, arranged, clean
from support.signals import music
from support.verdicts import ask, ask_one, why_unmeasured
from uptrack_analysis.measure.bands import BandMeter
from uptrack_analysis.measure.pumping import pumping
from uptrack_analysis.measure.results import BeatGrid, Measured, Pumping
from uptrack_analysis.report import ProjectFacts
from uptrack_analysis.signal import Block, FloatArray


def breathing(ducking_db: float, ducked_at: float | None = 0.12, beats: int = 1) -> Measured:
    mix = arranged()
    return replace(mix, details=replace(mix.details, pumping=Pumping(20.0, 0.2, ducking_db, ducked_at, beats)))


@pytest.mark.parametrize("ducking_db", [3.0, 7.0, 15.0])
def test_ducking_is_told_and_no_more(ducking_db: float) -> None:
    finding = ask_one("dyn.pump", breathing(ducking_db))
    assert finding.severity == "info"
    assert "55 ms after it" in finding.advice
    assert "leave it" in finding.advice


@pytest.mark.parametrize(
    ("beats", "of_the_project", "said"),
    [
        (1, 1.0, "with every beat, 55 ms"),
        (2, 1.0, "with every other beat, 55 ms"),
        (2, 0.5, "with every beat, 55 ms"),  # the project counts half of what was heard
        (1, 2.0, "with every other beat, 55 ms"),
    ],
)
def test_it_is_told_in_the_beats_that_the_project_counts(beats: int, of_the_project: float, said: str) -> None:
    mix = breathing(6.0, beats=beats)
    assert mix.tempo.bpm is not None
    facts = ProjectFacts(bpm=mix.tempo.bpm * of_the_project)
    assert said in ask_one("dyn.pump", mix, project=facts).advice


def test_where_the_beats_lie_is_left_out_if_nobody_knows() -> None:
    assert "with every beat. If" in ask_one("dyn.pump", breathing(6.0, None)).advice


def test_parts_that_move_with_the_beat_each_by_itself_are_no_ducking() -> None:
    assert ask("dyn.pump", breathing(2.0)) == ()


def test_without_beats_there_is_nothing_to_say() -> None:
    assert why_unmeasured("dyn.pump", clean()).endswith(".")


def ducked(depth_db: float) -> Block:
    """A wide noise pad and a groove; the pad falls on each beat of 125 bpm and comes back over half of it."""
    signal = music(RATE_HZ, 24.0)
    time_s = np.arange(signal.shape[1]) / RATE_HZ
    place = (time_s % 0.48) / 0.48
    duck: FloatArray = -depth_db * np.interp(place, [0.0, 0.02, 0.15, 0.6, 1.0], [0.0, 1.0, 1.0, 0.0, 0.0])
    noise = np.random.default_rng(3).standard_normal(signal.shape) * 0.05 * 10 ** (duck / 20)
    return np.asarray(0.3 * signal + noise, dtype=np.float32)


@pytest.mark.parametrize(("depth_db", "told"), [(18.0, True), (0.0, False)])
def test_a_ducked_pad_in_real_samples_is_told_and_a_steady_one_is_not(depth_db: float, told: bool) -> None:
    meter = BandMeter(RATE_HZ, 2)
    meter.push(ducked(depth_db))
    found = pumping(meter.finish(), clean(24.0).loudness, 125.0, BeatGrid(0.48, 0.0, 0.0, 4, 0.9, 0.5))
    assert bool(ask("dyn.pump", breathing(found.ducking_db, found.ducked_at))) is told
