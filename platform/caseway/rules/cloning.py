"""Bringing rules to many offices at once: a pack to all offices of its level in an area, a neighbour's book to some.

Rules only: no people and no cases go along. What is brought in is a version like any other: checked in the chain of
each office, proposed where it touches the law, and never laid over what an office is writing. The same call twice
changes nothing the second time.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from caseway.access.actor import Actor
from caseway.access.facts import office_facts
from caseway.access.permissions import Permission
from caseway.access.policy import Policy
from caseway.db.session import UnitOfWork
from caseway.errors import NotPermitted
from caseway.rules import checking, conditions, content, drafts, loaders, packs, rechecks, repository, service, telling
from caseway.rules.check import Outside, check
from caseway.rules.errors import EffectiveInPast, RuleBookNotFound, TooManyOffices
from caseway.rules.findings import Finding
from caseway.rules.models import RuleBook, RuleBookVersion, VersionState
from caseway.rules.rows import BookVersion, Row, is_guarded
from caseway.rules.service import Chain
from caseway.rules.telling import Change
from caseway.tenancy import repository as offices
from caseway.tenancy.models import Office

#: Offices that one call reaches.
MOST_OFFICES = 2_000


class Outcome(StrEnum):
    """What became of one office."""

    PUBLISHED = "PUBLISHED"
    PROPOSED = "PROPOSED"
    UNCHANGED = "UNCHANGED"
    DRAFT_OPEN = "DRAFT_OPEN"
    DIFFERS = "DIFFERS"
    REFUSED = "REFUSED"


@dataclass(frozen=True, slots=True)
class Provision:
    """What became of one office, and why nothing did."""

    office: Office
    outcome: Outcome
    findings: tuple[Finding, ...] = ()


@dataclass(slots=True)
class _Target:
    """An office on its way."""

    office: Office
    chain: Chain
    book: RuleBook | None
    newest: RuleBookVersion | None
    present: tuple[Row, ...]
    rows: list[Row] = field(default_factory=list)
    #: Rows that come, go or change.
    touched: list[Row] = field(default_factory=list)
    outcome: Outcome = Outcome.UNCHANGED
    findings: tuple[Finding, ...] = ()


#: What an office is to have, from what it has; None = it has rules of its own that are not replaced.
Wanted = Callable[[Sequence[Row]], list[Row] | None]


async def apply_pack(
    uow: UnitOfWork,
    policy: Policy,
    actor: Actor,
    *,
    pack_code: str,
    area_id: int,
    effective_from: date | None = None,
    overwrite: bool = False,
    now: datetime,
) -> list[Provision]:
    """Bring a pack to every government of its level at and below an office, by code. Their own rules stay; a rule that
    one says differently under the pack's id is replaced only with ``overwrite``. ``PackUnknown``, ``TooManyOffices``,
    ``EffectiveInPast``."""
    area = await drafts.permitted(uow, policy, actor, Permission.RULE_PROVIDE, office_id=area_id)
    pack = packs.pack(pack_code)
    found = await loaders.governments_in(uow.session, area, level=pack.level.value, limit=MOST_OFFICES + 1)
    if len(found) > MOST_OFFICES:
        raise TooManyOffices(most=MOST_OFFICES)
    return await _provide(
        uow,
        actor,
        found,
        lambda present: packs.applied(pack, present, overwrite=overwrite),
        about={"note": f"{pack.code}: {pack.name}"},
        origin=pack.origin,
        effective_from=effective_from,
        now=now,
    )


async def clone(
    uow: UnitOfWork,
    policy: Policy,
    actor: Actor,
    *,
    source_id: int,
    office_ids: Sequence[int],
    effective_from: date | None = None,
    overwrite: bool = False,
    now: datetime,
) -> list[Provision]:
    """Give offices the rules that another one has published. Offices that have rules of their own keep them unless
    ``overwrite``. Guarded rules come switched off: a review counts for the office that recorded it alone."""
    if len(office_ids) > MOST_OFFICES:
        raise TooManyOffices(most=MOST_OFFICES)
    wanted = await offices.by_ids(uow.session, office_ids)
    if not wanted or len(wanted) < len(set(office_ids)):
        raise RuleBookNotFound
    for office in wanted.values():
        if not policy.allows(actor, Permission.RULE_PROVIDE, office_facts(actor, office.id, office.path)):
            raise NotPermitted(permission=Permission.RULE_PROVIDE.value)
    await drafts.permitted(uow, policy, actor, Permission.RULE_PROVIDE, office_id=min(wanted))
    book = await repository.book_of(uow.session, source_id)
    newest = await repository.latest(uow.session, book.id) if book is not None else None
    if book is None or newest is None:
        raise RuleBookNotFound
    source = await drafts.read(uow.session, book, newest)
    rows = [replace(row, enabled=row.enabled and not is_guarded(row.guard)) for row in source.rows]

    def all_of_it(present: Sequence[Row]) -> list[Row] | None:
        return rows if overwrite or not present or content.digest(present) == content.digest(rows) else None

    return await _provide(
        uow,
        actor,
        sorted(wanted.values(), key=lambda office: office.code),
        all_of_it,
        about={**newest.about, "name": None, "role": "office", "note": f"{book.code} v{newest.number}", "source": {}},
        origin=content.digest(rows),
        effective_from=effective_from,
        now=now,
    )


async def _provide(
    uow: UnitOfWork,
    actor: Actor,
    found: Sequence[Office],
    wanted: Wanted,
    *,
    about: dict[str, Any],
    origin: bytes,
    effective_from: date | None,
    now: datetime,
) -> list[Provision]:
    today = service.day_of(now)
    day = effective_from or today
    if day < today:
        raise EffectiveInPast(earliest=today)
    session = uow.session
    await _make_books(session, found, now=now)
    targets = await _targets(session, found, day=day)
    writing = await repository.undecided_of(session, [each.book.id for each in targets if each.book is not None])
    checked: dict[tuple[object, ...], tuple[Finding, ...]] = {}
    for target in targets:
        rows = wanted(target.present)
        if rows is None:
            target.outcome = Outcome.DIFFERS
        elif target.newest is not None and content.digest(rows) == target.newest.digest:
            target.outcome = Outcome.UNCHANGED
        elif target.book is not None and target.book.id in writing:
            target.outcome = Outcome.DRAFT_OPEN
        else:
            target.rows = rows
            _judge(target, checked, day=day)
    going = [each for each in targets if each.outcome in (Outcome.PUBLISHED, Outcome.PROPOSED)]
    numbers = await _store(session, going, actor, about=about, origin=origin, day=day, now=now)
    published = [each for each in going if each.outcome is Outcome.PUBLISHED]
    await rechecks.after_many(uow, [each.office for each in published], day=day, now=now)
    changes = [
        Change(each.office, each.book.code, numbers[each.book.id], day, each.touched)
        for each in published
        if each.book is not None
    ]
    await telling.tell(uow, changes, now=now)
    return [Provision(each.office, each.outcome, each.findings) for each in targets]


async def _make_books(session: AsyncSession, found: Sequence[Office], *, now: datetime) -> None:
    known = await repository.books_of(session, [office.id for office in found])
    missing = [drafts.new_book(office, at=now) for office in found if office.id not in known]
    await repository.add_books(session, missing)


async def _targets(session: AsyncSession, found: Sequence[Office], *, day: date) -> list[_Target]:
    """The offices with what they have published; their books are locked, always in the same order."""
    ids = [office.id for office in found]
    books = await repository.locked_of(session, ids)
    newest = await repository.latest_of(session, [book.id for book in books.values()])
    contents = await service.contents_of_versions(session, newest.values())
    chains = await service.chains(session, ids, day=day)
    return [
        _Target(
            office=office,
            chain=chains[office.id],
            book=books.get(office.id),
            newest=(version := newest.get(books[office.id].id) if office.id in books else None),
            present=contents[version.digest] if version is not None else (),
        )
        for office in found
    ]


def _judge(target: _Target, checked: dict[tuple[object, ...], tuple[Finding, ...]], *, day: date) -> None:
    """Check the rows of a target in its chain. Offices of one kind below the same books get the same answer: it is
    looked for once."""
    assert target.book is not None
    code, place = target.book.code, target.chain.place
    above = tuple(version for version in target.chain.versions if version.book.code != code)
    line = place.chain[-1] if any(":" in row.applies_to for row in target.rows) else ()
    key = (
        *((version.book.code, version.version, version.effective_from) for version in above),
        *(place.level, place.kind, line, content.digest(target.rows)),
    )
    own = BookVersion(checking.read_book(target.book, target.office), 1, day, tuple(target.rows))
    if key not in checked:
        outside = Outside(condition=conditions.check)
        checked[key] = tuple(each for each in check(own, above, place, outside=outside) if not each.is_note)
    target.findings = checked[key]
    before = {row.id: row for row in target.present}
    after = {row.id: row for row in target.rows}
    target.touched = [row for row_id, row in after.items() if not checking.same(before.get(row_id), row)]
    target.touched += [row for row_id, row in before.items() if not checking.same(row, after.get(row_id))]
    if target.findings:
        target.outcome = Outcome.REFUSED
    else:
        target.outcome = Outcome.PROPOSED if checking.of_law(target.touched, above) else Outcome.PUBLISHED


async def _store(
    session: AsyncSession,
    going: Sequence[_Target],
    actor: Actor,
    *,
    about: dict[str, Any],
    origin: bytes,
    day: date,
    now: datetime,
) -> dict[int, int]:
    """Store the versions; their numbers by book."""
    ids = [each.book.id for each in going if each.book is not None]
    last = await repository.last_numbers(session, ids)
    numbers = {book_id: last.get(book_id, 0) + 1 for book_id in ids}
    versions, rows = [], []
    for target in going:
        assert target.book is not None
        number = numbers[target.book.id]
        is_proposed = target.outcome is Outcome.PROPOSED
        versions.append(
            {
                "book_id": target.book.id,
                "number": number,
                "office_id": target.office.id,
                "state": (VersionState.PROPOSED if is_proposed else VersionState.PUBLISHED).value,
                "effective_from": day,
                "based_on": target.newest.number if target.newest is not None else None,
                "about": {**(target.newest.about if target.newest is not None else {}), **about},
                "digest": content.digest(target.rows),
                "origin": origin,
                "created_at": now,
                "created_by": actor.person_id,
                "proposed_at": now if is_proposed else None,
                "proposed_by": actor.person_id if is_proposed else None,
                "published_at": None if is_proposed else now,
                "published_by": None if is_proposed else actor.person_id,
            }
        )
        rows += content.to_values(target.rows, book_id=target.book.id, number=number, edited_by=actor.person_id)
    await repository.add_versions(session, versions)
    await repository.add_rows(session, rows)
    return numbers
