"""Rules of offices: what may be added, what must stay, who may write them, and what they do to decisions."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from datetime import timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from access.store import Store
from access.world import NOW, World, make_world
from caseway import bundle
from caseway.access import overrides
from caseway.access.actor import Actor
from caseway.access.bounds import Bounds, within
from caseway.access.errors import OverrideNotFound, OverrideRefused
from caseway.access.facts import mask
from caseway.access.matrix import BasePolicy, Rule
from caseway.access.overrides import Override
from caseway.access.permissions import Permission
from caseway.access.policy import Policy
from caseway.db.session import Database
from caseway.errors import CasewayError, NotFound, NotPermitted

CONTENT = ("own+ordinary", "case:content", "allow")


@pytest.fixture(scope="module")
def bounds(base: BasePolicy) -> Bounds:
    """The ceiling and the floor."""
    return Bounds(base)


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
    database = Database(store.database.url, pool_size=4)
    yield database
    await database.close()


def _county(world: World) -> int:
    """An office in the middle of the tree, with offices above and below."""
    inner = {place.chain[-2] for place in world.places.values() if len(place.chain) > 2}
    return min(office for office in inner if len(world.places[office].chain) == 2)


def _child(world: World, office_id: int) -> int:
    return min(place.id for place in world.places.values() if place.chain[-2:-1] == (office_id,))


def _sibling(world: World, office_id: int) -> int:
    chain = world.places[office_id].chain
    return min(p.id for p in world.places.values() if p.chain[:-1] == chain[:-1] and p.id != office_id)


async def _add(
    db: Database,
    policy: Policy,
    actor: Actor,
    office_id: int,
    rule: tuple[str, str, str] = CONTENT,
    *,
    role: str = "handler",
    subtree: bool = False,
) -> Override:
    when, permission, effect = rule
    async with db.unit(policy.scope(actor)) as uow:
        return await overrides.add_override(
            uow,
            policy,
            actor,
            office_id=office_id,
            subtree=subtree,
            role=role,
            when=when,
            permission=permission,
            effect=effect,
            now=NOW + timedelta(seconds=1),
        )


async def _refresh(db: Database, policy: Policy) -> None:
    async with db.reader(policy.scope(make_world(41, cases=0).actor(1, 1))) as session:
        await policy.refresh(session)


# ---- the second model ----

SOUND: tuple[tuple[str, ...], ...] = (
    ("handler", "own+ordinary", "content", "allow"),
    ("handler", "own+ordinary+open", "content", "allow"),
    ("dispatcher", "own+ordinary", "content", "allow"),  # a dispatcher is a clerk
    ("clerk", "own+ordinary+open", "accept", "allow"),
    ("clerk", "own+ordinary+open", "merge", "deny"),
    ("leader", "below+ordinary+open", "take_up", "deny"),
    ("handler", "mine+ordinary+open", "forward", "deny"),
    ("dispatcher", "below+ordinary", "reason", "deny"),
)
UNSOUND: tuple[tuple[str, ...], ...] = (
    ("handler", "own", "content", "allow"),  # wider than the ceiling
    ("handler", "below+ordinary", "content", "allow"),
    ("handler", "own+accusation", "content", "allow"),
    ("leader", "own+ordinary", "identity", "allow"),
    ("leader", "below+ordinary", "content", "allow"),
    ("tenant_admin", "own+ordinary", "card", "allow"),
    ("auditor", "own+ordinary", "content", "allow"),
    ("platform_operator", "own+ordinary", "card", "allow"),
    ("leader", "accused", "card", "allow"),
    ("leader", "accused", "card", "deny"),
    ("clerk", "any", "card", "allow"),
    ("clerk", "own+below", "card", "allow"),
    ("clerk", "ordinary", "card", "allow"),
    ("caseworker", "own+ordinary", "content", "allow"),
    ("officer", "any", "read", "deny"),
    ("*", "own+ordinary", "content", "allow"),
    ("king", "own+ordinary", "content", "allow"),
    ("handler", "own+ordinary", "fly", "allow"),
    ("handler", "own+ordinary", "content", "Allow"),
    ("handler", "own+ordinary", "content", "ALLOW"),
    ("handler", "own+ordinary, case", "content", "allow"),
    ("handler) || true", "own+ordinary", "content", "allow"),
    # floors
    ("clerk", "own", "register", "deny"),
    ("auditor", "below+ordinary", "history", "deny"),
    ("auditor", "below", "history", "deny"),
    ("leader", "own+ordinary+open", "assign_handler", "deny"),
    ("clerk", "own+ordinary", "card", "deny"),  # a dispatcher would lose it too
    ("handler", "mine+open", "content", "deny"),  # overlaps with mine+ordinary
    ("handler", "mine", "stub", "deny"),
    ("clerk", "mine+accusation+open", "hand_over_accusation", "deny"),
    ("supervisor", "below+ordinary+open", "supervise", "deny"),
)


def _rule(row: tuple[str, ...], domain: str = "t12") -> Rule:
    role, when, action, effect = row
    return (role, domain, when, "case", action, effect)


@pytest.mark.parametrize("row", SOUND, ids="-".join)
def test_a_rule_within_bounds_is_sound(bounds: Bounds, row: tuple[str, ...]) -> None:
    assert bounds.faults(_rule(row)) == []
    assert bounds.consequences(_rule(row)) == []


@pytest.mark.parametrize("row", UNSOUND, ids="-".join)
def test_a_rule_beyond_bounds_is_not(bounds: Bounds, row: tuple[str, ...]) -> None:
    assert bounds.faults(_rule(row))


@pytest.mark.parametrize(
    "domain", ["*", "t", "t0", "t1.", "t1...", "t1, *", "t01", "1", "t1 ", "t-1", "t12..\n", "t12345678901"]
)
def test_a_rule_of_no_offices_domain_is_not_sound(bounds: Bounds, domain: str) -> None:
    assert bounds.faults(_rule(SOUND[0], domain))


def test_the_whole_ceiling_breaks_no_principle(bounds: Bounds) -> None:
    rows = [
        [field.strip() for field in line.split(",")]
        for line in bundle.text("policies", "ceiling.csv").splitlines()
        if line.startswith("p, ceiling")
    ]
    assert len(rows) > 10
    for _, _, role, when, resource, action in rows:
        rule = (role, "t12", when, resource, action, "allow")
        assert bounds.faults(rule) == []
        assert bounds.consequences(rule) == [], rule


def test_the_last_check_finds_what_a_ceiling_with_a_mistake_would_let_in(bounds: Bounds) -> None:
    for role, when, action in (
        ("leader", "below+accusation", "content"),
        ("tenant_admin", "own", "card"),
        ("auditor", "own", "content"),
        ("clerk", "own+ordinary", "identity"),
        ("handler", "any", "card"),
        ("supervisor", "joint+accusation", "stub"),
    ):
        broken = (role, "t12", when, "case", action, "allow")
        if role in ("tenant_admin", "auditor"):
            # The matrix denies it to these roles whatever is added.
            assert bounds.consequences(broken) == []
        else:
            assert bounds.consequences(broken)


def test_empty_conditions_match_nothing() -> None:
    assert not within("ceiling", "", "own") and not within("ceiling", "own", "")
    assert not within("floor", "", "own") and not within("floor", "own", "")


# ---- who may write rules, and what they do ----


async def test_an_added_rule_counts_in_the_office_and_nowhere_else(
    world: World, db: Database, base: BasePolicy
) -> None:
    policy, county = Policy(base), _county(world)
    admin = world.actor(9, county, "tenant_admin")
    facts = mask("own", "ordinary", "open")
    added = await _add(db, policy, admin, county)
    assert (added.office_id, added.subtree, added.rule[1]) == (county, False, f"t{county}")
    await _refresh(db, policy)
    for office, expected in (
        (county, True),
        (_child(world, county), False),
        (_sibling(world, county), False),
        (1, False),
    ):
        handler = world.actor(5, office, "handler")
        assert policy.allows(handler, Permission.CASE_CONTENT, facts) is expected
    assert not policy.allows(
        world.actor(5, county, "handler"), Permission.CASE_CONTENT, mask("own", "accusation", "open")
    )
    assert not policy.allows(world.actor(5, county, "handler"), Permission.CASE_CONTENT, facts | mask("accused"))


async def test_a_rule_of_a_subtree_counts_below_too(world: World, db: Database, base: BasePolicy) -> None:
    policy, county = Policy(base), _county(world)
    await _add(db, policy, world.actor(9, county, "tenant_admin"), county, subtree=True)
    await _refresh(db, policy)
    for office, expected in (
        (county, True),
        (_child(world, county), True),
        (_sibling(world, county), False),
        (1, False),
    ):
        found = policy.allows(world.actor(5, office, "handler"), Permission.CASE_CONTENT, mask("own", "ordinary"))
        assert found is expected


async def test_the_same_rule_twice_is_one_rule(world: World, db: Database, base: BasePolicy) -> None:
    policy, county = Policy(base), _county(world)
    admin = world.actor(9, county, "tenant_admin")
    first = await _add(db, policy, admin, county)
    assert (await _add(db, policy, admin, county)).id == first.id
    async with db.reader(policy.scope(admin)) as session:
        found = await overrides.overrides_of(session, policy, admin, office_id=county, now=NOW + timedelta(days=1))
    assert [each.id for each in found] == [first.id]


async def test_a_revoked_rule_no_longer_counts_and_can_be_added_again(
    world: World, db: Database, base: BasePolicy
) -> None:
    policy, county = Policy(base), _county(world)
    admin = world.actor(9, county, "tenant_admin")
    added = await _add(db, policy, admin, county)
    await _refresh(db, policy)
    async with db.unit(policy.scope(admin)) as uow:
        revoked = await overrides.revoke_override(
            uow, policy, admin, override_id=added.id, now=NOW + timedelta(hours=1)
        )
    assert revoked.revoked_at is not None
    await _refresh(db, policy)
    handler = world.actor(5, county, "handler")
    assert not policy.allows(handler, Permission.CASE_CONTENT, mask("own", "ordinary"))
    with pytest.raises(OverrideNotFound):
        async with db.unit(policy.scope(admin)) as uow:
            await overrides.revoke_override(uow, policy, admin, override_id=added.id, now=NOW + timedelta(hours=2))
    assert (await _add(db, policy, admin, county)).id != added.id
    await _refresh(db, policy)
    assert policy.allows(handler, Permission.CASE_CONTENT, mask("own", "ordinary"))


async def test_offices_beside_and_above_are_as_if_they_were_not_there(
    world: World, db: Database, base: BasePolicy
) -> None:
    policy, county = Policy(base), _county(world)
    admin = world.actor(9, county, "tenant_admin")
    foreign = await _add(db, policy, world.actor(8, 1, "tenant_admin"), 1, role="clerk")
    for target in (_sibling(world, county), 1, 999_999_999):
        with pytest.raises(NotFound):
            await _add(db, policy, admin, target)
    with pytest.raises(OverrideNotFound):
        async with db.unit(policy.scope(admin)) as uow:
            await overrides.revoke_override(uow, policy, admin, override_id=foreign.id, now=NOW)
    with pytest.raises(OverrideNotFound):
        async with db.unit(policy.scope(admin)) as uow:
            await overrides.revoke_override(uow, policy, admin, override_id=987_654, now=NOW)
    await _add(db, policy, admin, _child(world, county))


@pytest.mark.parametrize(("role", "refusal"), [("leader", NotFound), ("auditor", NotPermitted), ("clerk", NotFound)])
async def test_only_administrators_write_rules(
    world: World, db: Database, base: BasePolicy, role: str, refusal: type[CasewayError]
) -> None:
    policy, county = Policy(base), _county(world)
    with pytest.raises(refusal):
        await _add(db, policy, world.actor(9, county, role), county)


async def test_refusals_give_their_reasons_and_leave_nothing(world: World, db: Database, base: BasePolicy) -> None:
    policy, county = Policy(base), _county(world)
    admin = world.actor(9, county, "tenant_admin")
    for rule in (("own", "case:content", "allow"), ("accused", "case:card", "allow"), ("own", "nonsense", "allow")):
        with pytest.raises(OverrideRefused) as refused:
            await _add(db, policy, admin, county, rule)
        assert refused.value.details["reasons"]
    await _refresh(db, policy)
    assert policy.bundle_of(world.places[county].chain).overrides == ()


async def test_what_an_office_above_denies_cannot_be_added_below_nor_forced_in(
    world: World, store: Store, db: Database, base: BasePolicy
) -> None:
    policy, county = Policy(base), _county(world)
    deny = ("own+ordinary", "case:content", "deny")
    await _add(db, policy, world.actor(8, 1, "tenant_admin"), 1, deny, subtree=True)
    with pytest.raises(OverrideRefused, match="see the reasons") as refused:
        await _add(db, policy, world.actor(9, county, "tenant_admin"), county)
    assert "office 1 denies it" in refused.value.details["reasons"][0]
    _force(store, ("handler", f"t{county}", "own+ordinary", "case", "content", "allow"))
    await _refresh(db, policy)
    assert policy.bundle_of(world.places[county].chain).overrides
    assert not policy.allows(world.actor(5, county, "handler"), Permission.CASE_CONTENT, mask("own", "ordinary"))


async def test_a_rule_forced_into_the_table_beyond_bounds_is_dropped(
    world: World, store: Store, db: Database, base: BasePolicy
) -> None:
    policy, county = Policy(base), _county(world)
    beyond: Rule = ("leader", f"t{county}", "below+ordinary", "case", "identity", "allow")
    sound: Rule = ("handler", f"t{county}", "own+ordinary", "case", "content", "allow")
    _force(store, beyond)
    _force(store, sound)
    await _refresh(db, policy)
    assert policy.dropped == (beyond,)
    leader, handler = world.actor(5, county, "leader"), world.actor(5, county, "handler")
    assert not policy.allows(leader, Permission.CASE_IDENTITY, mask("below", "ordinary"))
    assert policy.allows(handler, Permission.CASE_CONTENT, mask("own", "ordinary"))


@pytest.mark.parametrize("field", ["sub", "dom", "when", "obj", "act", "eft"])
def test_the_table_refuses_what_casbin_would_read_as_syntax(world: World, store: Store, field: str) -> None:
    names = ("sub", "dom", "when", "obj", "act", "eft")
    rule = dict(zip(names, ("handler", "t12", "own+ordinary", "case", "content", "allow"), strict=True))
    for hostile in ("*", "a, b", "x)", "(", "", "Allow"):
        values = tuple((rule | {field: hostile})[name] for name in names)
        with pytest.raises(IntegrityError):
            _force(store, (values[0], values[1], values[2], values[3], values[4], values[5]))


def _force(store: Store, rule: Rule) -> None:
    """Past every check, as somebody with a database password could."""
    with store.engine.begin() as connection:
        connection.execute(
            text(
                "with raised as (update authz_epoch set value = value + 1 returning value) insert into authz_rule "
                '(sub, dom, "when", obj, act, eft, author, author_office_id, created_at, epoch) '
                "select :sub, :dom, :when, :obj, :act, :eft, 0, 1, now(), value from raised"
            ),
            dict(zip(("sub", "dom", "when", "obj", "act", "eft"), rule, strict=True)),
        )
