"""Rates that cannot be made better by anything but answering in time."""

from __future__ import annotations

from itertools import product

from hypothesis import given
from hypothesis import strategies as st

from caseway.clocks.workflow import ClockKind
from caseway.oversight.figures import Course, Tally, is_told, tally
from caseway.oversight.timeliness import Measure
from caseway.rules.kinds.vocabulary import Metric
from oversight.courses import at, clock, law, office

CLOSURE, ACCEPTANCE = Metric.ON_TIME_CLOSURE_RATE, Metric.ON_TIME_ACCEPTANCE_RATE
#: The period of these tests: 09-08 to 10-08.
SINCE, UNTIL = at(0), at(30)


def answered(day: int, *, due: int = 10) -> Course:
    """Answered on a day."""
    return Course((clock(law(due), stopped_at=at(day)),), (at(day),))


def open_case(*, due: int) -> Course:
    """Not answered."""
    return Course((clock(law(due)),), ())


def sent_away(day: int, *, due: int = 10) -> Course:
    """A notice clock that stopped because the case was sent on or back."""
    return Course((clock(law(due), kind=ClockKind.ACCEPT_NOTICE, stopped_at=at(day)),), ())


def counted(*courses: Course, metric: Metric = CLOSURE, measure: Measure = Measure.LAW) -> Tally:
    """The parts over the period."""
    return tally(metric, courses, measure, since=SINCE, until=UNTIL)


def test_on_time_through_closed_and_overdue_open() -> None:
    found = counted(answered(5), answered(10), answered(12), open_case(due=20), open_case(due=29), open_case(due=40))
    # The one due on the 29th day is overdue at the beginning of the 30th; the last one still has time.
    assert found == Tally(on_time=2, closed_late=1, overdue_open=2)
    assert found.rate == 2 / 5


def test_nothing_is_no_rate() -> None:
    assert counted(open_case(due=40)) == Tally()
    assert Tally().rate is None


def test_sending_a_case_away_closes_nothing_and_leaving_it_open_does_not_hide_it() -> None:
    """P25: a bounce is no closing."""
    assert counted(sent_away(3), metric=ACCEPTANCE) == Tally()
    late = Course((clock(law(10), kind=ClockKind.ACCEPT_NOTICE),), ())
    assert counted(late, metric=ACCEPTANCE) == Tally(overdue_open=1)
    # The receiver's own clock counts, whatever the sender's did before.
    received = Course(
        (
            clock(law(10), kind=ClockKind.ACCEPT_NOTICE, stopped_at=at(3)),
            clock(law(12), kind=ClockKind.ACCEPT_NOTICE, stopped_at=at(13)),
        ),
        (at(13),),
    )
    assert counted(received, metric=ACCEPTANCE) == Tally(closed_late=1)


def test_a_case_counts_in_the_period_in_which_it_was_closed() -> None:
    assert counted(answered(-1, due=10)) == Tally()
    assert counted(answered(31, due=10)) == Tally()
    assert counted(answered(30, due=40)) == Tally(), "the period ends before its last instant"


def test_law_and_office_are_told_apart() -> None:
    """S6: on time by the law, late by the office."""
    both = Course((clock(office(5), stopped_at=at(20)), clock(law(28), stopped_at=at(20))), (at(20),))
    assert counted(both) == Tally(on_time=1)
    assert counted(both, measure=Measure.OFFICE) == Tally(closed_late=1)


def test_a_case_counts_once_however_many_limits_it_has() -> None:
    many = Course(
        (clock(office(5), office(6), law(7)), clock(law(9), office(3), kind=ClockKind.ANSWER)),
        (),
    )
    assert counted(many, measure=Measure.OFFICE) == Tally(overdue_open=1)


def test_a_small_whole_is_told_only_to_those_who_see_the_cases() -> None:
    for whole, entitled in product(range(8), (True, False)):
        assert is_told(Tally(on_time=whole), entitled=entitled) is (entitled or whole == 0 or whole >= 5)


DAYS = st.integers(0, 45)
COURSES = st.lists(
    st.one_of(
        st.builds(lambda day, due: answered(day, due=due), DAYS, DAYS),
        st.builds(lambda due: open_case(due=due), DAYS),
        st.builds(lambda day, due: sent_away(day, due=due), DAYS, DAYS),
    ),
    max_size=12,
)


@given(courses=COURSES)
def test_no_sending_away_and_no_leaving_open_makes_a_rate_better(courses: list[Course]) -> None:
    """Replace any case by one that was sent away, or never closed: the share of what was done in time never grows."""
    for metric in (CLOSURE, ACCEPTANCE):
        before = tally(metric, courses, Measure.LAW, since=SINCE, until=UNTIL)
        assert before.on_time + before.closed_late + before.overdue_open <= len(courses)
        worse = [*courses, sent_away(3), open_case(due=1)]
        after = tally(metric, worse, Measure.LAW, since=SINCE, until=UNTIL)
        assert after.on_time == before.on_time
        assert (after.rate or 0) <= (before.rate or 0)


@given(courses=COURSES, more=COURSES)
def test_parts_are_added_never_averaged(courses: list[Course], more: list[Course]) -> None:
    """INV-25 for rates: the whole of two areas is the sum of their parts."""
    assert counted(*courses, *more) == counted(*courses).plus(counted(*more))
