"""Loading a year into the table of days: what would change, and changing it. The same year again changes nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy.ext.asyncio import AsyncSession

from caseway.calendars import published, repository, service, yearfile
from caseway.calendars.codes import CALENDAR_HORIZON
from caseway.calendars.workdays import Calendar, DayKind, SpecialDay
from caseway.calendars.yearfile import YearFile
from caseway.db.session import UnitOfWork
from caseway.ledger import audit
from caseway.notices import service as notices


@dataclass(frozen=True, slots=True)
class DayChange:
    """A day that becomes another one; None = what its day of the week says."""

    day: date
    before: SpecialDay | None
    after: SpecialDay | None

    def __str__(self) -> str:
        return f"{self.day} {self.day:%a}: {_words(self.before)} -> {_words(self.after)}"


@dataclass(frozen=True, slots=True)
class YearChange:
    """What loading a year changes, or has changed."""

    year: int
    #: The year had no notice before: what was reckoned in it was provisional.
    is_new: bool
    #: Days in order. Of a new year every special day, beside what regulation alone had made of it.
    days: tuple[DayChange, ...]
    #: (what, before, after) of notice and source.
    texts: tuple[tuple[str, str, str], ...]

    @property
    def moves_days(self) -> bool:
        """Whether anything could be reckoned differently afterwards."""
        return self.is_new or bool(self.days)

    @property
    def is_nothing(self) -> bool:
        """Whether everything is as the file has it already."""
        return not (self.moves_days or self.texts)


async def difference(session: AsyncSession, file: YearFile) -> YearChange:
    """What loading a year would change."""
    stored = (await repository.years(session)).get(file.year)
    known = await repository.special_days(session, year=file.year)
    before = {each.day: each for each in known} if stored is not None else _by_regulation(file.year)
    after = {each.day: each for each in file.days}
    changed = (day for day in sorted(before.keys() | after.keys()) if before.get(day) != after.get(day))
    texts = [("source", stored.source, file.source)] if stored is not None and file.notice is not None else []
    if stored is not None and file.notice is not None:
        texts.append(("notice", stored.notice, file.notice))
    return YearChange(
        file.year,
        is_new=stored is None,
        days=tuple(DayChange(day, before.get(day), after.get(day)) for day in changed),
        texts=tuple(each for each in texts if each[1] != each[2]),
    )


async def load_year(uow: UnitOfWork, file: YearFile, *, now: datetime, person_id: int = 0) -> YearChange:
    """Bring a year into the state that a file describes, and say what that changed; nothing if it was so already.

    Two loads of the same year follow each other. What has changed is noted for audit; a task that asked for the year is
    closed. ``person_id`` 0 = whoever runs the platform's commands. Needs a permitted unit of work.
    """
    session = uow.session
    await repository.revision(session, lock=True)
    change = await difference(session, file)
    await notices.close_task(uow, kind=CALENDAR_HORIZON, key=str(file.year), at=now, person_id=person_id)
    if change.is_nothing:
        return change
    await repository.put_year(session, file.year, notice=file.notice, source=file.source, at=now, person_id=person_id)
    known = await repository.special_days(session, year=file.year)
    wanted = set(file.days)
    await repository.remove_days(session, [each.day for each in known if each not in wanted])
    await repository.add_days(session, sorted(wanted.difference(known)))
    if change.moves_days:
        await repository.raise_revision(session)
    await audit.note(
        session,
        at=now,
        person_id=person_id,
        office_id=0,
        action="calendar:load",
        outcome="LOADED",
        subject=str(file.year),
        facts={"days": [each.day for each in change.days], "source": file.source, "notice": file.notice},
    )
    return change


def installed_years() -> list[YearFile]:
    """The years of the installed package, each checked like a file."""
    return [yearfile.of_days(year, days, source=published.source()) for year, days in sorted(published.years().items())]


async def calendar_after(session: AsyncSession, files: Sequence[YearFile]) -> Calendar:
    """The national calendar as it would be with some years loaded."""
    found = await service.national(session)
    for file in files:
        found = found.with_year(file.year, file.days)
    return found


def _by_regulation(year: int) -> dict[date, SpecialDay]:
    """The days of a year without a notice that are off all the same."""
    calendar = Calendar.of([], [])
    days = (date.fromordinal(each) for each in range(date(year, 1, 1).toordinal(), date(year, 12, 31).toordinal() + 1))
    return {day: special for day in days if (special := calendar.special_day(day)) is not None}


def _words(special: SpecialDay | None) -> str:
    if special is None:
        return "as its day of the week"
    return f"{'off' if special.kind is DayKind.HOLIDAY else 'worked'} ({special.name})"
