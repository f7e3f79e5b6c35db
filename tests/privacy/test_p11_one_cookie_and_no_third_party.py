"""P11: one cookie, that of the session; and no page asks anybody else for anything, in a real browser."""

from __future__ import annotations

import pytest
from playwright.async_api import Browser

from support.account_pages import ADAS, Site, arrived
from support.chromium import Overheard
from uptrack_account.web.gate import COOKIE

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.xdist_group("chromium")]

# What every page asks for and shows is walked by tests/account/test_in_a_browser.py.
WALKED = ["projects", "report", "account", "your data", "privacy"]


async def test_a_browser_that_walks_around_has_one_cookie_and_spoke_to_one_site(
    furnished: Site, chromium: Browser
) -> None:
    heard = Overheard()
    for name in WALKED:
        async with arrived(furnished, chromium, name, heard=heard) as page:
            cookies = await page.context.cookies()
            assert [cookie.get("name") for cookie in cookies] == ([COOKIE] if name in ADAS else [])
            for cookie in cookies:
                assert (cookie.get("httpOnly"), cookie.get("secure"), cookie.get("sameSite")) == (True, True, "Lax")
            kept = await page.evaluate("() => [localStorage.length, sessionStorage.length]")
            assert kept == [0, 0]
    assert heard.requests
    assert heard.elsewhere(furnished.at("")) == []
