"""Reports that machines have put here: kept as they came, once each, by project and version, until they are deleted.

A report is immutable, so its id and the digest of its document say all: the same again changes nothing, another under
the same id is refused, and what was deleted does not come back. One that a newer UpTrack has made is kept though it
cannot be read here yet. All that one account does to its reports waits in line on the account's row.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import hashlib
import json
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from pydantic import ValidationError
from sqlalchemy import ColumnElement, delete, func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from uptrack_account.errors import AccountError, ReportRefused
from uptrack_account.machines.changes import Changes
from uptrack_account.machines.devices import still_linked
from uptrack_account.store import Database, in_line
from uptrack_account.store.models import DeletedReportRow, ProjectRow, ReportRow
from uptrack_analysis import __version__
from uptrack_analysis.report import SCHEMA, Report, from_json
from uptrack_bridges.account import ListedReport, ReportList, ReportProject, ReportUpload

NEWER = "A newer UpTrack has made this report. It is kept as it is, and can be read here once this site is updated."
NO_REPORT = "There is no such report. It may have been deleted."
_SCHEMA = re.compile(r"uptrack\.report/([1-9]\d{0,5})")
_ENGINE = re.compile(r"[\w.+-]{1,40}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Looked:
    """What a document says of itself."""

    schema: str
    engine: str
    report: Report | None
    """``None`` for a newer one than is known here."""


@dataclass(frozen=True, slots=True)
class Kept:
    new: bool
    readable: bool


@dataclass(frozen=True, slots=True)
class Version:
    """One report, without its document."""

    id: str
    project_id: str
    project_name: str | None
    made_at: datetime
    received_at: datetime
    name: str | None
    score: float | None
    coverage: float | None
    genre: str | None
    target: str | None
    engine: str
    readable: bool
    sha256: str
    """Of the document; ``source_sha256`` is of the mix."""
    source_sha256: str | None


@dataclass(frozen=True, slots=True)
class StoredReport:
    version: Version
    document: str
    report: Report | None
    """``None`` if it cannot be read here."""


@dataclass(frozen=True, slots=True)
class Project:
    """A project with its latest version."""

    id: str
    name: str | None
    versions: int
    latest: Version


def look(document: str) -> Looked:
    """Read a document.

    Raises
    ------
    ReportRefused
        422: it is no report.
    """
    try:
        head = json.loads(document, parse_constant=_no_number)
        schema, engine = _SCHEMA.fullmatch(head["schema"]), _ENGINE.fullmatch(head["engine"]["version"])
    except (ValueError, TypeError, KeyError, RecursionError):
        schema = engine = None
    if schema is None or engine is None:
        raise ReportRefused(
            422, "report.unreadable", f"Expected a report, as `uptrack analyze --json` prints one ({SCHEMA})."
        )
    if int(schema[1]) > int(SCHEMA.rpartition("/")[2]):
        return Looked(schema[0], engine[0], None)
    try:
        return Looked(schema[0], engine[0], from_json(document))
    except ValidationError as error:
        if _release(engine[0]) > _release(__version__):
            return Looked(schema[0], engine[0], None)
        where = ".".join(str(part) for part in error.errors()[0]["loc"])[:200]
        raise ReportRefused(
            422, "report.unreadable", f"Expected a report of {SCHEMA}, but {where or 'it'} is not as it should be."
        ) from None


class Reports:
    """The reports of all accounts; each question names whose."""

    def __init__(self, database: Database, changes: Changes) -> None:
        self._database = database
        self._changes = changes

    async def put(self, account_id: str, device_id: str | None, report_id: str, upload: ReportUpload) -> Kept:
        """Keep one; the same again is fine.

        Raises
        ------
        ReportRefused
            422 no report, or not the one its digest says; 409 another has its id; 410 it was deleted.
        """
        if hashlib.sha256(upload.document.encode()).hexdigest() != upload.sha256:
            raise ReportRefused(422, "report.digest", "Expected the document its sha256 is of; another came.")
        looked = await asyncio.to_thread(look, upload.document)
        async with self._database.writing() as session:
            await in_line(session, account_id)
            return await self.put_in(session, account_id, device_id, report_id, upload, looked)

    async def put_in(
        self,
        session: AsyncSession,
        account_id: str,
        device_id: str | None,
        report_id: str,
        upload: ReportUpload,
        looked: Looked,
    ) -> Kept:
        """``put`` of what was looked at, in a transaction in which others of the account wait already."""
        there = await session.scalar(select(ReportRow).where(*_one(account_id, report_id)))
        if there is not None:
            if there.sha256 != upload.sha256:
                raise ReportRefused(
                    409, "report.other", "Another report is kept under this id; a report never changes."
                )
            return Kept(new=False, readable=there.readable)
        if await session.get(DeletedReportRow, (account_id, report_id)) is not None:
            raise ReportRefused(410, "report.deleted", "This report was deleted from the account.")
        now = self._database.clock()
        project_id = await _project(session, account_id, upload.project, now)
        device = await still_linked(session, device_id)
        session.add(_row(account_id, device, report_id, project_id, upload, looked, now))
        return Kept(new=True, readable=looked.report is not None)

    async def listed(self, account_id: str, *, limit: int, after: str | None = None) -> ReportList:
        """In the order in which they came.

        Raises
        ------
        AccountError
            ``after`` is nothing we gave out.
        """
        query = _versions().where(ReportRow.account_id == account_id)
        if after is not None:
            at, last = _place(after)
            then = (ReportRow.received_at == at) & (ReportRow.id > last)
            query = query.where((ReportRow.received_at > at) | then)
        query = query.order_by(ReportRow.received_at, ReportRow.id).limit(limit + 1)
        async with self._database.reading() as session:
            found = [_version(row) for row in await session.execute(query)]
        listed = [
            ListedReport(
                id=one.id,
                sha256=one.sha256,
                made_at=one.made_at,
                received_at=one.received_at,
                project=one.project_name,
                name=one.name,
                score=one.score,
                readable=one.readable,
            )
            for one in found[:limit]
        ]
        return ReportList(reports=listed, next=_cursor(found[limit - 1]) if len(found) > limit else None)

    async def get(self, account_id: str, report_id: str) -> StoredReport | None:
        """One, read; ``None`` if there is none of that account's."""
        mine = _one(account_id, report_id)
        async with self._database.reading() as session:
            row = (await session.execute(_versions().where(*mine))).one_or_none()
            if row is None:
                return None
            document = (await session.scalars(select(ReportRow.document).where(*mine))).one()
        version = _version(row)
        # One that could not be read when it came is looked at again: the site may have been updated since.
        try:
            report = (await asyncio.to_thread(look, document)).report
        except ReportRefused:
            report = None
        return StoredReport(version, document, report)

    async def delete(self, account_id: str, report_id: str) -> bool:
        """Delete one for good; whether it was there. One that is still on its way will not be kept."""
        now = self._database.clock()
        async with self._database.writing() as session:
            await in_line(session, account_id)
            gone = (
                await session.execute(
                    delete(ReportRow).where(*_one(account_id, report_id)).returning(ReportRow.project_id)
                )
            ).scalar_one_or_none()
            buried = self._database.insert(DeletedReportRow).values(account_id=account_id, id=report_id, deleted_at=now)
            new = await session.execute(buried.on_conflict_do_nothing().returning(DeletedReportRow.id))
            if new.one_or_none() is not None:
                await self._changes.note(session, account_id, "report_deleted", report=report_id)
            if gone is not None:
                left = select(ReportRow.project_id).where(ReportRow.project_id == gone)
                await session.execute(delete(ProjectRow).where(ProjectRow.id == gone, ProjectRow.id.not_in(left)))
            return gone is not None

    async def projects(self, account_id: str) -> list[Project]:
        """All, each with its latest version, the one that was worked on last first."""
        # By the index, a project at a time: an account of years has a hundred thousand reports, and few projects.
        one = aliased(ReportRow)
        of_project = one.project_id == ProjectRow.id
        latest = select(one.id).where(of_project).order_by(one.made_at.desc(), one.received_at.desc(), one.id.desc())
        count = select(func.count()).select_from(one).where(of_project)
        picked = (
            select(
                latest.limit(1).correlate(ProjectRow).scalar_subquery().label("latest"),
                count.correlate(ProjectRow).scalar_subquery().label("versions"),
            )
            .where(ProjectRow.account_id == account_id)
            .cte("picked")
            .prefix_with("MATERIALIZED")  # or SQLite picks anew for every report
        )
        query = (
            _versions()
            .add_columns(picked.c.versions)
            .join(picked, picked.c.latest == ReportRow.id)
            .where(ReportRow.account_id == account_id)
            .order_by(ReportRow.made_at.desc(), ReportRow.id.desc())
        )
        async with self._database.reading() as session:
            rows = (await session.execute(query)).all()
        return [
            Project(version.project_id, version.project_name, row.versions, version)
            for row in rows
            for version in [_version(row)]
        ]

    async def versions(self, account_id: str, project_id: str) -> list[Version]:
        """All of a project, the latest first; empty if it is none of that account's."""
        query = (
            _versions()
            .where(ReportRow.account_id == account_id, ReportRow.project_id == project_id)
            .order_by(ReportRow.made_at.desc(), ReportRow.received_at.desc(), ReportRow.id.desc())
        )
        async with self._database.reading() as session:
            return [_version(row) for row in await session.execute(query)]


def _one(account_id: str, report_id: str) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return ReportRow.account_id == account_id, ReportRow.id == report_id


async def _project(session: AsyncSession, account_id: str, said: ReportProject, now: datetime) -> str:
    name = None if said.name is None else _told(said.name)
    row = await session.scalar(
        select(ProjectRow).where(ProjectRow.account_id == account_id, ProjectRow.key == said.key)
    )
    if row is None:
        row = ProjectRow(account_id=account_id, key=said.key, name=name, created_at=now)
        session.add(row)
        await session.flush()
    elif name is not None:
        row.name = name
    return row.id


def _row(
    account_id: str,
    device_id: str | None,
    report_id: str,
    project_id: str,
    upload: ReportUpload,
    looked: Looked,
    now: datetime,
) -> ReportRow:
    report = looked.report
    return ReportRow(
        account_id=account_id,
        id=report_id,
        project_id=project_id,
        device_id=device_id,
        made_at=upload.made_at,
        received_at=now,
        sha256=upload.sha256,
        schema=looked.schema,
        engine=looked.engine,
        readable=report is not None,
        source_sha256=_told(report.source.sha256)[:64] if report else None,
        source_name=_told(report.source.name) if report else None,
        score=report.score.overall if report else None,
        coverage=report.score.coverage if report else None,
        genre=_told(report.context.genre.name)[:80] if report else None,
        target=report.context.target if report else None,
        document=upload.document,
    )


def _versions() -> Any:
    """Rows that ``_version`` reads: a list need not load the documents."""
    return select(
        ReportRow.id,
        ReportRow.project_id,
        ProjectRow.name.label("project_name"),
        ReportRow.made_at,
        ReportRow.received_at,
        ReportRow.source_name,
        ReportRow.score,
        ReportRow.coverage,
        ReportRow.genre,
        ReportRow.target,
        ReportRow.engine,
        ReportRow.readable,
        ReportRow.sha256,
        ReportRow.source_sha256,
    ).join(ProjectRow, ProjectRow.id == ReportRow.project_id)


def _version(row: Any) -> Version:
    return Version(
        id=row.id,
        project_id=row.project_id,
        project_name=row.project_name,
        made_at=row.made_at,
        received_at=row.received_at,
        name=row.source_name,
        score=row.score,
        coverage=row.coverage,
        genre=row.genre,
        target=row.target,
        engine=row.engine,
        readable=row.readable,
        sha256=row.sha256,
        source_sha256=row.source_sha256,
    )


def _cursor(version: Version) -> str:
    return base64.urlsafe_b64encode(f"{version.received_at.isoformat()} {version.id}".encode()).decode()


def _place(cursor: str) -> tuple[datetime, str]:
    try:
        when, _, report_id = base64.urlsafe_b64decode(cursor.encode()).decode("ascii").partition(" ")
        said = datetime.fromisoformat(when)
        at = None if said.tzinfo is None else said.astimezone(UTC)
    except (ValueError, OverflowError, binascii.Error):
        at, report_id = None, ""
    if at is None or not re.fullmatch(r"[0-9a-f]{1,32}", report_id):
        raise AccountError("Expected ?after= as the list before gave it in `next`.", code="account.cursor")
    return at, report_id


def _no_number(name: str) -> float:
    raise ValueError(name)  # Python reads NaN, which is no JSON


def _told(text: str) -> str:
    """A name as a database can hold it."""
    return "".join(letter if letter.isprintable() else "\ufffd" for letter in text)


def _release(version: str) -> tuple[int, ...]:
    """The numbers of a version, to be compared."""
    return tuple(int(part) for part in re.findall(r"\d+", version.partition("+")[0])[:3])
