"""Machines that are linked to an account, their tokens, and those that ask to be linked."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

TIME = sa.DateTime(timezone=True)


def _to(table: str, column: str, other: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        [column], [f"{other}.id"], name=op.f(f"fk_{table}_{column}_{other}"), ondelete="CASCADE"
    )


def upgrade() -> None:
    op.create_table(
        "devices",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("account_id", sa.String(32), nullable=False),
        sa.Column("name", sa.String(80), nullable=False),
        sa.Column("system", sa.String(40), nullable=False),
        sa.Column("scope", sa.String(40), nullable=False),
        sa.Column("generation", sa.Integer(), nullable=False),
        sa.Column("proved", sa.Boolean(), nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("seen_at", TIME, nullable=False),
        _to("devices", "account_id", "accounts"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_devices")),
    )
    op.create_index(op.f("ix_devices_account_id"), "devices", ["account_id"])
    op.create_table(
        "device_tokens",
        sa.Column("digest", sa.LargeBinary(32), nullable=False),
        sa.Column("device_id", sa.String(32), nullable=False),
        sa.Column("account_id", sa.String(32), nullable=False),
        sa.Column("kind", sa.String(10), nullable=False),
        sa.Column("generation", sa.Integer(), nullable=False),
        sa.Column("spent", sa.Boolean(), nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("expires_at", TIME, nullable=False),
        _to("device_tokens", "device_id", "devices"),
        _to("device_tokens", "account_id", "accounts"),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_device_tokens")),
    )
    for column in ("device_id", "account_id", "expires_at"):
        op.create_index(op.f(f"ix_device_tokens_{column}"), "device_tokens", [column])
    op.create_table(
        "grants",
        sa.Column("digest", sa.LargeBinary(32), nullable=False),
        sa.Column("user_digest", sa.LargeBinary(32), nullable=False),
        sa.Column("account_id", sa.String(32)),
        sa.Column("device_id", sa.String(32)),
        sa.Column("name", sa.String(80), nullable=False),
        sa.Column("system", sa.String(40), nullable=False),
        sa.Column("come_from", sa.String(64), nullable=False),
        sa.Column("scope", sa.String(40), nullable=False),
        sa.Column("state", sa.String(10), nullable=False),
        sa.Column("interval_s", sa.Integer(), nullable=False),
        sa.Column("polled_at", TIME),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("expires_at", TIME, nullable=False),
        _to("grants", "account_id", "accounts"),
        _to("grants", "device_id", "devices"),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_grants")),
        sa.UniqueConstraint("user_digest", name=op.f("uq_grants_user_digest")),
    )
    for column in ("account_id", "device_id", "expires_at"):
        op.create_index(op.f(f"ix_grants_{column}"), "grants", [column])


def downgrade() -> None:
    for table in ("grants", "device_tokens", "devices"):
        op.drop_table(table)
