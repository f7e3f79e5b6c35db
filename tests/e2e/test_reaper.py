"""REAPER's scripts from the key press to the last undo step: the real daemon, real sound, and what can go wrong."""

from __future__ import annotations

import os
import re
import resource
import shlex
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import product
from pathlib import Path
from typing import Any

import pytest

from support.daemon_process import GENEROUS_S, Daemon, environment_of, running_daemon, uptrack
from support.fake_reaper import FakeProject
from support.reaper_at_work import ReaperAtWork, demo_stems, song_project
from support.reaper_story import story
from support.studio import ANALYZE_MIX, ANALYZE_STEMS, REMOVE, RESULTS, SCRIPTS

pytestmark = pytest.mark.xdist_group("reaper")

A_PASSAGE_S = 12.0
"""Of the song, where only the conversation matters."""


@pytest.fixture(scope="module")
def stems(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return demo_stems(tmp_path_factory.mktemp("song"))


@pytest.fixture(scope="module")
def daemon(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Daemon]:
    with running_daemon(tmp_path_factory.mktemp("home")) as daemon:
        yield daemon


@pytest.fixture
def home(daemon: Daemon, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The home every script finds: the module's daemon's, unless a test names another."""
    monkeypatch.setenv("UPTRACK_HOME", str(daemon.home))
    return daemon.home


@pytest.fixture
def work(stems: Path, home: Path) -> ReaperAtWork:
    return ReaperAtWork(song_project(stems, last_s=A_PASSAGE_S))


def wanted(work: ReaperAtWork) -> list[str]:
    """What the report wants on the timeline, by the names of its markers."""
    return sorted(f"[UpTrack] {one['severity']}: {one['text']}" for one in work.report["markers"])


def shown(project: FakeProject) -> list[str]:
    return sorted(marker.name for marker in project.markers)


# -- the whole story ---------------------------------------------------------------------------------------------------


def told_over(wire: str, version: str, stems: Path, daemon: Daemon) -> dict[str, Any]:
    """The story, once it is sure that it went over the wire that was meant."""
    before = set((daemon.home / "mailbox").glob("*"))
    seen = story(version, wire, stems, daemon.environment)
    assert bool(set((daemon.home / "mailbox").glob("*")) - before) == (wire == "mailbox")
    return seen


@pytest.fixture(scope="module", params=product(("osc", "mailbox"), ("5.4", "5.3")), ids=" ".join)
def told(request: pytest.FixtureRequest, stems: Path, daemon: Daemon) -> dict[str, Any]:
    wire, version = request.param
    return told_over(wire, version, stems, daemon)


def test_an_analysis_cancelled_while_it_measures_is_cancelled_everywhere_and_leaves_nothing(
    told: dict[str, Any],
) -> None:
    cancelled = told["cancelled"]
    assert cancelled["running"] == 1, "the worker was at it"
    assert cancelled["jobs"] == {"queued": 0, "running": 0, "done": 0, "failed": 0, "cancelled": 1}
    # The script's own words or the daemon's, whichever came last.
    assert re.search("That did not work [Tt]he analysis was cancelled", cancelled["words"])
    assert re.search("UpTrack: [Tt]he analysis was cancelled", cancelled["console"])
    assert cancelled["as before"]
    assert (cancelled["undo"], cancelled["kept"]) == ([], "")
    assert told["first"]["markers"], "and the next analysis works"


def test_every_finding_is_a_marker_or_region_at_its_place(told: dict[str, Any]) -> None:
    first = told["first"]
    places = {one["guid"]: one for one in first["markers"]}
    assert set(first["guids"]) == {one["id"] for one in first["report"]["markers"]}
    assert len(places) == len(first["guids"])
    for finding in first["report"]["markers"]:
        placed = places[first["guids"][finding["id"]]]
        assert placed["start_s"] == pytest.approx(finding["start_s"], abs=1e-6)
        assert placed["end_s"] in (None, pytest.approx(finding["end_s"], abs=1e-6))
        assert placed["name"].endswith(finding["text"])
    assert any(one["end_s"] is not None for one in places.values())
    assert any(one["end_s"] is None for one in places.values())


def test_every_track_is_told_what_was_found_in_it(told: dict[str, Any]) -> None:
    notes = told["first"]["notes"]
    assert len(notes) == 8
    assert all(" LUFS; " in note for note in notes.values())
    assert "Much sub" in notes["02 Sub"]
    assert "no finding names it" in notes["08 FX"]


def test_a_fix_by_the_windows_keys_is_heard_measured_on_its_passage_closed_and_taken_back(told: dict[str, Any]) -> None:
    fix = told["fix"]
    assert (fix["state"], fix["sentence"]) == ("closed", "True peak too high for the target: closed.")
    assert fix["heard"]
    assert fix["sentence"] in fix["words"]
    file, start_s, end_s = fix["rendered"]
    assert file.endswith(".wav")
    assert 0 < start_s < fix["spot"]["start_s"] <= fix["spot"]["end_s"] < end_s < 67
    assert fix["taken back"]


def test_the_next_version_takes_away_what_is_fixed_and_leaves_the_rest_as_it_stands(told: dict[str, Any]) -> None:
    first, second = told["first"], told["second"]
    still = {one["id"] for one in [*second["report"]["markers"], *second["report"]["more"]]}
    fixed = [one["id"] for one in first["report"]["markers"] if one["id"] not in still]
    since = second["report"]["since"]
    assert since["fixed"] == len(fixed)
    assert since["sentence"].startswith(f"fixed {len(fixed)}, new ")
    assert any(one.startswith("int.truepeak-") for one in fixed)
    assert since["sentence"] in second["console"]
    named = [one for one in since["changes"] if one["status"] == "fixed"]
    assert len(named) == len(fixed)
    assert f"fixed, bar {named[0]['bar']}: {named[0]['title']}" in second["console"]
    standing = {one["guid"] for one in second["markers"]}
    assert not {first["guids"][one] for one in fixed} & standing
    untouched = first["guids"].keys() & second["guids"].keys()
    assert len(untouched) >= 8
    assert {one: first["guids"][one] for one in untouched} == {one: second["guids"][one] for one in untouched}


def test_removing_everything_leaves_the_project_as_it_was_and_every_step_of_ours_has_a_name(
    told: dict[str, Any],
) -> None:
    assert told["as at first"]
    assert told["kept"] == ["fixes", "markers"], "undo can bring them back, and they are ours then, too"
    assert told["undo"] == [
        f"UpTrack: show {len(told['first']['markers'])} findings",
        "UpTrack: fix True peak too high for the target",
        "UpTrack: True peak too high for the target is fixed",
        "UpTrack: take back the fix of True peak too high for the target",
        "Add FX: ReaLimit",
        f"UpTrack: show {len(told['second']['markers'])} findings",
        "Remove FX: ReaLimit",
        "UpTrack: remove everything it added",
    ]


# -- what can go wrong -------------------------------------------------------------------------------------------------


def test_a_daemon_killed_mid_job_and_started_again_is_greeted_asked_and_heard_once(
    stems: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("UPTRACK_HOME", str(tmp_path))
    environment = environment_of(tmp_path)
    work = ReaperAtWork(song_project(stems, last_s=30.0))
    assert uptrack("daemon", "start", environment=environment).returncode == 0
    work.begin_job(ANALYZE_MIX)
    os.kill(Daemon(tmp_path, environment).bridge["pid"], signal.SIGKILL)
    work.turn()
    with running_daemon(tmp_path):
        work.reaper.now_s += 31.0  # silence: the script asks whether anybody is there
        work.until(lambda: not work.reaper.running)
    assert shown(work.project) == wanted(work)
    assert shown(work.project)
    assert [step for step in work.project.undo_steps if "show" in step] == work.project.undo_steps
    assert len(work.project.undo_steps) == 1
    assert len(work.reaper.rendered) == 1, "what was rendered is asked for again, not rendered again"


def test_scripts_ended_mid_job_leave_nothing_and_the_next_run_of_the_action_places_its_own(work: ReaperAtWork) -> None:
    work.begin_job(ANALYZE_STEMS)
    work.reaper.reload()
    assert work.project.markers == []
    work.to_its_end(ANALYZE_STEMS)
    assert shown(work.project) == wanted(work)
    assert len(work.project.undo_steps) == 1


def test_a_project_closed_mid_job_gets_nothing_and_its_user_is_told(work: ReaperAtWork) -> None:
    other = FakeProject("Other.rpp", "/music/Other.rpp")
    work.begin_job(ANALYZE_STEMS)
    work.reaper.front, work.reaper.open_projects = other, [other]
    work.until(lambda: not work.reaper.running)
    assert "the project was closed" in work.reaper.console
    assert work.project.markers == other.markers == []
    assert other.undo_steps == []


def test_another_project_in_front_is_left_alone_until_ours_is_in_front_again(work: ReaperAtWork) -> None:
    other = FakeProject("Other.rpp", "/music/Other.rpp")
    work.begin_job(ANALYZE_STEMS)
    work.reaper.front = other
    work.reaper.open_projects.append(other)
    work.until(lambda: "bring its project to the front" in work.reaper.help)
    assert work.project.markers == other.markers == []
    work.reaper.front = work.project
    work.until(lambda: not work.reaper.running)
    assert shown(work.project) == wanted(work)
    assert (other.markers, other.undo_steps, other.state) == ([], [], {})


def test_two_reapers_at_one_daemon_each_get_their_own(stems: Path, home: Path) -> None:
    drums, chords = (ReaperAtWork(song_project(stems, name=f"{name}.rpp", last_s=A_PASSAGE_S)) for name in ("A", "B"))
    drums.project.tracks[4:] = []
    chords.project.tracks[:4] = []
    for one in (drums, chords):
        one.project.history[:] = [("", one.project.snapshot())]
        one.start(ANALYZE_STEMS)
    while drums.reaper.running or chords.reaper.running:
        drums.turn()
        chords.turn()
    for one in (drums, chords):
        assert shown(one.project) == wanted(one)
        assert [note["name"] for note in one.report["tracks"]] == [track.name for track in one.project.tracks]
    assert drums.report["run"] != chords.report["run"]


def changed_scripts(folder: Path, file: str, before: str, after: str) -> Path:
    """A copy of the scripts with one word changed in one file, as of another release."""
    scripts = folder / "UpTrack"
    shutil.copytree(SCRIPTS, scripts)
    text = (scripts / "lib" / file).read_text("utf-8")
    assert before in text
    (scripts / "lib" / file).write_text(text.replace(before, after), "utf-8")
    return scripts


@pytest.mark.parametrize(
    ("release", "command"), [("0.0.9", "Run `uptrack install reaper`"), ("0.10.0", "Run `uptrack daemon stop`")]
)
def test_scripts_of_another_release_work_and_say_what_to_update(
    stems: Path, home: Path, tmp_path: Path, release: str, command: str
) -> None:
    scripts = changed_scripts(tmp_path, "version.lua", '"0.1.0"', f'"{release}"')
    work = ReaperAtWork(song_project(stems, last_s=A_PASSAGE_S), scripts=scripts)
    work.to_its_end(ANALYZE_STEMS)
    assert f"these scripts are version {release}, the daemon is 0.1.0. {command}" in work.reaper.console
    assert shown(work.project) == wanted(work)


@pytest.mark.parametrize(
    ("protocol", "sentence"),
    [(2, "update the daemon (UpTrack)"), (0, "update the script in the DAW (`uptrack install`)")],
)
def test_scripts_of_another_protocol_are_refused_and_render_nothing(
    stems: Path, home: Path, tmp_path: Path, protocol: int, sentence: str
) -> None:
    scripts = changed_scripts(tmp_path, "conversation.lua", "PROTOCOL = 1", f"PROTOCOL = {protocol}")
    work = ReaperAtWork(song_project(stems, last_s=A_PASSAGE_S), scripts=scripts)
    work.to_its_end(ANALYZE_STEMS)
    assert f"The daemon speaks protocol 1, the host {protocol}: {sentence}." in work.reaper.console
    assert work.reaper.rendered == []


def test_installed_scripts_start_a_daemon_that_does_not_run_and_are_served_by_it(
    stems: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("UPTRACK_HOME", raising=False)
    resources, home = tmp_path / "REAPER", tmp_path / "home of 音"
    resources.mkdir()
    (resources / "reaper.ini").touch()
    environment = environment_of(home)
    installed = uptrack("install", "reaper", "--resource-path", str(resources), environment=environment)
    assert installed.returncode == 0, installed.stderr
    work = ReaperAtWork(song_project(stems, last_s=A_PASSAGE_S), scripts=resources / "Scripts" / "UpTrack")
    started: list[subprocess.Popen[bytes]] = []
    without_home = {name: value for name, value in environment.items() if name != "UPTRACK_HOME"}
    work.reaper.on_start = lambda line: started.append(subprocess.Popen(shlex.split(line), env=without_home))
    try:
        work.to_its_end(ANALYZE_STEMS)
        assert [process.wait(GENEROUS_S) for process in started] == [0]
        assert shown(work.project) == wanted(work)
        assert shown(work.project)
    finally:
        assert uptrack("daemon", "stop", environment=environment).returncode == 0


def test_a_fix_of_a_report_that_was_erased_stands_says_so_and_the_next_analysis_is_a_first_one(
    stems: Path, home: Path, daemon: Daemon
) -> None:
    work = ReaperAtWork(song_project(stems, name="Erased.rpp", last_s=30.0))
    work.to_its_end(ANALYZE_STEMS)
    finding = next(one["id"] for one in work.report["markers"] if one["actions"] and one["actions"][0].get("tool"))
    erased = daemon.command("reports", "delete", "--all", "--yes")
    assert erased.returncode == 0, erased.stderr
    work.start(RESULTS)
    work.until(lambda: work.report["markers"][0]["title"] in work.words())
    work.choose(finding)
    work.press("p", "a")
    work.until(lambda: [one for one in work.fixes(finding) if one["state"] != "applied"])
    (fix,) = work.fixes(finding)
    assert fix["state"] == "unknown"
    assert fix["sentence"] in work.words()
    assert fix["sentence"] in work.reaper.console
    work.reaper.reload()
    work.to_its_end(ANALYZE_STEMS)
    assert shown(work.project) == wanted(work)
    assert "since" not in work.report
    work.to_its_end(REMOVE)
    assert work.project.markers == []


@contextmanager
def a_full_disk() -> Iterator[None]:
    """While the block runs, this process can write no byte to any file."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_a_full_disk_under_the_mailbox_is_a_sentence_and_leaves_no_draft(work: ReaperAtWork, daemon: Daemon) -> None:
    with a_full_disk():
        work.start(ANALYZE_STEMS)
        work.until(lambda: not work.reaper.running)
    assert "The mailbox did not take a message. Check that the disk is not full." in work.reaper.console
    assert list(Path(daemon.bridge["mailbox"]).glob("*/to_daemon/*.tmp")) == []
    assert work.reaper.rendered == []


def test_with_nothing_to_be_kept_the_rendered_folder_goes_when_its_job_has_ended(
    stems: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("UPTRACK_HOME", str(tmp_path))
    work = ReaperAtWork(song_project(stems, last_s=A_PASSAGE_S))
    with running_daemon(tmp_path, retention_days="0") as daemon:
        audio = Path(daemon.bridge["audio"])
        work.begin_job(ANALYZE_STEMS)
        assert list(audio.glob("reaper-*/mix.wav")), "while the job runs it is there"
        work.until(lambda: not work.reaper.running)
        last_hope = time.monotonic() + GENEROUS_S
        while list(audio.glob("reaper-*")):
            assert time.monotonic() < last_hope
            work.turn()
        assert work.report["run"]
