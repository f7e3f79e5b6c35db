"""REAPER played by the stand-in, a mailbox, and a small desk at its other end: what tests of our scripts share."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from support.desks import TOKEN, VERSION, EchoDesk
from support.fake_reaper import FakeReaper, FakeTrack
from support.hosts import PATIENCE_S
from uptrack_bridges.mailbox import serve_mailbox
from uptrack_bridges.switchboard import Switchboard

SCRIPTS = Path(__file__).parents[2] / "reaper_scripts" / "UpTrack"
ANALYZE_MIX = SCRIPTS / "UpTrack_Analyze mix.lua"
ANALYZE_STEMS = SCRIPTS / "UpTrack_Analyze selected tracks as stems.lua"
ANALYZE_LIVE = SCRIPTS / "UpTrack_Analyze current live capture.lua"
ANALYZE_FILES = SCRIPTS / "UpTrack_Analyze existing files.lua"
RESULTS = SCRIPTS / "UpTrack_Results.lua"
REMOVE = SCRIPTS / "UpTrack_Remove everything UpTrack added.lua"
SETTINGS = SCRIPTS / "UpTrack_Settings.lua"


@dataclass
class Studio:
    """REAPER, a desk, and the files between them."""

    reaper: FakeReaper
    home: Path
    desk: EchoDesk
    patience_s: float = PATIENCE_S

    def __post_init__(self) -> None:
        # Tests open the results window themselves.
        self.reaper.ext_state["UpTrack settings", "window"] = "no"

    @property
    def mailbox(self) -> Path:
        return self.home / "mailbox"

    @property
    def audio(self) -> Path:
        return self.home / "audio"

    def announce(self, **changes: Any) -> None:
        self.home.mkdir(exist_ok=True)
        bridge = {"protocol": 1, "version": VERSION, "pid": 1, "port": 1, "token": TOKEN}
        places = {"mailbox": self.reaper.named(self.mailbox), "audio": self.reaper.named(self.audio)}
        (self.home / "bridge.json").write_text(json.dumps(bridge | places | changes))

    @asynccontextmanager
    async def daemon(self) -> AsyncIterator[None]:
        switchboard = Switchboard(self.desk, token=TOKEN, version=VERSION)
        async with serve_mailbox(self.mailbox, switchboard, active_poll_s=0.005, idle_poll_s=0.01):
            yield

    def tracks(self, *names: str, seconds: float = 4.0) -> list[FakeTrack]:
        """Tracks with a sound of their own, added to the project in front, which begins its undo history with them."""
        project = self.reaper.front
        rng = np.random.default_rng(len(names))
        made = [
            FakeTrack(name, 0.05 * rng.standard_normal((round(seconds * project.sample_rate_hz), 2))) for name in names
        ]
        project.tracks += made
        project.history[:] = [("", project.snapshot())]
        return made

    def letters(self, direction: str) -> list[Path]:
        return list(self.mailbox.glob(f"*/{direction}/*.json"))

    async def until(self, happened: Callable[[], object]) -> None:
        """Go round until ``happened``."""
        async with asyncio.timeout(self.patience_s):
            while not happened():
                self._turn()
                await asyncio.sleep(0.002)

    async def analyze(self, script: Path = ANALYZE_FILES) -> None:
        """Run an action from the key press to its end."""
        self.reaper.run(script)
        async with asyncio.timeout(self.patience_s):
            while self.reaper.running:
                self._turn()
                await asyncio.sleep(0.002)

    def _turn(self) -> None:
        """One round; REAPER's clock moves only when something has come, so that no patience hangs on this machine."""
        self.reaper.turn(0.2 if self.letters("to_host") or not self.letters("to_daemon") else 0.0)

    def said(self, kind: type[Any]) -> list[Any]:
        """Messages of one type that reached the desk."""
        heard = [self.desk.heard.get_nowait() for _ in range(self.desk.heard.qsize())]
        for entry in heard:
            self.desk.heard.put_nowait(entry)
        return [message for _, message in heard if isinstance(message, kind)]
