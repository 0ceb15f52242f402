"""What the history of one case adds to the counts, pure: from its ledger and its clock events, and from nothing else.

Each entry says on which day it counts and on which day it became known, so that a report as of a past day can be run
again and comes out the same. More history only adds entries: what has been counted is never taken back by changing it,
but by an entry of the opposite sign that became known later. Hence counting anew from the beginning and counting on
from where one was give the same sums.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple, Protocol

from caseway.clocks.arithmetic import day_of, due_date
from caseway.clocks.workflow import AppliedLimit, ClockKind, ClockState, StoredEvent, follow
from caseway.oversight.counts import AGES, RATES, Count
from caseway.oversight.figures import CLOSING, KINDS, is_closed
from caseway.oversight.timeliness import Measure, limits_of
from caseway.rules.kinds.vocabulary import Metric

#: Stage of an entry that a day brought, not an event: a limit that passes, until that day is over.
BY_DATE = "BY_DATE"
_ONE_DAY = timedelta(days=1)
_DEPTHS = tuple(f"l{depth}" for depth in range(1, 7))

#: Ledger events that are counted as they are, at the office that holds the case then.
_FLOWS = {
    "case.registered": Count.REGISTERED,
    "case.accepted": Count.ACCEPTED,
    "case.refused": Count.REFUSED,
    "case.redirected": Count.REDIRECTED,
    "case.objected": Count.OBJECTED,
    "case.supervised": Count.SUPERVISED,
    "case.extended": Count.EXTENDED,
    "case.redo_ordered": Count.REDONE,
    "case.closed": Count.CLOSED,
    "case.merged": Count.MERGED,
}
#: Those that are counted at the office which held the case before the event.
_LEAVING = {
    "case.returned": Count.RETURNED,
    "escalation.raised": Count.ESCALATED,
    "case.take_up_requested": Count.ESCALATED,
    "case.taken_up": Count.ESCALATED,
}


class LedgerEntry(Protocol):
    """What is read of a ledger event."""

    @property
    def seq(self) -> int: ...
    @property
    def type(self) -> str: ...
    @property
    def at(self) -> datetime: ...
    @property
    def facts(self) -> dict[str, Any]: ...


class Entry(NamedTuple):
    """One thing to count, or to take away again (``amount`` -1)."""

    #: The day in China that it counts on, and the day on which it became known.
    day: date
    known_on: date
    what: Count
    #: The holder's ancestors from the root, the holder itself last.
    path: tuple[int, ...]
    petition_class: str
    channel: str
    field: str
    #: Of open cases; otherwise empty, or ``BY_DATE``.
    stage: str
    amount: int


class _Where(NamedTuple):
    """The dimensions of a case at an instant."""

    path: tuple[int, ...]
    petition_class: str
    channel: str
    field: str


class _Standing(NamedTuple):
    """Something that counts every day from a day on, until an event ends it."""

    what: Count
    where: _Where
    stage: str


@dataclass(slots=True)
class _Course:
    """A case while its history is read."""

    row: dict[str, Any] = field(default_factory=dict)
    clocks: dict[uuid.UUID, ClockState] = field(default_factory=dict)
    #: What counts now, each with the day on which it begins by itself, and the day from which it counts here.
    standing: dict[_Standing, tuple[date, date]] = field(default_factory=dict)
    #: Duties settled already: the first decision counts.
    settled: set[Count] = field(default_factory=set)
    answered: bool = False

    def where(self) -> _Where | None:
        """Null before the first event."""
        if not self.row:
            return None
        path = tuple(self.row[name] for name in _DEPTHS if self.row[name])
        return _Where(path, self.row["petition_class"], self.row["channel"], self.row["field"])


def entries(events: Sequence[LedgerEntry], clock_events: Sequence[StoredEvent]) -> Iterator[tuple[int, Entry]]:
    """Everything that a case adds to the counts, each with the number of the ledger event that made it known."""
    course = _Course()
    ticks = _by_event(events, clock_events)
    for number, event in enumerate(events):
        before = course.where()
        course.row |= event.facts.get("set", {})
        for tick in ticks[number]:
            follow(course.clocks, tick)
        after = course.where()
        assert after is not None, "the first event sets every column"
        for entry in (*_flows(course, event, before, after), *_stocks(course, event, after)):
            yield event.seq, entry


def _by_event(events: Sequence[LedgerEntry], clock_events: Sequence[StoredEvent]) -> list[list[StoredEvent]]:
    """The clock events that each ledger event made known: those up to its instant, and those that an answer put back
    to the instant of its service."""
    found: list[list[StoredEvent]] = [[] for _ in events]
    served = {event.facts["served_at"]: place for place, event in enumerate(events) if "served_at" in event.facts}
    served_at = {datetime.fromisoformat(at): place for at, place in served.items()}
    place = 0
    for tick in clock_events:
        while place < len(events) - 1 and events[place].at < tick.at:
            place += 1
        place = max(place, served_at.get(tick.at, 0))
        found[place].append(tick)
    return found


def _flows(course: _Course, event: LedgerEntry, before: _Where | None, after: _Where) -> Iterator[Entry]:
    known_on = day_of(event.at)

    def entry(count: Count, where: _Where, day: date = known_on) -> Entry:
        return Entry(day, known_on, count, *where, "", 1)

    if event.type in _FLOWS:
        yield entry(_FLOWS[event.type], after)
    if event.type in _LEAVING and before is not None:
        yield entry(_LEAVING[event.type], before)
    if event.type == "registration.added" and "merged_from" not in event.facts:
        yield entry(Count.REPEATED, after)
    if event.type == "case.withdrawn" and not course.row["is_open"]:
        yield entry(Count.WITHDRAWN, after)
    if event.type == "case.answered" and not course.answered:
        course.answered = True
        yield entry(Count.ANSWERED, after, day_of(_settled_at(event)))
    if before is not None and before.path[-1] != after.path[-1]:
        yield entry(Count.MOVED_OUT, before)
        yield entry(Count.MOVED_IN, after)
    for metric in RATES:
        if event.type in CLOSING[metric]:
            for count, day in _verdicts(course, metric, _settled_at(event)):
                yield entry(count, after, day)


def _settled_at(event: LedgerEntry) -> datetime:
    """When something was settled: an opinion when it was served, not when that was entered (INV-14)."""
    served_at = event.facts.get("served_at")
    return datetime.fromisoformat(served_at) if served_at else event.at


def _verdicts(course: _Course, metric: Metric, settled_at: datetime) -> Iterator[tuple[Count, date]]:
    """By each measure whether a duty that an event settled was done in time; nothing if no limit was about it."""
    for measure in Measure:
        on_time, late = (Count[f"{RATES[metric]}_{how}_{measure}"] for how in ("ON_TIME", "LATE"))
        stopped = [
            (clock.stopped_at, limit)
            for clock, limit in limits_of(course.clocks.values(), KINDS[metric], measure)
            if clock.stopped_at is not None and is_closed(clock.stopped_at, (settled_at,))
        ]
        if stopped and on_time not in course.settled:
            course.settled.add(on_time)
            first = min(at for at, _ in stopped)
            missed = any(limit.missed_by(at) for at, limit in stopped if at == first)
            yield (late if missed else on_time), day_of(first)


def _stocks(course: _Course, event: LedgerEntry, after: _Where) -> Iterator[Entry]:
    """What stops counting because of an event, and what begins to."""
    known_on = day_of(event.at)
    wanted, standing = dict(_standing(course, after)), course.standing
    course.standing = {}
    for each, (begins, since) in standing.items():
        if wanted.get(each) == begins:
            course.standing[each] = begins, since
        else:
            # A duty that was settled before that was entered stopped counting then, but not before it counted here.
            over = day_of(_settled_at(event)) if "_OVERDUE_" in each.what else known_on
            yield _turn(each, begins, max(since, over), known_on, -1)
    for each, begins in wanted.items():
        if each not in course.standing:
            since = max(begins, known_on)
            course.standing[each] = begins, since
            yield _turn(each, begins, since, known_on, 1)


def _turn(each: _Standing, begins: date, day: date, known_on: date, amount: int) -> Entry:
    # A limit that passes is passed only when its day is over: those who look at a day that is not over leave it out.
    stage = BY_DATE if "_OVERDUE_" in each.what and day == begins else each.stage
    return Entry(day, known_on, each.what, *each.where, stage, amount)


def _standing(course: _Course, where: _Where) -> Iterator[tuple[_Standing, date]]:
    if not course.row["is_open"]:
        return
    yield _Standing(Count.OPEN, where, course.row["stage"]), date.min
    registered_on = day_of(datetime.fromisoformat(course.row["registered_at"]))
    for days in AGES:
        yield _Standing(Count[f"OPEN_OVER_{days}"], where, ""), registered_on + (days + 1) * _ONE_DAY
    for metric, duty in RATES.items():
        for measure in Measure:
            missed = _missed_on(course.clocks.values(), KINDS[metric], measure)
            if missed is not None:
                yield _Standing(Count[f"{duty}_OVERDUE_{measure}"], where, ""), missed


def _missed_on(clocks: Iterable[ClockState], kinds: frozenset[ClockKind], measure: Measure) -> date | None:
    """The first day at whose end a limit will have passed if nothing happens; null if none runs."""
    days = [
        _first_missed(limit)
        for clock, limit in limits_of(clocks, kinds, measure)
        if clock.is_running and clock.suspended_at is None
    ]
    return min(days, default=None)


def _first_missed(limit: AppliedLimit) -> date:
    return day_of(limit.due_at) if limit.limit.unit.is_exact else due_date(limit.due_at)
