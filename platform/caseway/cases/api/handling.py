"""Mutations of the work on a case, from acceptance to the archive."""

from __future__ import annotations

from datetime import datetime

import strawberry

from caseway.cases import answering, closing, registration, service
from caseway.cases.api.inputs import CaseInput, CasePayload, NoticeInput, changed_case, target
from caseway.cases.api.registering import EntryInput
from caseway.cases.api.types import CaseType, shown_case
from caseway.cases.codes import CloseGround, HandlingKind, Outcome, RefusalGround, StatutoryPath
from caseway.gql import ids
from caseway.gql.errors import mutation


@strawberry.input(description="The case to accept, and how the petitioner was told.")
class CaseAcceptInput(CaseInput):
    """Input of ``caseAccept``."""

    notice: NoticeInput = strawberry.field(description="Notice of acceptance 受理告知书.")


@strawberry.type(description="The case that was accepted.")
class CaseAcceptPayload(CasePayload):
    """Payload of ``caseAccept``."""


@strawberry.input(description="The case to refuse, the legal ground, and how the petitioner was told.")
class CaseRefuseAcceptanceInput(CaseInput):
    """Input of ``caseRefuseAcceptance``."""

    ground: RefusalGround = strawberry.field(description="Legal ground of the refusal.")
    explanation: str = strawberry.field(description="Why the ground applies, up to 20,000 characters.")
    notice: NoticeInput = strawberry.field(description="Notice of refusal 不予受理告知书.")


@strawberry.type(description="The case that was not accepted.")
class CaseRefuseAcceptancePayload(CasePayload):
    """Payload of ``caseRefuseAcceptance``."""


@strawberry.input(description="The case to lead into another procedure.")
class CaseRedirectInput(CaseInput):
    """Input of ``caseRedirect``."""

    path: StatutoryPath = strawberry.field(description="Which procedure decides.")
    body: str = strawberry.field(description="Name of the body to turn to, up to 200 characters.")
    explanation: str = strawberry.field(description="What the petitioner was told, up to 20,000 characters.")
    notice: NoticeInput = strawberry.field(description="How the petitioner was told.")


@strawberry.type(description="The case that was redirected.")
class CaseRedirectPayload(CasePayload):
    """Payload of ``caseRedirect``."""


@strawberry.input(description="The accepted case whose handling begins.")
class CaseStartHandlingInput(CaseInput):
    """Input of ``caseStartHandling``."""


@strawberry.type(description="The case that is being handled now.")
class CaseStartHandlingPayload(CasePayload):
    """Payload of ``caseStartHandling``."""


@strawberry.input(description="What was done to find an opinion.")
class CaseRecordAddInput(CaseInput):
    """Input of ``caseRecordAdd``."""

    kind: HandlingKind = strawberry.field(description="What was done.")
    text: str = strawberry.field(description="The record, up to 20,000 characters.")
    consent: bool = strawberry.field(default=False, description="Mediation only: both sides have consented (art. 33).")


@strawberry.type(description="The case with the new record.")
class CaseRecordAddPayload(CasePayload):
    """Payload of ``caseRecordAdd``."""


@strawberry.input(description="The extension of the handling limit.")
class CaseExtendInput(CaseInput):
    """Input of ``caseExtend``."""

    days: int = strawberry.field(description="Calendar days beyond the old due date, 1 to 30 (art. 34).")
    reason: str = strawberry.field(description="Why the matter is complex, up to 1,000 characters.")
    notice: NoticeInput = strawberry.field(description="How the petitioner was told why.")


@strawberry.type(description="The case with its new due date.")
class CaseExtendPayload(CasePayload):
    """Payload of ``caseExtend``."""


@strawberry.input(description="The written opinion as served (art. 32).")
class CaseAnswerInput(CaseInput):
    """Input of ``caseAnswer``."""

    outcome: Outcome = strawberry.field(description="What the opinion says about the claim.")
    text: str = strawberry.field(description="Claims, facts, reasons and opinion, up to 20,000 characters.")
    legal_basis: str = strawberry.field(description="Legal basis, up to 20,000 characters.")
    remedies: str = strawberry.field(description="Remedies told: where and until when a review may be asked for.")
    served_at: datetime | None = strawberry.field(
        default=None, description="When it was served: an answer counts only when served, and from then."
    )
    new_facts: str | None = strawberry.field(
        default=None, description="After a revocation: the new facts that justify the same conclusion."
    )


@strawberry.type(description="The case that was answered.")
class CaseAnswerPayload(CasePayload):
    """Payload of ``caseAnswer``."""


@strawberry.input(description="A superior's order to look at an answered case again.")
class CaseOrderRedoInput(CaseInput):
    """Input of ``caseOrderRedo``."""

    instruction: str = strawberry.field(description="What is to be looked at again, up to 20,000 characters.")
    revokes: bool = strawberry.field(
        default=False, description="Whether the opinion is revoked: the same conclusion then needs new facts."
    )
    within_days: int | None = strawberry.field(
        default=None, description="Limit in calendar days, 1 to 365; none runs if absent."
    )


@strawberry.type(description="The case that is to be handled again.")
class CaseOrderRedoPayload(CasePayload):
    """Payload of ``caseOrderRedo``."""


@strawberry.input(description="How a supporting opinion or an agreement was carried out.")
class CaseExecutionRecordInput(CaseInput):
    """Input of ``caseExecutionRecord``."""

    text: str = strawberry.field(description="What was done, up to 20,000 characters.")


@strawberry.type(description="The case with the record of execution.")
class CaseExecutionRecordPayload(CasePayload):
    """Payload of ``caseExecutionRecord``."""


@strawberry.input(description="The answered case to close.")
class CaseCloseInput(CaseInput):
    """Input of ``caseClose``."""

    ground: CloseGround = strawberry.field(description="Why it is closed.")


@strawberry.type(description="The case that was closed.")
class CaseClosePayload(CasePayload):
    """Payload of ``caseClose``."""


@strawberry.input(description="The petitioner's own withdrawal.")
class CaseWithdrawInput(CaseInput):
    """Input of ``caseWithdraw``."""

    statement: str = strawberry.field(description="The petitioner's own words, up to 20,000 characters.")
    signed_at: datetime | None = strawberry.field(default=None, description="When the petitioner signed it.")


@strawberry.type(description="The case that was withdrawn; an accusation goes on.")
class CaseWithdrawPayload(CasePayload):
    """Payload of ``caseWithdraw``."""


@strawberry.input(description="The case to join to another one of the same matter.")
class CaseMergeInput(CaseInput):
    """Input of ``caseMerge``."""

    target_id: strawberry.ID = strawberry.field(description="The open case that stays, held by the same office.")
    reason: str = strawberry.field(description="Why it is the same matter, up to 1,000 characters.")


@strawberry.type(description="The case that was merged.")
class CaseMergePayload(CasePayload):
    """Payload of ``caseMerge``."""

    target: CaseType | None = strawberry.field(description="The case that stays, as you see it.")


@strawberry.input(description="The ended case to archive.")
class CaseArchiveInput(CaseInput):
    """Input of ``caseArchive``."""


@strawberry.type(description="The case that was archived.")
class CaseArchivePayload(CasePayload):
    """Payload of ``caseArchive``."""


@strawberry.input(description="Another registration of a matter that has a case.")
class CaseRegistrationAddInput(CaseInput):
    """Input of ``caseRegistrationAdd``."""

    entry: EntryInput = strawberry.field(description="What was registered.")


@strawberry.type(description="The case with its new registration.")
class CaseRegistrationAddPayload(CasePayload):
    """Payload of ``caseRegistrationAdd``."""


@strawberry.type
class HandlingMutations:
    """Mutations of the holder, and of superiors over answered cases."""

    @mutation(CaseAcceptPayload)
    async def case_accept(self, info: strawberry.Info, input: CaseAcceptInput) -> CaseAcceptPayload:
        """Accept a case 受理 and tell the petitioner (T9). Starts the handling clock of appeals and claims: 60 days."""
        ctx, notice = info.context, input.notice.value()
        return CaseAcceptPayload(
            case=await changed_case(
                info,
                input,
                lambda uow, actor, now: service.accept(
                    uow, ctx.policy, ctx.keyring, actor, **target(input), notice=notice, now=now
                ),
            )
        )

    @mutation(CaseRefuseAcceptancePayload)
    async def case_refuse_acceptance(
        self, info: strawberry.Info, input: CaseRefuseAcceptanceInput
    ) -> CaseRefuseAcceptancePayload:
        """Not accept a case 不予受理 on a legal ground, and tell the petitioner (T10)."""
        ctx, notice = info.context, input.notice.value()
        return CaseRefuseAcceptancePayload(
            case=await changed_case(
                info,
                input,
                lambda uow, actor, now: service.refuse_acceptance(
                    uow, ctx.policy, ctx.keyring, actor, **target(input),
                    ground=input.ground, explanation=input.explanation, notice=notice, now=now,
                ),
            )
        )  # fmt: skip

    @mutation(CaseRedirectPayload)
    async def case_redirect(self, info: strawberry.Info, input: CaseRedirectInput) -> CaseRedirectPayload:
        """Lead a case into the procedure that must decide it 导入, and tell the petitioner where to go (T11)."""
        ctx, notice = info.context, input.notice.value()
        return CaseRedirectPayload(
            case=await changed_case(
                info,
                input,
                lambda uow, actor, now: service.redirect(
                    uow, ctx.policy, ctx.keyring, actor, **target(input),
                    path=input.path, body=input.body, explanation=input.explanation, notice=notice, now=now,
                ),
            )
        )  # fmt: skip

    @mutation(CaseStartHandlingPayload)
    async def case_start_handling(
        self, info: strawberry.Info, input: CaseStartHandlingInput
    ) -> CaseStartHandlingPayload:
        """Begin the inquiry of an accepted case (T12)."""
        ctx = info.context
        return CaseStartHandlingPayload(
            case=await changed_case(
                info,
                input,
                lambda uow, actor, now: service.start_handling(uow, ctx.policy, actor, **target(input), now=now),
            )
        )

    @mutation(CaseRecordAddPayload)
    async def case_record_add(self, info: strawberry.Info, input: CaseRecordAddInput) -> CaseRecordAddPayload:
        """Record an inquiry, consultation, mediation or hearing (T13). No clock stops."""
        ctx = info.context
        return CaseRecordAddPayload(
            case=await changed_case(
                info,
                input,
                lambda uow, actor, now: service.add_record(
                    uow, ctx.policy, ctx.keyring, actor, **target(input),
                    kind=input.kind, text=input.text, consent=input.consent, now=now,
                ),
            )
        )  # fmt: skip

    @mutation(CaseExtendPayload)
    async def case_extend(self, info: strawberry.Info, input: CaseExtendInput) -> CaseExtendPayload:
        """Extend the handling limit 延期 once, before it expires, by 30 days at most (T14, art. 34)."""
        ctx, notice = info.context, input.notice.value()
        return CaseExtendPayload(
            case=await changed_case(
                info,
                input,
                lambda uow, actor, now: service.extend(
                    uow, ctx.policy, ctx.keyring, actor, **target(input),
                    days=input.days, reason=input.reason, notice=notice, now=now,
                ),
            )
        )  # fmt: skip

    @mutation(CaseAnswerPayload)
    async def case_answer(self, info: strawberry.Info, input: CaseAnswerInput) -> CaseAnswerPayload:
        """Issue the opinion that was served 答复 (T17, T19). Starts the petitioner's window to ask for a review."""
        ctx = info.context
        opinion = answering.Opinion(
            outcome=input.outcome,
            text=input.text,
            legal_basis=input.legal_basis,
            remedies=input.remedies,
            served_at=input.served_at,
            new_facts=input.new_facts,
        )
        return CaseAnswerPayload(
            case=await changed_case(
                info,
                input,
                lambda uow, actor, now: answering.answer(
                    uow, ctx.policy, ctx.keyring, actor, **target(input), opinion=opinion, now=now
                ),
            )
        )

    @mutation(CaseOrderRedoPayload)
    async def case_order_redo(self, info: strawberry.Info, input: CaseOrderRedoInput) -> CaseOrderRedoPayload:
        """Order the holder below to look at an answered case again 重办 (T18)."""
        ctx = info.context
        return CaseOrderRedoPayload(
            case=await changed_case(
                info,
                input,
                lambda uow, actor, now: answering.order_redo(
                    uow, ctx.policy, ctx.keyring, actor, **target(input),
                    instruction=input.instruction, revokes=input.revokes, within_days=input.within_days, now=now,
                ),
            )
        )  # fmt: skip

    @mutation(CaseExecutionRecordPayload)
    async def case_execution_record(
        self, info: strawberry.Info, input: CaseExecutionRecordInput
    ) -> CaseExecutionRecordPayload:
        """Record how a supporting opinion or an agreement was carried out: needed before closing."""
        ctx = info.context
        return CaseExecutionRecordPayload(
            case=await changed_case(
                info,
                input,
                lambda uow, actor, now: answering.record_execution(
                    uow, ctx.policy, ctx.keyring, actor, **target(input), text=input.text, now=now
                ),
            )
        )

    @mutation(CaseClosePayload)
    async def case_close(self, info: strawberry.Info, input: CaseCloseInput) -> CaseClosePayload:
        """Close an answered case 结案 (T25). That the petitioner stopped asking is never a reason."""
        ctx = info.context
        return CaseClosePayload(
            case=await changed_case(
                info,
                input,
                lambda uow, actor, now: closing.close(
                    uow, ctx.policy, actor, **target(input), ground=input.ground, now=now
                ),
            )
        )

    @mutation(CaseWithdrawPayload)
    async def case_withdraw(self, info: strawberry.Info, input: CaseWithdrawInput) -> CaseWithdrawPayload:
        """Record the petitioner's own signed withdrawal (T26). It does not end an accusation."""
        ctx = info.context
        return CaseWithdrawPayload(
            case=await changed_case(
                info,
                input,
                lambda uow, actor, now: closing.withdraw(
                    uow, ctx.policy, ctx.keyring, actor, **target(input),
                    statement=input.statement, signed_at=input.signed_at, now=now,
                ),
            )
        )  # fmt: skip

    @mutation(CaseMergePayload)
    async def case_merge(self, info: strawberry.Info, input: CaseMergeInput) -> CaseMergePayload:
        """Join a case to another open one of the same matter that your office holds 并案 (T27)."""
        ctx = info.context
        city_id, target_id = ids.decode_case_side("Case", input.target_id)
        merged = await changed_case(
            info,
            input,
            lambda uow, actor, now: closing.merge(
                uow, ctx.policy, actor, **target(input), target_id=target_id, reason=input.reason, now=now
            ),
        )
        return CaseMergePayload(case=merged, target=await shown_case(ctx, city_id, target_id))

    @mutation(CaseArchivePayload)
    async def case_archive(self, info: strawberry.Info, input: CaseArchiveInput) -> CaseArchivePayload:
        """Archive an ended case whose documents are complete 归档 (T28)."""
        ctx = info.context
        return CaseArchivePayload(
            case=await changed_case(
                info,
                input,
                lambda uow, actor, now: closing.archive(uow, ctx.policy, actor, **target(input), now=now),
            )
        )

    @mutation(CaseRegistrationAddPayload)
    async def case_registration_add(
        self, info: strawberry.Info, input: CaseRegistrationAddInput
    ) -> CaseRegistrationAddPayload:
        """Register a matter once more with the case that is about it. No limit moves."""
        ctx, entry = info.context, input.entry.value()
        return CaseRegistrationAddPayload(
            case=await changed_case(
                info,
                input,
                lambda uow, actor, now: registration.add(
                    uow, ctx.policy, ctx.keyring, actor, **target(input), entry=entry, now=now
                ),
            )
        )
