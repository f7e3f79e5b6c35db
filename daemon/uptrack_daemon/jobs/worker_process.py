"""One worker process seen from the daemon: started, spoken to, and gone when its block ends.

``asyncio.create_subprocess_exec`` and not a process pool: one process that dies breaks a whole pool and every job in
it, and a future that runs cannot be cancelled. Here each slot has its own process, which can be killed alone, on every
system asyncio knows.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import os
import signal
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from uptrack_analysis.errors import Unavailable
from uptrack_daemon.jobs.protocol import (
    LONGEST_LINE,
    Done,
    Failed,
    Progressed,
    ProtocolError,
    Ready,
    Saying,
    read_line,
)
from uptrack_daemon.jobs.queue import Job
from uptrack_daemon.jobs.settings_text import write_settings
from uptrack_daemon.threads import ONE_BLAS_THREAD

log = logging.getLogger(__name__)

LAST_WORDS = 16 * 1024
"""Bytes of a worker's stderr that are kept for the log."""


class WorkerLost(Unavailable):
    """The process is gone, or talks nonsense and had to go; the sentence says how it ended."""

    default_code = "job.crashed"


class WorkerProcess:
    """A process that takes one job at a time; made by ``worker_process``."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self._last_words = bytearray()

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def gone(self) -> bool:
        return self._process.returncode is not None

    async def exited(self) -> None:
        """Wait until the process has ended."""
        await self._process.wait()

    async def ready(self) -> float:
        """Wait until it is warm and takes a job; answers how long warming up took, in seconds.

        Raises
        ------
        WorkerLost
            It ended before that.
        """
        match await self._hear():
            case Ready(warm_up_s):
                return warm_up_s
            case other:
                raise await self._lost(f"spoke out of turn: {type(other).__name__}")

    async def run(self, job: Job, on_progress: Callable[[float, str], None]) -> Done | Failed:
        """Have it analyse ``job``; not to be called again before this has answered.

        Raises
        ------
        WorkerLost
            It ended, or was killed, before it had an answer.
        """
        stdin = self._process.stdin
        assert stdin is not None  # noqa: S101 - it was started with pipes
        # The path may hold undecodable bytes as surrogates: JSON's escapes carry them.
        request = {"job": job.id, "path": str(job.path), "settings": json.loads(write_settings(job.settings))}
        try:
            stdin.write(json.dumps(request).encode("ascii") + b"\n")
            await stdin.drain()
        except OSError:
            raise await self._lost("closed its ear") from None
        while True:
            match await self._hear():
                case Progressed(fraction, stage):
                    on_progress(min(max(fraction, 0.0), 1.0), stage)
                case Done() | Failed() as answer:
                    return answer
                case Ready():
                    raise await self._lost("was ready twice")

    async def kill(self) -> None:
        """End it at once and wait until it has; killing twice is fine."""
        with contextlib.suppress(ProcessLookupError):
            self._process.kill()
        await self._process.wait()

    async def _hear(self) -> Saying:
        stdout = self._process.stdout
        assert stdout is not None  # noqa: S101 - it was started with pipes
        try:
            line = await stdout.readline()
        except ValueError:
            raise await self._lost(f"wrote a line of over {LONGEST_LINE} bytes") from None
        if not line.endswith(b"\n"):
            raise await self._lost(None)
        try:
            return read_line(line)
        except ProtocolError as error:
            raise await self._lost(str(error)) from None

    async def _lost(self, slip: str | None) -> WorkerLost:
        """Make sure it is gone and say how it went; ``slip`` is what it did wrong while still alive."""
        if slip is not None:
            await self.kill()
            return WorkerLost(f"The analysis process broke its protocol ({slip}) and was stopped.")
        # Its end of the pipe closes a moment before it can be waited for; one that closed it by mistake is ended.
        try:
            async with asyncio.timeout(5):
                await self._process.wait()
        except TimeoutError:
            await self.kill()
        return WorkerLost(f"The analysis process ended unexpectedly ({_how(self._process.returncode)}).")

    async def listen_to_stderr(self) -> None:
        stderr = self._process.stderr
        assert stderr is not None  # noqa: S101 - it was started with pipes
        while chunk := await stderr.read(4_096):
            self._last_words += chunk
            del self._last_words[:-LAST_WORDS]

    def last_words(self) -> str:
        return self._last_words.decode(errors="replace").strip()


@asynccontextmanager
async def worker_process(*, analyze: str, memory_mib: int) -> AsyncIterator[WorkerProcess]:
    """Start a worker; when the block ends, however it ends, the process has been killed and waited for.

    Raises
    ------
    WorkerLost
        The system cannot start a process at all.
    """
    try:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-P",  # the folder the daemon was started in must not shadow any module
            "-m",
            "uptrack_daemon.jobs.worker",
            f"--analyze={analyze}",
            f"--memory-mib={memory_mib}",
            f"--parent={os.getpid()}",
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            limit=LONGEST_LINE,
            env=_environment(),
            start_new_session=True,  # Ctrl-C in a terminal is for the daemon, which drains first
        )
    except OSError as error:
        raise WorkerLost(f"The analysis process cannot be started: {error.strerror or error}.") from error
    worker = WorkerProcess(process)
    listening = asyncio.create_task(worker.listen_to_stderr(), name=f"stderr of worker {process.pid}")
    try:
        yield worker
    finally:
        await worker.kill()
        await listening
        if process.stdin is not None:
            process.stdin.close()
            with contextlib.suppress(OSError):
                await process.stdin.wait_closed()
        if words := worker.last_words():
            log.warning("Worker %d wrote: %s", process.pid, words)


def _environment() -> dict[str, str]:
    return {
        **os.environ,
        # The same code as ours, also where nothing is installed and the path was set by hand.
        "PYTHONPATH": os.pathsep.join(filter(None, sys.path)),
        "PYTHONFAULTHANDLER": "1",
        **ONE_BLAS_THREAD,
    }


def _how(returncode: int | None) -> str:
    if returncode is None or returncode >= 0:
        return f"exit code {returncode}"
    try:
        name = signal.Signals(-returncode).name
    except ValueError:
        return f"signal {-returncode}"
    because = ": killed from outside, perhaps for want of memory" if name == "SIGKILL" else ""
    return f"signal {-returncode}, {name}{because}"
