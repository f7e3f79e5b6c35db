"""What was decided about findings, as an account is told; and how far the account's changes were followed."""

from __future__ import annotations

import json
import secrets

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    decisions = op.create_table(
        "decisions",
        sa.Column("project_key", sa.Text(), nullable=False),
        sa.Column("rule", sa.String(80), nullable=False),
        sa.Column("finding", sa.Text(), nullable=False),
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("dismissed", sa.Boolean(), nullable=False),
        sa.Column("decided_at", sa.DateTime(), nullable=False),
        sa.Column("severity", sa.String(16), nullable=True),
        sa.Column("report_id", sa.String(32), nullable=True),
        sa.Column("on_account", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("project_key", "rule", "finding", name=op.f("pk_decisions")),
        sa.UniqueConstraint("id", name=op.f("uq_decisions_id")),
    )
    op.create_table(
        "account_feed",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("cursor", sa.Integer(), nullable=True),
        sa.Column("followed_at", sa.DateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_account_feed")),
    )
    dismissals = sa.table(
        "dismissals",
        *(sa.column(name) for name in ("project_key", "rule", "findings", "severity", "report_id")),
        sa.column("created_at", sa.DateTime()),
    )
    known: dict[tuple[str, str, str], dict[str, object]] = {}
    for row in op.get_bind().execute(sa.select(dismissals).order_by(dismissals.c.created_at)):
        for finding in json.loads(row.findings) or [""]:
            known[row.project_key, row.rule, finding] = {
                "project_key": row.project_key,
                "rule": row.rule,
                "finding": finding,
                "id": secrets.token_hex(8),
                "dismissed": True,
                "decided_at": row.created_at,
                "severity": row.severity,
                "report_id": row.report_id,
                "on_account": False,
            }
    if known:
        op.bulk_insert(decisions, list(known.values()))


def downgrade() -> None:
    op.drop_table("account_feed")
    op.drop_table("decisions")
