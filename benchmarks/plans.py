"""How PostgreSQL means to answer the ten commonest questions: the shapes of the plans, without costs.

    python benchmarks/plans.py [--cases 24000] [--only inbox]

The statements are those that a compiled read sends, for everybody of ``scale.py``; the plans are generic, as their
connections ask for. For each it is printed what reads the tables that grow with the number of cases, and how many sorts
there are. ``tests/plans`` keeps the answer as a golden file: a question that begins to read a table from end to end, or
to sort what an index has in order, shows there.
"""

from __future__ import annotations

import argparse
import asyncio
import re
import sys
from collections import Counter
from collections.abc import Sequence
from typing import Any

import copies
import generate
import httpx
import stack as stacks
from pydantic import SecretStr
from rich.console import Console
from scale import ASKING, HEAVY, QUESTIONS
from stack import Stack

from caseway.app import build_app
from caseway.db.session import APP_ROLE
from caseway.settings import Settings

#: Tables that have rows for every case.
_GROWING = ("cases", "case_grant", "case_search", "ledger_event", "registration", "custody_order")
_NODE = re.compile(
    r"(?P<way>(?:Index Only |Index |Seq |Bitmap Heap )Scan(?: Backward)?)"
    r"(?: using (?P<index>\w+))? on (?P<table>\w+)"
)
_BITMAP = re.compile(r"Bitmap Index Scan on (?P<index>\w+)")


def shape(plan: Sequence[str]) -> list[str]:
    """What a plan does with the tables that grow, most frequent first."""
    found: Counter[str] = Counter()
    for line in plan:
        if (node := _NODE.search(line)) is not None and node["table"] in _GROWING:
            found[f"{node['way']} of {node['table']} by {node['index'] or 'nothing'}"] += 1
        elif (node := _BITMAP.search(line)) is not None:
            found[f"Bitmap of {node['index']}"] += 1
        elif re.search(r"(->|^)\s*(Incremental )?Sort\b", line):
            found["Sort"] += 1
    return [f"{count} x {what}" for what, count in sorted(found.items())]


async def statements(stack: Stack, only: Sequence[str]) -> list[tuple[str, str, str]]:
    """Who asks, what, and the statement that is sent for it; empty where none is (the resolvers answer)."""
    address = SecretStr(stack.server.address.sqlalchemy)
    settings = Settings(database_url=address, data_dir=stack.directory / "app", master_key=copies.MASTER_KEY)
    app = build_app(settings)
    found = []
    async with app.router.lifespan_context(app):
        database = app.state.services.database
        sent: list[str] = []
        fetch = database.fetch

        async def noted(statement: str, arguments: Sequence[Any]) -> Sequence[Any]:
            sent.append(statement)
            rows: Sequence[Any] = await fetch(statement, arguments)
            return rows

        database.fetch = noted
        transport = httpx.ASGITransport(app=app)
        async with httpx.AsyncClient(transport=transport, base_url="http://caseway.test", timeout=60) as client:
            for name, (username, code) in ASKING.items():
                headers = await stacks.login(client, "http://caseway.test", username)

                async def ask(
                    text: str, headers: dict[str, str] = headers, client: httpx.AsyncClient = client, **variables: Any
                ) -> Any:
                    body = {"query": text, "variables": variables}
                    return (await client.post("/graphql", json=body, headers=headers)).json()["data"]

                office = await ask("query Q($code: String!) { officeByCode(code: $code) { id } }", code=code)
                given: dict[str, Any] = {"office": office["officeByCode"]["id"]}
                page = (await ask(QUESTIONS["inbox"]))["cases"]
                newest = (await ask(QUESTIONS["newest"]))["cases"]["nodes"]
                given |= {"after": page["pageInfo"]["endCursor"], "case": newest[0]["id"]}
                for question in only:
                    sent.clear()
                    await ask(QUESTIONS[question], **given)
                    found.append((name, question, sent[-1] if sent else ""))
    return found


async def main(cases: int, only: Sequence[str]) -> int:
    """Fill, ask, explain, print."""
    async with stacks.running() as stack:
        with stack.connect() as connection:
            generate.fill(connection, cases, heavy=HEAVY, console=Console(stderr=True))
        asked = await statements(stack, only)
        with stack.connect() as connection:
            connection.execute(f"set role {APP_ROLE}")
            connection.execute("set jit = off")
            shown: dict[tuple[str, str], list[str]] = {}
            for name, question, statement in asked:
                plan = connection.execute(f"explain (generic_plan, costs off) {statement}") if statement else ()
                lines = shape([row[0] for row in plan]) or ["by resolvers"]
                shown.setdefault((question, "\n".join(f"    {line}" for line in lines)), []).append(name)
    for (question, lines), names in shown.items():
        print(f"{question}, of {', '.join(names)}\n{lines}\n")
    return 0


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cases", type=int, default=24_000)
    parser.add_argument("--only", choices=list(QUESTIONS), action="append")
    arguments = parser.parse_args()
    sys.exit(asyncio.run(main(arguments.cases, arguments.only or list(QUESTIONS))))
