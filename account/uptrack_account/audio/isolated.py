"""One analysis in a process of its own, seen from the worker: started, waited for, and gone with all it started.

The process has a folder that nobody else may read, an environment that says nothing of the service, limits of its own
and, where the system can do that, no network and no other file; see ``analysis_child``. Whatever it does, it costs this
one analysis.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import os
import re
import signal
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from uptrack_account.audio.analysis_child import ANALYZE
from uptrack_account.audio.audio_kind import AudioKind
from uptrack_account.settings import AccountSettings
from uptrack_analysis.errors import BadInput, Unavailable
from uptrack_bridges.account import MAX_DOCUMENT_CHARACTERS

log = logging.getLogger(__name__)

LAST_WORDS = 16 * 1024
"""Bytes of its stderr in which an error's name is looked for."""
CPU_FACTOR = 2
"""Processor time to the clock's: two threads work in it."""
_ERROR = re.compile(r"^(?:\w+\.)*(\w+(?:Error|Exception|Warning))\b", re.MULTILINE | re.ASCII)
_KEPT = ("LANG", "LC_ALL", "PYTHONPATH", "PYTHONHOME", "SYSTEMROOT")
_ONE_THREAD = dict.fromkeys(("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"), "1")


class CannotAnalyse(BadInput):
    """What was sent cannot be analysed; the sentence says why, and another try would say the same."""

    @property
    def has_cost(self) -> bool:
        """It had all the time or memory that one analysis may have."""
        return self.code in ("upload.time", "upload.memory")


class ChildLost(Unavailable):
    """The process ended without an answer; another try may go better."""


@dataclass(frozen=True, slots=True)
class Isolation:
    """What one analysis may use."""

    memory_mib: int
    minutes: float
    most_samples: int
    most_minutes: float
    """Of audio."""
    analyze: str = ANALYZE

    @classmethod
    def of(cls, settings: AccountSettings) -> Isolation:
        return cls(
            settings.analysis_memory_mib, settings.analysis_minutes, settings.upload_samples, settings.upload_minutes
        )


async def analyse(path: Path, kind: AudioKind, isolation: Isolation, name: str | None = None) -> str:
    """The report of a file, as JSON, that calls it ``name``; ``path``'s folder is the process's own.

    Raises
    ------
    CannotAnalyse
        The file's fault, or it took too much of what an analysis may use.
    ChildLost
        It ended unexpectedly.
    """
    wall_s = isolation.minutes * 60
    asked = {
        "path": str(path),
        "kind": kind,
        "name": name or path.name,
        "analyze": isolation.analyze,
        "memory_mib": isolation.memory_mib,
        "cpu_s": max(1, round(wall_s * CPU_FACTOR)),
        "most_samples": isolation.most_samples,
        "most_minutes": isolation.most_minutes,
        "parent": os.getpid(),
    }
    process = await _started(path.parent)
    try:
        async with asyncio.timeout(wall_s):
            async with asyncio.TaskGroup() as tasks:
                answering = tasks.create_task(_conversation(process, asked))
                complaining = tasks.create_task(_last_words(process))
            await process.wait()
    except* TimeoutError:
        raise CannotAnalyse(
            f"The analysis took longer than the {isolation.minutes:g} minutes it may take. Send a shorter file.",
            code="upload.time",
        ) from None
    except* ChildLost as lost:
        raise lost.exceptions[0] from None
    finally:
        await _end(process)
    if complaining.result():
        log.warning("an analysis complained (%s)", _kind_of(complaining.result()))
    return _read(answering.result(), process.returncode)


async def _started(folder: Path) -> asyncio.subprocess.Process:
    try:
        return await asyncio.create_subprocess_exec(
            sys.executable,
            "-P",
            "-m",
            "uptrack_account.audio.analysis_child",
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            cwd=folder,
            env=_environment(folder),
            start_new_session=True,
        )
    except OSError as error:
        raise ChildLost(f"The analysis process cannot be started: {error.strerror or error}.") from error


def _environment(folder: Path) -> dict[str, str]:
    """Nothing of ours but how to find our modules: no secret, no address, and no program to start."""
    kept = {name: os.environ[name] for name in _KEPT if name in os.environ}
    own = {name: str(folder) for name in ("HOME", "TMPDIR", "TEMP", "TMP", "PATH")}
    return kept | own | _ONE_THREAD | {"PYTHONDONTWRITEBYTECODE": "1"}


async def _conversation(process: asyncio.subprocess.Process, asked: Mapping[str, object]) -> bytes:
    """Ask, and hear all of the answer, as far as one can be that long."""
    assert process.stdin is not None  # noqa: S101 - it was started with pipes
    assert process.stdout is not None  # noqa: S101
    with contextlib.suppress(OSError):
        process.stdin.write(json.dumps(asked).encode())
        await process.stdin.drain()
    process.stdin.close()
    heard = bytearray()
    while piece := await process.stdout.read(65_536):
        heard += piece
        if len(heard) > 2 * MAX_DOCUMENT_CHARACTERS:
            raise ChildLost("The analysis process said more than a report can be.")
    return bytes(heard)


async def _last_words(process: asyncio.subprocess.Process) -> str:
    assert process.stderr is not None  # noqa: S101 - it was started with pipes
    heard = bytearray()
    while piece := await process.stderr.read(4_096):
        heard += piece
        del heard[:-LAST_WORDS]
    return heard.decode(errors="replace").strip()


def _kind_of(complaint: str) -> str:
    """All that may be written of what a process said that has somebody's music: the last error's name in it."""
    named = _ERROR.findall(complaint)
    return named[-1] if named else "no error of Python's"


async def _end(process: asyncio.subprocess.Process) -> None:
    """It, and all that it has started: its group outlives it otherwise."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        if sys.platform == "win32":
            process.kill()
        else:
            os.killpg(process.pid, signal.SIGKILL)
    # It has not ended for asyncio before its pipes have, and one that nobody reads does not.
    for pipe in (process.stdout, process.stderr):
        while pipe is not None and await pipe.read(65_536):
            pass
    await process.wait()


def _read(said: bytes, status: int | None) -> str:
    try:
        answer = json.loads(said)
    except ValueError:
        if status is not None and sys.platform != "win32" and -status == signal.SIGXCPU:
            raise CannotAnalyse(
                "The analysis took more processor time than it may. Send a shorter file.", code="upload.time"
            ) from None
        raise ChildLost(f"The analysis process ended unexpectedly ({_how(status)}).") from None
    if not answer["offline"]:
        say_once_that_there_is_a_network()
    if not answer["confined"]:
        say_once_that_there_are_files()
    if "sentence" in answer:
        raise CannotAnalyse(answer["sentence"], code=answer["code"])
    return str(answer["document"])


def _how(status: int | None) -> str:
    if status is not None and status < 0:
        return f"by {signal.Signals(-status).name}"
    return f"with status {status}"


@cache
def say_once_that_there_is_a_network() -> None:
    log.warning(
        "Analyses run with a network: this system lets nobody leave it. Run the worker where it can be cut off."
    )


@cache
def say_once_that_there_are_files() -> None:
    log.warning("Analyses can read what we can: this system has no Landlock. Run the worker as another user.")
