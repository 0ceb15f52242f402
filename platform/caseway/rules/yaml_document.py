"""One YAML document as a rule book: every key known, every problem with its row and its line."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date
from typing import Any, TypeVar

from caseway.rules.documents import BookDocument, Excluded, FileRole, FileState
from caseway.rules.findings import Finding, FindingCode, RowInvalid
from caseway.rules.place import is_address
from caseway.rules.rows import Row, is_guarded
from caseway.rules.values import Level
from caseway.rules.yaml_reading import Parsed, Place

#: Rows of the largest book.
MOST_ROWS = 2_000
_LONGEST_TEXT = 4_000
_KEYS = (
    *("schema_version", "system", "name", "role", "office", "inherits", "amends", "source", "note", "summary"),
    *("effective_from", "state", "rules", "unresolved", "withheld", "excluded"),
)
_ROW_KEYS = ("id", "kind", "applies_to", "params", "quality", "guard", "enabled", "text")
_SYSTEM = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")
_ROW_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,31}")
_SCHEMA = "petition-rulebook/1"

T = TypeVar("T")


def is_schema(parsed: Parsed) -> bool:
    """Whether a document only describes the kinds."""
    return isinstance(parsed.value, dict) and parsed.value.get("schema") == _SCHEMA


def to_document(parsed: Parsed) -> tuple[BookDocument | None, list[Finding]]:
    """The book of a document, and everything that is wrong with it."""
    if not isinstance(parsed.value, dict):
        finding = Finding(
            FindingCode.WRONG_SHAPE, "", "", "", "a book is a mapping of keys", f"give {', '.join(_KEYS)}"
        )
        return None, [finding]
    reader = _Reader(parsed)
    document = reader.document()
    return (None if reader.findings else document), reader.findings


class _Reader:
    """Reads one document and collects what is wrong with it."""

    def __init__(self, parsed: Parsed) -> None:
        self.parsed = parsed
        self.findings: list[Finding] = []
        value = parsed.value.get("system")
        self.system = value if isinstance(value, str) else ""

    def add(
        self, code: FindingCode, place: Place, message: str, cure: str, *, row: str = "", parameter: str = ""
    ) -> None:
        self.findings.append(Finding(code, self.system, row, parameter, message, cure, line=self.parsed.line(place)))

    def document(self) -> BookDocument:
        value = self.parsed.value
        self._known((), value, _KEYS)
        if value.get("schema_version", 1) != 1:
            self.add(FindingCode.WRONG_SHAPE, ("schema_version",), "schema_version is 1", "write schema_version: 1")
        role = self._choice(FileRole, ("role",), value.get("role"), FileRole.OFFICE)
        level, code = self._office(value.get("office"), role)
        if not _SYSTEM.fullmatch(self.system):
            self.add(FindingCode.WRONG_SHAPE, ("system",), "system is no code", "use small letters, digits and hyphens")
        document = BookDocument(
            system=self.system,
            name=self._text(("name",), value.get("name"), required=True) or "",
            role=role,
            level=level,
            office_code=code,
            inherits=self._text(("inherits",), value.get("inherits")),
            amends=self._text(("amends",), value.get("amends")),
            source=self._shape(dict, ("source",), value.get("source")) or {},
            note=self._text(("note",), value.get("note")),
            effective_from=self._day(("effective_from",), value.get("effective_from")),
            state=None
            if value.get("state") is None
            else self._choice(FileState, ("state",), value["state"], FileState.DRAFT),
            rows=tuple(self._rows(value.get("rules"))),
            excluded=tuple(self._excluded(value.get("excluded"))),
        )
        document = replace(document, rows=self._decided(document.rows, value))
        summary = value.get("summary")
        if summary is not None and summary != document.summary:
            self.add(
                FindingCode.SUMMARY_DIFFERS,
                ("summary",),
                "the summary does not count what the book holds",
                f"write {document.summary}, or leave it out",
            )
        return document

    def _known(self, place: Place, value: Mapping[str, Any], keys: Iterable[str], *, row: str = "") -> None:
        known = tuple(keys)
        for key in value:
            if key not in known:
                near = difflib.get_close_matches(key, known, n=1)
                cure = f"did you mean {near[0]}?" if near else f"use {', '.join(known)}"
                self.add(FindingCode.UNKNOWN_KEY, (*place, key), f"there is no key {key}", cure, row=row)

    def _shape(self, kind: type[T], place: Place, value: Any, *, row: str = "") -> T | None:
        if value is None or isinstance(value, kind):
            return value
        wanted = "a list" if kind is list else "a mapping of keys"
        self.add(FindingCode.WRONG_SHAPE, place, f"{place[-1]} holds {wanted}", f"write {wanted}", row=row)
        return None

    def _text(self, place: Place, value: Any, *, row: str = "", required: bool = False) -> str | None:
        name = str(place[-1])
        if value is None:
            if required:
                self.add(FindingCode.MISSING_KEY, place, f"{name} is missing", "give it", row=row)
            return None
        if not isinstance(value, str):
            self.add(FindingCode.WRONG_SHAPE, place, f"{name} holds a text", "put it in quotes", row=row)
            return None
        if not value or len(value) > _LONGEST_TEXT:
            cure = f"write 1 to {_LONGEST_TEXT:,} characters"
            self.add(FindingCode.WRONG_SHAPE, place, f"{name} has {len(value):,} characters", cure, row=row)
        return value

    def _choice(self, kind: type[T], place: Place, value: Any, fallback: T) -> T:
        members: Mapping[str, T] = {str(member): member for member in kind}  # type: ignore[attr-defined]
        if isinstance(value, str) and value in members:
            return members[value]
        message = f"{place[-1]} is missing" if value is None else f"{place[-1]} {value} is not on the list"
        code = FindingCode.MISSING_KEY if value is None else FindingCode.UNKNOWN_VALUE
        self.add(code, place, message, f"use one of {', '.join(members)}")
        return fallback

    def _office(self, value: Any, role: FileRole) -> tuple[Level | None, str | None]:
        office = self._shape(dict, ("office",), value)
        if office is None:
            self.add(FindingCode.MISSING_KEY, ("office",), "office is missing", "give its level and its code")
            return None, None
        self._known(("office",), office, ("level", "code"))
        level = office.get("level")
        code = self._text(("office", "code"), office.get("code"))
        if level == "BASE" and role in (FileRole.BASE, FileRole.BASE_HISTORY):
            return None, code
        return self._choice(Level, ("office", "level"), level, Level.TOWN), code

    def _day(self, place: Place, value: Any) -> date | None:
        if value is None:
            return None
        try:
            return date.fromisoformat(value)
        except (TypeError, ValueError):
            self.add(FindingCode.WRONG_SHAPE, place, f"{place[-1]} is no day", "write it as 2026-01-01")
            return None

    def _rows(self, value: Any) -> Iterable[Row]:
        if value is None:
            self.add(FindingCode.MISSING_KEY, ("rules",), "rules is missing", "give a list of rules, or []")
        rows = self._shape(list, ("rules",), value) or []
        if len(rows) > MOST_ROWS:
            self.add(FindingCode.WRONG_SHAPE, ("rules",), f"there are {len(rows):,} rules", f"keep to {MOST_ROWS:,}")
            return
        seen: set[str] = set()
        for index, each in enumerate(rows):
            place: Place = ("rules", index)
            values = self._shape(dict, place, each)
            row = None if values is None else self._row(place, values)
            if row is None:
                continue
            if row.id in seen:
                self.add(
                    FindingCode.DUPLICATE_ROW, place, f"{row.id} stands twice", "give it an id of its own", row=row.id
                )
            seen.add(row.id)
            yield row

    def _row(self, place: Place, value: Mapping[str, Any]) -> Row | None:
        row_id = self._text((*place, "id"), value.get("id"), required=True)
        if row_id is None:
            return None
        if not _ROW_ID.fullmatch(row_id):
            cure = "use up to 32 letters, digits, hyphens and underscores"
            self.add(FindingCode.WRONG_SHAPE, (*place, "id"), f"{row_id[:40]} is no id", cure, row=row_id)
        self._known(place, value, _ROW_KEYS, row=row_id)
        guard = self._text((*place, "guard"), value.get("guard"), row=row_id)
        enabled = value.get("enabled", not is_guarded(guard))
        if not isinstance(enabled, bool):
            self.add(FindingCode.WRONG_SHAPE, (*place, "enabled"), "enabled is true or false", "write one", row=row_id)
            enabled = False
        row = Row(
            id=row_id,
            kind=self._text((*place, "kind"), value.get("kind"), row=row_id, required=True) or "",
            applies_to=self._text((*place, "applies_to"), value.get("applies_to"), row=row_id, required=True) or "",
            params=self._shape(dict, (*place, "params"), value.get("params"), row=row_id) or {},
            quality=self._text((*place, "quality"), value.get("quality"), row=row_id),
            guard=guard,
            enabled=enabled,
            text=self._text((*place, "text"), value.get("text"), row=row_id) or "",
        )
        self._look(place, row)
        return row

    def _look(self, place: Place, row: Row) -> None:
        """The row by itself: where it applies, and its parameters."""
        if row.applies_to and not is_address(row.applies_to):
            self.add(
                FindingCode.UNKNOWN_REACH,
                (*place, "applies_to"),
                f"{row.id}: {row.applies_to} is no address of offices",
                "use SELF, CHILDREN, CHILD_UNITS, SUBTREE, LEVEL:<level> or OFFICE:<code>",
                row=row.id,
            )
        if not row.kind:
            return
        try:
            _ = row.model
        except RowInvalid as refusal:
            for finding in refusal.findings:
                line = self.parsed.line((*place, "params", finding.parameter))
                self.findings.append(replace(finding, book=self.system, line=line))

    def _decided(self, rows: tuple[Row, ...], value: Mapping[str, Any]) -> tuple[Row, ...]:
        """The rows with what is unresolved or withheld of each."""
        unresolved = self._shape(dict, ("unresolved",), value.get("unresolved")) or {}
        withheld = self._shape(dict, ("withheld",), value.get("withheld")) or {}
        known = {row.id for row in rows}
        for name, values in (("unresolved", unresolved), ("withheld", withheld)):
            for row_id in values:
                if row_id not in known:
                    self.add(FindingCode.UNKNOWN_ROW, (name, row_id), f"there is no rule {row_id}", "use a rule's id")
        found = []
        for row in rows:
            names = self._shape(list, ("unresolved", row.id), unresolved.get(row.id), row=row.id) or []
            texts = [self._text(("unresolved", row.id, i), name, row=row.id) or "" for i, name in enumerate(names)]
            reason = self._text(("withheld", row.id), withheld.get(row.id), row=row.id, required=row.id in withheld)
            found.append(
                replace(row, unresolved=tuple(texts), withheld=row.id in withheld, withheld_reason=reason or "")
            )
        return tuple(found)

    def _excluded(self, value: Any) -> Iterable[Excluded]:
        for index, each in enumerate(self._shape(list, ("excluded",), value) or []):
            place: Place = ("excluded", index)
            values = self._shape(dict, place, each) or {}
            self._known(place, values, ("practice", "instead"))
            practice = self._text((*place, "practice"), values.get("practice"), required=True)
            instead = self._text((*place, "instead"), values.get("instead"), required=True)
            yield Excluded(practice or "", instead or "")
