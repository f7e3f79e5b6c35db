"""A project that holds our memory of another song, from a template or a new name: said once, and cut loose if asked."""

from __future__ import annotations

from pathlib import Path

import pytest

from support.fake_reaper import FakeMarker, FakeProject
from support.feedbacks import a_feedback, a_marker
from support.studio import ANALYZE_MIX, SETTINGS, Studio
from support.studio_window import BELL, Window
from support.tick_budget import within_budget, worst
from uptrack_bridges.messages import Analyze

QUESTION = "this project carries on from Warehouse.rpp"
ANSWERS = ["", "club", "selection", "yes", "no", "no", "yes", "yes", ""]
"""The settings as they are, and that this is another song."""


def saved_at(studio: Studio, path: Path) -> FakeProject:
    """The project in front, with its file on the disk."""
    project = studio.reaper.front
    path.parent.mkdir(exist_ok=True)
    path.touch()
    project.name, project.path = path.name, str(path)
    return project


async def analyze(studio: Studio, *findings: str) -> str | None:
    """Analyse what is in front; the song it is taken for."""
    studio.desk.answer = lambda _request, job: a_feedback(
        *(a_marker(name) for name in findings), job=job, run=f"run of {job}"
    )
    async with studio.daemon():
        await studio.analyze(ANALYZE_MIX)
    asked: Analyze = studio.said(Analyze)[-1]
    assert asked.project is not None
    return asked.project.id


def carried_on(studio: Studio, name: str, path: str) -> None:
    """A new project with the tracks, the markers and the memory of the one in front."""
    old = studio.reaper.front
    new = FakeProject(name, path, tracks=old.tracks, markers=old.markers, state=dict(old.state))
    studio.reaper.front, studio.reaper.open_projects = new, [new]
    new.history[:] = [("", new.snapshot())]


@pytest.mark.parametrize(
    ("name", "old_file_stays", "asks"),
    [
        ("", True, True),  # a new project from a template
        ("Cellar.rpp", True, True),
        ("Cellar.rpp", False, True),
        ("Warehouse v2.rpp", True, True),
        ("moved/Warehouse.rpp", True, True),
        ("moved/Warehouse.rpp", False, False),
    ],
)
async def test_whose_next_version_a_project_is_taken_for_is_said_once_where_it_may_be_another_song(
    studio: Studio, tmp_path: Path, name: str, old_file_stays: bool, asks: bool
) -> None:
    studio.tracks("Kick")
    old_file = tmp_path / "Warehouse.rpp"
    saved_at(studio, old_file)
    before = await analyze(studio, "a")
    assert before == await analyze(studio, "a")
    if not old_file_stays:
        old_file.unlink()
    assert "carries on" not in studio.reaper.console
    carried_on(studio, Path(name).name, str(tmp_path / name) if name else "")
    assert await analyze(studio, "a") == before, "it is not decided without the user"
    assert await analyze(studio, "a") == before
    assert studio.reaper.console.count(QUESTION) == asks
    assert studio.reaper.console.count("UpTrack: Settings, “This is another song”") == asks


async def test_a_project_that_is_saved_for_the_first_time_is_no_other_song(studio: Studio, tmp_path: Path) -> None:
    studio.tracks("Kick")
    studio.reaper.front.name = studio.reaper.front.path = ""
    await analyze(studio, "a")
    saved_at(studio, tmp_path / "Cellar.rpp")
    await analyze(studio, "a")
    assert "carries on" not in studio.reaper.console


async def test_another_song_begins_anew_in_one_step_and_the_users_markers_stay(studio: Studio) -> None:
    studio.tracks("Kick")
    project = studio.reaper.front
    project.markers.append(FakeMarker(1.0, "verse", 1))
    before = await analyze(studio, "a", "b")
    project.markers.append(FakeMarker(3.0, "hook", 9))
    project.add_undo_point("user: insert marker")
    studio.reaper.answers = "\n".join(ANSWERS)
    studio.reaper.run(SETTINGS)
    assert "This is another song" in studio.reaper.asked_for
    assert "a song of its own now" in studio.reaper.console
    assert [marker.name for marker in project.markers] == ["verse", "hook"]
    assert project.undo_steps[-1] == "UpTrack: begin another song"
    assert [project.kept(key) for key in ("markers", "fixes", "report")] == ["", "", ""]
    after = await analyze(studio, "a")
    assert after not in (before, None)
    assert after == await analyze(studio, "a")
    assert [marker.name for marker in project.markers if "UpTrack" in marker.name] == ["[UpTrack] major: a is off"]


async def test_what_undo_brings_back_of_the_song_before_is_the_users_own(studio: Studio) -> None:
    studio.tracks("Kick")
    await analyze(studio, "a", "b")
    studio.reaper.answers = "\n".join(ANSWERS)
    studio.reaper.run(SETTINGS)
    assert studio.reaper.undo() == "UpTrack: begin another song"
    brought_back = [marker.guid for marker in studio.reaper.front.markers]
    await analyze(studio)
    assert [marker.guid for marker in studio.reaper.front.markers] == brought_back


async def test_a_fix_of_the_song_before_stays_as_the_users_own(window: Window) -> None:
    async with window.studio.daemon():
        await window.analyzed(BELL)
        await window.fix()
        window.reaper.reload()
        window.reaper.answers = "\n".join(ANSWERS)
        window.reaper.run(SETTINGS)
        assert [fx.name for fx in window.bass.fx] == ["ReaEQ (Cockos)"]
        await window.analyzed_already()
        assert "No report yet" in window.words()
    assert window.project.kept("fixes") == ""


async def test_a_song_of_two_thousand_findings_is_left_within_the_budget(studio: Studio) -> None:
    studio.tracks("Kick")
    await analyze(studio, *(f"low.boom-{number}" for number in range(2_000)))
    studio.reaper.answers = "\n".join(ANSWERS)
    del studio.reaper.ticks[:]
    studio.reaper.run(SETTINGS)
    await studio.until(lambda: not studio.reaper.running)
    assert studio.reaper.front.markers == []
    assert within_budget(studio.reaper.ticks), worst(studio.reaper.ticks)


def test_a_project_that_was_never_analysed_is_not_asked_whose_song_it_is(studio: Studio) -> None:
    studio.reaper.answers = None
    studio.reaper.run(SETTINGS)
    assert "another song" not in studio.reaper.asked_for
    assert studio.reaper.front.state == {}
