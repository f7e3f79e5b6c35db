from __future__ import annotations

import stat
from pathlib import Path

import pytest

from uptrack_analysis.errors import BadInput, Unavailable
from uptrack_daemon.home import Home


def mode_of(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_the_home_is_where_the_environment_says() -> None:
    assert Home.of_user({"UPTRACK_HOME": "/elsewhere/uptrack"}).root == Path("/elsewhere/uptrack")


def test_the_home_is_in_the_users_folder_otherwise() -> None:
    assert Home.of_user({}).root == Path.home() / ".uptrack"


def test_a_home_that_hangs_on_the_current_folder_is_refused() -> None:
    with pytest.raises(BadInput, match="absolute") as refusal:
        Home.of_user({"UPTRACK_HOME": "uptrack"})
    assert refusal.value.code == "config.home"


def test_every_folder_of_the_home_is_the_users_alone(tmp_path: Path) -> None:
    home = Home(tmp_path / "new" / "home")
    home.create()
    assert {mode_of(folder) for folder in (home.root, home.mailbox, home.audio, home.logs, home.cache)} == {0o700}


def test_a_home_that_others_could_read_is_closed_to_them(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    Home(tmp_path).create()
    assert mode_of(tmp_path) == 0o700


def test_a_file_in_the_place_of_the_home_is_said_in_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "uptrack").write_text("")
    with pytest.raises(Unavailable, match="a file has that name"):
        Home(tmp_path / "uptrack").create()
