"""The outbox on its way: at least once, under ids that stay; failures back off, die visibly and can be revived."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from caseway.cases.models import Case
from caseway.cases.workflow import PetitionClass
from caseway.db import retries
from caseway.db.session import Database
from caseway.notices import jobs, repository, service
from caseway.notices.codes import Channel, NoticeKind
from caseway.notices.errors import OutboxAddressInvalid, OutboxSecretInvalid
from caseway.notices.webhook import Webhook
from caseway.settings import Settings
from caseway.tenancy.models import Office
from support.factories import T0, Town, days, make_case, platform_unit

from .conftest import Look
from .receiver import SECRET, Receiver, receiving

KIND = NoticeKind.SUPERVISED


def webhook_to(url: str, secret: str = SECRET) -> Webhook | None:
    """As the settings would make it."""
    return Webhook.of(Settings(outbox_url=url, outbox_secret=secret))  # type: ignore[arg-type]


async def tell(db: Database, office: Office, count: int = 1, *, case: Case | None = None) -> None:
    """Messages that wait."""
    async with platform_unit(db) as uow:
        for number in range(count):
            await service.tell(
                uow,
                office_id=office.id,
                kind=KIND,
                key=f"{case.id if case is not None else ''}:{number}",
                at=T0,
                city_id=case.city_id if case is not None else None,
                case_id=case.id if case is not None else None,
                facts={"number": number},
            )


async def deliver_all(db: Database, webhook: Webhook | None = None, *, now: datetime = T0) -> int:
    """What the worker does until nothing is due."""
    total = 0
    while done := await jobs.deliver(db, now=now, webhook=webhook):
        total += done
    return total


def test_the_signature_is_that_of_the_specification() -> None:
    webhook = webhook_to("https://example.org/")
    assert webhook is not None
    headers = webhook.headers(
        "msg_p5jXN8AQM9LWM0D4loKWxJek",
        b'{"test": 2432232314}',
        at=datetime.fromtimestamp(1614265330, UTC),
    )
    assert headers == {
        "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
        "webhook-timestamp": "1614265330",
        "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    }


@pytest.mark.parametrize(
    "url", ["http://example.org/", "ftp://example.org", "example.org", "https://name:word@example.org", "https:///x"]
)
def test_messages_go_out_encrypted_or_not_at_all(url: str) -> None:
    with pytest.raises(OutboxAddressInvalid):
        webhook_to(url)


@pytest.mark.parametrize("secret", ["", "whsec_", "whsec_c2hvcnQ=", "whsec_not base64", SECRET.removeprefix("whsec_")])
def test_messages_go_out_signed_or_not_at_all(secret: str) -> None:
    with pytest.raises(OutboxSecretInvalid):
        webhook_to("https://example.org/", secret)


def test_without_an_address_nothing_goes_out_and_the_secret_is_never_shown() -> None:
    assert Webhook.of(Settings()) is None
    assert SECRET not in repr(webhook_to("https://example.org/"))


async def test_a_message_says_that_there_is_something_to_read_and_nothing_more(
    db: Database, town: Town, look: Look
) -> None:
    case = await make_case(db, holder=town.town)
    await tell(db, town.town, case=case)
    with receiving() as receiver:
        assert await deliver_all(db, webhook_to(receiver.url)) == 2
    (message,) = receiver.messages
    ((outbox_id,),) = look("select id::text from outbox where channel = 'WEBHOOK'")
    assert message == {
        "id": outbox_id,
        "at": int(T0.timestamp()),
        "type": "office.notice",
        "timestamp": "2026-04-15T01:00:00Z",
        "data": {"office": town.town.code, "kind": "SUPERVISED"},
    }
    assert receiver.forged == []
    assert look("select channel from outbox where sent_at is null") == []


async def test_nothing_about_accusations_and_nothing_to_the_accused_goes_outside(
    db: Database, town: Town, look: Look
) -> None:
    accusation = await make_case(db, holder=town.county, petition_class=PetitionClass.ACCUSATION, accused=[town.town])
    complaint = await make_case(db, holder=town.county, accused=[town.town])
    for office, case in ((town.county, accusation), (town.town, complaint), (town.town, accusation)):
        await tell(db, office, case=case)
    with receiving() as receiver:
        await deliver_all(db, webhook_to(receiver.url))
    assert receiver.messages == []
    assert look("select channel, count(*), count(sent_at) from outbox group by 1") == [("OFFICE", 3, 3)]
    assert look("select office_id, case_id from office_notice") == [(town.county.id, accusation.id)]


@pytest.mark.parametrize("status", [400, 500, 302])
async def test_what_is_not_taken_backs_off_dies_visibly_and_can_be_revived(
    db: Database, town: Town, look: Look, status: int
) -> None:
    await tell(db, town.town)
    now = T0
    with receiving() as receiver:
        receiver.status = status
        webhook = webhook_to(receiver.url)
        await deliver_all(db, webhook)
        pauses = []
        while (row := look("select due_at, dead_at, attempts, last_error from outbox where channel = 'WEBHOOK'")[0])[
            1
        ] is None:
            due_at, attempts = row[0], row[2]
            assert isinstance(due_at, datetime) and isinstance(attempts, int)
            assert str(row[3]) == f"Unanswered: the receiver answered {status}"
            assert await jobs.deliver(db, now=due_at - timedelta(microseconds=1), webhook=webhook) == 0
            pauses.append(due_at - now)
            now = due_at
            await deliver_all(db, webhook, now=now)
        assert pauses == [retries.backoff(attempt) for attempt in range(1, 20)]
        assert timedelta(hours=10) < now - T0 < timedelta(hours=16)
        assert (await jobs.lag(db, now=now)).dead == 1
        # One id at every attempt, and the instant of that attempt.
        assert len(receiver.messages) == 20 and len({each["id"] for each in receiver.messages}) == 1
        assert receiver.messages[-1]["at"] == int(now.timestamp())
        receiver.status = 200
        assert await deliver_all(db, webhook, now=now + days(1)) == 0
        async with platform_unit(db) as uow:
            (revived,) = await repository.revive(uow.session, None, due_at=now)
            assert revived.channel == Channel.WEBHOOK
        assert await deliver_all(db, webhook, now=now) == 1
    assert receiver.forged == []
    assert await jobs.lag(db, now=now) == jobs.Lag(0, timedelta(0), 0)


async def test_a_receiver_that_is_away_is_a_failure_like_any_other(db: Database, town: Town, look: Look) -> None:
    await tell(db, town.town, 2)
    with receiving() as gone:
        pass
    await deliver_all(db, webhook_to(gone.url))
    assert [
        str(error).split(":")[0] for (error,) in look("select last_error from outbox where channel = 'WEBHOOK'")
    ] == ["ConnectionRefusedError"] * 2


async def test_what_somebody_else_is_sending_is_left_to_them_for_two_minutes(db: Database, town: Town) -> None:
    await tell(db, town.town, 3)
    with receiving() as receiver:
        webhook = webhook_to(receiver.url)
        await jobs.deliver(db, now=T0)
        async with platform_unit(db) as uow:
            assert await repository.claim(uow.session, Channel.WEBHOOK, now=T0, limit=9) == []
        await tell(db, town.other_town, 3)
        await jobs.deliver(db, now=T0, webhook=webhook)
        assert len(receiver.messages) == 3
        await tell(db, town.county, 3)
        await asyncio.gather(*(jobs.deliver(db, now=T0, webhook=webhook) for _ in range(4)))
        await deliver_all(db, webhook)
        assert len(receiver.messages) == 6
        assert set(Counter(each["id"] for each in receiver.messages).values()) == {1}


async def test_a_message_that_cannot_be_delivered_is_put_off_and_holds_up_no_other(
    db: Database, town: Town, look: Look
) -> None:
    await tell(db, town.town)
    await tell(db, town.other_town, 4)
    look.run(
        "create function refuse() returns trigger language plpgsql as $$ begin "
        f"if new.office_id = {town.town.id} then raise 'no room'; end if; return new; end $$"
    )
    look.run("create trigger refuse before insert on office_notice for each row execute function refuse()")
    for _ in range(3):
        await jobs.deliver(db, now=T0)
    assert look("select office_id, count(*) from office_notice group by 1") == [(town.other_town.id, 4)]
    ((attempts, error, due_at),) = look("select attempts, last_error, due_at from outbox where sent_at is null")
    assert attempts == 1 and "no room" in str(error) and due_at == T0 + timedelta(seconds=5)
    look.run("drop trigger refuse on office_notice")
    await deliver_all(db, now=T0 + timedelta(seconds=5))
    assert look("select count(*) from office_notice") == [(5,)]


async def _killed(database_url: str, where: str, receiver: Receiver) -> None:
    environment = os.environ | {"CASEWAY_OUTBOX_URL": receiver.url, "CASEWAY_OUTBOX_SECRET": SECRET}
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        str(Path(__file__).with_name("dying_sender.py")),
        database_url,
        T0.isoformat(),
        where,
        env=environment,
    )
    assert await process.wait() == -signal.SIGKILL


async def test_killed_at_any_point_everything_arrives_under_the_same_id(
    db: Database, database_url: str, town: Town, look: Look
) -> None:
    """Twice before its notices were committed, twice after messages had gone out without anybody noting it."""
    await tell(db, town.town, 12)
    with receiving() as receiver:
        await _killed(database_url, "inside", receiver)
        assert look("select count(*) from office_notice") == [(0,)]
        await _killed(database_url, "inside", receiver)
        await _killed(database_url, "abroad", receiver)
        notices = look("select id from office_notice order by id")
        assert len(notices) == 12 and len(receiver.messages) >= 3
        late = T0 + timedelta(minutes=2)
        look.run(f"update outbox set due_at = '{T0}' where channel = 'WEBHOOK' and sent_at is null")
        await _killed(database_url, "abroad", receiver)
        await deliver_all(db, webhook_to(receiver.url), now=late)
    assert look("select id from office_notice order by id") == notices
    times = Counter(each["id"] for each in receiver.messages)
    assert len(times) == 12 and max(times.values()) <= 3 and receiver.forged == []
    assert set(times) == {str(key) for (key,) in look("select id::text from outbox where channel = 'WEBHOOK'")}


async def test_workers_side_by_side_deliver_each_message_once(db: Database, town: Town, look: Look) -> None:
    await tell(db, town.town, 450)
    done = await asyncio.gather(*(deliver_all(db) for _ in range(3)))
    assert sum(done) == 450
    assert look("select count(*), count(distinct id) from office_notice") == [(450, 450)]


async def test_lag_counts_what_waits_and_since_when(db: Database, town: Town) -> None:
    assert await jobs.lag(db, now=T0) == jobs.Lag(0, timedelta(0), 0)
    await tell(db, town.town, 3)
    assert await jobs.lag(db, now=T0 + days(2)) == jobs.Lag(3, days(2), 0)


async def test_what_is_old_is_deleted_and_what_nobody_read_stays(db: Database, town: Town, look: Look) -> None:
    await tell(db, town.town, 3)
    await deliver_all(db)
    look.run("update office_notice set read_at = at, read_by = 1 where facts @> '{\"number\": 0}'")
    assert await jobs.purge(db, now=T0 + days(30)) == 0
    assert await jobs.purge(db, now=T0 + days(30) + timedelta(seconds=1)) == 3
    assert look("select count(*) from office_notice") == [(3,)]
    assert await jobs.purge(db, now=T0 + days(366)) == 1
    assert look("select count(*) from office_notice where read_at is null") == [(2,)]
