"""Windowed counters against a naive count, on random streams, in calendar days and in workdays."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from caseway.calendars.published import calendar as published
from caseway.calendars.workdays import Calendar
from caseway.clocks.arithmetic import Limit, Unit
from caseway.escalation.counters import Counter, Occurrence, Reached, ordered, reached, standing

SHANGHAI = ZoneInfo("Asia/Shanghai")
WEEK = Limit(7, Unit.DAY, "QN-11")
CALENDAR = published()


def _visit(day: str, *, group_size: int = 12, channel: str = "VISIT", level: str = "CITY") -> Occurrence:
    at = datetime.fromisoformat(f"2026-{day}").replace(tzinfo=SHANGHAI)
    return Occurrence(uuid.uuid4(), at, channel, group_size, level)


def _days(windows: Sequence[Reached]) -> list[list[str]]:
    return [[f"{each.at:%m-%d}" for each in window.occurrences] for window in windows]


def test_the_third_visit_within_a_week_is_counted() -> None:
    visits = [_visit("03-02 09:00"), _visit("03-05 10:00"), _visit("03-09 23:59")]
    (window,) = reached(visits, Counter(3, WEEK), CALENDAR)
    assert window.at == visits[2].at
    assert window.key == str(visits[2].id)
    assert window.occurrences == tuple(visits)


def test_a_day_later_it_is_not() -> None:
    """The day of the first visit does not count: the window of 03-02 ends with 03-09."""
    assert (
        reached([_visit("03-02 09:00"), _visit("03-05 10:00"), _visit("03-10 00:00")], Counter(3, WEEK), CALENDAR) == ()
    )


def test_a_window_is_counted_once() -> None:
    visits = [_visit(f"03-0{day} 09:00") for day in range(1, 8)]
    assert _days(reached(visits, Counter(3, WEEK), CALENDAR)) == [
        ["03-01", "03-02", "03-03"],
        ["03-04", "03-05", "03-06"],
    ]


def test_workdays_skip_the_spring_festival() -> None:
    """02-15 to 02-23 are days off; 02-14 and 02-28 are Saturdays on which offices work."""
    window = Limit(3, Unit.WORKDAY, "test")
    inside = [_visit("02-13 09:00"), _visit("02-25 18:00")]  # 02-14, 02-24, 02-25
    outside = [_visit("02-13 09:00"), _visit("02-26 09:00")]
    assert len(reached(inside, Counter(2, window), CALENDAR)) == 1
    assert reached(outside, Counter(2, window), CALENDAR) == ()


@pytest.mark.parametrize(
    ("counter", "counted"),
    [
        (Counter(2, WEEK), 2),
        (Counter(2, WEEK, group_min=5), 1),
        (Counter(2, WEEK, group_min=6), 0),
        (Counter(2, WEEK, channel="LETTER"), 0),
        (Counter(2, WEEK, at_level="CITY"), 1),
        (Counter(2, WEEK, at_level="PROVINCE"), 0),
        (Counter(2, WEEK, channel="VISIT", at_level="CITY", group_min=5), 1),
    ],
)
def test_only_what_the_rule_names_is_counted(counter: Counter, counted: int) -> None:
    visits = [
        _visit("03-02 09:00", group_size=5),
        _visit("03-02 10:00", group_size=4),
        _visit("03-03 09:00", group_size=5),
        _visit("03-03 10:00", level="COUNTY", group_size=1),
        _visit("03-03 11:00", channel="LETTER", group_size=1, level="COUNTY"),
    ]
    assert len(reached(visits, counter, CALENDAR)) == counted


def test_a_visit_that_is_entered_late_completes_its_window() -> None:
    first, last, late = _visit("03-02 09:00"), _visit("03-09 09:00"), _visit("03-04 09:00")
    assert reached([first, last], Counter(3, WEEK), CALENDAR) == ()
    assert _days(reached([first, last, late], Counter(3, WEEK), CALENDAR)) == [["03-02", "03-04", "03-09"]]


def test_a_visit_that_is_entered_late_never_repeats_a_window() -> None:
    visits = [_visit("03-03 09:00"), _visit("03-04 09:00")]
    (reported,) = reached(visits, Counter(2, WEEK), CALENDAR)
    spent = {each.id for each in reported.occurrences}
    late = _visit("03-02 09:00")
    assert reached([*visits, late], Counter(2, WEEK), CALENDAR, spent=spent) == ()
    assert _days(reached([*visits, late, _visit("03-05 09:00")], Counter(2, WEEK), CALENDAR, spent=spent)) == [
        ["03-02", "03-05"]
    ]


def test_how_far_a_counter_is() -> None:
    visits = [_visit("03-02 09:00"), _visit("03-05 10:00")]
    counter = Counter(3, WEEK)
    before, between, after = (datetime.fromisoformat(f"2026-03-{day}T12:00+08:00") for day in ("01", "05", "10"))
    assert standing(visits, counter, CALENDAR, now=before).counted == 0
    assert standing(visits, counter, CALENDAR, now=before).until_on is None
    assert (standing(visits, counter, CALENDAR, now=between).counted, _until(visits, between)) == (2, date(2026, 3, 9))
    assert (standing(visits, counter, CALENDAR, now=after).counted, _until(visits, after)) == (1, date(2026, 3, 12))


def _until(visits: Sequence[Occurrence], now: datetime) -> date | None:
    return standing(visits, Counter(3, WEEK), CALENDAR, now=now).until_on


def test_what_was_reached_does_not_stand() -> None:
    visits = [_visit("03-02 09:00"), _visit("03-03 10:00"), _visit("03-04 10:00")]
    now = visits[-1].at
    assert standing(visits, Counter(2, WEEK), CALENDAR, now=now).counted == 1


@pytest.mark.parametrize("window", [Limit(3, Unit.HOUR, "test"), Limit(1, Unit.MONTH, "test")])
def test_a_window_is_counted_in_days(window: Limit) -> None:
    with pytest.raises(ValueError, match="days or workdays"):
        Counter(3, window)


def test_nothing_is_counted_to_zero() -> None:
    with pytest.raises(ValueError, match="1 at least"):
        Counter(0, WEEK)


# --- Against a naive count ------------------------------------------------------------------------------------------

_START = datetime(2026, 1, 25, tzinfo=UTC)
_occurrences = st.builds(
    Occurrence,
    id=st.uuids(version=4),
    at=st.integers(0, 40 * 24 * 60).map(lambda minutes: _START + timedelta(minutes=minutes)),
    channel=st.sampled_from(["VISIT", "LETTER"]),
    group_size=st.integers(1, 6),
    level=st.sampled_from(["TOWN", "CITY"]),
)
_streams = st.lists(_occurrences, max_size=25, unique_by=lambda each: each.id)
_counters = st.builds(
    Counter,
    count=st.integers(1, 4),
    window=st.builds(Limit, st.integers(1, 10), st.sampled_from([Unit.DAY, Unit.WORKDAY]), st.just("test")),
    group_min=st.none() | st.integers(2, 5),
    channel=st.none() | st.just("VISIT"),
    at_level=st.none() | st.just("CITY"),
)


def _within(first: Occurrence, last: Occurrence, window: Limit, calendar: Calendar) -> bool:
    """Day by day from the first to the last: are there at most so many in between?"""
    day, end = first.at.astimezone(SHANGHAI).date(), last.at.astimezone(SHANGHAI).date()
    steps = 0
    while day < end:
        day += timedelta(days=1)
        steps += 1 if window.unit is Unit.DAY or calendar.is_workday(day) else 0
        # What follows the last counted day belongs to nobody's window, also when it is a day off.
        if steps > window.amount or (steps == window.amount and day < end):
            return False
    return True


def _wanted(each: Occurrence, counter: Counter) -> bool:
    return (
        each.group_size >= (counter.group_min or 1)
        and counter.channel in (None, each.channel)
        and counter.at_level in (None, each.level)
    )


def _naive(stream: Sequence[Occurrence], counter: Counter, spent: set[uuid.UUID]) -> list[list[uuid.UUID]]:
    """Every registration in turn: are there enough unused ones whose window it still falls into?"""
    in_order = sorted((each for each in stream if _wanted(each, counter)), key=lambda each: (each.at, each.id.bytes))
    used, found = set(spent), []
    for place, last in enumerate(in_order):
        together = [
            each
            for each in in_order[: place + 1]
            if each.id not in used and last.id not in used and _within(each, last, counter.window, CALENDAR)
        ]
        if len(together) >= counter.count:
            found.append([each.id for each in together])
            used |= {each.id for each in together}
    return found


@settings(deadline=None)
@given(_streams, _counters)
def test_the_engine_counts_as_one_would_by_hand(stream: list[Occurrence], counter: Counter) -> None:
    windows = reached(stream, counter, CALENDAR)
    assert [[each.id for each in window.occurrences] for window in windows] == _naive(stream, counter, set())


@settings(deadline=None)
@given(_streams, _counters, st.randoms(use_true_random=False))
def test_whatever_the_order_of_entering_each_registration_is_used_once_and_no_window_is_missed(
    stream: list[Occurrence], counter: Counter, random: object
) -> None:
    """Registrations come in one by one in any order; after each the counter is evaluated anew."""
    arriving = list(stream)
    random.shuffle(arriving)  # type: ignore[attr-defined]  # hypothesis gives a Random
    spent: set[uuid.UUID] = set()
    entered: list[Occurrence] = []
    for occurrence in arriving:
        entered.append(occurrence)
        windows = reached(entered, counter, CALENDAR, spent=spent)
        assert [[each.id for each in window.occurrences] for window in windows] == _naive(entered, counter, spent)
        assert len(windows) <= 1, "one registration completes at most one window"
        for window in windows:
            assert spent.isdisjoint({each.id for each in window.occurrences})
            spent |= {each.id for each in window.occurrences}
    assert reached(stream, counter, CALENDAR, spent=spent) == ()


@settings(deadline=None)
@given(_streams, _counters)
def test_entered_in_order_the_windows_are_those_of_the_whole_stream(stream: list[Occurrence], counter: Counter) -> None:
    spent: set[uuid.UUID] = set()
    one_by_one: list[Reached] = []
    entered: list[Occurrence] = []
    for occurrence in ordered(stream):
        entered.append(occurrence)
        for window in reached(entered, counter, CALENDAR, spent=spent):
            one_by_one.append(window)
            spent |= {each.id for each in window.occurrences}
    assert tuple(one_by_one) == reached(stream, counter, CALENDAR)


@settings(deadline=None)
@given(
    st.integers(2, 5),
    st.builds(Limit, st.integers(1, 12), st.sampled_from([Unit.DAY, Unit.WORKDAY]), st.just("test")),
    st.integers(0, 600),
)
def test_one_more_counts_until_the_day_that_is_told(count: int, window: Limit, day: int) -> None:
    """While one is missing, one more on the last minute of the day that is told completes the window; one a minute
    after midnight comes too late for the first of them."""
    morning = datetime(2026, 1, 1, 9, tzinfo=SHANGHAI) + timedelta(days=day)
    together = [Occurrence(uuid.uuid4(), morning + timedelta(minutes=n), "VISIT", 1, "TOWN") for n in range(count - 1)]
    counter = Counter(count, window)
    found = standing(together, counter, CALENDAR, now=together[-1].at)
    assert found.counted == count - 1
    assert found.until_on is not None
    in_time = datetime.combine(found.until_on, time(23, 59), SHANGHAI)
    for at, completed in ((in_time, 1), (in_time + timedelta(minutes=2), 0)):
        more = Occurrence(uuid.uuid4(), at, "VISIT", 1, "TOWN")
        assert len(reached([*together, more], counter, CALENDAR)) == completed
