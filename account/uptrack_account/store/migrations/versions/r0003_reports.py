"""Projects, their reports, and which of them were deleted."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

TIME = sa.DateTime(timezone=True)


def _to(table: str, column: str, other: str, ondelete: str = "CASCADE") -> sa.ForeignKeyConstraint:
    name = op.f(f"fk_{table}_{column}_{other}")
    return sa.ForeignKeyConstraint([column], [f"{other}.id"], name=name, ondelete=ondelete)


def upgrade() -> None:
    op.create_table(
        "projects",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("account_id", sa.String(32), nullable=False),
        sa.Column("key", sa.String(64), nullable=False),
        sa.Column("name", sa.Text()),
        sa.Column("created_at", TIME, nullable=False),
        _to("projects", "account_id", "accounts"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_projects")),
        sa.UniqueConstraint("account_id", "key", name=op.f("uq_projects_account_id_key")),
    )
    op.create_index(op.f("ix_projects_account_id"), "projects", ["account_id"])
    op.create_table(
        "reports",
        sa.Column("account_id", sa.String(32), nullable=False),
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("project_id", sa.String(32), nullable=False),
        sa.Column("device_id", sa.String(32)),
        sa.Column("made_at", TIME, nullable=False),
        sa.Column("received_at", TIME, nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("schema", sa.String(40), nullable=False),
        sa.Column("engine", sa.String(40), nullable=False),
        sa.Column("readable", sa.Boolean(), nullable=False),
        sa.Column("source_sha256", sa.String(64)),
        sa.Column("source_name", sa.Text()),
        sa.Column("score", sa.Double()),
        sa.Column("coverage", sa.Double()),
        sa.Column("genre", sa.String(80)),
        sa.Column("target", sa.String(20)),
        sa.Column("document", sa.Text(), nullable=False),
        _to("reports", "account_id", "accounts"),
        _to("reports", "project_id", "projects"),
        _to("reports", "device_id", "devices", "SET NULL"),
        sa.PrimaryKeyConstraint("account_id", "id", name=op.f("pk_reports")),
    )
    op.create_index(op.f("ix_reports_account_id_received_at_id"), "reports", ["account_id", "received_at", "id"])
    op.create_index(op.f("ix_reports_project_id_made_at"), "reports", ["project_id", "made_at"])
    op.create_index(op.f("ix_reports_device_id"), "reports", ["device_id"])
    op.create_table(
        "deleted_reports",
        sa.Column("account_id", sa.String(32), nullable=False),
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("deleted_at", TIME, nullable=False),
        _to("deleted_reports", "account_id", "accounts"),
        sa.PrimaryKeyConstraint("account_id", "id", name=op.f("pk_deleted_reports")),
    )


def downgrade() -> None:
    for table in ("deleted_reports", "reports", "projects"):
        op.drop_table(table)
