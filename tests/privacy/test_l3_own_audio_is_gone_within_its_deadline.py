"""L3: audio the Companion made itself is gone within its deadline, through a crash; the user's own is never touched."""

from __future__ import annotations

from pathlib import Path

import pytest

from support.stores import Clock, a_store
from support.tracks import beat
from uptrack_daemon.home import Home
from uptrack_daemon.retention import LONGEST_KEPT, Retention


@pytest.mark.parametrize("days", [0, 1, 7])
async def test_what_was_captured_is_gone_by_its_deadline_though_the_daemon_died(tmp_path: Path, days: int) -> None:
    home, clock = Home(tmp_path / "home"), Clock()
    home.create()
    theirs = beat(tmp_path / "their_mix.wav", seconds=1)
    async with a_store(home.database, clock=clock) as store:
        retention = Retention(home, store, days=days)
        released, unreleased = [await retention.reserve() for _ in range(2)]
        for path in (released, unreleased):
            path.write_bytes(theirs.read_bytes())
        await retention.release(released)
    clock.move(days=days)
    async with a_store(home.database, clock=clock) as store:  # killed before it released the other, and started again
        await Retention(home, store, days=days).sweep(starting=True)
        assert not released.exists()
        clock.move(days=LONGEST_KEPT.days)
        await Retention(home, store, days=days).sweep()
    assert list(home.audio.iterdir()) == []
    assert theirs.exists()
