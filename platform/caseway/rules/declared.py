"""Declared rule books: files with a ``system:`` are brought about by ``caseway tenants plan|apply`` after the offices.

A document is brought in once: whatever an office writes afterwards stays, until the document itself changes. The law
and first books may date back, for they describe what was in force before the platform was.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from caseway.db.session import UnitOfWork
from caseway.rules import checking, drafts, exchange, rechecks, repository, yaml
from caseway.rules.documents import BookDocument, FileState
from caseway.rules.drafts import Draft
from caseway.rules.errors import RuleBookRefused
from caseway.rules.findings import Finding
from caseway.rules.models import RuleBook, VersionState
from caseway.rules.rows import BookRole
from caseway.tenancy import repository as offices
from caseway.tenancy.declarations import Fault
from caseway.tenancy.declared import Action, Step
from caseway.tenancy.models import Office

_SYSTEM = re.compile(r"^system:", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Declared:
    """A declared book and the file it stands in."""

    file: str
    document: BookDocument
    #: Its office; None for layers of the law.
    office: Office | None

    @property
    def origin(self) -> bytes:
        """Names the whole document: its header, its rules and what is to become of them."""
        return hashlib.sha256(yaml.dump(self.document).encode()).digest()

    def fault(self, code: str, message: str, line: int = 1) -> Fault:
        """A fault of this book."""
        return Fault(self.file, line, code, message)

    def refused(self, finding: Finding) -> Fault:
        """A finding as a fault of this book."""
        return self.fault(finding.code.value, str(finding).partition(" ")[2], finding.line or 1)


class Books:
    """What ``people.declared.declare`` calls for files of rule books."""

    def takes(self, path: Path) -> bool:
        """Whether a file holds rule books."""
        try:
            with path.open(encoding="utf-8", errors="replace") as opened:
                return bool(_SYSTEM.search(opened.read(64 * 1024)))
        except OSError:
            return False

    async def __call__(
        self, uow: UnitOfWork, paths: Sequence[Path], *, now: datetime, faults: list[Fault]
    ) -> list[Step]:
        """Bring the books of these files about, the law first; faults are collected."""
        steps: list[Step] = []
        for declared in await _declared(uow, paths, faults):
            steps += await _apply(uow, declared, now=now, faults=faults)
        return steps


async def _declared(uow: UnitOfWork, paths: Iterable[Path], faults: list[Fault]) -> list[Declared]:
    """Every book of the files, the law first, then from the top of the tree down."""
    found: dict[str, Declared] = {}
    for path in paths:
        try:
            documents = yaml.parse(path.read_bytes())
        except RuleBookRefused as refusal:
            faults += [Fault(path.name, each.line or 1, each.code.value, str(each)) for each in refusal.findings]
            continue
        for document in documents:
            office = None
            if document.book.role is BookRole.OFFICE:
                office = await offices.by_code(uow.session, document.office_code or "")
            declared = Declared(path.name, document, office)
            if document.book.role is BookRole.OFFICE and office is None:
                message = f"{document.system} is of the office {document.office_code}, and there is none open"
                faults.append(declared.fault("OFFICE_NOT_FOUND", message))
            elif document.system in found:
                there = found[document.system].file
                faults.append(declared.fault("DUPLICATE_BOOK", f"{document.system} is declared in {there} already"))
            else:
                found[document.system] = declared
    return sorted(found.values(), key=_order)


def _order(declared: Declared) -> tuple[int, int, int, str]:
    if declared.office is not None:
        return 1, declared.office.depth, 0, declared.document.system
    book = declared.document.book
    return 0, len(book.jurisdiction), int(book.amends is not None), book.code


async def _apply(uow: UnitOfWork, declared: Declared, *, now: datetime, faults: list[Fault]) -> list[Step]:
    document, session = declared.document, uow.session
    subject = f"rule book {document.system} {document.name}"
    present = await repository.book_by_code(session, document.system)
    if present is not None and present.office_id != (declared.office.id if declared.office is not None else None):
        faults.append(declared.fault("RULE_BOOK_MISMATCH", f"{document.system} is the book of another office"))
        return []
    if present is not None:
        kept = await repository.from_origin(session, present.id, declared.origin)
        if kept is not None:
            return [Step(Action.KEEP, f"{subject} v{kept.number}", kept.state.lower())]
    elif declared.office is not None and (other := await repository.book_of(session, declared.office.id)) is not None:
        message = f"{declared.office.code} {declared.office.name} has the book {other.code} already"
        faults.append(declared.fault("RULE_BOOK_MISMATCH", message))
        return []
    book = present or await _create(uow, declared, now=now)
    book = await repository.locked(session, book.id)
    if not await _make_room(uow, declared, book, now=now, faults=faults):
        return []
    newest = await repository.latest(session, book.id)
    draft = await drafts.begin(
        session,
        book,
        document.rows,
        editors={},
        based_on=newest.number if newest is not None else None,
        about=exchange.about(document),
        effective_from=document.effective_from,
        origin=declared.origin,
        at=now,
        person_id=0,
    )
    detail = f"{len(document.rows)} rules"
    if document.state is not FileState.PUBLISHED:
        detail = f"draft of {detail}"
    else:
        published = await _publish(uow, declared, draft, now=now, faults=faults)
        withheld = sum(row.withheld for row in document.rows)
        detail = f"{detail} from {document.effective_from}" + (f", {withheld} withheld" if withheld else "")
        detail += "".join(f"; {finding}" for finding in published)
    action = Action.CREATE if present is None else Action.CHANGE
    return [Step(action, f"{subject} v{draft.version.number}", detail)]


async def _create(uow: UnitOfWork, declared: Declared, *, now: datetime) -> RuleBook:
    book = declared.document.book
    values = {
        "code": book.code,
        "name": book.name,
        "role": book.role.value,
        "office_id": declared.office.id if declared.office is not None else None,
        "jurisdiction": book.jurisdiction,
        "amends": book.amends,
        "created_at": now,
    }
    await repository.add_books(uow.session, [values])
    made = await repository.book_by_code(uow.session, book.code)
    assert made is not None
    return made


async def _make_room(
    uow: UnitOfWork, declared: Declared, book: RuleBook, *, now: datetime, faults: list[Fault]
) -> bool:
    """Whether a new version can be begun: a draft that was declared and that nobody has touched gives way."""
    version = await repository.undecided(uow.session, book.id)
    if version is None:
        return True
    draft = await drafts.read(uow.session, book, version)
    if version.created_by == 0 and version.proposed_by is None and not any(draft.editors.values()):
        await repository.change_version(
            uow.session, version, state=VersionState.DISCARDED.value, discarded_at=now, discarded_by=0
        )
        return True
    message = f"somebody is writing v{version.number} of {book.code}: let it be published or discarded first"
    faults.append(declared.fault("RULE_DRAFT_EXISTS", message))
    return False


async def _publish(
    uow: UnitOfWork, declared: Declared, draft: Draft, *, now: datetime, faults: list[Fault]
) -> list[Finding]:
    """Publish a declared version. What is wrong with an office's book is a fault; a layer of the law stands as it is,
    what is looser in it than in the layer above is clamped and told."""
    day = declared.document.effective_from
    if day is None:
        faults.append(declared.fault("MISSING_KEY", "a published book says from which day on (effective_from)"))
        return []
    told: list[Finding] = []
    if declared.office is not None:
        try:
            await checking.require_publishable(uow.session, declared.office, draft, day=day, now=now)
        except RuleBookRefused as refusal:
            faults += [declared.refused(finding) for finding in refusal.findings]
            return []
    else:
        told = await checking.law_conflicts(uow.session, draft, day=day)
    changed = await checking.touched(uow.session, draft)
    await repository.change_version(
        uow.session, draft.version, state=VersionState.PUBLISHED.value, published_at=now, published_by=0
    )
    await repository.rename(uow.session, draft.book, declared.document.name)
    if declared.office is not None:
        await rechecks.after_publication(uow, declared.office, draft, changed=changed, now=now)
    else:
        await rechecks.after_law(
            uow,
            book_id=draft.book.id,
            number=draft.version.number,
            jurisdiction=draft.book.jurisdiction,
            effective_from=day,
            now=now,
        )
    return told
