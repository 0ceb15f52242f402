"""Random histories of clocks, without a database: what is derived, explained and recomputed agree (INV-07, 08, 10)."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from caseway.calendars.published import calendar
from caseway.calendars.workdays import Calendar, DayKind, SpecialDay
from caseway.clocks import course
from caseway.clocks.arithmetic import Due, Limit, Roll, RollOn, Unit, day_of, due_date, end_of
from caseway.clocks.explain import explain, recompute
from caseway.clocks.workflow import ClockKind, ClockState, Event, Layer, PinnedLimit, StartEvent, derive, earliest_due

CALENDAR = calendar()
CLOCK = uuid.UUID("01900000-0000-7000-8000-000000000001")


@dataclass
class Row:
    """A clock event as it would be stored."""

    event: str
    at: datetime
    facts: dict[str, Any]
    clock_id: uuid.UUID = CLOCK
    kind: str = "HANDLE"
    office_id: int = 1
    order_id: uuid.UUID | None = None


class History:
    """A clock that things happen to, each written as the service writes it."""

    def __init__(
        self,
        started_at: datetime,
        pinned: list[PinnedLimit],
        *,
        kind: ClockKind = ClockKind.HANDLE,
        calendar: Calendar = CALENDAR,
    ) -> None:
        self.started_at, self.pinned, self.kind, self.calendar = started_at, pinned, kind, calendar
        begun = course.begin(started_at, pinned, calendar)
        facts = {"start": str(StartEvent.ACCEPTED), "limits": [each.facts() for each in pinned], "extension": None}
        self.rows = [Row("START", started_at, facts | self._dues(begun), kind=kind)]

    def __repr__(self) -> str:
        limits = ", ".join(f"{each.limit.amount} {each.limit.unit} {each.limit.roll}" for each in self.pinned)
        later = ", ".join(f"{row.event} {row.at:%m-%d %H:%M}" for row in self.rows[1:])
        return f"<{self.started_at:%Y-%m-%d %H:%M}: {limits}; {later}>"

    @staticmethod
    def _dues(after: course.Course) -> dict[str, Any]:
        return {"dues": [[each.at.isoformat(), each.provisional] for each in after.dues]}

    @property
    def clock(self) -> ClockState:
        (found,) = derive(self.rows)
        return found

    def happen(self, event: Event, at: datetime, **facts: Any) -> None:
        """One more event, if the clock is in a state in which the service would write it."""
        clock = self.clock
        running = clock.is_running
        possible = {
            Event.STOP: running, Event.RESTART: not running, Event.MOVE: True, Event.EXTEND: running,
            Event.RECLASSIFY: running, Event.SUSPEND: running and clock.suspended_at is None,
            Event.RESUME: running and clock.suspended_at is not None,
        }  # fmt: skip
        if not possible[event]:
            return
        before = course.Course(
            tuple(each.pinned for each in clock.limits),
            tuple(Due(each.due_at, each.provisional) for each in clock.limits),
            clock.stopped_at,
            clock.suspended_at,
        )
        row = Row(event, at, facts, kind=self.kind)
        after = course.advance(self.started_at, before, row, self.rows[1:], self.calendar)
        self.rows.append(Row(event, at, facts | self._dues(after), kind=self.kind))


LIMITS = st.builds(
    lambda amount, unit, roll, roll_on, layer: PinnedLimit(
        Limit(0 if unit is Unit.END_OF_MONTH else amount, unit, f"{layer} rule", roll, roll_on), layer
    ),
    st.integers(0, 60),
    st.sampled_from([Unit.DAY, Unit.WORKDAY, Unit.MONTH, Unit.END_OF_MONTH, Unit.HOUR, Unit.MINUTE]),
    st.sampled_from(Roll),
    st.sampled_from(RollOn),
    st.sampled_from([Layer.LAW, Layer.OFFICE]),
).filter(lambda each: each.limit.unit is not Unit.MONTH or each.limit.amount <= 12)
STARTS = st.datetimes(datetime(2007, 1, 5), datetime(2025, 1, 1), timezones=st.just(UTC))


@st.composite
def histories(draw: st.DrawFn) -> History:
    """A clock with one to four limits, and up to eight things that happened to it."""
    history = History(draw(STARTS), draw(st.lists(LIMITS, min_size=1, max_size=4)))
    at = history.started_at
    for _ in range(draw(st.integers(0, 8))):
        at += timedelta(minutes=draw(st.integers(1, 60 * 24 * 20)))
        event = draw(st.sampled_from([each for each in Event if each not in (Event.START, Event.REPROJECT)]))
        facts: dict[str, Any] = {"rule": "test", "person_id": 7}
        if event is Event.EXTEND:
            unit = draw(st.sampled_from([Unit.DAY, Unit.WORKDAY, Unit.MONTH]))
            facts["limit"] = Limit(draw(st.integers(1, 12)), unit, "test").facts()
        if event is Event.RECLASSIFY:
            pinned = draw(st.lists(LIMITS, min_size=1, max_size=3))
            facts |= {"limits": [each.facts() for each in pinned], "extension": None}
        history.happen(event, at, **facts)
    return history


@settings(max_examples=400)
@given(histories())
def test_recomputing_from_the_explanation_alone_gives_the_same_instant(history: History) -> None:
    explanation = explain(history.clock, CALENDAR)
    assert recompute(explanation) == history.clock.due_at == explanation.due_at


@given(histories())
def test_the_earliest_limit_rules(history: History) -> None:
    """INV-08."""
    clock = history.clock
    assert clock.due_at == min(each.due_at for each in clock.limits)
    assert clock.ruling in clock.limits
    assert earliest_due([clock]) == (clock.due_at if clock.is_running else None)


@given(STARTS, st.lists(LIMITS, min_size=1, max_size=3), LIMITS)
def test_another_rule_brings_a_date_forward_and_never_back(
    start: datetime, pinned: list[PinnedLimit], added: PinnedLimit
) -> None:
    """INV-08: whatever an office adds, the law's date stays an upper bound."""
    assert History(start, [*pinned, added]).clock.due_at <= History(start, pinned).clock.due_at


@given(histories())
def test_only_events_that_may_move_a_date_move_it(history: History) -> None:
    """INV-07, from the steps that the clock shows."""
    movers = {Event.EXTEND, Event.RECLASSIFY, Event.RESTART, Event.MOVE, Event.RESUME, Event.REPROJECT}
    steps = history.clock.steps
    for before, after in pairwise(steps):
        if after.event not in movers:
            assert after.due_date == before.due_date
        if after.event in (Event.EXTEND, Event.MOVE, Event.RESUME):
            assert after.due_date >= before.due_date


@given(STARTS, st.lists(LIMITS, min_size=1, max_size=3), st.integers(1, 90))
def test_an_extension_moves_every_limit_of_the_clock_by_as_much(
    start: datetime, pinned: list[PinnedLimit], days: int
) -> None:
    history = History(start, pinned)
    before = history.clock.limits
    history.happen(Event.EXTEND, start + timedelta(minutes=1), limit=Limit(days, Unit.DAY, "test").facts(), rule="test")
    for old, new in zip(before, history.clock.limits, strict=True):
        assert due_date(new.due_at) == due_date(old.due_at) + timedelta(days=days) or old.limit.unit.is_exact


@given(STARTS, st.integers(1, 30), st.integers(0, 40))
def test_an_agreed_return_gives_the_later_of_the_old_date_and_the_next_workday(
    start: datetime, workdays: int, passed: int
) -> None:
    """C6."""
    history = History(start, [PinnedLimit(Limit(workdays, Unit.WORKDAY, "test"), Layer.LAW)])
    old, at = history.clock.due_at, start + timedelta(days=passed)
    history.happen(Event.STOP, start + timedelta(minutes=1))
    history.happen(Event.MOVE, at, rule="C6")
    assert history.clock.due_at == max(old, end_of(CALENDAR.next_workday(day_of(at))))


def test_the_hearing_of_a_second_review_is_not_counted() -> None:
    """Art. 36: from the day it began to the day it ended."""
    history = History(datetime(2026, 3, 2, 1, tzinfo=UTC), [PinnedLimit(Limit(30, Unit.DAY, "L22-18"), Layer.LAW)])
    assert due_date(history.clock.due_at) == date(2026, 4, 1)
    history.happen(Event.SUSPEND, datetime(2026, 3, 10, 1, tzinfo=UTC), rule="L22-18")
    assert not history.clock.overdue(datetime(2026, 5, 1, tzinfo=UTC))
    history.happen(Event.RESUME, datetime(2026, 3, 17, 9, tzinfo=UTC), rule="L22-18")
    assert due_date(history.clock.due_at) == date(2026, 4, 8)


@given(STARTS, st.integers(1, 40), st.sampled_from([Unit.DAY, Unit.WORKDAY]), st.data())
def test_counting_anew_after_a_calendar_was_published_is_what_it_would_have_been(
    start: datetime, amount: int, unit: Unit, data: st.DataObject
) -> None:
    """A date in an unpublished year, and the same with the year known: following all events anew gives the second."""
    year = start.year
    unknown = Calendar.of(
        [each for each in CALENDAR.special.values() if each.day.year < year],
        [each for each in CALENDAR.years if each < year],
    )
    pinned = [PinnedLimit(Limit(amount, unit, "test", data.draw(st.sampled_from(Roll))), Layer.LAW)]
    early, late = History(start, pinned, calendar=unknown), History(start, pinned)
    extension = Limit(data.draw(st.integers(1, 10)), unit, "test").facts()
    for history in (early, late):
        history.happen(Event.EXTEND, start + timedelta(minutes=1), limit=extension, rule="test")
    anew = course.follow(start, pinned, early.rows[1:], CALENDAR)
    assert anew.dues[0].at == late.clock.due_at


def test_an_explanation_names_every_skipped_day_once() -> None:
    """K3 of the scenarios: registered 2026-09-29, five workdays over the National Day holiday."""
    history = History(datetime(2026, 9, 29, 1, tzinfo=UTC), [PinnedLimit(Limit(5, Unit.WORKDAY, "LZJ-02"), Layer.LAW)])
    (limit,) = explain(history.clock, CALENDAR).limits
    assert due_date(limit.due_at) == date(2026, 10, 12)
    assert [each.day for each in limit.skipped] == [date(2026, 10, day) for day in (1, 2, 3, 4, 5, 6, 7, 11)]
    assert [each.kind for each in limit.skipped] == [DayKind.HOLIDAY] * 7 + [DayKind.WEEKEND]
    assert all(each.name for each in limit.skipped[:7]) and limit.skipped[7].name == ""


def test_a_local_day_off_counts_where_it_holds() -> None:
    local = CALENDAR.with_local([SpecialDay(date(2026, 5, 20), DayKind.HOLIDAY, "local")])
    pinned = [PinnedLimit(Limit(5, Unit.WORKDAY, "test"), Layer.LAW)]
    start = datetime(2026, 5, 18, 1, tzinfo=UTC)
    assert due_date(History(start, pinned).clock.due_at) == date(2026, 5, 25)
    assert due_date(History(start, pinned, calendar=local).clock.due_at) == date(2026, 5, 26)
