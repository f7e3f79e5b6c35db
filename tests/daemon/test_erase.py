"""Erasing one report leaves nothing of it anywhere in the home, and everything of the others."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest

from support.daemon_process import GENEROUS_S, running_daemon
from support.daws import daw_over, hear_one
from support.stores import a_new_report, a_store, bytes_of
from support.tracks import beat
from uptrack_bridges.mailbox_folder import MAX_FILE_BYTES, Outbox
from uptrack_bridges.messages import Feedback, write
from uptrack_bridges.parts import split
from uptrack_daemon import logs
from uptrack_daemon.erase import erase_everything, erase_report
from uptrack_daemon.home import Home
from uptrack_daemon.jobs.queue import NewJob, Queue
from uptrack_daemon.retention import Retention
from uptrack_daemon.store import NewDelivery, NewReport, Reports, Store

GONE, KEPT = "Unreleased Anthem", "Sunrise"


@pytest.fixture
async def store(home: Home) -> AsyncIterator[Store]:
    async with a_store(home.database) as store:
        yield store


async def a_report_of(store: Store, name: str) -> NewReport:
    report = a_new_report(name=f"{name}.wav", job_id=f"{'0' * 10}{len(name):06d}")
    await Reports(store).save(report, (NewDelivery("r-1", "reaper", f'"{name}"'),))
    return report


def feedback(report: NewReport, name: str, *, length: int = 10) -> str:
    status, job, run = f"{name} " * length, report.job_id, report.run_id
    return write(Feedback(job=job, run=run, report=report.id, status=status, score=None, markers=[]))


def texts(folder: Path) -> str:
    return "\n".join(path.read_text("utf-8") for path in sorted(folder.rglob("*.json")))


async def test_unread_feedback_about_it_goes_whole_or_in_parts_and_other_feedback_stays(
    home: Home, store: Store
) -> None:
    gone, kept = [await a_report_of(store, name) for name in (GONE, KEPT)]
    box = home.mailbox / "r-1" / "to_host"
    box.mkdir(parents=True)
    outbox = Outbox(box)
    stay: set[str] = set()
    for report, name in ((gone, GONE), (kept, KEPT)):
        long = split(feedback(report, name, length=20_000), limit_bytes=MAX_FILE_BYTES, message_id=name)
        assert len(long) > 2
        put = {outbox.put(text).name for text in (feedback(report, name), *map(write, long))}
        stay = put if report is kept else stay
    begun = split(feedback(gone, GONE, length=20_000), limit_bytes=MAX_FILE_BYTES, message_id="its first part was read")
    for part in begun[1:]:
        outbox.put(write(part))

    await erase_report(home, store, gone.id)
    assert GONE not in texts(box)
    assert {path.name for path in box.iterdir()} == stay
    assert GONE.encode() not in bytes_of(store.path)
    assert KEPT.encode() in bytes_of(store.path)


async def test_a_mailbox_that_is_a_link_is_not_followed(home: Home, store: Store, tmp_path: Path) -> None:
    report = await a_report_of(store, GONE)
    elsewhere = tmp_path / "elsewhere" / "to_host"
    elsewhere.mkdir(parents=True)
    (elsewhere / "1.json").write_text(feedback(report, GONE), "utf-8")
    (home.mailbox / "r-1").symlink_to(elsewhere.parent)
    await erase_report(home, store, report.id)
    assert (elsewhere / "1.json").exists()


async def test_the_logs_entries_about_it_are_written_over_while_the_daemon_goes_on_writing(
    home: Home, store: Store
) -> None:
    gone, kept = [await a_report_of(store, name) for name in (GONE, KEPT)]
    root = logging.getLogger()
    before = root.handlers[:], root.level
    try:
        logs.set_up(home, verbose=False)
        log = logging.getLogger("test")
        fault = ValueError(f"in {GONE}.wav\nand on a second line")
        log.error("The report of job %s could not be composed", gone.job_id, exc_info=fault)
        log.info("%s.wav: measured", KEPT)
        log.info("Job %s waits to be stored", gone.job_id)
        log.info("job %s is fine", kept.job_id)
        (home.logs / "daemon.log.1").write_bytes((home.logs / "daemon.log").read_bytes())
        await erase_report(home, store, gone.id)
        log.info("the end")
    finally:
        for handler in root.handlers:
            handler.close()
        root.handlers[:], root.level = before
    current, rotated = [(home.logs / name).read_text("utf-8") for name in ("daemon.log", "daemon.log.1")]
    assert current.startswith(rotated)
    for secret in (GONE, gone.job_id, "second line", "ValueError"):
        assert secret not in current
    told = [line.partition("test: ")[2] for line in current.splitlines() if not line.startswith("-")]
    assert told == [f"{KEPT}.wav: measured", f"job {kept.job_id} is fine", "the end"]


async def test_the_command_and_http_erase_alike_and_tell_what_is_gone(tmp_path: Path) -> None:
    home = tmp_path / "home"
    with running_daemon(home) as daemon:
        for number in range(2):
            mix = beat(tmp_path / f"{GONE} {number}.wav", seconds=1, seed=number)
            async with daw_over("mailbox", daemon, instance=f"r-{number}") as daw:
                await daw.say(type="analyze", id="a", mix={"path": str(mix)})
                await hear_one(daw, "job.queued")
                unread = home / "mailbox" / f"r-{number}" / "to_host"
                async with asyncio.timeout(GENEROUS_S):
                    while '"feedback"' not in texts(unread):  # a folder has no event to wait for
                        await asyncio.sleep(0.01)
        by_http, by_command = json.loads(daemon.command("reports", "list", "--json").stdout)
        erased = daemon.command("reports", "delete", by_command["id"])
        assert erased.returncode == 0, erased.stderr
        assert erased.stdout == "Erased 1 report.\n"
        url = f"http://127.0.0.1:{daemon.bridge['port']}/api/reports/{by_http['id']}"
        key = {"Authorization": f"Bearer {daemon.bridge['token']}"}
        async with aiohttp.ClientSession(headers=key) as session:
            async with session.delete(url) as answer:
                assert answer.status == 200
                said = await answer.json()
            async with session.delete(url) as answer:
                assert answer.status == 404
        assert said.keys() == {"reports", "deliveries", "jobs", "traceless", "on_account"}
        assert (said["reports"], said["deliveries"], said["jobs"]) == (1, 1, 1)
    files = [path for path in home.rglob("*") if path.is_file()]
    assert [path for path in files if GONE.encode() in path.read_bytes()] == []


async def test_erasing_everything_takes_renders_and_captures_but_nothing_a_job_or_a_daw_needs(
    home: Home, store: Store
) -> None:
    retention, queue = Retention(home, store, days=7), Queue(store)
    for name in ("done", "needed", "rendering"):
        (home.audio / name).mkdir()
        (home.audio / name / f"{GONE}.wav").write_bytes(b"RIFF")
    captured = await retention.reserve()
    captured.write_bytes(b"RIFF")
    ended = (await queue.enqueue(NewJob(home.audio / "done" / f"{GONE}.wav"))).job
    await retention.claim([ended.path], ended.id)
    await queue.claim()
    await queue.fail(ended.id, "x", "It failed.")
    waiting = (await queue.enqueue(NewJob(home.audio / "needed" / f"{GONE}.wav"))).job
    await retention.claim([waiting.path], waiting.id)
    await erase_everything(home, store)
    assert {path.name for path in home.audio.iterdir()} == {"needed", "rendering"}
