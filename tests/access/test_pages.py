"""Pages of lists: whatever the ways to the cases, the order and the size, they follow each other and are all that the
actor may see."""

from __future__ import annotations

import random
import uuid
from datetime import datetime

import pytest
from sqlalchemy import Connection
from sqlalchemy.orm import Session

from access.store import Store
from access.world import NOW, World, make_world, some_actors
from caseway.access.actor import Actor
from caseway.access.facts import case_facts
from caseway.access.permissions import Permission
from caseway.access.plans_sql import branches
from caseway.access.policy import Policy
from caseway.cases.loaders import Criteria, rows_of_page
from caseway.cases.models import Case
from caseway.cases.queries import CaseOrder
from caseway.db.keyset import Page, Window, window

LATEST = datetime.max.replace(tzinfo=NOW.tzinfo)
CRITERIA = {
    "all": (Criteria(), lambda case: True),
    "open": (Criteria(is_open=True), lambda case: case.is_open),
    "closed": (Criteria(is_open=False), lambda case: not case.is_open),
    "overdue": (
        Criteria(is_overdue=True, now=NOW),
        lambda case: case.is_open and case.due_at is not None and case.due_at <= NOW,
    ),
}


@pytest.fixture(scope="module")
def world(store: Store) -> World:
    """Loaded once: many cases with several grants of one office."""
    made = make_world(17, cases=300)
    store.load(made)
    return made


def expected(world: World, policy: Policy, actor: Actor, permission: Permission, kept, order: CaseOrder):  # type: ignore[no-untyped-def]
    """Decided row by row, and sorted by hand."""
    column, descending = str(order.value[0].column.key), order.value[0].descending
    seen = [
        case
        for case in world.cases
        if kept(case) and policy.allows(actor, permission, case_facts(actor, case, world.grants[case.id], now=NOW))
    ]
    seen.sort(key=lambda case: (getattr(case, column) or LATEST, case.id), reverse=descending)
    return [case.id for case in seen]


def walked(
    connection: Connection, policy: Policy, actor: Actor, permission: Permission, criteria: Criteria, order: CaseOrder,
    *, size: int, backwards: bool,
) -> list[uuid.UUID]:  # fmt: skip
    """Page after page, from one end."""
    ways = branches(policy, actor, permission, now=NOW, cases=Case)
    found: list[uuid.UUID] = []
    place = None
    while ways:
        page = Page(size, before=place, backwards=True) if backwards else Page(size, after=place)
        statement = rows_of_page(ways, criteria, order.value, page)
        rows: Window[Case] = window(list(Session(connection).scalars(statement).all()), page)
        ids = [case.id for case in rows.rows]
        found = ids + found if backwards else found + ids
        if not (rows.has_previous if backwards else rows.has_next):
            break
        place = order.values_of(rows.rows[0 if backwards else -1])
    return found


@pytest.mark.parametrize("order", list(CaseOrder), ids=lambda order: order.name)
@pytest.mark.parametrize("narrowed", list(CRITERIA))
def test_pages_follow_each_other_and_are_all(
    store: Store, policy: Policy, world: World, order: CaseOrder, narrowed: str
) -> None:
    rng = random.Random(order.name)
    criteria, kept = CRITERIA[narrowed]
    seen = by_grants = 0
    with store.engine.connect() as connection:
        for actor in some_actors(18, world, 8):
            permission = rng.choice((Permission.CASE_CARD, Permission.CASE_CONTENT))
            wanted = expected(world, policy, actor, permission, kept, order)
            found = walked(
                connection, policy, actor, permission, criteria, order,
                size=rng.choice((1, 3, 7, 50)), backwards=rng.random() < 0.5,
            )  # fmt: skip
            assert found == wanted
            seen += len(wanted)
            by_grants += any(actor.office_id in case.granted for case in world.cases if case.id in set(wanted))
    assert seen > 20
    assert by_grants, "the way over grants is walked"
