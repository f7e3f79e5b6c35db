"""A project that is closed and opened again, saved or not: nothing of ours is orphaned, doubled or forgotten."""

from __future__ import annotations

import pytest

from support.feedbacks import a_feedback, a_marker
from support.studio import ANALYZE_MIX, REMOVE, RESULTS, Studio
from support.studio_window import BELL, Window
from uptrack_bridges.messages import Analyze, Feedback, Marker


def named(*findings: str) -> list[Marker]:
    return [a_marker(name, start_s=float(at), end_s=float(at)) for at, name in enumerate(findings, 1)]


async def show(studio: Studio, *markers: Marker) -> None:
    """One analysis that finds these."""
    studio.desk.answer = lambda _request, job: a_feedback(*markers, job=job)
    async with studio.daemon():
        await studio.analyze()


def names(studio: Studio) -> list[str]:
    return [marker.name.removeprefix("[UpTrack] major: ") for marker in studio.reaper.front.markers]


def open_again(studio: Studio) -> None:
    """The user closes the project without saving it, and opens it again."""
    studio.reaper.front = studio.reaper.front.reopened()
    studio.reaper.open_projects = [studio.reaper.front]


@pytest.mark.parametrize("saved", [(), ("a",), ("a", "b", "c")])
async def test_after_a_close_without_saving_a_run_places_each_finding_once(
    studio: Studio, saved: tuple[str, ...]
) -> None:
    studio.reaper.front.save()
    if saved:
        await show(studio, *named(*saved))
        studio.reaper.front.save()
    await show(studio, *named("a", "b"))
    open_again(studio)
    assert names(studio) == [f"{name} is off" for name in saved]
    await show(studio, *named("a", "b"))
    assert names(studio) == ["a is off", "b is off"]
    studio.reaper.run(REMOVE)
    assert names(studio) == []


async def test_what_was_removed_and_not_saved_is_known_as_ours_when_it_is_back(studio: Studio) -> None:
    await show(studio, *named("a", "b"))
    studio.reaper.front.save()
    studio.reaper.run(REMOVE)
    open_again(studio)
    before = studio.reaper.front.contents()
    await show(studio, *named("a", "b"))
    assert studio.reaper.front.contents() == before
    studio.reaper.run(REMOVE)
    assert names(studio) == []


@pytest.mark.parametrize(("saves", "left"), [(True, ["b is off"]), (False, ["a is off", "b is off"])])
async def test_a_deleted_marker_stays_away_only_if_the_deletion_was_saved(
    studio: Studio, saves: bool, left: list[str]
) -> None:
    await show(studio, *named("a", "b"))
    studio.reaper.front.save()
    del studio.reaper.front.markers[0]
    studio.reaper.front.add_undo_point("user: remove marker")
    if saves:
        studio.reaper.front.save()
    open_again(studio)
    assert names(studio) == left
    await show(studio, *named("a", "b"))
    assert names(studio) == left


@pytest.mark.parametrize("saves", [True, False])
async def test_a_fix_is_there_with_its_record_or_gone_with_it(window: Window, saves: bool) -> None:
    async with window.studio.daemon():
        await window.analyzed(BELL)
        window.project.save()
        await window.fix()
        if saves:
            window.project.save()
        window.reaper.reload()
        open_again(window.studio)
        window.reaper.run(RESULTS)
        await window.until_quiet()
        (bass,) = window.project.tracks
        assert (len(bass.fx), len(window.project.markers)) == ((1, 0) if saves else (0, 1))
        if saves:
            await window.press("r")
        else:
            await window.press("p")
            assert "−2.5 dB at 240 Hz" in window.words()
        assert (len(bass.fx), len(window.project.markers)) == (0, 1)


async def test_undo_that_takes_our_id_is_no_closing(studio: Studio) -> None:
    studio.tracks("Kick")
    project = studio.reaper.front
    ids: list[str | None] = []

    def undone_meanwhile(request: Analyze, job: str) -> Feedback:
        ids.append(request.project.id if request.project else None)
        project.state.clear()
        return a_feedback(*named("a"), job=job, run=f"run of {job}")

    studio.desk.answer = undone_meanwhile
    async with studio.daemon():
        await studio.analyze(ANALYZE_MIX)
        await studio.analyze(ANALYZE_MIX)
    assert names(studio)[-1:] == ["a is off"]
    assert "was closed" not in studio.reaper.console
    assert len(set(ids)) == 1, "it is the same song"


async def test_another_song_without_an_id_in_the_same_tab_gets_no_marker(studio: Studio) -> None:
    studio.tracks("Kick")
    project = studio.reaper.front

    def another_is_loaded(_request: Analyze, job: str) -> Feedback:
        project.state.clear()
        del project.tracks[:]
        studio.tracks("Kick")
        return a_feedback(*named("a"), job=job)

    studio.desk.answer = another_is_loaded
    async with studio.daemon():
        await studio.analyze(ANALYZE_MIX)
    assert project.markers == []
    assert "was closed" in studio.reaper.console


async def test_what_the_window_was_asked_for_survives_an_undo_that_takes_our_id(window: Window) -> None:
    async with window.studio.daemon():
        await window.analyzed(BELL)
        await window.press("p")
        assert window.gfx is not None
        window.gfx.press("a")
        window.reaper.turn(0.05)
        del window.project.state["UpTrack", "project"]
        await window.studio.until(lambda: [fix["state"] for fix in window.fixes()] == ["closed"])
