"""Mutations that answer an order: sign for, object, agree, recall, contribute, advise, reply, decide."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any

import strawberry

from caseway.access.actor import Actor
from caseway.cases.api.inputs import CaseInput, change, office_id, target
from caseway.custody import assistance, disputes, service
from caseway.custody.api.moving import SendPayload, Shown, shown
from caseway.db.session import UnitOfWork
from caseway.gql import ids
from caseway.gql.errors import mutation


@strawberry.input(description="What selects an order.")
class OrderInput:
    """Base of the inputs that answer an order."""

    order_id: strawberry.ID = strawberry.field(description="The order.")
    idempotency_key: str | None = strawberry.field(
        default=None,
        description="A key of 8 to 255 printable characters, kept seven days: repeating it with the same input has no "
        "further effect and is answered with the same bytes.",
    )


@strawberry.input(description="The order to sign for.")
class CaseSignForInput(OrderInput):
    """Input of ``caseSignFor``."""


@strawberry.type(description="The case that your office holds now.")
class CaseSignForPayload(SendPayload):
    """Payload of ``caseSignFor``."""


@strawberry.input(description="The order to take back.")
class CaseRecallInput(OrderInput):
    """Input of ``caseRecall``."""


@strawberry.type(description="The case, back from transit.")
class CaseRecallPayload(SendPayload):
    """Payload of ``caseRecall``."""


@strawberry.input(description="The signed order that your office is not competent for.")
class CaseObjectInput(OrderInput):
    """Input of ``caseObject``."""

    reason: str = strawberry.field(description="Why another office is competent, up to 1,000 characters.")


@strawberry.type(description="The case, held by you until the sender answers.")
class CaseObjectPayload(SendPayload):
    """Payload of ``caseObject``."""


@strawberry.input(description="The sender's answer to an objection.")
class CaseObjectionDecideInput(OrderInput):
    """Input of ``caseObjectionDecide``."""

    agree: bool = strawberry.field(description="True: you take the case back at once. False: it stays.")
    reason: str | None = strawberry.field(default=None, description="Why; needed to refuse, up to 1,000 characters.")


@strawberry.type(description="The case after the answer.")
class CaseObjectionDecidePayload(SendPayload):
    """Payload of ``caseObjectionDecide``."""


@strawberry.input(description="The dispute to put before the common superior.")
class CaseDisputeReferInput(OrderInput):
    """Input of ``caseDisputeRefer``."""

    reason: str = strawberry.field(description="Why the offices do not agree, up to 1,000 characters.")


@strawberry.type(description="The case, held by the backstop office meanwhile.")
class CaseDisputeReferPayload(SendPayload):
    """Payload of ``caseDisputeRefer``."""


@strawberry.input(description="Who is competent.")
class CaseCompetenceDecideInput(CaseInput):
    """Input of ``caseCompetenceDecide``."""

    competent_office_id: strawberry.ID = strawberry.field(description="The office that is to handle the case.")
    reason: str = strawberry.field(description="Why, up to 1,000 characters.")


@strawberry.type(description="The case after the decision, and the order that carries it out, if one does.")
class CaseCompetenceDecidePayload(SendPayload):
    """Payload of ``caseCompetenceDecide``."""


@strawberry.input(description="An assisting office's part.")
class CaseContributeInput(OrderInput):
    """Input of ``caseContribute``."""

    text: str = strawberry.field(description="The contribution, up to 20,000 characters.")


@strawberry.type(description="The case with the contribution.")
class CaseContributePayload(SendPayload):
    """Payload of ``caseContribute``."""


@strawberry.input(description="The assistance to end.")
class CaseAssistanceEndInput(OrderInput):
    """Input of ``caseAssistanceEnd``."""


@strawberry.type(description="The case; the assisting office sees its content no longer.")
class CaseAssistanceEndPayload(SendPayload):
    """Payload of ``caseAssistanceEnd``."""


@strawberry.input(description="The advice that was asked for.")
class CaseAdviseInput(OrderInput):
    """Input of ``caseAdvise``."""

    text: str = strawberry.field(description="The advice, up to 20,000 characters.")


@strawberry.type(description="The case, still with its holder.")
class CaseAdvisePayload(SendPayload):
    """Payload of ``caseAdvise``."""


@strawberry.input(description="The holder's written reply to a supervision.")
class CaseSupervisionReplyInput(OrderInput):
    """Input of ``caseSupervisionReply``."""

    text: str = strawberry.field(description="The reply, up to 20,000 characters.")


@strawberry.type(description="The case with the reply.")
class CaseSupervisionReplyPayload(SendPayload):
    """Payload of ``caseSupervisionReply``."""


async def _answer(
    info: strawberry.Info, given: OrderInput, call: Callable[..., Awaitable[Any]], **arguments: Any
) -> Shown:
    city_id, order_id = ids.decode_case_side("Order", given.order_id)

    async def bound(uow: UnitOfWork, actor: Actor, now: datetime) -> Any:
        return await call(
            uow, info.context.policy, actor=actor, city_id=city_id, order_id=order_id, now=now, **arguments
        )

    return await shown(info, await change(info, given, bound))


@strawberry.type
class AnsweringMutations:
    """Mutations that answer orders."""

    @mutation(CaseSignForPayload)
    async def case_sign_for(self, info: strawberry.Info, input: CaseSignForInput) -> CaseSignForPayload:
        """Sign for a case 签收 (T4): custody moves to you, who takes charge. The second signer gets CONFLICT."""
        case, order = await _answer(info, input, service.sign_for)
        return CaseSignForPayload(case=case, order=order)

    @mutation(CaseRecallPayload)
    async def case_recall(self, info: strawberry.Info, input: CaseRecallInput) -> CaseRecallPayload:
        """Take back an order that is not signed yet 撤回交办 (T3)."""
        case, order = await _answer(info, input, service.recall)
        return CaseRecallPayload(case=case, order=order)

    @mutation(CaseObjectPayload)
    async def case_object(self, info: strawberry.Info, input: CaseObjectInput) -> CaseObjectPayload:
        """Object as a wrong addressee 异议 within 5 workdays of delivery (T6). You hold the case meanwhile."""
        case, order = await _answer(info, input, disputes.object_to, reason=input.reason)
        return CaseObjectPayload(case=case, order=order)

    @mutation(CaseObjectionDecidePayload)
    async def case_objection_decide(
        self, info: strawberry.Info, input: CaseObjectionDecideInput
    ) -> CaseObjectionDecidePayload:
        """Answer an objection to your order: take the case back 退回 (T7) or refuse (T8)."""
        case, order = await _answer(info, input, disputes.decide_objection, agree=input.agree, reason=input.reason)
        return CaseObjectionDecidePayload(case=case, order=order)

    @mutation(CaseDisputeReferPayload)
    async def case_dispute_refer(self, info: strawberry.Info, input: CaseDisputeReferInput) -> CaseDisputeReferPayload:
        """Put a dispute before the common superior (art. 24); its backstop office holds meanwhile 兜底."""
        case, order = await _answer(info, input, disputes.refer_dispute, reason=input.reason)
        return CaseDisputeReferPayload(case=case, order=order)

    @mutation(CaseCompetenceDecidePayload)
    async def case_competence_decide(
        self, info: strawberry.Info, input: CaseCompetenceDecideInput
    ) -> CaseCompetenceDecidePayload:
        """Decide who is competent 指定管辖, as the lowest common superior or a joint conference (T8)."""
        ctx, competent = info.context, office_id(input.competent_office_id)
        outcome = await change(
            info,
            input,
            lambda uow, actor, now: disputes.decide_competence(
                uow, ctx.policy, actor, **target(input), competent_office_id=competent, reason=input.reason, now=now
            ),
        )
        case, order = await shown(info, outcome)
        return CaseCompetenceDecidePayload(case=case, order=order)

    @mutation(CaseContributePayload)
    async def case_contribute(self, info: strawberry.Info, input: CaseContributeInput) -> CaseContributePayload:
        """Contribute to a case that your office assists 协办."""
        case, order = await _answer(info, input, assistance.contribute, keyring=info.context.keyring, text=input.text)
        return CaseContributePayload(case=case, order=order)

    @mutation(CaseAssistanceEndPayload)
    async def case_assistance_end(
        self, info: strawberry.Info, input: CaseAssistanceEndInput
    ) -> CaseAssistanceEndPayload:
        """End an assistance that you asked for."""
        case, order = await _answer(info, input, assistance.end_assistance)
        return CaseAssistanceEndPayload(case=case, order=order)

    @mutation(CaseAdvisePayload)
    async def case_advise(self, info: strawberry.Info, input: CaseAdviseInput) -> CaseAdvisePayload:
        """Give the advice that an office below asked for 提级研判; custody stays there."""
        case, order = await _answer(info, input, assistance.advise, keyring=info.context.keyring, text=input.text)
        return CaseAdvisePayload(case=case, order=order)

    @mutation(CaseSupervisionReplyPayload)
    async def case_supervision_reply(
        self, info: strawberry.Info, input: CaseSupervisionReplyInput
    ) -> CaseSupervisionReplyPayload:
        """Reply in writing to a supervision, as the holder."""
        case, order = await _answer(
            info, input, assistance.reply_supervision, keyring=info.context.keyring, text=input.text
        )
        return CaseSupervisionReplyPayload(case=case, order=order)
