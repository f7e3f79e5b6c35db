"""Markers and regions on the timeline: ours are found again, changed and removed, and nothing else is ever touched."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from support.fake_reaper import FakeMarker, FakeReaper
from support.feedbacks import a_feedback, a_marker
from support.studio import ANALYZE_FILES, ANALYZE_MIX, REMOVE, Studio
from uptrack_bridges.messages import Analyze, ChangedFinding, FeedbackApplied, Marker, SinceBefore

PROBE = Path(__file__).with_name("kept_probe.lua")
PLACING = Path(__file__).with_name("placing_probe.lua")
LONG = {"start_s": 16.0, "end_s": 32.0}


async def show(studio: Studio, *markers: Marker) -> None:
    """One analysis that finds these."""
    studio.desk.answer = lambda _request, job: a_feedback(*markers, job=job)
    async with studio.daemon():
        await studio.analyze()


def at_its_start(request: Analyze, finding: str) -> Marker:
    assert request.project is not None
    return a_marker(finding, start_s=request.project.start_s, end_s=request.project.start_s)


def names(studio: Studio) -> list[str]:
    return [marker.name for marker in studio.reaper.front.markers]


async def test_a_finding_with_a_length_becomes_a_region_unless_it_is_about_most_of_the_run(studio: Studio) -> None:
    await show(studio, a_marker("a", start_s=4.0, end_s=4.2), a_marker("b", **LONG), a_marker("c", end_s=90.0))
    spans = [(marker.position_s, marker.end_s) for marker in studio.reaper.front.markers]
    assert spans == [(0.0, None), (4.0, None), (16.0, 32.0)]


async def test_who_wants_markers_only_gets_no_regions(studio: Studio) -> None:
    studio.reaper.ext_state["UpTrack settings", "regions"] = "no"
    await show(studio, a_marker("b", **LONG))
    assert [marker.end_s for marker in studio.reaper.front.markers] == [None]


async def test_the_same_run_again_changes_nothing_and_makes_no_undo_step(studio: Studio) -> None:
    found = [a_marker("a"), a_marker("b", **LONG)]
    await show(studio, *found)
    before, ledger = studio.reaper.front.contents(), studio.reaper.front.kept("markers")
    await show(studio, *found)
    assert studio.reaper.front.contents() == before
    assert studio.reaper.front.kept("markers") == ledger
    assert studio.reaper.front.undo_steps == ["UpTrack: show 2 findings"]
    assert [applied.placed for applied in studio.said(FeedbackApplied)] == [["a", "b"], ["a", "b"]]


async def test_a_finding_that_has_changed_keeps_its_marker_and_says_the_new_thing(studio: Studio) -> None:
    await show(studio, a_marker("a", text="3 dB too much"))
    (guid,) = [marker.guid for marker in studio.reaper.front.markers]
    await show(studio, a_marker("a", text="1 dB too much", severity="minor", start_s=9.0, end_s=9.0))
    (marker,) = studio.reaper.front.markers
    assert (marker.guid, marker.name, marker.position_s) == (guid, "[UpTrack] minor: 1 dB too much", 9.0)
    assert studio.reaper.front.undo_steps == ["UpTrack: show 1 findings"] * 2


async def test_a_marker_becomes_a_region_when_its_finding_grows_long(studio: Studio) -> None:
    await show(studio, a_marker("a"))
    await show(studio, a_marker("a", **LONG))
    assert [marker.end_s for marker in studio.reaper.front.markers] == [32.0]


async def test_what_the_user_moved_stays_until_its_finding_is_gone(studio: Studio) -> None:
    await show(studio, a_marker("a", text="one"), a_marker("b", **LONG))
    first, second = studio.reaper.front.markers
    first.position_s, second.end_s = 7.0, 40.0
    await show(studio, a_marker("a", text="two"), a_marker("b", text="two", **LONG))
    assert [(marker.position_s, marker.end_s) for marker in studio.reaper.front.markers] == [(7.0, None), (16.0, 40.0)]
    await show(studio)
    assert studio.reaper.front.markers == []


async def test_what_the_user_renamed_is_the_users_note_from_then_on(studio: Studio) -> None:
    await show(studio, a_marker("a"), a_marker("b", start_s=5.0, end_s=5.0))
    studio.reaper.front.markers[0].name = "ask Jo about this"
    await show(studio, a_marker("a", text="changed"), a_marker("b", start_s=5.0, end_s=5.0))
    assert names(studio) == ["ask Jo about this", "[UpTrack] major: b is off"]
    await show(studio)
    assert names(studio) == ["ask Jo about this"]
    await show(studio, a_marker("a"))
    assert names(studio) == ["ask Jo about this", "[UpTrack] major: a is off"]


def deletes(studio: Studio, *words: str) -> None:
    """The user's own hand takes away the markers whose names hold one of these words."""
    project = studio.reaper.front
    project.markers[:] = [one for one in project.markers if not any(word in one.name for word in words)]
    project.add_undo_point("user: remove markers")


def worse_than_before(finding: str) -> SinceBefore:
    change = ChangedFinding(status="worse", title=finding, severity="major", finding=finding)
    return SinceBefore(
        report="r0", sentence="worse 1", fixed=0, new=0, worse=1, better=0, unchanged=0, score_before=80.0,
        score_after=70.0, changes=[change],
    )  # fmt: skip


async def test_what_the_user_has_deleted_stays_away_while_its_finding_is_the_same_or_better(studio: Studio) -> None:
    found = [a_marker("a", value=3.0), a_marker("b", start_s=5.0, end_s=5.0)]
    await show(studio, *found)
    deletes(studio, "a is off")
    steps, contents = list(studio.reaper.front.undo_steps), studio.reaper.front.contents()
    await show(studio, *found)
    await show(studio, a_marker("a", value=2.0, severity="moderate", start_s=2.1, end_s=2.1), found[1])
    assert studio.reaper.front.contents() == contents
    assert studio.reaper.front.undo_steps == steps
    assert studio.said(FeedbackApplied)[-1].skipped == ["a"]
    said = "Not placed again, because you had deleted the marker: 1; B in the results window does that."
    assert said in studio.reaper.console


async def test_what_the_user_has_deleted_comes_back_with_a_higher_severity(studio: Studio) -> None:
    await show(studio, a_marker("a", severity="moderate"))
    deletes(studio, "a is off")
    await show(studio, a_marker("a", severity="major"))
    assert names(studio) == ["[UpTrack] major: a is off"]
    deletes(studio, "a is off")
    await show(studio, a_marker("a", severity="major"))
    assert names(studio) == []


async def test_what_the_user_has_deleted_comes_back_once_when_the_next_version_is_worse(studio: Studio) -> None:
    await show(studio, a_marker("a", value=3.0))
    deletes(studio, "a is off")
    studio.desk.answer = lambda _request, job: a_feedback(
        a_marker("a", value=6.0), job=job, since=worse_than_before("a")
    )
    async with studio.daemon():
        await studio.analyze()
        assert names(studio) == ["[UpTrack] major: a is off"]
        deletes(studio, "a is off")
        await studio.analyze()  # the same file again is as much worse than the version before as it was
    assert names(studio) == []


async def test_what_was_fixed_and_is_found_again_gets_a_marker(studio: Studio) -> None:
    await show(studio, a_marker("a"))
    await show(studio)
    await show(studio, a_marker("a"))
    assert names(studio) == ["[UpTrack] major: a is off"]


@pytest.mark.parametrize("others", [0, 3])
async def test_what_undo_has_taken_away_is_placed_by_the_next_run(studio: Studio, others: int) -> None:
    found = [a_marker("a"), *(a_marker(f"o{number}") for number in range(others))]
    await show(studio, *found)
    assert studio.reaper.undo() == f"UpTrack: show {len(found)} findings"
    assert names(studio) == []
    await show(studio, *found)
    assert len(names(studio)) == len(found)


async def test_undo_of_a_deletion_brings_the_same_marker_back_and_the_next_run_leaves_it(studio: Studio) -> None:
    await show(studio, a_marker("a"))
    before = studio.reaper.front.contents()
    deletes(studio, "a is off")
    studio.reaper.undo()
    await show(studio, a_marker("a"))
    assert studio.reaper.front.contents() == before


async def test_after_everything_was_removed_the_next_run_places_all_of_it(studio: Studio) -> None:
    await show(studio, a_marker("a"), a_marker("b"))
    deletes(studio, "a is off")
    studio.reaper.run(REMOVE)
    assert studio.reaper.front.master.texts.get(STEPS, "") == ""
    await show(studio, a_marker("a"), a_marker("b"))
    assert len(names(studio)) == 2


STEPS, STEPS_OF_BEFORE = "P_EXT:UpTrack_steps", "P_EXT:UpTrack steps"
"""Where the master track keeps the names of the steps that placed markers, and where earlier versions kept them."""


async def test_what_a_version_before_knew_of_deleted_markers_is_read_and_taken_over(studio: Studio) -> None:
    await show(studio, a_marker("a"))
    texts = studio.reaper.front.master.texts
    texts[STEPS_OF_BEFORE] = before = texts.pop(STEPS)
    assert before
    deletes(studio, "a is off")
    await show(studio, a_marker("a"), a_marker("c"))
    assert names(studio) == ["[UpTrack] major: c is off"]
    assert not texts[STEPS_OF_BEFORE]
    assert texts[STEPS].split()[:-1] == [before]
    texts[STEPS_OF_BEFORE] = before
    studio.reaper.run(REMOVE)
    assert not texts[STEPS_OF_BEFORE]
    assert not texts[STEPS]


async def test_a_ledger_of_the_first_scripts_is_still_read(studio: Studio) -> None:
    await show(studio, a_marker("a"))
    lines = studio.reaper.front.kept("markers").splitlines()
    studio.reaper.front.keep("markers", "\n".join("\t".join(line.split("\t")[:8]) for line in lines))
    await show(studio, a_marker("a", text="b"))
    assert names(studio) == ["[UpTrack] major: b"]


async def test_renumbering_loses_none_of_ours(studio: Studio) -> None:
    studio.reaper.front.markers.append(FakeMarker(1.0, "Intro", 40))
    await show(studio, a_marker("a"), a_marker("b", start_s=3.0, end_s=3.0))
    studio.reaper.front.renumber()
    await show(studio, a_marker("b", start_s=3.0, end_s=3.0))
    assert names(studio) == ["Intro", "[UpTrack] major: b is off"]


async def test_what_undo_brings_back_is_still_ours(studio: Studio) -> None:
    studio.reaper.front.markers.append(FakeMarker(4.0, "Drop", 1))
    studio.reaper.front.add_undo_point("user: add marker")
    await show(studio, a_marker("a"))
    await show(studio, a_marker("b"))
    assert studio.reaper.undo() == "UpTrack: show 1 findings"
    assert names(studio) == ["[UpTrack] major: a is off", "Drop"]
    await show(studio, a_marker("b"))
    assert names(studio) == ["[UpTrack] major: b is off", "Drop"]
    studio.reaper.undo()
    studio.reaper.undo()
    assert names(studio) == ["Drop"]


async def test_one_undo_step_takes_a_report_back_and_one_redo_brings_it_again(studio: Studio) -> None:
    before = studio.reaper.front.contents()
    await show(studio, *(a_marker(f"m{number}", start_s=float(number), end_s=number + 2.0) for number in range(12)))
    after = studio.reaper.front.contents()
    studio.reaper.undo()
    assert studio.reaper.front.contents() == before
    studio.reaper.front.redo()
    assert studio.reaper.front.contents() == after


async def test_stem_notes_lie_with_their_tracks_and_change_with_the_report(studio: Studio) -> None:
    kick, bass = studio.tracks("Kick", "Bass")
    studio.desk.answer = lambda _request, job: a_feedback(job=job, notes={kick.guid: "fine", "{GONE}": "x"})
    async with studio.daemon():
        await studio.analyze()
        studio.desk.answer = lambda _request, job: a_feedback(job=job, notes={kick.guid: "hidden at 58 Hz"})
        await studio.analyze()
    assert (kick.texts, bass.texts) == ({"P_EXT:UpTrack": "hidden at 58 Hz"}, {})
    assert studio.reaper.front.undo_steps == ["UpTrack: show 0 findings"] * 2
    assert kick.sws_notes == ""


@pytest.mark.parametrize("wanted", [True, False])
async def test_sws_notes_are_written_between_the_users_own_only_where_wanted(studio: Studio, wanted: bool) -> None:
    studio.reaper.sws = True
    (kick,) = studio.tracks("Kick")
    kick.sws_notes = "tuned to F#\nask Jo"
    studio.reaper.ext_state["UpTrack settings", "sws_notes"] = "yes" if wanted else "no"
    for text in ("one", "two"):
        studio.desk.answer = lambda _request, job, text=text: a_feedback(job=job, notes={kick.guid: text})
        async with studio.daemon():
            await studio.analyze()
    ours = "\n--- UpTrack ---\ntwo\n--- end of UpTrack ---"
    assert kick.sws_notes == "tuned to F#\nask Jo" + (ours if wanted else "")
    studio.reaper.run(REMOVE)
    assert kick.sws_notes == "tuned to F#\nask Jo"


async def test_remove_everything_leaves_the_project_as_it_was_in_one_step(studio: Studio) -> None:
    (kick,) = studio.tracks("Kick")
    studio.reaper.front.markers.append(FakeMarker(4.0, "Drop", 1))
    before = studio.reaper.front.contents()
    studio.desk.answer = lambda _request, job: a_feedback(
        a_marker("a"), a_marker("b", **LONG), job=job, notes={kick.guid: "x"}
    )
    async with studio.daemon():
        await studio.analyze()
    studio.reaper.front.markers[0].name = "renamed, and still what UpTrack added"
    steps = len(studio.reaper.front.undo_steps)
    studio.reaper.run(REMOVE)
    assert studio.reaper.front.contents() == before
    assert studio.reaper.front.undo_steps[steps:] == ["UpTrack: remove everything it added"]
    studio.reaper.run(REMOVE)
    assert len(studio.reaper.front.undo_steps) == steps + 1, "nothing to remove is no step"


async def test_five_thousand_markers_are_placed_in_ticks_and_are_one_undo_step(studio: Studio) -> None:
    found = [a_marker(f"m{number}", start_s=number / 100, end_s=number / 100) for number in range(5_000)]
    await show(studio, *found)
    assert len(studio.reaper.front.markers) == 5_000
    assert studio.reaper.front.undo_steps == ["UpTrack: show 5000 findings"]


async def test_an_analysis_of_one_region_leaves_what_another_found(studio: Studio) -> None:
    studio.tracks("Kick", seconds=9.0)
    studio.reaper.front.markers += [FakeMarker(1.0, "verse", 1, end_s=3.0), FakeMarker(4.0, "chorus", 2, end_s=8.0)]
    studio.reaper.ext_state["UpTrack settings", "range"] = "regions"
    studio.desk.answer = lambda request, job: a_feedback(at_its_start(request, "whole"), job=job)
    async with studio.daemon():
        await studio.analyze(ANALYZE_MIX)
        await studio.analyze(ANALYZE_MIX)
    ours = [marker.position_s for marker in studio.reaper.front.markers if "[UpTrack]" in marker.name]
    assert ours == [1.0, 4.0]


async def test_the_whole_project_takes_the_place_of_a_selection_and_not_the_other_way_round(studio: Studio) -> None:
    studio.tracks("Kick", seconds=9.0)
    studio.desk.answer = lambda request, job: a_feedback(at_its_start(request, "a"), job=job)
    places = []
    async with studio.daemon():
        for selection_s in ((0.0, 0.0), (3.0, 6.0), (0.0, 0.0)):
            studio.reaper.front.selection_s = selection_s
            await studio.analyze(ANALYZE_MIX)
            places.append([marker.position_s for marker in studio.reaper.front.markers])
    assert places == [[0.0], [0.0, 3.0], [0.0]]


async def test_a_marker_that_gets_no_guid_is_taken_back_at_once(studio: Studio) -> None:
    studio.reaper.gives_guids = False
    await show(studio, a_marker("a"))
    assert studio.reaper.front.markers == []
    (applied,) = studio.said(FeedbackApplied)
    assert (applied.placed, applied.skipped) == ([], ["a"])


async def test_notes_whose_last_line_of_ours_is_gone_are_left_alone(studio: Studio) -> None:
    studio.reaper.sws = True
    studio.reaper.ext_state["UpTrack settings", "sws_notes"] = "yes"
    (kick,) = studio.tracks("Kick")
    kick.sws_notes = "--- UpTrack ---\nold\nand what I wrote since"
    studio.desk.answer = lambda _request, job: a_feedback(job=job, notes={kick.guid: "new"})
    async with studio.daemon():
        await studio.analyze()
    studio.reaper.run(REMOVE)
    assert kick.sws_notes == "--- UpTrack ---\nold\nand what I wrote since"


def many(text: str) -> list[Marker]:
    """More than a tick places, of which each may be anywhere."""
    return [
        a_marker(f"m{number:03d}", text=f"{text} {number}", start_s=number / 2, end_s=number / 2)
        for number in range(150)
    ]


async def ended_half_way(studio: Studio, begun: str, *markers: Marker) -> None:
    """An analysis that the user ends while markers are placed or changed."""
    studio.desk.answer = lambda _request, job: a_feedback(*markers, job=job)
    async with studio.daemon():
        studio.reaper.run(ANALYZE_FILES)
        await studio.until(lambda: any(begun in name for name in names(studio)))
        studio.reaper.reload()
    ours = [name for name in names(studio) if name.startswith("[UpTrack]")]
    assert 0 < sum(begun in name for name in ours) < len(markers), "the action had not begun, or had ended"


async def test_what_an_ended_action_has_placed_is_known_as_ours(studio: Studio) -> None:
    studio.reaper.front.markers.append(FakeMarker(1.0, "Intro", 40))
    await ended_half_way(studio, "high", *many("high"))
    await show(studio, *many("high"))
    assert sorted(names(studio)) == sorted(["Intro", *(f"[UpTrack] major: high {number}" for number in range(150))])
    studio.reaper.run(REMOVE)
    await studio.until(lambda: not studio.reaper.running)
    assert names(studio) == ["Intro"]


async def test_what_an_ended_action_has_changed_is_not_taken_for_the_users_note(studio: Studio) -> None:
    await show(studio, *many("high"))
    await ended_half_way(studio, "low", *many("low"))
    await show(studio)
    assert names(studio) == []


async def test_another_song_in_the_same_tab_gets_nothing(studio: Studio) -> None:
    project = studio.reaper.front
    studio.desk.gate = asyncio.Event()
    async with studio.daemon():
        studio.reaper.run(ANALYZE_FILES)
        await studio.until(lambda: studio.said(Analyze))
        project.state.clear()  # the user opens another one there
        project.name = "Other.rpp"
        studio.desk.gate.set()
        await studio.until(lambda: not studio.reaper.running)
    assert project.markers == []
    assert "the project was closed" in studio.reaper.console


async def test_a_cancelled_analysis_renders_nothing_more_and_places_nothing(studio: Studio) -> None:
    studio.tracks("Kick", seconds=4.0)
    async with studio.daemon():
        studio.reaper.run(ANALYZE_MIX)
        studio.reaper.ext_state["UpTrack board", "stop"] = "1"
        await studio.until(lambda: not studio.reaper.running)
    assert studio.reaper.rendered == []
    assert studio.reaper.front.markers == []
    assert "cancelled" in studio.reaper.console


async def test_what_an_ended_action_has_placed_is_known_behind_a_ledger_that_has_lost_a_piece(studio: Studio) -> None:
    await show(studio, *many("old"))
    for (section, key), _ in list(studio.reaper.front.state.items()):
        if key.startswith("markers.") and key.endswith("2"):
            del studio.reaper.front.state[section, key]
    studio.reaper.front.markers.clear()
    await ended_half_way(studio, "high", *many("high"))
    await show(studio)
    assert names(studio) == []


@pytest.mark.parametrize("turns", [0, 2, 5])
def test_of_two_actions_that_place_at_once_both_are_known(lua: Any, turns: int) -> None:
    reaper = FakeReaper(lua)
    reaper.run(PLACING)
    reaper.runtimes[-1].globals().place_two(turns)
    ledger = reaper.front.kept("markers")
    assert len(reaper.front.markers) == 300
    assert all(marker.guid in ledger for marker in reaper.front.markers)


def test_an_empty_text_leaves_nothing_of_one_that_was_made_ready_and_never_kept(lua: Any) -> None:
    reaper, kept = keeping(lua)
    kept.write(0, "probe", "old%" * 5_000)
    kept.prepare(0, "probe", "never kept%" * 5_000, lambda _steps: None)
    kept.write(0, "probe", "")
    assert [key for (_, key), value in reaper.front.state.items() if value] == []


def keeping(lua: Any) -> tuple[FakeReaper, Any]:
    """A project, and what keeps texts in it."""
    reaper = FakeReaper(lua)
    reaper.run(PROBE)
    return reaper, reaper.runtimes[-1].globals().kept


def test_a_text_that_is_written_while_it_is_read_is_never_half_of_each(lua: Any) -> None:
    _reaper, kept = keeping(lua)
    kept.write(0, "probe", "old%" * 5_000)
    told: list[int] = []

    def spend(steps: int) -> None:
        told.append(steps)
        if len(told) == 3:
            kept.write(0, "probe", "new%" * 5_000)

    assert kept.read(0, "probe", spend) == "new%" * 5_000
    assert len(told) > 10


def test_texts_kept_in_a_project_come_back_whole_in_short_plain_pieces(lua: Any) -> None:
    reaper, kept = keeping(lua)
    for text in ("", "x", "all \"of' `them\n\t%41 é 音" * 900, "%" * 8_000):
        kept.write(0, "probe", text)
        assert kept.read(0, "probe") == text
        assert reaper.front.kept("probe") == text
        values = [value for (_, key), value in reaper.front.state.items() if key.startswith("probe")]
        assert all(len(value.encode()) < 4_096 and not set(value) & set("\"'`\n\t") for value in values)


def test_a_text_made_ready_in_parts_is_read_from_the_moment_it_is_kept(lua: Any) -> None:
    reaper, kept = keeping(lua)
    told: list[int] = []
    for text in ("old%" * 5_000, "é new\n" * 3_000, "", "shorter", "shorter"):
        before = kept.read(0, "probe")
        head = kept.head(0, "probe")
        keep = kept.prepare(0, "probe", text, told.append)
        assert kept.read(0, "probe") == before
        keep()
        assert kept.read(0, "probe") == text == reaper.front.kept("probe")
        assert (kept.head(0, "probe") == head) == (before == text), "what is the same is not written"
        kept.clear(0, "probe", told.append)
        assert kept.read(0, "probe") == text
        pieces = {key for (_, key), value in reaper.front.state.items() if key.startswith("probe.") and value}
        assert len(pieces) == int((kept.head(0, "probe") or "0").split()[0]), "nothing of the old text is left"
    assert len(told) > 20


def test_who_wrote_meanwhile_is_not_mixed_with_a_text_made_ready(lua: Any) -> None:
    reaper, kept = keeping(lua)
    kept.write(0, "probe", "old%" * 5_000)
    keep = kept.prepare(0, "probe", "mine%" * 9_000, lambda _steps: None)
    kept.write(0, "probe", "another's%" * 3_000)
    keep()
    assert kept.read(0, "probe") == "mine%" * 9_000 == reaper.front.kept("probe")


def test_a_text_made_ready_survives_an_undo_before_it_is_kept(lua: Any) -> None:
    reaper, kept = keeping(lua)
    kept.write(0, "probe", "old%" * 5_000)
    state = dict(reaper.front.state)
    for text in ("new%" * 6_000, "old%" * 5_000):
        keep = kept.prepare(0, "probe", text, lambda _steps: None)
        reaper.front.state = dict(state)
        keep()
        assert kept.read(0, "probe") == text


def test_two_who_write_one_text_at_a_time_do_not_mix(lua: Any) -> None:
    _reaper, kept = keeping(lua)
    kept.write(0, "probe", "old%" * 5_000)
    told: list[int] = []

    def spend(steps: int) -> None:
        told.append(steps)
        if len(told) == 12:
            kept.prepare(0, "probe", "another's%" * 4_000, lambda _steps: None)()

    keep = kept.prepare(0, "probe", "mine%" * 5_000, spend)
    assert kept.read(0, "probe") == "another's%" * 4_000
    keep()
    assert kept.read(0, "probe") == "mine%" * 5_000
