"""What ``uptrack watch`` asks the daemon about each export, heard by a daemon that refuses everything."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, cast

import pytest

from uptrack_bridges.client import Conversation
from uptrack_bridges.export_names import Export, FileFacts
from uptrack_bridges.messages import DaemonMessage, FromHost, Refused
from uptrack_daemon.cli.watch import _analyse


class Deaf:
    """A conversation in which everything is refused at once."""

    def __init__(self) -> None:
        self.asked: list[FromHost] = []

    async def say(self, message: FromHost) -> None:
        self.asked.append(message)

    async def hear(self) -> DaemonMessage:
        return Refused(code="input.empty", sentence="It is empty: export it again.")


def an_export(path: Path, mtime_ns: int = 1) -> Any:
    return Export(path, (), (FileFacts(path, 100, mtime_ns),))


async def test_two_exports_of_one_file_are_two_requests_however_long_its_name_is() -> None:
    deaf, path = Deaf(), Path(f"/music/{'Late Night ' * 20}.wav")
    for mtime_ns in (1, 2):
        await _analyse(cast("Conversation", deaf), an_export(path, mtime_ns))
    first, second = deaf.asked
    assert first.id != second.id


async def test_a_mix_whose_name_no_message_can_carry_is_told_in_a_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    deaf = Deaf()
    assert await _analyse(cast("Conversation", deaf), an_export(Path(os.fsdecode(b"/music/caf\xe9.wav")))) is None
    assert deaf.asked == []
    assert capsys.readouterr().err.count("\n") == 1
