"""Durable timers: set and cancelled in the transaction that changes the case, fired by the worker."""

from __future__ import annotations

import uuid
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime
from enum import StrEnum

from caseway.clocks import repository
from caseway.clocks.models import Timer
from caseway.clocks.workflow import CaseKey
from caseway.db import retries
from caseway.db.session import UnitOfWork

#: What a due timer does. It finds the case locked, checks for itself that it still applies, and changes the case in the
#: transaction that deletes the timer.
Effect = Callable[[UnitOfWork, Timer, datetime], Awaitable[None]]
Effects = Mapping[str, Effect]


class TimerKind(StrEnum):
    """What timers are for; each kind has one effect."""

    #: An order was not signed for within its limit: receipt is deemed (T5).
    DEEMED_RECEIPT = "DEEMED_RECEIPT"
    #: Nobody asked for a review within the window: the case closes (T25).
    WINDOW_LAPSED = "WINDOW_LAPSED"
    #: A limit of a clock has passed: lateness is recorded, and whoever follows it is told.
    CLOCK_DUE = "CLOCK_DUE"
    #: A limit of a clock is about to pass: the office that owes it is told.
    CLOCK_REMINDER = "CLOCK_REMINDER"
    #: Nobody objected within the window: silence accepts (art. 23).
    OBJECTION_LAPSED = "OBJECTION_LAPSED"
    #: The sender did not answer an objection: the dispute goes to the common superior.
    OBJECTION_UNANSWERED = "OBJECTION_UNANSWERED"
    #: A rung of an escalation rule may be due: the rules look at the case again.
    ESCALATION_RUNG = "ESCALATION_RUNG"


async def set_timer(
    uow: UnitOfWork, case: CaseKey, kind: TimerKind | str, step: str | uuid.UUID, due_at: datetime
) -> None:
    """Set a timer; the same kind and step again moves it. ``step`` tells the timers of one kind apart, e.g. the order's
    id."""
    await repository.put_timer(uow.session, case.city_id, case.id, kind=str(kind), step=str(step), due_at=due_at)


async def cancel(uow: UnitOfWork, case: CaseKey, kind: TimerKind | str, step: str | uuid.UUID | None = None) -> None:
    """Cancel a timer, or without ``step`` all of the kind. Nothing happens if there is none."""
    await repository.delete_timers(
        uow.session, case.city_id, case.id, kind=str(kind), step=None if step is None else str(step)
    )


async def fail(uow: UnitOfWork, timer: Timer, *, error: BaseException, now: datetime) -> bool:
    """Record one more failed attempt of a claimed timer; true if it is dead now."""
    attempts = timer.attempts + 1
    dead = attempts >= retries.MAX_ATTEMPTS
    await repository.postpone(
        uow.session,
        timer,
        attempts=attempts,
        due_at=now if dead else now + retries.backoff(attempts),
        error=retries.reason(error),
        dead=dead,
    )
    return dead


async def revive(uow: UnitOfWork, timer_id: uuid.UUID | None, *, now: datetime) -> Sequence[Timer]:
    """Let a dead timer (None = all of them) be tried again at once; answers those that were dead."""
    return await repository.revive(uow.session, timer_id, due_at=now)
