"""When, where and how matters arrive in a simulated year: unevenly over offices, days and channels. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from random import Random

from caseway.calendars.workdays import Calendar
from caseway.cases.workflow import Channel, PetitionClass
from caseway.clock import SHANGHAI
from caseway.simulation.chance import weighted

_DAY = timedelta(days=1)
#: The busiest office gets this much more than the next ones: its place in the order to this power.
_SKEW = 1.1
#: Mondays, and first days after a holiday, see more people.
_AFTER_REST, _OTHER = 1.6, 1.0
#: Office hours, as minutes since 0:00 in Shanghai.
OPENS, CLOSES = 8 * 60 + 30, 17 * 60 + 30

_CHANNELS = (
    (Channel.NETWORK, 45.0),
    (Channel.VISIT, 25.0),
    (Channel.LETTER, 18.0),
    (Channel.PHONE, 12.0),
)
#: What is sent arrives on any day and is registered on the next workday.
_SENT = frozenset({Channel.NETWORK, Channel.LETTER})
_CLASSES = (
    (PetitionClass.APPEAL_CLAIM, 86.0),
    (PetitionClass.SUGGESTION, 10.0),
    (PetitionClass.ACCUSATION, 4.0),
)
FIELDS = (
    ("LAND", 30.0),
    ("HOUSING", 24.0),
    ("EDUCATION", 12.0),
    ("LABOUR", 12.0),
    ("AGRICULTURE", 8.0),
    ("SOCIAL_SECURITY", 8.0),
    ("OTHER", 6.0),
)
#: People of one registration.
_SIZES = ((1, 82.0), (2, 8.0), (4, 4.0), (7, 4.0), (18, 2.0))


@dataclass(frozen=True, slots=True)
class Counter:
    """An office where people can register a matter."""

    office_id: int
    #: Division code of its area.
    place_code: str


@dataclass(frozen=True, slots=True)
class Arrival:
    """One matter that arrives."""

    office_id: int
    #: When it reaches the office, and when somebody there registers it (aware, UTC).
    received_at: datetime
    registered_at: datetime
    channel: Channel
    petition_class: PetitionClass
    field: str
    #: Where it belongs to: the counter's own area, or one below it.
    place_code: str
    group_size: int


def arrivals(pick: Random, counters: Sequence[Counter], calendar: Calendar, *, year: int, count: int) -> list[Arrival]:
    """So many matters in a year, in the order of their registration."""
    order = list(counters)
    pick.shuffle(order)
    shares = [1 / place**_SKEW for place in range(1, len(order) + 1)]
    days = [(day, _share(day, calendar)) for day in _days(year)]
    workdays = [(day, share) for day, share in days if share]
    found = [_arrival(pick, pick.choices(order, shares)[0], order, workdays, calendar) for _ in range(count)]
    return sorted(found, key=lambda each: each.registered_at)


def office_hour(pick: Random, day: date, *, after: datetime | None = None) -> datetime:
    """A moment on a day while offices are open (UTC), later than ``after`` if that lies on the same day."""
    minute = pick.uniform(OPENS, CLOSES)
    found = (datetime.combine(day, time(), SHANGHAI) + timedelta(minutes=minute)).astimezone(UTC)
    return found if after is None or found > after else after + timedelta(minutes=pick.uniform(2, 40))


def _days(year: int) -> list[date]:
    first = date(year, 1, 1)
    return [first + number * _DAY for number in range((date(year + 1, 1, 1) - first).days)]


def _share(day: date, calendar: Calendar) -> float:
    if not calendar.is_workday(day):
        return 0.0
    return _OTHER if calendar.is_workday(day - _DAY) else _AFTER_REST


def _arrival(
    pick: Random,
    counter: Counter,
    counters: Sequence[Counter],
    workdays: Sequence[tuple[date, float]],
    calendar: Calendar,
) -> Arrival:
    day = weighted(pick, workdays)
    registered_at = office_hour(pick, day)
    channel = weighted(pick, _CHANNELS)
    received_at = registered_at - timedelta(minutes=pick.uniform(1, 25))
    if channel in _SENT:
        # It may have come in on the days without work before.
        back = 0
        while pick.random() < 0.6 and not calendar.is_workday(day - (back + 1) * _DAY):
            back += 1
        received_at -= back * _DAY
    below = sorted({each.place_code for each in counters if each.place_code.startswith(counter.place_code)})
    return Arrival(
        office_id=counter.office_id,
        received_at=received_at,
        registered_at=registered_at,
        channel=channel,
        petition_class=weighted(pick, _CLASSES),
        field=weighted(pick, FIELDS),
        place_code=pick.choice(below) if below and pick.random() < 0.7 else counter.place_code,
        group_size=weighted(pick, _SIZES),
    )
