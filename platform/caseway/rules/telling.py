"""Who is told that rules have changed: the office whose book it is, and those that the changed rules reach."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy.ext.asyncio import AsyncSession

from caseway.db.keyset import LARGEST_PAGE, Page
from caseway.db.session import UnitOfWork
from caseway.notices import service as notices
from caseway.notices.codes import NoticeKind
from caseway.rules.rows import Row
from caseway.tenancy import repository as offices
from caseway.tenancy.models import Office, OfficeKind


@dataclass(frozen=True, slots=True)
class Change:
    """A version of an office's book that was just published, and the rows that came, went or changed with it."""

    office: Office
    book: str
    number: int
    effective_on: date
    rows: Sequence[Row]


async def tell(uow: UnitOfWork, changes: Iterable[Change], *, now: datetime) -> None:
    """Tell each office of its new version, and the governments directly below it if a changed rule goes further than
    the office itself. Once per version and office; with a thousand offices still one statement."""
    told = []
    for change in changes:
        key = f"rules:{change.book}:{change.number}"
        facts = {"book": change.book, "version": change.number, "effective_on": change.effective_on}
        concerned = [change.office]
        if any(row.applies_to != "SELF" for row in change.rows):
            concerned += await _below(uow.session, change.office)
        told += [(office, key, facts) for office in concerned]
    await notices.tell_offices(uow, told, kind=NoticeKind.RULES_CHANGED, at=now)


async def _below(session: AsyncSession, office: Office) -> list[Office]:
    found: list[Office] = []
    page: Page | None = Page(limit=LARGEST_PAGE)
    while page is not None:
        children = await offices.children(session, office.id, page, kinds=[OfficeKind.GOVERNMENT])
        found += [child for child in children.rows if child.is_open]
        last = children.rows[-1] if children.has_next else None
        page = Page(limit=LARGEST_PAGE, after=(last.code, last.id)) if last is not None else None
    return found
