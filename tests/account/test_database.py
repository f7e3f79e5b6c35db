"""The tables and how they come to be, on both databases."""

from __future__ import annotations

import asyncio
import stat
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import quote

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from sqlalchemy import Connection, bindparam, inspect, make_url, select, text
from sqlalchemy.ext.asyncio import create_async_engine

from support.account_site import account_service, somebody, upload
from support.stores import Clock
from uptrack_account.store import ACCOUNT_TABLES, Base, open_database
from uptrack_account.store.migrate import MIGRATIONS, upgrade
from uptrack_account.store.models import AccountRow, SessionRow, UtcTime
from uptrack_analysis.errors import BadInput, Unavailable

THEN = datetime(2026, 11, 1, 12, tzinfo=UTC)


def differences(connection: Connection) -> list[object]:
    return list(compare_metadata(MigrationContext.configure(connection), Base.metadata))


async def test_the_migrations_make_the_tables_that_the_models_describe(database_url: str) -> None:
    async with open_database(database_url) as database, database.engine.connect() as connection:
        assert await connection.run_sync(differences) == []


async def test_who_was_signed_in_before_the_password_was_asked_for_again_gave_it_when_they_signed_in(
    database_url: str,
) -> None:
    driver = "sqlite+aiosqlite" if database_url.startswith("sqlite") else "postgresql+psycopg"
    engine = create_async_engine(make_url(database_url).set(drivername=driver))
    async with engine.begin() as connection:
        await connection.run_sync(upgrade, "0003")
        for inserting in (
            (
                "INSERT INTO accounts (id, email, display_name, password_hash, created_at, wants_news) "
                "VALUES ('a', 'ada@example.org', 'Ada', 'x', :at, false)"
            ),
            (
                "INSERT INTO sessions (digest, id, account_id, browser, created_at, seen_at) "
                "VALUES ('d', 's', 'a', 'x', :at, :at)"
            ),
        ):
            await connection.execute(text(inserting).bindparams(bindparam("at", THEN, type_=UtcTime)))
    await engine.dispose()
    async with open_database(database_url) as database, database.reading() as session:
        row = (await session.scalars(select(SessionRow))).one()
        assert row.proved_at == row.created_at == THEN
        assert (await session.scalars(select(AccountRow.policy_told))).one() is None


async def test_going_back_to_an_older_version_keeps_what_that_one_knows(migrated_url: str, tmp_path: Path) -> None:
    def back(connection: Connection) -> None:
        config = Config()
        config.set_main_option("script_location", str(MIGRATIONS))
        config.set_main_option("path_separator", "os")
        config.attributes["connection"] = connection
        command.downgrade(config, "0003")

    async with account_service(tmp_path / "home", migrated_url, Clock(THEN)) as service:
        ada = await somebody(service)
        await service.sessions.begin(ada, "")
        await service.reports.put(ada, None, "5a5a" * 4, upload())
        async with service.database.engine.begin() as connection:
            await connection.run_sync(back)
            for table in ("accounts", "sessions", "projects", "reports"):
                assert await connection.scalar(text(f"SELECT count(*) FROM {table}")) == 1, table  # noqa: S608
            columns = await connection.run_sync(lambda one: inspect(one).get_columns("accounts"))
            assert "policy_seen" not in {column["name"] for column in columns}
    async with open_database(migrated_url) as database, database.reading() as session:
        assert (await session.scalars(select(SessionRow.account_id))).all() == [ada]


async def test_several_that_start_at_once_migrate_once(database_url: str) -> None:
    async def start() -> None:
        async with open_database(database_url) as database:
            await database.ask()

    await asyncio.gather(*(start() for _ in range(4)))


async def test_a_database_that_a_newer_version_has_written_is_left_alone(database_url: str) -> None:
    async with open_database(database_url) as database, database.writing() as session:
        await session.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(Unavailable, match="written by a newer UpTrack"):
        async with open_database(database_url):
            pass


@pytest.mark.parametrize("url", ["mysql://here/x", "no address", "://"])
async def test_an_address_of_neither_database_is_told(url: str) -> None:
    with pytest.raises(BadInput, match="Expected a database address like postgresql://"):
        async with open_database(url):
            pass


async def test_a_server_that_is_not_there_is_told_without_its_password(tmp_path: Path) -> None:
    url = f"postgresql://uptrack:hidden@/x?host={quote(str(tmp_path), safe='')}"
    with pytest.raises(Unavailable, match="Expected the account's database at postgresql") as told:
        async with open_database(url):
            pass
    assert "hidden" not in told.value.sentence


async def test_only_its_owner_can_read_the_file(tmp_path: Path) -> None:
    path = tmp_path / "new folder" / "account.sqlite"
    async with open_database(f"sqlite:///{path}") as database:
        await database.ask()
        for file in path.parent.iterdir():
            assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_whatever_says_something_of_an_account_goes_with_it() -> None:
    for table in ACCOUNT_TABLES:
        (key,) = table.c.account_id.foreign_keys
        assert key.ondelete == "CASCADE", table.name
