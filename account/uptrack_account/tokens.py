"""Secrets that are handed out, and the digests that are kept of them.

A token has 256 random bits, so that a plain SHA-256 of it can be kept: there is nothing to guess.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
from pathlib import Path

TOKEN_BYTES = 32


def new_token() -> str:
    return secrets.token_urlsafe(TOKEN_BYTES)


def digest(token: str) -> bytes:
    # Of a header that is no UTF-8, the bytes as they came: a token like any other that nobody has.
    return hashlib.sha256(token.encode(errors="surrogateescape")).digest()


class Keyed:
    """Digests that nobody without the key can try values against."""

    def __init__(self, key: bytes) -> None:
        self._key = key

    def digest(self, *words: str) -> bytes:
        return hmac.digest(self._key, "\0".join(words).encode(errors="surrogateescape"), "sha256")


def kept_secret(path: Path) -> bytes:
    """The secret in a file, made the first time; several processes agree on one."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    partial = path.with_name(f"{path.name}.{secrets.token_hex(4)}")
    with os.fdopen(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(secrets.token_bytes(TOKEN_BYTES))
    try:
        os.link(partial, path)
    except FileExistsError:
        pass
    finally:
        partial.unlink()
    return path.read_bytes()
