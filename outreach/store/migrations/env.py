"""Runs migrations on the connection that store/migrate.py hands over."""

from alembic import context

from outreach.store.tables import metadata

connection = context.config.attributes["connection"]
context.configure(connection=connection, target_metadata=metadata, render_as_batch=True)
context.run_migrations()
