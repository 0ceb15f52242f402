"""Oversight of the walked world: a key case with its responsibility list and a linked leader, a limit that passed and
the supervision that followed, reviews of accountability, and reports that are owed and filed. Most of it far from the
other cases, in 肥城."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from caseway import worker
from caseway.clocks import firing
from caseway.db.session import Database
from support.walk_build import FENGQIAO, Builder
from support.walk_case import CONTENT, REASON, Known, SentOrder

HUTUN, SHIHENG, UNIT, CONFERENCE = "370983105", "370983106", "370983-zrzy", "370983-lxh"
FEICHENG, FEICHENG_XFJ, FORESTRY = "370983", "370983-xfj", "152525-lcj"
#: Its limits are written in minutes, so that one can pass while the world is built.
HASTY = {"stage": "FORWARD", "limit": {"n": 1, "unit": "MINUTE"}, "start": "RECEIVED", "when": 'channel == "FAX"'}
#: Ends in a year whose calendar is not published.
FAR = {"stage": "ANSWER", "limit": {"n": 240, "unit": "WORKDAY"}, "start": "REGISTERED", "when": 'channel == "FAX"'}
#: Duties of March, of 2026 in all.
MARCH = {"fromOn": "2026-03-01", "toOn": "2026-03-31"}


@dataclass(frozen=True)
class Review:
    """A review, and the cases in its file."""

    gid: str
    cases: tuple[Known, ...]


@dataclass(frozen=True)
class Overseen:
    """What was made."""

    links: tuple[str, ...]
    reviews: tuple[Review, ...]
    #: A report that is owed because of the case "nobody", from which the town's clerk is recused.
    owed: str


async def build_oversight(to: Builder) -> Overseen:
    """The rest of the world goes on; the worker has run once at the end."""
    links = await _linked(to)
    await _key_case(to)
    late = await _late(to)
    reviews = await _reviews(to, late)
    await _reports(to)
    owed = await _urgent(to)
    to.learn()
    return Overseen(links, reviews, owed)


async def _linked(to: Builder) -> tuple[str, ...]:
    """One link that stands and one that has ended, besides the declared ones."""
    leader, made = to.persons["feicheng.leader5"], []
    for area in (SHIHENG, UNIT):
        done = await to.ask("feicheng.admin", "liaisonLinkSet", personId=leader, areaId=to.offices[area])
        made.append(done["link"]["id"])
    await to.ask("feicheng.leader", "liaisonLinkEnd", linkId=made[-1])
    return tuple(made)


async def _key_case(to: Builder) -> None:
    """The unit has signed and holds it; the linked leader still sees it."""
    case = await to.register("key", "hutun.clerk", HUTUN, place=HUTUN)
    await to.on("caseAccept", case, "hutun.clerk", notice={"servedAt": to.local(), "text": case.mark(CONTENT)})
    order = SentOrder("", CONFERENCE, UNIT)
    done = await to.on(
        "responsibilityListDeliver", case, "feicheng-lxh.leader",
        solvingOfficeId=to.offices[UNIT], leadPersonId=to.persons["feicheng-zrzy.leader"],
        handlerPersonId=to.persons["feicheng-zrzy.handler"], instruction=case.order_mark(order),
    )  # fmt: skip
    order.gid = done["order"]["id"]
    case.orders.append(order)
    case.linked["feicheng.leader3"] = FEICHENG
    await to.signs(case, order, "feicheng-zrzy.dispatcher")
    case.lead = "feicheng-zrzy.leader"


async def _late(to: Builder) -> Known:
    """Registered under a rule that gave it a minute; the petition office presses the town, as the law has it."""
    office = {"officeId": to.offices[HUTUN]}
    await to.ask("hutun.admin", "ruleDraftOpen", **office)
    for code, given in (("HT-01", HASTY), ("HT-02", FAR)):
        parameters = [{"name": name, "value": value} for name, value in given.items()]
        rule = {"code": code, "kind": "deadline", "parameters": parameters}
        put = await to.ask("hutun.admin", "ruleDraftPut", rule=rule, **office)
    revision = put["version"]["revision"]
    await to.ask("hutun.admin", "ruleBookPublish", revision=revision, **office)
    await to.ask("hutun.leader", "ruleBookConfirm", revision=revision, **office)
    case = await to.register("late", "hutun.clerk", HUTUN, place=HUTUN, channel="FAX")
    await _work(to)
    case.orders.append(SentOrder("", FEICHENG_XFJ, HUTUN))
    await to.on("caseGrade", case, "hutun.leader", grade="SIMPLE", reason=case.mark(REASON))
    return case


async def _work(to: Builder) -> None:
    """The worker does what is due."""
    to.world.dial.by(minutes=2)
    database = Database(to.world.database.url)
    try:
        await firing.run_due(database, worker.EFFECTS, to.world.dial.instant)
    finally:
        await database.close()


async def _reviews(to: Builder, late: Known) -> tuple[Review, ...]:
    """About the town that was late, decided; about a town of the other cases, still open."""
    given: dict[str, Any] = {"book": "law-2022", "rule": "L22-32", "reason": "逾期未转送"}
    done = await to.ask(
        "feicheng.supervisor", "accountabilityReviewOpen",
        officeId=to.offices[HUTUN], caseIds=[late.gid], **given,
    )  # fmt: skip
    decided = done["review"]["id"]
    await to.ask(
        "feicheng.leader", "accountabilityReviewDecide", reviewId=decided, dismiss=False, decision="责令书面检查"
    )
    cases = (to.cases["rich"], to.cases["colleague"])
    done = await to.ask(
        "nanhu.supervisor", "accountabilityReviewOpen",
        officeId=to.offices[FENGQIAO], caseIds=[case.gid for case in cases], **given,
    )  # fmt: skip
    # Whoever is barred from a case in the file learns nothing of the review.
    recused = "feicheng-xfj.supervisor"
    await to.on("caseRecuse", late, recused, reason=late.mark(REASON))
    late.barred_persons.add(recused)
    return (Review(decided, (late,)), Review(done["review"]["id"], cases))


async def _reports(to: Builder) -> None:
    """The report of March comes late."""
    who = "dongwuqi-lcj.leader"
    caller = await to.world.login(who)
    answer = await caller(
        "query Q($office: ID!, $from: Date!, $to: Date!) { reportDuties(officeId: $office, fromOn: $from, toOn: $to)"
        " { id } }",
        office=to.offices[FORESTRY], **{"from": MARCH["fromOn"], "to": MARCH["toOn"]},
    )  # fmt: skip
    (duty,) = answer.data["reportDuties"]
    await to.ask(who, "reportFile", dutyId=duty["id"], text="三月工作小结")


async def _urgent(to: Builder) -> str:
    """Two matters of the town are urgent; the report on one of them says what the case is about, the other is owed."""
    case, owing = to.cases["colleague"], to.cases["nobody"]
    assert case.assignee is not None
    await to.on("caseUrgentDeclare", case, case.assignee, reason=case.mark(REASON))
    (duty,) = await _owed(to, case.assignee)
    await to.ask("fengqiao.clerk", "reportFile", dutyId=duty, text=case.mark(CONTENT))
    await to.on("caseUrgentDeclare", owing, "fengqiao.dispatcher", reason=owing.mark(REASON))
    (duty,) = await _owed(to, "fengqiao.dispatcher")
    return duty


async def _owed(to: Builder, who: str) -> list[str]:
    """Reports on events that the town has still to give, as somebody there sees them."""
    caller = await to.world.login(who)
    answer = await caller(
        "query Q($office: ID!) { reportEventDuties(officeId: $office, first: 10) { nodes { id state } } }",
        office=to.offices[FENGQIAO],
    )
    return [each["id"] for each in answer.data["reportEventDuties"]["nodes"] if each["state"] == "MISSING"]
