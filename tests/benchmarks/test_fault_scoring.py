"""What counts as found, as the clean copy's own, and as a false alarm."""

from __future__ import annotations

from dataclasses import replace

import pytest
from fault_runs import Figures, Job, Outcome, Seen, Truth
from fault_scoring import judge_outcome, precision, score_kind

from uptrack_analysis.report import Severity

FIGURES = Figures(-9.0, -1.0, 0, 60.0)


def seen(
    rule: str,
    severity: Severity = "moderate",
    excess: float = 1.5,
    at: tuple[float, float] = (0.0, 60.0),
    band: tuple[float, float] | None = None,
    *,
    capped: bool = False,
    points_at_hz: float | None = None,
) -> Seen:
    low_hz, high_hz = band or (None, None)
    return Seen(
        rule, rule, severity, capped, excess, None, "", 0.9, (at,), low_hz, high_hz, points_at_hz, None
    )  # fmt: skip


def outcome(kind: str | None, *findings: Seen, truth: Truth | None = None, index: int = 1) -> Outcome:
    return Outcome(Job("mix", kind, index), "club", "house", truth, FIGURES, findings)


def clean(*findings: Seen) -> Outcome:
    return outcome(None, *findings)


GAP = Truth(30.0, 30.02, 20.0, None, None, None)
BELL = Truth(0.0, 60.0, 6.0, 180.0, 350.0, None)
WIDE = Truth(10.0, 30.0, -5.0, None, 120.0, None)


def test_an_answer_at_the_place_is_found_with_its_error() -> None:
    found = judge_outcome(outcome("dropout", seen("int.dropout", at=(30.03, 30.05)), truth=GAP), clean())
    assert found.answer is not None
    assert found.error_s == pytest.approx(0.01)
    assert score_kind(found.kind, [found]).located == 1.0


def test_the_right_rule_at_another_place_has_not_found_it() -> None:
    missed = judge_outcome(outcome("dropout", seen("int.dropout", at=(40.0, 40.02)), truth=GAP), clean())
    assert missed.answer is None


def test_what_the_clean_copy_was_near_is_not_the_faults_doing_until_it_is_clearly_worse() -> None:
    near = replace(clean(), within=(seen("ste.balance", excess=0.4),))
    over = judge_outcome(outcome("DC offset", seen("ste.balance", "minor", excess=0.6), truth=BELL), near)
    assert over.wrong == ()
    worse = judge_outcome(outcome("DC offset", seen("ste.balance", "moderate", excess=0.95), truth=BELL), near)
    assert [one.rule for one in worse.wrong] == ["ste.balance"]


def test_what_the_clean_copy_has_too_is_neither_found_nor_a_false_alarm() -> None:
    own = seen("int.dc", excess=1.5)
    twice = judge_outcome(outcome("DC offset", own, seen("int.truepeak"), truth=BELL), clean(own))
    assert twice.answer is None
    assert twice.hidden
    assert [one.rule for one in twice.wrong] == ["int.truepeak"]
    again = judge_outcome(outcome("dropout", own, truth=GAP), clean(own))
    assert again.wrong == ()


def test_what_is_clearly_worse_than_in_the_clean_copy_is_found() -> None:
    own = seen("int.dc", excess=1.5)
    worse = replace(own, excess=2.0)
    assert judge_outcome(outcome("DC offset", worse, truth=BELL), clean(own)).answer == worse


def test_the_same_rule_in_another_band_or_at_another_time_is_no_twin() -> None:
    low, high = seen("ton.band", band=(126.0, 251.0)), seen("ton.band", band=(251.0, 501.0))
    assert judge_outcome(outcome("bell 250 Hz", low, truth=BELL), clean(high)).answer == low
    first, second = seen("int.dropout", at=(5.0, 5.02)), seen("int.dropout", at=(30.0, 30.02))
    assert judge_outcome(outcome("dropout", first, second, truth=GAP), clean(first)).answer == second


def test_a_word_about_another_octave_is_no_answer_but_an_alarm() -> None:
    elsewhere = judge_outcome(outcome("bell 250 Hz", seen("ton.band", band=(8_000.0, 16_000.0)), truth=BELL), clean())
    assert elsewhere.answer is None
    assert len(elsewhere.wrong) == 1


def test_information_is_not_enough_unless_its_rule_may_say_no_more() -> None:
    info = seen("int.click", "info", 0.6, at=(30.0, 30.0))
    truth = replace(GAP, end_s=30.0)
    assert judge_outcome(outcome("click", info, truth=truth), clean()).answer is None
    assert judge_outcome(outcome("click", replace(info, capped=True), truth=truth), clean()).answer is not None
    assert judge_outcome(outcome("click", replace(info, severity="minor"), truth=truth), clean()).answer is not None


def test_what_the_music_masks_need_not_be_found() -> None:
    truth = replace(GAP, end_s=30.0)
    assert judge_outcome(outcome("click", truth=truth, index=2), clean()).counts
    assert not judge_outcome(outcome("click", truth=replace(truth, masked=True), index=2), clean()).counts


def test_where_the_largest_peak_lies_is_chance() -> None:
    here, there = (seen("int.truepeak", at=(at_s, at_s)) for at_s in (10.0, 40.0))
    assert judge_outcome(outcome("click", here, truth=GAP), clean(there)).wrong == ()


def test_a_consequence_is_neither_the_answer_nor_an_alarm() -> None:
    limited = judge_outcome(outcome("over-limiting", seen("lou.integrated"), truth=BELL), clean())
    assert limited.answer is None
    assert limited.wrong == ()
    assert [one.rule for one in limited.right] == ["lou.integrated"]


def test_precision_counts_findings_and_recall_files() -> None:
    found = judge_outcome(
        outcome("dropout", seen("int.dropout", at=(30.0, 30.02)), seen("ton.tilt"), seen("int.dc"), truth=GAP), clean()
    )
    missed = judge_outcome(outcome("dropout", truth=GAP), clean())
    assert precision([found, missed]) == pytest.approx(1 / 3)
    score = score_kind(found.kind, [found, missed])
    assert (score.recall, score.counted) == (0.5, 2)


def test_a_stretch_is_located_by_overlap_over_union() -> None:
    found = judge_outcome(
        outcome("side in the low end", seen("low.mono", at=(10.0, 40.0), band=(20.0, 120.0)), truth=WIDE), clean()
    )
    assert found.iou == pytest.approx(20 / 30)
    assert found.band_octaves == pytest.approx(0.0)


def test_a_band_is_where_the_eq_move_points() -> None:
    pointing = seen("ton.band", band=(126.0, 251.0), points_at_hz=251.0)
    found = judge_outcome(outcome("bell 250 Hz", pointing, truth=BELL), clean())
    assert found.band_octaves == pytest.approx(0.0, abs=0.01)


def test_severity_follows_the_amount_when_excess_grows_with_it() -> None:
    rising = [
        judge_outcome(
            outcome("balance", seen("ste.balance", excess=excess), truth=replace(BELL, amount=amount), index=index),
            clean(),
        )
        for index, (amount, excess) in enumerate([(1.0, 0.4), (2.0, 1.6), (3.0, 2.5), (6.0, 7.0)])
    ]
    assert score_kind(rising[0].kind, rising).severity_correlation == pytest.approx(1.0)
    falling = [replace(one, excess=-one.excess) for one in rising]
    assert score_kind(rising[0].kind, falling).severity_correlation == pytest.approx(-1.0)
