"""What Alembic runs: the migrations, on the connection ``migrate`` was given and inside its transaction."""

from __future__ import annotations

from alembic import context

from uptrack_account.store.models import Base

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    render_as_batch=True,  # SQLite alters a table by copying it
    transactional_ddl=True,
)
with context.begin_transaction():
    context.run_migrations()
