"""The tables, as SQLAlchemy models: jobs, reports, deliveries, artifacts, and what the watcher has seen.

Times are aware UTC in Python and naive UTC in SQLite (which knows no time zones). Rows never leave this package: the
repositories next door answer with small frozen dataclasses.
"""

from __future__ import annotations

import os
import secrets
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import (
    CheckConstraint,
    DateTime,
    Dialect,
    Double,
    ForeignKey,
    Index,
    LargeBinary,
    MetaData,
    String,
    Text,
    TypeDecorator,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


def utc_now() -> datetime:
    """The clock everything here takes as an argument."""
    return datetime.now(UTC)


def new_id() -> str:
    """Sixteen random hexadecimal digits: unguessable, and the first few are enough to name a row."""
    return secrets.token_hex(8)


class UtcDateTime(TypeDecorator[datetime]):
    """Aware datetimes only; SQLite would silently drop the zone and hand back a naive one."""

    impl = DateTime
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"expected a datetime with a time zone, got the naive {value!r}")
        return value.astimezone(UTC).replace(tzinfo=None)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        return None if value is None else value.replace(tzinfo=UTC)


class FilePath(TypeDecorator[Path]):
    """A path as the file system's own bytes: a name that is no valid UTF-8 (an old drive) must survive too."""

    impl = LargeBinary
    cache_ok = True

    def process_bind_param(self, value: Path | None, dialect: Dialect) -> bytes | None:
        return None if value is None else os.fsencode(value)

    def process_result_value(self, value: bytes | None, dialect: Dialect) -> Path | None:
        return None if value is None else Path(os.fsdecode(value))


class Base(DeclarativeBase):
    # Constraints need names, or a later migration cannot drop them on SQLite.
    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )


class JobRow(Base):
    """One analysis somebody asked for; ``sequence`` is the order of the queue and is never used twice."""

    __tablename__ = "jobs"
    __table_args__ = (
        CheckConstraint("state IN ('queued', 'running', 'done', 'failed', 'cancelled')", name="state"),
        Index(None, "state", "sequence"),
        {"sqlite_autoincrement": True},
    )

    sequence: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    id: Mapped[str] = mapped_column(String(32), unique=True)
    key: Mapped[str | None] = mapped_column(String(500), unique=True)
    state: Mapped[str] = mapped_column(String(10))
    path: Mapped[Path] = mapped_column(FilePath)
    settings: Mapped[str] = mapped_column(Text)
    origin: Mapped[str] = mapped_column(Text)
    duration_s: Mapped[float | None] = mapped_column(Double)
    attempts: Mapped[int]
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    started_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    code: Mapped[str | None] = mapped_column(String(100))
    sentence: Mapped[str | None] = mapped_column(Text)
    report_id: Mapped[str | None] = mapped_column(String(32))
    timings: Mapped[str | None] = mapped_column(Text)


class ReportRow(Base):
    """One report: the document byte for byte, and the few columns lists and searches need."""

    __tablename__ = "reports"
    __table_args__ = (Index(None, "created_at"), Index(None, "sha256"), Index(None, "project_key", "created_at"))

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    run_id: Mapped[str] = mapped_column(String(32), unique=True)
    job_id: Mapped[str] = mapped_column(String(32), index=True)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    source_name: Mapped[str] = mapped_column(Text)
    search_name: Mapped[str] = mapped_column(Text)
    """``source_name`` folded for searching: SQLite's own LIKE ignores case for ASCII only."""
    source_path: Mapped[Path] = mapped_column(FilePath)
    sha256: Mapped[str] = mapped_column(String(64))
    score: Mapped[float | None] = mapped_column(Double)
    coverage: Mapped[float] = mapped_column(Double)
    genre: Mapped[str] = mapped_column(String(40))
    target: Mapped[str] = mapped_column(String(20))
    project_key: Mapped[str] = mapped_column(Text)
    """The same for all versions of one project (``projects``)."""
    project_id: Mapped[str | None] = mapped_column(Text)
    project_name: Mapped[str | None] = mapped_column(Text)
    document: Mapped[str] = mapped_column(Text)
    passage_of: Mapped[str | None] = mapped_column(String(32), index=True)
    """The run this is only a passage of: it is no version of the project, and goes with that run."""


class DismissalRow(Base):
    """Something a user has said is meant: one finding of a project, or all of one rule."""

    __tablename__ = "dismissals"

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    project_key: Mapped[str] = mapped_column(Text, index=True)
    project_name: Mapped[str] = mapped_column(Text)
    rule: Mapped[str] = mapped_column(String(80))
    findings: Mapped[str] = mapped_column(Text)
    """Ids the finding has had, as a JSON list; empty for the whole rule."""
    title: Mapped[str] = mapped_column(Text)
    report_id: Mapped[str] = mapped_column(String(32))
    """The run in which it was last seen; that report may have been erased."""
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    severity: Mapped[str | None] = mapped_column(String(16))
    """Of the finding when it was dismissed, or the worst of the rule; unknown where it was not kept yet."""


class DecisionRow(Base):
    """The last word on whether a finding of a project, or a whole rule (then ``finding`` is empty), is meant.

    ``dismissals`` hold what is meant as it is looked for in the next run; these are what an account and this machine
    tell each other, each with its moment, also where something was taken back.
    """

    __tablename__ = "decisions"

    project_key: Mapped[str] = mapped_column(Text, primary_key=True)
    rule: Mapped[str] = mapped_column(String(80), primary_key=True)
    finding: Mapped[str] = mapped_column(Text, primary_key=True)
    id: Mapped[str] = mapped_column(String(32), unique=True)
    dismissed: Mapped[bool]
    decided_at: Mapped[datetime] = mapped_column(UtcDateTime)
    severity: Mapped[str | None] = mapped_column(String(16))
    report_id: Mapped[str | None] = mapped_column(String(32))
    on_account: Mapped[bool]
    """A linked account has this very word."""


class FixRow(Base):
    """Something that was done in the DAW about a finding, and what the next version showed of it."""

    __tablename__ = "fixes"

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    project_key: Mapped[str] = mapped_column(Text, index=True)
    report_id: Mapped[str] = mapped_column(ForeignKey("reports.id", ondelete="CASCADE"), index=True)
    finding: Mapped[str] = mapped_column(Text)
    action: Mapped[str] = mapped_column(Text)
    """What was done, how much and where: ``AppliedAction`` as JSON."""
    applied_at: Mapped[datetime] = mapped_column(UtcDateTime)
    checked_in: Mapped[str | None] = mapped_column(String(32), index=True)
    """The report of the version in which it was measured again."""
    outcome: Mapped[str | None] = mapped_column(Text)


class ReferenceProfileRow(Base):
    """Reference tracks under a name, as numbers."""

    __tablename__ = "reference_profiles"

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    name: Mapped[str] = mapped_column(Text)
    folded_name: Mapped[str] = mapped_column(Text, unique=True)
    tracks: Mapped[str] = mapped_column(Text)
    """``ReferenceTrack`` as a JSON list."""
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


class DeliveryRow(Base):
    """Feedback on its way to one DAW; it waits here until the DAW says what it placed."""

    __tablename__ = "deliveries"
    __table_args__ = (Index(None, "instance", "acknowledged_at"),)

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    report_id: Mapped[str] = mapped_column(ForeignKey("reports.id", ondelete="CASCADE"), index=True)
    run_id: Mapped[str] = mapped_column(String(32), index=True)
    job_id: Mapped[str] = mapped_column(String(32))
    instance: Mapped[str] = mapped_column(String(200))
    host: Mapped[str] = mapped_column(String(40))
    payload: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    sends: Mapped[int]
    acknowledged_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    placed: Mapped[int | None]
    skipped: Mapped[int | None]


class ArtifactRow(Base):
    """Audio we made ourselves; ``name`` is one path component inside the home's ``audio`` folder, never a path."""

    __tablename__ = "artifacts"

    name: Mapped[str] = mapped_column(String(255), primary_key=True)
    job_id: Mapped[str | None] = mapped_column(String(32))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    deadline: Mapped[datetime] = mapped_column(UtcDateTime)
    released_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class AccountLinkRow(Base):
    """The account this machine is linked to: one row, or none."""

    __tablename__ = "account_link"

    id: Mapped[int] = mapped_column(primary_key=True)
    site: Mapped[str] = mapped_column(Text)
    device_id: Mapped[str] = mapped_column(String(64))
    device_name: Mapped[str] = mapped_column(Text)
    account_id: Mapped[str] = mapped_column(String(64))
    account_name: Mapped[str] = mapped_column(Text)
    with_names: Mapped[bool]
    secret: Mapped[bytes] = mapped_column(LargeBinary(32))
    token_place: Mapped[str] = mapped_column(String(10))
    linked_at: Mapped[datetime] = mapped_column(UtcDateTime)
    trouble: Mapped[str | None] = mapped_column(Text)


class AccountFeedRow(Base):
    """Up to where this machine has followed what changed in its account: one row, or none if it never has."""

    __tablename__ = "account_feed"

    id: Mapped[int] = mapped_column(primary_key=True)
    cursor: Mapped[int | None]
    """``None``: the state is to be read first."""
    followed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    """When the account was last asked, and answered."""


class OutboxRow(Base):
    """What the account is to be told of one report. It outlives the report until the account has deleted it, too."""

    __tablename__ = "outbox"
    __table_args__ = (Index(None, "done_at", "due_at"),)

    report_id: Mapped[str] = mapped_column(String(32), primary_key=True)
    """Or of a ``DecisionRow``, where that is what the account is to be told."""
    wish: Mapped[str] = mapped_column(String(10))
    """``kept``, ``gone``, ``left`` or ``decided``."""
    attempts: Mapped[int]
    """With one, the account may have it."""
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    due_at: Mapped[datetime] = mapped_column(UtcDateTime)
    done_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    refused: Mapped[bool]
    sentence: Mapped[str | None] = mapped_column(Text)
    audio: Mapped[str | None] = mapped_column(String(10))
    """``wished``, ``tried`` (it waits, and the account may have it), ``there`` (or may be) or ``refused``; ``None`` for
    audio that nobody has chosen to send."""


class WatchKeyRow(Base):
    """The one random key the digests below are made with, so that they say nothing to who has only a list of files."""

    __tablename__ = "watch_key"

    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[bytes] = mapped_column(LargeBinary(32))


class WatchedRow(Base):
    """A file the watcher has dealt with: one keyed digest and nothing else, because it outlives erased reports."""

    __tablename__ = "watched"

    digest: Mapped[str] = mapped_column(String(64), primary_key=True)
