"""Audio that is sent to be analysed: what is taken, what it counts, and that it goes when it should in any case."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import obstore
import pytest
from obstore.exceptions import BaseError
from obstore.store import ObjectStore
from sqlalchemy import func, select

from support.account_site import ADA, BOB, PASSWORD, account_service, somebody
from support.reports import a_report
from support.stores import Clock
from support.uploaded import audio, barred, held, pieces, sha256, take, work
from uptrack_account.audio.objects import StoreAway, new_key, prefix_of
from uptrack_account.audio.uploads import LOST, NEVER_ANALYSED, Arriving, Upload, fit_name
from uptrack_account.errors import UploadRefused
from uptrack_account.service import Service
from uptrack_account.store import Base
from uptrack_account.store.models import ErasureRow, JobRow, ReportRow, UploadRow, UsageRow
from uptrack_analysis.report import to_json

ID = "5a5a" * 4


@pytest.fixture
async def service(migrated_url: str, tmp_path: Path, clock: Clock) -> AsyncIterator[Service]:
    async with account_service(tmp_path / "home", migrated_url, clock, upload_mb=1, free_analyses=4) as service:
        yield service


@pytest.fixture
async def ada(service: Service) -> str:
    return await somebody(service)


async def count(service: Service, table: type[Base]) -> int:
    async with service.database.reading() as session:
        return (await session.scalar(select(func.count()).select_from(table))) or 0


async def used(service: Service, account_id: str) -> int:
    return (await service.uploads.left_this_month(account_id))[0]


async def one(service: Service, account_id: str) -> Upload:
    (found,) = await service.uploads.of(account_id)
    return found


async def refusal(service: Service, account_id: str, body: bytes, **said: object) -> tuple[int, str]:
    with pytest.raises(UploadRefused) as refused:
        await take(service, account_id, body, **said)
    assert await count(service, JobRow) == await count(service, UploadRow)
    return refused.value.status, refused.value.code


# -- taken -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["WAV", "MP3"])
async def test_audio_is_held_byte_for_byte_and_waits_to_be_analysed(service: Service, ada: str, kind: str) -> None:
    body = audio(kind)
    taken = await take(service, ada, body, name="mix.flac", project_name="Warehouse")
    upload = await one(service, ada)
    assert (taken.new, taken.upload) == (True, upload)
    assert (upload.kind, upload.bytes, upload.sha256) == (kind.lower(), len(body), sha256(body))
    assert (upload.state, upload.name, upload.is_held) == ("waiting", "mix.flac", True)
    assert b"".join([piece async for piece in service.objects.read(upload.object_key)]) == body
    assert await used(service, ada) == 1
    assert await count(service, JobRow) == 1


@pytest.mark.parametrize(
    "body",
    [
        audio("FLAC"),
        audio("OGG"),
        audio("AIFF"),
        b"<!doctype html><p>audio",
        b"PK\x03\x04" + bytes(5_000),
        b"RIFF\x10\x00\x00\x00AVI " + bytes(5_000),
        b"\xff\xfd\x90\x00" + bytes(5_000),  # layer II
        b"ID3",
        bytes(10_000),
    ],
    ids=["flac", "ogg", "aiff", "page", "archive", "video", "layer 2", "tag", "zeros"],
)
async def test_nothing_but_wav_and_mp3_is_taken_whatever_its_name(service: Service, ada: str, body: bytes) -> None:
    assert await refusal(service, ada, body, name="mix.wav") == (415, "upload.kind")
    assert (await held(service), await used(service, ada)) == ([], 0)


async def test_an_empty_file_and_one_that_is_too_large_are_refused_and_nothing_is_held(
    service: Service, ada: str
) -> None:
    assert await refusal(service, ada, b"") == (422, "upload.empty")
    assert await refusal(service, ada, audio(seconds=7)) == (413, "upload.too_large")
    assert (await held(service), await used(service, ada)) == ([], 0)


async def test_the_same_again_changes_nothing_also_at_once_and_other_audio_under_its_id_is_refused(
    service: Service, ada: str
) -> None:
    body = audio()
    taken = await asyncio.gather(*(take(service, ada, body, id=ID, sha256=sha256(body)) for _ in range(4)))
    assert sorted(one.new for one in taken) == [False, False, False, True]
    other = audio(seed=2)
    assert await refusal(service, ada, other, id=ID, sha256=sha256(other)) == (409, "upload.other")
    assert (len(await held(service)), await used(service, ada), await count(service, JobRow)) == (1, 1, 1)


async def test_audio_that_is_not_what_its_digest_says_is_refused(service: Service, ada: str) -> None:
    assert await refusal(service, ada, audio(), sha256="0" * 64) == (422, "upload.digest")
    assert await held(service) == []


async def test_an_upload_that_breaks_off_leaves_nothing(service: Service, ada: str) -> None:
    async def breaking() -> AsyncIterator[bytes]:
        async for piece in pieces(audio()):
            yield piece
        raise ConnectionResetError

    with pytest.raises(ConnectionResetError):
        await service.uploads.take(ada, Arriving(ID), breaking())
    assert (await held(service), await count(service, UploadRow), await used(service, ada)) == ([], 0, 0)


async def test_a_month_holds_so_many_analyses_also_of_many_at_once_and_the_next_one_as_many_again(
    service: Service, ada: str, clock: Clock
) -> None:
    sent = await asyncio.gather(*(take(service, ada, audio(seed=n)) for n in range(6)), return_exceptions=True)
    refused = [answer for answer in sent if isinstance(answer, UploadRefused)]
    assert [(error.status, error.code) for error in refused] == [(429, "upload.allowance")] * 2
    assert len(await held(service)) == await used(service, ada) == 4
    assert await refusal(service, ada, audio()) == (429, "upload.allowance")
    clock.move(days=3)  # December
    assert (await take(service, ada)).new


async def test_audio_that_comes_for_an_account_that_is_gone_is_not_held(service: Service, ada: str) -> None:
    assert await refusal(service, "f" * 32, audio()) == (410, "account.gone")
    assert await held(service) == []


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("mix.wav", "mix.wav"),
        ("/music/Unreleased/mix.wav", "mix.wav"),
        ("C:\\music\\mix.wav", "mix.wav"),
        ("..", None),
        ("a\x00b\n.wav", "a\ufffdb\ufffd.wav"),
        ("x" * 300 + ".wav", "x" * 89 + "…" + "x" * 26 + ".wav"),
        ("", None),
        (None, None),
    ],
    ids=str,
)
def test_of_a_name_that_is_kept_which_can_be_a_files_and_tells_no_folder(said: str | None, kept: str | None) -> None:
    assert fit_name(said) == kept
    assert len((fit_name("𝄞" * 300) or "").encode()) <= 255


# -- analysed ----------------------------------------------------------------------------------------------------------


async def test_what_is_found_becomes_a_report_of_its_project(service: Service, ada: str, clock: Clock) -> None:
    await take(service, ada, audio(seconds=4), name="mix v2.wav", project_name="Warehouse")
    assert await work(service)
    assert not await work(service)
    upload = await one(service, ada)
    assert (upload.state, upload.analysed_at, upload.delete_by) == ("done", clock.now, clock.now + timedelta(days=7))
    (project,) = await service.reports.projects(ada)
    assert (project.name, project.latest.id, project.latest.name) == ("Warehouse", upload.report_id, "mix v2.wav")
    assert project.latest.source_sha256 == upload.sha256
    assert await count(service, JobRow) == 0
    await take(service, ada, audio(seconds=4, seed=2), project_id=project.id)
    assert await work(service)
    assert [project.versions for project in await service.reports.projects(ada)] == [2]


async def test_what_cannot_be_analysed_says_why_counts_nothing_and_is_deleted_at_once(
    service: Service, ada: str, clock: Clock
) -> None:
    await take(service, ada, b"RIFF\x10\x00\x00\x00WAVE" + bytes(200))
    assert await work(service)
    upload = await one(service, ada)
    assert (upload.state, upload.deleted_at) == ("failed", clock.now)
    assert upload.reason is not None
    assert "mix.wav" in upload.reason
    assert (await held(service), await used(service, ada), await count(service, ReportRow)) == ([], 0, 0)


# -- deleted -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("keep_days", [1, 7])
async def test_audio_goes_by_itself_when_its_days_are_over_and_leaves_a_dated_receipt_and_its_report(
    service: Service, ada: str, clock: Clock, keep_days: int
) -> None:
    await take(service, ada, audio(seconds=4), keep_days=keep_days)
    await work(service)
    clock.move(days=keep_days, minutes=-2)
    await service.uploads.sweep()
    assert (await one(service, ada)).is_held
    clock.move(minutes=2)
    await service.uploads.sweep()
    upload = await one(service, ada)
    assert (upload.state, upload.deleted_at) == ("done", clock.now)
    assert await held(service) == []
    assert upload.report_id is not None
    assert await service.reports.get(ada, upload.report_id) is not None


async def test_with_no_days_it_goes_as_soon_as_it_is_analysed(service: Service, ada: str, clock: Clock) -> None:
    await take(service, ada, audio(seconds=4), keep_days=0)
    await work(service)
    upload = await one(service, ada)
    assert (upload.state, upload.deleted_at, await held(service)) == ("done", clock.now, [])


async def test_audio_that_nobody_analyses_goes_after_seven_days(service: Service, ada: str, clock: Clock) -> None:
    await take(service, ada)
    clock.move(days=7)
    await service.uploads.sweep()
    upload = await one(service, ada)
    assert (upload.state, upload.reason, upload.deleted_at) == ("deleted", NEVER_ANALYSED, clock.now)
    assert (await held(service), await used(service, ada), await work(service)) == ([], 0, False)


async def test_a_clock_that_was_ahead_when_a_deadline_was_set_makes_it_no_longer_than_it_may_be(
    service: Service, ada: str, clock: Clock
) -> None:
    clock.move(days=400)
    await take(service, ada, audio(seconds=4))
    await work(service)
    clock.move(days=-400)
    await service.uploads.sweep()
    clock.move(days=7)
    await service.uploads.sweep()
    assert await held(service) == []


async def test_its_owner_deletes_it_now_before_and_after_it_is_analysed_and_nobody_else_does(
    service: Service, ada: str, clock: Clock
) -> None:
    bob = await somebody(service, BOB)
    first = (await take(service, ada)).upload
    assert not await service.uploads.delete(bob, first.id)
    assert len(await held(service)) == 1
    assert await service.uploads.delete(ada, first.id)
    assert not await work(service), "there is nothing to analyse any more"
    assert (await one(service, ada)).state == "deleted"
    second = (await take(service, ada, audio(seconds=4))).upload
    await work(service)
    assert await service.uploads.delete(ada, second.id)
    found = await service.uploads.get(ada, second.id)
    assert found is not None
    assert (found.state, found.deleted_at) == ("done", clock.now)
    assert await held(service) == []
    assert await count(service, ReportRow) == 1


async def test_what_is_deleted_while_it_is_analysed_leaves_no_report(service: Service, ada: str) -> None:
    upload = (await take(service, ada)).upload
    async with service.jobs.worker() as worker:
        job = await worker.claim()
        assert job is not None
        assert await service.uploads.begin(job) is not None
        await service.uploads.delete(ada, upload.id)
        await service.uploads.done(worker, job, to_json(a_report()))
    assert (await count(service, ReportRow), (await one(service, ada)).state) == (0, "deleted")


async def test_a_report_that_was_deleted_stays_so_though_its_audio_is_analysed_again(
    service: Service, ada: str
) -> None:
    """A worker dies after it has kept the report in a transaction that it never heard the end of."""
    await take(service, ada, audio(seconds=4))
    await work(service)
    upload = await one(service, ada)
    assert upload.report_id is not None
    await service.reports.delete(ada, upload.report_id)
    async with service.database.writing() as session:
        row = await session.get(UploadRow, (ada, upload.id))
        assert row is not None
        row.state = "analysing"
        await service.jobs.enqueue(session, ada, upload.id)
    assert await work(service)
    assert ((await one(service, ada)).state, await count(service, ReportRow)) == ("done", 0)


# -- what nobody knows -------------------------------------------------------------------------------------------------


async def test_objects_that_no_row_knows_are_deleted_once_they_are_an_hour_old(
    service: Service, ada: str, clock: Clock
) -> None:
    upload = (await take(service, ada)).upload
    orphan = new_key(ada)
    await service.objects.put(orphan, pieces(audio()))
    cut_off = service.settings.home / "objects" / f"{new_key(ada)}#7"
    cut_off.write_bytes(b"x")
    clock.now = datetime.now(UTC)  # the store's own
    await service.uploads.sweep_orphans()
    assert orphan in await held(service), "it may be on its way"
    assert cut_off.exists()
    clock.move(hours=1, seconds=10)
    await service.uploads.sweep_orphans()
    assert await held(service) == [upload.object_key]
    assert not cut_off.exists()


async def test_a_row_whose_object_is_lost_says_so(service: Service, ada: str, clock: Clock) -> None:
    upload = (await take(service, ada)).upload
    await service.objects.delete([upload.object_key])
    await service.uploads.sweep_orphans()
    found = await one(service, ada)
    assert (found.state, found.reason, found.deleted_at) == ("deleted", LOST, clock.now)
    assert not await work(service)


async def test_everything_goes_with_the_account_objects_and_jobs_too(service: Service, ada: str) -> None:
    bob = await somebody(service, BOB)
    for account_id in (ada, ada, bob):
        await take(service, account_id)
    await service.objects.put(new_key(ada), pieces(b"on its way"))
    await erase(service)
    await service.uploads.purge()
    assert [key.startswith(prefix_of(bob)) for key in await held(service)] == [True]
    for table in (UploadRow, JobRow, UsageRow):
        assert await count(service, table) == 1


async def test_an_erasure_is_remembered_while_the_object_store_is_away_and_carried_out_later(
    service: Service, ada: str, clock: Clock
) -> None:
    await take(service, ada)
    with barred(service.settings.home / "objects"):
        await erase(service)
        assert await count(service, UploadRow) == 0
        with pytest.raises(ExceptionGroup):
            await service.uploads.sweep()
    assert len(await held(service)) == await count(service, ErasureRow) == 1
    await service.uploads.sweep()
    assert await held(service) == []
    clock.move(hours=1, seconds=1)
    await service.uploads.sweep()
    assert await count(service, ErasureRow) == 0


async def test_audio_that_was_still_on_its_way_when_its_account_was_erased_is_deleted_as_it_comes(
    service: Service, ada: str, clock: Clock
) -> None:
    await erase(service)
    await service.uploads.purge()
    clock.move(minutes=5)
    await service.objects.put(new_key(ada), pieces(audio()))
    await service.uploads.sweep()
    assert await held(service) == []


async def test_what_is_due_while_the_object_store_is_away_is_deleted_later_and_the_receipt_does_not_lie(
    service: Service, ada: str, clock: Clock
) -> None:
    upload = (await take(service, ada)).upload
    with barred(service.settings.home / "objects"):
        assert await service.uploads.delete(ada, upload.id)
        assert (await one(service, ada)).is_held
    clock.move(minutes=5)
    await service.uploads.sweep()
    assert ((await one(service, ada)).deleted_at, await held(service)) == (clock.now, [])


async def test_one_object_that_cannot_be_deleted_holds_up_no_other_and_is_told(
    service: Service, ada: str, clock: Clock
) -> None:
    stuck, other = [(await take(service, ada, audio(seed=seed))).upload for seed in (1, 2)]
    path = service.settings.home / "objects" / stuck.object_key
    path.unlink()
    (path / "in the way").mkdir(parents=True)  # so that no file is there to be deleted, not even for root
    clock.move(days=7)
    with pytest.raises(ExceptionGroup) as raised:
        await service.uploads.sweep()
    assert [type(error) for error in raised.value.exceptions] == [StoreAway]
    assert {one.id: one.is_held for one in await service.uploads.of(ada)} == {stuck.id: True, other.id: False}
    assert not (service.settings.home / "objects" / other.object_key).exists()


async def test_one_account_whose_audio_cannot_be_deleted_holds_up_no_other(
    service: Service, ada: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    bob = await somebody(service, BOB)
    for account_id in (ada, bob):
        await take(service, account_id)
        await take(service, account_id)
    first, delete = min(await held(service)), obstore.delete_async

    async def all_but_the_first(store: ObjectStore, key: str) -> None:
        if key == first:
            raise BaseError(f"{key} is locked")
        await delete(store, key)

    monkeypatch.setattr(obstore, "delete_async", all_but_the_first)
    await erase(service)
    await erase(service, BOB)
    with pytest.raises(ExceptionGroup):
        await service.uploads.sweep()
    assert await held(service) == [first]


async def test_audio_that_is_due_is_deleted_though_lost_jobs_cannot_be_looked_for(
    service: Service, ada: str, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fails() -> int:
        raise RuntimeError("the jobs' tables are of another version")

    monkeypatch.setattr(service.jobs, "recover", fails)
    await take(service, ada)
    clock.move(days=7)
    with pytest.raises(ExceptionGroup, match="not every step went well"):
        await service.uploads.sweep()
    assert await held(service) == []


async def test_a_sweep_of_everything_deletes_what_nobody_knows_though_another_step_fails(
    service: Service, ada: str, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fails() -> None:
        raise RuntimeError("inside")

    monkeypatch.setattr(service.sessions, "sweep", fails)
    await service.objects.put(new_key(ada), pieces(audio()))
    clock.now = datetime.now(UTC) + timedelta(hours=1, minutes=1)  # the store's own
    with pytest.raises(ExceptionGroup):
        await service.sweep()
    assert await held(service) == []


async def erase(service: Service, email: str = ADA) -> None:
    account_id = await service.accounts.sign_in(email, PASSWORD)
    person = await service.sessions.person(await service.sessions.begin(account_id, ""))
    assert person is not None
    await service.accounts.erase(person, PASSWORD)
