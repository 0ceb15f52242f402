"""Counting working days: weekends and holidays are skipped, make-up workdays (调休) count.

Everything here is a calendar day in China's time zone (convention C1). Whoever counts often asks the same calendar:
each year is laid out once, and adding a year of workdays then takes microseconds.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from enum import StrEnum
from itertools import accumulate
from types import MappingProxyType

from caseway.calendars.statutory import statutory_names

_DAY = timedelta(days=1)
_SATURDAY = 5


class DayKind(StrEnum):
    """What a day is for those who work in offices."""

    WORKDAY = "WORKDAY"
    WEEKEND = "WEEKEND"
    #: Inside an announced holiday period, whatever day of the week it is.
    HOLIDAY = "HOLIDAY"
    #: A day on which people work although it would be off (调休上班日).
    MAKE_UP_WORKDAY = "MAKE_UP_WORKDAY"

    @property
    def is_workday(self) -> bool:
        """Whether offices work on such a day."""
        return self in (DayKind.WORKDAY, DayKind.MAKE_UP_WORKDAY)


@dataclass(frozen=True, slots=True, order=True)
class SpecialDay:
    """A day that is not what its day of the week says: a HOLIDAY or a MAKE_UP_WORKDAY. ``name`` is that of the holiday;
    a make-up day has the name of the holiday it makes up for."""

    day: date
    kind: DayKind
    name: str


@dataclass(frozen=True, slots=True)
class _Year:
    """A year laid out: how many workdays its first n days hold, and which those are, as ordinals of ``date``."""

    #: Ordinal of the 31st of December before it.
    eve: int
    #: ``counts[n]`` = workdays among the first n days.
    counts: tuple[int, ...]
    workdays: tuple[int, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Calendar:
    """Which days are working days: in the whole country, or (see ``with_local``) for one office.

    In a year without a published notice weekends and the statutory holidays are days off; what is counted there is
    provisional, because the notice may add make-up workdays and move days off. Immutable. Two calendars are equal when
    their ``revision`` is: the same content has one, and other content another.
    """

    #: Every special day of the published years.
    special: Mapping[date, SpecialDay]
    #: Years whose notice is known.
    years: frozenset[int]
    revision: Hashable
    #: Days decided by offices, over everything else.
    local: Mapping[date, SpecialDay] = field(default_factory=lambda: MappingProxyType({}))
    _national: Calendar | None = None
    _laid_out: dict[int, _Year] = field(default_factory=dict)

    @classmethod
    def of(cls, special: Iterable[SpecialDay], years: Iterable[int], *, revision: Hashable = None) -> Calendar:
        """The national calendar of some published years. Without ``revision`` its content stands for it."""
        days, known = {each.day: each for each in special}, frozenset(years)
        content = (frozenset(days.values()), known) if revision is None else revision
        return cls(MappingProxyType(days), known, content)

    @property
    def national(self) -> Calendar:
        """The calendar of the whole country that this one is made from; itself, if no office has decided anything."""
        return self._national or self

    def with_year(self, year: int, special: Iterable[SpecialDay]) -> Calendar:
        """This national calendar with another content of one year, published or not; local days are kept."""
        kept = (each for day, each in self.national.special.items() if day.year != year)
        changed = Calendar.of([*kept, *special], self.years | {year})
        return changed.with_local(self.local.values())

    def with_local(self, days: Iterable[SpecialDay]) -> Calendar:
        """This calendar with days that offices have decided; of two for the same day the later one counts, so the
        nearest office comes last. The same days in another order of offices are the same calendar."""
        added = {each.day: each for each in days}
        if not added:
            return self
        local = {**self.local, **added}
        revision = (self.national.revision, frozenset(local.values()))
        return Calendar(self.special, self.years, revision, MappingProxyType(local), self.national)

    def __eq__(self, other: object) -> bool:
        return self.revision == other.revision if isinstance(other, Calendar) else NotImplemented

    def __hash__(self) -> int:
        return hash(self.revision)

    def is_published(self, day: date) -> bool:
        """Whether the notice for the day's year is known; if not, the answers about it are provisional."""
        return day.year in self.years

    def kind_of(self, day: date) -> DayKind:
        """What the day is."""
        special = self.special_day(day)
        if special is not None:
            return special.kind
        return DayKind.WORKDAY if day.weekday() < _SATURDAY else DayKind.WEEKEND

    def name_of(self, day: date) -> str | None:
        """Name of the holiday that the day belongs to or is made up for; None on all other days."""
        special = self.special_day(day)
        return special.name if special is not None else None

    def special_day(self, day: date) -> SpecialDay | None:
        """The day, if it is not what its day of the week says."""
        found = self.local.get(day) or self.special.get(day)
        if found is None and day.year not in self.years:
            name = statutory_names(day.year).get(day)
            return SpecialDay(day, DayKind.HOLIDAY, name) if name is not None else None
        return found

    def is_workday(self, day: date) -> bool:
        """Whether offices work on that day."""
        year = self._year(day.year)
        number = day.toordinal() - year.eve
        return year.counts[number] > year.counts[number - 1]

    def is_statutory_holiday(self, day: date) -> bool:
        """Whether the day lies in an announced holiday period, Saturdays and Sundays in it included; a plain weekend
        does not. In a year without a notice only the statutory days themselves are known."""
        return self.kind_of(day) is DayKind.HOLIDAY

    def next_workday(self, day: date) -> date:
        """The first workday after that day."""
        return self.add_workdays(day, 1)

    def workday_from(self, day: date) -> date:
        """The day itself if it is a workday, else the next one."""
        return day if self.is_workday(day) else self.next_workday(day)

    def add_workdays(self, day: date, count: int) -> date:
        """The ``count``-th workday after that day, which is not counted itself (convention C2); 0 gives the day.
        Raises ``OverflowError`` beyond the last year that dates have."""
        if count < 0:
            raise ValueError("workdays are counted forward only")
        if count == 0:
            return day
        number, year = day.year, self._year(day.year)
        count += year.counts[day.toordinal() - year.eve]
        while count > len(year.workdays):
            count -= len(year.workdays)
            number += 1
            year = self._year(number)
        return date.fromordinal(year.workdays[count - 1])

    def workdays_between(self, after: date, until: date) -> int:
        """How many workdays lie after the one day, up to and including the other; 0 if it is not later."""
        if until <= after:
            return 0
        first, last = self._year(after.year), self._year(until.year)
        whole = sum(len(self._year(number).workdays) for number in range(after.year, until.year))
        return whole + last.counts[until.toordinal() - last.eve] - first.counts[after.toordinal() - first.eve]

    def _year(self, number: int) -> _Year:
        found = self._laid_out.get(number)
        if found is None:
            shared = self._national is not None and all(day.year != number for day in self.local)
            found = self._national._year(number) if shared and self._national is not None else self._lay_out(number)
            self._laid_out[number] = found  # idempotent: whoever comes second writes the same
        return found

    def _lay_out(self, number: int) -> _Year:
        if number > date.max.year:
            raise OverflowError("date value out of range")
        first = date(number, 1, 1).toordinal()
        last = date(number, 12, 31).toordinal()
        working = [self.kind_of(date.fromordinal(each)).is_workday for each in range(first, last + 1)]
        return _Year(
            eve=first - 1,
            counts=tuple(accumulate(working, initial=0)),
            workdays=tuple(first + place for place, works in enumerate(working) if works),
        )
