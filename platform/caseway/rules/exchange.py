"""Versions of books as documents and back: what a file says besides the rules is kept with the version."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from caseway.rules.documents import BookDocument, Excluded, FileRole, FileState
from caseway.rules.models import RuleBook, RuleBookVersion, VersionState
from caseway.rules.rows import Row
from caseway.rules.values import Level
from caseway.tenancy.models import Office, OfficeKind


def about(document: BookDocument) -> dict[str, Any]:
    """What a document says besides its rules, as it is stored."""
    return {
        "name": document.name,
        "role": document.role.value,
        "level": document.level.value if document.level is not None else None,
        "inherits": document.inherits,
        "source": dict(document.source),
        "note": document.note,
        "excluded": [{"practice": each.practice, "instead": each.instead} for each in document.excluded],
    }


def document(book: RuleBook, version: RuleBookVersion, rows: Sequence[Row], office: Office | None) -> BookDocument:
    """A version as a document: importing its text gives the same content again."""
    kept: Mapping[str, Any] = version.about
    return BookDocument(
        system=book.code,
        name=kept.get("name") or book.name,
        role=FileRole(kept.get("role") or FileRole.OFFICE.value),
        level=_level(kept, office),
        office_code=office.code if office is not None else book.jurisdiction or None,
        inherits=kept.get("inherits"),
        amends=book.amends,
        source=kept.get("source") or {},
        note=kept.get("note"),
        effective_from=version.effective_from,
        state=FileState.PUBLISHED if version.state == VersionState.PUBLISHED else FileState.DRAFT,
        rows=tuple(rows),
        excluded=tuple(Excluded(each["practice"], each["instead"]) for each in kept.get("excluded") or ()),
    )


def _level(kept: Mapping[str, Any], office: Office | None) -> Level | None:
    if office is not None:
        return Level.UNIT if office.kind == OfficeKind.DEPARTMENT else Level(office.level)
    return Level(kept["level"]) if kept.get("level") else None
