"""Who brought a matter: encrypted, read with a purpose, matched only inside the handling scope."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from caseway.cases import identity, matching, papers, registration
from caseway.cases.errors import ConsentRequired, NotForAccusations, RepresentativesMax
from caseway.cases.matching import MatchBy
from caseway.cases.models import AccusationRecord, Petitioner, Registration
from caseway.cases.registration import Entry, PetitionerEntry
from caseway.cases.workflow import Channel, PetitionClass, Stage
from caseway.db.scope import SYSTEM_SCOPE
from caseway.db.session import Database
from caseway.errors import InvalidInput, NotFound, NotPermitted
from support.factories import (
    T0,
    TEST_KEYS,
    Do,
    Town,
    case_key,
    days,
    events,
    make_actor,
    make_case,
    refreshed,
    snapshot,
)

ZHANG = PetitionerEntry(name="张三", phone="138 0000 0001", address="凤桥镇某村", residence_code="330402100")


async def test_every_read_of_an_identity_is_an_event_with_its_purpose(db: Database, do: Do, town: Town) -> None:
    """S5.8: three reads, three rows."""
    case = await make_case(db, holder=town.town, assignee=town.handler, petitioners=[ZHANG])
    for number in range(3):
        found = await do(
            identity.read, town.handler, TEST_KEYS, **case_key(case), purpose=f"第{number}次联系信访人", now=T0
        )
        assert [(row.name, row.phone, row.address) for row in found.petitioners] == [
            ("张三", "138 0000 0001", "凤桥镇某村")
        ]
    reads = [event for event in await events(db, case) if event.type == "identity.read"]
    assert [event.reason for event in reads] == [f"第{number}次联系信访人" for number in range(3)]
    assert all("张三" not in str(event.facts) for event in await events(db, case))


async def test_an_identity_is_not_read_without_purpose_or_by_others(db: Database, do: Do, town: Town) -> None:
    case = await make_case(db, holder=town.town, assignee=town.handler)
    before = await snapshot(db, case)
    for purpose in ("", "看看", "x" * 201):
        with pytest.raises(InvalidInput):
            await do(identity.read, town.handler, TEST_KEYS, **case_key(case), purpose=purpose, now=T0)
    with pytest.raises(NotPermitted):
        await do(identity.read, town.head, TEST_KEYS, **case_key(case), purpose="了解情况需要", now=T0)
    stranger = await make_actor(db, town.other_town, roles=["handler"])
    with pytest.raises(NotFound):
        await do(identity.read, stranger, TEST_KEYS, **case_key(case), purpose="了解情况需要", now=T0)
    assert await snapshot(db, case) == before


async def test_an_informants_name_needs_consent_or_a_legal_power(db: Database, do: Do, town: Town) -> None:
    """S5.8 and S5.11."""
    registrar = town.handler
    before_hand_over = await make_case(
        db, holder=town.town, assignee=registrar, registrar=registrar, petition_class=PetitionClass.ACCUSATION
    )
    found = await do(identity.read, registrar, TEST_KEYS, **case_key(before_hand_over), purpose="核对登记信息", now=T0)
    assert [row.name for row in found.petitioners] == ["张三"]

    officer = await make_actor(db, town.discipline, roles=["handler"])
    case = await make_case(
        db, holder=town.discipline, assignee=officer, petition_class=PetitionClass.ACCUSATION, accused=[town.town]
    )
    before = await snapshot(db, case)
    reading = {**case_key(case), "purpose": "核实举报线索", "now": T0}
    with pytest.raises(ConsentRequired):
        await do(identity.read, officer, TEST_KEYS, **reading)
    assert await snapshot(db, case) == before
    found = await do(identity.read, officer, TEST_KEYS, **reading, legal_power="监察法第十八条")
    assert [row.name for row in found.petitioners] == ["张三"]
    assert (await events(db, case))[-1].facts["legal_power"] == "监察法第十八条"

    agreed = await make_case(
        db,
        holder=town.discipline,
        assignee=officer,
        petition_class=PetitionClass.ACCUSATION,
        accused=[town.town],
        name_consent=True,
    )
    found = await do(identity.read, officer, TEST_KEYS, **case_key(agreed), purpose="核实举报线索", now=T0)
    assert [row.name for row in found.petitioners] == ["张三"]


async def test_nothing_of_a_person_or_an_accusation_is_stored_in_clear(db: Database, town: Town) -> None:
    case = await make_case(
        db, holder=town.discipline, petition_class=PetitionClass.ACCUSATION, petitioners=[ZHANG], title="举报某人"
    )
    async with db.reader(SYSTEM_SCOPE) as session:
        rows = [
            *await session.scalars(select(Petitioner)),
            *await session.scalars(select(AccusationRecord)),
            *await session.scalars(select(Registration)),
        ]
        stored = repr([{c.key: getattr(row, c.key) for c in row.__table__.columns} for row in rows])
        claims = await papers.claims(session, TEST_KEYS, case, now=T0)
    assert all(word not in stored for word in ("张三", "13800000001", "某村", "举报某人"))
    assert [(each.title, each.claim) for each in claims] == [("举报某人", "请求依法发放征地补偿款。")]


async def test_a_repeat_registration_moves_no_limit(db: Database, do: Do, town: Town) -> None:
    case = await make_case(db, holder=town.town, assignee=town.handler, due_at=T0 + days(9))
    entry = Entry(Channel.VISIT, T0 + days(1), "再次反映", "征地款仍未发放", (ZHANG,), group_size=4)
    await do(registration.add, town.clerk, TEST_KEYS, **case_key(case), entry=entry, now=T0 + days(1))
    found = await refreshed(db, case)
    assert (found.due_at, found.received_at, found.group_size, found.version) == (T0 + days(9), T0, 4, 2)
    async with db.reader(SYSTEM_SCOPE) as session:
        rows = list(await session.scalars(select(Registration).order_by(Registration.registered_at)))
    assert [row.is_repeat for row in rows] == [False, True]


async def test_a_group_names_at_most_five_representatives(db: Database, do: Do, town: Town) -> None:
    """S2.1: refused, and nothing stored."""
    case = await make_case(db, holder=town.town, assignee=town.handler)
    before = await snapshot(db, case)
    six = tuple(PetitionerEntry(name=f"代表{number}") for number in range(6))
    entry = Entry(Channel.VISIT, T0, "草场补偿", "请求补偿", six, group_size=23)
    with pytest.raises(RepresentativesMax):
        await do(registration.add, town.clerk, TEST_KEYS, **case_key(case), entry=entry, now=T0)
    wrong = Entry(Channel.VISIT, T0 + days(1), "", "请求补偿", six[:2], group_size=1)
    with pytest.raises(InvalidInput):
        await do(registration.add, town.clerk, TEST_KEYS, **case_key(case), entry=wrong, now=T0)
    assert await snapshot(db, case) == before
    async with db.reader(SYSTEM_SCOPE) as session:
        assert len(list(await session.scalars(select(Registration)))) == 1


async def test_the_same_matter_is_found_by_phone_inside_the_own_office_only(db: Database, do: Do, town: Town) -> None:
    case = await make_case(db, holder=town.town, petitioners=[ZHANG])
    written_differently = PetitionerEntry(name="张 三", phone="+86 13800000001")
    twin = await make_case(db, holder=town.town, petitioners=[written_differently], stage=Stage.CLOSED)
    await make_case(db, holder=town.other_town, petitioners=[ZHANG])
    await make_case(db, holder=town.town, petitioners=[ZHANG], petition_class=PetitionClass.ACCUSATION)
    await make_case(db, holder=town.town, petitioners=[ZHANG], accused=[town.town])
    await make_case(db, holder=town.town, petitioners=[PetitionerEntry(name="李四", phone="13900000002")])
    look = {**case_key(case), "by": MatchBy.PHONE, "reason": "登记时核对是否重复", "now": T0}
    found = await do(matching.find_same_matter, town.clerk, **look)
    assert [each.id for each in found.cases] == [twin.id]
    newest = (await events(db, case))[-1]
    assert (newest.type, newest.facts, newest.reason) == (
        "match.made",
        {"by": "PHONE", "found": 1},
        "登记时核对是否重复",
    )


async def test_the_same_matter_is_found_by_words_place_and_field(db: Database, do: Do, town: Town) -> None:
    case = await make_case(db, holder=town.town, title="道路积水", claim="请求疏通")
    twin = await make_case(db, holder=town.town, title="村口道路积水严重", claim="请求疏通排水管")
    await make_case(db, holder=town.town, title="道路积水", field="HOUSING")
    await make_case(db, holder=town.town, title="道路积水", place_code="330402101")
    await make_case(db, holder=town.other_town, title="道路积水")
    await make_case(db, holder=town.town, title="噪音扰民", claim="请求处理")
    look = {**case_key(case), "by": MatchBy.TEXT, "reason": "登记时核对是否重复", "now": T0}
    found = await do(matching.find_same_matter, town.clerk, **look, text="道路积水")
    assert [each.id for each in found.cases] == [twin.id]


async def test_matching_needs_a_reason_and_is_not_for_accusations_or_others(db: Database, do: Do, town: Town) -> None:
    case = await make_case(db, holder=town.town)
    before = await snapshot(db, case)
    look = {**case_key(case), "by": MatchBy.PHONE, "reason": "登记时核对是否重复", "now": T0}
    with pytest.raises(InvalidInput):
        await do(matching.find_same_matter, town.clerk, **look | {"reason": ""})
    stranger = await make_actor(db, town.other_town, roles=["clerk"])
    with pytest.raises(NotFound):
        await do(matching.find_same_matter, stranger, **look)
    assert await snapshot(db, case) == before
    report = await make_case(db, holder=town.town, assignee=town.handler, petition_class=PetitionClass.ACCUSATION)
    before = await snapshot(db, report)
    with pytest.raises((NotForAccusations, NotPermitted)):
        await do(matching.find_same_matter, town.handler, **look | case_key(report))
    assert await snapshot(db, report) == before
