"""An action that changes nothing of the project leaves no undo step behind, however soon it ends."""

from __future__ import annotations

from pathlib import Path

import pytest

from support.feedbacks import a_feedback, a_marker
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
from support.tick_budget import within_budget, worst
from uptrack_bridges.messages import Marker

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


async def test_a_report_of_many_stems_is_one_undo_step_whatever_the_user_does_meanwhile(studio: Studio) -> None:
    tracks = studio.tracks(*(f"Stem {number}" for number in range(60)), seconds=2.0)
    project = studio.reaper.front
    for track in tracks:
        track.selected = True
    findings = [a_marker(f"x{number}", start_s=0.1 * number, end_s=0.1 * number) for number in range(12)]
    notes = {track.guid: "a note" for track in tracks}
    studio.desk.answer = lambda _request, job: a_feedback(*findings, notes=notes, job=job)
    async with studio.daemon():
        studio.reaper.run(ANALYZE_STEMS)
        await studio.until(lambda: project.markers)
        project.add_undo_point("user: fader")
        await studio.until(lambda: not studio.reaper.running)
    assert project.undo_steps == ["UpTrack: show 12 findings", "user: fader"]
    project.undo()
    assert (len(project.markers), project.tracks[-1].texts) == (12, {"P_EXT:UpTrack": "a note"})
    project.undo()
    assert (project.markers, [track.texts for track in project.tracks]) == ([], [{}] * 60)


def one_after_another(count: int) -> list[Marker]:
    return [a_marker(f"x{number}", start_s=0.1 * number, end_s=0.1 * number) for number in range(count)]


async def test_a_report_that_takes_the_place_of_ten_others_is_one_undo_step_within_one_tick(studio: Studio) -> None:
    studio.tracks("Kick", seconds=60.0)
    project, reaper = studio.reaper.front, studio.reaper
    studio.desk.answer = lambda _request, job: a_feedback(*one_after_another(12), job=job)
    counts = set()

    def has_ended() -> bool:
        counts.add(len(project.markers))
        return not reaper.running

    async with studio.daemon():
        for part in range(10):
            project.selection_s = (5.0 * part, 5.0 * part + 3.0)
            await studio.analyze(ANALYZE_MIX)
        project.selection_s = (0.0, 0.0)
        del reaper.ticks[:]
        reaper.run(ANALYZE_MIX)
        await studio.until(has_ended)
    assert counts == {120, 12}, "at no moment did some of it stand"
    assert within_budget(reaper.ticks), worst(reaper.ticks)
    project.undo()
    assert len(project.markers) == 120


async def test_a_step_of_the_users_between_the_parts_of_a_long_one_is_told(studio: Studio) -> None:
    studio.tracks("Kick", seconds=2.0)
    project = studio.reaper.front
    studio.desk.answer = lambda _request, job: a_feedback(*one_after_another(200), job=job)
    async with studio.daemon():
        studio.reaper.run(ANALYZE_FILES)
        await studio.until(lambda: project.markers)
        assert len(project.markers) < 200
        project.add_undo_point("Move fader")
        await studio.until(lambda: not studio.reaper.running)
        assert "your “Move fader” came between" in studio.reaper.console
        studio.reaper.console = ""
        studio.desk.answer = lambda _request, job: a_feedback(job=job)
        await studio.analyze(ANALYZE_FILES)
    assert project.markers == []
    assert "came between" not in studio.reaper.console, "nothing did"
