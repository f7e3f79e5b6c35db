"""P16: no letter that is not essential goes to who does not want it, and which are essential stands in the code."""

from __future__ import annotations

import inspect

from support.account_site import Browser, letters, somebody
from uptrack_account import letters as written
from uptrack_account.letters import Letter, post
from uptrack_account.service import Service

ABOUT = {
    "verify": "security",
    "reset": "security",
    "already_there": "security",
    "password_changed": "security",
    "new_address": "security",
    "address_changed": "security",
    "machine_linked": "security",
    "machine_cut_off": "security",
    "new_policy": "rights",
}
"""Why a letter comes in any case."""


def test_every_letter_that_comes_in_any_case_is_about_security_money_or_rights() -> None:
    made: dict[str, Letter] = {
        name: function(**dict.fromkeys(inspect.signature(function).parameters, "x"))
        for name, function in inspect.getmembers(written, inspect.isfunction)
        if inspect.signature(function).return_annotation == "Letter"
    }
    assert {name for name, letter in made.items() if letter.essential} == set(ABOUT)


async def test_nobody_gets_news_who_has_not_asked_for_them_on_the_page(service: Service, browser: Browser) -> None:
    account_id = await somebody(service)
    await browser.sign_in()
    for form, subjects in (({}, []), ({"wants_news": "yes"}, ["News 1"]), ({}, ["News 1"])):
        await browser.post("/account/mail", **form)
        async with service.database.writing() as session:
            post(session, account_id, Letter(f"News {len(form)}", "", essential=False), service.database.clock())
        await service.postman.deliver()
        sent = [str(one["Subject"]) for one in letters(service.settings.home)]
        assert [subject for subject in sent if subject.startswith("News")] == subjects
