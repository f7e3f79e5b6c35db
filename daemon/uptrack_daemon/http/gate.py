"""The gate every HTTP request passes: is it addressed to us, does it come from us, and does it hold a key?

The loopback interface is not private: any page open in a browser can send requests to it (CSRF), and a name that
resolves to 127.0.0.1 makes them same-origin (DNS rebinding; Transmission's CVE-2018-5702 is the precedent). So the
``Host`` must be ours, ``Origin`` and ``Sec-Fetch-Site`` must not be foreign, and reading needs a key like writing.
What a write carries is JSON; one that carries nothing (a DELETE) needs no type, and is no weaker for it: the other
three hold for it too.
"""

from __future__ import annotations

from aiohttp import web
from aiohttp.typedefs import Handler

from uptrack_bridges.loopback import fetch_site_allowed, host_allowed, origin_allowed
from uptrack_daemon.http.keys import COOKIE_LIFE_S, Keys
from uptrack_daemon.http.problems import problem

COOKIE = "uptrack"
KEYS: web.AppKey[Keys] = web.AppKey("keys", Keys)
PORT: web.AppKey[list[int]] = web.AppKey("port", list)
"""The port we listen on, known once the socket is bound."""

OPENS_WITH_HELLO = "/bridge"
"""The DAWs' WebSocket brings its token in its first message, within 5 s."""

SAFE_METHODS = frozenset({"GET", "HEAD"})

HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; img-src data:; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cache-Control": "no-store",
}


@web.middleware
async def gate(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Let a request through, or answer 421, 403, 401 or 415."""
    response: web.StreamResponse = _turned_away(request) or _enter_with_code(request) or await handler(request)
    if not response.prepared:
        response.headers.update(HEADERS)
    return response


def _turned_away(request: web.Request) -> web.Response | None:
    ports = request.app[PORT]
    if not ports or not host_allowed(request.headers.get("Host"), ports[0]):
        return problem(
            421, "http.host", "This server answers only to 127.0.0.1, localhost and [::1] with its own port."
        )
    headers = request.headers
    if not (origin_allowed(headers.get("Origin"), ports[0]) and fetch_site_allowed(headers.get("Sec-Fetch-Site"))):
        return problem(403, "http.origin", "Requests from other sites are refused.")
    if request.path == OPENS_WITH_HELLO:
        return None
    if request.path == "/" and request.method == "GET" and "code" in request.query:
        return None  # _enter_with_code decides
    if not _has_key(request):
        return problem(
            401,
            "http.key",
            "Expected the daemon's token or the page's cookie; to open the page, run `uptrack daemon status` and "
            "follow the address it prints.",
        )
    # A write says JSON or nothing at all: any other body is refused, and any other type, as of an empty form.
    says_something = request.can_read_body or "Content-Type" in request.headers
    if request.method not in SAFE_METHODS and says_something and request.content_type != "application/json":
        return problem(415, "http.json_only", f"Expected application/json; {request.content_type} came.")
    return None


def _has_key(request: web.Request) -> bool:
    keys = request.app[KEYS]
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() == "bearer" and keys.is_token(token.strip()):
        return True
    cookie = request.cookies.get(COOKIE)
    return cookie is not None and keys.is_cookie(cookie)


def _enter_with_code(request: web.Request) -> web.Response | None:
    """Swap a one-time code for the cookie, and take the code out of the address bar."""
    if request.path != "/" or "code" not in request.query or request.method != "GET":
        return None
    cookie = request.app[KEYS].redeem(request.query["code"])
    response = web.Response(status=303, headers={"Location": "/"})
    if cookie is None:
        if _has_key(request):
            return response  # an address opened twice in the same browser still shows the page
        return problem(
            401, "http.code", "This address was used before or is too old; run `uptrack daemon status` for a new one."
        )
    response.set_cookie(COOKIE, cookie, max_age=int(COOKIE_LIFE_S), httponly=True, samesite="Strict", path="/")
    return response
