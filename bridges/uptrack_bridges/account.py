"""What a Companion and the hosted account say to each other over HTTP; both sides are made of these models.

A machine is linked by OAuth's device grant (RFC 8628): it asks for a pair of codes, its owner types the short one into
the account's page, and the machine fetches its tokens with the long one. Requests of the grant are forms, as in the
RFC; all else is JSON. Models are strict; unknown fields are ignored, so that a newer side can talk to an older one.
"""

from __future__ import annotations

import hashlib
from datetime import datetime
from typing import Annotated, Literal

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field

SITE = "https://uptrack.pro"
"""The account that a machine is linked to if nobody names another."""
CLIENT_ID = "uptrack-companion"
"""Public: it says which program asks, and proves nothing."""
SCOPE = "reports"
"""All that a linked machine may: put reports into the account, list those there, delete them, and send audio, which it
does only if its owner chose to."""

DEVICE_GRANT = "urn:ietf:params:oauth:grant-type:device_code"
REFRESH_GRANT = "refresh_token"

AUTHORIZE_PATH = "/v1/device_authorization"
TOKEN_PATH = "/v1/token"  # noqa: S105 - a path
REVOKE_PATH = "/v1/revoke"
DEVICE_PATH = "/v1/device"
REPORTS_PATH = "/v1/reports"
UPLOADS_PATH = "/v1/uploads"

REPORT_ID = r"[0-9a-f]{16,32}"
MAX_DOCUMENT_CHARACTERS = 8 * 1024 * 1024
"""Sixty stems in full stay well below."""
MAX_UPLOAD_BYTES = 16 * 1024 * 1024
"""A document is text inside JSON, where quotes take two bytes, and a character up to four."""
MOST_LISTED = 200
ALLOWANCE_USED = "upload.allowance"
"""The code with which audio is refused once the month's analyses are used: not before the next month."""

DEVICE_NAME_LENGTH, SYSTEM_LENGTH = 80, 40

GrantError = Literal[
    "invalid_request",
    "invalid_client",
    "invalid_grant",
    "invalid_scope",
    "unsupported_grant_type",
    "authorization_pending",
    "slow_down",
    "access_denied",
    "expired_token",
]
"""The words of RFC 6749, 5.2, and RFC 8628, 3.5."""

Token = Annotated[str, Field(min_length=1, max_length=500)]
ClientId = Annotated[str, Field(json_schema_extra={"const": CLIENT_ID})]


def upload_of_report(report_id: str) -> str:
    """Under which id a machine sends the audio of a report: one, however often it is sent."""
    return hashlib.sha256(f"audio {report_id}".encode()).hexdigest()[:32]


def report_of_upload(upload_id: str) -> str:
    """Under which id the account keeps what it has measured of an upload."""
    return hashlib.sha256(f"upload {upload_id}".encode()).hexdigest()[:32]


def _moment(at: datetime) -> datetime:
    if not 1970 <= at.year <= 9998:
        raise ValueError("expected a year from 1970 to 9998")  # so that it is one in every zone, in any database
    return at


class AccountMessage(BaseModel):
    """What every message shares."""

    model_config = ConfigDict(strict=True, frozen=True, extra="ignore")


class AuthorizationForm(AccountMessage):
    """``AUTHORIZE_PATH`` (RFC 8628, 3.1)."""

    client_id: ClientId
    scope: str = SCOPE
    device_name: Annotated[str, Field(min_length=1, max_length=DEVICE_NAME_LENGTH)]
    device_system: Annotated[str, Field(min_length=1, max_length=SYSTEM_LENGTH)]


class TokenForm(AccountMessage):
    """``TOKEN_PATH`` (RFC 8628, 3.4; RFC 6749, 6): one of the two codes, as the grant says."""

    client_id: ClientId
    grant_type: Annotated[str, Field(json_schema_extra={"enum": [DEVICE_GRANT, REFRESH_GRANT]})]
    device_code: str = ""
    refresh_token: str = ""


class RevocationForm(AccountMessage):
    """``REVOKE_PATH`` (RFC 7009, 2.1)."""

    client_id: ClientId
    token: str


class DeviceAuthorization(AccountMessage):
    """Answer to ``AUTHORIZE_PATH`` (RFC 8628, 3.2)."""

    device_code: Token
    """The machine's own, told to nobody."""
    user_code: Annotated[str, Field(min_length=1, max_length=20)]
    """For a person to type, like "WDJB-MJHT"."""
    verification_uri: Annotated[str, Field(max_length=2_000)]
    verification_uri_complete: Annotated[str, Field(max_length=2_000)] | None = None
    expires_in: Annotated[int, Field(ge=1)]
    """Seconds."""
    interval: Annotated[int, Field(ge=1)] = 5
    """Seconds between two questions whether the person has answered."""


class Tokens(AccountMessage):
    """Answer to ``TOKEN_PATH`` when it went well (RFC 6749, 5.1)."""

    access_token: Token
    refresh_token: Token
    """For one use: the answer to it holds the next. Using one a second time unlinks the machine, unless the answer was
    lost and nothing of it was used."""
    token_type: Literal["Bearer"] = "Bearer"  # noqa: S105 - a kind
    expires_in: Annotated[int, Field(ge=1)]
    """Seconds that the access token is good for."""
    scope: Annotated[str, Field(max_length=200)] = SCOPE


class GrantRefusal(AccountMessage):
    """Answer to ``TOKEN_PATH`` and ``AUTHORIZE_PATH`` when it did not (RFC 6749, 5.2)."""

    error: Annotated[str, Field(max_length=60)]
    """A ``GrantError``, or a word of a newer account."""
    error_description: Annotated[str, Field(max_length=2_000)] = ""


class LinkedDevice(AccountMessage):
    """Answer to ``DEVICE_PATH``: who a token belongs to."""

    id: Annotated[str, Field(max_length=64)]
    name: Annotated[str, Field(max_length=200)]
    account_id: Annotated[str, Field(max_length=64)]
    """Tells one account of the site from another, and nothing else."""
    account: Annotated[str, Field(max_length=200)]
    """The account's display name."""


class ReportProject(AccountMessage):
    """What a report is a version of."""

    key: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    """Equal for all its versions, and opaque: no name can be read from it."""
    name: Annotated[str, Field(min_length=1, max_length=1_000)] | None = None
    """Only if the machine's owner lets names be sent."""


class ReportUpload(AccountMessage):
    """``PUT {REPORTS_PATH}/{id}``: one report, the same for ever under its id."""

    made_at: Annotated[AwareDatetime, AfterValidator(_moment)]
    project: ReportProject
    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    """Of the document's UTF-8: what tells the same report again from another."""
    document: Annotated[str, Field(min_length=2, max_length=MAX_DOCUMENT_CHARACTERS)]
    """JSON text of ``uptrack_analysis.report``, kept byte for byte."""


class ReportKept(AccountMessage):
    """Answer to it: 201 the first time, 200 ever after. It cannot be lost any more."""

    id: Annotated[str, Field(max_length=32)]
    sha256: Annotated[str, Field(max_length=64)]
    readable: bool
    """False for a report of a newer UpTrack than the account knows: it is kept as it is."""
    sentence: Annotated[str, Field(max_length=2_000)] | None = None
    """What a person should know about it."""


class ListedReport(AccountMessage):
    id: Annotated[str, Field(max_length=32)]
    sha256: Annotated[str, Field(max_length=64)]
    made_at: AwareDatetime
    received_at: AwareDatetime
    project: Annotated[str, Field(max_length=1_000)] | None
    name: Annotated[str, Field(max_length=1_000)] | None
    score: float | None
    readable: bool


class ReportList(AccountMessage):
    """Answer to ``GET {REPORTS_PATH}``: in the order in which they came, ``?limit=`` at a time."""

    reports: list[ListedReport]
    next: Annotated[str, Field(max_length=200)] | None = None
    """Give it as ``?after=`` for those that follow; ``None`` at the end."""


class UploadState(AccountMessage):
    """What became of audio that was put under ``{UPLOADS_PATH}/{id}?sha256=``, which its body was."""

    id: Annotated[str, Field(max_length=32)]
    sha256: Annotated[str, Field(max_length=64)]
    state: Annotated[str, Field(max_length=20)]
    """``waiting``, ``analysing``, ``done``, ``failed``, ``deleted``, or a word of a newer account."""
    sentence: Annotated[str, Field(max_length=2_000)] | None = None
    """Why it failed, or went before it was analysed."""
    report_id: Annotated[str, Field(max_length=32)] | None = None
    delete_by: AwareDatetime
    """The audio is deleted by then at the latest; the report is not."""
    deleted_at: AwareDatetime | None = None


class AccountProblem(AccountMessage):
    """Any other refusal (RFC 9457)."""

    title: Annotated[str, Field(max_length=200)]
    status: int
    detail: Annotated[str, Field(max_length=2_000)]
    """The sentence for a person."""
    code: Annotated[str, Field(max_length=100)]
