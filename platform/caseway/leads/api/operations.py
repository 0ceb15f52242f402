"""What is asked and done about links of leaders and responsibility lists."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Annotated

import strawberry

from caseway.access.actor import Actor
from caseway.cases.api.inputs import CaseInput, change, office_id, person_id, target
from caseway.cases.api.types import seen_case
from caseway.custody.api.moving import SendPayload, shown
from caseway.db.session import UnitOfWork
from caseway.errors import NotFound
from caseway.gql import ids
from caseway.gql.connection import After, Before, Connection, First, Last, connect, page
from caseway.gql.context import Context
from caseway.gql.errors import mutation
from caseway.gql.fields import field
from caseway.gql.perform import Outcome, perform
from caseway.leads import links, loaders, service
from caseway.leads.api.types import LiaisonLinkType, ResponsibilityListType, list_of, shown_link
from caseway.leads.loaders import LINK_ORDER

_KEY = "8 to 255 printable characters. A repeat with the same key and input does nothing again; kept seven days."


@strawberry.input(description="A key case, the unit that is to solve it, and who answers for it.")
class ResponsibilityListDeliverInput(CaseInput):
    """Input of ``responsibilityListDeliver``."""

    solving_office_id: strawberry.ID = strawberry.field(description="The unit: inside the area of your seat.")
    lead_person_id: strawberry.ID = strawberry.field(
        description="The leader in charge: of the unit, or of the government it belongs to."
    )
    handler_person_id: strawberry.ID = strawberry.field(description="The officer of the unit who handles it.")
    instruction: str = strawberry.field(description="What is to be done, up to 1,000 characters.")


@strawberry.type(description="The case, the order that brings it to the unit, and the list that was delivered.")
class ResponsibilityListDeliverPayload(SendPayload):
    """Payload of ``responsibilityListDeliver``."""

    responsibility_list: ResponsibilityListType | None = strawberry.field(
        description="The list; null if it is not yours to see."
    )


@strawberry.input(description="Which leader is linked to which area.")
class LiaisonLinkSetInput:
    """Input of ``liaisonLinkSet``."""

    person_id: strawberry.ID = strawberry.field(description="A leader with a post in a government above the area.")
    area_id: strawberry.ID = strawberry.field(description="The area: an office, such as a town.")
    idempotency_key: str | None = strawberry.field(default=None, description=_KEY)


@strawberry.type(description="The link that is in force now.")
class LiaisonLinkSetPayload:
    """Payload of ``liaisonLinkSet``."""

    link: LiaisonLinkType = strawberry.field(description="The link.")


@strawberry.input(description="The link to end.")
class LiaisonLinkEndInput:
    """Input of ``liaisonLinkEnd``."""

    link_id: strawberry.ID = strawberry.field(description="The link.")
    idempotency_key: str | None = strawberry.field(default=None, description=_KEY)


@strawberry.type(description="The link that has ended.")
class LiaisonLinkEndPayload:
    """Payload of ``liaisonLinkEnd``."""

    link: LiaisonLinkType = strawberry.field(description="The link.")


@strawberry.type
class LeadsQueries:
    """Root fields about linked leaders."""

    @field()
    async def liaison_links(
        self,
        info: strawberry.Info,
        office_id: Annotated[
            strawberry.ID, strawberry.argument(description="An office: of the leaders, or the area they are linked to.")
        ],
        with_ended: Annotated[
            bool, strawberry.argument(description="Also those that are not in force any more.")
        ] = False,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> Connection[LiaisonLinkType]:
        """Which leaders are linked to which areas 联系包保, in the order in which they were set. Seen by all staff."""
        context: Context = info.context
        context.acting()
        number = ids.try_decode_number("Office", office_id)
        marks = {"office": number or 0, "ended": with_ended}
        wanted = page(first=first, after=after, last=last, before=before, order=LINK_ORDER, filters=marks)
        async with context.reader() as session:
            found = await loaders.page_of_links(session, number or 0, wanted, at=context.now(), with_ended=with_ended)
        return connect(found, node=LiaisonLinkType.of, key=lambda row: (row.valid_from, row.id))


@strawberry.type
class LeadsMutations:
    """Mutations about key cases and linked leaders."""

    @mutation(ResponsibilityListDeliverPayload)
    async def responsibility_list_deliver(
        self, info: strawberry.Info, input: ResponsibilityListDeliverInput
    ) -> ResponsibilityListDeliverPayload:
        """Assign a key case to its solving unit and deliver the responsibility list to the unit and to the leaders
        linked to the area, all at once or not at all 一单双交."""
        context: Context = info.context
        unit = office_id(input.solving_office_id)
        lead, handler = person_id(input.lead_person_id), person_id(input.handler_person_id)
        outcome = await change(
            info,
            input,
            lambda uow, actor, now: service.deliver(
                uow, context.policy, actor, **target(input),
                solving_office_id=unit, lead_person_id=lead, handler_person_id=handler,
                instruction=input.instruction, now=now,
            ),
        )  # fmt: skip
        case, order = await shown(info, outcome)
        seen = await seen_case(context, outcome["city"], uuid.UUID(outcome["case"]))
        delivered = await list_of(context, seen) if seen is not None else None
        return ResponsibilityListDeliverPayload(case=case, order=order, responsibility_list=delivered)

    @mutation(LiaisonLinkSetPayload)
    async def liaison_link_set(self, info: strawberry.Info, input: LiaisonLinkSetInput) -> LiaisonLinkSetPayload:
        """Link a leader to an area from now on 联系包保."""
        context, leader, area = info.context, person_id(input.person_id), office_id(input.area_id)

        async def work(uow: UnitOfWork, actor: Actor, now: datetime) -> Outcome:
            row = await links.link(uow, context.policy, actor, person_id=leader, area_id=area, now=now)
            return {"link": row.id}

        return LiaisonLinkSetPayload(link=await _link(context, await perform(info, input, work)))

    @mutation(LiaisonLinkEndPayload)
    async def liaison_link_end(self, info: strawberry.Info, input: LiaisonLinkEndInput) -> LiaisonLinkEndPayload:
        """End the link of a leader to an area; what was delivered to the leader for it is no longer theirs to see."""
        context, link_id = info.context, ids.decode_number("LiaisonLink", input.link_id)

        async def work(uow: UnitOfWork, actor: Actor, now: datetime) -> Outcome:
            row = await links.end(uow, context.policy, actor, link_id=link_id, now=now)
            return {"link": row.id}

        return LiaisonLinkEndPayload(link=await _link(context, await perform(info, input, work)))


async def _link(context: Context, outcome: Outcome) -> LiaisonLinkType:
    found = await shown_link(context, int(outcome["link"]))
    if found is None:
        raise NotFound
    return found
