"""Tasks of administrators: once per kind and key, shown to and closed by those who look after them."""

from __future__ import annotations

import uuid

import pytest

from caseway.access.actor import Actor
from caseway.access.policy import Policy
from caseway.db.base import new_id
from caseway.db.keyset import page_of
from caseway.db.session import Database
from caseway.errors import NotFound
from caseway.notices import loaders, service
from caseway.notices.errors import TaskClosed
from caseway.notices.models import AdminTask
from support.factories import T0, Town, days, make_actor, platform_unit

from .conftest import Look


async def opened(db: Database, *, office_id: int | None, key: str = "k", kind: str = "RULE_CLAMPED") -> bool:
    """Ask for something to be put right."""
    async with platform_unit(db) as uow:
        return await service.open_task(uow, kind=kind, key=key, office_id=office_id, at=T0, facts={"book": "b"})


async def closed(db: Database, *, key: str = "k", kind: str = "RULE_CLAMPED") -> bool:
    """The cause has gone."""
    async with platform_unit(db) as uow:
        return await service.close_task(uow, kind=kind, key=key, at=T0 + days(1))


async def seen(db: Database, policy: Policy, actor: Actor, *, open_only: bool = True) -> list[AdminTask]:
    """Everything that somebody looks after."""
    page = page_of(first=100, order=loaders.TASK_ORDER, width=2)
    async with db.reader(policy.scope(actor)) as session:
        return (await loaders.tasks(session, policy, actor, page, open_only=open_only)).rows


async def test_a_task_is_opened_once_for_ever(db: Database, look: Look) -> None:
    assert await opened(db, office_id=None)
    assert not await opened(db, office_id=None)
    assert await closed(db)
    assert not await closed(db)
    assert not await opened(db, office_id=None)
    assert await opened(db, office_id=None, key="of another year")
    assert look("select key, closed_by from admin_task order by id") == [("k", 0), ("of another year", None)]


async def test_administrators_see_their_offices_tasks_and_operators_the_platforms(
    db: Database, policy: Policy, town: Town
) -> None:
    await opened(db, office_id=town.town.id, key="town")
    await opened(db, office_id=town.county.id, key="county")
    await opened(db, office_id=None, key="platform")
    admin = await make_actor(db, town.town, roles=["tenant_admin"])
    operator = await make_actor(db, town.city, roles=["platform_operator"])
    assert [each.key for each in await seen(db, policy, admin)] == ["town"]
    assert [each.key for each in await seen(db, policy, operator)] == ["platform"]
    for actor in (town.clerk, town.head, await make_actor(db, town.town, roles=["auditor"])):
        assert await seen(db, policy, actor) == []


async def test_a_task_is_closed_by_hand_once(db: Database, policy: Policy, town: Town, look: Look) -> None:
    await opened(db, office_id=town.town.id)
    admin = await make_actor(db, town.town, roles=["tenant_admin"])
    (task,) = await seen(db, policy, admin)
    async with db.unit(policy.scope(admin)) as uow:
        done = await service.put_right(uow, policy, admin, task_id=task.id, now=T0 + days(2))
    assert (done.closed_at, done.closed_by) == (T0 + days(2), admin.person_id)
    with pytest.raises(TaskClosed):
        async with db.unit(policy.scope(admin)) as uow:
            await service.put_right(uow, policy, admin, task_id=task.id, now=T0 + days(3))
    assert await seen(db, policy, admin) == []
    assert len(await seen(db, policy, admin, open_only=False)) == 1
    assert look("select closed_by from admin_task") == [(admin.person_id,)]


async def test_the_tasks_of_others_are_as_if_they_were_not_there(
    db: Database, policy: Policy, town: Town, look: Look
) -> None:
    await opened(db, office_id=town.town.id, key="town")
    await opened(db, office_id=None, key="platform")
    keys: dict[str, uuid.UUID] = {
        str(key): uuid.UUID(str(task)) for key, task in look("select key, id from admin_task")
    }
    refused = [
        (await make_actor(db, town.county, roles=["tenant_admin"]), keys["town"]),
        (await make_actor(db, town.county, roles=["tenant_admin"]), keys["platform"]),
        (await make_actor(db, town.city, roles=["platform_operator"]), keys["town"]),
        (town.head, keys["town"]),
        (await make_actor(db, town.town, roles=["tenant_admin"]), new_id()),
    ]
    for actor, task_id in refused:
        with pytest.raises(NotFound):
            async with db.unit(policy.scope(actor)) as uow:
                await service.put_right(uow, policy, actor, task_id=task_id, now=T0)
    assert look("select 1 from admin_task where closed_at is not null") == []
