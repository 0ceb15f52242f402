"""Runs the migrations: over the connection that ``caseway.db.migrate`` hands in, or over DATABASE_URL for alembic's own
command line. With ``--sql`` it writes the statements out instead, for review and for the migration linter."""

from __future__ import annotations

import importlib
from pathlib import Path

from alembic import context
from sqlalchemy import Connection, Engine

import caseway
from caseway.db import migrate, server
from caseway.db.base import Model
from caseway.settings import Settings

#: A migration that cannot get its lock gives up instead of holding up everybody who queues behind it.
LOCK_TIMEOUT = "5s"
#: A statement that runs longer belongs into a batch job, not into a migration.
STATEMENT_TIMEOUT = "15min"

# Every slice declares its tables in models.py, the machinery its own in db/support_models.py; importing them fills
# Model.metadata. They are looked up, not listed, so that a new slice cannot be forgotten.
_PACKAGE = Path(caseway.__file__).parent
for module in sorted(_PACKAGE.glob("*/*models.py")):
    importlib.import_module(f"caseway.{module.parent.name}.{module.stem}")

target_metadata = Model.metadata
OPTIONS = {
    "target_metadata": target_metadata,
    "transaction_per_migration": True,
    "compare_server_default": True,
    "compare_type": True,
}


def run(connection: Connection) -> None:
    """Migrate over an open connection."""
    connection.exec_driver_sql(f"SET lock_timeout = '{LOCK_TIMEOUT}'")
    connection.exec_driver_sql(f"SET statement_timeout = '{STATEMENT_TIMEOUT}'")
    connection.commit()
    context.configure(connection=connection, **OPTIONS)
    with context.begin_transaction():
        context.run_migrations()


def run_online() -> None:
    """Migrate over the connection (or engine) handed in, else over one to the configured database."""
    given = context.config.attributes.get("connection")
    if isinstance(given, Engine):
        with given.connect() as connection:
            run(connection)
        return
    if given is not None:
        run(given)
        return
    with server.running(Settings()) as address, migrate.connect(address) as connection:
        run(connection)


def run_on_paper() -> None:
    """Write the statements out."""
    context.configure(dialect_name="postgresql", literal_binds=True, **OPTIONS)
    with context.begin_transaction():
        context.execute(f"SET lock_timeout = '{LOCK_TIMEOUT}'")
        context.execute(f"SET statement_timeout = '{STATEMENT_TIMEOUT}'")
        context.run_migrations()


if context.is_offline_mode():
    run_on_paper()
else:
    run_online()
