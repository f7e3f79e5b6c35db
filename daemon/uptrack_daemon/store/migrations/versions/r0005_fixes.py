"""Fixes that were applied in a DAW, and what the next version of the project showed of them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "fixes",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("project_key", sa.Text(), nullable=False),
        sa.Column("report_id", sa.String(32), nullable=False),
        sa.Column("finding", sa.Text(), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("applied_at", sa.DateTime(), nullable=False),
        sa.Column("checked_in", sa.String(32), nullable=True),
        sa.Column("outcome", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["report_id"], ["reports.id"], name=op.f("fk_fixes_report_id_reports"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_fixes")),
    )
    op.create_index(op.f("ix_fixes_project_key"), "fixes", ["project_key"])
    op.create_index(op.f("ix_fixes_report_id"), "fixes", ["report_id"])
    op.create_index(op.f("ix_fixes_checked_in"), "fixes", ["checked_in"])


def downgrade() -> None:
    op.drop_table("fixes")
