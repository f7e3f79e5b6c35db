"""Audio to be uploaded, as real files, and an account that uploads it."""

from __future__ import annotations

import hashlib
import io
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

import numpy as np
import soundfile as sf

from support.account_site import Answer, Browser
from uptrack_account.audio.jobs import Worker
from uptrack_account.audio.uploads import Arriving, Taken
from uptrack_account.service import Service
from uptrack_account.store.models import new_id

RATE_HZ = 44_100


@cache
def audio(format_name: str = "WAV", *, seconds: float = 1.0, seed: int = 1) -> bytes:
    """Noise with a beat in it: MP3, WAV, FLAC and whatever else libsndfile writes."""
    frames = int(seconds * RATE_HZ)
    noise = np.random.default_rng(seed).normal(0.0, 0.05, (frames, 2))
    noise[:: RATE_HZ // 2] += 0.5
    buffer = io.BytesIO()
    sf.write(buffer, noise, RATE_HZ, format=format_name)
    return buffer.getvalue()


def sha256(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()


async def pieces(body: bytes, size: int = 65_536) -> AsyncIterator[bytes]:
    for start in range(0, len(body), size):
        yield body[start : start + size]


async def take(service: Service, account_id: str, body: bytes | None = None, **said: object) -> Taken:
    """Have an account send some."""
    arriving = Arriving(**{"id": new_id(), "name": "mix.wav", **said})  # type: ignore[arg-type]
    return await service.uploads.take(account_id, arriving, pieces(audio() if body is None else body))


def form_of(body: bytes, *, filename: str = "mix.wav", **fields: str) -> tuple[bytes, dict[str, str]]:
    """What a browser sends of the form: a body, and the header that says what it is."""
    boundary = "----WebKitFormBoundary7MA4YWxkTrZu0gW"
    parts = [f'name="{name}"\r\n\r\n{value}'.encode() for name, value in fields.items()]
    parts.append(f'name="audio"; filename="{filename}"\r\nContent-Type: audio/wav\r\n\r\n'.encode() + body)
    head = f"--{boundary}\r\nContent-Disposition: form-data; ".encode()
    sent = b"".join(head + part + b"\r\n" for part in parts) + f"--{boundary}--\r\n".encode()
    return sent, {"Content-Type": f"multipart/form-data; boundary={boundary}"}


async def send(browser: Browser, body: bytes | None = None, **said: str) -> Answer:
    """Send the form as who is signed in."""
    sent, headers = form_of(audio() if body is None else body, **said)
    return await browser.ask("POST", "/uploads", sent, {"Origin": browser.site, **headers})


async def work(service: Service, worker: Worker | None = None) -> bool:
    """Make the next analysis, really."""
    if worker is not None:
        return await service.analyst().work(worker)
    async with service.jobs.worker() as own:
        return await service.analyst().work(own)


async def held(service: Service) -> list[str]:
    """The keys of all objects."""
    return sorted([one.key async for one in service.objects.listed()])


@contextmanager
def barred(folder: Path) -> Iterator[None]:
    """Objects are out of reach while the block runs, as when their disk is gone: root may read whatever is there."""
    away = folder.with_name("away")
    folder.rename(away)
    folder.write_bytes(b"no folder")
    try:
        yield
    finally:
        folder.unlink()
        away.rename(folder)
