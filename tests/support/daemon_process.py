"""The real daemon as a process of its own, in a home of its own, started and stopped by the real command line."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

GENEROUS_S = 120.0
"""For what must happen at all; nothing is timed."""


@dataclass(frozen=True)
class Daemon:
    """One running daemon, as its ``bridge.json`` describes it."""

    home: Path
    environment: Mapping[str, str]

    @property
    def bridge(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads((self.home / "bridge.json").read_text("utf-8"))
        return found

    def command(self, *words: str) -> subprocess.CompletedProcess[str]:
        return uptrack(*words, environment=self.environment)

    def status(self) -> dict[str, Any]:
        said = self.command("daemon", "status", "--json")
        assert said.returncode == 0, said.stderr
        found: dict[str, Any] = json.loads(said.stdout)
        return found

    def worker(self) -> int:
        """The process id of the one worker, once it is warm."""
        while not (workers := self.status()["workers"]):
            pass
        return int(workers[0])


def uptrack(
    *words: str, environment: Mapping[str, str] | None = None, **options: Any
) -> subprocess.CompletedProcess[str]:
    """Run the command line as a user does and return what it said."""
    return subprocess.run(
        [sys.executable, "-m", "uptrack_daemon.cli", *words],
        env=dict(environment or os.environ),
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        timeout=GENEROUS_S,
        check=False,
        **options,
    )


def environment_of(home: Path, **settings: str) -> dict[str, str]:
    """The tests' own environment, with a home and nothing of the user's settings."""
    settings = {"live_port": "0"} | settings  # many daemons at once, and none of them the user's
    kept = {name: value for name, value in os.environ.items() if not name.startswith("UPTRACK_")}
    return {**kept, "UPTRACK_HOME": str(home), **{f"UPTRACK_{name.upper()}": value for name, value in settings.items()}}


@contextmanager
def running_daemon(home: Path, **settings: str) -> Iterator[Daemon]:
    """``uptrack daemon start``, and whatever the test did meanwhile, ``uptrack daemon stop``."""
    environment = environment_of(home, **settings)
    started = uptrack("daemon", "start", environment=environment)
    assert started.returncode == 0, started.stderr
    try:
        yield Daemon(home, environment)
    finally:
        stopped = uptrack("daemon", "stop", environment=environment)
        assert stopped.returncode == 0, stopped.stderr
