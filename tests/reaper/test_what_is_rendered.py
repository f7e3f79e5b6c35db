"""What REAPER is asked to render: the song and no more, never into a take, and what is no mix is said."""

from __future__ import annotations

import json
from typing import Any

import pytest

from support.fake_reaper import FakeMarker
from support.feedbacks import a_feedback, a_marker
from support.reaper_project import FakeItem
from support.studio import ANALYZE_FILES, ANALYZE_MIX, ANALYZE_STEMS, Studio
from support.studio_window import BELL, Window
from uptrack_bridges.messages import Analyze, Feedback


def spans(studio: Studio) -> list[tuple[float, float]]:
    return [(start_s, end_s) for name, start_s, end_s in studio.reaper.rendered if name == "mix.wav"]


def two_regions(studio: Studio) -> None:
    studio.tracks("Kick", seconds=20.0)
    studio.reaper.front.markers += [FakeMarker(1.0, "Verse", 1, end_s=5.0), FakeMarker(10.0, "Chorus", 2, end_s=15.0)]
    studio.reaper.ext_state["UpTrack settings", "range"] = "regions"


# -- how long a project is ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("script", [ANALYZE_MIX, ANALYZE_STEMS])
async def test_a_region_of_ideas_behind_the_song_is_not_rendered(studio: Studio, script: Any) -> None:
    studio.tracks("Kick", seconds=5.0)[0].selected = True
    studio.reaper.front.markers.append(FakeMarker(60.0, "ideas", 1, end_s=90.0))
    async with studio.daemon():
        await studio.analyze(script)
    assert spans(studio) == [(0.0, 5.0)]


async def test_the_last_item_may_be_a_silent_one(studio: Studio) -> None:
    studio.tracks("Kick", seconds=5.0)[0].silent_items.append(FakeItem(3.0, 4.0))
    async with studio.daemon():
        await studio.analyze(ANALYZE_MIX)
    assert spans(studio) == [(0.0, 7.0)]


async def test_a_project_of_markers_only_is_empty(studio: Studio) -> None:
    studio.reaper.front.markers.append(FakeMarker(60.0, "ideas", 1, end_s=90.0))
    async with studio.daemon():
        await studio.analyze(ANALYZE_MIX)
    assert "The project is empty" in studio.reaper.console
    assert spans(studio) == []


async def test_the_users_start_and_end_bound_the_project_as_they_do_in_reapers_own_render(studio: Studio) -> None:
    studio.tracks("Kick", seconds=20.0)
    studio.reaper.front.markers += [FakeMarker(2.0, "=START", 1), FakeMarker(12.0, "=END", 2)]
    async with studio.daemon():
        await studio.analyze(ANALYZE_MIX)
    assert spans(studio) == [(2.0, 12.0)]
    (request,) = studio.said(Analyze)
    assert request.project is not None
    assert request.project.start_s == 2.0


# -- at which speed ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("script", [ANALYZE_MIX, ANALYZE_STEMS])
@pytest.mark.parametrize(
    ("rate", "envelope", "sentence"),
    [
        (0.5, [], "The play rate is 0.5, and REAPER renders at it"),
        (1.0, [(0.0, 1.0), (3.0, 1.0), (3.5, 0.6), (4.0, 1.0)], "The play rate's envelope leaves 1 at 3.1 s"),
    ],
)
async def test_at_another_play_rate_nothing_is_rendered_and_a_sentence_says_why(
    studio: Studio, script: Any, rate: float, envelope: list[tuple[float, float]], sentence: str
) -> None:
    studio.tracks("Kick", seconds=5.0)[0].selected = True
    studio.reaper.front.play_rate, studio.reaper.front.rate_envelope = rate, envelope
    async with studio.daemon():
        await studio.analyze(script)
    assert sentence in studio.reaper.console
    assert studio.reaper.rendered == []
    assert studio.said(Analyze) == []


async def test_an_envelope_that_stays_at_1_where_it_is_rendered_is_no_other_play_rate(studio: Studio) -> None:
    studio.tracks("Kick", seconds=5.0)
    studio.reaper.front.rate_envelope = [(0.0, 1.0), (5.5, 1.0), (6.0, 0.1)]
    async with studio.daemon():
        await studio.analyze(ANALYZE_MIX)
    assert spans(studio) == [(0.0, 5.0)]


async def test_a_fix_is_made_but_not_measured_at_another_play_rate(window: Window) -> None:
    async with window.studio.daemon():
        await window.analyzed(BELL)
        del window.reaper.rendered[:]
        window.project.play_rate = 0.5
        await window.press("p")
        assert window.gfx is not None
        window.gfx.press("a")
        await window.studio.until(lambda: [fix["state"] for fix in window.fixes()] not in ([], ["applied"]))
    assert [fix["state"] for fix in window.fixes()] == ["unknown"]
    assert "The play rate is 0.5" in window.fixes()[0]["sentence"]
    assert window.reaper.rendered == []


# -- recording ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("script", [ANALYZE_MIX, ANALYZE_STEMS])
async def test_nothing_is_rendered_into_a_take_and_all_of_it_once_the_take_has_ended(
    studio: Studio, script: Any
) -> None:
    studio.tracks("Kick", seconds=5.0)[0].selected = True
    project = studio.reaper.front
    project.playing = project.recording = True
    async with studio.daemon():
        studio.reaper.run(script)
        await studio.until(lambda: "once the recording has ended" in studio.reaper.console)
        for _ in range(50):
            studio.reaper.turn()
        assert studio.reaper.rendered == []
        assert studio.reaper.console.count("once the recording has ended") == 1
        project.playing = project.recording = False
        await studio.until(lambda: not studio.reaper.running)
    assert spans(studio) == [(0.0, 5.0)]
    assert len(studio.said(Analyze)) == 1


async def test_a_take_between_two_regions_delays_the_second(studio: Studio) -> None:
    two_regions(studio)
    project = studio.reaper.front
    during: list[bool] = []
    studio.reaper.during_render = lambda: during.append(project.recording)

    def record_from_now_on(_request: Analyze, job: str) -> Feedback:
        project.recording = len(studio.reaper.rendered) == 1
        return a_feedback(a_marker("x"), job=job, run=f"run of {job}")

    studio.desk.answer = record_from_now_on
    async with studio.daemon():
        studio.reaper.run(ANALYZE_MIX)
        await studio.until(lambda: "the region Chorus is rendered once" in studio.reaper.console)
        project.recording = False
        await studio.until(lambda: not studio.reaper.running)
    assert during == [False, False]
    assert len(studio.said(Analyze)) == 2


async def test_waiting_for_a_take_to_end_can_be_cancelled(studio: Studio) -> None:
    studio.tracks("Kick", seconds=5.0)
    studio.reaper.front.recording = True
    async with studio.daemon():
        studio.reaper.run(ANALYZE_MIX)
        await studio.until(lambda: "once the recording has ended" in studio.reaper.console)
        studio.reaper.ext_state["UpTrack board", "stop"] = "1"
        await studio.until(lambda: not studio.reaper.running)
    assert studio.reaper.rendered == []
    assert "cancelled" in studio.reaper.console


async def test_a_fix_is_made_and_measured_once_the_take_has_ended(window: Window) -> None:
    studio, project = window.studio, window.project
    async with studio.daemon():
        await window.analyzed(BELL)
        rendered = len(studio.reaper.rendered)
        await window.press("p")
        project.recording = True
        assert window.gfx is not None
        window.gfx.press("a")
        await studio.until(lambda: "for the recording to end" in window.words())
        for _ in range(30):
            studio.reaper.turn(0.05)
        assert len(studio.reaper.rendered) == rendered
        assert window.fixes() == []
        project.recording = False
        await studio.until(lambda: [fix["state"] for fix in window.fixes()] == ["closed"])
    assert len(studio.reaper.rendered) == rendered + 2


async def test_a_take_that_begins_while_a_fix_is_measured_delays_the_second_render(window: Window) -> None:
    studio, project = window.studio, window.project
    async with studio.daemon():
        await window.analyzed(BELL)
        await window.press("p")
        during: list[bool] = []

        def begin_a_take() -> None:
            during.append(project.recording)
            project.recording = len(during) == 1

        studio.reaper.during_render = begin_a_take
        assert window.gfx is not None
        window.gfx.press("a")
        await studio.until(lambda: "for the recording to end" in window.words())
        assert [fix["state"] for fix in window.fixes()] == ["applied"]
        project.recording = False
        await studio.until(lambda: [fix["state"] for fix in window.fixes()] == ["closed"])
    assert during == [False, False]


# -- what is no mix ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("what", "sentence", "words"),
    [
        ("solo", "what is rendered is the solo, not the mix", "rendered with a solo"),
        ("master", "The master track is muted", "master muted"),
        ("mono", "The master track is switched to mono", "master in mono"),
    ],
)
async def test_what_is_no_mix_is_said_before_it_is_rendered_and_in_the_report(
    studio: Studio, what: str, sentence: str, words: str
) -> None:
    kick, _ = studio.tracks("Kick", "Bass")
    if what == "solo":
        kick.solo = True
    elif what == "mono":
        studio.reaper.front.mono = True
    else:
        studio.reaper.front.master.values["B_MUTE"] = 1.0
    said: list[str] = []
    studio.reaper.during_render = lambda: said.append(studio.reaper.console)
    async with studio.daemon():
        await studio.analyze(ANALYZE_MIX)
    assert sentence in said[0]
    assert json.loads(studio.reaper.front.kept("report"))["status"] == f"76 · techno · {words}"
    assert f"UpTrack: 76 · techno · {words}" in studio.reaper.console


async def test_of_a_mix_nothing_of_the_kind_is_said(studio: Studio) -> None:
    studio.tracks("Kick", "Bass")
    async with studio.daemon():
        await studio.analyze(ANALYZE_MIX)
    assert json.loads(studio.reaper.front.kept("report"))["status"] == "76 · techno"


# -- one of several ----------------------------------------------------------------------------------------------------


async def test_a_region_that_fails_to_render_stops_none_of_the_others(studio: Studio) -> None:
    two_regions(studio)

    def fail_the_first() -> None:
        studio.reaper.render_trouble = "nothing" if studio.reaper.front.numbers["RENDER_STARTPOS"] == 1.0 else None

    studio.reaper.during_render = fail_the_first
    async with studio.daemon():
        await studio.analyze(ANALYZE_MIX)
    assert "the region Verse: REAPER rendered nothing for the mix" in studio.reaper.console
    assert spans(studio) == [(10.0, 15.0)]
    assert len(studio.said(Analyze)) == 1


async def test_a_file_that_cannot_be_analysed_stops_none_of_the_others(studio: Studio) -> None:
    studio.reaper.chosen_file = ["/no/such/file", "/music/Night.wav"]
    async with studio.daemon():
        await studio.analyze(ANALYZE_FILES)
    assert "file: Expected an audio file, but /no/such/file does not exist." in studio.reaper.console
    assert len(studio.reaper.front.markers) == 1
