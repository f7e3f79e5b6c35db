"""``dyn.level_jump``: a fader's step in the middle of a phrase."""

from dataclasses import replace

import numpy as np
import pytest

from support.mixes import RATE_HZ, arranged, clean, silent
from support.signals import music
from support.verdicts import ask, ask_one, why_unmeasured
from uptrack_analysis.measure.bands import BandMeter
from uptrack_analysis.measure.level_jumps import level_jumps
from uptrack_analysis.measure.results import LevelJump, Measured
from uptrack_analysis.signal import Block

BAR_S = 240 / 130


def jumping(*jumps: tuple[float, float]) -> Measured:
    """Jumps at ``(bar, dB)``."""
    mix = arranged()
    found = tuple(LevelJump((bar - 1) * BAR_S, step_db) for bar, step_db in jumps)
    return replace(mix, details=replace(mix.details, level_jumps=found))


@pytest.mark.parametrize(
    ("step_db", "least", "most"), [(3.2, 0.5, 1.0), (4.5, 1.0, 2.0), (-4.5, 1.0, 2.0), (-8.0, 2.0, 3.0)]
)
def test_a_step_is_as_bad_as_it_is_high_either_way_and_informs(step_db: float, least: float, most: float) -> None:
    finding = ask_one("dyn.level_jump", jumping((27.5, step_db)))
    assert (finding.severity, least <= finding.excess < most) == ("info", True)
    assert finding.start_s == pytest.approx(26.5 * BAR_S)
    assert ("louder" if step_db > 0 else "quieter") in finding.advice


def test_a_step_where_a_section_begins_is_a_question() -> None:
    finding = ask_one("dyn.level_jump", jumping((17.0, 6.0)))
    assert finding.confidence < 0.5
    assert "leave it if that is meant" in finding.advice


def test_there_and_back_within_a_bar_is_one_place_and_further_on_another() -> None:
    findings = ask("dyn.level_jump", jumping((25.0, -4.0), (25.5, 4.5), (40.0, -4.0)))
    assert [finding.value for finding in findings] == [4.5, 4.0]
    assert len({finding.id for finding in findings}) == 2


def test_a_fader_moved_by_two_db_is_no_finding() -> None:
    assert ask("dyn.level_jump", jumping((27.5, 2.2))) == ()
    assert ask("dyn.level_jump", arranged()) == ()
    assert why_unmeasured("dyn.level_jump", silent()).endswith(".")


def measured(signal: Block) -> Measured:
    meter = BandMeter(RATE_HZ, 2)
    meter.push(signal)
    mix = clean(signal.shape[1] / RATE_HZ)
    return replace(mix, details=replace(mix.details, level_jumps=level_jumps(meter.finish(), 125.0)))


def test_a_cut_fader_in_real_samples_is_found_and_a_filter_sweep_or_a_fade_is_not() -> None:
    signal = music(RATE_HZ, 30.0)
    stepped = signal.copy()
    stepped[:, round(32 * 0.48 * RATE_HZ) :] *= np.float32(10 ** (-6 / 20))
    finding = ask_one("dyn.level_jump", measured(stepped))
    assert finding.start_s == pytest.approx(32 * 0.48, abs=0.1)
    assert finding.value == pytest.approx(6.0, abs=0.5)
    time_s = np.arange(signal.shape[1]) / RATE_HZ
    fade = 10 ** (-np.interp(time_s, [8.0, 22.0], [0.0, 8.0]) / 20)
    assert ask("dyn.level_jump", measured(np.asarray(signal * fade, dtype=np.float32))) == ()
    smooth = np.cumsum(signal, axis=1) - np.concatenate(
        [np.zeros((2, 40), dtype=np.float32), np.cumsum(signal, axis=1)[:, :-40]], axis=1
    )
    mix = np.interp(time_s, [14.0, 16.0], [0.0, 1.0])
    swept = signal * (1 - mix) + smooth / 40 * mix  # the highs close within a bar
    assert ask("dyn.level_jump", measured(np.asarray(swept, dtype=np.float32))) == ()
