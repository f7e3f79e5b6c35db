"""Where REAPER keeps its scripts and settings on this machine: its resource path, which holds ``reaper.ini``.

A standard install keeps it in the user's own folders, a portable one beside the executable. The executables of running
REAPERs, those on the ``PATH`` and those in the usual places are looked at; any other portable one has to be named.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from uptrack_analysis.errors import BadInput, Unavailable

INI = "reaper.ini"
HOW_TO_FIND = "in REAPER, Options → Show REAPER resource path shows it"


@dataclass(frozen=True, slots=True)
class Machine:
    """What there is to look at; ``this_machine`` fills it in."""

    platform: str
    """As ``sys.platform`` says it."""
    user: Path
    """The user's own folder."""
    environ: Mapping[str, str]
    system: Path = Path("/")
    """Root of what is installed for everybody, and of ``/proc``."""


def this_machine() -> Machine:
    return Machine(sys.platform, Path.home(), os.environ)


def find_reapers(machine: Machine) -> list[Path]:
    """Every resource path found, each once, standard ones first."""
    found: dict[Path, Path] = {}
    for place in (*standard_places(machine), *_beside_executables(machine)):
        with contextlib.suppress(OSError):
            if (place / INI).is_file():
                found.setdefault(place.resolve(), place)
    return list(found.values())


def choose_reaper(machine: Machine, named: Path | None) -> Path:
    """The one REAPER that is meant.

    Raises
    ------
    BadInput
        The named folder is none of REAPER's, or several were found and none was named.
    Unavailable
        None was found.
    """
    if named is not None:
        if not (named / INI).is_file():
            raise BadInput(
                f"Expected REAPER's resource path, the folder that holds {INI}, got {named}: {HOW_TO_FIND}; start "
                "REAPER once if it is new.",
                code="install.no_reaper",
            )
        return named.resolve()
    found = find_reapers(machine)
    if not found:
        looked = ", ".join(str(place) for place in standard_places(machine))
        raise Unavailable(
            f"No REAPER was found: looked for {INI} in {looked} and beside REAPER's executable; start REAPER once, or "
            f"name its folder with --resource-path ({HOW_TO_FIND}).",
            code="install.no_reaper",
        )
    if len(found) > 1:
        raise BadInput(
            f"Found {len(found)} REAPERs: {', '.join(str(place) for place in found)}; say which with --resource-path.",
            code="install.several_reapers",
        )
    return found[0]


def standard_places(machine: Machine) -> list[Path]:
    """Where a standard install keeps its resources on this system, whether or not one is there."""
    match machine.platform:
        case "win32":
            roaming = machine.environ.get("APPDATA", "")
            return [Path(roaming or machine.user / "AppData" / "Roaming", "REAPER")]
        case "darwin":
            return [machine.user / "Library" / "Application Support" / "REAPER"]
        case _:
            return [machine.user / ".config" / "REAPER"]


def _beside_executables(machine: Machine) -> Iterator[Path]:
    match machine.platform:
        case "win32":
            for variable in ("PROGRAMFILES", "PROGRAMFILES(X86)"):
                if programs := machine.environ.get(variable, ""):
                    yield from (Path(programs, name) for name in ("REAPER (x64)", "REAPER"))
        case "darwin":
            yield machine.system / "Applications"  # REAPER.app is the executable: its own folder is around it
            yield machine.user / "Applications"
        case _:
            yield from _running(machine.system / "proc")
            yield from (machine.system / place / "REAPER" for place in ("opt", "usr/local", "usr/lib"))
            yield from (machine.user / place / "REAPER" for place in ("", "opt"))
    if program := shutil.which("reaper", path=machine.environ.get("PATH", "")):
        yield Path(program).resolve().parent


def _running(processes: Path) -> Iterator[Path]:
    """Folders of the executables of REAPERs that run, where the system shows them."""
    with contextlib.suppress(OSError):
        for process in sorted(processes.glob("[0-9]*")):
            with contextlib.suppress(OSError):  # it ended, or is another user's
                program = (process / "exe").readlink()
                if program.name == "reaper":
                    yield program.parent
