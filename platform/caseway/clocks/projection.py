"""Dates that wait for the calendar of their year: which cases have one, and where each would go under another calendar.

At 100 and at 700,000 offices alike this reads only what is provisional: a partial index holds those clock events and
nothing else; pages follow each other by the key of the case, in bounded memory.
"""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from caseway.calendars import service as calendars
from caseway.calendars.workdays import Calendar
from caseway.clocks import course, repository
from caseway.clocks.workflow import ClockKind, ClockState, PinnedLimit, derive

#: Cases looked at between two questions to the database.
PAGE = 500
CaseRef = tuple[int, uuid.UUID]


@dataclass(frozen=True, slots=True)
class Moved:
    """A clock whose date would be another one, or would be settled."""

    city_id: int
    case_id: uuid.UUID
    kind: ClockKind
    office_id: int
    due_at: datetime
    new_due_at: datetime
    #: Whether the new date is still provisional.
    provisional: bool


async def waiting(session: AsyncSession, *, after: CaseRef | None = None, limit: int = PAGE) -> list[CaseRef]:
    """Cases with a provisional date among their clock events, also of clocks that have stopped since, in the order of
    their keys."""
    return await repository.provisional_cases(session, after=after, limit=limit)


def projected(clock: ClockState, calendar: Calendar) -> course.Course:
    """The dates of a clock if all its events were counted by one calendar."""
    first, *later = clock.steps
    return course.follow(clock.started_at, [PinnedLimit.of(each) for each in first.facts["limits"]], later, calendar)


def stays(clock: ClockState, after: course.Course) -> bool:
    """Whether neither a date nor its being provisional would change."""
    return [(each.at, each.provisional) for each in after.dues] == [
        (each.due_at, each.provisional) for each in clock.limits
    ]


async def preview(
    session: AsyncSession,
    change: Callable[[Calendar], Calendar],
    *,
    progress: Callable[[int], None] = lambda seen: None,
) -> AsyncIterator[Moved]:
    """Every running clock that a change of the calendar would move or settle, by the key of its case. ``change`` makes
    the calendar of an office into the one to come; ``progress`` hears how many cases were looked at. Writes nothing."""
    after: CaseRef | None = None
    seen = 0
    while found := await waiting(session, after=after):
        for city_id, case_id in found:
            for clock in derive(await repository.events(session, city_id, case_id)):
                if clock.is_running and clock.provisional:
                    calendar = change(await calendars.for_office(session, clock.office_id))
                    new = projected(clock, calendar)
                    if not stays(clock, new):
                        soonest = min(new.dues, key=lambda each: each.at)
                        yield Moved(
                            city_id, case_id, clock.kind, clock.office_id, clock.due_at, soonest.at,
                            any(each.provisional for each in new.dues),
                        )  # fmt: skip
        seen += len(found)
        progress(seen)
        after = found[-1]
