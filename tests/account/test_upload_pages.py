"""Uploads as a browser and a linked machine send them, and what their owner sees of them."""

from __future__ import annotations

import asyncio
import io
import json
import threading
import zipfile
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest

from support.account_site import PASSWORD, Answer, Browser, Machine, account_service, linked, served
from support.stores import Clock
from support.uploaded import audio, form_of, held, pieces, send, sha256, work
from uptrack_account.audio.objects import Objects, StoreAway
from uptrack_account.audio.uploads import Upload
from uptrack_account.errors import UploadRefused
from uptrack_account.people import export
from uptrack_account.service import Service
from uptrack_account.throttle import DATA, UPLOAD
from uptrack_account.web.answers import page
from uptrack_account.web.upload_pages import MOST_BEFORE_BYTES, MOST_PARTS
from uptrack_bridges.account import UPLOADS_PATH, UploadState

ID = "5a5a" * 4


@pytest.fixture
async def service(migrated_url: str, tmp_path: Path, clock: Clock) -> AsyncIterator[Service]:
    async with account_service(tmp_path / "home", migrated_url, clock, upload_mb=1, free_analyses=3) as service:
        yield service


@pytest.fixture
async def browser(service: Service) -> AsyncIterator[Browser]:
    async with served(service) as browser:
        yield browser


@pytest.fixture
async def machine(ada: str, browser: Browser) -> Machine:
    return await linked(browser)


async def one(service: Service, account_id: str) -> Upload:
    (found,) = await service.uploads.of(account_id)
    return found


async def put(machine: Machine, body: bytes, upload_id: str = ID, **said: str) -> Answer:
    query = urlencode({"sha256": sha256(body), **said})
    return await machine.ask("PUT", f"{UPLOADS_PATH}/{upload_id}?{query}", body)


def told(answer: Answer) -> tuple[int, str]:
    return answer.status, str(json.loads(answer.body)["code"])


# -- a form ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["WAV", "MP3"])
async def test_a_form_sends_a_mix_whose_report_is_read_and_whose_audio_is_downloaded_and_deleted(
    service: Service, browser: Browser, ada: str, clock: Clock, kind: str
) -> None:
    body = audio(kind, seconds=4)
    answer = await send(browser, body, filename=f"mix – ½.{kind.lower()}", keep_days="3", project_name="Warehouse")
    assert (answer.status, answer.to) == (303, "/uploads")
    upload = await one(service, ada)
    page = (await browser.get("/uploads")).text
    assert "mix – ½" in page
    assert "waiting to be analysed" in page
    await work(service)
    receipt = (await browser.get(f"/uploads/{upload.id}")).text
    assert "deleted by 2026-12-02 12:00 UTC at the latest" in receipt
    assert f'href="/reports/{(await one(service, ada)).report_id}"' in receipt
    assert (await browser.get(f"/reports/{(await one(service, ada)).report_id}")).status == 200
    downloaded = await browser.get(f"/uploads/{upload.id}/audio")
    assert (downloaded.status, downloaded.body) == (200, body)
    assert downloaded.headers["Content-Disposition"].startswith("attachment; ")
    assert downloaded.headers["Cache-Control"] == "no-store"
    assert (await browser.post(f"/uploads/{upload.id}/delete")).to == f"/uploads/{upload.id}"
    assert "deleted on 2026-11-29 12:00 UTC" in (await browser.get(f"/uploads/{upload.id}")).text
    assert (await browser.get(f"/uploads/{upload.id}/audio")).status == 404
    assert (await browser.get(f"/reports/{(await one(service, ada)).report_id}")).status == 200


async def test_a_mix_without_a_project_begins_one_with_its_files_name_and_the_next_goes_into_one_that_is_there(
    service: Service, browser: Browser, ada: str
) -> None:
    await send(browser, audio(seconds=4), filename="warehouse.v1.wav")
    await work(service)
    (project,) = await service.reports.projects(ada)
    assert project.name == "warehouse.v1"
    assert f'<option value="{project.id}">warehouse.v1</option>' in (await browser.get("/uploads")).text
    await send(browser, audio(seconds=4, seed=2), filename="another.wav", project=project.id)
    await work(service)
    assert [project.versions for project in await service.reports.projects(ada)] == [2]


@pytest.mark.parametrize(
    ("body", "said", "status", "sentence"),
    [
        (audio("FLAC"), {}, 415, "Expected a WAV or MP3 file, whatever its name"),
        (b"", {}, 422, "Expected a WAV or MP3 file; an empty one came"),
        (audio(seconds=7), {}, 413, "Expected a file of at most 1 MB"),
        (audio(), {"keep_days": "8"}, 422, "Expected 0 to 7 days"),
        (audio(), {"keep_days": "-1"}, 422, "Expected 0 to 7 days"),
        (audio(), {"project": "f" * 32}, 422, "Expected a project of yours"),
        (audio(), {"project": "\0" * 32}, 422, "Expected a project of yours"),
        (audio(), {"project_name": "x" * 2_000}, 422, "Expected at most 1000 letters in a field"),
        (audio(), {"filename": ""}, 422, "none was chosen"),
    ],
)
async def test_what_is_not_taken_is_told_on_the_page_with_the_form(
    service: Service, browser: Browser, ada: str, body: bytes, said: dict[str, str], status: int, sentence: str
) -> None:
    answer = await send(browser, body, **said)
    assert answer.status == status
    assert sentence in answer.text
    assert '<form method="post" action="/uploads"' in answer.text
    assert (await held(service), await service.uploads.of(ada)) == ([], [])


@pytest.mark.parametrize(
    "before",
    [
        b'--x\r\nContent-Disposition: form-data; name="n"\r\n\r\nv\r\n' * MOST_PARTS,
        b'--x\r\nContent-Disposition: form-data; name="n"\r\n\r\n' + bytes(MOST_BEFORE_BYTES) + b"\r\n",
        b"\r\n" * MOST_BEFORE_BYTES,
        b"--x\r\n" + b"A: b\r\n" * 200 + b"\r\n\r\n",
        b'--x\r\nContent-Disposition: form-data; name="_charset_"\r\n\r\n' + b"u" * 99 + b"\r\n",
    ],
    ids=["parts", "bytes", "lines", "heads", "charset"],
)
async def test_what_no_form_of_ours_has_before_the_file_ends_the_reading_there(
    service: Service, browser: Browser, ada: str, before: bytes
) -> None:
    """Sent in chunks, so that nothing says beforehand how much it is."""
    file = b'--x\r\nContent-Disposition: form-data; name="audio"; filename="mix.wav"\r\n\r\n' + audio()
    sent = before + file + b"\r\n--x--\r\n"
    headers = {"Origin": browser.site, "Content-Type": "multipart/form-data; boundary=x"}
    answer = await browser.ask("POST", "/uploads", pieces(sent), headers)
    assert answer.status == 422
    assert "none was chosen" in answer.text
    assert (await held(service), await service.uploads.of(ada)) == ([], [])


async def test_fields_as_long_as_they_may_be_stand_before_a_file_with_the_longest_name(
    service: Service, browser: Browser, ada: str
) -> None:
    name = "m" * 4_000 + ".wav"
    answer = await send(browser, audio(), filename=name, project="", project_name="w" * 1_000, keep_days="7")
    assert (answer.status, (await one(service, ada)).keep_days) == (303, 7)


async def test_a_form_of_another_site_sends_nothing(service: Service, browser: Browser, ada: str) -> None:
    sent, headers = form_of(audio())
    for origin in ({"Origin": "https://elsewhere.example"}, {}):
        assert (await browser.ask("POST", "/uploads", sent, {**headers, **origin})).status == 403
    assert (await held(service), await service.uploads.of(ada)) == ([], [])


async def test_a_month_that_is_used_up_and_too_many_in_an_hour_are_told(
    service: Service, browser: Browser, ada: str
) -> None:
    for seed in range(3):
        assert (await send(browser, audio(seed=seed))).status == 303
    refused = await send(browser, audio(seed=9))
    assert refused.status == 429
    assert "All 3 analyses of this month are used" in refused.text
    for _ in range(UPLOAD.most - 4):  # those above count too
        await service.throttle.count(UPLOAD, ada)
    refused = await send(browser, audio(seed=9))
    assert refused.status == 429
    assert int(refused.headers["Retry-After"]) > 3_000


# -- a download --------------------------------------------------------------------------------------------------------


async def raw(browser: Browser, method: str, path: str) -> bytes:
    """All that comes until the connection ends."""
    reader, writer = await asyncio.open_connection("127.0.0.1", browser.port)
    cookies = "; ".join(f"{name}={value}" for name, value in browser.cookies.items())
    host = browser.site.removeprefix("http://")
    writer.write(f"{method} {path} HTTP/1.1\r\nHost: {host}\r\nCookie: {cookies}\r\nConnection: close\r\n\r\n".encode())
    came = bytearray()
    try:
        while piece := await asyncio.wait_for(reader.read(65_536), 30):
            came += piece
    except ConnectionResetError:
        pass
    writer.close()
    return bytes(came)


async def test_who_asks_for_the_head_of_a_download_gets_no_more(service: Service, browser: Browser, ada: str) -> None:
    await send(browser)
    upload = await one(service, ada)
    for path, length in ((f"/uploads/{upload.id}/audio", upload.bytes), ("/account/data.zip", None)):
        head, _, body = (await raw(browser, "HEAD", path)).partition(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 200 ")
        assert (f"Content-Length: {length}".encode() in head) == (length is not None)
        assert b"X-Request-Id: " in head
        assert body == b""


async def test_a_download_that_breaks_ends_the_connection_and_nothing_is_mixed_into_it(
    service: Service, browser: Browser, ada: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    body, read = audio(), type(service.objects).read

    async def breaking(self: Objects, key: str) -> AsyncIterator[bytes]:
        async for piece in read(self, key):
            yield piece[:1_000]
            raise StoreAway(OSError("gone"))

    await send(browser, body)
    path = f"/uploads/{(await one(service, ada)).id}/audio"
    assert (await raw(browser, "GET", path)).partition(b"\r\n\r\n")[2] == body
    monkeypatch.setattr(type(service.objects), "read", breaking)
    head, _, came = (await raw(browser, "GET", path)).partition(b"\r\n\r\n")
    assert b"X-Request-Id: " in head or head == b""  # what was on its way may be lost with the connection
    assert body.startswith(came)
    assert len(came) < len(body)


# -- a machine ---------------------------------------------------------------------------------------------------------


async def test_a_machine_sends_audio_once_and_asks_what_became_of_it(
    service: Service, browser: Browser, ada: str, machine: Machine
) -> None:
    body = audio(seconds=4)
    first = await put(machine, body, name="mix.wav", project="c" * 64, project_name="Warehouse", keep_days="0")
    assert (first.status, UploadState.model_validate_json(first.body).state) == (201, "waiting")
    assert (await put(machine, body)).status == 200
    await work(service)
    state = UploadState.model_validate_json((await machine.ask("GET", f"{UPLOADS_PATH}/{ID}")).body)
    assert (state.state, state.sha256, state.deleted_at) == ("done", sha256(body), service.database.clock())
    (project,) = await service.reports.projects(ada)
    assert (project.name, project.latest.id) == ("Warehouse", state.report_id)
    assert (await put(machine, body)).status == 200, "though its audio is gone"
    assert await held(service) == []


async def test_without_names_there_are_none(service: Service, ada: str, machine: Machine) -> None:
    assert (await put(machine, audio(seconds=4), project="c" * 64)).status == 201
    await work(service)
    upload = await one(service, ada)
    (project,) = await service.reports.projects(ada)
    assert (upload.name, upload.project_name, project.name) == (None, None, None)
    assert project.latest.name == "upload.wav"


@pytest.mark.parametrize(
    ("body", "said", "refused"),
    [
        (audio("FLAC"), {}, (415, "upload.kind")),
        (audio(seconds=7), {}, (413, "upload.too_large")),
        (audio(), {"sha256": "0" * 64}, (422, "upload.digest")),
        (audio(), {"sha256": "no digest"}, (422, "upload.request")),
        (audio(), {"project": "a name"}, (422, "upload.request")),
        (audio(), {"keep_days": "30"}, (422, "upload.request")),
        (audio(), {"name": "x" * 1_001}, (422, "upload.request")),
    ],
)
async def test_what_a_machine_sends_and_is_not_taken_is_told_with_a_sentence(
    service: Service, machine: Machine, body: bytes, said: dict[str, str], refused: tuple[int, str]
) -> None:
    answer = await put(machine, body, **said)
    assert told(answer) == refused
    assert json.loads(answer.body)["detail"].startswith("Expected ")
    assert await held(service) == []


async def test_an_id_is_taken_once_and_has_to_be_one(machine: Machine) -> None:
    assert (await put(machine, audio())).status == 201
    assert told(await put(machine, audio(seed=2))) == (409, "upload.other")
    for wrong in ("x" * 16, "3f2a", "0" * 33):
        assert told(await put(machine, audio(), wrong)) == (422, "upload.request")
    assert told(await machine.ask("GET", f"{UPLOADS_PATH}/{'f' * 16}")) == (404, "upload.missing")


async def test_a_machine_whose_account_goes_while_it_deletes_or_sends_is_told(
    service: Service, ada: str, machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def gone(*_arguments: object) -> None:
        raise UploadRefused(410, "account.gone", "Expected an account; this one was deleted.")

    monkeypatch.setattr(service.uploads, "delete", gone)
    monkeypatch.setattr(service.uploads, "take", gone)
    assert told(await put(machine, audio())) == (410, "account.gone")
    assert told(await machine.ask("DELETE", f"{UPLOADS_PATH}/{ID}")) == (410, "account.gone")


async def test_a_machine_deletes_its_audio(service: Service, ada: str, machine: Machine) -> None:
    await put(machine, audio())
    for _ in range(2):
        assert (await machine.ask("DELETE", f"{UPLOADS_PATH}/{ID}")).status == 204
    assert ((await one(service, ada)).state, await held(service)) == ("deleted", [])


# -- one's own data ----------------------------------------------------------------------------------------------------


async def test_the_archive_holds_audio_that_is_held_and_says_nothing_of_where_it_lies(
    service: Service, browser: Browser, ada: str
) -> None:
    body = audio("MP3")
    await send(browser, body, filename="mix.mp3")
    await send(browser, audio(seed=2))
    kept, gone = sorted(await service.uploads.of(ada), key=lambda upload: upload.kind)
    await service.uploads.delete(ada, gone.id)
    with zipfile.ZipFile(io.BytesIO((await browser.get("/account/data.zip")).body)) as packed:
        assert packed.namelist() == ["account.json", f"audio/{kept.id}.mp3"]
        assert packed.read(f"audio/{kept.id}.mp3") == body
        tables = json.loads(packed.read("account.json"))["tables"]
    assert {row["id"] for row in tables["uploads"]} == {kept.id, gone.id}
    assert tables["usage"] == [{"account_id": ada, "month": "2026-11", "analyses": 1}]
    assert kept.object_key not in (await browser.get("/account/data")).text


async def test_an_archive_at_a_time_is_made_in_a_folder_of_ours_and_given_up_with_the_connection(
    service: Service, browser: Browser, ada: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    read, reading, go_on = type(service.objects).read, asyncio.Event(), asyncio.Event()

    async def held_up(self: Objects, key: str) -> AsyncIterator[bytes]:
        reading.set()
        await go_on.wait()
        async for piece in read(self, key):
            yield piece

    await send(browser)
    monkeypatch.setattr(type(service.objects), "read", held_up)
    first = asyncio.create_task(browser.get("/account/data.zip"))
    await asyncio.wait_for(reading.wait(), 30)
    assert service.packing_folder.stat().st_mode & 0o777 == 0o700
    links = [link.readlink() for link in Path("/proc/self/fd").iterdir() if link.is_symlink()]
    assert any(service.packing_folder in link.parents for link in links)
    second = await browser.get("/account/data.zip")
    assert (second.status, second.headers["Retry-After"]) == (429, "60")
    assert second.text.startswith("Expected one archive at a time")
    go_on.set()
    assert (await first).status == 200
    assert (await browser.get("/account/data.zip")).status == 200
    assert list(service.packing_folder.iterdir()) == []


async def test_ones_own_data_is_shown_and_packed_so_often_an_hour(service: Service, browser: Browser, ada: str) -> None:
    for _ in range(DATA.most):
        await service.throttle.count(DATA, ada)
    for path in ("/account/data", "/account/data.zip"):
        answer = await browser.get(path)
        assert answer.status == 429
        assert int(answer.headers["Retry-After"]) > 3_000


async def test_others_are_answered_while_much_data_is_shown_and_packed(
    service: Service, browser: Browser, ada: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What goes through all of it does so in a thread of its own."""
    loop, seen = threading.get_ident(), dict[str, int]()

    def noting(name: str, work: Callable[..., Any]) -> Callable[..., Any]:
        def noted(*arguments: Any, **named: Any) -> Any:
            seen[name] = threading.get_ident()
            return work(*arguments, **named)

        return noted

    monkeypatch.setattr("uptrack_account.web.pages.page", noting("page", page))
    monkeypatch.setattr(export, "_plain", noting("rows", export._plain))
    monkeypatch.setattr(export, "_pack_document", noting("document", export._pack_document))
    for path in ("/account/data", "/account/data.zip"):
        assert (await browser.get(path)).status == 200
    assert set(seen) == {"page", "rows", "document"}
    assert loop not in seen.values()


async def test_deleting_the_account_deletes_its_audio_at_once(service: Service, browser: Browser, ada: str) -> None:
    await send(browser)
    assert len(await held(service)) == 1
    assert (await browser.post("/account/erase", password=PASSWORD)).status == 200
    assert await held(service) == []
    assert not await work(service)
