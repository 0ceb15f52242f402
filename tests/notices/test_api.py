"""Notices and tasks over HTTP, as clients see them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime
from typing import Any

import psycopg
import pytest

from caseway.db.session import Database
from caseway.gql import ids
from caseway.notices import jobs, service
from caseway.notices.codes import NoticeKind
from support.app import World
from support.factories import platform_unit
from support.operations import operations

FENGQIAO = "330402100"
LIST = """query List($unread: Boolean!, $kind: NoticeKind) {
  officeNotices(first: 10, unreadOnly: $unread, kind: $kind) {
    nodes { id kind at facts readAt readBy { name } case { number } } pageInfo { hasNextPage }
  }
}"""
READ = """mutation Read($input: NoticeMarkReadInput!) { noticeMarkRead(input: $input) { __typename
  ... on NoticeMarkReadPayload { notice { id readAt readBy { name } } } ... on Error { code message }
} }"""
TASKS = """query Tasks($open: Boolean!) { adminTasks(first: 10, openOnly: $open) {
  nodes { id kind subject facts openedAt closedAt closedBy { name } office { code } }
} }"""
CLOSE = """mutation Close($input: AdminTaskCloseInput!) { adminTaskClose(input: $input) { __typename
  ... on AdminTaskClosePayload { task { id closedAt } } ... on Error { code message }
} }"""
NODE = "query Node($id: ID!) { node(id: $id) { __typename id } }"


@pytest.fixture
async def database(world: World) -> AsyncIterator[Database]:
    """The way of the platform itself to the world's database."""
    opened = Database(world.database.url)
    yield opened
    await opened.close()


def office(world: World, code: str) -> int:
    """Number of an office of the demo."""
    with psycopg.connect(world.database.dsn) as connection:
        row = connection.execute("select id from office where code = %s and valid_to is null", [code]).fetchone()
    assert row is not None
    return int(row[0])


async def registered(world: World) -> dict[str, Any]:
    """A case that the town holds."""
    (register,) = [each for each in operations() if each.name == "RegisterCase"]
    clerk = await world.login("fengqiao.clerk")
    entry = {"channel": "LETTER", "receivedAt": world.dial().isoformat(), "title": "村道积水", "claim": "请疏通。"}
    given = {"entry": entry, "petitionClass": "APPEAL_CLAIM", "field": "LAND", "placeCode": FENGQIAO}
    result = (await clerk(register.text, input=given)).result
    assert "case" in result, result
    return dict(result["case"])


async def tell(world: World, database: Database, case: dict[str, Any] | None, *, at: datetime) -> None:
    """The town is told something, and the worker delivers it."""
    city_id, case_id = ids.decode_case_side("Case", case["id"]) if case is not None else (None, None)
    async with platform_unit(database) as uow:
        await service.tell(
            uow,
            office_id=office(world, FENGQIAO),
            kind=NoticeKind.CLOCK_DUE_SOON if case is not None else NoticeKind.RULES_CHANGED,
            key=f"test:{case is None}",
            at=at,
            city_id=city_id,
            case_id=case_id,
            facts={"layer": "LAW", "office": office(world, "330402")},
        )
    while await jobs.deliver(database, now=at):
        pass


async def test_an_office_reads_what_it_was_told_and_marks_it_as_read(world: World, database: Database) -> None:
    case = await registered(world)
    first = world.dial.by(hours=1)
    await tell(world, database, None, at=first)
    second = world.dial.by(hours=1)
    await tell(world, database, case, at=second)
    clerk = await world.login("fengqiao.clerk")
    newer, older = (await clerk(LIST, unread=True)).result["nodes"]
    assert newer["kind"] == "CLOCK_DUE_SOON" and newer["case"]["number"] == case["number"]
    assert older["kind"] == "RULES_CHANGED" and older["case"] is None
    county = ids.encode("Office", office(world, "330402"))
    assert newer["facts"] == f'{{"layer": "LAW", "office": "{county}"}}'
    assert [each["id"] for each in (await clerk(LIST, unread=True, kind="RULES_CHANGED")).result["nodes"]] == [
        older["id"]
    ]
    given = {"noticeId": newer["id"], "idempotencyKey": "read-once"}
    world.dial.by(minutes=1)
    done = await clerk(READ, input=given)
    assert done.result["notice"]["readBy"]["name"] == "贺长青" and done.result["notice"]["readAt"] is not None
    world.dial.by(minutes=1)
    assert (await clerk(READ, input=given)).raw == done.raw
    handler = await world.login("fengqiao.handler")
    again = (await handler(READ, input={"noticeId": newer["id"]})).result["notice"]
    assert again == done.result["notice"]
    assert [each["id"] for each in (await clerk(LIST, unread=True)).result["nodes"]] == [older["id"]]
    assert (await clerk(NODE, id=newer["id"])).result == {"__typename": "OfficeNotice", "id": newer["id"]}


async def test_others_are_told_nothing_of_it(world: World, database: Database) -> None:
    case = await registered(world)
    await tell(world, database, case, at=world.dial())
    clerk = await world.login("fengqiao.clerk")
    (notice,) = (await clerk(LIST, unread=True)).result["nodes"]
    for name in ("yuxin.handler", "nanhu.leader", "zhuji.leader"):
        other = await world.login(name)
        assert (await other(LIST, unread=True)).result["nodes"] == []
        assert (await other(NODE, id=notice["id"])).data["node"] is None
        assert (await other(READ, input={"noticeId": notice["id"]})).code == "NOT_FOUND"
    admin = await world.login("fengqiao.admin")
    assert (await admin(LIST, unread=True)).data["officeNotices"] is None
    assert (await admin(NODE, id=notice["id"])).data["node"] is None
    assert (await admin(READ, input={"noticeId": notice["id"]})).code == "NOT_PERMITTED"
    wrong = await clerk(READ, input={"noticeId": case["id"]})
    assert wrong.code == "MALFORMED_ID"


async def test_administrators_see_and_close_their_tasks(world: World, database: Database) -> None:
    async with platform_unit(database) as uow:
        for office_id, key in ((office(world, FENGQIAO), "town"), (None, "platform")):
            await service.open_task(
                uow, kind="CONDITION_FAILED", key=key, office_id=office_id, at=world.dial(), facts={"rule": "r1"}
            )
    admin, operator = await world.login("fengqiao.admin"), await world.login("platform.operator")
    (mine,) = (await admin(TASKS, open=True)).result["nodes"]
    assert (mine["subject"], mine["office"]["code"], mine["facts"]) == ("town", FENGQIAO, '{"rule": "r1"}')
    theirs = [each for each in (await operator(TASKS, open=True)).result["nodes"] if each["kind"] == "CONDITION_FAILED"]
    assert [(each["subject"], each["office"]) for each in theirs] == [("platform", None)]
    assert (await operator(CLOSE, input={"taskId": mine["id"]})).code == "NOT_FOUND"
    assert (await admin(CLOSE, input={"taskId": theirs[0]["id"]})).code == "NOT_FOUND"
    closed = (await admin(CLOSE, input={"taskId": mine["id"], "idempotencyKey": "close-once"})).result
    assert closed["task"]["closedAt"] is not None
    assert (await admin(CLOSE, input={"taskId": mine["id"]})).code == "TASK_CLOSED"
    assert (await admin(TASKS, open=True)).result["nodes"] == []
    (again,) = (await admin(TASKS, open=False)).result["nodes"]
    assert again["closedBy"]["name"] == "曹丽华"
    assert (await admin(NODE, id=mine["id"])).result["__typename"] == "AdminTask"
    clerk = await world.login("fengqiao.clerk")
    assert (await clerk(TASKS, open=False)).result["nodes"] == []
    assert (await clerk(NODE, id=mine["id"])).data["node"] is None
    assert (await clerk(CLOSE, input={"taskId": mine["id"]})).code == "NOT_FOUND"
