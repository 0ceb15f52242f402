"""Notices of random worlds: seen exactly by those of the office who see the case as a card, and never opened further by
the second lock than a case itself."""

from __future__ import annotations

import random
import uuid
from datetime import timedelta

import pytest
from sqlalchemy import insert, select, text

from access.store import Store
from access.world import CITY, NOW, World, make_world
from caseway.access.actor import Actor
from caseway.access.facts import case_facts
from caseway.access.permissions import ROLES, Visibility
from caseway.access.policy import Policy
from caseway.db.keyset import page_of
from caseway.db.session import Database
from caseway.notices import loaders
from caseway.notices.codes import NoticeKind
from caseway.notices.models import OfficeNotice

CASES, OFFICES, ACTORS = 300, 8, 40


def told(world: World, offices: list[int]) -> list[dict[str, object]]:
    """To every one of these offices one notice about every case, and one about none."""
    rng = random.Random(5)
    rows = []
    for office_id in offices:
        for case_id in [*(case.id for case in world.cases), None]:
            at = NOW - timedelta(minutes=rng.randrange(1000))
            rows.append(
                {
                    "city_id": CITY,
                    "id": uuid.UUID(int=rng.getrandbits(128)),
                    "office_id": office_id,
                    "kind": NoticeKind.CLOCK_OVERDUE.value,
                    "case_id": case_id,
                    "at": at,
                    "facts": {},
                    "read_at": None,
                    "read_by": None,
                }
            )
    return rows


@pytest.fixture(scope="module")
def world(store: Store) -> World:
    """A world in which everybody has been told everything."""
    made = make_world(41, cases=CASES)
    store.load(made)
    with store.engine.begin() as connection:
        connection.execute(insert(OfficeNotice), told(made, _offices(made)))
    return made


def _offices(world: World) -> list[int]:
    """Some offices that hold cases."""
    return random.Random(6).sample(sorted({case.holder_id for case in world.cases}), OFFICES)


def _actors(world: World) -> list[Actor]:
    rng = random.Random(7)
    return [
        world.actor(
            rng.randrange(1, 13),
            rng.choice(_offices(world)),
            *rng.sample(ROLES, rng.choice((1, 1, 2))),
            elsewhere=tuple(rng.sample(sorted(world.places), rng.choice((0, 0, 1)))),
        )
        for _ in range(ACTORS)
    ]


def _cards(policy: Policy, actor: Actor, world: World) -> set[uuid.UUID]:
    """Decided row by row."""
    return {
        case.id
        for case in world.cases
        if policy.visibility(actor, case_facts(actor, case, world.grants[case.id], now=NOW)) >= Visibility.CARD
    }


async def test_a_list_shows_the_notices_of_the_office_about_cases_seen_as_cards(
    store: Store, world: World, policy: Policy
) -> None:
    database, shown = Database(store.database.url), 0
    for actor in _actors(world):
        found: list[OfficeNotice] = []
        after: str | None = None
        while True:
            page = page_of(first=100, after=after, order=loaders.NOTICE_ORDER, width=2)
            async with database.reader(policy.scope(actor)) as session:
                rows = await loaders.notices(session, policy, actor, page, unread_only=False, kind=None, now=NOW)
            found += rows.rows
            if not rows.has_next:
                break
            after = page.cursor(rows.rows[-1].at, rows.rows[-1].id)
        assert {each.office_id for each in found} <= {actor.office_id}
        about = [each.case_id for each in found]
        opens = actor.office_id in policy.scope(actor).principals
        wanted = _cards(policy, actor, world) | {None} if opens else set()
        assert len(about) == len(set(about))
        assert set(about) == wanted
        shown += len(about)
    await database.close()
    assert shown > 500


def test_the_second_lock_opens_a_notice_only_to_its_office_and_with_its_case(
    store: Store, world: World, policy: Policy
) -> None:
    for actor in _actors(world):
        with store.under(policy.scope(actor)) as connection:
            cases = set(connection.scalars(text("select id from cases")))
            rows = connection.execute(select(OfficeNotice.office_id, OfficeNotice.case_id)).all()
        assert {office for office, _ in rows} <= {actor.office_id}
        assert {case for _, case in rows} - {None} <= cases
        barred = {case.id for case in world.cases if not set(actor.bars).isdisjoint(case.barred)}
        assert not {case for _, case in rows} & barred
