"""Linking a machine: the device grant word by word, its tokens, and the pages on which it is confirmed and ended."""

from __future__ import annotations

import asyncio
import json

import pytest
from sqlalchemy import func, select

from support.account_site import (
    ADA,
    ANOTHER,
    BOB,
    SITE,
    Answer,
    Browser,
    Machine,
    asking,
    letters,
    linked,
    somebody,
)
from support.stores import Clock
from uptrack_account.machines.devices import CODE_LENGTH, LETTERS, typed
from uptrack_account.service import Service
from uptrack_account.store.models import DeviceRow, DeviceTokenRow, GrantRow
from uptrack_bridges.account import (
    AUTHORIZE_PATH,
    DEVICE_GRANT,
    DEVICE_PATH,
    REFRESH_GRANT,
    REVOKE_PATH,
    TOKEN_PATH,
    Tokens,
)


async def fetch(browser: Browser, device_code: str) -> Answer:
    return await browser.tell(TOKEN_PATH, grant_type=DEVICE_GRANT, device_code=device_code)


async def refresh(browser: Browser, token: str) -> Answer:
    return await browser.tell(TOKEN_PATH, grant_type=REFRESH_GRANT, refresh_token=token)


def error(answer: Answer) -> str:
    assert answer.status == 400, answer.text
    said = json.loads(answer.body)
    assert said["error_description"]
    return str(said["error"])


def tokens(answer: Answer) -> Tokens:
    assert answer.status == 200, answer.text
    return Tokens.model_validate_json(answer.body)


async def knows(browser: Browser, access_token: str) -> bool:
    headers = {"Authorization": f"Bearer {access_token}"}
    return (await browser.ask("GET", DEVICE_PATH, None, headers, program=True)).status == 200


@pytest.mark.usefixtures("ada")
async def test_from_the_code_on_the_machine_to_its_name_in_the_list(
    service: Service, browser: Browser, clock: Clock
) -> None:
    asked = await asking(browser, "Ada's studio", "macOS 26")
    assert asked.verification_uri == f"{SITE}/link"
    assert asked.verification_uri_complete == f"{SITE}/link?user_code={asked.user_code}"
    assert error(await fetch(browser, asked.device_code)) == "authorization_pending"
    page = (await browser.get(f"/link?user_code={asked.user_code}")).text
    assert f'value="{asked.user_code}"' in page
    assert error(await fetch(browser, asked.device_code)) == "slow_down", "to follow the link confirms nothing"
    page = (await browser.post("/link", user_code=asked.user_code.lower().replace("-", " "))).text
    for fact in ("Ada&#39;s studio", "macOS 26", "127.0.0.1", asked.user_code):
        assert fact in page
    clock.move(seconds=10)
    assert error(await fetch(browser, asked.device_code)) == "authorization_pending"
    assert "Linked" in (await browser.post("/link/answer", user_code=asked.user_code, answer="allow")).text
    clock.move(seconds=10)
    got = tokens(await fetch(browser, asked.device_code))
    answer = await Machine(browser, got).ask("GET", DEVICE_PATH)
    assert json.loads(answer.body)["account"] == "Ada"
    assert "Ada&#39;s studio" in (await browser.get("/devices")).text
    await service.postman.deliver()
    letter = letters(service.settings.home)[-1]
    assert letter["Subject"] == "A machine was linked to your UpTrack account"
    assert "Ada's studio (macOS 26)" in letter.get_content()


@pytest.mark.usefixtures("ada")
async def test_who_refuses_a_machine_leaves_it_with_nothing(service: Service, browser: Browser) -> None:
    asked = await asking(browser)
    assert "Refused" in (await browser.post("/link/answer", user_code=asked.user_code, answer="")).text
    assert error(await fetch(browser, asked.device_code)) == "access_denied"
    again = await browser.post("/link/answer", user_code=asked.user_code, answer="allow")
    assert again.status == 422
    async with service.database.reading() as session:
        assert await session.scalar(select(func.count()).select_from(DeviceRow)) == 0


async def test_who_asks_more_often_than_told_is_told_to_slow_down_ever_more(browser: Browser, clock: Clock) -> None:
    asked = await asking(browser)
    assert asked.interval == 5
    said = []
    for wait_s in (0, 1, 5, 10, 15, 15):
        clock.move(seconds=wait_s)
        said.append(error(await fetch(browser, asked.device_code)))
    assert said == [
        "authorization_pending",
        "slow_down",  # 1 s of 5
        "slow_down",  # 5 s of 10
        "slow_down",  # 10 s of 15
        "slow_down",  # 15 s of 20
        "slow_down",  # 15 s of 25
    ]
    clock.move(seconds=30)
    assert error(await fetch(browser, asked.device_code)) == "authorization_pending"


@pytest.mark.usefixtures("ada")
async def test_codes_end_after_a_quarter_of_an_hour(service: Service, browser: Browser, clock: Clock) -> None:
    asked = await asking(browser)
    clock.move(minutes=15)
    assert (await browser.post("/link", user_code=asked.user_code)).status == 422
    assert (await browser.post("/link/answer", user_code=asked.user_code, answer="allow")).status == 422
    assert error(await fetch(browser, asked.device_code)) == "expired_token"
    clock.move(hours=1)
    await service.sweep()
    assert error(await fetch(browser, asked.device_code)) == "invalid_grant"


@pytest.mark.parametrize(
    ("path", "form", "word"),
    [
        (TOKEN_PATH, {"grant_type": "password"}, "unsupported_grant_type"),
        (TOKEN_PATH, {"grant_type": DEVICE_GRANT, "device_code": "nobody's"}, "invalid_grant"),
        (TOKEN_PATH, {"grant_type": DEVICE_GRANT}, "invalid_grant"),
        (TOKEN_PATH, {"grant_type": REFRESH_GRANT, "refresh_token": "nobody's"}, "invalid_grant"),
        (TOKEN_PATH, {"client_id": "another"}, "invalid_client"),
        (REVOKE_PATH, {"client_id": "another"}, "invalid_client"),
        (AUTHORIZE_PATH, {"client_id": "another"}, "invalid_client"),
        (AUTHORIZE_PATH, {"device_name": "x", "device_system": "y", "scope": "account"}, "invalid_scope"),
        (AUTHORIZE_PATH, {"device_name": "", "device_system": "y"}, "invalid_request"),
        (AUTHORIZE_PATH, {"device_name": "x" * 81, "device_system": "y"}, "invalid_request"),
        (AUTHORIZE_PATH, {"device_name": "a\x00b", "device_system": "y"}, "invalid_request"),
    ],
)
async def test_what_cannot_be_granted_is_refused_in_the_words_of_the_standard(
    browser: Browser, path: str, form: dict[str, str], word: str
) -> None:
    assert error(await browser.tell(path, **form)) == word


@pytest.mark.usefixtures("ada")
async def test_an_access_token_is_good_for_an_hour_and_its_refresh_token_brings_the_next(
    browser: Browser, clock: Clock
) -> None:
    machine = await linked(browser)
    assert await knows(browser, machine.tokens.access_token)
    clock.move(minutes=60)
    assert not await knows(browser, machine.tokens.access_token)
    after = tokens(await refresh(browser, machine.tokens.refresh_token))
    assert await knows(browser, after.access_token)
    assert not await knows(browser, after.refresh_token), "each kind is for its purpose alone"


@pytest.mark.usefixtures("ada")
async def test_a_refresh_token_that_is_used_again_unlinks_the_machine_and_its_owner_is_written_to(
    service: Service, browser: Browser
) -> None:
    machine = await linked(browser)
    after = tokens(await refresh(browser, machine.tokens.refresh_token))
    assert await knows(browser, after.access_token)
    assert error(await refresh(browser, machine.tokens.refresh_token)) == "invalid_grant"
    assert not await knows(browser, after.access_token)
    assert error(await refresh(browser, after.refresh_token)) == "invalid_grant"
    assert "None is linked" in (await browser.get("/devices")).text
    await service.postman.deliver()
    assert "not linked to your UpTrack account any more" in letters(service.settings.home)[-1]["Subject"]


@pytest.mark.usefixtures("ada")
async def test_an_answer_with_tokens_that_was_lost_is_given_again_until_one_arrives(
    browser: Browser, clock: Clock
) -> None:
    asked = await asking(browser)
    await browser.post("/link/answer", user_code=asked.user_code, answer="allow")
    lost = tokens(await fetch(browser, asked.device_code))
    clock.move(seconds=5)
    first = tokens(await fetch(browser, asked.device_code))
    assert not await knows(browser, lost.access_token)
    lost = tokens(await refresh(browser, first.refresh_token))
    second = tokens(await refresh(browser, first.refresh_token))
    assert await knows(browser, second.access_token)
    assert error(await refresh(browser, lost.refresh_token)) == "invalid_grant"
    assert not await knows(browser, second.access_token), "two hold keys of it"
    clock.move(seconds=5)
    assert error(await fetch(browser, asked.device_code)) == "invalid_grant"


@pytest.mark.usefixtures("ada")
async def test_a_code_whose_tokens_were_used_gives_no_others(browser: Browser, clock: Clock) -> None:
    asked = await asking(browser)
    await browser.post("/link/answer", user_code=asked.user_code, answer="allow")
    got = tokens(await fetch(browser, asked.device_code))
    assert await knows(browser, got.access_token)
    clock.move(seconds=5)
    assert error(await fetch(browser, asked.device_code)) == "invalid_grant"
    assert await knows(browser, got.access_token)


@pytest.mark.usefixtures("ada")
async def test_of_two_refreshes_at_once_one_pair_is_left(browser: Browser) -> None:
    machine = await linked(browser)
    answers = await asyncio.gather(*(refresh(browser, machine.tokens.refresh_token) for _ in range(4)))
    pairs = [tokens(answer) for answer in answers]
    assert sum([await knows(browser, pair.access_token) for pair in pairs]) == 1


@pytest.mark.usefixtures("ada")
@pytest.mark.parametrize("kind", ["access_token", "refresh_token"])
async def test_a_machine_unlinks_itself_by_either_token_and_a_second_time_is_fine(browser: Browser, kind: str) -> None:
    machine, other = await linked(browser), await linked(browser, "Laptop")
    token = getattr(machine.tokens, kind)
    assert [(await browser.tell(REVOKE_PATH, token=token)).status for _ in range(2)] == [200, 200]
    assert not await knows(browser, machine.tokens.access_token)
    assert await knows(browser, other.tokens.access_token)


async def test_its_owner_ends_a_machine_and_nobody_else_does(service: Service, browser: Browser, ada: str) -> None:
    await somebody(service, BOB, ANOTHER)
    machine = await linked(browser)
    (device,) = await service.devices.of(ada)
    await browser.sign_in(BOB, ANOTHER)
    assert "Studio" not in (await browser.get("/devices")).text
    assert (await browser.post(f"/devices/{device.id}/end")).status == 404
    assert await knows(browser, machine.tokens.access_token)
    await browser.sign_in()
    assert (await browser.post(f"/devices/{device.id}/end")).to == "/devices"
    assert not await knows(browser, machine.tokens.access_token)


@pytest.mark.usefixtures("ada")
async def test_no_code_and_no_token_can_be_read_from_the_tables(service: Service, browser: Browser) -> None:
    asked = await asking(browser)
    machine = await linked(browser)
    async with service.database.reading() as session:
        for table in (GrantRow, DeviceTokenRow, DeviceRow):
            for row in (await session.scalars(select(table))).all():
                kept = repr([getattr(row, column.key) for column in table.__table__.columns])
                for secret in (
                    asked.device_code,
                    asked.user_code,
                    typed(asked.user_code),
                    machine.tokens.access_token,
                    machine.tokens.refresh_token,
                ):
                    assert secret not in kept


@pytest.mark.usefixtures("ada")
async def test_guessing_codes_ends_after_ten_tries_whatever_the_code(browser: Browser, clock: Clock) -> None:
    asked = await asking(browser)
    said = [(await browser.post("/link", user_code=f"BBBB-BBB{letter}")).status for letter in LETTERS[:10]]
    assert said == [422] * 10
    for path in ("/link", "/link/answer"):
        refused = await browser.post(path, user_code=asked.user_code, answer="allow")
        assert refused.status == 429
        assert "Wait" in refused.text
    clock.move(minutes=14)
    assert error(await fetch(browser, asked.device_code)) == "authorization_pending"


async def test_asking_for_codes_ends_after_thirty_in_an_hour_from_one_place(browser: Browser) -> None:
    for _ in range(30):
        await asking(browser)
    refused = await browser.tell(AUTHORIZE_PATH, device_name="x", device_system="y")
    assert refused.status == 429
    assert int(refused.headers["Retry-After"]) <= 3_601
    assert "Wait" in json.loads(refused.body)["detail"]


async def test_who_has_to_sign_in_first_goes_on_with_the_code(service: Service, browser: Browser) -> None:
    await somebody(service)
    asked = await asking(browser)
    to_sign_in = await browser.get(f"/link?user_code={asked.user_code}")
    assert to_sign_in.to == f"/sign-in?link={typed(asked.user_code)}"
    page = (await browser.get(to_sign_in.to)).text
    assert f'name="link" value="{asked.user_code}"' in page
    entered = await browser.post("/sign-in", email=ADA, password="kick snare hat loop", link=asked.user_code)
    assert entered.to == f"/link?user_code={asked.user_code}"


@pytest.mark.parametrize("said", ["//evil.example", "https://evil.example/", "x" * 500, "BBBB-BBBB/../../x"])
async def test_nothing_but_a_code_is_carried_through_signing_in(service: Service, browser: Browser, said: str) -> None:
    await somebody(service)
    entered = await browser.post("/sign-in", email=ADA, password="kick snare hat loop", link=said)
    assert entered.to == "/link"


@pytest.mark.usefixtures("ada")
async def test_a_browser_is_no_program_and_a_cookie_no_token(browser: Browser) -> None:
    for headers in ({"Origin": "https://evil.example"}, {"Origin": SITE}, {"Sec-Fetch-Site": "same-origin"}):
        for method, path in (("POST", AUTHORIZE_PATH), ("POST", TOKEN_PATH), ("POST", REVOKE_PATH)):
            assert (await browser.ask(method, path, {}, headers)).status == 403
    answer = await browser.get(DEVICE_PATH)
    assert answer.status == 401
    assert answer.headers["WWW-Authenticate"] == "Bearer"


async def test_a_year_after_it_was_linked_a_machine_is_linked_anew_however_often_it_came(
    service: Service, browser: Browser, clock: Clock, ada: str
) -> None:
    held = (await linked(browser)).tokens
    for days in (80, 80, 80, 80, 44):
        clock.move(days=days)
        held = tokens(await refresh(browser, held.refresh_token))
    clock.move(hours=23, minutes=59)
    held = tokens(await refresh(browser, held.refresh_token))
    clock.move(minutes=1)
    assert error(await refresh(browser, held.refresh_token)) == "invalid_grant"
    clock.move(hours=1)
    assert not await knows(browser, held.access_token)
    await service.sweep()
    assert await service.devices.of(ada) == []


async def test_a_machine_that_does_not_come_for_ninety_days_is_unlinked(
    service: Service, browser: Browser, ada: str, clock: Clock
) -> None:
    idle = await linked(browser, "Idle")
    clock.move(days=60)
    await browser.sign_in()
    await linked(browser, "Busy")
    clock.move(days=30)
    await service.sweep()
    assert [device.name for device in await service.devices.of(ada)] == ["Busy"]
    assert error(await refresh(browser, idle.tokens.refresh_token)) == "invalid_grant"


@pytest.mark.usefixtures("ada")
async def test_machines_are_among_ones_data_and_go_with_the_account(service: Service, browser: Browser) -> None:
    machine = await linked(browser, "Studio in the attic")
    page = (await browser.get("/account/data")).text
    assert "Studio in the attic" in page
    assert "kept, and shown to nobody" in page
    await browser.post("/account/erase", password="kick snare hat loop")
    assert not await knows(browser, machine.tokens.access_token)
    async with service.database.reading() as session:
        for table in (DeviceRow, DeviceTokenRow, GrantRow):
            assert await session.scalar(select(func.count()).select_from(table)) == 0


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("WDJB-MJHT", "WDJBMJHT"),
        (" wdjb mjht ", "WDJBMJHT"),
        ("wdjbmjht", "WDJBMJHT"),
        ("WDJB-MJH", ""),
        ("WDJB-MJHA", ""),
        ("WDJB-MJH1", ""),
        ("", ""),
    ],
)
def test_a_code_is_read_however_it_is_grouped(text: str, code: str) -> None:
    assert typed(text) == code


def test_a_code_has_thirty_four_bits_and_no_letter_that_is_taken_for_another_sign() -> None:
    assert len(LETTERS) ** CODE_LENGTH > 2**34
    assert not set(LETTERS) & set("AEIOUY01")
