"""Days that an office decides: who may, which days may be decided, and taking them back."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import date, timedelta
from typing import Any

import pytest

from caseway.access.actor import Actor
from caseway.access.policy import Policy
from caseway.calendars import local, service
from caseway.calendars.errors import (
    CalendarRange,
    LocalDayDate,
    LocalDayNotFound,
    LocalDayOffice,
    LocalDayStatutory,
    LocalDayTaken,
    LocalDayUnchanged,
)
from caseway.calendars.models import LocalDay
from caseway.calendars.workdays import DayKind
from caseway.clock import SHANGHAI
from caseway.db.scope import NO_SCOPE
from caseway.db.session import Database
from caseway.errors import CasewayError, NotFound, NotPermitted
from caseway.tenancy.models import Level, Office, OfficeKind
from support.factories import T0, days, make_actor, make_office, platform_unit

WEDNESDAY, SATURDAY = date(2026, 5, 27), date(2026, 5, 30)
TODAY = T0.astimezone(SHANGHAI).date()
Add = Callable[..., Awaitable[LocalDay]]


@pytest.fixture
async def county(pool: Database) -> Office:
    """A county that decides."""
    return await make_office(pool, parent=await make_office(pool))


@pytest.fixture
async def admin(pool: Database, county: Office) -> Actor:
    """Its administrator."""
    return await make_actor(pool, county, roles=["tenant_admin"])


@pytest.fixture
def add(pool: Database, county: Office, admin: Actor) -> Add:
    """Decides a day for the county, unless told otherwise."""

    async def work(**given: Any) -> LocalDay:
        known: dict[str, Any] = {
            "office_id": county.id,
            "day": WEDNESDAY,
            "kind": DayKind.HOLIDAY,
            "name": "节",
            "basis": "决定",
        }
        actor: Actor = given.pop("actor", admin)
        async with pool.unit(Policy().scope(actor)) as uow:
            return await local.add(uow, Policy(), actor, **(known | {"now": T0} | given))

    return work


async def _revoke(pool: Database, actor: Actor, local_day_id: int, **given: Any) -> LocalDay:
    async with pool.unit(Policy().scope(actor)) as uow:
        return await local.revoke(uow, Policy(), actor, local_day_id=local_day_id, **({"now": T0} | given))


async def _is_workday(pool: Database, office: Office, day: date) -> bool:
    async with pool.reader(NO_SCOPE) as session:
        return (await service.for_office(session, office.id)).is_workday(day)


async def _refused(error: type[CasewayError], doing: Awaitable[Any]) -> CasewayError:
    with pytest.raises(error) as refused:
        await doing
    return refused.value


async def test_a_decision_says_who_when_and_why(add: Add, admin: Actor, county: Office) -> None:
    row = await add(name="古尔邦节", basis="州人大常委会决定")
    assert (row.office_id, row.day, row.kind) == (county.id, WEDNESDAY, "HOLIDAY")
    assert (row.added_by, row.added_at, row.revoked_at) == (admin.person_id, T0, None)
    assert (row.name, row.basis) == ("古尔邦节", "州人大常委会决定")


@pytest.mark.parametrize(
    "roles",
    [["leader", "dispatcher", "clerk", "handler", "supervisor", "reviewer"], ["auditor"], ["platform_operator"]],
)
async def test_only_administrators_decide(pool: Database, add: Add, county: Office, roles: list[str]) -> None:
    await _refused(NotPermitted, add(actor=await make_actor(pool, county, roles=roles)))
    assert await _is_workday(pool, county, WEDNESDAY)


async def test_they_decide_for_their_own_office_alone(pool: Database, add: Add, county: Office) -> None:
    above = await make_actor(pool, await _office(pool, county.parent_id), roles=["tenant_admin"])
    beside = await make_actor(pool, await make_office(pool), roles=["tenant_admin"])
    for stranger in (above, beside):
        await _refused(NotPermitted, add(actor=stranger))
    row = await add()
    for stranger in (above, beside):
        await _refused(NotPermitted, _revoke(pool, stranger, row.id))
    assert not await _is_workday(pool, county, WEDNESDAY)


async def _office(pool: Database, office_id: int | None) -> Office:
    async with pool.reader(NO_SCOPE) as session:
        found = await session.get(Office, office_id)
    assert found is not None
    return found


async def test_governments_decide_and_their_institutions_and_villages_do_not(
    pool: Database, add: Add, county: Office
) -> None:
    for given in (
        {"kind": OfficeKind.PETITION_OFFICE},
        {"kind": OfficeKind.DEPARTMENT},
        {"level": Level.VILLAGE},
    ):
        office = await make_office(pool, parent=county, **given)
        admin = await make_actor(pool, office, roles=["tenant_admin"])
        await _refused(LocalDayOffice, add(actor=admin, office_id=office.id))


async def test_an_office_that_is_not_there_or_closed_decides_nothing(pool: Database, add: Add, county: Office) -> None:
    await _refused(NotFound, add(office_id=2_000_000_000))
    async with platform_unit(pool) as uow:
        row = await uow.session.get(Office, county.id)
        assert row is not None
        row.valid_to = T0
    await _refused(NotFound, add())


@pytest.mark.parametrize("day", [TODAY, TODAY - timedelta(days=1), TODAY + timedelta(days=401)])
async def test_only_days_ahead_are_decided(add: Add, day: date) -> None:
    refusal = await _refused(LocalDayDate, add(day=day))
    assert refusal.details == {"day": day, "today": TODAY}


async def test_tomorrow_and_the_last_day_that_can_be_asked_for_are_decided(add: Add) -> None:
    """In China: at T0 it is the fifteenth there, an evening later the sixteenth."""
    tomorrow = TODAY + timedelta(days=1)
    await _refused(LocalDayDate, add(day=tomorrow, now=T0 + timedelta(hours=15)))
    assert (await add(day=tomorrow, now=T0 + timedelta(hours=14, minutes=59))).day == tomorrow
    await add(day=TODAY + timedelta(days=400), kind=DayKind.HOLIDAY)


@pytest.mark.parametrize("day", [date(2026, 10, 1), date(2026, 10, 6), date(2027, 2, 6)])
async def test_what_the_whole_country_has_off_stays_off(pool: Database, add: Add, county: Office, day: date) -> None:
    """By regulation, by notice, and by regulation in a year that no notice is known for."""
    await _refused(LocalDayStatutory, add(day=day, kind=DayKind.MAKE_UP_WORKDAY))
    assert not await _is_workday(pool, county, day)


async def test_a_weekend_may_be_worked_on_and_a_make_up_day_may_be_off(
    pool: Database, add: Add, county: Office
) -> None:
    await add(day=SATURDAY, kind=DayKind.MAKE_UP_WORKDAY)
    assert await _is_workday(pool, county, SATURDAY)
    await add(day=date(2026, 9, 20))
    assert not await _is_workday(pool, county, date(2026, 9, 20))
    await add(day=date(2026, 6, 6))
    async with pool.reader(NO_SCOPE) as session:
        assert (await service.for_office(session, county.id)).is_statutory_holiday(date(2026, 6, 6))


@pytest.mark.parametrize(
    ("day", "kind"),
    [
        (WEDNESDAY, DayKind.MAKE_UP_WORKDAY),
        (date(2026, 9, 20), DayKind.MAKE_UP_WORKDAY),
        (date(2026, 6, 19), DayKind.HOLIDAY),
    ],
)
async def test_what_changes_nothing_is_no_decision(add: Add, day: date, kind: DayKind) -> None:
    await _refused(LocalDayUnchanged, add(day=day, kind=kind))


async def test_an_inherited_day_may_be_undone_below(pool: Database, add: Add, county: Office) -> None:
    await add()
    town = await make_office(pool, parent=county)
    below = await make_actor(pool, town, roles=["tenant_admin"])
    await _refused(LocalDayUnchanged, add(actor=below, office_id=town.id))
    await add(actor=below, office_id=town.id, kind=DayKind.MAKE_UP_WORKDAY)
    assert await _is_workday(pool, town, WEDNESDAY) and not await _is_workday(pool, county, WEDNESDAY)


async def test_a_day_is_decided_once_until_it_is_taken_back(
    pool: Database, add: Add, admin: Actor, county: Office
) -> None:
    row = await add()
    await _refused(LocalDayTaken, add(kind=DayKind.MAKE_UP_WORKDAY))
    revoked = await _revoke(pool, admin, row.id)
    assert (revoked.revoked_at, revoked.revoked_by) == (T0, admin.person_id)
    assert await _is_workday(pool, county, WEDNESDAY)
    await _refused(LocalDayNotFound, _revoke(pool, admin, row.id))
    assert (await add()).id != row.id
    assert not await _is_workday(pool, county, WEDNESDAY)


async def test_what_is_past_is_not_taken_back(pool: Database, add: Add, admin: Actor, county: Office) -> None:
    row = await add()
    await _refused(LocalDayDate, _revoke(pool, admin, row.id, now=T0 + days(42)))
    assert not await _is_workday(pool, county, WEDNESDAY)
    await _refused(LocalDayNotFound, _revoke(pool, admin, 999_999))


async def test_two_decisions_at_once_are_one(add: Add) -> None:
    done = await asyncio.gather(add(), add(), return_exceptions=True)
    assert sorted(type(each).__name__ for each in done) == ["LocalDay", "LocalDayTaken"]


@pytest.mark.parametrize(("first", "last"), [(0, -1), (0, 400), (5, 0)])
async def test_a_period_has_1_to_400_days(pool: Database, county: Office, first: int, last: int) -> None:
    async with pool.reader(NO_SCOPE) as session:
        with pytest.raises(CalendarRange):
            await local.days(
                session,
                office_id=county.id,
                first=WEDNESDAY + timedelta(days=first),
                last=WEDNESDAY + timedelta(days=last),
            )
        whole = await local.days(session, office_id=county.id, first=WEDNESDAY, last=WEDNESDAY + timedelta(days=399))
    assert whole is not None and len(whole) == 400
