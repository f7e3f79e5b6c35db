"""The lines of ``Scripts/__startup.lua`` that register our actions; REAPER runs that file when it starts.

The file is a habit of REAPER's users and not in its documentation, so it is offered and never forced. REAPER's own list
of actions, ``reaper-kb.ini``, is written by REAPER and by nobody else.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterable
from pathlib import Path

STARTUP_FILE = "__startup.lua"
_INSTALLED = re.compile(r'local INSTALLED, VERSION = "([0-9a-f]{8})"')


def action_scripts(names: Iterable[str]) -> list[str]:
    """Which of the installed files are actions: the ``.lua`` files directly in the folder."""
    return sorted(name for name in names if "/" not in name and name.endswith(".lua"))


def startup_lines(version: str, scripts: Iterable[str], before: str | None) -> str:
    """Lua that registers ``scripts``, once for ``version``.

    Parameters
    ----------
    before : str, optional
        The lines they take the place of. Without any, this is a new installation, which registers again what an earlier
        one had: the user may have cleared the list since.
    """
    template = Path(__file__).with_suffix(".lua").read_text(encoding="utf-8")
    held = None if before is None else _INSTALLED.search(before)
    installed = held[1] if held else secrets.token_hex(4)
    listed = ", ".join(_quoted(name) for name in scripts)
    for blank, value in {
        '"INSTALLED"': _quoted(installed),
        '"VERSION"': _quoted(version),
        '{"SCRIPTS"}': f"{{{listed}}}",
    }.items():
        template = template.replace(blank, value)
    return template


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'
