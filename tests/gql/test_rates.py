"""What one person and one office may ask for in a minute: over several processes, and without asking each time."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from caseway.db import buckets
from caseway.db.buckets import Pour
from caseway.db.session import Database
from caseway.gql.rates import Rates
from caseway.gql.refusals import RateLimited
from support import app
from support.database import Cluster

INBOX = "query { cases(first: 50) { nodes { id number holder { id name } } } }"


@dataclass
class Person:
    person_id: int = 7
    office_id: int = 33


async def test_a_bucket_takes_what_fits_and_leaks(pool: Database) -> None:
    def asked(amount: float, key: str = "person:7") -> list[Pour]:
        return [Pour(key, amount, capacity=10, leak=10)]

    assert await buckets.pour(pool, asked(6)) == {}
    over = await buckets.pour(pool, asked(6))
    assert 0.1 < over["person:7"] <= 0.2, "seconds until two more fit"
    assert await buckets.pour(pool, asked(4, "person:8")) == {}
    await asyncio.sleep(0.3)
    assert await buckets.pour(pool, asked(6)) == {}


async def test_all_is_poured_or_nothing(pool: Database) -> None:
    """An office that is full costs its people nothing."""
    person, office = Pour("person:7", 5, 10, 1e-6), Pour("office:33", 5, 5, 1e-6)
    assert await buckets.pour(pool, [person, office]) == {}
    assert (await buckets.pour(pool, [person, office])).keys() == {"office:33"}
    assert await buckets.pour(pool, [person]) == {}
    assert (await buckets.pour(pool, [person])).keys() == {"person:7"}


async def test_who_pours_at_once_does_not_get_more_than_one_of_them_too_many(pool: Database) -> None:
    one = [Pour("person:7", 1, 10, 1e-6)]
    found = await asyncio.gather(*(buckets.pour(pool, one) for _ in range(30)))
    assert 10 <= sum(each == {} for each in found) <= 14, "no more than connections at once"
    assert await buckets.pour(pool, one)


class Shared:
    """A bucket of one minute that does not leak, and how often it was asked."""

    def __init__(self, capacity: float) -> None:
        self.left, self.asked = capacity, 0

    async def pour(self, pours: Sequence[Pour]) -> dict[str, float]:
        self.asked += 1
        amount = sum(each.amount for each in pours)
        if amount > self.left:
            return {each.key: 30.0 for each in pours}
        self.left -= amount
        return {}


@given(costs=st.lists(st.tuples(st.integers(0, 2), st.integers(1, 400)), max_size=80))
def test_several_processes_together_give_no_more_than_the_limit(costs: list[tuple[int, int]]) -> None:
    """And no less than the limit without what each of them had poured ahead."""

    async def play() -> None:
        shared = Shared(1_000)
        processes = [Rates(shared.pour, person_per_minute=1_000, office_per_minute=0) for _ in range(3)]
        spent = 0
        for number, cost in costs:
            try:
                await processes[number].charge(Person(), cost)
                spent += cost
            except RateLimited:
                refused = spent + cost
            else:
                refused = 1_000
            # What the others have poured ahead, or have left of a dear operation, is all that may be missing.
            assert refused > 1_000 - 2 * 400
        assert spent <= 1_000

    asyncio.run(play())


async def test_most_requests_ask_nobody() -> None:
    shared = Shared(1e9)
    rates = Rates(shared.pour, person_per_minute=100_000, office_per_minute=1_000_000)
    for _ in range(1_000):
        await rates.charge(Person(), 10)
    assert shared.asked <= 10


async def test_what_was_poured_ahead_is_lost_after_a_while() -> None:
    shared, now = Shared(1e9), 0.0
    rates = Rates(shared.pour, person_per_minute=100_000, office_per_minute=0, clock=lambda: now)
    await rates.charge(Person(), 10)
    now = 6.0
    await rates.charge(Person(), 10)
    assert shared.asked == 2


async def test_a_database_that_is_away_limits_nobody() -> None:
    async def away(pours: Sequence[Pour]) -> dict[str, float]:
        raise ConnectionError

    await Rates(away, person_per_minute=1, office_per_minute=1).charge(Person(), 1_000)


@pytest.mark.parametrize("of", ["person", "office"])
async def test_over_http_who_asks_for_too_much_is_told_when_to_go_on(cluster: Cluster, tmp_path: Path, of: str) -> None:
    """Colleagues of a person go on, those of an office do not."""
    limits: dict[str, Any] = {f"rate_{of}_per_minute": 1_000}
    async with app.world(cluster, tmp_path, **limits) as world:
        caller, colleague = await world.login("nanhu.clerk"), await world.login("nanhu.leader")
        answers = [await caller(INBOX) for _ in range(12)]
        assert answers[0].codes == []
        refused = answers[-1]
        assert (refused.status, refused.codes) == (429, ["RATE_LIMITED"])
        told = refused.body["errors"][0]["extensions"]
        assert told["of"] == of
        assert 1 <= told["retryAfterSeconds"] <= 60
        headers = {"authorization": f"Bearer {caller.token}"}
        raw = await world.client.post("/graphql", json={"query": INBOX}, headers=headers)
        assert raw.headers["retry-after"] == str(raw.json()["errors"][0]["extensions"]["retryAfterSeconds"])
        assert (await colleague(INBOX)).codes == ([] if of == "person" else ["RATE_LIMITED"])
