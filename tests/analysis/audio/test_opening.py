"""From a path to a descriptor: only a regular, readable file gets through, and nothing on the way can block."""

from __future__ import annotations

import contextlib
import os
import socket
import stat
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.format_zoo import wav
from uptrack_analysis.audio import files
from uptrack_analysis.audio.files import AudioFile, display_name, open_regular
from uptrack_analysis.audio.source import open_audio, probe
from uptrack_analysis.errors import BadInput

posix = pytest.mark.skipif(sys.platform == "win32", reason="pipes, sockets and devices are no files on Windows")


def refusal(path: Path) -> BadInput:
    with pytest.raises(BadInput) as first:
        open_audio(path)
    with pytest.raises(BadInput) as second:
        probe(path)
    assert str(first.value) == str(second.value)
    return first.value


def test_a_missing_file_is_refused_by_name(tmp_path: Path) -> None:
    refused = refusal(tmp_path / "no" / "mix.wav")
    assert (refused.sentence, refused.code) == ("mix.wav is not there: check the path.", "input.missing")


def test_a_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "folder.wav").mkdir()
    assert "folder.wav is a folder" in refusal(tmp_path / "folder.wav").sentence


@posix
def test_a_pipe_is_refused_without_waiting_for_a_writer(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.wav")
    assert "pipe.wav is a pipe" in refusal(tmp_path / "pipe.wav").sentence


@posix
def test_a_pipe_that_takes_the_files_place_after_the_look_is_still_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "honest.wav").write_bytes(wav())
    os.mkfifo(tmp_path / "pipe.wav")
    honest = (tmp_path / "honest.wav").stat()
    monkeypatch.setattr(Path, "stat", lambda _self, **_options: honest)
    with pytest.raises(BadInput, match="is a pipe"):
        open_regular(tmp_path / "pipe.wav")


@posix
def test_a_socket_is_refused() -> None:
    # The path of a socket may hold 107 bytes only, less than pytest's own folders need.
    folder = Path(os.environ.get("XDG_RUNTIME_DIR", "/tmp")) / f"u{os.getpid()}"  # noqa: S108
    folder.mkdir()
    path = folder / "s.wav"
    try:
        with socket.socket(socket.AF_UNIX) as server:
            server.bind(str(path))
            assert "s.wav is a socket" in refusal(path).sentence
    finally:
        path.unlink(missing_ok=True)
        folder.rmdir()


@posix
def test_a_device_is_refused_also_through_a_link(tmp_path: Path) -> None:
    (tmp_path / "link.wav").symlink_to("/dev/zero")
    assert "null is a device" in refusal(Path("/dev/null")).sentence
    assert "link.wav is a device" in refusal(tmp_path / "link.wav").sentence


@posix
def test_a_link_to_an_audio_file_is_followed_and_a_loop_refused(tmp_path: Path) -> None:
    (tmp_path / "mix.wav").write_bytes(wav())
    (tmp_path / "link.wav").symlink_to(tmp_path / "mix.wav")
    (tmp_path / "loop.wav").symlink_to(tmp_path / "loop.wav")
    assert probe(tmp_path / "link.wav").frames_claimed == 52_920
    assert "leads back to itself" in refusal(tmp_path / "loop.wav").sentence


@posix
def test_a_link_put_there_between_the_look_and_the_opening_is_refused_where_none_may_be(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, other = tmp_path / "mix.wav", tmp_path / "other.wav"
    path.write_bytes(wav())
    other.write_bytes(wav())
    look = files._refuse_special

    def swapped(status: os.stat_result, name: str) -> None:
        look(status, name)
        path.unlink()
        path.symlink_to(other)

    monkeypatch.setattr(files, "_refuse_special", swapped)
    with pytest.raises(BadInput, match="links are not followed") as refused:
        files.open_regular(path, follow_links=False)
    assert refused.value.code == "input.link"
    monkeypatch.delattr(os, "O_NOFOLLOW")  # as where the system has none
    path.unlink()
    path.write_bytes(wav())
    with pytest.raises(BadInput, match="links are not followed"):
        files.open_regular(path, follow_links=False)


@contextlib.contextmanager
def without_privileges() -> Iterator[None]:
    """Root may read anything, so be nobody for a moment."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(65_534)
    try:
        yield
    finally:
        os.seteuid(0)


@posix
def test_an_unreadable_file_is_refused_with_what_to_check(tmp_path: Path) -> None:
    path = tmp_path / "secret.wav"
    path.write_bytes(wav())
    path.chmod(0)
    with without_privileges():
        refused = refusal(path)
    assert "may not be read by this user: check its permissions" in refused.sentence
    assert refused.code == "input.unreadable"


def test_impossible_names_are_refused_and_long_ones_shortened_in_the_sentence(tmp_path: Path) -> None:
    refused = refusal(tmp_path / ("x" * 5000 + ".wav"))
    assert "too long a name" in refused.sentence
    assert len(refused.sentence) < 200
    assert "zero byte" in refusal(Path("a\0b.wav")).sentence


@pytest.mark.parametrize("name", ["-version.wav", "--help", "a" * 250 + ".wav", "音楽 – тест.wav", "🎛️.wav", " .wav"])
def test_any_name_a_file_system_takes_is_opened(tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path(name).write_bytes(wav())
    assert probe(Path(name)).channels == 2


def test_a_name_cannot_send_commands_to_the_terminal() -> None:
    assert display_name(Path("/x/\x1b[2Jmix\u202e\n.wav")) == "\ufffd[2Jmix\ufffd\ufffd.wav"
    assert display_name(Path(os.fsdecode(b"caf\xe9.wav"))) == "caf\ufffd.wav"
    assert display_name(Path("/")) == str(Path("/"))


@posix
def test_a_refused_file_leaves_no_descriptor_open(tmp_path: Path) -> None:
    (tmp_path / "text.wav").write_text("no sound " * 100)
    (tmp_path / "empty.wav").touch()
    (tmp_path / "cut.wav").write_bytes(wav()[:30])

    def open_descriptors() -> int:
        return sum(_is_open(number) for number in range(256))

    before = open_descriptors()
    for name in ("text.wav", "empty.wav", "cut.wav"):
        refusal(tmp_path / name)
    with open_audio(_written(tmp_path)) as source:
        list(source.blocks())
    assert open_descriptors() == before


def _written(folder: Path) -> Path:
    (folder / "good.wav").write_bytes(wav())
    return folder / "good.wav"


def _is_open(descriptor: int) -> bool:
    try:
        os.fstat(descriptor)
    except OSError:
        return False
    return True


def test_the_descriptor_that_was_checked_is_the_one_that_is_read(tmp_path: Path) -> None:
    path = _written(tmp_path)
    file = open_regular(path)
    path.unlink()
    path.write_bytes(b"something else entirely")
    assert isinstance(file, AudioFile)
    assert file.read_at(0, 4) == b"RIFF"
    assert stat.S_ISREG(os.fstat(file.descriptor).st_mode)
    file.close()
