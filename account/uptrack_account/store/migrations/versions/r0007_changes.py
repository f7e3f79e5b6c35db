"""What is meant in each project, and what has changed, for machines that ask."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

LATEST = "ix_reports_project_id_made_at_received_at_id"
TIME = sa.DateTime(timezone=True)


def _to(table: str, column: str, other: str) -> sa.ForeignKeyConstraint:
    name = op.f(f"fk_{table}_{column}_{other}")
    return sa.ForeignKeyConstraint([column], [f"{other}.id"], name=name, ondelete="CASCADE")


def upgrade() -> None:
    op.create_table(
        "dismissals",
        sa.Column("project_id", sa.String(32), nullable=False),
        sa.Column("rule", sa.String(80), nullable=False),
        sa.Column("finding", sa.String(120), nullable=False),
        sa.Column("account_id", sa.String(32), nullable=False),
        sa.Column("dismissed", sa.Boolean(), nullable=False),
        sa.Column("decided_at", TIME, nullable=False),
        sa.Column("severity", sa.String(16)),
        sa.Column("report_id", sa.String(32)),
        _to("dismissals", "project_id", "projects"),
        _to("dismissals", "account_id", "accounts"),
        sa.PrimaryKeyConstraint("project_id", "rule", "finding", name=op.f("pk_dismissals")),
    )
    op.create_index(op.f("ix_dismissals_account_id"), "dismissals", ["account_id"])
    op.create_table(
        "feeds",
        sa.Column("account_id", sa.String(32), nullable=False),
        sa.Column("head", sa.Integer(), nullable=False),
        sa.Column("swept", sa.Integer(), nullable=False),
        _to("feeds", "account_id", "accounts"),
        sa.PrimaryKeyConstraint("account_id", name=op.f("pk_feeds")),
    )
    op.create_table(
        "changes",
        sa.Column("account_id", sa.String(32), nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("what", sa.Text(), nullable=False),
        sa.Column("made_at", TIME, nullable=False),
        _to("changes", "account_id", "accounts"),
        sa.PrimaryKeyConstraint("account_id", "sequence", name=op.f("pk_changes")),
    )
    op.create_index(op.f("ix_changes_made_at"), "changes", ["made_at"])
    # The latest of each project without looking at the others.
    op.create_index(op.f(LATEST), "reports", ["project_id", "made_at", "received_at", "id"])
    op.drop_index(op.f("ix_reports_project_id_made_at"), "reports")


def downgrade() -> None:
    op.create_index(op.f("ix_reports_project_id_made_at"), "reports", ["project_id", "made_at"])
    op.drop_index(op.f(LATEST), "reports")
    for table in ("changes", "feeds", "dismissals"):
        op.drop_table(table)
