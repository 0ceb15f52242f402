"""Statistics of an area: a table of counts and rates for a period, by what was known at the end of a day."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from caseway.access.actor import Actor
from caseway.access.facts import BIT, area_facts, mask
from caseway.access.permissions import Permission
from caseway.access.policy import Policy
from caseway.calendars.periods import ONE_DAY, ended_at, local_day
from caseway.oversight import reading, rollups
from caseway.oversight.counts import RATES, Count
from caseway.oversight.errors import FigurePeriodInvalid, FigureTooLarge
from caseway.oversight.figures import Tally
from caseway.oversight.history import BY_DATE, Entry, entries
from caseway.oversight.reading import Asked, Group, Narrowing
from caseway.oversight.spans import BEGINNING, Grain, Piece, of_period, stretches, up_to
from caseway.oversight.timeliness import Measure
from caseway.rules.kinds.vocabulary import Metric
from caseway.tenancy.models import Office

#: Longest period of one question, in days, and the most rows of a table.
MOST_DAYS, MOST_ROWS = 3_660, 500
#: Figures that rates are made of.
RATE_COUNTS = tuple(each for each in Count if each.endswith(("_LAW", "_OFFICE")))


class Dimension(StrEnum):
    """What a table is broken down by."""

    CHILD_OFFICE = "CHILD_OFFICE"
    PETITION_CLASS = "PETITION_CLASS"
    CHANNEL = "CHANNEL"
    FIELD = "FIELD"
    STAGE = "STAGE"
    DAY = "DAY"
    MONTH = "MONTH"
    YEAR = "YEAR"


_COLUMNS = {
    Dimension.CHILD_OFFICE: "via_id",
    Dimension.PETITION_CLASS: "petition_class",
    Dimension.CHANNEL: "channel",
    Dimension.FIELD: "field",
    Dimension.STAGE: "stage",
}
_GRAINS = {Dimension.DAY: Grain.DAY, Dimension.MONTH: Grain.MONTH, Dimension.YEAR: Grain.YEAR}


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked. ``as_of`` = by what was known at the end of that day."""

    office: Office
    first: date
    last: date
    as_of: date
    counts: tuple[Count, ...]
    by: Dimension | None
    narrowing: Narrowing


@dataclass(frozen=True, slots=True)
class Row:
    """One line: its key (office id, code, or first day of a stretch; null for the total), its days, its counts."""

    key: Any
    first: date
    last: date
    values: dict[Count, int]

    def tally(self, metric: Metric, measure: Measure) -> Tally:
        """What a rate is made of."""
        what = RATES[metric]
        on_time = self.values.get(Count[f"{what}_ON_TIME_{measure}"], 0)
        late = self.values.get(Count[f"{what}_LATE_{measure}"], 0)
        overdue = self.values.get(Count[f"{what}_OVERDUE_{measure}"], 0)
        return Tally(on_time, late, overdue)


@dataclass(frozen=True, slots=True)
class Table:
    """The answer. ``as_of_at`` = what happened before that instant is counted."""

    question: Question
    as_of_at: datetime
    total: Row
    rows: tuple[Row, ...]


def may_ask(policy: Policy, actor: Actor, office: Office) -> bool:
    """Whether somebody is told the numbers of an area in every detail: who counts it and sees the ordinary cases in it
    at least as cards, so that no number tells more than the cases themselves."""
    facts = area_facts(actor, office.path) | BIT["ordinary"]
    return policy.allows(actor, Permission.CASE_COUNT, facts) and policy.allows(
        actor, Permission.CASE_CARD, mask("below", "ordinary")
    )


def check(question: Question, *, now: datetime) -> None:
    """Raises ``FigurePeriodInvalid``, ``FigureTooLarge``."""
    today = local_day(now)
    days = (question.last - question.first).days + 1
    if not 1 <= days <= MOST_DAYS or question.first.year < 2000 or question.first > today or question.as_of > today:
        raise FigurePeriodInvalid(most_days=MOST_DAYS)
    if question.by in _GRAINS and sum(1 for _ in _stretches(question)) > MOST_ROWS:
        raise FigureTooLarge(most=MOST_ROWS)


async def table(session: AsyncSession, actor: Actor, question: Question, *, now: datetime) -> Table:
    """The table for somebody who may ask (``may_ask``). ``session`` sees every case: what the cases barred to the actor
    add is taken out of every number. Raises ``FigurePeriodInvalid``, ``FigureTooLarge``."""
    check(question, now=now)
    asked = _asked(question)
    unfinished = local_day(now) if question.as_of == local_day(now) else None
    found = await reading.sums(
        session, question.office.id, asked, by=_group(question), narrowing=question.narrowing, unfinished=unfinished
    )
    barred = await reading.barred_in(session, question.office.id, bars=actor.bars)
    for key, amount in _of_barred(await rollups.pasts(session, list(barred)), barred, question, asked, unfinished):
        found[key] = found.get(key, 0) - amount
    rows = _over_time(question, found) if question.by in _GRAINS else _by_value(question, found)
    if len(rows) > MOST_ROWS:
        raise FigureTooLarge(most=MOST_ROWS)
    return Table(question, await _as_of(session, actor, question, now), _total(question, found), tuple(rows))


async def _as_of(session: AsyncSession, actor: Actor, question: Question, now: datetime) -> datetime:
    waiting = await rollups.oldest_waiting(session, bars=actor.bars)
    return min(each for each in (ended_at(question.as_of), now, waiting) if each is not None)


def _stretches(question: Question) -> Iterable[tuple[date, date]]:
    assert question.by is not None
    return stretches(question.first, min(question.last, question.as_of), _GRAINS[question.by])


def _group(question: Question) -> Group:
    if question.by is None:
        return None
    return _GRAINS.get(question.by) or _COLUMNS[question.by]


def _asked(question: Question) -> list[Asked]:
    """The roll-ups of a table: what happened in the period, and what there was at its end. Over time a stock is what
    there was before the period and how it changed since."""
    first, last = question.first, min(question.last, question.as_of)
    wanted = question.counts
    if question.by is not Dimension.STAGE and not question.narrowing.stages:
        wanted = tuple(dict.fromkeys((*wanted, *RATE_COUNTS)))
    flows = tuple(each for each in wanted if not each.is_stock)
    stocks = tuple(each for each in wanted if each.is_stock)
    within = tuple(_within(question, first, last))
    if question.by in _GRAINS:
        return [
            Asked((*flows, *stocks), within),
            Asked(stocks, tuple(up_to(first - ONE_DAY, as_of=question.as_of)), is_before=True),
        ]
    return [Asked(flows, within), Asked(stocks, tuple(up_to(last, as_of=question.as_of)))]


def _within(question: Question, first: date, last: date) -> list[Piece]:
    if question.by is Dimension.DAY:
        return [Piece(Grain.DAY, first, last, BEGINNING, question.as_of)]
    return of_period(first, last, as_of=question.as_of)


def _of_barred(
    pasts: Iterable[rollups.Past],
    counted: dict[rollups.CaseKey, int],
    question: Question,
    asked: Sequence[Asked],
    unfinished: date | None,
) -> Iterable[tuple[reading.Key, int]]:
    """What cases add to the sums that were asked, by the same roll-ups."""
    for past in pasts:
        for seq, entry in entries(past.events, past.clock_events):
            inside = question.office.id in entry.path
            if seq > counted[past.key] or not inside or not _fits(question.narrowing, entry):
                continue
            if entry.stage == BY_DATE and entry.day == unfinished:
                continue
            for each in asked:
                if entry.what in each.counts and any(_in(piece, entry) for piece in each.pieces):
                    value = None if each.is_before else _value(entry, _group(question), question.office.id)
                    yield (each.is_before, value, entry.what), entry.amount


def _fits(narrowing: Narrowing, entry: Entry) -> bool:
    return narrowing.fits(
        petition_class=entry.petition_class, channel=entry.channel, field=entry.field, stage=entry.stage
    )


def _in(piece: Piece, entry: Entry) -> bool:
    day, known_on = piece.grain.start(entry.day), piece.grain.start(entry.known_on)
    return piece.first <= day <= piece.last and piece.known_from <= known_on <= piece.known_to


def _value(entry: Entry, group: Group, office_id: int) -> Any:
    if isinstance(group, Grain):
        return group.start(entry.day)
    if group == "via_id":
        return (*entry.path, 0)[entry.path.index(office_id) + 1]
    return getattr(entry, group) if group is not None else None


def _by_value(question: Question, found: Mapping[reading.Key, int]) -> list[Row]:
    if question.by is None:
        return []
    values: dict[Any, dict[Count, int]] = {}
    for (_, value, count), amount in found.items():
        values.setdefault(value, {})[count] = amount
    return [Row(key, question.first, question.last, values[key]) for key in sorted(values) if any(values[key].values())]


def _over_time(question: Question, found: Mapping[reading.Key, int]) -> list[Row]:
    assert question.by is not None
    stocks = {count: amount for (is_before, _, count), amount in found.items() if is_before}
    rows = []
    for first, last in _stretches(question):
        start = _GRAINS[question.by].start(first)
        moved = {count: found[False, start, count] for count in Count if (False, start, count) in found}
        for count, amount in moved.items():
            if count.is_stock:
                stocks[count] = stocks.get(count, 0) + amount
        rows.append(Row(first, first, last, moved | stocks))
    return rows


def _total(question: Question, found: Mapping[reading.Key, int]) -> Row:
    """Of the whole area: over time, a stock is what there was before and all that changed."""
    total: dict[Count, int] = {}
    for (_, _, count), amount in found.items():
        total[count] = total.get(count, 0) + amount
    return Row(None, question.first, question.last, total)
