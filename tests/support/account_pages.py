"""Every page of the account, good and bad, and how a person in a browser comes to each.

``furnish`` makes a site that has something of everything on it; ``PAGES`` are the ways. A way leads a fresh page to
its destination by what a person does: addresses and forms.
"""

from __future__ import annotations

import dataclasses
import json
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from itertools import count
from pathlib import Path
from types import MappingProxyType
from typing import Any

from playwright.async_api import Browser, Page, StorageState
from yarl import URL

from support.account_site import (
    ADA,
    MADE_AT,
    PASSWORD,
    Machine,
    account_service,
    asking,
    letters,
    link_in,
    linked,
    served,
    somebody,
    upload,
)
from support.account_site import Browser as Wire
from support.chromium import Overheard
from support.fake_stripe import FakeStripe, fake_stripe, settings_of
from support.reports import a_finding, a_report
from support.stores import Clock
from support.uploaded import audio, take, work
from uptrack_account.service import Service
from uptrack_analysis.report import Report, to_json

OLD, NEW, NEWER, ALONE = (f"{number:016x}" for number in range(1, 5))
"""Ids of reports: two of one project, one that cannot be read, one of another project."""
ANALYSED, REFUSED, WAITING = (f"{number:016x}" for number in range(11, 14))
"""Of uploads."""
LONG_NAME = "warehouse_after_midnight_extended_club_mix_final_final_v7_no_really_this_one.wav"
DISMISSED = a_finding(
    id="low.width-0009", rule="low.width_of_a_band_that_nobody_has_heard_of", title="The bass is wide"
)
MACHINE = "The-studio-in-the-cellar-behind-the-boiler-room"


@dataclass
class Site:
    """A service at its own address, which browsers and programs reach."""

    service: Service
    clock: Clock
    wire: Wire
    """Plain HTTP, for what programs do and for Ada's set-up; signed in as her."""
    stripe: FakeStripe
    as_ada: StorageState | None = None
    """The cookie of a browser that she has signed in with."""
    numbers: count[int] = dataclasses.field(default_factory=count)

    def at(self, path: str) -> str:
        return f"{self.service.settings.origin}{path}"

    async def letter_to(self, email: str) -> str:
        """The path of the link in the last letter there."""
        await self.service.postman.deliver()
        return link_in([one for one in letters(self.service.settings.home) if one["To"] == email][-1])


@asynccontextmanager
async def open_site(folder: Path, database: str, clock: Clock) -> AsyncIterator[Site]:
    """Empty, at an address that Chromium trusts without TLS: it keeps ``__Host-`` cookies of localhost, of no other."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    async with (
        fake_stripe(clock) as stripe,
        account_service(folder, database, clock, port=port, **settings_of(stripe)) as service,
        served(service) as wire,
    ):
        yield Site(service, clock, wire, stripe)


async def furnish(site: Site, browser: Browser) -> None:
    """Ada, with a machine, two projects and a report of every kind, signed in with a browser."""
    await somebody(site.service)
    await site.wire.sign_in()
    machine = await linked(site.wire, MACHINE)
    newer = json.dumps(json.loads(to_json(a_version(3, 80.0))) | {"schema": "uptrack.report/2"})
    sent: list[tuple[str, Report | str, str | None]] = [
        (OLD, a_version(1, 61.0, a_finding(title="The kick is 4.20 dB under the bass")), "Warehouse"),
        (NEW, a_version(2, 76.0, DISMISSED), "Warehouse"),
        (NEWER, newer, "Warehouse"),
        (ALONE, a_version(4, None), None),
    ]
    for day, (report_id, document, project_name) in enumerate(sent):
        await put(machine, report_id, document, day=day, project=project_name)
    for finding, scope in ((a_report().findings[0], "finding"), (DISMISSED, "rule")):
        await site.wire.post(f"/reports/{NEW}/dismiss", finding=finding.id, scope=scope)
    account_id = await site.service.accounts.sign_in(ADA, PASSWORD)
    await take(site.service, account_id, audio("MP3", seconds=4), id=ANALYSED, name=LONG_NAME, project_name="Basement")
    await take(site.service, account_id, b"RIFF\x10\x00\x00\x00WAVE" + bytes(200), id=REFUSED, name=LONG_NAME)
    while await work(site.service):
        pass
    await take(site.service, account_id, id=WAITING)
    async with await browser.new_context() as context:
        assert (
            await by_form("/sign-in", "Sign in", {EMAIL: ADA, SECRET: PASSWORD})(site, await context.new_page()) == 200
        )
        site.as_ada = await context.storage_state()


def a_version(number: int, score: float | None, *more: Any) -> Report:
    """Of one file with a name that no line holds."""
    report = a_report(name=LONG_NAME.replace("v7", f"v{number}"))
    source = dataclasses.replace(report.source, sha256=f"{number:064x}")
    findings = (*report.findings, *more)
    return dataclasses.replace(
        report, source=source, findings=findings, score=dataclasses.replace(report.score, overall=score)
    )


async def put(
    machine: Machine, report_id: str, report: Report | str, *, day: int = 0, project: str | None = "Warehouse"
) -> None:
    sent = upload(report, project=project, made_at=MADE_AT + timedelta(days=day))
    answer = await machine.ask("PUT", f"/v1/reports/{report_id}", sent.model_dump_json().encode())
    assert answer.status == 201, answer.text


# -- how a person comes to each ----------------------------------------------------------------------------------------

PATIENCE_MS = 15_000
EMAIL, NAME, SECRET = "E-mail address", "What to call you", "Password"
"""Labels."""

Way = Callable[[Site, Page], Awaitable[int]]
"""Leads a page to its destination; the status it has there."""


async def press(page: Page, button: str, fields: Mapping[str, str] = MappingProxyType({})) -> int:
    """Fill the form of that button in, by its labels, and send it."""
    by_name = page.get_by_role("button", name=button)
    form = page.locator("form").filter(has=by_name).first
    for label, value in fields.items():
        await form.get_by_label(label).first.fill(value)
    async with page.expect_navigation() as navigated:
        await form.get_by_role("button", name=button).click()
    answer = await navigated.value
    assert answer is not None
    return answer.status


async def visit(site: Site, page: Page, path: str) -> int:
    answer = await page.goto(site.at(path))
    assert answer is not None
    return answer.status


def by_address(path: str) -> Way:
    async def way(site: Site, page: Page) -> int:
        return await visit(site, page, path)

    return way


def by_form(path: str, button: str, fields: Mapping[str, str] = MappingProxyType({})) -> Way:
    async def way(site: Site, page: Page) -> int:
        await visit(site, page, path)
        return await press(page, button, fields)

    return way


async def project(site: Site, page: Page) -> int:
    await visit(site, page, "/")
    async with page.expect_navigation() as navigated:
        await page.get_by_role("link", name="Warehouse", exact=True).click()
    answer = await navigated.value
    assert answer is not None
    return answer.status


async def too_often(site: Site, page: Page) -> int:
    for _ in range(10):
        await site.wire.ask(
            "POST", "/sign-in", {"email": "eve@example.org", "password": "x"}, {"Origin": site.at("")}, program=True
        )
    return await by_form("/sign-in", "Sign in", {EMAIL: "eve@example.org", SECRET: PASSWORD})(site, page)


def code(answer: str | None, password: str = PASSWORD) -> Way:
    async def way(site: Site, page: Page) -> int:
        asked = await asking(site.wire, MACHINE)
        await visit(site, page, f"/link?user_code={asked.user_code}")
        status = await press(page, "Show me which machine asks")
        return status if answer is None else await press(page, answer, {SECRET: password})

    return way


def as_somebody_new(onward: Way) -> Way:
    """Of whom there is nothing yet, and need not be anything after."""

    async def way(site: Site, page: Page) -> int:
        email = f"somebody{next(site.numbers)}@example.org"
        await somebody(site.service, email)
        await by_form("/sign-in", "Sign in", {EMAIL: email, SECRET: PASSWORD})(site, page)
        return await onward(site, page)

    return way


def as_somebody_with_pro(onward: Way, *, refunded: bool = False, **changes: Any) -> Way:
    """Of whose subscription Stripe says ``changes``; what they did at Stripe is no page of ours."""

    async def way(site: Site, page: Page) -> int:
        email, billing = f"somebody{next(site.numbers)}@example.org", site.service.billing
        account_id = await somebody(site.service, email)
        subscription_id = site.stripe.pay(URL(await billing.subscribe(account_id)).name)
        subscription = site.stripe.subscriptions[subscription_id]
        subscription |= changes
        if refunded:
            site.stripe.refund(subscription["customer"])
        await billing.refresh(account_id)
        await by_form("/sign-in", "Sign in", {EMAIL: email, SECRET: PASSWORD})(site, page)
        return await onward(site, page)

    return way


async def stripe_away(site: Site, page: Page) -> int:
    site.stripe.away = True
    try:
        return await by_form("/billing", "Go Pro")(site, page)
    finally:
        site.stripe.away = False


async def no_audio(site: Site, page: Page) -> int:
    await visit(site, page, "/uploads")
    await page.get_by_label("WAV or MP3").set_input_files(
        {"name": "mix.wav", "mimeType": "audio/wav", "buffer": b"<!doctype html>" * 500}
    )
    return await press(page, "Send it")


async def form_of_another_site(site: Site, page: Page) -> int:
    await page.set_content(f'<form method="post" action="{site.at("/sign-out")}"><button>Win a prize</button></form>')
    return await press(page, "Win a prize")


ANYBODYS: Mapping[str, tuple[int, Way]] = {
    "welcome": (200, by_address("/")),
    "sign up": (200, by_address("/sign-up")),
    "sign up with a poor password": (
        422,
        by_form("/sign-up", "Make an account", {EMAIL: ADA, NAME: "Ada", SECRET: "password1"}),
    ),
    "letter sent": (
        200,
        by_form("/sign-up", "Make an account", {EMAIL: f"{'x' * 60}@example.org", NAME: "X", SECRET: PASSWORD}),
    ),
    "prove": (200, by_address(f"/verify/{'0' * 43}")),
    "prove by a link that has ended": (
        422,
        by_form(f"/verify/{'0' * 43}", "This is my address", {SECRET: PASSWORD}),
    ),
    "sign in": (200, by_address("/sign-in")),
    "sign in with another password": (422, by_form("/sign-in", "Sign in", {EMAIL: ADA, SECRET: "another one"})),
    "sign in too often": (429, too_often),
    "forgotten": (200, by_address("/forgotten")),
    "choose a new password": (200, by_address(f"/reset/{'0' * 43}")),
    "prove a new address": (200, by_address(f"/address/{'0' * 43}")),
    "privacy": (200, by_address("/privacy")),
    "nothing here": (404, by_address("/nothing")),
    "form of another site": (403, form_of_another_site),
    "nobody, on a page of somebody": (200, by_address("/account")),
    "no project yet": (200, as_somebody_new(by_address("/"))),
    "no upload yet": (200, as_somebody_new(by_address("/uploads"))),
    "no machine yet": (200, as_somebody_new(by_address("/devices"))),
    "Pro": (200, as_somebody_with_pro(by_address("/billing"))),
    "Pro that is past due and was refunded": (
        200,
        as_somebody_with_pro(by_address("/billing"), refunded=True, status="past_due"),
    ),
    "Pro that has ended": (200, as_somebody_with_pro(by_address("/billing"), status="canceled")),
    "back from Stripe": (200, as_somebody_with_pro(by_address("/billing/return"))),
    "account with Pro deleted": (
        200,
        as_somebody_with_pro(by_form("/account", "Delete my account", {SECRET: PASSWORD})),
    ),
    "account deleted": (200, as_somebody_new(by_form("/account", "Delete my account", {SECRET: PASSWORD}))),
}
"""By name: the status, and the way, of who is not signed in at its beginning."""

ADAS: Mapping[str, tuple[int, Way]] = {
    "projects": (200, by_address("/")),
    "project": (200, project),
    "report": (200, by_address(f"/reports/{NEW}")),
    "report of a newer UpTrack": (200, by_address(f"/reports/{NEWER}")),
    "two versions": (200, by_address(f"/compare/{OLD}/{NEW}")),
    "report that is not there": (404, by_address(f"/reports/{'f' * 16}")),
    "an address for forms": (405, by_address("/sign-out")),
    "type a code": (200, by_address("/link")),
    "type a wrong code": (422, by_form("/link", "Show me which machine asks", {"Code": "BCDF-GHJK"})),
    "confirm a machine": (200, code(None)),
    "machine linked": (200, code("Link it")),
    "machine not linked without the password": (422, code("Link it", "another one")),
    "machine refused": (200, code("Refuse")),
    "machines": (200, by_address("/devices")),
    "account": (200, by_address("/account")),
    "letters": (200, by_address("/account/mail")),
    "another address": (200, by_address("/account/email")),
    "another address with a wrong password": (
        422,
        by_form("/account/email", "Send me a link", {"New e-mail address": "new@example.org", SECRET: "another one"}),
    ),
    "a new password with a wrong old one": (
        422,
        by_form("/account", "Change it", {SECRET: "another one", "New password": PASSWORD}),
    ),
    "billing": (200, by_address("/billing")),
    "Stripe away": (503, stripe_away),
    "your data": (200, by_address("/account/data")),
    "uploads": (200, by_address("/uploads")),
    "a file that is no audio": (415, no_audio),
    "upload, analysed": (200, by_address(f"/uploads/{ANALYSED}")),
    "upload, refused": (200, by_address(f"/uploads/{REFUSED}")),
    "upload, waiting": (200, by_address(f"/uploads/{WAITING}")),
    "upload that is not there": (404, by_address(f"/uploads/{'f' * 16}")),
}
"""The same of Ada, who is signed in."""

PAGES = {**ANYBODYS, **ADAS}


@asynccontextmanager
async def arrived(
    site: Site, browser: Browser, name: str, *, heard: Overheard | None = None, **context: Any
) -> AsyncIterator[Page]:
    """A page of a context of its own, at its destination."""
    site.clock.move(hours=1)  # the counts of tries begin anew
    status, way = PAGES[name]
    state = site.as_ada if name in ADAS else None
    async with await browser.new_context(storage_state=state, **context) as opened:
        opened.set_default_timeout(PATIENCE_MS)
        if heard is not None:
            heard.listen(opened)
        page = await opened.new_page()
        assert await way(site, page) == status
        if name in ADAS:  # who proves who she is again has another cookie from then on
            site.as_ada = await opened.storage_state()
        yield page
