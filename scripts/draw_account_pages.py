"""Draw pages of the hosted account for the documentation: the real service, three mixes of the demo's song, Chromium.

Run it with ``make account-pictures``. The service is the tests' own, on this machine, with a clock that stands still.
"""

from __future__ import annotations

import argparse
import asyncio
import dataclasses
import io
import shutil
import sys
import tempfile
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

import soundfile as sf
from PIL import Image
from playwright.async_api import Browser, Page, ViewportSize

from support.account_pages import EMAIL, SECRET, Site, by_form, open_site, press, put, visit
from support.account_site import ADA, PASSWORD, asking, linked, somebody
from support.chromium import PHONE, chromium
from support.stores import Clock
from uptrack_analysis.analyze import analyze_file
from uptrack_analysis.report import ProjectFacts, Report
from uptrack_analysis.settings import Settings
from uptrack_daemon.demo import arrangement, song
from uptrack_daemon.demo.play import SEED

FOLDER = Path(__file__).parents[1] / "docs" / "images"
DESK: ViewportSize = {"width": 860, "height": 400}
NOW = datetime(2026, 12, 4, 21, 30, tzinfo=UTC)
SONG, OTHER = "Cellar Door", "Night Bus"


def main() -> None:
    """Synthesise, analyse, put into an account, draw."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--to", type=Path, default=FOLDER, help="folder to draw into")
    target = parser.parse_args().to
    if shutil.which("chromium") is None:
        sys.exit("Expected chromium on the path, found none: install it.")
    with tempfile.TemporaryDirectory() as name:
        versions = analysed(Path(name) / "demo")
        asyncio.run(draw(Path(name) / "account", versions, target))


def analysed(folder: Path) -> Sequence[Report]:
    """The demo's mix as it is, half repaired and repaired."""
    played = arrangement.arrange(SEED)
    planted = song.render(folder / "planted", played)
    repaired = song.render(folder / "repaired", played, clean=True)
    (first, rate), (last, _) = sf.read(planted.mix), sf.read(repaired.mix)
    shared = min(len(first), len(last))
    half = folder / "half.wav"
    sf.write(half, (first[:shared] + last[:shared]) / 2, rate, subtype="PCM_24")
    facts = ProjectFacts(bpm=planted.bpm, beats_per_bar=planted.beats_per_bar, key=planted.key)
    reports = [
        analyze_file(path, Settings(genre="techno", project=facts)).report for path in (planted.mix, half, repaired.mix)
    ]
    return [named(report, f"cellar_door_v{number}.wav") for number, report in enumerate(reports, start=1)]


def named(report: Report, name: str) -> Report:
    return dataclasses.replace(report, source=dataclasses.replace(report.source, name=name))


async def draw(folder: Path, versions: Sequence[Report], target: Path) -> None:
    async with open_site(folder, "", Clock(NOW)) as site, chromium() as browser:
        await somebody(site.service)
        await site.wire.sign_in()
        machine = await linked(site.wire)
        await put(machine, "a" * 16, named(versions[0], "night_bus.wav"), day=0, project=OTHER)
        for day, report in enumerate(versions, start=1):
            await put(machine, f"{day:016x}", report, day=day, project=SONG)
        async with signed_in(site, browser, DESK) as page:
            await visit(site, page, "/")
            await shoot(page, target / "account-projects.png")
            await page.get_by_role("link", name=SONG, exact=True).click()
            await page.get_by_role("heading", name=SONG).wait_for()
            await shoot(page, target / "account-project.png")
            await visit(site, page, f"/link?user_code={(await asking(site.wire)).user_code}")
            await press(page, "Show me which machine asks")
            await shoot(page, target / "account-link.png")
        async with signed_in(site, browser, {"width": PHONE[0], "height": PHONE[1]}, scale=2) as page:
            await visit(site, page, f"/reports/{1:016x}")
            await shoot(page, target / "account-report-phone.png", whole=False)


@asynccontextmanager
async def signed_in(site: Site, browser: Browser, size: ViewportSize, *, scale: float = 1) -> AsyncIterator[Page]:
    async with await browser.new_context(viewport=size, device_scale_factor=scale, color_scheme="light") as context:
        page = await context.new_page()
        await by_form("/sign-in", "Sign in", {EMAIL: ADA, SECRET: PASSWORD})(site, page)
        yield page


async def shoot(page: Page, target: Path, *, whole: bool = True) -> None:
    """The page as far as it is written on, or the first screen of it."""
    shot = await page.screenshot(full_page=whole)
    with Image.open(io.BytesIO(shot)) as picture:
        # Few colours: a palette holds them all but for some shades at the edges of letters.
        picture.convert("RGB").quantize(64).save(target, optimize=True)


if __name__ == "__main__":
    main()
