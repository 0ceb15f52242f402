"""Due timers per second, how late they fire, and what is left after kill -9: oldest first, exactly once.

    python benchmarks/timers.py [--timers 5000] [--waiting 100000] [--rounds 3]
    python benchmarks/timers.py --kills 5 [--timers 5000]

The first form measures a backlog of due timers behind which many others wait: with a light effect (one change of the
case) and with the real effect of an order that nobody signed (DEEMED_RECEIPT), for one and for several consumers in one
process; then how long one look and one lag query take, and how late timers fire that come due one after the other.

The second form lets two worker processes race over the timers and over transactions that cancel some of them, kills the
workers with kill -9 and replaces them. Afterwards every timer must have had its effect exactly once or have been
cancelled, never both. Exit code 1 if anything is not so.
"""

from __future__ import annotations

import argparse
import asyncio
import bisect
import logging
import random
import statistics
import sys
import time
import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from multiprocessing import Pipe, get_context
from multiprocessing.connection import Connection
from typing import Any

import psycopg
import stack as stacks
import structlog
import uvloop
from copies import Cases, first_case
from stack import Stack

from caseway import worker
from caseway.clock import now
from caseway.clocks import firing, repository, timers
from caseway.clocks.models import Timer
from caseway.db.scope import SYSTEM_SCOPE
from caseway.db.session import Database, UnitOfWork
from caseway.ledger import audit

#: The kind of the light effect's timers: nobody else's.
LIGHT = "BENCHMARK"
#: Design: due timers fire at least so fast.
PROMISED = 1_000
#: A younger timer may fire before an older one that another worker holds: a batch of the other one, and those of
#: workers that have just been killed, until the server has noticed.
_MOST_OVERTAKEN = 3 * firing.BATCH
#: One of so many timers is cancelled while the workers race.
_CANCELLED = 5


async def light(uow: UnitOfWork, timer: Timer, at: datetime) -> None:
    """The least that an effect does: one change of the case."""
    connection = await uow.session.connection()
    await connection.exec_driver_sql(
        "update cases set group_size = group_size + 1, changed_at = $1 where city_id = $2 and id = $3",
        (at, timer.city_id, timer.case_id),
    )


async def noted(uow: UnitOfWork, timer: Timer, at: datetime) -> None:
    """The same, and a line that says so, by which doubled effects are found."""
    await light(uow, timer, at)
    await _note(uow, "FIRED", timer.step, at)


async def _note(uow: UnitOfWork, outcome: str, step: str, at: datetime) -> None:
    await audit.note(uow.session, at=at, person_id=0, office_id=0, action="timer", outcome=outcome, subject=step)


async def drain(database: Database, effects: timers.Effects, consumers: int) -> tuple[int, float]:
    """Fire everything that is due; how many, and in how many seconds."""
    started, instant = time.perf_counter(), now()
    fired = await asyncio.gather(*(firing.run_due(database, effects, instant) for _ in range(consumers)))
    return sum(fired), time.perf_counter() - started


async def throughput(cases: Cases, database: Database, *, count: int, rounds: int) -> bool:
    """Prints timers per second; whether the light effect keeps the promise."""
    print(f"{'effect':<16} {'consumers':>9} {'timers':>7} {'per second':>11} {'from … to':>16}")
    best = 0.0
    pool = cases.more(count)
    for consumers in (1, 2, 4):
        rates = []
        for _ in range(rounds):
            start = now() - timedelta(days=1)
            shuffled = random.sample(pool, len(pool))
            cases.set_timers(LIGHT, shuffled, due=lambda number, start=start: start + timedelta(seconds=number))  # type: ignore[misc]
            fired, seconds = await drain(database, {LIGHT: light}, consumers)
            assert fired == count, f"{fired} of {count} fired"
            rates.append(fired / seconds)
        best = max(best, _line("light", consumers, count, rates))
    few = max(50, count // 10)
    for consumers in (1, 2, 4):
        rates = []
        for _ in range(rounds):
            fresh = cases.more(few)
            cases.make_due(fresh)
            fired, seconds = await drain(database, worker.EFFECTS, consumers)
            assert fired == few, f"{fired} of {few} fired"
            rates.append(fired / seconds)
        _line("DEEMED_RECEIPT", consumers, few, rates)
    return best >= PROMISED


def _line(effect: str, consumers: int, count: int, rates: list[float]) -> float:
    median = statistics.median(rates)
    spread = f"{min(rates):,.0f} … {max(rates):,.0f}"
    print(f"{effect:<16} {consumers:>9} {count:>7,} {median:>11,.0f} {spread:>16}", flush=True)
    return median


async def looks(database: Database, waiting: int) -> None:
    """Prints how long one look for due timers, the next instant and the lag take with so many waiting."""
    print(f"\n{'with ' + format(waiting, ',') + ' waiting':<28} {'median':>9}")

    async def claim() -> None:
        async with database.unit(SYSTEM_SCOPE) as uow:
            await uow.permitted()
            await repository.claim(uow.session, now=now(), limit=firing.BATCH)

    async def following() -> None:
        async with database.reader(SYSTEM_SCOPE) as session:
            await repository.next_due(session)

    async def lag() -> None:
        async with database.reader(SYSTEM_SCOPE) as session:
            await repository.lag(session, now=now())

    for name, look in (("a look that finds none", claim), ("the next instant", following), ("lag", lag)):
        taken = []
        for _ in range(30):
            started = time.perf_counter()
            await look()
            taken.append(time.perf_counter() - started)
        print(f"{name:<28} {statistics.median(taken) * 1000:>6.1f} ms")


async def lateness(cases: Cases, database: Database, count: int = 400, seconds: float = 8.0) -> None:
    """Prints how late timers fire that come due one after the other while the worker sleeps in between."""
    late: list[float] = []

    async def measure(uow: UnitOfWork, timer: Timer, at: datetime) -> None:
        late.append((now() - timer.due_at).total_seconds())

    start = now() + timedelta(seconds=2)
    instants = sorted(random.uniform(0, seconds) for _ in range(count))
    cases.set_timers(LIGHT, cases.more(count), due=lambda number: start + timedelta(seconds=instants[number]))
    stop = asyncio.Event()
    serving = asyncio.create_task(worker.serve(database, {LIGHT: measure}, now=now, stop=stop))
    await asyncio.sleep(seconds + 3)
    stop.set()
    await serving
    late.sort()
    assert len(late) == count, f"{len(late)} of {count} fired"
    print(
        f"\nlateness of {count} timers, one after the other: p50 {late[len(late) // 2] * 1000:.0f} ms, "
        f"p99 {late[int(len(late) * 0.99)] * 1000:.0f} ms, worst {late[-1] * 1000:.0f} ms"
    )


async def measure(count: int, waiting: int, rounds: int) -> bool:
    """The first form."""
    async with stacks.running() as stack:
        cases = await first_case(stack)
        database = Database(stack.server.address.sqlalchemy, pool_size=8)
        try:
            cases.more(100)
            cases.wait(waiting)
            kept = await throughput(cases, database, count=count, rounds=rounds)
            await looks(database, waiting)
            await lateness(cases, database)
        finally:
            await database.close()
    print(f"\nat least {PROMISED:,} light effects a second" if kept else "\nSLOWER THAN PROMISED")
    return kept


# ---- the second form ----


class Worker:
    """A worker process, forked before anything else happens here: it is told the database, says that it is connected,
    and waits for a word to begin."""

    def __init__(self) -> None:
        self._mine, theirs = Pipe()
        self.process = get_context("fork").Process(target=_work, args=(theirs,), daemon=True)
        self.process.start()

    def connect(self, url: str) -> None:
        """Returns when it is ready."""
        self._mine.send(url)
        assert self._mine.recv() == "ready"

    def begin(self) -> None:
        """Say the word."""
        self._mine.send("begin")

    def kill(self) -> None:
        """kill -9."""
        self.process.kill()
        self.process.join()


def _work(pipe: Connection) -> None:
    uvloop.run(_serve(pipe))


async def _serve(pipe: Connection) -> None:
    database = Database(await asyncio.to_thread(pipe.recv), pool_size=4)
    async with database.reader(SYSTEM_SCOPE) as session:
        await repository.next_due(session)
    pipe.send("ready")
    await asyncio.to_thread(pipe.recv)
    await worker.serve(database, {LIGHT: noted}, now=now, stop=asyncio.Event(), poll_seconds=0.1)


async def cancel(database: Database, city_id: int, cases: list[tuple[uuid.UUID, str]]) -> None:
    """Whoever changes a case locks it, and cancels its timer if that still stands."""
    for case_id, step in cases:
        async with database.unit(SYSTEM_SCOPE) as uow:
            await uow.permitted()
            connection = await uow.session.connection()
            key = (city_id, case_id)
            await connection.exec_driver_sql(
                "select 1 from cases where city_id = $1 and id = $2 for no key update", key
            )
            stands = await connection.exec_driver_sql(
                "select 1 from timer where city_id = $1 and case_id = $2 and kind = $3", (*key, LIGHT)
            )
            if stands.first() is not None:
                await timers.cancel(uow, _Key(city_id, case_id), LIGHT, step)
                await _note(uow, "CANCELLED", step, now())


@dataclass(frozen=True)
class _Key:
    city_id: int
    id: uuid.UUID


@dataclass
class Verdict:
    """What was found after the race."""

    fired: int
    cancelled: int
    doubled: int
    lost: int
    after_cancellation: int
    changes: int
    out_of_order: int
    overtaken: int
    left: int

    @property
    def good(self) -> bool:
        """Whether everything is as it must be."""
        wrong = self.doubled or self.lost or self.after_cancellation or self.left or self.out_of_order
        return not wrong and self.changes == self.fired and self.overtaken <= _MOST_OVERTAKEN


def judge(stack: Stack, count: int, changed_before: int) -> Verdict:
    """Compare the lines that effects and cancellations left with the timers that there were. Steps are numbered in the
    order in which they were due."""
    with stack.connect() as connection:
        rows = connection.execute(
            "select subject::int, outcome, xmin::text from access_event where action = 'timer' order by id"
        ).fetchall()
        (changes,) = _one(connection, "select coalesce(sum(group_size), 0) from cases")
        (left,) = _one(connection, "select count(*) from timer where kind = %s", LIGHT)
    fired = [(step, transaction) for step, outcome, transaction in rows if outcome == "FIRED"]
    cancelled = {step for step, outcome, _ in rows if outcome == "CANCELLED"}
    steps = [step for step, _ in fired]
    out_of_order, newest = 0, dict[str, int]()
    for step, transaction in fired:
        out_of_order += step < newest.get(transaction, -1)
        newest[transaction] = step
    return Verdict(
        fired=len(fired),
        cancelled=len(cancelled),
        doubled=len(fired) - len(set(steps)),
        lost=count - len(set(steps) | cancelled),
        after_cancellation=len(cancelled & set(steps)),
        changes=int(changes) - changed_before,
        out_of_order=out_of_order,
        overtaken=_overtaken(steps),
        left=left,
    )


def _overtaken(steps: list[int]) -> int:
    """The most older timers that were still to fire when one fired."""
    worst, later = 0, list[int]()
    for step in reversed(steps):
        worst = max(worst, bisect.bisect_left(later, step))
        bisect.insort(later, step)
    return worst


def _one(connection: psycopg.Connection[Any], query: str, *given: Any) -> tuple[Any, ...]:
    row = connection.execute(query, given).fetchone()
    assert row is not None
    return tuple(row)


async def race(workers: list[Worker], kills: int, count: int) -> bool:
    """The second form."""
    started = time.monotonic()
    async with stacks.running() as stack:
        cases = await first_case(stack)
        pool = cases.more(count)
        url = stack.server.address.sqlalchemy
        for each in workers:
            await asyncio.to_thread(each.connect, url)
        spares = list(workers)
        at_work = [spares.pop(), spares.pop()]
        database = Database(url, pool_size=4)
        try:
            with stack.connect() as connection:
                (before,) = _one(connection, "select sum(group_size) from cases")
            start = now() - timedelta(days=2)
            cases.set_timers(LIGHT, pool, due=lambda number: start + timedelta(seconds=number))
            for each in at_work:
                each.begin()
            chosen = random.sample([(each, f"{step}") for step, each in enumerate(pool)], count // _CANCELLED)
            movers = [asyncio.create_task(cancel(database, cases.city_id, chosen[part::2])) for part in range(2)]
            done = await _kill(stack, at_work, spares, kills, count)
            await asyncio.gather(*movers)
            await _finish(stack)
        finally:
            for each in workers:
                each.kill()
            await database.close()
        verdict = judge(stack, count, int(before))
    _print(verdict, done, count, time.monotonic() - started)
    return verdict.good and done == kills


async def _kill(stack: Stack, at_work: list[Worker], spares: list[Worker], kills: int, count: int) -> int:
    """Kill one of the two whenever another part of the timers is done, and let a spare one take its place."""
    done = 0
    with stack.connect() as connection:
        while done < kills:
            (left,) = _one(connection, "select count(*) from timer where kind = %s", LIGHT)
            if left == 0:
                break
            if left <= count - count * (done + 1) // (kills + 2):
                victim = at_work.pop(0)
                victim.kill()
                spare = spares.pop()
                spare.begin()
                at_work.append(spare)
                done += 1
            await asyncio.sleep(0.002)
    return done


async def _finish(stack: Stack, seconds: float = 120.0) -> None:
    until = time.monotonic() + seconds
    with stack.connect() as connection:
        while time.monotonic() < until:
            if _one(connection, "select count(*) from timer where kind = %s", LIGHT) == (0,):
                return
            await asyncio.sleep(0.05)


def _print(verdict: Verdict, kills: int, count: int, seconds: float) -> None:
    lines = {
        "timers": count,
        "kill -9 of a worker": kills,
        "effects": verdict.fired,
        "cancelled in time": verdict.cancelled,
        "doubled": verdict.doubled,
        "lost": verdict.lost,
        "fired after their cancellation": verdict.after_cancellation,
        "changes of cases": verdict.changes,
        "out of order within a transaction": verdict.out_of_order,
        "most older ones overtaken": verdict.overtaken,
        "left": verdict.left,
    }
    for name, value in lines.items():
        print(f"{name:<36} {value:>8,}")
    print(f"{'seconds':<36} {seconds:>8.0f}")
    print("every effect exactly once" if verdict.good else "NOT AS IT MUST BE")


def main() -> int:
    """Measure and print."""
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--timers", type=int, default=5_000, help="due timers")
    arguments.add_argument("--waiting", type=int, default=100_000, help="timers that wait behind them")
    arguments.add_argument("--rounds", type=int, default=3, help="measurements of each line")
    arguments.add_argument("--kills", type=int, default=0, help="the second form, with so many kill -9")
    given = arguments.parse_args()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    if given.kills:
        workers = [Worker() for _ in range(given.kills + 2)]
        return 0 if uvloop.run(race(workers, given.kills, given.timers)) else 1
    return 0 if uvloop.run(measure(given.timers, given.waiting, given.rounds)) else 1


if __name__ == "__main__":
    sys.exit(main())
