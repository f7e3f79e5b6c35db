"""The results window at work: it shows the report of the project in front, and its keys do what they say."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from support.fake_reaper import FakeProject
from support.feedbacks import a_feedback, a_marker
from support.studio import ANALYZE_MIX, RESULTS
from support.studio_window import BELL, Window
from uptrack_bridges.messages import Analyze, FindingDismiss

ENTER = 13


async def test_the_window_shows_the_report_of_the_project_in_front(window: Window) -> None:
    async with window.studio.daemon():
        await window.analyzed(BELL)
        assert "low.boom-1 is off" in window.words()
        ours = window.reaper.front
        window.reaper.front = FakeProject("Other.rpp")
        window.reaper.open_projects.append(window.reaper.front)
        assert "No report yet" in window.words()
        window.reaper.front = ours
        assert "low.boom-1 is off" in window.words() + window.words()


async def test_what_waits_for_its_own_tab_holds_up_no_other(window: Window) -> None:
    async with window.studio.daemon():
        await window.analyzed(BELL)
        assert window.gfx is not None
        ours = window.project
        window.gfx.press("d")
        window.reaper.turn(0.05)
        kept = {key: text for key, text in ours.state.items() if key != ("UpTrack", "project")}
        for name in ("Other.rpp", "Third.rpp"):
            window.reaper.front = FakeProject(name, f"/music/{name}", state=dict(kept))
            window.reaper.open_projects.append(window.reaper.front)
            await window.until_quiet()
            assert len(ours.markers) == 1, "only what is in front is changed"
            assert "low.boom-1 is off" in window.words()
        window.reaper.front = ours
        await window.until_quiet()
    assert ours.markers == []


async def test_a_report_is_there_when_its_project_is_opened_again(window: Window) -> None:
    async with window.studio.daemon():
        await window.analyzed(BELL)
    window.reaper.reload()
    saved = dict(window.project.state)
    window.reaper.front = FakeProject(state=saved)
    window.reaper.open_projects = [window.reaper.front]
    window.reaper.run(RESULTS)
    assert "low.boom-1 is off" in window.words() + window.words()


async def test_the_text_report_holds_every_finding_and_what_to_do(window: Window) -> None:
    more = [a_marker("low.boom-2"), a_marker("low.boom-3", dismissed=True)]
    window.studio.desk.answer = lambda _request, job: a_feedback(a_marker("low.boom-1"), job=job, more=more)
    async with window.studio.daemon():
        await window.studio.analyze(ANALYZE_MIX)
        assert "1 more are in the results window" in window.reaper.console
        window.reaper.run(RESULTS)
        await window.until_quiet()
        before = len(window.reaper.console)
        await window.press("c")
    told = window.reaper.console[before:]
    assert [f"Do something about low.boom-{number}." in told for number in (1, 2, 3)] == [True, True, False]


async def test_a_window_of_another_release_says_once_what_to_update(window: Window) -> None:
    async with window.studio.daemon():
        await window.analyzed(BELL)
        window.reaper.reload()
        plain = window.reaper.prepare

        def of_another_release(lua: Any, script: Path) -> None:
            plain(lua, script)
            lua.execute("package.preload.version = function() return '99.0' end")

        window.reaper.prepare = of_another_release
        window.reaper.run(RESULTS)
        await window.until_quiet()
        await window.press("d")
        await window.press("d")
    assert window.reaper.console.count("these scripts are version 99.0") == 1
    assert "`uptrack daemon stop`" in window.reaper.console


async def test_space_plays_as_it_does_everywhere_in_reaper(window: Window) -> None:
    async with window.studio.daemon():
        await window.analyzed(BELL)
        await window.press(" ")
        assert window.project.playing
        await window.press(" ")
    assert not window.project.playing


async def test_a_dismissed_finding_loses_its_marker_and_can_be_taken_back(window: Window) -> None:
    async with window.studio.daemon():
        await window.analyzed(BELL)
        assert len(window.project.markers) == 1
        await window.press("d")
        assert window.project.markers == []
        await window.press("d")
    said = window.studio.said(FindingDismiss)
    assert [(one.finding, one.scope, one.undo) for one in said] == [
        ("low.boom-1", "finding", True),
        ("low.boom-1", "finding", False),
    ][::-1]


async def test_what_is_not_dismissed_any_more_has_its_marker_back_at_once_in_one_step(window: Window) -> None:
    async with window.studio.daemon():
        await window.analyzed(BELL)
        window.project.markers[0].position_s = 21.0
        for steps in (["is meant"], ["is meant", "is not meant"]):
            await window.press("d")
            assert [step.removeprefix("UpTrack: low.boom-1 is off ") for step in window.project.undo_steps[1:]] == steps
    (marker,) = window.project.markers
    assert (marker.name, marker.position_s) == ("[UpTrack] major: low.boom-1 is off", 21.0), "where the user had it"
    window.reaper.undo()
    assert window.project.markers == []
    window.reaper.undo()
    assert len(window.project.markers) == 1


async def test_a_finding_dismissed_before_the_analysis_gets_a_marker_when_that_is_taken_back(window: Window) -> None:
    meant = [a_marker(f"low.boom-{number}", dismissed=True) for number in range(2, 20)]
    async with window.studio.daemon():
        window.studio.desk.answer = lambda _request, job: a_feedback(a_marker("low.boom-1"), job=job, more=meant)
        await window.studio.analyze(ANALYZE_MIX)
        window.reaper.run(RESULTS)
        await window.until_quiet()
        await window.press("down", "d")
        assert len(window.project.markers) == 2
        await window.press("D")
        assert window.project.markers == []
        await window.press("D")
        assert len(window.project.markers) == 12, "no more than an analysis places"


async def test_what_the_user_has_renamed_is_left_alone_by_dismissing_and_taking_that_back(window: Window) -> None:
    async with window.studio.daemon():
        await window.analyzed(BELL)
        window.project.markers[0].name = "ask Jo"
        await window.press("d")
        await window.press("d")
    assert [marker.name for marker in window.project.markers] == ["ask Jo"]
    assert len(window.project.undo_steps) == 1


async def test_one_key_places_again_what_the_user_has_deleted(window: Window) -> None:
    async with window.studio.daemon():
        await window.analyzed(BELL)
        window.project.markers.clear()
        window.project.add_undo_point("user: remove marker")
        await window.press("b")
        assert len(window.project.markers) == 1
        assert window.project.undo_steps[-1] == "UpTrack: place markers again"
        assert "placed 1 markers again." in window.reaper.console
        steps = list(window.project.undo_steps)
        await window.press("b")
        assert window.project.undo_steps == steps
        assert "all markers stand where they belong." in window.reaper.console


async def test_placing_all_again_leaves_out_what_is_dismissed_also_in_a_window_opened_since(window: Window) -> None:
    async with window.studio.daemon():
        await window.analyzed(BELL)
        await window.press("d")
        window.reaper.reload()
        window.reaper.run(RESULTS)
        await window.until_quiet()
        await window.press("b")
    assert window.project.markers == []


async def test_the_window_starts_the_actions_by_their_files(window: Window) -> None:
    async with window.studio.daemon():
        await window.analyzed(BELL)
        await window.press("m")
    started = [window.reaper.actions[number] for number in window.reaper.commands if number in window.reaper.actions]
    assert started == [ANALYZE_MIX]
    assert len(window.studio.said(Analyze)) == 2


async def test_closing_the_window_ends_the_script_and_its_place_is_kept(window: Window) -> None:
    async with window.studio.daemon():
        await window.analyzed(BELL)
        await window.press(-1)
    assert not window.reaper.running
    assert ("UpTrack window", "place") in window.reaper.kept_ext_state


async def test_while_the_window_is_open_the_console_is_written_and_opens_only_for_who_asks(window: Window) -> None:
    async with window.studio.daemon():
        await window.analyzed(BELL)
        assert window.reaper.console_opened == 1, "without the window, what was found is to be seen somewhere"
        before = window.reaper.console
        await window.press("m")
        assert "low.boom-1 is off" in window.reaper.console.removeprefix(before)
        await window.fix()
        await window.press("b")
        assert "closed" in window.reaper.console
        assert window.reaper.console_opened == 1
        await window.press("c")
        assert window.reaper.console_opened == 2
        window.reaper.reload()
        await window.studio.analyze(ANALYZE_MIX)
        assert window.reaper.console_opened == 3


async def test_an_error_opens_the_console_also_while_the_window_is_open(window: Window) -> None:
    window.reaper.run(RESULTS)
    async with window.studio.daemon():
        window.project.play_rate = 0.5
        window.reaper.run(ANALYZE_MIX)
        await window.studio.until(lambda: "The play rate is 0.5" in window.reaper.console)
    assert window.reaper.console_opened == 1


@pytest.mark.parametrize("mac", [True, False])
async def test_a_macs_delete_key_is_known_by_the_system(window: Window, mac: bool) -> None:
    window.reaper.mac = mac
    async with window.studio.daemon():
        await window.analyzed(BELL)
        await window.press(8)
        assert ("Really remove?" in window.words()) == mac


@pytest.mark.parametrize("way", ["its corner", "the end of the script", "escape"])
async def test_a_docked_window_keeps_its_dock_and_where_it_floated(window: Window, way: str) -> None:
    window.reaper.run(RESULTS)
    assert window.gfx is not None
    window.gfx.resize(700, 500)
    window.reaper.turn()
    window.gfx.docked = way != "escape"  # Esc closes no docked window
    window.gfx.resize(*((1900, 200) if window.gfx.docked else (640, 480)))
    for _ in range(6):
        window.reaper.turn()
    if way == "its corner":
        window.gfx.close()
    elif way == "escape":
        window.gfx.press(27)
    else:
        window.reaper.reload()
    window.reaper.turn()
    assert not window.reaper.running
    place = json.loads(window.reaper.kept_ext_state["UpTrack window", "place"])
    size = (700, 500) if way != "escape" else (640, 480)
    assert (place["dock"], place["w"], place["h"]) == (257 * (way != "escape"), *size)
    window.reaper.run(RESULTS)
    assert window.gfx.calls[0] == ("init", ("UpTrack", *size, place["dock"], 120, 80))


async def test_an_analysis_opens_the_window_once_if_that_is_wanted(window: Window) -> None:
    window.reaper.ext_state["UpTrack settings", "window"] = "yes"
    async with window.studio.daemon():
        window.studio.desk.answer = lambda _request, job: a_feedback(a_marker("a"), job=job)
        for _ in range(2):
            window.reaper.run(ANALYZE_MIX)
            await window.until_quiet()
        assert "a is off" in window.words()
    opened = [
        window.reaper.actions[number].name for number in window.reaper.commands if number in window.reaper.actions
    ]
    assert opened == ["UpTrack_Results.lua"]
