"""Audio that people send to be analysed: taken, handed to the worker, and deleted when it is due, with a receipt.

The object comes first and its row last, and the other way round when it goes: whatever dies in between leaves an object
that no row knows, which the sweep deletes, and never a row that says something of audio that is not so. From the first
moment a row says by when its audio is gone; once it was analysed that is what its owner wished, at most seven days
later. All that one account does to its uploads waits in line on the account's row.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import logging
import re
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, delete, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from uptrack_account.audio.audio_kind import HEAD_BYTES, AudioKind, kind_of
from uptrack_account.audio.jobs import Job, Jobs, Worker
from uptrack_account.audio.objects import Objects, StoreAway, leftovers, new_key, prefix_of
from uptrack_account.errors import ReportRefused, UploadRefused
from uptrack_account.every import every
from uptrack_account.machines.devices import still_linked
from uptrack_account.machines.reports import Reports, look
from uptrack_account.money import plans, usage
from uptrack_account.settings import AccountSettings
from uptrack_account.store import Database, in_line
from uptrack_account.store.models import ROW_ID, ErasureRow, ProjectRow, UploadRow
from uptrack_bridges.account import ReportProject, ReportUpload, report_of_upload

log = logging.getLogger(__name__)

LONGEST_KEPT = timedelta(days=7)
"""After its analysis; also how long audio waits for one."""
SWEEP_EVERY_S = 60.0
SETTLED_AFTER = timedelta(hours=1)
"""An object that no row knows may be one that is still on its way."""
NAME_LENGTH = 120
LIVE = ("waiting", "analysing")
NO_UPLOAD = "There is no such upload."
AUDIO_GONE = "The audio was deleted before it was analysed."
NEVER_ANALYSED = "It waited for seven days and could not be analysed. Send it again."
LOST = "Its audio was lost here before it was analysed. Send it again."
MIB = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Arriving:
    """What is said of audio as it is sent."""

    id: str
    name: str | None = None
    project_id: str | None = None
    """A project that is there; else the two that follow."""
    project_key: str | None = None
    project_name: str | None = None
    keep_days: int | None = None
    sha256: str | None = None
    """What it should be; not known to a form."""
    device_id: str | None = None


@dataclass(frozen=True, slots=True)
class Upload:
    """One upload, with or without its audio."""

    account_id: str
    id: str
    object_key: str
    device_id: str | None
    name: str | None
    kind: str
    bytes: int
    sha256: str
    project_key: str
    project_name: str | None
    keep_days: int
    state: str
    reason: str | None
    report_id: str | None
    created_at: datetime
    analysed_at: datetime | None
    delete_by: datetime
    deleted_at: datetime | None

    @property
    def called(self) -> str:
        return self.name or f"Upload {self.id[:4]}"

    @property
    def is_held(self) -> bool:
        """Its audio is still here."""
        return self.deleted_at is None


@dataclass(frozen=True, slots=True)
class Taken:
    upload: Upload
    new: bool


class Uploads:
    """The uploads of all accounts; each question names whose."""

    def __init__(
        self, database: Database, objects: Objects, jobs: Jobs, reports: Reports, settings: AccountSettings
    ) -> None:
        self._database = database
        self._objects = objects
        self._jobs = jobs
        self._reports = reports
        self._settings = settings

    # -- what its owner does -------------------------------------------------------------------------------------------

    async def take(self, account_id: str, arriving: Arriving, pieces: AsyncIterator[bytes]) -> Taken:
        """Keep what comes and have it analysed; the same again is fine.

        Raises
        ------
        UploadRefused
            409 another has its id; 413 too large; 415 neither WAV nor MP3; 422 not what was said; 429 none left.
        StoreAway
        """
        async with self._database.reading() as session:
            there = await self._there(session, account_id, arriving)
            if there is not None and arriving.sha256 is not None:
                return _again(there, arriving.sha256)
            await usage.check(session, account_id, self._settings, self._database.clock())
        kind, whole = await _looked_at(pieces)
        key, reading = new_key(account_id), _Reading(whole, self._settings.upload_mb * MIB)
        try:
            await self._objects.put(key, reading.pieces())
            reading.check(arriving.sha256)
            taken = await self._keep(account_id, arriving, key, kind, reading)
        except BaseException:
            await self._drop(key)
            raise
        if not taken.new:
            await self._drop(key)
        return taken

    async def of(self, account_id: str) -> list[Upload]:
        """All, the latest first."""
        mine = select(UploadRow).where(UploadRow.account_id == account_id)
        async with self._database.reading() as session:
            rows = await session.scalars(mine.order_by(UploadRow.created_at.desc(), UploadRow.id))
            return [_upload(row) for row in rows]

    async def get(self, account_id: str, upload_id: str) -> Upload | None:
        async with self._database.reading() as session:
            row = await session.scalar(select(UploadRow).where(*_one(account_id, upload_id)))
        return None if row is None else _upload(row)

    async def left_this_month(self, account_id: str) -> tuple[int, int]:
        """How many analyses were made or are under way, of how many."""
        async with self._database.reading() as session:
            used = await usage.used_in(session, account_id, usage.month_of(self._database.clock()))
            return used, await plans.monthly_allowance(session, account_id, self._settings)

    async def delete(self, account_id: str, upload_id: str) -> bool:
        """Delete its audio now, whatever was wished before; whether there is such an upload. Its report stays.

        Where the store is away it is deleted once that answers.
        """
        now = self._database.clock()
        async with self._database.writing() as session:
            await _wait_in_line(session, account_id)
            row = await session.scalar(select(UploadRow).where(*_one(account_id, upload_id)))
            if row is None:
                return False
            await self._due(session, row, now, AUDIO_GONE)
        await self._try_delete([_upload(row)])
        return True

    async def leave(self, session: AsyncSession, account_id: str) -> None:
        """Have everything of an account that goes with the transaction go too; ``purge`` carries it out."""
        await in_line(session, account_id)  # first, as all do: who ends a job meanwhile holds it, and we would deadlock
        await self._jobs.cancel(session, account_id)
        gone = self._database.insert(ErasureRow).values(prefix=prefix_of(account_id), since=self._database.clock())
        await session.execute(gone.on_conflict_do_nothing())

    # -- what the worker does ------------------------------------------------------------------------------------------

    async def begin(self, job: Job) -> Upload | None:
        """What a job is about, which is being analysed from now on; ``None`` if there is nothing left to do."""
        mine = (*_one(job.account_id, job.upload_id), UploadRow.state.in_(LIVE), UploadRow.deleted_at.is_(None))
        begun = update(UploadRow).where(*mine).values(state="analysing").returning(UploadRow)
        async with self._database.writing() as session:
            row = await session.scalar(begun)
        return None if row is None else _upload(row)

    async def done(self, worker: Worker, job: Job, document: str) -> None:
        """Keep what was found as a report, and the audio as long as its owner wished."""
        looked = await asyncio.to_thread(look, document)
        now = self._database.clock()
        async with self._database.writing() as session:
            row = await self._of_job(session, worker, job)
            if row is None:
                return
            said = ReportUpload(
                made_at=now,
                project=ReportProject(key=row.project_key, name=row.project_name),
                sha256=hashlib.sha256(document.encode()).hexdigest(),
                document=document,
            )
            report_id = report_of_upload(row.id)
            try:
                await self._reports.put_in(session, row.account_id, row.device_id, report_id, said, looked)
                row.report_id = report_id
            except ReportRefused:
                row.report_id = None  # its owner has deleted it meanwhile
            row.state, row.analysed_at = "done", now
            row.delete_by = now + timedelta(days=row.keep_days)
        if row.keep_days == 0:
            await self._try_delete([_upload(row)])

    async def failed(self, worker: Worker, job: Job, sentence: str, *, counted: bool = False) -> None:
        """It cannot be analysed: there is nothing to keep its audio for; ``counted`` if it took as much as one does."""
        now = self._database.clock()
        async with self._database.writing() as session:
            row = await self._of_job(session, worker, job)
            if row is None:
                return
            row.state, row.reason, row.analysed_at, row.delete_by = "failed", sentence, now, now
            if not counted:
                await usage.take_back(session, row.account_id, row.created_at)
        await self._try_delete([_upload(row)])

    async def nothing_left(self, worker: Worker, job: Job) -> None:
        """End a job whose upload went before it was begun."""
        async with self._database.writing() as session:
            await worker.finish(session, job)

    # -- what nobody has to ask for ------------------------------------------------------------------------------------

    async def sweep(self) -> None:
        """Delete what is due, and what accounts that are gone have left; retry lost jobs. Often, by many at once.

        What fails holds up nothing else, and least of all what is promised by a date.

        Raises
        ------
        ExceptionGroup
            Of all that failed, once the rest is done.
        """
        await every(self._correct_deadlines, self.purge, self._delete_due, self._jobs.recover)

    async def purge(self) -> None:
        """Delete the objects of accounts that are gone; one whose store is away stays remembered.

        Remembered also for an hour, because something of it may have been on its way.

        Raises
        ------
        StoreAway
            Of any, once all the others were deleted.
        """
        now, away = self._database.clock(), list[StoreAway]()
        async with self._database.reading() as session:
            gone = (await session.scalars(select(ErasureRow))).all()
        for one in gone:
            try:
                await self._objects.delete([held.key async for held in self._objects.listed(one.prefix)])
            except StoreAway as error:
                log.warning("an account's audio is still to be deleted (%s)", error.kind)
                away.append(error)
                continue
            if abs(now - one.since) > SETTLED_AFTER:
                async with self._database.writing() as session:
                    await session.execute(delete(ErasureRow).where(ErasureRow.prefix == one.prefix))
        if away:
            raise away[0]

    async def _delete_due(self) -> None:
        soon = self._database.clock() + timedelta(seconds=SWEEP_EVERY_S)  # rather a minute early than one late
        due = select(UploadRow).where(UploadRow.deleted_at.is_(None), UploadRow.delete_by <= soon)
        async with self._database.reading() as session:
            found = [_upload(row) for row in await session.scalars(due.order_by(UploadRow.delete_by))]
        for upload in (one for one in found if one.state in LIVE):
            async with self._database.writing() as session:
                await in_line(session, upload.account_id)  # in line; without the account there is no row either
                row = await session.scalar(select(UploadRow).where(*_one(upload.account_id, upload.id)))
                if row is not None:
                    await self._due(session, row, self._database.clock(), NEVER_ANALYSED)
        if away := await self._try_delete(found):
            raise away

    async def sweep_orphans(self) -> None:
        """Delete objects that no row knows, and say of rows whose object is lost that it is. Now and then."""
        now = self._database.clock()
        held = {one.key: one.put_at async for one in self._objects.listed()}
        async with self._database.reading() as session:
            rows = await session.scalars(select(UploadRow).where(UploadRow.deleted_at.is_(None)))
            known = {row.object_key: _upload(row) for row in rows}
        orphans = [key for key, put_at in held.items() if key not in known and abs(now - put_at) > SETTLED_AFTER]
        if orphans:
            log.warning("%d objects that nothing knows are deleted", len(orphans))
        await self._objects.delete(orphans)
        for path in leftovers(self._settings):
            if abs(now.timestamp() - path.stat().st_mtime) > SETTLED_AFTER.total_seconds():
                path.unlink(missing_ok=True)
        for key in known.keys() - held.keys():
            if not await self._objects.exists(key):  # it may have come since the list was made
                await self._lost(known[key])

    # -- how -----------------------------------------------------------------------------------------------------------

    async def _keep(self, account_id: str, arriving: Arriving, key: str, kind: AudioKind, reading: _Reading) -> Taken:
        now, wished = self._database.clock(), arriving.keep_days
        async with self._database.writing() as session:
            await _wait_in_line(session, account_id)
            there = await self._there(session, account_id, arriving)
            if there is not None:
                return _again(there, reading.sha256)
            await usage.check(session, account_id, self._settings, now)
            project_key, project_name = await _project(session, account_id, arriving)
            row = UploadRow(
                account_id=account_id,
                id=arriving.id,
                object_key=key,
                device_id=await still_linked(session, arriving.device_id),
                name=fit_name(arriving.name),
                kind=kind,
                bytes=reading.count,
                sha256=reading.sha256,
                project_key=project_key,
                project_name=project_name,
                keep_days=self._settings.keep_days if wished is None else wished,
                state="waiting",
                created_at=now,
                delete_by=now + LONGEST_KEPT,
            )
            session.add(row)
            await usage.count(self._database, session, account_id, now)
            await self._jobs.enqueue(session, account_id, arriving.id)
        return Taken(_upload(row), new=True)

    async def _there(self, session: AsyncSession, account_id: str, arriving: Arriving) -> Upload | None:
        row = await session.scalar(select(UploadRow).where(*_one(account_id, arriving.id)))
        return None if row is None else _upload(row)

    async def _of_job(self, session: AsyncSession, worker: Worker, job: Job) -> UploadRow | None:
        """The row, with the job ended; ``None`` if either is not there any more, and nothing is to be kept."""
        if not await in_line(session, job.account_id) or not await worker.finish(session, job):
            return None
        row = await session.scalar(select(UploadRow).where(*_one(job.account_id, job.upload_id)))
        return row if row is not None and row.state in LIVE and row.deleted_at is None else None

    async def _due(self, session: AsyncSession, row: UploadRow, now: datetime, why: str) -> None:
        if row.deleted_at is not None:
            return
        row.delete_by = min(row.delete_by, now)
        if row.state in LIVE:
            if row.state == "waiting":
                await usage.take_back(session, row.account_id, row.created_at)
            row.state, row.reason = "deleted", why
            await self._jobs.cancel(session, row.account_id, row.id)

    async def _try_delete(self, uploads: Sequence[Upload]) -> StoreAway | None:
        """First the object, then the receipt; what the store does not do now is due at the next sweep. Why it did not.

        One that cannot be deleted holds up no other.
        """
        away: StoreAway | None = None
        for upload in uploads:
            if not upload.is_held:
                continue
            try:
                await self._objects.delete([upload.object_key])
            except StoreAway as error:
                log.warning("audio that is due is still to be deleted (%s)", error.kind)
                away = error
                continue
            receipt = update(UploadRow).where(UploadRow.object_key == upload.object_key, UploadRow.deleted_at.is_(None))
            async with self._database.writing() as session:
                await session.execute(receipt.values(deleted_at=self._database.clock()))
        return away

    async def _correct_deadlines(self) -> None:
        """A deadline further off than any can be was set by a clock that was wrong."""
        latest = self._database.clock() + LONGEST_KEPT
        wrong = update(UploadRow).where(UploadRow.deleted_at.is_(None), UploadRow.delete_by > latest)
        async with self._database.writing() as session:
            await session.execute(wrong.values(delete_by=latest))

    async def _lost(self, upload: Upload) -> None:
        now = self._database.clock()
        async with self._database.writing() as session:
            await _wait_in_line(session, upload.account_id)
            row = await session.scalar(select(UploadRow).where(UploadRow.object_key == upload.object_key))
            if row is not None and row.deleted_at is None:
                await self._due(session, row, now, LOST)
                row.deleted_at = now

    async def _drop(self, key: str) -> None:
        try:
            await self._objects.delete([key])
        except StoreAway:
            log.warning("audio that was not taken is still to be deleted")  # as an object that no row knows


class _Reading:
    """Audio on its way into the store, counted and digested."""

    def __init__(self, pieces: AsyncIterator[bytes], most: int) -> None:
        self.count = 0
        self._pieces = pieces
        self._most = most
        self._digest = hashlib.sha256()

    @property
    def sha256(self) -> str:
        return self._digest.hexdigest()

    def check(self, said: str | None) -> None:
        if said is not None and said != self.sha256:
            raise UploadRefused(422, "upload.digest", "Expected the audio its sha256 is of; other audio came.")

    async def pieces(self) -> AsyncIterator[bytes]:
        async for piece in self._pieces:
            self.count += len(piece)
            if self.count > self._most:
                raise too_large(self._most)
            self._digest.update(piece)
            yield piece


def too_large(most: int) -> UploadRefused:
    return UploadRefused(
        413,
        "upload.too_large",
        f"Expected a file of at most {most // MIB} MB; a larger one came. Send it as an MP3, or a part of it.",
    )


def fit_name(name: str | None) -> str | None:
    """A file's name as it is kept and shown: its last part, printable, and short enough to be a file's name again."""
    if name is None:
        return None
    last = name.replace("\\", "/").rpartition("/")[2]
    clean = "".join(letter if letter.isprintable() else "\ufffd" for letter in last).strip(" .")
    if len(clean) > NAME_LENGTH:
        clean = f"{clean[: NAME_LENGTH - 31]}…{clean[-30:]}"
    while len(clean.encode()) > 2 * NAME_LENGTH:
        clean = clean[1:]
    return clean or None


async def _looked_at(pieces: AsyncIterator[bytes]) -> tuple[AudioKind, AsyncIterator[bytes]]:
    """What kind comes, and all of it."""
    head = bytearray()
    async for piece in pieces:
        head += piece
        if len(head) >= HEAD_BYTES:
            break
    if not head:
        raise UploadRefused(422, "upload.empty", "Expected a WAV or MP3 file; an empty one came.")
    kind = kind_of(bytes(head))
    if kind is None:
        raise UploadRefused(
            415,
            "upload.kind",
            "Expected a WAV or MP3 file, whatever its name; another kind came. Export it as one of them.",
        )

    async def whole() -> AsyncIterator[bytes]:
        yield bytes(head)
        async for piece in pieces:
            yield piece

    return kind, whole()


def _again(there: Upload, sha256: str) -> Taken:
    if there.sha256 != sha256:
        raise UploadRefused(409, "upload.other", "Other audio was sent under this id; take another id for it.")
    return Taken(there, new=False)


async def _project(session: AsyncSession, account_id: str, arriving: Arriving) -> tuple[str, str | None]:
    """The key and the name of what it is a version of: a project that is there, one that is named, or a new one."""
    if arriving.project_id is not None:
        mine = (ProjectRow.account_id == account_id) & (ProjectRow.id == arriving.project_id)
        is_one = re.fullmatch(ROW_ID, arriving.project_id) is not None
        row = await session.scalar(select(ProjectRow).where(mine)) if is_one else None
        if row is None:
            raise UploadRefused(422, "upload.project", "Expected a project of yours; it may have been deleted.")
        return row.key, row.name
    own = hashlib.sha256(json.dumps(["upload", account_id, arriving.id]).encode()).hexdigest()
    return arriving.project_key or own, fit_name(arriving.project_name)


async def _wait_in_line(session: AsyncSession, account_id: str) -> None:
    """Have others of the account wait.

    Raises
    ------
    UploadRefused
        410: the account is gone.
    """
    if not await in_line(session, account_id):
        raise UploadRefused(410, "account.gone", "This account was deleted, and the audio with it.")


def _one(account_id: str, upload_id: str) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return UploadRow.account_id == account_id, UploadRow.id == upload_id


def _upload(row: UploadRow) -> Upload:
    facts: dict[str, Any] = {name: getattr(row, name) for name in Upload.__dataclass_fields__}
    return Upload(**facts)
