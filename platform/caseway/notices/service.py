"""Telling offices something, and asking administrators to put something right: called by the slices above, always in
the transaction of what it is about. What is told vanishes with that transaction, or goes out once it holds."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from caseway.access.actor import Actor
from caseway.access.facts import office_facts
from caseway.access.permissions import Permission
from caseway.access.policy import Policy
from caseway.db.session import UnitOfWork
from caseway.errors import NotFound
from caseway.ledger.hashing import encode
from caseway.notices import loaders, repository
from caseway.notices.codes import Channel, NoticeKind
from caseway.notices.errors import TaskClosed
from caseway.notices.models import AdminTask, OfficeNotice
from caseway.tenancy import repository as offices
from caseway.tenancy.models import Office

#: Facts that would point at a case: tasks of administrators have none, for those who administer see no case.
_OF_CASES = frozenset({"case", "case_id", "case_ids", "number", "matter_id", "order_id", "petitioner_id"})


async def tell(
    uow: UnitOfWork,
    *,
    office_id: int,
    kind: NoticeKind | str,
    key: str,
    at: datetime,
    city_id: int | None = None,
    case_id: uuid.UUID | None = None,
    facts: Mapping[str, Any],
) -> None:
    """Tell an office something, once per key: it goes into the outbox, and from there into the office's notices.

    ``at`` is the instant it is about to be told (aware). About a case both ``city_id`` (its home city) and ``case_id``
    are given; then only those who see the case see the notice, and an office to which it is barred gets none at all. A
    closed office's successor is told. ``facts`` hold codes, numbers, instants and ids, never personal data or texts.
    The same key again, for the same office, does nothing for at least 30 days (then sent messages are deleted).
    Needs a unit of work whose permission was granted. An unknown kind or office is a mistake in the program.
    """
    if (case_id is None) is not (city_id is None):
        raise ValueError("a notice about a case needs its home city and its id")
    office = await offices.by_id(uow.session, office_id)
    if office is None:
        raise LookupError(f"there is no office {office_id} to tell")
    office = await offices.successor(uow.session, office)
    row = {
        "city_id": city_id if city_id is not None else office.city_id,
        "channel": Channel.OFFICE.value,
        "office_id": office.id,
        "kind": NoticeKind(kind).value,
        "key": key,
        "case_id": case_id,
        "facts": encode(facts),
        "created_at": at,
        "due_at": at,
    }
    await repository.put(uow.session, [row])


async def tell_offices(
    uow: UnitOfWork, told: Iterable[tuple[Office, str, Mapping[str, Any]]], *, kind: NoticeKind, at: datetime
) -> None:
    """Tell many open offices something about no case, in one statement: each (office, key, facts) as ``tell`` has
    it."""
    rows = [
        {
            "city_id": office.city_id,
            "channel": Channel.OFFICE.value,
            "office_id": office.id,
            "kind": kind.value,
            "key": key,
            "case_id": None,
            "facts": encode(facts),
            "created_at": at,
            "due_at": at,
        }
        for office, key, facts in told
    ]
    await repository.put(uow.session, rows)


async def open_task(
    uow: UnitOfWork, *, kind: str, key: str, office_id: int | None, at: datetime, facts: Mapping[str, Any]
) -> bool:
    """Ask the administrators of an office (None = those who operate the platform) to put something right; whether the
    task is new. Kind and key name it for ever: what may come back has its day or version in the key. ``facts`` never
    speak of a case or a person. Needs a unit of work whose permission was granted."""
    if told := _OF_CASES & facts.keys():
        raise ValueError(f"a task of administrators speaks of no case: {', '.join(sorted(told))}")
    return await repository.open_task(
        uow.session, kind=kind, key=key, office_id=office_id, at=at, facts=encode(dict(facts))
    )


async def close_task(uow: UnitOfWork, *, kind: str, key: str, at: datetime, person_id: int = 0) -> bool:
    """Close a task because its cause has gone; whether one was open. 0 = the platform found out itself."""
    return await repository.close_task(uow.session, kind=kind, key=key, at=at, by=person_id)


async def mark_read(
    uow: UnitOfWork, policy: Policy, actor: Actor, *, city_id: int, notice_id: uuid.UUID, now: datetime
) -> OfficeNotice:
    """Mark a notice as read for the acting office; who did so first stays. ``NotFound`` for what the actor cannot see,
    ``NotPermitted`` for roles that read no notices."""
    # Looked for under the actor's own scope: the permission opens it.
    found = await loaders.notice(uow.session, policy, actor, city_id=city_id, notice_id=notice_id, now=now)
    own = office_facts(actor, actor.office_id, actor.office_path)
    await policy.require(uow, actor, Permission.NOTICE_READ, own)
    if found is None:
        raise NotFound
    await repository.mark_read(uow.session, found, at=now, by=actor.person_id)
    return found


async def put_right(uow: UnitOfWork, policy: Policy, actor: Actor, *, task_id: uuid.UUID, now: datetime) -> AdminTask:
    """Close a task of the acting office, or of the platform, by hand. ``NotFound`` for those of others, ``TaskClosed``
    for one that was closed before, ``NotPermitted`` for those who may only read it."""
    await policy.refresh(uow.session)
    found = await repository.task(uow.session, task_id)
    facts = loaders.task_facts(actor, found.office_id) if found is not None else 0
    if found is None or not policy.allows(actor, Permission.TASK_READ, facts):
        raise NotFound
    await policy.require(uow, actor, Permission.TASK_CLOSE, facts)
    if not await repository.close_task(uow.session, kind=found.kind, key=found.key, at=now, by=actor.person_id):
        raise TaskClosed
    await uow.session.refresh(found)
    return found
