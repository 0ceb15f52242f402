"""``caseway outbox``: dead messages are seen, and sent again when their cause is cured."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Callable
from datetime import timedelta

import psycopg
import pytest
from typer.testing import CliRunner, Result

from caseway import cli, clock
from caseway.db.retries import MAX_ATTEMPTS
from caseway.db.session import Database
from caseway.errors import CasewayError
from caseway.notices import jobs, service
from caseway.notices.codes import NoticeKind
from support.database import FreshDatabase
from support.factories import T0, make_office, platform_unit

Run = Callable[..., Result]
_REFUSE = """
create function refuse() returns trigger language plpgsql as $$ begin raise 'the mailbox is on fire'; end $$;
create trigger refuse before insert on office_notice for each row execute function refuse();
"""


@pytest.fixture
def run(database: FreshDatabase, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs ``caseway outbox …`` against this test's database."""
    monkeypatch.setenv("DATABASE_URL", database.address.url)
    return lambda *arguments: CliRunner().invoke(cli.build(), ["outbox", *arguments])


async def _dead(pool: Database, database: FreshDatabase, *, count: int) -> None:
    """Messages that could not be delivered until they died; then the cause is cured."""
    office = await make_office(pool)
    async with platform_unit(pool) as uow:
        for number in range(count):
            await service.tell(
                uow, office_id=office.id, kind=NoticeKind.ESCALATED, key=f"{number}", at=T0, facts={"n": number}
            )
    with psycopg.connect(database.dsn, autocommit=True) as connection:
        connection.execute(_REFUSE)
        for attempt in range(MAX_ATTEMPTS):
            for _ in range(count):
                await jobs.deliver(pool, now=T0 + attempt * timedelta(hours=2))
        connection.execute("drop trigger refuse on office_notice")


def _rows(database: FreshDatabase) -> list[tuple[object, ...]]:
    with psycopg.connect(database.dsn) as connection:
        return connection.execute("select id, dead_at is not null, attempts from outbox order by id").fetchall()


async def test_nothing_dead_is_said_so(run: Run) -> None:
    done = await asyncio.to_thread(run, "list")
    assert done.exit_code == 0 and done.stdout == ""
    assert "no dead messages; 0 due" in done.stderr


async def test_dead_messages_are_listed_with_their_last_error(
    run: Run, pool: Database, database: FreshDatabase
) -> None:
    await _dead(pool, database, count=2)
    done = await asyncio.to_thread(run, "list")
    assert done.exit_code == 1 and "2 dead messages" in done.stderr
    for message_id, is_dead, attempts in _rows(database):
        assert is_dead and attempts == MAX_ATTEMPTS
        assert str(message_id) in done.stdout
    assert done.stdout.count("the mailbox is on fire") == 2
    assert (await asyncio.to_thread(run, "list", "--most", "1")).stdout.count("on fire") == 1


async def test_a_revived_message_is_delivered(run: Run, pool: Database, database: FreshDatabase) -> None:
    await _dead(pool, database, count=2)
    first = _rows(database)[0][0]
    done = await asyncio.to_thread(run, "revive", str(first))
    assert done.exit_code == 0 and "1 messages revived" in done.stderr
    assert await jobs.deliver(pool, now=clock.now()) == 1
    with psycopg.connect(database.dsn) as connection:
        assert connection.execute("select id from office_notice").fetchall() == [(first,)]
        noted = connection.execute("select action, outcome, subject from access_event").fetchall()
    assert [(action, outcome) for action, outcome, _ in noted] == [("outbox:revive", "REVIVED")]
    assert str(noted[0][2]).endswith(str(first))


async def test_all_dead_messages_are_revived_at_once(run: Run, pool: Database, database: FreshDatabase) -> None:
    await _dead(pool, database, count=3)
    assert "3 messages revived" in (await asyncio.to_thread(run, "revive", "--all")).stderr
    assert not any(is_dead for _, is_dead, _ in _rows(database))
    assert "0 messages revived" in (await asyncio.to_thread(run, "revive", "--all")).stderr


async def test_reviving_needs_to_know_which(run: Run, pool: Database, database: FreshDatabase) -> None:
    await _dead(pool, database, count=1)
    for arguments, code in (
        ([], "MESSAGE_UNNAMED"),
        ([str(_rows(database)[0][0]), "--all"], "MESSAGE_UNNAMED"),
        ([str(uuid.uuid4())], "MESSAGE_NOT_FOUND"),
    ):
        refused = await asyncio.to_thread(run, "revive", *arguments)
        assert isinstance(refused.exception, CasewayError) and refused.exception.code == code
    assert _rows(database)[0][1] is True
