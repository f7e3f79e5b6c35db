"""What the account is to be told of each report: that it is there, or that it is gone; and what was decided.

One row a report, written in the transaction that makes or erases the report, so that neither is without the other.
Where the machine is not linked no row is written, and nothing ever leaves. A row is a wish, not a message: carried out
twice it leaves the account as carried out once, so a crash at any moment repeats at most what was done already.

Where its owner has chosen to send a report's audio, too, its row says how far that is; it goes after all reports.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, cast

from sqlalchemy import ColumnElement, Select, case, delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from uptrack_bridges.account_changes import Decision
from uptrack_daemon.store.account_links import link_row
from uptrack_daemon.store.decisions import (
    decision_of,
    decision_with,
    hear,
    is_new_project,
    take_over,
    wish_decisions,
)
from uptrack_daemon.store.models import AccountFeedRow, OutboxRow, ReportRow
from uptrack_daemon.store.store import Store

Wish = Literal["kept", "gone", "left", "decided"]
"""A report that is to be there, or not any more; one that the account has deleted, and is left alone; a decision."""


_IN_ORDER = (OutboxRow.created_at, OutboxRow.wish == "decided", OutboxRow.report_id)
"""A report before what was decided about it: the account knows projects by their reports."""


_AUDIO_WAITS = OutboxRow.audio.in_(("wished", "tried"))
_AUDIO_MAY_BE_THERE = OutboxRow.audio.in_(("tried", "there"))
_AUDIO_NO_MORE = case((_AUDIO_MAY_BE_THERE, "there"), (OutboxRow.audio == "wished", None), else_=OutboxRow.audio)
"""What becomes of audio that is not to be sent any more."""


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A wish that is to be carried out."""

    report_id: str
    """Or a decision's, where it is one."""
    wish: Wish
    attempts: int
    audio: bool = False
    """The account may have its audio, too."""


@dataclass(frozen=True, slots=True)
class OutboxCounts:
    waiting: int
    sent: int
    refused: int
    last_sentence: str | None
    """Why the last one that was tried did not arrive, or was refused."""
    audio_waiting: int
    """Reports whose audio is still to be sent."""
    audio_refused: int


class Outbox:
    """The outbox of one store."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def due(self, *, now: datetime | None = None) -> Outgoing | None:
        """The oldest that is due; with ``now=None`` also those that were put off."""
        query = select(OutboxRow).where(OutboxRow.done_at.is_(None)).order_by(*_IN_ORDER)
        if now is not None:
            query = query.where(OutboxRow.due_at <= now)
        async with self._store.reading() as session:
            row = (await session.scalars(query.limit(1))).one_or_none()
            return None if row is None else _outgoing(row)

    async def waiting(self, *, everything: bool = False) -> list[Outgoing]:
        """All that is to be carried out, in order; ``everything`` as if ``add_all`` had been called."""
        query = select(OutboxRow).order_by(*_IN_ORDER)
        wanted = OutboxRow.done_at.is_(None) | OutboxRow.refused if everything else OutboxRow.done_at.is_(None)
        there = select(OutboxRow.report_id)
        more = select(ReportRow.id).where(ReportRow.passage_of.is_(None), ReportRow.id.not_in(there))
        async with self._store.reading() as session:
            found = [_outgoing(row) for row in await session.scalars(query.where(wanted))]
            if everything:
                ids = await session.scalars(more.order_by(ReportRow.created_at, ReportRow.id))
                found += [Outgoing(report_id, "kept", 0) for report_id in ids]
        return found

    async def trying(self, outgoing: Outgoing) -> bool:
        """Note that it goes out now: from here on the account may have it. False if it is not wished any more."""
        noted = (
            update(OutboxRow)
            .where(OutboxRow.report_id == outgoing.report_id, OutboxRow.wish == outgoing.wish)
            .where(OutboxRow.done_at.is_(None))
            .values(attempts=OutboxRow.attempts + 1)
            .returning(OutboxRow.report_id)
        )
        async with self._store.writing() as session:
            return (await session.execute(noted)).one_or_none() is not None

    async def done(self, outgoing: Outgoing, *, refused: str | None = None) -> None:
        """The account has carried it out, or will not, for a reason; a wish that has changed meanwhile stays."""
        mine = (OutboxRow.report_id == outgoing.report_id) & (OutboxRow.wish == outgoing.wish)
        async with self._store.writing() as session:
            if outgoing.wish == "gone":
                await session.execute(delete(OutboxRow).where(mine))
            else:
                values = {"done_at": self._store.clock(), "sentence": refused, "refused": refused is not None}
                await session.execute(update(OutboxRow).where(mine).values(**values))

    async def left(self, report_id: str) -> None:
        """The account has deleted a report: it is not sent again."""
        async with self._store.writing() as session:
            await leave_deleted(session, [report_id], self._store.clock())

    async def add(self, report_id: str) -> None:
        """Wish that one report be there, also one from before the link or one that was refused."""
        now = self._store.clock()
        mine = OutboxRow.report_id == report_id
        async with self._store.writing() as session:
            if await link_row(session) is None:
                return
            again = update(OutboxRow).where(mine, OutboxRow.refused)
            await session.execute(again.values(done_at=None, refused=False, sentence=None, due_at=now))
            if await session.get(OutboxRow, report_id) is None:
                await add_to_outbox(session, report_id, None, now)

    async def is_there(self, report_id: str) -> bool:
        """Whether the account has taken the report, and still has it as far as is known here."""
        mine = OutboxRow.report_id == report_id
        async with self._store.reading() as session:
            return await session.scalar(select(OutboxRow.report_id).where(mine, *_arrived())) is not None

    async def sentence(self, report_id: str) -> str | None:
        """Why it was refused, or did not arrive."""
        async with self._store.reading() as session:
            return await session.scalar(select(OutboxRow.sentence).where(OutboxRow.report_id == report_id))

    async def audio_waiting(self, *, due_by: datetime | None = None) -> list[str]:
        """Reports whose audio is to be sent, the oldest first; those alone that are there, or everything.

        Parameters
        ----------
        due_by : datetime, optional
            Only what can be sent by then: its report is there, and it was not put off for longer.
        """
        query = select(OutboxRow.report_id).where(_AUDIO_WAITS, OutboxRow.wish == "kept").order_by(*_IN_ORDER)
        if due_by is not None:
            query = query.where(*_arrived(), OutboxRow.due_at <= due_by)
        async with self._store.reading() as session:
            return list(await session.scalars(query))

    async def audio_trying(self, report_id: str) -> bool:
        """Note that its audio goes out now: from here on the account may have it. False if its report is not there."""
        mine = OutboxRow.report_id == report_id
        noted = update(OutboxRow).where(mine, *_arrived()).values(audio=case((_AUDIO_WAITS, "tried"), else_="there"))
        async with self._store.writing() as session:
            return (await session.execute(noted.returning(OutboxRow.report_id))).one_or_none() is not None

    async def audio_may_go_on(self, report_id: str) -> bool:
        """Whether what was begun is still wished: not once it was erased, deleted there, or the machine unlinked."""
        mine = (OutboxRow.report_id == report_id) & _AUDIO_MAY_BE_THERE & (OutboxRow.wish == "kept")
        async with self._store.reading() as session:
            return await session.scalar(select(OutboxRow.report_id).where(mine)) is not None

    async def audio_done(self, report_id: str, *, refused: str | None = None) -> None:
        """The account has its audio, or will not, for a reason."""
        mine = (OutboxRow.report_id == report_id) & OutboxRow.audio.is_not(None) & (OutboxRow.wish == "kept")
        values = {"audio": "there" if refused is None else "refused", "sentence": refused}
        async with self._store.writing() as session:
            await session.execute(update(OutboxRow).where(mine).values(**values))

    async def audio_put_off(self, report_id: str, until: datetime, sentence: str) -> None:
        mine = (OutboxRow.report_id == report_id) & _AUDIO_WAITS
        async with self._store.writing() as session:
            await session.execute(update(OutboxRow).where(mine).values(due_at=until, sentence=sentence))

    async def drop_audio(self) -> None:
        """Send no audio that waits: its owner has taken the choice back."""
        if not await self.audio_waiting():
            return
        async with self._store.writing() as session:
            waiting = update(OutboxRow).where(_AUDIO_WAITS)
            await session.execute(waiting.values(audio=_AUDIO_NO_MORE, sentence=None))

    async def decision(self, decision_id: str) -> tuple[str, Decision] | None:
        """What is to be said, with its project; ``None`` if that was forgotten meanwhile."""
        async with self._store.reading() as session:
            row = await decision_with(session, decision_id)
            return None if row is None else (row.project_key, decision_of(row))

    async def said(self, decision_id: str, sent: Decision, standing: Decision | None) -> None:
        """The account has heard a decision; another that was made meanwhile still waits.

        Parameters
        ----------
        standing : Decision or None
            What counts there now, and so here; ``None`` where it has no such project, or will not have it.
        """
        now = self._store.clock()
        async with self._store.writing() as session:
            row = await decision_with(session, decision_id)
            unchanged = row is not None and decision_of(row) == sent
            if row is None or unchanged:
                await session.execute(delete(OutboxRow).where(OutboxRow.report_id == decision_id))
            if row is not None and standing is not None:
                keep = take_over if unchanged else hear
                await keep(session, row.project_key, standing, now)

    async def put_off(self, outgoing: Outgoing, until: datetime, sentence: str) -> None:
        async with self._store.writing() as session:
            mine = OutboxRow.report_id == outgoing.report_id
            await session.execute(update(OutboxRow).where(mine).values(due_at=until, sentence=sentence))

    async def add_all(self) -> int:
        """Wish that all reports be there, also those from before the link and those refused; how many are new."""
        now = self._store.clock()
        async with self._store.writing() as session:
            if await link_row(session) is None:
                return 0
            await session.execute(
                update(OutboxRow)
                .where(OutboxRow.refused)
                .values(done_at=None, refused=False, sentence=None, due_at=now)
            )
            there = select(OutboxRow.report_id)
            ids = await session.scalars(
                select(ReportRow.id).where(ReportRow.passage_of.is_(None), ReportRow.id.not_in(there))
            )
            new = ids.all()
            for report_id in new:
                session.add(_row(report_id, "kept", now))
            await session.flush()
            await wish_decisions(session, now)
            return len(new)

    async def counts(self) -> OutboxCounts:
        async with self._store.reading() as session:
            rows = await session.execute(
                select(OutboxRow.done_at.is_not(None), OutboxRow.refused, func.count())
                .where(OutboxRow.wish != "left")
                .group_by(OutboxRow.done_at.is_not(None), OutboxRow.refused)
            )
            found = {(bool(done), bool(refused)): count for done, refused, count in rows}
            sentence = await session.scalar(
                select(OutboxRow.sentence)
                .where(OutboxRow.sentence.is_not(None))
                .order_by(OutboxRow.due_at.desc(), OutboxRow.report_id)
                .limit(1)
            )
            audio = await session.execute(
                select(OutboxRow.audio, func.count()).where(OutboxRow.wish == "kept").group_by(OutboxRow.audio)
            )
            of_audio = {row[0]: row[1] for row in audio}
        return OutboxCounts(
            waiting=found.get((False, False), 0) + found.get((False, True), 0),
            sent=found.get((True, False), 0),
            refused=found.get((True, True), 0),
            last_sentence=sentence,
            audio_waiting=of_audio.get("wished", 0) + of_audio.get("tried", 0),
            audio_refused=of_audio.get("refused", 0),
        )


async def add_to_outbox(
    session: AsyncSession, report_id: str, passage_of: str | None, now: datetime, *, audio: bool = False
) -> None:
    """Within the transaction that stores a report. A passage is no version of its project, and is not sent.

    Parameters
    ----------
    audio : bool
        Its owner has set that its audio be sent, too.
    """
    if passage_of is None and await link_row(session) is not None:
        row = _row(report_id, "kept", now)
        row.audio = "wished" if audio else None
        session.add(row)
        key = (await session.scalars(select(ReportRow.project_key).where(ReportRow.id == report_id))).one()
        await wish_decisions(session, now, key)
        feed = await session.get(AccountFeedRow, 1)
        if feed is not None and await is_new_project(session, key):
            feed.cursor = None  # what the account knows of this project was of no interest before


async def leave_deleted(session: AsyncSession, report_ids: Sequence[str], now: datetime) -> None:
    """Within the transaction that hears of it: the account has deleted reports, and is not to get them again."""
    mine = OutboxRow.report_id.in_(report_ids)
    gone = (OutboxRow.wish == "gone") & _AUDIO_MAY_BE_THERE.is_not(True)  # of those with audio that is yet to go
    await session.execute(delete(OutboxRow).where(mine, gone))
    left = {"wish": "left", "done_at": now, "refused": False, "sentence": None, "audio": _AUDIO_NO_MORE}
    await session.execute(update(OutboxRow).where(mine, OutboxRow.wish == "kept").values(**left))
    noted = select(OutboxRow.report_id).where(mine)
    here = select(ReportRow.id).where(ReportRow.id.in_(report_ids), ReportRow.passage_of.is_(None))
    for report_id in (await session.scalars(here.where(ReportRow.id.not_in(noted)))).all():
        row = _row(report_id, "left", now)
        row.done_at = now
        session.add(row)


async def take_back(
    session: AsyncSession, report_ids: Sequence[str] | Select[Any], now: datetime, *, keep: bool = False
) -> int:
    """Within the transaction that erases reports: have the account do the same with those it may have.

    Parameters
    ----------
    keep : bool
        Leave there what is there.

    Returns
    -------
    int
        How many are to be deleted there.
    """
    mine = OutboxRow.report_id.in_(report_ids)
    if keep:
        await session.execute(delete(OutboxRow).where(mine))
        return 0
    # One that the account has deleted may have left its audio there.
    never_there = ((OutboxRow.attempts == 0) | (OutboxRow.wish == "left")) & _AUDIO_MAY_BE_THERE.is_not(True)
    await session.execute(delete(OutboxRow).where(mine, never_there))
    changed = (
        update(OutboxRow)
        .where(mine)
        .values(wish="gone", done_at=None, refused=False, sentence=None, due_at=now, attempts=0, audio=_AUDIO_NO_MORE)
        .returning(OutboxRow.report_id)
    )
    return len((await session.execute(changed)).all())


def _arrived() -> tuple[ColumnElement[bool], ...]:
    return OutboxRow.wish == "kept", OutboxRow.done_at.is_not(None), OutboxRow.refused.is_(False)


def _outgoing(row: OutboxRow) -> Outgoing:
    may_be_there = row.audio in ("tried", "there")
    return Outgoing(row.report_id, cast("Wish", row.wish), row.attempts, may_be_there)


def _row(report_id: str, wish: Wish, now: datetime) -> OutboxRow:
    return OutboxRow(report_id=report_id, wish=wish, attempts=0, created_at=now, due_at=now, refused=False)
