"""The row and the chain of custody of a case are what its ledger says, and the commands that prove it."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Callable, Coroutine
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest
from typer.testing import CliRunner

from caseway.access.actor import SYSTEM_ACTOR
from caseway.cases import record
from caseway.cases.models import Matter
from caseway.cli import build
from caseway.clocks import service as clocks
from caseway.clocks.workflow import ClockKind
from caseway.custody.models import Custody
from caseway.db.base import new_id
from caseway.db.session import Database, UnitOfWork
from caseway.errors import CasewayError
from support.bare_cases import Key, platform_unit
from support.database import FreshDatabase
from support.factories import make_office
from support.limits import LAW

AT = datetime(2026, 4, 15, 1, 2, 3, 456789, tzinfo=UTC)
CITY = 33
Ledger = Callable[..., tuple[int, str]]


async def _held(
    uow: UnitOfWork, key: Key, seq: int, office_id: int, from_at: datetime, order_id: uuid.UUID | None = None
) -> None:
    uow.session.add(
        Custody(
            city_id=key.city_id,
            case_id=key.id,
            seq=seq,
            office_id=office_id,
            from_at=from_at,
            to_at=None,
            order_id=order_id,
            follows_at=from_at if seq else None,
        )
    )
    await uow.session.flush()


async def moved_case(database: Database) -> Key:
    """A case that was registered and moved to another office, with its clock and its chain of custody."""
    key, order_id, later = Key(CITY, new_id()), new_id(), AT + timedelta(days=1)
    first = await make_office(database)
    second = await make_office(database, parent=first)
    async with platform_unit(database) as uow:
        matter = Matter(city_id=CITY, id=new_id(), field="LAND", place_code="330402", opened_at=AT)
        uow.session.add(matter)
        await uow.session.flush()
        case = await record.begin(
            uow,
            city_id=CITY,
            case_id=key.id,
            at=AT,
            actor=SYSTEM_ACTOR,
            columns={
                "number": f"3304-20260415-{key.id.hex[-7:]}",
                "matter_id": matter.id,
                "stage": "REGISTERED",
                "petition_class": "APPEAL_CLAIM",
                "channel": "LETTER",
                "field": "LAND",
                "place_code": "330402",
                "holder_id": first.id,
                "registering_office_id": first.id,
                "received_at": AT,
                "registered_at": AT,
                "accused_office_ids": [8, 9],
            },
        )
        await _held(uow, key, 0, first.id, AT)
        due_at = await clocks.start(
            uow, key, ClockKind.FORWARD, at=AT, office_id=first.id, pinned=[LAW[ClockKind.FORWARD]]
        )
        await record.record(uow, case, type="handling.recorded", at=AT, actor=SYSTEM_ACTOR, changes={"due_at": due_at})
        connection = await uow.session.connection()
        await connection.exec_driver_sql("update custody set to_at = $1 where case_id = $2", (later, key.id))
        await _held(uow, key, 1, second.id, later, order_id)
        await record.record(
            uow,
            case,
            type="order.signed",
            at=later,
            actor=SYSTEM_ACTOR,
            facts={"order_id": order_id},
            changes={"holder_id": second.id, "stage": "SIGNED", "l1": second.id, "granted": [first.id]},
        )
    return key


@pytest.fixture
def ledger(database: FreshDatabase, monkeypatch: pytest.MonkeyPatch) -> Ledger:
    """Runs ``caseway ledger …`` against this test's database: (exit code, standard output)."""
    monkeypatch.setenv("DATABASE_URL", database.address.url)
    program = build()

    def run(*arguments: str) -> tuple[int, str]:
        result = CliRunner().invoke(program, ["ledger", *arguments])
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        return result.exit_code, result.stdout

    return run


def prepare(database: FreshDatabase, work: Callable[[Database], Coroutine[Any, Any, Key]]) -> Key:
    async def with_pool() -> Key:
        pool = Database(database.url, pool_size=2)
        try:
            return await work(pool)
        finally:
            await pool.close()

    return asyncio.run(with_pool())


def change(database: FreshDatabase, statement: str) -> None:
    with psycopg.connect(database.dsn) as connection:
        connection.execute("set session_replication_role = replica")
        assert connection.execute(statement).rowcount > 0


def test_an_untouched_case_is_what_its_ledger_says(database: FreshDatabase, ledger: Ledger) -> None:
    prepare(database, moved_case)
    assert ledger("verify") == (0, "")
    assert ledger("rebuild", "--check") == (0, "")


@pytest.mark.parametrize(
    ("statement", "column"),
    [
        ("update cases set holder_id = 600", "holder_id"),
        ("update cases set stage = 'CLOSED'", "stage"),
        ("update cases set is_open = false", "is_open"),
        ("update cases set accused_office_ids = '{8}'", "accused_office_ids"),
        ("update cases set received_at = received_at + interval '1 microsecond'", "received_at"),
        ("update cases set changed_at = changed_at + interval '1 day'", "changed_at"),
        ("update cases set due_at = null", "due_at"),
        ("update cases set answered_at = now()", "answered_at"),
        ("update cases set matter_id = gen_random_uuid()", "matter_id"),
    ],
)
def test_a_changed_row_is_found_and_put_right(
    database: FreshDatabase, ledger: Ledger, statement: str, column: str
) -> None:
    key = prepare(database, moved_case)
    change(database, statement)
    code, output = ledger("rebuild", "--check")
    assert code == 1
    assert f"{CITY}/{key.id} {column}: stored " in output
    assert ledger("rebuild", "--check")[0] == 1, "a check changes nothing"
    assert ledger("rebuild")[0] == 1
    assert ledger("rebuild") == (0, "")
    with psycopg.connect(database.dsn) as connection:
        noted = connection.execute("select action, outcome, subject, facts from access_event").fetchall()
    assert noted == [("ledger:rebuild", "REPAIRED", f"Case:{CITY}:{key.id}", {"columns": [column]})]


def test_grants_without_the_sort_keys_of_their_case_are_found_and_put_right(
    database: FreshDatabase, ledger: Ledger
) -> None:
    """As the release before these keys writes them."""
    key = prepare(database, moved_case)
    change(
        database,
        "insert into case_grant (city_id, case_id, office_id, kind, since_at) "
        "select city_id, id, registering_office_id, 'CUSTODY', now() from cases",
    )
    code, output = ledger("rebuild", "--check")
    assert code == 1
    assert f"{CITY}/{key.id} registered_at of the grant to office " in output
    assert ledger("rebuild")[0] == 1
    assert ledger("rebuild") == (0, "")


@pytest.mark.parametrize(
    "statement",
    [
        "update ledger_event set person_id = 9 where seq = 2",
        "delete from ledger_event where seq = 3",
        "update cases set version = 9",
    ],
)
def test_a_case_whose_chain_is_broken_is_left_alone(database: FreshDatabase, ledger: Ledger, statement: str) -> None:
    prepare(database, moved_case)
    change(database, statement)
    change(database, "update cases set holder_id = 600")
    assert ledger("verify")[0] == 1
    code, output = ledger("rebuild")
    assert code == 1 and "is not whole and was left alone" in output
    with psycopg.connect(database.dsn) as connection:
        assert connection.execute("select holder_id from cases").fetchone() == (600,)


@pytest.mark.parametrize(
    ("statement", "place"),
    [
        ("update custody set office_id = 600 where seq = 0", "custody[0]"),
        (
            "update custody set from_at = from_at + interval '1s', follows_at = from_at + interval '1s' where seq = 1",
            "custody[0] end",
        ),
        ("update custody set order_id = gen_random_uuid() where seq = 1", "custody[1]"),
        ("update custody set to_at = from_at + interval '1 day' where seq = 1", "custody[1] end"),
        ("delete from custody where seq = 1", "custody[1]"),
    ],
)
def test_a_changed_chain_of_custody_is_found_and_never_rewritten(
    database: FreshDatabase, ledger: Ledger, statement: str, place: str
) -> None:
    key = prepare(database, moved_case)
    change(database, statement)
    code, output = ledger("rebuild")
    assert code == 1
    assert f"{CITY}/{key.id} {place}: stored " in output
    assert ledger("rebuild", "--check") == (1, output)


def test_a_due_date_that_its_clock_events_do_not_give_is_found(database: FreshDatabase, ledger: Ledger) -> None:
    prepare(database, moved_case)
    change(database, "update clock_event set facts = jsonb_set(facts, '{dues,0,0}', '\"2026-05-09T16:00:00+00:00\"')")
    code, output = ledger("rebuild", "--check")
    assert code == 1 and "due_at by the clocks: stored 2026-04-30 16:00:00+00:00" in output


def test_one_case_is_looked_at_by_its_number(database: FreshDatabase, ledger: Ledger) -> None:
    first, second = prepare(database, moved_case), prepare(database, moved_case)
    change(database, f"update cases set stage = 'CLOSED' where id = '{first.id}'")
    assert ledger("rebuild", "--check", "--case", f"3304-20260415-{second.id.hex[-7:]}") == (0, "")
    assert ledger("rebuild", "--check", "--case", f"3304-20260415-{first.id.hex[-7:]}")[0] == 1


@pytest.mark.parametrize(
    ("arguments", "code"), [(("--case", "3304-20260415-NOTHERE"), "NOT_FOUND"), (("--city", "99"), "OFFICE_NOT_FOUND")]
)
def test_what_does_not_exist_is_said_so(
    database: FreshDatabase, ledger: Ledger, arguments: tuple[str, ...], code: str
) -> None:
    with pytest.raises(CasewayError) as refused:
        ledger("verify", *arguments)
    assert refused.value.code == code
