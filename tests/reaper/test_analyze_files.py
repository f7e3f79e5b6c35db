"""The action for existing files, run whole: under both of REAPER's Luas, over the real mailbox."""

from __future__ import annotations

import asyncio
import json
import shutil
from itertools import pairwise
from pathlib import Path

import pytest

from support.desks import EchoDesk
from support.fake_reaper import FakeMarker, FakeProject, TempoMarker
from support.feedbacks import a_feedback, a_marker
from support.studio import ANALYZE_FILES, SCRIPTS, Studio
from uptrack_bridges.messages import Analyze, ChangedFinding, FeedbackApplied, SinceBefore, State
from uptrack_bridges.tempo_map import TempoMap

RED = 0xE5 | 0x48 << 8 | 0x4D << 16 | 0x1000000


async def test_findings_become_coloured_markers_and_the_daemon_hears_which(studio: Studio) -> None:
    async with studio.daemon():
        await studio.analyze()
    (marker,) = studio.reaper.front.markers
    assert (marker.position_s, marker.colour) == (135.0, RED)
    assert marker.name == "[UpTrack] major: Bass ist nicht mono — 58 Hz"
    (applied,) = studio.said(FeedbackApplied)
    assert (applied.run, applied.placed, applied.skipped) == ("run-1", ["low.mono-0000"], [])
    assert "76 · techno" in studio.reaper.console
    assert "73.1  major: Bass ist nicht mono" in studio.reaper.console


async def test_the_request_carries_file_project_cursor_and_tempo_map(studio: Studio) -> None:
    project = studio.reaper.front
    project.cursor_s = 8.0
    project.tempo = [TempoMarker(0.0, 128.0), TempoMarker(15.0, 120.0, beats=6, denominator=8)]
    async with studio.daemon():
        await studio.analyze()
    (request,) = studio.said(Analyze)
    assert request.mix.path == '/music/Wärme "7".wav'
    assert (request.project.name, request.project.path) == ('Wärme "7".wav', "/music/Warehouse.rpp")
    assert request.project.start_s == 8.0
    first, second = request.project.tempo_map
    assert (first.time_s, first.bpm, first.beats_per_bar, first.bar) == (0.0, 128.0, 4, 1)
    assert (second.time_s, second.bpm, second.beats_per_bar, second.bar) == (15.0, 240.0, 6, 9)
    (session,) = studio.desk.sessions
    assert session.host == "reaper"
    assert session.capabilities == {"markers", "regions", "fixes"}


@pytest.mark.parametrize("first_bar", [1, -3])
async def test_bars_computed_from_the_tempo_map_are_the_rulers(studio: Studio, first_bar: int) -> None:
    project = studio.reaper.front
    project.first_bar = first_bar
    project.tempo = [
        TempoMarker(0.0, 120.0),
        TempoMarker(8.0, 120.0, gradual=True),
        TempoMarker(8.0 + 12 * 60 / 130, 140.0, beats=3),
        TempoMarker(8.0 + 12 * 60 / 130 + 9 * 60 / 140, 90.0, beats=7, denominator=8),
    ]
    async with studio.daemon():
        await studio.analyze()
    (request,) = studio.said(Analyze)
    bars = TempoMap(request.project.tempo_map)
    for step in range(400):
        time_s = 0.0511 * step + 0.0123
        beats, measure = project.grid.position(time_s)
        position = bars.position(time_s)
        assert position.bar == measure + first_bar, time_s
        # Inside a gradual change only the bar lines are exact: a bar has one tempo in the map.
        assert position.beat - 1 == pytest.approx(beats, abs=0.1 if 8 < time_s < 13.6 else 0.01)


async def test_what_is_found_no_more_goes_and_nobody_elses_marker_does(studio: Studio) -> None:
    project = studio.reaper.front
    project.markers += [FakeMarker(4.0, "Drop", 1), FakeMarker(140.0, "[UpTrack] major: copied by hand", 2)]
    mine = {marker.guid for marker in project.markers}
    async with studio.daemon():
        studio.desk.markers = 3
        await studio.analyze()
        first = {marker.guid for marker in project.markers}
        studio.desk.markers = 2
        await studio.analyze()
    now = {marker.guid for marker in project.markers}
    assert mine < now < first
    assert len(now) == 4


async def test_feedback_too_large_for_one_file_arrives_whole(studio: Studio) -> None:
    studio.desk.markers = 600
    async with studio.daemon():
        await studio.analyze()
    assert len(studio.reaper.front.markers) == 600
    (applied,) = studio.said(FeedbackApplied)
    assert len(applied.placed) == 600


async def test_a_request_too_large_for_one_file_arrives_whole(studio: Studio) -> None:
    studio.reaper.front.tempo = [TempoMarker(2.0 * bar, 120.0 + bar % 7 / 8) for bar in range(2_000)]
    async with studio.daemon():
        await studio.analyze()
    (request,) = studio.said(Analyze)
    assert [point.bpm for point in request.project.tempo_map] == [120.0 + bar % 7 / 8 for bar in range(2_000)]


async def test_the_console_names_what_changed_since_the_version_before(studio: Studio) -> None:
    changes = [
        ChangedFinding(status="worse", title="Wide low end", severity="major", finding="a", start_s=4.0, bar="3.1"),
        ChangedFinding(status="fixed", title="Gap in the signal", severity="blocker"),
        *(ChangedFinding(status="fixed", title=f"Click {n}", severity="minor", start_s=float(n)) for n in range(12)),
    ]
    since = SinceBefore(
        report="r0", sentence="fixed 13, new 0, worse 1", fixed=13, new=0, worse=1, better=0, unchanged=0,
        score_before=60.0, score_after=70.0, changes=changes, notes=["1 rule has changed."],
    )  # fmt: skip
    studio.desk.answer = lambda _request, job: a_feedback(a_marker("a"), job=job, since=since)
    async with studio.daemon():
        await studio.analyze()
    said = [line.strip() for line in studio.reaper.console.splitlines()]
    at = said.index("fixed 13, new 0, worse 1")
    assert said[at + 1 : at + 5] == [
        "1 rule has changed.",
        "worse, bar 3.1: Wide low end",
        "fixed, its place is gone: Gap in the signal",
        "fixed, 0.0 s: Click 0",
    ]
    assert said[at + 14] == "2 more are in the results window."
    kept = json.loads(studio.reaper.front.kept("report"))["since"]["changes"]
    assert [one["title"] for one in kept] == [one.title for one in changes]


async def test_what_the_daemon_refuses_is_said_in_the_console(studio: Studio) -> None:
    studio.reaper.chosen_file = "/no/such/file"
    async with studio.daemon():
        studio.reaper.run(ANALYZE_FILES)
        await studio.until(lambda: "does not exist" in studio.reaper.console)
        await studio.until(lambda: not studio.reaper.running)
    assert studio.reaper.console == "UpTrack: Expected an audio file, but /no/such/file does not exist.\n"
    assert studio.reaper.front.markers == []
    assert studio.reaper.front.undo_steps == []


async def test_a_project_in_the_background_gets_its_markers_when_it_is_in_front_again(studio: Studio) -> None:
    ours, other = studio.reaper.front, FakeProject(name="Other.rpp")
    studio.desk.gate = asyncio.Event()
    async with studio.daemon():
        studio.reaper.run(ANALYZE_FILES)
        await studio.until(lambda: studio.said(Analyze))
        studio.reaper.open_projects.append(other)
        studio.reaper.front = other
        studio.desk.gate.set()
        await studio.until(lambda: "bring its project to the front" in studio.reaper.help)
        for _ in range(600):  # two minutes: patience is not for the user
            studio.reaper.turn()
        assert ours.markers == other.markers == []
        studio.reaper.front = ours
        await studio.until(lambda: ours.markers)
        assert len(ours.markers) == 1
        await studio.until(lambda: studio.said(FeedbackApplied))
    assert other.markers == []


@pytest.mark.parametrize("counts_quarters", [True, False], ids=["quarters", "eighths"])
async def test_a_gradual_tempo_in_eighths_is_right_whatever_reaper_calls_a_beat(
    studio: Studio, counts_quarters: bool
) -> None:
    studio.reaper.counts_quarters = counts_quarters
    studio.reaper.front.tempo = [
        TempoMarker(0.0, 120.0), TempoMarker(4.0, 60.0, beats=6, denominator=8, gradual=True), TempoMarker(20.0, 120.0),
    ]  # fmt: skip
    async with studio.daemon():
        await studio.analyze()
    (request,) = studio.said(Analyze)
    ramp = [point for point in request.project.tempo_map if 4.0 <= point.time_s < 20.0]
    assert len(ramp) == 8
    assert [point.bar for point in ramp] == list(range(3, 11))
    for bar, after in pairwise(ramp):
        assert bar.bpm == pytest.approx(6 * 60 / (after.time_s - bar.time_s)), "six eighths a bar"


@pytest.mark.parametrize("leaves_after", [0, 300], ids=["before a bar is read", "while bars are read"])
async def test_bars_are_those_of_the_project_that_is_analysed_whatever_tab_is_in_front(
    studio: Studio, leaves_after: int
) -> None:
    reaper, ours, other = studio.reaper, studio.reaper.front, FakeProject(name="Other.rpp", first_bar=-3)
    ours.first_bar = 9
    ours.tempo = [TempoMarker(2.0 * number, 120.0) for number in range(3_000)]
    reaper.open_projects.append(other)
    read: list[float] = []
    as_shown = reaper.format_timestr_pos

    def format_timestr_pos(tpos: float, buf: str, modeoverride: int) -> str:
        read.append(tpos)
        return as_shown(tpos, buf, modeoverride)

    reaper.format_timestr_pos = format_timestr_pos  # type: ignore[method-assign]
    async with studio.daemon():
        reaper.run(ANALYZE_FILES)
        await studio.until(lambda: len(read) >= leaves_after)
        reaper.front = other
        await studio.until(lambda: "to the front: its bars can be read only there" in reaper.help)
        for _ in range(600):  # two minutes: patience is not for the user
            reaper.turn()
        assert studio.said(Analyze) == []
        ours.tempo[0] = TempoMarker(0.0, 90.0)
        reaper.front = ours
        await studio.until(lambda: studio.said(FeedbackApplied))
    (asked,) = studio.said(Analyze)
    bars = asked.project.tempo_map
    assert [(point.bar, point.bpm) for point in (bars[0], bars[-1])] == [(9, 90.0), (3_008, 120.0)]


async def test_a_project_that_was_closed_meanwhile_is_reported_as_skipped(studio: Studio) -> None:
    studio.desk.gate = asyncio.Event()
    async with studio.daemon():
        studio.reaper.run(ANALYZE_FILES)
        await studio.until(lambda: studio.said(Analyze))
        studio.reaper.front = FakeProject(name="Other.rpp")
        studio.reaper.open_projects = [studio.reaper.front]
        studio.desk.gate.set()
        await studio.until(lambda: not studio.reaper.running)
    (applied,) = studio.said(FeedbackApplied)
    assert (applied.placed, applied.skipped) == ([], ["low.mono-0000"])
    assert "closed" in studio.reaper.console


async def test_a_daemon_that_was_started_anew_is_greeted_and_asked_again(studio: Studio) -> None:
    studio.desk.gate = asyncio.Event()
    async with studio.daemon():
        studio.reaper.run(ANALYZE_FILES)
        await studio.until(lambda: studio.said(Analyze))
    studio.desk = EchoDesk()
    async with studio.daemon():
        studio.reaper.turn(31.0)  # silence: the script asks whether anybody is there
        await studio.until(lambda: studio.said(FeedbackApplied))
    assert len(studio.said(Analyze)) == 1
    assert len(studio.reaper.front.markers) == 1


async def test_feedback_of_a_run_that_was_ended_before_is_not_placed(studio: Studio) -> None:
    late = {"type": "feedback", "job": "old", "run": "old-run", "report": "r", "status": "", "score": None}
    marker = {"id": "m", "rule": "r", "severity": "minor", "start_s": 1, "end_s": 1, "text": "t", "colour": "#000000"}
    studio.desk.gate = asyncio.Event()
    async with studio.daemon():
        studio.reaper.run(ANALYZE_FILES)
        await studio.until(lambda: studio.said(Analyze))
        (inbox,) = studio.mailbox.glob("*/to_host")
        (inbox / "1.json").write_text(json.dumps(late | {"markers": [marker]}))
        await studio.until(lambda: not studio.letters("to_host"))
        studio.desk.gate.set()
        await studio.until(lambda: len(studio.said(FeedbackApplied)) == 2)
    assert {applied.run: applied.skipped for applied in studio.said(FeedbackApplied)} == {"old-run": ["m"], "run-1": []}
    assert len(studio.reaper.front.markers) == 1


def test_a_daemon_that_does_not_answer_is_given_up_on_in_a_sentence(studio: Studio) -> None:
    studio.reaper.run(ANALYZE_FILES)
    turns = 0
    while studio.reaper.running and turns < 1_000:
        studio.reaper.turn()
        turns += 1
    assert studio.reaper.console == "UpTrack: the daemon does not answer. Try `uptrack daemon status`.\n"


def installed(folder: Path) -> Path:
    """The action for existing files as it lies in a REAPER that knows how to start a daemon."""
    scripts = folder / "Scripts" / "UpTrack"
    shutil.copytree(SCRIPTS, scripts)
    (scripts / "uptrack.json").write_text(json.dumps({"command": ["uptrack"]}))
    return scripts / ANALYZE_FILES.name


def test_for_a_daemon_that_was_killed_another_is_started(studio: Studio, tmp_path: Path) -> None:
    studio.reaper.run(installed(tmp_path))
    for _ in range(60):
        studio.reaper.turn()
    assert studio.reaper.started == ['"uptrack" daemon start']
    assert studio.reaper.running, "it waits for the daemon to come up"


async def test_a_daemon_that_is_killed_in_the_middle_of_an_analysis_ends_it_in_a_sentence(
    studio: Studio, tmp_path: Path
) -> None:
    studio.desk.gate = asyncio.Event()
    async with studio.daemon():
        studio.reaper.run(installed(tmp_path))
        await studio.until(lambda: studio.said(Analyze))
        await studio.until(lambda: not studio.letters("to_host"))
    (inbox,) = studio.mailbox.glob("*/to_host")
    (inbox / "1.json").write_text(json.dumps({"type": "refused", "code": "session.unknown", "sentence": "Who?"}))
    for _ in range(200):
        studio.reaper.turn()
    assert not studio.reaper.running
    assert "does not answer" in studio.reaper.console
    assert studio.reaper.started == [], "nobody would ask it what was asked of the one before"


@pytest.mark.parametrize(
    ("bridge", "sentence"),
    [
        (None, "The UpTrack daemon is not running, and these scripts do not know how to start it"),
        ("", "is damaged"),
        ("[]", "is damaged"),
        ('{"mailbox": 1, "token": "x"}', "is damaged"),
        ('{"mailbox": "/tmp", "token"', "is damaged"),
    ],
)
def test_a_missing_or_damaged_bridge_file_is_said_in_a_sentence(
    studio: Studio, bridge: str | None, sentence: str
) -> None:
    path = studio.home / "bridge.json"
    path.unlink()
    if bridge is not None:
        path.write_text(bridge)
    studio.reaper.run(ANALYZE_FILES)
    assert sentence in studio.reaper.console
    assert studio.reaper.console.count("\n") == 1
    studio.reaper.turn()
    assert not studio.reaper.running


def test_cancelling_the_file_chooser_does_nothing(studio: Studio) -> None:
    studio.reaper.chosen_file = None
    studio.reaper.run(ANALYZE_FILES)
    studio.reaper.turn()
    assert (studio.reaper.console, studio.reaper.running, studio.mailbox.exists()) == ("", False, False)


async def test_the_home_folder_is_found_without_any_setting(
    studio: Studio, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    studio.home.rename(tmp_path / ".uptrack")
    monkeypatch.delenv("UPTRACK_HOME")
    monkeypatch.delenv("HOME")
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    studio.reaper.run(ANALYZE_FILES)
    await studio.until(lambda: studio.letters("to_daemon"))
    assert studio.reaper.running
    assert len(studio.letters("to_daemon")) == 1


async def test_one_reaper_keeps_one_mailbox_over_its_runs(studio: Studio) -> None:
    studio.reaper.run(ANALYZE_FILES)
    studio.reaper.run(ANALYZE_FILES)
    await studio.until(lambda: len(studio.letters("to_daemon")) == 2)
    assert len(list(studio.mailbox.iterdir())) == 1


async def test_a_script_that_waits_says_every_twenty_seconds_that_it_is_there_and_what_reaper_does(
    studio: Studio,
) -> None:
    studio.desk.gate = asyncio.Event()
    studio.reaper.front.playing = True
    async with studio.daemon():
        studio.reaper.run(ANALYZE_FILES)
        await studio.until(lambda: studio.said(Analyze))
        for _ in range(60):  # a ping comes between
            studio.reaper.turn(1.0)
        studio.desk.gate.set()
        await studio.until(lambda: not studio.reaper.running)
    assert [message.state for message in studio.said(State)] == ["playing", "playing"]
