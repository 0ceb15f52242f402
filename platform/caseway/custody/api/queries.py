"""Root fields that read orders: what waits for the acting office."""

from __future__ import annotations

import strawberry

from caseway.access.permissions import Permission
from caseway.cases.api.types import ORDER_ORDER, seen_case
from caseway.custody import loaders
from caseway.custody.api.types import OrderConnection, order_connection
from caseway.db.keyset import Window
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
        grow with the number of cases. A page may hold fewer rows than asked for."""
        context: Context = info.context
        actor = context.acting()
        wanted = page(
            first=first, after=after, last=last, before=before, order=ORDER_ORDER, filters={"inbox": actor.office_id}
        )
        async with context.reader() as session:
            found = await loaders.incoming(session, actor.office_id, wanted)
        views = {row.id: await seen_case(context, row.city_id, row.case_id) for row in found.rows}
        rows = [row for row in found.rows if (seen := views[row.id]) is not None and seen.may(Permission.CASE_CARD)]

        def texts(row: object) -> bool:
            seen = views[row.id]  # type: ignore[attr-defined]
            return seen is not None and seen.may(Permission.CASE_CONTENT)

        window = Window(rows, has_next=found.has_next, has_previous=found.has_previous, page=found.page)
        return order_connection(window, texts=texts)
