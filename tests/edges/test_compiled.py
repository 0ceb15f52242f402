"""Compiled reads: random documents over everything that is mapped are answered by one statement a root field with the
same bytes as by resolvers, for everybody."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from random import Random

import httpx
import pytest
import pytest_asyncio
from sqlalchemy import true

from caseway.access.flags_sql import RowFlags
from caseway.access.plans_sql import Branch
from caseway.app import build_app
from caseway.cases.api import mapped
from caseway.gql.compiler.engine import COMPILED, Engine
from caseway.schema import compiled
from support import app
from support.app import World
from support.compiled import Documents
from support.walk_world import GRAPH, ROOMY, Walked

from .operations_golden import GOLDEN, table

pytestmark = pytest.mark.asyncio(loop_scope="module")

#: Documents asked by each of them; the long form is asked with CASEWAY_COMPILED_DOCUMENTS=900.
EACH = int(os.environ.get("CASEWAY_COMPILED_DOCUMENTS", "15"))
ASKING = (
    "jiaxing.leader", "nanhu.clerk", "nanhu.supervisor", "nanhu.auditor", "nanhu-jw.handler", "fengqiao.handler",
    "fengqiao.admin", "daxing.leader", "yuxin.handler", "zhuji.leader", "platform.operator", "hutun.clerk",
)  # fmt: skip
#: How a document that is mapped may be answered: enciphered words are left to the resolvers. Logins are mutations.
LEFT = {COMPILED, "mutation", "odd row", "Claim", "Case.title", "Case.claims", "Query.node"}


@asynccontextmanager
async def resolved(walked: Walked, data_dir: Path) -> AsyncIterator[World]:
    """The same world, answered by resolvers alone."""
    world = walked.world
    settings = app.settings_for(world.database, data_dir, **ROOMY, compiled_reads=False)
    application = build_app(settings, now=world.dial, documents=app.documents(settings))
    async with application.router.lifespan_context(application):
        transport = httpx.ASGITransport(app=application, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://caseway.test", timeout=150) as client:
            yield World(client, world.database, settings, world.dial)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def plain(locked: Walked, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[World]:
    """For comparison."""
    async with resolved(locked, tmp_path_factory.mktemp("plain")) as world:
        yield world


def engine_of(walked: Walked) -> Engine:
    """The engine of the running application, its counts at zero."""
    assert walked.world.application is not None
    engine: Engine = walked.world.application.state.compiler
    engine.counts.clear()
    return engine


def roots(walked: Walked, pick: Random) -> list[str]:
    """Some root fields that are mapped, with arguments."""
    case = pick.choice(walked.built.cases).gid
    office = pick.choice([*walked.built.places.offices.values(), "T2ZmaWNlOjA", "nonsense"])
    code = pick.choice([*walked.built.places.offices, "0"])
    end = pick.choice(["first", "last"])
    order = pick.choice(["", ", orderBy: {field: %s, direction: %s}"])
    if order:
        order %= (pick.choice(["DUE_AT", "REGISTERED_AT", "RECEIVED_AT"]), pick.choice(["ASC", "DESC"]))
    narrowed = pick.choice(
        [
            "", ", filter: {isOpen: true}", ", filter: {isOverdue: true}", ", filter: {isOverdue: false}",
            ', filter: {text: "标题"}', ', filter: {text: "标题", isOpen: true}', ', filter: {text: "没有"}',
            ", filter: {classes: [APPEAL_CLAIM], stages: [REGISTERED, SIGNED, ANSWERED]}",
            f', filter: {{withinOfficeId: "{office}"}}', ', filter: {receivedAt: {since: "2026-03-01T00:00:00Z"}}',
        ]
    )  # fmt: skip
    every = [
        f"cases({end}: {pick.randint(1, 30)}{order}{narrowed})", f'case(id: "{case}")', f'node(id: "{case}")',
        f'office(id: "{office}")', f'officeByCode(code: "{code}")', f"incomingOrders({end}: {pick.randint(1, 9)})",
        f"caseStubs({end}: {pick.randint(1, 9)})",
    ]  # fmt: skip
    return pick.sample(every, pick.choice([1, 1, 1, 2]))


async def compared(walked: Walked, plain: World, names: Sequence[str], count: int) -> None:
    """Random documents, asked by some people in both ways."""
    engine = engine_of(walked)
    for name in names:
        pick = Random(name)
        here, there = await walked.world.login(name), await plain.login(name)
        documents = Documents(GRAPH, compiled, pick)
        for _ in range(count):
            text = documents.document(roots(walked, pick))
            told, expected = await here(text), await there(text)
            assert told.raw == expected.raw, text
            assert "data" in told.body, told.body
    assert engine.counts.keys() <= LEFT
    reads = engine.counts.total() - engine.counts["mutation"]
    assert engine.counts[COMPILED] > reads * 0.6


@pytest.mark.parametrize("name", ASKING)
async def test_one_statement_answers_what_the_resolvers_answer(locked: Walked, plain: World, name: str) -> None:
    """Byte for byte, and by one statement indeed."""
    await compared(locked, plain, [name], EACH)


async def test_the_statement_alone_shows_no_more_than_the_policy(
    single: Walked, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """With the second lock taken out, only the conditions in the statement stand before the rows."""
    async with resolved(single, tmp_path_factory.mktemp("single")) as plain:
        await compared(single, plain, ASKING, max(4, EACH // 5))


@pytest.mark.parametrize("name", ["fengqiao.handler", "zhuji.leader"])
async def test_the_second_lock_stands_behind_the_statement(
    locked: Walked, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """With every permission granted by the statement, row level security still shows no more cases than before."""
    caller = await locked.world.login(name)
    monkeypatch.setattr(RowFlags, "_flag", lambda *_: true())
    monkeypatch.setattr(mapped, "branches", lambda *_, **__: [Branch("any", true(), "", False)])
    engine = engine_of(locked)
    hidden = 0
    for case in locked.built.cases:
        # Texts of their own, so that no statement from before is used.
        told = (await caller(f'query Anew {{ case(id: "{case.gid}") {{ anew: id number }} }}')).data["case"]
        hidden += told is None
    listed = (await caller("query Anew { cases(first: 100) { nodes { anew: id } } }")).data["cases"]["nodes"]
    assert hidden
    assert len(listed) == len(locked.built.cases) - hidden
    assert engine.counts.keys() == {COMPILED}


async def test_pages_of_both_ways_continue_each_other(locked: Walked, plain: World) -> None:
    """A cursor that one of them gave is good for the other, forwards and backwards, also where dates are missing."""
    here, there = await locked.world.login("nanhu.clerk"), await plain.login("nanhu.clerk")
    engine = engine_of(locked)
    text = """query P($first: Int, $after: String, $last: Int, $before: String, $order: CaseOrder) {
      cases(first: $first, after: $after, last: $last, before: $before, orderBy: $order) {
        edges { cursor node { id dueAt } } pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } }"""
    for field in ("DUE_AT", "REGISTERED_AT"):
        for way in ("ASC", "DESC"):
            for size, place, edge in (("first", "after", "endCursor"), ("last", "before", "startCursor")):
                seen: list[str] = []
                given: dict[str, object] = {size: 2, "order": {"field": field, "direction": way}}
                while True:
                    told, expected = await here(text, **given), await there(text, **given)
                    assert told.raw == expected.raw
                    page = told.data["cases"]
                    seen += [each["node"]["id"] for each in page["edges"]]
                    if not page["edges"]:
                        break
                    given[place] = page["pageInfo"][edge]
                assert len(seen) == len(set(seen)) > 4
    assert engine.counts.keys() == {COMPILED}


async def test_whatever_cannot_be_answered_is_worded_by_the_resolvers(locked: Walked, plain: World) -> None:
    """Refusals, malformed cursors, unknown roots, nobody at all: the same bytes in both ways."""
    here, there = await locked.world.login("nanhu.clerk"), await plain.login("nanhu.clerk")
    for text in (
        "query { cases { nodes { id } } }",
        "query { cases(first: 101) { nodes { id } } }",
        'query { cases(first: 1, after: "x") { nodes { id } } }',
        'query { cases(first: 1, filter: {text: "积"}) { nodes { id title } } }',
        'query { cases(first: 1, filter: {fields: [" "]}) { nodes { id } } }',
        "query { viewer { person { name } } cases(first: 1) { nodes { id } } }",
        "query { cases(first: 2) { nodes { timeline(first: 0) { nodes { seq } } } } }",
        "query { __schema { queryType { name } } }",
    ):
        assert (await here(text)).raw == (await there(text)).raw
    nobody = 'query { node(id: "Q2FzZTox") { id } cases(first: 1) { nodes { id } } }'
    assert (await locked.world.post(nobody, {}, {})).raw == (await plain.post(nobody, {}, {})).raw


async def test_those_who_ask_are_told_how_a_read_was_answered(locked: Walked) -> None:
    """By a header, and for everybody together by the metrics."""
    caller = await locked.world.login("nanhu.clerk")
    headers = {"authorization": f"Bearer {caller.token}", "caseway-debug": "plan, cost"}
    for text, plan in (
        ("query { cases(first: 1) { nodes { id } } }", COMPILED),
        ("query { cases(first: 1) { nodes { records { kind } } } }", "Case.records"),
    ):
        answer = await locked.world.post(text, {}, headers)
        assert answer.body["extensions"]["plan"] == plan
        assert answer.body["extensions"]["cost"] > 1


async def test_the_shipped_reads_that_are_compiled_are_those_of_the_golden_file() -> None:
    """Run ``operations_golden.py`` to write it anew, and look at what changed."""
    assert table() == GOLDEN.read_text()
