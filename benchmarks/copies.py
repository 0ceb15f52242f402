"""Many cases like one that was registered and forwarded: its rows copied within the database, each copy with ids of its
own; and timers for them. No benchmark by itself."""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import httpx
import psycopg
import stack as stacks
from pydantic import SecretStr
from stack import Stack

from caseway.app import build_app
from caseway.clock import now
from caseway.clocks.timers import TimerKind
from caseway.gql import ids
from caseway.settings import Settings

_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
#: Cases whose rows are written at once.
_AT_ONCE = 200
#: The master key of what this module starts in its own process.
MASTER_KEY = SecretStr("Y2FzZXdheS10ZXN0cy1tYXN0ZXIta2V5LTMyLWJ5dGU=")


def copy_case(
    connection: psycopg.Connection[Any], case_id: uuid.UUID, count: int, *, first: int = 0
) -> list[uuid.UUID]:
    """So many copies of a case and of everything that belongs to it; their ids. ``first`` keeps the numbers of another
    call apart. Signatures of the ledger are copied as they are: they do not fit the copies."""
    tables = [("matter", "id = (select matter_id from cases where id = %s)"), ("cases", "id = %s")]
    tables += [(name, "case_id = %s") for name in _tables_of_cases(connection)]
    rows = {name: _rows(connection, name, where, case_id) for name, where in tables}
    number = rows["cases"][0]["number"]
    texts = {name: json.dumps(found) for name, found in rows.items()}
    connection.execute("set session_replication_role = replica")  # what refers to what is known to be right
    made = []
    for start in range(first, first + count, _AT_ONCE):
        numbers = range(start, min(start + _AT_ONCE, first + count))
        made += [_renamed(str(case_id), each) for each in numbers]
        for name, text in texts.items():
            copies = [
                row
                for each in numbers
                for row in json.loads(
                    _UUID.sub(lambda found, each=each: _renamed(found[0], each), text).replace(  # type: ignore[misc]
                        number, f"{number}-{each}"
                    )
                )
            ]
            connection.execute(
                f"insert into {name} select * from jsonb_populate_recordset(null::{name}, %s::jsonb)",
                [json.dumps(copies)],
            )
    connection.execute("set session_replication_role = origin")
    return [uuid.UUID(each) for each in made]


def _tables_of_cases(connection: psycopg.Connection[Any]) -> list[str]:
    found = connection.execute(
        """select table_name from information_schema.columns
           where table_schema = 'public' and column_name in ('city_id', 'case_id')
           group by 1 having count(*) = 2 order by 1"""
    )
    return [name for (name,) in found]


def _rows(connection: psycopg.Connection[Any], name: str, where: str, case_id: uuid.UUID) -> list[dict[str, Any]]:
    found = connection.execute(f"select to_jsonb(t) from {name} t where {where}", [case_id])
    return [row for (row,) in found]


def _renamed(text: str, number: int) -> str:
    return str(uuid.uuid5(uuid.UUID(text), str(number)))


@dataclass
class Cases:
    """The cases of a run: copies of one that was registered and forwarded through the api."""

    stack: Stack
    original: uuid.UUID
    city_id: int
    made: int = 0

    def more(self, count: int) -> list[uuid.UUID]:
        """So many further cases, each with an order that nobody has signed."""
        with self.stack.connect() as connection:
            found = copy_case(connection, self.original, count, first=self.made)
            connection.execute("analyze")
        self.made += count
        return found

    def set_timers(self, kind: str, cases: list[uuid.UUID], *, due: Callable[[int], datetime]) -> None:
        """A timer of a kind for each, due when ``due`` says for its number."""
        with self.stack.connect() as connection, connection.cursor() as cursor:
            rows = [
                (self.city_id, uuid.uuid4(), each, kind, f"{number}", due(number)) for number, each in enumerate(cases)
            ]
            cursor.executemany(
                "insert into timer (city_id, id, case_id, kind, step, due_at) values (%s, %s, %s, %s, %s, %s)", rows
            )
            connection.execute("analyze timer")

    def make_due(self, cases: list[uuid.UUID]) -> None:
        """Their orders' limits have passed, one after the other."""
        with self.stack.connect() as connection:
            connection.execute(
                "update timer set due_at = now() - random() * interval '1 day' where kind = %s and case_id = any(%s)",
                [TimerKind.DEEMED_RECEIPT.value, cases],
            )
            connection.execute("analyze timer")

    def forget(self, kind: str) -> None:
        """Remove what is left of a kind."""
        with self.stack.connect() as connection:
            connection.execute("delete from timer where kind = %s", [kind])
            connection.execute("vacuum analyze timer")

    def wait(self, count: int) -> None:
        """Timers that are due in the days to come: they must not slow down those that are due now."""
        with self.stack.connect() as connection:
            connection.execute(
                "insert into timer (city_id, id, case_id, kind, step, due_at)"
                " select c.city_id, gen_random_uuid(), c.id, 'WAITING', n::text,"
                " now() + interval '1 day' + random() * interval '60 days'"
                " from cases c, generate_series(1, %s) n where c.id <> %s limit %s",
                [1 + count // self.made, self.original, count],
            )
            connection.execute("vacuum analyze timer")


async def first_case(stack: Stack) -> Cases:
    """Register and forward a case through the api, in this process."""
    address = SecretStr(stack.server.address.sqlalchemy)
    settings = Settings(database_url=address, data_dir=stack.directory / "app", master_key=MASTER_KEY)
    app = build_app(settings)
    async with app.router.lifespan_context(app):
        transport = httpx.ASGITransport(app=app)
        async with httpx.AsyncClient(transport=transport, base_url="http://caseway.test") as client:
            headers = await stacks.login(client, "http://caseway.test", "jiaxing.clerk")
            with stack.connect() as connection:
                row = connection.execute("select id from office where code = '330402' and valid_to is null").fetchone()
            assert row is not None

            async def write(name: str, given: dict[str, Any]) -> str:
                upper = name[0].upper() + name[1:]
                document = (
                    f"mutation ($input: {upper}Input!) {{ {name}(input: $input) {{ "
                    f"... on {upper}Payload {{ case {{ id }} }} ... on Error {{ code message }} }} }}"
                )
                body = {"query": document, "variables": {"input": given}}
                answer = (await client.post("/graphql", json=body, headers=headers)).json()["data"][name]
                return str(answer["case"]["id"])

            entry = {"channel": "LETTER", "receivedAt": now().isoformat(), "title": "村道积水", "claim": "请疏通。"}
            matter = {"entry": entry, "petitionClass": "APPEAL_CLAIM", "field": "LAND", "placeCode": "330402100"}
            case = await write("caseRegister", matter)
            await write("caseForward", {"caseId": case, "officeId": ids.encode("Office", row[0])})
    city_id, key = ids.decode_case_side("Case", case)
    return Cases(stack, key, city_id)
