"""The scripts for REAPER hold what luacheck finds wrong: nothing."""

from __future__ import annotations

import subprocess
from pathlib import Path

from support.needs import need_program

ROOT = Path(__file__).parents[2]


def test_luacheck_finds_nothing() -> None:
    luacheck = need_program("luacheck")
    found = subprocess.run(
        [luacheck, "--no-color", "--config", ".luacheckrc", "reaper_scripts"], cwd=ROOT, capture_output=True, text=True
    )
    assert found.returncode == 0, found.stdout + found.stderr
