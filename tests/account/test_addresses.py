"""Another e-mail address for an account: proved by its reader and by the password, and told to the old one."""

from __future__ import annotations

import pytest

from support.account_site import ADA, ANOTHER, BOB, PASSWORD, Browser, letters, link_in, somebody
from support.stores import Clock
from uptrack_account.errors import Refused
from uptrack_account.people.addresses import USED
from uptrack_account.service import Service

NEW = "ada@new.example.org"


async def sent_to(service: Service, email: str) -> list[str]:
    await service.postman.deliver()
    return [str(one["Subject"]) for one in letters(service.settings.home) if one["To"] == email]


async def asked(service: Service, browser: Browser, email: str = NEW) -> str:
    """The token of the link that was sent there."""
    await somebody(service)
    await browser.sign_in()
    assert (await browser.post("/account/email", email=email, password=PASSWORD)).status == 200
    await service.postman.deliver()
    (letter,) = [one for one in letters(service.settings.home) if one["To"] == email]
    return link_in(letter).removeprefix("/address/")


async def test_it_is_theirs_by_the_link_and_the_password_and_the_old_one_is_told(
    service: Service, browser: Browser
) -> None:
    token = await asked(service, browser)
    assert (await browser.post(f"/address/{token}", password=ANOTHER)).status == 422
    assert (await browser.get("/account")).status == 200, "nothing was changed"
    assert "Your address is changed" in (await browser.post(f"/address/{token}", password=PASSWORD)).text
    assert browser.token is None
    assert (await browser.sign_in(ADA)).status == 422
    assert (await browser.sign_in(NEW)).status == 303
    assert NEW in (await browser.get("/account")).text
    assert "The address of your UpTrack account was changed" in await sent_to(service, ADA)


async def test_every_browser_is_signed_out_by_it(service: Service, browser: Browser) -> None:
    token = await asked(service, browser)
    before = dict(browser.cookies)
    await service.addresses.change(token, PASSWORD)
    browser.cookies = before
    assert (await browser.get("/account")).to == "/sign-in"


async def test_nothing_is_sent_without_the_password(service: Service, browser: Browser) -> None:
    await somebody(service)
    await browser.sign_in()
    assert (await browser.post("/account/email", email=NEW, password=ANOTHER)).status == 422
    assert await sent_to(service, NEW) == []


@pytest.mark.parametrize("email", ["no address", ADA, " ADA@example.org"])
async def test_no_address_and_ones_own_are_a_sentence(service: Service, browser: Browser, email: str) -> None:
    await somebody(service)
    await browser.sign_in()
    answer = await browser.post("/account/email", email=email, password=PASSWORD)
    assert (answer.status, "Expected an" in answer.text) == (422, True)


async def test_whether_the_new_address_has_an_account_is_told_to_its_owner_alone(
    service: Service, browser: Browser
) -> None:
    await somebody(service)
    await somebody(service, BOB, ANOTHER)
    await browser.sign_in()
    free, taken = [await browser.post("/account/email", email=email, password=PASSWORD) for email in (NEW, BOB)]
    assert (free.status, free.text.replace(NEW, "")) == (taken.status, taken.text.replace(BOB, ""))
    assert (await sent_to(service, BOB))[1:] == ["You have an UpTrack account"]


async def test_an_address_that_somebody_took_meanwhile_is_not_taken_from_them(
    service: Service, browser: Browser
) -> None:
    token = await asked(service, browser, BOB)
    await service.accounts.sign_up(BOB, "Bob", ANOTHER)
    with pytest.raises(Refused, match="has an account by now"):
        await service.addresses.change(token, PASSWORD)
    assert (await browser.get("/account")).status == 200


async def test_a_link_is_good_for_an_hour_and_once(service: Service, browser: Browser, clock: Clock) -> None:
    token = await asked(service, browser)
    clock.move(hours=1)
    with pytest.raises(Refused, match="used before"):
        await service.addresses.change(token, PASSWORD)
    clock.move(seconds=-1)
    await service.addresses.change(token, PASSWORD)
    with pytest.raises(Refused) as again:
        await service.addresses.change(token, PASSWORD)
    assert again.value.sentence == USED


async def test_links_in_letters_to_the_old_address_open_nothing_any_more(service: Service, browser: Browser) -> None:
    token = await asked(service, browser)
    await service.accounts.ask_for_reset(ADA)
    await service.postman.deliver()
    old = link_in([one for one in letters(service.settings.home) if one["To"] == ADA][-1])
    assert old.startswith("/reset/")
    await service.addresses.change(token, PASSWORD)
    assert (await browser.post(old, password=ANOTHER)).status == 422


async def test_a_link_of_another_kind_changes_no_address(service: Service, browser: Browser) -> None:
    await asked(service, browser)
    await service.accounts.ask_for_reset(ADA)
    await service.postman.deliver()
    reset = link_in([one for one in letters(service.settings.home) if one["To"] == ADA][-1]).removeprefix("/reset/")
    with pytest.raises(Refused):
        await service.addresses.change(reset, PASSWORD)
