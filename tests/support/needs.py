"""Programs from outside that a test compares with: skipped at home where one is missing, never in CI."""

from __future__ import annotations

import os
import shutil

import pytest


def need_program(name: str) -> str:
    """Path of a program on ``PATH``. Without it the test is skipped; with ``CI=true`` in the environment it fails."""
    path = shutil.which(name)
    if path is not None:
        return path
    if os.environ.get("CI") == "true":
        pytest.fail(f"expected {name} on PATH, as CI installs it; install it or fix the CI image")
    pytest.skip(f"{name} is not installed")
