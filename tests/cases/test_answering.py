"""The opinion, the window after it, doing it again, and how a proceeding ends."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
from sqlalchemy import select

from caseway.access.actor import Actor
from caseway.access.policy import Policy
from caseway.cases import answering, closing, jobs, repository
from caseway.cases.answering import Opinion
from caseway.cases.codes import CloseGround, Outcome
from caseway.cases.errors import (
    AnswerIncomplete,
    ExecutionNotRecorded,
    MergeRefused,
    NotForAccusations,
    SameConclusion,
    StatementRequired,
    TransitionRefused,
    WindowOpen,
)
from caseway.cases.models import Case
from caseway.cases.workflow import PetitionClass, Stage
from caseway.clocks import service as clocks
from caseway.clocks import timers
from caseway.clocks.arithmetic import end_of
from caseway.clocks.models import Timer
from caseway.clocks.workflow import ClockKind
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
    platform_unit,
    refreshed,
    snapshot,
)
from support.limits import LAW

#: 2026-06-18 10:00 in Shanghai: scenario S3's day of service.
SERVED = datetime(2026, 6, 18, 2, tzinfo=UTC)
OPINION = Opinion(
    outcome=Outcome.EXPLAINED,
    text="经查，补偿款已于三月发放。",
    legal_basis="《土地管理法》第四十八条",
    remedies="可在收到之日起三十日内申请复查。",
    served_at=SERVED,
)


async def answered(db: Database, do: Do, town: Town, opinion: Opinion = OPINION) -> Case:
    """A case of the town that was answered."""
    case = await make_case(db, holder=town.town, assignee=town.handler, stage=Stage.HANDLING)
    await do(answering.answer, town.handler, TEST_KEYS, **case_key(case), opinion=opinion, now=SERVED)
    return case


async def window(db: Database, case: Case) -> tuple[list[Timer], datetime | None]:
    """The timers of a case's window, and when its running review window ends."""
    mine = select(Timer).where(Timer.case_id == case.id, Timer.kind == timers.TimerKind.WINDOW_LAPSED)
    async with db.reader(SYSTEM_SCOPE) as session:
        found = list(await session.scalars(mine))
        running = await clocks.running(session, case)
    due = [clock.due_at for clock in running if clock.kind is ClockKind.REVIEW_WINDOW]
    return found, due[0] if due else None


async def fire(db: Database, case: Case, now: datetime) -> None:
    """What the worker does with the case's timers."""
    async with platform_unit(db) as uow:
        for timer in await uow.session.scalars(select(Timer).where(Timer.case_id == case.id)):
            await jobs.EFFECTS[timers.TimerKind(timer.kind)](uow, timer, now)


async def test_an_opinion_stops_the_limit_and_opens_the_window(db: Database, do: Do, town: Town) -> None:
    """S3: served 06-18, window to 07-18 (a Saturday), hence to 07-20."""
    case = await make_case(db, holder=town.town, assignee=town.handler, stage=Stage.HANDLING)
    async with platform_unit(db) as uow:
        await clocks.start(uow, case, ClockKind.HANDLE, at=T0, office_id=case.holder_id, pinned=[LAW[ClockKind.HANDLE]])
    await do(answering.answer, town.handler, TEST_KEYS, **case_key(case), opinion=OPINION, now=SERVED + days(1))
    found = await refreshed(db, case)
    assert (found.stage, found.answered_at, found.due_at) == (Stage.ANSWERED, SERVED, None)
    waiting, ends = await window(db, case)
    assert ends == end_of(date(2026, 7, 20))
    assert [(timer.kind, timer.due_at) for timer in waiting] == [("WINDOW_LAPSED", ends)]
    async with db.reader(SYSTEM_SCOPE) as session:
        stopped = [clock for clock in await clocks.clocks(session, case) if clock.kind is ClockKind.HANDLE]
        written = [row.kind for row in await repository.records(session, case)]
    assert stopped[0].stopped_at == SERVED
    assert sorted(written) == ["HANDLING_OPINION", "LEGAL_BASIS", "REMEDIES"]


@pytest.mark.parametrize(
    ("change", "refusal"),
    [
        ({"served_at": None}, AnswerIncomplete),
        ({"remedies": " "}, AnswerIncomplete),
        ({"text": " "}, InvalidInput),
        ({"legal_basis": ""}, InvalidInput),
        ({"served_at": SERVED + days(1)}, InvalidInput),
        ({"served_at": T0 - days(1)}, InvalidInput),
    ],
)
async def test_an_incomplete_answer_does_not_count(
    db: Database, do: Do, town: Town, change: dict[str, object], refusal: type[Exception]
) -> None:
    case = await make_case(db, holder=town.town, assignee=town.handler, stage=Stage.HANDLING)
    before = await snapshot(db, case)
    opinion = replace(OPINION, **change)  # type: ignore[arg-type]
    with pytest.raises(refusal):
        await do(answering.answer, town.handler, TEST_KEYS, **case_key(case), opinion=opinion, now=SERVED)
    assert await snapshot(db, case) == before


async def test_the_window_lapses_and_the_platform_closes(db: Database, do: Do, town: Town) -> None:
    case = await answered(db, do, town)
    _, ends = await window(db, case)
    assert ends is not None
    early = ends - days(1)
    await fire(db, case, early)
    assert (await refreshed(db, case)).stage == Stage.ANSWERED
    await fire(db, case, ends)
    found = await refreshed(db, case)
    assert (found.stage, found.is_open, found.closed_at) == (Stage.CLOSED, False, ends)
    newest = (await events(db, case))[-1]
    assert (newest.person_id, newest.office_id, newest.facts["ground"]) == (0, town.town.id, "WINDOW_LAPSED")
    assert (await window(db, case)) == ([], None)


async def test_a_supporting_opinion_must_be_carried_out_before_closing(db: Database, do: Do, town: Town) -> None:
    case = await answered(db, do, town, replace(OPINION, outcome=Outcome.SUPPORTED))
    _, ends = await window(db, case)
    assert ends is not None
    before = await snapshot(db, case)
    await fire(db, case, ends)
    for ground in CloseGround:
        with pytest.raises(ExecutionNotRecorded):
            await do(closing.close, town.handler, **case_key(case), ground=ground, now=ends)
    assert await snapshot(db, case) == before
    await do(answering.record_execution, town.handler, TEST_KEYS, **case_key(case), text="已发放。", now=ends)
    await do(closing.close, town.handler, **case_key(case), ground=CloseGround.WINDOW_LAPSED, now=ends)
    assert (await refreshed(db, case)).stage == Stage.CLOSED


async def test_a_case_is_not_closed_while_the_petitioner_may_ask_for_a_review(db: Database, do: Do, town: Town) -> None:
    case = await answered(db, do, town)
    before = await snapshot(db, case)
    later = SERVED + days(3)
    with pytest.raises(WindowOpen):
        await do(closing.close, town.handler, **case_key(case), ground=CloseGround.WINDOW_LAPSED, now=later)
    with pytest.raises(ExecutionNotRecorded):
        await do(closing.close, town.handler, **case_key(case), ground=CloseGround.AGREEMENT_PERFORMED, now=later)
    assert await snapshot(db, case) == before
    await do(answering.record_execution, town.handler, TEST_KEYS, **case_key(case), text="协议已履行。", now=later)
    await do(closing.close, town.handler, **case_key(case), ground=CloseGround.AGREEMENT_PERFORMED, now=later)
    assert (await refreshed(db, case)).stage == Stage.CLOSED


async def test_a_superior_orders_a_redo_and_the_window_goes_on(db: Database, do: Do, town: Town) -> None:
    case = await answered(db, do, town)
    _, ends = await window(db, case)
    superior = await make_actor(db, town.county, roles=["supervisor"])
    later = SERVED + days(2)
    await do(
        answering.order_redo, superior, TEST_KEYS,
        **case_key(case), instruction="事实不清，请重新调查。", revokes=True, within_days=15, now=later,
    )  # fmt: skip
    found = await refreshed(db, case)
    assert (found.stage, found.due_at) == (Stage.REDO, end_of(date(2026, 7, 5)))
    assert (await window(db, case))[1] == ends

    # T19, INV-16: not the same conclusion on the same facts.
    again = replace(OPINION, served_at=later + days(1))
    before = await snapshot(db, case)
    with pytest.raises(SameConclusion):
        await do(answering.answer, town.handler, TEST_KEYS, **case_key(case), opinion=again, now=later + days(1))
    assert await snapshot(db, case) == before
    anew = replace(again, outcome=Outcome.SUPPORTED)
    await do(answering.answer, town.handler, TEST_KEYS, **case_key(case), opinion=anew, now=later + days(1))
    found = await refreshed(db, case)
    assert (found.stage, found.due_at) == (Stage.ANSWERED, None)
    assert (await window(db, case))[1] == end_of(date(2026, 7, 21))


async def test_the_same_conclusion_stands_on_new_facts(db: Database, do: Do, town: Town) -> None:
    case = await answered(db, do, town)
    superior = await make_actor(db, town.county, roles=["supervisor"])
    order = {**case_key(case), "instruction": "重新调查。", "revokes": True, "now": SERVED}
    await do(answering.order_redo, superior, TEST_KEYS, **order)
    again = replace(OPINION, served_at=SERVED + days(1), new_facts="新增银行流水。")
    await do(answering.answer, town.handler, TEST_KEYS, **case_key(case), opinion=again, now=SERVED + days(1))
    assert (await refreshed(db, case)).stage == Stage.ANSWERED


async def test_only_the_superior_in_whose_area_it_lies_orders_a_redo(db: Database, do: Do, town: Town) -> None:
    case = await answered(db, do, town)
    before = await snapshot(db, case)
    order = {**case_key(case), "instruction": "重新调查。", "now": SERVED}
    for office, refusal in ((town.town, NotPermitted), (town.other_town, NotFound)):
        other = await make_actor(db, office, roles=["supervisor", "dispatcher", "leader"])
        with pytest.raises(refusal):
            await do(answering.order_redo, other, TEST_KEYS, **order)
    assert await snapshot(db, case) == before


async def test_withdrawing_needs_the_petitioners_own_signed_words(db: Database, do: Do, town: Town) -> None:
    case = await make_case(db, holder=town.town, assignee=town.handler)
    before = await snapshot(db, case)
    for statement, signed_at in (("", T0), ("我自愿撤回。", None)):
        with pytest.raises(StatementRequired):
            await do(
                closing.withdraw, town.handler, TEST_KEYS,
                **case_key(case), statement=statement, signed_at=signed_at, now=T0,
            )  # fmt: skip
    assert await snapshot(db, case) == before
    await do(
        closing.withdraw, town.handler, TEST_KEYS, **case_key(case), statement="我自愿撤回。", signed_at=T0, now=T0
    )
    found = await refreshed(db, case)
    assert (found.stage, found.is_open) == (Stage.WITHDRAWN, False)


async def test_an_older_case_merged_into_a_newer_one_gives_it_its_dates(db: Database, do: Do, town: Town) -> None:
    older = await make_case(db, holder=town.town, assignee=town.handler, stage=Stage.SIGNED, at=T0)
    newer = await make_case(db, holder=town.town, assignee=town.handler, stage=Stage.SIGNED, at=T0 + days(4))
    async with platform_unit(db) as uow:
        await clocks.start(
            uow, older, ClockKind.ACCEPT_NOTICE, at=T0, office_id=town.town.id, pinned=[LAW[ClockKind.ACCEPT_NOTICE]]
        )
    await do(
        closing.merge, town.handler, **case_key(older), target_id=newer.id, reason="同一征地事项", now=T0 + days(5)
    )
    source, target = await refreshed(db, older), await refreshed(db, newer)
    assert (source.stage, source.is_open, source.merged_into_id) == (Stage.MERGED, False, newer.id)
    assert source.matter_id == target.matter_id
    assert (target.received_at, target.due_at, target.stage) == (T0, end_of(date(2026, 4, 30)), Stage.SIGNED)


async def test_what_is_not_the_same_open_matter_of_the_own_office_is_not_merged(
    db: Database, do: Do, town: Town
) -> None:
    case = await make_case(db, holder=town.town, assignee=town.handler)
    before = await snapshot(db, case)
    ended = await make_case(db, holder=town.town, assignee=town.handler, stage=Stage.CLOSED)
    elsewhere = await make_case(db, holder=town.town, assignee=town.handler, field="HOUSING")
    foreign = await make_case(db, holder=town.other_town)
    report = await make_case(db, holder=town.town, assignee=town.handler, petition_class=PetitionClass.ACCUSATION)
    for target, refusals in (
        (ended, (MergeRefused, NotPermitted)),
        (elsewhere, (MergeRefused,)),
        (foreign, (NotFound,)),
        (report, (NotForAccusations, NotPermitted)),
        (case, (InvalidInput,)),
    ):
        with pytest.raises(refusals):
            await do(closing.merge, town.handler, **case_key(case), target_id=target.id, reason="同一事项", now=T0)
    assert await snapshot(db, case) == before


async def test_archiving_needs_an_ended_case_with_its_document(db: Database, do: Do, town: Town) -> None:
    keeper = town.clerk
    running = await make_case(db, holder=town.town, assignee=town.handler)
    empty = await make_case(db, holder=town.town, assignee=town.handler, stage=Stage.CLOSED)
    for case, refusal in ((running, TransitionRefused), (empty, AnswerIncomplete)):
        before = await snapshot(db, case)
        with pytest.raises(refusal):
            await do(closing.archive, keeper, **case_key(case), now=T0)
        assert await snapshot(db, case) == before
    whole = await answered(db, do, town)
    _, ends = await window(db, whole)
    assert ends is not None
    await fire(db, whole, ends)
    await do(closing.archive, keeper, **case_key(whole), now=ends)
    assert (await refreshed(db, whole)).stage == Stage.ARCHIVED


async def test_an_accusation_is_not_ended_by_its_withdrawal(db: Database, do: Do, town: Town, policy: Policy) -> None:
    """S5.14: only the competent body records it, the stage stays, and the words lie encrypted."""
    officer: Actor = await make_actor(db, town.discipline, roles=["handler"])
    case = await make_case(
        db,
        holder=town.discipline,
        assignee=officer,
        stage=Stage.SIGNED,
        petition_class=PetitionClass.ACCUSATION,
        accused=[town.town],
    )
    await do(closing.withdraw, officer, TEST_KEYS, **case_key(case), statement="我撤回。", signed_at=T0, now=T0)
    found = await refreshed(db, case)
    assert (found.stage, found.is_open) == (Stage.SIGNED, True)
    async with db.reader(SYSTEM_SCOPE) as session:
        written = await repository.records(session, found)
    assert [(row.kind, row.text) for row in written] == [("WITHDRAWAL", None)]
