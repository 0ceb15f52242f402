"""Who works in the simulated offices, and when they are away: an office may have nobody for a while."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from caseway.access.actor import Actor
from caseway.calendars.workdays import Calendar
from caseway.people.repository import Post
from caseway.people.service import as_actor
from caseway.simulation.chance import stream

#: Spells of leave in a year, and how many workdays each lasts.
_SPELLS = (1, 2, 2, 3)
_SHORTEST, _LONGEST = 2, 10


@dataclass(frozen=True, slots=True)
class Leave:
    """Days on which somebody is away, both included (Asia/Shanghai)."""

    first: date
    last: date


@dataclass(frozen=True, slots=True)
class Colleague:
    """Somebody in one of their posts, with the year's leave."""

    actor: Actor
    leave: tuple[Leave, ...]

    def is_away(self, day: date) -> bool:
        """Whether they are on leave that day."""
        return any(each.first <= day <= each.last for each in self.leave)


class Staff:
    """Everybody who works, by office."""

    def __init__(self, colleagues: Iterable[Colleague]) -> None:
        self._by_office: dict[int, list[Colleague]] = {}
        self._by_person: dict[int, list[Colleague]] = {}
        for each in colleagues:
            self._by_office.setdefault(each.actor.office_id, []).append(each)
            self._by_person.setdefault(each.actor.person_id, []).append(each)

    def of(self, office_id: int) -> Sequence[Colleague]:
        """Everybody with a post in an office, by the age of their posts."""
        return self._by_office.get(office_id, ())

    def present(self, office_id: int, day: date) -> list[Actor]:
        """Those of an office who are at work that day."""
        return [each.actor for each in self.of(office_id) if not each.is_away(day)]

    def back_on(self, person_id: int, day: date) -> date:
        """The first day from ``day`` on on which somebody is not on leave."""
        while any(each.is_away(day) for each in self._by_person.get(person_id, ())):
            day += timedelta(days=1)
        return day

    @property
    def office_ids(self) -> frozenset[int]:
        """Offices in which anybody works."""
        return frozenset(self._by_office)


def on_leave(seed: int, person_id: int, calendar: Calendar, *, year: int) -> tuple[Leave, ...]:
    """The spells of leave of somebody in a year, drawn once for each person."""
    pick = stream(seed, "leave", person_id)
    found = []
    for _ in range(pick.choice(_SPELLS)):
        first = calendar.workday_from(date(year, 1, 1) + timedelta(days=pick.randrange(360)))
        found.append(Leave(first, calendar.add_workdays(first, pick.randint(_SHORTEST, _LONGEST) - 1)))
    return tuple(found)


def staff_of(posts: Iterable[Post], seed: int, calendar: Calendar, *, year: int) -> Staff:
    """The staff of the simulation from their posts."""
    listed = sorted(posts, key=lambda each: each.membership.id)
    places: dict[int, list[Post]] = {}
    for each in listed:
        places.setdefault(each.person.id, []).append(each)
    return Staff(
        Colleague(
            as_actor(each.person, each.membership, each.office, [one.office for one in places[each.person.id]]),
            on_leave(seed, each.person.id, calendar, year=year),
        )
        for each in listed
    )
