"""How a service is configured: ``UPTRACK_ACCOUNT_*`` in the environment, nothing else.

The defaults make a service of one's own: a folder with SQLite, letters as files, on this machine alone.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, HttpUrl, SecretStr, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

LOOPBACK = {"localhost", "127.0.0.1", "[::1]"}
PAYMENT_ORIGINS = ("https://checkout.stripe.com", "https://billing.stripe.com")
"""Stripe's pages, on which people pay and manage what they pay."""


class AccountSettings(BaseSettings):
    """Where everything is kept, and how the service is reached."""

    model_config = SettingsConfigDict(env_prefix="UPTRACK_ACCOUNT_", frozen=True)

    home: Path = Path.home() / ".local" / "share" / "uptrack-account"
    """What is kept in files: the database where it is SQLite, letters where nothing sends them, the secret."""
    database: str = ""
    """An address as SQLAlchemy writes it (``postgresql://user@host/name``); empty for SQLite in ``home``."""
    site: HttpUrl = HttpUrl("http://localhost:8765")
    """How browsers reach it. Over plain HTTP only on this machine: a browser keeps our cookie there alone."""
    host: str = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65_535)] = 8765
    behind_proxy: bool = False
    """A proxy of ours stands before it, and says where a request came from in ``X-Forwarded-For``."""
    secret: SecretStr | None = None
    """For several processes the same; else made once and kept in ``home``."""
    mail_from: str = "UpTrack <support@uptrack.pro>"
    smtp_host: str = ""
    """Empty: letters are written into ``home``/letters."""
    smtp_port: Annotated[int, Field(ge=1, le=65_535)] = 587
    smtp_user: str = ""
    smtp_password: SecretStr = SecretStr("")
    stripe_key: SecretStr = SecretStr("")
    """Empty: there is one plan, the free one, and nothing asks Stripe."""
    stripe_webhook_secret: SecretStr = SecretStr("")
    stripe_price: str = ""
    """Of Pro, by the month: ``price_…``."""
    stripe_address: HttpUrl | None = None
    """Of something that stands in for Stripe."""
    free_analyses: Annotated[int, Field(ge=0)] = 10
    """Hosted analyses a month."""
    pro_analyses: Annotated[int, Field(ge=0)] = 200
    log: Literal["text", "json"] = "text"
    metrics_port: Annotated[int, Field(ge=0, le=65_535)] = 0
    """Of ``/metrics``, for this machine alone; 0 for none."""

    objects: str = ""
    """Where uploaded audio lies: ``s3://bucket/prefix``; empty for a folder in ``home``."""
    objects_endpoint: HttpUrl | None = None
    """Of a store that is not Amazon's."""
    objects_region: str = "us-east-1"
    objects_key: str = ""
    """Empty: what the machine is given by its surroundings."""
    objects_secret: SecretStr = SecretStr("")
    jobs: Literal["embedded", "procrastinate"] = "embedded"
    """Who keeps what is to be analysed: a table of ours, or procrastinate's in PostgreSQL."""
    workers: Annotated[int, Field(ge=0, le=64)] = 1
    """How many analyses at once beside the pages; 0 where `uptrack account worker` makes them."""
    upload_mb: Annotated[int, Field(ge=1, le=4_096)] = 500
    upload_minutes: Annotated[float, Field(gt=0, le=300)] = 30.0
    upload_samples: Annotated[int, Field(ge=1_000)] = 700_000_000
    """Frames by channels, unfolded: what an analysis may have to hear, whatever the file's size says."""
    keep_days: Annotated[int, Field(ge=0, le=7)] = 7
    """How long audio is kept after its analysis, if its owner does not say; 0 deletes it at once."""
    analysis_memory_mib: Annotated[int, Field(ge=256)] = 2_048
    analysis_minutes: Annotated[float, Field(gt=0, le=120)] = 10.0

    @model_validator(mode="after")
    def _is_private(self) -> Self:
        if self.site.scheme != "https" and self.site.host not in LOOPBACK:
            raise ValueError(f"expected https in front of {self.site.host}: put a proxy with TLS before the service")
        return self

    @model_validator(mode="after")
    def _can_bill(self) -> Self:
        if self.stripe_key.get_secret_value():
            if not (self.stripe_webhook_secret.get_secret_value().strip() and self.stripe_price):
                raise ValueError("expected STRIPE_WEBHOOK_SECRET and STRIPE_PRICE beside STRIPE_KEY")
            there = self.stripe_address
            if there is not None and there.scheme != "https" and there.host not in LOOPBACK:
                raise ValueError(f"expected https in front of {there.host} as STRIPE_ADDRESS, which the key is sent to")
        return self

    @model_validator(mode="after")
    def _can_have_those_jobs(self) -> Self:
        if self.jobs == "procrastinate" and not self.database.startswith("postgresql"):
            raise ValueError("expected a PostgreSQL database for jobs of procrastinate: set UPTRACK_ACCOUNT_DATABASE")
        return self

    @model_validator(mode="after")
    def _sends_audio_over_tls(self) -> Self:
        endpoint = self.objects_endpoint
        if endpoint is not None and endpoint.scheme != "https" and not self.objects_nearby:
            raise ValueError(f"expected https to {endpoint.host}, where audio is kept")
        return self

    @property
    def objects_nearby(self) -> bool:
        """On this machine, or under a name without a dot, which only a network of one's own knows."""
        host = "" if self.objects_endpoint is None else self.objects_endpoint.host or ""
        return host in LOOPBACK or (bool(host) and "." not in host and ":" not in host)

    @property
    def origin(self) -> str:
        """As a browser names it."""
        return origin_of(self.site)

    @property
    def payment_origins(self) -> tuple[str, ...]:
        """Where the forms of the page on billing may lead to."""
        if not self.stripe_key.get_secret_value():
            return ()
        return PAYMENT_ORIGINS if self.stripe_address is None else (origin_of(self.stripe_address),)

    @property
    def database_url(self) -> str:
        return self.database or f"sqlite:///{self.home / 'account.sqlite'}"


def origin_of(url: HttpUrl) -> str:
    usual = {"http": 80, "https": 443}[url.scheme]
    return f"{url.scheme}://{url.host}" + ("" if url.port in (None, usual) else f":{url.port}")
