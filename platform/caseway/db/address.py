"""A database's address in the forms the drivers want, and the checks that a server is fit for the platform."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote, urlencode

import psycopg
from psycopg import conninfo
from sqlalchemy.engine import URL

from caseway.db.session import APP_ROLE
from caseway.errors import CasewayError
from caseway.settings import Settings

OLDEST_VERSION = 15
#: What libpq understands and asyncpg takes only from an address of its own.
_TLS = ("sslmode", "sslrootcert", "sslcert", "sslkey", "sslpassword", "sslcrl")
_SCHEMES = ("postgresql://", "postgres://", "postgresql+asyncpg://", "postgresql+psycopg://")


class DatabaseAddressInvalid(CasewayError):
    """The database address cannot be read: it should look like postgresql://user:password@host:5432/database."""

    code = "DATABASE_ADDRESS_INVALID"


class DatabaseUnreachable(CasewayError):
    """No connection to the database: check its address, that the server runs, and the user's password."""

    code = "DATABASE_UNREACHABLE"


class DatabaseVersion(CasewayError):
    """The database server is too old: the platform needs PostgreSQL 15 or newer."""

    code = "DATABASE_VERSION"


class DatabaseEncoding(CasewayError):
    """The database does not store UTF-8: create it anew with ENCODING 'UTF8'."""

    code = "DATABASE_ENCODING"


class DatabasePrivileges(CasewayError):
    """The database user lacks a privilege that the platform needs: the message names the statement that grants it."""

    code = "DATABASE_PRIVILEGES"


@dataclass(frozen=True, slots=True)
class Address:
    """One database, as connection parameters by libpq's names."""

    parameters: tuple[tuple[str, str], ...]

    @classmethod
    def parse(cls, text: str) -> Address:
        """Read ``postgres://``, ``postgresql://`` (also with a SQLAlchemy driver suffix) or ``host=… dbname=…``."""
        cleaned = text.strip()
        for scheme in _SCHEMES:
            if cleaned.startswith(scheme):
                cleaned = "postgresql://" + cleaned.removeprefix(scheme)
        try:
            found = conninfo.conninfo_to_dict(cleaned)
        except psycopg.ProgrammingError as error:
            raise DatabaseAddressInvalid(
                f"the database address cannot be read ({str(error).strip()}): it should look like "
                "postgresql://user:password@host:5432/database."
            ) from None
        ports = [port for port in str(found.get("port", "")).split(",") if port]
        if not found or not all(port.isdecimal() for port in ports):
            raise DatabaseAddressInvalid
        return cls(tuple(sorted((name, str(value)) for name, value in found.items() if value is not None)))

    @classmethod
    def of_socket(cls, directory: Path, *, port: int, user: str, database: str) -> Address:
        """A server behind a unix socket in ``directory``."""
        return cls((("dbname", database), ("host", str(directory)), ("port", str(port)), ("user", user)))

    def with_database(self, name: str) -> Address:
        """The same server, another database."""
        return Address(tuple(sorted((dict(self.parameters) | {"dbname": name}).items())))

    @property
    def dsn(self) -> str:
        """For psycopg and psql: libpq's ``name=value`` form. It holds the password, if there is one."""
        return conninfo.make_conninfo("", **dict(self.parameters))

    @property
    def url(self) -> str:
        """For people and other programs: a ``postgresql://`` URL. It holds the password, if there is one."""
        values = dict(self.parameters)
        user, password = values.pop("user", ""), values.pop("password", "")
        name = quote(values.pop("dbname", ""), safe="")
        secret = f":{quote(password, safe='')}" if password else ""
        login = f"{quote(user, safe='')}{secret}@" if user else ""
        query = f"?{urlencode(values, quote_via=quote, safe='/,')}" if values else ""
        return f"postgresql://{login}/{name}{query}"

    @property
    def sqlalchemy(self) -> str:
        """For ``caseway.db.session.Database``: a ``postgresql+asyncpg://`` URL."""
        values = dict(self.parameters)
        query: dict[str, str | tuple[str, ...]] = {}
        tls = {name: values[name] for name in _TLS if name in values}
        if tls:
            query["dsn"] = f"postgresql://?{urlencode(tls, quote_via=quote, safe='/')}"
        for name in ("target_session_attrs", "passfile"):
            if name in values:
                query[name] = values[name]
        hosts, ports = values.get("host", "").split(","), values.get("port", "").split(",")
        port: int | None = None
        if len(hosts) > 1:
            padded = ports * len(hosts) if len(ports) == 1 else ports
            query["host"] = tuple(f"{host}:{number or 5432}" for host, number in zip(hosts, padded, strict=True))
        elif hosts[0].startswith("/"):
            query |= {"host": hosts[0], "port": ports[0] or "5432"}
            if "user" in values:
                query["user"] = values["user"]
        elif ports[0]:
            port = int(ports[0])
        plain = len(hosts) == 1 and not hosts[0].startswith("/")
        return URL.create(
            "postgresql+asyncpg",
            username=values.get("user") if "user" not in query else None,
            password=values.get("password"),
            host=(hosts[0] or None) if plain else None,
            port=port,
            database=values.get("dbname"),
            query=query,
        ).render_as_string(hide_password=False)

    def __str__(self) -> str:
        """Without the password: for logs and messages."""
        return Address(tuple((k, v) for k, v in self.parameters if k not in ("password", "sslpassword"))).url


def sqlalchemy_url(settings: Settings) -> str:
    """The URL for ``caseway.db.session.Database`` of the configured database, embedded or not. It starts nothing."""
    from caseway.db import server  # which itself builds on this module

    return server.address(settings).sqlalchemy


@dataclass(frozen=True, slots=True)
class ServerFacts:
    """What a check learned about a server."""

    #: e.g. 180006
    version: int
    user: str
    database: str
    superuser: bool


def check(address: Address) -> ServerFacts:
    """Connect once and make sure that the platform can live here; every refusal says what would cure it."""
    try:
        connection = psycopg.connect(address.dsn, connect_timeout=10, autocommit=True)
    except psycopg.Error as error:
        raise DatabaseUnreachable(
            f"no connection to {address}: {str(error).strip()} - check the address, that the server runs, and the "
            "user's password."
        ) from error
    with connection:
        version = connection.info.server_version
        facts = _facts(connection, version)
        require_version(version)
        _check_encoding(connection, facts)
        _check_privileges(connection, facts)
    return facts


def _facts(connection: psycopg.Connection, version: int) -> ServerFacts:
    row = connection.execute(
        "SELECT current_user, current_database(), (SELECT rolsuper FROM pg_roles WHERE rolname = current_user)"
    ).fetchone()
    assert row is not None
    return ServerFacts(version=version, user=row[0], database=row[1], superuser=bool(row[2]))


def require_version(version: int) -> None:
    """Refuse a server (by its number, e.g. 140012) that is too old."""
    if version < OLDEST_VERSION * 10_000:
        raise DatabaseVersion(
            f"the server is PostgreSQL {version // 10_000}; the platform needs {OLDEST_VERSION} or newer: upgrade the "
            "server, or leave DATABASE_URL empty to use the embedded one.",
            version=version,
        )


def _check_encoding(connection: psycopg.Connection, facts: ServerFacts) -> None:
    row = connection.execute("SHOW server_encoding").fetchone()
    assert row is not None
    if row[0] != "UTF8":
        raise DatabaseEncoding(
            f"the database {facts.database} stores {row[0]}: create it anew with "
            f"CREATE DATABASE {facts.database} ENCODING 'UTF8' TEMPLATE template0.",
            encoding=row[0],
        )


def _check_privileges(connection: psycopg.Connection, facts: ServerFacts) -> None:
    row = connection.execute(
        "SELECT coalesce(has_schema_privilege(current_schema(), 'CREATE'), false), current_schema()"
    ).fetchone()
    assert row is not None
    if not row[0]:
        raise DatabasePrivileges(
            f"the user {facts.user} may not create tables in {facts.database}: let an administrator run "
            f"GRANT CREATE, USAGE ON SCHEMA {row[1] or 'public'} TO {facts.user}; or make that user the owner.",
            missing="CREATE ON SCHEMA",
        )
    if facts.superuser:
        return
    if not _role_attainable(connection, facts):
        raise DatabasePrivileges(
            f"the user {facts.user} cannot become the role {APP_ROLE}, under which requests run: let an administrator "
            f"run CREATE ROLE {APP_ROLE} NOLOGIN; (if it is missing) and GRANT {APP_ROLE} TO {facts.user};",
            missing=APP_ROLE,
        )


def _role_attainable(connection: psycopg.Connection, facts: ServerFacts) -> bool:
    """Whether the user can set the role already, or can create it, or grant it to itself."""
    membership = "SET" if facts.version >= 160_000 else "MEMBER"
    row = connection.execute(
        """SELECT (SELECT rolcreaterole FROM pg_roles WHERE rolname = current_user),
                  (SELECT pg_has_role(current_user, oid, %(membership)s) FROM pg_roles WHERE rolname = %(role)s),
                  (SELECT pg_has_role(current_user, oid, 'MEMBER WITH ADMIN OPTION')
                     FROM pg_roles WHERE rolname = %(role)s)""",
        {"membership": membership, "role": APP_ROLE},
    ).fetchone()
    assert row is not None
    creates, member, administers = row
    if member is None:
        return bool(creates)
    return bool(member or administers or (creates and facts.version < 160_000))
