"""REAPER stands still while a script works: what a tick may cost in Lua instructions and listings, never in seconds."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from support.fake_reaper import FakeMarker, TempoMarker
from support.feedbacks import a_feedback, a_marker, many_markers
from support.gfx_canvas import GfxCanvas
from support.reaper_project import FakeFx, FakeItem, new_guid
from support.studio import ANALYZE_FILES, ANALYZE_MIX, REMOVE, RESULTS, Studio
from support.studio_window import BELL, Window
from support.tick_budget import within_budget, worst
from uptrack_bridges.messages import Analyze, Feedback, Step

FINDINGS = 5_000


def give_gfx(studio: Studio) -> list[GfxCanvas]:
    canvases: list[GfxCanvas] = []

    def prepare(lua: Any, script: Path) -> None:
        if script == RESULTS:
            canvases.append(GfxCanvas(lua))

    studio.reaper.prepare = prepare
    return canvases


def listings_by_second(studio: Studio, seconds: int, *, rounds_a_second: int = 30) -> list[int]:
    counts: list[int] = []
    for _ in range(seconds):
        del studio.reaper.ticks[:]
        for _ in range(rounds_a_second):
            studio.reaper.turn(1 / rounds_a_second)
        assert worst(studio.reaper.ticks).listings <= 1
        counts.append(sum(tick.listings for tick in studio.reaper.ticks))
    return counts


async def test_five_thousand_findings_cost_no_tick_more_than_two_milliseconds(studio: Studio) -> None:
    (bass,) = studio.tracks("Bass", seconds=2.0)
    markers = many_markers(FINDINGS, bass.guid)

    def all_of_them(_request: Analyze, job: str) -> Feedback:
        return a_feedback(*markers, job=job)

    studio.desk.answer = all_of_them
    canvases = give_gfx(studio)
    reaper, project = studio.reaper, studio.reaper.front
    async with studio.daemon():
        await studio.analyze(ANALYZE_MIX)
        assert len(project.markers) == FINDINGS
        assert within_budget(reaper.ticks), worst(reaper.ticks)
        assert reaper.console.count("\n") < 200

        del reaper.ticks[:]
        standing = [marker.guid for marker in project.markers]
        await studio.analyze(ANALYZE_MIX)
        assert [marker.guid for marker in project.markers] == standing
        assert project.undo_steps == [f"UpTrack: show {FINDINGS} findings"], "nothing to do, no step"
        assert within_budget(reaper.ticks), worst(reaper.ticks)

        del reaper.ticks[:]
        reaper.run(RESULTS)
        await studio.until(lambda: any(text.text == "low.boom-0000 is off" for text in canvases[0].texts))
        for key in ("end", "home", "down", "p", "c", "?"):
            canvases[0].press(key)
            reaper.turn(0.05)
        assert within_budget(reaper.ticks), worst(reaper.ticks)
        reaper.reload()

        del reaper.ticks[:]
        reaper.run(REMOVE)
        await studio.until(lambda: not reaper.running)
        assert project.markers == []
        assert within_budget(reaper.ticks), worst(reaper.ticks)


KEPT_FIXES = 200


def fixed_before(studio: Studio) -> list[str]:
    """As many fixes as are remembered, each of a finding and on a track of its own, among effects of the user's."""
    findings = [f"low.boom-{number:03d}" for number in range(KEPT_FIXES)]
    records = []
    for finding, track in zip(findings, studio.tracks(*findings, seconds=0.01), strict=True):
        track.fx += [FakeFx(f"effect {number}") for number in range(9)]
        records.append(
            {
                "id": new_guid(), "finding": finding, "run": "run-0", "title": f"{finding} is off", "tool": "bell",
                "track": track.guid, "undo": {"fx": track.fx[-1].guid}, "state": "closed", "sentence": "Closed.",
                "lines": ["On Bass:", "bell: −2.5 dB at 240 Hz", "Expected: less", "One undo step."],
            }
        )  # fmt: skip
    studio.reaper.front.keep("fixes", "\n".join(json.dumps(record, ensure_ascii=False) for record in records))
    return findings


async def test_two_hundred_fixes_are_read_and_changed_within_the_budget(studio: Studio) -> None:
    findings = fixed_before(studio)
    canvases = give_gfx(studio)
    reaper, project = studio.reaper, studio.reaper.front
    step = Step(kind="EQ", text="Bell", gain_db=-2.5, frequency_hz=240.0, q=1.2, tool="bell")
    first, *others = [
        a_marker(finding, actions=[step], track=track.guid)
        for finding, track in zip(findings, project.tracks, strict=True)
    ]
    studio.desk.answer = lambda _request, job: a_feedback(first, job=job, more=others)
    async with studio.daemon():
        await studio.analyze(ANALYZE_FILES)
    (studio.home / "bridge.json").unlink()
    del reaper.ticks[:]
    reaper.run(RESULTS)
    (canvas,) = canvases

    async def see(words: str, *keys: str) -> None:
        canvas.forget()
        canvas.press(*keys)
        await studio.until(lambda: any(words in text.text for text in canvas.texts))
        assert within_budget(reaper.ticks), (words, worst(reaper.ticks))
        del reaper.ticks[:]

    await see("Fixed")
    await see("Taken back.", "r")
    await see("in a ReaEQ of its own", "p")
    await see("It is made, but not measured", "a")
    project.tracks[0].fx.pop()
    project.add_undo_point("Remove effect")
    await see("It was undone.")
    reaper.reload()
    reaper.run(REMOVE)
    await studio.until(lambda: not reaper.running)
    assert [len(track.fx) for track in project.tracks] == [8] * KEPT_FIXES
    assert within_budget(reaper.ticks), worst(reaper.ticks)


async def test_regions_are_told_from_ours_within_the_budget(studio: Studio) -> None:
    studio.tracks("Kick", seconds=9.0)
    project = studio.reaper.front
    ours = [a_marker(f"low.boom-{number:03d}", start_s=1.0, end_s=2.5) for number in range(300)]
    studio.desk.answer = lambda _request, job: a_feedback(*ours, job=job)
    async with studio.daemon():
        await studio.analyze(ANALYZE_MIX)
        project.markers += [FakeMarker(8.0, f"hit {number}", number, end_s=8.1) for number in range(1_000, 1_500)]
        project.markers += [FakeMarker(3.0, "verse", 1_500, end_s=5.0), FakeMarker(5.0, "chorus", 1_501, end_s=7.0)]
        project.sort_markers()
        studio.reaper.ext_state["UpTrack settings", "range"] = "regions"
        del studio.reaper.ticks[:], studio.reaper.rendered[:]
        await studio.analyze(ANALYZE_MIX)
    assert studio.reaper.rendered == [("mix.wav", 3.0, 5.0), ("mix.wav", 5.0, 7.0)]
    assert within_budget(studio.reaper.ticks), worst(studio.reaper.ticks)


async def test_the_last_of_two_thousand_items_is_found_within_the_budget(studio: Studio) -> None:
    (kick,) = studio.tracks("Kick", seconds=1.0)
    kick.silent_items += [FakeItem(0.01 * (number * 7 % 2_000), 0.5) for number in range(2_000)]
    async with studio.daemon():
        await studio.analyze(ANALYZE_MIX)
    ((name, start_s, end_s),) = studio.reaper.rendered
    assert (name, start_s) == ("mix.wav", 0.0)
    assert end_s == pytest.approx(20.49)
    assert within_budget(studio.reaper.ticks), worst(studio.reaper.ticks)


async def test_a_region_that_comes_while_regions_are_read_is_read_as_well(studio: Studio) -> None:
    studio.tracks("Kick", seconds=9.0)
    project = studio.reaper.front
    project.markers += [FakeMarker(4.0, f"hit {number}", number, end_s=4.1) for number in range(500)]
    project.markers.append(FakeMarker(5.0, "chorus", 501, end_s=7.0))
    studio.reaper.ext_state["UpTrack settings", "range"] = "regions"
    studio.reaper.run(ANALYZE_MIX)
    project.markers.insert(0, FakeMarker(1.0, "verse", 502, end_s=3.0))
    project.add_undo_point("Insert region")
    async with studio.daemon():
        await studio.until(lambda: not studio.reaper.running)
    assert studio.reaper.rendered == [("mix.wav", 1.0, 3.0), ("mix.wav", 5.0, 7.0)]


async def test_ten_thousand_tempo_points_are_read_and_sent_within_the_budget(studio: Studio) -> None:
    studio.reaper.front.tempo = [TempoMarker(0.5 * number, 120.0 + number % 2) for number in range(10_000)]
    async with studio.daemon():
        await studio.analyze(ANALYZE_FILES)
    (asked,) = studio.said(Analyze)
    assert len(asked.project.tempo_map) == 10_000
    assert within_budget(studio.reaper.ticks), worst(studio.reaper.ticks)


async def test_measuring_a_fix_reads_two_thousand_tempo_points_within_the_budget(window: Window) -> None:
    window.project.tempo = [TempoMarker(0.05 * number, 120.0 + number % 2) for number in range(2_000)]
    async with window.studio.daemon():
        await window.analyzed(BELL)
        del window.reaper.ticks[:]
        await window.fix()
        _, before, again = window.studio.said(Analyze)
    assert len(before.project.tempo_map) == len(again.project.tempo_map) == 2_000
    assert within_budget(window.reaper.ticks), worst(window.reaper.ticks)


async def test_an_action_begins_within_the_budget_whatever_lies_in_its_mailbox(studio: Studio) -> None:
    async with studio.daemon():
        await studio.analyze(ANALYZE_FILES)
        (inbox,), (outbox,) = studio.mailbox.glob("*/to_host"), studio.mailbox.glob("*/to_daemon")
        for number in range(2_000):
            (inbox / f"stray {number}").touch()
            (outbox / f"stray {number}").touch()
        for number in range(300):
            (inbox / f"{number:015d}-left.json").write_text('{"type":"pong"}')
        del studio.reaper.ticks[:]
        studio.reaper.run(ANALYZE_FILES)
        await studio.until(lambda: not studio.reaper.running)
    assert within_budget(studio.reaper.ticks), worst(studio.reaper.ticks)
    assert len(list(inbox.iterdir())) == 2_000, "what was left is thrown away, what is not ours is not"


@pytest.mark.parametrize("stray", [0, 2_000])
async def test_a_window_with_nothing_to_say_lists_no_folder(studio: Studio, stray: int) -> None:
    give_gfx(studio)
    studio.reaper.run(RESULTS)
    inbox = studio.mailbox / "r-stranger-results" / "to_host"
    inbox.mkdir(parents=True)
    for number in range(stray):
        (inbox / f"stray {number}").touch()
    assert listings_by_second(studio, 3) == [0, 0, 0]


@pytest.mark.parametrize("stray", [0, 2_000])
async def test_a_window_at_rest_looks_into_its_mailbox_once_a_second_whatever_lies_there(
    studio: Studio, stray: int
) -> None:
    canvases = give_gfx(studio)
    step = Step(kind="GN", text="x", gain_db=-2.0, tool="gain")
    studio.desk.answer = lambda _request, job: a_feedback(a_marker("low.boom-1", actions=[step]), job=job)
    async with studio.daemon():
        studio.tracks("Bass")
        await studio.analyze(ANALYZE_MIX)
        studio.reaper.run(RESULTS)
        await studio.until(lambda: canvases[0].texts)
        canvases[0].press("d")  # a conversation is opened, and stays open
        await studio.until(lambda: studio.reaper.front.markers == [])
        (inbox,) = studio.mailbox.glob("*-results/to_host")
        for number in range(stray):
            (inbox / f"stray {number}").touch()
        counts = listings_by_second(studio, 20)
    assert max(counts) == 1


async def test_an_action_that_waits_lists_its_mailbox_eight_times_a_second_and_once_a_tick(studio: Studio) -> None:
    async with studio.daemon():
        studio.reaper.run(ANALYZE_FILES)
        await studio.until(lambda: studio.said(Analyze))
        studio.desk.answer = None
    assert all(count <= 9 for count in listings_by_second(studio, 2))


async def test_a_slow_disk_holds_reaper_up_for_one_file_at_a_time(studio: Studio) -> None:
    studio.reaper.disk_s = 0.05
    studio.tracks("Bass", seconds=2.0)
    studio.desk.answer = lambda _request, job: a_feedback(
        *(a_marker(f"low.mono-{number}", start_s=float(number)) for number in range(1_500)), job=job, run="run-1"
    )
    async with studio.daemon():
        studio.reaper.run(ANALYZE_MIX)
        await studio.until(lambda: studio.said(Analyze))
        del studio.reaper.ticks[:]
        await studio.until(lambda: not studio.reaper.running)
    spent = [tick.disk_s for tick in studio.reaper.ticks]
    assert sum(spent) > 1.0  # a feedback in many files
    # One message read and deleted, and one written or looked for.
    assert max(spent) <= 5 * studio.reaper.disk_s
