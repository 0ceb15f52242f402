"""What a page of an office's inbox costs: by one compiled statement, by resolvers, and written by hand.

    python benchmarks/reads.py [--cases 20000] [--rounds 7] [--requests 40]

A throw-away database gets so many open cases; three processes read it: the api with compiled reads, without, and a
Starlette route with the same statement and the same security but no GraphQL (``handwritten.py``). All are asked for the
same page in turns: 50 cases with 14 values, the holder and the last three events. Medians over the rounds; CPU and
memory are those of the process alone. Exit code 1 if the first two answers differ in a byte, or the third in a case.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import copies
import httpx
import stack as stacks
from rich.table import Table
from stack import Stack

from caseway.cli.console import output

PAGE = """query Inbox { cases(first: 50, filter: {isOpen: true}) { nodes {
  id number version visibility proceeding stage petitionClass channel field placeCode grade receivedAt dueAt isOverdue
  holder { id code name } timeline(last: 3) { nodes { seq type at } } } pageInfo { hasNextPage endCursor } } }"""
_TICK, _PAGE_BYTES = os.sysconf("SC_CLK_TCK"), os.sysconf("SC_PAGE_SIZE")


@dataclass
class Side:
    """One api process and what was measured of it."""

    name: str
    process: subprocess.Popen[bytes]
    port: int
    milliseconds: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)

    def memory(self) -> float:
        """What the process holds, in MB."""
        with open(f"/proc/{self.process.pid}/statm", encoding="ascii") as file:
            return int(file.read().split()[1]) * _PAGE_BYTES / 1e6

    @property
    def base(self) -> str:
        """Where it answers."""
        return f"http://127.0.0.1:{self.port}"

    def spent(self) -> float:
        """CPU seconds of the process so far."""
        with open(f"/proc/{self.process.pid}/stat", encoding="ascii") as file:
            fields = file.read().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / _TICK


@contextmanager
def sides(stack: Stack) -> Iterator[list[Side]]:
    """The processes, on ports beside the stack's own."""
    made: list[Side] = []
    try:
        api = [sys.executable, "-m", "caseway.cli", "serve"]
        by_hand = [sys.executable, str(Path(__file__).with_name("handwritten.py")), PAGE]
        kinds = (("compiled", "true", api), ("resolvers", "false", api), ("by hand", "true", by_hand))
        for number, (name, compiled, command) in enumerate(kinds):
            port = stack.port + 1 + number
            environment = {
                **os.environ,
                "DATABASE_URL": stack.server.address.sqlalchemy,
                "CASEWAY_DATA_DIR": str(stack.directory / name),
                "CASEWAY_MASTER_KEY": copies.MASTER_KEY.get_secret_value(),
                "CASEWAY_PORT": str(port),
                "CASEWAY_LOG_LEVEL": "WARNING",
                "CASEWAY_RATE_PERSON_PER_MINUTE": "0",
                "CASEWAY_RATE_OFFICE_PER_MINUTE": "0",
                "CASEWAY_COMPILED_READS": compiled,
            }
            made.append(Side(name, subprocess.Popen(command, env=environment, start_new_session=True), port))
        yield made
    finally:
        for each in made:
            each.process.terminate()
            each.process.wait(20)


async def _round(client: httpx.AsyncClient, side: Side, headers: dict[str, str], requests: int) -> bytes:
    answer = b""
    before = side.spent()
    for _ in range(requests):
        started = time.perf_counter()
        response = await client.post(f"{side.base}/graphql", json={"query": PAGE}, headers=headers)
        side.milliseconds.append((time.perf_counter() - started) * 1000)
        answer = response.content
    side.cpu.append((side.spent() - before) * 1000 / requests)
    return answer


async def main(cases: int, rounds: int, requests: int) -> int:
    """Fill, warm up, measure in turns, print."""
    console = output()
    async with stacks.running() as stack:
        console.print(f"{cases:,} open cases …")
        made = await copies.first_case(stack)
        made.more(cases - 1)
        with sides(stack) as processes:
            async with httpx.AsyncClient(timeout=60) as client:
                await _ready(client, processes)
                headers = await stacks.login(client, processes[0].base, "jiaxing.clerk")
                answers = [await _round(client, each, headers, 5) for each in processes]
                for each in processes:
                    each.milliseconds.clear()
                    each.cpu.clear()
                for number in range(rounds):
                    for each in processes if number % 2 else processes[::-1]:
                        await _round(client, each, headers, requests)
            memory = [each.memory() for each in processes]
        table = Table("answered by", "p50 ms", "p99 ms", "CPU ms", "memory MB")
        for each, held in zip(processes, memory, strict=True):
            times = sorted(each.milliseconds)
            table.add_row(
                each.name,
                f"{statistics.median(times):.1f}",
                f"{times[int(len(times) * 0.99)]:.1f}",
                f"{statistics.median(each.cpu):.1f}",
                f"{held:.0f}",
            )
        console.print(table)
        fast, slow, hand = processes
        console.print(
            f"resolvers ÷ compiled: {statistics.median(slow.milliseconds) / statistics.median(fast.milliseconds):.1f} "
            f"in time, {statistics.median(slow.cpu) / statistics.median(fast.cpu):.1f} in CPU; "
            f"{len(answers[0]):,} bytes, {'equal' if answers[0] == answers[1] else 'DIFFERENT'}"
        )
        console.print(
            f"by hand ÷ compiled: {statistics.median(hand.milliseconds) / statistics.median(fast.milliseconds):.2f} "
            f"in time, {statistics.median(hand.cpu) / statistics.median(fast.cpu):.2f} in CPU"
        )
        nodes = [json.loads(each)["data"]["cases"]["nodes"] for each in answers]
        return int(answers[0] != answers[1] or nodes[0] != nodes[2])


async def _ready(client: httpx.AsyncClient, processes: list[Side]) -> None:
    for each in processes:
        for _ in range(600):
            try:
                if (await client.get(f"{each.base}/readyz")).status_code == 200:
                    break
            except httpx.HTTPError:
                pass
            await asyncio.sleep(0.05)
        else:
            raise TimeoutError(each.name)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cases", type=int, default=20_000)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--requests", type=int, default=40)
    given = parser.parse_args()
    sys.exit(asyncio.run(main(given.cases, given.rounds, given.requests)))
