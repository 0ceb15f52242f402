"""When a fact counts, and since when it is known: from the events of one case."""

from __future__ import annotations

import uuid
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from caseway.access.rowsecurity import SMALLEST_COUNT
from caseway.clocks.arithmetic import Limit, Unit
from caseway.clocks.workflow import ClockKind, Event, Layer, PinnedLimit
from caseway.oversight.counts import Count
from caseway.oversight.history import BY_DATE, entries
from caseway.oversight.protected import protect
from caseway.oversight.spans import Grain, of_period, up_to

BEGIN = datetime(2026, 3, 2, 1, tzinfo=UTC)
_CASE = {
    "l1": 1, "l2": 2, "l3": 3, "l4": 0, "l5": 0, "l6": 0, "petition_class": "APPEAL_CLAIM", "channel": "VISIT",
    "field": "LAND", "stage": "REGISTERED", "is_open": True, "registered_at": BEGIN.isoformat(),
}  # fmt: skip
_CLOCK = uuid.UUID(int=1)
#: Ends with 12 March.
_DUE = datetime(2026, 3, 12, 16, tzinfo=UTC)


@dataclass
class Happened:
    """A ledger event."""

    seq: int
    type: str
    at: datetime
    facts: dict[str, Any] = field(default_factory=dict)


@dataclass
class Tick:
    """A clock event."""

    event: str
    at: datetime
    facts: dict[str, Any]
    kind: str = ClockKind.HANDLE
    clock_id: uuid.UUID = _CLOCK
    office_id: int = 3
    order_id: uuid.UUID | None = None


def _started() -> Tick:
    limit = PinnedLimit(Limit(10, Unit.DAY, "L22-34"), Layer.LAW).facts()
    return Tick(
        Event.START, BEGIN,
        {"start": "ACCEPTED", "limits": [limit], "extension": None, "dues": [[_DUE.isoformat(), False]]},
    )  # fmt: skip


def _answered(at: datetime, served_at: datetime) -> tuple[list[Happened], list[Tick]]:
    events = [
        Happened(1, "case.registered", BEGIN, {"set": _CASE}),
        Happened(2, "case.answered", at, {"served_at": served_at.isoformat(), "set": {"stage": "ANSWERED"}}),
    ]
    return events, [_started(), Tick(Event.STOP, served_at, {})]


def _stock(events: list[Happened], ticks: list[Tick], what: Count, on: date, as_of: date) -> int:
    return sum(e.amount for _, e in entries(events, ticks) if e.what is what and e.day <= on and e.known_on <= as_of)


def test_an_answer_counts_on_the_day_of_its_service_and_is_known_when_it_is_entered() -> None:
    events, ticks = _answered(datetime(2026, 3, 16, 2, tzinfo=UTC), datetime(2026, 3, 11, 2, tzinfo=UTC))
    found = {entry.what: entry for _, entry in entries(events, ticks) if not entry.what.is_stock}
    for what in (Count.ANSWERED, Count.ANSWER_ON_TIME_LAW, Count.ANSWER_ON_TIME_OFFICE):
        assert (found[what].day, found[what].known_on) == (date(2026, 3, 11), date(2026, 3, 16))
    assert Count.ANSWER_LATE_LAW not in found
    # Until it was entered it looked overdue, and a report as of then says so for ever.
    last = date(2026, 3, 14)
    assert _stock(events, ticks, Count.ANSWER_OVERDUE_LAW, last, date(2026, 3, 14)) == 1
    assert _stock(events, ticks, Count.ANSWER_OVERDUE_LAW, last, date(2026, 3, 16)) == 0


def test_an_office_never_counts_less_than_nothing() -> None:
    """The answer was served before the case came to the office that entered it."""
    events, ticks = _answered(datetime(2026, 3, 20, 2, tzinfo=UTC), datetime(2026, 3, 14, 2, tzinfo=UTC))
    moved = Happened(2, "order.signed", datetime(2026, 3, 17, 2, tzinfo=UTC), {"set": {"l3": 4}})
    events = [events[0], moved, Happened(3, events[1].type, events[1].at, events[1].facts)]
    for office_id in (3, 4):
        for day in range(2, 25):
            found = [
                entry.amount for _, entry in entries(events, ticks)
                if entry.what is Count.ANSWER_OVERDUE_LAW and entry.path[-1] == office_id
                and entry.day <= date(2026, 3, day)
            ]  # fmt: skip
            assert sum(found) == (office_id == 3 and 12 <= day < 17), (office_id, day)


def test_a_limit_passes_with_its_last_day_and_what_the_day_brings_can_be_left_out() -> None:
    events, ticks = _answered(datetime(2026, 3, 20, 2, tzinfo=UTC), datetime(2026, 3, 20, 2, tzinfo=UTC))
    as_of = date(2026, 3, 20)
    told = [_stock(events, ticks, Count.ANSWER_OVERDUE_LAW, date(2026, 3, day), as_of) for day in (11, 12, 19, 20)]
    assert told == [0, 1, 1, 0]
    (begun, over) = [entry for _, entry in entries(events, ticks) if entry.what is Count.ANSWER_OVERDUE_LAW]
    assert (begun.day, begun.stage, begun.known_on) == (date(2026, 3, 12), BY_DATE, date(2026, 3, 2))
    assert (over.day, over.stage) == (date(2026, 3, 20), "")


@given(st.integers(0, 400))
def test_an_open_case_grows_old_by_days(days: int) -> None:
    events = [Happened(1, "case.registered", BEGIN, {"set": _CASE})]
    on = date(2026, 3, 2) + timedelta(days=days)
    for age in (30, 60, 90, 180, 365):
        assert _stock(events, [], Count[f"OPEN_OVER_{age}"], on, on) == (days > age)


@given(st.integers(1, 30), st.integers(0, 30))
def test_counting_on_is_counting_anew(entered: int, earlier: int) -> None:
    at = BEGIN + timedelta(days=entered, hours=1)
    events, ticks = _answered(at, max(BEGIN + timedelta(hours=1), at - timedelta(days=earlier)))
    whole = Counter[Any]()
    for _, entry in entries(events, ticks):
        whole[entry._replace(amount=0)] += entry.amount
    counted = Counter[Any]()
    for _, entry in entries(events[:1], ticks[:1]):
        counted[entry._replace(amount=0)] += entry.amount
    for seq, entry in entries(events, ticks):
        if seq > 1:
            counted[entry._replace(amount=0)] += entry.amount
    assert {k: v for k, v in whole.items() if v} == {k: v for k, v in counted.items() if v}


_DAYS = st.dates(date(2024, 1, 1), date(2026, 12, 31))


@given(st.lists(st.tuples(_DAYS, _DAYS), max_size=60), _DAYS, _DAYS, _DAYS)
def test_years_months_and_days_add_up_to_the_period(
    facts: list[tuple[date, date]], one: date, other: date, as_of: date
) -> None:
    first, last = sorted((one, other))
    cells = [(grain, grain.start(day), grain.start(known)) for day, known in facts for grain in Grain]

    def told(pieces: list[Any]) -> int:
        return sum(
            piece.first <= day <= piece.last and piece.known_from <= known <= piece.known_to
            for piece in pieces
            for grain, day, known in cells
            if grain is piece.grain
        )

    assert told(of_period(first, last, as_of=as_of)) == sum(
        first <= day <= last and known <= as_of for day, known in facts
    )
    assert told(up_to(last, as_of=as_of)) == sum(day <= last and known <= as_of for day, known in facts)


@given(st.dictionaries(st.integers(0, 8), st.integers(0, 30), max_size=8), st.booleans())
def test_no_small_number_follows_from_what_is_told(cells: dict[int, int], total_is_told: bool) -> None:
    """An attacker knows the total, if it is told, all other cells, and the rule itself."""
    told = protect(cells, total_is_told=total_is_told)
    hidden = [key for key, value in told.cells.items() if value is None]
    assert all(value is None or value == cells[key] for key, value in told.cells.items())
    assert all(key in hidden for key, value in cells.items() if 0 < value < SMALLEST_COUNT)
    assert not any(cells[key] == 0 for key in hidden)
    if told.total is not None:
        assert told.total == sum(cells.values())
        assert not hidden or (len(hidden) > 1 and sum(cells[key] for key in hidden) >= SMALLEST_COUNT)
    elif any(cells.values()):
        assert hidden


@pytest.mark.parametrize("count", list(Count))
def test_every_count_has_a_definition(count: Count) -> None:
    assert count.definition
