"""An action that changes nothing of the project leaves no undo step behind, however soon it ends."""

from __future__ import annotations

from pathlib import Path

import pytest

from support.gfx_canvas import GfxCanvas
from support.studio import (
    ANALYZE_FILES,
    ANALYZE_LIVE,
    ANALYZE_MIX,
    ANALYZE_STEMS,
    REMOVE,
    RESULTS,
    SCRIPTS,
    SETTINGS,
    Studio,
)

ACTIONS = [ANALYZE_FILES, ANALYZE_LIVE, ANALYZE_MIX, ANALYZE_STEMS, REMOVE, RESULTS, SETTINGS]


def test_all_actions_are_looked_at() -> None:
    assert sorted(ACTIONS) == sorted(SCRIPTS.glob("*.lua"))


@pytest.mark.parametrize("action", ACTIONS, ids=lambda path: path.stem)
def test_an_action_that_finds_nothing_to_do_makes_no_undo_step(studio: Studio, action: Path) -> None:
    studio.reaper.chosen_file = None  # no file, no answer, no track, no daemon
    (studio.home / "bridge.json").unlink()
    studio.reaper.prepare = lambda lua, _script: GfxCanvas(lua)
    studio.reaper.run(action)
    studio.reaper.turn()
    assert studio.reaper.front.undo_steps == []


def test_the_settings_are_no_undo_step(studio: Studio) -> None:
    studio.reaper.answers = "\n".join(["techno", "club", "project", "yes", "no", "no", "yes", ""])
    studio.reaper.run(SETTINGS)
    assert studio.reaper.front.undo_steps == []


def test_reaper_makes_an_undo_step_of_a_script_that_defers_nothing(studio: Studio, tmp_path: Path) -> None:
    script = tmp_path / "plain.lua"
    script.write_text("reaper.ShowConsoleMsg('x')")
    studio.reaper.run(script)
    assert studio.reaper.front.undo_steps == ["ReaScript: plain.lua"]
