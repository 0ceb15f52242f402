"""Declared configuration: the plan is what the apply does, a second apply does nothing, faults name file and line."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import psycopg
import pytest

from caseway import bundle, demo
from caseway.access.permissions import Role
from caseway.db.scope import NO_SCOPE
from caseway.db.session import Database
from caseway.leads.declared import Links
from caseway.people import passwords
from caseway.people.declared import Secrets, Several, declare
from caseway.rules.declared import Books
from caseway.tenancy import declarations, repository
from caseway.tenancy.declarations import DeclarationRefused
from caseway.tenancy.declared import Action, Step
from caseway.tenancy.models import Level
from support.database import FreshDatabase

from .conftest import NOW

DEMO = bundle.path("tenants", "demo")
OFFICES = """\
offices:
  - {code: 3304-xfj, parent: 3304, kind: PETITION_OFFICE, name: 嘉兴市信访局}
  - {code: 3304-zrzy, parent: 3304, kind: DEPARTMENT, name: 自然资源局, fields: [LAND]}
"""
STAFF = """\
password_demo: seven-herons-over-the-dyke
persons:
  - username: mei
    name: 王小梅
    memberships:
      - {office: 3304-xfj, roles: [clerk, dispatcher], post: 副主任, rank: SECTION_DEPUTY, portfolios: [LAND]}
"""


def _write(folder: Path, **files: str) -> Path:
    for name, content in files.items():
        (folder / f"{name}.yaml").write_text(content, encoding="utf-8")
    return folder


async def _apply(tree: Database, folder: Path, *, store: bool = True, days: int = 0) -> list[Step]:
    secrets = Secrets.of_process(demo=True)
    now = NOW + timedelta(days=days)
    return await declare(tree, folder, secrets=secrets, store=store, now=now, further=Several(Books(), Links()))


def _lines(steps: list[Step]) -> list[str]:
    return [f"{step.action} {step.subject}" for step in steps if step.action is not Action.KEEP]


async def _faults(tree: Database, folder: Path, *, accept_demo: bool = True) -> list[tuple[str, int, str]]:
    with pytest.raises(DeclarationRefused) as refusal:
        await declare(tree, folder, secrets=Secrets.of_process(demo=accept_demo), store=True, now=NOW)
    return [(fault.file, fault.line, fault.code) for fault in refusal.value.faults]


def _count(rows: psycopg.Connection) -> tuple[object, ...] | None:
    return rows.execute(
        "select (select count(*) from office), (select count(*) from office_event), (select count(*) from person),"
        " (select count(*) from account), (select count(*) from membership)"
    ).fetchone()


async def test_a_plan_is_what_the_apply_does_and_stores_nothing(
    tree: Database, rows: psycopg.Connection, files: Path
) -> None:
    before = _count(rows)
    planned = await _apply(tree, _write(files, offices=OFFICES, staff=STAFF), store=False)
    assert _count(rows) == before
    done = await _apply(tree, files)
    assert done == planned
    assert _lines(done) == [
        "create office 3304-xfj 嘉兴市信访局",
        "create office 3304-zrzy 自然资源局",
        "create person mei",
        "create post mei @ 3304-xfj",
    ]


async def test_a_second_apply_changes_nothing(tree: Database, rows: psycopg.Connection, files: Path) -> None:
    await _apply(tree, _write(files, offices=OFFICES, staff=STAFF))
    before, hashed = _count(rows), rows.execute("select password_hash from account").fetchall()
    steps = await _apply(tree, files, days=3)
    assert {step.action for step in steps} == {Action.KEEP}
    assert _count(rows) == before and rows.execute("select password_hash from account").fetchall() == hashed


async def test_what_differs_is_changed_and_written_into_the_history(
    tree: Database, rows: psycopg.Connection, files: Path
) -> None:
    await _apply(tree, _write(files, offices=OFFICES))
    changed = OFFICES.replace("嘉兴市信访局", "嘉兴市委信访局").replace("[LAND]", "[LAND, PLANNING]")
    changed += "  - {code: 3304, backstop: 3304-xfj}\n"
    steps = await _apply(tree, _write(files, offices=changed), days=1)
    assert [step.detail for step in steps if step.action is Action.CHANGE] == [
        "name: 嘉兴市信访局 → 嘉兴市委信访局",
        "fields: LAND → LAND, PLANNING",
        "backstop: 3304-xfj 嘉兴市委信访局",
    ]
    events = rows.execute("select type, source, person_id from office_event order by id desc limit 3").fetchall()
    assert events == [
        ("adjusted", "offices.yaml:4", 0),
        ("adjusted", "offices.yaml:3", 0),
        ("renamed", "offices.yaml:2", 0),
    ]


async def test_an_office_may_be_declared_before_the_one_above_it(tree: Database, files: Path) -> None:
    content = """\
offices:
  - {code: 330402199-xfj, parent: 330402199, kind: PETITION_OFFICE, name: 新镇信访办}
  - {code: 330402199, parent: 330402, level: TOWN, name: 新镇}
"""
    assert _lines(await _apply(tree, _write(files, offices=content)))[0] == "create office 330402199 新镇"


async def test_an_office_is_moved_with_everything_below_it(tree: Database, files: Path) -> None:
    content = "offices:\n  - {code: 330402100, parent: 330411}\n"
    await _apply(tree, _write(files, offices=content))
    async with tree.reader(NO_SCOPE) as session:
        village = await repository.by_code(session, "330402100204")
        assert village is not None
        assert [office.code for office in await repository.ancestors(session, village)] == [
            "33",
            "3304",
            "330411",
            "330402100",
        ]


async def test_an_office_ends_only_by_naming_its_successor(
    tree: Database, rows: psycopg.Connection, files: Path
) -> None:
    await _apply(tree, _write(files, offices=OFFICES))
    await _apply(tree, _write(files, offices="offices: []\n"), days=1)
    assert rows.execute("select count(*) from office where code like '3304-%' and valid_to is null").fetchone() == (2,)
    more = OFFICES + "  - {code: 3304-gtj, parent: 3304, kind: DEPARTMENT, name: 国土局, successor: 3304-zrzy}\n"
    steps = await _apply(tree, _write(files, offices=more), days=2)
    assert _lines(steps) == ["create office 3304-gtj 国土局", "end office 3304-gtj 国土局"]
    assert {step.action for step in await _apply(tree, files, days=3)} == {Action.KEEP}


async def test_a_statistical_zone_becomes_a_tenant_by_decision(
    tree: Database, rows: psycopg.Connection, files: Path
) -> None:
    zone = rows.execute("select code from office where statistical_only order by code limit 1").fetchone()
    assert zone is not None
    content = f"offices:\n  - {{code: {zone[0]}, tenant: true}}\n"
    steps = await _apply(tree, _write(files, offices=content))
    assert [step.detail for step in steps] == ["becomes a tenant"]
    async with tree.reader(NO_SCOPE) as session:
        office = await repository.by_code(session, zone[0])
        assert office is not None and office.is_open
    assert {step.action for step in await _apply(tree, files, days=1)} == {Action.KEEP}


async def test_posts_end_when_they_are_not_declared_any_more_and_nothing_is_deleted(
    tree: Database, rows: psycopg.Connection, files: Path
) -> None:
    await _apply(tree, _write(files, offices=OFFICES, staff=STAFF))
    moved = STAFF.replace("office: 3304-xfj", "office: 330402")
    steps = await _apply(tree, _write(files, staff=moved), days=10)
    assert _lines(steps) == ["end post mei @ 3304-xfj", "create post mei @ 330402"]
    held = rows.execute(
        "select o.code, m.valid_from, m.valid_to from membership m join office o on o.id = m.office_id order by m.id"
    ).fetchall()
    later = NOW + timedelta(days=10)
    assert held == [("3304-xfj", NOW, later), ("330402", later, None)]
    back = await _apply(tree, _write(files, staff=STAFF), days=20)
    assert _lines(back) == ["end post mei @ 330402", "create post mei @ 3304-xfj"]


async def test_a_post_keeps_its_dates_and_changes_its_roles(
    tree: Database, rows: psycopg.Connection, files: Path
) -> None:
    dated = STAFF.replace("office: 3304-xfj,", "office: 3304-xfj, from: 2026-01-01, to: 2026-12-31,")
    await _apply(tree, _write(files, offices=OFFICES, staff=dated))
    steps = await _apply(tree, _write(files, staff=dated.replace("[clerk, dispatcher]", "[handler]")), days=1)
    assert [step.detail for step in steps if step.action is Action.CHANGE] == ["roles: clerk, dispatcher → handler"]
    assert rows.execute("select count(*) from membership").fetchone() == (1,)


async def test_a_first_password_comes_from_the_environment_and_is_not_set_again(
    tree: Database, rows: psycopg.Connection, files: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    content = STAFF.replace("password_demo: seven-herons-over-the-dyke\n", "").replace(
        "name: 王小梅", "name: 王小梅\n    password_env: MEI_PASSWORD"
    )
    _write(files, offices=OFFICES, staff=content)
    assert await _faults(tree, files) == [("staff.yaml", 4, "PASSWORD_MISSING")]
    monkeypatch.setenv("MEI_PASSWORD", "three-otters-in-the-reeds")
    await _apply(tree, files)
    monkeypatch.setenv("MEI_PASSWORD", "another-word-entirely-here")
    await _apply(tree, files, days=1)
    stored = rows.execute("select password_hash from account").fetchone()
    assert stored is not None and await passwords.verify(stored[0], "three-otters-in-the-reeds")


BAD = {
    "unknown office": (STAFF.replace("3304-xfj", "3304-nowhere"), 6, "OFFICE_NOT_FOUND"),
    "unknown role": (STAFF.replace("[clerk, dispatcher]", "[emperor]"), 6, "UNKNOWN_VALUE"),
    "no role": (STAFF.replace("[clerk, dispatcher]", "[]"), 6, "INVALID_INPUT"),
    "admin and audit": (STAFF.replace("[clerk, dispatcher]", "[tenant_admin, auditor]"), 6, "ROLE_COMBINATION"),
    "unknown key": (STAFF.replace("name: 王小梅", "name: 王小梅\n    nickname: 小王"), 5, "UNKNOWN_KEY"),
    "unknown top key": ("people: []\n" + STAFF, 1, "UNKNOWN_KEY"),
    "missing name": (STAFF.replace("    name: 王小梅\n", ""), 3, "MISSING_KEY"),
    "bad name": (STAFF.replace("username: mei", "username: Mei Wang"), 3, "INVALID"),
    "same name twice": (STAFF + STAFF.split("persons:\n")[1], 7, "USERNAME_TAKEN"),
    "overlap": (STAFF + "      - {office: 3304-xfj, roles: [leader]}\n", 7, "MEMBERSHIP_EXISTS"),
    "end without beginning": (STAFF.replace("rank:", "to: 2027-01-01, rank:"), 6, "INVALID"),
    "bad date": (STAFF.replace("rank:", "from: 2027-02-30, rank:"), 6, "INVALID"),
    "duplicate key": (STAFF.replace("name: 王小梅", "name: 王小梅\n    name: 李"), 5, "DUPLICATE_KEY"),
    "alias": (STAFF.replace("name: 王小梅", "name: *other"), 4, "ALIAS"),
    "bomb": ("a: &a [x, x]\nb: &b [*a, *a]\n", 2, "ALIAS"),
    "tag": (STAFF.replace("name: 王小梅", "name: !!python/object:os.system ls"), 4, "TAG"),
    "not a list": ("persons: mei\n", 1, "SHAPE"),
    "not yaml": ("persons: [\n", 2, "NOT_YAML"),
    "two documents": (STAFF + "---\n" + STAFF, 7, "SECOND_DOCUMENT"),
    "deep": ("persons:\n  - " + "[" * 40 + "]" * 40 + "\n", 2, "TOO_DEEP"),
    "short password": (STAFF.replace("seven-herons-over-the-dyke", "short"), 3, "PASSWORD_TOO_SHORT"),
    "common password": (STAFF.replace("seven-herons-over-the-dyke", "password12345"), 3, "PASSWORD_TOO_COMMON"),
}


@pytest.mark.parametrize("name", BAD)
async def test_a_faulty_file_is_refused_with_line_and_code_and_nothing_is_applied(
    tree: Database, rows: psycopg.Connection, files: Path, name: str
) -> None:
    content, line, code = BAD[name]
    before = _count(rows)
    found = await _faults(tree, _write(files, offices=OFFICES, staff=content))
    assert ("staff.yaml", line, code) in found
    assert _count(rows) == before


@pytest.mark.parametrize(
    ("entry", "code"),
    [
        ("{code: 3304-a, parent: 9999, kind: DEPARTMENT, name: 某局}", "OFFICE_NOT_FOUND"),
        ("{code: 3304-a, kind: DEPARTMENT, name: 某局}", "OFFICE_NOT_FOUND"),
        ("{code: 3304-a, parent: 3304, name: 某市}", "MISSING_KEY"),
        ("{code: 3304-a, parent: 3304, level: PROVINCE, name: 某省}", "WRONG_LEVEL"),
        ("{code: 3304-a, parent: 3304, kind: DEPARTMENT, level: TOWN, name: 某局}", "WRONG_LEVEL"),
        ("{code: 3304-a, parent: 3304, kind: MINISTRY, name: 某部}", "UNKNOWN_VALUE"),
        ("{code: 'a b', parent: 3304, kind: DEPARTMENT, name: 某局}", "INVALID_INPUT"),
        ("{code: 3304-a, parent: 3304, kind: DEPARTMENT, name: '  '}", "INVALID_INPUT"),
        ("{code: 330402, kind: DEPARTMENT}", "FIXED"),
        ("{code: 330402, level: TOWN}", "FIXED"),
        ("{code: 3304, parent: 330402}", "OFFICE_CYCLE"),
        ("{code: 330402, parent: 330402100}", "OFFICE_CYCLE"),
        ("{code: 330402, backstop: nowhere}", "OFFICE_NOT_FOUND"),
        ("{code: 330402, successor: 330411}", "OFFICE_HAS_CHILDREN"),
        ("{code: 3304-xfj, parent: 3304, kind: PETITION_OFFICE, name: 又一个}", "DUPLICATE_OFFICE"),
    ],
)
async def test_a_faulty_office_is_refused_with_line_and_code(
    tree: Database, rows: psycopg.Connection, files: Path, entry: str, code: str
) -> None:
    before = _count(rows)
    assert ("offices.yaml", 4, code) in await _faults(tree, _write(files, offices=f"{OFFICES}  - {entry}\n"))
    assert _count(rows) == before


async def test_every_fault_of_every_file_is_told_at_once(tree: Database, files: Path) -> None:
    _write(
        files,
        offices="offices:\n  - {code: 3304-a, parent: 1, kind: DEPARTMENT, name: 甲}\n  - {code: 3304-b}\n",
        staff=STAFF.replace("3304-xfj", "3304-a").replace("[LAND]", "[land]"),
    )
    assert await _faults(tree, files) == [
        ("offices.yaml", 2, "OFFICE_NOT_FOUND"),
        ("offices.yaml", 3, "OFFICE_NOT_FOUND"),
        ("staff.yaml", 6, "INVALID"),
        ("staff.yaml", 6, "OFFICE_NOT_FOUND"),
    ]


async def test_offices_that_hang_below_each_other_are_refused(tree: Database, files: Path) -> None:
    content = """\
offices:
  - {code: a1, parent: b1, level: TOWN, name: 甲}
  - {code: b1, parent: a1, level: TOWN, name: 乙}
"""
    assert ("offices.yaml", 2, "OFFICE_CYCLE") in await _faults(tree, _write(files, offices=content))


async def test_files_that_are_not_utf8_or_too_large_are_refused(tree: Database, files: Path) -> None:
    (files / "a.yaml").write_bytes("offices: []\n# 嘉兴\n".encode("gb18030"))
    (files / "b.yaml").write_bytes(b"# " + b"x" * declarations.LARGEST_FILE)
    assert await _faults(tree, files) == [("a.yaml", 2, "NOT_UTF8"), ("b.yaml", 1, "TOO_LARGE")]


async def test_a_folder_without_files_is_refused(tree: Database, files: Path) -> None:
    assert [code for _, _, code in await _faults(tree, files)] == ["EMPTY"]
    assert [code for _, _, code in await _faults(tree, files / "missing.yaml")] == ["UNREADABLE"]


async def test_passwords_in_files_are_for_demonstrations_only(tree: Database, files: Path) -> None:
    _write(files, offices=OFFICES, staff=STAFF)
    assert await _faults(tree, files, accept_demo=False) == [("staff.yaml", 1, "PASSWORD_DEMO")]


async def test_the_demo_is_applied_twice_with_one_effect(tree: Database, rows: psycopg.Connection) -> None:
    await _apply(tree, DEMO)
    before = _count(rows)
    assert {step.action for step in await _apply(tree, DEMO, days=1)} == {Action.KEEP}
    assert _count(rows) == before
    stored = rows.execute("select password_hash from account where username = 'jiaxing.clerk'").fetchone()
    assert stored is not None and await passwords.verify(stored[0], demo.password())
    assert demo.password() in demo.welcome()


async def test_the_demo_has_every_role_at_every_level_of_jiaxing(tree: Database, rows: psycopg.Connection) -> None:
    await _apply(tree, DEMO)
    found = rows.execute(
        "select a.username, o.code, o.level, m.roles from membership m join office o on o.id = m.office_id"
        " join account a on a.person_id = m.person_id"
    ).fetchall()
    have = {(level, role) for _, code, level, roles in found if code.startswith("3304") for role in roles}
    wanted = [Role.CLERK, Role.HANDLER, Role.DISPATCHER, Role.LEADER, Role.SUPERVISOR, Role.TENANT_ADMIN, Role.AUDITOR]
    assert {
        (level.value, role.value) for level in Level if level is not Level.PROVINCE for role in wanted
    } - have == set()
    at = {username: code for username, code, _, _ in found}
    expected = {
        "jiaxing.clerk": "3304",
        "nanhu.dispatcher": "330402",
        "fengqiao.handler": "330402100",
        "daxing.clerk": "330402100204",
        "dongwuqi-xfj.leader2": "152525-xfj",
        "zhuji-jw.handler": "330681-jw",
    }
    assert {username: at[username] for username in expected} == expected


async def test_the_demo_loads_into_an_empty_database_and_only_once(database: FreshDatabase) -> None:
    opened = Database(database.url, pool_size=1)
    for days in (0, 1):
        await demo.offices_and_staff(opened, now=NOW + timedelta(days=days))
        with psycopg.connect(database.dsn) as connection:
            count = _count(connection)
        if days == 0:
            first = count
    await opened.close()
    assert count == first and count is not None and count[2] == count[3]
