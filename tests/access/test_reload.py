"""Rules change while decisions are made: no decision is ever wrong, and other processes follow."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import AsyncIterator, Iterator
from datetime import timedelta

import pytest
from sqlalchemy import text

from access.store import Store
from access.world import NOW, World, make_world
from caseway.access import overrides
from caseway.access.actor import Actor
from caseway.access.facts import mask
from caseway.access.matrix import BasePolicy, Rule
from caseway.access.permissions import Permission
from caseway.access.policy import Policy
from caseway.access.watch import Watcher
from caseway.db.session import Database, UnitOfWork
from caseway.errors import NotFound, NotPermitted

NARROW = mask("own", "ordinary", "open")


@pytest.fixture
def world(store: Store) -> Iterator[World]:
    """Offices, and no rules of theirs."""
    made = make_world(41, cases=0)
    store.load(made)
    yield made
    with store.engine.begin() as connection:
        connection.execute(text("truncate authz_rule"))


@pytest.fixture
async def db(store: Store) -> AsyncIterator[Database]:
    """What requests work with."""
    database = Database(store.database.url, pool_size=6)
    yield database
    await database.close()


def test_no_decision_is_wrong_while_rules_are_swapped(base: BasePolicy) -> None:
    """Threads decide while another one swaps rules. What both sets of rules agree on must never come out otherwise:
    the accused side, the matrix' own allows, and a deny that is in force in both."""
    policy = Policy(base)
    world = make_world(41, cases=0)
    actor = world.actor(5, 12, "handler", "dispatcher")
    always: Rule = ("dispatcher", "t12", "below+ordinary", "case", "reason", "deny")
    sometimes: Rule = ("handler", "t12", "own+ordinary", "case", "content", "allow")
    policy.bundles.swap([always])
    wrong: list[str] = []
    decided = 0
    stop = threading.Event()

    def decide() -> None:
        nonlocal decided
        number = 0
        while not stop.is_set():
            number += 1
            # Facts that were never asked before make Casbin itself answer, again and again.
            extra = mask(*(("led",) if number % 2 else ()), *(("informed",) if number % 3 else ()))
            if policy.allows(actor, Permission.CASE_CONTENT, NARROW | mask("accused") | extra):
                wrong.append("the accused side saw it")
            if policy.allows(actor, Permission.CASE_REASON, mask("below", "ordinary") | extra):
                wrong.append("the deny was gone")
            if not policy.allows(actor, Permission.CASE_CARD, NARROW | extra):
                wrong.append("the matrix was gone")
            if policy.allows(actor, Permission.CASE_CONTENT, mask("below", "ordinary")):
                wrong.append("a right out of nothing")
            decided += 4

    threads = [threading.Thread(target=decide) for _ in range(4)]
    for thread in threads:
        thread.start()
    end = time.monotonic() + 3
    swaps = 0
    while time.monotonic() < end:
        swaps += 1
        # A rule that no earlier bundle had, so that every swap builds and fills a new one.
        fresh: Rule = ("leader", "t12", "own+ordinary", "case", "part", "deny")
        policy.bundles.swap([always, *([sometimes] if swaps % 2 else []), *([fresh] * (swaps % 5))])
        time.sleep(0.01)
    stop.set()
    for thread in threads:
        thread.join()
    assert wrong == []
    assert decided > 400 and swaps > 50


async def test_a_write_knows_of_a_rule_that_another_process_just_changed(
    world: World, db: Database, base: BasePolicy
) -> None:
    here, there = Policy(base), Policy(base)
    admin, handler = world.actor(9, 12, "tenant_admin"), world.actor(5, 12, "clerk")
    facts = mask("own", "ordinary", "open")
    added = await _add(db, there, admin, role="clerk", permission="case:accept")
    assert here.epoch != there.epoch or here.epoch == 0
    async with db.unit(here.scope(handler)) as uow:
        await here.require(uow, handler, Permission.CASE_ACCEPT, facts)
    async with db.unit(there.scope(admin)) as uow:
        await overrides.revoke_override(uow, there, admin, override_id=added.id, now=NOW + timedelta(hours=1))
    with pytest.raises(NotPermitted):
        async with db.unit(here.scope(handler)) as uow:
            await here.require(uow, handler, Permission.CASE_ACCEPT, facts)


async def test_a_change_that_was_rolled_back_is_never_taken_in(world: World, db: Database, base: BasePolicy) -> None:
    policy = Policy(base)
    admin, handler = world.actor(9, 12, "tenant_admin"), world.actor(5, 12, "handler")

    async def fail() -> None:
        async with db.unit(policy.scope(admin)) as uow:
            await _added(uow, policy, admin, role="handler", permission="case:content")
            await policy.refresh(uow.session)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await fail()
    assert not policy.allows(handler, Permission.CASE_CONTENT, NARROW)
    await _add(db, policy, admin, role="clerk", permission="case:accept")
    async with db.reader(policy.scope(admin)) as session:
        assert await policy.refresh(session)
        assert not await policy.refresh(session)
    assert not policy.allows(handler, Permission.CASE_CONTENT, NARROW)
    assert policy.allows(world.actor(5, 12, "clerk"), Permission.CASE_ACCEPT, NARROW)


async def test_rules_added_at_the_same_time_are_all_taken_in(world: World, db: Database, base: BasePolicy) -> None:
    writers = [Policy(base) for _ in range(4)]
    permissions = ("case:content", "case:history", "case:accept", "case:forward")
    admin = world.actor(9, 12, "tenant_admin")
    await asyncio.gather(
        *(
            _add(db, policy, admin, role="clerk", permission=permission)
            for policy, permission in zip(writers, permissions, strict=True)
        )
    )
    async with db.reader(writers[0].scope(admin)) as session:
        await asyncio.gather(writers[0].refresh(session))
    clerk = world.actor(5, 12, "clerk")
    assert all(writers[0].allows(clerk, Permission(permission), NARROW) for permission in permissions)


@pytest.mark.parametrize("poll_seconds", [0.2, 30.0], ids=["by looking", "by announcement"])
async def test_other_processes_follow(world: World, db: Database, base: BasePolicy, poll_seconds: float) -> None:
    here, there = Policy(base), Policy(base)
    watcher = Watcher(db, there, poll_seconds=poll_seconds)
    await watcher.start()
    try:
        await asyncio.sleep(0.3)  # the first look is over, and it listens
        await _add(db, here, world.actor(9, 12, "tenant_admin"), role="handler", permission="case:content")
        handler = world.actor(5, 12, "handler")
        for _ in range(100):
            if there.allows(handler, Permission.CASE_CONTENT, NARROW):
                break
            await asyncio.sleep(0.05)
        assert there.allows(handler, Permission.CASE_CONTENT, NARROW)
    finally:
        await watcher.stop()


async def test_watching_survives_a_lost_connection(world: World, store: Store, db: Database, base: BasePolicy) -> None:
    policy = Policy(base)
    watcher = Watcher(db, policy, poll_seconds=0.2)
    await watcher.start()
    try:
        await asyncio.sleep(0.3)
        with store.engine.begin() as connection:
            connection.execute(
                text(
                    "select pg_terminate_backend(pid) from pg_stat_activity "
                    "where datname = current_database() and pid <> pg_backend_pid()"
                )
            )
        for attempt in range(100):
            try:
                await _add(
                    db, Policy(base), world.actor(9, 12, "tenant_admin"), role="handler", permission="case:content"
                )
                break
            except Exception:  # the pool meets its dead connections one by one
                assert attempt < 20
        for _ in range(100):
            if policy.allows(world.actor(5, 12, "handler"), Permission.CASE_CONTENT, NARROW):
                break
            await asyncio.sleep(0.05)
        assert policy.allows(world.actor(5, 12, "handler"), Permission.CASE_CONTENT, NARROW)
    finally:
        await watcher.stop()


async def test_not_yours_and_not_there_are_the_same_refusal(world: World, db: Database, policy: Policy) -> None:
    handler = world.actor(5, 12, "handler")
    answers = []
    for facts in (
        mask(),
        mask("own", "ordinary", "open", "accused"),
        mask("below", "accusation"),
        mask("own", "accusation"),
    ):
        with pytest.raises(NotFound) as refused:
            async with db.unit(policy.scope(handler)) as uow:
                await policy.require(uow, handler, Permission.CASE_FORWARD, facts)
        answers.append((refused.value.code, refused.value.message, refused.value.details))
    assert len({str(answer) for answer in answers}) == 1
    for facts in (mask("own", "ordinary", "open"), mask("custody", "accusation")):
        with pytest.raises(NotPermitted):
            async with db.unit(policy.scope(handler)) as uow:
                await policy.require(uow, handler, Permission.CASE_FORWARD, facts)
    with pytest.raises(NotPermitted):
        async with db.unit(policy.scope(handler)) as uow:
            await policy.require(uow, handler, Permission.CASE_REGISTER, mask("own"))


async def _add(db: Database, policy: Policy, admin: Actor, *, role: str, permission: str) -> overrides.Override:
    async with db.unit(policy.scope(admin)) as uow:
        return await _added(uow, policy, admin, role=role, permission=permission)


async def _added(uow: UnitOfWork, policy: Policy, admin: Actor, *, role: str, permission: str) -> overrides.Override:
    when = "own+ordinary+open" if permission in ("case:accept", "case:forward") else "own+ordinary"
    return await overrides.add_override(
        uow,
        policy,
        admin,
        office_id=12,
        subtree=False,
        role=role,
        when=when,
        permission=permission,
        effect="allow",
        now=NOW + timedelta(seconds=1),
    )
