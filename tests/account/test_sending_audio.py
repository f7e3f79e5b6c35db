"""Audio is sent to the account by choice and no other way: that very file, once, whatever the way does to it."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update

from support.account_site import Browser
from support.bad_road import bad_road
from support.companion import Companion
from support.stores import Clock
from support.uploaded import audio, held, work
from uptrack_account.audio.uploads import Upload
from uptrack_account.service import Service
from uptrack_account.store.models import UploadRow
from uptrack_analysis.errors import BadInput, Unavailable
from uptrack_bridges.account import UploadState, report_of_upload, upload_of_report
from uptrack_daemon.account import audio as sending
from uptrack_daemon.account.by_hand import send_audio
from uptrack_daemon.account.envelope import project_key
from uptrack_daemon.account.site import Site
from uptrack_daemon.account.standing import standing_of
from uptrack_daemon.store import AccountLinks, Outbox


@pytest.fixture
def mix(tmp_path: Path) -> Path:
    path = tmp_path / "Unreleased Anthem.wav"
    path.write_bytes(audio())
    return path


async def by_hand(mine: Companion, report_id: str, *, keep_days: int = 0) -> UploadState:
    link = await AccountLinks(mine.store).get()
    assert link is not None
    return await send_audio(mine.pusher, mine.store, report_id[:6], link, keep_days=keep_days)


async def always(mine: Companion) -> None:
    mine.sends_audio = True
    mine.restart()


def on_its_way(monkeypatch: pytest.MonkeyPatch, fate: str) -> list[str]:
    """What is to be dealt: that to audio, and to nothing else."""
    fates, put = list[str](), Site.put_upload

    async def put_upload(self: Site, *said: Any) -> UploadState:
        fates.append(fate)
        return await put(self, *said)

    monkeypatch.setattr(Site, "put_upload", put_upload)
    return fates


async def only_upload(service: Service, account_id: str) -> Upload:
    (upload,) = await service.uploads.of(account_id)
    return upload


async def bytes_held(service: Service, key: str) -> bytes:
    return b"".join([piece async for piece in service.objects.read(key)])


@pytest.mark.parametrize("with_names", [True, False])
async def test_by_hand_the_very_bytes_arrive_in_the_reports_project_and_names_only_with_consent(
    service: Service, browser: Browser, ada: str, mine: Companion, mix: Path, *, with_names: bool
) -> None:
    before_the_link = await mine.measure_file(mix)
    link = await mine.link(browser, with_names=with_names)
    state = await by_hand(mine, before_the_link, keep_days=3)
    assert (state.id, state.state) == (upload_of_report(before_the_link), "waiting")
    upload = await only_upload(service, ada)
    assert await bytes_held(service, upload.object_key) == mix.read_bytes()
    assert upload.keep_days == 3
    assert (upload.name, upload.project_name) == (
        ("Unreleased Anthem.wav", "Warehouse") if with_names else (None, None)
    )
    stored = await mine.reports.get(before_the_link)
    assert upload.project_key == project_key(stored.summary.project_key, link)
    assert await work(service)
    (project,) = await service.reports.projects(ada)
    versions = await service.reports.versions(ada, project.id)
    assert {version.id for version in versions} == {before_the_link, report_of_upload(upload.id)}


async def test_unless_somebody_says_otherwise_it_is_deleted_once_it_is_analysed(
    service: Service, browser: Browser, ada: str, mine: Companion, mix: Path
) -> None:
    await mine.link(browser)
    await by_hand(mine, await mine.measure_file(mix))
    await work(service)
    assert not (await only_upload(service, ada)).is_held
    assert await held(service) == []


async def test_said_again_nothing_is_sent_twice_and_what_became_of_it_is_told(
    service: Service, browser: Browser, ada: str, mine: Companion, mix: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await mine.link(browser)
    report_id = await mine.measure_file(mix)
    await by_hand(mine, report_id)
    await work(service)

    async def sent_twice(*_: object) -> None:
        raise AssertionError("it was sent again")

    monkeypatch.setattr(Site, "put_upload", sent_twice)
    state = await by_hand(mine, report_id)
    assert (state.state, state.report_id) == ("done", report_of_upload(state.id))
    assert len(await service.uploads.of(ada)) == 1


async def test_by_default_no_audio_is_sent(
    service: Service, browser: Browser, ada: str, mine: Companion, mix: Path
) -> None:
    await mine.link(browser)
    await mine.measure_file(mix)
    assert (await mine.pusher.push(now=True)).audio == 0
    assert (await service.uploads.of(ada), await held(service)) == ([], [])


async def test_what_cannot_be_sent_is_a_sentence_and_reaches_nobody(
    service: Service, browser: Browser, ada: str, mine: Companion, mix: Path, tmp_path: Path
) -> None:
    link = await mine.link(browser)
    run = (await mine.reports.get(await mine.measure_file(mix))).summary.run_id
    passage = await mine.measure_file(mix, passage_of=run)
    flac = tmp_path / "mix.flac"
    flac.write_bytes(audio("FLAC"))
    other = await mine.measure_file(flac, kind="FLAC")
    moved, changed = (tmp_path / name for name in ("moved.wav", "changed.wav"))
    for path in (moved, changed):
        path.write_bytes(audio())
    gone, another = await mine.measure_file(moved), await mine.measure_file(changed)
    moved.unlink()
    changed.write_bytes(audio(seed=2))
    await mine.pusher.push()
    mine.port = 1
    for report_id, code, sentence in (
        (passage, "audio.passage", "is of a passage that checks a fix"),
        (other, "audio.kind", "Accounts take WAV or MP3, and mix.flac is FLAC"),
        (gone, "audio.gone", "Expected moved.wav where it was"),
        (another, "audio.changed", "Expected changed.wav as it was when it was measured"),
    ):
        stored = await mine.reports.get(report_id)
        with pytest.raises(BadInput, match=sentence) as refused:
            await mine.pusher.audio.send(stored, link, keep_days=0, wait_s=0.0)
        assert refused.value.code == code
    assert await service.uploads.of(ada) == []


@pytest.mark.parametrize("fate", ["lost", "cut", "answer lost", "answer cut", "503", "hotel", "twice"])
async def test_whatever_the_way_does_the_same_said_again_leaves_it_there_once_and_whole(
    service: Service, browser: Browser, ada: str, mine: Companion, mix: Path, fate: str
) -> None:
    await mine.link(browser)
    report_id = await mine.measure_file(mix)
    await mine.pusher.push()
    fates = ["pass", fate]  # the question whether it is there, and the body
    async with bad_road(browser.port, lambda: fates.pop(0) if fates else "pass") as road:
        mine.port = road.port
        if fate != "twice":
            with pytest.raises(Unavailable, match="say the same again, which sends nothing twice"):
                await by_hand(mine, report_id)
        await by_hand(mine, report_id)
        assert road.dealt[fate] == 1
    upload = await only_upload(service, ada)
    assert await held(service) == [upload.object_key], "half of it is nowhere"
    assert await bytes_held(service, upload.object_key) == mix.read_bytes()


@pytest.mark.parametrize(
    ("status", "sentence"),
    [
        (413, "Expected a file of at most 1 MB"),
        (415, "Expected a WAV or MP3 file, whatever its name"),
        (409, "Other audio was sent under this id"),
        (429, "All 0 analyses of this month are used"),
    ],
)
async def test_what_the_account_refuses_says_why_and_is_held_by_nobody(
    service: Service, browser: Browser, ada: str, mine: Companion, mix: Path, status: int, sentence: str
) -> None:
    await mine.link(browser)
    mix.write_bytes({413: audio(seconds=60.0), 415: audio("FLAC")}.get(status, audio()))
    report_id = await mine.measure_file(mix)
    if status == 409:
        await by_hand(mine, report_id)
        async with service.database.writing() as session:
            await session.execute(update(UploadRow).values(sha256="0" * 64))
    for name, value, at in (("upload_mb", 1, 413), ("free_analyses", 0, 429)):
        if at == status:
            object.__setattr__(service.settings, name, value)
    there = await held(service)
    with pytest.raises(BadInput, match=sentence):
        await by_hand(mine, report_id)
    assert await held(service) == there
    assert (await mine.outbox.counts()).audio_refused == 1


async def test_what_is_erased_while_it_is_on_its_way_ends_there(
    service: Service, browser: Browser, ada: str, mine: Companion, mix: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await mine.link(browser)
    report_id = await mine.measure_file(mix)
    await mine.pusher.push()
    monkeypatch.setattr(sending, "PIECE_BYTES", 16_384)
    monkeypatch.setattr(sending, "ASKED_EVERY_BYTES", 16_384)
    asked, still = 0, Outbox.audio_may_go_on

    async def erased_half_way(self: Outbox, which: str) -> bool:
        nonlocal asked
        asked += 1
        if asked == 3:
            await mine.reports.delete(report_id)
        return await still(self, which)

    monkeypatch.setattr(Outbox, "audio_may_go_on", erased_half_way)
    with pytest.raises(sending.NotWished):
        await by_hand(mine, report_id)
    assert asked == 3
    assert (await service.uploads.of(ada), await held(service)) == ([], [])


async def test_what_is_erased_as_it_arrives_is_deleted_there(
    service: Service, browser: Browser, ada: str, mine: Companion, mix: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await mine.link(browser)
    report_id = await mine.measure_file(mix)
    await mine.pusher.push()
    put = Site.put_upload

    async def erased_as_it_arrives(self: Site, *said: Any) -> UploadState:
        state = await put(self, *said)
        await mine.reports.delete(report_id)
        await mine.pusher.push()
        return state

    monkeypatch.setattr(Site, "put_upload", erased_as_it_arrives)
    with pytest.raises(sending.NotWished):
        await by_hand(mine, report_id)
    assert not (await only_upload(service, ada)).is_held
    assert await held(service) == []


@pytest.mark.parametrize("analysed", [True, False])
@pytest.mark.parametrize("deleted_there_first", [True, False])
async def test_who_erases_a_report_has_its_audio_and_what_was_made_of_it_deleted_too(
    service: Service,
    browser: Browser,
    ada: str,
    mine: Companion,
    mix: Path,
    *,
    analysed: bool,
    deleted_there_first: bool,
) -> None:
    await mine.link(browser)
    report_id = await mine.measure_file(mix)
    await by_hand(mine, report_id, keep_days=7)
    if analysed:
        await work(service)
    if deleted_there_first:
        await service.reports.delete(ada, report_id)
        await mine.pusher.push(now=True)
    erased = await mine.reports.delete(report_id)
    assert erased.on_account == 1
    assert len(await held(service)) == 1
    await mine.pusher.push()
    assert not (await only_upload(service, ada)).is_held
    assert await held(service) == []
    assert await service.reports.projects(ada) == []
    assert not await work(service), "nothing is made of it any more"
    assert await mine.outbox.due() is None


async def test_who_says_that_it_stays_there_has_it_stay(
    service: Service, browser: Browser, ada: str, mine: Companion, mix: Path
) -> None:
    await mine.link(browser)
    report_id = await mine.measure_file(mix)
    await by_hand(mine, report_id)
    await mine.reports.delete(report_id, keep_on_account=True)
    await mine.pusher.push(now=True)
    assert (await only_upload(service, ada)).is_held


# -- account_audio = "always" ------------------------------------------------------------------------------------------


async def test_with_the_setting_audio_follows_its_report_and_no_passage_does(
    service: Service, browser: Browser, ada: str, mine: Companion, mix: Path, clock: Clock
) -> None:
    await mine.link(browser)
    before = await mine.measure_file(mix)
    await always(mine)
    report_id = await mine.measure_file(mix)
    run = (await mine.reports.get(report_id)).summary.run_id
    await mine.measure_file(mix, passage_of=run)
    assert (await mine.outbox.counts()).audio_waiting == 1
    assert "audio of 1 to be sent" in (await standing_of(mine.store)).sentence
    pushed = await mine.pusher.push()
    assert (pushed.sent, pushed.audio) == (2, 1)
    assert (await only_upload(service, ada)).id == upload_of_report(report_id) != upload_of_report(before)
    clock.move(days=1)
    assert (await mine.pusher.push(now=True)).audio == 0


async def test_audio_waits_for_its_report_and_for_the_site(
    service: Service,
    browser: Browser,
    ada: str,
    mine: Companion,
    mix: Path,
    clock: Clock,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    await mine.link(browser)
    await always(mine)
    report_id = await mine.measure_file(mix)
    mine.port = 1
    assert (await mine.pusher.push()).trouble is not None
    mine.restart()
    mine.port = browser.port
    assert (await mine.pusher.push()).audio == 0, "its report was put off, and it goes before no report"
    clock.move(hours=1)
    fates = on_its_way(monkeypatch, "cut")
    async with bad_road(browser.port, lambda: fates.pop(0) if fates else "pass") as road:
        mine.port = road.port
        assert (await mine.pusher.push()).trouble is not None
        assert road.dealt["cut"] == 1
        assert await service.uploads.of(ada) == []
        assert (await mine.pusher.push()).audio == 0, "not at once again"
        monkeypatch.undo()
        clock.move(hours=1)
        assert (await mine.pusher.push()).audio == 1
    assert (await only_upload(service, ada)).id == upload_of_report(report_id)


@pytest.mark.parametrize("tried", [True, False])
async def test_switched_off_nothing_waits_any_more_and_what_may_be_there_is_still_deleted(
    service: Service,
    browser: Browser,
    ada: str,
    mine: Companion,
    mix: Path,
    monkeypatch: pytest.MonkeyPatch,
    *,
    tried: bool,
) -> None:
    await mine.link(browser)
    await always(mine)
    report_id = await mine.measure_file(mix)
    if tried:
        fates = on_its_way(monkeypatch, "answer lost")
        async with bad_road(browser.port, lambda: fates.pop(0) if fates else "pass") as road:
            mine.port = road.port
            assert (await mine.pusher.push()).trouble is not None
        mine.port = browser.port
    mine.sends_audio = False
    mine.restart()
    assert (await mine.pusher.push(now=True)).audio == 0
    assert (await mine.outbox.counts()).audio_waiting == 0
    assert len(await held(service)) == tried
    await mine.reports.delete(report_id)
    await mine.pusher.push()
    assert await held(service) == []


async def test_audio_that_is_refused_says_why_once_and_holds_up_nothing(
    service: Service, browser: Browser, ada: str, mine: Companion, mix: Path, tmp_path: Path
) -> None:
    await mine.link(browser)
    await always(mine)
    lost = tmp_path / "lost.wav"
    lost.write_bytes(audio(seed=2))
    await mine.measure_file(lost)
    lost.unlink()
    mine.clock.move(seconds=1)
    await mine.measure_file(mix)
    pushed = await mine.pusher.push()
    assert (pushed.sent, pushed.audio, pushed.trouble) == (2, 1, None)
    counts = await mine.outbox.counts()
    assert (counts.audio_waiting, counts.audio_refused) == (0, 1)
    assert "Expected lost.wav where it was" in (counts.last_sentence or "")
    assert len(await service.uploads.of(ada)) == 1


async def test_unlinked_in_the_middle_no_more_is_sent(
    service: Service, browser: Browser, ada: str, mine: Companion, mix: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await mine.link(browser)
    await always(mine)
    await mine.measure_file(mix)
    still = Outbox.audio_may_go_on

    async def unlinked(self: Outbox, which: str) -> bool:
        await AccountLinks(mine.store).remove()
        return await still(self, which)

    monkeypatch.setattr(Outbox, "audio_may_go_on", unlinked)
    assert (await mine.pusher.push()).audio == 0
    assert (await service.uploads.of(ada), await held(service)) == ([], [])
    assert await asyncio.to_thread(mix.read_bytes) == audio(), "one's own file is as it was"
