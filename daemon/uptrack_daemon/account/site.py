"""The account's site over HTTP: the one place from which anything is sent beyond this machine.

It speaks to the site it was made for and follows no redirect, over TLS or to this machine only.

* UpTrackError
  - Unavailable
    · SiteUnavailable   not there, or too busy; ``retry_after_s`` is when to come again, if it said so
  - BadInput
    · SiteRefused       it answered, and will not; ``status`` and ``code`` say why
      · GrantEnded        it gives no token for this code, or for this refresh token any more
      · TokenRefused      the access token is too old, or the machine was unlinked
"""

from __future__ import annotations

import asyncio
import email.utils
import io
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, TypeVar

import aiohttp
from pydantic import BaseModel, ValidationError
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus, WebSocketException
from yarl import URL

from uptrack_analysis import __version__
from uptrack_analysis.errors import BadInput, Unavailable
from uptrack_bridges.account import (
    ALLOWANCE_USED,
    AUTHORIZE_PATH,
    CLIENT_ID,
    DEVICE_GRANT,
    DEVICE_PATH,
    REFRESH_GRANT,
    REPORTS_PATH,
    REVOKE_PATH,
    SCOPE,
    TOKEN_PATH,
    UPLOADS_PATH,
    AccountProblem,
    DeviceAuthorization,
    GrantRefusal,
    LinkedDevice,
    ReportKept,
    ReportUpload,
    Tokens,
    UploadState,
)
from uptrack_bridges.account_changes import (
    CHANGES_PATH,
    PROJECTS_PATH,
    PUSH_PATH,
    STATE_PATH,
    UNLINKED,
    AccountState,
    Changed,
    ChangeList,
    Decision,
)

LIMIT = aiohttp.ClientTimeout(total=60, connect=15)
AS_LONG_AS_IT_MOVES = aiohttp.ClientTimeout(connect=15)
STALLED_AFTER_S = 300.0
"""Without a piece of audio taken, or the answer to the last: what waits between two computers takes its time."""
BY_ITSELF = ": it is tried again by itself."
"""How a sentence ends where nobody has to do anything."""
MISSING = 404
PING_EVERY_S = 30.0
MAX_HEARD_BYTES = 1_024
MAX_ANSWER_BYTES = 1024 * 1024
LOOPBACK = {"localhost", "127.0.0.1", "::1"}
TOO_BUSY = {408, 425, 429, 500, 502, 503, 504}
DELETED = 204
WAITING = {"authorization_pending", "slow_down"}

Answered = TypeVar("Answered", bound=BaseModel)


class SiteUnavailable(Unavailable):
    """Not there, or too busy."""

    default_code = "account.unavailable"

    def __init__(self, sentence: str, *, retry_after_s: float | None = None) -> None:
        super().__init__(sentence)
        self.retry_after_s = retry_after_s


class SiteRefused(BadInput):
    """It answered, and will not."""

    default_code = "account.refused"

    def __init__(self, sentence: str, *, status: int, code: str | None = None) -> None:
        super().__init__(sentence, code=code)
        self.status = status


class GrantEnded(SiteRefused):
    """No token for this code, or for this refresh token, any more."""


class TokenRefused(SiteRefused):
    """The access token is good no longer."""


@dataclass(frozen=True, slots=True)
class NotYet:
    """The person has not answered; ``slower`` if we asked too soon."""

    slower: bool


@dataclass(frozen=True, slots=True)
class _Answer:
    status: int
    headers: Mapping[str, str]
    body: bytes


def body_of(message: BaseModel) -> bytes:
    """What is sent, byte for byte."""
    return message.model_dump_json().encode()


def decision_path(project: str, decision: Decision) -> str:
    return f"{PROJECTS_PATH}/{project}/dismissals/{decision.about}"


def checked_site(address: str) -> str:
    """A site's address as it is kept: scheme, host and port.

    Raises
    ------
    BadInput
        It is none, or would be spoken to without TLS over a network; code ``account.site``.
    """
    try:
        url = URL(address.strip() if "://" in address else f"https://{address.strip()}")
        origin = str(url.origin()) if url.host and url.scheme in ("http", "https") else ""
    except ValueError:
        url, origin = URL(), ""
    if not origin:
        raise BadInput(f"Expected a site like https://uptrack.pro, got {address!r}.", code="account.site")
    if url.scheme == "http" and url.host not in LOOPBACK:
        raise BadInput(
            f"Expected https:// before {url.host}: over http anybody on the way could read your key.",
            code="account.site",
        )
    return origin


class Site:
    """One account's site; made by ``open_site``.

    Parameters
    ----------
    origin : str
        As ``checked_site`` gives it.
    address : str, optional
        Where it is really reached, if not under its own name: a test's port.
    """

    def __init__(self, http: aiohttp.ClientSession, origin: str, address: str | None = None) -> None:
        self._http = http
        self.origin = origin
        self._address = address or origin

    async def authorize(self, name: str, system: str) -> DeviceAuthorization:
        """Ask to be linked.

        Raises
        ------
        SiteUnavailable, SiteRefused
        """
        form = {"client_id": CLIENT_ID, "scope": SCOPE, "device_name": name, "device_system": system}
        return self._read(DeviceAuthorization, await self._tell(AUTHORIZE_PATH, form))

    async def fetch(self, device_code: str) -> Tokens | NotYet:
        """Ask whether the person has confirmed.

        Raises
        ------
        GrantEnded
            They refused, or it is too late.
        SiteUnavailable, SiteRefused
        """
        form = {"client_id": CLIENT_ID, "grant_type": DEVICE_GRANT, "device_code": device_code}
        answer = await self._tell(TOKEN_PATH, form, refusals=True)
        if answer.status == 200:
            return self._read(Tokens, answer)
        refused = self._read(GrantRefusal, answer)
        if refused.error in WAITING:
            return NotYet(slower=refused.error == "slow_down")
        raise _ended(refused)

    async def refresh(self, refresh_token: str) -> Tokens:
        """The next pair of tokens.

        Raises
        ------
        GrantEnded
            The machine was unlinked.
        SiteUnavailable, SiteRefused
        """
        form = {"client_id": CLIENT_ID, "grant_type": REFRESH_GRANT, "refresh_token": refresh_token}
        answer = await self._tell(TOKEN_PATH, form, refusals=True)
        if answer.status == 200:
            return self._read(Tokens, answer)
        refused = self._read(GrantRefusal, answer)
        if refused.error != "invalid_grant":
            raise SiteRefused(refused.error_description or refused.error, status=400, code=f"account.{refused.error}")
        raise _ended(refused)

    async def revoke(self, token: str) -> None:
        """Have the machine unlinked; a token that is good no longer is fine.

        Raises
        ------
        SiteUnavailable, SiteRefused
        """
        await self._tell(REVOKE_PATH, {"client_id": CLIENT_ID, "token": token})

    async def device(self, access_token: str) -> LinkedDevice:
        """Who the token makes us.

        Raises
        ------
        SiteUnavailable, SiteRefused
        """
        return self._read(LinkedDevice, await self.ask("GET", DEVICE_PATH, access_token))

    async def put_report(self, report_id: str, report: ReportUpload, access_token: str) -> ReportKept:
        """Have a report kept; that it is, is believed only in the account's own words.

        Raises
        ------
        TokenRefused, SiteUnavailable, SiteRefused
        """
        body = await asyncio.to_thread(body_of, report)
        kept = self._read(ReportKept, await self.ask("PUT", f"{REPORTS_PATH}/{report_id}", access_token, body))
        if (kept.id, kept.sha256) != (report_id, report.sha256):
            raise self._somebody_else()
        return kept

    async def delete_report(self, report_id: str, access_token: str) -> None:
        """Have a report deleted.

        Raises
        ------
        TokenRefused, SiteUnavailable, SiteRefused
        """
        answer = await self.ask("DELETE", f"{REPORTS_PATH}/{report_id}", access_token)
        if answer.status != DELETED or answer.body:
            raise self._somebody_else()

    async def upload(self, upload_id: str, access_token: str) -> UploadState | None:
        """What became of audio that was sent, if it was.

        Raises
        ------
        TokenRefused, SiteUnavailable, SiteRefused
        """
        try:
            answer = await self.ask("GET", f"{UPLOADS_PATH}/{upload_id}", access_token)
        except SiteRefused as refused:
            if refused.status == MISSING:
                return None
            raise
        return self._read(UploadState, answer)

    async def put_upload(self, path: str, audio: AsyncIterator[bytes], size: int, access_token: str) -> UploadState:
        """Send audio, a piece at a time, as long as it moves.

        Parameters
        ----------
        path : str
            With what is said of it as a query.
        size : int
            Bytes that will come.

        Raises
        ------
        TokenRefused, SiteUnavailable
        SiteRefused
            Also where the month's analyses are used (429).
        """
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(STALLED_AFTER_S) as patience:

                def moved() -> None:
                    if not patience.expired():
                        patience.reschedule(loop.time() + STALLED_AFTER_S)

                answer = await self.ask("PUT", path, access_token, _Audio(audio, size, moved))
        except TimeoutError as error:
            raise SiteUnavailable(f"{self.origin} takes no more{BY_ITSELF}") from error
        return self._read(UploadState, answer)

    async def delete_upload(self, upload_id: str, access_token: str) -> None:
        """Have its audio deleted; one that was never sent has none.

        Raises
        ------
        TokenRefused, SiteUnavailable, SiteRefused
        """
        answer = await self.ask("DELETE", f"{UPLOADS_PATH}/{upload_id}", access_token)
        if answer.status != DELETED or answer.body:
            raise self._somebody_else()

    async def put_decision(self, project: str, decision: Decision, access_token: str) -> Decision:
        """Say what was decided about a finding or a rule; what counts there now.

        Raises
        ------
        TokenRefused, SiteUnavailable, SiteRefused
        """
        path = decision_path(project, decision)
        standing = self._read(Decision, await self.ask("PUT", path, access_token, body_of(decision)))
        if (standing.rule, standing.finding) != (decision.rule, decision.finding):
            raise self._somebody_else()
        return standing

    async def changes(self, cursor: int, access_token: str) -> ChangeList:
        """What has changed after; a ``SiteRefused`` of 410 where the state is to be read.

        Raises
        ------
        TokenRefused, SiteUnavailable, SiteRefused
        """
        return self._read(ChangeList, await self.ask("GET", f"{CHANGES_PATH}?after={cursor}", access_token))

    async def state(self, after: str | None, access_token: str) -> AccountState:
        """All that changes have come to, a page at a time.

        Raises
        ------
        TokenRefused, SiteUnavailable, SiteRefused
        """
        path = STATE_PATH if after is None else str(URL(STATE_PATH).with_query(after=after))
        return self._read(AccountState, await self.ask("GET", path, access_token))

    @asynccontextmanager
    async def push_channel(self, access_token: str) -> AsyncIterator[PushChannel]:
        """A channel on which the site says that something has changed, open while the block runs.

        Raises
        ------
        TokenRefused, SiteUnavailable
        """
        origin, reached = URL(self.origin), URL(self._address)
        elsewhere: dict[str, Any] = {} if reached == origin else {"host": reached.host, "port": reached.port}
        opening = _OneSite(
            str(origin.with_scheme("wss" if origin.scheme == "https" else "ws").with_path(PUSH_PATH)),
            additional_headers={"Authorization": f"Bearer {access_token}"},
            user_agent_header=f"UpTrack/{__version__}",
            proxy=None,
            compression=None,
            open_timeout=LIMIT.connect,
            ping_interval=PING_EVERY_S,
            ping_timeout=PING_EVERY_S,
            close_timeout=1.0,
            max_size=MAX_HEARD_BYTES,
            **elsewhere,
        )
        try:
            socket = await opening
        except InvalidStatus as refused:
            answer = refused.response
            raise self._refusal(_Answer(answer.status_code, answer.headers, bytes(answer.body))) from refused
        except (WebSocketException, OSError, TimeoutError) as error:
            raise SiteUnavailable(f"{self.origin} opens no push channel ({type(error).__name__}).") from error
        try:
            yield PushChannel(socket, self.origin)
        finally:
            await socket.close()

    async def ask(self, method: str, path: str, access_token: str, body: bytes | _Audio | None = None) -> _Answer:
        """Ask as the linked machine; only what went well is answered.

        Raises
        ------
        TokenRefused
            The token is good no longer.
        SiteUnavailable, SiteRefused
        """
        headers = {"Authorization": f"Bearer {access_token}"}
        if isinstance(body, _Audio):
            headers |= {"Content-Type": "application/octet-stream", "Content-Length": str(body.size)}
        elif body is not None:
            headers["Content-Type"] = "application/json"
        return await self._request(method, path, headers, body)

    async def _tell(self, path: str, form: Mapping[str, str], *, refusals: bool = False) -> _Answer:
        return await self._request("POST", path, {}, form, refusals=refusals)

    async def _request(
        self,
        method: str,
        path: str,
        headers: Mapping[str, str],
        body: bytes | _Audio | Mapping[str, str] | None,
        *,
        refusals: bool = False,
    ) -> _Answer:
        sent = {"Host": URL(self.origin).authority, "User-Agent": f"UpTrack/{__version__}", **headers}
        try:
            async with self._http.request(
                method,
                URL(self._address + path, encoded=True),
                data=io.BytesIO(body) if isinstance(body, bytes) else body,
                headers=sent,
                allow_redirects=False,
                timeout=AS_LONG_AS_IT_MOVES if isinstance(body, _Audio) else LIMIT,
            ) as response:
                read = await response.content.read(MAX_ANSWER_BYTES + 1)
                while chunk := await response.content.read(MAX_ANSWER_BYTES + 1 - len(read)):
                    read += chunk
                answer = _Answer(response.status, response.headers.copy(), read)
        except (aiohttp.ClientError, OSError, TimeoutError) as error:
            raise SiteUnavailable(
                f"{self.origin} does not answer ({str(error) or type(error).__name__}){BY_ITSELF}"
            ) from error
        if 200 <= answer.status < 300 or (refusals and answer.status == 400):
            return answer
        raise self._refusal(answer)

    def _refusal(self, answer: _Answer) -> SiteUnavailable | SiteRefused:
        try:
            problem = AccountProblem.model_validate_json(answer.body)
            sentence, code = problem.detail, problem.code
        except ValidationError:
            try:
                refused = GrantRefusal.model_validate_json(answer.body)
                sentence, code = refused.error_description, f"account.{refused.error}"
            except ValidationError:
                sentence, code = f"{self.origin} answered {answer.status}, which UpTrack does not know.", None
        if answer.status in TOO_BUSY and code != ALLOWANCE_USED:
            return SiteUnavailable(
                f"{self.origin} cannot take it now ({answer.status}){BY_ITSELF}",
                retry_after_s=_retry_after_s(answer.headers),
            )
        kind = TokenRefused if answer.status == 401 else SiteRefused
        return kind(sentence, status=answer.status, code=code)

    def _read(self, model: type[Answered], answer: _Answer) -> Answered:
        try:
            return model.model_validate_json(answer.body)
        except ValidationError:
            raise self._somebody_else() from None

    def _somebody_else(self) -> SiteUnavailable:
        """A hotel's sign-in page answers everything with 200: as good as nobody there."""
        return SiteUnavailable(f"Expected an account at {self.origin}, but something else answered{BY_ITSELF}")


class _Audio:
    """A body that is read as it is sent; each piece that is asked for says that the one before it went."""

    def __init__(self, pieces: AsyncIterator[bytes], size: int, moved: Callable[[], None]) -> None:
        self.size = size
        self._pieces = pieces
        self._moved = moved

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self

    async def __anext__(self) -> bytes:
        self._moved()
        return await anext(self._pieces)


class PushChannel:
    """Says that something has changed, and nothing else."""

    def __init__(self, socket: ClientConnection, origin: str) -> None:
        self._socket = socket
        self._origin = origin

    async def changed(self, *, within_s: float) -> bool:
        """Whether the site says so before the time is over.

        Raises
        ------
        TokenRefused
            It was closed because the token is good no longer.
        SiteUnavailable
            It was closed, or something else speaks there.
        """
        try:
            async with asyncio.timeout(within_s):
                Changed.model_validate_json(await self._socket.recv())
        except TimeoutError:
            return False
        except ValidationError:
            raise SiteUnavailable(
                f"Expected {self._origin} to say that something changed; it said otherwise."
            ) from None
        except ConnectionClosed as closed:
            if closed.rcvd is not None and closed.rcvd.code == UNLINKED:
                raise TokenRefused("The push channel's token is good no longer.", status=401) from closed
            raise SiteUnavailable(f"{self._origin} has closed the push channel.") from closed
        return True


class _OneSite(connect):
    """Follows no redirect: what is meant for one site goes to no other."""

    def process_redirect(self, exc: Exception) -> Exception | str:
        return exc


@asynccontextmanager
async def open_site(origin: str, *, address: str | None = None) -> AsyncIterator[Site]:
    """Connections to a site while the block runs; none is made before something is asked."""
    async with aiohttp.ClientSession(timeout=LIMIT, cookie_jar=aiohttp.DummyCookieJar()) as http:
        yield Site(http, origin, address)


def _ended(refused: GrantRefusal) -> GrantEnded:
    sentence = refused.error_description or f"The account gave no key ({refused.error})."
    return GrantEnded(sentence, status=400, code=f"account.{refused.error}")


def _retry_after_s(headers: Mapping[str, str]) -> float | None:
    """Seconds, or a date (RFC 9110, 10.2.3); ``None`` for anything else."""
    said = headers.get("Retry-After", "").strip()
    if said.isdigit():
        return float(said)
    try:
        until = email.utils.parsedate_to_datetime(said)
    except ValueError:
        return None
    return max(0.0, (until - datetime.now(UTC)).total_seconds()) if until.tzinfo else None
