"""What a browser that was left alone cannot do: the password is asked for again (ASVS 5.0, 7.5); and who stays in."""

from __future__ import annotations

import pytest

from support.account_site import ADA, ANOTHER, PASSWORD, Browser, asking, letters, link_in, linked
from support.stores import Clock
from uptrack_account.service import Service
from uptrack_bridges.account import DEVICE_GRANT, TOKEN_PATH

STALE = {"minutes": 15, "seconds": 1}


async def test_linking_a_machine_asks_for_the_password_a_quarter_of_an_hour_after_it_was_given(
    ada: str, service: Service, browser: Browser, clock: Clock
) -> None:
    clock.move(minutes=15)
    await linked(browser)
    clock.move(seconds=1)
    asked = await asking(browser)
    assert 'name="password"' in (await browser.post("/link", user_code=asked.user_code)).text
    for form in ({}, {"password": ANOTHER}):
        refused = await browser.post("/link/answer", user_code=asked.user_code, answer="allow", **form)
        assert refused.status == 422
        assert "That is not your password" in refused.text
        assert 'name="password"' in refused.text
    told = await browser.tell(TOKEN_PATH, grant_type=DEVICE_GRANT, device_code=asked.device_code)
    assert "authorization_pending" in told.text
    answer = await browser.post("/link/answer", user_code=asked.user_code, answer="allow", password=PASSWORD)
    assert "Linked" in answer.text
    await linked(browser, "the next, without")
    assert len(await service.devices.of(ada)) == 2, "the first, and the one that has fetched its tokens"


@pytest.mark.parametrize("how", ["linking", "another password"])
async def test_a_session_has_another_token_once_the_password_was_given_again(
    ada: str, service: Service, browser: Browser, clock: Clock, how: str
) -> None:
    before = browser.token
    clock.move(**STALE)
    if how == "linking":
        asked = await asking(browser)
        await browser.post("/link/answer", user_code=asked.user_code, answer="allow", password=PASSWORD)
    else:
        await browser.post("/account/password", old=PASSWORD, new=ANOTHER)
    assert browser.token not in (None, before)
    assert (await browser.get("/account")).status == 200
    assert await service.sessions.person(before or "") is None
    assert len(await service.sessions.of(ada)) == 1


async def test_refusing_a_machine_asks_for_nothing(ada: str, browser: Browser, clock: Clock) -> None:
    clock.move(**STALE)
    asked = await asking(browser)
    assert (await browser.post("/link/answer", user_code=asked.user_code, answer="refuse")).status == 200


async def test_guesses_at_that_password_are_counted_like_any(ada: str, browser: Browser, clock: Clock) -> None:
    clock.move(**STALE)
    asked = await asking(browser)
    statuses = [
        (await browser.post("/link/answer", user_code=asked.user_code, answer="allow", password=ANOTHER)).status
        for _ in range(11)
    ]
    assert statuses == [422] * 10 + [429]


@pytest.mark.parametrize(
    ("path", "form"),
    [
        ("/account/password", {"old": ANOTHER, "new": "seven long words"}),
        ("/account/email", {"email": "new@example.org", "password": ANOTHER}),
        ("/account/erase", {"password": ANOTHER}),
    ],
)
async def test_password_address_and_leaving_ask_for_it_in_any_case(
    ada: str, service: Service, browser: Browser, path: str, form: dict[str, str]
) -> None:
    assert (await browser.post(path, **form)).status == 422
    assert (await service.accounts.facts(ada)).email == ADA


@pytest.mark.parametrize("unlink", [False, True])
async def test_who_changes_their_password_says_whether_machines_stay_linked(
    ada: str, service: Service, browser: Browser, unlink: bool
) -> None:
    machine = await linked(browser)
    also = {"unlink": "yes"} if unlink else {}
    assert (await browser.post("/account/password", old=PASSWORD, new=ANOTHER, **also)).to == "/account"
    assert (await machine.ask("GET", "/v1/device")).status == (401 if unlink else 200)
    assert len(await service.devices.of(ada)) == (0 if unlink else 1)


@pytest.mark.parametrize("unlink", [False, True])
async def test_who_chooses_a_new_password_by_a_letter_does_too(
    ada: str, service: Service, browser: Browser, unlink: bool
) -> None:
    machine = await linked(browser)
    await browser.post("/forgotten", email=ADA)
    await service.postman.deliver()
    also = {"unlink": "yes"} if unlink else {}
    resets = [one for one in letters(service.settings.home) if one["Subject"] == "A new password for UpTrack"]
    assert (await browser.post(link_in(resets[-1]), password=ANOTHER, **also)).status == 200
    assert (await machine.ask("GET", "/v1/device")).status == (401 if unlink else 200)
    assert (await browser.get("/account")).to == "/sign-in"
