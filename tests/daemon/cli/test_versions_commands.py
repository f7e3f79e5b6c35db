"""Versions from the command line, with real audio: keep, compare, and see it said in text, page and JSON."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from support.tracks import beat
from uptrack_daemon.cli import main

Capture = pytest.CaptureFixture[str]


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("UPTRACK_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


@pytest.fixture
def versions(tmp_path: Path) -> tuple[Path, Path]:
    """The first clips hard, the second does not."""
    return beat(tmp_path / "beat_v1.wav", gain=3.0), beat(tmp_path / "beat_v2.wav", gain=0.5)


def ids(capsys: Capture) -> list[str]:
    """Newest first."""
    capsys.readouterr()
    assert main(["reports", "list", "--json"]) == 0
    return [report["id"] for report in json.loads(capsys.readouterr().out)]


def test_kept_versions_are_compared_as_soon_as_the_second_is_measured(
    versions: tuple[Path, Path], tmp_path: Path, capsys: Capture
) -> None:
    for path in versions:
        assert main(["analyze", str(path), "--keep", "--genre", "techno"]) == 0
    said = capsys.readouterr()
    assert "Since beat_v1.wav: fixed " in " ".join(said.out.split())
    assert said.err.count("Kept as report") == 2
    new, old = ids(capsys)
    assert main(["reports", "compare", old, new, "--json"]) == 0
    comparison = json.loads(capsys.readouterr().out)
    assert comparison["counts"]["fixed"] > 0
    assert "int.clip" in {change["rule"] for change in comparison["changes"] if change["status"] == "fixed"}
    assert main(["reports", "compare", new]) == 0
    assert "beat_v1.wav → beat_v2.wav" in capsys.readouterr().out
    assert main(["reports", "show", new]) == 0
    assert "Since beat_v1.wav" in capsys.readouterr().out
    assert main(["reports", "export", new, "--out", str(tmp_path / "page.html")]) == 0
    assert "Since beat_v1.wav" in (tmp_path / "page.html").read_text("utf-8")
    assert main(["reports", "compare", old]) == 3
    assert "is the first version of beat" in capsys.readouterr().err


def test_a_project_that_is_named_joins_files_of_any_name(versions: tuple[Path, Path], capsys: Capture) -> None:
    first, second = versions
    other = second.rename(second.with_name("something else.wav"))
    assert main(["analyze", str(first), "--project", "Anthem"]) == 0
    assert main(["analyze", str(other), "--project", "anthem", "--json"]) == 0
    capsys.readouterr()
    assert main(["reports", "list", "anthem"]) == 0
    assert capsys.readouterr().out.count("[Anthem]") == 2


def test_without_keep_nothing_is_kept(versions: tuple[Path, Path], home: Path, capsys: Capture) -> None:
    assert main(["analyze", str(versions[0]), "--json"]) == 0
    assert not home.exists()
    assert main(["analyze", str(versions[0]), "--project", " "]) == 2


def test_once_a_version_is_kept_the_next_ones_are_too_but_no_file_twice(
    versions: tuple[Path, Path], capsys: Capture
) -> None:
    first, second = (str(path) for path in versions)
    assert main(["analyze", first, "--keep", "--genre", "techno"]) == 0
    assert main(["analyze", first, "--genre", "techno"]) == 0
    assert len(ids(capsys)) == 1
    assert main(["analyze", second, "--genre", "techno", "--no-keep"]) == 0
    assert len(ids(capsys)) == 1
    assert main(["analyze", second, "--genre", "techno"]) == 0
    said = capsys.readouterr()
    assert "Since beat_v1.wav: fixed " in " ".join(said.out.split())
    assert "Kept as report" in said.err
    assert len(ids(capsys)) == 2
    assert main(["analyze", second, "--project", "Anthem", "--no-keep"]) == 2
    assert "say one of them" in capsys.readouterr().err


def test_reports_in_files_are_compared_and_other_files_refused(
    versions: tuple[Path, Path], tmp_path: Path, capsys: Capture
) -> None:
    files = []
    for path in versions:
        assert main(["analyze", str(path), "--json"]) == 0
        files.append(tmp_path / f"{path.stem}.json")
        files[-1].write_text(capsys.readouterr().out, "utf-8")
    assert main(["reports", "compare", *map(str, files)]) == 0
    assert "FIXED" in capsys.readouterr().out
    (tmp_path / "no.json").write_text("{}")
    for bad in ("no.json", "missing.json"):
        assert main(["reports", "compare", str(tmp_path / bad), str(files[1])]) == 3


@pytest.fixture
def kept_by_older_rules(versions: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch, capsys: Capture) -> Path:
    """The first version, kept when one rule was another."""
    from uptrack_analysis.findings import rule

    real = rule.rule_digests
    with monkeypatch.context() as then:
        then.setattr("uptrack_analysis.assemble.rule_digests", lambda *how: dict(real(*how), **{"int.clip": "old"}))
        then.setattr("uptrack_analysis.assemble.ruleset_hash", lambda: "0" * 12)
        assert main(["analyze", str(versions[0]), "--keep"]) == 0
    capsys.readouterr()
    return versions[0]


def test_a_version_whose_rules_have_changed_is_measured_again_if_its_file_is_still_there(
    versions: tuple[Path, Path], kept_by_older_rules: Path, capsys: Capture
) -> None:
    assert main(["analyze", str(versions[1]), "--keep"]) == 0
    streams = capsys.readouterr()
    said = " ".join(streams.out.split())
    assert "Measuring beat_v1.wav again: rules have changed since it was judged." in streams.err
    assert "under today's rules Findings" in said
    new, old = ids(capsys)
    assert main(["reports", "compare", old, new, "--as-judged"]) == 0
    assert "1 rule has changed or is new since beat_v1.wav was judged" in " ".join(capsys.readouterr().out.split())
    for more in ([], ["--again"]):
        assert main(["reports", "compare", old, new, *more]) == 0
        said = " ".join(capsys.readouterr().out.split())
        assert "beat_v1.wav was measured again under today's rules." in said
        assert "Clipped peaks" in said
        assert "not compared" not in said
    kept_by_older_rules.unlink()
    assert main(["reports", "compare", old, new]) == 0
    said = " ".join(capsys.readouterr().out.split())
    assert "so it is not compared (its file is gone, or is another by now): int.clip." in said


def test_a_version_is_not_measured_again_where_the_other_is_gone_and_both_were_judged_alike(
    versions: tuple[Path, Path], kept_by_older_rules: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    from uptrack_analysis.findings import rule

    real = rule.rule_digests
    with monkeypatch.context() as then:
        then.setattr("uptrack_analysis.assemble.rule_digests", lambda *how: dict(real(*how), **{"int.clip": "old"}))
        then.setattr("uptrack_analysis.assemble.ruleset_hash", lambda: "0" * 12)
        assert main(["analyze", str(versions[1]), "--keep"]) == 0
    new, old = ids(capsys)
    kept_by_older_rules.unlink()
    assert main(["reports", "compare", old, new]) == 0
    said = " ".join(capsys.readouterr().out.split())
    assert "under their own rules" in said
    assert "not compared" not in said
    assert "Clipped peaks" in said


def test_what_is_dismissed_is_gone_from_the_next_text_and_score_and_marked_in_json(
    versions: tuple[Path, Path], capsys: Capture
) -> None:
    loud, again = versions[0], versions[0].with_name("beat_v3.wav")
    again.write_bytes(loud.read_bytes() + b"JUNK\0\0\0\0")
    assert main(["analyze", str(loud), "--keep", "--genre", "techno", "--json"]) == 0
    before = json.loads(capsys.readouterr().out)
    ((clip, severity),) = (
        (finding["id"], finding["severity"]) for finding in before["findings"] if finding["rule"] == "int.clip"
    )
    (run,) = ids(capsys)
    assert main(["reports", "dismiss", run, "int.clip"]) == 0
    said = f"Clipped peaks ({clip}) is left out from now on in beat, unless it grows worse than {severity}.\n"
    assert capsys.readouterr().out == said
    assert main(["reports", "dismissed"]) == 0
    assert f"({clip}), up to {severity}\n" in capsys.readouterr().out

    # Also of a run that is not kept: the project is known by folder and name.
    assert main(["analyze", str(again), "--genre", "techno"]) == 0
    said = capsys.readouterr().out
    assert "Clipped peaks" not in said
    assert "1 dismissed in this project." in said
    assert main(["analyze", str(again), "--genre", "techno", "--json"]) == 0
    after = json.loads(capsys.readouterr().out)
    assert [finding["id"] for finding in after["findings"] if finding["dismissed"]] == [clip]
    assert after["score"]["overall"] > before["score"]["overall"]

    assert main(["reports", "dismiss", run, clip, "--undo"]) == 0
    assert main(["reports", "dismissed"]) == 0
    assert "Nothing is dismissed." in capsys.readouterr().out
    assert main(["analyze", str(again), "--genre", "techno", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["score"] == before["score"]


def test_a_whole_rule_is_dismissed_listed_and_taken_back(versions: tuple[Path, Path], capsys: Capture) -> None:
    assert main(["analyze", str(versions[0]), "--project", "Beat"]) == 0
    (run,) = ids(capsys)
    assert main(["reports", "dismiss", run, "int.clip", "--rule"]) == 0
    said = capsys.readouterr().out
    assert main(["reports", "dismissed", "beat", "--json"]) == 0
    (row,) = json.loads(capsys.readouterr().out)
    assert (row["project"], row["rule"], row["finding"]) == ("Beat", "int.clip", None)
    assert said == f"The rule int.clip is left out from now on in Beat, unless it grows worse than {row['severity']}.\n"
    assert main(["reports", "show", run]) == 0
    assert "Clipped peaks" not in capsys.readouterr().out
    assert main(["reports", "dismiss", run, "int.clip", "--rule", "--undo"]) == 0
    assert main(["reports", "dismiss", run, "int.clip", "--rule", "--undo"]) == 3
