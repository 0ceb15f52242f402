"""Two worlds: the accused side gets the same bytes whether the cases about it exist or not."""

from __future__ import annotations

import pytest

from support.walk import Walker
from support.walk_attempts import absent_id, aimed
from support.walk_schema import Root, document
from support.walk_values import nobodys
from support.walk_world import AS_EVERYBODY
from support.walk_worlds import Pair, operations, statements

pytestmark = pytest.mark.asyncio(loop_scope="module")

#: Every role of the accused office, of its institutions and its village, and the accused official in another post.
ACCUSED_SIDE: tuple[str, ...] = (
    "fengqiao.clerk", "fengqiao.handler", "fengqiao.dispatcher", "fengqiao.leader", "fengqiao.admin",
    "fengqiao.auditor", "fengqiao-jw.dispatcher", "daxing.leader", "daxing.auditor",
)  # fmt: skip
if AS_EVERYBODY:
    ACCUSED_SIDE += ("fengqiao-xfj.dispatcher", "fengqiao-jw.leader", "daxing.supervisor")
    ACCUSED_SIDE += ("fengqiao-xfj.clerk", "fengqiao-jw.handler", "daxing.clerk", "daxing.handler")
#: Of these everything is asked, of the others every object by its id and in every list.
THOROUGH = ("fengqiao.leader",)
BATCH = 12
#: The one list that depends on the order in which questions were answered.
ATTEMPTS = "accessAttempts"


async def test_the_worlds_differ(pair: Pair) -> None:
    """Who may see the hidden cases does see them: the comparison below is not one of two empty worlds."""
    text = "query { cases(first: 100) { nodes { number } } }"
    without = await (await pair.without.walker("nanhu.clerk")).caller(text)
    having = await (await pair.having.walker("nanhu.clerk")).caller(text)
    assert having.data
    assert any(case.number in having.raw.decode() for case in pair.hidden)
    assert without.raw != having.raw


@pytest.mark.parametrize("name", ACCUSED_SIDE)
async def test_every_read_answers_the_same_bytes(pair: Pair, name: str) -> None:
    """Lists, counts, filters, searches, nodes, orders, timelines, staff, explanations and their errors."""
    here, there = await pair.without.walker(name), await pair.having.walker(name)
    gids = [gid for case in pair.hidden for gid in (case.gid, case.stub_gid, *(order.gid for order in case.orders))]
    roots = pair.without.roots
    thorough = name in THOROUGH
    fields = [
        each for each in roots.names() if each not in (ATTEMPTS, *(() if thorough else ("node", "accessExplain")))
    ]
    asked = [root for field in fields for root in roots.of(field, thorough=thorough)]
    asked += [roots.one("node", {"id": gid}) for gid in gids]
    asked += [roots.one("case", {"id": case.gid}) for case in pair.hidden]
    for start in range(0, len(asked), BATCH):
        text, variables = document("query", asked[start : start + BATCH])
        assert (await here.caller(text, **variables)).raw == (await there.caller(text, **variables)).raw
    assert await attempts(here) == await attempts(there)
    for text, variables in operations(pair):
        assert (await here.caller(text, **variables)).raw == (await there.caller(text, **variables)).raw


async def attempts(walker: Walker) -> list[str]:
    """What the office's audit holds, page by page. The fields of one request run side by side, so their refusals are
    noted in any order: what is noted is compared, and how often."""
    text = "query P($after: String) { accessAttempts(first: 100, after: $after) { nodes { at action outcome subject } "
    text += "pageInfo { hasNextPage endCursor } } }"
    found: list[str] = []
    after = None
    while (page := (await walker.caller(text, after=after)).data[ATTEMPTS]) is not None:
        found += map(str, page["nodes"])
        after = page["pageInfo"]["endCursor"]
        if not page["pageInfo"]["hasNextPage"]:
            break
    return sorted(found)


@pytest.mark.parametrize("name", ["fengqiao.dispatcher", "daxing.leader", "fengqiao-jw.dispatcher"])
async def test_every_attempt_answers_the_same_bytes(pair: Pair, name: str) -> None:
    """A mutation of a hidden case or order is answered as one of nothing, in both worlds."""
    here, there = await pair.without.walker(name), await pair.having.walker(name)
    case = pair.hidden[-2]
    for field, gid in (("caseId", case.gid), ("orderId", case.orders[0].gid)):
        names = pair.without.attempts.names(field)
        hidden = aimed(pair.having, names, there, field, gid)
        absent = aimed(pair.without, names, here, field, absent_id(pair.without, field))
        for start in range(0, len(names), BATCH):
            text, variables = document("mutation", hidden[start : start + BATCH])
            other, values = document("mutation", absent[start : start + BATCH])
            assert text == other
            told = {
                (await here.caller(text, **variables)).raw,
                (await there.caller(text, **variables)).raw,
                (await there.caller(text, **values)).raw,
            }
            assert len(told) == 1


@pytest.mark.parametrize("name", ["fengqiao.dispatcher", "daxing.leader", "fengqiao.auditor"])
async def test_the_same_statements_are_sent_for_a_hidden_case_and_for_none(pair: Pair, name: str) -> None:
    """The timing class: neither an id nor an attempt costs more because something is there."""
    walker = await pair.having.walker(name)
    case = pair.hidden[-2]
    for field, gid in (("caseId", case.gid), ("orderId", case.orders[0].gid)):
        names = pair.having.attempts.names(field)
        kinds = [("mutation", aimed(pair.having, names[:8], walker, field, key)) for key in (gid, nobodys(gid))]
        kinds += [("query", [pair.having.roots.one("node", {"id": key})]) for key in (gid, nobodys(gid))]
        for first, second in ((kinds[0], kinds[1]), (kinds[2], kinds[3])):
            assert await sent(pair, walker, *first) == await sent(pair, walker, *second)


async def sent(pair: Pair, walker: Walker, kind: str, roots: list[Root]) -> list[str]:
    """The statements of one request. The application also looks after itself now and then, on the same connections: the
    shortest of three tries is the request alone."""
    text, variables = document(kind, roots)
    tries = []
    for _ in range(3):
        with statements(pair.having) as noted:
            await walker.caller(text, **variables)
        tries.append(noted)
    return min(tries, key=len)
