"""Every report belongs to a project, so that versions of one mix find each other."""

from __future__ import annotations

import os
from pathlib import Path

import sqlalchemy as sa
from alembic import op

from uptrack_bridges.messages import Project
from uptrack_daemon.projects import project_of

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("reports") as reports:
        reports.add_column(sa.Column("project_key", sa.Text(), nullable=False, server_default=""))
    # What is there is given its project now, as it would be given one today.
    connection = op.get_bind()
    rows = connection.execute(sa.text("SELECT id, project_id, project_name, source_path FROM reports")).all()
    for report_id, project_id, name, source_path in rows:
        path = Path(os.fsdecode(source_path))
        # A watched folder used to name the project after the file: that is no word of the user's.
        said = Project.model_construct(id=project_id, name=None if name == path.stem else name)
        project = project_of(said, path)
        connection.execute(
            sa.text("UPDATE reports SET project_key = :key, project_name = :name WHERE id = :id"),
            {"key": project.key, "name": project.name, "id": report_id},
        )
    with op.batch_alter_table("reports") as reports:
        reports.alter_column("project_key", server_default=None)
        reports.create_index(op.f("ix_reports_project_key_created_at"), ["project_key", "created_at"])


def downgrade() -> None:
    with op.batch_alter_table("reports") as reports:
        reports.drop_index(op.f("ix_reports_project_key_created_at"))
        reports.drop_column("project_key")
