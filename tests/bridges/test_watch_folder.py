"""Following a folder of exports; the clock and the rounds are the test's, the files are real."""

from __future__ import annotations

import asyncio
import logging
import os
import sys
from collections.abc import AsyncGenerator, AsyncIterator
from pathlib import Path

import pytest

from support.hosts import PATIENCE_S
from uptrack_bridges.export_names import Export
from uptrack_bridges.watch_folder import folder_ticks, watch_folder


class Watch:
    """A watcher whose every look round is asked for."""

    def __init__(self, folder: Path, remembered: set[tuple[Path, int, int]] | None = None) -> None:
        self.now_s = 0.0
        self.said: list[str] = []
        self.remembered = set() if remembered is None else remembered
        self._rounds: asyncio.Queue[None] = asyncio.Queue()
        self._looked = asyncio.Event()
        self.found: list[Export] = []
        self._watching = watch_folder(
            folder, seen=self.seen, quiet_s=3.0, clock=lambda: self.now_s, ticks=self._ticks, say=self.said.append
        )
        self.task = asyncio.create_task(self._collect())

    async def seen(self, path: Path, size: int, mtime_ns: int, /) -> bool:
        return (path, size, mtime_ns) in self.remembered

    def remember(self, export: Export) -> None:
        self.remembered |= {(facts.path, facts.size, facts.mtime_ns) for facts in export.files}

    async def _ticks(self, folder: Path, every_s: float) -> AsyncGenerator[None, None]:
        while True:
            await self._rounds.get()
            yield
            self._looked.set()

    async def _collect(self) -> None:
        async for export in self._watching:
            self.found.append(export)

    async def after(self, seconds: float) -> list[str]:
        """Let time pass and look round once; the names of the mixes handed out since."""
        self.now_s += seconds
        before = len(self.found)
        self._looked.clear()
        self._rounds.put_nowait(None)
        async with asyncio.timeout(PATIENCE_S):
            await self._looked.wait()
        return [export.mix.name for export in self.found[before:]]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "exports"
    made.mkdir()
    return made


@pytest.fixture
async def watch(folder: Path) -> AsyncIterator[Watch]:
    made = Watch(folder)
    yield made
    made.task.cancel()


def write(path: Path, content: bytes = b"RIFF", mtime_s: float = 1_000.0) -> Path:
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(content)
    os.utime(path, (mtime_s, mtime_s))
    return path


async def test_an_export_is_handed_out_once_when_it_has_been_quiet(watch: Watch, folder: Path) -> None:
    mix = write(folder / "Song.wav")
    assert await watch.after(0.0) == []
    assert await watch.after(2.9) == []
    assert await watch.after(0.2) == ["Song.wav"]
    assert await watch.after(100.0) == []
    (export,) = watch.found
    assert (export.mix, export.stems, export.files[0].size) == (mix, (), 4)


async def test_a_growing_file_is_waited_for(watch: Watch, folder: Path) -> None:
    for size in range(1, 6):
        write(folder / "Song.wav", b"x" * size)
        assert await watch.after(2.0) == []
    write(folder / "Song.wav", b"xxxxx", mtime_s=1_001.0)  # same size, written again: a header being corrected
    assert await watch.after(2.0) == []
    assert await watch.after(3.0) == ["Song.wav"]


async def test_a_mix_waits_for_its_stems_to_settle(watch: Watch, folder: Path) -> None:
    write(folder / "Song.wav")
    await watch.after(0.0)
    write(folder / "Song Bass.wav")
    assert await watch.after(2.0) == []
    write(folder / "Song Bass.wav", b"RIFF more")
    assert await watch.after(2.0) == []
    assert await watch.after(3.0) == ["Song.wav"]
    assert [(stem.path.name, stem.name) for stem in watch.found[0].stems] == [("Song Bass.wav", "Bass")]


async def test_a_file_that_changes_after_it_was_handed_out_is_a_new_export(watch: Watch, folder: Path) -> None:
    write(folder / "Song.wav")
    await watch.after(0.0)
    assert await watch.after(3.0) == ["Song.wav"]
    write(folder / "Song.wav", b"RIFF and a better drop", mtime_s=2_000.0)
    assert await watch.after(1.0) == []
    assert await watch.after(3.0) == ["Song.wav"]


async def test_a_stem_that_comes_late_brings_its_mix_again(watch: Watch, folder: Path) -> None:
    write(folder / "Song.wav")
    await watch.after(0.0)
    await watch.after(3.0)
    write(folder / "Song stems" / "Kick.wav")
    await watch.after(0.0)
    assert await watch.after(3.0) == ["Song.wav"]
    assert [stem.name for stem in watch.found[1].stems] == ["Kick"]


async def test_a_file_deleted_while_it_settles_is_dropped(watch: Watch, folder: Path) -> None:
    path = write(folder / "Song.wav")
    await watch.after(0.0)
    path.unlink()
    assert await watch.after(3.0) == []
    write(folder / "Song.wav")
    assert await watch.after(1.0) == []  # it settles from the start again
    assert await watch.after(3.0) == ["Song.wav"]


async def test_a_restart_repeats_nothing_that_was_remembered(folder: Path) -> None:
    write(folder / "Done.wav")
    write(folder / "Not done.wav")
    first = Watch(folder)
    await first.after(0.0)
    assert await first.after(3.0) == ["Done.wav", "Not done.wav"]
    first.remember(first.found[0])
    first.task.cancel()
    second = Watch(folder, first.remembered)
    await second.after(0.0)
    assert await second.after(3.0) == ["Not done.wav"]
    write(folder / "Done.wav", b"RIFF again", mtime_s=2_000.0)
    await second.after(0.0)
    assert await second.after(3.0) == ["Done.wav"]
    second.task.cancel()


@pytest.mark.skipif(sys.platform == "win32", reason="links and pipes are a POSIX matter")
async def test_empty_files_folders_links_and_pipes_are_no_exports(watch: Watch, folder: Path, tmp_path: Path) -> None:
    write(folder / "Empty.wav", b"")
    (folder / "Folder.wav").mkdir()
    (folder / "Out.wav").symlink_to(write(tmp_path / "outside.wav"))
    (folder / "Song stems").symlink_to(write(tmp_path / "elsewhere" / "Kick.wav").parent)
    os.mkfifo(folder / "Pipe.wav")
    write(folder / "Song.wav.asd")
    write(folder / "Song.wav")
    await watch.after(0.0)
    assert await watch.after(3.0) == ["Song.wav"]
    assert watch.found[0].stems == ()


async def test_a_folder_that_goes_away_is_said_once_and_waited_for(watch: Watch, folder: Path) -> None:
    write(folder / "Song.wav")
    await watch.after(0.0)
    away = folder.rename(folder.with_name("unplugged"))
    assert await watch.after(1.0) == []
    assert await watch.after(1.0) == []
    assert [sentence for sentence in watch.said if "waiting for it to come back" in sentence] == watch.said
    assert len(watch.said) == 1
    away.rename(folder)
    assert await watch.after(3.0) == []  # what comes back settles again
    assert watch.said[1:] == [f"{folder} is back; watching it again."]
    assert await watch.after(3.0) == ["Song.wav"]


async def test_a_folder_that_is_not_there_yet_is_waited_for(tmp_path: Path) -> None:
    watch = Watch(tmp_path / "later")
    assert await watch.after(0.0) == []
    write(tmp_path / "later" / "Song.wav")
    await watch.after(1.0)
    assert await watch.after(3.0) == ["Song.wav"]
    watch.task.cancel()


async def test_the_systems_notices_wake_the_watcher_long_before_its_own_round(folder: Path) -> None:
    hour_s = 3_600.0
    ticks = folder_ticks(folder, hour_s)
    await anext(ticks)
    woken = asyncio.ensure_future(anext(ticks))
    # The watcher arms itself at its own time, so keep writing until it noticed one.
    async with asyncio.timeout(PATIENCE_S):
        number = 0
        while not woken.done():
            write(folder / "Song.wav", b"x" * (number := number + 1))
            await asyncio.wait([woken], timeout=0.05)
    await woken
    await ticks.aclose()


async def test_without_notices_the_watcher_still_looks_round(tmp_path: Path) -> None:
    ticks = folder_ticks(tmp_path / "missing", 0.001)
    async with asyncio.timeout(PATIENCE_S):
        for _ in range(3):
            await anext(ticks)
    await ticks.aclose()


async def test_the_whole_watcher_finds_a_real_export(folder: Path) -> None:
    async def nothing_seen(path: Path, size: int, mtime_ns: int, /) -> bool:
        return False

    write(folder / "Song.wav")
    async with asyncio.timeout(PATIENCE_S):
        export = await anext(aiter(watch_folder(folder, seen=nothing_seen, quiet_s=0.05, poll_s=0.02)))
    assert export.mix == folder / "Song.wav"


@pytest.mark.skipif(sys.platform != "linux", reason="other systems take no such name")
async def test_a_name_that_is_no_utf_8_ends_the_notices_for_a_moment_and_not_the_watch(
    folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    ticks = folder_ticks(folder, 0.01)
    async with asyncio.timeout(PATIENCE_S):
        number = 0
        while "no change notices" not in caplog.text:  # the system tells of a new file at its own time
            number += 1
            Path(os.fsdecode(os.fsencode(folder) + b"/caf\xe9 %d.wav" % number)).touch()
            await anext(ticks)
        await anext(ticks)
    await ticks.aclose()
