"""The edge walk of reads: everybody asks for everything that the schema offers, and nobody is told too much.

``FIRST`` ask with every filter, order and page; ``OTHERS`` ask for every object by every id and in every list. What may
be told is decided by ``support/walk_oracle.py``, which knows domain 5.5 and nothing of the platform's policy.
"""

from __future__ import annotations

from itertools import islice

import pytest

from support.walk import Leak, Walk, objects
from support.walk_schema import document, every_field
from support.walk_values import PUBLIC_ROOTS
from support.walk_world import AS_EVERYBODY, GRAPH, Walked

pytestmark = pytest.mark.asyncio(loop_scope="module")

Acting = tuple[str, str | None]
FIRST: tuple[Acting, ...] = (
    ("jiaxing.leader", None), ("nanhu.dispatcher", None), ("nanhu.supervisor", None), ("nanhu.auditor", None),
    ("nanhu-jw.handler", None), ("fengqiao.handler", None), ("fengqiao.supervisor", None), ("fengqiao.admin", None),
    ("daxing.leader", None), ("yuxin.handler", None), ("zhuji.leader", None), ("platform.operator", None),
)  # fmt: skip
OTHERS: tuple[Acting, ...] = (
    ("jiaxing.clerk", None), ("jiaxing.auditor", None), ("jiaxing-jw.dispatcher", None), ("nanhu.clerk", None),
    ("nanhu.leader", None), ("nanhu-jw.dispatcher", None), ("nanhu-zrzy.handler", None), ("fengqiao.clerk", None),
    ("fengqiao.leader", None), ("fengqiao.auditor", None), ("fengqiao-jw.dispatcher", None), ("xiuzhou.clerk", None),
    ("haiyan.handler", None), ("zhejiang.leader", None), ("jiaxing.double", "3304-lxh"), ("feicheng.leader3", None),
    ("feicheng-zrzy.handler", None), ("feicheng.supervisor", None), ("feicheng-lxh.leader", None),
    ("hutun.clerk", None), ("dongwuqi.leader", None), ("xiqing-xfj.dispatcher", None), ("heping.leader", None),
)  # fmt: skip
if AS_EVERYBODY:
    OTHERS += (
        ("jiaxing.dispatcher", None), ("jiaxing.admin", None), ("jiaxing-xfj.dispatcher", None),
        ("nanhu.handler", None), ("nanhu-xfj.dispatcher", None), ("fengqiao.dispatcher", None), ("yuxin.leader", None),
        ("xiuzhou.handler", None), ("jiaxing.double", "3304-xfj"), ("feicheng.leader5", None),
        ("feicheng-xfj.supervisor", None), ("tianjin.supervisor", None), ("xiyingmen.admin", None),
    )  # fmt: skip
#: Fields that answer null or nothing by their nature until a slice fills them.
NEVER_FILLED = frozenset(
    # Numbers of accusations, told from five on: the area of the one draft has fewer.
    {("RuleWhatIf", "accusations"), ("RuleWhatIf", "accusationsChanged")}
    # The world was made within one month, and these are about months that are over: tests/oversight.
    | {("ProtectedCount", name) for name in ("isOwn", "value", "isSuppressed", "office")}
    | {("ProtectedCounts", "lines")}
)
_SEEN: set[tuple[str, str]] = set()


async def leaks_of(walked: Walked, acting: Acting, *, thorough: bool) -> list[Leak]:
    """Everything, asked by one actor."""
    walker = await walked.walker(*acting)
    found: list[Leak] = []
    for name in walked.roots.names():
        found += await walked.walk.questions(walker, walked.roots.of(name, thorough=thorough))
    _SEEN.update(walked.walk.seen)
    return found


@pytest.mark.parametrize("acting", FIRST, ids=lambda each: each[0])
async def test_nobody_is_told_too_much_whatever_they_ask(locked: Walked, acting: Acting) -> None:
    """Every root, argument, filter, order and page."""
    assert await leaks_of(locked, acting, thorough=True) == []


@pytest.mark.parametrize("acting", OTHERS, ids=lambda each: "@".join(filter(None, each)))
async def test_nobody_is_shown_too_much_of_an_object(locked: Walked, acting: Acting) -> None:
    """Every object, by its id and in every list."""
    assert await leaks_of(locked, acting, thorough=False) == []


async def test_without_identity_or_office_nothing_is_told(locked: Walked) -> None:
    """Nobody at all, and somebody with two posts who does not say for which office they act."""
    for walker in (*locked.outsiders(), await locked.undecided("jiaxing.double")):
        for name in locked.roots.names():
            assert await locked.walk.questions(walker, locked.roots.of(name)) == []


async def test_only_public_roots_answer_without_identity(locked: Walked) -> None:
    """Whatever else is asked for, nobody in particular gets nothing: neither an object nor a list."""
    (nobody,) = locked.outsiders()
    answering = set()
    for name in locked.roots.names():
        for root in islice(locked.roots.of(name), 4):
            text, variables = document("query", [root])
            told = (await nobody.caller(text, **variables)).body.get("data") or {}
            if told.get("r0") not in (None, []):
                answering.add(name)
    assert answering == PUBLIC_ROOTS


async def test_every_field_of_the_schema_was_walked(locked: Walked) -> None:
    """Each came back with a value for somebody, in a read or as the answer to what built the world: nothing that can be
    asked for was passed over."""
    walk = Walk(locked.built.cases, locked.built.lines)
    for _, answer in locked.built.told:
        for each in objects(answer.body["data"]):
            walk.note(each)
    refusals = {
        field for field in every_field(GRAPH) if field[0].endswith("Error") or field[0] in ("FieldError", "ErrorDetail")
    }
    roots = {field for field in every_field(GRAPH) if field[0] in ("Query", "Mutation")}
    assert sorted(every_field(GRAPH) - walk.seen - _SEEN - refusals - roots - NEVER_FILLED) == []
    assert {name for _, name in roots} == {*locked.roots.names(), *(name for name, _ in locked.built.told)}
