"""Clock events on a real database: starting, stopping, moving, extending, and the due instant they leave."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from random import Random
from uuid import UUID

import pytest
from sqlalchemy import select

from caseway.clock import SHANGHAI
from caseway.clocks import changes, service
from caseway.clocks.arithmetic import Limit, Unit, due_date, end_of
from caseway.clocks.errors import (
    ClockNotRunning,
    ExtensionCap,
    ExtensionLate,
    ExtensionNotice,
    ExtensionOnce,
    ExtensionRank,
    SuspensionNotAllowed,
)
from caseway.clocks.models import Timer
from caseway.clocks.workflow import ClockKind, ClockState, Event, ExtensionRule, PinnedLimit, Span, StartEvent
from caseway.db.base import new_id
from caseway.db.scope import SYSTEM_SCOPE
from caseway.db.session import Database, UnitOfWork
from caseway.errors import CasewayError
from support.bare_cases import Key, bare_case, platform_unit
from support.limits import LAW, law

SENDER, RECEIVER = 1, 2
CAP = Limit(30, Unit.DAY, "law-2022 L22-17")


def local(month: int, day: int, hour: int = 9, minute: int = 0) -> datetime:
    return datetime(2026, month, day, hour, minute, tzinfo=SHANGHAI).astimezone(UTC)


def last_day(due_at: datetime | None) -> date:
    assert due_at is not None
    return due_date(due_at)


@dataclass(frozen=True)
class Officer:
    person_id: int


async def clocks_of(pool: Database, key: Key) -> list[ClockState]:
    async with pool.reader(SYSTEM_SCOPE) as session:
        return await service.clocks(session, key)


async def start(
    uow: UnitOfWork,
    key: Key,
    kind: ClockKind,
    *,
    at: datetime,
    office_id: int = SENDER,
    limit: PinnedLimit | None = None,
    order_id: UUID | None = None,
    extension: ExtensionRule | None = None,
) -> datetime | None:
    return await service.start(
        uow, key, kind,
        at=at, office_id=office_id, pinned=[limit or LAW[kind]], order_id=order_id, extension=extension,
    )  # fmt: skip


async def started(uow: UnitOfWork, key: Key, kind: ClockKind, at: datetime, limit: PinnedLimit | None = None) -> date:
    return last_day(await start(uow, key, kind, at=at, limit=limit))


async def test_a_case_is_due_when_its_earliest_running_statutory_clock_is(pool: Database) -> None:
    key, order_id = await bare_case(pool), new_id()
    async with platform_unit(pool) as uow:
        assert await started(uow, key, ClockKind.FORWARD, local(4, 15)) == date(2026, 4, 30)
        # Clocks of the order and the petitioner's window do not count.
        due_at = await start(uow, key, ClockKind.SIGN_FOR, at=local(4, 16, 10), office_id=RECEIVER, order_id=order_id)
        assert last_day(due_at) == date(2026, 4, 30)
        due_at = await start(uow, key, ClockKind.ACCEPT_NOTICE, at=local(4, 10), office_id=RECEIVER, order_id=order_id)
        assert last_day(due_at) == date(2026, 4, 25)
        assert await service.due_at(uow.session, key) == due_at
        due_at = await service.stop(uow, key, ClockKind.ACCEPT_NOTICE, at=local(4, 17))
        assert last_day(due_at) == date(2026, 4, 30)
        assert await service.stop_all(uow, key, at=local(4, 18), keep=[ClockKind.SIGN_FOR]) is None
    states = await clocks_of(pool, key)
    assert [(clock.kind, clock.is_running) for clock in states] == [
        (ClockKind.FORWARD, False),
        (ClockKind.SIGN_FOR, True),
        (ClockKind.ACCEPT_NOTICE, False),
    ]
    assert [clock.office_id for clock in states] == [SENDER, RECEIVER, RECEIVER]


async def test_stopping_what_does_not_run_changes_nothing(pool: Database) -> None:
    key = await bare_case(pool)
    async with platform_unit(pool) as uow:
        assert await service.stop(uow, key, ClockKind.HANDLE, at=local(4, 15)) is None
        assert await service.restart(uow, key, ClockKind.HANDLE, at=local(4, 15)) is None
        assert await service.move(uow, key, ClockKind.HANDLE, at=local(4, 15)) is None
    assert await clocks_of(pool, key) == []


async def test_an_agreed_return_gives_the_sender_at_least_the_next_workday(pool: Database) -> None:
    """Scenario 3, K3: FORWARD due 10-12, delivered 09-30, returned 10-13: due 10-14."""
    key, workdays = await bare_case(pool), law(5, Unit.WORKDAY, "law-zj-2016 LZJ-02")
    async with platform_unit(pool) as uow:
        assert await started(uow, key, ClockKind.FORWARD, local(9, 29), workdays) == date(2026, 10, 12)
        assert await service.stop(uow, key, ClockKind.FORWARD, at=local(9, 30)) is None
        due_at = await service.move(uow, key, ClockKind.FORWARD, at=local(10, 13), actor=Officer(7))
        assert last_day(due_at) == date(2026, 10, 14)
    (clock,) = await clocks_of(pool, key)
    assert clock.is_running and not clock.overdue(local(10, 14, 23, 59))
    assert clock.overdue(local(10, 15, 0, 0))
    assert [step.event for step in clock.steps] == [Event.START, Event.STOP, Event.MOVE]
    assert clock.steps[-1].rule == "C6"


async def test_an_agreed_return_never_brings_the_date_forward(pool: Database) -> None:
    key = await bare_case(pool)
    async with platform_unit(pool) as uow:
        await started(uow, key, ClockKind.FORWARD, local(4, 15))
        await service.stop(uow, key, ClockKind.FORWARD, at=local(4, 16))
        due_at = await service.move(uow, key, ClockKind.FORWARD, at=local(4, 20))
    assert last_day(due_at) == date(2026, 4, 30)


@pytest.mark.parametrize(
    ("limit", "delivered", "recalled", "expected"),
    [
        (LAW[ClockKind.FORWARD], local(4, 20), local(4, 20, 17), date(2026, 4, 30)),
        (LAW[ClockKind.FORWARD], local(4, 20), local(4, 23), date(2026, 5, 3)),
        (LAW[ClockKind.FORWARD], local(4, 30, 23), local(5, 1), date(2026, 5, 1)),
        (law(5, Unit.WORKDAY), local(4, 16), local(4, 17), date(2026, 4, 23)),
        # It had passed already when the order was delivered: it stays where it was, overdue.
        (LAW[ClockKind.FORWARD], local(5, 6), local(5, 7), date(2026, 4, 30)),
    ],
)
async def test_a_recall_gives_the_days_that_were_left(
    pool: Database, limit: PinnedLimit, delivered: datetime, recalled: datetime, expected: date
) -> None:
    key = await bare_case(pool)
    async with platform_unit(pool) as uow:
        await started(uow, key, ClockKind.FORWARD, local(4, 15), limit)
        await service.stop(uow, key, ClockKind.FORWARD, at=delivered)
        due_at = await service.restart(uow, key, ClockKind.FORWARD, at=recalled)
        assert last_day(due_at) == expected
        # A clock that runs is not started again.
        assert await service.restart(uow, key, ClockKind.FORWARD, at=recalled + timedelta(days=9)) == due_at


async def test_the_clock_of_one_order_is_told_from_that_of_another(pool: Database) -> None:
    key, first, second = await bare_case(pool), new_id(), new_id()
    async with platform_unit(pool) as uow:
        for order_id, at in ((first, local(4, 16)), (second, local(4, 20))):
            await start(uow, key, ClockKind.ACCEPT_NOTICE, at=at, office_id=RECEIVER, order_id=order_id)
        await service.stop(uow, key, ClockKind.ACCEPT_NOTICE, at=local(4, 20), order_id=first)
        assert [clock.order_id for clock in await service.running(uow.session, key)] == [second]
        await service.stop(uow, key, ClockKind.ACCEPT_NOTICE, at=local(4, 21), order_id=second)
        due_at = await service.restart(uow, key, ClockKind.ACCEPT_NOTICE, at=local(4, 21), order_id=first)
        assert [clock.order_id for clock in await service.running(uow.session, key)] == [first]
        assert last_day(due_at) == date(2026, 5, 2)


class TestExtension:
    """Scenario 3: handling accepted on 04-22, due by Zhejiang's 30 days on 05-22, by the law on 06-21."""

    LIMITS = (law(60, Unit.DAY, "law-2022 L22-17"), law(30, Unit.DAY, "law-zj-2016 LZJ-04"))
    RULE = ExtensionRule(CAP, "UNIT_HEAD", 1, Limit(90, Unit.DAY, "law-2022 L22-17"))

    async def handled(self, uow: UnitOfWork, key: Key, rule: ExtensionRule | None = RULE) -> None:
        due_at = await service.start(
            uow, key, ClockKind.HANDLE,
            at=local(4, 22), office_id=SENDER, pinned=self.LIMITS, event=StartEvent.ACCEPTED, extension=rule,
        )  # fmt: skip
        assert last_day(due_at) == date(2026, 5, 22)

    async def extend(
        self, uow: UnitOfWork, key: Key, *, at: datetime, days: int = 30, reason: str = "复杂", notified: bool = True,
        rank: str = "UNIT_HEAD",
    ) -> date:  # fmt: skip
        due_at = await changes.extend(
            uow, key,
            at=at, extension=Limit(days, Unit.DAY, "extension"), reason=reason, notified=notified,
            approves=lambda wanted, clock: wanted == rank,
        )  # fmt: skip
        return last_day(due_at)

    async def test_it_is_counted_from_the_last_day_and_granted_once(self, pool: Database) -> None:
        key = await bare_case(pool)
        async with platform_unit(pool) as uow:
            await self.handled(uow, key)
            with pytest.raises(ExtensionCap) as refused:
                await self.extend(uow, key, at=local(5, 18), days=60)
            assert refused.value.details == {"amount": 30, "unit": "DAY", "source": "law-2022 L22-17"}
            assert await self.extend(uow, key, at=local(5, 18)) == date(2026, 6, 21)
            with pytest.raises(ExtensionOnce):
                await self.extend(uow, key, at=local(5, 25), days=1)
            assert await service.due_at(uow.session, key) == end_of(date(2026, 6, 21))
            assert await service.stop(uow, key, ClockKind.HANDLE, at=local(6, 18)) is None
        (clock,) = await clocks_of(pool, key)
        assert not clock.breached(local(12, 31))
        assert [(due_date(each.due_at), each.limit.source) for each in clock.limits] == [
            (date(2026, 7, 21), "law-2022 L22-17"),
            (date(2026, 6, 21), "law-zj-2016 LZJ-04"),
        ]
        assert [(step.event, step.due_date) for step in clock.steps] == [
            (Event.START, date(2026, 5, 22)),
            (Event.EXTEND, date(2026, 6, 21)),
            (Event.STOP, date(2026, 6, 21)),
        ]

    async def test_the_whole_length_has_a_bound_of_its_own(self, pool: Database) -> None:
        key = await bare_case(pool)
        async with platform_unit(pool) as uow:
            await self.handled(uow, key, ExtensionRule(CAP, None, 2, Limit(70, Unit.DAY, "town T-1")))
            assert await self.extend(uow, key, at=local(5, 18)) == date(2026, 6, 21)
            with pytest.raises(ExtensionCap) as refused:
                await self.extend(uow, key, at=local(5, 19), days=11)
            assert refused.value.details["source"] == "town T-1"
            assert await self.extend(uow, key, at=local(5, 19), days=10) == date(2026, 7, 1)

    async def test_only_the_rank_that_the_rule_names_approves(self, pool: Database) -> None:
        key = await bare_case(pool)
        async with platform_unit(pool) as uow:
            await self.handled(uow, key)
            with pytest.raises(ExtensionRank) as refused:
                await self.extend(uow, key, at=local(5, 18), rank="STAFF")
            assert refused.value.details["rank"] == "UNIT_HEAD"

    async def test_a_clock_whose_rules_name_no_extension_is_not_extended(self, pool: Database) -> None:
        key = await bare_case(pool)
        async with platform_unit(pool) as uow:
            await self.handled(uow, key, None)
            with pytest.raises(ExtensionCap):
                await self.extend(uow, key, at=local(5, 18), days=1)

    async def test_the_last_instant_of_the_last_day_is_in_time_and_the_next_one_is_not(self, pool: Database) -> None:
        key, end = await bare_case(pool), end_of(date(2026, 5, 22))
        async with platform_unit(pool) as uow:
            await self.handled(uow, key)
            with pytest.raises(ExtensionLate):
                await self.extend(uow, key, at=end)
            assert await self.extend(uow, key, at=end - timedelta(microseconds=1), days=1) == date(2026, 5, 23)

    @pytest.mark.parametrize(("reason", "notified"), [(" ", True), ("复杂", False)])
    async def test_it_needs_a_reason_that_the_petitioner_is_told(
        self, pool: Database, reason: str, notified: bool
    ) -> None:
        key = await bare_case(pool)
        async with platform_unit(pool) as uow:
            await self.handled(uow, key)
            with pytest.raises(ExtensionNotice):
                await self.extend(uow, key, at=local(5, 18), reason=reason, notified=notified)

    async def test_it_needs_a_running_clock(self, pool: Database) -> None:
        key = await bare_case(pool)
        async with platform_unit(pool) as uow:
            with pytest.raises(ClockNotRunning) as refused:
                await self.extend(uow, key, at=local(5, 18))
            assert isinstance(refused.value, CasewayError)


async def test_a_limit_in_minutes_is_met_at_its_very_last_instant(pool: Database) -> None:
    """Scenario 4: delivered 10:00:00, 30 minutes: 10:30:00 is met, 10:30:01 is not."""
    key = await bare_case(pool)
    async with platform_unit(pool) as uow:
        await start(
            uow, key, ClockKind.ORDER, at=local(5, 18, 10), office_id=1, limit=law(30, Unit.MINUTE, "xihu XH-04")
        )
    (clock,) = await clocks_of(pool, key)
    assert not clock.overdue(local(5, 18, 10, 30))
    assert clock.overdue(local(5, 18, 10, 30) + timedelta(seconds=1))


async def test_a_date_in_a_year_without_a_calendar_is_provisional(pool: Database) -> None:
    key = await bare_case(pool)
    async with platform_unit(pool) as uow:
        await start(
            uow, key, ClockKind.OBJECT, at=datetime(2026, 12, 28, 2, tzinfo=UTC), office_id=RECEIVER, order_id=new_id()
        )
        await start(uow, key, ClockKind.HANDLE, at=datetime(2026, 12, 28, 2, tzinfo=UTC), office_id=1)
    assert [clock.provisional for clock in await clocks_of(pool, key)] == [True, False]


async def test_no_move_of_an_order_ever_moves_the_handling_clock(pool: Database) -> None:
    """INV-10, with INV-07: whatever happens to the clocks around it, handling stays due when it was."""
    key, random = await bare_case(pool), Random(20260415)
    async with platform_unit(pool) as uow:
        await started(uow, key, ClockKind.HANDLE, local(4, 22))
        at, orders = local(4, 22), [new_id(), new_id()]
        for _ in range(60):
            at += timedelta(hours=random.randint(1, 40))
            kind = random.choice([ClockKind.FORWARD, ClockKind.ACCEPT_NOTICE, ClockKind.SIGN_FOR, ClockKind.OBJECT])
            order_id = random.choice(orders)
            match random.choice(["start", "stop", "restart", "move"]):
                case "start":
                    due_at = await start(uow, key, kind, at=at, office_id=RECEIVER, order_id=order_id)
                case "stop":
                    due_at = await service.stop(uow, key, kind, at=at, order_id=order_id)
                case "restart":
                    due_at = await service.restart(uow, key, kind, at=at, order_id=order_id)
                case _:
                    due_at = await service.move(uow, key, kind, at=at, order_id=order_id)
            clocks = await service.clocks(uow.session, key)
            assert clocks[0].due_at == end_of(date(2026, 6, 21)) and clocks[0].is_running
            running = [clock.due_at for clock in clocks if clock.is_running and clock.is_statutory]
            assert due_at == min(running)


async def test_only_the_hearing_of_a_second_review_stops_a_clock(pool: Database) -> None:
    key = await bare_case(pool)
    async with platform_unit(pool) as uow:
        await started(uow, key, ClockKind.HANDLE, local(4, 22))
        with pytest.raises(SuspensionNotAllowed):
            await changes.suspend(uow, key, ClockKind.HANDLE, at=local(4, 23), reason="听证")
        decide = law(30, Unit.DAY, "law-2022 L22-18")
        await start(uow, key, ClockKind.DECIDE, at=local(4, 22), limit=decide)
        with pytest.raises(ClockNotRunning):
            await changes.resume(uow, key, ClockKind.DECIDE, at=local(4, 23), reason="听证")
        await changes.suspend(uow, key, ClockKind.DECIDE, at=local(4, 23), reason="听证")
        due_at = await changes.resume(uow, key, ClockKind.DECIDE, at=local(4, 28), reason="听证")
    assert last_day(due_at) == date(2026, 5, 27)


async def test_timers_follow_the_clock_and_what_was_due_already_stays(pool: Database) -> None:
    """A move cancels what is not due yet; a limit that has passed while the worker slept is still noticed."""
    key = await bare_case(pool)

    async def timers() -> list[tuple[str, date]]:
        async with pool.reader(SYSTEM_SCOPE) as session:
            found = await session.scalars(select(Timer).where(Timer.case_id == key.id).order_by(Timer.due_at))
            return [(each.kind, due_date(each.due_at)) for each in found]

    reminded = replace(law(15, Unit.DAY), remind_before=(Span(3, Unit.DAY), Span(24, Unit.HOUR)))
    async with platform_unit(pool) as uow:
        await start(uow, key, ClockKind.FORWARD, at=local(4, 15), limit=reminded)
    assert await timers() == [
        ("CLOCK_REMINDER", date(2026, 4, 26)),
        ("CLOCK_REMINDER", date(2026, 4, 29)),
        ("CLOCK_DUE", date(2026, 4, 30)),
    ]
    async with platform_unit(pool) as uow:
        await service.stop(uow, key, ClockKind.FORWARD, at=local(4, 28))
    assert await timers() == [("CLOCK_REMINDER", date(2026, 4, 26))]
    async with platform_unit(pool) as uow:
        await service.move(uow, key, ClockKind.FORWARD, at=local(5, 6))
    moved = [
        ("CLOCK_REMINDER", date(2026, 4, 26)),
        ("CLOCK_REMINDER", date(2026, 5, 6)),
        ("CLOCK_DUE", date(2026, 5, 7)),
    ]
    assert await timers() == moved
    async with platform_unit(pool) as uow:
        await service.stop(uow, key, ClockKind.FORWARD, at=local(5, 9))
    assert await timers() == moved
