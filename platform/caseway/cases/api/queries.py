"""Root fields that read cases: one by id, lists with filters, stubs, counts of an area."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any

import strawberry
from sqlalchemy.ext.asyncio import AsyncSession

from caseway.access.permissions import Permission
from caseway.cases import queries
from caseway.cases.api.types import CaseStubType, CaseType, shown_case
from caseway.cases.queries import CaseFilter, CaseOrder
from caseway.cases.visibility import CaseView
from caseway.cases.workflow import Channel, PetitionClass, Stage
from caseway.db.keyset import Page, Window
from caseway.errors import InvalidInput
from caseway.gql import ids
from caseway.gql.connection import After, Before, Connection, First, Last, connect, page
from caseway.gql.context import Context
from caseway.gql.enums import described
from caseway.gql.fields import field
from caseway.gql.perform import note_missed
from caseway.tenancy import repository as offices
from caseway.tenancy.models import Office


class OrderField(StrEnum):
    """What lists of cases are sorted by."""

    DUE_AT = "DUE_AT"
    REGISTERED_AT = "REGISTERED_AT"
    RECEIVED_AT = "RECEIVED_AT"


class Direction(StrEnum):
    """Up or down."""

    ASC = "ASC"
    DESC = "DESC"


described(
    OrderField,
    name="CaseOrderField",
    description="What lists of cases are sorted by; the id decides between equals.",
    values={
        "DUE_AT": "End of the earliest statutory limit; cases without one come last.",
        "REGISTERED_AT": "When the case was entered.",
        "RECEIVED_AT": "When the matter reached an office.",
    },
)
described(
    Direction,
    name="OrderDirection",
    description="Direction of an order.",
    values={"ASC": "Smallest or earliest first.", "DESC": "Largest or latest first."},
)


@strawberry.input(name="CaseOrder", description="How a list of cases is sorted.")
class CaseOrderInput:
    """One field and a direction."""

    field: OrderField = strawberry.field(description="What to sort by.")
    direction: Direction = strawberry.field(description="Which way.")


@strawberry.input(description="From an instant on, and before another; either may be left out.")
class InstantRange:
    """Half open."""

    since: datetime | None = strawberry.field(default=None, description="At or after this instant.")
    before: datetime | None = strawberry.field(default=None, description="Before this instant.")


@strawberry.input(
    name="CaseFilter",
    description="Narrows a list: fields are combined by AND, values of one field by OR. Absent means not narrowed.",
)
class CaseFilterInput:
    """Translated to ``queries.CaseFilter``."""

    stages: list[Stage] | None = strawberry.field(default=None, description="Any of these stages.")
    classes: list[PetitionClass] | None = strawberry.field(default=None, description="Any of these classes.")
    channels: list[Channel] | None = strawberry.field(default=None, description="Any of these channels.")
    fields: list[str] | None = strawberry.field(default=None, description="Any of these fields of matters.")
    within_office_id: strawberry.ID | None = strawberry.field(
        default=None, description="Held by this office or one below it; an unknown office holds nothing."
    )
    received_at: InstantRange | None = strawberry.field(default=None, description="When it reached an office.")
    due_at: InstantRange | None = strawberry.field(default=None, description="When its earliest limit ends.")
    is_open: bool | None = strawberry.field(default=None, description="Whether an office still owes something.")
    is_overdue: bool | None = strawberry.field(default=None, description="Whether its limit has passed.")
    text: str | None = strawberry.field(
        default=None, description="Words of title or claim of ordinary cases, 2 to 200 characters."
    )


@strawberry.type(description="How many cases of one class an area holds.")
class CaseCount:
    """COUNT visibility: no case behind it can be told."""

    petition_class: PetitionClass = strawberry.field(description="Class of the matters.")
    is_open: bool = strawberry.field(description="Open cases, or ended ones.")
    count: int | None = strawberry.field(description="How many; null if suppressed.")
    is_suppressed: bool = strawberry.field(description="Whether the number is under 5 and therefore not told.")


@strawberry.type
class CaseQueries:
    """Root fields about cases."""

    @field()
    async def case(
        self,
        info: strawberry.Info,
        id: Annotated[strawberry.ID, strawberry.argument(description="Global id of the case.")],
    ) -> CaseType | None:
        """One case by its id. Null for "not there" and "not yours" alike, also below CARD."""
        key = ids.try_decode_case_side("Case", id)
        info.context.acting()
        if key is None:
            return None
        found = await shown_case(info.context, *key)
        if found is None:
            await note_missed(info.context, "case", id)
        return found

    @field()
    async def cases(
        self,
        info: strawberry.Info,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
        filter: Annotated[CaseFilterInput | None, strawberry.argument(description="Narrows the list.")] = None,
        order_by: Annotated[
            CaseOrderInput | None, strawberry.argument(description="Order; by due date, earliest first, if absent.")
        ] = None,
    ) -> Connection[CaseType]:
        """The cases you see at least as cards, by keyset: the same cost for a hundred offices and for 700,000."""
        context: Context = info.context
        found, _ = await _page(context, filter, order_by, first, after, last, before)
        now, order = context.now(), order_of(order_by)
        return connect(found, node=lambda seen: CaseType.of(seen, now=now), key=lambda seen: order.values_of(seen.case))

    @field()
    async def case_stubs(
        self, info: strawberry.Info, first: First = None, after: After = None, last: Last = None, before: Before = None
    ) -> Connection[CaseStubType]:
        """Accusations that your office handed over, newest first."""
        context: Context = info.context
        actor, order = context.acting(), queries.STUB_ORDER
        wanted = page_of_stubs(context, first=first, after=after, last=last, before=before)
        async with context.reader() as session:
            found = await queries.stubs(session, context.policy, actor, page=wanted, now=context.now())
        return connect(found, node=CaseStubType.of, key=lambda seen: order.values_of(seen.case))

    @field(metadata={"list_size": 6})
    async def case_counts(
        self,
        info: strawberry.Info,
        office_id: Annotated[strawberry.ID, strawberry.argument(description="The office whose area is counted.")],
    ) -> list[CaseCount]:
        """How many cases the area of an office holds, by class: for those who count that area, empty for others.
        Accusations under 5 are suppressed; cases barred to you are not counted."""
        context: Context = info.context
        actor = context.acting()
        number = ids.try_decode_number("Office", office_id)
        if number is None:
            return []
        async with context.reader() as session:
            office = await offices.by_id(session, number)
            if office is None:
                return []
            found = await queries.counts(session, context.policy, actor, office=office)
        return [
            CaseCount(
                petition_class=PetitionClass(each.petition_class),
                is_open=each.is_open,
                count=each.cases,
                is_suppressed=each.cases is None,
            )
            for each in found
        ]


async def _page(
    context: Context,
    given: CaseFilterInput | None,
    order_by: CaseOrderInput | None,
    first: int | None,
    after: str | None,
    last: int | None,
    before: str | None,
) -> tuple[Window[CaseView], CaseOrder]:
    actor, order = context.acting(), order_of(order_by)
    wanted = page_of(context, given, order, first=first, after=after, last=last, before=before)
    async with context.reader() as session:
        within: Office | None = None
        if given is not None and given.within_office_id is not None:
            within = await office_within(session, given.within_office_id)
            if within is None:
                return Window([], has_next=False, has_previous=False, page=wanted), order
        found = await queries.cases(
            session,
            context.policy,
            actor,
            criteria=criteria_of(given, within),
            order=order,
            page=wanted,
            now=context.now(),
        )
    return found, order


def page_of(context: Context, given: CaseFilterInput | None, order: CaseOrder, **ends: Any) -> Page:
    """The page of ``cases`` that is asked for; its cursors are bound to order, filter and acting office."""
    marks = {"filter": repr(given), "office": context.acting().office_id, "permission": Permission.CASE_CARD}
    return page(**ends, order=order.name, filters=marks, width=queries.CASE_KEYS)


def page_of_stubs(context: Context, **ends: Any) -> Page:
    """The page of ``caseStubs`` that is asked for."""
    marks = {"office": context.acting().office_id, "permission": Permission.CASE_STUB}
    return page(**ends, width=queries.CASE_KEYS, order=queries.STUB_ORDER.name, filters=marks)


async def office_within(session: AsyncSession, global_id: str) -> Office | None:
    """The office to which a list is narrowed; null if there is none."""
    number = ids.try_decode_number("Office", global_id)
    return await offices.by_id(session, number) if number is not None else None


def criteria_of(given: CaseFilterInput | None, within: Office | None) -> CaseFilter:
    """What a list is narrowed to. Raises ``InvalidInput``."""
    if given is None:
        return CaseFilter()
    if any(not value.strip() for value in given.fields or []):
        raise InvalidInput([("filter.fields", "REQUIRED", "Name a field, or leave the list out.")])
    received, due = given.received_at or InstantRange(), given.due_at or InstantRange()
    return CaseFilter(
        stages=tuple(given.stages or ()),
        classes=tuple(given.classes or ()),
        channels=tuple(given.channels or ()),
        fields=tuple(given.fields or ()),
        within=within,
        received_from=received.since,
        received_before=received.before,
        due_from=due.since,
        due_before=due.before,
        is_open=given.is_open,
        is_overdue=given.is_overdue,
        text=given.text,
    )


def order_of(given: CaseOrderInput | None) -> CaseOrder:
    """The order that is asked for."""
    if given is None:
        return CaseOrder.DUE_AT_ASC
    return CaseOrder[f"{given.field.value}_{given.direction.value}"]
