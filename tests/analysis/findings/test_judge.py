"""``judge``: every rule asked, every finding in its place, and the laws that hold for all of them together."""

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from support.mixes import arranged, band_matrix, bell, clean, silent, stereo_curve, swapped, turned, with_defects
from uptrack_analysis.errors import BadInput
from uptrack_analysis.findings import judge as judge_module
from uptrack_analysis.findings.case import Case, Draft, Unmeasured
from uptrack_analysis.findings.judge import Judgement, judge
from uptrack_analysis.findings.rule import Rule, Verdict, all_rules, ruleset_hash
from uptrack_analysis.findings.stem_places import NO_STEMS
from uptrack_analysis.findings.tables import data_files, table
from uptrack_analysis.findings.threshold import Threshold
from uptrack_analysis.measure.results import (
    ChannelMatch,
    Click,
    CodecPeak,
    Codecs,
    Crate,
    CrateTrack,
    Hum,
    KeyEstimate,
    LevelJump,
    Measured,
    Pumping,
    TempoEstimate,
)
from uptrack_analysis.report import SEVERITIES, ProjectFacts, Span

TONE_AND_SPACE = {"low", "tonal", "stereo"}
SHORT = clean(12.0)
PROJECT = ProjectFacts(bpm=130.0)
ASKED_FOR = {"int.codec_overs", "dj.crate"}
"""Rules that need more than the mix: nobody gave it here."""


def faulty(duration_s: float = 60.0) -> Measured:
    """A mix with something wrong in every area."""
    mix = clean(duration_s, integrated_lufs=-4.0, true_peak_dbtp=0.5)
    bands = band_matrix(
        duration_s,
        lambda f: bell(1990.0, 3990.0, 9.0)(f) + np.where(f < 70.0, 9.0, 0.0) + 1.0 * np.log2(f / 1000.0),
        correlation=lambda f: np.where(f < 130.0, 0.3, 0.5),
        balance_db=2.0,
    )
    return replace(
        with_defects(mix, dc_offset=np.array([0.01, 0.0]), tail_rms_dbfs=-30.0),
        bands=bands,
        stereo=stereo_curve(duration_s, 0.0, 2.0),
        tempo=TempoEstimate(127.0, 0.9, ()),
    )


def without_stem_rules(judgement: Judgement) -> set[str]:
    """Rules that could not be asked, but for those that take stems."""
    return {rule for rule, why in judgement.score.unmeasured_rules.items() if why != NO_STEMS.reason}


def judged(mix: Measured, genre: str | None = "techno") -> Judgement:
    return judge(mix, genre, "club", PROJECT)


def test_every_rule_has_a_specification_of_its_own() -> None:
    specified = {path.stem.removeprefix("test_") for path in (Path(__file__).parent / "rules").glob("test_*.py")}
    assert specified == {rule.id.replace(".", "_") for rule in all_rules()}
    assert len(specified) >= 15


def test_a_rule_that_only_informs_costs_next_to_nothing_however_far_off_the_value(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    draft = Draft(
        value=20.0, unit="dB", threshold=Threshold.above(1.0, 2.0), confidence=0.9, exposure=1.0, advice="Look.",
        spans=(Span(0.0, 1.0),),
    )  # fmt: skip
    told = Rule("dyn.told", "dynamics", "told", 0.5, "Told", "Nothing.", "D", lambda _case: (draft,), table("dyn.told"))
    worst: dict[str, Judgement] = {}
    for at_most in ("blocker", "info"):
        rule = replace(told, at_most=at_most)
        monkeypatch.setattr(judge_module, "all_rules", lambda rule=rule: (rule,))
        worst[at_most] = judged(clean())
    assert worst["blocker"].findings[0].severity == "major"
    assert worst["info"].findings[0].severity == "info"
    assert worst["info"].findings[0].points < worst["blocker"].findings[0].points / 2


@pytest.mark.parametrize(("value", "informs", "told"), [(1.01, False, 1), (0.9, False, 0), (0.9, True, 1)])
def test_what_does_not_even_warn_is_no_finding_unless_the_rule_means_to_inform(
    monkeypatch: pytest.MonkeyPatch, value: float, informs: bool, told: int
) -> None:
    draft = Draft(
        value=value, unit="dB", threshold=Threshold.above(1.0, 2.0), confidence=0.9, exposure=1.0, advice="Look.",
        spans=(Span(0.0, 1.0),), informs=informs,
    )  # fmt: skip
    rule = Rule("dyn.told", "dynamics", "told", 0.5, "Told", "Nothing.", "D", lambda _case: (draft,), table("dyn.told"))
    monkeypatch.setattr(judge_module, "all_rules", lambda: (rule,))
    judgement = judged(clean())
    assert len(judgement.findings) == told


def _answer(verdict: Verdict, _case: Case) -> Verdict:
    return verdict


def test_a_rule_that_takes_what_nobody_gave_it_costs_no_coverage(monkeypatch: pytest.MonkeyPatch) -> None:
    limits = table("dyn.told")
    fine = Rule("dyn.told", "dynamics", "told", 0.5, "Told", "Nothing.", "D", lambda _case: (), limits)
    for optional, coverage in ((True, 1.0), (False, 0.5)):
        verdict = Unmeasured("The mix came without it.", optional=optional)
        other = replace(fine, id="dyn.other", check=partial(_answer, verdict))
        monkeypatch.setattr(judge_module, "all_rules", lambda rules=(fine, other): rules)
        score = judged(clean()).score
        (dynamics,) = (area for area in score.areas if area.area == "dynamics")
        assert dynamics.coverage == pytest.approx(coverage)
        assert score.unmeasured_rules == {"dyn.other": "The mix came without it."}


def test_no_rule_weighs_more_than_the_formula_allows() -> None:
    assert all(0 < rule.weight <= 0.6 for rule in all_rules())


def test_a_clean_mix_has_no_finding_and_a_full_score() -> None:
    judgement = judged(arranged())
    assert judgement.findings == ()
    assert judgement.score.overall == 100
    assert without_stem_rules(judgement) == ASKED_FOR
    assert judgement.score.coverage > 0.95


def test_a_fault_in_every_area_lowers_every_area() -> None:
    judgement = judged(faulty())
    assert {finding.area for finding in judgement.findings} == {rule.area for rule in all_rules()}
    assert all(area.score < 100 for area in judgement.score.areas)


def test_findings_come_dearest_first() -> None:
    findings = judged(faulty()).findings
    worth = [(-finding.points, -SEVERITIES.index(finding.severity), finding.id) for finding in findings]
    assert worth == sorted(worth)
    assert findings[0].points > 1


def test_silence_has_no_score_and_every_unasked_rule_says_why() -> None:
    judgement = judge(silent(), None, "club", ProjectFacts())
    assert judgement.findings == ()
    assert judgement.score.overall is None
    assert set(judgement.score.unmeasured_rules) >= {"lou.integrated", "ton.band", "dj.tempo"}
    assert all(reason.endswith(".") for reason in judgement.score.unmeasured_rules.values())


def test_a_finding_keeps_its_id_when_its_level_changes_a_little() -> None:
    before, after = faulty(), turned(faulty(), -0.3)
    assert {finding.id for finding in judged(before).findings} == {finding.id for finding in judged(after).findings}


def test_ids_are_the_rule_and_a_short_hash() -> None:
    for finding in judged(faulty()).findings:
        rule, _, digits = finding.id.rpartition("-")
        assert rule == finding.rule
        assert 4 <= len(digits) <= 6
        int(digits, 16)


def test_the_same_mix_gets_the_same_judgement() -> None:
    assert judged(faulty()) == judged(faulty())


def test_every_finding_says_what_to_do_with_a_number_in_it() -> None:
    for finding in judged(faulty()).findings:
        assert any(character.isdigit() for character in finding.advice)
        assert finding.advice.endswith(".")
        assert finding.actions
        assert finding.expected_delta
        for action in finding.actions:
            cap = {"EQ": 4.0, "GN": 3.0, "LM": 3.0}.get(action.kind)
            assert cap is None or abs(action.gain_db or 0.0) <= cap


def arranged_badly() -> Measured:
    """A track with a fault for each rule that looks at the arrangement, the beat, single moments or the format."""
    mix = arranged(
        [("intro", 15, -11.0), ("drop", 33, -8.0), ("break", 16, -8.5), ("drop", 32, -9.8), ("outro", 8, -11.0)]
    )
    assert mix.tempo.grid is not None
    return replace(
        with_defects(
            mix,
            clicks=(Click(2_000_000, (0,), -15.0),),
            hum=(Hum(1, 50.0, -45.0, ((1, -46.0), (2, -52.0)), 10.0, 180.0),),
        ),
        bands=band_matrix(
            mix.duration_s, lambda f: np.where(f < 30.0, 24.0, np.where(f < 100.0, -9.0, 0.0)), gain_db=-40
        ),
        peaks=replace(mix.peaks, curve_dbfs=mix.peaks.curve_dbfs - 3.0),
        tempo=replace(mix.tempo, grid=replace(mix.tempo.grid, first_beat_s=0.1)),
        key=KeyEstimate(9, True, 0.9, (), 30.0),
        details=replace(
            mix.details,
            cutoff_hz=16_400.0,
            cutoff_likely="MP3 at 128 kbit/s",
            channels=ChannelMatch("gain", -80.0, -1.0, None, inverted=False),
            pumping=Pumping(12.0, 0.1, 6.0, 0.1),
            level_jumps=(LevelJump(61.0, 5.0),),
        ),
        codecs=Codecs((CodecPeak("AAC 256 kbit/s", 3.0, 20.0, 0),)),
        crate=Crate(tuple(CrateTrack(-13.0, (0.0,) * 8) for _ in range(3))),
    )


def test_every_rule_of_a_badly_arranged_track_says_what_to_do() -> None:
    findings = judge(arranged_badly(), "techno", "club", ProjectFacts(bpm=130.0, key="F minor")).findings
    assert {finding.rule for finding in findings} >= {
        "int.click", "int.hum", "int.format", "int.false_stereo", "int.codec_overs", "lou.drop_vs_break",
        "lou.drop2_smaller", "dyn.psr_span", "dyn.pump", "dyn.level_jump", "dj.grid", "dj.mixin_out", "dj.phrase",
        "dj.key", "dj.crate", "dj.system",
    }  # fmt: skip
    for finding in findings:
        assert any(character.isdigit() for character in finding.advice)
        assert finding.advice.endswith(".")
        assert finding.spans
        assert finding.expected_delta
        assert finding.actions
        for action in finding.actions:
            cap = {"EQ": 4.0, "GN": 3.0, "LM": 3.0}.get(action.kind)
            assert cap is None or abs(action.gain_db or 0.0) <= cap


def test_a_badly_arranged_track_keeps_the_laws_of_a_faulty_one() -> None:
    mix = arranged_badly()
    assert judged(mix) == judged(mix)
    straight, mirrored, quiet = judged(mix), judged(swapped(mix)), judged(turned(mix, -3.0))
    assert mirrored.score.overall == pytest.approx(straight.score.overall)
    by_gain = {"loudness", "integrity", "dj"}
    assert {(one.id, round(one.excess, 6)) for one in quiet.findings if one.area not in by_gain} == {
        (one.id, round(one.excess, 6)) for one in straight.findings if one.area not in by_gain
    }
    assert {(one.rule, one.severity) for one in mirrored.findings} == {
        (one.rule, one.severity) for one in straight.findings
    }


def tone_and_space(judgement: Judgement) -> list[tuple[str, float]]:
    return sorted(
        (finding.id, round(finding.excess, 6)) for finding in judgement.findings if finding.area in TONE_AND_SPACE
    )


@settings(max_examples=12)
@given(st.floats(-6, 6), st.sampled_from([SHORT, faulty(12.0)]))
def test_gain_changes_no_tonal_stereo_or_low_end_result(gain_db: float, made: Measured) -> None:
    assert tone_and_space(judged(turned(made, gain_db))) == tone_and_space(judged(made))


def test_left_and_right_may_be_swapped() -> None:
    mix = faulty()
    straight, mirrored = judged(mix), judged(swapped(mix))
    assert mirrored.score.overall == pytest.approx(straight.score.overall)
    assert sorted(
        (finding.rule, round(finding.excess, 9), finding.severity) for finding in mirrored.findings
    ) == sorted((finding.rule, round(finding.excess, 9), finding.severity) for finding in straight.findings)


@settings(max_examples=12)
@given(st.floats(-15, 15), st.floats(-15, 15))
def test_a_tonal_fault_is_dearer_the_further_it_is_out_on_its_side(first_db: float, second_db: float) -> None:
    nearer, further = sorted((abs(first_db), abs(second_db)))

    def presence(gain_db: float) -> float:
        score = judged(replace(SHORT, bands=band_matrix(12.0, bell(1990.0, 3990.0, gain_db)))).score.overall
        assert score is not None
        return score

    for side in (1, -1):
        assert presence(side * further) <= presence(side * nearer) + 1e-6


@pytest.mark.parametrize("place_s", [10.0, 25.0])
def test_splitting_a_span_in_two_leaves_the_penalty_alone(place_s: float) -> None:
    """The same time out of phase, in one stretch or in two more than a bar apart."""

    def apart(stretches: Sequence[tuple[int, int]]) -> Judgement:
        curve = np.full(600, 0.6)
        for start, stop in stretches:
            curve[start:stop] = -0.3
        return judged(replace(clean(60.0), stereo=stereo_curve(60.0, curve)))

    start = round(10 * place_s)
    (whole,) = apart([(start, start + 200)]).findings
    (halves,) = apart([(start - 80, start + 20), (start + 150, start + 250)]).findings
    assert len(halves.spans) == 2
    # Each stretch is seen by the windows of a second that reach into it: one more edge is one more second.
    assert halves.exposure == pytest.approx(whole.exposure, abs=1.2 / 60)
    assert halves.points == pytest.approx(whole.points, abs=0.2)


def test_an_unsure_genre_is_less_certain_and_says_so() -> None:
    sure, unsure = judged(faulty()), judge(faulty(), None, "club", ProjectFacts())
    assert unsure.genre.how == "unsure"
    assert "widest tolerance" in unsure.genre.reason
    by_rule = {finding.rule: finding for finding in sure.findings}
    for finding in unsure.findings:
        if finding.rule in {"ton.band", "ton.tilt", "lou.integrated", "dyn.plr", "ste.corr", "low.mono"}:
            assert finding.confidence < by_rule[finding.rule].confidence


def test_an_unknown_genre_is_refused() -> None:
    with pytest.raises(BadInput, match="polka"):
        judge(clean(), "polka", "club", PROJECT)


def rule_that(check: object) -> Rule:
    return replace(all_rules()[0], check=check)  # type: ignore[arg-type]


def test_a_rule_that_fails_is_not_swallowed(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(case: Case) -> Verdict:
        raise ZeroDivisionError(case.delivery.name)

    monkeypatch.setattr(judge_module, "all_rules", lambda: (rule_that(broken),))
    with pytest.raises(ZeroDivisionError):
        judged(clean())


def test_one_problem_reported_twice_is_a_slip_in_the_rule(monkeypatch: pytest.MonkeyPatch) -> None:
    draft = Draft(
        value=2.0, unit="dB", threshold=Threshold.above(0.5, 1.0), confidence=0.9, exposure=1.0, advice="Do.",
        spans=(Span(0, 1),),
    )  # fmt: skip
    monkeypatch.setattr(judge_module, "all_rules", lambda: (rule_that(lambda _case: (draft, draft)),))
    with pytest.raises(RuntimeError, match="came twice"):
        judged(clean())


def test_the_ruleset_has_a_hash_of_twelve_digits_that_follows_the_rules(monkeypatch: pytest.MonkeyPatch) -> None:
    from uptrack_analysis.findings import rule as rule_module

    before = ruleset_hash()
    assert len(before) == 12
    int(before, 16)
    newer = (replace(all_rules()[0], version=all_rules()[0].version + 1), *all_rules()[1:])
    monkeypatch.setattr(rule_module, "all_rules", lambda: newer)
    assert ruleset_hash.__wrapped__() != before


def test_the_ruleset_follows_the_data(monkeypatch: pytest.MonkeyPatch) -> None:
    from uptrack_analysis.findings import rule as rule_module

    files = list(data_files())
    monkeypatch.setattr(rule_module, "data_files", lambda: [(files[0][0], files[0][1] + b"\n# edited"), *files[1:]])
    assert ruleset_hash.__wrapped__() != ruleset_hash()
