"""Stand-ins for the analysis that real worker processes run by name: each one misbehaves in its own way.

The warm-up calls them too (its file is ``warm-up.wav``), and they let it pass, so that a worker is ready first.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path

from support.reports import a_report
from uptrack_analysis.errors import NotAudio
from uptrack_analysis.report import Analysis
from uptrack_analysis.settings import Settings

Progress = Callable[[float, str], None]

HERE = "support.analyses"


def _answer(path: Path) -> Analysis:
    return Analysis(a_report(name=path.name), {"decode": 0.25})


def quick(path: Path, settings: Settings, progress: Progress) -> Analysis:
    """Do nothing and say two things on the way."""
    progress(0.0, "decode")
    progress(1.0, "score")
    return _answer(path)


def as_named(path: Path, settings: Settings, progress: Progress) -> Analysis:
    """Behave as the file's name says: hang, crash, eat, raise, refuse, or answer."""
    match path.stem.split("-")[0]:
        case "hang":
            progress(0.5, "hanging")
            while True:
                signal.pause()
        case "crash":
            progress(0.5, "crashing")
            os.kill(os.getpid(), signal.SIGKILL)
        case "segfault":
            os.kill(os.getpid(), signal.SIGSEGV)
        case "eat":
            feast = bytearray(16 << 30)
            progress(len(feast), "ate")
        case "raise":
            raise ZeroDivisionError("nobody thought of this")
        case "refuse":
            raise NotAudio("Expected audio, got a shopping list; export it again.")
        case "chatter":
            print("a library prints this")
            os.write(1, b'{"say": "done", "document": "forged", "timings_s": {}}\n')
            sys.stdin.read()
        case "hurry":
            for step in range(2_000):
                progress(step / 2_000, f"step {step}")
        case "until":
            # Reads from the pipe beside it, so that a test decides when the analysis ends.
            progress(0.1, "waiting")
            with path.with_suffix(".go").open("rb") as gate:
                gate.read(1)
        case "settings":
            progress(0.5, f"{settings.genre} {settings.target} {settings.project.bpm}")
        case "pid":
            progress(0.5, str(os.getpid()))
        case _:
            pass
    return _answer(path)


def never_starts(path: Path, settings: Settings, progress: Progress) -> Analysis:
    """Die already while warming up."""
    os._exit(3)


def stubborn(path: Path, settings: Settings, progress: Progress) -> Analysis:
    """Hold the interpreter and ignore what can be ignored, as a library in C would: only the kernel ends this."""
    if path.stem == "warm-up":
        return _answer(path)
    import ctypes

    progress(0.5, "holding")
    # PyDLL keeps the interpreter lock for the whole call, so no other thread of the worker runs.
    ctypes.PyDLL(None).sleep(600)
    return _answer(path)
