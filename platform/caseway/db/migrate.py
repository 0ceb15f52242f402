"""Bringing a database to the present schema: alembic, run by the program itself and by one process at a time."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, create_engine, pool

from caseway import bundle
from caseway.db.address import Address
from caseway.db.base import Model
from caseway.errors import CasewayError

#: The advisory locks of a migrating process ("case" in ASCII) and of one that loads data; any numbers do, as long as
#: they stay the same.
_MIGRATING, _LOADING = 0x63617365, 0x63617366


class MigrationBusy(CasewayError):
    """Another process is preparing this database and has not finished in time: wait for it, then start again."""

    code = "MIGRATION_BUSY"


class SchemaOutdated(CasewayError):
    """The database's schema does not match this release: run `caseway migrate`."""

    code = "SCHEMA_OUTDATED"


def configuration(connection: Connection | None = None) -> Config:
    """Alembic's configuration with the migrations of this installation (checkout or wheel) and an open connection."""
    config = Config()
    config.set_main_option("script_location", str(bundle.path("alembic")).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    if connection is not None:
        config.attributes["connection"] = connection
    return config


@contextmanager
def connect(address: Address) -> Iterator[Connection]:
    """One synchronous connection for migrations, outside any pool."""
    engine = create_engine(
        "postgresql+psycopg://",
        creator=lambda: psycopg.connect(address.dsn, application_name="caseway migrate", connect_timeout=10),
        poolclass=pool.NullPool,
    )
    try:
        with engine.connect() as connection:
            yield connection
    finally:
        engine.dispose()


def newest() -> str | None:
    """The newest revision that this installation brings."""
    return ScriptDirectory.from_config(configuration()).get_current_head()


def current(address: Address) -> str | None:
    """The revision that the database is at; None when it has never been migrated."""
    with connect(address) as connection:
        return _revision(connection)


def upgrade(
    address: Address,
    revision: str = "head",
    *,
    progress: Callable[[str], None] = lambda _: None,
    patience: float = 600.0,
) -> tuple[str | None, str | None]:
    """Run every missing migration, each in a transaction of its own; returns the revisions before and after. Any number
    of processes may call this at once: one works, the others wait (at most ``patience`` seconds) and find it done."""
    with connect(address) as connection, _alone(connection, _MIGRATING, progress, patience):
        before = _revision(connection)
        if before != newest() or revision != "head":
            progress("bringing the database to the present schema")
            command.upgrade(configuration(connection), revision)
        return before, _revision(connection)


def downgrade(address: Address, revision: str, *, patience: float = 600.0) -> None:
    """Undo migrations down to a revision (``base`` = all of them)."""
    with connect(address) as connection, _alone(connection, _MIGRATING, lambda _: None, patience):
        command.downgrade(configuration(connection), revision)


def check(address: Address) -> None:
    """Refuse when the database is not at the newest revision, or when the models say something the migrations do not
    (``alembic check``)."""
    with connect(address) as connection:
        found, wanted = _revision(connection), newest()
        if found != wanted:
            raise SchemaOutdated(
                f"the database is at revision {found}, this release needs {wanted}: run `caseway migrate`."
            )
        differences = _differences(connection)
    if differences:
        listed = "; ".join(_words(difference) for difference in differences[:10])
        raise SchemaOutdated(
            f"models and migrations differ in {len(differences)} places, write a migration: {listed}",
            count=len(differences),
        )


def _differences(connection: Connection) -> list[Any]:
    from alembic.runtime.environment import EnvironmentContext

    config = configuration(connection)
    script = ScriptDirectory.from_config(config)
    found: list[Any] = []

    def compare(_: Any, context: MigrationContext) -> list[Any]:
        found.extend(compare_metadata(context, Model.metadata))
        return []

    with EnvironmentContext(config, script, fn=compare):
        script.run_env()
    return found


def _words(difference: Any) -> str:
    """A difference as a short phrase: ``add_column office suspended_at``."""
    if isinstance(difference, list):  # several changes of one column
        return ", ".join(_words(part) for part in difference)
    named = (part if isinstance(part, str) else getattr(part, "name", None) for part in difference)
    return " ".join(str(part) for part in named if part)


def _revision(connection: Connection) -> str | None:
    revision = MigrationContext.configure(connection).get_current_revision()
    connection.rollback()
    return revision


@contextmanager
def loading(
    address: Address, *, progress: Callable[[str], None] = lambda _: None, patience: float = 600.0
) -> Iterator[None]:
    """One process at a time loads data (the demo, for example) into the database; the others wait."""
    with connect(address) as connection, _alone(connection, _LOADING, progress, patience):
        yield


@contextmanager
def _alone(connection: Connection, lock: int, progress: Callable[[str], None], patience: float) -> Iterator[None]:
    """Hold the session's advisory lock. It is asked for again and again rather than waited for: a waiting statement
    would hold a snapshot, and ``CREATE INDEX CONCURRENTLY`` in the working process would wait for that for ever."""
    deadline = time.monotonic() + patience
    told = False
    while not _scalar(connection, "SELECT pg_try_advisory_lock(%s)", lock):
        if time.monotonic() > deadline:
            raise MigrationBusy
        if not told:
            progress("waiting for another process that prepares the database")
            told = True
        time.sleep(0.25)
    try:
        yield
    finally:
        if not connection.closed and not connection.invalidated:
            connection.rollback()
            _scalar(connection, "SELECT pg_advisory_unlock(%s)", lock)


def _scalar(connection: Connection, statement: str, lock: int) -> Any:
    answer = connection.exec_driver_sql(statement, (lock,)).scalar()
    connection.commit()  # an advisory lock of the session outlives the transaction
    return answer
