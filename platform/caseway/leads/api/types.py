"""Links of leaders and responsibility lists on the graph."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import strawberry

from caseway.access.permissions import Permission
from caseway.cases.api.parts import parts
from caseway.cases.visibility import CaseView
from caseway.custody.api.types import OrderType, shown_order
from caseway.gql import ids
from caseway.gql.context import Context
from caseway.gql.fields import field
from caseway.gql.node import Node
from caseway.leads import loaders
from caseway.leads.models import LiaisonLink, ResponsibilityList
from caseway.people.api import PersonType, known_person
from caseway.people.office_api import OfficeType, known_office


@strawberry.type(
    name="LiaisonLink",
    description="A leader linked to an area 联系包保, to know its matters and help solve them.",
)
class LiaisonLinkType(Node):
    """Says nothing about cases."""

    row: strawberry.Private[LiaisonLink]
    valid_from: datetime = strawberry.field(description="Since when.")
    valid_to: datetime | None = strawberry.field(description="Until when; null while it is in force.")

    @classmethod
    def of(cls, row: LiaisonLink) -> LiaisonLinkType:
        """The GraphQL object of a row."""
        return cls(
            id=strawberry.ID(ids.encode("LiaisonLink", row.id)),
            row=row,
            valid_from=row.valid_from,
            valid_to=row.valid_to,
        )

    @field()
    async def leader(self, info: strawberry.Info) -> PersonType:
        """The leader."""
        return await known_person(info.context, self.row.person_id)

    @field()
    async def office(self, info: strawberry.Info) -> OfficeType:
        """The office in which the leader has the post for which the link stands."""
        return await known_office(info.context, self.row.office_id)

    @field()
    async def area(self, info: strawberry.Info) -> OfficeType:
        """The area, such as a town."""
        return await known_office(info.context, self.row.area_id)


@strawberry.type(
    name="ResponsibilityList",
    description="Who answers for a key case 责任清单: the unit that solves it, the leader, the handler. There is no "
    "other role.",
)
class ResponsibilityListType:
    """Delivered to the unit and to the linked leaders at the same instant, or to nobody."""

    row: strawberry.Private[ResponsibilityList]
    delivered_at: datetime = strawberry.field(description="When it was delivered.")
    book: str = strawberry.field(description="Code of the rule book that asks for it.")
    book_version: int = strawberry.field(description="Version of the book.")
    rule: str = strawberry.field(description="Id of the rule in its book.")

    @classmethod
    def of(cls, row: ResponsibilityList) -> ResponsibilityListType:
        """The GraphQL object of a row."""
        return cls(
            row=row,
            delivered_at=row.delivered_at,
            book=row.rule_book,
            book_version=row.rule_version,
            rule=row.rule_row,
        )

    @field()
    async def solving_unit(self, info: strawberry.Info) -> OfficeType:
        """化解责任单位: the unit that solves the matter."""
        return await known_office(info.context, self.row.solving_office_id)

    @field()
    async def lead_leader(self, info: strawberry.Info) -> PersonType:
        """包案责任领导: the leader in charge."""
        return await known_person(info.context, self.row.lead_person_id)

    @field()
    async def named_handler(self, info: strawberry.Info) -> PersonType:
        """具体责任人: the officer who handles it."""
        return await known_person(info.context, self.row.handler_person_id)

    @field()
    async def delivered_by(self, info: strawberry.Info) -> OfficeType:
        """The office that assigned the case and delivered the list."""
        return await known_office(info.context, self.row.office_id)

    @field(metadata={"list_size": 1})
    async def linked_leaders(self, info: strawberry.Info) -> list[PersonType]:
        """Leaders linked to the area to whom it was delivered as well; none where no rule asks for that."""
        return [await known_person(info.context, each) for each in self.row.linked_person_ids]

    @field()
    async def order(self, info: strawberry.Info) -> OrderType | None:
        """The order that brings the case to the unit; null if it held the case already, or if it is not yours to
        see."""
        if self.row.order_id is None:
            return None
        return await shown_order(info.context, self.row.city_id, self.row.order_id)


async def list_of(context: Context, seen: CaseView) -> ResponsibilityListType | None:
    """The list of a case as the viewer may see it, batched over the request."""
    if not seen.may(Permission.CASE_LIST):
        return None

    async def load(wanted: list[Any]) -> list[ResponsibilityList | None]:
        async with context.reader() as session:
            found = await loaders.lists(session, wanted)
        return [found.get(key) for key in wanted]

    row: ResponsibilityList | None = await context.loader("responsibility_list", load).load(
        (seen.case.city_id, seen.case.id)
    )
    return ResponsibilityListType.of(row) if row is not None else None


async def _answer(info: strawberry.Info, seen: CaseView) -> ResponsibilityListType | None:
    return await list_of(info.context, seen)


parts.answers(responsibility_list=_answer)


async def shown_link(context: Context, link_id: int) -> LiaisonLinkType | None:
    """A link by its number, for ``node(id:)``; null if there is none. Every member of staff may see links."""
    context.acting()
    async with context.reader() as session:
        row = await loaders.link(session, link_id)
    return LiaisonLinkType.of(row) if row is not None else None
