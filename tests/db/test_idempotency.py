"""Idempotent requests: one effect for any number of repeats, told apart by key, person, office and input."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import func, select, text

from caseway.db import idempotency
from caseway.db.idempotency import RequestInProgress, Turns
from caseway.db.scope import NO_SCOPE
from caseway.db.session import Database
from caseway.db.support_models import IdempotentResult
from caseway.errors import IdempotencyMismatch, InvalidInput
from caseway.ledger import audit
from caseway.ledger.models import AccessEvent
from support.writing import writing

NOW = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
KEY = "0d9f6a1e-request"
HASH = idempotency.fingerprint("caseAccept", {"caseId": "1"})


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    """The application's own way to the test's database."""
    opened = Database(database_url)
    yield opened
    await opened.close()


async def work(
    database: Database,
    *,
    key: str = KEY,
    person_id: int = 1,
    office_id: int = 1,
    input_hash: bytes = HASH,
    now: datetime = NOW,
    takes: float = 0.0,
    fails: bool = False,
    patience: str = "5s",
) -> tuple[bool, dict[str, object]]:
    """One request: its effect is a line in the audit. Whether it did the work itself, and the outcome."""
    async with database.unit(NO_SCOPE) as uow:
        uow.nothing_to_do()
        await uow.session.execute(text(f"set local lock_timeout = '{patience}'"))
        place = {"person_id": person_id, "office_id": office_id, "key": key}
        stored = await idempotency.begin(uow.session, **place, input_hash=input_hash, now=now)  # type: ignore[arg-type]
        if stored is not None:
            return False, stored.outcome
        await audit.note(
            uow.session, at=now, person_id=person_id, office_id=office_id, action="work", outcome="OK", subject=key
        )
        await asyncio.sleep(takes)
        if fails:
            raise RuntimeError("the work failed")
        count = await uow.session.scalar(select(func.count()).select_from(AccessEvent))
        outcome: dict[str, object] = {"number": count}
        await idempotency.finish(uow.session, **place, outcome=outcome)  # type: ignore[arg-type]
        return True, outcome


async def effects(database: Database) -> int:
    async with writing(database) as session:
        return await session.scalar(select(func.count()).select_from(AccessEvent)) or 0


async def test_a_repeat_does_nothing_and_gets_the_first_outcome(database: Database) -> None:
    first = await work(database)
    assert first == (True, {"number": 1})
    assert await work(database, now=NOW + timedelta(days=6)) == (False, {"number": 1})
    assert await effects(database) == 1


async def test_another_person_office_or_key_is_another_request(database: Database) -> None:
    await work(database)
    assert (await work(database, person_id=2))[0]
    assert (await work(database, office_id=2))[0]
    assert (await work(database, key="another-key"))[0]
    assert await effects(database) == 4


async def test_another_input_under_the_same_key_is_refused(database: Database) -> None:
    await work(database)
    with pytest.raises(IdempotencyMismatch):
        await work(database, input_hash=idempotency.fingerprint("caseAccept", {"caseId": "2"}))
    with pytest.raises(IdempotencyMismatch):
        await work(database, input_hash=idempotency.fingerprint("caseRefuse", {"caseId": "1"}))
    assert await effects(database) == 1


def test_a_fingerprint_does_not_depend_on_the_order_of_fields() -> None:
    one = idempotency.fingerprint("m", {"a": 1, "b": {"c": "张", "d": None}})
    assert one == idempotency.fingerprint("m", {"b": {"d": None, "c": "张"}, "a": 1})
    assert one != idempotency.fingerprint("m", {"a": "1", "b": {"c": "张", "d": None}})


async def test_fifty_repeats_at_once_have_one_effect(database: Database) -> None:
    answers = await asyncio.gather(*(work(database, takes=0.05) for _ in range(50)))
    assert sum(did for did, _ in answers) == 1
    assert {str(outcome) for _, outcome in answers} == {"{'number': 1}"}
    assert await effects(database) == 1


async def test_when_the_first_fails_exactly_one_of_the_others_does_the_work(database: Database) -> None:
    answers = await asyncio.gather(
        work(database, takes=0.1, fails=True), *(work(database) for _ in range(20)), return_exceptions=True
    )
    done = [answer for answer in answers if isinstance(answer, tuple)]
    failed = [answer for answer in answers if not isinstance(answer, tuple)]
    assert all(str(each) == "the work failed" for each in failed)
    assert sum(did for did, _ in done) == 1
    assert await effects(database) == 1


async def test_who_waits_too_long_is_told_that_the_first_is_still_at_work(database: Database) -> None:
    started = asyncio.Event()

    async def slow() -> None:
        async with database.unit(NO_SCOPE) as uow:
            uow.nothing_to_do()
            await idempotency.begin(uow.session, person_id=1, office_id=1, key=KEY, input_hash=HASH, now=NOW)
            started.set()
            await asyncio.sleep(0.5)
            await idempotency.finish(uow.session, person_id=1, office_id=1, key=KEY, outcome={"slow": 1})

    first = asyncio.create_task(slow())
    await started.wait()
    with pytest.raises(RequestInProgress) as refusal:
        await work(database, patience="200ms")
    assert refusal.value.code == "REQUEST_IN_PROGRESS"
    await first
    assert await work(database) == (False, {"slow": 1})
    assert await effects(database) == 0


async def test_work_that_was_refused_leaves_the_key_free(database: Database) -> None:
    with pytest.raises(RuntimeError, match="the work failed"):
        await work(database, fails=True)
    assert (await work(database))[0]
    assert await effects(database) == 1


async def test_a_request_that_was_never_finished_is_a_bug_that_shows(database: Database) -> None:
    async with database.unit(NO_SCOPE) as uow:
        uow.nothing_to_do()
        await idempotency.begin(uow.session, person_id=1, office_id=1, key=KEY, input_hash=HASH, now=NOW)
    with pytest.raises(RuntimeError, match="never finished"):
        await work(database)
    async with writing(database) as session:
        with pytest.raises(RuntimeError, match="never begun"):
            await idempotency.finish(session, person_id=9, office_id=9, key=KEY, outcome={})


@pytest.mark.parametrize("key", ["", "1234567", "x" * 256, "with\nnewline", "带中文的键键键键", "tab\tinside"])
async def test_a_malformed_key_is_refused(database: Database, key: str) -> None:
    with pytest.raises(InvalidInput) as refusal:
        await work(database, key=key)
    assert refusal.value.problems[0][:2] == ("idempotencyKey", "IDEMPOTENCY_KEY_SYNTAX")
    assert await effects(database) == 0


@pytest.mark.parametrize("key", ["12345678", "x" * 255, "~ printable !"])
async def test_keys_of_eight_to_255_printable_characters_are_taken(database: Database, key: str) -> None:
    assert (await work(database, key=key))[0]


async def test_only_the_first_answer_is_kept(database: Database) -> None:
    await work(database)
    for selection, response in ((b"s1", b"r1"), (b"s2", b"r2")):
        async with writing(database) as session:
            await idempotency.remember_response(
                session, person_id=1, office_id=1, key=KEY, selection_hash=selection, response_enc=response
            )
    async with writing(database) as session:
        row = await session.get_one(IdempotentResult, (1, 1, KEY))
        assert (row.selection_hash, row.response_enc) == (b"s1", b"r1")


async def test_outcomes_are_purged_after_seven_days_in_small_steps(database: Database) -> None:
    for number in range(5):
        await work(database, key=f"old-key-{number}", now=NOW)
    await work(database, key="young-key", now=NOW + timedelta(days=1))
    due = NOW + timedelta(days=7, seconds=1)
    steps = []
    for _ in range(4):
        async with writing(database) as session:
            steps.append(await idempotency.purge(session, now=due, at_most=2))
    assert steps == [2, 2, 1, 0]
    assert await work(database, key="young-key") == (False, {"number": 6})
    assert (await work(database, key="old-key-0", now=due))[0]


async def test_within_a_process_repeats_wait_without_a_connection() -> None:
    turns, inside, most = Turns(), 0, 0

    async def request(key: str) -> None:
        nonlocal inside, most
        async with turns.turn(1, 1, key):
            inside += 1
            most = max(most, inside)
            await asyncio.sleep(0)
            inside -= 1

    await asyncio.gather(*(request("the-same-key") for _ in range(1000)))
    assert most == 1
    await asyncio.gather(*(request(f"key-{number}") for number in range(10)))
    assert most == 10
    assert turns._waiting == {}


async def test_a_turn_is_given_on_after_failure_and_cancellation() -> None:
    turns = Turns()

    async def hold() -> None:
        async with turns.turn(1, 1, KEY):
            await asyncio.sleep(60)

    holder = asyncio.create_task(hold())
    waiter = asyncio.create_task(hold())
    await asyncio.sleep(0)
    waiter.cancel()
    holder.cancel()
    await asyncio.gather(holder, waiter, return_exceptions=True)
    with pytest.raises(ValueError, match="refused"):
        async with turns.turn(1, 1, KEY):
            raise ValueError("refused")
    async with asyncio.timeout(1), turns.turn(1, 1, KEY):
        assert len(turns._waiting) == 1
    assert turns._waiting == {}
