"""Alembic's entry: migrate on the connection that `lab.workspace.store.schema` opened."""

from alembic import context

from lab.workspace.store.tables import Base

context.configure(
    connection=context.config.attributes["connection"], target_metadata=Base.metadata, render_as_batch=True
)
with context.begin_transaction():
    context.run_migrations()
