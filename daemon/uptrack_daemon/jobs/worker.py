"""The process that analyses: ``python -m uptrack_daemon.jobs.worker``, started, watched and ended by the supervisor.

It does one job at a time and knows no queue, no store and no event loop. Whatever a decoder or a library does in here
(crash, eat memory, print to stdout) stays in here: the protocol travels on private copies of stdin and stdout, memory
is capped where the system can do that, and when the daemon is gone, however it went, so is the worker.
"""

from __future__ import annotations

import argparse
import contextlib
import ctypes
import dataclasses
import importlib
import json
import math
import os
import queue
import signal
import sys
import tempfile
import threading
import time
import traceback
import wave
from array import array
from collections.abc import Callable
from pathlib import Path
from typing import Protocol, cast

from uptrack_analysis.errors import UpTrackError
from uptrack_analysis.report import Analysis, to_json
from uptrack_analysis.settings import Settings
from uptrack_daemon.jobs.protocol import Done, Failed, Progressed, Ready, Saying, write_line
from uptrack_daemon.jobs.settings_text import read_settings

ANALYZE = "uptrack_analysis.analyze:analyze_file"

PROGRESS_EVERY_S = 0.05
NICENESS = 10
"""A DAW is playing audio on the same machine, and it goes first."""

WARM_UP_S = 4.0
"""Long enough for a short-term loudness window, so that every stage of the analysis runs once."""

PR_SET_PDEATHSIG = 1


class Analyze(Protocol):
    def __call__(self, path: Path, settings: Settings, progress: Callable[[float, str], None]) -> Analysis: ...


def main() -> None:
    """Serve jobs until stdin ends."""
    options = _options()
    requests, say = _private_wire()
    _survive_signals_for_the_daemon()
    _die_with_parent(options.parent)
    _limit(options.memory_mib)
    inbox: queue.Queue[bytes] = queue.Queue()
    # From here on end of file ends the process, also in the middle of an analysis.
    threading.Thread(target=_read, args=(requests, inbox), name="wire", daemon=True).start()
    analyze = _load(options.analyze)
    warm_up_s = _warm_up(analyze)
    if hasattr(os, "nice"):
        with contextlib.suppress(OSError):
            os.nice(NICENESS)
    say(Ready(warm_up_s))
    while True:
        _serve(inbox.get(), analyze, say, options.memory_mib)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m uptrack_daemon.jobs.worker")
    parser.add_argument("--analyze", default=ANALYZE, metavar="MODULE:FUNCTION")
    parser.add_argument("--memory-mib", type=int, default=0, help="address space; 0 sets no limit")
    parser.add_argument("--parent", type=int, default=0, help="process id of the supervisor")
    return parser.parse_args()


def _private_wire() -> tuple[int, Callable[[Saying], None]]:
    """Take stdin and stdout for the protocol; what libraries print goes to stderr, what they read is empty."""
    requests, answers = os.dup(0), os.dup(1)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    os.dup2(2, 1)
    if os.name == "nt":
        import msvcrt  # newlines must not grow carriage returns

        msvcrt.setmode(requests, os.O_BINARY)  # type: ignore[attr-defined,unused-ignore]
        msvcrt.setmode(answers, os.O_BINARY)  # type: ignore[attr-defined,unused-ignore]

    def say(saying: Saying) -> None:
        rest = memoryview(write_line(saying))
        try:
            while rest:
                rest = rest[os.write(answers, rest) :]
        except OSError:
            os._exit(0)  # nobody listens any more

    return requests, say


def _read(requests: int, inbox: queue.Queue[bytes]) -> None:
    with os.fdopen(requests, "rb") as lines:
        for line in lines:
            inbox.put(line)
    # sys.exit would wait for the analysis; the daemon is gone and nobody waits for the result.
    os._exit(0)


def _survive_signals_for_the_daemon() -> None:
    # Ctrl-C and service managers signal the whole group, but the daemon decides: it drains first, then closes stdin.
    for name in ("SIGINT", "SIGTERM", "SIGHUP", "SIGBREAK"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), signal.SIG_IGN)


def _die_with_parent(parent: int) -> None:
    """On Linux the kernel ends us with the daemon, even while a library holds the interpreter for seconds."""
    if not parent or not sys.platform.startswith("linux"):
        return
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:  # it died before we had asked
        os._exit(0)


def _limit(memory_mib: int) -> None:
    """Cap memory, and leave no core file with somebody's music in it."""
    if sys.platform == "win32":
        return
    import resource

    with contextlib.suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if memory_mib:
        # macOS takes the call and ignores it, or refuses it; the time limit still holds there.
        with contextlib.suppress(OSError, ValueError):
            resource.setrlimit(resource.RLIMIT_AS, (memory_mib << 20, memory_mib << 20))


def _load(dotted: str) -> Analyze:
    module, _, function = dotted.partition(":")
    return cast("Analyze", getattr(importlib.import_module(module), function))


def _warm_up(analyze: Analyze) -> float:
    """Analyse four seconds of a chord once, so that imports and plans are paid before a user waits for them."""
    begun = time.perf_counter()
    try:
        with tempfile.TemporaryDirectory(prefix="uptrack-") as folder:
            path = Path(folder) / "warm-up.wav"
            _write_chord(path)
            analyze(path, Settings(), lambda _fraction, _stage: None)
    except Exception:  # noqa: BLE001 - the first real job will say what is wrong, to somebody who can read it
        traceback.print_exc()
    return time.perf_counter() - begun


def _write_chord(path: Path, rate_hz: int = 44_100) -> None:
    # Plain Python, one beat and its repeats: only the analysis itself should load the libraries it needs.
    beat = array("h")
    for frame in range(rate_hz // 2):
        low, high = (math.sin(2 * math.pi * hertz * frame / rate_hz) for hertz in (56.0, 440.0))
        level = 20_000 * math.exp(-8.0 * frame / rate_hz)
        beat.extend((round(level * low), round(level * (low + high) / 2)))
    if sys.byteorder == "big":
        beat.byteswap()
    with wave.open(str(path), "wb") as file:
        file.setnchannels(2)
        file.setsampwidth(2)
        file.setframerate(rate_hz)
        file.writeframes(beat.tobytes() * round(2 * WARM_UP_S))


def _serve(line: bytes, analyze: Analyze, say: Callable[[Saying], None], memory_mib: int) -> None:
    request = json.loads(line)
    last_said = -math.inf

    def progress(fraction: float, stage: str) -> None:
        nonlocal last_said
        now = time.monotonic()
        if now - last_said >= PROGRESS_EVERY_S:
            last_said = now
            say(Progressed(float(fraction), stage))

    try:
        # Intake has resolved the path: a link in it now was put there since, to be refused and not followed.
        settings = dataclasses.replace(read_settings(json.dumps(request["settings"])), follow_links=False)
        analysis = analyze(Path(request["path"]), settings, progress)
        say(Done(to_json(analysis.report), dict(analysis.timings_s)))
    except UpTrackError as error:
        say(Failed(error.code, error.sentence, reusable=True))
    except MemoryError:
        traceback.print_exc()
        say(
            Failed(
                "job.memory",
                f"The analysis needed more than the {memory_mib} MiB it may use; raise worker_memory_mib, or analyse "
                "a shorter file.",
                reusable=False,
            )
        )
    except Exception as error:  # noqa: BLE001 - a bug fails one job, with its trace in the daemon's log
        traceback.print_exc()
        say(
            Failed(
                "job.internal",
                f"The analysis stopped on a fault of ours ({type(error).__name__}: {error}); the daemon's log has the "
                "details.",
                reusable=False,
            )
        )


if __name__ == "__main__":
    main()
