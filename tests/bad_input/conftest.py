"""A probe that sends what nobody should send, and sees to it that the refusal helps and that nothing is stored."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import httpx
import psycopg
import pytest

from caseway.clock import SHANGHAI
from support.app import Answer, Caller, World
from support.digest import digest

REFUSAL = """
  ... on Error { __typename code message }
  ... on InvalidInputError { fieldErrors { path code message } }
  ... on RefusedError { details { key value } }
"""
#: What payloads of case mutations answer.
CASE = "case { id number version stage holder { code } }"
#: What payloads of order mutations answer.
ORDER = CASE + " order { id state kind }"


def mutation(name: str, selection: str = "__typename") -> str:
    """The document of one mutation."""
    capital = name[0].upper() + name[1:]
    return (
        f"mutation Probe($input: {capital}Input!) {{ {name}(input: $input) {{"
        f" ... on {capital}Payload {{ {selection} }} {REFUSAL} }} }}"
    )


def helps(sentence: str) -> bool:
    """Whether a message is a sentence a person can act on, without anything of the machinery in it."""
    inner = ("Traceback", "sqlalchemy", "asyncpg", "psycopg", "<class", "object at 0x", "<Action")
    return len(sentence) > 15 and " " in sentence and not any(word in sentence for word in inner)


@dataclass
class Probe:
    """Staff of the demo who send good and bad requests over HTTP."""

    world: World
    _offices: dict[str, str] = field(default_factory=dict)

    @property
    def client(self) -> httpx.AsyncClient:
        """For requests that are no GraphQL."""
        return self.world.client

    async def as_(self, who: str) -> Caller:
        """``nanhu.clerk``, or ``jiaxing.double@3304-xfj`` for a person who says for which office they act."""
        username, _, office = who.partition("@")
        return await self.world.login(username, office=office or None)

    async def send(self, who: str, name: str, /, selection: str = "__typename", **given: Any) -> Answer:
        """A mutation, whatever comes of it."""
        return await (await self.as_(who))(mutation(name, selection), input=given)

    async def done(self, who: str, name: str, /, selection: str = CASE, **given: Any) -> dict[str, Any]:
        """A mutation that is not refused; its payload."""
        answer = await self.send(who, name, selection=selection, **given)
        assert answer.code is None, answer.result
        return answer.result

    async def unchanged(self, call: Callable[[], Awaitable[Answer]]) -> Answer:
        """A call that stores nothing."""
        before = await digest(self.world.database)
        answer = await call()
        after = await digest(self.world.database)
        assert after == before, [table for table in after if after[table] != before[table]]
        return answer

    async def attempt(self, who: str, name: str, /, selection: str = "__typename", **given: Any) -> Answer:
        """A mutation that stores nothing."""
        await self.as_(who)
        return await self.unchanged(lambda: self.send(who, name, selection=selection, **given))

    async def refused(
        self, who: str, name: str, code: str, /, *, at: str | None = None, problem: str | None = None, **given: Any
    ) -> Answer:
        """A mutation refused as data with this code and a sentence, storing nothing. ``at`` and ``problem`` = path and
        code of a problem with a field."""
        answer = await self.attempt(who, name, **given)
        assert answer.status == 200
        assert answer.code == code, answer.body
        assert helps(answer.result["message"]), answer.result
        if at is not None:
            found = {(each["path"], each["code"]) for each in answer.result["fieldErrors"]}
            assert (at, problem) in found or (problem is None and at in dict(found)), found
            assert all(helps(each["message"]) for each in answer.result["fieldErrors"]), answer.result
        return answer

    async def denied(self, who: str, document: str, code: str, /, **variables: Any) -> Answer:
        """An operation refused as a top-level error with this code and a sentence, storing nothing."""
        caller = await self.as_(who)
        answer = await self.unchanged(lambda: caller(document, **variables))
        assert answer.codes == [code], answer.body
        assert helps(answer.body["errors"][0]["message"]), answer.body
        return answer

    async def office(self, code: str) -> str:
        """The global id of an office."""
        if code not in self._offices:
            anybody = await self.as_("jiaxing.dispatcher")
            answer = await anybody("query ($code: String!) { officeByCode(code: $code) { id } }", code=code)
            self._offices[code] = str(answer.data["officeByCode"]["id"])
        return self._offices[code]

    async def person(self, who: str) -> str:
        """The global id of a person."""
        answer = await (await self.as_(who))("{ viewer { person { id } } }")
        return str(answer.data["viewer"]["person"]["id"])

    async def rows(self, query: str, *values: Any) -> list[tuple[Any, ...]]:
        """What a statement answers over all rows, beside every lock."""
        async with await psycopg.AsyncConnection.connect(self.world.database.dsn) as connection:
            return list(await (await connection.execute(query, values)).fetchall())

    def ago(self, **step: float) -> str:
        """An instant in the past of the dial, as an input."""
        return instant(self.world.dial() - timedelta(**step))

    def ahead(self, **step: float) -> str:
        """An instant in the future of the dial, as an input."""
        return instant(self.world.dial() + timedelta(**step))

    def entry(self, **changes: Any) -> dict[str, Any]:
        """What a petitioner brought in an hour ago."""
        return {
            "channel": "VISIT",
            "receivedAt": self.ago(hours=1),
            "title": "村道积水",
            "claim": "道路积水多年，请求修缮并说明进度。",
            "petitioners": [{"name": "陈明亮", "phone": "13800001234"}],
            **changes,
        }

    def matter(self, **changes: Any) -> dict[str, Any]:
        """A matter to register; names of the entry's fields go into the entry."""
        entry = self.entry()
        inner = {name: changes.pop(name) for name in (*entry, "groupSize", "nameConsent") if name in changes}
        base = {"petitionClass": "APPEAL_CLAIM", "field": "LAND", "placeCode": "330402100"}
        return {"entry": entry | inner, **base, **changes}

    async def register(self, who: str = "jiaxing.clerk", **changes: Any) -> str:
        """A registered case; its id."""
        return str((await self.done(who, "caseRegister", **self.matter(**changes)))["case"]["id"])

    async def forward(self, who: str, case_id: str, code: str, **more: Any) -> str:
        """Forward a case; the id of the order."""
        office_id = await self.office(code)
        done = await self.done(who, "caseForward", selection=ORDER, caseId=case_id, officeId=office_id, **more)
        return str(done["order"]["id"])

    async def sign(self, who: str, order_id: str) -> None:
        """Sign for a case."""
        await self.done(who, "caseSignFor", selection=ORDER, orderId=order_id)

    async def arrived(self, who: str = "fengqiao.handler") -> tuple[str, str]:
        """A case that has come from the city through the county to the town, signed for; case and newest order."""
        case_id = await self.register()
        await self.sign("nanhu.dispatcher", await self.forward("jiaxing.clerk", case_id, "330402"))
        order_id = await self.forward("nanhu.dispatcher", case_id, "330402100")
        await self.sign(who, order_id)
        return case_id, order_id

    async def handled(self) -> str:
        """A case in handling with the town's handler."""
        case_id, _ = await self.arrived()
        served = {"servedAt": instant(self.world.dial())}
        self.world.dial.by(minutes=1)
        await self.done("fengqiao.handler", "caseAccept", caseId=case_id, notice=served)
        await self.done("fengqiao.handler", "caseStartHandling", caseId=case_id)
        self.world.dial.by(days=1)
        return case_id

    def opinion(self, case_id: str, **changes: Any) -> dict[str, Any]:
        """An opinion that is complete and served just now."""
        return {
            "caseId": case_id,
            "outcome": "SUPPORTED",
            "text": "经现场勘查，支持请求，由镇政府组织修缮。",
            "legalBasis": "《信访工作条例》第三十二条",
            "remedies": "自收到之日起三十日内可以申请复查。",
            "servedAt": instant(self.world.dial()),
            **changes,
        }


def instant(moment: datetime) -> str:
    """An instant as an input."""
    return moment.astimezone(SHANGHAI).isoformat()


@pytest.fixture
def probe(world: World) -> Probe:
    """The demo's staff, ready to send bad requests."""
    return Probe(world)
