"""Clocks of cases as figures look at them, built from the fewest facts."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta

from caseway.clocks.arithmetic import Limit, Unit
from caseway.clocks.workflow import AppliedLimit, ClockKind, ClockState, Layer, PinnedLimit, StartEvent

START = datetime(2026, 9, 8, 1, tzinfo=UTC)


def at(day: int) -> datetime:
    """09:00 in China, so many days after the 8th of September."""
    return START + timedelta(days=day)


def end(day: int) -> datetime:
    """The end of the day (24:00 in China) so many days after the 8th of September."""
    return datetime(2026, 9, 8, 16, tzinfo=UTC) + timedelta(days=day)


def limit(layer: Layer, due_day: int) -> AppliedLimit:
    """A limit whose last day is so many days after the 8th of September."""
    return AppliedLimit(PinnedLimit(Limit(due_day, Unit.DAY, "test"), layer), end(due_day), False)


def clock(
    *limits: AppliedLimit,
    kind: ClockKind = ClockKind.HANDLE,
    stopped_at: datetime | None = None,
    suspended_at: datetime | None = None,
) -> ClockState:
    """A clock that started on the 8th of September."""
    return ClockState(
        clock_id=uuid.UUID(int=1),
        kind=kind,
        start=StartEvent.ACCEPTED,
        office_id=1,
        order_id=None,
        started_at=START,
        limits=limits,
        extension=None,
        stopped_at=stopped_at,
        suspended_at=suspended_at,
        extensions=0,
        steps=(),
    )


def law(day: int) -> AppliedLimit:
    """A limit of the law."""
    return limit(Layer.LAW, day)


def office(day: int) -> AppliedLimit:
    """A limit of an office."""
    return limit(Layer.OFFICE, day)
