"""Durable timers: set and cancelled in the transaction that changes the case, fired by the worker."""

from __future__ import annotations

import uuid
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime, timedelta
from enum import StrEnum

from caseway.clocks import repository
from caseway.clocks.models import Timer
from caseway.clocks.service import CaseKey
from caseway.db.session import UnitOfWork

#: What a due timer does. It finds the case locked, checks for itself that it still applies, and changes the case in the
#: transaction that deletes the timer.
Effect = Callable[[UnitOfWork, Timer, datetime], Awaitable[None]]
Effects = Mapping[str, Effect]

#: Failed attempts after which a timer is left to people.
MAX_ATTEMPTS = 8
_FIRST_BACKOFF = timedelta(seconds=5)
_LONGEST_BACKOFF = timedelta(hours=1)
_ERROR_LENGTH = 500


class TimerKind(StrEnum):
    """What timers are for; each kind has one effect."""

    #: An order was not signed for within its limit: receipt is deemed (T5).
    DEEMED_RECEIPT = "DEEMED_RECEIPT"
    #: Nobody asked for a review within the window: the case closes (T25).
    WINDOW_LAPSED = "WINDOW_LAPSED"


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


def backoff(attempts: int) -> timedelta:
    """How long to wait after the given number of failures: 5 s, 10 s, 20 s … at most an hour."""
    return min(_FIRST_BACKOFF * (1 << (attempts - 1)), _LONGEST_BACKOFF)


async def fail(uow: UnitOfWork, timer: Timer, *, error: BaseException, now: datetime) -> bool:
    """Record one more failed attempt of a claimed timer; true if it is dead now."""
    attempts = timer.attempts + 1
    dead = attempts >= MAX_ATTEMPTS
    await repository.postpone(
        uow.session,
        timer,
        attempts=attempts,
        due_at=now if dead else now + backoff(attempts),
        error=f"{type(error).__name__}: {error}".replace("\x00", "")[:_ERROR_LENGTH],
        dead=dead,
    )
    return dead


async def revive(uow: UnitOfWork, timer_id: uuid.UUID | None, *, now: datetime) -> Sequence[Timer]:
    """Let a dead timer (None = all of them) be tried again at once; answers those that were dead."""
    return await repository.revive(uow.session, timer_id, due_at=now)
