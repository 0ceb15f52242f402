"""Spans, periods and ranks: what can be compared, what only dates can tell, what cannot be compared at all."""

from __future__ import annotations

import calendar
import math
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from caseway.rules import ranks
from caseway.rules.kinds import Merge
from caseway.rules.kinds.intake import Band
from caseway.rules.order import Verdict, against, strictest_bands
from caseway.rules.values import Period, Rank, Span, Unit, compare_spans

SPANS = st.builds(Span, st.integers(1, 400), st.sampled_from(Unit))
STARTS = st.datetimes(datetime(2007, 1, 1), datetime(2027, 12, 31))
_SECONDS = {Unit.SECOND: 1, Unit.MINUTE: 60, Unit.HOUR: 3600}


def end(start: datetime, span: Span, holidays: frozenset[int]) -> datetime:
    """The instant at which a span ends (C1, C2); ``holidays`` are days after the start on which nobody works."""
    if span.unit in _SECONDS:
        return start + timedelta(seconds=span.n * _SECONDS[span.unit])
    day = start.date()
    if span.unit is Unit.MONTH:
        month = start.month - 1 + span.n
        year, month = start.year + month // 12, month % 12 + 1
        day = day.replace(year=year, month=month, day=min(start.day, calendar.monthrange(year, month)[1]))
    elif span.unit is Unit.DAY:
        day += timedelta(days=span.n)
    else:
        left, passed = span.n, 0
        while left:
            day, passed = day + timedelta(days=1), passed + 1
            left -= day.weekday() < 5 and passed not in holidays
    return datetime.combine(day + timedelta(days=1), datetime.min.time())


@given(SPANS, SPANS, STARTS, st.frozensets(st.integers(1, 60), max_size=30))
def test_what_is_provably_longer_ends_later_on_every_day(
    left: Span, right: Span, start: datetime, holidays: frozenset[int]
) -> None:
    order = compare_spans(left, right)
    first, second = end(start, left, holidays), end(start, right, holidays)
    if order == 1:
        assert first >= second
    elif order == -1:
        assert first <= second
    elif order == 0:
        assert first == second
    assert compare_spans(right, left) == (None if order is None else -order)


@pytest.mark.parametrize(
    ("left", "right", "order"),
    [
        (Span(5, Unit.WORKDAY), Span(10, Unit.WORKDAY), -1),
        (Span(30, Unit.DAY), Span(30, Unit.DAY), 0),
        (Span(16, Unit.WORKDAY), Span(15, Unit.DAY), 1),
        (Span(5, Unit.WORKDAY), Span(15, Unit.DAY), None),
        (Span(15, Unit.WORKDAY), Span(15, Unit.DAY), None),
        (Span(1, Unit.MONTH), Span(31, Unit.DAY), None),
        (Span(1, Unit.MONTH), Span(28, Unit.DAY), None),
        (Span(2, Unit.MONTH), Span(59, Unit.DAY), None),
        (Span(1, Unit.MONTH), Span(32, Unit.DAY), -1),
        (Span(1, Unit.MONTH), Span(27, Unit.DAY), 1),
        (Span(60, Unit.MINUTE), Span(1, Unit.HOUR), 0),
        (Span(25, Unit.HOUR), Span(1, Unit.DAY), None),
        (Span(49, Unit.HOUR), Span(1, Unit.DAY), 1),
        (Span(23, Unit.HOUR), Span(1, Unit.DAY), -1),
    ],
    ids=str,
)
def test_spans_of_different_units(left: Span, right: Span, order: int | None) -> None:
    assert compare_spans(left, right) == order


def test_a_span_is_written_and_read() -> None:
    assert Span.parse({"n": 5, "unit": "WORKDAY"}) == Span(5, Unit.WORKDAY)
    assert Span(5, Unit.WORKDAY).dump() == {"n": 5, "unit": "WORKDAY"}
    assert str(Span(5, Unit.WORKDAY)) == "5 WORKDAY"
    for wrong in ({"n": True, "unit": "DAY"}, {"n": "5", "unit": "DAY"}, {"n": 5, "unit": "DAY", "more": 1}):
        with pytest.raises(ValueError, match="is no span"):
            Span.parse(wrong)


@pytest.mark.parametrize(
    ("mode", "below", "above", "verdict"),
    [
        (Merge.MAX, Period.WEEK, Period.MONTH, Verdict.TIGHTER),
        (Merge.MAX, Period.YEAR, Period.MONTH, Verdict.LOOSER),
        (Merge.MAX, Period.CAMPAIGN, Period.MONTH, Verdict.INCOMPARABLE),
        (Merge.MAX, Period.EVENT, Period.CAMPAIGN, Verdict.INCOMPARABLE),
        (Merge.MAX, Period.MONTH, "PERIODIC", Verdict.TIGHTER),
        (Merge.MAX, "PERIODIC", Period.MONTH, Verdict.LOOSER),
        (Merge.MAX, "ALLOW", "WITH_COPY", Verdict.LOOSER),
        (Merge.MAX, "FORBID", "WITH_COPY", Verdict.TIGHTER),
        (Merge.MIN, "REQUIRED", "EXPECTED", Verdict.TIGHTER),
        (Merge.MIN, "NO", "EXPECTED", Verdict.LOOSER),
        (Merge.MIN, False, True, Verdict.LOOSER),
        (Merge.MIN, True, False, Verdict.TIGHTER),
        (Merge.MIN, 3, 5, Verdict.LOOSER),
        (Merge.MAX, 3, 5, Verdict.TIGHTER),
        (Merge.MIN, Rank.IN_CHARGE, Rank.HEADS, Verdict.LOOSER),
        (Merge.MIN, Rank.HEADS, Rank.UNIT_HEAD, Verdict.EQUAL),
        (Merge.MIN, Rank.CITY_LEADER, Rank.COUNTY_LEADER, Verdict.TIGHTER),
        (Merge.MIN, Rank.CITY_LEADER, Rank.HEADS, Verdict.INCOMPARABLE),
        (Merge.MAX, Rank.DIVISION_DEPUTY, Rank.SECTION_DEPUTY, Verdict.LOOSER),
        (Merge.MAX, Span(5, Unit.WORKDAY), Span(15, Unit.DAY), Verdict.UNDECIDED),
        (Merge.MAX, "IMMEDIATE", Span(1, Unit.HOUR), Verdict.TIGHTER),
        (Merge.MAX, Span(1, Unit.HOUR), "IMMEDIATE", Verdict.LOOSER),
        (Merge.MAX, "ANY_TIME", Span(1, Unit.HOUR), Verdict.LOOSER),
        (Merge.MIN, Span(2, Unit.DAY), "BEFORE_SESSION", Verdict.TIGHTER),
        (Merge.MAX, "END_OF_MONTH", Span(60, Unit.DAY), Verdict.TIGHTER),
        (Merge.MAX, "END_OF_MONTH", Span(10, Unit.DAY), Verdict.UNDECIDED),
    ],
    ids=str,
)
def test_what_is_looser(mode: Merge, below: object, above: object, verdict: Verdict) -> None:
    assert against(mode, below, above) is verdict


@given(st.sampled_from(Rank), st.sampled_from(Rank), st.sampled_from(Rank))
def test_the_order_of_ranks_is_one(first: Rank, second: Rank, third: Rank) -> None:
    one, other = ranks.compare(first, second), ranks.compare(second, first)
    assert one == (None if other is None else -other)
    assert ranks.compare(first, first) == 0
    if one is not None and one >= 0 and (ranks.compare(second, third) or -1) >= 0:
        assert (ranks.compare(first, third) or 0) >= 0


def _bands(numbers: list[int], sizes: list[int | None]) -> tuple[Band, ...]:
    return tuple(Band(group_max=size, reps_max=number) for size, number in zip(sizes, numbers, strict=True))


@st.composite
def band_lists(draw: st.DrawFn) -> tuple[Band, ...]:
    sizes: list[int | None] = [*sorted(draw(st.sets(st.integers(1, 30), min_size=1, max_size=4)))]
    if draw(st.booleans()):
        sizes.append(None)
    return _bands(draw(st.lists(st.integers(1, 9), min_size=len(sizes), max_size=len(sizes))), sizes)


def _allowed(bands: tuple[Band, ...], group: int) -> float:
    found = next((band.reps_max for band in bands if band.group_max is None or group <= band.group_max), None)
    return math.inf if found is None else found


@given(band_lists(), band_lists())
def test_the_strictest_bands_allow_what_both_allow(one: tuple[Band, ...], other: tuple[Band, ...]) -> None:
    both = strictest_bands(one, other)
    for group in range(1, 40):
        assert _allowed(both, group) == min(_allowed(one, group), _allowed(other, group))
    looser = any(
        _allowed(one, group) > _allowed(other, group) for group in range(1, 40) if _allowed(one, group) < math.inf
    )
    assert (against(Merge.MAX, one, other) is Verdict.LOOSER) == looser
