"""Chance that repeats itself: ids, arrivals and leave follow from the seed alone."""

from __future__ import annotations

import uuid
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from caseway.calendars.workdays import Calendar, DayKind, SpecialDay
from caseway.clocks.arithmetic import day_of
from caseway.db.base import drawing_from, new_id, symbols
from caseway.simulation.arrivals import Counter, arrivals
from caseway.simulation.chance import SeededSource, stream, weighted
from caseway.simulation.staff import on_leave

NOON = datetime(2026, 4, 15, 4, tzinfo=UTC)
SPRING = [SpecialDay(date(2026, 2, day), DayKind.HOLIDAY, "春节") for day in range(16, 24)]
CALENDAR = Calendar.of(SPRING, {2026})
COUNTERS = [Counter(1, "3304"), Counter(2, "330402"), Counter(3, "330402100"), Counter(4, "330411")]


def test_ids_of_a_source_are_uuid7_of_the_instant_in_order_and_its_own() -> None:
    source, other = SeededSource(lambda: NOON, 7, "deed", 1), SeededSource(lambda: NOON, 7, "deed", 2)
    found = [source.new_id() for _ in range(500)]
    assert found == sorted(found)
    assert len({*found, *(other.new_id() for _ in range(500))}) == 1000
    assert {each.version for each in found} == {7}
    assert {each.variant for each in found} == {uuid.RFC_4122}
    assert {each.int >> 80 for each in found} == {int(NOON.timestamp() * 1000)}
    again = SeededSource(lambda: NOON, 7, "deed", 1)
    assert [again.new_id() for _ in range(500)] == found


def test_later_ids_are_greater() -> None:
    early = SeededSource(lambda: NOON, 1, "early").new_id()
    assert early < SeededSource(lambda: NOON + timedelta(milliseconds=1), 2, "late").new_id()


def test_only_inside_the_block_ids_are_drawn_from_the_seed() -> None:
    def draw() -> tuple[uuid.UUID, str]:
        with drawing_from(SeededSource(lambda: NOON, 3, "case")):
            return new_id(), symbols("ABC", 8)

    assert draw() == draw()
    assert new_id() != new_id()
    assert abs(new_id().int >> 80) > NOON.timestamp() * 1000 / 2
    assert symbols("AB", 64) != symbols("AB", 64)


def test_a_block_that_fails_gives_the_source_back() -> None:
    with pytest.raises(ZeroDivisionError), drawing_from(SeededSource(lambda: NOON, 3, "case")):
        raise ZeroDivisionError
    assert new_id() != new_id()


def test_streams_depend_on_their_names_alone() -> None:
    assert stream(7, "a").random() == stream(7, "a").random()
    assert stream(7, "a").random() != stream(7, "b").random()
    assert stream(7, "a").random() != stream(8, "a").random()


@given(seed=st.integers(0, 10_000), count=st.integers(1, 80))
@settings(max_examples=40, deadline=None)
def test_arrivals_are_in_order_within_the_year_and_registered_on_workdays(seed: int, count: int) -> None:
    found = arrivals(stream(seed, "arrivals"), COUNTERS, CALENDAR, year=2026, count=count)
    assert len(found) == count
    assert found == sorted(found, key=lambda each: each.registered_at)
    assert found == arrivals(stream(seed, "arrivals"), COUNTERS, CALENDAR, year=2026, count=count)
    codes = {each.office_id: each.place_code for each in COUNTERS}
    for each in found:
        assert each.received_at < each.registered_at
        assert day_of(each.registered_at).year == 2026
        assert CALENDAR.is_workday(day_of(each.registered_at))
        assert each.place_code.startswith(codes[each.office_id])
        waited = day_of(each.received_at) + timedelta(days=1)
        assert not any(CALENDAR.is_workday(day) for day in _between(waited, day_of(each.registered_at)))


def _between(first: date, last: date) -> list[date]:
    return [first + timedelta(days=number) for number in range((last - first).days)]


def test_offices_and_days_are_not_equally_busy() -> None:
    found = arrivals(stream(1, "arrivals"), COUNTERS, CALENDAR, year=2026, count=4000)
    by_office = sorted(sum(each.office_id == one.office_id for each in found) for one in COUNTERS)
    assert by_office[-1] > 2 * by_office[0]
    mondays = sum(day_of(each.registered_at).weekday() == 0 for each in found)
    thursdays = sum(day_of(each.registered_at).weekday() == 3 for each in found)
    assert mondays > 1.2 * thursdays


def test_everybody_is_on_leave_on_some_workdays_of_the_year() -> None:
    spells = on_leave(7, 12, CALENDAR, year=2026)
    assert spells == on_leave(7, 12, CALENDAR, year=2026)
    assert spells != on_leave(7, 13, CALENDAR, year=2026)
    for each in spells:
        assert CALENDAR.is_workday(each.first)
        assert 1 <= CALENDAR.workdays_between(each.first, each.last) <= 9


def test_a_choice_without_weight_is_never_made() -> None:
    pick = stream(1, "x")
    assert {weighted(pick, (("never", 0.0), ("always", 1.0))) for _ in range(200)} == {"always"}
