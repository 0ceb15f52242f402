"""What is asked and done about escalations."""

from __future__ import annotations

import uuid

import strawberry

from caseway.access.permissions import Permission
from caseway.access.plans_sql import predicate
from caseway.cases.api.inputs import Call, CaseInput, change, target
from caseway.cases.api.types import CaseType, seen_case, shown_case
from caseway.cases.models import Case
from caseway.custody.api.moving import SendPayload, shown
from caseway.escalation import answering, applying, loaders
from caseway.escalation.answering import Answer
from caseway.escalation.api.types import EscalationType, shown_escalation
from caseway.escalation.models import Escalation
from caseway.gql import ids
from caseway.gql.connection import After, Before, Connection, First, Last, connect, page
from caseway.gql.context import Context
from caseway.gql.errors import mutation
from caseway.gql.fields import field
from caseway.gql.perform import Outcome

_KEY = "8 to 255 printable characters. A repeat with the same key and input does nothing again; kept seven days."
_TRIGGERS = "Codes of the reasons, as rules of this kind name them, such as MULTI_DEPT; 1 to 10."


@strawberry.input(description="What selects an escalation.")
class EscalationInput:
    """Base of the inputs about one escalation."""

    escalation_id: strawberry.ID = strawberry.field(description="The escalation.")
    idempotency_key: str | None = strawberry.field(default=None, description=_KEY)


@strawberry.type(description="The escalation and its case after a change.")
class EscalationPayload:
    """Base of the payloads about escalations."""

    case: CaseType | None = strawberry.field(
        description="The case as you see it now; null if it is no longer yours to see."
    )
    escalation: EscalationType | None = strawberry.field(
        description="The escalation; null if it is no longer yours to see."
    )


@strawberry.input(description="The case that is to go up, and why.")
class CaseEscalationApplyInput(CaseInput):
    """Input of ``caseEscalationApply``."""

    triggers: list[str] = strawberry.field(description=_TRIGGERS)
    reason: str = strawberry.field(description="Why, up to 1,000 characters.")
    tried: str = strawberry.field(description="What your office has tried, up to 1,000 characters.")


@strawberry.type(description="The escalation that was applied for.")
class CaseEscalationApplyPayload(EscalationPayload):
    """Payload of ``caseEscalationApply``."""


@strawberry.input(description="What your office answers to what was raised to it.")
class CaseEscalationAnswerInput(EscalationInput):
    """Input of ``caseEscalationAnswer``."""

    answer: Answer = strawberry.field(description="What your office says.")
    text: str | None = strawberry.field(
        default=None,
        description="The advice, up to 20,000 characters, or why it is refused, up to 1,000; not for ACCEPT.",
    )
    points: list[str] = strawberry.field(
        default_factory=list, description="With advice: what is to be done, at most 20 points of 200 characters."
    )


@strawberry.type(description="The escalation with the answer.")
class CaseEscalationAnswerPayload(EscalationPayload):
    """Payload of ``caseEscalationAnswer``."""


@strawberry.input(description="The case that your office took up and returns.")
class CaseHandBackInput(CaseInput):
    """Input of ``caseHandBack``."""

    points: list[str] = strawberry.field(
        description="What is still to be done there: 1 to 20 points of 200 characters."
    )


@strawberry.type(description="The case in transit, and the order that brings it back.")
class CaseHandBackPayload(SendPayload):
    """Payload of ``caseHandBack``."""

    escalation: EscalationType | None = strawberry.field(
        description="The escalation that ends with the sign-for below; null if it is not yours to see."
    )


@strawberry.input(description="The rung that was raised last, and why the next one is needed.")
class CaseEscalationProposeInput(EscalationInput):
    """Input of ``caseEscalationPropose``."""

    triggers: list[str] = strawberry.field(description=_TRIGGERS)
    reason: str = strawberry.field(description="Why, up to 1,000 characters.")


@strawberry.type(description="The rung that is proposed.")
class CaseEscalationProposePayload(EscalationPayload):
    """Payload of ``caseEscalationPropose``."""


@strawberry.input(description="What is proposed and is to be raised now.")
class CaseEscalationRaiseInput(EscalationInput):
    """Input of ``caseEscalationRaise``."""


@strawberry.type(description="The escalation that waits for the upper office now.")
class CaseEscalationRaisePayload(EscalationPayload):
    """Payload of ``caseEscalationRaise``."""


@strawberry.input(description="What your side withdraws, and why.")
class CaseEscalationRecallInput(EscalationInput):
    """Input of ``caseEscalationRecall``."""

    reason: str = strawberry.field(description="Why, up to 1,000 characters.")


@strawberry.type(description="The escalation that was withdrawn.")
class CaseEscalationRecallPayload(EscalationPayload):
    """Payload of ``caseEscalationRecall``."""


@strawberry.input(description="The escalation to end, and why.")
class CaseEscalationCloseInput(EscalationInput):
    """Input of ``caseEscalationClose``."""

    reason: str = strawberry.field(description="Why, up to 1,000 characters.")


@strawberry.type(description="The escalation that has ended.")
class CaseEscalationClosePayload(EscalationPayload):
    """Payload of ``caseEscalationClose``."""


Shown = tuple[CaseType | None, EscalationType | None]


def escalation_key(given: strawberry.ID) -> tuple[int, uuid.UUID]:
    """Home city and key of an escalation id in an input. Raises ``MalformedId``."""
    return ids.decode_case_side("Escalation", given)


async def _escalation(context: Context, outcome: Outcome) -> EscalationType | None:
    if "escalation_id" not in outcome:
        return None
    return await shown_escalation(context, outcome["city"], uuid.UUID(outcome["escalation_id"]))


async def _change(info: strawberry.Info, given: CaseInput | EscalationInput, call: Call) -> Shown:
    outcome = await change(info, given, call)
    case = await shown_case(info.context, outcome["city"], uuid.UUID(outcome["case"]))
    return case, await _escalation(info.context, outcome)


@strawberry.type
class EscalationQueries:
    """Root fields about escalations."""

    @field()
    async def incoming_escalations(
        self, info: strawberry.Info, first: First = None, after: After = None, last: Last = None, before: Before = None
    ) -> Connection[EscalationType]:
        """What was raised to your office and has not ended, oldest first 提级待办."""
        context: Context = info.context
        actor = context.acting()
        wanted = page(
            first=first, after=after, last=last, before=before,
            order=loaders.INCOMING_ORDER, filters={"escalated": actor.office_id},
        )  # fmt: skip
        async with context.reader() as session:
            cards = predicate(context.policy, actor, Permission.CASE_CARD, now=context.now(), cases=Case)
            found = await loaders.incoming(session, actor.office_id, wanted, seen=cards)
        views = {row.id: await seen_case(context, row.city_id, row.case_id) for row in found.rows}

        def node(row: Escalation) -> EscalationType:
            seen = views[row.id]
            assert seen is not None
            return EscalationType.of(row, seen, office_id=actor.office_id)

        return connect(found, node=node, key=lambda row: (row.raised_at, row.id))


@strawberry.type
class EscalationMutations:
    """Mutations on the way up and back."""

    @mutation(CaseEscalationApplyPayload)
    async def case_escalation_apply(
        self, info: strawberry.Info, input: CaseEscalationApplyInput
    ) -> CaseEscalationApplyPayload:
        """Apply for a matter to be raised, by a rule that is in force for your office 提级申请. No limit stops."""
        ctx = info.context
        case, escalation = await _change(
            info,
            input,
            lambda uow, actor, now: applying.apply(
                uow, ctx.policy, actor, **target(input),
                triggers=input.triggers, reason=input.reason, tried=input.tried, now=now,
            ),
        )  # fmt: skip
        return CaseEscalationApplyPayload(case=case, escalation=escalation)

    @mutation(CaseEscalationAnswerPayload)
    async def case_escalation_answer(
        self, info: strawberry.Info, input: CaseEscalationAnswerInput
    ) -> CaseEscalationAnswerPayload:
        """Answer what was raised to your office: accept (of a take-up: sign for the case), advise, or refuse."""
        ctx = info.context
        city_id, key = escalation_key(input.escalation_id)
        case, escalation = await _change(
            info,
            input,
            lambda uow, actor, now: answering.answer(
                uow, ctx.policy, ctx.keyring, actor,
                city_id=city_id, escalation_id=key, answer=input.answer, text=input.text, points=input.points, now=now,
            ),
        )  # fmt: skip
        return CaseEscalationAnswerPayload(case=case, escalation=escalation)

    @mutation(CaseHandBackPayload)
    async def case_hand_back(self, info: strawberry.Info, input: CaseHandBackInput) -> CaseHandBackPayload:
        """Return a case that your office took up, with what is still to be done 交还. Custody moves at the sign-for of
        the office it came from; every limit runs on."""
        ctx = info.context
        outcome = await change(
            info,
            input,
            lambda uow, actor, now: answering.hand_back(
                uow, ctx.policy, actor, **target(input), points=input.points, now=now
            ),
        )
        case, order = await shown(info, outcome)
        return CaseHandBackPayload(case=case, order=order, escalation=await _escalation(ctx, outcome))

    @mutation(CaseEscalationProposePayload)
    async def case_escalation_propose(
        self, info: strawberry.Info, input: CaseEscalationProposeInput
    ) -> CaseEscalationProposePayload:
        """Propose the rung that follows, because the matter is still unresolved. Nothing goes up until it is raised."""
        ctx = info.context
        city_id, key = escalation_key(input.escalation_id)
        case, escalation = await _change(
            info,
            input,
            lambda uow, actor, now: applying.propose(
                uow, ctx.policy, actor,
                city_id=city_id, escalation_id=key, triggers=input.triggers, reason=input.reason, now=now,
            ),
        )  # fmt: skip
        return CaseEscalationProposePayload(case=case, escalation=escalation)

    @mutation(CaseEscalationRaisePayload)
    async def case_escalation_raise(
        self, info: strawberry.Info, input: CaseEscalationRaiseInput
    ) -> CaseEscalationRaisePayload:
        """Raise what is proposed: the upper office is asked now."""
        ctx = info.context
        city_id, key = escalation_key(input.escalation_id)
        case, escalation = await _change(
            info,
            input,
            lambda uow, actor, now: applying.raise_proposed(
                uow, ctx.policy, actor, city_id=city_id, escalation_id=key, now=now
            ),
        )
        return CaseEscalationRaisePayload(case=case, escalation=escalation)

    @mutation(CaseEscalationRecallPayload)
    async def case_escalation_recall(
        self, info: strawberry.Info, input: CaseEscalationRecallInput
    ) -> CaseEscalationRecallPayload:
        """Withdraw what your side proposed or applied for, before the upper office has taken it."""
        ctx = info.context
        city_id, key = escalation_key(input.escalation_id)
        case, escalation = await _change(
            info,
            input,
            lambda uow, actor, now: applying.recall(
                uow, ctx.policy, actor, city_id=city_id, escalation_id=key, reason=input.reason, now=now
            ),
        )
        return CaseEscalationRecallPayload(case=case, escalation=escalation)

    @mutation(CaseEscalationClosePayload)
    async def case_escalation_close(
        self, info: strawberry.Info, input: CaseEscalationCloseInput
    ) -> CaseEscalationClosePayload:
        """End an escalation: noted, settled, or its advice taken. Who closes a take-up keeps the case."""
        ctx = info.context
        city_id, key = escalation_key(input.escalation_id)
        case, escalation = await _change(
            info,
            input,
            lambda uow, actor, now: answering.close(
                uow, ctx.policy, actor, city_id=city_id, escalation_id=key, reason=input.reason, now=now
            ),
        )
        return CaseEscalationClosePayload(case=case, escalation=escalation)
