"""How accounts stand with Stripe, which events of its were seen, and which customers it is to delete."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

TIME = sa.DateTime(timezone=True)


def _to_account(table: str) -> sa.ForeignKeyConstraint:
    name = op.f(f"fk_{table}_account_id_accounts")
    return sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=name, ondelete="CASCADE")


def upgrade() -> None:
    op.create_table(
        "subscriptions",
        sa.Column("account_id", sa.String(32), nullable=False),
        sa.Column("customer_key", sa.String(32), nullable=False),
        sa.Column("customer_id", sa.String(255)),
        sa.Column("checkout_attempt", sa.String(32)),
        sa.Column("checkout_id", sa.String(255)),
        sa.Column("checkout_ends_at", TIME),
        sa.Column("subscription_id", sa.String(255)),
        sa.Column("status", sa.String(40)),
        sa.Column("price", sa.String(255)),
        sa.Column("period_start", TIME),
        sa.Column("period_end", TIME),
        sa.Column("cancel_at_period_end", sa.Boolean(), nullable=False),
        sa.Column("ends_at", TIME),
        sa.Column("refund", sa.String(5)),
        sa.Column("fetched_at", TIME),
        sa.Column("edition", sa.Integer(), nullable=False),
        _to_account("subscriptions"),
        sa.PrimaryKeyConstraint("account_id", name=op.f("pk_subscriptions")),
        sa.UniqueConstraint("customer_id", name=op.f("uq_subscriptions_customer_id")),
    )
    op.create_table(
        "stripe_events",
        sa.Column("id", sa.String(255), nullable=False),
        sa.Column("account_id", sa.String(32), nullable=False),
        sa.Column("seen_at", TIME, nullable=False),
        _to_account("stripe_events"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_stripe_events")),
    )
    op.create_index(op.f("ix_stripe_events_account_id"), "stripe_events", ["account_id"])
    op.create_index(op.f("ix_stripe_events_seen_at"), "stripe_events", ["seen_at"])
    op.create_table(
        "errands",
        sa.Column("customer_id", sa.String(255), nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("due_at", TIME, nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("customer_id", name=op.f("pk_errands")),
    )
    op.create_index(op.f("ix_errands_due_at"), "errands", ["due_at"])


def downgrade() -> None:
    for table in ("errands", "stripe_events", "subscriptions"):
        op.drop_table(table)
