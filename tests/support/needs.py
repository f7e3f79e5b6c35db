"""Programs from outside that a test compares with: skipped at home where one is missing, never in CI."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest


def need_program(name: str) -> str:
    """Path of a program on ``PATH``. Without it the test is skipped; with ``CI=true`` in the environment it fails."""
    path = shutil.which(name)
    if path is not None:
        return path
    if os.environ.get("CI") == "true":
        pytest.fail(f"expected {name} on PATH, as CI installs it; install it or fix the CI image")
    pytest.skip(f"{name} is not installed")


def need_luasocket(version: str) -> Path:
    """The folder with LuaSocket's library for one Lua, such as "5.4"; without it, as ``need_program``."""
    roots = [Path("/usr/local/lib"), Path("/usr/lib"), *sorted(Path("/usr/lib").glob("*-linux-*"))]
    for root in roots:
        if (root / "lua" / version / "socket" / "core.so").exists():
            return root / "lua" / version
    if os.environ.get("CI") == "true":
        pytest.fail(f"expected LuaSocket for Lua {version}, as CI installs it; install lua-socket or fix the CI image")
    pytest.skip(f"LuaSocket for Lua {version} is not installed")


def need_of_the_system(lacking: bool, what: str) -> None:
    """Skip where the system cannot do something; with ``CI=true`` in the environment fail."""
    if lacking:
        if os.environ.get("CI") == "true":
            pytest.fail(f"expected a system that can {what}, as CI's can")
        pytest.skip(f"this system cannot {what}, and the log says so")
