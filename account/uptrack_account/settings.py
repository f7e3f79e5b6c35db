"""How a service is configured: ``UPTRACK_ACCOUNT_*`` in the environment, nothing else.

The defaults make a service of one's own: a folder with SQLite, letters as files, on this machine alone.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, HttpUrl, SecretStr, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

LOOPBACK = {"localhost", "127.0.0.1", "[::1]"}


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
    free_analyses: Annotated[int, Field(ge=0)] = 10
    """A month."""

    @model_validator(mode="after")
    def _is_private(self) -> Self:
        if self.site.scheme != "https" and self.site.host not in LOOPBACK:
            raise ValueError(f"expected https in front of {self.site.host}: put a proxy with TLS before the service")
        return self

    @model_validator(mode="after")
    def _can_have_those_jobs(self) -> Self:
        if self.jobs == "procrastinate" and not self.database.startswith("postgresql"):
            raise ValueError("expected a PostgreSQL database for jobs of procrastinate: set UPTRACK_ACCOUNT_DATABASE")
        return self

    @model_validator(mode="after")
    def _sends_audio_over_tls(self) -> Self:
        endpoint = self.objects_endpoint
        if endpoint is not None and endpoint.scheme != "https" and endpoint.host not in LOOPBACK:
            raise ValueError(f"expected https to {endpoint.host}, where audio is kept")
        return self

    @property
    def origin(self) -> str:
        """As a browser names it."""
        site = self.site
        usual = {"http": 80, "https": 443}[site.scheme]
        return f"{site.scheme}://{site.host}" + ("" if site.port in (None, usual) else f":{site.port}")

    @property
    def database_url(self) -> str:
        return self.database or f"sqlite:///{self.home / 'account.sqlite'}"
