"""A real browser for tests: the system's Chromium, driven by Playwright, with no way beyond this machine."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from playwright.async_api import Browser, BrowserContext, ConsoleMessage, Page, Request, async_playwright

from support.needs import need_program

DESKTOP, PHONE, ZOOMED = (1280, 800), (360, 740), (320, 256)
"""CSS pixels; the last is what 1280 by 1024 has left at 400 % (WCAG 2.2, 1.4.10)."""


@asynccontextmanager
async def chromium() -> AsyncIterator[Browser]:
    """Headless, and never one that Playwright would download."""
    program = need_program("chromium")
    async with async_playwright() as playwright:
        # Playwright leaves the sandbox off, which root and containers have to; the pages are ours.
        browser = await playwright.chromium.launch(
            executable_path=program, args=["--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost"]
        )
        try:
            yield browser
        finally:
            await browser.close()


@dataclass
class Overheard:
    """What a context asked for and complained about while somebody used it."""

    requests: list[Request] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)

    def listen(self, context: BrowserContext) -> None:
        context.on("request", lambda request: self.requests.append(request))  # noqa: PLW0108 - builtins cannot listen
        context.on("console", self._note)
        context.on("weberror", lambda error: self.complaints.append(str(error.error)))

    def _note(self, said: ConsoleMessage) -> None:
        # What a policy forbids is an error on the console. So is a status of 400 and more, which the page is for.
        if said.type in ("error", "warning") and "the server responded with a status of" not in said.text:
            self.complaints.append(said.text)

    def elsewhere(self, origin: str) -> list[str]:
        """Addresses that were asked for and are not of ``origin``."""
        return [one.url for one in self.requests if not one.url.startswith((f"{origin}/", "data:", "about:"))]

    @property
    def scripts(self) -> list[str]:
        return [one.url for one in self.requests if one.resource_type == "script"]


async def overflow(page: Page) -> str | None:
    """What makes a page wider than its window, if anything does."""
    found: str | None = await page.evaluate(
        """() => {
            const room = document.documentElement.clientWidth;
            if (document.documentElement.scrollWidth <= room) return null;
            const scrolls = (one) => getComputedStyle(one).overflowX === "auto";
            const inScroller = (one) => one && (scrolls(one) || inScroller(one.parentElement));
            const wide = [...document.body.querySelectorAll("*")].filter(
                (one) => Math.max(one.getBoundingClientRect().right, one.getBoundingClientRect().x + one.scrollWidth)
                    > room + 0.5 && !scrolls(one) && !inScroller(one.parentElement));
            const named = wide.map((one) => one.outerHTML.slice(0, 120)).slice(-3);
            return `${document.documentElement.scrollWidth} px in ${room}: ${named.join(" | ")}`;
        }"""
    )
    return found
