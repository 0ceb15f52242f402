"""A thousand registrations at once with one idempotency key: one case, and a thousand times the same bytes.

    python benchmarks/idempotency.py [--requests 1000] [--connections 200]

Over real HTTP against one api process on a durable embedded PostgreSQL. Exit code 1 if there is more than one case or
two answers differ.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import time
import uuid

import httpx
import stack as stacks

from kill import document, matter


async def measure(requests: int, connections: int) -> bool:
    """Send, count, print."""
    limits = httpx.Limits(max_connections=connections)
    async with stacks.running("api") as stack, httpx.AsyncClient(timeout=120, limits=limits) as client:
        headers = await stacks.login(client, stack.base, "jiaxing.clerk")
        given = matter() | {"idempotencyKey": str(uuid.uuid4())}
        body = {"query": document("caseRegister"), "variables": {"input": given}}
        waiting = broken = 0

        async def once() -> bytes:
            nonlocal waiting, broken
            while True:
                try:
                    response = await client.post(f"{stack.base}/graphql", json=body, headers=headers)
                except httpx.TransportError:
                    broken += 1  # a client whose connection broke repeats the same request
                    continue
                if b"REQUEST_IN_PROGRESS" not in response.content:
                    return response.content
                waiting += 1
                await asyncio.sleep(0.1)

        started = time.perf_counter()
        answers = await asyncio.gather(*(once() for _ in range(requests)))
        seconds = time.perf_counter() - started
        with stack.connect() as connection:
            row = connection.execute("select count(*) from cases").fetchone()
    cases = row[0] if row else 0
    different = len(set(answers))
    registered = all(b'"case":{"id"' in answer.replace(b" ", b"") for answer in answers)
    print(f"{'requests with one key':<28} {requests:>8,}")
    print(f"{'cases':<28} {cases:>8,}")
    print(f"{'different answers':<28} {different:>8,}")
    print(f"{'told to come again':<28} {waiting:>8,}")
    print(f"{'connections that broke':<28} {broken:>8,}")
    print(f"{'seconds':<28} {seconds:>8.2f}   {requests / seconds:,.0f} requests/s")
    print(f"{'answer':<28} {answers[0][:90].decode()}…")
    return cases == 1 and different == 1 and registered


def main() -> int:
    """Measure and print."""
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--requests", type=int, default=1000)
    arguments.add_argument("--connections", type=int, default=200)
    given = arguments.parse_args()
    return 0 if asyncio.run(measure(given.requests, given.connections)) else 1


if __name__ == "__main__":
    sys.exit(main())
