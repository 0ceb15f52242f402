"""Escalations and what their rules see, on the graph."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

import strawberry
from sqlalchemy.ext.asyncio import AsyncSession

from caseway.access.permissions import Permission, Visibility
from caseway.cases import repository as cases
from caseway.cases.api.parts import parts
from caseway.cases.api.types import CaseType, seen_case
from caseway.cases.visibility import CaseView
from caseway.cases.workflow import PetitionClass
from caseway.custody import loaders as orders
from caseway.custody.api.types import OrderType
from caseway.custody.models import Order
from caseway.escalation import drafts, loaders, repository, watching
from caseway.escalation.answering import Answer
from caseway.escalation.drafts import Sourced
from caseway.escalation.models import Escalation
from caseway.escalation.triggers import ConditionSeen, Finding
from caseway.escalation.workflow import EscalationState, Gives
from caseway.gql import ids
from caseway.gql.context import Context
from caseway.gql.enums import described
from caseway.gql.fields import field
from caseway.gql.node import Node
from caseway.people.api import PersonType, known_person
from caseway.people.office_api import OfficeType, known_office
from caseway.tenancy import repository as offices

described(
    Gives,
    name="EscalationGives",
    description="What the upper office gets.",
    values={
        "INFORM": "上报: it knows; nothing is owed.",
        "SUPERVISE": "督办: the holder owes it a written reply.",
        "ADVISE": "提级研判: it owes the holder advice; custody stays.",
        "TAKE_UP": "提级办理: it takes the case, from its sign-for on.",
    },
)
described(
    EscalationState,
    name="EscalationState",
    description="Where an escalation stands.",
    values={
        "PROPOSED": "Somebody has still to raise it.",
        "RAISED": "It waits for the upper office.",
        "TAKEN": "The upper office has signed, studies the matter or supervises.",
        "ANSWERED": "Advice was given.",
        "REFUSED": "The upper office refused, with a reason.",
        "HANDED_BACK": "交还: on its way back with what is still to be done; the upper office still holds the case.",
        "CLOSED": "It has ended.",
        "RECALLED": "It was withdrawn before the upper office took it.",
    },
)
described(
    Answer,
    name="EscalationAnswer",
    description="What the upper office says.",
    values={
        "ACCEPT": "It takes on what it was asked for; of a take-up, it signs for the case.",
        "ADVISE": "It advises, on what it was asked to advise.",
        "REFUSE": "It refuses, with a reason.",
    },
)


@strawberry.type(description="One thing that an escalation rule asks for, beside what the case shows.")
class EscalationCondition:
    """From an evaluation, or from what was kept when the rung was raised."""

    text: str = strawberry.field(description="What is looked at, in words, or the text of the rule's condition.")
    needed: str = strawberry.field(description="What the rule needs.")
    seen: str = strawberry.field(description="What was seen; instants in China's time zone.")
    is_met: bool = strawberry.field(description="Whether it is fulfilled.")

    @classmethod
    def of(cls, condition: ConditionSeen) -> EscalationCondition:
        """The GraphQL object of a condition."""
        return cls(text=condition.text, needed=condition.wanted, seen=condition.seen, is_met=condition.met)


@strawberry.type(
    name="Escalation",
    description="One rung of an escalation rule that a case climbed, or that is proposed 提级. Its texts are content: "
    "null for those who see less, unless their office wrote it.",
)
class EscalationType(Node):
    """A row as its viewer sees it."""

    row: strawberry.Private[Escalation]
    seen: strawberry.Private[CaseView]
    book: str | None = strawberry.field(description="Code of the rule book; null for a take-up that no rule asked for.")
    book_version: int | None = strawberry.field(description="Version of the book; else null.")
    rule: str | None = strawberry.field(description="Id of the rule in its book; else null.")
    rung: int = strawberry.field(description="Place on the ladder: 1, 2, 3 …")
    to_code: str = strawberry.field(description="Whom the rung names, such as COUNTY.")
    gives: Gives = strawberry.field(description="What the upper office gets.")
    state: EscalationState = strawberry.field(description="Where it stands.")
    is_automatic: bool = strawberry.field(description="Whether the rule raised it; then nobody below withdraws it.")
    triggers: list[str] = strawberry.field(description="Codes of the reasons that a person named.")
    why_escalated: list[EscalationCondition] = strawberry.field(
        description="Every condition of the rule with what was seen when it was raised or proposed; empty if no rule "
        "asked for it."
    )
    proposed_at: datetime | None = strawberry.field(description="When it was proposed; null if it was raised at once.")
    raised_at: datetime | None = strawberry.field(description="When it was raised; null while it is only proposed.")
    taken_at: datetime | None = strawberry.field(description="When the upper office took it on; null before.")
    ended_at: datetime | None = strawberry.field(description="When it ended; null before.")
    reason: str | None = strawberry.field(description="Why it was applied for or proposed; content.")
    tried: str | None = strawberry.field(description="What had been tried before; content.")
    outcome: str | None = strawberry.field(description="Why it was refused, withdrawn or closed; content.")
    points: list[str] = strawberry.field(description="What the lower office has to do with it; content, else empty.")

    @classmethod
    def of(cls, row: Escalation, seen: CaseView, *, office_id: int) -> EscalationType:
        """The GraphQL object of a row for a viewer who acts for that office."""
        content = seen.may(Permission.CASE_CONTENT)
        lower = content or row.from_office_id == office_id
        upper = content or row.to_office_id == office_id
        return cls(
            id=strawberry.ID(ids.encode("Escalation", row.city_id, row.id)),
            row=row,
            seen=seen,
            book=row.rule_book,
            book_version=row.rule_version,
            rule=row.rule_row,
            rung=row.rung + 1,
            to_code=row.to_code,
            gives=Gives(row.gives),
            state=EscalationState(row.state),
            is_automatic=row.is_automatic,
            triggers=list(row.triggers),
            why_escalated=[EscalationCondition.of(ConditionSeen(**each)) for each in row.conditions],
            proposed_at=row.proposed_at,
            raised_at=row.raised_at,
            taken_at=row.taken_at,
            ended_at=row.ended_at,
            reason=row.reason if lower else None,
            tried=row.tried if lower else None,
            outcome=row.outcome if (lower if row.state == EscalationState.RECALLED else upper) else None,
            points=list(row.points) if upper else [],
        )

    @field()
    async def from_office(self, info: strawberry.Info) -> OfficeType:
        """The holder from whom it went up."""
        return await known_office(info.context, self.row.from_office_id)

    @field()
    async def to_office(self, info: strawberry.Info) -> OfficeType | None:
        """The office that is asked; null if nobody answers to what the rule names."""
        return await known_office(info.context, self.row.to_office_id) if self.row.to_office_id is not None else None

    @field()
    async def order(self, info: strawberry.Info) -> OrderType | None:
        """The order that carries it; null while it waits for a case on its way, and if it is not yours to see."""
        return await self._order(info, self.row.order_id)

    @field()
    async def back_order(self, info: strawberry.Info) -> OrderType | None:
        """The order that brings the case back; null without one, and if it is not yours to see."""
        return await self._order(info, self.row.back_order_id)

    async def _order(self, info: strawberry.Info, order_id: uuid.UUID | None) -> OrderType | None:
        """As in the list of the case; those of a page on one connection."""
        context: Context = info.context
        if order_id is None:
            return None

        async def load(wanted: list[Any]) -> list[Order | None]:
            async with context.reader() as session:
                return [await orders.order(session, *key) for key in wanted]

        found: Order | None = await context.loader("escalation_orders", load).load((self.row.city_id, order_id))
        mine = context.acting().office_id
        content = self.seen.may(Permission.CASE_CONTENT)
        if found is None or not (
            self.seen.may(Permission.CASE_HISTORY) or mine in (found.sender_id, found.receiver_id)
        ):
            return None
        return OrderType.of(found, with_texts=content or found.sender_id == mine)

    @field()
    async def applied_by(self, info: strawberry.Info) -> PersonType | None:
        """Who applied or proposed; null if the rule did, and outside the office that asked."""
        inside = info.context.acting().office_id == self.row.from_office_id
        return await known_person(info.context, self.row.applied_by) if inside and self.row.applied_by else None

    @field()
    async def case(self, info: strawberry.Info) -> CaseType | None:
        """The case it is about."""
        return CaseType.of(self.seen, now=info.context.now())


@strawberry.type(description="What an escalation rule says about a case: which rung is next, and whether it is due.")
class EscalationFinding:
    """The same evaluation that raises a rung, at the present instant."""

    office_id: strawberry.Private[int | None]
    book: str = strawberry.field(description="Code of the rule book.")
    book_version: int = strawberry.field(description="Version of the book.")
    rule: str = strawberry.field(description="Id of the rule in its book.")
    rung: int = strawberry.field(description="Place of the rung on the ladder: 1, 2, 3 …")
    to_code: str = strawberry.field(description="Whom the rung names, such as COUNTY.")
    gives: Gives = strawberry.field(description="What that office will get.")
    conditions: list[EscalationCondition] = strawberry.field(description="What the rule asks for, and what is seen.")
    is_due: bool = strawberry.field(description="Whether everything is fulfilled now.")
    is_automatic: bool = strawberry.field(
        description="Whether the rung is raised by itself when it is due; else it is only proposed, or applied for."
    )
    next_at: datetime | None = strawberry.field(
        description="When it will be due if nothing else happens; null if time alone does not bring it."
    )
    problem: str | None = strawberry.field(description="Why a condition could not be answered; null if it could.")

    @classmethod
    def of(cls, sourced: Sourced, finding: Finding, *, office_id: int | None) -> EscalationFinding:
        """The GraphQL object of a finding; ``office_id`` = the office that the rung means now."""
        ref = sourced.ladder.ref
        return cls(
            office_id=office_id,
            book=ref.book,
            book_version=ref.version,
            rule=ref.row_id,
            rung=finding.rung + 1,
            to_code=finding.tells,
            gives=finding.gives,
            conditions=[EscalationCondition.of(each) for each in finding.conditions],
            is_due=finding.fires,
            is_automatic=finding.automatic,
            next_at=finding.next_at,
            problem=finding.failed,
        )

    @field()
    async def to_office(self, info: strawberry.Info) -> OfficeType | None:
        """The office that will be told; null if nobody answers to what the rule names."""
        return await known_office(info.context, self.office_id) if self.office_id is not None else None


def may_see(row: Escalation, seen: CaseView, office_id: int) -> bool:
    """All for those who see the history, hold the case or stand above the holder; else what the own office asked for or
    was asked."""
    above = seen.may(Permission.CASE_HISTORY) or seen.may(Permission.CASE_SUPERVISE)
    return above or office_id in (row.from_office_id, row.to_office_id, seen.case.holder_id)


async def shown_escalation(context: Context, city_id: int, escalation_id: uuid.UUID) -> EscalationType | None:
    """An escalation as the viewer sees it: like in the list of its case; null for "not there" and "not yours"."""
    async with context.reader() as session:
        row = await loaders.one(session, city_id, escalation_id)
    seen = await seen_case(context, row.city_id, row.case_id) if row is not None else None
    mine = context.acting().office_id
    if row is None or seen is None or seen.visibility < Visibility.CARD or not may_see(row, seen, mine):
        return None
    return EscalationType.of(row, seen, office_id=mine)


async def _escalations(info: strawberry.Info, seen: CaseView) -> list[EscalationType]:
    context: Context = info.context

    async def load(wanted: list[Any]) -> list[list[Escalation]]:
        async with context.reader() as session:
            found = await loaders.escalations(session, wanted)
        return [found[key] for key in wanted]

    rows: list[Escalation] = await context.loader("escalations", load).load((seen.case.city_id, seen.case.id))
    mine = context.acting().office_id
    return [EscalationType.of(row, seen, office_id=mine) for row in rows if may_see(row, seen, mine)]


async def _findings(info: strawberry.Info, seen: CaseView) -> list[EscalationFinding] | None:
    """Evaluated under the viewer's own scope: registrations with cases that the viewer may not know of are not
    counted. All cases of a page one after the other, on one connection."""
    if not (seen.may(Permission.CASE_HISTORY) or seen.may(Permission.CASE_ESCALATE)):
        return None
    if seen.case.petition_class == PetitionClass.ACCUSATION or not seen.case.is_open:
        return []
    context: Context = info.context

    async def load(wanted: list[Any]) -> list[list[EscalationFinding]]:
        async with context.reader() as session:
            return [await _found(session, *key, now=context.now()) for key in wanted]

    key = (seen.case.city_id, seen.case.id)
    found: list[EscalationFinding] = await context.loader("escalation_findings", load).load(key)
    return found


async def _found(session: AsyncSession, city_id: int, case_id: uuid.UUID, *, now: datetime) -> list[EscalationFinding]:
    case = await cases.get(session, city_id, case_id)
    holder = await offices.by_id(session, case.holder_id) if case is not None else None
    if case is None or holder is None:
        return []
    known = await repository.of_case(session, case)
    sources = await watching.applying(session, case, known)
    if not sources:
        return []
    # Not before the newest event, which may lie a moment ahead when several fell on the same instant.
    at = max(now, case.changed_at)
    look = await watching.look_at(session, case, known, sources, at=at, stage=case.stage)
    shown = []
    for sourced, finding in look.findings:
        upper = await drafts.upper_office(session, case, sourced, finding.rung, holder=holder)
        shown.append(EscalationFinding.of(sourced, finding, office_id=upper.id if upper is not None else None))
    return shown


parts.answers(escalations=_escalations, why_not_escalated=_findings)
