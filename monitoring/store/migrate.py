"""Migrate: bring a store's tables to what this version of the code reads and writes."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

from monitoring.store.database import StoreError, writing

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection, Engine

_LOCK = 7_631_902_584_417
"""Key of the advisory lock that is this project's in a PostgreSQL database."""


def upgrade(engine: Engine) -> None:
    """Bring the tables up to date; several processes may do so at once, one does the work.

    Raises
    ------
    StoreError
        The store was migrated by a newer version of the code.
    """
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    scripts = ScriptDirectory.from_config(config)
    newest = scripts.get_current_head()
    with engine.connect() as connection:
        if _revision(connection) == newest:
            return
    with writing(engine) as connection:  # SQLite has one writer; PostgreSQL is told here
        if connection.dialect.name == "postgresql":
            connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_LOCK)))
        current = _revision(connection)
        if current not in {None, *(script.revision for script in scripts.walk_revisions())}:
            msg = (
                f"the store {engine.url.render_as_string(hide_password=True)} has tables of "
                f"revision {current}, which this version of tocsin does not know: update tocsin"
            )
            raise StoreError(msg)
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


def _revision(connection: Connection) -> str | None:
    return MigrationContext.configure(connection).get_current_revision()
