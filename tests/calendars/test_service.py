"""The calendar of an office: inherited from above, the nearest heard last, and never older than the last change."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import Connection, event

from calendars.conftest import MADE_UP, year_2027
from caseway.access.policy import Policy
from caseway.calendars import loading, local, repository, service
from caseway.calendars.models import LocalDay
from caseway.calendars.workdays import Calendar, DayKind
from caseway.db.scope import NO_SCOPE, SYSTEM_SCOPE
from caseway.db.session import Database
from caseway.tenancy.errors import OfficeNotFound
from caseway.tenancy.models import Office, OfficeKind
from support.factories import T0, make_actor, make_office, platform_unit

#: An ordinary Wednesday and an ordinary Saturday.
WEDNESDAY, SATURDAY = date(2026, 5, 27), date(2026, 5, 30)


async def decide(
    pool: Database, office: Office, day: date, kind: DayKind = DayKind.HOLIDAY, *, name: str = "古尔邦节"
) -> LocalDay:
    """A local day, decided by an administrator of the office."""
    admin = await make_actor(pool, office, roles=["tenant_admin"])
    async with pool.unit(Policy().scope(admin)) as uow:
        return await local.add(
            uow, Policy(), admin, office_id=office.id, day=day, kind=kind, name=name, basis="州人大决定", now=T0
        )


async def calendar_of(pool: Database, office: Office) -> Calendar:
    """The calendar that counts for an office now."""
    async with pool.reader(NO_SCOPE) as session:
        return await service.for_office(session, office.id)


async def test_a_local_day_binds_its_office_and_everything_below(pool: Database) -> None:
    city = await make_office(pool, name="州")
    county = await make_office(pool, parent=city, name="县")
    bureau = await make_office(pool, parent=county, kind=OfficeKind.DEPARTMENT, name="局")
    beside = await make_office(pool, parent=city, name="邻县")
    await decide(pool, county, WEDNESDAY)
    for office, off in ((city, False), (county, True), (bureau, True), (beside, False)):
        found = await calendar_of(pool, office)
        assert found.is_workday(WEDNESDAY) is not off, office.name
        assert found.name_of(WEDNESDAY) == ("古尔邦节" if off else None)
    async with pool.reader(NO_SCOPE) as session:
        assert (await service.national(session)).is_workday(WEDNESDAY)
        assert not (await service.for_chain(session, bureau.chain)).is_workday(WEDNESDAY)


async def test_the_nearest_office_is_heard_last(pool: Database) -> None:
    city = await make_office(pool)
    county = await make_office(pool, parent=city)
    town = await make_office(pool, parent=county)
    await decide(pool, city, WEDNESDAY)
    await decide(pool, county, WEDNESDAY, DayKind.MAKE_UP_WORKDAY)
    assert not (await calendar_of(pool, city)).is_workday(WEDNESDAY)
    assert (await calendar_of(pool, county)).kind_of(WEDNESDAY) is DayKind.MAKE_UP_WORKDAY
    assert (await calendar_of(pool, town)).is_workday(WEDNESDAY)
    await decide(pool, town, WEDNESDAY, name="镇")
    assert (await calendar_of(pool, town)).name_of(WEDNESDAY) == "镇"


async def test_offices_without_days_of_their_own_share_one_calendar(pool: Database) -> None:
    city = await make_office(pool)
    first, second = [await make_office(pool, parent=city) for _ in range(2)]
    await decide(pool, city, WEDNESDAY)
    assert await calendar_of(pool, first) is await calendar_of(pool, second)
    other = await make_office(pool)
    async with pool.reader(NO_SCOPE) as session:
        assert await calendar_of(pool, other) is await service.national(session)


async def test_an_office_that_does_not_exist_has_no_calendar(pool: Database) -> None:
    """Even where no office has decided anything, the country's counts for none that could be meant."""
    await decide(pool, await make_office(pool), WEDNESDAY)
    async with pool.reader(NO_SCOPE) as session:
        with pytest.raises(OfficeNotFound):
            await service.for_office(session, 2_000_000_000)


async def test_one_tiny_query_tells_whether_anything_changed(pool: Database) -> None:
    office = await make_office(pool)
    await calendar_of(pool, office)
    statements: list[str] = []

    def note(_: Connection, __: object, statement: str, *___: object) -> None:
        statements.append(statement)

    async with pool.reader(NO_SCOPE) as session:
        event.listen(pool.engine.sync_engine, "before_cursor_execute", note)
        for _ in range(3):
            await service.for_office(session, office.id)
        event.remove(pool.engine.sync_engine, "before_cursor_execute", note)
    assert len(statements) == 3 and all("FROM calendar_revision" in each for each in statements)


async def test_a_change_of_another_process_is_seen_with_the_next_question(pool: Database, database_url: str) -> None:
    """The other process has its own connections, and tells nobody."""
    async with pool.reader(SYSTEM_SCOPE) as session:
        assert not (await service.national(session)).is_published(MADE_UP)
    other = Database(database_url, pool_size=1)
    async with platform_unit(other) as uow:
        await loading.load_year(uow, year_2027(), now=T0)
        # Not yet: it is not committed.
        async with pool.reader(SYSTEM_SCOPE) as session:
            assert not (await service.national(session)).is_published(MADE_UP)
    await other.close()
    async with pool.reader(SYSTEM_SCOPE) as session:
        assert (await service.national(session)).is_published(MADE_UP)


async def test_what_changes_while_it_is_read_is_read_again(
    pool: Database, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between the look at the mark and the days somebody commits a year: days of the one state must not be kept under
    the mark of the other."""
    monkeypatch.setattr(service, "_states", type(service._states)())
    other = Database(database_url, pool_size=1)
    honest, waiting = repository.special_days, [year_2027()]

    async def interrupted(session: object, **given: object) -> object:
        if waiting:
            async with platform_unit(other) as uow:
                await loading.load_year(uow, waiting.pop(), now=T0)
        return await honest(session, **given)  # type: ignore[arg-type]

    monkeypatch.setattr(repository, "special_days", interrupted)
    async with pool.reader(SYSTEM_SCOPE) as session:
        found = await service.national(session)
    assert found.is_published(MADE_UP) and found.is_workday(MADE_UP)
    await other.close()
    async with pool.reader(SYSTEM_SCOPE) as session:
        assert await service.national(session) is found


async def test_days_say_where_they_come_from(pool: Database) -> None:
    city = await make_office(pool)
    county = await make_office(pool, parent=city)
    decided = await decide(pool, county, WEDNESDAY)
    async with pool.reader(NO_SCOPE) as session:
        found = await local.days(session, office_id=county.id, first=WEDNESDAY, last=SATURDAY)
        assert found is not None
        assert [each.day for each in found] == [WEDNESDAY + timedelta(days=step) for step in range(4)]
        assert [each.kind for each in found] == [DayKind.HOLIDAY, DayKind.WORKDAY, DayKind.WORKDAY, DayKind.WEEKEND]
        first, second = found[:2]
        assert first.local is not None and first.local.id == decided.id
        assert (first.name, first.source) == ("古尔邦节", "州人大决定")
        assert second.local is None and "国办发明电〔2025〕7号" in second.source and not second.is_provisional
        above = await local.days(session, office_id=city.id, first=WEDNESDAY, last=WEDNESDAY)
        assert above is not None and above[0].local is None and above[0].kind is DayKind.WORKDAY
        (coming,) = await local.days(session, office_id=city.id, first=date(2027, 1, 1), last=date(2027, 1, 1)) or []
        assert (coming.name, coming.source, coming.is_provisional) == ("元旦", local.BY_REGULATION, True)
        assert await local.days(session, office_id=2_000_000_000, first=WEDNESDAY, last=WEDNESDAY) is None


def test_the_clock_of_these_tests_is_before_the_days_they_decide() -> None:
    assert datetime(2026, 5, 27, tzinfo=UTC) > T0
