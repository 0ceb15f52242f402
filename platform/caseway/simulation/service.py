"""A whole year in one call: the same seed on the same release gives the same ledger, to the last hash.

It works on a database that holds offices, staff and rule books and no case, and that nobody else uses.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from caseway.access.policy import Policy
from caseway.calendars import service as calendars
from caseway.clock import SHANGHAI
from caseway.clocks.timers import Effects
from caseway.db.crypto import KeyRing
from caseway.db.scope import SYSTEM_SCOPE
from caseway.db.session import Database
from caseway.simulation import repository, summary
from caseway.simulation.arrivals import arrivals
from caseway.simulation.chance import stream
from caseway.simulation.errors import NobodyRegisters
from caseway.simulation.land import Land
from caseway.simulation.play import Play, Progress
from caseway.simulation.staff import staff_of
from caseway.simulation.summary import Summary
from caseway.tenancy import repository as offices
from caseway.tenancy.errors import OfficeNotFound


async def simulate(
    database: Database,
    keyring: KeyRing,
    *,
    year: int,
    office_code: str,
    cases: int,
    seed: int,
    effects: Effects,
    progress: Progress = lambda at: None,
) -> Summary:
    """Play a year (Asia/Shanghai) below an office and count what it has come to. ``effects`` are those of
    the worker. ``OfficeNotFound``, ``NobodyRegisters``."""
    begins_at, ends_at = begin_of(year), begin_of(year + 1)
    async with repository.watching(database) as session:
        root = await offices.by_code(session, office_code)
        if root is None:
            raise OfficeNotFound(f"there is no open office with the code {office_code}", code=office_code)
        calendar = await calendars.for_office(session, root.id)
        staff = staff_of(await repository.posts(session, now=begins_at), seed, calendar, year=year)
        around = {each.id: each for each in await repository.offices_around(session, root)}
        policy = Policy()
        await policy.refresh(session)
        land = Land(database, session, policy, keyring, calendar, staff, around, begins_at)
        counters = land.counters(root)
        if not counters:
            raise NobodyRegisters
        play = Play(land, seed, effects, ends_at)
        await play.run(arrivals(stream(seed, "arrivals"), counters, calendar, year=year, count=cases), progress)
    async with database.reader(SYSTEM_SCOPE) as session:
        found = await summary.summarise(session, now=land.now)
    found.deeds, found.fired, found.refused = play.deeds, dict(play.fired), dict(play.refused)
    return found


def begin_of(year: int) -> datetime:
    """The first instant of a year in Asia/Shanghai, in UTC."""
    return datetime(year, 1, 1, tzinfo=SHANGHAI).astimezone(UTC)


def staff_since(year: int) -> datetime:
    """When the staff of a simulated year take up their posts: well before it begins."""
    return begin_of(year) - timedelta(days=30)
