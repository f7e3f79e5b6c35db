"""Audio the daemon made itself is deleted in time: seven days at most, whatever crashes or clocks do.

All of it lies flat in the home's ``audio`` folder, every file registered before it is written. The sweeper works from
the folder and the register together, so a file without a row (the store was lost) and a row without a file both come
right. It deletes names inside that folder and nothing else: links are removed, never followed, and a user's own file
is never there to be touched.

A DAW renders for us into a folder of its own in there; ``claim`` notes which analysis reads it, and ``ended`` that it
does no more. What was captured of live audio is written to a path that was ``reserve``d, and is then a render like any
other.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import re
import shutil
import stat
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Never

from uptrack_analysis.errors import Unavailable
from uptrack_daemon.home import Home
from uptrack_daemon.store import Artifact, Artifacts, Clock, Store, new_id

log = logging.getLogger(__name__)

LONGEST_KEPT = timedelta(days=7)
"""The promise; a setting can only shorten it."""

ONE_DAY = timedelta(days=1)
"""The deadline that backs up zero days: then the end of the analysis is what deletes."""

UNCLAIMED = timedelta(hours=1)
"""With nothing to be kept at all, how long audio that no job reads may lie while the daemon runs: a capture in the
making. At the start of the daemon nothing can be in the making."""

SWEEP_EVERY_S = 600.0

_SUFFIX = re.compile(r"\.[a-z0-9]{1,8}")


@dataclass(frozen=True, slots=True)
class _Found:
    """One directory entry of the audio folder."""

    name: str
    modified: datetime
    """Of a folder, when the last of its files was written."""
    is_folder: bool


class Retention:
    """The audio folder of one home and its deadlines.

    Parameters
    ----------
    days : int
        0 to 7; 0 deletes audio as soon as its analysis ends.
    """

    def __init__(self, home: Home, store: Store, *, days: int) -> None:
        if not timedelta() <= timedelta(days=days) <= LONGEST_KEPT:
            raise ValueError(f"expected retention_days of 0 to {LONGEST_KEPT.days}, got {days}")
        self._folder = home.audio
        self._register = Artifacts(store)
        self._clock: Clock = store.clock
        self._kept = timedelta(days=days)

    async def reserve(self, suffix: str = ".wav") -> Path:
        """A path for new audio, registered with its deadline; the caller writes it, mode 0600, and ``release``s it."""
        if not _SUFFIX.fullmatch(suffix):
            raise ValueError(f"expected a suffix such as .wav, got {suffix!r}")
        now = self._clock()
        name, kept = f"{new_id()}{new_id()}{suffix}", self._kept or ONE_DAY
        await self._register.add(Artifact(name=name, created_at=now, deadline=now + kept))
        return self._folder / name

    async def used_by(self, path: Path, job_id: str) -> None:
        """Note the job that reads the audio: with zero days it is kept until that job ends."""
        await self._register.used_by(self._name(path), job_id)

    async def claim(self, paths: Iterable[Path], job_id: str) -> None:
        """Note the job that reads what a DAW has rendered; paths that are not in our folder are nobody's business."""
        names = {path.relative_to(self._folder).parts[0] for path in paths if path.is_relative_to(self._folder)}
        known = {artifact.name for artifact in await self._register.list()}
        for name in sorted(names):
            if name not in known:
                now = self._clock()
                await self._register.add(Artifact(name, now, now + (self._kept or ONE_DAY)))
            await self._register.used_by(name, job_id)

    async def ended(self, job_id: str) -> None:
        """The analysis is over: with zero days what it read goes now."""
        for artifact in await self._register.list():
            if artifact.job_id == job_id:
                await self.release(self._folder / artifact.name)

    async def release(self, path: Path) -> None:
        """Say that the analysis of this audio has ended; with zero days it is deleted now."""
        name = self._name(path)
        await self._register.released(name, self._clock())
        if not self._kept:
            await self._delete(name)

    async def discard(self, path: Path) -> None:
        """Delete what could not be written to its end; where even that fails, the sweeper comes by."""
        with contextlib.suppress(Unavailable):
            await self._delete(self._name(path))

    async def sweep(self, *, starting: bool = False) -> list[str]:
        """Delete what is due and answer its names; ``starting`` knows that no capture is in the making.

        Raises
        ------
        Unavailable
            The audio folder is not a folder of ours (a link stands in its place): nothing is touched.
        """
        found = await asyncio.to_thread(_list_folder, self._folder)
        registered = {artifact.name: artifact for artifact in await self._register.list()}
        now = self._clock()
        for name in registered.keys() - {entry.name for entry in found}:
            # A capture that is registered but not yet written keeps its row.
            if starting or now - registered[name].created_at > UNCLAIMED:
                await self._register.remove(name)
        gone: list[str] = []
        for entry in found:
            if not entry.name.isprintable():  # nor can it be registered: not a name of ours
                if not entry.modified <= now < entry.modified + self._kept and await self._delete(entry.name):
                    gone.append(entry.name)
                continue
            artifact = registered.get(entry.name) or await self._adopt(entry, now)
            artifact = await self._clamp(artifact, now)
            # A DAW renders into a folder of its own, also while the daemon is being started anew.
            rendering = entry.is_folder and artifact.job_id is None and now - entry.modified < UNCLAIMED
            if self._due(artifact, now, starting=starting, rendering=rendering) and await self._delete(entry.name):
                gone.append(entry.name)
        if gone:
            log.info("Deleted %d of our own audio files whose time was up", len(gone))
        return gone

    async def run(
        self, *, every_s: float = SWEEP_EVERY_S, sleep: Callable[[float], Awaitable[Any]] = asyncio.sleep
    ) -> Never:
        """Sweep now and then for ever; a sweep that fails is logged and tried again."""
        starting = True
        while True:
            try:
                await self.sweep(starting=starting)
                starting = False
            except (Unavailable, OSError) as error:
                log.warning("Our own audio could not be swept: %s", error)
            await sleep(every_s)

    def _name(self, path: Path) -> str:
        if path.parent != self._folder:
            raise ValueError(f"expected a file of {self._folder}, got {path}")
        return path.name

    async def _adopt(self, entry: _Found, now: datetime) -> Artifact:
        """Register a file nobody registered; its age counts from when it was last written."""
        created = min(entry.modified, now)
        # With nothing to be kept, it may be what a DAW is rendering at this moment.
        artifact = Artifact(name=entry.name, created_at=created, deadline=created + (self._kept or ONE_DAY))
        await self._register.add(artifact)
        return artifact

    async def _clamp(self, artifact: Artifact, now: datetime) -> Artifact:
        """Bring times that a change of clock or setting made impossible back into what may be."""
        created = min(artifact.created_at, now)
        deadline = min(artifact.deadline, created + (self._kept or LONGEST_KEPT))
        if (created, deadline) == (artifact.created_at, artifact.deadline):
            return artifact
        await self._register.clamp(artifact.name, created, deadline)
        return Artifact(artifact.name, created, deadline, artifact.job_id, artifact.released_at, artifact.in_use)

    def _due(self, artifact: Artifact, now: datetime, *, starting: bool, rendering: bool) -> bool:
        if now >= artifact.deadline:
            return True
        if self._kept or artifact.in_use or rendering:
            return False
        in_the_making = artifact.released_at is None and artifact.job_id is None and not starting
        return not (in_the_making and now - artifact.created_at < UNCLAIMED)

    async def _delete(self, name: str) -> bool:
        try:
            await asyncio.to_thread(_remove, self._folder, name)
        except OSError as error:
            # Windows refuses while somebody reads it: the row stays, and so does the duty.
            log.warning("%s could not be deleted yet: %s", name, error.strerror or error)
            return False
        if name.isprintable():
            await self._register.remove(name)
        return True


def _list_folder(folder: Path) -> list[_Found]:
    _refuse_foreign(folder)
    found: list[_Found] = []
    with os.scandir(folder) as entries:
        for entry in entries:
            status = entry.stat(follow_symlinks=False)
            is_folder = entry.is_dir(follow_symlinks=False)
            found.append(
                _Found(
                    entry.name, _last_written(entry.path, status) if is_folder else _moment(status.st_mtime), is_folder
                )
            )
    return found


def _last_written(folder: str, status: os.stat_result) -> datetime:
    latest_s = status.st_mtime
    for inside, _, names in os.walk(folder):
        for name in names:
            with contextlib.suppress(OSError):
                latest_s = max(latest_s, (Path(inside) / name).lstat().st_mtime)
    return _moment(latest_s)


def _remove(folder: Path, name: str) -> None:
    if name in ("", ".", "..") or name != Path(name).name:
        raise ValueError(f"expected one name inside {folder}, got {name!r}")
    _refuse_foreign(folder)
    path = folder / name
    try:
        status = path.lstat()
    except FileNotFoundError:
        return
    if stat.S_ISDIR(status.st_mode) and not _is_junction(status):
        shutil.rmtree(path)  # removes links inside it without following them
    else:
        path.unlink(missing_ok=True)


def _refuse_foreign(folder: Path) -> None:
    try:
        status = folder.lstat()
    except OSError as error:
        raise Unavailable(f"The folder {folder} is gone; restart the daemon to make it again.") from error
    if not stat.S_ISDIR(status.st_mode) or _is_junction(status):
        raise Unavailable(
            f"{folder} is a link or a file where our own audio folder should be, so nothing in it is deleted; "
            "move it away and restart the daemon."
        )


def _is_junction(status: os.stat_result) -> bool:
    return bool(getattr(status, "st_file_attributes", 0) & getattr(stat, "FILE_ATTRIBUTE_REPARSE_POINT", 0x400))


def _moment(seconds: float) -> datetime:
    try:
        return datetime.fromtimestamp(seconds, UTC)
    except (OverflowError, OSError, ValueError):
        return datetime.max.replace(tzinfo=UTC)  # a time stamp out of range counts as the future, and is clamped
