"""All that is kept of one account, as one document: the page "your data" shows it, and the archive holds it.

It goes through every table with an ``account_id``, so that a new one is in it by itself. Digests and hashes are no
facts about a person, and are said to be there without their value. A report's document lies beside it in the archive,
and so does audio that is still held.
"""

from __future__ import annotations

import asyncio
import json
import zipfile
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, Any

from sqlalchemy import RowMapping, Table, select

from uptrack_account.audio.objects import ObjectMissing, Objects
from uptrack_account.store import ACCOUNT_TABLES, Database
from uptrack_account.store.models import AccountRow, ReportRow, UploadRow

SCHEMA = "uptrack.account/1"
SECRET = frozenset({"password_hash", "digest", "user_digest", "text", "object_key"})
"""A letter's text may hold a link that opens the account; an object's key says where audio lies."""
DOCUMENT = "document"
WITHHELD = "kept, and shown to nobody"


async def document(database: Database, account_id: str) -> dict[str, Any]:
    """Every row, by table, as JSON can hold it; of a report's document where it lies in the archive."""
    tables: dict[str, list[dict[str, Any]]] = {}
    async with database.reading() as session:
        accounts = AccountRow.__table__
        assert isinstance(accounts, Table)  # noqa: S101 - what a mapped class has, for the type checkers
        for table, owner in [(accounts, accounts.c.id), *((table, table.c.account_id) for table in ACCOUNT_TABLES)]:
            columns = [column for column in table.columns if column.name != DOCUMENT]
            rows = await session.execute(select(*columns).where(owner == account_id).order_by(*table.primary_key))
            # Of some accounts there are hundreds of thousands, and others wait for the loop.
            tables[table.name] = await asyncio.to_thread(_told, rows.mappings(), DOCUMENT in table.columns)
    return {"schema": SCHEMA, "made_at": database.clock().isoformat(), "tables": tables}


@asynccontextmanager
async def archive(database: Database, objects: Objects, account_id: str, folder: Path) -> AsyncIterator[IO[bytes]]:
    """A zip with that document, and every report and all audio that is held as files of their own.

    It lies in a file without a name in ``folder``, which nobody else may read, while the block runs: audio may be more
    than memory holds, and a place for everybody's temporary files often is memory.
    """
    found = await document(database, account_id)
    with await asyncio.to_thread(_unnamed, folder) as file:
        with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as packed:
            await asyncio.to_thread(_pack_document, packed, found)
            async with database.reading() as session:
                mine = select(ReportRow.id, ReportRow.document).where(ReportRow.account_id == account_id)
                async for row in await session.stream(mine.order_by(ReportRow.id)):
                    await asyncio.to_thread(packed.writestr, _path(row.id), row.document)
                uploaded = select(UploadRow).where(UploadRow.account_id == account_id, UploadRow.deleted_at.is_(None))
                uploads = (await session.scalars(uploaded.order_by(UploadRow.id))).all()
            for upload in uploads:
                await _pack_audio(packed, objects, upload)
        yield file


def _unnamed(folder: Path) -> IO[bytes]:
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return TemporaryFile(dir=folder)


def _pack_document(packed: zipfile.ZipFile, found: dict[str, Any]) -> None:
    packed.writestr("account.json", json.dumps(found, indent=2, ensure_ascii=False) + "\n")


async def _pack_audio(packed: zipfile.ZipFile, objects: Objects, upload: UploadRow) -> None:
    """As it is: music does not get smaller. What is deleted this moment is left out."""
    entry = zipfile.ZipInfo(f"audio/{upload.id}.{upload.kind}", upload.created_at.timetuple()[:6])
    pieces = objects.read(upload.object_key)
    try:
        first = await anext(pieces, b"")
    except ObjectMissing:
        return
    with packed.open(entry, "w", force_zip64=True) as file:
        await asyncio.to_thread(file.write, first)
        async for piece in pieces:
            await asyncio.to_thread(file.write, piece)


def _told(rows: Iterable[RowMapping], has_document: bool) -> list[dict[str, Any]]:
    told = [{name: _plain(name, value) for name, value in row.items()} for row in rows]
    for row in told if has_document else ():
        row[DOCUMENT] = _path(row["id"])
    return told


def _path(report_id: str) -> str:
    return f"reports/{report_id}.json"


def _plain(name: str, value: Any) -> Any:
    if name in SECRET:
        return WITHHELD
    return value.isoformat() if isinstance(value, datetime) else value
