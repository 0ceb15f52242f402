"""Mutations about who works on a case and who reads whose identity, and the search for the same matter."""

from __future__ import annotations

import uuid
from datetime import datetime

import strawberry

from caseway.access.actor import Actor
from caseway.cases import assignment, identity, matching
from caseway.cases.api.inputs import CaseInput, CasePayload, changed_case, person_id, target
from caseway.cases.api.types import CaseType, shown_case
from caseway.cases.matching import MatchBy
from caseway.db.session import UnitOfWork
from caseway.gql.enums import described
from caseway.gql.errors import mutation
from caseway.gql.perform import Outcome, perform

described(
    MatchBy,
    name="MatchBy",
    description="What registrations of one matter may have in common.",
    values={
        "PHONE": "A telephone number of the petitioners of this case; never one that is typed in.",
        "TEXT": "Words, among cases of the same place and field.",
    },
)


@strawberry.input(description="Who is to handle the case.")
class CaseHandlerAssignInput(CaseInput):
    """Input of ``caseHandlerAssign``."""

    person_id: strawberry.ID = strawberry.field(description="Active staff of the holding office.")


@strawberry.type(description="The case with its handler.")
class CaseHandlerAssignPayload(CasePayload):
    """Payload of ``caseHandlerAssign``."""


@strawberry.input(description="Which leader takes charge.")
class CaseLeadAssignInput(CaseInput):
    """Input of ``caseLeadAssign``."""

    person_id: strawberry.ID = strawberry.field(description="A leader of the holding office or of its government.")
    reason: str | None = strawberry.field(
        default=None, description="Why, for example OUT_OF_PORTFOLIO; up to 1,000 characters."
    )


@strawberry.type(description="The case with its leader in charge.")
class CaseLeadAssignPayload(CasePayload):
    """Payload of ``caseLeadAssign``."""


@strawberry.input(description="A direct interest in a case (art. 28).")
class CaseRecuseInput(CaseInput):
    """Input of ``caseRecuse``."""

    person_id: strawberry.ID | None = strawberry.field(
        default=None, description="A colleague, if you assign handlers; yourself if absent."
    )
    reason: str = strawberry.field(description="The interest, up to 1,000 characters; not shown in the timeline.")


@strawberry.type(description="The case; null if it is you who may not see it any more.")
class CaseRecusePayload(CasePayload):
    """Payload of ``caseRecuse``."""


@strawberry.input(description="Why you need to see the content of a case below.")
class CaseReasonRecordInput(CaseInput):
    """Input of ``caseReasonRecord``."""

    reason: str = strawberry.field(description="Shown to the holder in the timeline, 5 to 1,000 characters.")


@strawberry.type(description="The case, open to you for 24 hours.")
class CaseReasonRecordPayload(CasePayload):
    """Payload of ``caseReasonRecord``."""


@strawberry.input(description="Whose identity is read, and for what.")
class CaseIdentityReadInput(CaseInput):
    """Input of ``caseIdentityRead``."""

    purpose: str = strawberry.field(description="What it is needed for, 5 to 200 characters; the petitioner sees it.")
    legal_power: str | None = strawberry.field(
        default=None,
        description="Accusations without the informant's consent: the provision that empowers the competent body.",
    )


@strawberry.type(description="A petitioner in clear.")
class PetitionerIdentity:
    """Answered once, after the read was recorded."""

    name: str = strawberry.field(description="Name.")
    phone: str | None = strawberry.field(description="Telephone number; null if none was told.")
    address: str | None = strawberry.field(description="Address; null if none was told.")
    residence_code: str | None = strawberry.field(description="Division code of the town of residence, if told.")
    is_representative: bool = strawberry.field(description="Whether the person speaks for a group.")


@strawberry.type(description="The petitioners of the case in clear; the read is in the ledger.")
class CaseIdentityReadPayload(CasePayload):
    """Payload of ``caseIdentityRead``."""

    petitioners: list[PetitionerIdentity] = strawberry.field(description="Petitioners and representatives.")


@strawberry.input(description="How to look for other cases of the same matter in your own office.")
class CaseMatterMatchInput(CaseInput):
    """Input of ``caseMatterMatch``."""

    by: MatchBy = strawberry.field(description="What to compare.")
    text: str | None = strawberry.field(default=None, description="TEXT: words to look for, 2 to 200 characters.")
    reason: str = strawberry.field(description="Why, 5 to 1,000 characters; the search is logged.")


@strawberry.type(description="Cases of your office that may be about the same matter, at most 20.")
class CaseMatterMatchPayload(CasePayload):
    """Payload of ``caseMatterMatch``."""

    matches: list[CaseType] = strawberry.field(description="What was found, newest first.")


@strawberry.type
class StaffingMutations:
    """Mutations about people who work on cases."""

    @mutation(CaseHandlerAssignPayload)
    async def case_handler_assign(
        self, info: strawberry.Info, input: CaseHandlerAssignInput
    ) -> CaseHandlerAssignPayload:
        """Give the case to a handler 承办人 of the holding office."""
        ctx, handler = info.context, person_id(input.person_id)
        return CaseHandlerAssignPayload(
            case=await changed_case(
                info,
                input,
                lambda uow, actor, now: assignment.assign_handler(
                    uow, ctx.policy, actor, **target(input), person_id=handler, now=now
                ),
            )
        )

    @mutation(CaseLeadAssignPayload)
    async def case_lead_assign(self, info: strawberry.Info, input: CaseLeadAssignInput) -> CaseLeadAssignPayload:
        """Put a leader in charge 包案. Custody stays."""
        ctx, leader = info.context, person_id(input.person_id)
        return CaseLeadAssignPayload(
            case=await changed_case(
                info,
                input,
                lambda uow, actor, now: assignment.assign_lead(
                    uow, ctx.policy, actor, **target(input), person_id=leader, reason=input.reason, now=now
                ),
            )
        )

    @mutation(CaseRecusePayload)
    async def case_recuse(self, info: strawberry.Info, input: CaseRecuseInput) -> CaseRecusePayload:
        """Declare a direct interest 回避: the officer can neither read the case nor act on it from then on."""
        ctx = info.context
        recused = person_id(input.person_id) if input.person_id is not None else None
        return CaseRecusePayload(
            case=await changed_case(
                info,
                input,
                lambda uow, actor, now: assignment.recuse(
                    uow, ctx.policy, actor, **target(input), person_id=recused, reason=input.reason, now=now
                ),
            )
        )

    @mutation(CaseReasonRecordPayload)
    async def case_reason_record(self, info: strawberry.Info, input: CaseReasonRecordInput) -> CaseReasonRecordPayload:
        """Open an ordinary case below to yourself for 24 hours by recording why; the holder sees it."""
        ctx = info.context
        return CaseReasonRecordPayload(
            case=await changed_case(
                info,
                input,
                lambda uow, actor, now: assignment.record_reason(
                    uow, ctx.policy, actor, **target(input), reason=input.reason, now=now
                ),
            )
        )

    @mutation(CaseIdentityReadPayload)
    async def case_identity_read(self, info: strawberry.Info, input: CaseIdentityReadInput) -> CaseIdentityReadPayload:
        """Read who brought the matter. Every read is recorded with its purpose and seen by the petitioner and by audit;
        nothing of what is read is kept for a replay, so a repeated key reads (and records) again."""
        ctx, which = info.context, target(input)
        found: list[identity.PetitionerRead] = []

        async def work(uow: UnitOfWork, actor: Actor, now: datetime) -> Outcome:
            done = await identity.read(
                uow, ctx.policy, ctx.keyring, actor,
                city_id=which["city_id"], case_id=which["case_id"],
                purpose=input.purpose, legal_power=input.legal_power, now=now,
            )  # fmt: skip
            found.extend(done.petitioners)
            return {}

        await perform(info, Unrepeatable(input), work)
        people = [
            PetitionerIdentity(
                name=each.name,
                phone=each.phone,
                address=each.address,
                residence_code=each.residence_code,
                is_representative=each.is_representative,
            )
            for each in found
        ]
        return CaseIdentityReadPayload(
            case=await shown_case(ctx, which["city_id"], which["case_id"]), petitioners=people
        )

    @mutation(CaseMatterMatchPayload)
    async def case_matter_match(self, info: strawberry.Info, input: CaseMatterMatchInput) -> CaseMatterMatchPayload:
        """Look for other cases of the same matter among those your office holds. Logged with the reason."""
        ctx, which = info.context, target(input)

        async def work(uow: UnitOfWork, actor: Actor, now: datetime) -> Outcome:
            done = await matching.find_same_matter(
                uow, ctx.policy, actor,
                city_id=which["city_id"], case_id=which["case_id"],
                by=input.by, text=input.text, reason=input.reason, now=now,
            )  # fmt: skip
            return {"matches": [[each.city_id, str(each.id)] for each in done.cases]}

        outcome = await perform(info, input, work)
        shown = [await shown_case(ctx, city_id, uuid.UUID(key)) for city_id, key in outcome["matches"]]
        return CaseMatterMatchPayload(
            case=await shown_case(ctx, which["city_id"], which["case_id"]),
            matches=[each for each in shown if each is not None],
        )


class Unrepeatable:
    """An input whose idempotency key is left out: the answer holds personal data, which is stored nowhere else."""

    def __init__(self, given: CaseInput) -> None:
        self.case_id = given.case_id
