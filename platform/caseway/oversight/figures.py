"""Rates of timeliness, pure: on time ÷ (closed + overdue and open). Sending a case away closes nothing."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from caseway.access.rowsecurity import SMALLEST_COUNT
from caseway.clocks.workflow import ClockState
from caseway.oversight.timeliness import ACCEPTANCE, HANDLING, Measure, limits_of
from caseway.rules.kinds.vocabulary import Metric

#: A decision and the clocks that it stops have one instant; this allows for events of the same change in between.
_TOGETHER = timedelta(seconds=1)
#: Ledger events that close what a figure is about: opinion served; acceptance decided and told.
CLOSING: dict[Metric, frozenset[str]] = {
    Metric.ON_TIME_CLOSURE_RATE: frozenset({"case.answered"}),
    Metric.ON_TIME_ACCEPTANCE_RATE: frozenset({"case.accepted", "case.refused", "case.redirected"}),
}
#: Clocks of what is owed.
KINDS = {Metric.ON_TIME_CLOSURE_RATE: HANDLING, Metric.ON_TIME_ACCEPTANCE_RATE: ACCEPTANCE}


@dataclass(frozen=True, slots=True)
class Course:
    """What a figure looks at of one case, as it stood at the end of the period."""

    clocks: tuple[ClockState, ...]
    #: Instants of the events that close (see ``CLOSING``).
    closings: tuple[datetime, ...]


@dataclass(frozen=True, slots=True)
class Tally:
    """What a rate is made of."""

    on_time: int = 0
    closed_late: int = 0
    overdue_open: int = 0

    @property
    def closed(self) -> int:
        """Closed in the period, in time or late."""
        return self.on_time + self.closed_late

    @property
    def whole(self) -> int:
        """What the rate is a share of."""
        return self.closed + self.overdue_open

    @property
    def rate(self) -> float | None:
        """Between 0 and 1; ``None`` of nothing."""
        return self.on_time / self.whole if self.whole else None

    def plus(self, other: Tally) -> Tally:
        """Both together: rates are never averaged, their parts are added."""
        return Tally(
            self.on_time + other.on_time, self.closed_late + other.closed_late, self.overdue_open + other.overdue_open
        )


def tally(metric: Metric, courses: Iterable[Course], measure: Measure, *, since: datetime, until: datetime) -> Tally:
    """The parts of a rate over ``[since, until)``; every case counts once."""
    found = Tally()
    for course in courses:
        found = found.plus(_one(metric, course, measure, since=since, until=until))
    return found


def is_told(counted: Tally, *, entitled: bool) -> bool:
    """Whether the parts are told: always to those who see the cases, a small whole to nobody else."""
    return entitled or counted.whole == 0 or counted.whole >= SMALLEST_COUNT


def _one(metric: Metric, course: Course, measure: Measure, *, since: datetime, until: datetime) -> Tally:
    found = limits_of(course.clocks, KINDS[metric], measure)
    closed_at = [
        clock.stopped_at
        for clock, _ in found
        if clock.stopped_at is not None and is_closed(clock.stopped_at, course.closings)
    ]
    if closed_at:
        first = min(closed_at)
        if not since <= first < until:
            return Tally()
        late = any(limit.missed_by(first) for clock, limit in found if clock.stopped_at == first)
        return Tally(closed_late=1) if late else Tally(on_time=1)
    overdue = any(clock.is_running and clock.suspended_at is None and limit.missed_by(until) for clock, limit in found)
    return Tally(overdue_open=1) if overdue else Tally()


def is_closed(stopped_at: datetime, closings: Collection[datetime]) -> bool:
    """Whether one of these closings is what stopped a clock."""
    return any(timedelta(0) <= each - stopped_at <= _TOGETHER for each in closings)
