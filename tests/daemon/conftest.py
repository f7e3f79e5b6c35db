"""What tests of the daemon start from."""

from __future__ import annotations

from pathlib import Path

import pytest

from uptrack_daemon.home import Home


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """UpTrack's own folder, made, with nothing in it."""
    home = Home(tmp_path / "home")
    home.create()
    return home
