"""Reports in the store: added with the job they answer, listed, found, shown, and erased for good."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from sqlalchemy import ColumnElement, delete, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from uptrack_analysis.errors import BadInput
from uptrack_bridges.messages import Project
from uptrack_daemon.projects import RunProject, folded, named, project_of
from uptrack_daemon.store.decisions import forget_projects
from uptrack_daemon.store.deliveries import NewDelivery, add_deliveries
from uptrack_daemon.store.dismissals import note_seen
from uptrack_daemon.store.fixes import note_outcomes
from uptrack_daemon.store.models import DeliveryRow, DismissalRow, JobRow, ReferenceProfileRow, ReportRow, new_id
from uptrack_daemon.store.outbox import add_to_outbox, take_back
from uptrack_daemon.store.store import Store

SHORTEST_PREFIX = 4
ENDED = ("done", "failed", "cancelled")


@dataclass(frozen=True, slots=True)
class NewReport:
    """A report about to be stored; the ids exist before, because feedback names them."""

    document: str
    """The report's JSON text, kept byte for byte."""
    job_id: str
    source_path: Path
    """Stays on this machine; the document itself holds only the name."""
    project_id: str | None = None
    project_name: str | None = None
    project_key: str | None = None
    """``None``: as ``projects`` makes it of the other two and the path."""
    passage_of: str | None = None
    """The run it is only a passage of."""
    dismissed: Mapping[str, str] = field(default_factory=dict[str, str])
    """Dismissal to the id its finding has in this run."""
    fixes: Mapping[str, str] = field(default_factory=dict[str, str])
    """Fix that waited for this run to what it showed of it."""
    audio: bool = False
    """Its owner has set that a linked account gets its audio, too."""
    id: str = field(default_factory=new_id)
    run_id: str = field(default_factory=new_id)


@dataclass(frozen=True, slots=True)
class ReportSummary:
    """What a list shows of one report."""

    id: str
    run_id: str
    job_id: str
    created_at: datetime
    source_name: str
    source_path: Path
    sha256: str
    score: float | None
    coverage: float
    genre: str
    target: str
    project_key: str
    project_id: str | None
    project_name: str | None
    passage_of: str | None


@dataclass(frozen=True, slots=True)
class StoredReport:
    summary: ReportSummary
    document: str


@dataclass(frozen=True, slots=True)
class Erased:
    """What is gone; ``traceless`` is false when a reader kept old pages of the log alive, which the next erasing or the
    end of the daemon takes away."""

    reports: int
    deliveries: int
    jobs: int
    traceless: bool
    on_account: int = 0
    """Reports that the account is to delete as well."""


class Reports:
    """The reports of one store."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def save(self, report: NewReport, deliveries: tuple[NewDelivery, ...] = ()) -> ReportSummary:
        """Store one report and what is to be delivered of it, all or nothing."""
        async with self._store.writing() as session:
            row = add_report(session, report, self._store.clock())
            await session.flush()
            await note_seen(session, report.id, report.dismissed, self._store.clock())
            await note_outcomes(session, report.id, report.fixes)
            await add_to_outbox(session, report.id, report.passage_of, self._store.clock(), audio=report.audio)
            add_deliveries(session, report.id, report.run_id, report.job_id, deliveries, self._store.clock())
        return summary_of(row)

    async def list(self, *, limit: int = 50, offset: int = 0, name: str | None = None) -> list[ReportSummary]:
        """Newest first, passages apart; ``name`` keeps those whose file or project name contains it, in any case."""
        query = (
            select(ReportRow)
            .where(ReportRow.passage_of.is_(None))
            .order_by(ReportRow.created_at.desc(), ReportRow.id)
            .limit(limit)
            .offset(offset)
        )
        if name is not None:
            query = query.where(_name_contains(name))
        async with self._store.reading() as session:
            return [summary_of(row) for row in await session.scalars(query)]

    async def count(self, *, name: str | None = None) -> int:
        query = select(func.count()).select_from(ReportRow).where(ReportRow.passage_of.is_(None))
        if name is not None:
            query = query.where(_name_contains(name))
        async with self._store.reading() as session:
            return (await session.scalars(query)).one()

    async def get(self, id_or_prefix: str) -> StoredReport:
        """One report by its id or the first few digits of it, or by the whole id of its run.

        Raises
        ------
        BadInput
            No report (code ``report.unknown``) or more than one (``report.ambiguous``) has that id.
        """
        async with self._store.reading() as session:
            row = await _find(session, id_or_prefix)
            return StoredReport(summary_of(row), row.document)

    async def version_before(
        self, project_key: str, sha256: str, *, before: datetime | None = None
    ) -> StoredReport | None:
        """The newest version of a project that is another file than ``sha256``; only older ones than ``before``."""
        query = (
            select(ReportRow)
            .where(ReportRow.project_key == project_key, ReportRow.sha256 != sha256, ReportRow.passage_of.is_(None))
            .order_by(ReportRow.created_at.desc(), ReportRow.id)
            .limit(1)
        )
        if before is not None:
            query = query.where(ReportRow.created_at < before)
        async with self._store.reading() as session:
            row = (await session.scalars(query)).one_or_none()
            return None if row is None else StoredReport(summary_of(row), row.document)

    async def of_run(self, run_id: str) -> StoredReport:
        """The report of a run; ``BadInput`` (code ``run.unknown``) if there is none."""
        async with self._store.reading() as session:
            row = (await session.scalars(select(ReportRow).where(ReportRow.run_id == run_id))).one_or_none()
            if row is None:
                raise BadInput(
                    f"No report belongs to the run {run_id[:60]!r}: it was erased, or is another store's.",
                    code="run.unknown",
                )
            return StoredReport(summary_of(row), row.document)

    async def documents(self, ids: Iterable[str]) -> dict[str, str]:
        """Those of the reports with these ids that are still there."""
        query = select(ReportRow.id, ReportRow.document).where(ReportRow.id.in_(set(ids)))
        async with self._store.reading() as session:
            return {row.id: row.document for row in await session.execute(query)}

    async def project_called(self, name: str) -> RunProject:
        """The project people call that: one that has runs already, the newest first, or one of that name."""
        meant = named(name)
        query = (
            select(ReportRow.project_key, ReportRow.project_name)
            .where(ReportRow.project_name.is_not(None))
            .group_by(ReportRow.project_key)
            .order_by(func.max(ReportRow.created_at).desc())
        )
        async with self._store.reading() as session:
            for key, known in await session.execute(query):
                if key == meant.key or folded(known or "") == folded(meant.name):
                    return RunProject(key, known or meant.name)
        return meant

    async def delete(self, id_or_prefix: str, *, keep_on_account: bool = False) -> Erased:
        """Erase one report with its passages, their deliveries and jobs, from the bytes of the store too.

        A linked account that may have it is to delete it as well, unless ``keep_on_account``.

        Raises
        ------
        BadInput
            As ``get``.
        """
        async with self._store.writing() as session:
            row = await _find(session, id_or_prefix)
            passages = (await session.scalars(select(ReportRow).where(ReportRow.passage_of == row.run_id))).all()
            gone = [row, *passages]
            deliveries = await _remove(session, DeliveryRow, DeliveryRow.report_id.in_([one.id for one in gone]))
            jobs = await _remove(session, JobRow, JobRow.id.in_([one.job_id for one in gone]))
            reports = await _remove(session, ReportRow, ReportRow.id.in_([one.id for one in gone]))
            left = select(func.count()).select_from(ReportRow).where(ReportRow.project_key == row.project_key)
            if not (await session.scalars(left)).one():
                # The project's name lives on in nothing else.
                await _remove(session, DismissalRow, DismissalRow.project_key == row.project_key)
                await forget_projects(session, row.project_key)
            ids = [one.id for one in gone]
            on_account = await take_back(session, ids, self._store.clock(), keep=keep_on_account)
        return Erased(reports, deliveries, jobs, await self._store.wipe_traces(), on_account)

    async def delete_all(self, *, keep_on_account: bool = False) -> Erased:
        """Erase every report, delivery and ended job, and what was dismissed or given as a reference.

        As ``delete``, what a linked account may have is to be deleted there, too.

        What is queued or running stays: its report is yet to come.
        """
        async with self._store.writing() as session:
            deliveries = await _remove(session, DeliveryRow)
            on_account = await take_back(session, select(ReportRow.id), self._store.clock(), keep=keep_on_account)
            reports = await _remove(session, ReportRow)
            await _remove(session, DismissalRow)
            await forget_projects(session)
            await _remove(session, ReferenceProfileRow)
            jobs = await _remove(session, JobRow, JobRow.state.in_(ENDED))
        return Erased(reports, deliveries, jobs, await self._store.wipe_traces(compact=True), on_account)


def add_report(session: AsyncSession, report: NewReport, now: datetime) -> ReportRow:
    """Add ``report`` to an open transaction; lists are fed from the document itself, so the two cannot disagree."""
    document = json.loads(report.document)
    source, context, score = document["source"], document["context"], document["score"]
    project = project_of(Project.model_construct(id=report.project_id, name=report.project_name), report.source_path)
    row = ReportRow(
        id=report.id,
        run_id=report.run_id,
        job_id=report.job_id,
        created_at=now,
        source_name=source["name"],
        search_name=_folded(f"{source['name']}\n{report.project_name or project.name}"),
        source_path=report.source_path,
        sha256=source["sha256"],
        score=score["overall"],
        coverage=score["coverage"],
        genre=context["genre"]["family"],
        target=context["target"],
        project_key=report.project_key or project.key,
        project_id=report.project_id,
        project_name=report.project_name or project.name,
        document=report.document,
        passage_of=report.passage_of,
    )
    session.add(row)
    return row


def summary_of(row: ReportRow) -> ReportSummary:
    return ReportSummary(
        id=row.id,
        run_id=row.run_id,
        job_id=row.job_id,
        created_at=row.created_at,
        source_name=row.source_name,
        source_path=row.source_path,
        sha256=row.sha256,
        score=row.score,
        coverage=row.coverage,
        genre=row.genre,
        target=row.target,
        project_key=row.project_key,
        project_id=row.project_id,
        project_name=row.project_name,
        passage_of=row.passage_of,
    )


async def _find(session: AsyncSession, id_or_prefix: str) -> ReportRow:
    wanted = id_or_prefix.strip().lower()
    if len(wanted) < SHORTEST_PREFIX or not set(wanted) <= set("0123456789abcdef"):
        raise BadInput(
            f"Expected a report's id or its first digits (at least {SHORTEST_PREFIX}, 0-9 and a-f), got "
            f"{id_or_prefix!r}; `uptrack reports list` shows them.",
            code="report.unknown",
        )
    either = or_(ReportRow.id.startswith(wanted), ReportRow.run_id == wanted)
    query = select(ReportRow).where(either).order_by(ReportRow.created_at.desc()).limit(4)
    rows = list(await session.scalars(query))
    if not rows:
        raise BadInput(
            f"No report's id begins with {wanted}; `uptrack reports list` shows those there are.", code="report.unknown"
        )
    if len(rows) > 1:
        some = ", ".join(f"{row.id} ({row.source_name})" for row in rows[:3])
        raise BadInput(
            f"More than one report's id begins with {wanted}: {some}; give more digits.", code="report.ambiguous"
        )
    return rows[0]


async def _remove(
    session: AsyncSession,
    table: type[ReportRow | DeliveryRow | DismissalRow | JobRow | ReferenceProfileRow],
    *which: ColumnElement[bool],
) -> int:
    gone = await session.execute(delete(table).where(*which).returning(table.id))
    return len(gone.all())


def _name_contains(name: str) -> ColumnElement[bool]:
    return ReportRow.search_name.contains(_folded(name), autoescape=True)


def _folded(name: str) -> str:
    # macOS hands out decomposed accents, everybody else composed ones.
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).casefold())
