"""Database addresses in every driver's form, and the refusals of servers that are not fit."""

from __future__ import annotations

from collections.abc import Iterator

import psycopg
import pytest
from sqlalchemy import text
from sqlalchemy.engine import make_url

from caseway.db.address import (
    Address,
    DatabaseAddressInvalid,
    DatabaseEncoding,
    DatabasePrivileges,
    DatabaseUnreachable,
    DatabaseVersion,
    check,
    require_version,
)
from caseway.db.session import APP_ROLE, Database
from support.database import Cluster, FreshDatabase


@pytest.mark.parametrize("scheme", ["postgres", "postgresql", "postgresql+asyncpg", "postgresql+psycopg"])
def test_every_usual_scheme_is_read(scheme: str) -> None:
    address = Address.parse(f"{scheme}://clerk:p%40ss%2Fword@db.example:6432/cases?application_name=x")
    url = make_url(address.sqlalchemy)
    assert (url.drivername, url.username, url.password) == ("postgresql+asyncpg", "clerk", "p@ss/word")
    assert (url.host, url.port, url.database, dict(url.query)) == ("db.example", 6432, "cases", {})


def test_the_password_never_shows_where_it_need_not() -> None:
    address = Address.parse("postgresql://clerk:secret@db.example/cases")
    assert "secret" not in str(address)
    assert Address.parse(address.url) == address
    assert Address.parse(address.dsn) == address


def test_encryption_settings_reach_asyncpg_without_the_password() -> None:
    address = Address.parse("postgres://u:p@db.example/cases?sslmode=verify-full&sslrootcert=/etc/ca.pem")
    query = make_url(address.sqlalchemy).query
    assert query["dsn"] == "postgresql://?sslmode=verify-full&sslrootcert=/etc/ca.pem"


def test_several_hosts_are_kept() -> None:
    address = Address.parse("postgresql://u@a.example:5432,b.example:5433/cases?target_session_attrs=read-write")
    query = make_url(address.sqlalchemy).query
    assert query["host"] == ("a.example:5432", "b.example:5433")
    assert query["target_session_attrs"] == "read-write"


@pytest.mark.parametrize("wrong", ["", "mysql://u@h/d", "postgresql://u@h:port/d", "nonsense"])
def test_another_kind_of_address_is_refused_with_an_example(wrong: str) -> None:
    with pytest.raises(DatabaseAddressInvalid, match="postgresql://user"):
        Address.parse(wrong)


async def test_the_url_connects_asyncpg_over_the_socket(database: FreshDatabase) -> None:
    engine = Database(database.url, role="postgres")
    async with engine.engine.connect() as connection:
        assert (await connection.execute(text("SELECT current_database()"))).scalar() == database.name
    await engine.close()


def test_a_fit_server_passes(database: FreshDatabase) -> None:
    facts = check(database.address)
    assert facts.version >= 150_000 and facts.superuser and facts.database == database.name


def test_a_missing_server_is_told(cluster: Cluster) -> None:
    with pytest.raises(DatabaseUnreachable, match=r"check the address"):
        check(Address.parse("postgresql://u:secret@127.0.0.1:1/cases"))


@pytest.mark.parametrize("version", [90_624, 140_012])
def test_an_old_server_is_refused(version: int) -> None:
    with pytest.raises(DatabaseVersion, match="15 or newer"):
        require_version(version)


def test_another_encoding_is_refused(cluster: Cluster) -> None:
    name = "latin"
    with psycopg.connect(cluster.server.address.dsn, autocommit=True) as connection:
        connection.execute("CREATE DATABASE latin ENCODING 'LATIN1' LOCALE_PROVIDER libc LOCALE 'C' TEMPLATE template0")
    with pytest.raises(DatabaseEncoding, match="LATIN1"):
        check(cluster.server.address.with_database(name))


@pytest.fixture
def clerks(cluster: Cluster) -> Iterator[FreshDatabase]:
    """An empty database in which the login ``clerk`` has no right yet."""
    database = cluster.empty("clerks")
    with psycopg.connect(cluster.server.address.dsn, autocommit=True) as connection:
        connection.execute("CREATE ROLE clerk LOGIN")
        yield database
        cluster.drop(database)
        connection.execute("DROP ROLE clerk")


def _as_clerk(database: FreshDatabase) -> Address:
    return Address.parse(f"{database.dsn} user=clerk")


def test_a_user_who_may_not_create_tables_is_refused_with_the_cure(clerks: FreshDatabase) -> None:
    with pytest.raises(DatabasePrivileges, match="GRANT CREATE, USAGE ON SCHEMA public TO clerk"):
        check(_as_clerk(clerks))


def test_a_user_who_cannot_become_the_application_is_refused_with_the_cure(clerks: FreshDatabase) -> None:
    with psycopg.connect(clerks.dsn, autocommit=True) as connection:
        connection.execute("GRANT CREATE ON SCHEMA public TO clerk")
        with pytest.raises(DatabasePrivileges, match=f"CREATE ROLE {APP_ROLE}"):
            check(_as_clerk(clerks))
        if not connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", (APP_ROLE,)).fetchone():
            connection.execute(f"CREATE ROLE {APP_ROLE} NOLOGIN")
        with pytest.raises(DatabasePrivileges, match=f"GRANT {APP_ROLE} TO clerk"):
            check(_as_clerk(clerks))
        connection.execute(f"GRANT {APP_ROLE} TO clerk")
        assert not check(_as_clerk(clerks)).superuser
