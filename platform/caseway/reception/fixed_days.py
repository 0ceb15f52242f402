"""Fixed days of the month 固定接访日, resolved to dates by their roll rule and the calendar (INV-24). Pure.

A date whose roll depends on a year without a published calendar is provisional: it is told, and nothing is owed on it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date

from caseway.calendars.periods import Stretch, month_of
from caseway.calendars.workdays import Calendar
from caseway.rules.kinds.fixed_day import FixedDay
from caseway.rules.resolve import EffectiveRules, Rule
from caseway.rules.rows import RowRef
from caseway.rules.values import Rank

#: Why a date is provisional.
CALENDAR_NOT_PUBLISHED = "CALENDAR_NOT_PUBLISHED"


@dataclass(frozen=True, slots=True)
class FixedDate:
    """One fixed day of one month."""

    activity: str
    #: The day of the month that the rule names.
    day: int
    #: The date that the rule names, before it rolls.
    named: date
    #: The date on which it is kept.
    on: date
    roll: str
    #: Which days roll; None where none does.
    roll_on: str | None
    #: ``CALENDAR_NOT_PUBLISHED`` while the date may still change; None when it is certain.
    provisional: str | None
    actor: Rank | None
    joint: bool
    groups_min: int | None
    venue: str | None
    #: Rows behind each value: ``day`` (those that name this very day) and the other parameters.
    sources: Mapping[str, tuple[RowRef, ...]]


def fixed_dates(rules: EffectiveRules, *, month: date, calendar: Calendar) -> list[FixedDate]:
    """The fixed days of the month that ``month`` lies in, by date.

    ``rules`` are those of the first day of the month: a periodic duty is pinned to them (INV-22). A day that rolls out
    of the month stays a fixed day of this month.
    """
    found = (each for rule in rules.of(FixedDay) for each in _dates(rule, month_of(month), calendar))
    return sorted(found, key=lambda each: (each.on, each.activity, each.day))


def roll(day: date, *, roll: str, roll_on: str | None, calendar: Calendar) -> tuple[date, bool]:
    """The date on which a day is kept, and whether every day that was looked at lies in a published year.

    NEVER stays whatever the day is, so it is certain without any calendar. NEXT_WORKDAY moves on to the next workday
    from every day that is no workday (``roll_on`` NON_WORKDAY, the default), or only from the days of an announced
    holiday period, Saturdays and Sundays in it included (STATUTORY_HOLIDAY).
    """
    if roll == "NEVER":
        return day, True
    rolls = calendar.is_statutory_holiday(day) if roll_on == "STATUTORY_HOLIDAY" else not calendar.is_workday(day)
    kept = calendar.next_workday(day) if rolls else day
    return kept, calendar.is_published(day) and calendar.is_published(kept)


def _dates(rule: Rule[FixedDay], month: Stretch, calendar: Calendar) -> Iterator[FixedDate]:
    params = rule.params
    if params.roll == "UNSPECIFIED":
        return  # Nobody has decided it: no date is guessed. No book is published like that.
    for number in sorted(params.days):
        named = _named(month, number, params.short_month)
        if named is None:
            continue
        kept, certain = roll(named, roll=params.roll, roll_on=params.roll_on, calendar=calendar)
        yield FixedDate(
            activity=params.activity.value,
            day=number,
            named=named,
            on=kept,
            roll=params.roll,
            roll_on=None if params.roll == "NEVER" else params.roll_on or "NON_WORKDAY",
            provisional=None if certain else CALENDAR_NOT_PUBLISHED,
            actor=params.actor,
            joint=bool(params.joint),
            groups_min=params.groups_min,
            venue=params.venue,
            sources={
                "day": tuple(row.ref for row in rule.rows if number in row.params.days),
                **{name: refs for name, refs in rule.provenance.items() if name not in ("days", "activity") and refs},
            },
        )


def _named(month: Stretch, number: int, short_month: str | None) -> date | None:
    """The date that a day number names in a month; None for a day that this month does not have and that is skipped."""
    if number <= month.last.day:
        return month.first.replace(day=number)
    return month.last if short_month == "LAST_DAY" else None
