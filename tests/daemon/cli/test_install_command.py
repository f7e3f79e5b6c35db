"""``uptrack install reaper`` as a user types it."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from uptrack_daemon.cli import main
from uptrack_daemon.cli.at_home import run
from uptrack_daemon.home import Home
from uptrack_daemon.install.remembered import remembered

Capture = pytest.CaptureFixture[str]


@pytest.fixture
def resources(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("UPTRACK_HOME", str(tmp_path / "home"))
    folder = tmp_path / "REAPER"
    folder.mkdir()
    (folder / "reaper.ini").touch()
    return folder


def install(resources: Path, *words: str) -> int:
    return main(["install", "reaper", "--resource-path", str(resources), *words])


def test_the_shipped_scripts_are_installed_with_this_home_and_this_version(resources: Path, capsys: Capture) -> None:
    assert install(resources) == 0
    folder = resources / "Scripts" / "UpTrack"
    actions = sorted(path.name for path in folder.glob("*.lua"))
    assert (folder / "lib" / "json.lua").is_file()
    stamp = json.loads((folder / "uptrack.json").read_text())
    assert stamp["home"] == stamp["command"][-1] == str(resources.parent / "home")
    said = capsys.readouterr().out
    assert all(str(folder / name) in said for name in actions)
    assert "New action → Load ReaScript…" in said
    assert main(["--version"]) == 0
    assert capsys.readouterr().out == f"uptrack {stamp['version']}\n"


def test_with_startup_no_clicks_are_asked_for(resources: Path, capsys: Capture) -> None:
    assert install(resources, "--startup") == 0
    first = capsys.readouterr().out
    assert install(resources) == 0
    second = capsys.readouterr().out
    for said in (first, second):
        assert "Start REAPER anew" in said
        assert "Load ReaScript" not in said
    assert (resources / "Scripts" / "__startup.lua").is_file()
    assert install(resources, "--no-startup") == 0
    assert not (resources / "Scripts" / "__startup.lua").exists()


def test_a_dry_run_says_what_would_happen_and_changes_nothing(resources: Path, capsys: Capture) -> None:
    for words in (["--startup"], ["--uninstall"]):
        before = sorted(resources.rglob("*"))
        assert install(resources, "--dry-run", *words) == 0
        assert sorted(resources.rglob("*")) == before
        said = capsys.readouterr().out
        assert "nothing was changed" in said
        assert str(resources / "Scripts" / "UpTrack") in said
        noted = resources.parent / "home" / "reapers.json"
        assert noted.exists() == ("--uninstall" in words)
        install(resources)
        capsys.readouterr()


def test_uninstalling_twice_says_that_nothing_is_there(resources: Path, capsys: Capture) -> None:
    install(resources, "--startup")
    assert install(resources, "--uninstall") == 0
    assert "REAPER may still list the actions" in capsys.readouterr().out
    assert install(resources, "--uninstall") == 0
    assert "Nothing of UpTrack is installed" in capsys.readouterr().out
    assert sorted(path.name for path in resources.rglob("*")) == ["Scripts", "reaper.ini"]


def test_a_reaper_that_is_gone_is_forgotten_by_its_path(resources: Path, capsys: Capture) -> None:
    home = Home(resources.parent / "home")
    install(resources)
    assert remembered(home) == [resources]
    shutil.rmtree(resources)
    assert install(resources, "--uninstall") == 0
    assert "has forgotten it" in capsys.readouterr().out
    assert remembered(home) == []
    assert install(resources, "--uninstall") == 3, "what was never noted is a slip"


def test_what_is_taken_out_is_not_remembered(resources: Path) -> None:
    install(resources)
    install(resources)
    assert remembered(Home(resources.parent / "home")) == [resources]
    assert install(resources, "--uninstall") == 0
    assert remembered(Home(resources.parent / "home")) == []


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["--resource-path", ""], 2),
        (["--resource-path", "/nowhere at all"], 3),
        (["--uninstall", "--startup"], 2),
        (["--uninstall", "--no-startup"], 2),
    ],
)
def test_what_cannot_be_meant_is_one_sentence(words: list[str], code: int, capsys: Capture) -> None:
    assert main(["install", "reaper", *words]) == code
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.count("\n") == 1


def test_a_command_for_a_home_runs_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture) -> None:
    monkeypatch.setenv("UPTRACK_HOME", str(tmp_path / "another"))
    assert run([str(tmp_path), "reports", "list"]) == 0
    assert (tmp_path / "uptrack.sqlite").exists()
    assert not (tmp_path / "another").exists()
    assert run([]) == 2
