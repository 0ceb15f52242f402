"""What administrators do with staff: take on, grant and end posts, reset passwords, deactivate.

An administrator's reach is the own office and everything below it. Nobody changes their own posts, nobody both
administers and audits, and operators of the platform are not made here: the three duties stay apart.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime

from caseway.access.actor import Actor
from caseway.access.facts import office_facts
from caseway.access.permissions import ROLES, Permission, Role
from caseway.access.policy import Policy
from caseway.db.session import UnitOfWork
from caseway.errors import InvalidInput, NotFound
from caseway.ledger import audit
from caseway.people import passwords, repository
from caseway.people.errors import (
    MembershipEnded,
    MembershipExists,
    OfficeClosed,
    OwnPosts,
    PersonDeactivated,
    RoleCombination,
    RoleNotGrantable,
    UsernameTaken,
)
from caseway.people.models import Membership, Person
from caseway.people.service import username_key
from caseway.tenancy import repository as offices
from caseway.tenancy.models import Office

LONGEST_NAME, LONGEST_TITLE, MOST_PORTFOLIOS = 60, 100, 30
LOCALES = ("zh-CN", "en")
_USERNAME = re.compile(r"[^\W_][\w.@-]{2,63}")
_RANK = re.compile(r"[A-Z][A-Z_]{1,39}")
_FIELD = re.compile(r"[A-Z][A-Z0-9_]{0,59}")
#: No l, I, 1, O, 0: a temporary password is read from paper.
_LEGIBLE = "abcdefghjkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789"


@dataclass(frozen=True, slots=True)
class Post:
    """A post to be granted."""

    office_id: int
    roles: tuple[str, ...]
    rank: str = "STAFF"
    portfolios: tuple[str, ...] = ()
    title: str = ""
    #: Absent = from now on.
    valid_from: datetime | None = None
    #: Absent = until it is ended.
    valid_to: datetime | None = None


@dataclass(frozen=True, slots=True)
class TakenOn:
    """A new member of staff."""

    person: Person
    membership: Membership
    #: The password made for them, if none was given; it is stored nowhere in this form.
    initial_password: str | None


async def create(
    uow: UnitOfWork,
    policy: Policy,
    actor: Actor,
    *,
    name: str,
    username: str,
    post: Post,
    now: datetime,
    password: str | None = None,
    locale: str = "zh-CN",
) -> TakenOn:
    """Take on a person with an account and a first post. Without a password one is made, to be changed by its owner."""
    key, name = username_key(username), name.strip()
    problems = _post_problems(post, now)
    if not 1 <= len(name) <= LONGEST_NAME or "\x00" in name:
        problems.append(("name", "LENGTH", f"A name has 1 to {LONGEST_NAME} characters."))
    if not _USERNAME.fullmatch(key):
        text = "A user name has 3 to 64 letters, digits and . - _ @; the first is a letter or a digit."
        problems.append(("username", "USERNAME_SYNTAX", text))
    if locale not in LOCALES:
        problems.append(("locale", "LOCALE_UNKNOWN", f"Choose one of {', '.join(LOCALES)}."))
    if problems:
        raise InvalidInput(problems)
    office = await _office(uow, policy, actor, post.office_id, Permission.USER_MANAGE, Permission.USER_GRANT)
    _check_roles(post.roles)
    _check_open(office, post, now)
    made = None if password is not None else temporary_password()
    chosen = password if password is not None else made or ""
    passwords.check(chosen, username=key)
    hashed = await passwords.hash_password(chosen)
    person = await repository.add_person(uow.session, name=name, locale=locale, now=now)
    if not await repository.add_account(uow.session, person_id=person.id, username=key, password_hash=hashed, now=now):
        raise UsernameTaken
    membership = await _store(uow, person.id, post, now)
    await _note(uow, actor, "staff.create", f"Person:{person.id}", now, office_id=office.id)
    return TakenOn(person, membership, made)


async def grant(
    uow: UnitOfWork, policy: Policy, actor: Actor, *, person_id: int, post: Post, now: datetime
) -> Membership:
    """Give a person within the administrator's reach (who has or had a post there) a further post."""
    problems = _post_problems(post, now)
    if problems:
        raise InvalidInput(problems)
    office = await _office(uow, policy, actor, post.office_id, Permission.USER_GRANT)
    person = await repository.lock_person(uow.session, person_id)
    history = await repository.history(uow.session, person_id)
    if person is None or not any(_reaches(policy, actor, each.office) for each in history):
        raise NotFound
    if person.id == actor.person_id:
        raise OwnPosts
    if person.deactivated_at is not None:
        raise PersonDeactivated
    valid_from = post.valid_from or now
    overlapping = [
        role
        for each in history
        if _overlap(each.membership, valid_from, post.valid_to)
        for role in each.membership.roles
    ]
    _check_roles(post.roles, beside=overlapping)
    _check_open(office, post, now)
    if await repository.overlaps(uow.session, person_id, office.id, valid_from=valid_from, valid_to=post.valid_to):
        raise MembershipExists
    membership = await _store(uow, person_id, post, now)
    await _note(
        uow, actor, "membership.grant", f"Membership:{membership.id}", now, office_id=office.id, roles=list(post.roles)
    )
    return membership


async def end(uow: UnitOfWork, policy: Policy, actor: Actor, *, membership_id: int, now: datetime) -> Membership:
    """End a post now. It stays in the person's history; the next request of the person already acts without it."""
    found = await repository.post(uow.session, membership_id)
    if found is None or not _reaches(policy, actor, found.office):
        raise NotFound
    await policy.require(uow, actor, Permission.USER_GRANT, office_facts(actor, found.office.id, found.office.path))
    if found.person.id == actor.person_id:
        raise OwnPosts
    await repository.lock_person(uow.session, found.person.id)
    await uow.session.refresh(found.membership)
    if found.membership.valid_to is not None and found.membership.valid_to <= now:
        raise MembershipEnded
    _end(found.membership, now)
    await uow.session.flush()
    await _note(uow, actor, "membership.end", f"Membership:{membership_id}", now, office_id=found.office.id)
    return found.membership


async def deactivate(uow: UnitOfWork, policy: Policy, actor: Actor, *, person_id: int, now: datetime) -> Person:
    """Close a person's account and end all their posts. Their tokens are void at once; what they did stays on record.

    It takes the right to manage staff in every office in which the person holds a post.
    """
    person = await _managed(uow, policy, actor, person_id, now)
    if person.id == actor.person_id:
        raise OwnPosts
    if person.deactivated_at is not None:
        raise PersonDeactivated
    person.deactivated_at = now
    for each in await repository.history(uow.session, person_id):
        if each.membership.valid_to is None or each.membership.valid_to > now:
            _end(each.membership, now)
    await uow.session.flush()
    await repository.void_tokens(uow.session, person_id, now=now)
    await _note(uow, actor, "staff.deactivate", f"Person:{person_id}", now)
    return person


async def reset_password(uow: UnitOfWork, policy: Policy, actor: Actor, *, person_id: int, now: datetime) -> str:
    """Give a person a new password that is made here and told once; it also ends a lock and every session.

    It takes the right to manage staff in every office in which the person holds a post.
    """
    person = await _managed(uow, policy, actor, person_id, now)
    if person.deactivated_at is not None:
        raise PersonDeactivated
    if await repository.account(uow.session, person_id) is None:
        raise NotFound
    made = temporary_password()
    await repository.set_password(uow.session, person_id, password_hash=await passwords.hash_password(made), now=now)
    await repository.void_tokens(uow.session, person_id, now=now)
    await _note(uow, actor, "password.reset", f"Person:{person_id}", now)
    return made


def temporary_password() -> str:
    """Four groups of five legible characters: more than 110 bits."""
    return "-".join("".join(secrets.choice(_LEGIBLE) for _ in range(5)) for _ in range(4))


def check_roles(roles: Collection[str], *, beside: Iterable[str] = ()) -> None:
    """The rules about roles that hold whoever grants them: known, at least one, and nobody both administers and
    audits (``beside``: the roles the person holds in other posts of that time)."""
    unknown = sorted(set(roles) - set(ROLES))
    if unknown or not roles:
        text = f"Choose at least one of {', '.join(ROLES)}."
        raise InvalidInput([("post.roles", "ROLE_UNKNOWN", text)])
    if {Role.TENANT_ADMIN, Role.AUDITOR} <= {*roles, *beside}:
        raise RoleCombination


def _check_roles(roles: Collection[str], *, beside: Iterable[str] = ()) -> None:
    check_roles(roles, beside=beside)
    if Role.PLATFORM_OPERATOR in roles:
        raise RoleNotGrantable(role=Role.PLATFORM_OPERATOR.value)


def _post_problems(post: Post, now: datetime) -> list[tuple[str, str, str]]:
    problems = []
    if not _RANK.fullmatch(post.rank):
        problems.append(("post.rank", "RANK_SYNTAX", "A rank is written in capitals, such as SECTION_DEPUTY."))
    if len(post.portfolios) > MOST_PORTFOLIOS or not all(_FIELD.fullmatch(each) for each in post.portfolios):
        text = f"Portfolios are at most {MOST_PORTFOLIOS} codes of fields in capitals."
        problems.append(("post.portfolios", "PORTFOLIO_SYNTAX", text))
    if len(post.title) > LONGEST_TITLE or "\x00" in post.title:
        problems.append(("post.title", "TOO_LONG", f"Write {LONGEST_TITLE} characters at most."))
    if post.valid_to is not None and post.valid_to <= max(post.valid_from or now, now):
        problems.append(("post.validTo", "TIME_ORDER", "A post ends after it begins, and not in the past."))
    if post.valid_from is not None and post.valid_from < now:
        problems.append(("post.validFrom", "TIME_PAST", "A post begins now or later: leave the field out for now."))
    return problems


def _check_open(office: Office, post: Post, now: datetime) -> None:
    begins = max(post.valid_from or now, now)
    if (office.valid_to is not None and office.valid_to <= begins) or office.virtual or office.statistical_only:
        raise OfficeClosed("This office is closed: grant the post in the office that succeeded it.")


def _overlap(membership: Membership, valid_from: datetime, valid_to: datetime | None) -> bool:
    return (membership.valid_to is None or membership.valid_to > max(valid_from, membership.valid_from)) and (
        valid_to is None or membership.valid_from < valid_to
    )


def _end(membership: Membership, now: datetime) -> None:
    # A post that has not begun yet ends when it would have begun: it was never held.
    membership.valid_to = max(now, membership.valid_from)


def _reaches(policy: Policy, actor: Actor, office: Office) -> bool:
    """Whether the actor may know of the staff of an office."""
    facts = office_facts(actor, office.id, office.path)
    return any(
        policy.allows(actor, permission, facts)
        for permission in (Permission.USER_READ, Permission.USER_MANAGE, Permission.USER_GRANT)
    )


async def _office(uow: UnitOfWork, policy: Policy, actor: Actor, office_id: int, *permissions: Permission) -> Office:
    office = await offices.by_id(uow.session, office_id)
    if office is None:
        raise NotFound
    for permission in permissions:
        await policy.require(uow, actor, permission, office_facts(actor, office.id, office.path))
    return office


async def _managed(uow: UnitOfWork, policy: Policy, actor: Actor, person_id: int, now: datetime) -> Person:
    """The person, locked, if the actor may manage them in every office of theirs; ``NotFound`` if in none."""
    person = await repository.lock_person(uow.session, person_id)
    history = await repository.history(uow.session, person_id)
    if person is None or not any(_reaches(policy, actor, each.office) for each in history):
        raise NotFound
    held = [each.office for each in history if each.membership.valid_to is None or each.membership.valid_to > now]
    for office in held or [each.office for each in history[-1:]]:
        await policy.require(uow, actor, Permission.USER_MANAGE, office_facts(actor, office.id, office.path))
    return person


async def _store(uow: UnitOfWork, person_id: int, post: Post, now: datetime) -> Membership:
    return await repository.add_membership(
        uow.session,
        person_id=person_id,
        office_id=post.office_id,
        roles=sorted(set(post.roles)),
        rank=post.rank,
        portfolios=sorted(set(post.portfolios)),
        title=post.title.strip(),
        valid_from=post.valid_from or now,
        valid_to=post.valid_to,
    )


async def _note(
    uow: UnitOfWork, actor: Actor, action: str, subject: str, now: datetime, *, office_id: int = 0, **facts: object
) -> None:
    await audit.note(
        uow.session,
        at=now,
        person_id=actor.person_id,
        office_id=actor.office_id,
        action=action,
        outcome="OK",
        subject=subject,
        facts={**({"office": office_id} if office_id else {}), **facts},
    )
