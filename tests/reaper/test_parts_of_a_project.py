"""What was analysed keeps its own markers and its own versions: each region, time selection and file, and the mix."""

from __future__ import annotations

import json

import pytest

from support.desks import EchoDesk
from support.fake_reaper import FakeMarker
from support.feedbacks import a_feedback, a_marker
from support.studio import ANALYZE_FILES, ANALYZE_MIX, REMOVE, Studio
from support.studio_window import BELL, Window
from uptrack_bridges.messages import Analyze, Feedback


def names(studio: Studio) -> set[str]:
    """The findings whose markers stand."""
    return {one.name.removeprefix("[UpTrack] major: ").removesuffix(" is off") for one in studio.reaper.front.markers}


def ids(studio: Studio) -> list[str]:
    """By what each request's versions are told, in the order they were asked for."""
    return [request.project.id or "" for request in studio.said(Analyze) if request.project]


def one_finding_each(request: Analyze, job: str) -> Feedback:
    """A finding named after where the audio begins, at its beginning."""
    assert request.project is not None
    start_s = request.project.start_s
    finding = a_marker(f"at {start_s:.0f}", start_s=start_s, end_s=start_s)
    return a_feedback(finding, job=job, run=f"run {job}", start_s=start_s)


def choose(studio: Studio, *regions: FakeMarker) -> None:
    studio.reaper.front.markers += regions
    studio.reaper.front.sort_markers()
    studio.reaper.ext_state["UpTrack settings", "range"] = "regions"


async def select_and_analyze(studio: Studio, start_s: float, end_s: float) -> None:
    project = studio.reaper.front
    project.selection_s = project.loop_s = (start_s, end_s)
    await studio.analyze(ANALYZE_MIX)


# -- regions -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("gives_guids", [True, False])
async def test_two_regions_of_one_name_are_two_parts(studio: Studio, gives_guids: bool) -> None:
    studio.tracks("Kick", seconds=20.0)
    studio.reaper.gives_guids = gives_guids
    choose(studio, FakeMarker(1.0, "Chorus", 1, end_s=5.0), FakeMarker(10.0, "Chorus", 2, end_s=15.0))
    studio.desk.answer = one_finding_each
    async with studio.daemon():
        await studio.analyze(ANALYZE_MIX)
        await studio.analyze(ANALYZE_MIX)
    first, second, *again = ids(studio)
    assert first != second
    assert again == [first, second], "the same region is the same part the next time"
    if gives_guids:  # without, none is placed
        assert names(studio) == {"Chorus", "at 1", "at 10"}


async def test_a_region_that_is_moved_and_renamed_stays_the_same_part(studio: Studio) -> None:
    studio.tracks("Kick", seconds=20.0)
    region = FakeMarker(1.0, "Chorus", 1, end_s=5.0)
    choose(studio, region)
    studio.desk.answer = one_finding_each
    async with studio.daemon():
        await studio.analyze(ANALYZE_MIX)
        region.position_s, region.end_s, region.name = 6.0, 10.0, "Chorus, late"
        await studio.analyze(ANALYZE_MIX)
    assert len(set(ids(studio))) == 1
    assert names(studio) == {"Chorus, late", "at 6"}


async def regions_analyzed(studio: Studio, *more: FakeMarker) -> tuple[FakeMarker, ...]:
    """Two regions that were analysed, and a song of ten more seconds."""
    studio.tracks("Kick", seconds=30.0)
    regions = FakeMarker(1.0, "Verse", 1, end_s=5.0), FakeMarker(10.0, "Chorus", 2, end_s=15.0), *more
    choose(studio, *regions)
    studio.desk.answer = one_finding_each
    await studio.analyze(ANALYZE_MIX)
    return regions


def delete_by_hand(studio: Studio, region: FakeMarker) -> None:
    studio.reaper.front.markers.remove(region)
    studio.reaper.front.add_undo_point("Delete region")


@pytest.mark.parametrize("then", ["regions", "project"])
async def test_what_was_found_in_a_region_that_was_deleted_goes_with_the_next_analysis(
    studio: Studio, then: str
) -> None:
    async with studio.daemon():
        _verse, chorus = await regions_analyzed(studio)
        delete_by_hand(studio, chorus)
        project, before = studio.reaper.front, len(studio.reaper.front.undo_steps)
        assert names(studio) == {"Verse", "at 1", "at 10"}
        studio.reaper.ext_state["UpTrack settings", "range"] = then
        await studio.analyze(ANALYZE_MIX)
    assert names(studio) == {"Verse", "at 1"} | ({"at 0"} if then == "project" else set())
    assert len(project.undo_steps) == before + 1, "in the step of the report that comes, and no other"
    project.undo()
    project.undo()
    assert names(studio) == {"Verse", "Chorus", "at 1", "at 10"}


async def test_a_region_that_is_back_is_analysed_like_any_other(studio: Studio) -> None:
    async with studio.daemon():
        _verse, chorus = await regions_analyzed(studio)
        delete_by_hand(studio, chorus)
        await studio.analyze(ANALYZE_MIX)
        choose(studio, chorus)
        await studio.analyze(ANALYZE_MIX)
    assert names(studio) == {"Verse", "Chorus", "at 1", "at 10"}


async def test_of_a_deleted_regions_markers_those_a_hand_was_on_stay(studio: Studio) -> None:
    async with studio.daemon():
        _verse, chorus, bridge = await regions_analyzed(studio, FakeMarker(20.0, "Bridge", 3, end_s=25.0))
        project = studio.reaper.front
        (moved,) = [one for one in project.markers if "at 10" in one.name]
        (renamed,) = [one for one in project.markers if "at 20" in one.name]
        moved.position_s, renamed.name = 11.0, "ask Jo"
        delete_by_hand(studio, chorus)
        delete_by_hand(studio, bridge)
        await studio.analyze(ANALYZE_MIX)
    assert names(studio) == {"Verse", "at 1", "at 10", "ask Jo"}
    studio.reaper.run(REMOVE)
    while studio.reaper.running:
        studio.reaper.turn()
    assert names(studio) == {"Verse"}, "and are still known as ours"


async def test_an_analysis_of_a_file_leaves_what_was_found_in_a_deleted_region(studio: Studio) -> None:
    async with studio.daemon():
        _verse, chorus = await regions_analyzed(studio)
        delete_by_hand(studio, chorus)
        studio.reaper.front.cursor_s = 3.0
        await studio.analyze(ANALYZE_FILES)
    assert names(studio) == {"Verse", "at 1", "at 10", "at 3"}


async def test_a_region_called_selection_is_no_time_selection(studio: Studio) -> None:
    studio.tracks("Kick", seconds=20.0)
    choose(studio, FakeMarker(1.0, "selection", 1, end_s=5.0))
    studio.desk.answer = one_finding_each
    async with studio.daemon():
        await studio.analyze(ANALYZE_MIX)
        studio.reaper.ext_state["UpTrack settings", "range"] = "selection"
        await select_and_analyze(studio, 8.0, 12.0)
        assert names(studio) == {"selection", "at 1", "at 8"}
    assert len(set(ids(studio))) == 2


# -- time selections ---------------------------------------------------------------------------------------------------


async def test_time_selections_are_parts_of_their_own_and_the_same_one_again_is_its_next_version(
    studio: Studio,
) -> None:
    studio.tracks("Kick", seconds=20.0)
    studio.desk.answer = one_finding_each
    async with studio.daemon():
        for start_s, end_s in ((1.0, 5.0), (4.0, 14.0), (1.0, 5.0)):
            await select_and_analyze(studio, start_s, end_s)
    first, overlapping, again = ids(studio)
    assert first == again != overlapping
    assert names(studio) == {"at 1", "at 4"}


async def test_an_analysis_takes_the_place_of_those_of_time_selections_inside_it(studio: Studio) -> None:
    studio.tracks("Kick", seconds=20.0)
    studio.desk.answer = one_finding_each
    async with studio.daemon():
        for start_s, end_s in ((2.0, 5.0), (6.0, 9.0), (1.0, 7.0)):
            await select_and_analyze(studio, start_s, end_s)
        assert names(studio) == {"at 6", "at 1"}, "the first lies in the third, the second does not"
        await select_and_analyze(studio, 0.0, 0.0)
        assert names(studio) == {"at 0"}


# -- files -------------------------------------------------------------------------------------------------------------


async def test_a_file_is_a_song_of_its_own_and_leaves_the_mixs_markers(studio: Studio) -> None:
    studio.tracks("Kick", seconds=20.0)
    project = studio.reaper.front
    studio.desk.answer = one_finding_each
    studio.reaper.chosen_file = ["/a/Night.wav", "/b/Night.wav"]
    async with studio.daemon():
        await studio.analyze(ANALYZE_MIX)
        project.cursor_s = 3.0
        await studio.analyze(ANALYZE_FILES)
        assert names(studio) == {"at 0", "at 3"}
        studio.reaper.chosen_file = ["/a/Night.wav"]
        await studio.analyze(ANALYZE_FILES)
    mix, one, another, again = ids(studio)
    assert len({mix, one, another}) == 3
    assert one == again
    assert [request.project.name for request in studio.said(Analyze) if request.project] == [
        "Warehouse", *["Night.wav"] * 3,
    ]  # fmt: skip


async def test_a_files_report_measures_that_file_again_where_it_lay(window: Window) -> None:
    studio, project = window.studio, window.project
    project.cursor_s = 8.0
    studio.desk.answer = one_finding_each
    async with studio.daemon():
        await studio.analyze(ANALYZE_FILES)
        await window.analyzed_already()
        assert "Analyze file again" in window.words()
        project.cursor_s = 0.0
        await window.press("m")
    first, again = studio.said(Analyze)
    assert again.mix == first.mix
    assert again.project == first.project
    assert studio.reaper.rendered == []
    assert json.loads(project.kept("report"))["asked"]["file"] == studio.reaper.chosen_file


@pytest.mark.parametrize("end_s", [9.0, 90.0], ids=["a place", "most of the mix"])
async def test_a_fix_made_on_a_files_report_renders_nothing_and_says_why(window: Window, end_s: float) -> None:
    studio = window.studio
    finding = a_marker("low.boom-1", actions=[BELL], track="{BASS}", start_s=8.0, end_s=end_s)
    studio.desk.answer = lambda _request, job: a_feedback(finding, job=job)
    async with studio.daemon():
        await studio.analyze(ANALYZE_FILES)
        await window.analyzed_already()
        await window.press("p")
        assert window.gfx is not None
        window.gfx.press("a")
        await studio.until(lambda: [fix["state"] for fix in window.fixes()] == ["unknown"])
    assert "this report is of a file" in window.fixes()[0]["sentence"]
    assert studio.reaper.rendered == []
    assert len(studio.said(Analyze)) == 1


# -- names -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["Night\tand\nday.wav", "a" * 99 + "音" * 60 + ".wav"])
async def test_whatever_a_file_is_called_its_markers_are_known_as_ours(studio: Studio, name: str) -> None:
    studio.reaper.chosen_file = f"/music/{name}"
    async with studio.daemon():
        await studio.analyze(ANALYZE_FILES)
        await studio.analyze(ANALYZE_FILES)
    assert len(studio.reaper.front.markers) == 1
    studio.reaper.run(REMOVE)
    while studio.reaper.running:
        studio.reaper.turn()
    assert studio.reaper.front.markers == []


async def test_a_region_without_guid_whose_name_has_a_tab_breaks_no_ledger(studio: Studio) -> None:
    studio.tracks("Kick", seconds=20.0)
    region = FakeMarker(1.0, "Cho\trus\nagain", 1, end_s=5.0)
    choose(studio, region)
    answers = studio.reaper.GetSetProjectInfo_String

    def GetSetProjectInfo_String(project: object, desc: str, text: str, is_set: bool) -> tuple[bool, str]:  # noqa: N802
        known, answer = answers(project, desc, text, is_set)
        return (False, "") if answer == region.guid else (known, answer)

    setattr(studio.reaper, GetSetProjectInfo_String.__name__, GetSetProjectInfo_String)
    studio.desk = EchoDesk(answer=one_finding_each)
    async with studio.daemon():
        await studio.analyze(ANALYZE_MIX)
        await studio.analyze(ANALYZE_MIX)
    assert names(studio) == {"Cho\trus\nagain", "at 1"}
    studio.reaper.run(REMOVE)
    while studio.reaper.running:
        studio.reaper.turn()
    assert studio.reaper.front.markers == [region]
