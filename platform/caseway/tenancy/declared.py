"""Declared configuration, part one: which offices there are besides the divisions, and how they hang together.

What is declared is brought about; what is not declared is left alone. Nothing is deleted: an office is closed by saying
so and naming its successor.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path

import msgspec

from caseway.db.session import UnitOfWork
from caseway.errors import CasewayError
from caseway.tenancy import changes, declarations, loaders, repository
from caseway.tenancy.changes import NO_HOOKS, Cause, Hooks
from caseway.tenancy.declarations import DeclarationRefused, Document, Fault, Place
from caseway.tenancy.models import Level, Office, OfficeKind

#: Keys at the top of a declared file.
LISTS = ("offices", "persons")
SETTINGS = ("password_demo",)


class Action(StrEnum):
    """What an apply does with one declared thing."""

    CREATE = "create"
    CHANGE = "change"
    END = "end"
    KEEP = "keep"


@dataclass(frozen=True, slots=True)
class Step:
    """One line of the difference between what is declared and what is there."""

    action: Action
    #: ``office 3304-xfj 嘉兴市信访局``, ``person jiaxing.clerk``, ``post jiaxing.clerk @ 3304``.
    subject: str
    detail: str = ""


class DeclaredOffice(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An office as declared. For an office that exists, only what is given is compared."""

    code: str
    name: str | None = None
    #: Code of the office above.
    parent: str | None = None
    kind: OfficeKind | None = None
    #: Only for governments; institutions have the level of theirs.
    level: Level | None = None
    #: Fields a department is competent for, such as LAND.
    fields: list[str] | None = None
    #: Code of the office that holds disputed cases below this one meanwhile.
    backstop: str | None = None
    #: True makes a statistical zone or virtual entry of the divisions an office that may receive cases.
    tenant: bool = False
    #: Closes the office in favour of this one.
    successor: str | None = None


@dataclass(frozen=True, slots=True)
class Declared:
    """One declared thing and where it stands."""

    document: Document
    place: Place

    def fault(self, code: str, message: str, *inner: str | int) -> Fault:
        """A fault of this thing, or of one of its values."""
        return self.document.fault((*self.place, *inner), code, message)

    def refused(self, refusal: CasewayError, *inner: str | int) -> Fault:
        """A refusal of the domain as a fault of this thing."""
        return self.fault(refusal.code, refusal.message, *inner)


def files_of(folder: Path) -> list[Path]:
    """Every ``*.yaml`` file of a folder, by name, or the one file that is named. A folder without any is refused."""
    paths = sorted(folder.glob("*.yaml")) if folder.is_dir() else [folder]
    if not paths:
        raise DeclarationRefused([Fault(folder.name, 1, "EMPTY", "there is no .yaml file in this folder")])
    return paths


def read_folder(folder: Path) -> list[Document]:
    """What the files of a folder declare. All faults are found at once."""
    return read_files(files_of(folder))


def read_files(paths: Sequence[Path]) -> list[Document]:
    """What these files declare. All faults are found at once."""
    faults: list[Fault] = []
    documents: list[Document] = []
    for path in paths:
        try:
            document = declarations.read(path)
            list(declarations.items(document, LISTS, SETTINGS))
            documents.append(document)
        except DeclarationRefused as refusal:
            faults += refusal.faults
    if faults:
        raise DeclarationRefused(faults)
    return documents


async def apply_offices(
    uow: UnitOfWork, documents: Sequence[Document], *, now: datetime, faults: list[Fault], hooks: Hooks = NO_HOOKS
) -> list[Step]:
    """Bring the declared offices about, parents first; returns what was done. Faults are collected: the caller refuses
    when there are any, and the transaction undoes the rest."""
    declared = _declared(documents, faults)
    if not declared:
        return []
    await loaders.lock_tree(uow.session)
    steps: list[Step] = []
    for code in _parents_first(declared, faults):
        where, office = declared[code]
        cause = Cause(at=now, source=f"{where.document.file}:{where.document.line(where.place)}")
        try:
            steps += await _apply(uow, where, office, cause, hooks, faults)
        except CasewayError as refusal:
            faults.append(where.refused(refusal))
    for where, office in declared.values():
        cause = Cause(at=now, source=f"{where.document.file}:{where.document.line(where.place)}")
        try:
            steps += await _link(uow, where, office, cause, hooks, faults)
        except CasewayError as refusal:
            faults.append(where.refused(refusal))
    return steps


def _declared(documents: Sequence[Document], faults: list[Fault]) -> dict[str, tuple[Declared, DeclaredOffice]]:
    found: dict[str, tuple[Declared, DeclaredOffice]] = {}
    for document in documents:
        for key, index, value in declarations.items(document, LISTS, SETTINGS):
            if key != "offices":
                continue
            where = Declared(document, (key, index))
            office = declarations.typed(document, where.place, value, DeclaredOffice, faults)
            if office is None:
                continue
            if office.code in found:
                first = found[office.code][0]
                there = f"{first.document.file}:{first.document.line(first.place)}"
                faults.append(where.fault("DUPLICATE_OFFICE", f"{office.code} is declared at {there} already", "code"))
                continue
            found[office.code] = (where, office)
    return found


def _parents_first(declared: Mapping[str, tuple[Declared, DeclaredOffice]], faults: list[Fault]) -> list[str]:
    """The declared codes so that each comes after the declared office above it."""
    ordered: list[str] = []
    done: set[str] = set()
    for start in declared:
        line: list[str] = []
        code: str | None = start
        while code is not None and code in declared and code not in done:
            if code in line:
                where, _ = declared[start]
                faults.append(where.fault("OFFICE_CYCLE", f"{start} hangs below itself", "parent"))
                break
            line.append(code)
            code = declared[code][1].parent
        ordered += reversed([code for code in line if code not in done])
        done.update(line)
    return ordered


async def _apply(
    uow: UnitOfWork, where: Declared, declared: DeclaredOffice, cause: Cause, hooks: Hooks, faults: list[Fault]
) -> list[Step]:
    office = await repository.last_by_code(uow.session, declared.code)
    parent: Office | None = None
    if declared.parent is not None:
        parent = await repository.by_code(uow.session, declared.parent)
        if parent is None:
            faults.append(where.fault("OFFICE_NOT_FOUND", f"there is no open office {declared.parent}", "parent"))
            return []
    if office is None:
        return await _create(uow, where, declared, parent, cause, faults)
    subject = f"office {office.code} {office.name}"
    if office.valid_to is not None:
        if declared.successor is None:
            faults.append(where.fault("OFFICE_CLOSED", f"{office.code} was closed: it does not open again", "code"))
            return []
        return [Step(Action.KEEP, subject, "closed")]
    for key, given, present in (("kind", declared.kind, office.kind), ("level", declared.level, office.level)):
        if given is not None and given.value != present:
            faults.append(where.fault("FIXED", f"the {key} of {office.code} is {present} and does not change", key))
            return []
    steps: list[Step] = []
    if declared.name is not None and declared.name.strip() != office.name:
        steps.append(Step(Action.CHANGE, subject, f"name: {office.name} → {declared.name.strip()}"))
        await changes.rename(uow, office, declared.name, cause=cause)
    if declared.fields is not None and sorted(declared.fields) != sorted(office.fields):
        steps.append(Step(Action.CHANGE, subject, f"fields: {_listed(office.fields)} → {_listed(declared.fields)}"))
        await changes.adjust(uow, office, fields=declared.fields, cause=cause)
    if declared.tenant and (office.statistical_only or office.virtual):
        steps.append(Step(Action.CHANGE, subject, "becomes a tenant"))
        await changes.adjust(uow, office, tenant=True, cause=cause)
    if parent is not None and parent.id != office.parent_id:
        steps.append(Step(Action.CHANGE, subject, f"moves below {parent.code} {parent.name}"))
        await changes.move(uow, office, parent, cause=cause, hooks=hooks)
    return steps or [Step(Action.KEEP, subject)]


async def _create(
    uow: UnitOfWork,
    where: Declared,
    declared: DeclaredOffice,
    parent: Office | None,
    cause: Cause,
    faults: list[Fault],
) -> list[Step]:
    if declared.name is None or parent is None:
        missing = "name" if declared.name is None else "parent"
        message = f"{declared.code} does not exist yet: a new office needs name and parent ({missing} is missing)"
        faults.append(where.fault("OFFICE_NOT_FOUND", message, "code"))
        return []
    kind = declared.kind or OfficeKind.GOVERNMENT
    level = declared.level or (Level(parent.level) if kind != OfficeKind.GOVERNMENT else None)
    if level is None:
        faults.append(where.fault("MISSING_KEY", "a new government needs its level", "code"))
        return []
    office = await changes.create(
        uow,
        parent=parent,
        level=level,
        kind=kind,
        code=declared.code,
        name=declared.name,
        fields=declared.fields or (),
        cause=cause,
    )
    return [
        Step(Action.CREATE, f"office {office.code} {office.name}", f"{kind.value} below {parent.code} {parent.name}")
    ]


async def _link(
    uow: UnitOfWork, where: Declared, declared: DeclaredOffice, cause: Cause, hooks: Hooks, faults: list[Fault]
) -> list[Step]:
    """Backstops and successors: once every declared office exists."""
    office = await repository.by_code(uow.session, declared.code)
    if office is None or (declared.backstop is None and declared.successor is None):
        return []
    subject = f"office {office.code} {office.name}"
    steps: list[Step] = []
    if declared.backstop is not None:
        backstop = await repository.by_code(uow.session, declared.backstop)
        if backstop is None:
            faults.append(where.fault("OFFICE_NOT_FOUND", f"there is no open office {declared.backstop}", "backstop"))
        elif backstop.id != office.backstop_id:
            await changes.adjust(uow, office, backstop=backstop, cause=cause)
            steps.append(Step(Action.CHANGE, subject, f"backstop: {backstop.code} {backstop.name}"))
    if declared.successor is not None:
        successor = await repository.by_code(uow.session, declared.successor)
        if successor is None:
            faults.append(where.fault("OFFICE_NOT_FOUND", f"there is no open office {declared.successor}", "successor"))
        else:
            await changes.close(uow, office, successor, cause=cause, hooks=hooks)
            steps.append(Step(Action.END, subject, f"succeeded by {successor.code} {successor.name}"))
    return steps


def _listed(values: Sequence[str]) -> str:
    return ", ".join(values) or "none"
