"""Alembic's entry: runs inside the transaction of the connection it is given."""

from alembic import context

# No models are imported: a migration says what it does, models may be ahead of it.
context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=context.config.attributes.get("metadata"),
    render_as_batch=True,  # SQLite changes columns by copying the table
)
with context.begin_transaction():
    context.run_migrations()
