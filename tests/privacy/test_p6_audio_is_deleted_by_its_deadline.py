"""P6: audio is kept for its analysis, at most seven days after it, and then deleted by itself, with a dated receipt."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from pydantic import ValidationError

from support.account_site import account_service, served, somebody
from support.stores import Clock
from support.uploaded import audio, held, send, sha256, take, work
from uptrack_account.settings import AccountSettings

NOON = datetime(2026, 11, 29, 12, tzinfo=UTC)


def holds(folder: Path, body: bytes) -> list[Path]:
    """Files below ``folder`` with a piece of the audio, which nothing but the audio has."""
    piece = body[len(body) // 2 :][:64]
    return [path for path in folder.rglob("*") if path.is_file() and piece in path.read_bytes()]


@pytest.mark.parametrize("keep_days", [0, 1, 7])
async def test_no_file_of_the_service_holds_a_piece_of_it_once_its_days_are_over(
    tmp_path: Path, keep_days: int
) -> None:
    clock, body = Clock(NOON), audio(seconds=4)
    async with account_service(tmp_path, "", clock) as service, served(service) as browser:
        account_id = await somebody(service)
        await browser.sign_in()
        await send(browser, body, keep_days=str(keep_days))
        assert holds(tmp_path, body), "there is something to delete"
        await work(service)
        assert bool(holds(tmp_path, body)) == (keep_days > 0)
        clock.move(days=keep_days)
    async with account_service(tmp_path, "", clock) as service, served(service) as browser:  # started again
        await service.uploads.sweep()
        assert holds(tmp_path, body) == []
        await browser.sign_in()
        (upload,) = await service.uploads.of(account_id)
        page = (await browser.get(f"/uploads/{upload.id}")).text
        assert f"deleted on {clock.now:%Y-%m-%d %H:%M} UTC" in page


@pytest.mark.parametrize("days", [-3_650, -8, -1, 1, 8, 3_650])
async def test_whatever_the_clock_did_it_is_gone_seven_days_after_the_clock_is_right(tmp_path: Path, days: int) -> None:
    clock = Clock(NOON)
    async with account_service(tmp_path, "", clock) as service:
        account_id = await somebody(service)
        clock.move(days=days)
        await take(service, account_id, audio(seconds=4))
        await work(service)
        clock.move(days=-days)
        await service.uploads.sweep()
        clock.move(days=7)
        await service.uploads.sweep()
        assert await held(service) == []


async def test_what_a_crash_left_on_either_side_is_found_and_deleted(tmp_path: Path) -> None:
    """The service dies after it has the object and before it has the row; and while it analyses."""
    body = audio(seconds=4)
    orphan = tmp_path / "objects" / "a" / "b"
    half = tmp_path / "analysing" / "analysis-dead" / "inside" / "mix.wav"
    for path in (orphan, half):
        path.parent.mkdir(parents=True)
        path.write_bytes(body)
    (half.parents[1] / "lock").touch()
    clock = Clock(datetime.now(UTC))  # objects have the store's own
    async with account_service(tmp_path, "", clock) as service:
        clock.move(hours=1, seconds=10)
        await service.sweep()
        assert holds(tmp_path, body) == []


async def test_the_receipt_names_the_very_file(tmp_path: Path) -> None:
    body = audio(seconds=4)
    async with account_service(tmp_path, "", Clock(NOON)) as service, served(service) as browser:
        account_id = await somebody(service)
        await browser.sign_in()
        await send(browser, body)
        (upload,) = await service.uploads.of(account_id)
        await browser.post(f"/uploads/{upload.id}/delete")
        page = (await browser.get(f"/uploads/{upload.id}")).text
        assert sha256(body) in page
        assert "deleted on 2026-11-29 12:00 UTC" in page


def test_nobody_can_set_more_than_seven_days() -> None:
    with pytest.raises(ValidationError):
        AccountSettings(keep_days=8)
