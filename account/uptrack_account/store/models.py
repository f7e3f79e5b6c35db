"""The tables. What a person is known by is an e-mail address and a display name, and nothing else (promise P1).

Every table that says something of an account has ``account_id``, whose rows go with the account's.
"""

from __future__ import annotations

import secrets
from datetime import UTC, datetime

from sqlalchemy import (
    BigInteger,
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
    UniqueConstraint,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from uptrack_bridges.account import DEVICE_NAME_LENGTH, SYSTEM_LENGTH

EMAIL_LENGTH = 254  # of a path in SMTP (RFC 5321, 4.5.3.1.3), less its brackets
NAME_LENGTH = 80
DIGEST_BYTES = 32
STRIPE_ID_LENGTH = 255  # which its ids "will never exceed" (Stripe, API upgrades)


def utc_now() -> datetime:
    """The clock everything here takes as an argument."""
    return datetime.now(UTC)


def new_id() -> str:
    """Thirty-two random hexadecimal digits: no other account's can be guessed."""
    return secrets.token_hex(16)


ROW_ID = r"[0-9a-f]{32}"
"""What ``new_id`` makes. What comes from outside is held against it: PostgreSQL will not be asked for every text."""


class UtcTime(TypeDecorator[datetime]):
    """Aware datetimes on both databases: SQLite knows no zones, and would hand back a naive one."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is not None and value.tzinfo is None:
            raise ValueError(f"expected a datetime with a time zone, got the naive {value!r}")
        return None if value is None else value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        return None if value is None else value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


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


def _of_account() -> Mapped[str]:
    return mapped_column(String(32), ForeignKey("accounts.id", ondelete="CASCADE"), index=True)


class AccountRow(Base):
    __tablename__ = "accounts"

    id: Mapped[str] = mapped_column(String(32), primary_key=True, default=new_id)
    email: Mapped[str] = mapped_column(String(EMAIL_LENGTH), unique=True)
    """In lower case: two people never differ by that alone."""
    display_name: Mapped[str] = mapped_column(String(NAME_LENGTH))
    password_hash: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(UtcTime)
    verified_at: Mapped[datetime | None] = mapped_column(UtcTime)
    wants_news: Mapped[bool] = mapped_column(default=False)
    policy_seen: Mapped[str | None] = mapped_column(String(10))
    """The privacy policy they have seen, and the one they were written to about, by its day."""
    policy_told: Mapped[str | None] = mapped_column(String(10))


class SessionRow(Base):
    """A browser that is signed in. Its cookie is kept as a digest: who reads this table cannot be anybody."""

    __tablename__ = "sessions"

    digest: Mapped[bytes] = mapped_column(LargeBinary(DIGEST_BYTES), primary_key=True)
    id: Mapped[str] = mapped_column(String(32), unique=True, default=new_id)
    """To name it by on a page."""
    account_id: Mapped[str] = _of_account()
    browser: Mapped[str] = mapped_column(String(40))
    """Its kind and the system's, "Firefox on Linux"."""
    created_at: Mapped[datetime] = mapped_column(UtcTime)
    seen_at: Mapped[datetime] = mapped_column(UtcTime)
    proved_at: Mapped[datetime] = mapped_column(UtcTime)
    """When the password was last given in it."""


class DeviceRow(Base):
    """A machine that is linked to an account."""

    __tablename__ = "devices"

    id: Mapped[str] = mapped_column(String(32), primary_key=True, default=new_id)
    account_id: Mapped[str] = _of_account()
    name: Mapped[str] = mapped_column(String(DEVICE_NAME_LENGTH))
    """As it called itself, and its owner confirmed."""
    system: Mapped[str] = mapped_column(String(SYSTEM_LENGTH))
    scope: Mapped[str] = mapped_column(String(40))
    generation: Mapped[int]
    """Of its tokens: each refresh begins another."""
    proved: Mapped[bool]
    """A token of this generation was used, so it has arrived."""
    created_at: Mapped[datetime] = mapped_column(UtcTime)
    seen_at: Mapped[datetime] = mapped_column(UtcTime)


class DeviceTokenRow(Base):
    """A key of a machine, as a digest. Refresh tokens stay until they are too old, to know one that is used again."""

    __tablename__ = "device_tokens"

    digest: Mapped[bytes] = mapped_column(LargeBinary(DIGEST_BYTES), primary_key=True)
    device_id: Mapped[str] = mapped_column(String(32), ForeignKey("devices.id", ondelete="CASCADE"), index=True)
    account_id: Mapped[str] = _of_account()
    kind: Mapped[str] = mapped_column(String(10))
    """``access`` or ``refresh``."""
    generation: Mapped[int]
    spent: Mapped[bool]
    """Another of the same generation was issued in its place."""
    created_at: Mapped[datetime] = mapped_column(UtcTime)
    expires_at: Mapped[datetime] = mapped_column(UtcTime, index=True)


class GrantRow(Base):
    """A machine that asks to be linked. Nobody's until somebody has answered; gone within two hours."""

    __tablename__ = "grants"

    digest: Mapped[bytes] = mapped_column(LargeBinary(DIGEST_BYTES), primary_key=True)
    user_digest: Mapped[bytes] = mapped_column(LargeBinary(DIGEST_BYTES), unique=True)
    account_id: Mapped[str | None] = mapped_column(
        String(32), ForeignKey("accounts.id", ondelete="CASCADE"), index=True
    )
    device_id: Mapped[str | None] = mapped_column(String(32), ForeignKey("devices.id", ondelete="CASCADE"), index=True)
    name: Mapped[str] = mapped_column(String(DEVICE_NAME_LENGTH))
    system: Mapped[str] = mapped_column(String(SYSTEM_LENGTH))
    come_from: Mapped[str] = mapped_column(String(64))
    scope: Mapped[str] = mapped_column(String(40))
    state: Mapped[str] = mapped_column(String(10))
    """``waiting``, ``allowed`` or ``denied``."""
    interval_s: Mapped[int]
    polled_at: Mapped[datetime | None] = mapped_column(UtcTime)
    created_at: Mapped[datetime] = mapped_column(UtcTime)
    expires_at: Mapped[datetime] = mapped_column(UtcTime, index=True)


class ProjectRow(Base):
    """What reports are versions of. Its key is the machine's, and opaque; its name is there if it was sent."""

    __tablename__ = "projects"
    __table_args__ = (UniqueConstraint("account_id", "key"),)

    id: Mapped[str] = mapped_column(String(32), primary_key=True, default=new_id)
    account_id: Mapped[str] = _of_account()
    key: Mapped[str] = mapped_column(String(64))
    name: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(UtcTime)


class ReportRow(Base):
    """One report: the document as it came, and the few columns lists need."""

    __tablename__ = "reports"
    __table_args__ = (
        Index(None, "account_id", "received_at", "id"),
        Index(None, "project_id", "made_at", "received_at", "id"),
    )

    account_id: Mapped[str] = mapped_column(String(32), ForeignKey("accounts.id", ondelete="CASCADE"), primary_key=True)
    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    """The machine's. Two accounts may have the same: a machine can be linked to one after the other."""
    project_id: Mapped[str] = mapped_column(String(32), ForeignKey("projects.id", ondelete="CASCADE"))
    device_id: Mapped[str | None] = mapped_column(String(32), ForeignKey("devices.id", ondelete="SET NULL"), index=True)
    made_at: Mapped[datetime] = mapped_column(UtcTime)
    received_at: Mapped[datetime] = mapped_column(UtcTime)
    sha256: Mapped[str] = mapped_column(String(64))
    """Of the document."""
    schema: Mapped[str] = mapped_column(String(40))
    engine: Mapped[str] = mapped_column(String(40))
    readable: Mapped[bool]
    source_sha256: Mapped[str | None] = mapped_column(String(64))
    """Of the mix: the same file measured again is no new version."""
    source_name: Mapped[str | None] = mapped_column(Text)
    score: Mapped[float | None] = mapped_column(Double)
    coverage: Mapped[float | None] = mapped_column(Double)
    genre: Mapped[str | None] = mapped_column(String(80))
    target: Mapped[str | None] = mapped_column(String(20))
    document: Mapped[str] = mapped_column(Text)


class DeletedReportRow(Base):
    """A report that was deleted. Its id stays, or one that was late on its way would bring it back."""

    __tablename__ = "deleted_reports"

    account_id: Mapped[str] = mapped_column(String(32), ForeignKey("accounts.id", ondelete="CASCADE"), primary_key=True)
    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    deleted_at: Mapped[datetime] = mapped_column(UtcTime)


class DismissalRow(Base):
    """The last word on whether a finding of a project, or a whole rule (then ``finding`` is empty), is meant."""

    __tablename__ = "dismissals"

    project_id: Mapped[str] = mapped_column(String(32), ForeignKey("projects.id", ondelete="CASCADE"), primary_key=True)
    rule: Mapped[str] = mapped_column(String(80), primary_key=True)
    finding: Mapped[str] = mapped_column(String(120), primary_key=True)
    account_id: Mapped[str] = _of_account()
    dismissed: Mapped[bool]
    """False once it was taken back: that has to be known, or an older word would count again."""
    decided_at: Mapped[datetime] = mapped_column(UtcTime)
    severity: Mapped[str | None] = mapped_column(String(16))
    report_id: Mapped[str | None] = mapped_column(String(32))


class FeedRow(Base):
    """How far an account's changes have been counted, and up to where they were swept away."""

    __tablename__ = "feeds"

    account_id: Mapped[str] = mapped_column(String(32), ForeignKey("accounts.id", ondelete="CASCADE"), primary_key=True)
    head: Mapped[int]
    swept: Mapped[int]


class ChangeRow(Base):
    """Something that happened to what is kept, for machines that were not there; written in the same transaction."""

    __tablename__ = "changes"

    account_id: Mapped[str] = mapped_column(String(32), ForeignKey("accounts.id", ondelete="CASCADE"), primary_key=True)
    sequence: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(20))
    what: Mapped[str] = mapped_column(Text)
    """``uptrack_bridges.account_changes.Change`` as JSON."""
    made_at: Mapped[datetime] = mapped_column(UtcTime, index=True)


class LinkRow(Base):
    """A link in a letter, that proves who reads it. Kept as a digest, too."""

    __tablename__ = "links"

    digest: Mapped[bytes] = mapped_column(LargeBinary(DIGEST_BYTES), primary_key=True)
    account_id: Mapped[str] = _of_account()
    purpose: Mapped[str] = mapped_column(String(10))
    email: Mapped[str | None] = mapped_column(String(EMAIL_LENGTH))
    """The address that it proves, where that is not the account's yet."""
    expires_at: Mapped[datetime] = mapped_column(UtcTime, index=True)


class LetterRow(Base):
    """A letter to be sent, written in the transaction that has a reason for it; gone once it is."""

    __tablename__ = "letters"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    account_id: Mapped[str] = _of_account()
    essential: Mapped[bool]
    """Of security or money. Others are sent only to who wants them."""
    address: Mapped[str | None] = mapped_column(String(EMAIL_LENGTH))
    """Where to, if not to the account's: one that is to be proved, or was the account's until now."""
    subject: Mapped[str] = mapped_column(Text)
    text: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(UtcTime)
    due_at: Mapped[datetime] = mapped_column(UtcTime, index=True)
    attempts: Mapped[int] = mapped_column(default=0)


class TryRow(Base):
    """How often something was tried lately. The subject is a keyed digest: no address can be read from it."""

    __tablename__ = "tries"
    __table_args__ = (Index(None, "until"),)

    action: Mapped[str] = mapped_column(String(20), primary_key=True)
    subject: Mapped[bytes] = mapped_column(LargeBinary(DIGEST_BYTES), primary_key=True)
    count: Mapped[int]
    until: Mapped[datetime] = mapped_column(UtcTime)


class UploadRow(Base):
    """Audio that was sent to be analysed. The row outlives it, as a receipt of when it was deleted."""

    __tablename__ = "uploads"
    __table_args__ = (Index(None, "deleted_at", "delete_by"),)

    account_id: Mapped[str] = mapped_column(String(32), ForeignKey("accounts.id", ondelete="CASCADE"), primary_key=True)
    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    """The machine's, as with reports."""
    object_key: Mapped[str] = mapped_column(String(80), unique=True)
    device_id: Mapped[str | None] = mapped_column(String(32), ForeignKey("devices.id", ondelete="SET NULL"), index=True)
    name: Mapped[str | None] = mapped_column(Text)
    kind: Mapped[str] = mapped_column(String(4))
    """``wav`` or ``mp3``."""
    bytes: Mapped[int] = mapped_column(BigInteger)
    sha256: Mapped[str] = mapped_column(String(64))
    """Tells the same upload again from another; a report has it too, as its mix's."""
    project_key: Mapped[str] = mapped_column(String(64))
    project_name: Mapped[str | None] = mapped_column(Text)
    keep_days: Mapped[int]
    state: Mapped[str] = mapped_column(String(10))
    """``waiting``, ``analysing``, ``done``, ``failed``; ``deleted`` if its audio went before it was analysed."""
    reason: Mapped[str | None] = mapped_column(Text)
    """Why it is failed or deleted, in a sentence."""
    report_id: Mapped[str | None] = mapped_column(String(32))
    created_at: Mapped[datetime] = mapped_column(UtcTime)
    analysed_at: Mapped[datetime | None] = mapped_column(UtcTime)
    delete_by: Mapped[datetime] = mapped_column(UtcTime)
    deleted_at: Mapped[datetime | None] = mapped_column(UtcTime)


class JobRow(Base):
    """Something that is to be analysed, until it is; of jobs that are kept here and not by procrastinate."""

    __tablename__ = "jobs"
    __table_args__ = (UniqueConstraint("account_id", "upload_id"),)

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    account_id: Mapped[str] = _of_account()
    upload_id: Mapped[str] = mapped_column(String(32))
    worker: Mapped[str | None] = mapped_column(String(32), index=True)
    """Who has it; nobody while it waits."""
    attempts: Mapped[int]
    beat_at: Mapped[datetime | None] = mapped_column(UtcTime)
    """When its worker was last heard of."""


class SubscriptionRow(Base):
    """How an account stands with Stripe: what it last said, and what was begun there.

    No card, no name, no address: those are Stripe's (promise P4).
    """

    __tablename__ = "subscriptions"

    account_id: Mapped[str] = mapped_column(String(32), ForeignKey("accounts.id", ondelete="CASCADE"), primary_key=True)
    customer_key: Mapped[str] = mapped_column(String(32), default=new_id)
    """Under which the customer is made, so that it is made once."""
    customer_id: Mapped[str | None] = mapped_column(String(STRIPE_ID_LENGTH), unique=True)
    """Stripe's number for the account."""
    checkout_attempt: Mapped[str | None] = mapped_column(String(32))
    """Under which a page to pay on is being made, until it is."""
    checkout_id: Mapped[str | None] = mapped_column(String(STRIPE_ID_LENGTH))
    checkout_ends_at: Mapped[datetime | None] = mapped_column(UtcTime)
    subscription_id: Mapped[str | None] = mapped_column(String(STRIPE_ID_LENGTH))
    status: Mapped[str | None] = mapped_column(String(40))
    """Stripe's word; ``None`` while there never was a subscription."""
    price: Mapped[str | None] = mapped_column(String(STRIPE_ID_LENGTH))
    period_start: Mapped[datetime | None] = mapped_column(UtcTime)
    period_end: Mapped[datetime | None] = mapped_column(UtcTime)
    cancel_at_period_end: Mapped[bool] = mapped_column(default=False)
    ends_at: Mapped[datetime | None] = mapped_column(UtcTime)
    refund: Mapped[str | None] = mapped_column(String(5))
    """Of the last payment: ``part`` or ``whole``."""
    fetched_at: Mapped[datetime | None] = mapped_column(UtcTime)
    edition: Mapped[int] = mapped_column(default=0)
    """One more with every answer of Stripe's that is stored: who asked before the last one asks again."""


class StripeEventRow(Base):
    """An event of Stripe's that was dealt with; kept as long as it may come again."""

    __tablename__ = "stripe_events"

    id: Mapped[str] = mapped_column(String(STRIPE_ID_LENGTH), primary_key=True)
    account_id: Mapped[str] = _of_account()
    seen_at: Mapped[datetime] = mapped_column(UtcTime, index=True)


class ErrandRow(Base):
    """A customer that Stripe is to delete, whose account is gone; of whom it was is not known any more."""

    __tablename__ = "errands"

    customer_id: Mapped[str] = mapped_column(String(STRIPE_ID_LENGTH), primary_key=True)
    created_at: Mapped[datetime] = mapped_column(UtcTime)
    due_at: Mapped[datetime] = mapped_column(UtcTime, index=True)
    attempts: Mapped[int] = mapped_column(default=0)


class UsageRow(Base):
    """How many hosted analyses an account has had in a month (promise P5)."""

    __tablename__ = "usage"

    account_id: Mapped[str] = mapped_column(String(32), ForeignKey("accounts.id", ondelete="CASCADE"), primary_key=True)
    month: Mapped[str] = mapped_column(String(7), primary_key=True)
    """As "2026-11"."""
    analyses: Mapped[int] = mapped_column(default=0)


class ErasureRow(Base):
    """An account that is gone, whose audio is still to be deleted: nothing is known of it but where that lies."""

    __tablename__ = "erasures"

    prefix: Mapped[str] = mapped_column(String(33), primary_key=True)
    since: Mapped[datetime] = mapped_column(UtcTime)


ACCOUNT_TABLES = tuple(table for table in Base.metadata.sorted_tables if "account_id" in table.columns)
"""All that say something of one account, for export and erasure."""
