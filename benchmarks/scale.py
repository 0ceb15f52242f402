"""The ten commonest questions of a city, a county, a town, a village and a city with a third of all cases, while the
number of cases grows.

    python benchmarks/scale.py [--sizes 100000,1000000] [--requests 40] [--divisions china-division-2.7.0.tgz]

A throw-away database gets the demo's offices (with ``--divisions``, those of the whole country) and invented cases, see
``generate.py``; one api process answers. Every question is asked in turns, by everybody, with documents as clients send
them. Prints p50 and p99 in milliseconds at each size, and the ratio of the p50 between the largest and the smallest.
Exit code 1 if a question other than the counts got slower than 1.3 times (questions below 3 ms are taken as 3 ms).
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import generate
import httpx
import stack as stacks
from rich.console import Console
from rich.table import Table
from stack import Stack

from caseway.cli.console import output
from caseway.db.scope import SYSTEM_SCOPE
from caseway.db.session import Database
from caseway.tenancy import imports

#: Whose area gets three tenths of all cases.
HEAVY = "330681"
#: Who asks, of which office.
ASKING = {
    "city 嘉兴": ("jiaxing.clerk", "3304"),
    "county 南湖": ("nanhu.clerk", "330402"),
    "town 凤桥": ("fengqiao.handler", "330402100"),
    "village 大星": ("daxing.leader", "330402100204"),
    "heavy 诸暨": ("zhuji.leader", HEAVY),
}
_CARD = "id number version visibility stage petitionClass field dueOn isOverdue holder { id code name }"
_LIST = f"nodes {{ {_CARD} dueAt title timeline(last: 3) {{ nodes {{ seq type at }} }} }}"
_PAGE = "pageInfo { hasNextPage endCursor }"
#: Name -> document. The variables of all are the same.
QUESTIONS = {
    "inbox": f"query Q {{ cases(first: 50, filter: {{isOpen: true}}) {{ {_LIST} {_PAGE} }} }}",
    "its second page": (
        f"query Q($after: String) {{ cases(first: 50, after: $after, filter: {{isOpen: true}}) {{ {_LIST} {_PAGE} }} }}"
    ),
    "overdue": f"query Q {{ cases(first: 50, filter: {{isOverdue: true}}) {{ {_LIST} {_PAGE} }} }}",
    "newest": (
        "query Q { cases(first: 50, orderBy: {field: REGISTERED_AT, direction: DESC}) "
        f"{{ nodes {{ {_CARD} registeredAt }} {_PAGE} }} }}"
    ),
    "by class": (
        "query Q { cases(first: 50, filter: {isOpen: true, classes: [SUGGESTION]}) "
        f"{{ nodes {{ {_CARD} dueAt }} {_PAGE} }} }}"
    ),
    "below an office": (
        "query Q($office: ID!) { cases(first: 50, filter: {isOpen: true, withinOfficeId: $office}) "
        f"{{ nodes {{ {_CARD} dueAt }} {_PAGE} }} }}"
    ),
    "words": f'query Q {{ cases(first: 20, filter: {{text: "电梯停运7"}}) {{ nodes {{ {_CARD} title }} {_PAGE} }} }}',
    "one case": (
        f"query Q($case: ID!) {{ case(id: $case) {{ {_CARD} title registeredAt receivedAt registeringOffice {{ name }} "
        "timeline(first: 20) { nodes { seq type at } } } }"
    ),
    "office": "query Q($office: ID!) { office(id: $office) { id name children(first: 50) { nodes { id name } } } }",
    "counts": "query Q($office: ID!) { caseCounts(officeId: $office) { petitionClass isOpen count isSuppressed } }",
}


@dataclass
class Asker:
    """Somebody who asks, and what was measured: question -> size -> milliseconds."""

    name: str
    headers: dict[str, str]
    office_id: str
    variables: dict[str, Any] = field(default_factory=dict)
    times: dict[str, dict[int, list[float]]] = field(default_factory=lambda: {each: {} for each in QUESTIONS})

    async def ask(self, client: httpx.AsyncClient, base: str, question: str) -> tuple[float, dict[str, Any]]:
        """One question: milliseconds and data."""
        body = {"query": QUESTIONS[question], "variables": self.variables}
        started = time.perf_counter()
        response = await client.post(f"{base}/graphql", json=body, headers=self.headers)
        spent = (time.perf_counter() - started) * 1000
        answer = response.json()
        if "errors" in answer:
            raise RuntimeError(f"{self.name}, {question}: {answer['errors']}")
        return spent, answer["data"]

    async def look_around(self, client: httpx.AsyncClient, base: str) -> None:
        """The cursor of the first page and a case of it, for the questions about them."""
        self.variables = {"office": self.office_id, "after": None, "case": ""}
        page = (await self.ask(client, base, "inbox"))[1]["cases"]
        newest = (await self.ask(client, base, "newest"))[1]["cases"]["nodes"]
        self.variables |= {"after": page["pageInfo"]["endCursor"], "case": newest[0]["id"] if newest else ""}


async def main(sizes: list[int], requests: int, divisions: Path | None) -> int:
    """Grow, measure, print."""
    console = output()
    async with stacks.running("api") as stack:
        if divisions is not None:
            await _import(stack, divisions, console)
        async with httpx.AsyncClient(timeout=120) as client:
            askers = [await _asker(stack, client, name, *who) for name, who in ASKING.items()]
            have = 0
            for size in sizes:
                await asyncio.to_thread(_grow, stack, size - have, console)
                have = size
                await _measure(stack, client, askers, size, requests)
                console.print(_table(f"{size:,} cases", askers, size))
    return _verdict(console, askers, sizes)


def _grow(stack: Stack, more: int, console: Console) -> None:
    with stack.connect() as connection:
        started = time.perf_counter()
        generate.fill(connection, more, heavy=HEAVY, console=console)
        connection.execute("vacuum analyze")
        found = connection.execute("select pg_size_pretty(pg_database_size(current_database()))").fetchone()
    console.print(f"{more:,} cases written in {time.perf_counter() - started:,.0f} s; {found[0] if found else '?'}")


async def _import(stack: Stack, divisions: Path, console: Console) -> None:
    database = Database(stack.server.address.sqlalchemy, pool_size=1)
    try:
        async with database.unit(SYSTEM_SCOPE) as uow:
            await uow.permitted()
            found = await imports.import_divisions(uow, divisions, under=None, recorded=[])
    finally:
        await database.close()
    console.print(f"{found.read:,} offices")


async def _asker(stack: Stack, client: httpx.AsyncClient, name: str, username: str, code: str) -> Asker:
    headers = await stacks.login(client, stack.base, username)
    body = {"query": "query Q($code: String!) { officeByCode(code: $code) { id } }", "variables": {"code": code}}
    found = (await client.post(f"{stack.base}/graphql", json=body, headers=headers)).json()
    return Asker(name, headers, found["data"]["officeByCode"]["id"])


async def _measure(stack: Stack, client: httpx.AsyncClient, askers: list[Asker], size: int, requests: int) -> None:
    for asker in askers:
        await asker.look_around(client, stack.base)
    for number in range(requests + 5):
        for asker in askers:
            for question in QUESTIONS:
                spent, _ = await asker.ask(client, stack.base, question)
                if number >= 5:  # the first ones warm up
                    asker.times[question].setdefault(size, []).append(spent)


def _p99(times: list[float]) -> float:
    return sorted(times)[int(len(times) * 0.99)]


def _table(title: str, askers: list[Asker], size: int) -> Table:
    return _grid(title, askers, lambda times: f"{statistics.median(times[size]):.1f} / {_p99(times[size]):.1f}")


def _grid(title: str, askers: list[Asker], cell: Callable[[dict[int, list[float]]], str]) -> Table:
    table = Table("", *(each.name for each in askers), title=title)
    for question in QUESTIONS:
        table.add_row(question, *(cell(each.times[question]) for each in askers))
    return table


def _verdict(console: Console, askers: list[Asker], sizes: list[int]) -> int:
    if len(sizes) < 2:
        return 0

    def grown(times: dict[int, list[float]]) -> float:
        few, many = (max(statistics.median(times[size]), 3.0) for size in (sizes[0], sizes[-1]))
        return many / few

    console.print(_grid(f"p50 at {sizes[-1]:,} ÷ p50 at {sizes[0]:,}", askers, lambda times: f"{grown(times):.2f}"))
    slow = [
        f"{question} of {each.name}"
        for each in askers
        for question in QUESTIONS
        if question != "counts" and grown(each.times[question]) > 1.3
    ]
    console.print(f"slower than 1.3 times: {', '.join(slow) or 'none'}")
    return int(bool(slow))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", default="100000,1000000")
    parser.add_argument("--requests", type=int, default=40)
    parser.add_argument("--divisions", type=Path)
    given = parser.parse_args()
    wanted = [int(each) for each in given.sizes.split(",")]
    sys.exit(asyncio.run(main(wanted, given.requests, given.divisions)))
