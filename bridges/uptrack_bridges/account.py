"""What a Companion and the hosted account say to each other over HTTP; both sides are made of these models.

A machine is linked by OAuth's device grant (RFC 8628): it asks for a pair of codes, its owner types the short one into
the account's page, and the machine fetches its tokens with the long one. Requests of the grant are forms, as in the
RFC; all else is JSON. Models are strict; unknown fields are ignored, so that a newer side can talk to an older one.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

SITE = "https://uptrack.pro"
"""The account that a machine is linked to if nobody names another."""
CLIENT_ID = "uptrack-companion"
"""Public: it says which program asks, and proves nothing."""
SCOPE = "reports"
"""All that a linked machine may: bring reports, list them, and take back what it brought."""

DEVICE_GRANT = "urn:ietf:params:oauth:grant-type:device_code"
REFRESH_GRANT = "refresh_token"

AUTHORIZE_PATH = "/v1/device_authorization"
TOKEN_PATH = "/v1/token"  # noqa: S105 - a path
REVOKE_PATH = "/v1/revoke"
DEVICE_PATH = "/v1/device"

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


class AccountMessage(BaseModel):
    """What every message shares."""

    model_config = ConfigDict(strict=True, frozen=True, extra="ignore")


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


class AccountProblem(AccountMessage):
    """Any other refusal (RFC 9457)."""

    title: Annotated[str, Field(max_length=200)]
    status: int
    detail: Annotated[str, Field(max_length=2_000)]
    """The sentence for a person."""
    code: Annotated[str, Field(max_length=100)]
