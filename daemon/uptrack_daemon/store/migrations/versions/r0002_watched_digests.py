"""Watched files as one keyed digest each: what may stay when everything else is erased."""

from __future__ import annotations

import hmac
import os

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    watch_key = op.create_table(
        "watch_key",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("key", sa.LargeBinary(32), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_watch_key")),
    )
    key = os.urandom(32)
    op.bulk_insert(watch_key, [{"id": 1, "key": key}])
    known = op.get_bind().execute(sa.text("SELECT path_digest, size, mtime_ns FROM watched")).all()
    op.drop_table("watched")
    watched = op.create_table(
        "watched",
        sa.Column("digest", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_watched")),
    )
    # What was known stays known.
    op.bulk_insert(
        watched,
        [
            {"digest": hmac.digest(key, f"{path}:{size}:{mtime_ns}".encode("ascii"), "sha256").hex()}
            for path, size, mtime_ns in known
        ],
    )


def downgrade() -> None:
    op.drop_table("watched")
    op.drop_table("watch_key")
    op.create_table(
        "watched",
        sa.Column("path_digest", sa.String(64), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("mtime_ns", sa.BigInteger(), nullable=False),
        sa.Column("job_id", sa.String(32), nullable=True),
        sa.Column("seen_at", sa.DateTime(), nullable=False),
        sa.PrimaryKeyConstraint("path_digest", name=op.f("pk_watched")),
    )
