"""People at their desks: what scenario tests do over HTTP, in the words of the scenarios, by the shipped documents."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import psycopg

from caseway import worker
from caseway.clock import SHANGHAI
from caseway.clocks import firing
from caseway.db.session import Database
from caseway.gql import ids
from caseway.oversight import counting
from support.app import Answer, World
from support.operations import text

#: A case that nobody ever registered, in the city of a real one.
NOWHERE = uuid.UUID("0190aaaa-0000-7000-8000-000000000000")

Case = dict[str, Any]


def local(instant: str | None) -> str | None:
    """An answered instant as the scenarios write it: ``2026-04-15 09:00`` in China, seconds only where there are."""
    if instant is None:
        return None
    moment = datetime.fromisoformat(instant).astimezone(SHANGHAI)
    return moment.strftime("%Y-%m-%d %H:%M:%S" if moment.second else "%Y-%m-%d %H:%M")


@dataclass
class Desk:
    """One member of staff. Every call logs in again if the token has ended meanwhile."""

    world: World
    username: str
    office: str | None = None

    async def send(self, key: str, **variables: Any) -> Answer:
        """One of the shipped documents with these variables."""
        caller = await self.world.login(self.username, office=self.office)
        return await caller(text(key), **variables)

    async def attempt(self, key: str, **given: Any) -> Answer:
        """A mutation that may be refused; the arguments are the fields of its input."""
        return await self.send(key, input=given)

    async def do(self, key: str, **given: Any) -> dict[str, Any]:
        """A mutation that is not refused; its payload."""
        answer = await self.attempt(key, **given)
        assert answer.code is None, answer.result
        return answer.result

    async def refused(self, key: str, **given: Any) -> str:
        """The code that a mutation is refused with."""
        answer = await self.attempt(key, **given)
        assert answer.code is not None, answer.result
        return answer.code

    async def case(self, case_id: str) -> Case | None:
        """The case as this person sees it; None if there is nothing to see."""
        found: Case | None = (await self.send("shared/CaseView", id=case_id)).data["case"]
        return found

    async def seen(self, case_id: str) -> Case:
        """The case as this person sees it, at least as a card."""
        found = await self.case(case_id)
        assert found is not None, f"{self.username} sees nothing"
        return found

    async def visibility(self, case_id: str) -> str:
        """NONE, or how much of the case this person sees."""
        found = await self.case(case_id)
        return str(found["visibility"]) if found is not None else "NONE"

    async def person_id(self) -> str:
        """The global id of this person."""
        return str((await self.send("shared/Viewer")).data["viewer"]["person"]["id"])

    async def events(self, case_id: str) -> list[str]:
        """The types of the events of a case that this person sees."""
        shown = (await self.send("shared/CaseTimeline", id=case_id)).data["case"]
        return [each["type"] for each in shown["timeline"]["nodes"]]

    async def inbox(self) -> list[str]:
        """The ids of the first hundred open cases that this person sees."""
        found = (await self.send("handler/Inbox", first=100)).data["cases"]
        return [each["id"] for each in found["nodes"]]

    async def incoming(self) -> list[str]:
        """The ids of the orders that wait for this person's office."""
        found = (await self.send("dispatcher/IncomingOrders", first=100)).data["incomingOrders"]
        return [each["id"] for each in found["nodes"]]

    async def forward(self, case_id: str, office_id: str, **more: Any) -> str:
        """Forward a case; the id of the order."""
        done = await self.do("dispatcher/ForwardCase", caseId=case_id, officeId=office_id, **more)
        return str(done["order"]["id"])

    async def sign(self, order_id: str) -> Case:
        """Sign for the case of an order; the case afterwards."""
        found: Case = (await self.do("dispatcher/SignForCase", orderId=order_id))["case"]
        return found


@dataclass
class Scene:
    """A world with its offices by code and its staff by user name."""

    world: World
    _offices: dict[str, str] = field(default_factory=dict)

    def at(self, moment: str) -> datetime:
        """Turn the clock to a local time in China, such as ``2026-04-15 09:00``."""
        return self.world.dial.to(moment)

    def desk(self, username: str, office: str | None = None) -> Desk:
        """A member of staff."""
        return Desk(self.world, username, office)

    async def office(self, code: str) -> str:
        """The global id of the office with a code."""
        if code not in self._offices:
            anybody = self.desk("jiaxing.dispatcher")
            found = (await anybody.send("shared/OfficeByCode", code=code)).data["officeByCode"]
            assert found is not None, f"there is no office {code}"
            self._offices[code] = str(found["id"])
        return self._offices[code]

    async def colleagues(self, code: str) -> list[str]:
        """User names of everybody with a post in an office, or below it, now."""
        office_id = ids.decode_number("Office", await self.office(code))
        async with await psycopg.AsyncConnection.connect(self.world.database.dsn) as connection:
            rows = await connection.execute(
                "select distinct a.username from account a join membership m on m.person_id = a.person_id"
                " join office o on o.id = m.office_id, office top"
                " where top.id = %s and starts_with(o.path, top.path) and m.valid_to is null order by 1",
                (office_id,),
            )
            return [str(name) for (name,) in await rows.fetchall()]

    async def work(self) -> int:
        """Let the worker do everything that is due by the clock; how many effects it applied. None may fail."""
        database = Database(self.world.database.url, pool_size=1)
        try:
            applied = await firing.run_due(database, worker.EFFECTS, self.world.dial.instant)
            while await counting.fold(database):
                pass
        finally:
            await database.close()
        assert await self.facts("select kind, last_error from timer where last_error is not null") == []
        return applied

    async def facts(self, query: str, *values: Any) -> list[tuple[Any, ...]]:
        """What a statement answers over all rows, beside every lock: for what no member of staff may see."""
        async with await psycopg.AsyncConnection.connect(self.world.database.dsn) as connection:
            return list(await (await connection.execute(query, values)).fetchall())


def entry(received: str, title: str = "村道积水", **changes: Any) -> dict[str, Any]:
    """What a petitioner brought in, received at a local time."""
    return {
        "channel": "VISIT",
        "receivedAt": f"{received.replace(' ', 'T')}:00+08:00",
        "title": title,
        "claim": "道路积水多年，请求修缮并说明进度。",
        "petitioners": [{"name": "陈明亮", "phone": "13800001234"}],
        **changes,
    }


def matter(received: str, **changes: Any) -> dict[str, Any]:
    """A matter to register: an appeal about land in 凤桥镇, unless the scenario says otherwise."""
    about = {name: changes.pop(name) for name in ("title", "channel", "petitioners", "groupSize") if name in changes}
    return {
        "entry": entry(received, **about),
        "petitionClass": "APPEAL_CLAIM",
        "field": "LAND",
        "placeCode": "330402100",
        **changes,
    }


def instant(moment: str) -> str:
    """A local time in China as an input."""
    return f"{moment.replace(' ', 'T')}:00+08:00"


def notice(served: str) -> dict[str, Any]:
    """A notice that was served at a local time."""
    return {"servedAt": instant(served)}


def stranger(case_id: str) -> str:
    """The id of a case that does not exist, otherwise just like this one."""
    city_id, _ = ids.decode_case_side("Case", case_id)
    return ids.encode("Case", city_id, NOWHERE)


def clock(case: Case, kind: str) -> dict[str, Any]:
    """The newest limit of one kind of a case."""
    found: dict[str, Any] = [each for each in case["clocks"] if each["kind"] == kind][-1]
    return found


def due(case: Case, kind: str) -> str:
    """The last day of the newest limit of one kind."""
    return str(clock(case, kind)["dueOn"])


def by_book(shown: dict[str, Any]) -> dict[str, str]:
    """The last day that each book's limit of a clock comes to."""
    return {each["book"]: each["dueOn"] for each in shown["limits"]}


def chain(case: Case) -> list[tuple[str, str | None, str | None]]:
    """The holders of a case: office code, from, until before."""
    return [(each["office"]["code"], local(each["fromAt"]), local(each["toAt"])) for each in case["custody"]]
