"""Importing the office tree: a whole division set in one transaction, then the recorded changes since its date."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from itertools import islice
from pathlib import Path
from typing import Literal

import msgspec

from caseway.clock import SHANGHAI
from caseway.db.session import UnitOfWork
from caseway.tenancy import changes, declarations, divisions, loaders, repository
from caseway.tenancy.changes import NO_HOOKS, Cause, Hooks
from caseway.tenancy.declarations import DeclarationRefused, Fault
from caseway.tenancy.errors import DivisionsRefused
from caseway.tenancy.models import Level, Office, OfficeKind

#: The day up to which the national set that this release knows (china-division 2.7.0) describes the country.
EDITION_DATE = date(2023, 6, 30)
_BATCH = 10_000
_NO_CODE = ""

#: Told what is being done, how many offices are done, and of how many (None while nobody knows).
Progress = Callable[[str, int, int | None], None]


def _silent(phase: str, done: int, total: int | None) -> None:
    return None


class DivisionChange(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One recorded change of divisions after the edition's date."""

    date: date
    type: Literal["create", "rename", "move", "merge"]
    code: str
    #: The notice or publication in which the change was read.
    source: str
    name: str = ""
    level: Level | None = None
    #: Code of the office above (create, move).
    parent: str = _NO_CODE
    #: Code of the office that takes over (merge).
    into: str = _NO_CODE


@dataclass(frozen=True, slots=True)
class Imported:
    """What an import did."""

    read: int
    created: int
    renamed: int
    #: Recorded changes that were applied now; those applied before, or about offices that are not here, do not count.
    changed: int

    @property
    def wrote_nothing(self) -> bool:
        """Whether the tree was already as the files say."""
        return not (self.created or self.renamed or self.changed)


def instant(day: date) -> datetime:
    """The beginning of a day in Shanghai, as an instant."""
    return datetime.combine(day, time.min, SHANGHAI).astimezone(UTC)


def read_changes(path: Path) -> list[DivisionChange]:
    """The recorded changes of a file, in the order of their dates. ``DeclarationRefused`` names every faulty line."""
    document = declarations.read(path)
    faults: list[Fault] = []
    found: list[DivisionChange] = []
    for key, index, value in declarations.items(document, ["changes"]):
        place = (key, index)
        entry = declarations.typed(document, place, value, DivisionChange, faults)
        if entry is None:
            continue
        needed = {
            "create": (entry.name and entry.level and entry.parent, "name, level and parent"),
            "rename": (entry.name, "name"),
            "move": (entry.parent, "parent"),
            "merge": (entry.into, "into"),
        }
        given, words = needed[entry.type]
        if not given:
            faults.append(document.fault(place, "MISSING_KEY", f"{entry.type} needs {words}"))
        found.append(entry)
    if faults:
        raise DeclarationRefused(faults)
    return sorted(found, key=lambda entry: entry.date)


async def import_divisions(
    uow: UnitOfWork,
    source: Path,
    *,
    under: str | None = None,
    edition_date: date = EDITION_DATE,
    recorded: Iterable[DivisionChange] = (),
    progress: Progress = _silent,
    hooks: Hooks = NO_HOOKS,
) -> Imported:
    """Bring the offices of a division set into the tree, all or nothing.

    Offices are known by their code, open or closed: what is here already is left alone but for its name, so a second
    import writes nothing, and what was moved or closed here stays moved or closed. With ``under`` only that office with
    everything below and above it. The caller has asked for permission (``uow.permitted``).
    """
    session, name = uow.session, source.name
    valid_from = instant(edition_date)
    await loaders.open_stage(session)
    read = 0
    rows = (entry.row() for entry in divisions.read(source, under=under))
    for batch in _batches(rows):
        await loaders.copy(session, batch)
        read += len(batch)
        progress("reading", read, None)
    if under is not None and not read:
        raise DivisionsRefused(f"{name} holds no office with the code {under}", file=name)
    faults = await loaders.close_stage(session)
    if faults.duplicates:
        raise DivisionsRefused(f"{name}: codes given twice: {', '.join(faults.duplicates)}", codes=faults.duplicates)
    if faults.orphans:
        raise DivisionsRefused(
            f"{name}: the office above is missing: {', '.join(faults.orphans)}", codes=faults.orphans
        )
    before = await loaders.newest_id(session)
    created = 0
    for level in Level:
        for province in await loaders.staged_provinces(session):
            created += await loaders.insert_level(session, level, province, valid_from=valid_from)
            progress("writing", created, read)
    if created:
        await loaders.note_created(session, before, valid_from=valid_from, source=name)
    renamed = await loaders.rename_staged(session, valid_from=valid_from, source=name)
    changed = 0
    for entry in recorded:
        changed += await _apply(uow, entry, hooks)
    return Imported(read=read, created=created, renamed=renamed, changed=changed)


def _batches(rows: Iterator[tuple[object, ...]]) -> Iterator[list[tuple[object, ...]]]:
    while batch := list(islice(rows, _BATCH)):
        yield batch


async def _apply(uow: UnitOfWork, entry: DivisionChange, hooks: Hooks) -> int:
    """Apply one recorded change unless it was applied already, or something later was done to the office here."""
    session = uow.session
    cause = Cause(at=instant(entry.date), source=entry.source)
    office = await repository.last_by_code(session, entry.code)
    if entry.type == "create":
        parent = await repository.by_code(session, entry.parent)
        if office is not None or parent is None or entry.level is None:
            return 0
        await changes.create(
            uow,
            parent=parent,
            level=entry.level,
            kind=OfficeKind.GOVERNMENT,
            code=entry.code,
            name=entry.name,
            cause=cause,
        )
        return 1
    if office is None or office.valid_to is not None:
        return 0
    if entry.type == "rename":
        if office.name == entry.name or await repository.changed_since(session, office.id, "renamed", cause.at):
            return 0
        await changes.rename(uow, office, entry.name, cause=cause)
        return 1
    other = await repository.by_code(session, entry.parent or entry.into)
    if other is None:
        return 0
    # A change from before the edition's date corrects the edition: here it holds since the offices are known.
    cause = Cause(at=max(cause.at, office.valid_from, other.valid_from), source=entry.source)
    return await _restructure(uow, entry, office, other, cause, hooks)


async def _restructure(
    uow: UnitOfWork, entry: DivisionChange, office: Office, other: Office, cause: Cause, hooks: Hooks
) -> int:
    if entry.type == "merge":
        await changes.merge(uow, office, other, cause=cause, hooks=hooks)
        return 1
    if office.parent_id == other.id or await repository.changed_since(uow.session, office.id, "moved", cause.at):
        return 0
    await changes.move(uow, office, other, cause=cause, hooks=hooks)
    return 1
