"""P18: audio is processed in an isolated environment: a process a job, with limits, no network and a private folder."""

from __future__ import annotations

import ast
import json
import os
import socket
from dataclasses import replace
from pathlib import Path

import pytest

from support import misbehaviour
from support.account_site import account_service
from support.needs import need_of_the_system
from support.stores import Clock
from support.uploaded import audio
from uptrack_account.audio import isolated
from uptrack_account.audio.isolated import Isolation, analyse
from uptrack_account.audio.worker import private_folder
from uptrack_account.settings import AccountSettings

pytestmark = pytest.mark.usefixtures("tests_found_by_processes")
ACCOUNT = Path(__file__).parents[2] / "account" / "uptrack_account"
DECODES = {"uptrack_analysis.analyze", "uptrack_analysis.audio.source", "soundfile"}


async def inside(folder: Path, what: str, body: bytes) -> str:
    """What a process says that runs as an analysis of this service does."""
    isolation = replace(Isolation.of(AccountSettings()), analyze=f"{misbehaviour.__name__}:{what}")
    with private_folder(folder) as private:
        path = private / "mix.wav"
        path.write_bytes(body)
        return await analyse(path, "wav", isolation)


async def test_an_analysis_is_another_process_with_limits_in_a_private_folder_that_goes_with_it(tmp_path: Path) -> None:
    settings, found = AccountSettings(), json.loads(await inside(tmp_path, "look_around", audio()))
    assert found["pid"] != os.getpid()
    assert found["session"], "a session of its own, to be ended as one"
    assert found["memory"] == settings.analysis_memory_mib << 20
    assert found["cpu_s"] == round(settings.analysis_minutes * 60 * 2)
    assert found["written"] == 64 << 20
    assert found["core"] == [0, 0]
    assert (Path(found["folder"]).parent, found["mode"]) == (tmp_path, 0o700)
    assert list(tmp_path.iterdir()) == []


async def test_it_has_no_network_where_the_system_can_do_that(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    isolated.say_once_that_there_is_a_network.cache_clear()
    with socket.create_server(("127.0.0.1", 0)) as listening:
        said = await inside(tmp_path, "call_out", str(listening.getsockname()[1]).encode())
    need_of_the_system("this system lets nobody leave it" in caplog.text, "leave the network")
    assert said != "connected"


async def test_the_service_itself_decodes_nothing(tmp_path: Path) -> None:
    """Everything that opens audio is imported by the isolated process alone."""
    found = {path.name for path in ACCOUNT.rglob("*.py") if DECODES & imported(path)}
    assert found == {"analysis_child.py"}
    async with account_service(tmp_path, "", Clock()) as service:
        assert service.folder == tmp_path / "analysing"


def imported(path: Path) -> set[str]:
    nodes = list(ast.walk(ast.parse(path.read_text("utf-8"))))
    plain = {name.name for node in nodes if isinstance(node, ast.Import) for name in node.names}
    return plain | {node.module for node in nodes if isinstance(node, ast.ImportFrom) and node.module}
