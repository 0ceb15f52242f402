"""What lists, single cases and timelines show to whom; what they do not show is as if it were not there."""

from __future__ import annotations

from typing import Any

import pytest

from caseway.access.actor import Actor
from caseway.access.permissions import Permission, Visibility
from caseway.access.policy import Policy
from caseway.cases import answering, assignment, queries, record, service
from caseway.cases.models import Case
from caseway.cases.queries import CASE_KEYS, TIMELINE_KEYS, TIMELINE_ORDER, CaseFilter, CaseOrder
from caseway.cases.service import Notice
from caseway.cases.visibility import CaseView, available_actions
from caseway.cases.workflow import Action, PetitionClass, Stage
from caseway.db.keyset import page_of
from caseway.db.session import Database
from caseway.errors import InvalidInput
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
    make_grant,
    refreshed,
    snapshot,
)


async def listed(
    db: Database,
    policy: Policy,
    actor: Actor,
    *,
    order: CaseOrder = CaseOrder.REGISTERED_AT_ASC,
    size: int = 100,
    after: str | None = None,
    **given: Any,
) -> list[CaseView]:
    """All pages of a list, walked with cursors of ``size`` rows."""
    found: list[CaseView] = []
    criteria = CaseFilter(**given)
    while True:
        page = page_of(first=size, after=after, order=order.name, width=CASE_KEYS)
        async with db.reader(policy.scope(actor)) as session:
            rows = await queries.cases(session, policy, actor, criteria=criteria, order=order, page=page, now=T0)
        found += rows.rows
        if not rows.has_next:
            break
        after = page.cursor(*order.values_of(rows.rows[-1].case))
    async with db.reader(policy.scope(actor)) as session:
        assert await queries.count(session, policy, actor, criteria=criteria, now=T0) == (len(found), False)
    return found


def ids(views: list[CaseView]) -> list[Any]:
    """Ids of listed cases, in their order."""
    return [view.case.id for view in views]


async def seen(db: Database, policy: Policy, actor: Actor, case: Case) -> CaseView | None:
    """One case by its id."""
    async with db.reader(policy.scope(actor)) as session:
        return await queries.one(session, policy, actor, **case_key(case), now=T0)


async def level(db: Database, policy: Policy, actor: Actor, case: Case) -> Visibility:
    """How much of a case somebody sees."""
    found = await seen(db, policy, actor, case)
    return found.visibility if found is not None else Visibility.NONE


async def history(db: Database, policy: Policy, actor: Actor, case: Case) -> list[str]:
    """The types of the events that somebody sees."""
    found = await seen(db, policy, actor, case)
    assert found is not None
    page = page_of(first=100, order=TIMELINE_ORDER, width=TIMELINE_KEYS)
    async with db.reader(policy.scope(actor)) as session:
        entries = await queries.timeline(session, found, actor, page)
    assert all("set" not in entry.facts for entry in entries.rows)
    return [entry.type for entry in entries.rows]


async def test_who_sees_how_much_of_an_ordinary_case(db: Database, town: Town, policy: Policy) -> None:
    """Domain 5.5, scenario S3's last question."""
    case = await make_case(db, holder=town.town, assignee=town.handler, lead=town.head)
    above = await make_actor(db, town.county, roles=["supervisor"])
    far_above = await make_actor(db, town.city, roles=["dispatcher"])
    beside = await make_actor(db, town.other_town, roles=["dispatcher", "leader", "supervisor"])
    admin = await make_actor(db, town.town, roles=["tenant_admin"])
    auditor = await make_actor(db, town.county, roles=["auditor"])
    operator = await make_actor(db, town.city, roles=["platform_operator"])
    expected = {
        town.handler: Visibility.FULL,
        town.head: Visibility.FULL,
        town.clerk: Visibility.CARD,
        above: Visibility.CARD,
        far_above: Visibility.CARD,
        beside: Visibility.NONE,
        admin: Visibility.NONE,
        auditor: Visibility.CARD,
        operator: Visibility.NONE,
    }
    assert {actor: await level(db, policy, actor, case) for actor in expected} == expected
    assert ids(await listed(db, policy, beside)) == ids(await listed(db, policy, admin)) == []


async def test_the_accused_side_finds_nothing_and_counts_nothing(db: Database, town: Town, policy: Policy) -> None:
    """S5.6, S5.12: by list, by id, by search, also from a post above that was taken later."""
    officer = await make_actor(db, town.discipline, roles=["dispatcher"])
    report = await make_case(db, holder=town.discipline, petition_class=PetitionClass.ACCUSATION, accused=[town.town])
    complaint = await make_case(db, holder=town.county, accused=[town.town], title="反映凤桥镇不作为")
    county = await make_actor(db, town.county, roles=["dispatcher"])
    assert await level(db, policy, officer, report) == Visibility.CARD
    assert await level(db, policy, county, complaint) == Visibility.CARD
    for actor in (town.head, town.dispatcher, town.clerk):
        assert [await level(db, policy, actor, case) for case in (report, complaint)] == [Visibility.NONE] * 2
        assert await listed(db, policy, actor) == []
        assert await listed(db, policy, actor, text="凤桥镇") == []
    bureau = await make_actor(db, town.county, roles=["leader", "supervisor"])
    assert await level(db, policy, bureau, report) == Visibility.NONE


async def test_an_earlier_holder_of_an_accusation_sees_a_stub(db: Database, town: Town, policy: Policy) -> None:
    """S5.5, S5.9."""
    case = await make_case(db, holder=town.discipline, petition_class=PetitionClass.ACCUSATION)
    await make_grant(db, case, town.town, "CUSTODY")
    found = await seen(db, policy, town.clerk, case)
    assert found is not None
    assert found.visibility == Visibility.STUB
    assert not found.may(Permission.CASE_CARD)
    assert await history(db, policy, town.clerk, case) == ["case.registered"]


async def test_an_earlier_holder_sees_its_own_part_and_the_answer(
    db: Database, do: Do, town: Town, policy: Policy
) -> None:
    case = await make_case(db, holder=town.town, assignee=town.handler, registrar=town.handler)
    told = Notice(served_at=T0)
    await do(service.accept, town.handler, TEST_KEYS, **case_key(case), notice=told, now=T0)
    await make_grant(db, case, town.other_town, "CUSTODY", at=T0 + days(1))
    await do(service.start_handling, town.handler, **case_key(case), now=T0 + days(2))
    opinion = answering.Opinion("EXPLAINED", "经查", "依据", "复查", T0 + days(3))  # type: ignore[arg-type]
    await do(answering.answer, town.handler, TEST_KEYS, **case_key(case), opinion=opinion, now=T0 + days(3))
    other = await make_actor(db, town.other_town, roles=["clerk"])
    assert await history(db, policy, other, case) == ["case.registered", "case.answered"]
    assert await history(db, policy, town.handler, case) == [
        "case.registered",
        "case.accepted",
        "case.copied",
        "handling.started",
        "case.answered",
    ]


async def test_filters_narrow_a_list(db: Database, town: Town, policy: Policy) -> None:
    land = await make_case(db, holder=town.town, due_at=T0 - days(1), at=T0 - days(9))
    water = await make_case(db, holder=town.town, field="WATER", due_at=T0 + days(2), at=T0 - days(8))
    idea = await make_case(
        db, holder=town.other_town, petition_class=PetitionClass.SUGGESTION, stage=Stage.CLOSED, at=T0 - days(7)
    )
    county = await make_actor(db, town.county, roles=["dispatcher"])

    async def only(**given: Any) -> list[Any]:
        return ids(await listed(db, policy, county, **given))

    assert await only() == [land.id, water.id, idea.id]
    assert await only(fields=("WATER",)) == [water.id]
    assert await only(stages=("CLOSED",)) == [idea.id]
    assert await only(classes=("SUGGESTION", "ACCUSATION")) == [idea.id]
    assert await only(channels=("PHONE",)) == []
    assert await only(within=town.other_town) == [idea.id]
    assert await only(within=town.city) == [land.id, water.id, idea.id]
    assert await only(is_open=True) == [land.id, water.id]
    assert await only(is_overdue=True) == [land.id]
    assert await only(is_overdue=False) == [water.id, idea.id]
    assert await only(received_from=T0 - days(8), received_before=T0 - days(7)) == [water.id]
    assert await only(due_from=T0) == [water.id]


async def test_words_are_found_only_in_what_one_may_read(db: Database, do: Do, town: Town, policy: Policy) -> None:
    """A search that answered for cards would tell their contents, one guess after the other."""
    mine = await make_case(db, holder=town.town, assignee=town.handler, title="村口道路积水")
    other = await make_case(db, holder=town.town, title="道路积水")
    above = await make_actor(db, town.county, roles=["supervisor"])
    assert ids(await listed(db, policy, town.handler, text="道路 积水")) == [mine.id]
    assert ids(await listed(db, policy, town.handler, text="积水", within=town.other_town)) == []
    assert ids(await listed(db, policy, above)) == [mine.id, other.id]
    assert ids(await listed(db, policy, above, text="道路积水")) == []
    await do(assignment.record_reason, above, **case_key(other), reason="核查督办事项", now=T0 - days(0.1))
    assert ids(await listed(db, policy, above, text="道路积水")) == [other.id]
    for unsearchable in ("！", "？？"):
        with pytest.raises(InvalidInput):
            await listed(db, policy, above, text=unsearchable)


async def test_pages_of_every_order_hold_every_case_once(db: Database, town: Town, policy: Policy) -> None:
    """A case that several relations open (own, mine, led, a grant) stands in the list once."""
    for number in range(5):
        case = await make_case(
            db,
            holder=town.town,
            assignee=town.handler if number % 2 else None,
            lead=town.handler,
            due_at=None if number == 3 else T0 + days(number // 2),
            at=T0 - days(number),
        )
        await make_grant(db, case, town.town, "INFORMED")
    everything = await listed(db, policy, town.handler)
    assert len(everything) == 5
    for order in CaseOrder:
        whole = ids(await listed(db, policy, town.handler, order=order))
        assert ids(await listed(db, policy, town.handler, order=order, size=2)) == whole
        assert sorted(whole) == sorted(ids(everything))
    due = [view.case.due_at for view in await listed(db, policy, town.handler, order=CaseOrder.DUE_AT_ASC)]
    assert due[-1] is None
    assert due[:-1] == sorted(each for each in due if each is not None)


async def test_available_actions_say_why_not(db: Database, town: Town, policy: Policy) -> None:
    case = await make_case(db, holder=town.town, assignee=town.handler)
    found = await seen(db, policy, town.handler, case)
    assert found is not None
    offers = {offer.action: (offer.is_available, offer.reason) for offer in available_actions(found)}
    assert offers[Action.ACCEPT] == (True, None)
    assert offers[Action.ANSWER] == (False, "TRANSITION_REFUSED")
    assert offers[Action.ORDER_REDO] == (False, "NOT_PERMITTED")
    assert Action.DEEM_RECEIPT not in offers


async def test_a_case_row_is_what_its_events_fold_to(db: Database, do: Do, town: Town, policy: Policy) -> None:
    case = await make_case(
        db, holder=town.town, assignee=town.handler, registrar=town.handler, accused=[town.other_town]
    )
    await do(service.accept, town.handler, TEST_KEYS, **case_key(case), notice=Notice(contact_unknown=True), now=T0)
    await make_grant(db, case, town.county, "INFORMED")
    assert record.fold(await events(db, case)) == await snapshot(db, case)
    ats = [event.at for event in await events(db, case)]
    assert ats == sorted(set(ats))
    assert (await refreshed(db, case)).granted == [town.county.id]
