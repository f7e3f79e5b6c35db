"""The account's story on this machine: a report made in a DAW appears on the dashboard.

``make account-demo`` runs it, with ``PICTURE=FILE`` to draw the page it ends on, and ``STAY=1`` to leave all running
until Ctrl-C. The account's service, the daemon and ``uptrack link`` are processes of their own, in homes that are gone
afterwards, and the person's browser is Chromium; the DAW is played, as in ``uptrack demo``.
"""

from __future__ import annotations

import argparse
import asyncio
import io
import os
import re
import shutil
import socket
import sys
import tempfile
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from PIL import Image
from playwright.async_api import Page, ViewportSize

from support.account_pages import EMAIL, NAME, SECRET
from support.account_site import ADA, PASSWORD, letters, link_in
from support.chromium import chromium
from support.daemon_process import environment_of, running_daemon, uptrack
from uptrack_bridges.discovery import read_bridge
from uptrack_daemon.demo.arrangement import arrange
from uptrack_daemon.demo.play import SEED, over_mailbox, over_websocket
from uptrack_daemon.demo.song import DemoSong, render

COMMAND = (sys.executable, "-m", "uptrack_daemon.cli")
DESK: ViewportSize = {"width": 860, "height": 400}


def main() -> None:
    """Serve, sign up, link, analyse twice, look."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--picture", type=Path, help="draw the dashboard's page of the project there")
    parser.add_argument("--stay", action="store_true", help="leave it running until Ctrl-C")
    asked = parser.parse_args()
    if shutil.which("chromium") is None:
        sys.exit("Expected chromium on the path, found none: install it.")
    with suppress(KeyboardInterrupt), tempfile.TemporaryDirectory(prefix="uptrack-account-demo-") as name:
        asyncio.run(play(Path(name), picture=asked.picture, stay=asked.stay))


async def play(folder: Path, *, picture: Path | None, stay: bool) -> None:
    print("Starting an account and a browser …", flush=True)
    async with account(folder / "account") as site, chromium() as browser:
        page = await browser.new_page(viewport=DESK, color_scheme="light")
        await sign_up(page, site, folder / "account")
        environment = environment_of(folder / "companion", keychain="false", account_site=site)
        await link(page, environment)
        print("\nSynthesising a track with faults planted in it, and the same repaired …", flush=True)
        performance = await asyncio.to_thread(arrange, SEED)
        songs = [
            await asyncio.to_thread(render, folder / name, performance, clean=clean)
            for name, clean in (("planted", False), ("repaired", True))
        ]
        with running_daemon(folder / "companion", keychain="false", account_site=site):
            await analyse(folder / "companion", songs)
            said = await asyncio.to_thread(uptrack, "sync", "--now", environment=environment)
            print(f"\n$ uptrack sync --now\n{said.stdout}{said.stderr}", end="")
            await look(page, site, songs[0].title)
            if picture is not None:
                await draw(page, picture)
            if stay:
                print(f"\nLook around at {site}: {ADA}, “{PASSWORD}”. Ctrl-C ends it.", flush=True)
                await asyncio.Event().wait()
    print("\nAll of it has stopped, and everything it made is gone.")


@asynccontextmanager
async def account(home: Path) -> AsyncIterator[str]:
    """``uptrack account serve`` while the block runs; where browsers reach it."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    site = f"http://localhost:{port}"
    kept = {name: value for name, value in os.environ.items() if not name.startswith("UPTRACK_")}
    settings = {"HOME": str(home), "PORT": str(port), "SITE": site}
    process = await asyncio.create_subprocess_exec(
        *(*COMMAND, "account", "serve"),
        env=kept | {f"UPTRACK_ACCOUNT_{name}": value for name, value in settings.items()},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        print(f"$ uptrack account serve\n{await first_line(process)}", end="", flush=True)
        yield site
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()


async def first_line(process: asyncio.subprocess.Process) -> str:
    return "" if process.stdout is None else (await process.stdout.readline()).decode()


async def sign_up(page: Page, site: str, home: Path) -> None:
    """By the forms, and the link in the letter."""
    await page.goto(f"{site}/sign-up")
    await fill(page, "Make an account", {EMAIL: ADA, NAME: "Ada", SECRET: PASSWORD})
    while not (sent := letters(home)):  # noqa: ASYNC110 - another process writes them
        await asyncio.sleep(0.1)
    print(f"A person signs up as {ADA} and gets a letter: “{sent[0]['Subject']}”.", flush=True)
    await page.goto(f"{site}{link_in(sent[0])}")
    await fill(page, "This is my address", {SECRET: PASSWORD})
    await page.get_by_role("heading", name="Your projects").wait_for()


async def fill(page: Page, button: str, fields: Mapping[str, str]) -> None:
    for label, value in fields.items():
        await page.get_by_label(label).fill(value)
    await page.get_by_role("button", name=button).click()


async def link(page: Page, environment: Mapping[str, str]) -> None:
    """``uptrack link`` shows a code; the person opens the page, sees which machine asks, and allows it."""
    process = await asyncio.create_subprocess_exec(
        *(*COMMAND, "link", "--names", "--name", "Studio"),
        env=dict(environment),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    shown = await first_line(process)
    print(f"\n$ uptrack link --names --name Studio\n{shown}", end="", flush=True)
    address = re.search(r"http://localhost:\d+/link\?\S+", shown)
    if address is None:
        sys.exit("Expected a code to link by; see above.")
    await page.goto(address[0])
    await page.get_by_role("button", name="Show me which machine asks").click()
    await page.get_by_role("button", name="Link it").click()
    out, _ = await process.communicate()
    print(out.decode(), end="", flush=True)


async def analyse(home: Path, songs: list[DemoSong]) -> None:
    bridge = read_bridge(home / "bridge.json")
    print("\nA DAW has its mix analysed; the producer repairs it; the DAW asks again:", flush=True)
    for ask, song in zip((over_mailbox, over_websocket), songs, strict=True):
        feedback = await ask(bridge, song, lambda _line: None)
        print(f"  {song.mix.parent.name}: {feedback.status}", flush=True)


async def look(page: Page, site: str, title: str) -> None:
    """What the dashboard shows, as its tables have it."""
    await page.goto(f"{site}/")
    await page.get_by_role("link", name=title, exact=True).click()
    await page.get_by_role("heading", name=title).wait_for()
    print(f"\nThe dashboard's page of {title}:", flush=True)
    for row in await page.get_by_role("row").all():
        cells = [" ".join((await cell.inner_text()).split()) for cell in await row.locator("th, td").all()]
        print("  " + "  ".join(f"{cell:<22}" if not number else f"{cell:<18}" for number, cell in enumerate(cells)))


async def draw(page: Page, target: Path) -> None:
    shot = await page.screenshot(full_page=True)
    with Image.open(io.BytesIO(shot)) as picture:
        # Few colours: a palette holds them all but for some shades at the edges of letters.
        picture.convert("RGB").quantize(64).save(target, optimize=True)


if __name__ == "__main__":
    main()
