"""Every query of the cases slice that writes or serves a write: locks, grants, registrations, records, recusals."""

from __future__ import annotations

import unicodedata
import uuid
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Integer,
    Select,
    Text,
    Uuid,
    bindparam,
    cast,
    column,
    delete,
    func,
    insert,
    literal_column,
    or_,
    select,
    table,
    tuple_,
    update,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncSession

from caseway.cases.codes import GrantKind
from caseway.cases.models import (
    AccusationRecord,
    Case,
    CaseGrant,
    CaseRecord,
    CaseSearch,
    Petitioner,
    Recusal,
    Registration,
)
from caseway.cases.workflow import PetitionClass
from caseway.clock import SHANGHAI
from caseway.db.base import symbols
from caseway.db.session import UnitOfWork
from caseway.errors import NotFound
from caseway.people.models import Membership, Person
from caseway.tenancy.models import Office

#: Crockford's base 32: no I, L, O, U, so that a number can be read out on the telephone.
_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_RANDOM_SYMBOLS = 7
#: Who sent an order; the table belongs to a slice above.
_orders = table("custody_order", column("city_id"), column("case_id", Uuid), column("id", Uuid), column("sender_id"))
#: The most cases that a text search considers.
MOST_HITS = 1000


async def lock(uow: UnitOfWork, city_id: int, case_id: uuid.UUID) -> Case:
    """The case, locked until the end of the transaction, as the actor's scope shows it. Raises ``NotFound``."""
    statement = (
        select(Case)
        .where(Case.city_id == city_id, Case.id == case_id)
        # NO KEY UPDATE: rows that refer to the case may be inserted meanwhile, nobody else may change it.
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    )
    case = (await uow.session.scalars(statement)).one_or_none()
    if case is None:
        raise NotFound
    return case


async def get(session: AsyncSession, city_id: int, case_id: uuid.UUID) -> Case | None:
    """The case as the session's scope shows it; None if it shows none."""
    return (await session.scalars(select(Case).where(Case.city_id == city_id, Case.id == case_id))).one_or_none()


async def by_keys(session: AsyncSession, keys: Sequence[tuple[int, uuid.UUID]]) -> Sequence[Case]:
    """Those of some cases that the session's scope shows."""
    if not keys:
        return []
    return (await session.scalars(select(Case).where(tuple_(Case.city_id, Case.id).in_(keys)))).all()


#: Columns of a case that its grants have, too.
COPIED = ("is_open", "due_at", "registered_at")


async def grants(session: AsyncSession, case: Case) -> list[CaseGrant]:
    """All grants of the case, also those that are over."""
    statement = select(CaseGrant).where(CaseGrant.city_id == case.city_id, CaseGrant.case_id == case.id)
    return list(await session.scalars(statement))


async def add_grant(
    uow: UnitOfWork,
    case: Case,
    *,
    office_id: int,
    kind: str,
    at: datetime,
    person_id: int = 0,
    until_at: datetime | None = None,
    order_id: uuid.UUID | None = None,
    reason: str | None = None,
) -> dict[str, Any]:
    """Grant, or renew a grant that is over. Returns the changes that belong into ``record``'s ``changes``."""
    values = {"since_at": at, "until_at": until_at, "order_id": order_id, "reason": reason, **_copied(case)}
    existing = await _grant(uow.session, case, office_id=office_id, person_id=person_id, kind=kind)
    if existing is None:
        uow.session.add(
            CaseGrant(
                city_id=case.city_id, case_id=case.id, office_id=office_id, person_id=person_id, kind=kind, **values
            )
        )
    else:
        for name, value in values.items():
            setattr(existing, name, value)
    await uow.session.flush()
    return await _granted(uow.session, case, at)


async def end_grant(
    uow: UnitOfWork, case: Case, *, office_id: int, kind: str, at: datetime, person_id: int = 0
) -> dict[str, Any]:
    """End a grant if it lives. Returns the changes that belong into ``record``'s ``changes``."""
    existing = await _grant(uow.session, case, office_id=office_id, person_id=person_id, kind=kind)
    if existing is not None and (existing.until_at is None or existing.until_at > at):
        existing.until_at = at
        await uow.session.flush()
    return await _granted(uow.session, case, at)


async def copy_to_grants(session: AsyncSession, case: Case) -> None:
    """Make the grants of a case follow what lists are sorted by."""
    of_case = update(CaseGrant).where(CaseGrant.city_id == case.city_id, CaseGrant.case_id == case.id)
    await session.execute(of_case.values(_copied(case)))


def _copied(case: Case) -> dict[str, Any]:
    return {name: getattr(case, name) for name in COPIED}


async def _grant(session: AsyncSession, case: Case, *, office_id: int, person_id: int, kind: str) -> CaseGrant | None:
    statement = select(CaseGrant).where(
        CaseGrant.city_id == case.city_id,
        CaseGrant.case_id == case.id,
        CaseGrant.office_id == office_id,
        CaseGrant.person_id == person_id,
        CaseGrant.kind == kind,
    )
    return (await session.scalars(statement)).one_or_none()


async def _granted(session: AsyncSession, case: Case, at: datetime) -> dict[str, Any]:
    """Offices with a live grant, and minus the ids of the linked leaders that have one."""
    statement = select(CaseGrant.office_id, CaseGrant.person_id).where(
        CaseGrant.city_id == case.city_id,
        CaseGrant.case_id == case.id,
        or_(CaseGrant.person_id == 0, CaseGrant.kind == GrantKind.LINKED),
        or_(CaseGrant.until_at.is_(None), CaseGrant.until_at > at),
    )
    rows = await session.execute(statement)
    return {"granted": sorted({-person_id if person_id else office_id for office_id, person_id in rows})}


async def registrations(session: AsyncSession, case: Case) -> list[Registration]:
    """The registrations of the case, oldest first."""
    statement = (
        select(Registration)
        .where(Registration.city_id == case.city_id, Registration.case_id == case.id)
        .order_by(Registration.registered_at, Registration.id)
    )
    return list(await session.scalars(statement))


async def accusation_records(session: AsyncSession, case: Case) -> list[AccusationRecord]:
    """The encrypted texts of an accusation, one per registration."""
    statement = select(AccusationRecord).where(
        AccusationRecord.city_id == case.city_id, AccusationRecord.case_id == case.id
    )
    return list(await session.scalars(statement))


async def petitioners(session: AsyncSession, case: Case) -> list[Petitioner]:
    """The encrypted petitioners and representatives of the case, in the order of registration."""
    statement = (
        select(Petitioner)
        .where(Petitioner.city_id == case.city_id, Petitioner.case_id == case.id)
        .order_by(Petitioner.registration_id, Petitioner.position)
    )
    return list(await session.scalars(statement))


async def records(session: AsyncSession, case: Case, *kinds: str) -> list[CaseRecord]:
    """Notices, opinions and handling records of the case, oldest first; of these kinds only, if any are named."""
    statement = select(CaseRecord).where(CaseRecord.city_id == case.city_id, CaseRecord.case_id == case.id)
    if kinds:
        statement = statement.where(CaseRecord.kind.in_(kinds))
    return list(await session.scalars(statement.order_by(CaseRecord.at, CaseRecord.id)))


async def recusals(session: AsyncSession, case: Case) -> list[Recusal]:
    """The recusals declared on the case, oldest first."""
    statement = select(Recusal).where(Recusal.city_id == case.city_id, Recusal.case_id == case.id)
    return list(await session.scalars(statement.order_by(Recusal.at)))


async def order_senders(session: AsyncSession, case: Case) -> dict[uuid.UUID, int]:
    """For each order of the case: the office that sent it."""
    mine = select(_orders.c.id, _orders.c.sender_id).where(
        _orders.c.city_id == case.city_id, _orders.c.case_id == case.id
    )
    return {row.id: row.sender_id for row in await session.execute(mine)}


async def add(uow: UnitOfWork, *rows: Any) -> None:
    """Store new rows, in the order given (a row before those that refer to it)."""
    for row in rows:
        uow.session.add(row)
        await uow.session.flush()


def new_number(code: str, at: datetime) -> str:
    """A case number such as ``330402-20260415-7F3K2M4``: office code, local date, random symbols. Being random, it
    tells nothing about how many cases there are (an accused office must not be able to count them)."""
    return f"{code}-{at.astimezone(SHANGHAI):%Y%m%d}-{symbols(_ALPHABET, _RANDOM_SYMBOLS)}"


async def free_number(uow: UnitOfWork, *, city_id: int, code: str, at: datetime) -> str:
    """A number that no case of the city has. Asked with the permitted scope, which sees all of them; the unique
    constraint is the backstop for the one chance in 34 thousand million that two requests draw the same."""
    while True:
        number = new_number(code, at)
        taken = select(Case.id).where(Case.city_id == city_id, Case.number == number)
        if (await uow.session.scalars(taken)).first() is None:
            return number


def grams(text: str) -> list[str]:
    """The two-character grams of a text, for search: letters and digits only, width and case folded."""
    found: set[str] = set()
    folded = unicodedata.normalize("NFKC", text).casefold()
    for word in "".join(sign if sign.isalnum() else " " for sign in folded).split():
        found.update(word[start : start + 2] for start in range(max(1, len(word) - 1)))
    return sorted(found)


async def index_text(uow: UnitOfWork, case: Case) -> None:
    """Make an ordinary case findable by the titles and claims of all its registrations. Accusations are never indexed;
    the stored grams cannot be read back, so they are written anew."""
    texts = [text for row in await registrations(uow.session, case) for text in (row.title, row.claim) if text]
    found = sorted({gram for text in texts for gram in grams(text)})
    await uow.session.execute(
        delete(CaseSearch).where(CaseSearch.city_id == case.city_id, CaseSearch.case_id == case.id)
    )
    if found:
        await uow.session.execute(
            insert(CaseSearch).values(
                city_id=case.city_id, case_id=case.id, grams=func.array_to_tsvector(cast(found, ARRAY(Text)))
            )
        )


async def same_matter(
    session: AsyncSession,
    case: Case,
    *,
    holder_id: int,
    phones: Sequence[bytes] = (),
    text: str | None = None,
    limit: int,
) -> list[Case]:
    """Other ordinary cases that one office holds and that may be about the same matter, newest first: by a petitioner's
    phone (blind index) or by text together with place and field. Never beyond the office (INV-28)."""
    statement = select(Case).where(
        Case.city_id == case.city_id,
        Case.holder_id == holder_id,
        Case.id != case.id,
        Case.petition_class != PetitionClass.ACCUSATION,
    )
    if phones:
        known = select(Petitioner.case_id).where(
            Petitioner.city_id == case.city_id, Petitioner.phone_index.in_(list(phones))
        )
        statement = statement.where(Case.id.in_(known))
    if text is not None:
        hits = found_by_text(text, area=holder_id)
        statement = statement.where(Case.id.in_(hits), Case.field == case.field, Case.place_code == case.place_code)
    return list(await session.scalars(statement.order_by(Case.registered_at.desc(), Case.id.desc()).limit(limit)))


def found_by_text(text: str, *, area: int = 0) -> Select[uuid.UUID]:
    """Ids of the ordinary cases that contain the words, newest first and no more than ``MOST_HITS``, which the caller's
    own scope shows; ``area`` = only those held in or below that office."""
    given = search(text, area=area)
    hits = func.app.search_cases(
        bindparam("search_grams", given["search_grams"], type_=ARRAY(Text)),
        bindparam("search_area", given["search_area"], type_=Integer),
        literal_column(str(MOST_HITS), Integer),
    ).table_valued(column("city_id", Integer), column("case_id", Uuid))
    return select(hits.c.case_id)


def search(text: str, *, area: int) -> dict[str, Any]:
    """The values of the parameters of ``found_by_text``."""
    found = grams(text)
    # A single sign is a gram only of a text in which it stands alone: beside longer words it would exclude the rest.
    return {"search_grams": [gram for gram in found if len(gram) > 1] or found, "search_area": area}


async def staff(session: AsyncSession, office_id: int, *, at: datetime) -> list[Membership]:
    """The posts in an office that are held at an instant, by people who are not deactivated."""
    statement = (
        select(Membership)
        .join(Person, Person.id == Membership.person_id)
        .where(Membership.office_id == office_id, *_held(at))
        .order_by(Membership.person_id)
    )
    return list(await session.scalars(statement))


async def chains(session: AsyncSession, person_ids: Iterable[int], *, at: datetime) -> dict[int, set[int]]:
    """For each person: the offices above and at every post held at an instant. A case about any of them is barred to
    the person."""
    statement = (
        select(Membership.person_id, Office)
        .join(Office, Office.id == Membership.office_id)
        .join(Person, Person.id == Membership.person_id)
        .where(Membership.person_id.in_(sorted(set(person_ids))), *_held(at))
    )
    found: dict[int, set[int]] = {}
    for person_id, office in await session.execute(statement):
        found.setdefault(person_id, set()).update(office.answers_to)
    return found


def _held(at: datetime) -> tuple[ColumnElement[bool], ...]:
    return (
        Membership.valid_from <= at,
        or_(Membership.valid_to.is_(None), Membership.valid_to > at),
        or_(Person.deactivated_at.is_(None), Person.deactivated_at > at),
    )
