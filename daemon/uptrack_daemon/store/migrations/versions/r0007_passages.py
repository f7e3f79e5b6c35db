"""Reports of passages, which belong to the run they are a passage of and are no version of the project."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("reports") as reports:
        reports.add_column(sa.Column("passage_of", sa.String(32), nullable=True))
        reports.create_index(op.f("ix_reports_passage_of"), ["passage_of"])


def downgrade() -> None:
    with op.batch_alter_table("reports") as reports:
        reports.drop_index(op.f("ix_reports_passage_of"))
        reports.drop_column("passage_of")
