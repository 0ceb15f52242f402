"""Registering: what is stored, what is refused, and who never sees it (T1, T29; INV-04, INV-18, INV-19)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select

from caseway.access.actor import Actor
from caseway.cases import papers, repository
from caseway.cases.errors import RepresentativesMax
from caseway.cases.models import AccusationRecord, Case, CaseSearch, Matter, Petitioner, Registration
from caseway.cases.registration import PetitionerEntry
from caseway.cases.workflow import PetitionClass, Stage
from caseway.custody.errors import NobodyToMoveTo
from caseway.db.scope import SYSTEM_SCOPE
from caseway.errors import InvalidInput, NotFound, NotPermitted
from caseway.intake import service
from caseway.intake.errors import NotClosed
from caseway.intake.service import NewFacts, Registered
from caseway.people.models import Person
from caseway.tenancy.errors import OfficeSuspended
from caseway.tenancy.models import Office
from support.factories import T0, TEST_KEYS, days, events, make_case, make_post, platform_unit
from support.intakes import by_number, make_intake, register
from support.province import Province, due_dates, shanghai

FIVE = tuple(PetitionerEntry(name=f"代表{number}") for number in range(5))


async def rows(province: Province) -> list[int]:
    """How many rows each table of a registration has."""
    async with province.db.reader(SYSTEM_SCOPE) as session:
        tables = (Matter, Case, Registration, Petitioner, AccusationRecord)
        return [await session.scalar(select(func.count()).select_from(table)) or 0 for table in tables]


async def attempt(province: Province, who: str | Actor, **given: Any) -> Registered:
    """Register at ``T0``; the result as the registrar gets it."""
    done: Registered = await province.do(service.register, who, TEST_KEYS, intake=make_intake(**given), now=T0)
    return done


async def seen(province: Province, who: Actor, case: Case) -> Case | None:
    """The case under the scope of somebody."""
    async with province.db.reader(province.policy.scope(who)) as session:
        return await repository.get(session, case.city_id, case.id)


async def test_a_registered_matter_has_a_holder_a_clock_a_chain_and_a_ledger(province: Province) -> None:
    clerk = await province.actor("county_bureau", "clerk")
    case = await register(province, clerk, now=shanghai("2026-03-18 09:22"), petitioners=FIVE, group_size=23)
    assert (case.stage, case.group_size, case.holder_id) == (Stage.REGISTERED, 23, province["county_bureau"].id)
    assert case.assignee_id == clerk.person_id
    assert case.number.startswith(province["county_bureau"].code)
    assert await due_dates(province.db, case) == {"FORWARD": "2026-04-02"}
    assert await province.chain(case) == [("county_bureau", shanghai("2026-03-18 09:22"), None)]
    assert [event.type for event in await events(province.db, case)] == ["case.registered"]
    assert await rows(province) == [1, 1, 1, 5, 0]


async def test_a_sixth_representative_is_refused_and_nothing_is_stored(province: Province) -> None:
    with pytest.raises(RepresentativesMax) as refused:
        await attempt(province, "county_bureau", petitioners=(*FIVE, PetitionerEntry(name="代表6")), group_size=23)
    assert refused.value.details["maximum"] == 5
    assert await rows(province) == [0, 0, 0, 0, 0]


@pytest.mark.parametrize(
    ("office", "clock"), [("county", "FORWARD"), ("county_bureau", "FORWARD"), ("land", "DIRECT_NOTICE")]
)
async def test_who_sorts_has_time_to_forward_and_everybody_else_to_tell(
    province: Province, office: str, clock: str
) -> None:
    case = await register(province, office)
    assert set(await due_dates(province.db, case)) == {clock}


async def test_the_limit_counts_from_receipt_however_late_it_is_registered(province: Province) -> None:
    case = await register(province, "county_bureau", received_at=shanghai("2026-04-01 09:00"))
    assert await due_dates(province.db, case) == {"FORWARD": "2026-04-16"}


async def test_nobody_is_turned_away_for_lack_of_a_name_or_a_contact(province: Province) -> None:
    case = await register(province, "county_bureau", petitioners=())
    assert case.stage == Stage.REGISTERED


async def test_all_problems_are_told_at_once(province: Province) -> None:
    with pytest.raises(InvalidInput) as refused:
        await attempt(
            province,
            "county_bureau",
            petition_class=PetitionClass.ACCUSATION,
            title=" ",
            claim="x" * 20_001,
            field="land!",
            place_code="abc",
            group_size=0,
            received_at=T0 + timedelta(minutes=1),
        )
    assert {problem[:2] for problem in refused.value.problems} == {
        ("entry.title", "REQUIRED"),
        ("entry.claim", "TOO_LONG"),
        ("field", "MALFORMED"),
        ("placeCode", "MALFORMED"),
        ("entry.groupSize", "OUT_OF_RANGE"),
        ("entry.receivedAt", "FUTURE"),
        ("accused.officeIds", "REQUIRED"),
    }
    assert await rows(province) == [0, 0, 0, 0, 0]


async def test_unknown_accused_and_old_dates_are_problems(province: Province) -> None:
    with pytest.raises(InvalidInput) as refused:
        await attempt(
            province,
            "county_bureau",
            accused_person_ids=(9_999_999,),
            accused=[Office(id=9_999_998)],
            received_at=T0 - timedelta(days=4000),
        )
    assert {problem[:2] for problem in refused.value.problems} == {
        ("accused.officeIds", "UNKNOWN"),
        ("accused.personIds", "UNKNOWN"),
        ("entry.receivedAt", "TOO_EARLY"),
    }


async def test_only_who_receives_people_registers(province: Province) -> None:
    with pytest.raises(NotPermitted):
        await attempt(province, await province.actor("county_bureau", "auditor"))
    assert await rows(province) == [0, 0, 0, 0, 0]


async def test_a_suspended_office_registers_nothing_new(province: Province) -> None:
    clerk = await province.actor("town", "clerk")
    async with platform_unit(province.db) as uow:
        (await uow.session.get_one(Office, province["town"].id)).suspended_at = T0
    with pytest.raises(OfficeSuspended):
        await attempt(province, clerk)


async def test_the_texts_of_an_accusation_are_encrypted_and_never_indexed(province: Province) -> None:
    case = await register(
        province,
        "county_bureau",
        petition_class=PetitionClass.ACCUSATION,
        accused=[province["town"]],
        title="举报违规发包",
    )
    async with province.db.reader(SYSTEM_SCOPE) as session:
        (row,) = await repository.registrations(session, case)
        (sealed,) = await repository.accusation_records(session, case)
        assert (row.title, row.claim) == (None, None)
        assert "举报".encode() not in sealed.title_enc
        assert (await papers.claims(session, TEST_KEYS, case, now=T0))[0].title == "举报违规发包"
    async with platform_unit(province.db) as uow:
        assert (await uow.session.scalars(select(CaseSearch.case_id))).all() == []
    assert (case.barred, case.accused_office_ids) == ([province["town"].id], [province["town"].id])


async def test_an_accusation_about_the_own_office_is_held_above_from_the_first_instant(province: Province) -> None:
    clerk, above = await province.actor("town", "clerk"), await province.actor("county_bureau", "clerk")
    done = await attempt(province, clerk, petition_class=PetitionClass.ACCUSATION, accused=[province["town"]])
    assert (done.case_id, done.version, done.passed_on) == (None, None, True)
    case = await by_number(province, done.number)
    assert case.assignee_id == above.person_id
    assert case.granted == []
    assert await province.holders(case) == ["county_bureau"]
    assert await seen(province, clerk, case) is None
    assert await seen(province, above, case) is not None


async def test_the_bar_of_an_accused_person_covers_their_offices_and_a_later_post(province: Province) -> None:
    deputy = await province.actor("town", "leader")
    await province.actor("county_bureau", "clerk")
    clerk = await province.actor("town", "clerk")
    done = await attempt(
        province, clerk, petition_class=PetitionClass.ACCUSATION, accused_person_ids=(deputy.person_id,)
    )
    case = await by_number(province, done.number)
    assert done.passed_on
    assert case.accused_office_ids == [province["town"].id]
    assert sorted(case.barred) == sorted([province["town"].id, -deputy.person_id])
    assert await province.holders(case) == ["county_bureau"]


async def test_a_registrar_who_is_accused_with_a_post_elsewhere_holds_nothing(province: Province) -> None:
    clerk, _ = await province.actor("other_town", "clerk"), await province.actor("county_bureau", "clerk")
    async with province.db.reader(SYSTEM_SCOPE) as session:
        person = await session.get_one(Person, clerk.person_id)
    await make_post(province.db, person, province["land"], roles=["handler"])
    done = await attempt(
        province, clerk, petition_class=PetitionClass.ACCUSATION, accused_person_ids=(clerk.person_id,)
    )
    case = await by_number(province, done.number)
    assert set(case.accused_office_ids) == {province["other_town"].id, province["land"].id}
    assert await province.holders(case) == ["county_bureau"]


@pytest.mark.parametrize(
    ("accused", "holder"),
    [
        (["town"], "county_bureau"),
        (["town", "county_bureau"], "county"),
        (["town", "county"], "city_bureau"),
        (["county", "city"], "province_bureau"),
    ],
)
async def test_the_lowest_superior_free_of_the_complaint_holds_it(
    province: Province, accused: list[str], holder: str
) -> None:
    for name in ("county", "county_bureau", "city_bureau", "province_bureau"):
        await province.actor(name, "clerk")
    done = await attempt(
        province, "town", petition_class=PetitionClass.ACCUSATION, accused=[province[name] for name in accused]
    )
    assert await province.holders(await by_number(province, done.number)) == [holder]


async def test_without_anybody_to_send_it_on_the_competent_body_has_it_at_once(province: Province) -> None:
    done = await attempt(province, "town", petition_class=PetitionClass.ACCUSATION, accused=[province["town"]])
    case = await by_number(province, done.number)
    assert await province.holders(case) == ["county_discipline"]
    assert case.held_by_discipline


async def test_an_accusation_of_the_whole_line_goes_to_the_discipline_body_at_the_top(province: Province) -> None:
    done = await attempt(province, "town", petition_class=PetitionClass.ACCUSATION, accused=[province["province"]])
    assert await province.holders(await by_number(province, done.number)) == ["province_discipline"]


async def test_an_ordinary_complaint_about_the_top_goes_to_its_discipline_body_too(province: Province) -> None:
    done = await attempt(province, "town", accused=[province["province"]])
    assert await province.holders(await by_number(province, done.number)) == ["province_discipline"]


async def test_a_complaint_about_everybody_has_nowhere_to_go(province: Province) -> None:
    with pytest.raises(NobodyToMoveTo):
        await attempt(province, "town", accused=[province["province"], province["province_discipline"]])
    assert await rows(province) == [0, 0, 0, 0, 0]


async def test_what_a_joint_conference_receives_its_petition_office_holds(province: Province) -> None:
    done = await attempt(province, "county_conference")
    assert await province.holders(await by_number(province, done.number)) == ["county_bureau"]


async def test_new_facts_make_a_new_case_of_the_same_matter(province: Province) -> None:
    clerk = await province.actor("county_bureau", "clerk")
    ended = await make_case(province.db, holder=province["county_bureau"], stage=Stage.CLOSED)
    new_facts = NewFacts(ended.city_id, ended.id, "补偿标准已由省里调整")
    case = await register(province, clerk, now=T0 + days(30), new_facts=new_facts)
    assert (case.preceding_id, case.matter_id) == (ended.id, ended.matter_id)
    async with province.db.reader(SYSTEM_SCOPE) as session:
        assert [row.kind for row in await repository.records(session, case)] == ["NEW_FACTS"]
        assert [row.is_repeat for row in await repository.registrations(session, case)] == [True]


async def test_new_facts_need_an_ended_case_that_the_registrar_sees(province: Province) -> None:
    still_open = await make_case(province.db, holder=province["county_bureau"])
    foreign = await make_case(province.db, holder=province["other_county"], stage=Stage.CLOSED)
    for preceding, refusal in ((still_open, NotClosed), (foreign, NotFound)):
        with pytest.raises(refusal):
            await attempt(province, "county_bureau", new_facts=NewFacts(preceding.city_id, preceding.id, "新的事实"))
    assert (await rows(province))[1] == 2
