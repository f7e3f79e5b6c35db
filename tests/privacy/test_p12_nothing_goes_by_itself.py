"""P12: an account and what is in it stay until its owner asks for them to go, however long nobody comes."""

from __future__ import annotations

from support.account_site import PASSWORD, Browser, linked, somebody, upload
from support.stores import Clock
from uptrack_account.service import Service


async def test_after_ten_years_without_a_visit_all_is_there(service: Service, browser: Browser, clock: Clock) -> None:
    account_id = await somebody(service)
    await browser.sign_in()
    machine = await linked(browser)
    sent = upload()
    await machine.ask("PUT", f"/v1/reports/{'a' * 16}", sent.model_dump_json().encode())
    for _month in range(120):
        clock.move(days=31)
        await service.sweep()
        await service.postman.deliver()
    browser.cookies.clear()
    assert await service.accounts.sign_in("ada@example.org", PASSWORD) == account_id
    assert (await browser.sign_in()).status == 303
    assert (await browser.get(f"/reports/{'a' * 16}/report.json")).text == sent.document
