"""The second lock as PostgreSQL has it: every table is locked and granted on purpose, and as the policy says."""

from __future__ import annotations

import re
from collections.abc import Iterator

import psycopg
import pytest

from caseway import bundle
from caseway.db import migrate
from caseway.db.session import APP_ROLE
from support.database import Cluster, FreshDatabase

#: Tables without row policies, each with the reason why whoever runs under the application's role may see every row.
#: A table that is in neither list nor locked fails the tests: a new one is decided upon, not forgotten.
OPEN = {
    "calendar_year": "the years of the national calendar, which are public",
    "calendar_day": "the days of the national calendar, which are public",
    "local_day": "days off that governments decide, which are public",
    "calendar_revision": "one number and its mark",
    "office": "the tree of offices is public inside the platform",
    "office_event": "the history of the tree likewise",
    "liaison_link": "which leader is linked to which area: published by the offices themselves, no case in it",
    "rule_book": "whose books there are; what is in them is locked until it is published",
    "person": "staff, never petitioners; what is shown of them is decided by the staff's own permissions",
    "account": "logins, read before anybody is known; passwords are hashed",
    "membership": "who acts for which office, read before the scope is known",
    "refresh_token": "read before anybody is known; stored as hashes",
    "signing_key": "wrapped by the master key, read before anybody is known",
    "data_key": "wrapped by the master key",
    "authz_rule": "rules of offices, read by every process into its policy",
    "authz_epoch": "one number",
    "access_event": "the access audit; notes refusals of people without any scope",
    "idempotent_result": "found by its person, office and key; the answer in it is encrypted",
    "rate_bucket": "how much a person or an office has asked for lately, and nothing of what",
    "admin_task": "tasks about rules, calendars and set-up, never about a case; shown by permission",
    "reception_session": "no case and no petitioner in it; the schedule is public, the rest is shown by permission",
    "reception_turn": "likewise",
    "resource_declaration": "what offices declare to have, shown by permission",
    "alembic_version": "one revision",
}
#: Only their owner passes without a policy: what searches them runs with the owner's rights and checks the case itself.
ENABLED_NOT_FORCED = {"case_search"}
#: Columns of a row that is never changed otherwise.
CHANGED_ONCE = {
    "case_record": {"served_at"},
    "custody": {"to_at"},
    "office_notice": {"read_at", "read_by"},
    "admin_task": {"closed_at", "closed_by"},
    "case_search": {"grams"},
    "reception_turn": {"present_id"},
    "local_day": {"revoked_at", "revoked_by"},
    "rule_book": {"name"},
    "rule_recheck": {"done_path", "done_at"},
    "authz_rule": {"revoked_at", "revoked_by", "epoch"},
    "report_duty": {"filed_at", "filed_by", "body"},
    "accountability_review": {"state", "decided_at", "decided_by", "decision"},
    "liaison_link": {"valid_to"},
}
#: What is written once and never again (INV-30).
APPEND_ONLY = {
    "ledger_event",
    "clock_event",
    "access_event",
    "office_event",
    "registration",
    "matter",
    "recusal",
    "accusation_record",
    "competence_decision",
    "responsibility_list",
    "supervision",
    "accountability_evidence",
    "report_filing",
    "rule_review",
}
#: The only tables that requests delete from: none of them says what happened to a case.
EMPTIED = {
    *("timer", "outbox", "office_notice", "refresh_token", "idempotent_result", "case_search"),
    *("calendar_day", "rule_row"),
    *("stat_delta", "stat_cell", "stat_mark"),
}


@pytest.fixture(scope="module")
def connection(cluster: Cluster) -> Iterator[psycopg.Connection]:
    """A connection of the superuser to a freshly migrated database."""
    database = cluster.fresh("second_lock")
    with psycopg.connect(database.dsn, autocommit=True) as opened:
        yield opened
    cluster.drop(database)


def _tables(connection: psycopg.Connection) -> dict[str, tuple[bool, bool, set[str]]]:
    """Table -> (row level security enabled, forced, its columns)."""
    rows = connection.execute(
        """select c.relname, c.relrowsecurity, c.relforcerowsecurity,
                  array(select a.attname::text from pg_attribute a
                        where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped)
           from pg_class c where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p')"""
    ).fetchall()
    return {name: (enabled, forced, set(columns)) for name, enabled, forced, columns in rows}


def _privileges(connection: psycopg.Connection) -> dict[str, set[str]]:
    """Table -> what the role of requests may do with whole rows of it."""
    found: dict[str, set[str]] = {}
    for name, privilege in connection.execute(
        "select table_name, privilege_type from information_schema.role_table_grants where grantee = %s", (APP_ROLE,)
    ):
        found.setdefault(name, set()).add(privilege)
    return found


def _changeable(connection: psycopg.Connection) -> dict[str, set[str]]:
    """Table -> columns of which the role of requests may change the value."""
    found: dict[str, set[str]] = {}
    for name, column in connection.execute(
        """select table_name, column_name from information_schema.column_privileges
           where grantee = %s and privilege_type = 'UPDATE'""",
        (APP_ROLE,),
    ):
        found.setdefault(name, set()).add(column)
    return found


def test_every_table_is_locked_or_open_for_a_stated_reason(connection: psycopg.Connection) -> None:
    for name, (enabled, forced, columns) in _tables(connection).items():
        if name in OPEN:
            assert not enabled, f"{name} is locked: take it out of the list of open tables"
            assert not columns & {"case_id", "matter_id"}, f"{name} holds data of cases and is open"
        else:
            assert enabled, f"{name} has no row level security"
            assert forced or name in ENABLED_NOT_FORCED, f"{name} does not bind its owner"
    assert OPEN.keys() <= _tables(connection).keys(), "a table in the list exists no more"


def test_what_has_a_home_city_is_locked(connection: psycopg.Connection) -> None:
    """Two tables have a city and are open: offices (theirs is no secret) and data keys (wrapped, and of no case)."""
    homed = {name for name, (_, _, columns) in _tables(connection).items() if "city_id" in columns}
    assert homed & OPEN.keys() == {"office", "data_key"}


def test_every_locked_table_has_a_policy_for_everything_that_is_granted(connection: psycopg.Connection) -> None:
    commands: dict[str, set[str]] = {}
    for name, command, permissive in connection.execute(
        "select tablename, cmd, permissive from pg_policies where schemaname = 'public'"
    ):
        assert permissive == "PERMISSIVE" and command != "ALL", name
        commands.setdefault(name, set()).add(command)
    whole, columns = _privileges(connection), _changeable(connection)
    for name, (enabled, _, _) in _tables(connection).items():
        if enabled:
            granted = whole.get(name, set()) | ({"UPDATE"} if columns.get(name) else set()) | {"SELECT"}
            assert commands[name] == granted, name


def test_nothing_is_seen_and_nothing_written_without_a_scope(connection: psycopg.Connection) -> None:
    """Every policy asks for the scope, itself or through the visible case or version of a rule book. Only the published
    versions of rule books are seen without a scope: they are public (S4.7)."""
    for name, read, write in connection.execute(
        "select tablename || '.' || policyname, qual, with_check from pg_policies where schemaname = 'public'"
    ):
        through = ("FROM cases c", "FROM rule_book_version v")
        assert "app.scopes()" in (read or write) or any(each in (read or "") for each in through), name
        assert write is None or write == "(app.scopes() @> ARRAY[0])", name


def test_nobody_else_has_any_privilege(connection: psycopg.Connection) -> None:
    owner = connection.info.user
    others = connection.execute(
        """select table_name, grantee from information_schema.role_table_grants
           where table_schema in ('public', 'app') and grantee not in (%s, %s)""",
        (owner, APP_ROLE),
    ).fetchall()
    assert others == []


def test_the_role_of_requests_is_no_owner_and_has_no_special_right(connection: psycopg.Connection) -> None:
    role = connection.execute(
        """select rolsuper, rolbypassrls, rolcreaterole, rolcreatedb, rolreplication, rolcanlogin
           from pg_roles where rolname = %s""",
        (APP_ROLE,),
    ).fetchone()
    assert role == (False,) * 6
    owned = connection.execute(
        "select count(*) from pg_class where relowner = %s::regrole and relnamespace = 'public'::regnamespace",
        (APP_ROLE,),
    ).fetchone()
    assert owned == (0,)
    above = connection.execute("select count(*) from pg_auth_members where member = %s::regrole", (APP_ROLE,))
    assert above.fetchone() == (0,), "it must not inherit from another role"
    creates = "select has_schema_privilege(%(r)s, 'public', 'CREATE'), has_schema_privilege(%(r)s, 'app', 'CREATE')"
    assert connection.execute(creates, {"r": APP_ROLE}).fetchone() == (False, False)


def test_what_happened_is_never_changed_or_deleted(connection: psycopg.Connection) -> None:
    whole, columns = _privileges(connection), _changeable(connection)
    for name in APPEND_ONLY:
        assert whole[name] == {"SELECT", "INSERT"}, name
        assert name not in columns, name
    assert {name for name, granted in whole.items() if "DELETE" in granted} == EMPTIED
    assert not {name for name, granted in whole.items() if granted & {"TRUNCATE", "TRIGGER", "REFERENCES"}}
    for name, changed in CHANGED_ONCE.items():
        assert columns[name] == changed, name


def test_functions_that_run_as_the_owner_are_few_and_closed(connection: psycopg.Connection) -> None:
    """Each fixes its search path, and requests may call only those that check the caller's own scope."""
    found = connection.execute(
        """select p.proname, p.proconfig, has_function_privilege(%s, p.oid, 'EXECUTE'),
                  exists (select from aclexplode(p.proacl) a where a.grantee = 0)
           from pg_proc p where p.pronamespace = 'app'::regnamespace and p.prosecdef order by 1""",
        (APP_ROLE,),
    ).fetchall()
    assert [(name, callable_) for name, _, callable_, _ in found] == [
        ("case_counts", True),
        ("count_area", False),
        ("search_cases", True),
    ]
    for name, settings, _, public in found:
        assert settings == ["search_path=pg_catalog, pg_temp"], name
        assert not public, name


_STATE = (
    "select tablename, policyname, cmd, permissive, roles::text, qual, with_check from pg_policies order by 1, 2",
    """select p.proname, pg_get_functiondef(p.oid), p.proacl::text from pg_proc p
       where p.pronamespace = 'app'::regnamespace order by 1""",
    """select relname, relrowsecurity, relforcerowsecurity,
              array(select a::text from aclexplode(relacl) a where a.grantee <> relowner order by 1) from pg_class
       where relnamespace = 'public'::regnamespace and relkind in ('r', 'p', 'S') order by 1""",
    """select attrelid::regclass::text, attname::text, attacl::text from pg_attribute
       where attacl is not null and attrelid::regclass::text !~ '^pg_|information_schema' order by 1, 2""",
)


def _lock_of(database: FreshDatabase) -> list[list[tuple[object, ...]]]:
    with psycopg.connect(database.dsn) as connection:
        return [connection.execute(statement).fetchall() for statement in _STATE]


def test_migrated_databases_are_locked_as_the_policy_of_today_says(cluster: Cluster) -> None:
    """A change of the policy that changes ``policies/rls.sql`` needs a migration that brings databases to it."""
    migrated, anew = cluster.fresh("lock_migrated"), cluster.empty("lock_anew")
    migrate.upgrade(anew.address)
    with psycopg.connect(anew.dsn) as connection:
        connection.execute(_UNLOCK)
        connection.execute(bundle.text("policies", "rls.sql"))
    for found, wanted in zip(_lock_of(migrated), _lock_of(anew), strict=True):
        assert found == wanted
    cluster.drop(migrated)
    cluster.drop(anew)


#: Everything that the row security's script makes, taken away again.
_UNLOCK = f"""
do $$ declare found record; begin
  for found in select policyname, tablename from pg_policies where schemaname = 'public' loop
    execute format('drop policy %I on %I', found.policyname, found.tablename);
    execute format('alter table %I no force row level security', found.tablename);
    execute format('alter table %I disable row level security', found.tablename);
  end loop;
  revoke all on all tables in schema public from {APP_ROLE};
  revoke all on all sequences in schema public from {APP_ROLE};
  drop schema app cascade;
end $$
"""


def test_the_script_names_every_table(connection: psycopg.Connection) -> None:
    text = bundle.text("policies", "rls.sql")
    granted = set(re.findall(r"^grant .* on (\w+) to ", text, re.MULTILINE))
    assert _tables(connection).keys() - {"alembic_version"} <= granted
