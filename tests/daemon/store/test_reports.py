from __future__ import annotations

import unicodedata
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import select

from support.reports import a_report
from support.stores import Clock, a_new_report, a_store, bytes_of
from uptrack_analysis.errors import BadInput
from uptrack_analysis.report import to_json
from uptrack_daemon.jobs.queue import NewJob, Queue
from uptrack_daemon.store import Deliveries, NewDelivery, NewReport, Reports, Store, engine
from uptrack_daemon.store.models import ReportRow


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def store(tmp_path: Path, clock: Clock) -> AsyncIterator[Store]:
    async with a_store(tmp_path / "uptrack.sqlite", clock=clock) as store:
        yield store


async def test_a_document_comes_back_byte_for_byte(store: Store) -> None:
    document = to_json(a_report(name="Räumlich – 夜.wav"), indent=3)
    saved = await Reports(store).save(NewReport(document, "0" * 16, Path("/music/Räumlich – 夜.wav")))
    assert (await Reports(store).get(saved.id)).document == document


async def test_what_lists_show_comes_from_the_document(store: Store) -> None:
    report = a_report()
    new = a_new_report(project_id="p1", project_name="Warehouse")
    saved = await Reports(store).save(new)
    assert [saved] == await Reports(store).list()
    assert (saved.source_name, saved.sha256) == (report.source.name, report.source.sha256)
    assert (saved.score, saved.coverage) == (report.score.overall, report.score.coverage)
    assert (saved.genre, saved.target) == (report.context.genre.family, report.context.target)
    assert (saved.project_id, saved.project_name) == ("p1", "Warehouse")
    assert (saved.id, saved.run_id) == (new.id, new.run_id)


async def test_a_path_that_is_not_unicode_survives(store: Store) -> None:
    path = Path("/music/k\udcf6nig.wav")  # "könig" from a drive written in Latin-1
    saved = await Reports(store).save(NewReport(to_json(a_report()), "0" * 16, path))
    assert (await Reports(store).get(saved.id)).summary.source_path == path


async def test_the_newest_report_comes_first(store: Store, clock: Clock) -> None:
    for name in ("old.wav", "new.wav"):
        await Reports(store).save(a_new_report(name=name))
        clock.move(minutes=1)
    assert [report.source_name for report in await Reports(store).list()] == ["new.wav", "old.wav"]
    assert [report.source_name for report in await Reports(store).list(limit=1, offset=1)] == ["old.wav"]


@pytest.mark.parametrize("wanted", ["übung", "ÜBUNG", unicodedata.normalize("NFD", "Übung"), "bung_5%"])
async def test_a_name_is_found_whatever_its_case_and_form(store: Store, wanted: str) -> None:
    await Reports(store).save(a_new_report(name="Übung_5%.wav"))
    await Reports(store).save(a_new_report(name="bungx5y.wav"))
    assert [report.source_name for report in await Reports(store).list(name=wanted)] == ["Übung_5%.wav"]
    assert await Reports(store).count(name=wanted) == 1


async def test_a_report_is_found_by_its_project_too(store: Store) -> None:
    await Reports(store).save(a_new_report(project_name="Warehouse"))
    assert await Reports(store).count(name="warehouse") == 1


async def test_the_first_digits_of_an_id_name_a_report(store: Store) -> None:
    await Reports(store).save(a_new_report(id="abcd1111" * 2))
    assert (await Reports(store).get("ABCD")).summary.id == "abcd1111" * 2


async def test_digits_that_two_ids_begin_with_are_refused_and_both_named(store: Store) -> None:
    await Reports(store).save(a_new_report(id="abcd1111" * 2, name="one.wav"))
    await Reports(store).save(a_new_report(id="abcd2222" * 2, name="two.wav"))
    with pytest.raises(BadInput, match="give more digits") as refusal:
        await Reports(store).get("abcd")
    assert refusal.value.code == "report.ambiguous"
    assert {"one.wav", "two.wav"} <= set(refusal.value.sentence.replace("(", " ").replace(")", " ").split())
    assert (await Reports(store).get("abcd2")).summary.source_name == "two.wav"


@pytest.mark.parametrize("wanted", ["ffff", "abc", "", "%%%%", "mix.wav", "abcd' OR 1"])
async def test_an_id_nobody_has_is_refused_in_a_sentence(store: Store, wanted: str) -> None:
    await Reports(store).save(a_new_report(id="abcd1111" * 2))
    with pytest.raises(BadInput, match="reports list") as refusal:
        await Reports(store).get(wanted)
    assert refusal.value.code == "report.unknown"


async def test_a_deleted_report_takes_its_job_and_deliveries_with_it_and_nothing_else(store: Store) -> None:
    queue = Queue(store)
    reports = []
    for name in ("gone.wav", "kept.wav"):
        job = (await queue.enqueue(NewJob(Path("/music") / name))).job
        await queue.claim()
        new = a_new_report(name=name, job_id=job.id)
        reports.append(await queue.finish(job.id, new, [NewDelivery("r-1", "reaper", "{}")]))
    gone, kept = reports
    assert gone is not None
    assert kept is not None
    erased = await Reports(store).delete(gone.id)
    assert (erased.reports, erased.deliveries, erased.jobs, erased.traceless) == (1, 1, 1, True)
    assert await Reports(store).list() == [kept]
    assert [delivery.report_id for delivery in await Deliveries(store).pending()] == [kept.id]
    assert [job.report_id for job in await queue.list()] == [kept.id]


SECRET = "Unreleased Anthem"


async def _fill(store: Store, number: int) -> str:
    """One analysis with the secret in every place a user's words can get to; answers its report's id."""
    queue = Queue(store)
    job = (await queue.enqueue(NewJob(Path(f"/music/{SECRET} job {number}.wav"), origin=f'"{SECRET} origin"'))).job
    await queue.claim()
    document = to_json(a_report(name=f"{SECRET} {number}.wav")).replace("sub is", f"{SECRET} text" * 500)
    new = NewReport(document, job.id, Path(f"/music/{SECRET} {number}.wav"), f"{SECRET} id", f"{SECRET} project")
    summary = await queue.finish(job.id, new, [NewDelivery("r-1", "reaper", f'"{SECRET} payload"' * 1_000)])
    assert summary is not None
    return summary.id


async def test_deleting_all_leaves_no_word_of_it_in_the_bytes_of_the_store(store: Store) -> None:
    for number in range(3):
        await _fill(store, number)
    assert SECRET.encode() in bytes_of(store.path)
    erased = await Reports(store).delete_all()
    assert (erased.reports, erased.deliveries, erased.jobs, erased.traceless) == (3, 3, 3, True)
    assert SECRET.encode() not in bytes_of(store.path)


async def test_deleting_one_leaves_no_word_of_it_in_the_bytes_of_the_store(store: Store) -> None:
    await Reports(store).save(a_new_report(name="stays.wav"))
    await Reports(store).delete(await _fill(store, 1))
    assert SECRET.encode() not in bytes_of(store.path)
    assert b"stays.wav" in bytes_of(store.path)


async def test_erasing_while_somebody_reads_says_that_traces_are_left_until_it_is_done_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "PRAGMAS", ("busy_timeout = 1", *engine.PRAGMAS[1:]))
    path = tmp_path / "read.sqlite"
    async with a_store(path) as store:
        await _fill(store, 1)
        async with a_store(path) as reader, reader.reading() as session:
            await session.scalars(select(ReportRow.id))  # from here on the reader holds its view
            erased = await Reports(store).delete_all()
        assert (erased.reports, erased.traceless) == (1, False)
        assert (await Reports(store).delete_all()).traceless
        assert SECRET.encode() not in bytes_of(path)


async def test_what_is_queued_or_running_is_not_erased(store: Store) -> None:
    queue = Queue(store)
    for number in range(2):
        await queue.enqueue(NewJob(Path(f"/music/{number}.wav")))
    await queue.claim()
    await Reports(store).delete_all()
    assert [job.state for job in await queue.list()] == ["running", "queued"]
