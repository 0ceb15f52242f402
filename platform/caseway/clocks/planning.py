"""Which timers a clock needs: one for each limit that may pass, one for each reminder before it.

Timers are planned in the transaction that writes the clock event, and only by clock events: nothing else in the
platform can delay or dodge one. A timer whose instant has come stays, whatever happens afterwards, so that a slow
worker hides no lateness.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from caseway.calendars.workdays import Calendar
from caseway.clocks import repository
from caseway.clocks.arithmetic import before
from caseway.clocks.timers import TimerKind
from caseway.clocks.workflow import ClockKind, ClockState

_MICROSECOND = timedelta(microseconds=1)

#: Clocks whose end has an effect of its own in custody or cases: receipt is deemed, silence accepts, a window lapses.
OTHERWISE_WATCHED = frozenset(
    {
        ClockKind.SIGN_FOR,
        ClockKind.OBJECT,
        ClockKind.ANSWER_OBJECTION,
        ClockKind.REVIEW_WINDOW,
    }
)


@dataclass(frozen=True, slots=True)
class Wanted:
    """A timer to set."""

    kind: TimerKind
    step: str
    due_at: datetime


def step_of(clock_id: uuid.UUID, place: int, due_at: datetime) -> str:
    """What a timer of a limit is for: the clock, the limit's place in it, and the instant, so that a moved date has a
    timer of its own beside one that is due already."""
    return f"{clock_id}:{place}:{int(due_at.timestamp() * 1_000_000)}"


def read_step(step: str) -> tuple[uuid.UUID, int, datetime]:
    """The clock, the place of the limit, and the instant (UTC) of a step."""
    clock_id, place, micros = step.split(":")[:3]
    seconds, rest = divmod(int(micros), 1_000_000)
    return uuid.UUID(clock_id), int(place), datetime.fromtimestamp(seconds, tz=UTC) + timedelta(microseconds=rest)


def wanted(clock: ClockState, calendar: Calendar) -> Iterator[Wanted]:
    """The timers of a running clock."""
    if clock.kind in OTHERWISE_WATCHED or not clock.is_running or clock.suspended_at is not None:
        return
    for place, each in enumerate(clock.limits):
        step = step_of(clock.clock_id, place, each.due_at)
        late = each.due_at + _MICROSECOND if each.limit.unit.is_exact else each.due_at
        yield Wanted(TimerKind.CLOCK_DUE, step, late)
        for span in each.pinned.remind_before:
            at = before(each.due_at, span.amount, span.unit, calendar)
            if at > clock.started_at:
                yield Wanted(TimerKind.CLOCK_REMINDER, f"{step}:{span.amount}{span.unit}", at)


async def replan(
    session: AsyncSession,
    city_id: int,
    case_id: uuid.UUID,
    clocks: Iterable[ClockState],
    *,
    at: datetime,
    calendar: Calendar,
) -> None:
    """Bring the timers of clocks that have just changed up to date. What was due before ``at`` is left to fire; a date
    that had passed before the clock started is set all the same, because nobody has noticed it yet."""
    changed = list(clocks)
    await repository.delete_timers_after(session, city_id, case_id, [each.clock_id for each in changed], after=at)
    timers = [
        each
        for clock in changed
        for each in wanted(clock, calendar)
        if each.due_at > at or (each.kind is TimerKind.CLOCK_DUE and len(clock.steps) == 1)
    ]
    if timers:
        await repository.put_timers(
            session, city_id, case_id, [(str(each.kind), each.step, each.due_at) for each in timers]
        )
