"""The calendar as everybody else uses it: of the whole country, or of one office with what is decided above it.

A process keeps what it has read under the mark of its revision; whoever asks pays one tiny query, and sees a change of
another process with the next question.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from caseway.calendars import repository
from caseway.calendars.workdays import Calendar, SpecialDay
from caseway.tenancy import repository as offices
from caseway.tenancy.errors import OfficeNotFound

#: States of the calendar that a process keeps: the present one, and those that other databases or transactions are in.
_KEPT = 8


@dataclass(slots=True)
class _State:
    """One state of the calendar as it was read."""

    national: Calendar
    #: Days by the office that has decided them.
    local: dict[int, tuple[SpecialDay, ...]]
    #: Calendars by the offices whose days are in them, highest first.
    merged: dict[tuple[int, ...], Calendar] = field(default_factory=dict)

    def of(self, chain: Sequence[int]) -> Calendar:
        """The calendar under a chain of offices."""
        deciding = tuple(office_id for office_id in chain if office_id in self.local)
        if not deciding:
            return self.national
        if deciding not in self.merged:
            days = (each for office_id in deciding for each in self.local[office_id])
            self.merged[deciding] = self.national.with_local(days)
        return self.merged[deciding]


_states: OrderedDict[UUID, _State] = OrderedDict()


async def national(session: AsyncSession) -> Calendar:
    """The calendar of the whole country."""
    return (await _state(session)).national


async def for_chain(session: AsyncSession, office_ids: Sequence[int]) -> Calendar:
    """The calendar that counts under a chain of offices (``Office.chain``: from the root down): the days of the
    country, then what each of them has decided; the nearest office is heard last."""
    return (await _state(session)).of(office_ids)


async def for_office(session: AsyncSession, office_id: int) -> Calendar:
    """The calendar that counts for an office, open or closed, see ``for_chain``. ``OfficeNotFound`` for no office."""
    state = await _state(session)
    if not state.local:
        return state.national
    office = await offices.by_id(session, office_id)
    if office is None:
        raise OfficeNotFound
    return state.of(office.chain)


async def horizon(session: AsyncSession) -> date:
    """The last day of the last published year without a gap before it: up to it nothing is provisional."""
    return last_published(await repository.year_numbers(session))


def last_published(years: Sequence[int]) -> date:
    """The end of the first unbroken run of years, which are given in order; ``date.min`` without any."""
    if not years:
        return date.min
    unbroken = [year for step, year in enumerate(years) if year == years[0] + step]
    return date(unbroken[-1], 12, 31)


async def _state(session: AsyncSession) -> _State:
    """The state that this session sees. It is read between two looks at the mark: had it been changed meanwhile, what
    was read might belong to neither state, and is read again."""
    mark = (await repository.revision(session)).mark
    while (found := _states.get(mark)) is None:
        read = await _read(session, mark)
        seen = (await repository.revision(session)).mark
        if seen == mark:
            _states[mark] = read
            while len(_states) > _KEPT:
                _states.popitem(last=False)
            return read
        mark = seen
    _states.move_to_end(mark)
    return found


async def _read(session: AsyncSession, mark: UUID) -> _State:
    years = await repository.year_numbers(session)
    special = await repository.special_days(session)
    local: dict[int, list[SpecialDay]] = {}
    for office_id, day in await repository.live_local_days(session):
        local.setdefault(office_id, []).append(day)
    return _State(
        Calendar.of(special, years, revision=mark), {office_id: tuple(days) for office_id, days in local.items()}
    )
