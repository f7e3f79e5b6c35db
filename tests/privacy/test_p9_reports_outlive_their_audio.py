"""P9: results stay as long as the account is active; the audio does not."""

from __future__ import annotations

from pathlib import Path

from support.account_site import account_service, served, somebody
from support.stores import Clock
from support.uploaded import audio, held, send, work


async def test_a_report_is_read_years_after_its_audio_was_deleted(tmp_path: Path) -> None:
    clock = Clock()
    async with account_service(tmp_path, "", clock) as service, served(service) as browser:
        account_id = await somebody(service)
        await browser.sign_in()
        await send(browser, audio(seconds=4), filename="warehouse.wav")
        await work(service)
        (upload,) = await service.uploads.of(account_id)
        before = (await browser.get(f"/reports/{upload.report_id}/report.json")).body
        for _ in range(5):
            clock.move(days=365)
            await service.sweep()
            await service.uploads.sweep()
        assert await held(service) == []
        await browser.sign_in()
        assert (await browser.get(f"/reports/{upload.report_id}/report.json")).body == before
        assert "warehouse.wav" in (await browser.get(f"/uploads/{upload.id}")).text, "and so is the receipt"
