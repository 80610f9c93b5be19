"""Entry point of Alembic, on the connection that `database.upgrade` passes in."""

from alembic import context

from monitoring.store.schema import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    transactional_ddl=True,  # in SQLite too: the store begins its transactions itself
)
with context.begin_transaction():
    context.run_migrations()
