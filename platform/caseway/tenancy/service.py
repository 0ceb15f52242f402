"""What administrators do with offices: the permission is asked, the tree is locked, ``changes`` does the rest."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from caseway.db.session import UnitOfWork
from caseway.tenancy import changes, repository
from caseway.tenancy.changes import NO_HOOKS, Cause, Hooks, Part
from caseway.tenancy.errors import OfficeNotFound
from caseway.tenancy.models import Level, Office, OfficeKind


class Gate(Protocol):
    """Asks the policy about one office: refuses, or opens the unit of work for writing.

    The tree stands below the access package, so it is told how to ask; the slice above passes a function that computes
    the actor's relations to the office and calls ``Policy.require``.
    """

    async def __call__(self, uow: UnitOfWork, permission: str, office: Office) -> None: ...


class Person(Protocol):
    """Who acts: only the id is written into the history."""

    @property
    def person_id(self) -> int: ...


async def create_child(
    uow: UnitOfWork,
    gate: Gate,
    actor: Person,
    *,
    parent_id: int,
    kind: OfficeKind,
    code: str,
    name: str,
    now: datetime,
    level: Level | None = None,
    fields: Sequence[str] = (),
    at: datetime | None = None,
) -> Office:
    """A new office below one. An institution has its government's level; a government needs ``level``, lower than its
    parent's (by default the next one down)."""
    (parent,) = await _permitted(uow, gate, ("office:create_child", parent_id))
    if level is None:
        above = Level(parent.level)
        level = above if kind != OfficeKind.GOVERNMENT else list(Level)[min(above.order, len(Level) - 1)]
    cause = await _cause(uow, actor, "createOffice", now, at, parent)
    return await changes.create(
        uow, parent=parent, level=level, kind=kind, code=code, name=name, fields=fields, cause=cause
    )


async def rename(
    uow: UnitOfWork, gate: Gate, actor: Person, *, office_id: int, name: str, now: datetime, at: datetime | None = None
) -> Office:
    """Give an office another name."""
    (office,) = await _permitted(uow, gate, ("office:rename", office_id))
    return await changes.rename(uow, office, name, cause=await _cause(uow, actor, "renameOffice", now, at, office))


async def move(
    uow: UnitOfWork,
    gate: Gate,
    actor: Person,
    *,
    office_id: int,
    parent_id: int,
    now: datetime,
    at: datetime | None = None,
    hooks: Hooks = NO_HOOKS,
) -> Office:
    """Hang an office with everything below it under another one. Asked for both places: to move the office, and to
    put one below the new parent. ``hooks.on_moved`` stamps what the moved offices hold."""
    office, parent = await _permitted(uow, gate, ("office:move", office_id), ("office:create_child", parent_id))
    cause = await _cause(uow, actor, "moveOffice", now, at, office)
    await changes.move(uow, office, parent, cause=cause, hooks=hooks)
    return office


async def merge(
    uow: UnitOfWork,
    gate: Gate,
    actor: Person,
    *,
    office_id: int,
    into_id: int,
    now: datetime,
    at: datetime | None = None,
    hooks: Hooks = NO_HOOKS,
) -> Office:
    """Close an office in favour of another of its kind and level; returns the successor. Asked for both."""
    office, into = await _permitted(uow, gate, ("office:merge", office_id), ("office:merge", into_id))
    cause = await _cause(uow, actor, "mergeOffices", now, at, office, into)
    await changes.merge(uow, office, into, cause=cause, hooks=hooks)
    return into


async def split(
    uow: UnitOfWork,
    gate: Gate,
    actor: Person,
    *,
    office_id: int,
    parts: Sequence[Part],
    now: datetime,
    successor_code: str | None = None,
    at: datetime | None = None,
    hooks: Hooks = NO_HOOKS,
) -> list[Office]:
    """Make new offices out of one; returns them in the order given."""
    (office,) = await _permitted(uow, gate, ("office:split", office_id))
    cause = await _cause(uow, actor, "splitOffice", now, at, office)
    return await changes.split(uow, office, parts, successor_code=successor_code, cause=cause, hooks=hooks)


async def suspend(uow: UnitOfWork, gate: Gate, actor: Person, *, office_id: int, now: datetime) -> Office:
    """Let an office receive nothing new until it is resumed."""
    (office,) = await _permitted(uow, gate, ("office:suspend", office_id))
    return await changes.suspend(uow, office, cause=await _cause(uow, actor, "suspendOffice", now, None, office))


async def resume(uow: UnitOfWork, gate: Gate, actor: Person, *, office_id: int, now: datetime) -> Office:
    """Let a suspended office receive again. Needs the permission to suspend."""
    (office,) = await _permitted(uow, gate, ("office:suspend", office_id))
    return await changes.resume(uow, office, cause=await _cause(uow, actor, "resumeOffice", now, None, office))


async def _permitted(uow: UnitOfWork, gate: Gate, *wanted: tuple[str, int]) -> list[Office]:
    """Ask for every office, then lock the tree and read them again: nobody waits for the tree who may not change it."""
    found = await repository.by_ids(uow.session, [office_id for _, office_id in wanted])
    paths: dict[int, str] = {}
    for permission, office_id in wanted:
        if office_id not in found:
            raise OfficeNotFound(office_id=office_id)
        await gate(uow, permission, found[office_id])
        paths[office_id] = found[office_id].path
    offices = await changes.hold(uow, *(office_id for _, office_id in wanted))
    for (permission, office_id), office in zip(wanted, offices, strict=True):
        if office.path != paths[office_id]:
            await gate(uow, permission, office)  # it was moved while we waited: ask again where it hangs now
    return offices


async def _cause(
    uow: UnitOfWork, actor: Person, source: str, now: datetime, at: datetime | None, *offices: Office
) -> Cause:
    cause = Cause(at=at or now, source=source, person_id=actor.person_id)
    await changes.require_date(uow, cause, now, *offices)
    return cause
