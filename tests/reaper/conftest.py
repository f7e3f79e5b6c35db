"""What every test of our REAPER scripts starts from: one of REAPER's two Luas, and a studio with an empty project."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from support.desks import EchoDesk
from support.fake_reaper import FakeReaper
from support.studio import Studio
from support.studio_window import Window


@pytest.fixture(params=["lupa.lua53", "lupa.lua54"])
def lua(request: pytest.FixtureRequest) -> Any:
    return import_module(request.param).LuaRuntime(unpack_returned_tuples=True, register_eval=False)


@pytest.fixture
def studio(lua: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Studio:
    home = tmp_path / "home of 音"
    monkeypatch.setenv("UPTRACK_HOME", str(home))
    studio = Studio(FakeReaper(lua, chosen_file='/music/Wärme "7".wav'), home, EchoDesk())
    studio.announce()
    return studio


@pytest.fixture
async def window(studio: Studio) -> Window:
    return Window(studio)
