"""A case is in time by the law, by all limits, by both or by neither."""

from __future__ import annotations

from datetime import date

import pytest

from caseway.clocks.workflow import ClockKind, ClockState, Layer
from caseway.oversight.timeliness import Measure, Timeliness, Verdict, verdicts
from oversight.courses import at, clock, end, law, limit, office


def went(*clocks: ClockState, answered: int | None = None, now: int = 100) -> list[tuple[str, int]]:
    """Timeliness and days late by the law, then by all limits."""
    found = verdicts(clocks, answered_at=at(answered) if answered is not None else None, now=at(now))
    assert [each.measure for each in found] == [Measure.LAW, Measure.OFFICE]
    return [(str(each.timeliness), each.days_late) for each in found]


def test_late_by_the_offices_limit_and_in_time_by_the_law() -> None:
    """S6: due 09-30 by the end of the month, 11-09 by the law; answered 10-28: 28 days late, and on time."""
    monthly, lawful = clock(office(22), stopped_at=at(50)), clock(law(62), stopped_at=at(50))
    assert went(monthly, lawful, answered=50) == [("ON_TIME", 0), ("LATE", 28)]
    found = verdicts([monthly, lawful], answered_at=at(50), now=at(60))
    assert [each.due_on for each in found] == [date(2026, 11, 9), date(2026, 9, 30)]


def test_while_it_is_owed_it_runs_and_then_is_late() -> None:
    assert went(clock(office(22), law(62)), now=22) == [("RUNNING", 0), ("RUNNING", 0)]
    assert went(clock(office(22), law(62)), now=23) == [("RUNNING", 0), ("LATE", 1)]
    assert went(clock(office(22), law(62)), now=70) == [("LATE", 8), ("LATE", 48)]


def test_the_last_instant_of_the_last_day_is_in_time() -> None:
    def one(stopped_day: int, *, sharp: bool) -> Verdict:
        stopped = end(stopped_day) if sharp else at(stopped_day)
        return verdicts([clock(law(22), stopped_at=stopped)], answered_at=stopped, now=at(99))[0]

    assert one(22, sharp=False).timeliness is Timeliness.ON_TIME
    assert one(22, sharp=True).timeliness is Timeliness.LATE
    assert one(22, sharp=True).days_late == 1


def test_what_ended_without_an_opinion_or_has_no_limit_has_no_timeliness() -> None:
    assert went(clock(law(22), stopped_at=at(5))) == [("NOT_APPLICABLE", 0)] * 2
    assert went(answered=5) == [("NOT_APPLICABLE", 0)] * 2
    # Only an order or a convention set the date: neither the law nor a rule book.
    assert went(clock(limit(Layer.PLATFORM, 3), limit(Layer.ORDER, 4))) == [("NOT_APPLICABLE", 0)] * 2


def test_only_handling_counts_and_the_law_never_looks_at_offices() -> None:
    assert went(clock(office(22)), now=30) == [("NOT_APPLICABLE", 0), ("LATE", 8)]
    for kind in (ClockKind.FORWARD, ClockKind.ACCEPT_NOTICE, ClockKind.REDO, ClockKind.ORDER, ClockKind.SIGN_FOR):
        assert went(clock(law(1), kind=kind), now=30) == [("NOT_APPLICABLE", 0)] * 2


@pytest.mark.parametrize("answered", [20, 21, 22, 23, 40])
def test_by_all_limits_nobody_is_earlier_than_by_the_law(answered: int) -> None:
    """INV-08: an office's limit brings the date forward, never back."""
    order = [Timeliness.ON_TIME, Timeliness.LATE]
    for offices in (10, 22, 35):
        found = verdicts(
            [clock(law(22), office(offices), stopped_at=at(answered))], answered_at=at(answered), now=at(99)
        )
        assert order.index(found[1].timeliness) >= order.index(found[0].timeliness)
        assert found[1].days_late >= found[0].days_late
