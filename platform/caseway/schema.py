"""The schema of the platform: the root types, put together from what every slice brings."""

from __future__ import annotations

from typing import Annotated

import strawberry

from caseway.access.permissions import Visibility
from caseway.administration.api import AdministrationMutations, AdministrationQueries
from caseway.cases.api.handling import HandlingMutations
from caseway.cases.api.queries import CaseQueries
from caseway.cases.api.staffing import StaffingMutations
from caseway.cases.api.types import CaseStubType, seen_case, shown_case
from caseway.custody.api.answering import AnsweringMutations
from caseway.custody.api.moving import MovingMutations
from caseway.custody.api.queries import CustodyQueries
from caseway.custody.api.types import shown_order
from caseway.gql import ids
from caseway.gql.build import build_schema
from caseway.gql.context import Context
from caseway.gql.fields import field
from caseway.gql.node import Node
from caseway.gql.perform import note_missed
from caseway.intake.api import IntakeMutations
from caseway.people.api import PeopleMutations, PeopleQueries
from caseway.people.office_api import OfficeQueries, office
from caseway.people.person_api import shown_membership, shown_person


@strawberry.type(description="Everything that can be read. Nothing that is asked here changes anything.")
class Query(PeopleQueries, OfficeQueries, CaseQueries, CustodyQueries, AdministrationQueries):
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
    IntakeMutations,
    MovingMutations,
    AnsweringMutations,
    HandlingMutations,
    StaffingMutations,
    AdministrationMutations,
):
    """The root of mutations."""


async def find(context: Context, global_id: str) -> Node | None:
    """The object of a global id by its type; null for ids that are not ours."""
    try:
        type_name, _ = ids.split(global_id)
    except ids.MalformedId:
        return None
    if type_name == "Office" and (number := ids.try_decode_number("Office", global_id)) is not None:
        context.acting()
        return await office(context, number)
    if type_name == "Person" and (number := ids.try_decode_number("Person", global_id)) is not None:
        return await shown_person(context, number)
    if type_name == "Membership" and (number := ids.try_decode_number("Membership", global_id)) is not None:
        return await shown_membership(context, number)
    if type_name not in ("Case", "CaseStub", "Order"):
        return None
    key = ids.try_decode_case_side(type_name, global_id)
    if key is None:
        return None
    if type_name == "Case":
        return await shown_case(context, *key)
    if type_name == "Order":
        return await shown_order(context, *key)
    seen = await seen_case(context, *key)
    return CaseStubType.of(seen) if seen is not None and seen.visibility == Visibility.STUB else None


schema = build_schema(Query, Mutation)
