"""``uptrack rules`` as people call it."""

from __future__ import annotations

import json

import pytest

from uptrack_analysis.findings.rule import all_rules
from uptrack_daemon.cli import main

Capture = pytest.CaptureFixture[str]


def test_bare_rules_lists_and_json_holds_every_rule(capsys: Capture) -> None:
    assert main(["rules"]) == 0
    bare = capsys.readouterr().out
    assert main(["rules", "list"]) == 0
    assert capsys.readouterr().out == bare
    for words in (["rules", "--json"], ["rules", "list", "--json"]):
        assert main(words) == 0
        assert [rule["id"] for rule in json.loads(capsys.readouterr().out)] == [rule.id for rule in all_rules()]


def test_one_rule_is_shown_with_limits_sources_and_families(capsys: Capture) -> None:
    assert main(["rules", "show", "dyn.plr"]) == 0
    page = capsys.readouterr().out
    assert "Techno (techno)" in page
    assert "plr.warn_db" in page
    assert main(["rules", "show", "dyn.plr", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["families"]
    assert main(["rules", "show", "nothing"]) == 3
    assert "rules list" in capsys.readouterr().err
