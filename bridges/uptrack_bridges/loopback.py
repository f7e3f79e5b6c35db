"""Who may talk to a server that listens on 127.0.0.1: pure checks of the request headers a browser cannot forge.

A page on the wide web can reach a loopback port in two ways. DNS rebinding: its own name resolves to 127.0.0.1, so
``Host`` carries a foreign name. Plain cross-site requests and WebSockets: ``Origin`` or ``Sec-Fetch-Site`` says so.
Programs (DAW scripts, the command line) send no ``Origin``, and that is fine: the token is what lets them in.
"""

from __future__ import annotations

LOOPBACK_NAMES = ("127.0.0.1", "localhost", "[::1]")


def host_allowed(host: str | None, port: int) -> bool:
    """Whether a request's ``Host`` names this server: a loopback name with our own port, and nothing else."""
    return host is not None and host.lower() in {f"{name}:{port}" for name in LOOPBACK_NAMES}


def origin_allowed(origin: str | None, port: int) -> bool:
    """Whether ``Origin`` is absent or our own page; ``null`` (sandboxed frames, files) is a stranger."""
    return origin is None or origin.lower() in {f"http://{name}:{port}" for name in LOOPBACK_NAMES}


def fetch_site_allowed(sec_fetch_site: str | None) -> bool:
    """Whether ``Sec-Fetch-Site`` is absent, ``same-origin`` or ``none`` (typed by the user).

    ``same-site`` is refused too: every port of localhost is the same site, and the one next door is not us.
    """
    return sec_fetch_site is None or sec_fetch_site in {"same-origin", "none"}
