"""Logging in and out, and who a request's person is in the office they act for.

What fails must still be counted: the functions here that may refuse a login store the failure in a transaction of their
own, and raise only after it is committed. They take the database instead of a unit of work.
"""

from __future__ import annotations

import base64
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from caseway.access.actor import Actor
from caseway.access.identity import Identity, TokenIssuer, TokenPair, Unauthenticated
from caseway.db.scope import NO_SCOPE
from caseway.db.session import Database
from caseway.errors import CasewayError
from caseway.ledger import audit
from caseway.people import passwords, repository
from caseway.people.errors import (
    ActingOfficeInvalid,
    ActingOfficeRequired,
    LoginFailed,
    PasswordWrong,
    RefreshInvalid,
    RefreshReused,
)
from caseway.people.models import Membership, Person
from caseway.people.tokens import looks_like_refresh, refresh_hash
from caseway.tenancy.models import Office, OfficeKind

#: Failures in a row that lock an account, for how long at first, and at most (it doubles with every further failure).
FAILURES_ALLOWED = 5
FIRST_LOCK, LONGEST_LOCK = timedelta(minutes=15), timedelta(hours=24)
_LONGEST_USERNAME = 64
_LONGEST_HEADER = 200


@dataclass(frozen=True, slots=True)
class Login:
    """A login that succeeded."""

    person_id: int
    tokens: TokenPair


async def login(
    database: Database, tokens: TokenIssuer, *, username: str, password: str, now: datetime, client: str = ""
) -> Login:
    """Open a session for a user name and password.

    Everything that can be wrong is answered alike, with ``LoginFailed`` and after the same work: no such account, wrong
    password, account locked, person deactivated. An account is locked after five failures in a row, for a quarter of an
    hour, then for twice as long with every further failure, a day at most; while it is locked nothing is counted, and
    the right password is refused as well. Every attempt is noted for audit.
    """
    name = username_key(username)
    async with database.reader(NO_SCOPE) as session:
        known = await repository.credentials(session, name)
    checked = known.password_hash if known else passwords.NO_PASSWORD
    # Outside of any transaction: no connection is held while the processor works.
    correct = await passwords.verify(checked, password)
    person_id = known.person_id if known else 0
    pair: TokenPair | None = None
    async with database.unit(NO_SCOPE) as uow:
        uow.nothing_to_do()  # whoever logs in is nobody yet: there is no permission to ask for
        session = uow.session
        outcome = await _settle(session, person_id, checked, correct=correct, now=now)
        if outcome == "OK":
            pair = await tokens.issue(session, person_id, now=now)
        await _note(session, "session.start", outcome, person_id, now=now, client=client)
    if pair is None:
        raise LoginFailed
    if passwords.needs_rehash(checked):
        await _hash_anew(database, person_id, checked, password)
    return Login(person_id, pair)


async def _hash_anew(database: Database, person_id: int, checked: str, password: str) -> None:
    """Bring a stored hash to today's parameters, now that the password is at hand."""
    hashed = await passwords.hash_password(password)
    async with database.unit(NO_SCOPE) as uow:
        uow.nothing_to_do()  # nothing changes for anybody
        await repository.lock_person(uow.session, person_id)
        account = await repository.account(uow.session, person_id)
        if account is not None and account.password_hash == checked:
            await repository.set_password(uow.session, person_id, password_hash=hashed)


async def refresh(
    database: Database, tokens: TokenIssuer, *, refresh_token: str, now: datetime, client: str = ""
) -> Login:
    """New tokens for a refresh token, which is thereby used up.

    ``RefreshInvalid`` when it is unknown, expired or revoked. ``RefreshReused`` when it was used before: two parties
    hold it, so the whole login is ended for both.
    """
    hashed = refresh_hash(refresh_token) if looks_like_refresh(refresh_token) else b""
    refusal: CasewayError | None = None
    async with database.unit(NO_SCOPE) as uow:
        uow.nothing_to_do()  # the token itself is the permission
        session = uow.session
        row = await repository.refresh_token(session, hashed)
        person = await repository.lock_person(session, row.person_id) if row else None
        # Read again: another renewal may have come to its end while this one waited for the person.
        row = await repository.refresh_token(session, hashed)
        account = await repository.account(session, person.id) if person else None
        if row is None or person is None or row.revoked_at is not None or row.expires_at <= now:
            refusal = RefreshInvalid()
        elif row.replaced_at is not None:
            await repository.revoke_family(session, row.family_id, now=now)
            await _note(session, "session.refresh", "REFRESH_REUSED", person.id, now=now, client=client)
            refusal = RefreshReused()
        elif person.deactivated_at is not None or (account is not None and row.issued_at < account.tokens_valid_from):
            refusal = RefreshInvalid()
        else:
            row.replaced_at = now
            pair = await tokens.renew(session, person.id, session_id=row.family_id, until=row.expires_at, now=now)
            done = Login(person.id, pair)
    if refusal is not None:
        raise refusal
    return done


async def logout(
    database: Database, identity: Identity, *, now: datetime, everywhere: bool = False, client: str = ""
) -> None:
    """End the login that the identity's token stems from, or all of the person's; their access tokens do not count any
    more either."""
    async with database.unit(NO_SCOPE) as uow:
        uow.nothing_to_do()  # everybody may end their own session
        await repository.lock_person(uow.session, identity.person_id)
        if everywhere:
            await repository.void_tokens(uow.session, identity.person_id, now=now)
        elif identity.session_id is not None:
            await repository.revoke_family(uow.session, identity.session_id, now=now)
        await _note(uow.session, "session.end", "OK", identity.person_id, now=now, client=client)


async def change_password(
    database: Database,
    tokens: TokenIssuer,
    identity: Identity,
    *,
    present: str,
    new: str,
    now: datetime,
    client: str = "",
) -> Login:
    """Change one's own password. Every session ends, this one too: the answer holds the tokens of a new one.

    ``PasswordWrong`` counts as a failed login. ``PASSWORD_TOO_…`` when the new one is not acceptable.
    """
    async with database.reader(NO_SCOPE) as session:
        found = await repository.account(session, identity.person_id)
        if found is None:
            raise PasswordWrong
        username, checked = found.username, found.password_hash
    passwords.check(new, username=username)
    correct = await passwords.verify(checked, present)
    hashed = await passwords.hash_password(new)
    pair: TokenPair | None = None
    async with database.unit(NO_SCOPE) as uow:
        uow.nothing_to_do()  # the present password is the permission
        session = uow.session
        outcome = await _settle(session, identity.person_id, checked, correct=correct, now=now)
        if outcome == "OK":
            await repository.set_password(session, identity.person_id, password_hash=hashed, now=now)
            await repository.void_tokens(session, identity.person_id, now=now)
            pair = await tokens.issue(session, identity.person_id, now=now)
        await _note(session, "password.change", outcome, identity.person_id, now=now, client=client)
    if pair is None:
        raise PasswordWrong
    return Login(identity.person_id, pair)


async def _settle(session: AsyncSession, person_id: int, checked: str, *, correct: bool, now: datetime) -> str:
    """What becomes of an attempt, and the account's count of failures. The same statements whatever the outcome."""
    person = await repository.lock_person(session, person_id)
    account = await repository.account(session, person_id)
    count, locked_until = (account.failed_count, account.locked_until) if account else (0, None)
    if person is None or account is None:
        outcome = "UNKNOWN"
    elif locked_until is not None and locked_until > now:
        outcome = "LOCKED"
    elif not correct or account.password_hash != checked:
        outcome, count = "WRONG_PASSWORD", count + 1
        locked_until = now + lock_time(count) if count >= FAILURES_ALLOWED else None
    elif person.deactivated_at is not None:
        outcome = "DEACTIVATED"
    else:
        outcome, count, locked_until = "OK", 0, None
    await repository.set_failures(session, person_id, failed_count=count, locked_until=locked_until)
    return outcome


def lock_time(failures: int) -> timedelta:
    """For how long an account is locked after so many failures in a row."""
    times: int = 2 ** min(failures - FAILURES_ALLOWED, 20)
    return min(FIRST_LOCK * times, LONGEST_LOCK)


def username_key(username: str) -> str:
    """A user name in the form it is stored and looked up in: however it is typed, it is the same account."""
    return unicodedata.normalize("NFKC", username[: _LONGEST_USERNAME + 1]).strip().casefold().replace("\x00", "")


async def _note(
    session: AsyncSession, action: str, outcome: str, person_id: int, *, now: datetime, client: str
) -> None:
    office_id = await repository.main_office(session, person_id, now=now)
    await audit.note(
        session,
        at=now,
        person_id=person_id,
        office_id=office_id,
        action=action,
        outcome=outcome,
        # The name that was typed is not kept: people type passwords into the wrong field.
        subject=f"Person:{person_id}" if person_id else "",
        facts={"client": client} if client else {},
    )


async def actor(session: AsyncSession, identity: Identity, *, office: str | None, now: datetime) -> Actor:
    """The person of a request in the office they act for.

    ``Unauthenticated`` when the token does not count any more: session ended, password changed, person deactivated
    since. ``office`` is the header ``Caseway-Office``: an office's id, code or node id; without it the only post
    counts, else ``ActingOfficeRequired``. ``ActingOfficeInvalid`` when the person has no post there, whether or not
    there is such an office.
    """
    found = await repository.standing(session, identity.person_id, session_id=identity.session_id, now=now)
    if found is None or found.session_ended or found.person.deactivated_at is not None:
        raise Unauthenticated
    if found.tokens_valid_from is not None and identity.issued_at < found.tokens_valid_from:
        raise Unauthenticated
    usable = [(post, place) for post, place in found.posts if place.valid_to is None or place.valid_to > now]
    membership, acting = _chosen(usable, office)
    return as_actor(found.person, membership, acting, [place for _, place in found.posts])


def as_actor(person: Person, membership: Membership, acting: Office, places: Iterable[Office]) -> Actor:
    """A person in one of their posts, as the policy sees them. ``places`` are the offices of all their present posts:
    a complaint about any of them, or about an office above one, bars the person."""
    bars = {office_id for place in places for office_id in place.answers_to} | {-person.id}
    # A discipline body acts for its seat in the accusations that are handed to it; it does not watch over the seat's
    # other cases, as petition offices and joint conferences do.
    watches = acting.seat_id != acting.id and acting.kind != OfficeKind.DISCIPLINE
    seat_path = parent_path(acting.path) if watches else acting.path
    return Actor(
        person_id=person.id,
        name=person.name,
        office_id=acting.id,
        office_path=acting.path,
        office_name=acting.name,
        level=acting.level,
        kind=acting.kind,
        seat_id=acting.seat_id if watches else acting.id,
        seat_path=seat_path,
        city_id=acting.city_id,
        roles=tuple(membership.roles),
        rank=membership.rank,
        portfolios=tuple(membership.portfolios),
        bars=tuple(sorted(bars)),
        locale=person.locale,
    )


def parent_path(path: str) -> str:
    """The path of the office above: ``"1.33."`` for ``"1.33.421."``."""
    return path[: path.rstrip(".").rfind(".") + 1]


def _chosen(posts: list[tuple[Membership, Office]], office: str | None) -> tuple[Membership, Office]:
    wanted = (office or "").strip()
    if not wanted:
        if len(posts) != 1:
            offices = "; ".join(f"{place.code} {place.name}" for _, place in posts)
            raise ActingOfficeRequired(offices=offices)
        return posts[0]
    if len(wanted) > _LONGEST_HEADER:
        raise ActingOfficeInvalid
    # An id may look like another office's code: if both are meant, nothing is guessed.
    matching = [(post, place) for post, place in posts if wanted in (str(place.id), place.code, node_id(place.id))]
    if len(matching) != 1:
        raise ActingOfficeInvalid
    return matching[0]


def node_id(office_id: int) -> str:
    """An office's global id as the API gives it out."""
    return base64.urlsafe_b64encode(f"Office:{office_id}".encode()).rstrip(b"=").decode()
