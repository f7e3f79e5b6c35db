"""Reference profiles in the store: tracks under a name, as numbers; no audio and no path of theirs is kept."""

from __future__ import annotations

import builtins
import dataclasses
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache

from pydantic import TypeAdapter
from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from uptrack_analysis.errors import BadInput
from uptrack_analysis.reference_track import ReferenceTrack
from uptrack_daemon.projects import folded
from uptrack_daemon.store.models import ReferenceProfileRow, new_id
from uptrack_daemon.store.store import Store


@dataclass(frozen=True, slots=True)
class StoredReferences:
    name: str
    tracks: tuple[ReferenceTrack, ...]
    created_at: datetime


class References:
    """The reference profiles of one store; names are compared without case and separators."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def add(self, name: str, tracks: Sequence[ReferenceTrack]) -> StoredReferences:
        """Add tracks to the profile of that name, made if there is none; the same audio counts once."""
        async with self._store.writing() as session:
            row = await _find(session, name)
            if row is None:
                row = ReferenceProfileRow(
                    id=new_id(),
                    name=name.strip(),
                    folded_name=folded(name),
                    tracks="[]",
                    created_at=self._store.clock(),
                )
                session.add(row)
            once = {track.sha256: track for track in (*_read(row.tracks), *tracks)}
            row.tracks = json.dumps([dataclasses.asdict(track) for track in once.values()], allow_nan=False)
            await session.flush()
            return _stored(row)

    async def find(self, name: str) -> StoredReferences | None:
        async with self._store.reading() as session:
            row = await _find(session, name)
            return None if row is None else _stored(row)

    async def get(self, name: str) -> StoredReferences:
        """As ``find``; ``BadInput`` (code ``references.unknown``) if there is none of that name."""
        found = await self.find(name)
        if found is None:
            raise BadInput(
                f"No reference profile is called {name[:80]!r}; `uptrack references list` shows those there are.",
                code="references.unknown",
            )
        return found

    async def list(self) -> builtins.list[StoredReferences]:
        """All of them, by name."""
        query = select(ReferenceProfileRow).order_by(ReferenceProfileRow.folded_name)
        async with self._store.reading() as session:
            return [_stored(row) for row in await session.scalars(query)]

    async def delete(self, name: str) -> bool:
        """Erase one, from the bytes of the store too; false if there is none."""
        gone = delete(ReferenceProfileRow).where(ReferenceProfileRow.folded_name == folded(name))
        async with self._store.writing() as session:
            found = bool((await session.scalars(gone.returning(ReferenceProfileRow.id))).all())
        await self._store.wipe_traces()
        return found


async def _find(session: AsyncSession, name: str) -> ReferenceProfileRow | None:
    query = select(ReferenceProfileRow).where(ReferenceProfileRow.folded_name == folded(name))
    return (await session.scalars(query)).one_or_none()


def _stored(row: ReferenceProfileRow) -> StoredReferences:
    return StoredReferences(row.name, _read(row.tracks), row.created_at)


def _read(text: str) -> tuple[ReferenceTrack, ...]:
    return _adapter().validate_json(text)


@cache
def _adapter() -> TypeAdapter[tuple[ReferenceTrack, ...]]:
    return TypeAdapter(tuple[ReferenceTrack, ...])
