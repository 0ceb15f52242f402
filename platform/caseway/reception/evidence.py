"""What duties are judged by: who was at the held sessions of an office, and who was in which post."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from caseway.calendars.periods import Stretch, local_day, midnight


@dataclass(frozen=True, slots=True)
class Held:
    """One leader's turn at a held session."""

    session_id: int
    day: date
    activity: str
    #: How many matters were worked on at the whole session.
    matters: int
    #: Who was there, the leader or the substitute; None for a turn that nobody covered.
    present_id: int | None


class Attendance:
    """The turns of many sessions, found by day and by who was there without looking at all of them."""

    def __init__(self, held: Iterable[Held]) -> None:
        self._taken = sorted((each for each in held if each.present_id is not None), key=_day)
        self._by_person: dict[int | None, list[Held]] = {}
        for each in self._taken:
            self._by_person.setdefault(each.present_id, []).append(each)

    def on(self, days: Stretch, person_id: int | None = None) -> Sequence[Held]:
        """Turns that somebody took on some days: this person, or anybody."""
        turns = self._taken if person_id is None else self._by_person.get(person_id, [])
        return turns[bisect_left(turns, days.first, key=_day) : bisect_right(turns, days.last, key=_day)]


def _day(each: Held) -> date:
    return each.day


@dataclass(frozen=True, slots=True)
class PostHeld:
    """One post in an office, as far as rules ask about it."""

    person_id: int
    rank: str
    roles: tuple[str, ...]
    valid_from: datetime
    valid_to: datetime | None

    def is_held_in(self, within: Stretch) -> bool:
        """Whether the post is held at some instant of a stretch of days."""
        begun = local_day(self.valid_from) <= within.last
        return begun and (self.valid_to is None or self.valid_to > max(midnight(within.first), self.valid_from))
