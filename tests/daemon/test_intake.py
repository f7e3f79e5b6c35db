from __future__ import annotations

import os
import socket
import tempfile
import threading
import wave
from pathlib import Path

import pytest

from support.hosts import PATIENCE_S
from uptrack_analysis.audio.limits import Limits
from uptrack_analysis.audio.source import probe
from uptrack_analysis.errors import BadInput, NotAudio, TooLarge, Unavailable
from uptrack_daemon import intake
from uptrack_daemon.home import Home
from uptrack_daemon.intake import Accepted, examine, refuse_wording


def write_wav(path: Path, *, seconds: float = 0.5, rate_hz: int = 8_000) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    with wave.open(str(path), "wb") as file:
        file.setnchannels(2)
        file.setsampwidth(2)
        file.setframerate(rate_hz)
        file.writeframes(b"\x10\x20\x30\x40" * int(seconds * rate_hz))
    return path


async def refused(path: str | Path, code: str, home: Path | None = None) -> str:
    with pytest.raises(BadInput) as refusal:
        await examine(str(path), home=home)
    assert refusal.value.code == code
    return refusal.value.sentence


async def test_a_wav_file_is_accepted_with_what_its_header_says(tmp_path: Path) -> None:
    path = write_wav(tmp_path / "mix.wav")
    accepted = await examine(str(path))
    status = path.stat()
    assert (accepted.path, accepted.size, accepted.mtime_ns) == (path, status.st_size, status.st_mtime_ns)
    assert (accepted.info.sample_rate_hz, accepted.info.channels, accepted.duration_s) == (8_000, 2, 0.5)


async def test_any_name_a_file_can_have_is_accepted(tmp_path: Path) -> None:
    deep = tmp_path.joinpath(*["x" * 200] * 10)
    for name in ("Räume 夜 🎛.wav", "-rf.wav", " leading.wav", "a'b\"c;d.wav", "new\nline.wav"):
        assert (await examine(str(write_wav(deep / name)))).path.name == name


async def test_a_folder_that_is_a_link_is_resolved(tmp_path: Path) -> None:
    write_wav(tmp_path / "drive" / "mix.wav")
    (tmp_path / "music").symlink_to(tmp_path / "drive", target_is_directory=True)
    assert (await examine(str(tmp_path / "music" / "mix.wav"))).path == tmp_path / "drive" / "mix.wav"


async def test_a_file_that_is_a_link_is_refused_wherever_it_leads(tmp_path: Path) -> None:
    write_wav(tmp_path / "real.wav")
    for number, target in enumerate((tmp_path / "real.wav", Path("/dev/zero"), tmp_path / "nowhere")):
        link = tmp_path / f"link {number}.wav"
        link.symlink_to(target)
        assert "link" in await refused(link, "input.link")


async def test_links_in_a_circle_are_refused(tmp_path: Path) -> None:
    (tmp_path / "a").symlink_to(tmp_path / "b")
    (tmp_path / "b").symlink_to(tmp_path / "a")
    await refused(tmp_path / "a", "input.link")
    with pytest.raises(BadInput, match="back to itself"):
        await examine(str(tmp_path / "a" / "mix.wav"))


async def test_what_is_no_file_is_refused(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.wav")
    # A socket's address may have 107 bytes at most, which a folder of pytest's can exceed.
    with tempfile.TemporaryDirectory(dir="/tmp") as short, socket.socket(socket.AF_UNIX) as bound:
        bound.bind(f"{short}/s.wav")
        for path in (tmp_path, tmp_path / "pipe.wav", Path(short) / "s.wav", "/dev/null", "/dev/zero"):
            await refused(path, "input.not_a_file")


async def test_a_descriptor_of_the_daemon_cannot_be_named(tmp_path: Path) -> None:
    with write_wav(tmp_path / "mix.wav").open("rb") as file:
        await refused(f"/dev/fd/{file.fileno()}", "input.link")


async def test_a_missing_an_empty_and_an_unreadable_file_are_refused_each_in_its_sentence(tmp_path: Path) -> None:
    (tmp_path / "empty.wav").touch()
    await refused(tmp_path / "missing.wav", "input.missing")
    await refused(tmp_path / "empty.wav", "input.empty")
    if os.geteuid() != 0:  # root may read everything
        write_wav(tmp_path / "locked.wav").chmod(0)
        await refused(tmp_path / "locked.wav", "input.unreadable")


async def test_text_named_wav_is_refused_as_no_audio(tmp_path: Path) -> None:
    (tmp_path / "notes.wav").write_text("kick on one, snare on three " * 40)
    with pytest.raises(NotAudio):
        await examine(str(tmp_path / "notes.wav"))


async def test_audio_over_a_limit_is_refused_as_too_large(tmp_path: Path) -> None:
    path = write_wav(tmp_path / "mix.wav", seconds=2)
    with pytest.raises(TooLarge):
        await examine(str(path), limits=Limits(max_samples=1_000))


async def test_the_home_is_closed_but_for_the_audio_we_made(tmp_path: Path) -> None:
    home = Home(tmp_path / "home")
    home.create()
    for folder in (home.root, home.mailbox, home.logs, home.cache):
        await refused(write_wav(folder / "mix.wav"), "input.private", home.root)
    home.database.write_bytes(b"SQLite format 3\0")
    await refused(home.database, "input.private", home.root)
    (tmp_path / "detour").symlink_to(home.root, target_is_directory=True)
    await refused(tmp_path / "detour" / "mix.wav", "input.private", home.root)
    assert (await examine(str(write_wav(home.audio / "capture.wav")), home=home.root)).info.channels == 2


@pytest.mark.parametrize(
    "path", ["", "mix.wav", "./mix.wav", "~/mix.wav", "file:///mix.wav", "C:\\mix.wav", "\\\\s\\mix.wav"]
)
async def test_only_an_absolute_path_names_a_file(path: str) -> None:
    assert await refused(path, "input.path")


async def test_a_zero_byte_and_a_path_without_end_are_refused() -> None:
    await refused("/music/mix\0.wav", "input.path")
    await refused("/" + "x" * 5_000, "input.path")
    await refused("/" + "x" * 300, "input.missing")


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("\\\\server\\share\\mix.wav", "input.remote"),
        ("//server/share/mix.wav", "input.remote"),
        ("\\\\?\\UNC\\server\\share\\mix.wav", "input.remote"),
        ("\\\\.\\PhysicalDrive0", "input.remote"),
        ("\\\\.\\pipe\\uptrack", "input.remote"),
        ("\\music\\mix.wav", "input.path"),
        ("C:mix.wav", "input.path"),
        ("C:\\music\\NUL", "input.not_a_file"),
        ("C:\\music\\com1.wav", "input.not_a_file"),
        ("C:\\music\\mix.wav:hidden", "input.not_a_file"),
    ],
)
def test_on_windows_network_and_device_paths_are_refused_by_their_wording(path: str, code: str) -> None:
    with pytest.raises(BadInput) as refusal:
        refuse_wording(path, windows=True)
    assert refusal.value.code == code


def test_on_windows_an_ordinary_path_passes() -> None:
    refuse_wording("C:\\Users\\Ada\\Music\\mix v2.wav", windows=True)
    refuse_wording("D:/Renders/console.wav", windows=True)


async def test_a_disk_that_hangs_holds_up_one_request_and_only_so_many(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write_wav(tmp_path / "mix.wav")
    answers = threading.Event()
    monkeypatch.setattr(intake, "_hanging", threading.BoundedSemaphore(2))

    def hangs(path: Path, limits: Limits) -> object:
        answers.wait()
        return probe(path, limits)

    monkeypatch.setattr(intake, "probe", hangs)
    for _ in range(2):
        with pytest.raises(Unavailable, match="does not answer") as refusal:
            await examine(str(path), timeout_s=0.01)
        assert refusal.value.code == "input.timeout"
    with pytest.raises(Unavailable, match="not answering"):
        await examine(str(path))
    answers.set()
    for _ in range(2):  # both threads come back and give their places free, while these are the places
        if not intake._hanging.acquire(timeout=PATIENCE_S):
            pytest.fail("a look that has ended still counts as hanging")
    intake._hanging.release(2)
    assert isinstance(await examine(str(path)), Accepted)
