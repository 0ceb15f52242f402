"""The cases behind a number: what happened in an area in a period, or what is open there now."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from caseway.access.actor import Actor
from caseway.access.permissions import Permission
from caseway.access.plans_sql import predicate
from caseway.access.policy import Policy
from caseway.calendars.periods import local_day, midnight
from caseway.cases.models import Case
from caseway.db.keyset import Page, Window
from caseway.oversight import reading
from caseway.oversight.counts import Count
from caseway.oversight.errors import FigureNotListed
from caseway.oversight.reading import Behind
from caseway.oversight.tables import Question, check
from caseway.tenancy import repository as offices


def width(count: Count) -> int:
    """Number of sort keys of the list behind a count."""
    return len(reading.STOCK_KEYS if count.is_stock else reading.FLOW_KEYS)


def is_listed(count: Count) -> bool:
    """Whether the cases behind a count can be listed: not those whose limit has passed, which `cases` lists by due
    date."""
    return "_OVERDUE_" not in count


async def behind(
    session: AsyncSession,
    policy: Policy,
    actor: Actor,
    question: Question,
    count: Count,
    *,
    own: bool,
    page: Page,
    now: datetime,
) -> Window[Behind]:
    """The cases behind a count, as far as the actor sees them at least as cards now, newest first; ``own`` = those of
    the office itself alone. What happened is listed once for each time; what is open only as of now.
    Raises ``FigureNotListed``, ``FigurePeriodInvalid``."""
    check(question, now=now)
    visible = predicate(policy, actor, Permission.CASE_CARD, now=now, cases=Case)
    if not count.is_stock:
        moved = await offices.has_moved(session, question.office)
        return await reading.behind_flow(
            session, question.office, count,
            own=own, moved=moved, first=question.first, last=question.last, as_of=question.as_of,
            narrowing=question.narrowing, visible=visible, page=page,
        )  # fmt: skip
    today = local_day(now)
    if not is_listed(count) or min(question.last, question.as_of) != today:
        raise FigureNotListed
    return await reading.behind_stock(
        session, question.office,
        own=own, registered_before=_registered_before(count, today), narrowing=question.narrowing, visible=visible,
        page=page,
    )  # fmt: skip


def _registered_before(count: Count, today: date) -> datetime | None:
    if count is Count.OPEN:
        return None
    return midnight(today - timedelta(days=int(count.rpartition("_")[2])))
