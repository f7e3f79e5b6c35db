"""A person's whole walk through the account in a real browser, by keyboard, with scripts turned off."""

from __future__ import annotations

import io
import shutil
import zipfile
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Literal

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Locator, Page, Route, expect

from support.account_pages import (
    EMAIL,
    NAME,
    NEW,
    OLD,
    PATIENCE_MS,
    SECRET,
    Site,
    a_version,
    by_form,
    open_site,
    put,
    visit,
)
from support.account_site import ADA, PASSWORD, Machine, asking, somebody
from support.chromium import Overheard
from support.stores import Clock
from support.uploaded import audio, held, work
from uptrack_account.web.gate import COOKIE
from uptrack_bridges.account import DEVICE_GRANT, TOKEN_PATH, Tokens

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.xdist_group("chromium")]


@pytest_asyncio.fixture(loop_scope="session")
async def site(sqlite: Path, tmp_path: Path, clock: Clock) -> AsyncIterator[Site]:
    url = f"sqlite:///{shutil.copy(sqlite, tmp_path / 'account.sqlite')}"
    async with open_site(tmp_path / "home", url, clock) as site:
        yield site


@pytest.fixture
def heard() -> Overheard:
    return Overheard()


@pytest_asyncio.fixture(loop_scope="session")
async def page(chromium: Browser, heard: Overheard) -> AsyncIterator[Page]:
    async with await chromium.new_context(java_script_enabled=False) as context:
        context.set_default_timeout(PATIENCE_MS)
        heard.listen(context)
        yield await context.new_page()


async def tab_to(page: Page, target: Locator) -> None:
    """Go there as who has no mouse does."""
    for _ in range(60):
        if await target.evaluate("one => one === document.activeElement"):
            return
        await page.keyboard.press("Tab")
    raise AssertionError(f"expected the keyboard to reach {target}")


async def follow(page: Page, role: Literal["link", "button"], name: str) -> None:
    """To where a link or a form leads."""
    await tab_to(page, page.get_by_role(role, name=name).first)
    async with page.expect_navigation():
        await page.keyboard.press("Enter")


async def write(page: Page, label: str, text: str, *, nth: int = 0) -> None:
    await tab_to(page, page.get_by_label(label).and_(page.locator("input")).nth(nth))
    await page.keyboard.type(text)


async def shows(page: Page, heading: str) -> None:
    await expect(page.get_by_role("heading", level=1)).to_have_text(heading)


async def test_from_signing_up_to_deleting_the_account(site: Site, page: Page, heard: Overheard) -> None:
    await visit(site, page, "/")
    await follow(page, "link", "Sign up")
    await write(page, EMAIL, ADA)
    await write(page, NAME, "Ada")
    await write(page, SECRET, PASSWORD)
    await follow(page, "button", "Make an account")
    await shows(page, "Look into your mail")

    await visit(site, page, await site.letter_to(ADA))
    await write(page, SECRET, PASSWORD)
    await follow(page, "button", "This is my address")
    await shows(page, "Your projects")
    await expect(page.get_by_text("Nothing is here yet")).to_be_visible()

    await follow(page, "button", "Sign out")
    await shows(page, "Mix feedback, kept")
    assert await page.context.cookies() == []
    await follow(page, "link", "Sign in")
    await write(page, EMAIL, ADA)
    await write(page, SECRET, PASSWORD)
    await follow(page, "button", "Sign in")
    await shows(page, "Your projects")
    (cookie,) = await page.context.cookies()
    assert (cookie.get("name"), cookie.get("secure"), cookie.get("httpOnly")) == (COOKIE, True, True)

    machine = await a_machine_is_linked(site, page)
    for day, (report_id, report) in enumerate([(OLD, a_version(1, 61.0)), (NEW, a_version(2, 76.0))]):
        await put(machine, report_id, report, day=day)
    await reports_are_read_and_one_is_deleted(page)

    await a_mix_is_sent_and_its_audio_deleted(site, page)

    await follow(page, "link", "Machines")
    await follow(page, "button", "Unlink Studio")
    await expect(page.get_by_text("None is linked yet.")).to_be_visible()
    assert (await machine.ask("GET", "/v1/device")).status == 401

    await follow(page, "link", "Your data")
    await tab_to(page, page.get_by_role("link", name="Take it with you"))
    async with page.expect_download() as downloading:
        await page.keyboard.press("Enter")
    downloaded = await downloading.value
    assert downloaded.suggested_filename == "uptrack-account.zip"
    with zipfile.ZipFile(io.BytesIO(Path(await downloaded.path()).read_bytes())) as archive:
        assert any(OLD in name for name in archive.namelist())

    await follow(page, "link", "Ada")
    await write(page, SECRET, PASSWORD, nth=2)
    await follow(page, "button", "Delete my account")
    await shows(page, "Your account is deleted")
    assert await page.context.cookies() == []
    assert await by_form("/sign-in", "Sign in", {EMAIL: ADA, SECRET: PASSWORD})(site, page) == 422
    assert heard.elsewhere(site.at("")) == []
    assert heard.complaints == []


async def a_machine_is_linked(site: Site, page: Page) -> Machine:
    asked = await asking(site.wire)
    await visit(site, page, "/link")
    await write(page, "Code", asked.user_code.lower().replace("-", " "))
    await follow(page, "button", "Show me which machine asks")
    await shows(page, "Link this machine?")
    await expect(page.get_by_role("definition").filter(has_text="Studio")).to_be_visible()
    await follow(page, "button", "Link it")
    await shows(page, "Linked")
    answer = await site.wire.tell(TOKEN_PATH, grant_type=DEVICE_GRANT, device_code=asked.device_code)
    return Machine(site.wire, Tokens.model_validate_json(answer.body))


async def reports_are_read_and_one_is_deleted(page: Page) -> None:
    await follow(page, "link", "Projects")
    await follow(page, "link", "Warehouse")
    await expect(page.get_by_role("img", name="Score over 2 versions, from 61 to 76 of 100")).to_be_visible()
    versions = page.get_by_role("rowheader")
    await expect(versions).to_have_count(2)
    await follow(page, "link", await versions.first.inner_text())
    await follow(page, "link", "Compare with the version before")
    await shows(page, "Two versions of Warehouse")
    await expect(page.get_by_text("61 → 76")).to_be_visible()
    await page.go_back()
    await follow(page, "button", "Delete the report")
    await shows(page, "Warehouse")
    await expect(versions).to_have_count(1)


async def a_mix_is_sent_and_its_audio_deleted(site: Site, page: Page) -> None:
    await follow(page, "link", "Uploads")
    await expect(page.get_by_text("Nothing was sent yet")).to_be_visible()
    # What a person does in their system's own window, which no test can reach.
    await page.get_by_label("WAV or MP3").set_input_files(
        {"name": "basement.mp3", "mimeType": "audio/mpeg", "buffer": audio("MP3", seconds=4)}
    )
    await follow(page, "button", "Send it")
    await expect(page.get_by_text("waiting to be analysed")).to_be_visible()
    assert await work(site.service)
    await follow(page, "link", "basement.mp3")
    await follow(page, "link", "Read its report")
    await expect(page.get_by_role("link", name="basement", exact=True)).to_be_visible()
    await page.go_back()
    await follow(page, "button", "Delete the audio")
    await expect(page.get_by_text("deleted on 2026-")).to_be_visible()
    assert await held(site.service) == []


async def test_going_to_stripe_to_pay_and_to_cancel_and_coming_back(site: Site, page: Page, heard: Overheard) -> None:
    account_id = await somebody(site.service)
    assert await by_form("/sign-in", "Sign in", {EMAIL: ADA, SECRET: PASSWORD})(site, page) == 200
    await follow(page, "link", "Billing")
    await shows(page, "Plan and billing")
    await follow(page, "button", "Go Pro")
    await shows(page, "Pay 9.00 EUR a month")
    await follow(page, "link", "Back")
    await shows(page, "Plan and billing")
    await follow(page, "button", "Go Pro")
    await follow(page, "button", "Pay")
    await shows(page, "Plan and billing")
    await expect(page.get_by_role("status")).to_have_text("This is how it stands with Stripe now.")
    await expect(page.get_by_text("Paid. It renews on 29 December 2026.")).to_be_visible()
    await follow(page, "button", "Manage")
    await shows(page, "Your subscription")
    await follow(page, "button", "Cancel")
    await follow(page, "link", "Back")
    await expect(page.get_by_text("Cancelled: Pro ends on 29 December 2026")).to_be_visible()
    assert (await site.service.billing.bill(account_id)).plan == "pro"
    assert heard.complaints == []
    assert {url for url in heard.elsewhere(site.at("")) if not url.startswith(f"{site.stripe.address}/")} == set()


async def test_no_other_page_of_ours_could_send_a_form_to_stripe(site: Site, page: Page, heard: Overheard) -> None:
    """What the page on billing is let do; here its form is forged into another."""
    await somebody(site.service)
    assert await by_form("/sign-in", "Sign in", {EMAIL: ADA, SECRET: PASSWORD})(site, page) == 200

    async def forge(route: Route) -> None:
        answer = await route.fetch()
        form = '<form method="post" action="/billing/subscribe"><button>Go Pro</button></form></main>'
        await route.fulfill(response=answer, body=(await answer.text()).replace("</main>", form))

    await page.route("**/account", forge)
    await visit(site, page, "/account")
    async with page.context.expect_event("console", lambda said: "form-action" in said.text):
        await page.get_by_role("button", name="Go Pro").click()
    assert page.url == site.at("/account")


async def test_a_form_of_a_session_that_has_ended_does_nothing_and_leads_to_sign_in(site: Site, page: Page) -> None:
    account_id = await somebody(site.service)
    assert await by_form("/sign-in", "Sign in", {EMAIL: ADA, SECRET: PASSWORD})(site, page) == 200
    await visit(site, page, "/account")
    site.clock.move(days=8)
    await write(page, NAME, "Somebody else")
    await follow(page, "button", "Keep")
    await shows(page, "Sign in")
    assert (await site.service.accounts.facts(account_id)).display_name == "Ada"


async def test_a_form_of_another_site_does_nothing_and_a_page_says_so(site: Site, page: Page) -> None:
    await somebody(site.service)
    assert await by_form("/sign-in", "Sign in", {EMAIL: ADA, SECRET: PASSWORD})(site, page) == 200
    await page.goto("about:blank")
    await page.set_content(f'<form method="post" action="{site.at("/sign-out")}"><button>Win a prize</button></form>')
    await follow(page, "button", "Win a prize")
    await shows(page, "Refused")
    await follow(page, "link", "To the start")
    await shows(page, "Your projects")
