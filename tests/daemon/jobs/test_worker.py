"""The worker as a process, spoken to over its pipes."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.tracks import beat
from support.workers import LIMIT_MIB, Pipes, worker
from uptrack_analysis.report import ProjectFacts, from_json
from uptrack_analysis.settings import Settings
from uptrack_daemon.jobs.protocol import Done, Failed, Progressed, ProtocolError, Ready, read_line, write_line


@pytest.fixture(scope="module")
def shared() -> Iterator[Pipes]:
    """One worker for the tests that leave it as they found it: starting one is most of the time a test takes."""
    with worker() as pipes:
        yield pipes


def test_an_answer_is_the_report_and_its_timings(shared: Pipes, tmp_path: Path) -> None:
    shared.ask(tmp_path / "mix.wav")
    answer = shared.answer()
    assert isinstance(answer, Done)
    assert from_json(answer.document).source.name == "mix.wav"
    assert answer.timings_s == {"decode": 0.25}


def test_settings_arrive_as_they_were_sent(shared: Pipes, tmp_path: Path) -> None:
    shared.ask(tmp_path / "settings.wav", Settings("techno", "stream", ProjectFacts(bpm=128.5)))
    assert shared.hear() == Progressed(0.5, "techno stream 128.5")
    shared.answer()


def test_progress_comes_at_most_twenty_times_a_second(shared: Pipes, tmp_path: Path) -> None:
    shared.ask(tmp_path / "hurry.wav")
    assert shared.hear() == Progressed(0.0, "step 0")
    heard = 1
    while not isinstance(said := shared.hear(), Done):
        heard += 1
    assert isinstance(said, Done)
    assert heard < 200  # of 2,000; a machine would have to stall ten seconds to say that many


def test_what_a_library_prints_or_reads_does_not_touch_the_wire(shared: Pipes, tmp_path: Path) -> None:
    shared.ask(tmp_path / "chatter.wav")
    answer = shared.answer()
    assert isinstance(answer, Done)
    assert from_json(answer.document).source.name == "chatter.wav"


@pytest.mark.skipif(os.name == "nt", reason="links and pipes as POSIX has them")
def test_what_took_the_place_of_a_file_after_it_was_accepted_is_refused_and_not_followed(tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    beat(elsewhere / "mix.wav", seconds=0.2)
    paths = [tmp_path / "mix.wav", tmp_path / "dangling.wav", tmp_path / "folder" / "mix.wav", tmp_path / "pipe.wav"]
    paths[0].symlink_to(elsewhere / "mix.wav")
    paths[1].symlink_to(tmp_path / "nowhere.wav")
    paths[2].parent.symlink_to(elsewhere)
    os.mkfifo(paths[3])
    with worker(None) as pipes:
        codes: list[str] = []
        for path in paths:
            pipes.ask(path)
            answer = pipes.answer()
            assert isinstance(answer, Failed)
            assert answer.sentence.startswith(path.name)
            assert answer.reusable
            codes.append(answer.code)
        assert codes == ["input.link", "input.link", "input.link", "input.not_a_file"]
        pipes.ask(elsewhere / "mix.wav")
        assert isinstance(pipes.answer(), Done)


def test_a_refused_file_is_answered_with_code_and_sentence_and_the_worker_goes_on(
    shared: Pipes, tmp_path: Path
) -> None:
    shared.ask(tmp_path / "refuse.wav")
    assert shared.answer() == Failed(
        "input.not_audio", "Expected audio, got a shopping list; export it again.", reusable=True
    )


def test_a_fault_of_ours_is_answered_with_a_sentence_and_its_trace_goes_to_stderr(tmp_path: Path) -> None:
    with worker() as pipes:
        pipes.ask(tmp_path / "raise.wav")
        answer = pipes.answer()
        assert isinstance(answer, Failed)
        assert (answer.code, answer.reusable) == ("job.internal", False)
        assert "ZeroDivisionError: nobody thought of this" in answer.sentence
        pipes.process.kill()
        assert pipes.process.stderr is not None
        assert b"Traceback" in pipes.process.stderr.read()


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only Linux holds a process to RLIMIT_AS")
def test_memory_over_the_limit_is_answered_with_a_sentence(tmp_path: Path) -> None:
    with worker() as pipes:
        pipes.ask(tmp_path / "eat.wav")
        answer = pipes.answer()
    assert isinstance(answer, Failed)
    assert (answer.code, answer.reusable) == ("job.memory", False)
    assert f"{LIMIT_MIB} MiB" in answer.sentence


def test_a_worker_ends_when_its_wire_does_also_in_the_middle_of_an_analysis(tmp_path: Path) -> None:
    with worker() as pipes:
        pipes.ask(tmp_path / "hang.wav")
        assert isinstance(pipes.hear(), Progressed)
        assert pipes.process.stdin is not None
        pipes.process.stdin.close()
        assert pipes.process.wait(60) == 0


def test_signals_meant_for_the_daemon_do_not_end_a_worker(tmp_path: Path) -> None:
    with worker() as pipes:
        for which in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            pipes.process.send_signal(which)
        pipes.ask(tmp_path / "mix.wav")
        assert isinstance(pipes.answer(), Done)


PARENT = """
import os, subprocess, sys
worker = subprocess.Popen(
    [sys.executable, "-P", "-m", "uptrack_daemon.jobs.worker", "--analyze=support.analyses:stubborn",
     f"--parent={os.getpid()}"],
    stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, start_new_session=True,
)
worker.stdout.readline()
worker.stdin.write(b'{"job": "1", "path": "/music/mix.wav", "settings": {}}\\n')
worker.stdin.flush()
worker.stdout.readline()
print(worker.pid, flush=True)
sys.stdin.read()
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="elsewhere a library that holds the lock must return")
def test_a_worker_deep_in_a_library_ends_with_a_daemon_that_is_killed() -> None:
    with subprocess.Popen(
        [sys.executable, "-c", PARENT],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
    ) as parent:
        assert parent.stdout is not None
        pid = int(parent.stdout.readline())
        watched = os.pidfd_open(pid)
        parent.kill()
    import select

    # A pidfd becomes readable when its process ends; the time is only for a test that fails.
    assert select.select([watched], [], [], 60)[0] == [watched]
    os.close(watched)


@pytest.mark.parametrize(
    "line", [b"", b"nonsense", b"[]", b'{"say": "done"}', b'{"say": "progress", "fraction": true}']
)
def test_nonsense_on_the_wire_is_told_from_a_message(line: bytes) -> None:
    with pytest.raises(ProtocolError):
        read_line(line)


def test_every_message_survives_its_line() -> None:
    for saying in (
        Ready(1.5),
        Progressed(0.25, "Räume\n"),
        Done('{"name": "k\udcf6nig 🎛"}', {"decode": 1.0}),
        Failed("a.b", "Räume.", reusable=True),
    ):
        line = write_line(saying)
        assert line.count(b"\n") == 1
        assert read_line(line) == saying
