"""How bad a finding was when it was dismissed: what has grown worse since is told again."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("dismissals") as dismissals:
        dismissals.add_column(sa.Column("severity", sa.String(16), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("dismissals") as dismissals:
        dismissals.drop_column("severity")
