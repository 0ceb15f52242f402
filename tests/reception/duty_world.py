"""Leaders, sessions and rules of one office, for pure tests of duties."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime

from caseway.calendars.periods import Stretch, earliest, midnight, periods
from caseway.calendars.published import calendar
from caseway.reception.codes import SessionActivity
from caseway.reception.duties import Duty, FixedDuty, Segment, duties, fixed_duties
from caseway.reception.evidence import Held, PostHeld
from caseway.reception.fixed_days import fixed_dates
from caseway.reception.rosters import Rosters
from caseway.rules.resolve import EffectiveRules

LONG_AGO = datetime(2019, 1, 1, tzinfo=UTC)
#: Grade of the heads of an ordinary county (DIVISION_HEAD).
COUNTY_HEADS = 6
FEBRUARY = Stretch(date(2026, 2, 1), date(2026, 2, 28))


def post(person: int, rank: str = "DIVISION_DEPUTY", *, role: str = "leader", since: datetime = LONG_AGO,
         until: datetime | None = None) -> PostHeld:  # fmt: skip
    """A post in the office."""
    return PostHeld(person, rank, (role,), since, until)


def rosters(rules: EffectiveRules, posts: Iterable[PostHeld], heads_grade: int = COUNTY_HEADS) -> Rosters:
    """The circles of the office."""
    return Rosters(rules, heads_grade, tuple(posts))


def on(day: str, *present: int | None, activity: str = "RECEPTION", matters: int = 0) -> list[Held]:
    """A held session on a day such as ``2026-02-11``, with one turn for each who was (or was not) there."""
    when = date.fromisoformat(day)
    number = when.toordinal() * 100 + list(SessionActivity).index(SessionActivity(activity))
    return [Held(number, when, activity, matters, person) for person in present]


def at(local: str) -> datetime:
    """A local instant in China such as ``2026-03-01 00:00``."""
    return datetime.fromisoformat(local + "+08:00").astimezone(UTC)


def owed(
    rules: EffectiveRules,
    posts: Iterable[PostHeld],
    held: Sequence[Held] = (),
    *,
    within: Stretch = FEBRUARY,
    now: str = "2027-01-01 00:00",
    heads_grade: int = COUNTY_HEADS,
) -> list[Duty]:
    """The duties of a range under the same rules all the time."""
    circles = rosters(rules, posts, heads_grade)
    whole = Segment(Stretch(earliest(within), within.last), circles)
    return duties([whole], within=within, held=held, calendar=calendar(), now=at(now))


def kept(
    rules: EffectiveRules,
    posts: Iterable[PostHeld],
    held: Sequence[Held] = (),
    *,
    within: Stretch = FEBRUARY,
    now: str = "2027-01-01 00:00",
) -> list[FixedDuty]:
    """The fixed days of a range."""
    circles = rosters(rules, posts)
    dates = [
        each for month in periods("MONTH", within)
        for each in fixed_dates(rules, month=month.first, calendar=calendar())
    ]  # fmt: skip
    return fixed_duties(dates, rosters=circles, held=held, now=at(now))


def ended(day: str) -> datetime:
    """The first instant of a day."""
    return midnight(date.fromisoformat(day)).astimezone(UTC)
