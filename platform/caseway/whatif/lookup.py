"""What replays look up, read ahead for a batch of cases: rules by office and day, with and without a draft, calendars,
offices and when they moved. Kept from batch to batch, within bounds."""

from __future__ import annotations

from bisect import bisect_right, insort
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from caseway.calendars import service as calendars
from caseway.calendars.workdays import Calendar
from caseway.clocks.arithmetic import day_of
from caseway.rules import service as rules
from caseway.rules.resolve import EffectiveRules, in_chain, resolve
from caseway.rules.rows import BookVersion
from caseway.rules.service import Chain
from caseway.tenancy import repository as offices
from caseway.tenancy.models import Office
from caseway.whatif import repository
from caseway.whatif.history import History, Setting, columns_of

_DAY = timedelta(days=1)
#: Offices with a day that are kept; beyond it everything is read anew.
_MOST_KEPT = 20_000


@dataclass(slots=True)
class Lookup:
    """What has been read so far."""

    #: The draft, as the version that it would be; null = nothing is tried out.
    draft: BookVersion | None
    now: datetime
    #: Offices that rungs ask, by what decides it; filled by the service.
    targets: dict[tuple[object, ...], int | None] = field(default_factory=dict)
    _offices: dict[int, Office] = field(default_factory=dict)
    _calendars: dict[int, Calendar] = field(default_factory=dict)
    _moves: dict[int, datetime] = field(default_factory=dict)
    #: Days on which some rules changed, in order, and the offices whose books they were asked for.
    _days: list[date] = field(default_factory=list)
    _asked: set[int] = field(default_factory=set)
    _chains: dict[tuple[int, date], Chain] = field(default_factory=dict)
    _tried: dict[tuple[object, ...], EffectiveRules] = field(default_factory=dict)

    async def prepare(self, session: AsyncSession, histories: Sequence[History]) -> None:
        """Read what the replays of these cases can ask for."""
        if len(self._chains) > _MOST_KEPT:
            self._chains.clear()
            self.targets.clear()
            self._tried.clear()
        spans = [_Span.of(each) for each in histories]
        wanted = {office_id for each in spans for office_id in each.office_ids} - self._offices.keys()
        await self._read_offices(session, wanted)
        missing: dict[date, set[int]] = {}
        for each in spans:
            for epoch in self._epochs(each.first, each.last):
                for office_id in each.office_ids:
                    if (office_id, epoch) not in self._chains:
                        missing.setdefault(epoch, set()).add(office_id)
        for epoch, office_ids in sorted(missing.items()):
            for office_id, chain in (await rules.chains(session, office_ids, day=epoch)).items():
                self._chains[office_id, epoch] = chain

    def setting(self, *, with_draft: bool) -> Setting:
        """The setting of a replay: with the rules that were in force, or with the draft among them."""
        return Setting(
            rules=self._with_draft if with_draft else self._in_force,
            calendar=self._calendars.__getitem__,
            office=self._offices.__getitem__,
            moved_at=self._moved_at,
            now=self.now,
        )

    def office(self, office_id: int) -> Office | None:
        """An office that was read."""
        return self._offices.get(office_id)

    async def _read_offices(self, session: AsyncSession, wanted: Iterable[int]) -> None:
        found = await offices.by_ids(session, wanted)
        self._offices |= found
        for office_id, office in sorted(found.items()):
            self._calendars[office_id] = await calendars.for_chain(session, office.chain)
        line = {each for office in found.values() for each in office.chain} - self._asked
        if line:
            self._moves |= await repository.last_moves(session, line)
            for day in await repository.rule_days(session, line, until=day_of(self.now)):
                if day not in self._days:
                    insort(self._days, day)
            self._asked |= line

    def _epoch(self, day: date) -> date:
        """The first day of the span without a change of rules that a day lies in."""
        place = bisect_right(self._days, day)
        return self._days[place - 1] if place else (self._days[0] - _DAY if self._days else day)

    def _epochs(self, first: date, last: date) -> Iterator[date]:
        yield self._epoch(first)
        yield from (day for day in self._days if first < day <= last)

    def _in_force(self, office_id: int, day: date) -> EffectiveRules:
        return rules.resolved(self._chains[office_id, self._epoch(day)])

    def _with_draft(self, office_id: int, day: date) -> EffectiveRules:
        chain = self._chains[office_id, self._epoch(day)]
        if self.draft is None or not in_chain(self.draft.book, chain.place):
            return rules.resolved(chain)
        if chain.key not in self._tried:
            others = tuple(each for each in chain.versions if each.book.code != self.draft.book.code)
            self._tried[chain.key] = resolve((*others, self.draft), chain.place)
        return self._tried[chain.key]

    def _moved_at(self, office_id: int) -> datetime | None:
        chain = self._offices[office_id].chain
        return max((self._moves[each] for each in chain if each in self._moves), default=None)


@dataclass(frozen=True, slots=True)
class _Span:
    """The offices that a history speaks of, and the days between its beginning and its end."""

    office_ids: frozenset[int]
    first: date
    last: date

    @classmethod
    def of(cls, history: History) -> _Span:
        office_ids: set[int] = {each.office_id for each in history.clock_events}
        instants = [each.at for each in history.events] + [each.at for each in history.clock_events]
        for event in history.events:
            columns: dict[str, Any] = columns_of(event)
            office_ids |= {columns[name] for name in ("holder_id", "registering_office_id") if name in columns}
            instants += [columns[name] for name in ("received_at", "answered_at") if columns.get(name)]
        for order in history.orders:
            office_ids |= {order.sender_id, order.receiver_id}
        for each in history.escalations:
            office_ids.add(each.rules_office_id)
        days = [day_of(each) for each in instants]
        return cls(frozenset(office_ids), min(days), max(days))
