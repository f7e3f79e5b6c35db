"""All that is kept of one account, as one document: the page "your data" shows it, and the archive holds it.

It goes through every table with an ``account_id``, so that a new one is in it by itself. Digests and hashes are no
facts about a person, and are said to be there without their value. A report's document lies beside it in the archive.
"""

from __future__ import annotations

import asyncio
import io
import json
import zipfile
from datetime import datetime
from typing import Any

from sqlalchemy import Table, select

from uptrack_account.store import ACCOUNT_TABLES, Database
from uptrack_account.store.models import AccountRow, ReportRow

SCHEMA = "uptrack.account/1"
SECRET = frozenset({"password_hash", "digest", "user_digest", "text"})
"""A letter's text may hold a link that opens the account."""
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
            tables[table.name] = [{name: _plain(name, value) for name, value in row.items()} for row in rows.mappings()]
            if DOCUMENT in table.columns:
                for told in tables[table.name]:
                    told[DOCUMENT] = _path(told["id"])
    return {"schema": SCHEMA, "made_at": database.clock().isoformat(), "tables": tables}


async def archive(database: Database, account_id: str) -> bytes:
    """A zip with that document, and every report as a file of its own."""
    found = await document(database, account_id)
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("account.json", json.dumps(found, indent=2, ensure_ascii=False) + "\n")
        async with database.reading() as session:
            mine = select(ReportRow.id, ReportRow.document).where(ReportRow.account_id == account_id)
            async for row in await session.stream(mine.order_by(ReportRow.id)):
                await asyncio.to_thread(packed.writestr, _path(row.id), row.document)
    return buffer.getvalue()


def _path(report_id: str) -> str:
    return f"reports/{report_id}.json"


def _plain(name: str, value: Any) -> Any:
    if name in SECRET:
        return WITHHELD
    return value.isoformat() if isinstance(value, datetime) else value
