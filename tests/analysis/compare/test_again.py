"""A version measured again by today's rules: what changes is judged anew, what did not keeps what its stems told."""

from __future__ import annotations

import dataclasses

from support.reports import a_finding, a_report
from uptrack_analysis.compare.again import is_outdated, judged_again, settings_again
from uptrack_analysis.compare.versions import compare
from uptrack_analysis.findings.dismissed import with_dismissed
from uptrack_analysis.report import Context, Engine, Finding, GenreChoice, Report, to_document

RULES = {"low.mono": "00000000", "ton.band": "00000000", "ton.tilt": "00000000"}
TODAY = RULES | {"ton.band": "11111111", "dyn.plr": "00000000"}


def a_version(rules: dict[str, str], *findings: Finding, ruleset: str = "a" * 12, name: str = "mix_v1.wav") -> Report:
    return a_report(name=name, findings=findings, engine=Engine("0.1.0", ruleset, rules))


def of(rule: str, number: int = 1, *, stem: str | None = None) -> Finding:
    return a_finding(number=number, rule=rule, id=f"{rule}-{number:06d}", stem=stem)


def today(*findings: Finding, name: str = "mix_v1.wav") -> Report:
    return a_version(TODAY, *findings, ruleset="b" * 12, name=name)


def test_what_changed_is_judged_anew_and_the_rest_keeps_what_its_stems_told() -> None:
    before = a_version(RULES, of("low.mono", stem="Bass"), of("ton.band", 1))
    new = today(of("low.mono", stem="Bass"), of("ton.band", 2), name="mix_v2.wav")
    old = judged_again(before, today(of("low.mono"), of("ton.band", 2)), new)
    assert [(one.id, one.stem) for one in old.findings] == [("low.mono-000001", "Bass"), ("ton.band-000002", None)]
    assert old.engine.rules == TODAY
    comparison = compare(old, new)
    assert comparison.left_out == {}
    assert (comparison.counts["unchanged"], comparison.counts["new"], comparison.counts["fixed"]) == (2, 0, 0)
    assert old.score.overall == with_dismissed(with_dismissed(new, {"low.mono-000001"}), ()).score.overall


def test_a_rule_held_against_references_keeps_its_verdict_beside_another_held_against_the_same() -> None:
    def held(report: Report) -> Report:
        rules = report.engine.rules | {"ton.tilt": "22222222"}
        return dataclasses.replace(
            report,
            context=dataclasses.replace(report.context, references=("mine.wav",)),
            engine=dataclasses.replace(report.engine, rules=rules),
        )

    before, new = held(a_version(RULES, of("ton.tilt"))), held(today(of("ton.tilt"), name="mix_v2.wav"))
    old = judged_again(before, today(), new)
    assert [one.rule for one in old.findings] == ["ton.tilt"]
    assert compare(old, new).left_out == {}


def test_where_the_genre_is_guessed_otherwise_today_everything_is_judged_anew() -> None:
    before = a_version(RULES, of("low.mono"))
    again = today(of("ton.band"))
    guessed = dataclasses.replace(
        again.context.genre, family="house" if again.context.genre.family != "house" else "dnb"
    )
    again = dataclasses.replace(again, context=dataclasses.replace(again.context, genre=guessed))
    assert [one.rule for one in judged_again(before, again, again).findings] == ["ton.band"]


def test_what_was_dismissed_stays_dismissed() -> None:
    meant = dataclasses.replace(of("ton.band"), dismissed=True)
    old = judged_again(a_version(RULES, meant), today(of("ton.band")), today())
    assert [one.dismissed for one in old.findings] == [True]


def test_a_report_is_outdated_where_the_rules_are_others_and_not_where_they_are_asked_otherwise() -> None:
    before, new = a_version(RULES), today()
    other_target = a_version(TODAY)
    engines = [to_document(report)["engine"] for report in (before, new, other_target)]
    assert is_outdated(engines[0], engines[1])
    assert not is_outdated(engines[0], engines[2])
    assert not is_outdated(engines[1], engines[1])


def test_it_is_measured_again_with_the_genre_it_was_given_or_a_guess() -> None:
    context: Context = a_report().context
    given = dataclasses.replace(context, genre=dataclasses.replace(context.genre, how="given"))
    guessed = dataclasses.replace(context, genre=dataclasses.replace(context.genre, how="guessed"))
    assert settings_again(given).genre == context.genre.family
    assert settings_again(guessed).genre is None
    assert settings_again(given).target == context.target
    assert isinstance(context.genre, GenreChoice)
