"""Finding REAPER: standard installs on three systems, portable ones beside an executable, and a sentence otherwise."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from uptrack_analysis.errors import BadInput, Unavailable
from uptrack_daemon.install.reaper_places import Machine, choose_reaper, find_reapers, standard_places


def machine(root: Path, platform: str, **environ: str) -> Machine:
    return Machine(platform, root / "user", environ, root / "system")


def reaper_in(*parts: Path | str) -> Path:
    folder = Path(*parts)
    folder.mkdir(parents=True)
    (folder / "reaper.ini").touch()
    return folder


@pytest.mark.parametrize(
    ("platform", "place"),
    [
        ("win32", "user/AppData/Roaming/REAPER"),
        ("darwin", "user/Library/Application Support/REAPER"),
        ("linux", "user/.config/REAPER"),
    ],
)
def test_a_standard_install_is_found(tmp_path: Path, platform: str, place: str) -> None:
    found = reaper_in(tmp_path, place)
    assert find_reapers(machine(tmp_path, platform)) == [found]
    assert choose_reaper(machine(tmp_path, platform), None) == found


def test_windows_says_itself_where_its_programs_keep_their_settings(tmp_path: Path) -> None:
    found = reaper_in(tmp_path, "roaming", "REAPER")
    assert find_reapers(machine(tmp_path, "win32", APPDATA=str(tmp_path / "roaming"))) == [found]


@pytest.mark.parametrize(
    ("platform", "place"),
    [
        ("win32", "programs/REAPER (x64)"),
        ("darwin", "system/Applications"),
        ("darwin", "user/Applications"),
        ("linux", "system/opt/REAPER"),
        ("linux", "user/opt/REAPER"),
    ],
)
def test_a_portable_install_in_a_usual_place_is_found(tmp_path: Path, platform: str, place: str) -> None:
    found = reaper_in(tmp_path, place)
    assert find_reapers(machine(tmp_path, platform, PROGRAMFILES=str(tmp_path / "programs"))) == [found]


@pytest.mark.skipif(sys.platform == "win32", reason="links and execute bits as POSIX has them")
def test_a_portable_install_that_runs_or_is_on_the_path_is_found(tmp_path: Path) -> None:
    running, listed = reaper_in(tmp_path, "usb", "Portable"), reaper_in(tmp_path, "studio")
    (tmp_path / "system" / "proc" / "4242").mkdir(parents=True)
    (tmp_path / "system" / "proc" / "4242" / "exe").symlink_to(running / "reaper")
    (tmp_path / "system" / "proc" / "1").mkdir()  # another user's: it shows nothing
    (listed / "reaper").touch(mode=0o755)
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "reaper").symlink_to(listed / "reaper")
    assert find_reapers(machine(tmp_path, "linux", PATH=str(tmp_path / "bin"))) == [running, listed]


def test_one_install_by_two_ways_is_one(tmp_path: Path) -> None:
    found = reaper_in(tmp_path, "user", ".config", "REAPER")
    (tmp_path / "user" / "REAPER").symlink_to(found)
    assert find_reapers(machine(tmp_path, "linux")) == [found]


def test_a_folder_without_reaper_ini_is_no_install(tmp_path: Path) -> None:
    (tmp_path / "user" / ".config" / "REAPER").mkdir(parents=True)
    with pytest.raises(Unavailable) as none:
        choose_reaper(machine(tmp_path, "linux"), None)
    assert str(standard_places(machine(tmp_path, "linux"))[0]) in none.value.sentence
    assert "--resource-path" in none.value.sentence


def test_of_several_one_has_to_be_named(tmp_path: Path) -> None:
    first = reaper_in(tmp_path, "user", ".config", "REAPER")
    second = reaper_in(tmp_path, "user", "REAPER")
    with pytest.raises(BadInput) as several:
        choose_reaper(machine(tmp_path, "linux"), None)
    assert all(str(place) in several.value.sentence for place in (first, second))
    assert choose_reaper(machine(tmp_path, "linux"), second) == second


def test_what_is_named_has_to_be_a_resource_path(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"the folder that holds reaper\.ini, got .*Show REAPER resource path"):
        choose_reaper(machine(tmp_path, "linux"), tmp_path)
    assert not any(tmp_path.iterdir())
