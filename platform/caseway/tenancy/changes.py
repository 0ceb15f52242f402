"""What may happen to an office: created, renamed, moved, merged, split, suspended, resumed, closed.

These functions guard the tree and write its history; who may call them is asked in ``service``. Nothing is deleted: a
closed office keeps its place, its events and its former staff, and names its successor (art. 24: the office that takes
over handles what was begun).
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from caseway.db.session import UnitOfWork
from caseway.errors import InvalidInput
from caseway.tenancy import loaders, repository
from caseway.tenancy.errors import (
    CodeTaken,
    OfficeClosed,
    OfficeCycle,
    OfficeDateConflict,
    OfficeDepth,
    OfficeHasChildren,
    OfficeNotFound,
    OfficeNotSuspended,
    OfficeSuspended,
    OfficeUnchanged,
    WrongLevel,
)
from caseway.tenancy.models import ACTS_FOR_SEAT, MAX_DEPTH, Level, Office, OfficeEvent, OfficeKind

_CODE = re.compile(r"[0-9A-Za-z][0-9A-Za-z._-]{0,39}")
_LONGEST_NAME = 100

#: Called with the ids of all offices whose level columns changed: what they hold must be stamped anew.
OnMoved = Callable[[UnitOfWork, list[int]], Awaitable[None]]
#: Called with (closed office, its successor): what the first holds passes to the second.
OnSucceeded = Callable[[UnitOfWork, list[tuple[int, int]]], Awaitable[None]]


async def _nothing_held(uow: UnitOfWork, offices: Any) -> None:
    return None


@dataclass(frozen=True, slots=True)
class Hooks:
    """What the slices above do when the tree changes under the cases they keep."""

    on_moved: OnMoved = _nothing_held
    on_succeeded: OnSucceeded = _nothing_held


NO_HOOKS = Hooks()


@dataclass(frozen=True, slots=True)
class Cause:
    """Who changes the tree (0 = the platform: import, declared configuration), since when it holds, and where it was
    read: a notice, a file, the name of the mutation."""

    at: datetime
    source: str
    person_id: int = 0


def _note(uow: UnitOfWork, office: Office, type_: str, cause: Cause, facts: Mapping[str, Any] | None = None) -> None:
    event = OfficeEvent(
        office_id=office.id,
        type=type_,
        at=cause.at,
        person_id=cause.person_id,
        source=cause.source,
        facts=dict(facts or {}),
    )
    uow.session.add(event)


async def hold(uow: UnitOfWork, *ids: int) -> list[Office]:
    """Wait for the tree and lock these offices, in the order asked for. ``OfficeNotFound`` if one does not exist."""
    await loaders.lock_tree(uow.session)
    found = await repository.locked(uow.session, ids)
    for office_id in ids:
        if office_id not in found:
            raise OfficeNotFound(office_id=office_id)
    return [found[office_id] for office_id in ids]


def checked_name(name: str, *, path: str = "name") -> str:
    """A name without blanks around it; ``InvalidInput`` when nothing is left, it is too long or not printable."""
    stripped = name.strip()
    if not stripped:
        raise InvalidInput([(path, "REQUIRED", "an office needs a name")])
    if len(stripped) > _LONGEST_NAME:
        raise InvalidInput([(path, "TOO_LONG", f"at most {_LONGEST_NAME} characters")])
    if not stripped.isprintable():
        raise InvalidInput([(path, "INVALID", "a name holds no control characters")])
    return stripped


def checked_code(code: str, *, path: str = "code") -> str:
    """A code of letters, digits, dots, dashes and underscores, at most 40; else ``InvalidInput``."""
    if not _CODE.fullmatch(code):
        raise InvalidInput([(path, "INVALID", "a code has 1-40 letters, digits, dots, dashes or underscores")])
    return code


def require_open(office: Office) -> None:
    """``OfficeClosed`` with the successor's id when the office is closed."""
    if office.valid_to is not None:
        raise OfficeClosed(office_id=office.id, code=office.code, successor_id=office.successor_id)


def require_place(parent: Office | None, level: Level, kind: OfficeKind, *, height: int = 1) -> None:
    """Whether an office (with a subtree of ``height`` levels) may hang below ``parent``: governments below a higher
    government, institutions below the government of their own level, and never deeper than the tree allows."""
    if parent is None:
        if kind != OfficeKind.GOVERNMENT:
            raise WrongLevel("an institution belongs to a government: name the office it hangs below.")
        return
    require_open(parent)
    if parent.kind != OfficeKind.GOVERNMENT:
        raise WrongLevel("nothing hangs below a department or another institution.", parent_kind=parent.kind)
    above = Level(parent.level)
    if kind == OfficeKind.GOVERNMENT and above.order >= level.order:
        raise WrongLevel(parent_level=above.value, level=level.value)
    if kind != OfficeKind.GOVERNMENT and above is not level:
        raise WrongLevel(parent_level=above.value, level=level.value)
    if parent.depth + height > MAX_DEPTH:
        raise OfficeDepth(depth=parent.depth + height, limit=MAX_DEPTH)


async def require_date(uow: UnitOfWork, cause: Cause, now: datetime, *offices: Office) -> None:
    """An effective date is neither in the future nor before the last change of an office it concerns."""
    last = await repository.last_change(uow.session, [office.id for office in offices])
    if cause.at > now or (last is not None and cause.at < last):
        raise OfficeDateConflict(at=cause.at.isoformat(), earliest=last.isoformat() if last else None)


async def create(
    uow: UnitOfWork,
    *,
    parent: Office | None,
    level: Level,
    kind: OfficeKind,
    code: str,
    name: str,
    cause: Cause,
    fields: Sequence[str] = (),
    statistical_only: bool = False,
) -> Office:
    """A new office below ``parent`` (a root when None)."""
    code, name = checked_code(code), checked_name(name)
    require_place(parent, level, kind)
    if await repository.by_code(uow.session, code) is not None:
        raise CodeTaken(code=code)
    new_id = await repository.next_id(uow.session)
    chain = (*(parent.chain if parent else ()), new_id)
    levels = (*chain, *(0 for _ in range(MAX_DEPTH - len(chain))))
    office = Office(
        id=new_id,
        parent_id=parent.id if parent else None,
        level=level.value,
        kind=kind.value,
        code=code,
        name=name,
        path="".join(f"{part}." for part in chain),
        depth=len(chain),
        city_id=_home(parent, level, kind, new_id),
        fields=list(fields),
        committee_kind=None,
        statistical_only=statistical_only,
        virtual=False,
        backstop_id=None,
        valid_from=cause.at,
        valid_to=None,
        successor_id=None,
        suspended_at=None,
        **{f"l{number}": part for number, part in enumerate(levels, start=1)},
    )
    uow.session.add(office)
    await uow.session.flush()
    _note(uow, office, "created", cause, {"code": code, "name": name, "parent_id": office.parent_id})
    await uow.session.flush()
    return office


def _home(parent: Office | None, level: Level, kind: OfficeKind, own_id: int) -> int:
    """The home city: the topmost government below the province in the office's line, or the province itself."""
    if parent is None:
        return own_id
    if kind == OfficeKind.GOVERNMENT and parent.level == Level.PROVINCE and level is not Level.PROVINCE:
        return own_id
    return parent.city_id


async def rename(uow: UnitOfWork, office: Office, name: str, *, cause: Cause) -> Office:
    """Give an open office another name; the former one stays in its history."""
    require_open(office)
    name = checked_name(name)
    if name == office.name:
        raise OfficeUnchanged(name=name)
    _note(uow, office, "renamed", cause, {"from": office.name, "to": name})
    office.name = name
    await uow.session.flush()
    return office


async def adjust(
    uow: UnitOfWork,
    office: Office,
    *,
    cause: Cause,
    fields: Sequence[str] | None = None,
    backstop: Office | None = None,
    tenant: bool = False,
) -> Office:
    """Change the fields an office is competent for, or the office that holds disputed cases meanwhile; with ``tenant``
    make an entry that exists for statistics only, or virtually, an office that may receive cases."""
    require_open(office)
    facts: dict[str, Any] = {}
    if fields is not None and sorted(fields) != sorted(office.fields):
        facts["fields"] = {"from": list(office.fields), "to": list(fields)}
        office.fields = list(fields)
    if backstop is not None and backstop.id != office.backstop_id:
        require_open(backstop)
        facts["backstop_id"] = {"from": office.backstop_id, "to": backstop.id}
        office.backstop_id = backstop.id
    if tenant and (office.statistical_only or office.virtual):
        facts["tenant"] = {"from": False, "to": True}
        office.statistical_only = office.virtual = False
    if not facts:
        raise OfficeUnchanged
    _note(uow, office, "adjusted", cause, facts)
    await uow.session.flush()
    return office


async def move(uow: UnitOfWork, office: Office, parent: Office, *, cause: Cause, hooks: Hooks = NO_HOOKS) -> list[int]:
    """Hang an office with everything below it under another one; returns the ids whose level columns changed."""
    require_open(office)
    require_open(parent)
    if parent.path.startswith(office.path):
        raise OfficeCycle(office_id=office.id, parent_id=parent.id)
    if parent.id == office.parent_id:
        raise OfficeUnchanged(parent_id=parent.id)
    height = await loaders.deepest(uow.session, office.path) - office.depth + 1
    require_place(parent, Level(office.level), OfficeKind(office.kind), height=height)
    _note(uow, office, "moved", cause, {"from": office.parent_id, "to": parent.id, "from_path": office.path})
    changed = await _hang(uow, office, parent)
    await hooks.on_moved(uow, changed)
    return changed


async def _hang(uow: UnitOfWork, office: Office, parent: Office) -> list[int]:
    """Change the parent, and the paths, depths, level columns and home cities of the whole subtree."""
    home = _home(parent, Level(office.level), OfficeKind(office.kind), office.id)
    old_path, office.parent_id = office.path, parent.id
    await uow.session.flush()
    changed = await loaders.repath(
        uow.session,
        old_path=old_path,
        new_path=f"{parent.path}{office.id}.",
        # A province's own children keep home cities of their own; it is a root and never moves.
        city_id=home,
    )
    await repository.refresh(uow.session, changed)
    return changed


async def close(uow: UnitOfWork, office: Office, successor: Office, *, cause: Cause, hooks: Hooks = NO_HOOKS) -> None:
    """Close an office without open children; its successor takes over what it holds."""
    require_successor(office, successor)
    left = [child.code for child in await repository.open_children(uow.session, office.id)]
    if left:
        raise OfficeHasChildren(codes=left[:20], count=len(left))
    await _close(uow, office, successor, cause, "closed")
    await hooks.on_succeeded(uow, [(office.id, successor.id)])


def require_successor(office: Office, successor: Office) -> None:
    """An office is succeeded by another open one of its kind and level that does not hang below it."""
    require_open(office)
    require_open(successor)
    if successor.suspended_at is not None:
        raise OfficeSuspended(office_id=successor.id, code=successor.code)
    if successor.path.startswith(office.path):
        raise OfficeCycle(office_id=office.id, successor_id=successor.id)
    if (successor.kind, successor.level) != (office.kind, office.level):
        raise WrongLevel("an office is succeeded by one of its own kind and level.", level=office.level)


async def _close(uow: UnitOfWork, office: Office, successor: Office, cause: Cause, type_: str) -> None:
    office.valid_to, office.successor_id = cause.at, successor.id
    _note(uow, office, type_, cause, {"successor_id": successor.id})
    _note(uow, successor, "succeeded", cause, {"office_id": office.id, "code": office.code})
    await uow.session.flush()


async def merge(
    uow: UnitOfWork, office: Office, into: Office, *, cause: Cause, hooks: Hooks = NO_HOOKS
) -> list[tuple[int, int]]:
    """Close ``office`` in favour of ``into``; returns (closed office, successor) pairs.

    Its governments and departments hang below ``into`` from now on. Its petition office, discipline body and joint
    conference are closed in favour of those of ``into`` where it has them, and departments in favour of the one that is
    competent for exactly the same fields.
    """
    require_successor(office, into)
    theirs = await repository.open_children(uow.session, into.id)
    pairs = [(office.id, into.id)]
    moved: list[int] = []
    for child in await repository.open_children(uow.session, office.id):
        counterpart = next((other for other in theirs if _counterpart(child, other)), None)
        if counterpart is not None:
            await _close(uow, child, counterpart, cause, "merged")
            pairs.append((child.id, counterpart.id))
            continue
        height = await loaders.deepest(uow.session, child.path) - child.depth + 1
        require_place(into, Level(child.level), OfficeKind(child.kind), height=height)
        _note(uow, child, "moved", cause, {"from": office.id, "to": into.id, "from_path": child.path})
        moved += await _hang(uow, child, into)
    await _close(uow, office, into, cause, "merged")
    if moved:
        await hooks.on_moved(uow, moved)
    await hooks.on_succeeded(uow, pairs)
    return pairs


def _counterpart(ours: Office, other: Office) -> bool:
    if ours.kind != other.kind or other.suspended_at is not None:
        return False
    if ours.kind in ACTS_FOR_SEAT:
        return True
    return ours.kind == OfficeKind.DEPARTMENT and bool(ours.fields) and set(ours.fields) == set(other.fields)


@dataclass(frozen=True, slots=True)
class Part:
    """One of the offices a split makes, and which of the children of the split office hang below it from then on."""

    code: str
    name: str
    children: Collection[str] = ()


async def split(
    uow: UnitOfWork,
    office: Office,
    parts: Sequence[Part],
    *,
    cause: Cause,
    successor_code: str | None = None,
    hooks: Hooks = NO_HOOKS,
) -> list[Office]:
    """Make new offices beside ``office`` out of its children. With ``successor_code`` (one of the parts) the office is
    closed then: that part inherits its duties and whatever hangs below it still; otherwise it stays open."""
    require_open(office)
    if office.kind != OfficeKind.GOVERNMENT:
        raise WrongLevel("only a government is split; a department is created anew.", kind=office.kind)
    if not parts:
        raise InvalidInput([("parts", "REQUIRED", "a split makes at least one new office")])
    own = {child.code: child for child in await repository.open_children(uow.session, office.id)}
    _require_assignment(parts, own, successor_code)
    parent = None if office.parent_id is None else await repository.by_id(uow.session, office.parent_id)
    made: dict[str, Office] = {}
    for part in parts:
        made[part.code] = await create(
            uow,
            parent=parent,
            level=Level(office.level),
            kind=OfficeKind(office.kind),
            code=part.code,
            name=part.name,
            cause=cause,
        )
    _note(uow, office, "split", cause, {"into": [new.id for new in made.values()]})
    target = {code: made[part.code] for part in parts for code in part.children}
    if successor_code is not None:
        target = dict.fromkeys(own, made[successor_code]) | target
    moved: list[int] = []
    for code, new in target.items():
        _note(uow, own[code], "moved", cause, {"from": office.id, "to": new.id, "from_path": own[code].path})
        moved += await _hang(uow, own[code], new)
    if moved:
        await hooks.on_moved(uow, moved)
    if successor_code is not None:
        await _close(uow, office, made[successor_code], cause, "closed")
        await hooks.on_succeeded(uow, [(office.id, made[successor_code].id)])
    return list(made.values())


def _require_assignment(parts: Sequence[Part], own: Mapping[str, Office], successor_code: str | None) -> None:
    codes = [part.code for part in parts]
    children = [code for part in parts for code in part.children]
    problems = [("parts", "DUPLICATE", f"{code} is given twice") for code in _twice(codes)]
    problems += [("parts", "DUPLICATE", f"{code} is given to two parts") for code in _twice(children)]
    problems += [
        ("parts", "UNKNOWN", f"{code} does not hang directly below the office") for code in children if code not in own
    ]
    if successor_code is not None and successor_code not in codes:
        problems.append(("successorCode", "UNKNOWN", "the successor is one of the new offices"))
    if problems:
        raise InvalidInput(problems)


def _twice(values: Sequence[str]) -> list[str]:
    return sorted({value for value in values if values.count(value) > 1})


async def suspend(uow: UnitOfWork, office: Office, *, cause: Cause) -> Office:
    """Let an office receive nothing new; what it holds it keeps and goes on handling."""
    require_open(office)
    if office.suspended_at is not None:
        raise OfficeSuspended(office_id=office.id, code=office.code)
    office.suspended_at = cause.at
    _note(uow, office, "suspended", cause)
    await uow.session.flush()
    return office


async def resume(uow: UnitOfWork, office: Office, *, cause: Cause) -> Office:
    """Let a suspended office receive again."""
    require_open(office)
    if office.suspended_at is None:
        raise OfficeNotSuspended(office_id=office.id, code=office.code)
    _note(uow, office, "resumed", cause, {"suspended_at": office.suspended_at.isoformat()})
    office.suspended_at = None
    await uow.session.flush()
    return office
