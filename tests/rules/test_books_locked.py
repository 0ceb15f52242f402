"""The second lock of drafts: under whose scope the database itself shows what an office has not published."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from caseway.db.scope import AREA, DRAFTS, NO_SCOPE, SYSTEM_SCOPE, Scope
from caseway.db.session import Database
from caseway.gql import ids
from support.rule_desks import Author, rule
from support.scenes import Scene

_SEEN = text(
    """select (select count(*) from rule_book_version v where v.book_id = b.id and v.state <> 'PUBLISHED'),
              (select count(*) from rule_row r where r.book_id = b.id),
              (select count(*) from rule_review w where w.book_id = b.id)
       from rule_book b where b.code = :code"""
)


async def _write(database: Database, scope: Scope, statement: str) -> None:
    async with database.unit(scope) as uow:
        uow.nothing_to_do()
        await uow.session.execute(text(statement))


@pytest.fixture
async def database(scene: Scene) -> AsyncIterator[Database]:
    """The application's own way to the same database."""
    opened = Database(scene.world.database.url, pool_size=1)
    yield opened
    await opened.close()


async def seen(database: Database, scope: Scope, code: str) -> tuple[int, int, int]:
    """Unpublished versions, rows and reviews of a book under a scope."""
    async with database.reader(scope) as session:
        row = (await session.execute(_SEEN, {"code": code})).one()
    return (row[0], row[1], row[2])


async def test_a_draft_opens_to_its_office_and_to_the_platform_alone(scene: Scene, database: Database) -> None:
    office = ids.decode_number("Office", await scene.office("120111001"))
    above = ids.decode_number("Office", await scene.office("120111"))
    review = {
        "ruleCode": "XY-10",
        "decision": "REFUSED",
        "reason": "不用。",
        "officeId": await scene.office("120111001"),
    }
    await scene.desk("xiyingmen.leader").do("leader/RecordRuleReview", **review)
    own, whole = Scope(principals=(DRAFTS + office,)), (1, 10, 1)
    assert await seen(database, own, "xiyingmen") == whole
    assert await seen(database, SYSTEM_SCOPE, "xiyingmen") == whole
    for scope in (
        NO_SCOPE,
        Scope(principals=(office,)),
        Scope(principals=(AREA + office, AREA + above, above, -office)),
        Scope(principals=(DRAFTS + above,)),
    ):
        assert await seen(database, scope, "xiyingmen") == (0, 0, 0)


async def test_published_rows_open_to_everybody(scene: Scene, database: Database) -> None:
    assert await seen(database, NO_SCOPE, "jiaxing") == (0, 24, 0)


async def test_nothing_is_written_under_the_office_s_own_scope(
    scene: Scene, xiuzhou: Author, database: Database
) -> None:
    """Only after a permission was granted, which opens the unit of work."""
    await xiuzhou.open()
    await xiuzhou.put(rule("XZ-09", "meeting", name="WEEKLY_TALK", per="WEEK"))
    office = ids.decode_number("Office", await scene.office("330411"))
    own = Scope(principals=(DRAFTS + office,))
    for statement in (
        "update rule_book_version set state = 'PUBLISHED', effective_from = '2026-01-01', published_at = now()"
        " where state = 'DRAFT'",
        "insert into rule_row (book_id, number, row_id, position, kind, applies_to, params)"
        " select book_id, number, 'X', 9, kind, applies_to, params from rule_row where row_id = 'XZ-09'",
    ):
        with pytest.raises(DBAPIError, match="row-level security"):
            await _write(database, own, statement)
    async with database.unit(own) as uow:
        uow.nothing_to_do()
        gone = await uow.session.execute(text("delete from rule_row where row_id = 'XZ-09'"))
        assert gone.rowcount == 0  # type: ignore[attr-defined]
    assert await seen(database, own, "xiuzhou") == (1, 1, 0)
