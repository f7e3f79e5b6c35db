"""Watched folders, by the command and by the setting: real exports, real daemon, and no work done twice."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from support.daemon_process import GENEROUS_S, Daemon, environment_of, running_daemon, uptrack
from support.tracks import beat


def export(folder: Path, name: str, *stems: str) -> None:
    """What a DAW leaves behind: stems first, then the mix, and the files nobody asked for.

    Written elsewhere and moved there: on a busy machine one that is written in place may stand still for long enough to
    be taken for finished.
    """
    rendering = folder.with_name("rendering")
    rendering.mkdir(exist_ok=True)
    files = [
        beat(rendering / f"{name} {stem}.wav", seconds=4, gain=0.2, seed=number + 2)
        for number, stem in enumerate(stems)
    ]
    for file in [*files, beat(rendering / f"{name}.wav", seconds=4)]:
        file.replace(folder / file.name)
    (folder / f"{name}.wav.asd").write_bytes(b"Live's own")
    (folder / f"{name}.wav.reapeaks").write_bytes(b"REAPER's own")
    (folder / f".{name}.wav").write_bytes(b"hidden")
    (folder / f"{name}.wav.part").write_bytes(b"on its way")


def reports(daemon: Daemon, count: int) -> list[dict[str, Any]]:
    """The daemon's reports once there are ``count`` and nothing is left to do, newest first."""
    patience = time.monotonic() + GENEROUS_S
    while time.monotonic() < patience:
        listed = daemon.command("reports", "list", "--json")
        assert listed.returncode == 0, listed.stderr
        found: list[dict[str, Any]] = json.loads(listed.stdout)
        jobs = daemon.status()["jobs"]
        if len(found) >= count and not jobs["queued"] and not jobs["running"]:
            return found
    raise AssertionError(f"{count} reports were expected, there are {len(found)}")


@pytest.mark.xdist_group("watch")
def test_the_command_shows_each_export_once_and_ends_what_it_started(tmp_path: Path) -> None:
    exports, environment = tmp_path / "Exports ü", environment_of(tmp_path / "home")
    exports.mkdir()
    watch = ("watch", str(exports), "--quiet", "0.1", "--once")

    export(exports, "Warehouse", "Kick", "Bass")
    first = uptrack(*watch, environment=environment)
    assert first.returncode == 0, first.stderr
    assert "Warehouse.wav with 2 stems: " in first.stdout
    assert uptrack("daemon", "status", environment=environment).returncode != 0, "the daemon it started still runs"

    export(exports, "Sunrise")
    second = uptrack(*watch, environment=environment)
    assert second.returncode == 0, second.stderr
    assert "Sunrise.wav: " in second.stdout
    assert "Warehouse" not in second.stdout + second.stderr, "a restart repeated what was done"


@pytest.mark.xdist_group("watch")
@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGTERM that can be heard")
def test_ended_from_outside_the_command_ends_what_it_started_too(tmp_path: Path) -> None:
    environment = environment_of(tmp_path / "home")
    (tmp_path / "Exports").mkdir()
    with subprocess.Popen(
        [sys.executable, "-u", "-m", "uptrack_daemon.cli", "watch", str(tmp_path / "Exports")],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as watching:
        assert watching.stdout is not None
        assert watching.stderr is not None
        assert watching.stdout.readline().startswith("Watching ")
        watching.send_signal(signal.SIGTERM)
        assert watching.stderr.read() == ""
        assert watching.wait(GENEROUS_S) == 130
    assert uptrack("daemon", "status", environment=environment).returncode != 0, "the daemon it started still runs"


@pytest.mark.xdist_group("watch")
def test_the_setting_watches_while_the_daemon_runs_and_a_restart_repeats_nothing(tmp_path: Path) -> None:
    exports, home = tmp_path / "Exports", tmp_path / "home"
    exports.mkdir()
    export(exports, "Warehouse", "Kick")
    with running_daemon(home, watch=str(exports)) as daemon:
        (report,) = reports(daemon, 1)
        assert report["name"] == "Warehouse.wav"
    with running_daemon(home, watch=str(exports)) as daemon:
        export(exports, "Sunrise")
        assert [report["name"] for report in reports(daemon, 2)] == ["Sunrise.wav", "Warehouse.wav"]


def test_a_folder_that_is_none_is_refused_in_a_sentence(tmp_path: Path) -> None:
    refused = uptrack("watch", str(tmp_path / "nowhere"), environment=environment_of(tmp_path / "home"))
    assert refused.returncode == 3
    assert "Expected a folder to watch" in refused.stderr
    assert refused.stderr.count("\n") == 1
