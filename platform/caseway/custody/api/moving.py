"""Mutations that send a case, or an order about it, to another office."""

from __future__ import annotations

import uuid
from datetime import datetime

import strawberry

from caseway.cases.api.inputs import CaseInput, CasePayload, change, office_id, target
from caseway.cases.api.types import CaseType, shown_case
from caseway.custody import service
from caseway.custody.api.types import OrderType, shown_order
from caseway.custody.workflow import OrderKind
from caseway.gql.errors import mutation
from caseway.gql.perform import Outcome


@strawberry.input(description="The case and the office it goes to.")
class SendInput(CaseInput):
    """Base of the inputs that send an order."""

    office_id: strawberry.ID = strawberry.field(description="The receiving office.")


@strawberry.type(description="The case and the order that was sent.")
class SendPayload(CasePayload):
    """Base of the payloads about orders."""

    order: OrderType | None = strawberry.field(description="The order; null if it is not yours to see any more.")


@strawberry.input(description="The case to forward.")
class CaseForwardInput(SendInput):
    """Input of ``caseForward``."""

    instruction: str | None = strawberry.field(default=None, description="A note, up to 1,000 characters.")


@strawberry.type(description="The case in transit.")
class CaseForwardPayload(SendPayload):
    """Payload of ``caseForward``."""


@strawberry.input(description="The case to assign down.")
class CaseAssignInput(SendInput):
    """Input of ``caseAssign``."""

    instruction: str = strawberry.field(description="What is to be done, up to 1,000 characters.")
    report_due_at: datetime = strawberry.field(
        description="When the closing report is due: in the future, within a year."
    )


@strawberry.type(description="The case in transit.")
class CaseAssignPayload(SendPayload):
    """Payload of ``caseAssign``."""


@strawberry.input(description="The case to hand over to an office at the side.")
class CaseHandOverInput(SendInput):
    """Input of ``caseHandOver``."""

    instruction: str = strawberry.field(description="Why, up to 1,000 characters.")


@strawberry.type(description="The case in transit.")
class CaseHandOverPayload(SendPayload):
    """Payload of ``caseHandOver``."""


@strawberry.input(description="The accusation to hand over.")
class CaseHandOverAccusationInput(SendInput):
    """Input of ``caseHandOverAccusation``."""


@strawberry.type(description="The accusation in transit.")
class CaseHandOverAccusationPayload(SendPayload):
    """Payload of ``caseHandOverAccusation``."""


@strawberry.input(description="The case that the office above is asked to take.")
class CaseEscalateInput(SendInput):
    """Input of ``caseEscalate``."""

    instruction: str = strawberry.field(description="Why, up to 1,000 characters.")


@strawberry.type(description="The case in transit.")
class CaseEscalatePayload(SendPayload):
    """Payload of ``caseEscalate``."""


@strawberry.input(description="The case to take from an office one level below.")
class CaseTakeUpInput(CaseInput):
    """Input of ``caseTakeUp``."""

    reason: str = strawberry.field(description="Why, up to 1,000 characters.")


@strawberry.type(description="The case that your office holds now.")
class CaseTakeUpPayload(SendPayload):
    """Payload of ``caseTakeUp``."""


@strawberry.input(description="The case on which advice is asked.")
class CaseAskAdviceInput(SendInput):
    """Input of ``caseAskAdvice``."""

    instruction: str = strawberry.field(description="The question, up to 1,000 characters.")


@strawberry.type(description="The case, still with its holder.")
class CaseAskAdvicePayload(SendPayload):
    """Payload of ``caseAskAdvice``."""


@strawberry.input(description="The case to report to an upper office.")
class CaseReportUpInput(SendInput):
    """Input of ``caseReportUp``."""

    instruction: str = strawberry.field(description="The information, up to 1,000 characters.")


@strawberry.type(description="The case, still with its holder.")
class CaseReportUpPayload(SendPayload):
    """Payload of ``caseReportUp``."""


@strawberry.input(description="The case with which another office is to help.")
class CaseAssistInput(SendInput):
    """Input of ``caseAssist``."""

    instruction: str = strawberry.field(description="What is asked, up to 1,000 characters.")


@strawberry.type(description="The case, still with its holder.")
class CaseAssistPayload(SendPayload):
    """Payload of ``caseAssist``."""


@strawberry.input(description="The case on which the holder below is pressed.")
class CaseSuperviseInput(SendInput):
    """Input of ``caseSupervise``."""

    instruction: str = strawberry.field(description="What is pressed for, up to 1,000 characters.")
    report_due_at: datetime = strawberry.field(
        description="When the written reply is due: in the future, within a year."
    )


@strawberry.type(description="The case, still with its holder.")
class CaseSupervisePayload(SendPayload):
    """Payload of ``caseSupervise``."""


@strawberry.input(description="The case to copy to another office for information.")
class CaseCopyInput(SendInput):
    """Input of ``caseCopy``."""

    instruction: str | None = strawberry.field(default=None, description="A note, up to 1,000 characters.")


@strawberry.type(description="The case, still with its holder.")
class CaseCopyPayload(SendPayload):
    """Payload of ``caseCopy``."""


Shown = tuple[CaseType | None, OrderType | None]


async def shown(info: strawberry.Info, outcome: Outcome) -> Shown:
    """Case and order of an outcome as the viewer sees them now."""
    order = (
        await shown_order(info.context, outcome["city"], uuid.UUID(outcome["order_id"]))
        if ("order_id" in outcome)
        else None
    )
    return await shown_case(info.context, outcome["city"], uuid.UUID(outcome["case"])), order


async def _send(info: strawberry.Info, given: SendInput, kind: OrderKind) -> Shown:
    context, receiver = info.context, office_id(given.office_id)
    outcome = await change(
        info,
        given,
        lambda uow, actor, now: service.send(
            uow,
            context.policy,
            actor,
            kind=kind,
            **target(given),
            to_office_id=receiver,
            instruction=getattr(given, "instruction", None),
            report_due_at=getattr(given, "report_due_at", None),
            now=now,
        ),
    )
    return await shown(info, outcome)


@strawberry.type
class MovingMutations:
    """Mutations that send orders."""

    @mutation(CaseForwardPayload)
    async def case_forward(self, info: strawberry.Info, input: CaseForwardInput) -> CaseForwardPayload:
        """Forward a case to the competent office 转送, same government or down; a skipped level is copied (T2)."""
        case, order = await _send(info, input, OrderKind.FORWARD)
        return CaseForwardPayload(case=case, order=order)

    @mutation(CaseAssignPayload)
    async def case_assign(self, info: strawberry.Info, input: CaseAssignInput) -> CaseAssignPayload:
        """Assign a case down with a limit and a closing report 交办 (T2)."""
        case, order = await _send(info, input, OrderKind.ASSIGN)
        return CaseAssignPayload(case=case, order=order)

    @mutation(CaseHandOverPayload)
    async def case_hand_over(self, info: strawberry.Info, input: CaseHandOverInput) -> CaseHandOverPayload:
        """Hand a case to an office at the side 移交, also in another city; every limit runs on (T15)."""
        case, order = await _send(info, input, OrderKind.HAND_OVER)
        return CaseHandOverPayload(case=case, order=order)

    @mutation(CaseHandOverAccusationPayload)
    async def case_hand_over_accusation(
        self, info: strawberry.Info, input: CaseHandOverAccusationInput
    ) -> CaseHandOverAccusationPayload:
        """Hand an accusation to the competent discipline body 检举移送. After its sign-for your office keeps a stub."""
        case, order = await _send(info, input, OrderKind.ACCUSATION_HAND_OVER)
        return CaseHandOverAccusationPayload(case=case, order=order)

    @mutation(CaseEscalatePayload)
    async def case_escalate(self, info: strawberry.Info, input: CaseEscalateInput) -> CaseEscalatePayload:
        """Ask the office one level up to take the case 提级办理; custody moves at its sign-for (T15)."""
        case, order = await _send(info, input, OrderKind.TAKE_UP)
        return CaseEscalatePayload(case=case, order=order)

    @mutation(CaseTakeUpPayload)
    async def case_take_up(self, info: strawberry.Info, input: CaseTakeUpInput) -> CaseTakeUpPayload:
        """Take a case from an office one level below, on your own initiative 提级办理. No limit moves."""
        ctx = info.context
        outcome = await change(
            info,
            input,
            lambda uow, actor, now: service.take_up(
                uow, ctx.policy, actor, **target(input), reason=input.reason, now=now
            ),
        )
        case, order = await shown(info, outcome)
        return CaseTakeUpPayload(case=case, order=order)

    @mutation(CaseAskAdvicePayload)
    async def case_ask_advice(self, info: strawberry.Info, input: CaseAskAdviceInput) -> CaseAskAdvicePayload:
        """Ask the office one level up for advice 提级研判; custody and limits stay (T16)."""
        case, order = await _send(info, input, OrderKind.ADVICE)
        return CaseAskAdvicePayload(case=case, order=order)

    @mutation(CaseReportUpPayload)
    async def case_report_up(self, info: strawberry.Info, input: CaseReportUpInput) -> CaseReportUpPayload:
        """Give information about a case to an upper office 上报; custody and limits stay (T16)."""
        case, order = await _send(info, input, OrderKind.REPORT_UP)
        return CaseReportUpPayload(case=case, order=order)

    @mutation(CaseAssistPayload)
    async def case_assist(self, info: strawberry.Info, input: CaseAssistInput) -> CaseAssistPayload:
        """Ask another office to help 协办; it sees the content, identity masked, until you end it."""
        case, order = await _send(info, input, OrderKind.ASSIST)
        return CaseAssistPayload(case=case, order=order)

    @mutation(CaseSupervisePayload)
    async def case_supervise(self, info: strawberry.Info, input: CaseSuperviseInput) -> CaseSupervisePayload:
        """Press the holder below for a written reply 督办. It moves no limit."""
        case, order = await _send(info, input, OrderKind.SUPERVISE)
        return CaseSupervisePayload(case=case, order=order)

    @mutation(CaseCopyPayload)
    async def case_copy(self, info: strawberry.Info, input: CaseCopyInput) -> CaseCopyPayload:
        """Copy a case to another office for information 抄送; it sees the card."""
        case, order = await _send(info, input, OrderKind.COPY)
        return CaseCopyPayload(case=case, order=order)
