"""REAPER: which are here, and whether what is installed in each is whole, of this version, and finds this home."""

from __future__ import annotations

import shlex
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path

from uptrack_analysis.errors import BadInput, UpTrackError
from uptrack_daemon.doctor.check import Check
from uptrack_daemon.home import Home
from uptrack_daemon.install.folder import standing
from uptrack_daemon.install.launch import home_as_written
from uptrack_daemon.install.reaper import Reaper
from uptrack_daemon.install.reaper_places import INI, Machine, find_reapers
from uptrack_daemon.install.reaper_startup import action_scripts, startup_lines
from uptrack_daemon.install.remembered import remembered
from uptrack_daemon.install.stamp import Stamp, read_stamp, still_ours
from uptrack_daemon.install.steps import explained

SOCKETS = ("Scripts/*/*/Mavriq-Lua-Sockets", "Scripts/*/*/socket", "UserPlugins/socket")
"""Where ReaPack and people put LuaSocket; nothing deeper is searched, for there may be thousands of scripts."""


def check_reapers(
    machine: Machine, home: Home, version: str, files: Mapping[str, bytes], *, named: Path | None = None
) -> Iterator[Check]:
    """Every REAPER found on the machine, every one that scripts were installed into, and the one that was ``named``.

    ``version`` and ``files`` are what this installation would install.
    """
    noted = remembered(home)
    gone = [place for place in noted if not (place / INI).is_file()]
    others = [place for place in (*noted, *([] if named is None else [named])) if place not in gone]
    places = list({place.resolve(): place for place in (*find_reapers(machine), *others)}.values())
    for place in gone:
        yield Check(
            "reaper.gone",
            "warning",
            f"UpTrack was installed into {place}, where no REAPER is now: plug in the drive it is on, or have it "
            f"forgotten with `uptrack install reaper --uninstall --resource-path {shlex.quote(str(place))}`.",
        )
    if not places:
        yield Check("reaper", "ok", "No REAPER was found; `uptrack install reaper --resource-path DIR` takes any.")
    for place in places:
        try:
            with explained(f"read what is in {place}"):
                yield from _check(Reaper(place), home, version, files)
        except UpTrackError as error:
            yield Check("reaper.scripts", "problem", error.sentence)


def _check(reaper: Reaper, home: Home, version: str, files: Mapping[str, bytes]) -> Iterator[Check]:
    stamp = read_stamp(reaper.ours)
    if stamp is None:
        yield _without_stamp(reaper)
    else:
        yield _scripts(reaper, stamp, version, files)
        yield _home(reaper, stamp, home)
        yield _command(reaper, stamp)
        yield _startup(reaper, stamp)
    yield _luasocket(reaper)


def _without_stamp(reaper: Reaper) -> Check:
    if reaper.ours.exists():
        return Check(
            "reaper.scripts",
            "warning",
            f"{reaper.ours} was not put there by `uptrack install reaper`: move it away and run that, or look after it "
            "yourself.",
        )
    if standing(reaper.ours) is not None:
        return Check(
            "reaper.scripts",
            "problem",
            f"An installation into {reaper.ours} was cut off: `uptrack install reaper` brings it back.",
        )
    return Check(
        "reaper.scripts",
        "warning",
        f"UpTrack is not installed in {reaper.resources}: `uptrack install reaper` does it.",
    )


def _scripts(reaper: Reaper, stamp: Stamp, version: str, files: Mapping[str, bytes]) -> Check:
    name = "reaper.scripts"
    again = "`uptrack install reaper` puts that right"
    if missing := [path for path in stamp.files if not (reaper.ours / path).exists()]:
        return Check(name, "problem", f"{reaper.ours} misses {', '.join(missing)}: {again}.")
    if stamp.version != version:
        sentence = f"{reaper.ours} holds version {stamp.version}, and this is {version}: {again}."
        return Check(name, "warning", sentence)
    if changed := [path for path in stamp.files if not still_ours(reaper.ours, path, stamp)]:
        sentence = f"In {reaper.ours} {', '.join(changed)} is not as it was installed: {again}, and keeps the changes."
        return Check(name, "warning", sentence)
    if any(not still_ours(reaper.ours, path, stamp) for path in files):
        return Check(name, "warning", f"{reaper.ours} lacks files of this version: {again}.")
    return Check(name, "ok", f"Version {version} is in {reaper.ours}, whole.")


def _home(reaper: Reaper, stamp: Stamp, home: Home) -> Check:
    name = "reaper.home"
    again = "run `uptrack install reaper` with the UPTRACK_HOME you mean"
    try:
        wanted = home_as_written(home.root)
    except BadInput as error:
        return Check(name, "problem", error.sentence)
    if not _same(Path(stamp.home), Path(wanted)):
        sentence = f"The scripts in {reaper.ours} look for the daemon in {stamp.home}, not in {wanted}: {again}."
        return Check(name, "problem", sentence)
    return Check(name, "ok", f"The scripts look for the daemon in {stamp.home}.")


def _command(reaper: Reaper, stamp: Stamp) -> Check:
    name, program = "reaper.command", stamp.command[0]
    if shutil.which(program) is None or not Path(program).is_absolute():
        return Check(
            name,
            "problem",
            f"The scripts in {reaper.ours} would start the daemon with {program}, which is not there any more: run "
            "`uptrack install reaper` again.",
        )
    return Check(name, "ok", f"The scripts start the daemon with {program}.")


def _startup(reaper: Reaper, stamp: Stamp) -> Check:
    name = "reaper.startup"
    try:
        block = reaper.startup_block()
    except BadInput as error:
        return Check(name, "problem", error.sentence)
    if block is None:
        sentence = (
            "The actions are not registered by REAPER's start; `uptrack install reaper --startup` would have them."
        )
        return Check(name, "ok", sentence)
    if block != startup_lines(stamp.version, action_scripts(stamp.files), block):
        sentence = f"UpTrack's lines in {reaper.startup} are not as they were written: run `uptrack install reaper`."
        return Check(name, "warning", sentence)
    return Check(name, "ok", f"{reaper.startup} registers the actions.")


def _luasocket(reaper: Reaper) -> Check:
    found = next((path for pattern in SOCKETS for path in reaper.resources.glob(pattern)), None)
    held = f"is in {found}" if found else "is not installed in REAPER"
    return Check("reaper.luasocket", "ok", f"LuaSocket {held}; UpTrack's scripts do without it.")


def _same(one: Path, other: Path) -> bool:
    try:
        return one == other or one.samefile(other)
    except OSError:
        return False
