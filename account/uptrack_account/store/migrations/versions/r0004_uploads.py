"""Uploaded audio, what waits to be analysed, how many analyses a month had, and what is still to be erased."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

TIME = sa.DateTime(timezone=True)


def _to(table: str, column: str, other: str, ondelete: str = "CASCADE") -> sa.ForeignKeyConstraint:
    name = op.f(f"fk_{table}_{column}_{other}")
    return sa.ForeignKeyConstraint([column], [f"{other}.id"], name=name, ondelete=ondelete)


def upgrade() -> None:
    op.create_table(
        "uploads",
        sa.Column("account_id", sa.String(32), nullable=False),
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("object_key", sa.String(80), nullable=False),
        sa.Column("device_id", sa.String(32)),
        sa.Column("name", sa.Text()),
        sa.Column("kind", sa.String(4), nullable=False),
        sa.Column("bytes", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("project_key", sa.String(64), nullable=False),
        sa.Column("project_name", sa.Text()),
        sa.Column("keep_days", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(10), nullable=False),
        sa.Column("reason", sa.Text()),
        sa.Column("report_id", sa.String(32)),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("analysed_at", TIME),
        sa.Column("delete_by", TIME, nullable=False),
        sa.Column("deleted_at", TIME),
        _to("uploads", "account_id", "accounts"),
        _to("uploads", "device_id", "devices", "SET NULL"),
        sa.PrimaryKeyConstraint("account_id", "id", name=op.f("pk_uploads")),
        sa.UniqueConstraint("object_key", name=op.f("uq_uploads_object_key")),
    )
    op.create_index(op.f("ix_uploads_deleted_at_delete_by"), "uploads", ["deleted_at", "delete_by"])
    op.create_index(op.f("ix_uploads_device_id"), "uploads", ["device_id"])
    op.create_table(
        "jobs",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("account_id", sa.String(32), nullable=False),
        sa.Column("upload_id", sa.String(32), nullable=False),
        sa.Column("worker", sa.String(32)),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("beat_at", TIME),
        _to("jobs", "account_id", "accounts"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_jobs")),
        sa.UniqueConstraint("account_id", "upload_id", name=op.f("uq_jobs_account_id_upload_id")),
    )
    for column in ("account_id", "worker"):
        op.create_index(op.f(f"ix_jobs_{column}"), "jobs", [column])
    op.create_table(
        "usage",
        sa.Column("account_id", sa.String(32), nullable=False),
        sa.Column("month", sa.String(7), nullable=False),
        sa.Column("analyses", sa.Integer(), nullable=False),
        _to("usage", "account_id", "accounts"),
        sa.PrimaryKeyConstraint("account_id", "month", name=op.f("pk_usage")),
    )
    op.create_table(
        "erasures",
        sa.Column("prefix", sa.String(33), nullable=False),
        sa.Column("since", TIME, nullable=False),
        sa.PrimaryKeyConstraint("prefix", name=op.f("pk_erasures")),
    )


def downgrade() -> None:
    for table in ("erasures", "usage", "jobs", "uploads"):
        op.drop_table(table)
