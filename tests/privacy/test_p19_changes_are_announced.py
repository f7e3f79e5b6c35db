"""P19: a new policy is told by a letter to everybody and on every page, until it was seen.

The rest, several processes and restarts among it, is in ``tests/account/test_policy.py``.
"""

from __future__ import annotations

import dataclasses

from support.account_site import Browser, letters, served, somebody
from uptrack_account.people.policy import VERSION, Policy
from uptrack_account.service import Service

OLDER = "2026-11-01"
BANNER = 'A new <a href="/privacy">privacy policy</a> is in force'


async def test_who_knows_an_older_one_is_told_both_ways(service: Service) -> None:
    older = Policy(service.database, service.settings.origin, OLDER)
    account_id = await somebody(service)
    await older.acknowledge(account_id)
    async with served(service) as browser:
        await browser.sign_in()
        assert BANNER in (await browser.get("/account")).text
        await browser.post("/privacy/seen")
        assert BANNER not in (await browser.get("/account")).text
    newer = dataclasses.replace(service, policy=Policy(service.database, service.settings.origin, "2026-11-28"))
    await newer.sweep()
    await newer.postman.deliver()
    (letter,) = [one for one in letters(service.settings.home) if "privacy policy" in str(one["Subject"])]
    assert "/privacy" in letter.get_content()


async def test_the_page_names_the_version_and_keeps_every_promise_in_words(browser: Browser) -> None:
    page = (await browser.get("/privacy")).text
    assert VERSION in page
    promised = [f"p{number}" for number in range(1, 21)] + ["l1", "l2", "l3", "l4"]
    assert [name for name in promised if page.count(f'<li id="{name}">') != 1] == []
