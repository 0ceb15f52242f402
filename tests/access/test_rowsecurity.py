"""The second lock: frozen text, every table decided, nothing visible without a scope, no way around it."""

from __future__ import annotations

from collections.abc import Iterator

import psycopg
import pytest
from sqlalchemy import create_engine, select, text
from sqlalchemy.exc import ProgrammingError
from sqlalchemy.pool import NullPool

from access.store import Store
from access.world import CITY, NOW, World, make_world
from caseway import bundle
from caseway.access import rowsecurity
from caseway.access.actor import Actor
from caseway.access.bundles import base_bundle
from caseway.access.facts import ROW_STATES
from caseway.access.matrix import BasePolicy
from caseway.access.permissions import CASE_PERMISSIONS, ROLES, Permission
from caseway.access.plans import alternatives, fits
from caseway.access.plans_sql import predicate
from caseway.access.policy import Policy
from caseway.access.tables import CASES
from caseway.db.base import Model
from caseway.db.scope import AREA, DRAFTS, NO_SCOPE, SYSTEM_SCOPE, Scope
from support.database import Cluster

CHILDREN = [table.name for table in rowsecurity.TABLES if table.rows == "child"]
LOCKED = [table.name for table in rowsecurity.TABLES if table.rows != "open"]
#: Rows that belong to an office, not to a case.
OF_OFFICES = ("office", "version", "rule", "review")


@pytest.fixture(scope="module")
def world(store: Store) -> World:
    """One world, read by all tests here."""
    made = make_world(31, cases=500)
    store.load(made)
    return made


def test_the_frozen_text_is_the_generated_one(base: BasePolicy) -> None:
    assert bundle.text("policies", "rls.sql") == rowsecurity.write_sql(base)


def test_no_text_in_it_is_taken_for_a_parameter(base: BasePolicy) -> None:
    script = rowsecurity.write_sql(base)
    assert "%" not in script
    assert not text(script).compile().params


def test_every_table_has_its_privileges_and_rows_decided() -> None:
    assert {table.name for table in rowsecurity.TABLES} == set(Model.metadata.tables)
    for table in rowsecurity.TABLES:
        columns = set(Model.metadata.tables[table.name].columns.keys())
        belongs_to_a_case = {"city_id", "case_id"} <= columns or table.name in ("cases", "matter")
        assert not belongs_to_a_case or table.rows not in ("open", *OF_OFFICES), table.name
        assert belongs_to_a_case or table.rows in ("open", "platform", *OF_OFFICES), table.name


def test_append_only_tables_cannot_be_changed_by_requests(store: Store) -> None:
    with store.engine.connect() as connection:
        rows = connection.execute(
            text(
                "select table_name, privilege_type from information_schema.role_table_grants "
                "where grantee = 'caseway_app'"
            )
        )
        granted = {(table, privilege) for table, privilege in rows}
        for table in ("ledger_event", "clock_event", "competence_decision", "recusal", "access_event", "office_event"):
            assert (table, "INSERT") in granted
            assert not {(table, "UPDATE"), (table, "DELETE"), (table, "TRUNCATE")} & granted
        columns = connection.execute(
            text(
                "select column_name from information_schema.role_column_grants where grantee = 'caseway_app' "
                "and table_name = 'custody' and privilege_type = 'UPDATE'"
            )
        )
        assert set(columns.scalars()) == {"to_at"}


def test_every_locked_table_is_locked_also_for_its_owner(store: Store) -> None:
    with store.engine.connect() as connection:
        rows = connection.execute(
            text("select relname, relrowsecurity, relforcerowsecurity from pg_class where relname = any(:names)"),
            {"names": LOCKED},
        ).all()
        assert {row.relname for row in rows} == set(LOCKED)
        assert all(row.relrowsecurity for row in rows)
        # The owner's search function reads the grams; requests have no privilege on them.
        assert {row.relname for row in rows if not row.relforcerowsecurity} == {"case_search"}
        owner = connection.scalar(text("select rolsuper or rolbypassrls from pg_roles where rolname = 'caseway_app'"))
        assert owner is False


def test_the_lock_opens_exactly_the_relations_that_plans_open(base: BasePolicy) -> None:
    asked = base_bundle(base)
    opened = rowsecurity.opened(base)
    planned: dict[tuple[bool, bool], set[str]] = {row_class: set() for row_class in rowsecurity.ROW_CLASSES}
    for permission in (each for each in CASE_PERMISSIONS if each.needs_sight):
        for alternative in alternatives(asked, ROLES, permission):
            for relation, cubes in alternative.allow:
                for state in ROW_STATES:
                    if any(fits(cube, state) for cube in cubes):
                        planned[state[1:]].add(relation)
    assert opened == planned


def test_without_a_scope_no_row_of_a_tenant_is_visible(store: Store, world: World) -> None:
    with store.under(NO_SCOPE) as connection:
        for table in LOCKED:
            assert connection.scalar(text(f"select count(*) from (select from {table}) t")) == 0, table
    with store.engine.connect() as connection:
        connection.execute(text("set local role caseway_app"))
        assert connection.execute(text("select id from cases")).all() == []
        assert connection.scalar(text("select count(*) from case_grant")) == 0
        connection.rollback()


def test_children_are_visible_exactly_with_their_case(store: Store, world: World, policy: Policy) -> None:
    for office_id in sorted(world.places)[::5]:
        actor = world.actor(2, office_id, "dispatcher", "leader")
        with store.under(policy.scope(actor)) as connection:
            cases = set(connection.scalars(text("select id from cases")))
            grants = set(connection.scalars(text("select distinct case_id from case_grant")))
            matters = connection.scalar(text("select count(*) from matter"))
        assert grants == {case for case in cases if world.grants[case]}
        assert matters == (1 if cases else 0)


def test_writing_needs_the_scope_of_a_granted_permission(store: Store, world: World, policy: Policy) -> None:
    actor = world.actor(2, 1, "dispatcher", "leader")
    with store.under(policy.scope(actor)) as connection:
        assert connection.scalar(text("select count(*) from cases")) > 0
        assert connection.execute(text("select id from cases limit 1 for update")).all()
        with pytest.raises(ProgrammingError, match="row-level security"):
            connection.execute(text("update cases set field = 'HOUSING'"))
    with store.under(policy.scope(actor)) as connection, pytest.raises(ProgrammingError, match="row-level security"):
        connection.execute(
            text("insert into matter values (1, gen_random_uuid(), 'LAND', '1', now()) returning city_id")
        )
    with store.under(SYSTEM_SCOPE) as connection:
        assert connection.execute(text("update cases set field = 'HOUSING'")).rowcount == len(world.cases)
        inserted = connection.execute(
            text("insert into matter values (1, gen_random_uuid(), 'LAND', '1', now()) returning city_id")
        )
        assert inserted.scalar() == CITY


def test_bars_close_what_every_principal_opens(store: Store, world: World) -> None:
    barred = [case for case in world.cases if case.barred]
    assert barred
    principals = [each for office in world.places for each in (office, AREA + office)]
    everything = Scope(principals=(*principals, *range(-12, 0)), bars=())
    for bar in sorted({each for case in barred for each in case.barred}):
        with store.under(Scope(everything.principals, bars=(bar,))) as connection:
            seen = set(connection.scalars(text("select id from cases")))
        assert not {case.id for case in barred if bar in case.barred} & seen


def test_scopes_hold_only_what_a_role_can_use(world: World, policy: Policy) -> None:
    office = next(o for o in sorted(world.places) if world.places[o].seat != world.places[o].path)

    def principals(*roles: str) -> tuple[int, ...]:
        return policy.scope(world.actor(7, office, *roles)).principals

    seat = world.actor(7, office).seat_id
    assert principals() == principals("platform_operator") == ()
    assert principals("agent") == principals("no_such_role") == ()
    assert principals("tenant_admin") == (DRAFTS + office,), "drafts of the office's rules, and no case"
    assert set(principals("auditor")) == {office, AREA + seat, DRAFTS + office}
    assert set(principals("handler")) == {office, -7}
    assert set(principals("leader")) == {office, AREA + seat, -7, DRAFTS + office}
    assert policy.scope(world.actor(7, office)).bars == world.actor(7, office).bars


# ---- functions that run as the owner ----


def _search(store: Store, scope: Scope, *grams: str, area: int = 0, most: int = 1000) -> set[object]:
    with store.under(scope) as connection:
        return set(
            connection.scalars(
                text("select case_id from app.search_cases(:grams, :area, :most)"),
                {"grams": list(grams), "area": area, "most": most},
            )
        )


@pytest.fixture(scope="module")
def searchable(store: Store, world: World) -> Iterator[World]:
    """Every case carries one text, also accusations (which must not be found even by a mistake in writing)."""
    with store.engine.begin() as connection:
        connection.execute(
            text("insert into case_search select city_id, id, array_to_tsvector(array['停水', $$a'b\\c$$]) from cases")
        )
    yield world
    with store.engine.begin() as connection:
        connection.execute(text("truncate case_search"))


def test_search_finds_nothing_that_the_caller_cannot_see(store: Store, searchable: World, policy: Policy) -> None:
    found_something = False
    for office_id in sorted(searchable.places):
        scope = policy.scope(searchable.actor(3, office_id, "dispatcher", "leader"))
        with store.under(scope) as connection:
            visible = set(connection.scalars(text("select id from cases where petition_class <> 'ACCUSATION'")))
        assert _search(store, scope, "停水") == visible
        found_something |= bool(visible)
    assert found_something
    assert _search(store, NO_SCOPE, "停水") == set()


def test_search_takes_any_text_as_text(store: Store, searchable: World) -> None:
    everything = _search(store, SYSTEM_SCOPE, "停水")
    assert everything
    assert _search(store, SYSTEM_SCOPE, "a'b\\c") == everything
    assert _search(store, SYSTEM_SCOPE, "停水", "a'b\\c") == everything
    for hostile in ("'", "\\", "' | '停水", "停水:*", "a & b", "!x", "') --"):
        assert _search(store, SYSTEM_SCOPE, hostile) == set()
    assert _search(store, SYSTEM_SCOPE) == _search(store, SYSTEM_SCOPE, "") == set()
    assert len(_search(store, SYSTEM_SCOPE, "停水", most=3)) == 3
    assert _search(store, SYSTEM_SCOPE, "停水", most=-1) == set()


def test_search_can_be_narrowed_to_an_area(store: Store, searchable: World) -> None:
    area = next(office for office in searchable.places if len(searchable.places[office].chain) == 2)
    inside = {case.id for case in searchable.cases if case.l2 == area and case.petition_class != "ACCUSATION"}
    assert _search(store, SYSTEM_SCOPE, "停水", area=area) == inside


def test_grams_cannot_be_read_by_a_request(store: Store, searchable: World) -> None:
    with store.under(SYSTEM_SCOPE) as connection, pytest.raises(ProgrammingError, match="permission denied"):
        connection.execute(text("select grams from case_search"))


def _counts(store: Store, scope: Scope, area: int) -> dict[tuple[str, bool], int | None]:
    with store.under(scope) as connection:
        rows = connection.execute(text("select petition_class, is_open, cases from app.case_counts(:a)"), {"a": area})
        return {(row[0], row[1]): row[2] for row in rows}


def test_counts_are_those_of_the_area_without_barred_cases(store: Store, world: World, policy: Policy) -> None:
    suppressed = 0
    for office_id in sorted(world.places):
        actor = world.actor(4, office_id, "supervisor")
        expected: dict[tuple[str, bool], int | None] = {}
        for case in world.cases:
            inside = actor.seat_id in (case.l1, case.l2, case.l3, case.l4, case.l5, case.l6)
            if inside and set(actor.bars).isdisjoint(case.barred):
                key = (case.petition_class, case.is_open)
                expected[key] = (expected.get(key) or 0) + 1
        for key, number in expected.items():
            if key[0] == "ACCUSATION" and number is not None and number < rowsecurity.SMALLEST_COUNT:
                expected[key] = None
                suppressed += 1
        assert _counts(store, policy.scope(actor), actor.seat_id) == expected
    assert suppressed


def test_counts_of_other_areas_are_not_told(store: Store, world: World, policy: Policy) -> None:
    offices = sorted(world.places)
    for office_id in offices[::4]:
        actor = world.actor(4, office_id, "supervisor")
        for other in offices:
            if not world.places[other].path.startswith(actor.seat_path):
                assert _counts(store, policy.scope(actor), other) == {}
    assert _counts(store, policy.scope(world.actor(4, 1, "handler")), 1) == {}
    assert _counts(store, NO_SCOPE, 1) == {}
    with store.under(SYSTEM_SCOPE) as connection, pytest.raises(ProgrammingError, match="permission denied"):
        connection.execute(text("select * from app.count_area(1, 1, '{}')"))


def test_counting_leaves_the_callers_scope_as_it_was(store: Store, world: World, policy: Policy) -> None:
    actor = world.actor(4, sorted(world.places)[3], "supervisor")
    scope = policy.scope(actor)
    with store.under(scope) as connection:
        before = set(connection.scalars(text("select id from cases")))
        connection.execute(text("select * from app.case_counts(:a)"), {"a": actor.seat_id}).all()
        assert set(connection.scalars(text("select id from cases"))) == before
        assert connection.scalar(text("select app.scopes()")) == list(scope.principals)
        assert connection.scalar(text("select app.bars()")) == list(scope.bars)


def test_everything_works_for_an_owner_that_is_no_superuser(store: Store, cluster: Cluster, policy: Policy) -> None:
    """A managed PostgreSQL gives no superuser: then the forced policies bind the owner, too, and the functions that run
    as the owner must still find what they are there to find."""
    database = cluster.empty("owned")
    with psycopg.connect(database.dsn, autocommit=True) as connection:
        connection.execute("create role plain_owner login nosuperuser nobypassrls")
        connection.execute("grant caseway_app to plain_owner")
        connection.execute(f"alter database {database.name} owner to plain_owner")
    address = database.address.sqlalchemy.replace("postgresql+asyncpg", "postgresql+psycopg")
    as_owner = Store(
        database, create_engine(address, poolclass=NullPool, connect_args={"options": "-c role=plain_owner"})
    )
    as_superuser = Store(database, create_engine(address, poolclass=NullPool))
    with as_owner.engine.begin() as connection:
        connection.execute(text("grant all on schema public to plain_owner"))
        Model.metadata.create_all(connection)
        connection.exec_driver_sql(bundle.text("policies", "rls.sql"))
    world = make_world(33, cases=200)
    as_superuser.load(world)
    with as_superuser.engine.begin() as connection:
        connection.execute(
            text("insert into case_search select city_id, id, array_to_tsvector(array['停水']) from cases")
        )
    actor = world.actor(6, 12, "supervisor", "dispatcher")
    scope = policy.scope(actor)
    with as_owner.engine.connect() as connection:
        assert connection.execute(text("select id from cases")).all() == []
    with as_owner.under(scope) as connection:
        visible = set(connection.scalars(text("select id from cases where petition_class <> 'ACCUSATION'")))
    assert visible
    assert _search(as_owner, scope, "停水") == visible
    inside = [
        case for case in world.cases if actor.seat_id in (case.l1, case.l2) and not set(actor.bars) & {*case.barred}
    ]
    told = [number for number in _counts(as_owner, scope, actor.seat_id).values() if number is not None]
    assert sum(told) > len(visible & {case.id for case in inside})
    as_owner.engine.dispose()
    as_superuser.engine.dispose()
    cluster.drop(database)


def test_hidden_cases_leave_no_trace_in_any_answer(store: Store, policy: Policy) -> None:
    """Two worlds that differ in one case that is barred to somebody answer that person alike."""

    def answers(actor: Actor) -> list[object]:
        found: list[object] = []
        with store.under(policy.scope(actor)) as connection:
            for permission in (Permission.CASE_STUB, Permission.CASE_CARD, Permission.CASE_COUNT):
                condition = predicate(policy, actor, permission, now=NOW)
                found.append(sorted(connection.scalars(select(CASES.c.id).where(condition)), key=str))
            found.append(connection.execute(text("select * from app.case_counts(:a)"), {"a": actor.seat_id}).all())
        return found

    world = make_world(32, cases=120)
    actor = world.actor(5, sorted(world.places)[1], "leader", "supervisor", "dispatcher")
    hidden = next(case for case in world.cases if case.holder_id == actor.office_id or case.l2 == actor.seat_id)
    hidden.barred = [actor.chain[0]]
    store.load(world)
    with_it = answers(actor)
    world.cases.remove(hidden)
    world.grants.pop(hidden.id, None)
    store.load(world)
    assert answers(actor) == with_it
