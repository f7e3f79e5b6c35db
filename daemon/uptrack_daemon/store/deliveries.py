"""Feedback on its way: kept until the DAW it is for says what it placed, however often either side restarts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import delete, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from uptrack_daemon.store.models import DeliveryRow, new_id
from uptrack_daemon.store.store import Store


@dataclass(frozen=True, slots=True)
class NewDelivery:
    """Feedback for one DAW, ``instance`` being the name it keeps over reconnects."""

    instance: str
    host: str
    payload: str
    """The ``feedback`` message as JSON text."""
    id: str = field(default_factory=new_id)


@dataclass(frozen=True, slots=True)
class Delivery:
    id: str
    report_id: str
    run_id: str
    job_id: str
    instance: str
    host: str
    payload: str
    """Empty once acknowledged: the report has it all, and less text to erase."""
    created_at: datetime
    sends: int
    acknowledged_at: datetime | None
    placed: int | None
    skipped: int | None


class Deliveries:
    """The deliveries of one store; they are added together with their report."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def pending(self, instance: str | None = None, *, host: str | None = None) -> list[Delivery]:
        """What has not been acknowledged, oldest first; of one DAW, or of all."""
        query = (
            select(DeliveryRow)
            .where(DeliveryRow.acknowledged_at.is_(None))
            .order_by(DeliveryRow.created_at, DeliveryRow.id)
        )
        if instance is not None:
            query = query.where(DeliveryRow.instance == instance)
        if host is not None:
            query = query.where(DeliveryRow.host == host)
        async with self._store.reading() as session:
            return [_delivery(row) for row in await session.scalars(query)]

    async def of_run(self, run_id: str) -> list[Delivery]:
        async with self._store.reading() as session:
            rows = await session.scalars(select(DeliveryRow).where(DeliveryRow.run_id == run_id))
            return [_delivery(row) for row in rows]

    async def sent(self, delivery_id: str) -> int:
        """Count one sending; answers how often it has been sent by now, 0 if there is no such delivery."""
        counted = (
            update(DeliveryRow)
            .where(DeliveryRow.id == delivery_id)
            .values(sends=DeliveryRow.sends + 1)
            .returning(DeliveryRow.sends)
        )
        async with self._store.writing() as session:
            return (await session.execute(counted)).scalar_one_or_none() or 0

    async def acknowledge(self, run_id: str, instance: str, *, placed: int, skipped: int) -> bool:
        """Note what the DAW holds of a run; true the first time, false when repeated or when nothing was sent to it."""
        noted = (
            update(DeliveryRow)
            .where(
                DeliveryRow.run_id == run_id,
                DeliveryRow.instance == instance,
                DeliveryRow.acknowledged_at.is_(None),
            )
            .values(acknowledged_at=self._store.clock(), placed=placed, skipped=skipped, payload="")
            .returning(DeliveryRow.id)
        )
        async with self._store.writing() as session:
            return bool((await session.execute(noted)).all())

    async def forget(self, *, created_before: datetime) -> int:
        """Drop what was made before then, acknowledged or not: a DAW that never came back. Reports stay."""
        gone = delete(DeliveryRow).where(DeliveryRow.created_at < created_before).returning(DeliveryRow.id)
        async with self._store.writing() as session:
            return len((await session.execute(gone)).all())


def add_deliveries(
    session: AsyncSession,
    report_id: str,
    run_id: str,
    job_id: str,
    deliveries: Sequence[NewDelivery],
    now: datetime,
) -> None:
    """Add the deliveries of one report to an open transaction that already holds the report."""
    for delivery in deliveries:
        session.add(
            DeliveryRow(
                id=delivery.id,
                report_id=report_id,
                run_id=run_id,
                job_id=job_id,
                instance=delivery.instance,
                host=delivery.host,
                payload=delivery.payload,
                created_at=now,
                sends=0,
            )
        )


def _delivery(row: DeliveryRow) -> Delivery:
    return Delivery(
        id=row.id,
        report_id=row.report_id,
        run_id=row.run_id,
        job_id=row.job_id,
        instance=row.instance,
        host=row.host,
        payload=row.payload,
        created_at=row.created_at,
        sends=row.sends,
        acknowledged_at=row.acknowledged_at,
        placed=row.placed,
        skipped=row.skipped,
    )
