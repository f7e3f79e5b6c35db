"""Whether the account is to have a report's audio, too, or may have it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("outbox", sa.Column("audio", sa.String(10), nullable=True))


def downgrade() -> None:
    op.drop_column("outbox", "audio")
