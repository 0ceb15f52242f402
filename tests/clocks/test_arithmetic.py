"""Due instants by the conventions C1-C3 and the dates of the acceptance scenarios."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from caseway.calendars.published import calendar
from caseway.clock import SHANGHAI
from caseway.clocks.arithmetic import (
    Limit,
    Roll,
    RollOn,
    Unit,
    before,
    day_of,
    due,
    due_date,
    end_of,
    extended,
    reckon,
    remaining,
    skipped,
    start_of,
)


def local(month: int, day: int, hour: int = 9, minute: int = 0, second: int = 0) -> datetime:
    return datetime(2026, month, day, hour, minute, second, tzinfo=SHANGHAI).astimezone(UTC)


def limit(amount: int, unit: Unit, roll: Roll = Roll.NEVER, roll_on: RollOn = RollOn.NON_WORKDAY) -> Limit:
    return Limit(amount, unit, "test", roll, roll_on)


FORWARD = limit(15, Unit.DAY)
SIGN_FOR = limit(1, Unit.WORKDAY)
OBJECT = limit(5, Unit.WORKDAY)
HANDLE = limit(60, Unit.DAY)
EXTENSION = limit(30, Unit.DAY)
REVIEW_WINDOW = limit(30, Unit.DAY, Roll.NEXT_WORKDAY)


@pytest.mark.parametrize(
    ("start", "length", "expected"),
    [
        pytest.param(local(4, 15), limit(5, Unit.WORKDAY), date(2026, 4, 22), id="S3 forward, Zhejiang"),
        pytest.param(local(4, 15), FORWARD, date(2026, 4, 30), id="S3 forward, law"),
        pytest.param(local(4, 16, 10), SIGN_FOR, date(2026, 4, 17), id="S3 sign for"),
        pytest.param(local(4, 16, 10), limit(5, Unit.WORKDAY), date(2026, 4, 23), id="S3 notice, Zhejiang"),
        pytest.param(local(4, 20, 14), limit(5, Unit.WORKDAY), date(2026, 4, 27), id="S3 second notice, Zhejiang"),
        pytest.param(local(4, 20, 14), FORWARD, date(2026, 5, 5), id="S3 second notice, law"),
        pytest.param(local(4, 22), limit(30, Unit.DAY), date(2026, 5, 22), id="S3 handle, Zhejiang"),
        pytest.param(local(4, 22), HANDLE, date(2026, 6, 21), id="S3 handle, law: a Sunday, not moved"),
        pytest.param(local(6, 18), REVIEW_WINDOW, date(2026, 7, 20), id="S3 window rolls from 07-18"),
        pytest.param(local(9, 29), limit(5, Unit.WORKDAY), date(2026, 10, 12), id="S3 K3 forward"),
        pytest.param(local(9, 30), OBJECT, date(2026, 10, 13), id="S3 K3 objection"),
        pytest.param(local(3, 18, 9, 22), FORWARD, date(2026, 4, 2), id="S2 forward"),
        pytest.param(local(3, 20), HANDLE, date(2026, 5, 19), id="S2 handle"),
        pytest.param(local(5, 6), limit(3, Unit.WORKDAY), date(2026, 5, 9), id="a make-up Saturday counts"),
        pytest.param(local(5, 6), limit(4, Unit.WORKDAY), date(2026, 5, 11), id="the Sunday after it does not"),
        pytest.param(local(7, 6), FORWARD, date(2026, 7, 21), id="S5 forward, law"),
        pytest.param(local(9, 10), HANDLE, date(2026, 11, 9), id="S6 handle, law"),
        pytest.param(local(4, 15), limit(0, Unit.DAY), date(2026, 4, 15), id="zero days end with the day"),
        pytest.param(local(9, 8), limit(0, Unit.END_OF_MONTH), date(2026, 9, 30), id="S6 month-born, month-closed"),
        pytest.param(local(9, 30), limit(0, Unit.END_OF_MONTH), date(2026, 9, 30), id="on the last day of the month"),
        pytest.param(local(2, 1), limit(0, Unit.END_OF_MONTH), date(2026, 2, 28), id="end of February"),
        pytest.param(local(1, 31), limit(1, Unit.MONTH), date(2026, 2, 28), id="C2 a month without such a day"),
        pytest.param(local(3, 31), limit(1, Unit.MONTH), date(2026, 4, 30), id="C2 the last day of a short month"),
        pytest.param(local(4, 15), limit(12, Unit.MONTH), date(2027, 4, 15), id="a year of months"),
        pytest.param(local(11, 30), limit(3, Unit.MONTH), date(2027, 2, 28), id="over the turn of the year"),
        pytest.param(
            local(6, 13),
            limit(7, Unit.DAY, Roll.NEXT_WORKDAY, RollOn.STATUTORY_HOLIDAY),
            date(2026, 6, 22),
            id="a Saturday inside the Dragon Boat holiday rolls",
        ),
        pytest.param(
            local(6, 6),
            limit(7, Unit.DAY, Roll.NEXT_WORKDAY, RollOn.STATUTORY_HOLIDAY),
            date(2026, 6, 13),
            id="a plain Saturday does not roll on holidays only",
        ),
        pytest.param(
            local(9, 13), limit(7, Unit.DAY, Roll.NEXT_WORKDAY), date(2026, 9, 20), id="a make-up Sunday is a workday"
        ),
    ],
)
def test_limits_end_when_the_scenarios_say(start: datetime, length: Limit, expected: date) -> None:
    instant = due(start, length, calendar())
    assert due_date(instant) == expected
    assert instant == end_of(expected)
    assert instant.tzinfo is UTC
    assert instant.astimezone(SHANGHAI).hour == 0


def test_hours_and_minutes_run_from_instant_to_instant() -> None:
    start = local(3, 18, 9, 25)
    assert due(start, limit(10, Unit.MINUTE), calendar()) == local(3, 18, 9, 35)
    assert due(start, limit(48, Unit.HOUR), calendar()) == local(3, 20, 9, 25)


def test_the_day_of_the_event_is_the_day_in_shanghai() -> None:
    late_in_utc = datetime(2026, 4, 14, 16, tzinfo=UTC)
    assert day_of(late_in_utc) == date(2026, 4, 15)
    assert day_of(late_in_utc - timedelta(microseconds=1)) == date(2026, 4, 14)


@given(st.datetimes(datetime(2007, 1, 1), datetime(2026, 6, 1), timezones=st.just(UTC)), st.integers(0, 90))
def test_the_hour_of_an_event_never_changes_a_limit_in_days(start: datetime, amount: int) -> None:
    for unit in (Unit.DAY, Unit.WORKDAY):
        at = due(start, limit(amount, unit), calendar())
        assert at == due(end_of(day_of(start)) - timedelta(microseconds=1), limit(amount, unit), calendar())
        assert at > start
        assert amount == 0 or due_date(at) > day_of(start)


@given(
    st.datetimes(datetime(2007, 1, 1), datetime(2026, 1, 1), timezones=st.just(UTC)),
    st.sampled_from([Unit.DAY, Unit.WORKDAY, Unit.HOUR]),
    st.integers(0, 60),
)
def test_what_remains_at_the_start_is_the_whole_limit(start: datetime, unit: Unit, amount: int) -> None:
    length = limit(amount, unit)
    assert remaining(due(start, length, calendar()), start, length, calendar()) == length


@given(
    st.datetimes(datetime(2007, 1, 1), datetime(2026, 1, 1), timezones=st.just(UTC)),
    st.sampled_from([Unit.DAY, Unit.WORKDAY]),
    st.integers(1, 30),
    st.data(),
)
def test_a_limit_stopped_and_started_on_one_day_ends_on_the_same_day_unless_it_ended_on_a_rest_day(
    start: datetime, unit: Unit, amount: int, data: st.DataObject
) -> None:
    length = limit(amount, unit)
    end = due(start, length, calendar())
    pause = data.draw(st.datetimes(start.replace(tzinfo=None), (end - timedelta(seconds=1)).replace(tzinfo=None)))
    at = pause.replace(tzinfo=UTC)
    assert due(at, remaining(end, at, length, calendar()), calendar()) == end


def test_an_extension_is_counted_from_the_last_day() -> None:
    assert due_date(extended(end_of(date(2026, 5, 22)), EXTENSION, calendar()).at) == date(2026, 6, 21)
    assert extended(local(3, 18, 10), limit(30, Unit.MINUTE), calendar()).at == local(3, 18, 10, 30)


def test_only_what_depends_on_an_unpublished_year_is_provisional() -> None:
    december = datetime(2026, 12, 28, 2, tzinfo=UTC)
    assert not reckon(december, limit(15, Unit.DAY), calendar()).provisional
    assert not reckon(december, limit(3, Unit.WORKDAY), calendar()).provisional
    assert reckon(december, limit(5, Unit.WORKDAY), calendar()).provisional
    assert reckon(december, REVIEW_WINDOW, calendar()).provisional


def test_a_limit_survives_being_stored() -> None:
    assert Limit.of(REVIEW_WINDOW.facts()) == REVIEW_WINDOW


def test_a_limit_is_never_negative() -> None:
    with pytest.raises(ValueError, match="negative"):
        limit(-1, Unit.DAY)


@given(
    st.datetimes(datetime(2007, 1, 1), datetime(2026, 1, 1), timezones=st.just(UTC)),
    st.sampled_from([Unit.DAY, Unit.WORKDAY]),
    st.integers(0, 40),
)
def test_the_days_skipped_are_what_lies_between_and_does_not_count(start: datetime, unit: Unit, amount: int) -> None:
    length = limit(amount, unit)
    days = (due_date(due(start, length, calendar())) - day_of(start)).days
    assert days == amount + len(skipped(start, length, calendar()))


def test_a_reminder_comes_so_many_days_or_workdays_before_the_last_day() -> None:
    end = end_of(date(2026, 5, 11))
    assert before(end, 3, Unit.DAY, calendar()) == start_of(date(2026, 5, 8))
    assert before(end, 2, Unit.WORKDAY, calendar()) == start_of(date(2026, 5, 8))  # the 9th is a make-up Saturday
    assert before(end, 1, Unit.MONTH, calendar()) == start_of(date(2026, 4, 11))
    assert before(end, 2, Unit.HOUR, calendar()) == end - timedelta(hours=2)


def test_seconds_are_exact() -> None:
    start = local(3, 18, 9, 25)
    assert due(start, limit(1, Unit.SECOND), calendar()) == start + timedelta(seconds=1)
