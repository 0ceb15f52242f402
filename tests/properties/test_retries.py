"""INV-31 over HTTP: whoever repeats a request with its idempotency key, at once or later, has one effect."""

from __future__ import annotations

import asyncio
import uuid
from random import Random
from typing import Any

import psycopg
import pytest

from caseway.gql import ids
from support.app import Answer, Caller, World
from support.operations import text
from support.scenes import matter

#: Operation, who does it, and its ledger event.
_WORK = (
    ("dispatcher/ForwardCase", "jiaxing.clerk", "case.forwarded"),
    ("dispatcher/SignForCase", "nanhu.dispatcher", "order.signed"),
    ("handler/AcceptCase", "nanhu.dispatcher", "case.accepted"),
    ("handler/StartHandling", "nanhu.dispatcher", "handling.started"),
    ("handler/RecordHandling", "nanhu.dispatcher", "handling.recorded"),
)


async def repeated(pick: Random, caller: Caller, key: str, given: dict[str, Any]) -> Answer:
    """The same request several times, partly at the same moment: every answer has the same bytes."""
    given = given | {"idempotencyKey": str(uuid.uuid4())}
    at_once = await asyncio.gather(*(caller(text(key), input=given) for _ in range(pick.randint(1, 5))))
    later = [await caller(text(key), input=given) for _ in range(pick.randint(0, 2))]
    assert len({answer.raw for answer in (*at_once, *later)}) == 1
    other = given | {"field": "WATER"} if "field" in given else given | {"expectedVersion": 999}
    if "orderId" not in given:
        assert (await caller(text(key), input=other)).code == "IDEMPOTENCY_MISMATCH"
    return at_once[0]


@pytest.mark.parametrize("seed", range(3))
async def test_inv_31_repeating_a_key_has_one_effect(world: World, seed: int) -> None:
    pick = Random(seed)
    with psycopg.connect(world.database.dsn, autocommit=True) as owner:
        row = owner.execute("select id from office where code = '330402' and valid_to is null").fetchone()
        assert row is not None
        world.dial.to("2026-03-02 09:00")
        done = 0
        for _ in range(2):
            clerk = await world.login("jiaxing.clerk")
            registered = await repeated(pick, clerk, "clerk/RegisterCase", matter("2026-03-02 08:40"))
            case = registered.result["case"]["id"]
            order = ""
            for key, who, _event in _WORK:
                world.dial.by(minutes=pick.randint(1, 90))
                given = {
                    "dispatcher/ForwardCase": {"caseId": case, "officeId": _office(row[0])},
                    "dispatcher/SignForCase": {"orderId": order},
                    "handler/AcceptCase": {"caseId": case, "notice": {"contactUnknown": True}},
                    "handler/StartHandling": {"caseId": case},
                    "handler/RecordHandling": {"caseId": case, "kind": "INQUIRY", "text": "现场勘查"},
                }[key]
                answer = await repeated(pick, await world.login(who), key, given)
                assert answer.code is None, answer.result
                order = (answer.result.get("order") or {}).get("id", order)
            done += 1
        counts: dict[str, int] = dict(owner.execute("select type, count(*) from ledger_event group by 1").fetchall())
        registrations = owner.execute("select count(*) from registration").fetchone()
    assert registrations == (done,)
    assert {event: counts[event] for _, _, event in _WORK} == {event: done for _, _, event in _WORK}


def _office(number: int) -> str:
    return ids.encode("Office", number)
