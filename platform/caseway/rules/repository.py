"""Every query of rule books. Published versions are readable by everybody, drafts by their office alone (the second
lock); locks are taken on the book, so that all changes of one book happen one after the other."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, delete, func, select, tuple_
from sqlalchemy.dialects.postgresql import distinct_on, insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from caseway.db.keyset import Page, SortKey, Window, seek, window
from caseway.notices.models import AdminTask
from caseway.rules.models import UNDECIDED, RuleBook, RuleBookVersion, RuleRecheck, RuleReview, RuleRow, VersionState

#: Books are listed by code, versions newest first, rules in the book's own order.
BOOK_ORDER = "code,id"
_BOOK_KEYS = (SortKey(RuleBook.code), SortKey(RuleBook.id))
VERSION_ORDER = "number"
_VERSION_KEYS = (SortKey(RuleBookVersion.number, descending=True),)
RULE_ORDER = "position,row_id"
_RULE_KEYS = (SortKey(RuleRow.position), SortKey(RuleRow.row_id))
_PART = 1000


async def book_by_code(session: AsyncSession, code: str) -> RuleBook | None:
    """The book with this code."""
    found: RuleBook | None = await session.scalar(select(RuleBook).where(RuleBook.code == code))
    return found


async def books_by_code(session: AsyncSession, codes: Iterable[str]) -> dict[str, RuleBook]:
    """The books with these codes, by code."""
    rows = await session.scalars(select(RuleBook).where(RuleBook.code.in_(set(codes))))
    return {book.code: book for book in rows}


async def book_of(session: AsyncSession, office_id: int) -> RuleBook | None:
    """The book of an office."""
    found: RuleBook | None = await session.scalar(select(RuleBook).where(RuleBook.office_id == office_id))
    return found


async def books_of(session: AsyncSession, office_ids: Collection[int]) -> dict[int, RuleBook]:
    """The books of these offices, by office."""
    found: dict[int, RuleBook] = {}
    for part in _parts(office_ids):
        for book in await session.scalars(select(RuleBook).where(RuleBook.office_id.in_(part))):
            assert book.office_id is not None
            found[book.office_id] = book
    return found


async def books(session: AsyncSession, ids: Collection[int]) -> dict[int, RuleBook]:
    """The books with these ids, by id."""
    found: dict[int, RuleBook] = {}
    for part in _parts(ids):
        found.update((book.id, book) for book in await session.scalars(select(RuleBook).where(RuleBook.id.in_(part))))
    return found


async def published_books(session: AsyncSession, page: Page) -> Window[RuleBook]:
    """A page of the books that have a published version."""
    published = select(RuleBookVersion.number).where(
        RuleBookVersion.book_id == RuleBook.id, RuleBookVersion.state == VersionState.PUBLISHED
    )
    statement = seek(select(RuleBook).where(published.exists()), page, _BOOK_KEYS)
    return window(list(await session.scalars(statement)), page)


async def books_in_force(
    session: AsyncSession, page: Page, *, day: date, only: Collection[str] | None
) -> Window[RuleBook]:
    """A page of the books with a version in force on a day (Asia/Shanghai), of these codes or of all."""
    counting = select(RuleBookVersion.number).where(RuleBookVersion.book_id == RuleBook.id, *_counts(day))
    statement = select(RuleBook).where(counting.exists(), ~_overtaken(day))
    if only is not None:
        statement = statement.where(RuleBook.code.in_(only))
    return window(list(await session.scalars(seek(statement, page, _BOOK_KEYS))), page)


def nothing(page: Page) -> Window[RuleBookVersion]:
    """An empty page."""
    return window([], page)


async def locked(session: AsyncSession, book_id: int) -> RuleBook:
    """The book, locked until the transaction ends: whoever changes a book takes this lock first."""
    return (await session.scalars(select(RuleBook).where(RuleBook.id == book_id).with_for_update())).one()


async def locked_of(session: AsyncSession, office_ids: Collection[int]) -> dict[int, RuleBook]:
    """The books of these offices by office, all locked, in the order of their ids."""
    found: dict[int, RuleBook] = {}
    for part in _parts(office_ids):
        statement = select(RuleBook).where(RuleBook.office_id.in_(part)).order_by(RuleBook.id).with_for_update()
        for book in await session.scalars(statement):
            assert book.office_id is not None
            found[book.office_id] = book
    return found


async def add_books(session: AsyncSession, values: Sequence[dict[str, Any]]) -> None:
    """Store new books. Who gets one at the same moment from somebody else keeps that one."""
    for start in range(0, len(values), _PART):
        await session.execute(insert(RuleBook).on_conflict_do_nothing(), values[start : start + _PART])


async def rename(session: AsyncSession, book: RuleBook, name: str) -> None:
    """Give a locked book another name, if it is another one."""
    if book.name != name:
        book.name = name
        await session.flush()


async def version(session: AsyncSession, book_id: int, number: int) -> RuleBookVersion | None:
    """One version, as far as the scope lets it be seen."""
    found: RuleBookVersion | None = await session.scalar(_version(book_id).where(RuleBookVersion.number == number))
    return found


async def undecided(session: AsyncSession, book_id: int) -> RuleBookVersion | None:
    """The draft or proposal of a book, as far as the scope lets it be seen: there is at most one."""
    found: RuleBookVersion | None = await session.scalar(_version(book_id).where(RuleBookVersion.state.in_(UNDECIDED)))
    return found


async def undecided_of(session: AsyncSession, book_ids: Collection[int]) -> set[int]:
    """Those of these books that have a draft or proposal."""
    found: set[int] = set()
    for part in _parts(book_ids):
        statement = select(RuleBookVersion.book_id).where(
            RuleBookVersion.book_id.in_(part), RuleBookVersion.state.in_(UNDECIDED)
        )
        found |= set(await session.scalars(statement))
    return found


async def latest(session: AsyncSession, book_id: int) -> RuleBookVersion | None:
    """The published version with the highest number, in force or still to come."""
    return (await latest_of(session, [book_id])).get(book_id)


async def latest_of(session: AsyncSession, book_ids: Collection[int]) -> dict[int, RuleBookVersion]:
    """The published version with the highest number of each of these books."""
    found: dict[int, RuleBookVersion] = {}
    for part in _parts(book_ids):
        statement = (
            select(RuleBookVersion)
            .where(RuleBookVersion.book_id.in_(part), RuleBookVersion.state == VersionState.PUBLISHED)
            .order_by(RuleBookVersion.book_id, RuleBookVersion.number.desc())
            .ext(distinct_on(RuleBookVersion.book_id))
        )
        found.update((each.book_id, each) for each in await session.scalars(statement))
    return found


async def in_force_of(session: AsyncSession, book_ids: Collection[int], *, day: date) -> dict[int, RuleBookVersion]:
    """The published version of each of these books that counts on a day in China's time zone."""
    found: dict[int, RuleBookVersion] = {}
    for part in _parts(book_ids):
        statement = (
            select(RuleBookVersion)
            .join(RuleBook, RuleBook.id == RuleBookVersion.book_id)
            .where(RuleBookVersion.book_id.in_(part), *_counts(day), ~_overtaken(day))
            .order_by(RuleBookVersion.book_id, RuleBookVersion.number.desc())
            .ext(distinct_on(RuleBookVersion.book_id))
        )
        found.update((each.book_id, each) for each in await session.scalars(statement))
    return found


async def versions(session: AsyncSession, book_id: int, page: Page, *, all_states: bool) -> Window[RuleBookVersion]:
    """A page of the versions of a book, newest first: the published ones, or all that the scope lets be seen."""
    statement = _version(book_id)
    if not all_states:
        statement = statement.where(RuleBookVersion.state == VersionState.PUBLISHED)
    return window(list(await session.scalars(seek(statement, page, _VERSION_KEYS))), page)


async def from_origin(session: AsyncSession, book_id: int, origin: bytes) -> RuleBookVersion | None:
    """The newest version that was brought in from exactly this document."""
    statement = _version(book_id).where(RuleBookVersion.origin == origin).order_by(RuleBookVersion.number.desc())
    found: RuleBookVersion | None = await session.scalar(statement.limit(1))
    return found


async def last_numbers(session: AsyncSession, book_ids: Collection[int]) -> dict[int, int]:
    """The highest number of a version of each of these books, whatever became of it."""
    found: dict[int, int] = {}
    for part in _parts(book_ids):
        statement = select(RuleBookVersion.book_id, func.max(RuleBookVersion.number)).where(
            RuleBookVersion.book_id.in_(part)
        )
        found.update((row[0], row[1]) for row in await session.execute(statement.group_by(RuleBookVersion.book_id)))
    return found


async def add_versions(session: AsyncSession, values: Sequence[dict[str, Any]]) -> None:
    """Store new versions."""
    for start in range(0, len(values), _PART):
        await session.execute(insert(RuleBookVersion), values[start : start + _PART])


async def change_version(session: AsyncSession, found: RuleBookVersion, **values: Any) -> None:
    """Change a version that is not published yet."""
    for name, value in values.items():
        setattr(found, name, value)
    await session.flush()


async def rows(session: AsyncSession, wanted: Iterable[tuple[int, int]]) -> dict[tuple[int, int], list[RuleRow]]:
    """The rows of these versions (book, number) in the books' own order."""
    ordered = sorted(set(wanted))
    found: dict[tuple[int, int], list[RuleRow]] = {each: [] for each in ordered}
    for start in range(0, len(ordered), _PART):
        statement = (
            select(RuleRow)
            .where(tuple_(RuleRow.book_id, RuleRow.number).in_(ordered[start : start + _PART]))
            .order_by(RuleRow.book_id, RuleRow.number, RuleRow.position, RuleRow.row_id)
        )
        for row in await session.scalars(statement):
            found[row.book_id, row.number].append(row)
    return found


async def rows_of(session: AsyncSession, book_id: int, number: int) -> list[RuleRow]:
    """The rows of one version in the book's own order."""
    return (await rows(session, [(book_id, number)]))[book_id, number]


async def rules_page(session: AsyncSession, book_id: int, number: int, page: Page) -> Window[RuleRow]:
    """A page of the rows of one version."""
    statement = select(RuleRow).where(RuleRow.book_id == book_id, RuleRow.number == number)
    return window(list(await session.scalars(seek(statement, page, _RULE_KEYS))), page)


async def add_rows(session: AsyncSession, values: Sequence[dict[str, Any]]) -> None:
    """Store rows of drafts, or of a version that is published in the same transaction."""
    for start in range(0, len(values), _PART):
        await session.execute(insert(RuleRow), values[start : start + _PART])


async def remove_rows(session: AsyncSession, book_id: int, number: int, row_ids: Collection[str] | None = None) -> None:
    """Take rows out of a draft: these, or all."""
    statement = delete(RuleRow).where(RuleRow.book_id == book_id, RuleRow.number == number)
    if row_ids is not None:
        statement = statement.where(RuleRow.row_id.in_(row_ids))
    await session.execute(statement)


async def reviews(session: AsyncSession, book_id: int) -> list[RuleReview]:
    """The recorded reviews of a book's guarded rows, the newest first."""
    statement = select(RuleReview).where(RuleReview.book_id == book_id).order_by(RuleReview.id.desc())
    return list(await session.scalars(statement))


async def add_review(
    session: AsyncSession,
    *,
    book: RuleBook,
    row_id: str,
    digest: bytes,
    decision: str,
    reason: str,
    person_id: int,
    reviewer_office_id: int,
    at: datetime,
) -> RuleReview:
    """Record a review."""
    row = RuleReview(
        book_id=book.id,
        office_id=book.office_id or 0,
        row_id=row_id,
        digest=digest,
        decision=decision,
        reason=reason,
        person_id=person_id,
        reviewer_office_id=reviewer_office_id,
        at=at,
    )
    session.add(row)
    await session.flush()
    return row


async def add_recheck(
    session: AsyncSession,
    *,
    key: str,
    path: str,
    jurisdiction: str,
    kinds: Collection[str],
    effective_from: date | None,
    at: datetime,
) -> None:
    """Note that books are to be compared, once per key."""
    values = {
        "key": key,
        "path": path,
        "jurisdiction": jurisdiction,
        "kinds": sorted(kinds),
        "effective_from": effective_from,
        "opened_at": at,
    }
    await session.execute(insert(RuleRecheck).values(values).on_conflict_do_nothing())


async def recheck(session: AsyncSession, key: str) -> RuleRecheck | None:
    """A comparison that is not finished, by its key."""
    statement = select(RuleRecheck).where(RuleRecheck.key == key, RuleRecheck.done_at.is_(None))
    found: RuleRecheck | None = await session.scalar(statement)
    return found


async def open_recheck(session: AsyncSession) -> RuleRecheck | None:
    """The oldest comparison that is not finished and that nobody else works on, locked."""
    statement = select(RuleRecheck).where(RuleRecheck.done_at.is_(None)).order_by(RuleRecheck.id).limit(1)
    found: RuleRecheck | None = await session.scalar(statement.with_for_update(skip_locked=True))
    return found


async def advance(session: AsyncSession, work: RuleRecheck, *, done_path: str, done_at: datetime | None) -> None:
    """Note how far a comparison has come."""
    work.done_path, work.done_at = done_path, done_at
    await session.flush()


async def open_tasks(session: AsyncSession, *, kind: str, office_id: int) -> list[str]:
    """Keys of the open tasks of a kind that the administrators of an office have."""
    statement = select(AdminTask.key).where(
        AdminTask.kind == kind, AdminTask.office_id == office_id, AdminTask.closed_at.is_(None)
    )
    return list(await session.scalars(statement))


def _counts(day: date) -> tuple[ColumnElement[bool], ...]:
    return (RuleBookVersion.state == VersionState.PUBLISHED, RuleBookVersion.effective_from <= day)


def _overtaken(day: date) -> ColumnElement[bool]:
    """Whether the law that a book holds differences to is in force itself: then the differences count no more."""
    law, entered = aliased(RuleBook), aliased(RuleBookVersion)
    return (
        select(law.id)
        .join(entered, entered.book_id == law.id)
        .where(law.code == RuleBook.amends, entered.state == VersionState.PUBLISHED, entered.effective_from <= day)
        .exists()
    )


def _version(book_id: int) -> Select[Any]:
    return select(RuleBookVersion).where(RuleBookVersion.book_id == book_id)


def _parts(ids: Collection[int]) -> Iterable[list[int]]:
    ordered = sorted(set(ids))
    for start in range(0, len(ordered), _PART):
        yield ordered[start : start + _PART]
