"""Reading rule books: published versions are anybody's to read, a draft its own office's alone (S4.7).

The second lock hides the drafts of others from every query here; the policy is asked beside it, so that an office whose
own rules take the permission away from a role is obeyed too.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy.ext.asyncio import AsyncSession

from caseway.access.actor import Actor
from caseway.access.facts import BIT, office_facts
from caseway.access.permissions import Permission
from caseway.access.policy import Policy
from caseway.db.keyset import Page, Window
from caseway.rules import content, exchange, loaders, packs, repository, service
from caseway.rules.documents import BookDocument
from caseway.rules.models import RuleBook, RuleBookVersion, RuleRow, VersionState
from caseway.rules.rows import Row
from caseway.tenancy import repository as offices
from caseway.tenancy.models import Office


@dataclass(frozen=True, slots=True)
class Difference:
    """One parameter that two versions of a rule say differently; absent values are None."""

    name: str
    before: object
    after: object


@dataclass(frozen=True, slots=True)
class Changed:
    """A rule that two versions say differently."""

    before: Row
    after: Row
    differences: tuple[Difference, ...]


@dataclass(frozen=True, slots=True)
class Diff:
    """What a later version adds, takes out and changes, each in the book's order."""

    added: tuple[Row, ...]
    removed: tuple[Row, ...]
    changed: tuple[Changed, ...]


@dataclass(frozen=True, slots=True)
class Registered:
    """An entry of the public register."""

    book: RuleBook
    version: RuleBookVersion
    #: None for layers of the law.
    office: Office | None


def reads_drafts(policy: Policy, actor: Actor | None, office_id: int) -> bool:
    """Whether somebody may read what an office has not published."""
    if actor is None or actor.office_id != office_id:
        return False
    return policy.allows(actor, Permission.RULE_READ_DRAFT, BIT["any"] | BIT["own"])


async def book(
    session: AsyncSession, policy: Policy, actor: Actor | None, *, office_id: int | None = None, code: str | None = None
) -> RuleBook | None:
    """A book by its office or code. One without a published version exists for those alone who may read its draft."""
    found = None
    if office_id is not None:
        found = await repository.book_of(session, office_id)
    elif code is not None:
        found = await repository.book_by_code(session, code)
    if found is None or reads_drafts(policy, actor, found.office_id or 0):
        return found
    return found if await repository.latest(session, found.id) is not None else None


async def draft(session: AsyncSession, policy: Policy, actor: Actor | None, book: RuleBook) -> RuleBookVersion | None:
    """The draft or proposal of a book, for those who may read it."""
    if not reads_drafts(policy, actor, book.office_id or 0):
        return None
    return await repository.undecided(session, book.id)


async def version(
    session: AsyncSession, policy: Policy, actor: Actor | None, book: RuleBook, number: int
) -> RuleBookVersion | None:
    """One version of a book, if it may be read."""
    found = await repository.version(session, book.id, number)
    if found is None or found.state == VersionState.PUBLISHED:
        return found
    return found if reads_drafts(policy, actor, book.office_id or 0) else None


async def versions(
    session: AsyncSession, policy: Policy, actor: Actor | None, book: RuleBook, page: Page
) -> Window[RuleBookVersion]:
    """A page of the versions that may be read, newest first."""
    return await repository.versions(
        session, book.id, page, all_states=reads_drafts(policy, actor, book.office_id or 0)
    )


async def rules(session: AsyncSession, version: RuleBookVersion, page: Page) -> Window[RuleRow]:
    """A page of the rules of a version that was read already."""
    return await repository.rules_page(session, version.book_id, version.number, page)


async def in_force(session: AsyncSession, book_ids: Sequence[int], *, day: date) -> list[RuleBookVersion | None]:
    """The version in force on a day (Asia/Shanghai) of each of these books."""
    found = await repository.in_force_of(session, book_ids, day=day)
    return [found.get(book_id) for book_id in book_ids]


@dataclass(frozen=True, slots=True)
class OfficeDrift:
    """How far an office is from a pack."""

    office: Office
    drift: packs.Drift


async def drift(
    session: AsyncSession, policy: Policy, actor: Actor, page: Page, *, pack_code: str, area_id: int, now: datetime
) -> Window[OfficeDrift]:
    """A page of the offices of a pack's level in an area, each with how its rules in force differ from the pack. Empty
    where the actor may not bring rules to, and for no pack."""
    area, pack = await offices.by_id(session, area_id), packs.packs().get(pack_code)
    facts = office_facts(actor, area.id, area.path) if area is not None else 0
    if area is None or pack is None or not policy.allows(actor, Permission.RULE_PROVIDE, facts):
        return Window(rows=[], has_next=False, has_previous=False, page=page)
    found = await loaders.governments_page(session, area, page, level=pack.level.value)
    books = await repository.books_of(session, [office.id for office in found.rows])
    versions = await repository.in_force_of(session, [book.id for book in books.values()], day=service.day_of(now))
    contents = await service.contents_of_versions(session, versions.values())
    rows = []
    for office in found.rows:
        version = versions.get(books[office.id].id) if office.id in books else None
        rows.append(OfficeDrift(office, packs.drift(pack, contents[version.digest] if version is not None else ())))
    return Window(rows=rows, has_next=found.has_next, has_previous=found.has_previous, page=found.page)


async def document(session: AsyncSession, book: RuleBook, version: RuleBookVersion) -> BookDocument:
    """A version that was read already, as the document that it is written out as."""
    office = await offices.by_id(session, book.office_id) if book.office_id is not None else None
    stored = await repository.rows_of(session, book.id, version.number)
    return exchange.document(book, version, [content.to_row(row) for row in stored], office)


async def register(session: AsyncSession, page: Page, *, office_code: str | None, now: datetime) -> Window[Registered]:
    """A page of the books in force today: all, or those that apply to one office. An unknown office has none."""
    day = service.day_of(now)
    only: set[str] | None = None
    if office_code is not None:
        office = await offices.by_code(session, office_code)
        chain = (await service.chains(session, [office.id], day=day))[office.id] if office is not None else None
        only = {version.book.code for version in chain.versions} if chain is not None else set()
    found = await repository.books_in_force(session, page, day=day, only=only)
    versions = await repository.in_force_of(session, [book.id for book in found.rows], day=day)
    owners = await offices.by_ids(session, [book.office_id for book in found.rows if book.office_id is not None])
    entries = [Registered(book, versions[book.id], owners.get(book.office_id or 0)) for book in found.rows]
    return Window(rows=entries, has_next=found.has_next, has_previous=found.has_previous, page=found.page)


async def diff(session: AsyncSession, before: RuleBookVersion, after: RuleBookVersion) -> Diff:
    """What one version says differently from another of the same book."""
    keys = [(each.book_id, each.number) for each in (before, after)]
    stored = await repository.rows(session, keys)
    old = {row.row_id: content.to_row(row) for row in stored[keys[0]]}
    new = {row.row_id: content.to_row(row) for row in stored[keys[1]]}
    changed = [
        Changed(old[row_id], row, differences)
        for row_id, row in new.items()
        if row_id in old and (differences := _differences(old[row_id], row))
    ]
    return Diff(
        added=tuple(row for row_id, row in new.items() if row_id not in old),
        removed=tuple(row for row_id, row in old.items() if row_id not in new),
        changed=tuple(changed),
    )


def _differences(before: Row, after: Row) -> tuple[Difference, ...]:
    """Parameters first, then whatever else a row says about itself."""
    names = [*before.params, *(name for name in after.params if name not in before.params)]
    found = [
        Difference(name, before.params.get(name), after.params.get(name))
        for name in names
        if content.plain(before.params.get(name)) != content.plain(after.params.get(name))
    ]
    for name, old, new in (
        ("kind", before.kind, after.kind),
        ("applies_to", before.applies_to, after.applies_to),
        ("guard", before.guard, after.guard),
        ("quality", before.quality, after.quality),
        ("enabled", before.enabled, after.enabled),
        ("withheld", before.withheld, after.withheld),
        ("withheld_reason", before.withheld_reason, after.withheld_reason),
        ("unresolved", list(before.unresolved), list(after.unresolved)),
        ("text", before.text, after.text),
    ):
        if old != new:
            found.append(Difference(name, old, new))
    return tuple(found)
