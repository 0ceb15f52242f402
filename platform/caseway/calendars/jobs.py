"""What the worker does for the calendar: it looks ahead, so that no January begins without a notice, and keeps in mind
which changes running dates have not followed yet."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy.ext.asyncio import AsyncSession

from caseway.calendars import repository, service
from caseway.calendars.codes import CALENDAR_HORIZON, LOOK_AHEAD
from caseway.clock import SHANGHAI
from caseway.db.session import UnitOfWork
from caseway.notices import service as notices


@dataclass(frozen=True, slots=True)
class Horizon:
    """How far the published calendar reaches, seen from a day."""

    last_day: date
    today: date

    @property
    def missing_year(self) -> int:
        """The first year that no notice is known for."""
        return self.last_day.year + 1

    @property
    def days_left(self) -> int:
        """Days from today to the last published one, in China; negative when it has passed."""
        return (self.last_day - self.today).days

    @property
    def is_near(self) -> bool:
        """Whether the next year should be looked for: 60 days before, as notices come in early to mid November."""
        return self.last_day - self.today <= LOOK_AHEAD


async def horizon(session: AsyncSession, *, now: datetime) -> Horizon:
    """How far the calendar reaches at an instant; cheap enough for a readiness check."""
    return Horizon(await service.horizon(session), now.astimezone(SHANGHAI).date())


async def look_at_horizon(uow: UnitOfWork, *, now: datetime) -> bool:
    """Ask those who operate the platform for the next year when the published calendar is about to end; whether the
    task is new. One task a year, for ever; it is closed by loading that year. Needs a permitted unit of work."""
    found = await horizon(uow.session, now=now)
    if not found.is_near:
        return False
    return await notices.open_task(
        uow,
        kind=CALENDAR_HORIZON,
        key=str(found.missing_year),
        office_id=None,
        at=now,
        facts={"year": found.missing_year, "published_until": found.last_day},
    )


async def to_follow(session: AsyncSession) -> int | None:
    """The number of the last change of the calendar, if there are changes that running dates have not followed yet: a
    year that was published or corrected, a day that an office has decided or taken back. None if there are none."""
    found = await repository.revision(session)
    return found.value if found.value > found.followed else None


async def has_followed(uow: UnitOfWork, change: int) -> None:
    """Say that every running date was reckoned anew after the ``change``-th change; later ones are still to follow.
    Needs a permitted unit of work."""
    await repository.set_followed(uow.session, change)
