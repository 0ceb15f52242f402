"""Every query about staff: logins, posts at an instant, who works in an office."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple, cast

from sqlalchemy import ColumnElement, Select, and_, exists, func, or_, select, true, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from caseway.db.keyset import Page, SortKey, Window, seek, window
from caseway.people.models import Account, Membership, Person, RefreshToken, SigningKey
from caseway.tenancy.models import Office

#: Staff of an office are listed by membership, the oldest post first (the width of its cursors is 2).
STAFF_ORDER = "valid_from,id"
_STAFF_KEYS = (SortKey(Membership.valid_from), SortKey(Membership.id))
_SIGNING_KEYS_LOCK = 0x7369676E


@dataclass(frozen=True, slots=True)
class Post:
    """A membership with its person and office."""

    membership: Membership
    person: Person
    office: Office


class Credentials(NamedTuple):
    """What is needed to check a password before anything is locked."""

    person_id: int
    password_hash: str


@dataclass(frozen=True, slots=True)
class Standing:
    """A person as a request finds them: may they act at all, and in which posts."""

    person: Person
    tokens_valid_from: datetime | None
    #: Whether the login that the token stems from was ended.
    session_ended: bool
    #: Posts held at the instant, in open and closed offices, by office path.
    posts: tuple[tuple[Membership, Office], ...]


def holds_at(now: datetime) -> ColumnElement[bool]:
    """The condition "this membership is in force at the instant"."""
    return and_(Membership.valid_from <= now, or_(Membership.valid_to.is_(None), Membership.valid_to > now))


def _office_open(now: datetime) -> ColumnElement[bool]:
    return or_(Office.valid_to.is_(None), Office.valid_to > now)


# Logins


async def credentials(session: AsyncSession, username: str) -> Credentials | None:
    """Person and password hash of a user name."""
    row = (
        await session.execute(select(Account.person_id, Account.password_hash).where(Account.username == username))
    ).first()
    return Credentials(row.person_id, row.password_hash) if row else None


async def lock_person(session: AsyncSession, person_id: int) -> Person | None:
    """The person, locked: everything that changes logins, tokens or posts of one person goes through this."""
    person: Person | None = await session.scalar(
        select(Person)
        .where(Person.id == person_id)
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    )
    return person


async def account(session: AsyncSession, person_id: int) -> Account | None:
    """The account of a person, as it is now."""
    return await session.get(Account, person_id, populate_existing=True)


async def set_failures(
    session: AsyncSession, person_id: int, *, failed_count: int, locked_until: datetime | None
) -> None:
    """Store how often a login failed in a row, and until when none is tried. Runs for nobody (0) as for somebody, so
    that both take the same time."""
    await session.execute(
        update(Account)
        .where(Account.person_id == person_id)
        .values(failed_count=failed_count, locked_until=locked_until)
        .execution_options(synchronize_session=False)
    )


async def set_password(
    session: AsyncSession, person_id: int, *, password_hash: str, now: datetime | None = None
) -> None:
    """Store a password hash; with ``now`` as a change that voids every token from before and ends a lock, without as
    the same password hashed anew."""
    values: dict[str, Any] = {"password_hash": password_hash}
    if now is not None:
        values |= {"password_changed_at": now, "tokens_valid_from": now, "failed_count": 0, "locked_until": None}
    await session.execute(
        update(Account)
        .where(Account.person_id == person_id)
        .values(**values)
        .execution_options(synchronize_session=False)
    )


async def void_tokens(session: AsyncSession, person_id: int, *, now: datetime) -> None:
    """End every session of a person: no token from before counts any more."""
    await session.execute(
        update(Account)
        .where(Account.person_id == person_id)
        .values(tokens_valid_from=now)
        .execution_options(synchronize_session=False)
    )
    await session.execute(
        update(RefreshToken)
        .where(RefreshToken.person_id == person_id, RefreshToken.revoked_at.is_(None))
        .values(revoked_at=now)
        .execution_options(synchronize_session=False)
    )


# Tokens


def add_refresh_token(session: AsyncSession, row: RefreshToken) -> None:
    """Store a new refresh token."""
    session.add(row)


async def refresh_token(session: AsyncSession, token_hash: bytes) -> RefreshToken | None:
    """The refresh token with this hash, as it is now."""
    row: RefreshToken | None = await session.scalar(
        select(RefreshToken).where(RefreshToken.token_hash == token_hash).execution_options(populate_existing=True)
    )
    return row


async def revoke_family(session: AsyncSession, family_id: uuid.UUID, *, now: datetime) -> None:
    """End one login: its refresh tokens, and with them its access tokens."""
    await session.execute(
        update(RefreshToken)
        .where(RefreshToken.family_id == family_id, RefreshToken.revoked_at.is_(None))
        .values(revoked_at=now)
        .execution_options(synchronize_session=False)
    )


async def signing_keys(session: AsyncSession) -> Sequence[SigningKey]:
    """Every signing key, oldest first."""
    found = await session.scalars(
        select(SigningKey).order_by(SigningKey.created_at).execution_options(populate_existing=True)
    )
    return found.all()


async def lock_signing_keys(session: AsyncSession) -> None:
    """One at a time, until the transaction ends: making and rotating signing keys."""
    await session.execute(select(func.pg_advisory_xact_lock(_SIGNING_KEYS_LOCK)))


async def retire_signing_keys(session: AsyncSession, *, until: datetime) -> None:
    """Let every signing key end at ``until``, unless it ends earlier."""
    await session.execute(
        update(SigningKey)
        .where(or_(SigningKey.retired_at.is_(None), SigningKey.retired_at > until))
        .values(retired_at=until)
        .execution_options(synchronize_session=False)
    )


# Posts


async def standing(
    session: AsyncSession, person_id: int, *, session_id: uuid.UUID | None, now: datetime
) -> Standing | None:
    """In one statement: the person, whether their token still counts, and their posts at the instant."""
    ended = exists().where(RefreshToken.family_id == session_id, RefreshToken.revoked_at.is_not(None))
    rows = (
        await session.execute(
            select(Person, Account.tokens_valid_from, ended, Membership, Office)
            .outerjoin(Account, Account.person_id == Person.id)
            .outerjoin(Membership, and_(Membership.person_id == Person.id, holds_at(now)))
            .outerjoin(Office, Office.id == Membership.office_id)
            .where(Person.id == person_id)
            .order_by(Office.path, Membership.id)
        )
    ).all()
    if not rows:
        return None
    person, valid_from, is_ended = rows[0][0], rows[0][1], bool(rows[0][2])
    posts = tuple((row[3], row[4]) for row in rows if row[3] is not None and row[4] is not None)
    return Standing(person, valid_from, is_ended, posts)


async def person(session: AsyncSession, person_id: int) -> Person | None:
    """The person with this id."""
    return await session.get(Person, person_id)


async def persons(session: AsyncSession, ids: Iterable[int]) -> dict[int, Person]:
    """Persons by id; ids of nobody are left out."""
    wanted = set(ids)
    if not wanted:
        return {}
    return {row.id: row for row in await session.scalars(select(Person).where(Person.id.in_(wanted)))}


async def membership(session: AsyncSession, membership_id: int) -> Membership | None:
    """The membership with this id, past or present."""
    return await session.get(Membership, membership_id)


async def memberships(session: AsyncSession, person_id: int, *, now: datetime) -> list[Post]:
    """The posts a person holds at an instant."""
    return await _posts(session, Membership.person_id == person_id, holds_at(now))


async def history(session: AsyncSession, person_id: int) -> list[Post]:
    """Every post a person has held or will hold, the oldest first."""
    return await _posts(session, Membership.person_id == person_id)


async def post(session: AsyncSession, membership_id: int) -> Post | None:
    """One membership with its person and office."""
    return next(iter(await _posts(session, Membership.id == membership_id)), None)


async def _posts(session: AsyncSession, *conditions: ColumnElement[bool]) -> list[Post]:
    rows = await session.execute(
        select(Membership, Person, Office)
        .join(Person, Person.id == Membership.person_id)
        .join(Office, Office.id == Membership.office_id)
        .where(*conditions)
        .order_by(Membership.valid_from, Membership.id)
    )
    return [Post(*row) for row in rows]


async def overlaps(
    session: AsyncSession, person_id: int, office_id: int, *, valid_from: datetime, valid_to: datetime | None
) -> bool:
    """Whether the person has a post in the office at some instant of that time. An empty post does not count."""
    condition = (
        (Membership.person_id == person_id)
        & (Membership.office_id == office_id)
        & or_(
            Membership.valid_to.is_(None),
            and_(Membership.valid_to > valid_from, Membership.valid_to > Membership.valid_from),
        )
        & (Membership.valid_from < valid_to if valid_to is not None else true())
    )
    return bool(await session.scalar(select(exists().where(condition))))


async def ranks_of(session: AsyncSession, office_id: int, *, now: datetime) -> list[str]:
    """The ranks that an office's staff have in their posts there, one for each post."""
    statement = select(Membership.rank).where(Membership.office_id == office_id, holds_at(now))
    return list(await session.scalars(statement))


async def staff(session: AsyncSession, office_id: int, *, page: Page, now: datetime) -> Window[Post]:
    """A page of the posts of an office at an instant; persons who were deactivated are left out."""
    statement = (
        select(Membership, Person, Office)
        .join(Person, Person.id == Membership.person_id)
        .join(Office, Office.id == Membership.office_id)
        .where(Membership.office_id == office_id, holds_at(now), Person.deactivated_at.is_(None))
    )
    rows = (await session.execute(seek(cast("Select[Any]", statement), page, _STAFF_KEYS))).all()
    return window([Post(row[0], row[1], row[2]) for row in rows], page)


async def handlers(
    session: AsyncSession, office_id: int, *, roles: Collection[str], now: datetime, exclude: Collection[int] = ()
) -> list[int]:
    """Ids of the active persons who hold one of the roles in the office at the instant, without the excluded
    (recused) ones, in ascending order."""
    found = await session.scalars(
        select(Membership.person_id)
        .join(Person, Person.id == Membership.person_id)
        .join(Office, Office.id == Membership.office_id)
        .where(
            Membership.office_id == office_id,
            holds_at(now),
            _office_open(now),
            Membership.roles.overlap(list(roles)),
            Person.deactivated_at.is_(None),
            Person.id.not_in(list(exclude)),
        )
        .distinct()
        .order_by(Membership.person_id)
    )
    return list(found)


async def main_office(session: AsyncSession, person_id: int, *, now: datetime) -> int:
    """The office of a person's oldest present post, for the audit of logins; 0 if there is none."""
    found = await session.scalar(
        select(Membership.office_id)
        .where(Membership.person_id == person_id, holds_at(now))
        .order_by(Membership.valid_from, Membership.id)
        .limit(1)
    )
    return int(found or 0)


async def add_person(session: AsyncSession, *, name: str, locale: str, now: datetime) -> Person:
    """Store a new member of staff."""
    row = Person(name=name, locale=locale, created_at=now, deactivated_at=None)
    session.add(row)
    await session.flush()
    return row


async def add_account(
    session: AsyncSession, *, person_id: int, username: str, password_hash: str, now: datetime
) -> bool:
    """Store how a person logs in; False (and nothing stored) when the name is taken, also by somebody this instant."""
    stored = await session.scalar(
        insert(Account)
        .values(
            person_id=person_id,
            username=username,
            password_hash=password_hash,
            password_changed_at=now,
            tokens_valid_from=now,
        )
        .on_conflict_do_nothing(index_elements=["username"])
        .returning(Account.person_id)
    )
    return stored is not None


async def add_membership(
    session: AsyncSession,
    *,
    person_id: int,
    office_id: int,
    roles: Iterable[str],
    rank: str,
    portfolios: Iterable[str],
    title: str,
    valid_from: datetime,
    valid_to: datetime | None,
) -> Membership:
    """Store a new post."""
    row = Membership(
        person_id=person_id,
        office_id=office_id,
        roles=list(roles),
        rank=rank,
        portfolios=list(portfolios),
        post=title,
        valid_from=valid_from,
        valid_to=valid_to,
    )
    session.add(row)
    await session.flush()
    return row
