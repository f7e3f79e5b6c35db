"""Passwords: what one must be, and argon2id over it (RFC 9106's second choice, which is the library's default).

A hash takes 64 MiB and a tenth of a second of one processor: it is made in a thread, and few at a time. Where there is
no account, a password is held against a hash all the same, so that the time says nothing.
"""

from __future__ import annotations

import asyncio
import unicodedata

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerifyMismatchError
from zxcvbn import zxcvbn

from uptrack_account.errors import AccountError

SHORTEST, LONGEST = 8, 256  # characters: ASVS 5.0, 6.2.1 and 6.2.9, asks for 8 to 64 at least
AT_ONCE = 2
GUESSED_FIRST, LOOKED_AT = 2, 72
"""Of zxcvbn's scores, 0 to 4, those under two are guessed within a million tries; it looks at so many characters."""


def check(password: str, *others: str) -> str:
    """The password as it is hashed.

    Parameters
    ----------
    others : str
        What it must not be: address and name.

    Raises
    ------
    AccountError
        Too short or long, or among the first that are tried; code ``account.password``.
    """
    password = unicodedata.normalize("NFC", password)
    if not SHORTEST <= len(password) <= LONGEST:
        raise AccountError(
            f"Expected a password of {SHORTEST} to {LONGEST} characters; {len(password)} came. Three words that only "
            "you would put together are a good one.",
            code="account.password",
        )
    if zxcvbn(password[:LOOKED_AT], user_inputs=list(others))["score"] < GUESSED_FIRST:
        raise AccountError(
            "That password is among the first that are tried. Three words that only you would put together are a good "
            "one.",
            code="account.password",
        )
    return password


class Passwords:
    """Hashes, made and held against."""

    def __init__(self, hasher: PasswordHasher | None = None) -> None:
        self._hasher = hasher or PasswordHasher()
        self._free = asyncio.Semaphore(AT_ONCE)
        self._of_nobody: str | None = None

    async def hashed(self, password: str) -> str:
        async with self._free:
            return await asyncio.to_thread(self._hasher.hash, password)

    async def is_right(self, password: str, stored: str | None) -> bool:
        """Whether it is the one that was hashed; without a hash it is not, and that takes as long."""
        if self._of_nobody is None:
            self._of_nobody = await self.hashed("of nobody")
        async with self._free:
            right = await asyncio.to_thread(
                self._matches, stored or self._of_nobody, unicodedata.normalize("NFC", password)
            )
        return right and stored is not None

    def is_weak(self, stored: str) -> bool:
        """Whether it was made with less than what is asked for today."""
        return self._hasher.check_needs_rehash(stored)

    def _matches(self, stored: str, password: str) -> bool:
        try:
            return self._hasher.verify(stored, password)
        except (VerifyMismatchError, InvalidHashError):
            return False
