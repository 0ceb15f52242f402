"""Builds the walked world through the real API: one case or more for every relation somebody can have to one."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import psycopg

from caseway.gql import ids
from support.app import Answer, Caller, World
from support.walk_case import ANSWER, CONTENT, IDENTITY, NOTICE, REASON, Known, Raised, SentOrder
from support.walk_schema import Selections

FENGQIAO, YUXIN, NANHU, CITY = "330402100", "330402101", "330402", "3304"
NANHU_JW, CITY_JW, NANHU_XFJ, CITY_XFJ, XIUZHOU = "330402-jw", "3304-jw", "330402-xfj", "3304-xfj", "330411"
VILLAGE, ZHUJI = "330402100204", "330681"
#: First signs of petitioners' names: rare, so that a masked name tells whose it is.
_RARE = 0x3447


@dataclass
class Builder:
    """Acts for everybody while the world is made, and writes down who stands where."""

    world: World
    selections: Selections
    cases: dict[str, Known] = field(default_factory=dict)
    told: list[tuple[str, Answer]] = field(default_factory=list)
    offices: dict[str, str] = field(default_factory=dict)
    persons: dict[str, str] = field(default_factory=dict)
    memberships: dict[str, str] = field(default_factory=dict)

    async def begin(self) -> None:
        """Learn the ids of offices and staff."""
        self.world.dial.to("2026-04-15 09:00")
        with psycopg.connect(self.world.database.dsn) as connection:
            for number, code in connection.execute("select id, code from office where valid_to is null"):
                self.offices[code] = ids.encode("Office", number)
            rows = connection.execute(
                "select a.username, a.person_id, m.id from account a join membership m on m.person_id = a.person_id"
            )
            for username, person, membership in rows:
                self.persons[username] = ids.encode("Person", person)
                self.memberships[username] = ids.encode("Membership", membership)

    async def ask(self, who: str, mutation: str, *, office: str | None = None, **given: Any) -> dict[str, Any]:
        """One mutation with everything selected of its answer, which must be its payload."""
        self.world.dial.by(minutes=1)
        kind = self.selections.schema.mutation_type
        assert kind is not None
        each = kind.fields[mutation]
        document = (
            f"mutation M($input: {each.args['input'].type}) "
            f"{{ it: {mutation}(input: $input) {self.selections.full(each.type)} }}"
        )
        caller = await self.world.login(who, office=office) if who else Caller(self.world, "")
        answer = await caller(document, input=given)
        self.told.append((mutation, answer))
        result: dict[str, Any] = answer.data["it"]
        assert result["__typename"].endswith("Payload"), (who, mutation, given, result)
        name = result["__typename"] + "__"
        return {key.removeprefix(name): value for key, value in result.items()}

    def local(self, **step: float) -> str:
        """An instant after the present one."""
        return (self.world.dial.instant + timedelta(**step)).isoformat()

    async def register(
        self,
        name: str,
        who: str,
        office: str,
        *,
        accused: tuple[str, ...] = (),
        persons: tuple[str, ...] = (),
        accusation: bool = False,
        consent: bool = False,
        phone: str | None = None,
        new_facts: str | None = None,
        channel: str = "LETTER",
        place: str = "330402100",
    ) -> Known:
        """A case of this name; its markers are in every text that can be given."""
        case = Known(name, office, accusation=accusation, consent=consent)
        self.cases[name] = case
        rare = chr(_RARE + len(self.cases))
        case.markers[rare] = CONTENT
        given: dict[str, Any] = {
            "entry": self.entry(case, rare, phone=phone, consent=consent, channel=channel),
            "petitionClass": "ACCUSATION" if accusation else "APPEAL_CLAIM",
            "field": "LAND",
            "placeCode": place,
        }
        if accused or persons:
            given["accused"] = {
                "officeIds": [self.offices[each] for each in accused],
                "personIds": [self.persons[each] for each in persons],
            }
        if new_facts is not None:
            statement = case.mark(CONTENT)
            given["newFacts"] = {"precedingCaseId": self.cases[new_facts].gid, "statement": statement}
        done = await self.ask(who, "caseRegister", **given)
        case.number = done["number"]
        case.gid = self._gid_of(case.number)
        case.holder, case.assignee = office, who
        case.accused_offices, case.barred_persons = set(accused), set(persons)
        return case

    def entry(
        self, case: Known, rare: str, *, phone: str | None = None, consent: bool = False, channel: str = "LETTER"
    ) -> dict[str, Any]:
        """One registration."""
        return {
            "channel": channel,
            "receivedAt": self.local(hours=-2),
            "title": f"{case.mark(CONTENT)} 标题",
            "claim": f"请求 {case.mark(CONTENT)}",
            "petitioners": [
                {
                    "name": rare + case.mark(IDENTITY),
                    "phone": phone or f"13800{len(self.cases):06d}",
                    "address": case.mark(IDENTITY),
                    "residenceCode": "330402100",
                }
            ],
            "nameConsent": consent,
        }

    def _gid_of(self, number: str) -> str:
        with psycopg.connect(self.world.database.dsn) as connection:
            row = connection.execute("select city_id, id from cases where number = %s", [number]).fetchone()
        assert row is not None
        return ids.encode("Case", *row)

    def learn(self) -> None:
        """What only the platform chooses: ids of the orders it made itself, and whom it put in charge."""
        names = {ids.decode_number("Person", gid): name for name, gid in self.persons.items()}
        numbers = {ids.decode_number("Office", gid): code for code, gid in self.offices.items()}
        with psycopg.connect(self.world.database.dsn) as connection:
            for case in self.cases.values():
                row = connection.execute(
                    "select assignee_id from cases where city_id = %s and id = %s", case.key
                ).fetchone()
                assert row is not None
                case.assignee = names.get(row[0])
                rows = connection.execute(
                    "select id, sender_id, receiver_id from custody_order where city_id = %s and case_id = %s"
                    " order by sent_at, id",
                    case.key,
                ).fetchall()
                assert len(rows) == len(case.orders), (case.name, rows)
                for order, (key, sender, receiver) in zip(case.orders, rows, strict=True):
                    order.gid = ids.encode("Order", case.key[0], key)
                    assert (order.sender, order.receiver) == (numbers[sender], numbers[receiver]), case.name
                self._learn_escalations(connection, case, numbers)

    def _learn_escalations(self, connection: psycopg.Connection[Any], case: Known, numbers: dict[int, str]) -> None:
        """Those that were built, in their order, and those of take-ups without a rule, which say nothing."""
        rows = connection.execute(
            "select id, from_office_id, to_office_id from escalation where city_id = %s and case_id = %s"
            " order by coalesce(proposed_at, raised_at), id",
            case.key,
        ).fetchall()
        case.escalations += [Raised("", "") for _ in range(len(rows) - len(case.escalations))]
        for raised, (key, lower, upper) in zip(case.escalations, rows, strict=True):
            raised.gid = ids.encode("Escalation", case.key[0], key)
            raised.lower, raised.upper = numbers[lower], numbers[upper]

    async def send(self, mutation: str, case: Known, who: str, sender: str, to: str, **given: Any) -> SentOrder:
        """An order about the case."""
        order = SentOrder("", sender, to)
        if not case.accusation:
            given = {"instruction": case.order_mark(order), **given}
        done = await self.ask(who, mutation, caseId=case.gid, officeId=self.offices[to], **given)
        order.gid = done["order"]["id"]
        case.orders.append(order)
        return order

    async def moves(self, mutation: str, case: Known, who: str, to: str, **given: Any) -> SentOrder:
        """An order with which custody will move."""
        order = await self.send(mutation, case, who, case.holder, to, **given)
        case.addressee.add(to)
        return order

    async def signs(self, case: Known, order: SentOrder, who: str) -> None:
        """The receiver signs and holds it."""
        await self.ask(who, "caseSignFor", orderId=order.gid)
        case.earlier.add(case.holder)
        case.addressee.discard(order.receiver)
        case.holder, case.assignee, case.lead = order.receiver, who, None
        case.earlier.discard(order.receiver)
        case.discipline = order.receiver.endswith("-jw")

    async def on(self, mutation: str, case: Known, who: str, **given: Any) -> dict[str, Any]:
        """A mutation on a case."""
        return await self.ask(who, mutation, caseId=case.gid, **given)

    async def answered(self, case: Known, who: str, *, outcome: str = "EXPLAINED") -> None:
        """Accepted, handled and answered."""
        await self.on("caseAccept", case, who, notice={"servedAt": self.local(), "text": case.mark(CONTENT)})
        await self.on("caseStartHandling", case, who)
        await self.answer(case, who, outcome=outcome)

    async def answer(self, case: Known, who: str, *, outcome: str = "EXPLAINED") -> None:
        """The opinion, served."""
        await self.on(
            "caseAnswer", case, who,
            outcome=outcome, text=case.mark(ANSWER), legalBasis=case.mark(ANSWER), remedies=case.mark(ANSWER),
            servedAt=self.local(),
        )  # fmt: skip

    async def handler(self, case: Known, by: str, who: str) -> None:
        """Give it to a handler."""
        await self.on("caseHandlerAssign", case, by, personId=self.persons[who])
        case.assignee = who

    async def lead(self, case: Known, by: str, who: str) -> None:
        """Put a leader in charge."""
        await self.on("caseLeadAssign", case, by, personId=self.persons[who], reason=case.mark(REASON))
        case.lead = who


async def build_cases(to: Builder) -> None:
    """Every relation, one after the other."""
    await _rich(to)
    await _own(to)
    await _between(to)
    await _accused(to)
    await _ended(to)
    to.learn()


async def _rich(to: Builder) -> None:
    """Forwarded, assigned, assisted, copied, advised, reported, supervised, extended, answered."""
    case = await to.register("rich", "jiaxing.clerk", CITY, channel="VISIT")
    order = await to.moves("caseForward", case, "jiaxing.clerk", NANHU)
    await to.signs(case, order, "nanhu.dispatcher")
    order = await to.moves("caseAssign", case, "nanhu.dispatcher", FENGQIAO, reportDueAt=to.local(days=30))
    await to.signs(case, order, "fengqiao.dispatcher")
    await to.handler(case, "fengqiao.leader", "fengqiao.handler")
    await to.lead(case, "fengqiao.leader", "fengqiao.leader")
    who = "fengqiao.handler"
    await to.on("caseAccept", case, who, notice={"servedAt": to.local(), "text": case.mark(CONTENT)})
    await to.on("caseStartHandling", case, who)
    await to.on("caseRecordAdd", case, who, kind="INQUIRY", text=case.mark(CONTENT))
    helped = await to.send("caseAssist", case, who, FENGQIAO, YUXIN)
    case.joint.add(YUXIN)
    await to.ask("yuxin.handler", "caseContribute", orderId=helped.gid, text=case.mark(CONTENT))
    ended = await to.send("caseAssist", case, who, FENGQIAO, "330424")
    await to.ask(who, "caseAssistanceEnd", orderId=ended.gid)
    await to.send("caseCopy", case, who, FENGQIAO, XIUZHOU)
    case.informed.add(XIUZHOU)
    asked = await to.send("caseAskAdvice", case, who, FENGQIAO, NANHU)
    await to.ask("nanhu.leader", "caseAdvise", orderId=asked.gid, text=case.mark(CONTENT))
    await to.send("caseAskAdvice", case, who, FENGQIAO, NANHU_XFJ)
    case.advisor.add(NANHU_XFJ)
    await to.send("caseReportUp", case, who, FENGQIAO, CITY_XFJ)
    case.informed.add(CITY_XFJ)
    pressed = await to.send("caseSupervise", case, "nanhu.supervisor", NANHU, FENGQIAO, reportDueAt=to.local(days=9))
    await to.ask(who, "caseSupervisionReply", orderId=pressed.gid, text=case.mark(CONTENT))
    await to.on("caseIdentityRead", case, who, purpose=case.mark(REASON))
    await to.on("caseGrade", case, "fengqiao.leader", grade="COMPLEX", reason=case.mark(REASON))
    await to.on(
        "caseExtend", case, "fengqiao.leader",
        days=10, reason=case.mark(NOTICE), notice={"servedAt": to.local(), "text": case.mark(CONTENT)},
    )  # fmt: skip
    await to.answer(case, who)


async def _own(to: Builder) -> None:
    """Held by one office: by a colleague, by nobody, with recused officers; searched for the same matter."""
    colleague = await to.register("colleague", "fengqiao.clerk", FENGQIAO, phone="13811110000")
    await to.on("caseReasonRecord", colleague, "nanhu.supervisor", reason=colleague.mark(REASON))
    colleague.reasoned.add("nanhu.supervisor")
    nobody = await to.register("nobody", "fengqiao.clerk", FENGQIAO)
    await to.on("caseRecuse", nobody, "fengqiao.clerk", reason=nobody.mark(REASON))
    nobody.assignee = None
    nobody.barred_persons.add("fengqiao.clerk")
    recused = await to.register("recused", "fengqiao.clerk", FENGQIAO, phone="13811110000")
    await to.on(
        "caseRecuse", recused, "fengqiao.dispatcher",
        personId=to.persons["fengqiao.handler"], reason=recused.mark(REASON),
    )  # fmt: skip
    recused.barred_persons.add("fengqiao.handler")
    again = await to.register("handled", "fengqiao.clerk", FENGQIAO, phone="13811110000")
    await to.handler(again, "fengqiao.leader", "fengqiao.handler")
    await to.on(
        "caseRegistrationAdd", again, "fengqiao.handler", entry=to.entry(again, chr(_RARE), phone="13811110000")
    )
    await to.on("caseMatterMatch", again, "fengqiao.handler", by="PHONE", reason=again.mark(REASON))
    await to.register("sibling", "yuxin.clerk", YUXIN)
    elsewhere = await to.register("elsewhere", "zhuji.clerk", ZHUJI)
    await to.answered(elsewhere, "zhuji.clerk")


async def _between(to: Builder) -> None:
    """On the way between two offices, objected to, disputed, escalated, recalled, passed over a level."""
    waiting = await to.register("waiting", "nanhu.clerk", NANHU)
    await to.moves("caseForward", waiting, "nanhu.clerk", FENGQIAO)
    for name in ("objected", "returned", "disputed"):
        case = await to.register(name, "nanhu.clerk", NANHU)
        order = await to.moves("caseForward", case, "nanhu.clerk", FENGQIAO)
        await to.signs(case, order, "fengqiao.dispatcher")
        await to.ask("fengqiao.dispatcher", "caseObject", orderId=order.gid, reason=case.order_mark(order))
        if name == "returned":
            await to.ask("nanhu.clerk", "caseObjectionDecide", orderId=order.gid, agree=True)
            case.holder, case.assignee = NANHU, "nanhu.clerk"
            # It held the case before, and holds it again.
            case.earlier = {FENGQIAO, NANHU}
        if name == "disputed":
            await to.ask("nanhu.clerk", "caseObjectionDecide", orderId=order.gid, agree=False, reason=case.mark(REASON))
            await to.ask("fengqiao.dispatcher", "caseDisputeRefer", orderId=order.gid, reason=case.mark(REASON))
            await to.on(
                "caseCompetenceDecide", case, "jiaxing-xfj.leader",
                competentOfficeId=to.offices[FENGQIAO], reason=case.mark(REASON),
            )  # fmt: skip
            # Nanhu is a party, so the city decides; its backstop office holds until Fengqiao signs for the decision.
            case.holder, case.earlier, case.addressee = CITY_XFJ, {NANHU, FENGQIAO}, {FENGQIAO}
            case.orders += [SentOrder("", FENGQIAO, CITY_XFJ), SentOrder("", CITY_XFJ, FENGQIAO)]
    escalated = await to.register("escalated", "fengqiao.clerk", FENGQIAO)
    await to.moves("caseEscalate", escalated, "fengqiao.clerk", NANHU)
    taken = await to.register("taken", "fengqiao.clerk", FENGQIAO)
    await to.on("caseTakeUp", taken, "nanhu.leader", reason=taken.mark(REASON))
    taken.earlier, taken.holder, taken.assignee = {FENGQIAO}, NANHU, "nanhu.leader"
    taken.orders.append(SentOrder("", FENGQIAO, NANHU))
    recalled = await to.register("recalled", "fengqiao.clerk", FENGQIAO)
    order = await to.moves("caseHandOver", recalled, "fengqiao.clerk", YUXIN)
    await to.ask("fengqiao.clerk", "caseRecall", orderId=order.gid)
    recalled.addressee.clear()
    skipping = await to.register("skipping", "jiaxing.clerk", CITY)
    order = await to.moves("caseForward", skipping, "jiaxing.clerk", FENGQIAO)
    await to.signs(skipping, order, "fengqiao.dispatcher")
    skipping.orders.append(SentOrder("", CITY, NANHU_XFJ))
    skipping.informed.add(NANHU_XFJ)


async def _accused(to: Builder) -> None:
    """About an office, its village, a person; registered, on the way, held by the competent body."""
    await to.register("complaint", "nanhu.clerk", NANHU, accused=(FENGQIAO,))
    await to.register("accusation", "nanhu.clerk", NANHU, accused=(FENGQIAO,), accusation=True)
    on_the_way = await to.register("on_the_way", "nanhu.clerk", NANHU, accused=(YUXIN,), accusation=True)
    await to.moves("caseHandOverAccusation", on_the_way, "nanhu.clerk", NANHU_JW)
    held = await to.register("held", "nanhu.clerk", NANHU, accused=(FENGQIAO,), accusation=True)
    order = await to.moves("caseHandOverAccusation", held, "nanhu.clerk", NANHU_JW)
    await to.signs(held, order, "nanhu-jw.dispatcher")
    await to.handler(held, "nanhu-jw.leader", "nanhu-jw.handler")
    await to.lead(held, "nanhu-jw.leader", "nanhu-jw.leader")
    await to.on("caseAccept", held, "nanhu-jw.handler", notice={"servedAt": to.local(), "text": held.mark(CONTENT)})
    await to.on("caseStartHandling", held, "nanhu-jw.handler")
    await to.on("caseRecordAdd", held, "nanhu-jw.handler", kind="INQUIRY", text=held.mark(CONTENT))
    village = await to.register("village", "nanhu.clerk", NANHU, accused=(VILLAGE,), accusation=True, consent=True)
    order = await to.moves("caseHandOverAccusation", village, "nanhu.clerk", NANHU_JW)
    await to.signs(village, order, "nanhu-jw.handler")
    who = "fengqiao.supervisor"
    person = await to.register("person", "jiaxing.clerk", CITY, persons=(who,), accusation=True)
    person.accused_offices.add(FENGQIAO)
    order = await to.moves("caseHandOverAccusation", person, "jiaxing.clerk", CITY_JW)
    await to.signs(person, order, "jiaxing-jw.dispatcher")
    followed = await to.register("followed", "jiaxing.clerk", CITY, persons=(who,))
    followed.accused_offices.add(FENGQIAO)
    order = await to.moves("caseForward", followed, "jiaxing.clerk", XIUZHOU)
    await to.signs(followed, order, "xiuzhou.dispatcher")
    passed = await to.register("passed", "fengqiao.clerk", FENGQIAO, accused=(FENGQIAO,), accusation=True)
    # The lowest office above that is free of the complaint, from the first instant: the county's petition office.
    passed.holder, passed.assignee = NANHU_XFJ, "nanhu-xfj.dispatcher"
    # The accused person changes post.
    await to.ask(
        "jiaxing.admin", "membershipGrant",
        personId=to.persons[who], post={"officeId": to.offices[XIUZHOU], "roles": ["SUPERVISOR"], "title": "督查员"},
    )  # fmt: skip
    await to.ask("jiaxing.admin", "membershipEnd", membershipId=to.memberships[who])


async def _ended(to: Builder) -> None:
    """Answered and ordered redone, closed, archived, withdrawn, merged, refused, redirected, taken up anew."""
    clerk = "fengqiao.clerk"
    redo = await to.register("redo", clerk, FENGQIAO)
    await to.answered(redo, clerk, outcome="SUPPORTED")
    await to.on("caseOrderRedo", redo, "nanhu.leader", instruction=redo.mark(CONTENT), withinDays=20)
    closed = await to.register("closed", clerk, FENGQIAO)
    await to.answered(closed, clerk, outcome="SUPPORTED")
    await to.on("caseExecutionRecord", closed, clerk, text=closed.mark(CONTENT))
    await to.on("caseClose", closed, clerk, ground="AGREEMENT_PERFORMED")
    await to.register("anew", clerk, FENGQIAO, new_facts="closed")
    await to.on("caseArchive", closed, clerk)
    withdrawn = await to.register("withdrawn", clerk, FENGQIAO)
    await to.on("caseWithdraw", withdrawn, clerk, statement=withdrawn.mark(CONTENT), signedAt=to.local(minutes=-1))
    merged = await to.register("merged", clerk, FENGQIAO)
    target = await to.register("target", clerk, FENGQIAO)
    reason = target.mark(REASON)
    await to.on("caseMerge", merged, clerk, targetId=target.gid, reason=reason)
    merged.markers[reason] = REASON
    refused = await to.register("refused", clerk, FENGQIAO)
    await to.on(
        "caseRefuseAcceptance", refused, clerk,
        ground="LITIGATION", explanation=refused.mark(CONTENT), notice={"servedAt": to.local()},
    )  # fmt: skip
    redirected = await to.register("redirected", clerk, FENGQIAO)
    await to.on(
        "caseRedirect", redirected, clerk,
        path="ARBITRATION", body=redirected.mark(CONTENT), explanation=redirected.mark(CONTENT),
        notice={"servedAt": to.local()},
    )  # fmt: skip
    for each in (closed, withdrawn, merged, refused, redirected):
        each.is_open = False
