"""A draft in memory: its book, its version and its rows, and how it is stored. Callers hold the book's lock."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from caseway.access.actor import Actor
from caseway.access.facts import office_facts
from caseway.access.permissions import Permission
from caseway.access.policy import Policy
from caseway.db.session import UnitOfWork
from caseway.rules import content, repository
from caseway.rules.errors import DraftChanged, DraftMissing, RuleBookNotFound
from caseway.rules.models import RuleBook, RuleBookVersion, VersionState
from caseway.rules.rows import BookRole, Row
from caseway.tenancy import repository as offices
from caseway.tenancy.models import Office


@dataclass(slots=True)
class Draft:
    """What an office is writing."""

    book: RuleBook
    version: RuleBookVersion
    rows: list[Row]
    #: Row id -> who wrote its present content; 0 = the platform itself.
    editors: dict[str, int]

    @property
    def revision(self) -> str:
        """Names the present content: whoever has read another one decides anew."""
        return self.version.digest.hex()

    def row(self, row_id: str) -> Row | None:
        """The row with this id."""
        return next((row for row in self.rows if row.id == row_id), None)


async def permitted(uow: UnitOfWork, policy: Policy, actor: Actor, permission: Permission, *, office_id: int) -> Office:
    """The office, if the actor may do this with its book. ``RuleBookNotFound`` for no office, else ``NotPermitted``."""
    office = await offices.by_id(uow.session, office_id)
    if office is None:
        raise RuleBookNotFound
    await policy.require(uow, actor, permission, office_facts(actor, office.id, office.path))
    return office


async def held(session: AsyncSession, office: Office, *, revision: str | None = None) -> Draft:
    """The draft or proposal of an office's book, its book locked. ``DraftMissing`` if there is none, ``DraftChanged``
    if it is not at the revision that the caller has read."""
    book = await repository.book_of(session, office.id)
    if book is None:
        raise DraftMissing
    await repository.locked(session, book.id)
    version = await repository.undecided(session, book.id)
    if version is None:
        raise DraftMissing
    draft = await read(session, book, version)
    if revision is not None and revision != draft.revision:
        raise DraftChanged
    return draft


async def read(session: AsyncSession, book: RuleBook, version: RuleBookVersion) -> Draft:
    """A version with its rows."""
    stored = await repository.rows_of(session, book.id, version.number)
    return Draft(
        book=book,
        version=version,
        rows=[content.to_row(row) for row in stored],
        editors={row.row_id: row.edited_by for row in stored},
    )


async def begin(
    session: AsyncSession,
    book: RuleBook,
    rows: Sequence[Row],
    *,
    editors: Mapping[str, int],
    based_on: int | None,
    at: datetime,
    person_id: int,
    about: Mapping[str, Any] | None = None,
    effective_from: date | None = None,
    origin: bytes | None = None,
    note: str | None = None,
) -> Draft:
    """A new draft under the next number. The book is locked and has no draft."""
    number = (await repository.last_numbers(session, [book.id])).get(book.id, 0) + 1
    values = {
        "book_id": book.id,
        "number": number,
        "office_id": book.office_id or 0,
        "state": VersionState.DRAFT.value,
        "effective_from": effective_from,
        "based_on": based_on,
        "note": note,
        "about": dict(about or {}),
        "digest": content.digest(rows),
        "origin": origin,
        "created_at": at,
        "created_by": person_id,
    }
    await repository.add_versions(session, [values])
    await repository.add_rows(session, content.to_values(rows, book_id=book.id, number=number, edited_by=dict(editors)))
    version = await repository.version(session, book.id, number)
    assert version is not None
    return Draft(book=book, version=version, rows=list(rows), editors=dict(editors))


async def write(session: AsyncSession, draft: Draft, rows: Sequence[Row], *, person_id: int, **values: Any) -> None:
    """Give a draft these rows. Rows that say something new are noted as written by this person; a proposal becomes a
    draft again, for what was proposed is no more."""
    before = {row.id: content.row_digest(row) for row in draft.rows}
    editors = {
        row.id: draft.editors[row.id] if before.get(row.id) == content.row_digest(row) else person_id for row in rows
    }
    book_id, number = draft.book.id, draft.version.number
    await repository.remove_rows(session, book_id, number)
    await repository.add_rows(session, content.to_values(rows, book_id=book_id, number=number, edited_by=editors))
    changes = {"digest": content.digest(rows), "state": VersionState.DRAFT.value, **values}
    await repository.change_version(session, draft.version, proposed_at=None, proposed_by=None, **changes)
    draft.rows, draft.editors = list(rows), editors


async def book_for(
    session: AsyncSession, office: Office, *, at: datetime, code: str | None = None, name: str | None = None
) -> RuleBook:
    """The locked book of an office; made now if it has none yet, under this code if nobody else has it."""
    book = await repository.book_of(session, office.id)
    for wanted in (code, None):
        if book is None:
            await repository.add_books(session, [new_book(office, at=at, code=wanted, name=name)])
            book = await repository.book_of(session, office.id)
    assert book is not None
    return await repository.locked(session, book.id)


def new_book(office: Office, *, at: datetime, code: str | None = None, name: str | None = None) -> dict[str, Any]:
    """The values of an office's new book. Without a code it is named after the office, whose own code may return to
    another office after a merger: hence its number."""
    return {
        "code": code or f"office-{office.code}-{office.id}",
        "name": name or office.name,
        "role": BookRole.OFFICE.value,
        "office_id": office.id,
        "created_at": at,
    }
