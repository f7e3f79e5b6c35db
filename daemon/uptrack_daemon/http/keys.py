"""Who may talk to the web server: the daemon's token, one-time codes that open the page, and the page's cookies.

Everything lives in memory and ends with the daemon. Only hashes of codes and cookies are kept, so that neither a
memory dump nor a slow comparison gives one away; lookups of a hash tell an attacker nothing about the secret.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
import time
from collections.abc import Callable

CODE_LIFE_S = 10 * 60.0
COOKIE_LIFE_S = 12 * 3600.0
MAX_CODES = 1_000
"""A host that reconnects for ever must not fill the memory: the oldest unused codes go first."""
MAX_COOKIES = 100


class Keys:
    """The secrets of one daemon run.

    Parameters
    ----------
    token : str
        The daemon's own, from ``bridge.json``.
    clock : callable
        Monotonic seconds.
    """

    def __init__(self, token: str, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._token = token.encode()
        self._clock = clock
        self._codes: dict[bytes, float] = {}
        self._cookies: dict[bytes, float] = {}

    def is_token(self, offered: str) -> bool:
        return hmac.compare_digest(self._token, offered.encode("utf-8", "surrogateescape"))

    def new_code(self) -> str:
        """A code that opens the page once, within ten minutes."""
        return self._issue(self._codes, CODE_LIFE_S, MAX_CODES)

    def redeem(self, code: str) -> str | None:
        """The cookie a code buys, or ``None`` when it was never given, is too old, or was used."""
        expires = self._codes.pop(_digest(code), None)
        if expires is None or expires < self._clock():
            return None
        return self._issue(self._cookies, COOKIE_LIFE_S, MAX_COOKIES)

    def is_cookie(self, offered: str) -> bool:
        expires = self._cookies.get(_digest(offered))
        return expires is not None and expires >= self._clock()

    def _issue(self, shelf: dict[bytes, float], life_s: float, most: int) -> str:
        secret = secrets.token_urlsafe(32)
        while len(shelf) >= most:
            del shelf[next(iter(shelf))]
        shelf[_digest(secret)] = self._clock() + life_s
        return secret


def _digest(secret: str) -> bytes:
    return hashlib.sha256(secret.encode("utf-8", "surrogateescape")).digest()
