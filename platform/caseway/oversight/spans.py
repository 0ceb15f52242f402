"""Which roll-ups answer a question about a period, pure: whole years and months where they can, days for the rest.

A roll-up of a month holds what counts in that month and became known in one month, of a year likewise. So it serves a
question as of a day only if everything in it was known before the month, or year, of that day; what became known in
the present month is read from the days.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from enum import IntEnum

#: Before anything was ever counted.
BEGINNING = date(1900, 1, 1)
_ONE_DAY = timedelta(days=1)


class Grain(IntEnum):
    """How long the stretch is that a roll-up is about."""

    DAY = 1
    MONTH = 2
    YEAR = 3

    def start(self, day: date) -> date:
        """The first day of the stretch that a day lies in."""
        match self:
            case Grain.DAY:
                return day
            case Grain.MONTH:
                return day.replace(day=1)
            case _:
                return day.replace(month=1, day=1)


@dataclass(frozen=True, slots=True)
class Piece:
    """Roll-ups of one grain: those about ``first`` to ``last`` that became known from ``known_from`` to ``known_to``,
    all by the first day of their stretch and both ends included."""

    grain: Grain
    first: date
    last: date
    known_from: date
    known_to: date

    @property
    def is_empty(self) -> bool:
        """Whether nothing can be in it."""
        return self.first > self.last or self.known_from > self.known_to


def of_period(first: date, last: date, *, as_of: date) -> list[Piece]:
    """The roll-ups of what happened from ``first`` to ``last``, by what was known at the end of ``as_of``."""
    month = Grain.MONTH.start(as_of)
    whole_from = first if first.day == 1 else _next_month(first)
    # The last whole month that ended before the month of as_of.
    whole_to = min(Grain.MONTH.start(last + _ONE_DAY), month) - _ONE_DAY
    if whole_from > whole_to:
        return _filled(Piece(Grain.DAY, first, last, BEGINNING, as_of))
    return _filled(
        Piece(Grain.DAY, first, whole_from - _ONE_DAY, BEGINNING, as_of),
        Piece(Grain.MONTH, whole_from, whole_to, BEGINNING, month - _ONE_DAY),
        Piece(Grain.DAY, whole_from, whole_to, month, as_of),
        Piece(Grain.DAY, whole_to + _ONE_DAY, last, BEGINNING, as_of),
    )


def up_to(last: date, *, as_of: date) -> list[Piece]:
    """The roll-ups of everything that counts up to the end of a day: the stock of that day."""
    month = Grain.MONTH.start(min(last, as_of))
    year = Grain.YEAR.start(month)
    before_year, before_month = year - _ONE_DAY, month - _ONE_DAY
    return _filled(
        Piece(Grain.YEAR, BEGINNING, before_year, BEGINNING, before_year),
        # What was known before the year, about its months; and what was known in the year, about earlier ones too.
        Piece(Grain.MONTH, year, before_month, BEGINNING, before_year),
        Piece(Grain.MONTH, BEGINNING, before_month, year, before_month),
        Piece(Grain.DAY, month, last, BEGINNING, before_month),
        Piece(Grain.DAY, BEGINNING, last, month, as_of),
    )


def _filled(*pieces: Piece) -> list[Piece]:
    return [each for each in pieces if not each.is_empty]


def _next_month(day: date) -> date:
    return (day.replace(day=1) + 32 * _ONE_DAY).replace(day=1)


def stretches(first: date, last: date, grain: Grain) -> Iterator[tuple[date, date]]:
    """The days, months or years that touch a period, cut to it, in order."""
    start = first
    while start <= last:
        following = grain.start(grain.start(start) + {1: 1, 2: 32, 3: 367}[grain] * _ONE_DAY)
        yield start, min(following - _ONE_DAY, last)
        start = following
