"""A row of one account's in every table that can have one, whatever tables there are."""

from __future__ import annotations

import zlib
from datetime import datetime
from typing import Any

from sqlalchemy import Boolean, Column, Double, Integer, LargeBinary, String, Table, func, insert, select

from uptrack_account.service import Service
from uptrack_account.store import ACCOUNT_TABLES
from uptrack_account.store.models import UtcTime


async def fill(service: Service, account_id: str) -> None:
    """One row more in each; what it points at are rows that were put there before it, which tables are sorted for."""
    there: dict[str, dict[str, Any]] = {"accounts": {"id": account_id}}
    async with service.database.writing() as session:
        for table in ACCOUNT_TABLES:
            row = {
                column.name: _value(table, column, there, service.database.clock())
                for column in table.columns
                if column.autoincrement is not True
            }
            await session.execute(insert(table).values(row))
            there[table.name] = row


async def rows_of(service: Service, account_id: str) -> dict[str, int]:
    """How many there are of an account's, by table."""
    found = dict[str, int]()
    async with service.database.reading() as session:
        for table in ACCOUNT_TABLES:
            mine = select(func.count()).select_from(table).where(table.c.account_id == account_id)
            found[table.name] = await session.scalar(mine) or 0
    return found


def _value(table: Table, column: Column[Any], there: dict[str, dict[str, Any]], now: datetime) -> Any:
    for key in column.foreign_keys:
        return there[key.column.table.name][key.column.name]
    number = zlib.crc32(f"{there['accounts']['id']}.{table.name}.{column.name}".encode())
    match column.type:
        case UtcTime():
            return now
        case Boolean():
            return True
        case Integer():
            return number % 1_000
        case Double():
            return 61.5
        case LargeBinary():
            return number.to_bytes(4, "big") * 8
        case String(length=length):
            return f"{number:08x}{table.name}"[:length]
        case other:
            raise AssertionError(f"{table.name}.{column.name}: say here what a value of {other!r} is like")
