"""A worker process with the test in the supervisor's place, spoken to over its pipes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from uptrack_analysis.settings import Settings
from uptrack_daemon.jobs.protocol import Done, Failed, Ready, Saying, read_line
from uptrack_daemon.jobs.settings_text import write_settings

LIMIT_MIB = 4_096


class Pipes:
    """A worker with the test in the supervisor's place."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self.process = process

    def ask(self, path: Path | str, settings: Settings | None = None) -> None:
        request = {"job": "1", "path": str(path), "settings": json.loads(write_settings(settings or Settings()))}
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps(request).encode() + b"\n")
        self.process.stdin.flush()

    def hear(self) -> Saying:
        assert self.process.stdout is not None
        return read_line(self.process.stdout.readline())

    def answer(self) -> Done | Failed:
        while True:
            match self.hear():
                case Done() | Failed() as answer:
                    return answer
                case _:
                    pass


@contextmanager
def worker(
    function: str | None = "as_named", *, memory_mib: int = LIMIT_MIB, parent: int | None = None
) -> Iterator[Pipes]:
    """A worker that runs a function of ``support.analyses``, or the real analysis."""
    arguments = [f"--memory-mib={memory_mib}"]
    if function is not None:
        arguments.append(f"--analyze=support.analyses:{function}")
    if parent is not None:
        arguments.append(f"--parent={parent}")
    process = subprocess.Popen(
        [sys.executable, "-P", "-m", "uptrack_daemon.jobs.worker", *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
        start_new_session=True,
    )
    with process:
        try:
            pipes = Pipes(process)
            assert isinstance(pipes.hear(), Ready)
            yield pipes
        finally:
            process.kill()
