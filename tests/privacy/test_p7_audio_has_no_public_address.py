"""P7: tracks are never shared: audio has no address but its owner's download, and where it lies cannot be guessed."""

from __future__ import annotations

import re
from pathlib import Path

from aiohttp import web

from support.account_site import ANOTHER, BOB, account_service, served, somebody
from support.stores import Clock
from support.uploaded import audio, send
from uptrack_account.web.gate import access_of
from uptrack_account.web.server import PAGES, PROGRAMS


async def test_no_page_and_no_answer_to_anybody_but_its_owner_holds_it(tmp_path: Path) -> None:
    body = audio()
    async with account_service(tmp_path, "", Clock()) as service, served(service) as browser:
        ada = await somebody(service)
        await somebody(service, BOB, ANOTHER)
        await browser.sign_in()
        await send(browser, body)
        (upload,) = await service.uploads.of(ada)
        where = f"/uploads/{upload.id}/audio"
        assert (await browser.get(where)).body == body, "its owner's"
        hers = browser.cookies.copy()
        guesses = [
            where,
            f"/objects/{upload.object_key}",
            f"/{upload.object_key}",
            f"/uploads/{upload.object_key}/audio",
        ]
        for signed_in in (False, True):
            browser.cookies.clear()
            if signed_in:
                await browser.sign_in(BOB, ANOTHER)
            for guess in guesses:
                answer = await browser.get(guess)
                assert answer.status in {303, 404}, guess
                assert body[:64] not in answer.body
        browser.cookies = hers
        pages = "".join(
            [(await browser.get(path)).text for path in ("/uploads", f"/uploads/{upload.id}", "/account/data")]
        )
        assert upload.object_key not in pages, "not even its owner is told where it lies"
        assert re.fullmatch(rf"{ada}/[0-9a-f]{{32}}", upload.object_key), "128 random bits"


def test_no_route_that_is_open_to_anybody_has_to_do_with_uploads() -> None:
    routes = [route for route in (*PAGES, *PROGRAMS) if isinstance(route, web.RouteDef) and "upload" in route.path]
    assert len(routes) >= 8
    assert {access_of(route.handler) for route in routes} == {"signed in", "linked machine"}
