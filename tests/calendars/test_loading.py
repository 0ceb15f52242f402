"""Loading a year: what it changes, once; what is new to a year that was provisional; who hears of it."""

from __future__ import annotations

import asyncio
from datetime import UTC, date, datetime

import psycopg
import pytest

from calendars.conftest import MADE_UP, MORE_OFF, year_2027
from caseway import bundle
from caseway.calendars import jobs, loading, published, repository, service, yearfile
from caseway.calendars.loading import YearChange
from caseway.calendars.statutory import statutory_names
from caseway.calendars.workdays import Calendar, DayKind, SpecialDay
from caseway.calendars.yearfile import YearFile
from caseway.db.scope import SYSTEM_SCOPE
from caseway.db.session import Database, PermissionNeverAsked
from support.database import FreshDatabase
from support.factories import platform_unit

NOW = datetime(2026, 11, 10, 2, tzinfo=UTC)


async def load(pool: Database, file: YearFile) -> YearChange:
    """Load one year in a transaction of its own."""
    async with platform_unit(pool) as uow:
        return await loading.load_year(uow, file, now=NOW)


async def national(pool: Database) -> Calendar:
    """The calendar as a process sees it now."""
    async with pool.reader(SYSTEM_SCOPE) as session:
        return await service.national(session)


async def marks(pool: Database) -> repository.Revision:
    """The present state's number and mark."""
    async with pool.reader(SYSTEM_SCOPE) as session:
        return await repository.revision(session)


async def test_every_database_has_the_shipped_years(pool: Database) -> None:
    found = await national(pool)
    assert found.years == frozenset(range(2004, 2027))
    assert dict(found.special) == dict(published.calendar().special)


async def test_a_new_year_ends_what_was_provisional(pool: Database) -> None:
    before = await national(pool)
    assert not before.is_published(MADE_UP) and not before.is_workday(MADE_UP)
    change = await load(pool, year_2027())
    assert change.is_new and change.moves_days
    # Beside what regulation alone had made of the year.
    assert [(each.day, each.before) for each in change.days] == [(MORE_OFF, None), (MADE_UP, None)]
    after = await national(pool)
    assert after.is_published(MADE_UP) and after.is_workday(MADE_UP) and not after.is_workday(MORE_OFF)
    assert after != before and after.years == before.years | {2027}


async def test_the_same_year_again_changes_nothing(pool: Database) -> None:
    await load(pool, year_2027())
    first = await marks(pool)
    again = await load(pool, year_2027())
    assert again.is_nothing and again.days == () and not again.is_new
    assert await marks(pool) == first


async def test_the_shipped_file_is_known_to_every_database(pool: Database, database: FreshDatabase) -> None:
    first = await marks(pool)
    shipped = yearfile.read(bundle.path("tenants", "calendar", "2026.yaml"))
    assert (await load(pool, shipped)).is_nothing
    for file in loading.installed_years():
        assert (await load(pool, file)).is_nothing, file.year
    assert await marks(pool) == first
    with psycopg.connect(database.dsn) as connection:
        assert connection.execute("select count(*) from access_event").fetchone() == (0,)


async def test_a_changed_year_says_which_days_become_what(pool: Database, database: FreshDatabase) -> None:
    """As in January 2020, when Spring Festival was prolonged by a second notice."""
    await load(pool, year_2027())
    later = year_2027(more_off=date(2027, 2, 10), made_up=date(2027, 2, 21))
    change = await load(pool, later)
    assert not change.is_new
    assert [str(each) for each in change.days] == [
        "2027-02-09 Tue: off (春节) -> as its day of the week",
        "2027-02-10 Wed: as its day of the week -> off (春节)",
        "2027-02-20 Sat: worked (春节) -> as its day of the week",
        "2027-02-21 Sun: as its day of the week -> worked (春节)",
    ]
    found = await national(pool)
    assert tuple(sorted(each for day, each in found.special.items() if day.year == 2027)) == later.days
    assert found.special.keys() >= published.calendar().special.keys(), "other years are as they were"
    with psycopg.connect(database.dsn) as connection:
        noted = connection.execute(
            "select action, outcome, subject, person_id, facts->'days' from access_event order by id"
        ).fetchall()
    assert [each[:4] for each in noted] == [("calendar:load", "LOADED", "2027", 0)] * 2
    assert noted[1][4] == ["2027-02-09", "2027-02-10", "2027-02-20", "2027-02-21"]


async def test_a_day_may_change_its_kind_or_its_name(pool: Database) -> None:
    await load(pool, year_2027(more_off=date(2027, 2, 13), made_up=None))
    other = [each for each in year_2027(made_up=None).days if each.day != MORE_OFF]
    worked = SpecialDay(date(2027, 2, 13), DayKind.MAKE_UP_WORKDAY, "春节")
    renamed = [SpecialDay(each.day, each.kind, "新年" if each.name == "元旦" else each.name) for each in other]
    change = await load(pool, yearfile.of_days(2027, [*renamed, worked], source="a test"))
    assert [each.day for each in change.days] == [date(2027, 1, 1), date(2027, 2, 13)]
    found = await national(pool)
    assert found.kind_of(date(2027, 2, 13)) is DayKind.MAKE_UP_WORKDAY and found.name_of(date(2027, 1, 1)) == "新年"


async def test_another_notice_for_the_same_days_moves_nothing(pool: Database) -> None:
    await load(pool, year_2027())
    first = await marks(pool)
    told = YearFile(2027, "国务院办公厅通知", "a newspaper", year_2027().days)
    change = await load(pool, told)
    assert not change.moves_days and not change.is_nothing
    assert set(change.texts) == {("notice", "a test", "国务院办公厅通知"), ("source", "a test", "a newspaper")}
    assert (await load(pool, told)).is_nothing
    assert await marks(pool) == first
    # A source that knows no notice does not take the known one away.
    await load(pool, year_2027(made_up=None))
    async with pool.reader(SYSTEM_SCOPE) as session:
        stored = (await repository.years(session))[2027]
    assert (stored.notice, stored.source) == ("国务院办公厅通知", "a test")


async def test_what_would_change_is_known_before(pool: Database) -> None:
    async with pool.reader(SYSTEM_SCOPE) as session:
        change = await loading.difference(session, year_2027())
        tried = await loading.calendar_after(session, [year_2027()])
    assert change.is_new and len(change.days) == 2
    assert tried.is_workday(MADE_UP) and not (await national(pool)).is_published(MADE_UP)
    await load(pool, year_2027())
    stored = await national(pool)
    assert dict(tried.special) == dict(stored.special) and tried.years == stored.years


async def test_two_loads_at_once_are_one_change(pool: Database) -> None:
    changes = await asyncio.gather(*(load(pool, year_2027()) for _ in range(3)))
    assert sorted(change.is_nothing for change in changes) == [False, True, True]
    assert (await marks(pool)).value == 1


async def test_a_load_that_fails_leaves_no_trace_in_the_process(pool: Database) -> None:
    """What a transaction has seen of its own change is worth nothing once it is rolled back."""

    async def nobody_permits() -> None:
        async with pool.unit(SYSTEM_SCOPE) as uow:
            await loading.load_year(uow, year_2027(), now=NOW)
            assert (await service.national(uow.session)).is_published(MADE_UP)

    with pytest.raises(PermissionNeverAsked):
        await nobody_permits()
    assert not (await national(pool)).is_published(MADE_UP)


async def test_the_last_published_day_ends_at_the_first_gap(pool: Database) -> None:
    async with pool.reader(SYSTEM_SCOPE) as session:
        assert await service.horizon(session) == date(2026, 12, 31)
    days = [SpecialDay(day, DayKind.HOLIDAY, name) for day, name in statutory_names(2028).items()]
    await load(pool, yearfile.of_days(2028, days, source="a test"))
    async with pool.reader(SYSTEM_SCOPE) as session:
        assert await service.horizon(session) == date(2026, 12, 31)
        assert (await jobs.horizon(session, now=NOW)).missing_year == 2027
    await load(pool, year_2027())
    async with pool.reader(SYSTEM_SCOPE) as session:
        assert await service.horizon(session) == date(2028, 12, 31)
    assert service.last_published([]) == date.min
