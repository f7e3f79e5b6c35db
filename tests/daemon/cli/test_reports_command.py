"""``uptrack reports`` as people call it, beside their own files; what it does to the store is tested there."""

from __future__ import annotations

import asyncio
import dataclasses
import json
import os
from pathlib import Path

import pytest
from sqlalchemy import update

from support.stores import a_new_report, a_store
from uptrack_daemon.cli import main
from uptrack_daemon.home import Home
from uptrack_daemon.store import Reports
from uptrack_daemon.store.models import ReportRow

Capture = pytest.CaptureFixture[str]


@pytest.fixture
def stored(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """The id of one report, of a file whose name and project would turn a terminal's text around."""
    monkeypatch.setenv("UPTRACK_HOME", str(tmp_path / "home"))
    home = Home.of_user()
    home.create()

    async def save() -> str:
        async with a_store(home.database) as store:
            report = dataclasses.replace(a_new_report(name="mix\u202ev7.wav"), project_name="Ware\x1b[31mhouse")
            return (await Reports(store).save(report)).id

    return asyncio.run(save())


def test_a_list_cannot_be_steered_by_the_names_in_it(stored: str, capsys: Capture) -> None:
    assert main(["reports", "list"]) == 0
    (line,) = capsys.readouterr().out.splitlines()
    assert line.startswith(stored[:8])
    assert "mix\ufffdv7.wav  [Ware\ufffd[31mhouse]" in line


def test_one_report_is_not_called_reports(stored: str, tmp_path: Path, capsys: Capture) -> None:
    assert main(["reports", "export", "--all", "--out", str(tmp_path / "all")]) == 0
    assert capsys.readouterr().out == f"1 report in {tmp_path / 'all'}\n"
    assert [path.name for path in (tmp_path / "all").iterdir()] == [f"{stored}.json"]
    assert main(["reports", "delete", "--all", "--yes"]) == 0
    assert capsys.readouterr().out == "Erased 1 report.\n"


def test_a_report_is_never_written_over_a_mix(stored: str, tmp_path: Path, capsys: Capture) -> None:
    mix = tmp_path / "mix.wav"
    mix.write_bytes(b"RIFF")
    assert main(["reports", "export", stored, "--out", str(mix)]) == 2
    assert mix.read_bytes() == b"RIFF"
    assert "ends in .json or .html" in capsys.readouterr().err
    for name in ("report.json", "report.HTML"):
        assert main(["reports", "export", stored, "--out", str(tmp_path / name)]) == 0
        assert (tmp_path / name).stat().st_size


def test_every_report_needs_a_folder_to_go_to(stored: str, capsys: Capture) -> None:
    for nowhere in ([], ["--out", "-"]):
        assert main(["reports", "export", "--all", *nowhere]) == 2
        assert "--out reports/" in capsys.readouterr().err


def test_nothing_is_erased_without_a_yes_where_nobody_can_be_asked(stored: str, capsys: Capture) -> None:
    assert main(["reports", "delete", "--all"]) == 2  # a test's stdin is no terminal
    said = capsys.readouterr().err
    assert "--yes" in said
    assert said.count("\n") == 1
    assert main(["reports", "show", stored, "--json"]) == 0


def test_a_list_names_the_genre_as_reports_do_and_json_its_family(stored: str, capsys: Capture) -> None:
    async def in_another_family() -> None:
        async with a_store(Home.of_user().database) as store, store.writing() as session:
            await session.execute(update(ReportRow).values(genre="fourfloor"))

    asyncio.run(in_another_family())
    assert main(["reports", "list"]) == 0
    assert "  House, techno or trance, club  " in capsys.readouterr().out
    assert main(["reports", "list", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)[0]["genre"] == "fourfloor"


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="only Linux has a device that is always full")
def test_a_full_disk_is_told_as_one(stored: str, tmp_path: Path, capsys: Capture) -> None:
    (tmp_path / "report.json").symlink_to("/dev/full")
    assert main(["reports", "export", stored, "--out", str(tmp_path / "report.json")]) == 4
    assert os.strerror(28) in capsys.readouterr().err
