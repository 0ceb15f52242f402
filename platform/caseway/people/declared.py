"""Declared configuration, part two: members of staff, how they log in, and their posts.

A declared person's posts are all of their posts: one that is not listed any more is ended, none is deleted. A password
is given only when the account is made, from the environment or, for demonstrations, from the file; later applies never
touch it.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Protocol

import msgspec

from caseway.access.permissions import Role
from caseway.db.scope import SYSTEM_SCOPE
from caseway.db.session import Database, UnitOfWork
from caseway.errors import CasewayError
from caseway.people import passwords, repository, staff
from caseway.people.models import Membership
from caseway.tenancy import declarations
from caseway.tenancy import repository as offices
from caseway.tenancy.changes import NO_HOOKS, Hooks
from caseway.tenancy.declarations import DeclarationRefused, Document, Fault
from caseway.tenancy.declared import LISTS, SETTINGS, Action, Declared, Step, apply_offices, files_of, read_files
from caseway.tenancy.imports import instant
from caseway.tenancy.models import Office

_USERNAME = re.compile(r"[a-z0-9](?:[a-z0-9._-]{0,62}[a-z0-9])?")
_LONGEST_NAME = 60
_CODE = re.compile(r"[A-Z][A-Z0-9_]{0,39}")


class DeclaredPost(
    msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename={"valid_from": "from", "valid_to": "to"}
):
    """One post of a declared person."""

    #: Code of the office.
    office: str
    roles: list[Role]
    rank: str = "STAFF"
    #: Fields a leader is in charge of.
    portfolios: list[str] = []
    post: str = ""
    #: First day of the post; the moment of the apply when it is not given.
    valid_from: date | None = None
    #: Day on which the post has ended (its first day without the post).
    valid_to: date | None = None


class DeclaredPerson(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A member of staff as declared."""

    username: str
    name: str
    memberships: list[DeclaredPost]
    locale: str = "zh-CN"
    #: Name of the environment variable that holds the first password.
    password_env: str | None = None


@dataclass(frozen=True, slots=True)
class Secrets:
    """Where first passwords come from."""

    environment: Mapping[str, str]
    #: Whether passwords that stand in the files are accepted: only for demonstrations.
    demo: bool = False

    @classmethod
    def of_process(cls, *, demo: bool = False) -> Secrets:
        """Those of this process's environment."""
        return cls(os.environ, demo=demo)


class _OnlyPlanned(Exception):
    """Carries a plan out of the transaction that made it, which must not be stored."""

    def __init__(self, steps: list[Step]) -> None:
        self.steps = steps
        super().__init__("only planned")


class Further(Protocol):
    """What slices above declare in files of their own, brought about after offices and staff."""

    def takes(self, path: Path) -> bool:
        """Whether a file is one of its own."""
        ...

    async def __call__(
        self, uow: UnitOfWork, paths: Sequence[Path], *, now: datetime, faults: list[Fault]
    ) -> list[Step]: ...


class Several:
    """Several of them, each for its own files, one after the other in the order given."""

    def __init__(self, *each: Further) -> None:
        self._each = each

    def takes(self, path: Path) -> bool:
        """Whether a file is one of theirs."""
        return any(one.takes(path) for one in self._each)

    async def __call__(
        self, uow: UnitOfWork, paths: Sequence[Path], *, now: datetime, faults: list[Fault]
    ) -> list[Step]:
        """Bring about what each of them declares; a file belongs to the first that takes it."""
        steps: list[Step] = []
        left = list(paths)
        for one in self._each:
            taken = [path for path in left if one.takes(path)]
            left = [path for path in left if path not in taken]
            if taken:
                steps += await one(uow, taken, now=now, faults=faults)
        return steps


async def declare(
    database: Database,
    folder: Path,
    *,
    secrets: Secrets,
    store: bool,
    now: datetime,
    hooks: Hooks = NO_HOOKS,
    further: Further | None = None,
) -> list[Step]:
    """Apply the declared offices and staff of a folder, and what ``further`` takes, in one transaction and say what was
    done. With ``store=False`` the transaction is undone: a plan is exactly what an apply would do.
    ``DeclarationRefused`` names every fault."""
    paths = files_of(folder)
    taken = [path for path in paths if further is not None and further.takes(path)]
    documents = read_files([path for path in paths if path not in taken])
    faults: list[Fault] = []
    try:
        async with database.unit(SYSTEM_SCOPE) as uow:
            await uow.permitted()
            steps = await apply_offices(uow, documents, now=now, faults=faults, hooks=hooks)
            steps += await apply_persons(uow, documents, secrets=secrets, now=now, faults=faults, hashing=store)
            if further is not None and taken:
                steps += await further(uow, taken, now=now, faults=faults)
            if faults:
                raise DeclarationRefused(faults)
            if not store:
                raise _OnlyPlanned(steps)
    except _OnlyPlanned as planned:
        return planned.steps
    return steps


async def apply_persons(
    uow: UnitOfWork,
    documents: Sequence[Document],
    *,
    secrets: Secrets,
    now: datetime,
    faults: list[Fault],
    hashing: bool = True,
) -> list[Step]:
    """Bring the declared persons and posts about; returns what was done. The offices stand already. Faults are
    collected as in ``apply_offices``. ``hashing=False`` for a plan, which is undone anyway."""
    declared = _declared(documents, faults)
    wanted = {post.office for _, person in declared.values() for post in person.memberships}
    known = await offices.by_codes(uow.session, wanted)
    # The accounts of one demo share a password and, to start quickly, its hash. A plan stores none.
    hashes: dict[str, str] | None = {} if hashing else None
    steps: list[Step] = []
    for where, person in declared.values():
        if not _check_posts(where, person, known, faults):
            continue
        try:
            steps += await _apply(uow, where, person, known, secrets, hashes, now, faults)
        except CasewayError as refusal:
            faults.append(where.refused(refusal))
    return steps


def _declared(documents: Sequence[Document], faults: list[Fault]) -> dict[str, tuple[Declared, DeclaredPerson]]:
    found: dict[str, tuple[Declared, DeclaredPerson]] = {}
    for document in documents:
        for key, index, value in declarations.items(document, LISTS, SETTINGS):
            if key != "persons":
                continue
            where = Declared(document, (key, index))
            person = declarations.typed(document, where.place, value, DeclaredPerson, faults)
            if person is None:
                continue
            if not _USERNAME.fullmatch(person.username):
                faults.append(
                    where.fault(
                        "INVALID", "a user name has small letters, digits, dots, dashes, at most 64", "username"
                    )
                )
            elif not person.name.strip() or len(person.name) > _LONGEST_NAME or not person.name.isprintable():
                faults.append(where.fault("INVALID", f"a name has 1-{_LONGEST_NAME} printable characters", "name"))
            elif person.username in found:
                first = found[person.username][0]
                there = f"{first.document.file}:{first.document.line(first.place)}"
                faults.append(
                    where.fault("USERNAME_TAKEN", f"{person.username} is declared at {there} too", "username")
                )
            else:
                found[person.username] = (where, person)
    return found


def _check_posts(where: Declared, person: DeclaredPerson, known: Mapping[str, Office], faults: list[Fault]) -> bool:
    before = len(faults)
    for index, post in enumerate(person.memberships):
        place = ("memberships", index)
        if post.office not in known:
            faults.append(where.fault("OFFICE_NOT_FOUND", f"there is no open office {post.office}", *place, "office"))
        try:
            staff.check_roles(
                post.roles,
                beside=[role for other in person.memberships if _overlap(post, other) for role in other.roles],
            )
        except CasewayError as refusal:
            faults.append(where.refused(refusal, *place, "roles"))
        faults += [
            where.fault("INVALID", f"{code!r} is no code of capital letters", *place)
            for code in (post.rank, *post.portfolios)
            if not _CODE.fullmatch(code)
        ]
        if post.valid_to is not None and (post.valid_from is None or post.valid_to <= post.valid_from):
            faults.append(where.fault("INVALID", "a post that ends has a first day before it (from)", *place, "to"))
        if any(_overlap(post, other) and post.office == other.office for other in person.memberships[:index]):
            message = f"{person.username} has another post in {post.office} in that time"
            faults.append(where.fault("MEMBERSHIP_EXISTS", message, *place))
    return len(faults) == before


def _overlap(one: DeclaredPost, other: DeclaredPost) -> bool:
    starts = max(one.valid_from or date.min, other.valid_from or date.min)
    return starts < min(one.valid_to or date.max, other.valid_to or date.max)


async def _apply(
    uow: UnitOfWork,
    where: Declared,
    declared: DeclaredPerson,
    known: Mapping[str, Office],
    secrets: Secrets,
    hashes: dict[str, str] | None,
    now: datetime,
    faults: list[Fault],
) -> list[Step]:
    subject = f"person {declared.username}"
    credentials = await repository.credentials(uow.session, declared.username)
    if credentials is None:
        password = _first_password(where, declared, secrets, faults)
        if password is None:
            return []
        passwords.check(password, username=declared.username)
        hashed = ""
        if hashes is not None:
            hashed = hashes.get(password) or await passwords.hash_password(password)
            hashes[password] = hashed
        person = await repository.add_person(uow.session, name=declared.name.strip(), locale=declared.locale, now=now)
        await repository.add_account(
            uow.session, person_id=person.id, username=declared.username, password_hash=hashed, now=now
        )
        steps = [Step(Action.CREATE, subject, person.name)]
    else:
        found = await repository.lock_person(uow.session, credentials.person_id)
        if found is None or found.deactivated_at is not None:
            faults.append(where.fault("PERSON_DEACTIVATED", f"{declared.username} has been deactivated", "username"))
            return []
        person = found
        steps = []
        for key, given in (("name", declared.name.strip()), ("locale", declared.locale)):
            if getattr(person, key) != given:
                steps.append(Step(Action.CHANGE, subject, f"{key}: {getattr(person, key)} → {given}"))
                setattr(person, key, given)
    steps += await _posts(uow, declared, person.id, known, now)
    await uow.session.flush()
    return steps or [Step(Action.KEEP, subject)]


def _first_password(where: Declared, declared: DeclaredPerson, secrets: Secrets, faults: list[Fault]) -> str | None:
    if declared.password_env is not None:
        if found := secrets.environment.get(declared.password_env):
            return found
        message = f"the environment has no {declared.password_env}, and {declared.username} has no account yet"
        faults.append(where.fault("PASSWORD_MISSING", message, "password_env"))
        return None
    demo = declarations.setting(where.document, "password_demo")
    if demo is None:
        message = f"{declared.username} has no account yet: name the variable of the first password (password_env)"
        faults.append(where.fault("PASSWORD_MISSING", message, "username"))
    elif not secrets.demo:
        message = "passwords in files are for demonstrations only: use password_env, or say --demo"
        faults.append(where.document.fault(("password_demo",), "PASSWORD_DEMO", message))
        return None
    return demo


async def _posts(
    uow: UnitOfWork, declared: DeclaredPerson, person_id: int, known: Mapping[str, Office], now: datetime
) -> list[Step]:
    """End what is not declared any more, change what differs, add what is missing."""
    steps: list[Step] = []
    history = await repository.history(uow.session, person_id)
    present = [post for post in history if _lasts(post.membership, now)]
    past = [post for post in history if not _lasts(post.membership, now)]
    wanted = {(known[post.office].id, post.valid_from): post for post in declared.memberships}
    kept: set[tuple[int, date | None]] = set()
    for held in present:
        key = next((key for key, post in wanted.items() if key not in kept and _same(held.membership, key, post)), None)
        subject = f"post {declared.username} @ {held.office.code}"
        if key is None:
            held.membership.valid_to = max(now, held.membership.valid_from)
            steps.append(Step(Action.END, subject, ", ".join(held.membership.roles)))
            continue
        kept.add(key)
        steps += _change(held.membership, wanted[key], subject)
    # What ends must end before the same office begins again: one open post per person and office.
    await uow.session.flush()
    for key, post in wanted.items():
        # A post that ended and is declared again goes on after it, never over it.
        ended = [old.membership.valid_to for old in past if old.office.id == key[0] and old.membership.valid_to]
        starts = max([now if post.valid_from is None else instant(post.valid_from), *ended])
        ends = instant(post.valid_to) if post.valid_to is not None else None
        if key in kept or (ends is not None and ends in ended):
            continue
        await repository.add_membership(
            uow.session,
            person_id=person_id,
            office_id=key[0],
            roles=_roles(post),
            rank=post.rank,
            portfolios=post.portfolios,
            title=post.post,
            valid_from=starts,
            valid_to=ends,
        )
        steps.append(Step(Action.CREATE, f"post {declared.username} @ {post.office}", ", ".join(_roles(post))))
    return steps


def _lasts(membership: Membership, now: datetime) -> bool:
    return membership.valid_to is None or membership.valid_to > now


def _same(membership: Membership, key: tuple[int, date | None], post: DeclaredPost) -> bool:
    """Whether a post that is held is the declared one: same office, and same first day where one is declared."""
    office_id, starts = key
    return membership.office_id == office_id and (starts is None or membership.valid_from == instant(starts))


def _change(membership: Membership, post: DeclaredPost, subject: str) -> list[Step]:
    ends = instant(post.valid_to) if post.valid_to is not None else None
    steps: list[Step] = []
    for column, given in (
        ("roles", _roles(post)),
        ("rank", post.rank),
        ("portfolios", sorted(post.portfolios)),
        ("post", post.post),
        ("valid_to", ends),
    ):
        held = getattr(membership, column)
        if (sorted(held) if isinstance(held, list) else held) == given:
            continue
        action = Action.END if column == "valid_to" and ends is not None else Action.CHANGE
        steps.append(Step(action, subject, f"{column}: {_shown(held)} → {_shown(given)}"))
        setattr(membership, column, given)
    return steps


def _roles(post: DeclaredPost) -> list[str]:
    return sorted({role.value for role in post.roles})


def _shown(value: object) -> str:
    if isinstance(value, list):
        return ", ".join(value) or "none"
    return value.isoformat() if isinstance(value, datetime) else str(value or "none")
