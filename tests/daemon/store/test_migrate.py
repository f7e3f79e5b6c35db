from __future__ import annotations

import hashlib
import sqlite3
import stat
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import select

from support.stores import bytes_of
from uptrack_analysis.errors import Unavailable
from uptrack_daemon.projects import project_of
from uptrack_daemon.store import Reports, Watched, migrate, open_store
from uptrack_daemon.store.engine import sync_engine
from uptrack_daemon.store.migrate import upgrade
from uptrack_daemon.store.models import Base, DecisionRow


def test_the_migrations_make_exactly_the_tables_the_models_describe(tmp_path: Path) -> None:
    path = tmp_path / "new.sqlite"
    upgrade(path)
    engine = sync_engine(path)
    with engine.connect() as connection:
        drift = compare_metadata(MigrationContext.configure(connection, opts={"compare_type": True}), Base.metadata)
    engine.dispose()
    assert drift == []


def test_the_head_named_in_code_is_the_newest_migration() -> None:
    config = Config()
    config.set_main_option("script_location", str(migrate.MIGRATIONS))
    config.set_main_option("path_separator", "os")
    assert ScriptDirectory.from_config(config).get_current_head() == migrate.HEAD


async def test_files_that_were_watched_before_the_digests_had_a_key_are_still_known(tmp_path: Path) -> None:
    path, mix = tmp_path / "uptrack.sqlite", Path("/music/mix.wav")
    old = sync_engine(path)
    with old.begin() as connection:
        migrate._run_alembic(connection, path, to="0001")
        digest = hashlib.sha256(bytes(mix)).hexdigest()
        connection.exec_driver_sql("INSERT INTO watched VALUES (?, 10, 1, NULL, '2026-03-01')", (digest,))
    old.dispose()
    async with open_store(path) as store:
        assert await Watched(store).knows(mix, size=10, mtime_ns=1)
        assert not await Watched(store).knows(mix, size=10, mtime_ns=2)
    assert digest.encode() not in bytes_of(path)


def test_a_current_store_is_left_as_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "uptrack.sqlite"
    upgrade(path)
    monkeypatch.setattr(migrate, "MIGRATIONS", tmp_path / "nowhere")
    upgrade(path)


def test_a_store_can_lie_in_a_folder_with_any_name(tmp_path: Path) -> None:
    folder = tmp_path / "100 % Müsik?#&=:"
    folder.mkdir()
    upgrade(folder / "uptrack.sqlite")
    assert (folder / "uptrack.sqlite").stat().st_size > 0


def test_the_store_can_be_read_by_its_user_only(tmp_path: Path) -> None:
    path = tmp_path / "uptrack.sqlite"
    upgrade(path)
    with sqlite3.connect(path) as connection:
        connection.execute("INSERT INTO watched VALUES ('00')")
        connection.commit()
        modes = {file.name: stat.S_IMODE(file.stat().st_mode) for file in tmp_path.iterdir()}
    connection.close()
    assert modes == {"uptrack.sqlite": 0o600, "uptrack.sqlite-wal": 0o600, "uptrack.sqlite-shm": 0o600}


def test_a_store_of_a_newer_version_is_refused_and_not_changed(tmp_path: Path) -> None:
    path = tmp_path / "uptrack.sqlite"
    upgrade(path)
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    connection.close()
    with pytest.raises(Unavailable, match=r"newer UpTrack \(revision 9999\)") as refusal:
        upgrade(path)
    assert refusal.value.code == "store.newer"


def test_a_file_that_is_no_database_is_refused_in_a_sentence_and_kept(tmp_path: Path) -> None:
    path = tmp_path / "uptrack.sqlite"
    path.write_text("these are my lyrics\n" * 200)
    with pytest.raises(Unavailable, match="move it away") as refusal:
        upgrade(path)
    assert refusal.value.code == "store.damaged"
    assert path.read_text().startswith("these are my lyrics")


def test_a_store_whose_folder_is_missing_is_refused_in_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match="no such file or directory"):
        upgrade(tmp_path / "missing" / "uptrack.sqlite")


async def test_reports_from_before_projects_are_given_theirs(tmp_path: Path) -> None:
    path = tmp_path / "uptrack.sqlite"
    old = sync_engine(path)
    with old.begin() as connection:
        migrate._run_alembic(connection, path, to="0002")
        for number, name in enumerate((None, "mix_v1", "Warehouse v2")):
            connection.exec_driver_sql(
                "INSERT INTO reports (id, run_id, job_id, created_at, source_name, search_name, source_path, sha256, "
                "coverage, genre, target, project_name, document) "
                "VALUES (?, ?, '', '2026-03-01', 'mix_v1.wav', '', ?, '', 1, 'techno', 'club', ?, '{}')",
                (f"{number:016x}", f"{number:016x}", b"/music/mix_v1.wav", name),
            )
    old.dispose()
    async with open_store(path) as store:
        found = {report.id[-1]: report for report in await Reports(store).list()}
    of_file = project_of(None, Path("/music/mix_v2.wav"))
    assert (found["0"].project_key, found["0"].project_name) == (of_file.key, "mix")
    assert found["1"].project_key == of_file.key, "a watched folder used to name a project after the file"
    assert (found["2"].project_key, found["2"].project_name) == ("name:warehouse", "Warehouse")


async def test_what_was_dismissed_before_accounts_were_told_of_it_is_a_decision(tmp_path: Path) -> None:
    path = tmp_path / "uptrack.sqlite"
    old = sync_engine(path)
    with old.begin() as connection:
        migrate._run_alembic(connection, path, to="0010")
        for number, (day, findings) in enumerate((("01", '["a-1", "a-2"]'), ("02", "[]"), ("03", '["a-2"]'))):
            connection.exec_driver_sql(
                "INSERT INTO dismissals VALUES (?, 'name:warehouse', 'Warehouse', 'a', ?, 'A', 'r', ?, 'major')",
                (f"{number:016x}", findings, f"2026-03-{day} 12:00:00.000000"),
            )
    old.dispose()
    async with open_store(path) as store, store.reading() as session:
        rows = (await session.scalars(select(DecisionRow).order_by(DecisionRow.finding))).all()
    assert [(row.finding, row.dismissed, row.decided_at.day, row.on_account) for row in rows] == [
        ("", True, 2, False),
        ("a-1", True, 1, False),
        ("a-2", True, 3, False),
    ]
