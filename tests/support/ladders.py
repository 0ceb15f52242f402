"""What tests about escalations do over HTTP: cases of two towns, rules of their own, and a worker beside them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from caseway.clocks.firing import run_due
from caseway.db.session import Database
from caseway.worker import EFFECTS
from support.rule_desks import Author, Rule, rule
from support.scenes import Scene, instant, matter, notice

#: 湖屯镇 under 肥城市 (FC-14), and 凤桥镇 under 南湖区.
HUTUN = "370983105"


@dataclass
class Stairs:
    """A scene, and what it takes to climb."""

    scene: Scene
    database: Database

    async def until(self, moment: str) -> int:
        """Turn the clock, and let a worker fire everything that is due by then; how many effects."""
        now = self.scene.at(moment)
        return await run_due(self.database, EFFECTS, now)

    async def ladder(self, username: str, office: str, code: str, **parameters: Any) -> Author:
        """Publish an escalation rule in the book of an office, in force from today."""
        author = Author(self.scene, username, office)
        if await author.draft() is None:
            await author.open()
        applies_to = parameters.pop("appliesTo", "SUBTREE")
        given: Rule = rule(code, "escalation", appliesTo=applies_to, **parameters)
        await author.put(given)
        await author.publish()
        return author

    async def registered(self, clerk: str, received: str, **changes: Any) -> str:
        """Register a matter; the case."""
        done = await self.scene.desk(clerk).do("clerk/RegisterCase", **matter(received, **changes))
        return str(done["case"]["id"])

    async def handled(self, dispatcher: str, handler: str, case_id: str, served: str) -> None:
        """Give a case to a handler, who accepts it and begins."""
        desk = self.scene.desk(handler)
        await self.scene.desk(dispatcher).do(
            "dispatcher/AssignHandler", caseId=case_id, personId=await desk.person_id()
        )
        await desk.do("handler/AcceptCase", caseId=case_id, notice=notice(served))
        await desk.do("handler/StartHandling", caseId=case_id)

    async def town_case(self, *, handled: bool = True, **changes: Any) -> str:
        """A matter of 湖屯镇, registered 09-08 and accepted 09-10 (S6)."""
        self.scene.at("2026-09-08 10:00")
        changes.setdefault("placeCode", HUTUN)
        case = await self.registered("hutun.clerk", "2026-09-08 09:30", **changes)
        if handled:
            self.scene.at("2026-09-10 10:00")
            await self.handled("hutun.dispatcher", "hutun.handler", case, "2026-09-10 09:30")
        return case

    async def climbed(self, username: str, case_id: str) -> list[dict[str, Any]]:
        """The escalations of a case as somebody sees them."""
        found = (await self.scene.desk(username).send("shared/CaseEscalations", id=case_id)).data["case"]
        return list(found["escalations"])

    async def findings(self, username: str, case_id: str) -> list[dict[str, Any]]:
        """What the rules say about a case, as somebody sees it."""
        found = (await self.scene.desk(username).send("shared/CaseEscalations", id=case_id)).data["case"]
        assert found["whyNotEscalated"] is not None, f"{username} is not told"
        return list(found["whyNotEscalated"])

    async def notices(self, code: str, kind: str = "ESCALATED") -> list[dict[str, Any]]:
        """What an office is told, of one kind: the facts, oldest first."""
        rows = await self.scene.facts(
            "select n.facts from outbox n join office o on o.id = n.office_id"
            " where o.code = %s and n.kind = %s and n.channel = 'OFFICE' order by n.created_at, n.id",
            code, kind,
        )  # fmt: skip
        return [facts for (facts,) in rows]


def late(n: int = 0, unit: str = "DAY", clock: str = "HANDLE") -> dict[str, Any]:
    """So long after (or, negative, before) the end of a clock."""
    return {"clock": clock, "offset": {"n": n, "unit": unit}}


__all__ = ["HUTUN", "Stairs", "instant", "late"]
