"""The process that analyses what a stranger has sent: what it can do, and what it cannot, whatever it is made to."""

from __future__ import annotations

import asyncio
import dataclasses
import fcntl
import json
import os
import socket
from pathlib import Path

import pytest

from support import misbehaviour
from support.needs import need_of_the_system
from support.uploaded import audio
from uptrack_account.audio import isolated
from uptrack_account.audio.analysis_child import MOST_OPEN_FILES
from uptrack_account.audio.isolated import CannotAnalyse, ChildLost, Isolation, analyse
from uptrack_analysis.report import from_json

pytestmark = pytest.mark.usefixtures("tests_found_by_processes")
ISOLATION = Isolation(memory_mib=2_048, minutes=5.0, most_samples=100_000_000, most_minutes=10.0)


@pytest.fixture(autouse=True)
def said_anew() -> None:
    """What is said once a process is said once a test."""
    isolated.say_once_that_there_is_a_network.cache_clear()
    isolated.say_once_that_there_are_files.cache_clear()


@pytest.fixture
def mix(tmp_path: Path) -> Path:
    folder = tmp_path / "private"
    folder.mkdir(mode=0o700)
    path = folder / "mix.wav"
    path.write_bytes(audio())
    return path


async def made_to(what: str, mix: Path, **limits: float) -> str:
    isolation = dataclasses.replace(ISOLATION, analyze=f"{misbehaviour.__name__}:{what}", **limits)  # type: ignore[arg-type]
    return await analyse(mix, "wav", isolation)


@pytest.mark.parametrize("kind", ["WAV", "MP3", "W64", "RF64"])
async def test_it_analyses_wav_and_mp3(mix: Path, kind: str) -> None:
    mix.write_bytes(audio(kind, seconds=4))
    report = from_json(await analyse(mix, "mp3" if kind == "MP3" else "wav", ISOLATION))
    assert report.source.name == "mix.wav"
    assert report.source.channels == 2


@pytest.mark.parametrize("kind", ["FLAC", "OGG", "AIFF"])
async def test_it_analyses_nothing_else_whatever_its_name(mix: Path, kind: str) -> None:
    mix.write_bytes(audio(kind))
    with pytest.raises(CannotAnalyse, match=r"^Expected a WAV or MP3 file, but mix\.wav is "):
        await analyse(mix, "wav", ISOLATION)


async def test_what_cannot_be_decoded_is_told_in_a_sentence(mix: Path) -> None:
    mix.write_bytes(b"RIFF\x10\x00\x00\x00WAVE" + bytes(200))
    with pytest.raises(CannotAnalyse, match=r"mix\.wav"):
        await analyse(mix, "wav", ISOLATION)


@pytest.mark.parametrize("kind", ["WAV", "MP3"])
async def test_audio_that_is_too_long_is_refused_with_how_long_it_may_be(mix: Path, kind: str) -> None:
    mix.write_bytes(audio(kind, seconds=4))
    short = dataclasses.replace(ISOLATION, most_minutes=0.05)
    with pytest.raises(CannotAnalyse, match=r"Expected audio of at most 0\.05 minutes, but mix\.wav is longer"):
        await analyse(mix, "wav", short)


async def test_it_is_called_what_its_owner_calls_it_and_not_what_it_is_called_on_the_way(mix: Path) -> None:
    mix.write_bytes(audio(seconds=4))
    assert from_json(await analyse(mix, "wav", ISOLATION, "Secret Song.mp3")).source.name == "Secret Song.mp3"
    mix.write_bytes(audio("FLAC"))
    with pytest.raises(CannotAnalyse, match=r"^Expected a WAV or MP3 file, but Secret Song\.mp3 is "):
        await analyse(mix, "wav", ISOLATION, "Secret Song.mp3")


async def test_of_what_it_complains_of_the_log_holds_the_kind_alone(
    mix: Path, caplog: pytest.LogCaptureFixture
) -> None:
    isolation = dataclasses.replace(ISOLATION, analyze=f"{misbehaviour.__name__}:complain")
    with pytest.raises(ChildLost):
        await analyse(mix, "wav", isolation, "Secret Song.wav")
    assert "an analysis complained (ValueError)" in caplog.text
    assert "Secret" not in caplog.text
    assert str(mix) not in caplog.text


async def test_audio_that_unfolds_too_far_is_refused(mix: Path) -> None:
    with pytest.raises(CannotAnalyse):
        await analyse(mix, "wav", dataclasses.replace(ISOLATION, most_samples=10_000))


async def test_it_reaches_no_network_not_even_of_this_machine(mix: Path, caplog: pytest.LogCaptureFixture) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        mix.write_text(str(listening.getsockname()[1]), "utf-8")
        assert misbehaviour.call_out(mix, "wav", 0, 0.0, "") == "connected", "there is something to reach"
        said = await made_to("call_out", mix)
    need_of_the_system("this system lets nobody leave it" in caplog.text, "leave the network")
    assert said == "OSError"


async def test_it_reads_and_writes_no_file_of_anybody_elses(
    mix: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    another = tmp_path / "account.sqlite"
    another.write_bytes(b"everything of everybody")
    mix.write_text(str(another), "utf-8")
    said = await made_to("read_anothers", mix)
    need_of_the_system("this system has no Landlock" in caplog.text, "confine a process to some files")
    assert said == "PermissionError PermissionError PermissionError"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["account.sqlite", "private"]


async def test_it_cannot_eat_the_machines_memory(mix: Path) -> None:
    with pytest.raises(CannotAnalyse, match="needed more than the 2048 MiB it may use"):
        await made_to("eat_memory", mix)


async def test_it_cannot_take_the_processor_for_ever(mix: Path) -> None:
    with pytest.raises(CannotAnalyse, match=r"took more processor time than it may|took longer than"):
        await made_to("spin", mix, minutes=1 / 60)


async def test_it_is_ended_when_its_time_is_up_with_all_it_has_started(mix: Path) -> None:
    with pytest.raises(CannotAnalyse, match=r"took longer than the 0\.05 minutes it may take"):
        await made_to("wait_for_ever", mix, minutes=0.05)
    with mix.open("w") as file:
        # Held by what it had started, for as long as that lives; a wait without end is a test that fails.
        await asyncio.wait_for(asyncio.to_thread(fcntl.flock, file, fcntl.LOCK_EX), 20)


async def test_it_is_ended_when_nobody_waits_for_it_any_more(mix: Path) -> None:
    waiting = asyncio.create_task(made_to("wait_for_ever", mix))
    while mix.stat().st_size:  # what it starts empties the file as it takes its lock
        await asyncio.sleep(0.05)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    with mix.open("w") as file:
        await asyncio.wait_for(asyncio.to_thread(fcntl.flock, file, fcntl.LOCK_EX), 20)


async def test_it_cannot_fill_the_disk(mix: Path) -> None:
    assert await made_to("write_much", mix) == "27"  # EFBIG


async def test_one_that_crashes_may_be_tried_again(mix: Path) -> None:
    with pytest.raises(ChildLost, match="ended unexpectedly \\(by SIGSEGV\\)"):
        await made_to("die", mix)


async def test_one_that_says_too_much_is_ended(mix: Path) -> None:
    with pytest.raises(ChildLost, match="said more than a report can be"):
        await made_to("say_too_much", mix)


async def test_it_has_a_folder_and_nothing_of_ours(mix: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("UPTRACK_ACCOUNT_SECRET", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "a secret")
    with (mix.parent / "another").open("wb") as open_here:
        os.set_inheritable(open_here.fileno(), True)
        found = json.loads(await made_to("look_around", mix))
    assert [name for name in found["environment"] if name.startswith(("UPTRACK", "AWS"))] == []
    assert found["folder"] == found["path"] == str(mix.parent)
    assert found["session"]
    assert found["core"] == [0, 0]
    assert found["files"] == MOST_OPEN_FILES
    assert found["open"] == [], "no file of ours is open in it"
    assert found["made"] == "a file of one's own"
