"""Declared rule books: planned, applied once, never over what an office has written, all or nothing."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import psycopg
import pytest
from typer.testing import CliRunner

from caseway import bundle, cli
from caseway.administration.service import hooks
from caseway.db.scope import NO_SCOPE
from caseway.db.session import Database
from caseway.people.declared import Secrets, declare
from caseway.rules import service
from caseway.rules.declared import Books
from caseway.rules.kinds.deadline import Deadline
from caseway.tenancy import repository as offices
from caseway.tenancy.declarations import DeclarationRefused
from caseway.tenancy.declared import Action, Step
from support.app import demo_template
from support.database import Cluster, FreshDatabase

NOW = datetime(2026, 4, 1, 1, 0, tzinfo=UTC)
BOOK = """\
schema_version: 1
system: nanhu
name: 南湖区
role: office
office: {level: COUNTY, code: '330402'}
inherits: jiaxing
note: 本区规则
effective_from: 2026-01-01
state: PUBLISHED
rules:
- {id: NH-01, kind: deadline, applies_to: SUBTREE,
   params: {stage: FORWARD, limit: {n: 3, unit: WORKDAY}, start: RECEIVED}}
- {id: NH-02, kind: meeting, applies_to: SELF, text: 每周一次。, params: {name: WEEKLY_TALK, per: WEEK}}
"""


@pytest.fixture
async def place(cluster: Cluster, request: pytest.FixtureRequest) -> AsyncIterator[FreshDatabase]:
    """A clone of the demo."""
    template = await asyncio.to_thread(demo_template, cluster)
    clone = cluster.fresh(request.node.name, template=template)
    yield clone
    cluster.drop(clone)


@pytest.fixture
async def database(place: FreshDatabase) -> AsyncIterator[Database]:
    """The application's way to it."""
    opened = Database(place.url, pool_size=2)
    yield opened
    await opened.close()


async def run(database: Database, folder: Path, *, store: bool = True) -> list[Step]:
    """Plan or apply a folder."""
    return await declare(database, folder, secrets=Secrets({}), store=store, now=NOW, hooks=hooks(NOW), further=Books())


def written(folder: Path, text: str, name: str = "nanhu.yaml") -> Path:
    """A folder with this file."""
    (folder / name).write_text(text, encoding="utf-8")
    return folder


def stored(place: FreshDatabase) -> list[tuple[str, int, str]]:
    """Code, number and state of every version of 南湖's book."""
    with psycopg.connect(place.dsn) as connection:
        return connection.execute(
            "select b.code, v.number, v.state from rule_book b join rule_book_version v on v.book_id = b.id"
            " join office o on o.id = b.office_id where o.code = '330402' order by v.number"
        ).fetchall()


async def forward(database: Database, code: str, at: datetime = NOW) -> list[str]:
    """The rows that limit sending on in an office."""
    async with database.reader(NO_SCOPE) as session:
        office = await offices.by_code(session, code)
        assert office is not None
        found = (await service.effective_for(session, office, at=at)).find(Deadline, "FORWARD", "", "RECEIVED")
    assert found is not None
    return [str(sourced.ref) for sourced in found.rows]


async def test_the_shipped_books_are_there_once_and_an_apply_changes_nothing(database: Database) -> None:
    steps = await run(database, bundle.path("tenants", "rulebooks"))
    assert len(steps) >= 27
    assert {step.action for step in steps} == {Action.KEEP}
    assert {step.detail for step in steps} == {"published", "draft"}


async def test_a_plan_shows_what_an_apply_would_do_and_does_nothing(
    database: Database, place: FreshDatabase, tmp_path: Path
) -> None:
    folder = written(tmp_path, BOOK)
    planned = await run(database, folder, store=False)
    assert [(step.action, step.subject, step.detail) for step in planned] == [
        (Action.CREATE, "rule book nanhu 南湖区 v1", "2 rules from 2026-01-01")
    ]
    assert stored(place) == []
    assert await run(database, folder) == planned
    assert stored(place) == [("nanhu", 1, "PUBLISHED")]
    assert await forward(database, "330402100") == ["law-2022 v1 L22-09", "law-zj-2016 v1 LZJ-02", "nanhu v1 NH-01"]
    (again,) = await run(database, folder)
    assert again.action is Action.KEEP


async def test_a_changed_document_becomes_the_next_version(
    database: Database, place: FreshDatabase, tmp_path: Path
) -> None:
    await run(database, written(tmp_path, BOOK))
    (step,) = await run(database, written(tmp_path, BOOK.replace("n: 3", "n: 2").replace("2026-01-01", "2026-05-01")))
    assert (step.action, step.subject) == (Action.CHANGE, "rule book nanhu 南湖区 v2")
    assert stored(place) == [("nanhu", 1, "PUBLISHED"), ("nanhu", 2, "PUBLISHED")]
    assert (await forward(database, "330402"))[-1] == "nanhu v1 NH-01"
    assert (await forward(database, "330402", datetime(2026, 5, 1, tzinfo=UTC)))[-1] == "nanhu v2 NH-01"
    # The old document is known too: nothing goes back and forth.
    (back,) = await run(database, written(tmp_path, BOOK))
    assert back.action is Action.KEEP


async def test_a_declared_draft_gives_way_until_somebody_writes_in_it(
    database: Database, place: FreshDatabase, tmp_path: Path
) -> None:
    await run(database, written(tmp_path, BOOK.replace("PUBLISHED", "DRAFT")))
    assert stored(place) == [("nanhu", 1, "DRAFT")]
    await run(database, written(tmp_path, BOOK.replace("PUBLISHED", "DRAFT").replace("n: 3", "n: 4")))
    assert stored(place) == [("nanhu", 1, "DISCARDED"), ("nanhu", 2, "DRAFT")]
    with psycopg.connect(place.dsn, autocommit=True) as connection:
        connection.execute("update rule_row set edited_by = 1 where row_id = 'NH-01' and number = 2")
    with pytest.raises(DeclarationRefused) as refusal:
        await run(database, written(tmp_path, BOOK))
    assert [(fault.file, fault.code) for fault in refusal.value.faults] == [("nanhu.yaml", "RULE_DRAFT_EXISTS")]
    assert stored(place) == [("nanhu", 1, "DISCARDED"), ("nanhu", 2, "DRAFT")]


@pytest.mark.parametrize(
    ("change", "code", "words"),
    [
        (("n: 3", "n: 10"), "LOOSER_THAN_PARENT", "LZJ-02"),
        (("'330402'", "'330499'"), "OFFICE_NOT_FOUND", "330499"),
        (("system: nanhu", "system: jiaxing"), "RULE_BOOK_MISMATCH", "jiaxing"),
        (("effective_from: 2026-01-01\n", ""), "MISSING_KEY", "effective_from"),
        (("per: WEEK", "per: NOW"), "UNKNOWN_VALUE", "NH-02"),
        (("kind: meeting", "kind: meating"), "UNKNOWN_KIND", "meating"),
        (("state: PUBLISHED", "state: DONE"), "UNKNOWN_VALUE", "DONE"),
    ],
)
async def test_faults_name_their_file_and_nothing_is_stored(
    database: Database, place: FreshDatabase, tmp_path: Path, change: tuple[str, str], code: str, words: str
) -> None:
    written(tmp_path, BOOK.replace(*change))
    with pytest.raises(DeclarationRefused) as refusal:
        await run(database, tmp_path)
    (fault,) = refusal.value.faults
    assert (fault.file, fault.code) == ("nanhu.yaml", code)
    assert words in fault.message
    assert stored(place) == []


async def test_one_faulty_book_holds_up_all(database: Database, place: FreshDatabase, tmp_path: Path) -> None:
    written(tmp_path, BOOK)
    written(tmp_path, BOOK.replace("nanhu", "other").replace("'330402'", "'330499'"), "other.yaml")
    written(
        tmp_path, "offices:\n- {code: 330402-new, parent: 330402, kind: DEPARTMENT, name: 新部门}\n", "offices.yaml"
    )
    with pytest.raises(DeclarationRefused):
        await run(database, tmp_path)
    assert stored(place) == []
    async with database.reader(NO_SCOPE) as session:
        assert await offices.by_code(session, "330402-new") is None


async def test_an_undecided_row_of_a_published_book_must_be_withheld(
    database: Database, place: FreshDatabase, tmp_path: Path
) -> None:
    undecided = BOOK + "unresolved: {NH-01: [limit]}\n"
    with pytest.raises(DeclarationRefused) as refusal:
        await run(database, written(tmp_path, undecided))
    assert [fault.code for fault in refusal.value.faults] == ["UNRESOLVED_PARAMETER"]
    (step,) = await run(database, written(tmp_path, undecided + "withheld: {NH-01: 待定}\n"))
    assert step.detail == "2 rules from 2026-01-01, 1 withheld"
    assert "nanhu v1 NH-01" not in await forward(database, "330402")


def test_the_commands_plan_apply_and_show(
    cluster: Cluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> None:
    clone = cluster.fresh(request.node.name, template=demo_template(cluster))
    monkeypatch.setenv("DATABASE_URL", clone.address.url)

    def run(*arguments: str) -> str:
        done = CliRunner().invoke(cli.build(), ["tenants", *arguments], env={"COLUMNS": "220"})
        assert done.exit_code == 0, done.output
        return done.output

    folder = str(written(tmp_path, BOOK))
    assert "+ rule book nanhu 南湖区 v1: 2 rules from 2026-01-01" in run("plan", folder)
    assert stored(clone) == []
    assert "1 to create; all of it was stored" in run("apply", folder)
    assert "nothing was stored" in run("apply", folder)
    shown = run("rules", "330402100", "--at", "2026-04-01", "--kind", "deadline")
    (limit,) = [line for line in shown.splitlines() if "nanhu v1 NH-01" in line and " limit " in line]
    assert "3 WORKDAY" in limit
    assert "330402100 on 2026-04-01: law-2022 v1, law-zj-2016 v1, zhejiang v1, jiaxing v1, nanhu v1" in shown
    assert "clamped: LZJ-04 says extend 60 DAY" in shown
    assert "nanhu" not in run("rules", "330402100", "--at", "2025-12-31")
    cluster.drop(clone)
