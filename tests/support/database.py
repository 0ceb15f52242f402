"""Real PostgreSQL for tests: one throw-away cluster per run in memory, one migrated template, a clone per test."""

from __future__ import annotations

import fcntl
import itertools
import os
import re
import shutil
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg
from psycopg import sql

from caseway.cli import reference
from caseway.db import migrate
from caseway.db.address import Address
from caseway.db.embedded import EmbeddedPostgres

TEMPLATE = "caseway_template"
_PREFIX = "caseway-test-"


@dataclass(frozen=True, slots=True)
class FreshDatabase:
    """One clone of the migrated template."""

    name: str
    address: Address

    @property
    def url(self) -> str:
        """For ``caseway.db.session.Database``: ``postgresql+asyncpg://…``."""
        return self.address.sqlalchemy

    @property
    def dsn(self) -> str:
        """For psycopg (as superuser: it sees every row)."""
        return self.address.dsn


class Cluster:
    """The run's PostgreSQL; clones of its template are what tests work on."""

    def __init__(self, server: EmbeddedPostgres) -> None:
        self.server = server
        self._numbers = itertools.count(1)
        self._template_ready = False

    def empty(self, hint: str = "empty") -> FreshDatabase:
        """A database without any table."""
        return self._create(hint, "template0")

    def fresh(self, hint: str = "test", *, template: str | None = None) -> FreshDatabase:
        """A clone of the migrated template, or of a database the caller has prepared (with nobody connected)."""
        return self._create(hint, template or self.template())

    def template(self) -> str:
        """The name of the migrated template; made at the first use."""
        if not self._template_ready:
            address = self.server.address.with_database(TEMPLATE)
            self._execute(sql.SQL("CREATE DATABASE {} TEMPLATE template0").format(sql.Identifier(TEMPLATE)))
            migrate.upgrade(address)
            # In a thread of its own: a fixture may be asked for while a loop runs.
            with ThreadPoolExecutor(1) as beside:
                beside.submit(reference.load, address).result()
            self._template_ready = True
        return TEMPLATE

    def drop(self, database: FreshDatabase) -> None:
        """Remove a clone, also from under open connections."""
        self._execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(database.name)))

    def _create(self, hint: str, template: str) -> FreshDatabase:
        name = f"{re.sub(r'[^a-z0-9]+', '_', hint.lower())[:40]}_{next(self._numbers)}"
        self._execute(
            sql.SQL("CREATE DATABASE {} TEMPLATE {} STRATEGY file_copy").format(
                sql.Identifier(name), sql.Identifier(template)
            )
        )
        return FreshDatabase(name, self.server.address.with_database(name))

    def _execute(self, statement: sql.Composed) -> None:
        with psycopg.connect(self.server.address.with_database("postgres").dsn, autocommit=True) as connection:
            connection.execute(statement)


@contextmanager
def throwaway_cluster() -> Iterator[Cluster]:
    """A cluster that lives in memory and vanishes at the end. What killed test runs left behind is removed first."""
    root = _memory()
    _sweep(root)
    directory = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=root))
    directory.chmod(0o711)  # a server that drops from root to another account must get through
    with (directory / "alive").open("w") as alive:
        fcntl.flock(alive, fcntl.LOCK_EX)
        server = EmbeddedPostgres(directory, durable=False)
        try:
            server.start(timeout=120)
            yield Cluster(server)
        finally:
            server.destroy()
            shutil.rmtree(directory, ignore_errors=True)


def _memory() -> Path:
    memory = Path("/dev/shm")
    if memory.is_dir() and os.access(memory, os.W_OK) and shutil.disk_usage(memory).free > 512 * 1024**2:
        return memory
    return Path(tempfile.gettempdir())


def _sweep(root: Path) -> None:
    """Stop and delete clusters whose test run is dead: a living one holds the lock on its file ``alive``."""
    for directory in root.glob(f"{_PREFIX}*"):
        try:
            with (directory / "alive").open("r+") as alive:
                fcntl.flock(alive, fcntl.LOCK_EX | fcntl.LOCK_NB)
                EmbeddedPostgres(directory, durable=False).destroy()
                shutil.rmtree(directory, ignore_errors=True)
        except OSError:
            continue  # in use, another user's, or just being made
