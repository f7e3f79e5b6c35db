"""A producer's afternoon in REAPER as a program: the real scripts, a real daemon, one JSON object of what was seen.

    python reaper_story.py (5.3|5.4) (mailbox|osc) STEMS

It is a process of its own because LuaSocket looks for Lua's functions in the process, and two Luas would get each
other's. The daemon is the one of ``UPTRACK_HOME``.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import lupa
import numpy as np

from support import reaper_sound
from support.daemon_process import GENEROUS_S, Daemon
from support.needs import need_luasocket
from support.reaper_at_work import ReaperAtWork, song_project
from support.reaper_project import FakeFx, FakeProject
from support.studio import ANALYZE_STEMS, REMOVE, RESULTS

Seen = dict[str, Any]
PEAK_AT_S, PEAK_S, PEAK_HZ, PEAK = 40.0, 0.25, 1_000.0, 0.9
"""A swell of the lead that takes the mix 2 dB over full scale for a moment."""


def story(version: str, wire: str, stems: Path, environment: Mapping[str, str]) -> Seen:
    """Run the program below and return what it saw."""
    paths = {"PYTHONPATH": os.pathsep.join(sys.path)}
    if wire == "osc":
        paths[f"LUA_CPATH_{version.replace('.', '_')}"] = f"{need_luasocket(version)}/?.so"
    ended = subprocess.run(
        [sys.executable, "-X", "faulthandler", __file__, version, wire, str(stems)],
        env={**environment, **paths}, capture_output=True, text=True, check=False, timeout=3 * GENEROUS_S,
    )  # fmt: skip
    assert ended.returncode == 0, f"{ended.returncode}: {ended.stderr}"
    seen: Seen = json.loads(ended.stdout)
    return seen


def _swell(project: FakeProject) -> None:
    lead = next(track for track in project.tracks if track.name == "07 Lead")
    assert lead.audio is not None
    frames, first = (round(time_s * project.sample_rate_hz) for time_s in (PEAK_S, PEAK_AT_S))
    tone = np.sin(2 * np.pi * PEAK_HZ * np.arange(frames) / project.sample_rate_hz)
    lead.audio[first : first + frames] += (PEAK * np.hanning(frames) * tone)[:, None]


def _markers(project: FakeProject) -> list[Seen]:
    return [
        {"start_s": one.position_s, "end_s": one.end_s, "name": one.name, "guid": one.guid} for one in project.markers
    ]


def _ledger(project: FakeProject) -> dict[str, str]:
    """GUIDs of what stands on the timeline, by finding, as the scripts remember them."""
    there = {one.guid for one in project.markers}
    lines = [line.split("\t") for line in project.kept("markers").splitlines()]
    return {finding: guid for guid, _part, finding, *_ in lines if guid in there}


def _seen(work: ReaperAtWork) -> Seen:
    notes = {track.name: track.texts.get("P_EXT:UpTrack", "") for track in work.project.tracks}
    return {
        "markers": _markers(work.project), "guids": _ledger(work.project), "notes": notes, "report": work.report,
        "console": work.reaper.console,
    }  # fmt: skip


def _cancel(work: ReaperAtWork) -> Seen:
    """Begin an analysis, and cancel it by the window's key while the worker measures."""
    daemon = Daemon(Path(os.environ["UPTRACK_HOME"]), os.environ)
    before, jobs, worker = work.project.contents(), daemon.status()["jobs"], daemon.worker()
    work.begin_job(ANALYZE_STEMS)
    os.kill(worker, signal.SIGSTOP)  # it measures until it is ended, however long this takes
    work.start(RESULTS)
    work.until(lambda: "Analyzing" in work.words())
    running = daemon.status()["jobs"]["running"]
    work.press("x")
    work.until(lambda: "cancelled" in work.words())
    words = work.words()
    work.until(lambda: daemon.status()["jobs"]["running"] == 0)
    after = daemon.status()["jobs"]
    work.reaper.reload()
    return {
        "words": words, "console": work.reaper.console, "as before": work.project.contents() == before,
        "undo": list(work.project.undo_steps), "kept": work.project.kept("report"), "running": running,
        "jobs": {state: after[state] - jobs[state] for state in jobs},
    }  # fmt: skip


def _fix(work: ReaperAtWork, finding: str) -> Seen:
    """Fix a finding by the window's keys, see it measured, and take it back."""
    project = work.project
    spot = next(one for one in work.report["markers"] if one["id"] == finding)

    def sound() -> Any:
        return reaper_sound.mix_of(project, spot["start_s"] - 0.5, spot["end_s"] + 0.5)

    first = sound()
    work.choose(finding)
    work.press("p", "a")
    work.until(lambda: [one for one in work.fixes(finding) if one["state"] != "applied"])
    changed = bool(np.abs(sound() - first).max() > 0)
    (fix,) = work.fixes(finding)
    work.until(lambda: finding not in _ledger(project))
    words, render = work.words(), work.reaper.rendered[-1]
    work.press("r")
    work.until(lambda: work.fixes(finding)[0]["state"] == "reverted")
    return {
        "state": fix["state"], "sentence": fix["sentence"], "heard": changed, "words": words, "rendered": render,
        "spot": spot, "taken back": bool(np.array_equal(sound(), first)),
    }  # fmt: skip


def _main(version: str, wire: str, stems: str) -> Seen:
    project = song_project(Path(stems))
    _swell(project)
    work = ReaperAtWork(project, version)
    at_first = project.contents()
    seen: Seen = {"cancelled": _cancel(work)}
    work.to_its_end(ANALYZE_STEMS)
    seen["first"] = _seen(work)
    work.start(RESULTS)
    work.until(lambda: "True peak too high" in work.words())
    seen["fix"] = _fix(work, next(one for one in seen["first"]["guids"] if one.startswith("int.truepeak-")))
    work.reaper.reload()
    # What the report asks for, done by hand.
    project.master.fx.append(FakeFx("ReaLimit (Cockos)", values={"CEILING": "0"}))
    project.add_undo_point("Add FX: ReaLimit")
    work.to_its_end(ANALYZE_STEMS)
    seen["second"] = _seen(work)
    project.master.fx.clear()
    project.add_undo_point("Remove FX: ReaLimit")
    work.to_its_end(REMOVE)
    ours = {key for section, key in project.state if section == "UpTrack" and "." not in key} - {"project", "file"}
    seen["as at first"] = project.contents() == at_first
    seen["undo"], seen["kept"] = project.undo_steps, sorted(ours)
    return seen


if __name__ == "__main__":
    if sys.argv[2] == "osc":
        with lupa.allow_lua_module_loading():
            __import__(f"lupa.lua{sys.argv[1].replace('.', '')}")
    print(json.dumps(_main(*sys.argv[1:])))
