"""Root fields that read orders: what waits for the acting office."""

from __future__ import annotations

from typing import Any

import strawberry

from caseway.access.permissions import Permission
from caseway.access.plans_sql import predicate
from caseway.cases.api.types import ORDER_ORDER, seen_case
from caseway.cases.models import Case
from caseway.custody import loaders
from caseway.custody.api.types import OrderConnection, order_connection
from caseway.custody.models import Order
from caseway.db.keyset import Page
from caseway.gql.connection import After, Before, First, Last, page
from caseway.gql.context import Context
from caseway.gql.fields import field


@strawberry.type
class CustodyQueries:
    """Root fields about orders."""

    @field()
    async def incoming_orders(
        self, info: strawberry.Info, first: First = None, after: After = None, last: Last = None, before: Before = None
    ) -> OrderConnection:
        """Orders that wait for your office to sign, reply, advise or help, oldest first. One index: the cost does not
        grow with the number of cases."""
        context: Context = info.context
        actor = context.acting()
        wanted = page_of_incoming(context, first=first, after=after, last=last, before=before)
        async with context.reader() as session:
            cards = predicate(context.policy, actor, Permission.CASE_CARD, now=context.now(), cases=Case)
            found = await loaders.incoming(session, actor.office_id, wanted, seen=cards)
        views = {row.id: await seen_case(context, row.city_id, row.case_id) for row in found.rows}

        def texts(row: Order) -> bool:
            seen = views[row.id]
            return seen is not None and seen.may(Permission.CASE_CONTENT)

        return order_connection(found, texts=texts)


def page_of_incoming(context: Context, **ends: Any) -> Page:
    """The page of ``incomingOrders`` that is asked for."""
    return page(**ends, order=ORDER_ORDER, filters={"inbox": context.acting().office_id})
