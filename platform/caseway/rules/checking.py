"""Holding a draft against the chain that it is to stand in: when a rule is written, and whole when it is published.

What the pure check (``check``) needs from outside the books is read here: reviews, staff, the calendar's horizon.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from sqlalchemy.ext.asyncio import AsyncSession

from caseway.calendars import service as calendars
from caseway.people import repository as people
from caseway.rules import conditions, content, repository, reviews, service
from caseway.rules.check import Outside, check
from caseway.rules.drafts import Draft
from caseway.rules.errors import RuleBookRefused
from caseway.rules.findings import Finding, FindingCode
from caseway.rules.models import RuleBook
from caseway.rules.place import OfficePlace
from caseway.rules.resolve import resolve
from caseway.rules.rows import Book, BookRole, BookVersion, Row
from caseway.rules.service import Chain
from caseway.rules.values import Rank
from caseway.tenancy.models import Office

#: Findings that wait until the whole book is published: single rules are put together one after the other.
_OF_THE_WHOLE = frozenset(
    {
        FindingCode.UNRESOLVED_PARAMETER,
        FindingCode.FLAGGED_RULE_NEEDS_REVIEW,  # refused before, with an answer of its own
        FindingCode.RANK_SET_OF_NOBODY,
        FindingCode.ROSTER_OF_NOBODY,
        FindingCode.SUPERVISION_BY_NOBODY,
        FindingCode.ESCALATION_DEAD_END,
        FindingCode.ESCALATION_LOOP,
        FindingCode.ESCALATION_NEVER_STARTS,
        FindingCode.ESCALATION_UNREACHABLE_RUNG,
    }
)
#: Ranks of the staff, lowest first, as far as rule books count them.
_GRADES = ("SECTION_DEPUTY", "SECTION_HEAD", "DIVISION_DEPUTY", "DIVISION_HEAD", "BUREAU_DEPUTY", "BUREAU_HEAD")
_COUNTED: dict[Rank, Callable[[str], bool]] = {
    Rank.SECTION_DEPUTY: lambda rank: rank == "SECTION_DEPUTY",
    Rank.SECTION_HEAD: lambda rank: rank == "SECTION_HEAD",
    Rank.DIVISION_DEPUTY: lambda rank: rank == "DIVISION_DEPUTY",
    Rank.DIVISION_DEPUTY_UP: lambda rank: rank in _GRADES[2:],
}


@dataclass(frozen=True, slots=True)
class Stand:
    """Where a draft is to stand: its office's place, what counts above it, and itself as a version."""

    place: OfficePlace
    above: tuple[BookVersion, ...]
    own: BookVersion


async def findings(session: AsyncSession, office: Office, draft: Draft, *, day: date, now: datetime) -> list[Finding]:
    """Everything that speaks against a draft whose first day this would be, and remarks (``is_note``)."""
    stand = await stand_of(session, office, draft, draft.rows, day=day)
    outside = await outside_of(session, office, draft, draft.rows, now=now)
    return list(check(stand.own, stand.above, stand.place, outside=outside))


async def require_publishable(session: AsyncSession, office: Office, draft: Draft, *, day: date, now: datetime) -> None:
    """Refuse a draft that may not be published from that day on, with everything that is wrong with it."""
    if wrong := [each for each in await findings(session, office, draft, day=day, now=now) if not each.is_note]:
        raise RuleBookRefused(wrong)


async def require_writable(
    session: AsyncSession,
    office: Office,
    draft: Draft,
    rows: Sequence[Row],
    *,
    changed: Collection[str],
    day: date,
    now: datetime,
) -> None:
    """Refuse what the changed rows say wrongly by themselves, or against the rows above and beside them."""
    stand = await stand_of(session, office, draft, rows, day=day)
    outside = await outside_of(session, office, draft, rows, now=now)
    found = [
        finding
        for finding in check(stand.own, stand.above, stand.place, outside=outside)
        if not finding.is_note and finding.code not in _OF_THE_WHOLE and _concerns(finding, draft.book.code, changed)
    ]
    if found:
        raise RuleBookRefused(found)


def _concerns(finding: Finding, book: str, changed: Collection[str]) -> bool:
    """Whether a finding is about one of these rows, also as the other one of two that disagree."""
    beside = finding.parent is not None and finding.parent.book == book and finding.parent.row_id in changed
    return finding.row_id in changed or beside


async def touched(session: AsyncSession, draft: Draft) -> list[Row]:
    """What a draft changes in its book: rows added, changed or switched, as they are now, and rows taken out."""
    newest = await repository.latest(session, draft.book.id)
    before = await rows_of(session, draft.book, newest.number) if newest is not None else {}
    after = {row.id: row for row in draft.rows}
    return [
        row
        for row_id in {**before, **after}
        for row in (before.get(row_id), after.get(row_id))
        if row is not None and not same(before.get(row_id), after.get(row_id))
    ]


async def touches_law(session: AsyncSession, office: Office, draft: Draft, *, day: date) -> bool:
    """Whether what a draft changes in its book speaks of something that the law speaks of too: a rule of the same kind
    about the same thing is added, changed, switched or taken out."""
    stand = await stand_of(session, office, draft, draft.rows, day=day)
    return bool(of_law(await touched(session, draft), stand.above))


def of_law(rows: Sequence[Row], above: Sequence[BookVersion]) -> list[Row]:
    """Those of these rows that speak of something that a layer of the law speaks of."""
    lawful = {
        (row.kind, row.model.key)
        for version in above
        if version.book.role is BookRole.LAW
        for row in version.rows
        if row.in_effect
    }
    return [row for row in rows if (row.kind, row.model.key) in lawful]


def same(before: Row | None, after: Row | None) -> bool:
    """Whether two rows have the same effect."""
    if before is None or after is None:
        return False
    return before.in_effect is after.in_effect and content.row_digest(before) == content.row_digest(after)


async def rows_of(session: AsyncSession, book: RuleBook, number: int) -> dict[str, Row]:
    """The rows of a version by their id."""
    return {row.row_id: content.to_row(row) for row in await repository.rows_of(session, book.id, number)}


async def law_conflicts(session: AsyncSession, draft: Draft, *, day: date) -> list[Finding]:
    """What a layer of the law says that wider layers forbid. It stands nevertheless: the stricter value counts."""
    laws = await service.law_layers(session, draft.book.jurisdiction, day=day)
    own = _version(draft.book, draft.version.number, day, draft.rows, office=None)
    return list(check(own, [law for law in laws if law.book.code != draft.book.code]))


def conflicts(chain: Chain, book: str, *, kinds: Collection[str] = ()) -> list[Finding]:
    """What a book in a chain says that the books above it forbid; the stricter value has the effect. Only what the book
    speaks of is worked out, with ``kinds`` only these: a province is compared in one go."""
    own = next((version for version in chain.versions if version.book.code == book), None)
    rows = [row for row in own.rows if not kinds or row.kind in kinds] if own is not None else []
    spoken = {(row.kind, row.model.key) for row in rows if row.in_effect}
    if not spoken:
        return []
    about = {kind for kind, _ in spoken}
    versions = [
        replace(
            version,
            rows=tuple(row for row in version.rows if row.kind in about and (row.kind, row.model.key) in spoken),
        )
        for version in chain.versions
    ]
    return [finding for finding in resolve(versions, chain.place).conflicts if finding.book == book]


async def stand_of(session: AsyncSession, office: Office, draft: Draft, rows: Sequence[Row], *, day: date) -> Stand:
    """Where a draft with these rows would stand from a day (Asia/Shanghai) on."""
    chain = (await service.chains(session, [office.id], day=day))[office.id]
    above = tuple(version for version in chain.versions if version.book.code != draft.book.code)
    return Stand(chain.place, above, _version(draft.book, draft.version.number, day, rows, office=office))


async def outside_of(
    session: AsyncSession, office: Office, draft: Draft, rows: Sequence[Row], *, now: datetime
) -> Outside:
    """What the check knows besides the books."""
    return Outside(
        reviewed=await reviews.approved(session, draft.book, rows),
        condition=conditions.check,
        headcount=await _headcount(session, office, now=now),
        published_until=await calendars.horizon(session),
    )


async def _headcount(session: AsyncSession, office: Office, *, now: datetime) -> Callable[[Rank], int | None]:
    """How many of the office's staff have a rank; only ranks that posts are recorded with are known."""
    counted = Counter(await people.ranks_of(session, office.id, now=now))

    def headcount(rank: Rank) -> int | None:
        fits = _COUNTED.get(rank)
        if fits is None or not counted:
            return None
        return sum(number for held, number in counted.items() if fits(held))

    return headcount


def read_book(book: RuleBook, office: Office | None) -> Book:
    """A stored book as the rules read it."""
    return Book(
        code=book.code,
        name=book.name,
        role=BookRole(book.role),
        office_code=office.code if office is not None else None,
        jurisdiction=book.jurisdiction,
        amends=book.amends,
    )


def _version(book: RuleBook, number: int, day: date, rows: Sequence[Row], *, office: Office | None) -> BookVersion:
    return BookVersion(book=read_book(book, office), version=number, effective_from=day, rows=tuple(rows))
