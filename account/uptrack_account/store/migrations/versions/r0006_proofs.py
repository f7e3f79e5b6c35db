"""When a password was last given, an address that is to be proved, and which privacy policy somebody has seen."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    with op.batch_alter_table("accounts") as table:
        table.add_column(sa.Column("policy_seen", sa.String(10)))
        table.add_column(sa.Column("policy_told", sa.String(10)))
    with op.batch_alter_table("sessions") as table:
        table.add_column(sa.Column("proved_at", TIME))
    op.execute("UPDATE sessions SET proved_at = created_at")
    with op.batch_alter_table("sessions") as table:
        table.alter_column("proved_at", existing_type=TIME, nullable=False)
    with op.batch_alter_table("links") as table:
        table.add_column(sa.Column("email", sa.String(254)))
    with op.batch_alter_table("letters") as table:
        table.add_column(sa.Column("address", sa.String(254)))


def downgrade() -> None:
    for name, columns in (
        ("letters", ("address",)),
        ("links", ("email",)),
        ("sessions", ("proved_at",)),
        ("accounts", ("policy_told", "policy_seen")),
    ):
        # Not as a batch: SQLite would drop the table to copy it, and all that points at it would go with its rows.
        for column in columns:
            op.drop_column(name, column)
