"""One daemon per user: the lock, and finding out from outside whether one is running."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator

from filelock import FileLock, Timeout

from uptrack_analysis.errors import Unavailable
from uptrack_bridges.discovery import Bridge, read_bridge
from uptrack_daemon.home import Home

GLANCE_S = 1.0
"""Whoever asks ``is_locked`` holds the lock for a moment; a daemon that starts just then waits that out."""


class AlreadyRunning(Unavailable):
    """Another daemon of this user holds the lock."""

    default_code = "daemon.already_running"


@contextlib.contextmanager
def only_one(home: Home) -> Iterator[None]:
    """Hold the user's lock while the block runs.

    The lock belongs to the process, so one left behind by a daemon that was killed is no lock any more.

    Raises
    ------
    AlreadyRunning
        Another daemon holds it.
    Unavailable
        Something that is no file has its name, or it may not be written.
    """
    lock = FileLock(home.lock_file, mode=0o600)
    try:
        lock.acquire(timeout=GLANCE_S)
    except Timeout:
        raise AlreadyRunning(_already(home)) from None
    except OSError as error:
        raise _unusable(home, error) from error
    try:
        yield
    finally:
        lock.release()


def is_locked(home: Home) -> bool:
    """Whether a daemon holds the lock now, whatever files say; ``Unavailable`` as ``only_one``."""
    if not home.lock_file.exists():
        return False
    lock = FileLock(home.lock_file, mode=0o600)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        return True
    except OSError as error:
        raise _unusable(home, error) from error
    lock.release()
    return False


def running_bridge(home: Home) -> Bridge:
    """Where the running daemon listens.

    Raises
    ------
    Unavailable
        None is running, or it has not said yet where it listens; a ``bridge.json`` left by a killed daemon counts
        for nothing.
    """
    if not is_locked(home):
        raise Unavailable("The daemon is not running: start it with `uptrack daemon start`.", code="daemon.not_running")
    return read_bridge(home.bridge_file)


def _unusable(home: Home, error: OSError) -> Unavailable:
    reason = error.strerror or type(error).__name__
    return Unavailable(
        f"UpTrack could not take its lock {home.lock_file}: {reason[:1].lower()}{reason[1:]}. Move away what has that "
        "name, or check the folder's owner and permissions.",
        code="home.unusable",
    )


def _already(home: Home) -> str:
    with contextlib.suppress(Unavailable, OSError):
        bridge = read_bridge(home.bridge_file)
        return (
            f"A daemon is already running (process {bridge.pid}, port {bridge.port}): use it, or stop it with "
            "`uptrack daemon stop`."
        )
    return f"Another daemon is starting or stopping (this is process {os.getpid()}): try again in a moment."
