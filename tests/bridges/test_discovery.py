"""bridge.json: where the daemon is, and the token that opens it."""

from __future__ import annotations

import errno
import json
import os
import stat
import sys
from pathlib import Path

import pytest

from uptrack_analysis.errors import Unavailable
from uptrack_bridges.discovery import Bridge, NotRunning, new_token, read_bridge, remove_bridge, write_bridge


@pytest.fixture
def bridge(tmp_path: Path) -> Bridge:
    return Bridge(
        protocol=1,
        version="0.1.0",
        pid=os.getpid(),
        port=49721,
        osc_port=49722,
        mailbox=str(tmp_path / "mailbox"),
        token=new_token(),
    )


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / ".uptrack" / "bridge.json"


def test_what_is_written_is_what_is_read(bridge: Bridge, path: Path) -> None:
    write_bridge(path, bridge)
    assert read_bridge(path) == bridge
    assert list(json.loads(path.read_text())) == [
        "protocol", "version", "pid", "port", "osc_port", "mailbox", "audio", "token",
    ]  # fmt: skip


@pytest.mark.skipif(sys.platform == "win32", reason="modes are a POSIX matter")
@pytest.mark.parametrize("umask", [0o000, 0o022, 0o077])
def test_the_file_is_its_owners_alone_whatever_the_umask(bridge: Bridge, path: Path, umask: int) -> None:
    before = os.umask(umask)
    try:
        write_bridge(path, bridge)
    finally:
        os.umask(before)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_a_newer_daemon_replaces_the_file_and_leaves_no_drafts(bridge: Bridge, path: Path) -> None:
    write_bridge(path, bridge)
    write_bridge(path, bridge.model_copy(update={"port": 50_000}))
    assert read_bridge(path).port == 50_000
    assert [entry.name for entry in path.parent.iterdir()] == ["bridge.json"]


@pytest.mark.skipif(sys.platform == "win32", reason="links need a privilege there")
def test_a_link_in_the_files_place_is_replaced_and_not_written_through(bridge: Bridge, path: Path) -> None:
    target = path.parent.parent / "precious.txt"
    target.write_text("precious")
    path.parent.mkdir()
    path.symlink_to(target)
    write_bridge(path, bridge)
    assert target.read_text() == "precious"
    assert not path.is_symlink()


def test_no_file_means_no_daemon_and_says_how_to_start_it(path: Path) -> None:
    with pytest.raises(NotRunning, match="The daemon is not running: start it with `uptrack daemon start`"):
        read_bridge(path)


@pytest.mark.parametrize("text", ["", "{", "[]", '{"protocol": 1}', '{"protocol": 1, "port": "49721"}'])
def test_a_damaged_file_is_said_to_be_damaged(path: Path, text: str) -> None:
    path.parent.mkdir()
    path.write_text(text)
    with pytest.raises(Unavailable, match="is damaged"):
        read_bridge(path)


def test_another_protocol_says_what_to_update(bridge: Bridge, path: Path) -> None:
    write_bridge(path, bridge.model_copy(update={"protocol": 2}))
    with pytest.raises(Unavailable, match="speaks protocol 2 and this program 1: update this program"):
        read_bridge(path)


def test_an_unwritable_folder_is_a_sentence(bridge: Bridge, tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("")
    with pytest.raises(Unavailable, match="check the folder's permissions"):
        write_bridge(tmp_path / "taken" / "bridge.json", bridge)


def test_when_the_disk_is_full_the_old_file_stays_whole(
    bridge: Bridge, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_bridge(path, bridge)

    def full(_descriptor: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)  # where a delayed allocation finds out
    with pytest.raises(Unavailable, match="No space left on device: check"):
        write_bridge(path, bridge.model_copy(update={"port": 1}))
    assert read_bridge(path) == bridge
    assert list(path.parent.iterdir()) == [path]


def test_only_the_daemon_that_wrote_the_file_removes_it(bridge: Bridge, path: Path) -> None:
    write_bridge(path, bridge)
    successor = bridge.model_copy(update={"token": new_token()})
    write_bridge(path, successor)
    assert not remove_bridge(path, bridge)
    assert read_bridge(path) == successor
    assert remove_bridge(path, successor)
    assert not path.exists()
    assert not remove_bridge(path, successor)


def test_the_token_is_kept_out_of_logs(bridge: Bridge) -> None:
    assert bridge.token not in repr(bridge)
