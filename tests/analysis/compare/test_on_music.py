"""Versions of a real mix: the demo's song with its faults, edited as a producer would, measured and compared."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile

from uptrack_analysis.analyze import analyze_file
from uptrack_analysis.compare.fixes import Fix, check_fix
from uptrack_analysis.compare.versions import Change, Comparison, compare
from uptrack_analysis.report import Report
from uptrack_analysis.settings import Settings
from uptrack_daemon.demo.arrangement import arrange
from uptrack_daemon.demo.effects import RATE_HZ, Sound
from uptrack_daemon.demo.song import render
from uptrack_daemon.demo.timeline import BAR_S, bar_start_s, frame

pytestmark = pytest.mark.xdist_group("versions")

BY_TONE_AND_STEREO = ("tonal", "low", "stereo")


@pytest.fixture(scope="module")
def mix(tmp_path_factory: pytest.TempPathFactory) -> Sound:
    song = render(tmp_path_factory.mktemp("song"), arrange(1))
    samples, _ = soundfile.read(song.mix, dtype="float32")
    return np.asarray(samples)


@pytest.fixture(scope="module")
def first(mix: Sound, tmp_path_factory: pytest.TempPathFactory) -> Report:
    return measured(mix, tmp_path_factory.mktemp("first") / "garden_v1.wav")


def measured(samples: Sound, path: Path) -> Report:
    soundfile.write(path, samples, RATE_HZ, subtype="PCM_24")
    return analyze_file(path, Settings(genre="techno")).report


def of_rule(comparison: Comparison, rule: str) -> list[Change]:
    return [change for change in comparison.changes if change.rule == rule]


def test_a_phrase_put_in_changes_no_finding_and_moves_them_all(first: Report, mix: Sound, tmp_path: Path) -> None:
    start, end = frame(bar_start_s(5)), frame(bar_start_s(9))
    second = measured(np.concatenate([mix[:end], mix[start:end], mix[end:]]), tmp_path / "garden_v2.wav")
    comparison = compare(first, second)
    assert comparison.counts == {"fixed": 0, "new": 0, "worse": 0, "better": 0, "unchanged": len(first.findings)}
    assert comparison.score_change == "no change"
    assert sum(end_s - start_s for start_s, end_s in comparison.inserted) == pytest.approx(4 * BAR_S, abs=0.05)
    (gap,) = of_rule(comparison, "int.dropout")
    assert gap.old is not None
    assert gap.new is not None
    assert gap.new.start_s - gap.old.start_s == pytest.approx(4 * BAR_S, abs=0.001)
    back = compare(second, first)
    assert back.counts == comparison.counts
    assert sum(end_s - start_s for start_s, end_s in back.removed) == pytest.approx(4 * BAR_S, abs=0.05)


def test_gain_alone_changes_no_verdict_on_tone_low_end_or_stereo(first: Report, mix: Sound, tmp_path: Path) -> None:
    comparison = compare(first, measured(mix * np.float32(10 ** (-6 / 20)), tmp_path / "garden_v2.wav"))
    assert comparison.gain_db == pytest.approx(-6.0, abs=0.05)
    touched = [change for change in comparison.changes if change.area in BY_TONE_AND_STEREO]
    assert touched
    assert {change.status for change in touched} == {"unchanged"}
    assert [change.status for change in of_rule(comparison, "int.truepeak")] == ["fixed"]


def test_a_fault_that_was_mended_is_fixed_and_one_that_was_made_is_new(
    first: Report, mix: Sound, tmp_path: Path
) -> None:
    (gap,) = (finding for finding in first.findings if finding.rule == "int.dropout")
    second = mix.copy()
    hole = slice(frame(gap.start_s - 0.01), frame(gap.end_s + 0.01))
    before = slice(hole.start - frame(BAR_S), hole.stop - frame(BAR_S))
    second[hole] = second[before]  # the bar before plays the same
    second[frame(50.1) : frame(50.13)] = 0.0
    comparison = compare(first, measured(second, tmp_path / "garden_v2.wav"))
    made, mended = of_rule(comparison, "int.dropout")
    assert (made.status, mended.status) == ("new", "fixed")
    assert made.start_s == pytest.approx(50.1, abs=0.001)
    assert mended.start_s == pytest.approx(gap.start_s, abs=0.05)
    others = [change.status for change in comparison.changes if change.rule != "int.dropout"]
    assert set(others) == {"unchanged"}


def test_a_passage_taken_out_with_its_fault_in_it_is_not_called_mended(
    first: Report, mix: Sound, tmp_path: Path
) -> None:
    (gap,) = (finding for finding in first.findings if finding.rule == "int.dropout")
    bar = int(gap.start_s / BAR_S)
    second = np.concatenate([mix[: frame(bar * BAR_S)], mix[frame((bar + 1) * BAR_S) :]])
    (change,) = of_rule(compare(first, measured(second, tmp_path / "garden_v2.wav")), "int.dropout")
    assert change.status == "fixed"


# -- fixes -------------------------------------------------------------------------------------------------------------


def shelved(samples: Sound, from_hz: float, gain_db: float) -> Sound:
    """Everything above ``from_hz`` by ``gain_db``."""
    spectrum = np.fft.rfft(samples, axis=0)
    frequencies = np.fft.rfftfreq(len(samples), 1 / RATE_HZ)
    spectrum[frequencies >= from_hz] *= 10 ** (gain_db / 20)
    return np.asarray(np.fft.irfft(spectrum, len(samples), axis=0), dtype=np.float32)


@pytest.mark.parametrize(("gain_db", "status"), [(-12.0, "closed"), (-2.0, "remaining")])
def test_a_fix_is_measured_again_where_it_was_made(
    first: Report, mix: Sound, tmp_path: Path, gain_db: float, status: str
) -> None:
    (air,) = (finding for finding in first.findings if finding.rule == "ton.air")
    end = frame(bar_start_s(9))
    longer = np.concatenate([mix[:end], mix[frame(bar_start_s(5)) : end], mix[end:]])
    second = measured(shelved(longer, 6_000.0, gain_db), tmp_path / "garden_v2.wav")
    outcome = check_fix(Fix(air.id, "EQ", gain_db, 11_000.0), first, second)
    assert outcome.status == status
    assert outcome.change_db == pytest.approx(gain_db, abs=0.7)
    assert outcome.sentence.startswith(f"−{-(outcome.change_db or 0):.1f} dB at 11 kHz: ")
    if status == "remaining":
        assert outcome.before == pytest.approx(air.value)
        assert outcome.after is not None
        assert outcome.after < (air.value or 0)
        assert " dB remain (" in outcome.sentence
    else:
        assert outcome.sentence.endswith(": closed.")


def test_a_fix_of_what_is_no_level_tells_the_findings_own_figures(first: Report, mix: Sound, tmp_path: Path) -> None:
    (offset,) = (finding for finding in first.findings if finding.rule == "int.dc")
    mean = mix.mean(axis=0, keepdims=True)
    half = measured(mix - mean / 2, tmp_path / "garden_v2.wav")
    outcome = check_fix(Fix(offset.id, "NT"), first, half)
    assert outcome.status == "remaining"
    assert outcome.sentence.startswith("DC offset, +1.34 → +0.67 % FS: 0.4 % FS remain")
    assert check_fix(Fix(offset.id, "NT"), first, measured(mix - mean, tmp_path / "garden_v3.wav")).sentence == (
        "DC offset: closed."
    )
    assert check_fix(Fix("int.dc-000000"), first, half).status == "unknown"
