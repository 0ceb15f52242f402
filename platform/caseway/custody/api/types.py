"""Orders and the chain of holders on the graph."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

import strawberry

from caseway.access.permissions import Permission
from caseway.calendars import service as calendars
from caseway.cases.api.parts import parts
from caseway.cases.api.types import CaseType, seen_case, shown_case
from caseway.cases.visibility import CaseView
from caseway.clocks.arithmetic import day_of
from caseway.custody import loaders
from caseway.custody.models import Custody, Order
from caseway.custody.workflow import SPECS, Duty, OrderKind, OrderSpec, OrderState
from caseway.db.keyset import Page, Window
from caseway.gql import ids
from caseway.gql.connection import Edge, PageInfo, connect
from caseway.gql.context import Context
from caseway.gql.enums import described
from caseway.gql.fields import field
from caseway.gql.node import Node
from caseway.people.api import PersonType, known_person
from caseway.people.office_api import OfficeType, known_office

described(
    OrderKind,
    name="OrderKind",
    description="What one office asks of another about a case.",
    values={
        "FORWARD": "转送: to the competent office, same level or down.",
        "ASSIGN": "交办: down, with a limit and a closing report.",
        "HAND_OVER": "移交: to an office at the side.",
        "ACCUSATION_HAND_OVER": "检举移送: to the discipline body; the sender keeps a stub.",
        "TAKE_UP": "提级办理: up one level.",
        "HAND_BACK": "交还: back from a take-up, with what is still to be done.",
        "KEY_ASSIGN": "重点事项交办: to the solving unit, with the responsibility list.",
        "DECIDED": "指定管辖: to the office that a superior named as competent.",
        "BACKSTOP": "兜底: the backstop office holds while competence is disputed.",
        "MOVE_UP": "Up, because nobody of the holder may act.",
        "SUCCESSION": "To the successor of an office that was merged or abolished (art. 24).",
        "ADVICE": "提级研判: the office above advises; custody stays.",
        "REPORT_UP": "上报: information for an upper office; custody stays.",
        "ASSIST": "协办: help; custody stays.",
        "SUPERVISE": "督办: press for a written reply; custody stays.",
        "COPY": "抄送: for information; custody stays.",
    },
)
described(
    OrderState,
    name="OrderState",
    description="Where an order stands in its life.",
    values={
        "SENT": "Sent.",
        "DELIVERED": "Delivered: the receiver's limits run; the sender still holds the case.",
        "SIGNED": "签收: signed for; custody has moved.",
        "OBJECTED": "异议: the receiver disputes its competence.",
        "RETURNED": "退回: taken back by the sender or by decision.",
        "UPHELD": "The objection was refused.",
        "SETTLED": "The dispute ended otherwise.",
        "RECALLED": "撤回: taken back before it was signed.",
        "REFUSED": "The upper office did not take the case.",
        "DONE": "Done, where custody does not move.",
    },
)
described(
    Duty,
    name="OrderDuty",
    description="What the receiver owes the sender in the end.",
    values={
        "NONE": "Nothing.",
        "OUTCOME": "The outcome is visible to the sender.",
        "CLOSING_REPORT": "A closing report by the limit.",
        "CONTRIBUTION": "A contribution.",
        "ADVICE": "Advice.",
        "WRITTEN_REPLY": "A written reply by the limit.",
    },
)


@strawberry.type(description="One office held the case from an instant to another.")
class CustodyInterval:
    """Half open: ``[from_at, to_at)``."""

    seq: int = strawberry.field(description="0, 1, 2 … from the registration on.")
    from_at: datetime = strawberry.field(description="From this instant.")
    to_at: datetime | None = strawberry.field(description="Until before this instant; null for the present holder.")
    office_id: strawberry.Private[int]

    @classmethod
    def of(cls, row: Custody) -> CustodyInterval:
        """The GraphQL object of a row."""
        return cls(seq=row.seq, from_at=row.from_at, to_at=row.to_at, office_id=row.office_id)

    @field()
    async def office(self, info: strawberry.Info) -> OfficeType:
        """Who held it."""
        return await known_office(info.context, self.office_id)

    @field()
    async def days(self, info: strawberry.Info) -> int:
        """Calendar days in these hands, in China's time zone: from the day it came to the day it went, or today."""
        return (day_of(self.to_at or info.context.now()) - day_of(self.from_at)).days

    @field()
    async def workdays(self, info: strawberry.Info) -> int:
        """Working days in these hands, by the office's calendar; the day it came is not counted. This measures the
        office: no transfer touches the limits of the case."""
        async with info.context.reader() as session:
            calendar = await calendars.for_office(session, self.office_id)
        return calendar.workdays_between(day_of(self.from_at), day_of(self.to_at or info.context.now()))


@strawberry.type(name="Order", description="One order between two offices about a case.")
class OrderType(Node):
    """Its texts are content: null for those who see less, unless their office wrote it."""

    row: strawberry.Private[Order]
    kind: OrderKind = strawberry.field(description="What is asked.")
    state: OrderState = strawberry.field(description="Where it stands.")
    moves_custody: bool = strawberry.field(description="Whether custody moves at sign-for.")
    duty: Duty = strawberry.field(description="What the receiver owes the sender.")
    sent_at: datetime = strawberry.field(description="When it was sent.")
    delivered_at: datetime | None = strawberry.field(description="When it was delivered: the receiver's limits run.")
    signed_at: datetime | None = strawberry.field(description="When it was signed for, or receipt was deemed.")
    is_deemed: bool = strawberry.field(description="Whether receipt was deemed because nobody signed in time.")
    objected_at: datetime | None = strawberry.field(description="When the receiver objected.")
    ended_at: datetime | None = strawberry.field(description="When it came to its end.")
    report_due_at: datetime | None = strawberry.field(description="When the report or reply is due, exclusive.")
    instruction: str | None = strawberry.field(description="What the sender wrote; content.")
    objection: str | None = strawberry.field(description="Why the receiver objected; content.")

    @classmethod
    def of(cls, row: Order, *, with_texts: bool) -> OrderType:
        """The GraphQL object of a row."""
        spec: OrderSpec = SPECS[OrderKind(row.kind)]
        return cls(
            id=strawberry.ID(ids.encode("Order", row.city_id, row.id)),
            row=row,
            kind=OrderKind(row.kind),
            state=OrderState(row.state),
            moves_custody=row.moves_custody,
            duty=spec.duty,
            sent_at=row.sent_at,
            delivered_at=row.delivered_at,
            signed_at=row.signed_at,
            is_deemed=row.signed_at is not None and row.signed_by == 0,
            objected_at=row.objected_at,
            ended_at=row.ended_at,
            report_due_at=row.report_due_at,
            instruction=row.instruction if with_texts else None,
            objection=row.objection if with_texts else None,
        )

    @field()
    async def sender(self, info: strawberry.Info) -> OfficeType:
        """The office that sent it."""
        return await known_office(info.context, self.row.sender_id)

    @field()
    async def receiver(self, info: strawberry.Info) -> OfficeType:
        """The office it was sent to."""
        return await known_office(info.context, self.row.receiver_id)

    @field()
    async def signed_by(self, info: strawberry.Info) -> PersonType | None:
        """Who signed for it; null if nobody did, if receipt was deemed, or outside the two offices."""
        inside = info.context.acting().office_id in (self.row.sender_id, self.row.receiver_id)
        return await known_person(info.context, self.row.signed_by) if inside and self.row.signed_by else None

    @field(metadata={"list_size": 2})
    async def copied(self, info: strawberry.Info) -> list[OfficeType]:
        """Offices that were copied because the order went down over their heads."""
        return [await known_office(info.context, each) for each in self.row.copied_office_ids]

    @field()
    async def case(self, info: strawberry.Info) -> CaseType | None:
        """The case it is about; null below CARD."""
        return await shown_case(info.context, self.row.city_id, self.row.case_id)


@strawberry.type(description="One page of orders.")
class OrderConnection:
    """Relay's connection of orders."""

    edges: list[Edge[OrderType]] = strawberry.field(description="The orders with their cursors.")
    nodes: list[OrderType] = strawberry.field(description="The orders alone.")
    page_info: PageInfo = strawberry.field(description="Where this page lies in the list.")


def order_connection(found: Window[Order], *, texts: Any) -> OrderConnection:
    """A window of orders; ``texts(row)`` says whether the viewer sees what was written."""
    page = connect(
        found, node=lambda row: OrderType.of(row, with_texts=texts(row)), key=lambda row: (row.sent_at, row.id)
    )
    return OrderConnection(edges=page.edges, nodes=page.nodes, page_info=page.page_info)


class _Part:
    """What ``Case`` shows of custody."""

    async def intervals(self, info: strawberry.Info, seen: CaseView) -> list[CustodyInterval]:
        """All for those who see the history, else those of the own office."""
        context: Context = info.context
        async with context.reader() as session:
            found = await loaders.intervals(session, [(seen.case.city_id, seen.case.id)])
        mine = None if seen.may(Permission.CASE_HISTORY) else context.acting().office_id
        rows = found[seen.case.city_id, seen.case.id]
        return [CustodyInterval.of(row) for row in rows if mine is None or row.office_id == mine]

    async def orders(self, info: strawberry.Info, seen: CaseView, page: Page) -> OrderConnection:
        """All for those who see the history, else those that the own office sent or received."""
        context: Context = info.context
        mine = context.acting().office_id
        only = None if seen.may(Permission.CASE_HISTORY) else mine
        async with context.reader() as session:
            found = await loaders.page_of_orders(session, seen.case, page, office_id=only)
        return order_connection(found, texts=lambda row: seen.may(Permission.CASE_CONTENT) or row.sender_id == mine)


parts.register(custody=_Part())


async def shown_order(context: Context, city_id: int, order_id: uuid.UUID) -> OrderType | None:
    """An order as the viewer sees it: like in the list of its case; null for "not there" and "not yours"."""
    async with context.reader() as session:
        row = await loaders.order(session, city_id, order_id)
    if row is None:
        return None
    seen = await seen_case(context, row.city_id, row.case_id)
    mine = context.acting().office_id
    if seen is None or not (seen.may(Permission.CASE_HISTORY) or mine in (row.sender_id, row.receiver_id)):
        return None
    return OrderType.of(row, with_texts=seen.may(Permission.CASE_CONTENT) or row.sender_id == mine)
