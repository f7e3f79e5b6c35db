"""A click on a finding loops its passage; what the user had selected, looped and repeated comes back."""

from __future__ import annotations

from typing import Any

import pytest

from support.fake_reaper import FakeProject
from support.feedbacks import a_feedback, a_marker
from support.studio import ANALYZE_MIX, REMOVE, RESULTS, SETTINGS
from support.studio_window import BELL, Window
from uptrack_bridges.messages import SectionMark

ENTER, ESCAPE, CLOSED = 13, 27, -1
MINE, PASSAGE = (3.0, 9.0), (20.0, 24.0)

pytestmark = pytest.mark.parametrize("linked", [True, False], ids=["linked", "apart"])


@pytest.fixture
async def window(window: Window, linked: bool) -> Window:
    """A window whose user has selected, or loops, something, and has repeat switched off."""
    window.project.linked = linked
    window.project.selection_s = MINE
    window.project.loop_s = MINE if linked else (40.0, 50.0)
    # So that the first analysis is one of the whole mix.
    window.reaper.ext_state["UpTrack settings", "range"] = "project"
    return window


def what_the_user_has(project: FakeProject) -> Any:
    return project.selection_s, project.loop_s, project.repeat


@pytest.mark.parametrize("way", ["click", "enter", "l"])
async def test_one_click_goes_there_selects_the_passage_and_loops_it(window: Window, way: str) -> None:
    async with window.studio.daemon():
        await window.analyzed(BELL)
        if way == "click":
            await window.click("low.boom-1 is off")
        else:
            await window.press(ENTER if way == "enter" else "l")
    assert window.project.cursor_s == 20.0
    assert what_the_user_has(window.project) == (PASSAGE, PASSAGE, 1)
    assert window.project.view_s == 20.0
    assert not window.project.playing, "what is heard is the user's to say"


async def test_what_plays_goes_on_there_and_comes_round(window: Window) -> None:
    async with window.studio.daemon():
        await window.analyzed(BELL)
        await window.press(" ", ENTER)
        window.reaper.turn(4.5)
    assert window.project.playing
    assert 20.0 <= window.project.position_s < 24.0


@pytest.mark.parametrize("key", ["l", ENTER])
async def test_while_something_is_recorded_nothing_moves(window: Window, key: str | int) -> None:
    async with window.studio.daemon():
        await window.analyzed(BELL)
        before = window.project.cursor_s, what_the_user_has(window.project)
        window.project.recording = True
        await window.press(key)
    assert (window.project.cursor_s, what_the_user_has(window.project)) == before


async def test_while_something_is_recorded_a_click_on_a_section_goes_nowhere(window: Window) -> None:
    sections = [
        SectionMark(kind="drop", start_s=0.0, end_s=50.0),
        SectionMark(kind="outro", start_s=50.0, end_s=100.0),
    ]
    marker = a_marker("low.boom-1", start_s=20.0, end_s=24.0)
    window.studio.desk.answer = lambda _request, job: a_feedback(marker, job=job, sections=sections)
    async with window.studio.daemon():
        await window.studio.analyze(ANALYZE_MIX)
        await window.analyzed_already()
        window.project.recording, window.project.cursor_s = True, 70.0
        await window.click("drop")
        assert window.project.cursor_s == 70.0
        window.project.recording = False
        await window.click("drop")
    assert window.project.cursor_s == 0.0, "it would go there"


@pytest.mark.parametrize("way", ["l", ESCAPE, "closed", "removed", "another song"])
async def test_a_loop_that_is_ended_while_something_is_recorded_is_given_back_once_the_take_has_ended(
    window: Window, way: str | int
) -> None:
    async with window.studio.daemon():
        await window.analyzed(BELL)
        before = what_the_user_has(window.project)
        await window.press(ENTER)
        held = what_the_user_has(window.project)
        window.project.recording = True
        if way == "closed":
            assert window.gfx is not None
            window.gfx.close()
        elif way == "removed":
            window.reaper.run(REMOVE)
        elif way == "another song":
            window.reaper.answers = "\n".join(["", "club", "project", "yes", "no", "no", "yes", "yes", ""])
            window.reaper.run(SETTINGS)
        else:
            await window.press(way)
        for _ in range(20):
            window.reaper.turn()
        assert what_the_user_has(window.project) == held
        window.project.recording = False
        window.reaper.turn()
        window.reaper.turn()
    assert what_the_user_has(window.project) == before
    assert window.reaper.running == (way != "closed")


async def test_a_window_that_is_ended_in_a_take_leaves_its_loop_to_the_next_one(window: Window) -> None:
    async with window.studio.daemon():
        await window.analyzed(BELL)
        before = what_the_user_has(window.project)
        await window.press(ENTER)
        held = what_the_user_has(window.project)
        window.project.recording = True
        window.reaper.reload()
        assert not window.reaper.running
        window.reaper.run(RESULTS)
        for _ in range(20):
            window.reaper.turn()
        assert what_the_user_has(window.project) == held
        window.project.recording = False
        window.reaper.turn()
    assert what_the_user_has(window.project) == before


@pytest.mark.parametrize("key", ["l", ESCAPE, CLOSED])
async def test_a_second_key_gives_back_what_there_was(window: Window, key: str | int) -> None:
    async with window.studio.daemon():
        await window.analyzed(BELL)
        before = what_the_user_has(window.project)
        await window.press(ENTER, ENTER, key)
    assert what_the_user_has(window.project) == before
    assert window.reaper.running == (key != CLOSED)


async def test_a_script_that_is_ended_gives_back_what_there_was(window: Window) -> None:
    async with window.studio.daemon():
        await window.analyzed(BELL)
        before = what_the_user_has(window.project)
        await window.press(ENTER)
        window.reaper.reload()
    assert what_the_user_has(window.project) == before


@pytest.mark.parametrize("way", ["action", "window"])
async def test_removing_everything_gives_back_what_there_was(window: Window, way: str) -> None:
    async with window.studio.daemon():
        await window.analyzed(BELL)
        before = what_the_user_has(window.project)
        await window.press(ENTER)
        if way == "action":
            window.reaper.run(REMOVE)
        else:
            await window.press("del", "del")
        await window.until_quiet()
        assert what_the_user_has(window.project) == before
        window.project.selection_s = PASSAGE
        await window.press(CLOSED)
    assert window.project.selection_s == PASSAGE, "what was given back once is not given back again"


async def found(window: Window, *spans: tuple[float, float]) -> None:
    """Analyze once more and find something at each of these."""
    markers = [a_marker(f"finding-{start_s}", start_s=start_s, end_s=end_s) for start_s, end_s in spans]
    window.studio.desk.answer = lambda _request, job: a_feedback(*markers, job=job, run="run-2")
    window.reaper.run(ANALYZE_MIX)
    await window.until_quiet()


async def test_from_finding_to_finding_what_there_was_is_kept(window: Window) -> None:
    async with window.studio.daemon():
        await window.analyzed(BELL)
        window.project.repeat = 1
        before = what_the_user_has(window.project)
        await window.press(ENTER)
        await found(window, (60.0, 63.0))
        await window.press(ENTER)
        assert window.project.selection_s == (60.0, 63.0)
        await window.press(ESCAPE)
    assert what_the_user_has(window.project) == before


async def test_what_was_changed_by_hand_meanwhile_stays(window: Window) -> None:
    async with window.studio.daemon():
        await window.analyzed(BELL)
        await window.press(ENTER)
        window.project.selection_s = window.project.loop_s = (70.0, 80.0)
        await window.press("l", ESCAPE)
    assert what_the_user_has(window.project) == ((70.0, 80.0), (70.0, 80.0), 0)


async def test_a_finding_about_most_of_the_mix_is_gone_to_and_nothing_stays_looped(window: Window) -> None:
    async with window.studio.daemon():
        await window.analyzed(BELL)
        before = what_the_user_has(window.project)
        await window.press(ENTER)
        await found(window, (0.0, 90.0))
        window.project.cursor_s = 50.0
        await window.press(ENTER)
        assert window.project.cursor_s == 0.0
        assert what_the_user_has(window.project) == before
        await window.press("l")
        assert window.project.selection_s == (0.0, 90.0), "who asks for it by its key gets it"


async def test_a_finding_at_a_point_is_looped_with_a_moment_around_it(window: Window) -> None:
    async with window.studio.daemon():
        await window.analyzed(BELL, start_s=20.0, end_s=20.02)
        await window.press(ENTER)
    assert window.project.loop_s == pytest.approx((19.0, 23.02))
    assert window.project.cursor_s == 19.0


async def test_who_wants_no_loop_is_only_taken_there(window: Window) -> None:
    window.reaper.ext_state["UpTrack settings", "loop"] = "no"
    async with window.studio.daemon():
        await window.analyzed(BELL)
        before = what_the_user_has(window.project)
        await window.press(ENTER)
    assert window.project.cursor_s == 20.0
    assert what_the_user_has(window.project) == before


async def test_another_project_gets_its_own_and_the_first_one_what_it_had(window: Window) -> None:
    async with window.studio.daemon():
        await window.analyzed(BELL)
        ours, before = window.project, what_the_user_has(window.project)
        await window.press(ENTER)
        saved = {key: text for key, text in ours.state.items() if key != ("UpTrack", "project")}
        other = FakeProject("Other.rpp", "/music/Other.rpp", state=saved, linked=ours.linked)
        window.reaper.open_projects.append(other)
        window.reaper.front = other
        await window.until_quiet()
        await window.press(ENTER)
        assert (other.selection_s, what_the_user_has(ours)) == (PASSAGE, before)
        window.reaper.open_projects.remove(other)
        window.reaper.front = ours
        await window.press(CLOSED)
    assert what_the_user_has(ours) == before


async def test_undo_meanwhile_does_not_make_the_passage_the_users(window: Window) -> None:
    async with window.studio.daemon():
        await window.analyzed(BELL)
        before = what_the_user_has(window.project)
        state = dict(window.project.state)
        await window.press(ENTER)
        window.project.state = state  # REAPER's undo puts extended state back as well
        await window.press(ESCAPE)
    assert what_the_user_has(window.project) == before


async def test_what_undo_brings_back_changes_nothing_of_what_the_user_has_now(window: Window) -> None:
    async with window.studio.daemon():
        await window.analyzed(BELL)
        await window.press(ENTER)
        state = dict(window.project.state)
        await window.press(ESCAPE)
        window.project.repeat = 1
        before = what_the_user_has(window.project)
        window.project.state = state
        window.reaper.reload()
        window.reaper.run(RESULTS)
        await window.until_quiet()
    assert what_the_user_has(window.project) == before


def opened_again(project: FakeProject) -> FakeProject:
    """What REAPER makes of a project that was saved as it is now."""
    return FakeProject(
        project.name,
        project.path,
        state=dict(project.state),
        linked=project.linked,
        selection_s=project.selection_s,
        loop_s=project.loop_s,
        repeat=project.repeat,
    )


@pytest.mark.parametrize("window_stays", [True, False])
async def test_a_project_that_was_closed_while_looped_gets_back_what_it_had(window: Window, window_stays: bool) -> None:
    async with window.studio.daemon():
        await window.analyzed(BELL)
        before = what_the_user_has(window.project)
        await window.press(ENTER)
        saved = opened_again(window.project)
        assert what_the_user_has(saved) != before
        window.reaper.open_projects.remove(window.project)
        if not window_stays:
            window.reaper.reload()
        window.reaper.open_projects.append(saved)
        window.reaper.front = saved
        if not window_stays:
            window.reaper.run(RESULTS)
        await window.until_quiet()
    assert what_the_user_has(saved) == before


async def test_a_copy_in_another_tab_gets_back_its_own_and_the_first_stays_looped(window: Window) -> None:
    """Saved as: both carry the same id of the song."""
    async with window.studio.daemon():
        await window.analyzed(BELL)
        ours, before = window.project, what_the_user_has(window.project)
        await window.press(ENTER)
        copy = opened_again(ours)
        window.reaper.open_projects.append(copy)
        window.reaper.front = copy
        await window.until_quiet()
        assert what_the_user_has(copy) == before
        assert ours.selection_s == PASSAGE
        window.reaper.front = ours
        await window.press(ESCAPE)
    assert what_the_user_has(ours) == before


async def test_a_looped_passage_is_nothing_the_user_has_selected(window: Window) -> None:
    window.reaper.ext_state["UpTrack settings", "range"] = "selection"
    async with window.studio.daemon():
        await window.analyzed(BELL)
        await window.press(ENTER)
        window.reaper.run(ANALYZE_MIX)
        await window.until_quiet()
    assert window.reaper.rendered == [("mix.wav", *MINE)] * 2
