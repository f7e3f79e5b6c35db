"""What scripts are told of this installation: a home they can open, a command that works without our environment."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from uptrack_analysis.errors import BadInput, Unavailable
from uptrack_daemon.install.launch import home_as_written, launch_command
from uptrack_daemon.install.shipped import PACKAGE, files_below, shipped_scripts


def test_a_home_in_plain_letters_and_any_home_off_windows_is_written_as_it_is(tmp_path: Path) -> None:
    assert home_as_written(tmp_path, windows=True) == str(tmp_path)
    assert home_as_written(tmp_path / "Käse", windows=False) == str(tmp_path / "Käse")


def test_on_windows_other_letters_are_written_by_their_short_name(tmp_path: Path) -> None:
    user = tmp_path / "Zoë"
    user.mkdir()
    # The home was not made yet: only the folder around it has a short name.
    written = home_as_written(user / ".uptrack", windows=True, shorten={user: str(tmp_path / "ZO~1")}.get)
    assert written == str(tmp_path / "ZO~1" / ".uptrack")


@pytest.mark.parametrize("short", [None, "/still/Zoë"])
def test_without_a_short_name_the_sentence_says_what_to_set(tmp_path: Path, short: str | None) -> None:
    with pytest.raises(BadInput, match="set UPTRACK_HOME to a folder such as") as refused:
        home_as_written(tmp_path / "Zoë", windows=True, shorten=lambda _: short)
    assert refused.value.code == "install.home_not_ascii"


def test_a_home_whose_name_is_no_text_is_refused() -> None:
    with pytest.raises(BadInput, match="is not UTF-8"):
        home_as_written(Path(os.fsdecode(b"/home/\xff")), windows=False)


def test_the_command_finds_the_home_without_an_environment(tmp_path: Path) -> None:
    home = tmp_path / "home of 音"
    home.mkdir()
    (home / "config.toml").write_text("nonsense = ")
    environ = {name: value for name, value in os.environ.items() if name != "UPTRACK_HOME"}
    environ["PYTHONPATH"] = os.pathsep.join(
        str(PACKAGE.parents[1] / room) for room in ("daemon", "bridges", "analysis")
    )
    words = [*launch_command(str(home)), "daemon", "start"]
    ended = subprocess.run(words, env=environ, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert ended.returncode == 4
    assert str(home / "config.toml") in ended.stderr


def test_without_a_home_the_command_says_what_is_missing() -> None:
    ended = subprocess.run(launch_command("x")[:-1], capture_output=True, text=True, check=False)
    assert ended.returncode == 2
    assert "expected a home folder" in ended.stderr


def test_scripts_are_found_in_the_package_before_a_source_tree(tmp_path: Path) -> None:
    package = tmp_path / "daemon" / "uptrack_daemon"
    package.mkdir(parents=True)
    with pytest.raises(Unavailable, match="install UpTrack again"):
        shipped_scripts("reaper", package=package)
    (tmp_path / "reaper_scripts").mkdir()
    (tmp_path / "pyproject.toml").touch()
    assert shipped_scripts("reaper", package=package) == tmp_path / "reaper_scripts"
    (package / "daw_scripts" / "reaper").mkdir(parents=True)
    assert shipped_scripts("reaper", package=package) == package / "daw_scripts" / "reaper"


def test_hidden_and_compiled_files_are_not_shipped(tmp_path: Path) -> None:
    for name in ("a.lua", "lib/b.lua", ".DS_Store", "__pycache__/c.pyc", ".git/d"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(name)
    assert files_below(tmp_path) == {"a.lua": b"a.lua", "lib/b.lua": b"lib/b.lua"}
