"""REAPER stands still while a script works: what a tick may cost in Lua instructions and listings, never in seconds."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from support.fake_reaper import TempoMarker, Tick
from support.feedbacks import a_feedback, a_marker
from support.gfx_canvas import GfxCanvas
from support.studio import ANALYZE_FILES, ANALYZE_MIX, REMOVE, RESULTS, Studio
from uptrack_bridges.messages import Analyze, Feedback, Step

MOST_INSTRUCTIONS = 75_000
"""2 ms: where this was measured, reading JSON ran 75,000 (Lua 5.3) to 85,000 (5.4) instructions in them, and a plain
loop 350,000. REAPER's own functions are not in it; ``MOST_CALLS`` bounds them."""
MOST_CALLS = 1_000
FINDINGS = 5_000


def worst(ticks: list[Tick]) -> Tick:
    """The most of each that any tick cost."""
    return Tick(
        max(tick.instructions for tick in ticks),
        max(tick.listings for tick in ticks),
        max(tick.calls for tick in ticks),
    )


def within_budget(ticks: list[Tick]) -> bool:
    most = worst(ticks)
    return most.instructions <= MOST_INSTRUCTIONS and most.calls <= MOST_CALLS and most.listings <= 1


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
    step = Step(
        kind="EQ", text="Bell on Bass", gain_db=-2.5, frequency_hz=240.0, q=1.2, tool="bell", track=bass.guid
    )  # fmt: skip
    markers = [
        a_marker(f"low.boom-{number:04d}", actions=[step], start_s=number * 0.01, end_s=number * 0.01 + number % 2 * 2)
        for number in range(FINDINGS)
    ]

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


async def test_ten_thousand_tempo_points_are_read_and_sent_within_the_budget(studio: Studio) -> None:
    studio.reaper.front.tempo = [TempoMarker(0.5 * number, 120.0 + number % 2) for number in range(10_000)]
    async with studio.daemon():
        await studio.analyze(ANALYZE_FILES)
    (asked,) = studio.said(Analyze)
    assert len(asked.project.tempo_map) == 10_000
    assert within_budget(studio.reaper.ticks), worst(studio.reaper.ticks)


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
