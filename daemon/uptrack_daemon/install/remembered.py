"""Which REAPERs scripts were installed into, so that the doctor finds a portable one again, wherever it lies.

``reapers.json`` in UpTrack's home is a list of resource paths. It is a note, not a record: what cannot be read in it is
as if it had never been written, and the scripts work without it.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path

from uptrack_daemon.home import PRIVATE_FILE, PRIVATE_FOLDER, Home
from uptrack_daemon.install.folder import write_whole

MOST_REMEMBERED = 50


def remembered(home: Home) -> list[Path]:
    """Resource paths that scripts were installed into and not taken out of, oldest first."""
    try:
        noted = json.loads(home.reapers_file.read_bytes())
    except (OSError, ValueError):
        return []
    paths = noted if isinstance(noted, list) else []
    named = [Path(path) for path in paths if isinstance(path, str)]
    return [path for path in named if path.is_absolute()][-MOST_REMEMBERED:]


def remember(home: Home, resources: Path) -> None:
    """Note a resource path; an ``OSError`` of the disk is passed on."""
    known = remembered(home)
    if resources not in known:
        _write(home, [*known, resources])


def forget(home: Home, resources: Path) -> bool:
    """Strike a resource path out; whether it was there."""
    known = remembered(home)
    if resources not in known:
        return False
    _write(home, [path for path in known if path != resources])
    return True


def _write(home: Home, paths: Iterable[Path]) -> None:
    home.root.mkdir(mode=PRIVATE_FOLDER, parents=True, exist_ok=True)
    write_whole(home.reapers_file, json.dumps([str(path) for path in paths], indent=1).encode())
    home.reapers_file.chmod(PRIVATE_FILE)
