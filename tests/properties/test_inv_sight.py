"""One small example for each invariant about who sees and finds what (domain 5.6)."""

from __future__ import annotations

import uuid

import psycopg
import pytest
from sqlalchemy import select

from caseway.access.actor import Actor
from caseway.administration.service import hooks
from caseway.cases import assignment, closing, identity, loaders, matching, repository
from caseway.cases.errors import RepresentativesMax
from caseway.cases.matching import MatchBy
from caseway.cases.models import Case
from caseway.cases.registration import PetitionerEntry
from caseway.cases.workflow import PetitionClass
from caseway.clocks.firing import run_due
from caseway.custody import service
from caseway.custody.errors import NoCompetence
from caseway.custody.workflow import OrderKind
from caseway.errors import InvalidInput, NotFound
from caseway.intake import service as intake
from caseway.people.models import Person
from caseway.tenancy import changes
from caseway.tenancy.changes import Cause
from caseway.worker import EFFECTS
from support.database import FreshDatabase
from support.factories import T0, TEST_KEYS, case_key, days, events, make_actor, platform_unit, refreshed
from support.intakes import make_intake, register
from support.province import Province

#: Columns that hold something about a petitioner, in any table.
_ABOUT_PETITIONERS = ("name_enc", "phone_enc", "address_enc", "phone_index", "residence_code")


async def listed(province: Province, who: Actor) -> set[uuid.UUID]:
    """The cases that the database shows somebody."""
    async with province.db.reader(province.policy.scope(who)) as session:
        return set(await session.scalars(select(Case.id)))


async def test_inv_04_a_case_about_an_office_is_never_seen_counted_or_found_there(province: Province) -> None:
    case = await register(province, "county_bureau", accused=[province["town"]])
    other = await register(province, "county_bureau")
    for office in ("town", "village"):
        leader = await province.actor(office, "leader", "supervisor")
        assert await listed(province, leader) == set()
        async with province.db.reader(province.policy.scope(leader)) as session:
            found = set(await session.scalars(repository.found_by_text("征地补偿款")))
            counts = await loaders.area_counts(session, leader.seat_id)
        assert case.id not in found and counts == []
    assert await listed(province, await province.actor("county_bureau")) == {case.id, other.id}


async def test_inv_04_the_person_complained_about_is_barred_after_a_change_of_post(province: Province) -> None:
    accused = await province.actor("town", "handler")
    what = make_intake(accused_person_ids=(accused.person_id,))
    await province.do(intake.register, "county_bureau", TEST_KEYS, intake=what, now=T0)
    async with province.db.reader(province.policy.scope(accused)) as session:
        person = await session.get_one(Person, accused.person_id)
    promoted = await make_actor(province.db, province["county_bureau"], roles=["dispatcher"], person=person)
    assert await listed(province, promoted) == set()
    assert len(await listed(province, await province.actor("county_bureau"))) == 1


async def test_inv_05_an_accusation_goes_to_the_discipline_body_and_nowhere_else(province: Province) -> None:
    clerk = await province.actor("county_bureau", "clerk")
    case = await register(province, clerk, petition_class=PetitionClass.ACCUSATION, accused=[province["town"]])
    for kind, to in ((OrderKind.ACCUSATION_HAND_OVER, "city_bureau"), (OrderKind.FORWARD, "county_discipline")):
        with pytest.raises(NoCompetence):
            await province.do(
                service.send, clerk, kind=kind, to_office_id=province[to].id, now=T0 + days(1), **case_key(case)
            )
    await province.do(
        service.send,
        clerk,
        kind=OrderKind.ACCUSATION_HAND_OVER,
        to_office_id=province["county_discipline"].id,
        now=T0 + days(1),
        **case_key(case),
    )


async def test_inv_05_an_accusation_passed_down_between_discipline_bodies_is_copied_to_nobody(
    province: Province,
) -> None:
    clerk = await province.actor("county_bureau", "clerk")
    accused = province["town"]
    case = await register(province, clerk, petition_class=PetitionClass.ACCUSATION, accused=[accused])
    up = await province.do(
        service.send, clerk,
        kind=OrderKind.ACCUSATION_HAND_OVER, to_office_id=province["city_discipline"].id, now=T0 + days(1),
        **case_key(case),
    )  # fmt: skip
    body = await province.actor("city_discipline", "handler")
    await province.do(service.sign_for, body, city_id=case.city_id, order_id=up.order_id, now=T0 + days(2))
    await province.do(
        service.send, body,
        kind=OrderKind.ACCUSATION_HAND_OVER, to_office_id=province["county_discipline"].id, now=T0 + days(3),
        **case_key(case),
    )  # fmt: skip
    assert {order.kind for order in await province.orders(case)} == {OrderKind.ACCUSATION_HAND_OVER}
    assert all(not order.copied_office_ids for order in await province.orders(case))


async def test_inv_05_forbidden_is_answered_like_not_there(province: Province) -> None:
    case = await register(province, "county_bureau", accused=[province["town"]])
    accused = await province.actor("town", "dispatcher")
    answers = set()
    for case_id in (case.id, uuid.uuid4()):
        with pytest.raises(NotFound) as refusal:
            await province.do(
                assignment.record_reason, accused, reason="需要了解情况", now=T0, city_id=case.city_id, case_id=case_id
            )
        answers.add((refusal.value.code, refusal.value.message, str(refusal.value.details)))
    assert len(answers) == 1


async def test_inv_19_a_group_has_five_representatives_at_most(province: Province) -> None:
    six = [PetitionerEntry(name=f"代表{number}") for number in range(6)]
    with pytest.raises(RepresentativesMax):
        await register(province, "town", petitioners=six, group_size=40)
    case = await register(province, "town", petitioners=six[:5], group_size=40)
    async with province.db.reader(province.policy.scope(await province.actor("town"))) as session:
        assert len(await repository.petitioners(session, case)) == 5


async def test_inv_20_siblings_share_nothing(province: Province) -> None:
    case = await register(province, "town")
    everything = ("clerk", "handler", "dispatcher", "leader", "supervisor", "reviewer", "auditor")
    for sibling in ("other_town", "far_town", "other_city", "foreign_county", "village"):
        assert await listed(province, await province.actor(sibling, *everything)) == set()
    assert await listed(province, await province.actor("county_bureau")) == {case.id}


async def test_inv_28_no_table_index_or_function_is_keyed_by_a_petitioner_across_tenants(
    database: FreshDatabase,
) -> None:
    with psycopg.connect(database.dsn) as owner:
        tables = owner.execute(
            "select distinct table_name from information_schema.columns "
            "where table_schema = 'public' and column_name = any(%s)",
            (list(_ABOUT_PETITIONERS),),
        ).fetchall()
        indexes = owner.execute(
            "select indexdef from pg_indexes where schemaname = 'public' and (tablename = 'petitioner' "
            "or indexdef ~ %s)",
            ("|".join(_ABOUT_PETITIONERS),),
        ).fetchall()
        functions = owner.execute(
            "select proname from pg_proc p join pg_namespace n on n.oid = p.pronamespace "
            "where n.nspname in ('public', 'app') and prosrc ~ %s",
            ("|".join(("petitioner", *_ABOUT_PETITIONERS)),),
        ).fetchall()
        views = owner.execute(
            "select viewname from pg_views where schemaname in ('public', 'app') and definition ~ 'petitioner'"
        ).fetchall()
    assert tables == [("petitioner",)]
    # Every key begins with the home city, and the blind index in it is made with the city's own secret.
    assert indexes and all("(city_id" in definition for (definition,) in indexes)
    assert functions == [] and views == []


async def test_inv_28_the_same_petitioner_is_matched_in_the_own_office_only(province: Province) -> None:
    clerk = await province.actor("town", "clerk")
    case, again = await register(province, clerk), await register(province, clerk)
    await register(province, await province.actor("other_town", "clerk"))
    found = await province.do(
        matching.find_same_matter, clerk, by=MatchBy.PHONE, reason="核对是否重复", now=T0 + days(1), **case_key(case)
    )
    assert [each.id for each in found.cases] == [again.id]
    assert [event.type for event in await events(province.db, case)][-1] == "match.made"


async def test_inv_28_the_same_phone_has_another_blind_index_in_another_city(
    province: Province, database: FreshDatabase
) -> None:
    await register(province, await province.actor("town", "clerk"))
    await register(province, await province.actor("foreign_county", "clerk"))
    with psycopg.connect(database.dsn) as owner:
        rows = owner.execute("select city_id, phone_index from petitioner").fetchall()
    assert len({city for city, _ in rows}) == len({index for _, index in rows}) == 2


async def test_inv_29_a_read_of_identity_needs_a_purpose_and_leaves_an_event(province: Province) -> None:
    clerk = await province.actor("town", "clerk")
    case = await register(province, clerk)
    with pytest.raises(InvalidInput):
        await province.do(identity.read, clerk, TEST_KEYS, purpose=" ", now=T0 + days(1), **case_key(case))
    read = await province.do(identity.read, clerk, TEST_KEYS, purpose="联系信访人", now=T0 + days(1), **case_key(case))
    assert [each.name for each in read.petitioners] == ["张三"]
    newest = (await events(province.db, case))[-1]
    assert (newest.type, newest.reason, newest.person_id) == ("identity.read", "联系信访人", clerk.person_id)


async def test_inv_30_records_are_only_added_to(province: Province, database: FreshDatabase) -> None:
    case = await register(province, "town")
    assert [event.type for event in await events(province.db, case)] == ["case.registered"]
    with psycopg.connect(database.dsn, autocommit=True) as owner:
        owner.execute("set role caseway_app")
        owner.execute("set app.scopes = '{0}'")
        for change in (
            "update ledger_event set reason = 'x'",
            "delete from ledger_event",
            "update clock_event set kind = 'HANDLE'",
            "delete from clock_event",
            "update custody set office_id = 1",
            "delete from custody",
            "truncate ledger_event",
            "delete from recusal",
            "update competence_decision set reason = 'x'",
            "delete from access_event",
        ):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                owner.execute(change)


async def move(province: Province, name: str, parent: str, *, at: float) -> None:
    """Hang an office under another one, as administration does."""
    async with platform_unit(province.db) as uow:
        office, above = await changes.hold(uow, province[name].id, province[parent].id)
        moved_at = T0 + days(at)
        await changes.move(uow, office, above, cause=Cause(moved_at, "notice"), hooks=hooks(moved_at))


async def test_inv_04_a_case_leaves_an_office_that_is_moved_below_the_accused_one(province: Province) -> None:
    held = await register(province, "town", accused=[province["other_county"]])
    coming = await register(province, "county_bureau", accused=[province["other_county"]])
    sending = await register(province, "town", accused=[province["other_county"]])
    for case, to in ((coming, "town"), (sending, "other_town")):
        await province.do(
            service.send,
            "county_bureau" if case is coming else "town",
            kind=OrderKind.FORWARD if case is coming else OrderKind.HAND_OVER,
            to_office_id=province[to].id,
            instruction="请依法办理",
            now=T0 + days(0.1),
            **case_key(case),
        )
    await move(province, "town", "other_county", at=0.2)
    assert await province.holders(held) == ["town", "city_bureau"]
    assert await province.holders(sending) == ["town", "city_bureau"]
    await run_due(province.db, EFFECTS, now=T0 + days(9))
    assert await province.holders(coming) == ["county_bureau"]


async def test_inv_25_ended_cases_move_with_their_office_into_the_totals_of_its_new_area(province: Province) -> None:
    case = await register(province, "village")
    ended = await register(province, "village")
    await province.do(
        closing.withdraw, "village", TEST_KEYS,
        statement="本人自愿撤回", signed_at=T0 + days(1), now=T0 + days(1), **case_key(ended),
    )  # fmt: skip
    await move(province, "village", "foreign_county", at=2)
    leader = await province.actor("foreign_county", "leader")
    assert await listed(province, leader) == {case.id, ended.id}
    async with province.db.reader(province.policy.scope(leader)) as session:
        counts = await loaders.area_counts(session, leader.seat_id)
    assert [(each.is_open, each.cases) for each in counts] == [(False, 1), (True, 1)]
    assert await listed(province, await province.actor("county_bureau")) == set()


async def test_inv_04_help_asked_of_an_office_does_not_pass_to_its_accused_successor(province: Province) -> None:
    case = await register(province, "county_bureau", accused=[province["other_town"]])
    await province.do(
        service.send, "county_bureau",
        kind=OrderKind.ASSIST, to_office_id=province["town"].id, instruction="请协助核实", now=T0 + days(1),
        **case_key(case),
    )  # fmt: skip
    async with platform_unit(province.db) as uow:
        old, new = await changes.hold(uow, province["town"].id, province["other_town"].id)
        at = T0 + days(2)
        await changes.merge(uow, old, new, cause=Cause(at, "notice"), hooks=hooks(at))
    assert (await refreshed(province.db, case)).granted == []
    assert await listed(province, await province.actor("other_town", "handler")) == set()
