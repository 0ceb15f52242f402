"""The walked world: built once, cloned for every walk, with or without the second lock."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import psycopg
from psycopg import sql
from sqlalchemy.engine import Engine

from caseway.app import build_app
from caseway.db.session import Database
from caseway.gql import ids
from caseway.oversight import counting
from caseway.schema import schema
from support import app
from support.app import Answer, Caller, Dial, World
from support.database import Cluster, FreshDatabase
from support.walk import Walk, Walker
from support.walk_build import Builder, build_cases
from support.walk_case import Denied, Known, Post
from support.walk_escalation import build_escalations
from support.walk_extra import build_administration
from support.walk_notices import build_notices
from support.walk_oracle import Viewer
from support.walk_oversight import build_oversight
from support.walk_reception import build_reception
from support.walk_rules import build_rules
from support.walk_rules import known as known_books
from support.walk_schema import Selections
from support.walk_values import Attempts, Places, Roots

#: Limits of the edge are not what is walked here: one document may be large.
ROOMY: dict[str, Any] = {
    "max_query_tokens": 200_000,
    "max_query_aliases": 5_000,
    "max_query_cost": 10**8,
    "max_query_depth": 20,
    "max_body_bytes": 5_000_000,
    "request_timeout_seconds": 120.0,
    "rate_person_per_minute": 0,
    "rate_office_per_minute": 0,
    "db_pool_size": 16,
    "db_pool_overflow": 4,
}
GRAPH = schema._schema
#: CASEWAY_WALK=all walks as everybody; otherwise those are left out who stand where another one stands.
AS_EVERYBODY = os.environ.get("CASEWAY_WALK") == "all"
#: Offices in filters and counts: one of every kind of relation.
CHOSEN = (
    "33",
    "3304",
    "330402",
    "330402100",
    "330402101",
    "330402-jw",
    "330402-xfj",
    "330411",
    "330681",
    "152525",
    "152525901201",
)  #: Persons whose nodes everybody asks for.
MET = ("jiaxing.admin", "nanhu.leader", "nanhu-jw.handler", "fengqiao.handler", "fengqiao.supervisor", "zhuji.clerk")


@dataclass(frozen=True)
class Built:
    """A built world at rest: its database, to be cloned, and what is known about it."""

    database: FreshDatabase
    instant: datetime
    cases: tuple[Known, ...]
    places: Places
    viewers: dict[str, tuple[Viewer, ...]]
    lines: dict[str, tuple[str, ...]]
    denied: tuple[Denied, ...]
    #: What the mutations that built it answered, each to somebody who was entitled to it.
    told: tuple[tuple[str, Answer], ...]


@dataclass
class Walked:
    """A running clone, and everything to walk it with."""

    world: World
    #: The application's own way to the database, for counting statements.
    engine: Engine
    built: Built
    walk: Walk
    roots: Roots
    attempts: Attempts

    async def walker(self, name: str, office: str | None = None) -> Walker:
        """Somebody with one post, or the one of several that is named."""
        viewers = self.built.viewers[name]
        viewer = next(each for each in viewers if office in (None, each.post.office))
        caller = await self.world.login(name, office=office)
        return Walker(name if office is None else f"{name}@{office}", caller, viewer)

    def outsiders(self) -> list[Walker]:
        """Nobody at all."""
        return [Walker("anonymous", Caller(self.world, ""), None)]

    async def undecided(self, name: str) -> Walker:
        """Somebody with several posts who does not say for which office they act."""
        return Walker(f"{name}@?", await self.world.login(name), None)

    def case(self, name: str) -> Known:
        """A case by its name in this world."""
        return next(each for each in self.built.cases if each.name == name)


_BUILT: dict[int, Built] = {}


def built_once(cluster: Cluster, data_dir: Path) -> Built:
    """The built world of this run, at rest."""
    if id(cluster) not in _BUILT:
        _BUILT[id(cluster)] = asyncio.run(built(cluster, data_dir))
    return _BUILT[id(cluster)]


async def built(cluster: Cluster, data_dir: Path) -> Built:
    """Build it. The application that built it has ended, so that its database can be cloned."""
    template = await asyncio.to_thread(app.demo_template, cluster)
    database = await asyncio.to_thread(lambda: cluster.fresh("walk", template=template))
    async with _running(database, data_dir, Dial()) as (world, _):
        to = Builder(world, Selections(GRAPH))
        await to.begin()
        await build_cases(to)
        await build_rules(to)
        overrides, denied = await build_administration(to)
        notices, tasks = await build_notices(to)
        sessions = await build_reception(to)
        overseen = await build_oversight(to)
        await build_escalations(to)
        books = known_books(to)
        world.dial.by(minutes=1)
        instant = world.dial.instant
        await counted(database)
    lines, viewers = _people(database)
    cases = tuple(to.cases.values())
    places = Places(
        cases, to.offices, to.persons, to.memberships, overrides, CHOSEN, MET, notices, tasks, sessions, overseen, books
    )
    return Built(database, instant, cases, places, viewers, lines, denied, tuple(to.told))


async def counted(built_on: FreshDatabase) -> None:
    """Everything that happened is in the statistics."""
    database = Database(built_on.url, pool_size=1)
    try:
        while await counting.fold(database):
            pass
    finally:
        await database.close()


@asynccontextmanager
async def _running(database: FreshDatabase, data_dir: Path, dial: Dial) -> AsyncIterator[tuple[World, Engine]]:
    settings = app.settings_for(database, data_dir, **ROOMY)
    application = build_app(settings, now=dial, documents=app.documents(settings))
    async with application.router.lifespan_context(application):
        transport = httpx.ASGITransport(app=application, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://caseway.test", timeout=150) as client:
            engine = application.state.services.database.engine.sync_engine
            yield World(client, database, settings, dial, application), engine


@asynccontextmanager
async def walked(
    cluster: Cluster, built_world: Built, data_dir: Path, *, prepare: Callable[[FreshDatabase], None] | None = None
) -> AsyncIterator[Walked]:
    """A clone with the application running on it, at the instant at which building ended."""
    database = await asyncio.to_thread(lambda: cluster.fresh("walked", template=built_world.database.name))
    if prepare is not None:
        prepare(database)
    async with _running(database, data_dir, Dial(built_world.instant)) as (world, engine):
        yield Walked(
            world,
            engine,
            built_world,
            Walk(
                built_world.cases,
                built_world.lines,
                built_world.denied,
                _codes(built_world.places),
                _names(database),
                notices=built_world.places.notices,
                reviews={each.gid: each.cases for each in built_world.places.overseen.reviews},
                unpublished=built_world.places.books.unpublished,
            ),
            Roots(GRAPH, built_world.places),
            Attempts(
                GRAPH,
                built_world.places,
                soon=(built_world.instant + timedelta(days=9)).isoformat(),
                past=(built_world.instant - timedelta(minutes=5)).isoformat(),
            ),
        )
    await asyncio.to_thread(cluster.drop, database)


def _codes(places: Places) -> dict[int, str]:
    return {ids.decode_number("Office", gid): code for code, gid in places.offices.items()}


def _names(database: FreshDatabase) -> dict[str, str]:
    with psycopg.connect(database.dsn) as connection:
        found = connection.execute("select a.username, p.name from account a join person p on p.id = a.person_id")
        return dict(found.fetchall())


def opened(database: FreshDatabase) -> None:
    """Take the second lock out: no table of this clone asks for a scope, and the functions that run as the owner (text
    search, counts) do not either."""
    with psycopg.connect(database.dsn, autocommit=True) as connection:
        tables = connection.execute("select relname from pg_class where relrowsecurity and relkind = 'r'").fetchall()
        for (table,) in tables:
            connection.execute(f'alter table "{table}" disable row level security')
            connection.execute(f'alter table "{table}" no force row level security')
        unscope(connection)


def unscope(connection: psycopg.Connection[Any]) -> None:
    """Functions of the second lock that see everything: as if every caller were the platform, barred from nothing."""
    connection.execute("create or replace function app.scopes() returns int[] language sql stable as 'select array[0]'")
    connection.execute(
        "create or replace function app.bars() returns int[] language sql stable as $$ select '{}'::int[] $$"
    )


def _people(database: FreshDatabase) -> tuple[dict[str, tuple[str, ...]], dict[str, tuple[Viewer, ...]]]:
    """Lines of all offices, and everybody's present posts: plain facts, read as the database's owner."""
    with psycopg.connect(database.dsn) as connection:
        offices = {
            number: (parent, code, kind)
            for number, parent, code, kind in connection.execute("select id, parent_id, code, kind from office")
        }
        posts = connection.execute(
            "select a.username, m.office_id, m.roles from account a join membership m on m.person_id = a.person_id"
            " where m.valid_to is null order by m.id"
        ).fetchall()

    def line(number: int | None) -> tuple[str, ...]:
        return () if number is None else (*line(offices[number][0]), offices[number][1])

    lines = {code: line(number) for number, (_, code, _) in offices.items()}
    found: dict[str, list[tuple[int, frozenset[str]]]] = {}
    for username, office, roles in posts:
        found.setdefault(username, []).append((office, frozenset(each.lower() for each in roles)))
    viewers = {}
    for username, held in found.items():
        others = frozenset(offices[office][1] for office, _ in held)
        made = []
        for office, roles in held:
            parent, code, kind = offices[office]
            acts_for = (
                offices[parent][1] if kind in ("PETITION_OFFICE", "JOINT_CONFERENCE", "DISCIPLINE") and parent else code
            )
            made.append(Viewer(username, Post(code, roles), others, lines, acts_for))
        viewers[username] = tuple(made)
    return lines, viewers


@contextmanager
def unlocked(walked_world: Walked, function: str) -> Iterator[None]:
    """One function of the second lock of a running clone replaced by one that lets everything through, for a while."""
    with psycopg.connect(walked_world.world.database.dsn, autocommit=True) as connection:
        names = {"suppression": "case_counts(int)"}
        signature = names.get(function, f"{function}()")
        row = connection.execute("select pg_get_functiondef(%s::regprocedure)", [f"app.{signature}"]).fetchone()
        assert row is not None
        original: str = row[0]
        if function == "suppression":
            replaced = original.replace("< 5", "< 0")
            assert replaced != original
        else:
            held = "array[0]" if function == "scopes" else "'{}'::int[]"
            replaced = (
                f"create or replace function app.{function}() returns int[] language sql stable as $$ select {held} $$"
            )
        connection.execute(sql.SQL(replaced))
        try:
            yield
        finally:
            connection.execute(sql.SQL(original))
