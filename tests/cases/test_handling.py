"""From arrival to the opinion, on a real database under the real policy."""

from __future__ import annotations

import asyncio
from datetime import UTC, date, datetime

import pytest

from caseway.cases import assignment, service
from caseway.cases.codes import HandlingKind, RefusalGround, StatutoryPath
from caseway.cases.errors import (
    MediationConsentRequired,
    NotForAccusations,
    NoticeRequired,
    TransitionRefused,
)
from caseway.cases.models import Case
from caseway.cases.service import Notice
from caseway.cases.workflow import PetitionClass, Stage
from caseway.clocks import service as clocks
from caseway.clocks.arithmetic import end_of
from caseway.clocks.errors import ExtensionCap, ExtensionLate, ExtensionOnce
from caseway.clocks.workflow import ClockKind, StartEvent
from caseway.db.scope import SYSTEM_SCOPE
from caseway.db.session import Database
from caseway.errors import InvalidInput, NotFound, NotPermitted, StaleVersion
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
    platform_unit,
    refreshed,
    snapshot,
)
from support.limits import LAW

TOLD = Notice(served_at=T0, text="已受理")


async def kinds_running(db: Database, case: Case) -> set[str]:
    """The kinds of clocks that run."""
    async with db.reader(SYSTEM_SCOPE) as session:
        return {str(clock.kind) for clock in await clocks.running(session, case)}


async def start_clock(db: Database, case: Case, kind: ClockKind) -> None:
    """A clock of arrival, as intake or custody would have started it."""
    async with platform_unit(db) as uow:
        await clocks.start(
            uow, case, kind,
            at=T0, office_id=case.holder_id, pinned=[LAW[kind]],
            event=StartEvent.ACCEPTED if kind is ClockKind.HANDLE else StartEvent.DELIVERED,
        )  # fmt: skip


async def accepted(db: Database, do: Do, town: Town, **given: object) -> Case:
    """A case of the town that its handler has accepted at T0."""
    case = await make_case(db, holder=town.town, assignee=town.handler, **given)  # type: ignore[arg-type]
    await do(service.accept, town.handler, TEST_KEYS, **case_key(case), notice=TOLD, now=T0)
    return case


async def handled(db: Database, do: Do, town: Town) -> Case:
    """The same, one minute into its inquiry."""
    case = await accepted(db, do, town)
    await do(service.start_handling, town.handler, **case_key(case), now=T0)
    return case


async def test_accepting_tells_the_petitioner_and_starts_the_handling_limit(db: Database, do: Do, town: Town) -> None:
    case = await make_case(db, holder=town.town, assignee=town.handler)
    await start_clock(db, case, ClockKind.ACCEPT_NOTICE)
    done = await do(service.accept, town.handler, TEST_KEYS, **case_key(case), notice=TOLD, now=T0)
    found = await refreshed(db, case)
    assert (found.stage, done.stage) == (Stage.ACCEPTED, Stage.ACCEPTED)
    assert found.due_at == end_of(date(2026, 6, 14))
    assert await kinds_running(db, case) == {"HANDLE"}
    assert [event.type for event in await events(db, case)] == ["case.registered", "case.accepted"]
    assert done.version == found.version == 2


async def test_a_suggestion_has_no_handling_limit(db: Database, do: Do, town: Town) -> None:
    case = await accepted(db, do, town, petition_class=PetitionClass.SUGGESTION)
    assert (await refreshed(db, case)).due_at is None


async def test_accepting_needs_a_served_notice_or_an_unknown_contact(db: Database, do: Do, town: Town) -> None:
    case = await make_case(db, holder=town.town, assignee=town.handler)
    before = await snapshot(db, case)
    for notice in (Notice(), Notice(served_at=T0, contact_unknown=True)):
        with pytest.raises(NoticeRequired):
            await do(service.accept, town.handler, TEST_KEYS, **case_key(case), notice=notice, now=T0)
    future = Notice(served_at=T0 + days(1))
    with pytest.raises(InvalidInput):
        await do(service.accept, town.handler, TEST_KEYS, **case_key(case), notice=future, now=T0)
    assert await snapshot(db, case) == before
    await do(service.accept, town.handler, TEST_KEYS, **case_key(case), notice=Notice(contact_unknown=True), now=T0)
    assert (await refreshed(db, case)).stage == Stage.ACCEPTED


async def test_a_case_that_was_accepted_before_keeps_its_limit(db: Database, do: Do, town: Town) -> None:
    case = await make_case(db, holder=town.town, assignee=town.handler, stage=Stage.SIGNED)
    await start_clock(db, case, ClockKind.HANDLE)
    later = T0 + days(5)
    await do(service.accept, town.handler, TEST_KEYS, **case_key(case), notice=TOLD, now=later)
    assert (await refreshed(db, case)).due_at == end_of(date(2026, 6, 14))


async def test_another_town_finds_no_case_to_accept(db: Database, do: Do, town: Town) -> None:
    case = await make_case(db, holder=town.town, assignee=town.handler)
    before = await snapshot(db, case)
    stranger = await make_actor(db, town.other_town, roles=["dispatcher"])
    with pytest.raises(NotFound):
        await do(
            service.accept, stranger, TEST_KEYS,
            **case_key(case), notice=TOLD, now=T0, expected_version=99,
        )  # fmt: skip
    assert await snapshot(db, case) == before


async def test_a_colleague_who_is_not_the_handler_may_not_accept(db: Database, do: Do, town: Town) -> None:
    case = await make_case(db, holder=town.town, assignee=town.handler)
    before = await snapshot(db, case)
    colleague = await make_actor(db, town.town, roles=["handler"])
    with pytest.raises(NotPermitted):
        await do(service.accept, colleague, TEST_KEYS, **case_key(case), notice=TOLD, now=T0)
    assert await snapshot(db, case) == before


async def test_a_stale_version_is_refused(db: Database, do: Do, town: Town) -> None:
    case = await make_case(db, holder=town.town, assignee=town.handler)
    before = await snapshot(db, case)
    with pytest.raises(StaleVersion):
        await do(service.accept, town.handler, TEST_KEYS, **case_key(case), notice=TOLD, now=T0, expected_version=7)
    assert await snapshot(db, case) == before
    await do(service.accept, town.handler, TEST_KEYS, **case_key(case), notice=TOLD, now=T0, expected_version=1)


async def test_refusing_needs_a_ground_and_ends_every_clock(db: Database, do: Do, town: Town) -> None:
    case = await make_case(db, holder=town.town, assignee=town.handler)
    await start_clock(db, case, ClockKind.DIRECT_NOTICE)
    await do(
        service.refuse_acceptance, town.handler, TEST_KEYS,
        **case_key(case), ground=RefusalGround.LITIGATION, explanation="请向人民法院提起诉讼。", notice=TOLD, now=T0,
    )  # fmt: skip
    found = await refreshed(db, case)
    assert (found.stage, found.is_open, found.due_at) == (Stage.NOT_ACCEPTED, False, None)
    assert found.closed_at is not None
    assert await kinds_running(db, case) == set()
    assert (await events(db, case))[-1].facts["article"] == 28


async def test_a_refusal_without_explanation_changes_nothing(db: Database, do: Do, town: Town) -> None:
    case = await make_case(db, holder=town.town, assignee=town.handler)
    before = await snapshot(db, case)
    with pytest.raises(InvalidInput):
        await do(
            service.refuse_acceptance, town.handler, TEST_KEYS,
            **case_key(case), ground=RefusalGround.LITIGATION, explanation=" ", notice=TOLD, now=T0,
        )  # fmt: skip
    assert await snapshot(db, case) == before


async def test_redirecting_names_path_and_body(db: Database, do: Do, town: Town) -> None:
    case = await handled(db, do, town)
    await do(
        service.redirect, town.handler, TEST_KEYS,
        **case_key(case), path=StatutoryPath.ARBITRATION, body="南湖区劳动人事争议仲裁委员会", explanation="申请仲裁。",
        notice=TOLD, now=T0,
    )  # fmt: skip
    found = await refreshed(db, case)
    assert (found.stage, found.is_open, found.due_at) == (Stage.REDIRECTED, False, None)


async def test_an_accusation_is_not_decided_outside_the_discipline_body(db: Database, do: Do, town: Town) -> None:
    case = await make_case(db, holder=town.town, assignee=town.handler, petition_class=PetitionClass.ACCUSATION)
    before = await snapshot(db, case)
    with pytest.raises((NotPermitted, NotForAccusations)):
        await do(service.accept, town.handler, TEST_KEYS, **case_key(case), notice=TOLD, now=T0)
    assert await snapshot(db, case) == before


async def test_a_hearing_does_not_stop_the_limit_and_a_mediation_needs_consent(
    db: Database, do: Do, town: Town
) -> None:
    case = await handled(db, do, town)
    due_at = (await refreshed(db, case)).due_at
    for kind in (HandlingKind.HEARING, HandlingKind.INQUIRY, HandlingKind.CONSULTATION):
        await do(service.add_record, town.handler, TEST_KEYS, **case_key(case), kind=kind, text="记录", now=T0)
    before = await snapshot(db, case)
    assert before["due_at"] == due_at
    mediation = {**case_key(case), "kind": HandlingKind.MEDIATION, "text": "调解", "now": T0}
    with pytest.raises(MediationConsentRequired):
        await do(service.add_record, town.handler, TEST_KEYS, **mediation)
    assert await snapshot(db, case) == before
    await do(service.add_record, town.handler, TEST_KEYS, **mediation, consent=True)


async def test_handling_starts_only_after_acceptance(db: Database, do: Do, town: Town) -> None:
    case = await make_case(db, holder=town.town, assignee=town.handler)
    before = await snapshot(db, case)
    with pytest.raises(TransitionRefused):
        await do(service.start_handling, town.handler, **case_key(case), now=T0)
    assert await snapshot(db, case) == before


async def test_the_extension_of_a_complex_matter(db: Database, do: Do, town: Town) -> None:
    """Scenario S3 in the law's own numbers: 60 days, once 30 more, by the head, told to the petitioner."""
    case = await handled(db, do, town)
    asked = T0 + days(50)
    notice = Notice(served_at=asked)

    async def extend(number: int, *, by: object = town.head, at: datetime = asked, told: Notice = notice) -> None:
        await do(service.extend, by, TEST_KEYS, **case_key(case), days=number, reason="案情复杂", notice=told, now=at)

    before = await snapshot(db, case)
    with pytest.raises(ExtensionCap):
        await extend(60)
    with pytest.raises(NotPermitted):
        await extend(30, by=town.handler)
    with pytest.raises(NoticeRequired):
        await extend(30, told=Notice())
    with pytest.raises(InvalidInput):
        await extend(0)
    with pytest.raises(ExtensionLate):
        await extend(30, at=datetime(2026, 6, 14, 16, tzinfo=UTC))
    assert await snapshot(db, case) == before
    await extend(30)
    found = await refreshed(db, case)
    assert (found.stage, found.due_at) == (Stage.HANDLING, end_of(date(2026, 7, 14)))
    before = await snapshot(db, case)
    with pytest.raises(ExtensionOnce):
        await extend(1)
    assert await snapshot(db, case) == before
    assert (await events(db, case))[-1].reason == "案情复杂"


async def test_of_two_who_accept_at_once_one_succeeds(db: Database, do: Do, town: Town) -> None:
    case = await make_case(db, holder=town.town, assignee=town.handler)
    accept = {**case_key(case), "notice": TOLD, "now": T0}
    both = await asyncio.gather(
        do(service.accept, town.handler, TEST_KEYS, **accept),
        do(service.accept, town.dispatcher, TEST_KEYS, **accept),
        return_exceptions=True,
    )
    assert sorted(type(each).__name__ for each in both) == ["Changed", "TransitionRefused"]
    assert [event.type for event in await events(db, case)] == ["case.registered", "case.accepted"]


async def test_a_closed_case_is_not_assigned(db: Database, do: Do, town: Town) -> None:
    case = await make_case(db, holder=town.town, stage=Stage.CLOSED)
    before = await snapshot(db, case)
    with pytest.raises((TransitionRefused, NotPermitted)):
        await do(
            assignment.assign_handler, town.dispatcher,
            **case_key(case), person_id=town.handler.person_id, now=T0,
        )  # fmt: skip
    assert await snapshot(db, case) == before
