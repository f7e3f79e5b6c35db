"""What became of each finding: laws of the comparison, and what it leaves out and says so."""

from __future__ import annotations

import dataclasses
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from support.reports import DURATION_S, a_finding, a_report
from uptrack_analysis.compare.alignment import Alignment, Piece
from uptrack_analysis.compare.versions import Comparison, compare, to_document
from uptrack_analysis.present.comparison import comparison_lines, since_before
from uptrack_analysis.report import Engine, Finding, Report, Score, Severity, Span

RULES = ("low.mono", "ton.band", "int.dropout", "ste.corr")
DIGESTS = dict.fromkeys(RULES, "00000000")


def finding(rule: str = "low.mono", number: int = 1, **changes: Any) -> Finding:
    facts: dict[str, Any] = {"rule": rule, "id": f"{rule}-{number:06x}", "area": "low", "group": rule, "penalty": 0.1}
    return a_finding(number=number, **{**facts, **changes})


def version(*findings: Finding, name: str = "mix_v1.wav", **changes: Any) -> Report:
    report = a_report(name=name, findings=findings, engine=Engine("0.1.0", "a" * 12, DIGESTS))
    facts: dict[str, Any] = {
        "source": dataclasses.replace(report.source, sha256=f"{sum(name.encode()):064x}"),
        "score": Score("score-1", 76.0, 1.0, (), {}),
    }
    return dataclasses.replace(report, **{**facts, **changes})


def statuses(comparison: Comparison) -> dict[str, int]:
    return {status: count for status, count in comparison.counts.items() if count}


@st.composite
def reports(draw: st.DrawFn, name: str) -> Report:
    """Up to eight findings of four rules, anywhere, as bad as may be."""
    findings = []
    for number in range(draw(st.integers(0, 8))):
        rule = draw(st.sampled_from(RULES))
        start_s = draw(st.floats(0, DURATION_S - 30))
        length_s = draw(st.sampled_from([0.0, 0.02, 8.0, 30.0]))
        findings.append(
            finding(
                rule,
                number,
                start_s=start_s,
                end_s=start_s + length_s,
                spans=(Span(start_s, start_s + length_s),),
                excess=draw(st.floats(0, 12)),
                exposure=draw(st.floats(0, 1)),
                value=draw(st.sampled_from([-9.0, 9.0])),
                low_hz=draw(st.sampled_from([30.0, 2_000.0])),
                high_hz=None,
            )
        )
    return version(*findings, name=name)


@settings(max_examples=25)
@given(reports("one.wav"))
def test_a_version_beside_itself_is_unchanged(report: Report) -> None:
    comparison = compare(report, report)
    assert statuses(comparison) == ({"unchanged": len(report.findings)} if report.findings else {})
    assert comparison.score_change == "no change"
    assert comparison.left_out == {}


@settings(max_examples=25)
@given(reports("one.wav"), reports("other.wav"))
def test_the_other_way_round_fixed_is_new_and_worse_is_better(one: Report, other: Report) -> None:
    there, back = compare(one, other), compare(other, one)
    mirror = {"fixed": "new", "new": "fixed", "worse": "better", "better": "worse", "unchanged": "unchanged"}
    assert {mirror[status]: count for status, count in there.counts.items()} == back.counts
    pairs = {(change.old and change.old.id, change.new and change.new.id) for change in there.changes}
    assert pairs == {(change.new and change.new.id, change.old and change.old.id) for change in back.changes}


@settings(max_examples=25)
@given(reports("one.wav"), reports("other.wav"))
def test_every_finding_of_both_is_told_once(one: Report, other: Report) -> None:
    changes = compare(one, other).changes
    assert sorted(change.old.id for change in changes if change.old) == sorted(f.id for f in one.findings)
    assert sorted(change.new.id for change in changes if change.new) == sorted(f.id for f in other.findings)


@pytest.mark.parametrize(
    ("before", "after", "status"),
    [
        ({"excess": 1.0}, {"excess": 1.2}, "unchanged"),
        ({"excess": 1.0}, {"excess": 1.3}, "worse"),
        ({"excess": 3.0}, {"excess": 2.75}, "unchanged"),
        ({"excess": 3.0}, {"excess": 2.5}, "better"),
        ({"excess": 600.0}, {"excess": 300.0}, "unchanged"),
        ({"exposure": 0.9}, {"exposure": 0.75}, "unchanged"),
        ({"exposure": 0.9}, {"exposure": 0.5}, "better"),
        ({"excess": 2.0, "exposure": 0.9}, {"excess": 0.6, "exposure": 1.0}, "better"),
        ({"excess": 0.9, "exposure": 0.6}, {"excess": 0.3, "exposure": 1.0}, "better"),
        ({"excess": 2.0, "exposure": 0.1}, {"excess": 1.7, "exposure": 1.0}, "worse"),
    ],
)
def test_a_finding_is_worse_or_better_only_beyond_what_measuring_twice_gives(
    before: dict[str, Any], after: dict[str, Any], status: str
) -> None:
    comparison = compare(version(finding(**before)), version(finding(**after), name="mix_v2.wav"))
    assert statuses(comparison) == {status: 1}


def test_too_much_and_too_little_are_two_findings() -> None:
    comparison = compare(version(finding(value=8.4)), version(finding(value=-8.4), name="mix_v2.wav"))
    assert statuses(comparison) == {"fixed": 1, "new": 1}


def test_one_event_is_not_another_though_their_ids_agree() -> None:
    first = finding("int.dropout", start_s=20.0, end_s=20.02, spans=(Span(20.0, 20.02),))
    second = finding("int.dropout", start_s=90.0, end_s=90.02, spans=(Span(90.0, 90.02),))
    assert statuses(compare(version(first), version(second, name="mix_v2.wav"))) == {"fixed": 1, "new": 1}
    near = dataclasses.replace(first, id="int.dropout-ffffff", start_s=20.4, end_s=20.42, spans=(Span(20.4, 20.42),))
    assert statuses(compare(version(first), version(near, name="mix_v2.wav"))) == {"unchanged": 1}


def test_a_state_of_the_mix_is_itself_wherever_it_is_heard() -> None:
    first = finding(start_s=10.0, end_s=40.0, spans=(Span(10.0, 40.0),))
    second = finding(start_s=100.0, end_s=150.0, spans=(Span(100.0, 150.0),))
    assert statuses(compare(version(first), version(second, name="mix_v2.wav"))) == {"unchanged": 1}


def test_a_cut_tail_is_the_same_wherever_the_file_ends() -> None:
    def tail(duration_s: float, name: str) -> Report:
        place = Span(duration_s - 0.01, duration_s)
        report = version(finding("ste.corr", start_s=place.start_s, end_s=place.end_s, spans=(place,)), name=name)
        return dataclasses.replace(report, source=dataclasses.replace(report.source, duration_s=duration_s))

    assert statuses(compare(tail(180.0, "mix_v1.wav"), tail(95.0, "mix_v2.wav"))) == {"unchanged": 1}


def test_findings_of_other_stems_bands_and_channels_are_others() -> None:
    left, right = (finding(spans=(Span(0.0, 90.0, channel),)) for channel in (0, 1))
    for one, other in (
        (left, right),
        (finding(stem="Bass"), finding(stem="Kick")),
        (finding(low_hz=30.0, high_hz=60.0), finding(low_hz=60.0, high_hz=120.0)),
    ):
        assert statuses(compare(version(one), version(other, name="mix_v2.wav"))) == {"fixed": 1, "new": 1}
    wider = finding(low_hz=28.0, high_hz=62.0, number=2)
    assert statuses(compare(version(finding()), version(wider, name="mix_v2.wav"))) == {"unchanged": 1}


# -- the rules both were judged by -------------------------------------------------------------------------------------


def test_a_rule_that_changed_is_left_out_on_both_sides_and_named() -> None:
    changed = Engine("0.1.0", "b" * 12, {**DIGESTS, "ton.band": "11111111", "dyn.plr": "00000000"})
    old = version(finding(), finding("ton.band"))
    new = version(finding(), finding("dyn.plr"), name="mix_v2.wav", engine=changed)
    comparison = compare(old, new)
    assert statuses(comparison) == {"unchanged": 1}
    assert set(comparison.left_out) == {"ton.band", "dyn.plr"}
    assert comparison.rules_compared == 3
    assert comparison.notes == (
        "2 rules have changed or are new since mix_v1.wav was judged, so they are not compared: dyn.plr, ton.band.",
    )
    (note,) = compare(old, new, why_changed="its file is gone").notes
    assert "so they are not compared (its file is gone): dyn.plr" in note
    (note,) = compare(new, old, today=changed.ruleset).notes
    assert "since mix_v1.wav was judged" in note
    assert comparison.sentence.endswith("under today's rules, 2 of them left out")
    # One finding each is left, of the same cost: both scores are made again over what is compared.
    assert comparison.old.score == comparison.new.score
    assert comparison.old.score not in (None, 76.0)


@pytest.mark.parametrize(("share", "compared"), [(0.03, True), (0.3, False)])
def test_a_guess_that_is_less_sure_judges_by_other_limits_where_they_are_the_genre_s(
    share: float, compared: bool
) -> None:
    old, new = version(finding(), finding("int.dropout")), version(finding(), finding("int.dropout"))
    genre = dataclasses.replace(new.context.genre, widened=share, widened_rules=tuple(set(RULES) - {"int.dropout"}))
    comparison = compare(old, dataclasses.replace(new, context=dataclasses.replace(new.context, genre=genre)))
    assert ("low.mono" not in comparison.left_out) == compared
    assert set(RULES) - set(comparison.left_out) == (set(RULES) if compared else {"int.dropout"})


def test_what_one_version_could_not_measure_is_neither_fixed_nor_new() -> None:
    unmeasured = Score("score-1", 80.0, 0.9, (), {"low.mono": "The file is mono."})
    new = version(name="mix_v2.wav", score=unmeasured)
    there, back = compare(version(finding()), new), compare(new, version(finding()))
    assert statuses(there) == statuses(back) == {}
    assert there.left_out == {"low.mono": "Not measured in the newer version: The file is mono."}
    assert back.left_out == {"low.mono": "Not measured in the older version: The file is mono."}


def test_an_early_report_without_digests_is_compared_by_what_is_certain_and_says_so() -> None:
    old = version(finding(penalty=0.0), engine=Engine("0.1.0", "c" * 12))
    new = version(finding(), finding("ton.band"), name="mix_v2.wav")
    comparison = compare(old, new)
    assert statuses(comparison) == {"unchanged": 1}
    assert comparison.old.score is None
    assert comparison.score_change == "unknown"
    assert "did not note its rules" in comparison.notes[0]


def test_rules_older_than_todays_are_called_so() -> None:
    one = version(finding())
    assert compare(one, one, today="a" * 12).sentence.endswith("under today's rules")
    assert compare(one, one, today="b" * 12).sentence.endswith("under their own rules")


@pytest.mark.parametrize(("old", "new", "change"), [(71, 72, "no change"), (71, 73, "better"), (71, 69, "worse")])
def test_one_point_is_no_change(old: float, new: float, change: str) -> None:
    one = version(score=Score("score-1", float(old), 1.0, (), {}))
    other = version(name="mix_v2.wav", score=Score("score-1", float(new), 1.0, (), {}))
    comparison = compare(one, other)
    assert comparison.score_change == change
    assert (f"score {old} → {new} (no change)" in comparison.sentence) == (change == "no change")


def test_what_is_dismissed_in_the_newer_version_counts_on_neither_side() -> None:
    old = version(finding(), finding("ton.band"))
    new = version(finding(dismissed=True), finding("ton.band"), name="mix_v2.wav")
    comparison = compare(old, new)
    assert statuses(comparison) == {"unchanged": 1}
    assert comparison.dismissed == 1
    assert comparison.old.score not in (None, 76.0)


# -- in words ----------------------------------------------------------------------------------------------------------


def test_a_comparison_is_told_in_one_line_and_in_full() -> None:
    def one(severity: Severity, number: int, **changes: Any) -> Finding:
        return finding(
            "ton.band", number, severity=severity, low_hz=100.0 * 2**number, high_hz=150.0 * 2**number, **changes
        )

    old = version(one("major", 1), one("minor", 2, excess=0.6), one("minor", 3))
    new = version(one("major", 2, excess=2.6), one("minor", 3), one("blocker", 4), name="mix\u202ev2.wav")
    comparison = compare(old, new)
    assert comparison.sentence == "fixed 1, new 1, worse 1, unchanged 1; score 76 → 76 (no change); under today's rules"
    assert since_before(comparison) == f"Since mix_v1.wav: {comparison.sentence}"
    text = "\n".join(line.plain for line in comparison_lines(comparison))
    assert [text.index(word) for word in ("NEW", "WORSE", "FIXED", "UNCHANGED")] == sorted(
        text.index(word) for word in ("NEW", "WORSE", "FIXED", "UNCHANGED")
    )
    assert "minor → major" in text
    assert "\u202e" not in text
    assert json.loads(json.dumps(to_document(comparison)))["schema"] == "uptrack.comparison/1"


def test_twelve_changes_are_shown_unless_all_are_asked_for() -> None:
    many = [finding("ton.band", n, low_hz=20.0 * 1.5**n, high_hz=20.0 * 1.5**n) for n in range(15)]
    comparison = compare(version(), version(*many, name="mix_v2.wav"))
    assert sum("NEW" in line.plain for line in comparison_lines(comparison)) == 12
    assert "3 more: --all" in comparison_lines(comparison)[-1].plain
    assert sum("NEW" in line.plain for line in comparison_lines(comparison, every_change=True)) == 15


LONGER = Alignment((Piece(0.0, 0.0, 60.0), Piece(60.0, 76.0, DURATION_S - 60.0)), DURATION_S, DURATION_S + 16.0, 0.95)
"""Sixteen seconds put in at one minute."""


def over_it_all(rule: str, severity: Severity, excess: float, **changes: Any) -> Finding:
    spans = (Span(2.0, DURATION_S - 2.0),)
    where = {"start_s": 2.0, "end_s": DURATION_S - 2.0, "spans": spans}
    return finding(rule, severity=severity, excess=excess, **{**where, **changes})


def test_what_a_phrase_can_do_by_itself_is_neither_fixed_nor_new_and_is_said() -> None:
    minor, other = over_it_all("low.mono", "minor", 0.7), over_it_all("ton.band", "info", 2.0)
    comparison = compare(version(minor), version(other, name="mix_v2.wav"), alignment=LONGER)
    assert statuses(comparison) == {}
    assert {change.rule for change in comparison.unsure} == {"low.mono", "ton.band"}
    assert "2 minor findings are in one version only" in comparison.notes[0]
    assert statuses(compare(version(minor), version(other, name="mix_v2.wav"))) == {"fixed": 1, "new": 1}


def test_what_a_phrase_cannot_do_is_fixed_or_new_though_one_was_put_in() -> None:
    worse = over_it_all("low.mono", "moderate", 1.4)
    hole = finding("int.dropout", severity="minor", excess=0.7, start_s=20.0, end_s=20.1, spans=(Span(20.0, 20.1),))
    comparison = compare(version(worse, hole), version(name="mix_v2.wav"), alignment=LONGER)
    assert statuses(comparison) == {"fixed": 2}
    assert comparison.unsure == ()


@pytest.mark.parametrize(("excess", "status"), [(1.5, "unchanged"), (2.1, "worse")])
def test_with_a_phrase_put_in_a_figure_of_the_whole_must_move_by_more(excess: float, status: str) -> None:
    before, after = over_it_all("low.mono", "moderate", 1.0), over_it_all("low.mono", "moderate", excess)
    assert statuses(compare(version(before), version(after, name="mix_v2.wav"), alignment=LONGER)) == {status: 1}
    assert statuses(compare(version(before), version(after, name="mix_v2.wav"))) == {"worse": 1}


def test_a_score_that_only_a_phrase_moved_is_no_change() -> None:
    longer = version(name="mix_v2.wav", score=Score("score-1", 70.0, 1.0, (), {}))
    assert compare(version(), longer, alignment=LONGER).score_change == "no change"
    assert compare(version(), longer).score_change == "worse"


def test_scores_of_two_formulas_are_not_compared_and_that_is_said() -> None:
    comparison = compare(version(), version(name="mix_v2.wav", score=Score("score-2", 90.0, 1.0, (), {})))
    assert (comparison.old.score, comparison.new.score, comparison.score_change) == (None, 90.0, "unknown")
    assert "another formula (score-1)" in comparison.notes[0]
