"""The process that analyses one upload: ``python -m uptrack_account.audio.analysis_child``, started by ``isolated``.

What it reads comes from a stranger, so it gives up what it can before it looks: memory, processor time, how much it may
write and open; and if the system lets it, the network and all files but its own and the system's. It is told what to do
on stdin, and answers one JSON object on a private copy of stdout; what libraries print goes to stderr.
"""

from __future__ import annotations

import contextlib
import ctypes
import dataclasses
import importlib
import json
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from uptrack_account.audio.landlock import confine

CLONE_NEWUSER, CLONE_NEWNET = 0x10000000, 0x40000000
PR_SET_PDEATHSIG, PR_SET_NO_NEW_PRIVS = 1, 38
MOST_WRITTEN_BYTES = 64 * 1024 * 1024
MOST_OPEN_FILES = 128
ANALYZE = "uptrack_account.audio.analysis_child:analyze"


def main() -> None:
    wire = os.dup(1)
    os.dup2(2, 1)
    asked = json.loads(sys.stdin.buffer.read())
    _die_with_parent(asked["parent"])
    offline = _leave_the_network()  # before anything starts a thread, which the kernel would refuse
    confined = confine(read=_needed(), write=[Path(asked["path"]).parent, Path(os.devnull)])
    _limit(asked["memory_mib"], asked["cpu_s"])
    answer = _answered(asked) | {"offline": offline, "confined": confined}
    with os.fdopen(wire, "wb") as out:
        out.write(json.dumps(answer).encode())


def analyze(path: Path, kind: str, most_samples: int, most_minutes: float, name: str) -> str:
    """The report of a file, as JSON, in which it is called ``name``; of ``kind`` and no other.

    Raises
    ------
    UpTrackError
        It is none, too long, or holds nothing to measure.
    """
    from uptrack_account.audio.audio_kind import FORMATS
    from uptrack_analysis.analyze import analyze_file
    from uptrack_analysis.audio.limits import Limits
    from uptrack_analysis.audio.source import probe
    from uptrack_analysis.errors import NotAudio, TooLarge
    from uptrack_analysis.report import to_json
    from uptrack_analysis.settings import Settings

    limits = Limits(max_samples=most_samples)
    found = probe(path, limits)
    if found.format not in {name for names in FORMATS.values() for name in names}:
        raise NotAudio(f"Expected a WAV or MP3 file, but {path.name} is {found.format}. Export it as one of them.")
    by_length = int(most_minutes * 60 * found.sample_rate_hz) * found.channels
    too_long = TooLarge(f"Expected audio of at most {most_minutes:g} minutes, but {path.name} is longer.")
    if found.frames_claimed is not None and found.frames_claimed * found.channels > by_length:
        raise too_long
    limits = dataclasses.replace(limits, max_samples=min(most_samples, by_length))
    try:
        return to_json(analyze_file(path, Settings(limits=limits, follow_links=False), name=name).report)
    except TooLarge:
        if by_length < most_samples:
            raise too_long from None
        raise


def _answered(asked: dict[str, Any]) -> dict[str, Any]:
    from uptrack_analysis.errors import UpTrackError

    path, name = Path(asked["path"]), asked["name"]
    try:
        module, _, function = asked["analyze"].partition(":")
        work: Callable[..., str] = getattr(importlib.import_module(module), function)
        return {"document": work(path, asked["kind"], asked["most_samples"], asked["most_minutes"], name)}
    except UpTrackError as error:
        return {"sentence": error.sentence.replace(path.name, name), "code": "upload.audio"}
    except MemoryError:
        return {
            "sentence": f"The analysis needed more than the {asked['memory_mib']} MiB it may use. Send a shorter file.",
            "code": "upload.memory",
        }


def _die_with_parent(parent: int) -> None:
    """On Linux the kernel ends us with the worker; and nothing we might start has more rights than we."""
    if not sys.platform.startswith("linux"):
        return
    with contextlib.suppress(OSError, AttributeError):
        libc = ctypes.CDLL(None)
        libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    if os.getppid() != parent:  # it died before we had asked
        os._exit(0)


def _leave_the_network() -> bool:
    """Into a network of our own, in which there is nothing, not even loopback; whether the system let us.

    Root may by itself; anybody else first becomes root of a user namespace of their own, where the system allows that,
    in which they are still themselves as far as files are concerned.
    """
    if not sys.platform.startswith("linux"):
        return False
    try:
        unshare = ctypes.CDLL(None, use_errno=True).unshare
    except (OSError, AttributeError):
        return False
    if unshare(CLONE_NEWNET) == 0:
        return True
    user, group = os.getuid(), os.getgid()
    if unshare(CLONE_NEWUSER | CLONE_NEWNET) != 0:
        return False
    with contextlib.suppress(OSError):  # without them we could read what we may, and make no file
        Path("/proc/self/setgroups").write_text("deny", "ascii")
        Path("/proc/self/uid_map").write_text(f"{user} {user} 1", "ascii")
        Path("/proc/self/gid_map").write_text(f"{group} {group} 1", "ascii")
    return True


def _needed() -> list[Path]:
    """Where Python, our modules and the libraries they load are read from, and what the system tells everybody."""
    system = (
        "/usr",
        "/lib",
        "/lib64",
        "/etc/ld.so.cache",
        "/etc/localtime",
        "/dev/urandom",
        "/proc/self",
        "/sys/devices",
    )
    python = {sys.prefix, sys.base_prefix, sys.exec_prefix, *(name for name in sys.path if name)}
    return [Path(name) for name in (*system, *sorted(python))]


def _limit(memory_mib: int, cpu_s: int) -> None:
    """What the system can hold us to; macOS ignores the first."""
    if sys.platform == "win32":
        return
    import resource

    limits = {
        resource.RLIMIT_AS: memory_mib << 20,
        resource.RLIMIT_CPU: cpu_s,
        resource.RLIMIT_FSIZE: MOST_WRITTEN_BYTES,
        resource.RLIMIT_NOFILE: MOST_OPEN_FILES,
        resource.RLIMIT_CORE: 0,  # it would hold somebody's music
    }
    for which, most in limits.items():
        _soft, hard = resource.getrlimit(which)
        allowed = most if hard == resource.RLIM_INFINITY else min(most, hard)
        with contextlib.suppress(OSError, ValueError):
            resource.setrlimit(which, (allowed, allowed))


if __name__ == "__main__":
    main()
