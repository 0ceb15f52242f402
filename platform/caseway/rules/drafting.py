"""Writing the next version of an office's own book: opened, changed rule by rule or as a whole, discarded.

What is written is compared at once with the rules above it as they will be in force on the draft's first day; a refused
change leaves the draft as it was. What a person has still to decide is let through here and stops the publication.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime

from sqlalchemy.ext.asyncio import AsyncSession

from caseway.access.actor import Actor
from caseway.access.permissions import Permission
from caseway.access.policy import Policy
from caseway.db.session import UnitOfWork
from caseway.rules import checking, content, drafts, exchange, repository, reviews, service, yaml
from caseway.rules.drafts import Draft
from caseway.rules.errors import BookMismatch, DraftExists, RuleMissing
from caseway.rules.models import VersionState
from caseway.rules.rows import BookRole, Row, is_guarded
from caseway.tenancy.models import Office


async def open_(
    uow: UnitOfWork,
    policy: Policy,
    actor: Actor,
    *,
    office_id: int,
    effective_from: date | None = None,
    note: str | None = None,
    now: datetime,
) -> Draft:
    """A new draft with the content of the newest published version; of an office without a book, its empty version 1.
    ``DraftExists`` when the book has one already."""
    office = await drafts.permitted(uow, policy, actor, Permission.RULE_DRAFT, office_id=office_id)
    return await opened(
        uow.session, office, effective_from=effective_from, note=note, person_id=actor.person_id, now=now
    )


async def opened(
    session: AsyncSession,
    office: Office,
    *,
    effective_from: date | None,
    note: str | None,
    person_id: int,
    now: datetime,
) -> Draft:
    """The same, for callers that have asked for permission."""
    book = await drafts.book_for(session, office, at=now)
    if (present := await repository.undecided(session, book.id)) is not None:
        raise DraftExists(number=present.number)
    newest = await repository.latest(session, book.id)
    before = await drafts.read(session, book, newest) if newest is not None else None
    return await drafts.begin(
        session,
        book,
        before.rows if before is not None else (),
        editors=before.editors if before is not None else {},
        based_on=newest.number if newest is not None else None,
        about=newest.about if newest is not None else None,
        effective_from=effective_from,
        note=note,
        at=now,
        person_id=person_id,
    )


async def put(
    uow: UnitOfWork,
    policy: Policy,
    actor: Actor,
    *,
    office_id: int,
    row: Row,
    revision: str | None = None,
    now: datetime,
) -> Draft:
    """Add a rule to the draft, or write it anew under its id.

    ``RuleBookRefused`` names what is wrong with it by itself, or against the rules above and beside it;
    ``RuleNeedsReview`` when it is guarded, switched on, and nobody has reviewed exactly this wording.
    """
    office = await drafts.permitted(uow, policy, actor, Permission.RULE_DRAFT, office_id=office_id)
    draft = await drafts.held(uow.session, office, revision=revision)
    row = _guarded(row, draft.row(row.id))
    if draft.row(row.id) is not None:
        rows = [row if each.id == row.id else each for each in draft.rows]
    else:
        rows = [*draft.rows, row]
    await _accept(uow.session, office, draft, rows, changed=[row], now=now)
    await drafts.write(uow.session, draft, rows, person_id=actor.person_id)
    return draft


async def remove(
    uow: UnitOfWork,
    policy: Policy,
    actor: Actor,
    *,
    office_id: int,
    row_id: str,
    revision: str | None = None,
) -> Draft:
    """Take a rule out of the draft. ``RuleMissing`` when it has none of this id."""
    office = await drafts.permitted(uow, policy, actor, Permission.RULE_DRAFT, office_id=office_id)
    draft = await drafts.held(uow.session, office, revision=revision)
    if draft.row(row_id) is None:
        raise RuleMissing(rule=row_id)
    await drafts.write(uow.session, draft, [row for row in draft.rows if row.id != row_id], person_id=actor.person_id)
    return draft


async def discard(
    uow: UnitOfWork, policy: Policy, actor: Actor, *, office_id: int, revision: str | None = None, now: datetime
) -> Draft:
    """Give the draft up. Its number is not used again."""
    office = await drafts.permitted(uow, policy, actor, Permission.RULE_DRAFT, office_id=office_id)
    draft = await drafts.held(uow.session, office, revision=revision)
    await repository.change_version(
        uow.session,
        draft.version,
        state=VersionState.DISCARDED.value,
        discarded_at=now,
        discarded_by=actor.person_id,
    )
    return draft


async def import_text(
    uow: UnitOfWork,
    policy: Policy,
    actor: Actor,
    *,
    office_id: int,
    text: str,
    revision: str | None = None,
    now: datetime,
) -> Draft:
    """Give the draft the content of a YAML document, opening one if there is none. Refused as a whole, with every
    finding; ``BookMismatch`` when the document is the book of another office."""
    office = await drafts.permitted(uow, policy, actor, Permission.RULE_DRAFT, office_id=office_id)
    document = yaml.parse_one(text)
    if document.book.role is not BookRole.OFFICE or document.office_code not in (None, office.code):
        raise BookMismatch(office=document.office_code or "", system=document.system)
    session = uow.session
    book = await drafts.book_for(session, office, at=now, code=document.system, name=document.name)
    if book.code != document.system:
        raise BookMismatch(
            f"the book of {office.name} is called {book.code}, this document {document.system}: change its `system`, "
            "or import it for the office that it is of.",
            system=document.system,
        )
    if revision is None and await repository.undecided(session, book.id) is None:
        await opened(session, office, effective_from=None, note=None, person_id=actor.person_id, now=now)
    draft = await drafts.held(session, office, revision=revision)
    rows = [_guarded(row, draft.row(row.id)) for row in document.rows]
    await _accept(session, office, draft, rows, changed=[row for row in rows if _differs(row, draft)], now=now)
    await drafts.write(
        session,
        draft,
        rows,
        person_id=actor.person_id,
        about=exchange.about(document),
        effective_from=document.effective_from or draft.version.effective_from,
    )
    return draft


def _guarded(row: Row, present: Row | None) -> Row:
    """A rule keeps its guard: neither leaving it out nor giving a weaker one takes it off."""
    if present is None or present.guard is None or is_guarded(row.guard):
        return row
    return replace(row, guard=present.guard) if row.guard is None or is_guarded(present.guard) else row


def _differs(row: Row, draft: Draft) -> bool:
    """Whether a row demands something else than in the draft, or is switched on there only now."""
    present = draft.row(row.id)
    if present is None or content.row_digest(present) != content.row_digest(row):
        return True
    return row.in_effect and not present.in_effect


async def _accept(
    session: AsyncSession, office: Office, draft: Draft, rows: Sequence[Row], *, changed: Sequence[Row], now: datetime
) -> None:
    """Refuse what cannot stand: unreviewed guarded rows that are switched on, and what the chain forbids."""
    await reviews.require(session, draft.book, changed)
    today = service.day_of(now)
    await checking.require_writable(
        session,
        office,
        draft,
        rows,
        changed={row.id for row in changed},
        day=max(draft.version.effective_from or today, today),
        now=now,
    )
