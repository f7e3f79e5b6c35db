"""The register of audio we made ourselves; deleting the files is ``retention``'s work."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, select, update

from uptrack_daemon.store.models import ArtifactRow, JobRow
from uptrack_daemon.store.store import Store


@dataclass(frozen=True, slots=True)
class Artifact:
    """One file of the home's ``audio`` folder, by its bare name."""

    name: str
    created_at: datetime
    deadline: datetime
    job_id: str | None = None
    released_at: datetime | None = None
    """When its analysis ended."""
    in_use: bool = False
    """A queued or running job still needs it."""


class Artifacts:
    """The artifacts of one store."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def add(self, artifact: Artifact) -> None:
        async with self._store.writing() as session:
            session.add(
                ArtifactRow(
                    name=artifact.name,
                    job_id=artifact.job_id,
                    created_at=artifact.created_at,
                    deadline=artifact.deadline,
                    released_at=artifact.released_at,
                )
            )

    async def list(self) -> list[Artifact]:
        query = (
            select(ArtifactRow, JobRow.state)
            .join(JobRow, JobRow.id == ArtifactRow.job_id, isouter=True)
            .order_by(ArtifactRow.created_at, ArtifactRow.name)
        )
        async with self._store.reading() as session:
            return [
                Artifact(
                    name=row.name,
                    created_at=row.created_at,
                    deadline=row.deadline,
                    job_id=row.job_id,
                    released_at=row.released_at,
                    in_use=state in ("queued", "running"),
                )
                for row, state in await session.execute(query)
            ]

    async def used_by(self, name: str, job_id: str) -> None:
        """Note which job reads the file."""
        await self._set(name, job_id=job_id)

    async def released(self, name: str, at: datetime) -> None:
        await self._set(name, released_at=at)

    async def clamp(self, name: str, created_at: datetime, deadline: datetime) -> None:
        """Correct times that a change of the clock has made impossible."""
        await self._set(name, created_at=created_at, deadline=deadline)

    async def remove(self, name: str) -> None:
        """Forget a file that is gone; forgetting twice is fine."""
        async with self._store.writing() as session:
            await session.execute(delete(ArtifactRow).where(ArtifactRow.name == name))

    async def _set(self, name: str, **values: object) -> None:
        async with self._store.writing() as session:
            await session.execute(update(ArtifactRow).where(ArtifactRow.name == name).values(**values))
