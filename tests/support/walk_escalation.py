"""Escalations of the walked world: a raised review with its further rungs in 肥城, a case on its way back to a town,
and a case that rules watch in 诸暨."""

from __future__ import annotations

from typing import Any

from support.walk_build import NANHU, XIUZHOU, YUXIN, ZHUJI, Builder
from support.walk_case import Raised, SentOrder

HUTUN, CONFERENCE, FEICHENG = "370983105", "370983-lxh", "370983"
#: One rule foretells when it will raise the case; the other cannot be answered.
WATCHING: dict[str, dict[str, Any]] = {
    "ZJ-91": {"name": "LATE", "after": {"clock": "FORWARD", "offset": {"n": 0, "unit": "DAY"}}},
    "ZJ-92": {"name": "BROKEN", "when": "100 / extensions > 1"},
}


async def build_escalations(to: Builder) -> None:
    """After everything else: nothing of it is touched again."""
    await _reviewed(to)
    await _handed_back(to)
    await _watched(to)
    to.learn()


async def _reviewed(to: Builder) -> None:
    """Applied for, advised, closed; proposed, withdrawn, proposed again, raised and refused; applied for once more."""
    case = await to.register("raised", "hutun.clerk", HUTUN, place=HUTUN)
    who = "hutun.clerk"

    async def applied() -> tuple[str, Raised]:
        order, raised = SentOrder("", HUTUN, CONFERENCE), Raised(HUTUN, CONFERENCE)
        reason = case.order_mark(order)
        raised.lower_texts.append(reason)
        done = await to.on(
            "caseEscalationApply", case, who,
            triggers=["MULTI_DEPT"], reason=reason, tried=case.raised_mark(raised.lower_texts),
        )  # fmt: skip
        case.orders.append(order)
        case.escalations.append(raised)
        case.advisor.add(CONFERENCE)
        return done["escalation"]["id"], raised

    async def proposed() -> tuple[str, Raised]:
        raised = Raised(HUTUN, FEICHENG)
        done = await to.ask(
            who, "caseEscalationPropose",
            escalationId=first, triggers=["STILL_UNRESOLVED"], reason=case.raised_mark(raised.lower_texts),
        )  # fmt: skip
        case.escalations.append(raised)
        return done["escalation"]["id"], raised

    first, raised = await applied()
    await to.ask("feicheng-lxh.leader", "caseEscalationAnswer", escalationId=first, answer="ACCEPT")
    await to.ask(
        "feicheng-lxh.leader", "caseEscalationAnswer",
        escalationId=first, answer="ADVISE", text=case.mark("content"), points=[case.raised_mark(raised.upper_texts)],
    )  # fmt: skip
    case.advisor.discard(CONFERENCE)
    await to.ask(
        "feicheng-lxh.leader", "caseEscalationClose", escalationId=first, reason=case.raised_mark(raised.upper_texts)
    )
    second, raised = await proposed()
    await to.ask(who, "caseEscalationRecall", escalationId=second, reason=case.raised_mark(raised.lower_texts))
    third, raised = await proposed()
    order = SentOrder("", HUTUN, FEICHENG, list(raised.lower_texts))
    await to.ask(who, "caseEscalationRaise", escalationId=third)
    case.orders.append(order)
    await to.ask(
        "feicheng.leader", "caseEscalationAnswer",
        escalationId=third, answer="REFUSE", text=case.raised_mark(raised.upper_texts),
    )  # fmt: skip
    await applied()


async def _handed_back(to: Builder) -> None:
    """The county took it up and has sent it back; the town has still to sign. An office beside them knows the case."""
    case = await to.register("handed", "yuxin.clerk", YUXIN, place=YUXIN)
    await to.send("caseCopy", case, "yuxin.clerk", YUXIN, XIUZHOU)
    case.informed.add(XIUZHOU)
    await to.on("caseTakeUp", case, "nanhu.leader", reason=case.mark("reason"))
    case.earlier, case.holder, case.assignee = {YUXIN}, NANHU, "nanhu.leader"
    raised, order = Raised(YUXIN, NANHU), SentOrder("", NANHU, YUXIN)
    point = case.order_mark(order)
    raised.upper_texts.append(point)
    await to.on("caseHandBack", case, "nanhu.leader", points=[point])
    case.orders += [SentOrder("", YUXIN, NANHU), order]
    case.escalations.append(raised)
    case.addressee.add(YUXIN)


async def _watched(to: Builder) -> None:
    """Registered under two rules of 诸暨 that watch it."""
    office = {"officeId": to.offices[ZHUJI]}
    await to.ask("zhuji.admin", "ruleDraftOpen", **office)
    revision = ""
    for code, parameters in WATCHING.items():
        given = {"trigger": ["OVERDUE"], "ladder": ["COUNTY", "CITY"], **parameters}
        given["rungs"] = [{"to": "CITY", "gives": "INFORM"}]
        rule = {
            "code": code, "kind": "escalation", "appliesTo": "SUBTREE",
            "parameters": [{"name": name, "value": value} for name, value in given.items()],
        }  # fmt: skip
        revision = (await to.ask("zhuji.admin", "ruleDraftPut", rule=rule, **office))["version"]["revision"]
    await to.ask("zhuji.admin", "ruleBookPublish", revision=revision, **office)
    await to.register("watched", "zhuji.clerk", ZHUJI, place=ZHUJI)
    case = to.cases["watched"]
    await to.handler(case, "zhuji.dispatcher", "zhuji.clerk")
