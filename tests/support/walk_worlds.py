"""Two clones of one world, one of them with hidden cases, and what is asked of both."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import product
from typing import Any

from graphql import NonNullTypeNode, OperationType, get_operation_ast, parse
from sqlalchemy import event

from caseway import bundle
from support.walk_build import CITY, FENGQIAO, NANHU, NANHU_JW, VILLAGE, Builder
from support.walk_case import Known
from support.walk_schema import Selections
from support.walk_world import GRAPH, Walked, counted


@dataclass
class Pair:
    """A world, the same world with more in it, and what is more."""

    without: Walked
    having: Walked
    hidden: tuple[Known, ...]


#: Who registers and receives the hidden cases.
_REGISTERING = ("nanhu.clerk", "nanhu-jw.dispatcher", "jiaxing.clerk")


async def log_in(walked: Walked) -> None:
    """As those who register the hidden cases log in, so that both worlds have the same logins behind them."""
    for name in _REGISTERING:
        await walked.world.login(name)
    _forget(walked)


def _forget(walked: Walked) -> None:
    for name in _REGISTERING:
        walked.world._tokens.pop(name, None)


async def hide(walked: Walked) -> tuple[Known, ...]:
    """Cases about an office, its village and an official, registered above them: a complaint and accusations, one
    handed over and signed for, one still waiting. The clock stands where it stood."""
    dial, places = walked.world.dial, walked.built.places
    instant = dial.instant
    to = Builder(walked.world, Selections(GRAPH), offices=places.offices, persons=places.persons)
    await to.register("hidden complaint", "nanhu.clerk", NANHU, accused=(FENGQIAO,))
    await to.register("hidden accusation", "nanhu.clerk", NANHU, accused=(FENGQIAO,), accusation=True)
    for name, accused in (("hidden on the way", FENGQIAO), ("hidden and held", VILLAGE)):
        case = await to.register(name, "nanhu.clerk", NANHU, accused=(accused,), accusation=True)
        order = await to.moves("caseHandOverAccusation", case, "nanhu.clerk", NANHU_JW)
        if name == "hidden and held":
            await to.signs(case, order, "nanhu-jw.dispatcher")
    await to.register("hidden official", "jiaxing.clerk", CITY, persons=("fengqiao.supervisor",))
    await counted(walked.world.database)
    # Tokens that were issued meanwhile are of a time that has not come yet.
    dial.instant = instant
    _forget(walked)
    return tuple(to.cases.values())


def operations(pair: Pair) -> Iterator[tuple[str, dict[str, Any]]]:
    """The shipped documents that read, each with every hidden case, or with what else it asks for. A variable that is
    not known here is a ``LookupError``."""
    places = pair.without.built.places
    known: dict[str, list[Any]] = {
        "id": [case.gid for case in pair.hidden],
        "caseId": [case.gid for case in pair.hidden],
        "officeId": [places.offices[code] for code in (FENGQIAO, NANHU)],
        "personId": [places.persons["fengqiao.handler"]],
        "permission": ["case:content"],
        # Of an office, and of a figure.
        "code": [FENGQIAO, "ON_TIME_CLOSURE_RATE"],
        "officeCode": [FENGQIAO],
        "fromOn": ["2026-04-01"],
        "toOn": ["2026-04-30"],
        "month": ["2026-04"],
        "months": [1],
        "year": [2026],
        "bookCode": [places.books.town],
        "fromNumber": [1],
        "toNumber": [2],
        "packCode": ["town"],
        "count": ["REGISTERED", "OPEN"],
        "monthOn": ["2026-03-01"],
        "accusations": [True, False],
    }
    for path in sorted(bundle.path("schema", "operations").rglob("*.graphql")):
        text = path.read_text()
        operation = get_operation_ast(parse(text))
        if operation is None or operation.operation is not OperationType.QUERY or path.stem in _NOT_COMPARED:
            continue
        needed = [
            each.variable.name.value
            for each in operation.variable_definitions or ()
            if isinstance(each.type, NonNullTypeNode) and each.default_value is None
        ]
        if unknown := set(needed) - known.keys():
            raise LookupError(f"{path.stem} needs {', '.join(sorted(unknown))}: say here what it is given")
        for values in product(*(known[name] for name in needed)):
            yield text, dict(zip(needed, values, strict=True))


#: Lists the refusals of the office in the order in which they were noted: compared by itself, in any order.
_NOT_COMPARED = {"AccessAttempts"}


@contextmanager
def statements(walked: Walked) -> Iterator[list[str]]:
    """The SQL that the application sends meanwhile, without values."""
    sent: list[str] = []

    def note(connection: Any, cursor: Any, statement: str, *rest: Any) -> None:
        sent.append(statement)

    event.listen(walked.engine, "before_cursor_execute", note)
    try:
        yield sent
    finally:
        event.remove(walked.engine, "before_cursor_execute", note)
