"""Every page in a real browser: for everybody's eyes, hands and screens, on its own feet, and by itself.

axe-core knows what can be told of WCAG 2.2 AA by a machine, which is a part of it; it cannot tell whether words are
good words. Widths are those of a phone and of a desktop at 400 %.
"""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Browser, Page, Route, ViewportSize

from support.account_pages import PAGES, Site, arrived
from support.chromium import DESKTOP, PHONE, ZOOMED, Overheard, overflow

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.xdist_group("chromium")]

TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


BY_LOOKS = ["color-contrast", "link-in-text-block", "scrollable-region-focusable", "target-size"]
"""Rules whose answer depends on colours and widths."""


async def violations(page: Page, *, only: Sequence[str] = ()) -> list[str]:
    """What axe finds, a line each, with what it is about; ``only`` names rules."""
    run_only = {"type": "rule", "values": list(only)} if only else {"type": "tag", "values": TAGS}
    options = {"runOnly": run_only, "rules": {name: {"enabled": True} for name in BY_LOOKS}}
    found = (await Axe().run(page, options=options)).response["violations"]
    return [f"{one['id']}: {node['failureSummary']} {node['html'][:200]}" for one in found for node in one["nodes"]]


@pytest.mark.parametrize("name", PAGES)
async def test_axe_objects_to_nothing_in_light_on_a_desk_or_in_the_dark_on_a_phone(
    furnished: Site, chromium: Browser, name: str
) -> None:
    async with arrived(furnished, chromium, name, color_scheme="light", viewport=as_viewport(DESKTOP)) as page:
        assert await violations(page) == []
        await page.emulate_media(color_scheme="dark")
        await page.set_viewport_size(as_viewport(PHONE))
        assert await violations(page, only=BY_LOOKS) == []


@pytest.mark.parametrize("name", PAGES)
async def test_no_page_scrolls_sideways_runs_a_script_or_asks_another_site(
    furnished: Site, chromium: Browser, name: str
) -> None:
    heard = Overheard()
    # Without scripts, as a page of ours has to work; what we ask the page from outside runs all the same.
    async with arrived(
        furnished, chromium, name, heard=heard, java_script_enabled=False, viewport=as_viewport(PHONE)
    ) as page:
        assert await page.locator("h1").count() == 1
        assert await overflow(page) is None
        await page.set_viewport_size(as_viewport(ZOOMED))
        assert await overflow(page) is None
        assert heard.requests
        assert heard.elsewhere(furnished.at("")) == []
        assert heard.scripts == []
        assert await page.locator("script").count() == 0
        assert heard.complaints == []


@pytest.mark.parametrize(
    "name",
    [
        "sign up",
        "projects",
        "project",
        "report",
        "confirm a machine",
        "machines",
        "account",
        "billing",
        "your data",
        "uploads",
        "upload, analysed",
    ],
)
async def test_who_has_only_a_keyboard_reaches_everything_and_sees_where_they_are(
    furnished: Site, chromium: Browser, name: str
) -> None:
    async with arrived(furnished, chromium, name, viewport=as_viewport(DESKTOP)) as page:
        wanted = await page.locator("a[href], button, input:not([type=hidden]), select, summary, [tabindex]").count()
        seen = list[str]()
        for _ in range(wanted):
            await page.keyboard.press("Tab")
            where, outline, on_screen = await page.evaluate(FOCUS)
            assert outline != "none", where
            assert on_screen, where
            seen.append(where)
        assert "To the content" in seen[0]
        assert len(set(seen)) == wanted, seen


FOCUS = """() => {
    const one = document.activeElement, place = one.getBoundingClientRect();
    const all = [...document.querySelectorAll("*")];
    const seen = place.width > 0 && place.right > 0 && place.bottom > 0 && place.top < innerHeight;
    return [`${all.indexOf(one)} ${one.tagName} ${one.textContent.trim()}`, getComputedStyle(one).outlineStyle, seen];
}"""


async def test_a_script_that_came_into_a_page_would_not_run(furnished: Site, chromium: Browser) -> None:
    """What the policy is for: here a page is forged on its way, under the headers that it really has."""
    heard = Overheard()
    async with arrived(furnished, chromium, "welcome", heard=heard) as page:

        async def forge(route: Route) -> None:
            answer = await route.fetch()
            body = (await answer.text()).replace("</main>", "<script>document.title = 'ran'</script></main>")
            await route.fulfill(response=answer, body=body)

        await page.route("**/", forge)
        await page.reload()
        assert await page.locator("script").count() == 1
        assert await page.title() != "ran"
        assert any("Content Security Policy" in said for said in heard.complaints)


@pytest.mark.parametrize(
    ("body", "objection"),
    [
        ('<main><h1>x</h1><p style="color: #999; background: #fff">pale</p></main>', "color-contrast"),
        ("<main><h1>x</h1><input></main>", "label"),
        ("<main><h1>x</h1><h3>y</h3></main>", "heading-order"),
        ("<h1>x</h1>", "landmark-one-main"),
    ],
)
async def test_what_axe_would_object_to_is_found(chromium: Browser, body: str, objection: str) -> None:
    async with await chromium.new_context() as context:
        page = await context.new_page()
        await page.set_content(f'<!doctype html><html lang="en"><title>x</title><body>{body}</body></html>')
        assert any(found.startswith(f"{objection}:") for found in await violations(page))


async def test_a_page_that_would_scroll_sideways_is_found(chromium: Browser) -> None:
    async with await chromium.new_context(viewport=as_viewport(PHONE)) as context:
        page = await context.new_page()
        await page.set_content(f"<p>{'x' * 300}</p>")
        assert "<p>xxx" in (await overflow(page) or "")


def as_viewport(size: tuple[int, int]) -> ViewportSize:
    return {"width": size[0], "height": size[1]}
