"""The chain of events on a real database: whole chains are whole, and nothing can be changed unnoticed."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest
from sqlalchemy.exc import IntegrityError

from caseway.db.scope import SYSTEM_SCOPE
from caseway.db.session import Database
from caseway.ledger import audit, repository, service
from caseway.ledger.hashing import GENESIS
from caseway.ledger.service import FaultKind, Head
from support.bare_cases import Key, bare_case, platform_unit
from support.database import FreshDatabase

START = datetime(2026, 4, 15, 1, 0, 0, 123456, tzinfo=UTC)
FACTS: dict[str, Any] = {
    "中文": '凤桥镇 \u00e9 \U0001f600 "quoted" \\ \n',
    "b": 2,
    "a": [1, None, True, {"z": uuid.UUID(int=7), "y": START}],
    "large": 10**25,
    "negative": -1,
    "set": {"stage": "REGISTERED", "due_at": START, "granted": [1, 2]},
}


async def chain(pool: Database, events: int = 4, *, facts: dict[str, Any] | None = None) -> Key:
    """A case with events, whose row names the newest of them as it should."""
    key = await bare_case(pool)
    async with platform_unit(pool) as uow:
        previous = GENESIS
        for seq in range(1, events + 1):
            previous = await service.append(
                uow.session,
                city_id=key.city_id,
                case_id=key.id,
                seq=seq,
                prev_hash=previous,
                type="case.registered" if seq == 1 else "handling.recorded",
                at=START + timedelta(seconds=seq),
                person_id=5,
                office_id=9,
                reason=None if seq % 2 else "说明理由",
                facts=FACTS if facts is None else facts,
            )
        await uow.session.flush()
        connection = await uow.session.connection()
        await connection.exec_driver_sql(
            "update cases set version = $1, ledger_hash = $2 where id = $3", (events, previous, key.id)
        )
    return key


def tamper(database: FreshDatabase, statement: str, *values: object) -> None:
    """Change the database behind the platform's back, as an administrator of the server could."""
    with psycopg.connect(database.dsn) as connection:
        connection.execute("set session_replication_role = replica")
        assert connection.execute(statement, values).rowcount > 0


async def faults(pool: Database) -> list[tuple[FaultKind, int]]:
    async with pool.reader(SYSTEM_SCOPE) as session:
        report = await service.verify_all(session)
    return [(fault.kind, fault.seq) for fault in report.faults]


async def test_an_untouched_chain_has_no_fault(pool: Database) -> None:
    key = await chain(pool)
    async with pool.reader(SYSTEM_SCOPE) as session:
        assert await service.verify(session, key.city_id, key.id) == []
        told: list[tuple[int, int]] = []
        report = await service.verify_all(session, lambda cases, events: told.append((cases, events)))
    assert (report.cases, report.events, list(report.faults)) == (1, 4, [])
    assert told == [(1, 4)]


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ("reason = reason || '。'", [(FaultKind.CHANGED, 2)]),
        ("facts = jsonb_set(facts, '{b}', '3')", [(FaultKind.CHANGED, 2)]),
        ("facts = jsonb_set(facts, '{b}', '2.0')", [(FaultKind.CHANGED, 2)]),
        ("facts = facts || '{\"new\": null}'", [(FaultKind.CHANGED, 2)]),
        ("facts = facts - '中文'", [(FaultKind.CHANGED, 2)]),
        ("type = 'case.closed'", [(FaultKind.CHANGED, 2)]),
        ("at = at + interval '1 microsecond'", [(FaultKind.CHANGED, 2)]),
        ("person_id = 6", [(FaultKind.CHANGED, 2)]),
        ("office_id = 8", [(FaultKind.CHANGED, 2)]),
        ("id = gen_random_uuid()", [(FaultKind.CHANGED, 2)]),
        (
            "prev_hash = set_byte(prev_hash, 0, get_byte(prev_hash, 0) # 1)",
            [(FaultKind.LINK, 2), (FaultKind.CHANGED, 2)],
        ),
        ("hash = set_byte(hash, 31, get_byte(hash, 31) # 1)", [(FaultKind.CHANGED, 2), (FaultKind.LINK, 3)]),
        ("seq = 7", [(FaultKind.GAP, 3), (FaultKind.GAP, 7), (FaultKind.CHANGED, 7), (FaultKind.HEAD, 7)]),
    ],
)
async def test_every_change_of_an_event_is_found(
    pool: Database, database: FreshDatabase, change: str, expected: list[tuple[FaultKind, int]]
) -> None:
    await chain(pool)
    tamper(database, f"update ledger_event set {change} where seq = 2")
    assert await faults(pool) == expected


async def test_a_rewritten_event_with_a_fitting_hash_breaks_the_link_behind_it(
    pool: Database, database: FreshDatabase
) -> None:
    key, other = await chain(pool), await chain(pool, facts={"another": "story"})
    tamper(
        database,
        "update ledger_event e set hash = o.hash from ledger_event o "
        "where e.case_id = %s and o.case_id = %s and e.seq = 2 and o.seq = 2",
        key.id,
        other.id,
    )
    assert await faults(pool) == [(FaultKind.CHANGED, 2), (FaultKind.LINK, 3)]


@pytest.mark.parametrize(
    ("statement", "expected"),
    [
        ("delete from ledger_event where seq = 1", [(FaultKind.GAP, 2)]),
        ("delete from ledger_event where seq = 3", [(FaultKind.GAP, 4)]),
        ("delete from ledger_event where seq = 4", [(FaultKind.HEAD, 3)]),
        ("delete from ledger_event", [(FaultKind.EMPTY, 0)]),
        ("update cases set version = 5", [(FaultKind.HEAD, 4)]),
        ("update cases set ledger_hash = sha256(ledger_hash)", [(FaultKind.HEAD, 4)]),
    ],
)
async def test_missing_events_and_wrong_heads_are_found(
    pool: Database, database: FreshDatabase, statement: str, expected: list[tuple[FaultKind, int]]
) -> None:
    await chain(pool)
    tamper(database, statement)
    assert await faults(pool) == expected


async def test_any_single_changed_byte_of_the_facts_is_found(pool: Database, database: FreshDatabase) -> None:
    text = "0123456789"
    key = await chain(pool, facts={"text": text})
    for position in range(len(text)):
        changed = text[:position] + "x" + text[position + 1 :]
        tamper(database, "update ledger_event set facts = jsonb_build_object('text', %s::text) where seq = 3", changed)
        async with pool.reader(SYSTEM_SCOPE) as session:
            found = await service.verify(session, key.city_id, key.id)
        assert [(fault.kind, fault.seq) for fault in found] == [(FaultKind.CHANGED, 3)]
    tamper(database, "update ledger_event set facts = jsonb_build_object('text', %s::text) where seq = 3", text)
    assert await faults(pool) == []


async def test_the_head_is_proved_when_it_is_given(pool: Database) -> None:
    key = await chain(pool)
    async with pool.reader(SYSTEM_SCOPE) as session:
        found = await service.verify(session, key.city_id, key.id, head=Head(4, GENESIS))
    assert [fault.kind for fault in found] == [FaultKind.HEAD]


async def test_many_chains_are_proved_page_by_page_and_by_city_or_number(
    pool: Database, database: FreshDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("caseway.ledger.repository._PAGE", 2)
    keys = [await chain(pool, 2, facts={}) for _ in range(5)]
    async with pool.reader(SYSTEM_SCOPE) as session:
        report = await service.verify_all(session)
        elsewhere = await service.verify_all(session, city_id=34)
    assert (report.cases, report.events, list(report.faults)) == (5, 10, [])
    assert elsewhere.cases == 0
    tamper(database, "update ledger_event set reason = 'x' where case_id = %s and seq = 1", keys[3].id)
    number = f"330402-20260415-{keys[3].id.hex[-7:]}"
    async with pool.reader(SYSTEM_SCOPE) as session:
        report = await service.verify_all(session)
        one = await service.verify_all(session, city_id=33, number=number)
    assert [fault.case_id for fault in report.faults] == [keys[3].id]
    assert one.cases == 1 and list(one.faults) == list(report.faults)


async def append_first(pool: Database, key: Key, facts: dict[str, Any]) -> None:
    async with platform_unit(pool) as uow:
        await service.append(
            uow.session,
            city_id=key.city_id,
            case_id=key.id,
            seq=1,
            prev_hash=GENESIS,
            type="case.registered",
            at=START,
            person_id=0,
            office_id=0,
            reason=None,
            facts=facts,
        )


async def test_two_events_cannot_take_the_same_number(pool: Database) -> None:
    key = await bare_case(pool)
    await append_first(pool, key, {})
    with pytest.raises(IntegrityError, match="pk_ledger_event"):
        await append_first(pool, key, {"another": True})


async def test_later_events_win_when_they_are_folded(pool: Database) -> None:
    key = await bare_case(pool)
    async with platform_unit(pool) as uow:
        previous = GENESIS
        story: list[dict[str, Any]] = [
            {"set": {"stage": "REGISTERED", "holder_id": 1}},
            {"order_id": key.id},
            {"set": {"stage": "SIGNED"}},
        ]
        for seq, facts in enumerate(story, 1):
            previous = await service.append(
                uow.session,
                city_id=key.city_id,
                case_id=key.id,
                seq=seq,
                prev_hash=previous,
                type="case.registered",
                at=START,
                person_id=0,
                office_id=1,
                reason=None,
                facts=facts,
            )
    async with pool.reader(SYSTEM_SCOPE) as session:
        events = [event async for found in repository.chains(session) for event in found.events]
    assert service.project(events) == {"stage": "SIGNED", "holder_id": 1}


async def test_an_audit_note_is_stored_as_it_was_given(pool: Database) -> None:
    subject = uuid.UUID(int=3)
    async with platform_unit(pool) as uow:
        await audit.note(
            uow.session,
            at=START,
            person_id=5,
            office_id=9,
            action="case:content",
            outcome="NOT_FOUND",
            subject=f"Case:33:{subject}",
            facts={"case_id": subject},
        )
    async with pool.reader(SYSTEM_SCOPE) as session:
        connection = await session.connection()
        rows = await connection.exec_driver_sql("select action, outcome, facts->>'case_id', at from access_event")
        assert [tuple(row) for row in rows] == [("case:content", "NOT_FOUND", str(subject), START)]
