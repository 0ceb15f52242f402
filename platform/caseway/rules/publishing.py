"""From a draft to a version in force: checked as a whole, confirmed by a second person where the law is touched, and
compared with every book below. Also the way back: an old content as a new version.

A version is one row that changes its state once, under the lock of its book: of two people who publish at the same
moment one succeeds, the other finds no draft any more.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy.ext.asyncio import AsyncSession

from caseway.access.actor import Actor
from caseway.access.permissions import Permission
from caseway.access.policy import Policy
from caseway.db.session import UnitOfWork
from caseway.rules import checking, drafts, rechecks, repository, service, telling
from caseway.rules.drafts import Draft
from caseway.rules.errors import (
    DraftExists,
    EffectiveInPast,
    NothingChanged,
    NothingProposed,
    RuleBookNotFound,
    SecondPersonNeeded,
)
from caseway.rules.findings import Finding
from caseway.rules.models import RuleBook, RuleBookVersion, VersionState
from caseway.rules.telling import Change
from caseway.tenancy import repository as offices
from caseway.tenancy.models import Office


@dataclass(frozen=True, slots=True)
class Published:
    """What became of a publication."""

    book: RuleBook
    version: RuleBookVersion
    #: Whether another person must still confirm it.
    awaits_confirmation: bool
    #: Books below that are looser now and were clamped, as far as they were compared at once.
    clamped: int = 0
    #: Whether the worker still compares the rest of them.
    compares_further: bool = False


async def findings(
    session: AsyncSession, *, office_id: int, effective_from: date | None, now: datetime
) -> list[Finding]:
    """Everything that would stop the publication of an office's draft, as of its first day; nothing without a draft
    that may be read under this scope."""
    office = await offices.by_id(session, office_id)
    book = await repository.book_of(session, office_id)
    version = await repository.undecided(session, book.id) if book is not None else None
    if office is None or book is None or version is None:
        return []
    draft = await drafts.read(session, book, version)
    day = effective_from or version.effective_from or service.day_of(now)
    return await checking.findings(session, office, draft, day=max(day, service.day_of(now)), now=now)


async def publish(
    uow: UnitOfWork,
    policy: Policy,
    actor: Actor,
    *,
    office_id: int,
    revision: str,
    effective_from: date | None = None,
    note: str | None = None,
    now: datetime,
) -> Published:
    """Publish the draft from a day on: the one given, else that of the draft, but not before today. Where it touches
    what the law lays down it is only proposed, and another person confirms it.

    ``EffectiveInPast``, ``DraftMissing``, ``DraftChanged``, ``NothingChanged``, or ``RuleBookRefused`` with everything
    that is wrong with it.
    """
    office = await drafts.permitted(uow, policy, actor, Permission.RULE_PUBLISH, office_id=office_id)
    draft = await drafts.held(uow.session, office, revision=revision)
    today = service.day_of(now)
    day = effective_from or max(draft.version.effective_from or today, today)
    return await _release(uow, office, draft, day=day, note=note, person_id=actor.person_id, now=now)


async def confirm(
    uow: UnitOfWork, policy: Policy, actor: Actor, *, office_id: int, revision: str, now: datetime
) -> Published:
    """Publish what another person has proposed, checked anew. ``NothingProposed`` when nothing is, ``DraftChanged``
    when it is another content, ``SecondPersonNeeded`` for whoever proposed it."""
    office = await drafts.permitted(uow, policy, actor, Permission.RULE_PUBLISH, office_id=office_id)
    draft = await drafts.held(uow.session, office, revision=revision)
    version = draft.version
    if version.state != VersionState.PROPOSED or version.effective_from is None:
        raise NothingProposed
    if version.proposed_by == actor.person_id:
        raise SecondPersonNeeded
    await _check(uow.session, office, draft, day=version.effective_from, now=now)
    return await _publish(uow, office, draft, day=version.effective_from, person_id=actor.person_id, now=now)


async def rollback(
    uow: UnitOfWork,
    policy: Policy,
    actor: Actor,
    *,
    office_id: int,
    number: int,
    effective_from: date | None = None,
    note: str | None = None,
    now: datetime,
) -> Published:
    """Publish the content of an earlier published version as a new one: nothing that was in force is ever changed."""
    office = await drafts.permitted(uow, policy, actor, Permission.RULE_PUBLISH, office_id=office_id)
    found = await repository.book_of(uow.session, office.id)
    if found is None:
        raise RuleBookNotFound
    book = await repository.locked(uow.session, found.id)
    old = await repository.version(uow.session, book.id, number)
    if old is None or old.state != VersionState.PUBLISHED:
        raise RuleBookNotFound
    if (present := await repository.undecided(uow.session, book.id)) is not None:
        raise DraftExists(number=present.number)
    before = await drafts.read(uow.session, book, old)
    draft = await drafts.begin(
        uow.session,
        book,
        before.rows,
        editors=before.editors,
        based_on=old.number,
        about=old.about,
        note=note,
        at=now,
        person_id=actor.person_id,
    )
    day = effective_from or service.day_of(now)
    return await _release(uow, office, draft, day=day, note=note, person_id=actor.person_id, now=now)


async def _release(
    uow: UnitOfWork, office: Office, draft: Draft, *, day: date, note: str | None, person_id: int, now: datetime
) -> Published:
    """Check a draft, then publish or propose it."""
    newest = await repository.latest(uow.session, draft.book.id)
    if newest is not None and newest.digest == draft.version.digest and newest.effective_from == day:
        raise NothingChanged(number=newest.number)
    await _check(uow.session, office, draft, day=day, now=now)
    if note is not None:
        await repository.change_version(uow.session, draft.version, note=note)
    if await checking.touches_law(uow.session, office, draft, day=day):
        await repository.change_version(
            uow.session,
            draft.version,
            state=VersionState.PROPOSED.value,
            effective_from=day,
            proposed_at=now,
            proposed_by=person_id,
        )
        return Published(book=draft.book, version=draft.version, awaits_confirmation=True)
    return await _publish(uow, office, draft, day=day, person_id=person_id, now=now)


async def _check(session: AsyncSession, office: Office, draft: Draft, *, day: date, now: datetime) -> None:
    today = service.day_of(now)
    if day < today:
        raise EffectiveInPast(
            f"{day} is over: the earliest day is {today} (China's time zone); choose it or a later one.", earliest=today
        )
    await checking.require_publishable(session, office, draft, day=day, now=now)


async def _publish(
    uow: UnitOfWork, office: Office, draft: Draft, *, day: date, person_id: int, now: datetime
) -> Published:
    changed = await checking.touched(uow.session, draft)
    await repository.change_version(
        uow.session,
        draft.version,
        state=VersionState.PUBLISHED.value,
        effective_from=day,
        published_at=now,
        published_by=person_id,
    )
    if name := draft.version.about.get("name"):
        await repository.rename(uow.session, draft.book, name)
    done = await rechecks.after_publication(uow, office, draft, changed=changed, now=now)
    await telling.tell(uow, [Change(office, draft.book.code, draft.version.number, day, changed)], now=now)
    return Published(
        book=draft.book,
        version=draft.version,
        awaits_confirmation=False,
        clamped=done.clamped,
        compares_further=not done.finished,
    )
