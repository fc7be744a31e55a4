"""Alembic's entry point; the connection is handed in by `paribus.store.schema`."""

from alembic import context

from paribus.store.columns import metadata

connection = context.config.attributes["connection"]
context.configure(connection=connection, target_metadata=metadata, render_as_batch=True)
with context.begin_transaction():
    context.run_migrations()
