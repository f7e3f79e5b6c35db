"""``int.clip``: clipped runs a minute, certain or a question depending on target and peaks."""

from dataclasses import replace

import numpy as np
import pytest

from support.mixes import RATE_HZ, clean, with_defects
from support.verdicts import ask, ask_one
from uptrack_analysis.measure.results import ClipRun, Measured, Peaks


def clipped(runs: int, *, every_s: float = 0.1, from_s: float = 10.0, plr_db: float = 8.2) -> Measured:
    """A minute with ``runs`` clipped peaks in the left channel."""
    starts = [int((from_s + k * every_s) * RATE_HZ) for k in range(runs)]
    mix = with_defects(
        clean(60.0, true_peak_dbtp=0.0, integrated_lufs=-plr_db),
        clip_runs=tuple(ClipRun(0, start, 5) for start in starts),
        clipped_runs=runs,
        clipped_samples=5 * runs,
    )
    curve = np.full(600, 0.0)
    return replace(
        mix, peaks=Peaks(mix.peaks.sample_dbfs, mix.peaks.sample_s, mix.peaks.true_dbtp, mix.peaks.true_s, 0.1, curve)
    )


def test_a_premaster_that_clips_all_the_time_is_blocked() -> None:
    finding = ask_one("int.clip", clipped(90), target="premaster")
    assert finding.severity == "blocker"
    assert (finding.value, finding.unit) == (90, "runs")
    assert (finding.start_s, finding.end_s) == pytest.approx((10.0, 18.9), abs=0.01)
    assert finding.exposure == pytest.approx(8.9 / 60, abs=0.001)
    assert "0:10–0:19" in finding.advice


def test_five_runs_a_minute_are_moderate_and_ten_major() -> None:
    assert ask_one("int.clip", clipped(5), target="premaster").severity == "moderate"
    assert ask_one("int.clip", clipped(10), target="premaster").severity == "major"


def test_a_club_master_with_standing_peaks_is_asked_rather_than_blamed() -> None:
    finding = ask_one("int.clip", clipped(200, plr_db=9.0))
    assert finding.severity == "minor"
    assert "If the clipping is meant" in finding.advice


def test_a_club_master_whose_peaks_are_flat_as_well_is_blamed() -> None:
    assert ask_one("int.clip", clipped(200, plr_db=5.5)).severity == "major"


def test_in_a_file_under_a_minute_the_count_is_not_called_a_rate() -> None:
    whole = clipped(20)
    short = replace(whole, frames=15 * RATE_HZ)
    finding = ask_one("int.clip", short, target="premaster")
    assert (finding.value, finding.unit) == (20, "runs")
    assert finding.advice.startswith("20 clipped peaks in 15.0 s")
    assert "a minute" not in finding.advice + finding.expected_delta
    assert "60 a minute" in ask_one("int.clip", replace(clipped(120), frames=120 * RATE_HZ), target="premaster").advice


@pytest.mark.parametrize("runs", [0, 3])
def test_a_few_runs_in_a_whole_file_say_nothing(runs: int) -> None:
    assert ask("int.clip", clipped(runs), target="premaster") == ()


def test_runs_a_bar_apart_are_two_places() -> None:
    finding = ask_one("int.clip", clipped(6, every_s=5.0), target="premaster")
    assert len(finding.spans) == 6


def test_it_does_not_promise_that_turning_down_mends_what_is_flat() -> None:
    for finding in (ask_one("int.clip", clipped(90), target="premaster"), ask_one("int.clip", clipped(90))):
        assert "turning that down leaves them flat" in finding.advice
        assert "render again" in finding.advice
        assert "→ 0" not in finding.expected_delta
        assert "fewer with every dB less before what clips" in finding.expected_delta
