"""Comparing books below with what applies above them now, after a publication or after offices were moved.

A stricter rule above never waits for the books below: where one of them is looser now, the merge clamps it, and the
administrators of its office are told by a task. The first books are compared in the transaction that caused it, the
rest by the worker, in parts.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from caseway.db.session import UnitOfWork
from caseway.notices import service as notices
from caseway.rules import checking, content, loaders, repository, service
from caseway.rules.drafts import Draft
from caseway.rules.findings import Finding
from caseway.rules.loaders import Below
from caseway.rules.models import RuleRecheck
from caseway.rules.rows import Row
from caseway.rules.service import Chain
from caseway.tenancy import repository as offices
from caseway.tenancy.models import Office

#: Books that are compared at once, and those of one part of the rest.
AT_ONCE = 100
PART = 500
#: Kind of the tasks for administrators.
TASK = "RULE_CLAMPED"


@dataclass(slots=True)
class Compared:
    """What a comparison found."""

    findings: list[Finding] = field(default_factory=list)
    #: Books in which something was found.
    clamped: int = 0
    finished: bool = True

    def add(self, found: Sequence[Finding]) -> None:
        """Count the findings of one book."""
        self.findings += found
        self.clamped += bool(found)


async def after_publication(
    uow: UnitOfWork, office: Office, draft: Draft, *, changed: Collection[Row], now: datetime
) -> Compared:
    """Compare the books below an office whose book was published a moment ago with these new or changed rows, and that
    book itself with what is still to come into force above it."""
    key, day = f"book:{draft.book.id}:{draft.version.number}", draft.version.effective_from
    assert day is not None
    kinds = {row.kind for row in changed}
    done = await _begin(uow, key, path=office.path, kinds=kinds, effective_from=day, now=now) if kinds else Compared()
    own = Below(office.id, office.path, draft.book.id, draft.book.code, coming=())
    standing: set[str] = set()
    for one in (day, *await loaders.coming_above(uow.session, office, day=day)):
        found = await conflicts(uow.session, [own], day=one)
        await _count(uow, done, found, now=now)
        standing |= {each.key for conflicting in found.values() for each in conflicting}
    await _put_right(uow, office, draft, standing, now=now)
    return done


async def _put_right(uow: UnitOfWork, office: Office, draft: Draft, standing: set[str], *, now: datetime) -> None:
    """Close the tasks about a book whose newest version has put their cause right."""
    person_id = draft.version.published_by or 0
    for key in await repository.open_tasks(uow.session, kind=TASK, office_id=office.id):
        book, _, _ = key.partition(":")
        if book == draft.book.code and key.partition("@")[0] not in standing:
            await notices.close_task(uow, kind=TASK, key=key, at=now, person_id=person_id)


async def after_law(
    uow: UnitOfWork, *, book_id: int, number: int, jurisdiction: str, effective_from: date, now: datetime
) -> Compared:
    """Compare the books of a jurisdiction after a layer of the law was published."""
    key = f"book:{book_id}:{number}"
    return await _begin(uow, key, path="", jurisdiction=jurisdiction, effective_from=effective_from, now=now)


async def after_many(uow: UnitOfWork, published: Sequence[Office], *, day: date, now: datetime) -> None:
    """Have the books below many offices compared, all by the worker: their books were published a moment ago."""
    concerned = await loaders.with_books_below(uow.session, [office.id for office in published])
    for office in published:
        if office.id in concerned:
            key = f"many:{office.id}:{now.isoformat()}"
            await repository.add_recheck(
                uow.session, key=key, path=office.path, jurisdiction="", kinds=(), effective_from=day, at=now
            )


async def after_move(uow: UnitOfWork, office_ids: Collection[int], *, now: datetime) -> Compared:
    """Compare the books of offices that hang elsewhere now. A move is never refused because of its rules."""
    moved = await offices.by_ids(uow.session, office_ids)
    done = Compared()
    for office in sorted(moved.values(), key=lambda each: each.path):
        if office.parent_id not in moved:
            part = await _begin(uow, f"move:{office.id}:{now.isoformat()}", path=office.path, now=now)
            done.findings += part.findings
            done.clamped += part.clamped
            done.finished &= part.finished
    return done


async def go_on(uow: UnitOfWork, *, now: datetime) -> Compared | None:
    """One part of the oldest comparison that is not finished, for the worker; None when there is nothing to do."""
    work = await repository.open_recheck(uow.session)
    if work is None:
        return None
    return await _part(uow, work, limit=PART, now=now)


@dataclass(frozen=True, slots=True)
class Conflict:
    """A finding about a book below, and what names it as long as both rules keep their wording."""

    finding: Finding
    key: str


async def conflicts(
    session: AsyncSession, found: Sequence[Below], *, day: date, kinds: Collection[str] = ()
) -> dict[Below, list[Conflict]]:
    """What the books of these offices say that the rules above them forbid, on a day and on each later first day of one
    of their own versions; with ``kinds`` only about these. Books without conflict are left out."""
    days: dict[date, list[Below]] = {}
    for each in found:
        for one in (day, *(later for later in each.coming if later > day)):
            days.setdefault(one, []).append(each)
    result: dict[Below, dict[str, Conflict]] = {}
    for one, concerned in sorted(days.items()):
        chains = await service.chains(session, [each.office_id for each in concerned], day=one)
        for each in concerned:
            chain = chains[each.office_id]
            for finding in checking.conflicts(chain, each.code, kinds=kinds):
                key = _key(chain, finding)
                result.setdefault(each, {}).setdefault(key, Conflict(finding, key))
    return {each: list(by_key.values()) for each, by_key in result.items()}


def _key(chain: Chain, finding: Finding) -> str:
    """Book, rule and parameter, and the wording of both rules: a new version that says the same is not told again."""
    places = [(finding.book, finding.row_id)]
    if finding.parent is not None:
        places.append((finding.parent.book, finding.parent.row_id))
    rows = [
        content.row_digest(row).hex()[:16]
        for version in chain.versions
        for row in version.rows
        if (version.book.code, row.id) in places
    ]
    return ":".join((finding.book, finding.row_id, finding.parameter, finding.code.value, *rows))


async def _begin(
    uow: UnitOfWork,
    key: str,
    *,
    path: str,
    jurisdiction: str = "",
    kinds: Collection[str] = (),
    effective_from: date | None = None,
    now: datetime,
) -> Compared:
    await repository.add_recheck(
        uow.session,
        key=key,
        path=path,
        jurisdiction=jurisdiction,
        kinds=kinds,
        effective_from=effective_from,
        at=now,
    )
    work = await repository.recheck(uow.session, key)
    return await _part(uow, work, limit=AT_ONCE, now=now) if work is not None else Compared()


async def _part(uow: UnitOfWork, work: RuleRecheck, *, limit: int, now: datetime) -> Compared:
    today = service.day_of(now)
    found = await loaders.books_below(
        uow.session,
        path=work.path,
        after=work.done_path,
        jurisdiction=work.jurisdiction,
        kinds=work.kinds,
        day=today,
        limit=limit,
    )
    done = Compared(finished=len(found) < limit)
    day = max(work.effective_from or today, today)
    await _count(uow, done, await conflicts(uow.session, found, day=day, kinds=work.kinds), now=now)
    await repository.advance(
        uow.session, work, done_path=found[-1].path if found else work.done_path, done_at=now if done.finished else None
    )
    return done


async def _count(uow: UnitOfWork, done: Compared, found: Mapping[Below, list[Conflict]], *, now: datetime) -> None:
    for below, conflicting in found.items():
        done.add([each.finding for each in conflicting])
        for each in conflicting:
            await _report(uow, below, each, now=now)


async def _report(uow: UnitOfWork, below: Below, conflict: Conflict, *, now: datetime) -> None:
    """Ask the administrators of an office to write its rule anew, unless they have been asked about the same wording
    above and below and have not done so yet."""
    asked = await repository.open_tasks(uow.session, kind=TASK, office_id=below.office_id)
    if any(key.partition("@")[0] == conflict.key for key in asked):
        return
    finding = conflict.finding
    facts: dict[str, Any] = {
        "book": finding.book,
        "rule": finding.row_id,
        "parameter": finding.parameter,
        "code": finding.code.value,
        "message": finding.message,
        "cure": finding.cure,
        "parent_book": finding.parent.book if finding.parent is not None else None,
        "parent_rule": finding.parent.row_id if finding.parent is not None else None,
    }
    key = f"{conflict.key}@{now.isoformat()}"
    await notices.open_task(uow, kind=TASK, key=key, office_id=below.office_id, at=now, facts=facts)
