"""Every rule is documented from the rule itself: no limit, source or family can be missing from what is shown."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from uptrack_analysis.errors import BadInput
from uptrack_analysis.figures import percent
from uptrack_analysis.findings.families import load_families
from uptrack_analysis.findings.rule import Rule, all_rules
from uptrack_analysis.findings.rule_docs import find_rule, numbers_in, rule_document
from uptrack_analysis.findings.rule_examples import rule_examples
from uptrack_analysis.findings.tables import read_table
from uptrack_analysis.present.rules import rule_list, rule_page
from uptrack_analysis.report import SEVERITIES

ROOT = Path(__file__).parents[3]

every_rule = pytest.mark.parametrize("rule", all_rules(), ids=lambda rule: rule.id)


@every_rule
def test_a_rule_that_differs_by_genre_names_the_tables_that_make_the_difference(rule: Rule) -> None:
    assert bool(rule.family_tables) >= rule.by_genre
    for family in load_families():
        stored = read_table(f"families/{family}.toml")
        assert all("grade" in stored.table(name) for name in rule.family_tables if name in stored)


@every_rule
def test_the_page_of_a_rule_shows_every_limit_with_its_source(rule: Rule) -> None:
    page = " ".join(rule_page(rule, 100).split())
    assert rule.measures in page
    for name, value, _, source in numbers_in(rule.limits.values):
        assert f"{name} {value}" in page
        assert source in page
    for family in load_families().values():
        stored = read_table(f"families/{family.id}.toml")
        assert family.name in page or not any(name in stored for name in rule.family_tables)


@every_rule
def test_every_rule_shows_what_it_tells_with_place_moves_confidence_and_what_to_expect(rule: Rule) -> None:
    examples = rule_examples()[rule.id]
    page = " ".join(rule_page(rule, 100).split())
    for example in examples:
        finding = example.finding
        assert finding.advice
        assert finding.expected_delta
        assert finding.actions
        assert f"{finding.severity.upper()} {' '.join(finding.title.split())}" in page
        assert " ".join(finding.advice.split()) in page
        assert f"Expect: {finding.expected_delta}" in page
        assert f"confidence {percent(finding.confidence)}" in page
        assert all(f"{action.kind}: {action.text}" in page for action in finding.actions)
        assert SEVERITIES.index(finding.severity) <= SEVERITIES.index(rule.at_most)


@every_rule
def test_an_example_names_the_test_it_comes_from(rule: Rule) -> None:
    for example in rule_examples()[rule.id]:
        file, _, name = example.test.partition("::")
        (found,) = ROOT.glob(f"tests/analysis/findings/rules/{file}")
        assert f"def {name.partition('[')[0]}(" in found.read_text(encoding="utf-8")


def test_limits_that_differ_by_target_are_on_the_page_of_who_rests_on_them() -> None:
    page = rule_page(find_rule("lou.integrated"), 100)
    assert "low_lufs -32, high_lufs -12" in page
    assert "by genre, by target, or your references" in page
    assert "times how sure the genre is" in page


def test_a_family_is_shown_with_the_figures_it_is_judged_by() -> None:
    document = rule_document(find_rule("dyn.plr"))
    for family in document["families"]:
        threshold = load_families()[family["id"]].plr_db
        assert threshold.excess(family["limits"]["plr"]["warn_db"]) == pytest.approx(0.5)
        assert threshold.excess(family["limits"]["plr"]["bad_db"]) == pytest.approx(2.0)


def test_a_document_is_json_and_the_list_names_every_rule() -> None:
    documents = json.loads(json.dumps([rule_document(rule) for rule in all_rules()]))
    assert [document["id"] for document in documents] == [rule.id for rule in all_rules()]
    listed = rule_list(all_rules(), 80)
    assert all(f"  {rule.id} " in listed for rule in all_rules())
    assert max(map(len, listed.splitlines())) <= 80 + len("what one measures")


def test_a_rule_is_found_by_the_beginning_of_its_id_and_otherwise_refused() -> None:
    assert find_rule("Low.Ru").id == "low.rumble"
    assert find_rule("low.mono").id == "low.mono", "a whole id is no beginning of another"
    for wanted, code in (("int", "rule.ambiguous"), ("ton.nothing", "rule.unknown"), ("", "rule.unknown")):
        with pytest.raises(BadInput) as refusal:
            find_rule(wanted)
        assert refusal.value.code == code
