"""Letters: written with what they are about, sent once, tried again, and not to who does not want them."""

from __future__ import annotations

import asyncio
import smtplib
from email.message import EmailMessage

import pytest
from sqlalchemy import func, select, update

from support.account_site import ADA, Browser, letters, somebody
from support.stores import Clock
from uptrack_account.letters import Letter, Postman, post
from uptrack_account.service import Service
from uptrack_account.store.models import AccountRow, LetterRow

NEWS = Letter("What is new", "Nothing.\n", essential=False)
ALARM = Letter("Somebody signed in", "Was it you?\n")


class Flaky:
    """A mail server that takes nothing the first few times."""

    def __init__(self, failures: int) -> None:
        self.failures = failures
        self.sent: list[EmailMessage] = []

    def send(self, message: EmailMessage) -> None:
        if self.failures:
            self.failures -= 1
            raise smtplib.SMTPServerDisconnected("gone")
        self.sent.append(message)


async def posted(service: Service, letter: Letter) -> str:
    account_id = await somebody(service)
    async with service.database.writing() as session:
        post(session, account_id, letter, service.database.clock())
    return account_id


async def waiting(service: Service) -> int:
    async with service.database.reading() as session:
        return (await session.scalar(select(func.count()).select_from(LetterRow))) or 0


async def test_who_wants_news_says_so_on_a_page_and_can_say_no_again(service: Service, browser: Browser) -> None:
    await posted(service, ALARM)
    await browser.sign_in()
    for form, wanted in (({"wants_news": "yes"}, 1), ({}, 0)):
        assert (await browser.post("/account/mail", **form)).to == "/account/mail"
        assert ("checked" in (await browser.get("/account/mail")).text) == bool(wanted)
        await service.postman.deliver()
        async with service.database.writing() as session:
            account_id = (await session.scalars(select(AccountRow.id))).one()
            post(session, account_id, NEWS, service.database.clock())
        assert await service.postman.deliver() == wanted


async def test_a_letter_names_its_reader_and_is_gone_once_it_is_sent(service: Service) -> None:
    await posted(service, ALARM)
    assert await service.postman.deliver() == 1
    letter = letters(service.settings.home)[-1]
    assert (letter["To"], letter["Subject"], letter.get_content()) == (ADA, "Somebody signed in", "Was it you?\n")
    assert letter["Auto-Submitted"] == "auto-generated"
    assert await waiting(service) == 0
    assert await service.postman.deliver() == 0


async def test_what_is_rolled_back_has_no_letter(service: Service) -> None:
    account_id = await somebody(service)

    async def fail() -> None:
        async with service.database.writing() as session:
            post(session, account_id, ALARM, service.database.clock())
            raise RuntimeError

    with pytest.raises(RuntimeError):
        await fail()
    assert await service.postman.deliver() == 0


async def test_a_letter_that_could_not_be_sent_is_tried_again_ever_later_and_sent_once(
    service: Service, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    await posted(service, ALARM)
    server = Flaky(3)
    postman = Postman(service.database, server, "us@example.org")
    tried_after_s = []
    for second in range(0, 1_200, 10):
        before = server.failures, len(server.sent)
        await postman.deliver()
        if (server.failures, len(server.sent)) != before:
            tried_after_s.append(second)
        clock.move(seconds=10)
    assert tried_after_s == [0, 120, 360, 840]
    assert len(server.sent) == 1
    assert await waiting(service) == 0
    assert ADA not in caplog.text


async def test_a_letter_that_can_never_be_sent_is_given_up_after_two_days(service: Service, clock: Clock) -> None:
    await posted(service, ALARM)
    postman = Postman(service.database, Flaky(10_000), "us@example.org")
    for _hour in range(52):
        await postman.deliver()
        clock.move(hours=1)
    assert await waiting(service) == 0


async def test_two_who_deliver_at_once_send_each_letter_once(service: Service) -> None:
    account_id = await posted(service, ALARM)
    async with service.database.writing() as session:
        for _ in range(9):
            post(session, account_id, ALARM, service.database.clock())
    server = Flaky(0)
    await asyncio.gather(*(Postman(service.database, server, "us@example.org").deliver() for _ in range(3)))
    assert len(server.sent) == 10


@pytest.mark.parametrize("wanted", [False, True])
async def test_news_go_to_who_wants_them_and_alarms_to_everybody(service: Service, wanted: bool) -> None:
    account_id = await posted(service, NEWS)
    async with service.database.writing() as session:
        await session.execute(update(AccountRow).where(AccountRow.id == account_id).values(wants_news=wanted))
        post(session, account_id, ALARM, service.database.clock())
    assert await service.postman.deliver() == 1 + wanted
    assert await waiting(service) == 0
