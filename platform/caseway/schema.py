"""The schema of the platform: the root types, put together from what every slice brings."""

from __future__ import annotations

import uuid
from collections.abc import Awaitable, Callable
from typing import Annotated

import strawberry

from caseway.access.permissions import Visibility
from caseway.administration.api import AdministrationMutations, AdministrationQueries
from caseway.calendars.api import CalendarMutations, CalendarQueries
from caseway.cases.api import mapped as cases_mapped
from caseway.cases.api.grading import GradingMutations
from caseway.cases.api.handling import HandlingMutations
from caseway.cases.api.queries import CaseQueries
from caseway.cases.api.staffing import StaffingMutations
from caseway.cases.api.types import CaseStubType, CaseType, seen_case, shown_case
from caseway.custody.api import mapped as custody_mapped
from caseway.custody.api.answering import AnsweringMutations
from caseway.custody.api.moving import MovingMutations
from caseway.custody.api.queries import CustodyQueries
from caseway.custody.api.types import shown_order
from caseway.escalation.api.operations import EscalationMutations, EscalationQueries
from caseway.escalation.api.types import shown_escalation
from caseway.gql import ids
from caseway.gql.build import build_schema
from caseway.gql.compiler.checking import check
from caseway.gql.compiler.mapping import catalogue
from caseway.gql.context import Context
from caseway.gql.fields import field
from caseway.gql.node import Node
from caseway.gql.perform import note_missed
from caseway.intake.api import IntakeMutations
from caseway.leads.api.operations import LeadsMutations, LeadsQueries
from caseway.leads.api.types import shown_link
from caseway.notices import api as notices
from caseway.notices.api import NoticeMutations, NoticeQueries, shown_notice, shown_task
from caseway.oversight.api.queries import OversightQueries
from caseway.people import mapped as people_mapped
from caseway.people.api import PeopleMutations, PeopleQueries
from caseway.people.office_api import OfficeQueries, office
from caseway.people.person_api import shown_membership, shown_person
from caseway.reception.api.planning import ReceptionMutations
from caseway.reception.api.queries import ReceptionQueries, shown_session
from caseway.rules.api.drafting import DraftingMutations
from caseway.rules.api.effective import EffectiveQueries
from caseway.rules.api.providing import PackQueries, ProvidingMutations
from caseway.rules.api.publishing import PublishingMutations
from caseway.rules.api.queries import RuleQueries
from caseway.rules.api.register import RegisterQueries
from caseway.supervision.api.operations import SupervisionMutations, SupervisionQueries
from caseway.supervision.api.types import shown_review
from caseway.whatif.api.queries import WhatIfQueries


@strawberry.type(description="Everything that can be read. Nothing that is asked here changes anything.")
class Query(
    PeopleQueries,
    OfficeQueries,
    CalendarQueries,
    CaseQueries,
    CustodyQueries,
    EscalationQueries,
    LeadsQueries,
    SupervisionQueries,
    ReceptionQueries,
    OversightQueries,
    NoticeQueries,
    RuleQueries,
    EffectiveQueries,
    PackQueries,
    WhatIfQueries,
    RegisterQueries,
    AdministrationQueries,
):
    """The root of queries."""

    @field()
    async def node(
        self,
        info: strawberry.Info,
        id: Annotated[strawberry.ID, strawberry.argument(description="Any global id.")],
    ) -> Node | None:
        """The object of a global id, as you may see it. Null for "not there" and "not yours" alike."""
        found = await find(info.context, id)
        if found is None:
            await note_missed(info.context, "node", id[: ids.LONGEST_ID])
        return found


@strawberry.type(description="Everything that can be done. Each mutation is one transaction.")
class Mutation(
    PeopleMutations,
    CalendarMutations,
    IntakeMutations,
    MovingMutations,
    AnsweringMutations,
    EscalationMutations,
    HandlingMutations,
    GradingMutations,
    StaffingMutations,
    LeadsMutations,
    SupervisionMutations,
    ReceptionMutations,
    NoticeMutations,
    DraftingMutations,
    PublishingMutations,
    ProvidingMutations,
    AdministrationMutations,
):
    """The root of mutations."""


#: Types whose ids are numbers, each with who shows an object of it to those who may see it.
_NUMBERED: dict[str, Callable[[Context, int], Awaitable[Node | None]]] = {
    "Person": shown_person,
    "Membership": shown_membership,
    "ReceptionSession": shown_session,
    "LiaisonLink": shown_link,
}


#: The same for types whose ids are UUIDs of no case.
_KEYED: dict[str, Callable[[Context, uuid.UUID], Awaitable[Node | None]]] = {
    "AccountabilityReview": shown_review,
    "AdminTask": shown_task,
}


async def _listed_case(context: Context, city_id: int, case_id: uuid.UUID) -> CaseType | None:
    """A case beside others in one list, looked up together with them; null below CARD."""
    seen = await seen_case(context, city_id, case_id)
    return CaseType.of(seen, now=context.now()) if seen is not None and seen.visibility >= Visibility.CARD else None


notices.cases.register(_listed_case)


async def find(context: Context, global_id: str) -> Node | None:
    """The object of a global id by its type; null for ids that are not ours."""
    try:
        type_name, _ = ids.split(global_id)
    except ids.MalformedId:
        return None
    if type_name == "Office" and (number := ids.try_decode_number("Office", global_id)) is not None:
        context.acting()
        return await office(context, number)
    shown = _NUMBERED.get(type_name)
    if shown is not None and (number := ids.try_decode_number(type_name, global_id)) is not None:
        return await shown(context, number)
    if (keyed := _KEYED.get(type_name)) is not None:
        match ids.try_decode(type_name, global_id):
            case (uuid.UUID() as found,):
                return await keyed(context, found)
        return None
    if type_name not in ("Case", "CaseStub", "Order", "Escalation", "OfficeNotice"):
        return None
    key = ids.try_decode_case_side(type_name, global_id)
    if key is None:
        return None
    if type_name == "Case":
        return await shown_case(context, *key)
    if type_name == "Order":
        return await shown_order(context, *key)
    if type_name == "Escalation":
        return await shown_escalation(context, *key)
    if type_name == "OfficeNotice":
        return await shown_notice(context, *key)
    seen = await seen_case(context, *key)
    return CaseStubType.of(seen) if seen is not None and seen.visibility == Visibility.STUB else None


schema = build_schema(Query, Mutation)
#: What of it is answered by compiled statements.
compiled = catalogue(
    types=[people_mapped.TYPES, cases_mapped.TYPES, custody_mapped.TYPES],
    roots=[people_mapped.ROOTS, cases_mapped.ROOTS, custody_mapped.ROOTS],
)
check(schema, compiled)
