"""Becoming somebody, proving it, and leaving again, on both databases."""

from __future__ import annotations

import asyncio

import pytest
from sqlalchemy import func, select

from support.account_site import ADA, ANOTHER, BOB, PASSWORD, letters, link_in, somebody
from support.stores import Clock
from uptrack_account.errors import AccountError, Refused
from uptrack_account.people.accounts import WRONG, checked_email
from uptrack_account.people.sessions import Person
from uptrack_account.service import Service
from uptrack_account.store import ACCOUNT_TABLES, Base
from uptrack_account.store.models import AccountRow


async def count(service: Service, table: type[Base]) -> int:
    async with service.database.reading() as session:
        return (await session.scalar(select(func.count()).select_from(table))) or 0


async def person_of(service: Service, account_id: str) -> Person:
    person = await service.sessions.person(await service.sessions.begin(account_id, ""))
    assert person is not None
    return person


async def newest_letter(service: Service) -> str:
    """Path of the link in what was sent last."""
    await service.postman.deliver()
    return link_in(letters(service.settings.home)[-1])


async def test_an_account_can_be_used_once_its_address_is_proved(service: Service) -> None:
    await service.accounts.sign_up("Ada@Example.org ", "Ada  L.", PASSWORD)
    with pytest.raises(Refused, match="not proved yet"):
        await service.accounts.sign_in(ADA, PASSWORD)
    link = await newest_letter(service)
    account_id = await service.accounts.verify(link.removeprefix("/verify/"), PASSWORD)
    assert await service.accounts.sign_in(" ADA@example.org", PASSWORD) == account_id
    facts = await service.accounts.facts(account_id)
    assert (facts.email, facts.display_name, facts.wants_news) == (ADA, "Ada L.", False)


async def test_who_signs_in_before_the_address_is_proved_has_a_letter_sent_once_in_a_while(
    service: Service, clock: Clock
) -> None:
    await service.accounts.sign_up(ADA, "Mallory", PASSWORD)
    for _minute in range(31):
        with pytest.raises(Refused, match="not proved yet"):
            await service.accounts.sign_in(ADA, PASSWORD)
        clock.move(minutes=1)
    await service.postman.deliver()
    assert len(letters(service.settings.home)) == 3


async def test_who_signs_up_with_anothers_address_does_not_have_it_proved_by_its_owner(service: Service) -> None:
    await service.accounts.sign_up(ADA, "Mallory", "a password of mallory")
    link = await newest_letter(service)
    with pytest.raises(Refused, match="not the password this account was made with"):
        await service.accounts.verify(link.removeprefix("/verify/"), PASSWORD)
    await service.accounts.ask_for_reset(ADA)
    reset = await newest_letter(service)
    await service.accounts.reset(reset.removeprefix("/reset/"), PASSWORD)
    assert await service.accounts.sign_in(ADA, PASSWORD)
    with pytest.raises(Refused, match=WRONG):
        await service.accounts.sign_in(ADA, "a password of mallory")


async def test_signing_up_twice_tells_only_the_addresss_owner(service: Service) -> None:
    await somebody(service)
    await service.accounts.sign_up(ADA, "Mallory", ANOTHER)
    await service.postman.deliver()
    assert letters(service.settings.home)[-1]["Subject"] == "You have an UpTrack account"
    assert await count(service, AccountRow) == 1
    with pytest.raises(Refused):
        await service.accounts.sign_in(ADA, ANOTHER)


async def test_two_who_sign_up_at_once_with_one_address_make_one_account(service: Service) -> None:
    await asyncio.gather(*(service.accounts.sign_up(ADA, "Ada", PASSWORD) for _ in range(5)))
    assert await count(service, AccountRow) == 1


async def test_a_wrong_address_and_a_wrong_password_are_told_alike_after_as_much_work(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    await somebody(service)
    asked: list[str] = []
    matches = service.accounts._passwords._matches

    def watched(stored: str, given: str) -> bool:
        asked.append(stored)
        return matches(stored, given)

    monkeypatch.setattr(service.accounts._passwords, "_matches", watched)
    for email in (ADA, BOB, "no address"):
        with pytest.raises(Refused) as refused:
            await service.accounts.sign_in(email, ANOTHER)
        assert refused.value.sentence == WRONG
    assert len(asked) == 3


async def test_a_reset_changes_the_password_once_and_signs_out_every_browser(service: Service) -> None:
    account_id = await somebody(service)
    token = await service.sessions.begin(account_id, "")
    await service.accounts.ask_for_reset(ADA)
    reset = (await newest_letter(service)).removeprefix("/reset/")
    with pytest.raises(AccountError, match="first that are tried"):
        await service.accounts.reset(reset, "password1")
    await service.accounts.reset(reset, ANOTHER)
    assert await service.sessions.person(token) is None
    assert await service.accounts.sign_in(ADA, ANOTHER) == account_id
    with pytest.raises(Refused, match="used before"):
        await service.accounts.reset(reset, PASSWORD)


async def test_links_are_good_for_their_purpose_and_their_time_alone(service: Service, clock: Clock) -> None:
    await service.accounts.sign_up(ADA, "Ada", PASSWORD)
    verify = (await newest_letter(service)).removeprefix("/verify/")
    with pytest.raises(Refused):
        await service.accounts.reset(verify, ANOTHER)
    clock.move(days=2)
    with pytest.raises(Refused, match="too old"):
        await service.accounts.verify(verify, PASSWORD)
    await service.sweep()
    assert await count(service, AccountRow) == 0, "nobody ever proved it to be theirs"


async def test_another_password_signs_out_all_other_browsers_and_is_told_by_letter(service: Service) -> None:
    account_id = await somebody(service)
    other, own = [await service.sessions.begin(account_id, "") for _ in range(2)]
    person = await service.sessions.person(own)
    assert person is not None
    with pytest.raises(Refused, match="not your password"):
        await service.accounts.change_password(person, ANOTHER, PASSWORD)
    await service.accounts.change_password(person, PASSWORD, ANOTHER)
    assert await service.sessions.person(own) is not None
    assert await service.sessions.person(other) is None
    await service.postman.deliver()
    assert letters(service.settings.home)[-1]["Subject"] == "Your UpTrack password was changed"


@pytest.mark.parametrize("unlink", [True, False])
async def test_the_letter_about_another_password_says_what_became_of_the_machines(
    service: Service, unlink: bool
) -> None:
    person = await person_of(service, await somebody(service))
    await service.accounts.change_password(person, PASSWORD, ANOTHER, unlink=unlink)
    await service.postman.deliver()
    said = letters(service.settings.home)[-1].get_content()
    assert ("Every linked machine was unlinked" in said, "Linked machines stay linked" in said) == (unlink, not unlink)


async def test_erasing_an_account_leaves_no_row_of_it_in_any_table(service: Service) -> None:
    account_id, other_id = await somebody(service), await somebody(service, BOB, ANOTHER)
    person = await person_of(service, account_id)
    await service.accounts.ask_for_reset(ADA)
    with pytest.raises(Refused):
        await service.accounts.erase(person, ANOTHER)
    await service.accounts.erase(person, PASSWORD)
    async with service.database.reading() as session:
        for table in (Base.metadata.tables["accounts"], *ACCOUNT_TABLES):
            owner = table.c.account_id if "account_id" in table.c else table.c.id
            assert (await session.execute(select(table).where(owner == account_id))).all() == [], table.name
    assert (await service.accounts.facts(other_id)).email == BOB


@pytest.mark.parametrize("password", ["short", "12345678", "musicmusic", ADA, "producer1", "x" * 300])
async def test_passwords_that_are_tried_first_are_refused_in_a_sentence(service: Service, password: str) -> None:
    with pytest.raises(AccountError, match="Three words that only you would put together"):
        await service.accounts.sign_up(ADA, "Ada", password)
    assert await count(service, AccountRow) == 0


@pytest.mark.parametrize(
    "email", ["", "ada", "ada@", "@example.org", "a b@example.org", "a@b\r\nBcc: c@d.org", "é" * 300]
)
def test_what_is_no_address_is_refused(email: str) -> None:
    with pytest.raises(AccountError, match="Expected an e-mail address"):
        checked_email(email)


@pytest.mark.parametrize("name", ["", "   ", "x" * 81, "a\x00b"])
async def test_what_is_no_name_is_refused(service: Service, name: str) -> None:
    with pytest.raises(AccountError, match="Expected a name"):
        await service.accounts.sign_up(ADA, name, PASSWORD)


async def test_a_hash_that_is_weak_by_todays_measure_is_made_again_at_the_next_sign_in(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    account_id = await somebody(service)

    async def stored() -> str:
        async with service.database.reading() as session:
            return (await session.scalars(select(AccountRow.password_hash).where(AccountRow.id == account_id))).one()

    before = await stored()
    await service.accounts.sign_in(ADA, PASSWORD)
    assert await stored() == before
    monkeypatch.setattr(service.accounts._passwords, "is_weak", lambda _stored: True)
    await service.accounts.sign_in(ADA, PASSWORD)
    assert await stored() != before
    assert await service.accounts.sign_in(ADA, PASSWORD) == account_id
