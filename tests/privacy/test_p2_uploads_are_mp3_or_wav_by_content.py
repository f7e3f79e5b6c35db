"""P2: uploaded audio is MP3 or WAV by what it is, whatever it is called; anything else is refused in a sentence."""

from __future__ import annotations

from pathlib import Path

import pytest

from support.account_site import account_service, served, somebody
from support.stores import Clock
from support.uploaded import audio, held, send


@pytest.mark.parametrize(
    ("body", "name", "taken"),
    [
        (audio("WAV"), "mix.wav", True),
        (audio("WAV"), "mix.pdf", True),
        (audio("RF64"), "mix.wav", True),
        (audio("MP3"), "mix.mp3", True),
        (audio("MP3"), "mix", True),
        (audio("FLAC"), "mix.wav", False),
        (audio("OGG"), "mix.mp3", False),
        (audio("AIFF"), "mix.wav", False),
        (b"%PDF-1.7" + bytes(5_000), "mix.mp3", False),
        (b"\x7fELF" + bytes(5_000), "mix.wav", False),
    ],
    ids=lambda value: value if isinstance(value, str) else None,
)
async def test_the_account_holds_nothing_else(tmp_path: Path, body: bytes, name: str, taken: bool) -> None:
    async with account_service(tmp_path, "", Clock()) as service, served(service) as browser:
        await somebody(service)
        await browser.sign_in()
        answer = await send(browser, body, filename=name)
        assert answer.status == (303 if taken else 415)
        assert ("Expected a WAV or MP3 file" in answer.text) is not taken
        assert len(await held(service)) == taken
