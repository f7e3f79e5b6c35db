"""Python, the packages UpTrack stands on, its home folder and its settings."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import stat
import sys
import tempfile
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

from uptrack_analysis.errors import BadInput
from uptrack_daemon.doctor.check import Check
from uptrack_daemon.home import PRIVATE_FOLDER, Home
from uptrack_daemon.settings import load

OLDEST_PYTHON = (3, 11)
SHOWN = ("numpy", "scipy", "soundfile", "aiohttp")
"""Packages whose version is worth seeing in a report of trouble; all of them are checked."""


def check_python() -> Check:
    """Whether this Python is one UpTrack runs on."""
    version = ".".join(str(part) for part in sys.version_info[:3])
    if sys.version_info[:2] < OLDEST_PYTHON:
        return Check("python", "problem", f"Python {version} is too old: install UpTrack with Python 3.11 or newer.")
    return Check("python", "ok", f"Python {version} ({sys.executable}).")


def check_packages() -> Check:
    """Whether every package UpTrack needs is there."""
    try:
        version = metadata.version("uptrack")
        needed = [name for line in metadata.requires("uptrack") or () if (name := _needed(line))]
    except metadata.PackageNotFoundError:
        return Check("packages", "problem", "UpTrack itself is not installed as a package: install it again.")
    versions: dict[str, str] = {}
    for name in needed:
        with contextlib.suppress(metadata.PackageNotFoundError):
            versions[name] = metadata.version(name)
    if missing := [name for name in needed if name not in versions]:
        return Check("packages", "problem", f"Packages are missing: {', '.join(missing)}; install UpTrack again.")
    shown = ", ".join(f"{name} {versions[name]}" for name in SHOWN if name in versions)
    return Check("packages", "ok", f"uptrack {version} with {shown} and {len(needed) - len(SHOWN)} more packages.")


def check_ffmpeg() -> Check:
    """Whether AAC and ALAC can be read."""
    if found := shutil.which("ffmpeg"):
        return Check("ffmpeg", "ok", f"ffmpeg is at {found}: M4A and AAC files can be measured.")
    return Check("ffmpeg", "ok", "ffmpeg is not installed: M4A and AAC files cannot be measured, all others can.")


def check_home(home: Home) -> Iterator[Check]:
    """The home: there, ours alone, writable; its mailbox too, and its settings legible."""
    if not home.root.exists():
        yield Check("home", "ok", f"{home.root} is not there yet; the first start of the daemon makes it.")
        return
    yield _private("home", home.root)
    if home.mailbox.exists():
        yield _private("mailbox", home.mailbox)
    try:
        load(home)
    except BadInput as error:
        yield Check("settings", "problem", error.sentence)
    else:
        held = f"{home.config_file} can be read" if home.config_file.exists() else "no config.toml, so the defaults"
        yield Check("settings", "ok", f"Settings: {held}.")


def _private(name: str, folder: Path) -> Check:
    """Write to a folder, and see whom it is open to."""
    if not folder.is_dir():
        return Check(name, "problem", f"Expected a folder, got something else at {folder}: move it away.")
    try:
        with tempfile.TemporaryFile(dir=folder) as file:  # has no name where the system can do without
            file.write(b"uptrack doctor")
            file.flush()
    except OSError as error:
        reason = error.strerror or type(error).__name__
        return Check(
            name, "problem", f"{folder} cannot be written to ({reason}): check its owner, permissions and free space."
        )
    status = folder.stat()
    mode = stat.S_IMODE(status.st_mode)
    if os.name == "posix" and status.st_uid != os.geteuid():
        return Check(
            name,
            "problem",
            f"{folder} belongs to another user ({status.st_uid}): what they write there would be acted on, or yours "
            "thrown away. Move it away, and run the daemon and the DAW as one user.",
        )
    if os.name == "posix" and mode & ~PRIVATE_FOLDER:
        return Check(
            name,
            "warning",
            f"{folder} is open to other users of this computer (mode {mode:o}): chmod 700 it, or start the daemon "
            "anew, which does.",
        )
    return Check(name, "ok", f"{folder} can be written to" + (" and is yours alone." if os.name == "posix" else "."))


def _needed(requirement: str) -> str | None:
    """The package a requirement names, unless it belongs to an extra."""
    name = re.match(r"[A-Za-z0-9._-]+", requirement)
    return None if name is None or "extra ==" in requirement else name[0]
