"""kill -9 of api, worker, a database backend and the postmaster under load: nothing is lost, nothing happens twice.

    python benchmarks/kill.py [--kills 25] [--writers 6] [--seconds 1500]

Writers register, forward, sign for, accept and begin to handle cases over HTTP. Every mutation carries an idempotency
key and is repeated until it is acknowledged. Meanwhile the four targets are killed in turn. Some orders are left to the
worker, which deems them received when their time has come. Afterwards every acknowledged key must have had its effect
exactly once, every chain of custody and of the ledger must be whole, and a repeated key must be answered with the same
bytes. Exit code 1 if anything is not so.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import statistics
import sys
import time
import uuid
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import httpx
import psycopg
import stack as stacks
from stack import Stack

from caseway.clock import now
from caseway.db.scope import SYSTEM_SCOPE
from caseway.db.session import Database
from caseway.gql import ids
from caseway.ledger import service as ledger

TARGETS = ("api", "worker", "backend", "postmaster")
#: Ledger event that proves the effect of each mutation.
EFFECTS = {
    "caseRegister": "case.registered",
    "caseForward": "case.forwarded",
    "caseSignFor": "order.signed",
    "caseAccept": "case.accepted",
    "caseStartHandling": "handling.started",
}
#: One of so many orders is left to the worker.
LEFT_TO_WORKER = 4
_REPLAYED = 40


def document(name: str) -> str:
    """A mutation with the ids that the next one needs."""
    order = " order { id }" if name in ("caseForward", "caseSignFor") else ""
    upper = name[0].upper() + name[1:]
    return (
        f"mutation ($input: {upper}Input!) {{ {name}(input: $input) {{ ... on {upper}Payload "
        f"{{ case {{ id version stage }}{order} }} ... on Error {{ code message }} }} }}"
    )


@dataclass(frozen=True, slots=True)
class Acknowledged:
    """One mutation that was answered."""

    name: str
    key: str
    who: str
    given: dict[str, Any]
    answer: bytes
    case_id: str
    sent_at: float
    answered_at: float


@dataclass
class Load:
    """The writers and what they were told."""

    stack: Stack
    client: httpx.AsyncClient
    headers: dict[str, dict[str, str]] = field(default_factory=dict)
    acknowledged: list[Acknowledged] = field(default_factory=list)
    left_orders: list[str] = field(default_factory=list)
    repeats: int = 0
    refusals: Counter[str] = field(default_factory=Counter)
    stopping: bool = False

    async def write(self, name: str, who: str, given: dict[str, Any]) -> dict[str, Any]:
        """One mutation, repeated with the same key until it is acknowledged."""
        key = str(uuid.uuid4())
        body = {"query": document(name), "variables": {"input": given | {"idempotencyKey": key}}}
        while True:
            sent_at = time.monotonic()
            try:
                response = await self.client.post(
                    f"{self.stack.base}/graphql", json=body, headers=self.headers[who], timeout=15
                )
                payload = (response.json().get("data") or {}).get(name) if response.status_code == 200 else None
            except (httpx.HTTPError, ValueError):
                payload = None
            if payload is not None and "case" in payload:
                self.acknowledged.append(
                    Acknowledged(
                        name, key, who, given, response.content, payload["case"]["id"], sent_at, time.monotonic()
                    )
                )
                return dict(payload)
            if payload is not None and payload.get("code") not in ("REQUEST_IN_PROGRESS", "CONFLICT"):
                raise RuntimeError(f"{name} was refused: {payload}")
            self.repeats += 1
            if payload is not None:
                self.refusals[payload["code"]] += 1
            await asyncio.sleep(0.05)

    async def writer(self, county: str) -> None:
        """Cases from registration to handling, one after the other."""
        while not self.stopping:
            registered = await self.write("caseRegister", "jiaxing.clerk", matter())
            case_id = registered["case"]["id"]
            forwarded = await self.write("caseForward", "jiaxing.clerk", {"caseId": case_id, "officeId": county})
            order_id = forwarded["order"]["id"]
            if random.randrange(LEFT_TO_WORKER) == 0:
                self.left_orders.append(order_id)
                continue
            await self.write("caseSignFor", "nanhu.dispatcher", {"orderId": order_id})
            await self.write("caseAccept", "nanhu.dispatcher", {"caseId": case_id, "notice": {"contactUnknown": True}})
            await self.write("caseStartHandling", "nanhu.dispatcher", {"caseId": case_id})


def matter() -> dict[str, Any]:
    """Something to register."""
    entry = {"channel": "LETTER", "receivedAt": now().isoformat(), "title": "村道积水", "claim": "请疏通排水沟。"}
    return {"entry": entry, "petitionClass": "APPEAL_CLAIM", "field": "LAND", "placeCode": "330402100"}


def make_due(stack: Stack, orders: list[str]) -> int:
    """Turn the time of orders that were left to the worker; how many still waited."""
    keys = [str(ids.decode_case_side("Order", each)[1]) for each in orders] if orders else []
    try:
        with stack.connect() as connection:
            moved = connection.execute(
                "update timer set due_at = now() where kind = 'DEEMED_RECEIPT' and step = any(%s) and due_at > now()",
                (keys,),
            )
            return moved.rowcount
    except psycopg.Error:
        return 0


async def kill_all(load: Load, kills: int, deadline: float) -> dict[str, list[float]]:
    """Kill each target so often, in turn; for each the seconds until a mutation sent afterwards was acknowledged."""
    outages: dict[str, list[float]] = {target: [] for target in TARGETS}
    for _ in range(kills):
        for target in TARGETS:
            await asyncio.to_thread(make_due, load.stack, list(load.left_orders))
            await asyncio.sleep(random.uniform(0.05, 0.6))
            while not await asyncio.to_thread(load.stack.kill, target):
                await asyncio.sleep(0.1)
                if time.monotonic() > deadline:
                    return outages
            killed_at = time.monotonic()
            answered = len(load.acknowledged)
            while not any(each.sent_at > killed_at for each in load.acknowledged[answered:]):
                await asyncio.sleep(0.01)
                if time.monotonic() > deadline:
                    return outages
            first = next(each for each in load.acknowledged[answered:] if each.sent_at > killed_at)
            outages[target].append(first.answered_at - killed_at)
    return outages


async def settle(stack: Stack, orders: list[str], seconds: float = 60.0) -> None:
    """Let the worker finish what was left to it."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        await asyncio.to_thread(make_due, stack, orders)
        with stack.connect() as connection:
            row = connection.execute(
                "update timer set due_at = now(), attempts = 0 where kind = 'DEEMED_RECEIPT' and due_at > now() "
                "returning 1"
            ).fetchall()
            left = connection.execute("select count(*) from timer where kind = 'DEEMED_RECEIPT'").fetchone()
        if not row and left == (0,):
            return
        await asyncio.sleep(0.3)


@dataclass
class Verdict:
    """What was found afterwards."""

    cases: int = 0
    events: int = 0
    lost: int = 0
    doubled: int = 0
    broken: int = 0
    unequal: int = 0
    effects: int = 0
    effects_wrong: int = 0

    @property
    def good(self) -> bool:
        """Whether everything is as it must be."""
        return not (self.lost or self.doubled or self.broken or self.unequal or self.effects_wrong)


_GAPS = """
select count(*) from (select to_at, lead(from_at) over (partition by city_id, case_id order by seq) as following,
                             row_number() over (partition by city_id, case_id order by seq) - 1 as place, seq
                      from custody) c
where c.to_at is distinct from c.following or c.place <> c.seq
"""
_HOLDERS = """
select count(*) from cases c where (select count(*) from custody u where u.case_id = c.id and u.to_at is null
                                     and u.office_id = c.holder_id) <> 1
"""


async def judge(load: Load) -> Verdict:
    """Compare what was acknowledged with what is stored."""
    verdict = Verdict()
    with load.stack.connect() as connection:
        rows = connection.execute("select case_id, type, count(*) from ledger_event group by 1, 2").fetchall()
        stored = {(case_id, type_): count for case_id, type_, count in rows}
        for table in (_GAPS, _HOLDERS):
            found = connection.execute(table).fetchone()
            verdict.broken += found[0] if found else 1
        kept = connection.execute("select count(*) from idempotent_result").fetchone()
    told: Counter[tuple[uuid.UUID, str]] = Counter(
        (ids.decode_case_side("Case", each.case_id)[1], EFFECTS[each.name]) for each in load.acknowledged
    )
    verdict.lost = sum(max(0, count - stored.get(key, 0)) for key, count in told.items())
    verdict.doubled = sum(
        max(0, count - told.get((case_id, type_), 0))
        for (case_id, type_), count in stored.items()
        if type_ in EFFECTS.values()
    )
    verdict.lost += max(0, len(load.acknowledged) - (kept[0] if kept else 0))
    deemed = {case_id: count for (case_id, type_), count in stored.items() if type_ == "order.deemed_signed"}
    verdict.effects = sum(deemed.values())
    verdict.effects_wrong = abs(len(load.left_orders) - len(deemed)) + sum(count - 1 for count in deemed.values())
    database = Database(load.stack.server.address.sqlalchemy)
    async with database.reader(SYSTEM_SCOPE) as session:
        report = await ledger.verify_all(session)
    await database.close()
    verdict.cases, verdict.events = report.cases, report.events
    verdict.broken += len(report.faults)
    for each in random.sample(load.acknowledged, min(_REPLAYED, len(load.acknowledged))):
        body = {"query": document(each.name), "variables": {"input": each.given | {"idempotencyKey": each.key}}}
        again = await load.client.post(f"{load.stack.base}/graphql", json=body, headers=load.headers[each.who])
        verdict.unequal += again.content != each.answer
    return verdict


async def measure(kills: int, writers: int, seconds: float) -> bool:
    """The whole run; prints the table."""
    started = time.monotonic()
    async with stacks.running("api", "worker") as stack, httpx.AsyncClient(timeout=15) as client:
        load = Load(stack, client)
        for who in ("jiaxing.clerk", "nanhu.dispatcher"):
            load.headers[who] = await stacks.login(client, stack.base, who)
        with stack.connect() as connection:
            row = connection.execute("select id from office where code = '330402' and valid_to is null").fetchone()
        assert row is not None
        tasks = [asyncio.create_task(load.writer(ids.encode("Office", row[0]))) for _ in range(writers)]
        killing = asyncio.create_task(kill_all(load, kills, started + seconds))
        await asyncio.wait([killing, *tasks], return_when=asyncio.FIRST_COMPLETED)
        load.stopping = True
        if not killing.done():
            killing.cancel()  # a writer failed: nothing more is to be seen
        results = await asyncio.gather(killing, *tasks, return_exceptions=True)
        for result in reversed(results):
            if isinstance(result, BaseException):
                raise result
        await stack.ready()
        await settle(stack, load.left_orders)
        verdict = await judge(load)
        _print(load, killing.result(), verdict, time.monotonic() - started)
    complete = all(len(times) == kills for times in killing.result().values())
    return verdict.good and complete


def _print(load: Load, outages: dict[str, list[float]], verdict: Verdict, seconds: float) -> None:
    print(f"{'killed':<12} {'times':>6} {'outage p50':>11} {'p95':>8}")
    for target, times in outages.items():
        ordered = sorted(times) or [0.0]
        p95 = ordered[min(len(ordered) - 1, round(0.95 * len(ordered)))]
        print(f"{target:<12} {len(times):>6} {statistics.median(ordered):>9.2f} s {p95:>6.2f} s")
    lines = {
        "acknowledged": len(load.acknowledged),
        "repeated requests": load.repeats,
        "lost": verdict.lost,
        "doubled": verdict.doubled,
        "broken chains": verdict.broken,
        "answers that differ when repeated": verdict.unequal,
        "effects of the worker": verdict.effects,
        "of these missing or doubled": verdict.effects_wrong,
        "cases": verdict.cases,
        "ledger events": verdict.events,
    }
    for name, value in lines.items():
        print(f"{name:<36} {value:>8,}")
    print(f"{'seconds':<36} {seconds:>8.0f}")
    print("nothing lost, nothing doubled" if verdict.good else "NOT AS IT MUST BE")


def main() -> int:
    """Measure and print."""
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--kills", type=int, default=25, help="kills of each of the four targets")
    arguments.add_argument("--writers", type=int, default=6)
    arguments.add_argument("--seconds", type=float, default=1500, help="no kill after so many seconds")
    given = arguments.parse_args()
    return 0 if asyncio.run(measure(given.kills, given.writers, given.seconds)) else 1


if __name__ == "__main__":
    sys.exit(main())
