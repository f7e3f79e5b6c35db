"""Windows: backslashes, names in UTF-8 for REAPER and in the code page for Lua, and a rename that never replaces."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from support.desks import EchoDesk
from support.gfx_canvas import GfxCanvas
from support.studio import ANALYZE_MIX, ANALYZE_STEMS, RESULTS, SCRIPTS, Studio
from support.windows_paths import named, place
from uptrack_bridges.messages import Analyze

ACTIONS = sorted(path.name for path in SCRIPTS.glob("*.lua"))


@pytest.fixture
def windows(studio: Studio, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Studio:
    """A Windows whose user has a daemon in a home of plain letters, which only uptrack.json names."""
    monkeypatch.delenv("UPTRACK_HOME")
    there = Studio(studio.reaper, tmp_path / "ascii", EchoDesk())
    there.reaper.windows = True
    there.announce()
    return there


def installed(studio: Studio, folder: Path) -> Path:
    """The scripts as `uptrack install reaper` puts them there."""
    shutil.copytree(SCRIPTS, folder)
    (folder / "uptrack.json").write_text(json.dumps({"home": named(studio.home), "command": ["uptrack"]}))
    return folder


@pytest.mark.parametrize("user", ["Zoe", "Zoë Müller"])
async def test_scripts_below_a_name_of_western_letters_find_their_modules_and_uptrack_json(
    windows: Studio, tmp_path: Path, user: str
) -> None:
    scripts = installed(windows, tmp_path / user / "Scripts" / "UpTrack")
    windows.tracks("Kick")
    async with windows.daemon():
        await windows.analyze(scripts / ANALYZE_MIX.name)
    assert len(windows.said(Analyze)) == 1
    assert len(windows.reaper.front.markers) == 1


async def test_tracks_of_any_name_are_rendered_and_named_to_the_daemon_by_whole_windows_paths(
    windows: Studio, tmp_path: Path
) -> None:
    windows.tracks('Kick: "big"', "Bass <sub/mid?> *")
    for track in windows.reaper.front.tracks:
        track.selected = True
    scripts = installed(windows, tmp_path / "Scripts" / "UpTrack")
    async with windows.daemon():
        await windows.analyze(scripts / ANALYZE_STEMS.name)
    (request,) = windows.said(Analyze)
    assert [stem.name for stem in request.stems] == ['Kick: "big"', "Bass <sub/mid?> *"]
    assert {place(stem.path).parent.parent.parent for stem in request.stems} == {windows.audio}


async def test_the_home_folder_is_the_one_in_the_users_profile(
    windows: Studio, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    windows.home.rename(tmp_path / ".uptrack")
    monkeypatch.delenv("HOME")
    monkeypatch.setenv("USERPROFILE", named(tmp_path))
    home = Studio(windows.reaper, tmp_path / ".uptrack", windows.desk)
    home.tracks("Kick")
    home.reaper.run(ANALYZE_MIX)
    await home.until(lambda: home.letters("to_daemon"))


async def test_an_action_started_by_another_is_named_to_reaper_as_reaper_writes_it(
    windows: Studio, tmp_path: Path
) -> None:
    scripts = installed(windows, tmp_path / "Zoë" / "Scripts" / "UpTrack")
    windows.tracks("Kick")
    windows.reaper.ext_state["UpTrack settings", "window"] = "yes"
    started: list[Path] = []

    def prepare(lua: Any, script: Path) -> None:
        started.append(script)
        GfxCanvas(lua)

    windows.reaper.prepare = prepare
    async with windows.daemon():
        windows.reaper.run(scripts / ANALYZE_MIX.name)
        await windows.until(lambda: windows.reaper.front.markers)
    assert started == [scripts / ANALYZE_MIX.name, scripts / RESULTS.name]


@pytest.mark.parametrize("action", ACTIONS)
def test_where_lua_cannot_open_our_files_every_action_says_so_and_what_to_do(
    windows: Studio, tmp_path: Path, action: str
) -> None:
    scripts = installed(windows, tmp_path / "音楽" / "Scripts" / "UpTrack")
    windows.reaper.run(scripts / action)
    windows.reaper.turn()
    assert not windows.reaper.running
    assert windows.reaper.console.count("\n") == 1
    assert f"{named(scripts)}\\ has others" in windows.reaper.console
    assert r"--resource-path C:\REAPER" in windows.reaper.console
