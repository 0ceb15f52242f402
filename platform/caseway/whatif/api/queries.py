"""The root field that tries a draft out."""

from __future__ import annotations

from time import monotonic
from typing import Annotated

import strawberry

from caseway.gql import ids
from caseway.gql.context import Context
from caseway.gql.fields import field
from caseway.rules import reading
from caseway.tenancy import repository as offices
from caseway.whatif import service
from caseway.whatif.api.types import MonthsArgument, RuleWhatIf
from caseway.whatif.errors import NothingToTry

#: Cases that one answer looks at: some seconds of work. On a machine that is too slow for them it stops in time.
MOST_CASES = 200
_SHARE_OF_TIME = 0.8


@strawberry.type
class WhatIfQueries:
    """Root fields about drafts tried out."""

    @field(metadata={"weight": 500})
    async def rule_what_if(
        self,
        info: strawberry.Info,
        office_id: Annotated[strawberry.ID, strawberry.argument(description="Your own office.")],
        months: MonthsArgument,
    ) -> RuleWhatIf | None:
        """The draft of your own office, tried out on the cases that its area has held in the last months: what would
        have been due, late and escalated. Null while there is no draft that you may read. Cases about your office or
        you are left out."""
        context: Context = info.context
        actor = context.acting()
        number = ids.try_decode_number("Office", office_id)
        if number is None or not reading.reads_drafts(context.policy, actor, number):
            return None
        looked_back = service.checked(months)
        async with context.reader() as session:
            office = await offices.by_id(session, number)
            if office is None:
                return None
            try:
                draft = await service.draft_of(session, office, now=context.now())
            except NothingToTry:
                return None
        ends = monotonic() + _SHARE_OF_TIME * context.settings.request_timeout_seconds
        async with context.reader(service.scope_for(actor.bars)) as session:
            found = await service.newest(
                session, office, draft,
                months=looked_back, now=context.now(), most=MOST_CASES, goes_on=lambda: monotonic() < ends,
            )  # fmt: skip
        return RuleWhatIf.of(found)
