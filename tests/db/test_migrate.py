"""Migrations run by the program itself: by one process at a time, by any owner, and never half."""

from __future__ import annotations

import sys
import threading
from subprocess import PIPE, Popen

import psycopg
import pytest

from caseway.db import migrate
from caseway.db.address import Address, check
from caseway.db.migrate import MigrationBusy, SchemaOutdated
from caseway.db.session import APP_ROLE
from support.database import Cluster, FreshDatabase

MIGRATE = """
import sys
from caseway.db import migrate
from caseway.db.address import Address
print(*migrate.upgrade(Address.parse(sys.argv[1])))
"""


def test_models_and_migrations_say_the_same(database: FreshDatabase) -> None:
    migrate.check(database.address)


def test_a_second_run_changes_nothing(database: FreshDatabase) -> None:
    newest = migrate.newest()
    assert migrate.upgrade(database.address) == (newest, newest)


def test_an_empty_database_is_outdated(cluster: Cluster) -> None:
    with pytest.raises(SchemaOutdated, match="caseway migrate"):
        migrate.check(cluster.empty().address)


def test_processes_that_migrate_at_once_take_turns(cluster: Cluster) -> None:
    database = cluster.empty()
    runs = [Popen([sys.executable, "-c", MIGRATE, database.dsn], stdout=PIPE, text=True) for _ in range(3)]
    answers = sorted(run.communicate()[0].strip() for run in runs)
    newest = migrate.newest()
    assert answers == sorted([f"None {newest}", *[f"{newest} {newest}"] * 2])


def test_waiting_for_another_process_ends(database: FreshDatabase) -> None:
    with psycopg.connect(database.dsn, autocommit=True) as other:
        other.execute("SELECT pg_advisory_lock(%s)", (0x63617365,))
        with pytest.raises(MigrationBusy):
            migrate.upgrade(database.address, patience=0.3)
    said: list[str] = []
    with psycopg.connect(database.dsn, autocommit=True) as other:
        other.execute("SELECT pg_advisory_lock(%s)", (0x63617365,))
        release = threading.Timer(0.5, lambda: other.execute("SELECT pg_advisory_unlock_all()"))
        release.start()
        migrate.upgrade(database.address, progress=said.append)
        release.join()
    assert said == ["waiting for another process that prepares the database"]


def test_down_and_up_again(database: FreshDatabase) -> None:
    migrate.downgrade(database.address, "base")
    assert migrate.current(database.address) is None
    migrate.upgrade(database.address)
    migrate.check(database.address)


def test_an_owner_without_superuser_rights_migrates_and_becomes_the_application(cluster: Cluster) -> None:
    database = cluster.empty("owned")
    with psycopg.connect(database.dsn, autocommit=True) as connection:
        connection.execute("CREATE ROLE landlord LOGIN CREATEROLE")
        if connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", (APP_ROLE,)).fetchone():
            connection.execute(f"GRANT {APP_ROLE} TO landlord WITH ADMIN OPTION")
        connection.execute(f'ALTER DATABASE "{database.name}" OWNER TO landlord')
    address = Address.parse(f"{database.dsn} user=landlord")
    check(address)
    migrate.upgrade(address)
    migrate.check(address)
    with psycopg.connect(address.dsn) as connection:
        connection.execute(f"SET ROLE {APP_ROLE}")
