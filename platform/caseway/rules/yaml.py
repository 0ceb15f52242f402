"""Rule books in YAML: parse and dump, without loss, in one shape (documents of ``rules``, one line for each row)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import yaml

from caseway.rules.documents import BookDocument
from caseway.rules.errors import RuleBookRefused
from caseway.rules.findings import FindingCode
from caseway.rules.rows import Row, is_guarded
from caseway.rules.yaml_document import is_schema, to_document
from caseway.rules.yaml_reading import LARGEST_BOOK, read, refuse

__all__ = ["LARGEST_BOOK", "dump", "parse", "parse_one"]

_DUMPER: Any = getattr(yaml, "CSafeDumper", yaml.SafeDumper)
#: The version of the shape of these files.
SCHEMA_VERSION = 1


def parse(data: bytes | str) -> tuple[BookDocument, ...]:
    """The books of a text, one for each document. ``RuleBookRefused`` with every problem, its row and its line; a text
    of more than ``LARGEST_BOOK`` bytes is refused before it is read. A document that only describes the kinds
    (``schema: petition-rulebook/1``) is passed over."""
    documents, findings = [], []
    for parsed in read(data):
        if is_schema(parsed):
            continue
        document, found = to_document(parsed)
        findings += found
        if document is not None:
            documents.append(document)
    if findings:
        raise RuleBookRefused(findings)
    return tuple(documents)


def parse_one(data: bytes | str) -> BookDocument:
    """The only book of a text. ``RuleBookRefused`` if there is another number of books in it."""
    documents = parse(data)
    if len(documents) != 1:
        refuse(FindingCode.WRONG_SHAPE, 0, f"the text holds {len(documents)} books", "give exactly one book")
    return documents[0]


def dump(*documents: BookDocument) -> str:
    """The text of books; ``parse`` gives back equal documents."""
    return "".join(f"---\n{_header(document)}{_body(document)}" for document in documents)


def row_values(row: Row) -> dict[str, Any]:
    """A row as it stands under ``rules`` in a file."""
    values: dict[str, Any] = {"id": row.id, "kind": row.kind, "applies_to": row.applies_to}
    for name, value in (("quality", row.quality), ("guard", row.guard)):
        if value is not None:
            values[name] = value
    if row.enabled is is_guarded(row.guard):
        values["enabled"] = row.enabled
    if row.text:
        values["text"] = row.text
    values["params"] = _plain(row.params)
    return values


def _header(document: BookDocument) -> str:
    level = "BASE" if document.level is None else document.level.value
    office = {"level": level} | ({"code": document.office_code} if document.office_code is not None else {})
    values: dict[str, Any] = {
        "schema_version": SCHEMA_VERSION,
        "system": document.system,
        "name": document.name,
        "role": document.role.value,
        "office": office,
        "inherits": document.inherits,
    }
    optional = {
        "amends": document.amends,
        "source": _plain(document.source) or None,
        "note": document.note,
        "effective_from": document.effective_from,
        "state": document.state and document.state.value,
    }
    values |= {name: value for name, value in optional.items() if value is not None}
    values["summary"] = document.summary
    return "".join(f"{name}: {_flow(value)}\n" for name, value in values.items())


def _body(document: BookDocument) -> str:
    text = _listed("rules", (row_values(row) for row in document.rows)) or "rules: []\n"
    unresolved = {row.id: list(row.unresolved) for row in document.rows if row.unresolved}
    withheld = {row.id: row.withheld_reason for row in document.rows if row.withheld}
    for name, values in (("unresolved", unresolved), ("withheld", withheld)):
        if values:
            text += f"{name}: {_flow(values)}\n"
    return text + _listed("excluded", ({"practice": e.practice, "instead": e.instead} for e in document.excluded))


def _listed(name: str, values: Iterable[Mapping[str, Any]]) -> str:
    lines = [f"- {_flow(value)}\n" for value in values]
    return "".join((f"{name}:\n", *lines)) if lines else ""


def _flow(value: Any) -> str:
    text: str = yaml.dump(
        value, Dumper=_DUMPER, default_flow_style=True, allow_unicode=True, sort_keys=False, width=10**6
    )
    return text.removesuffix("\n").removesuffix("\n...")


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(key): _plain(each) for key, each in value.items()}
    return [_plain(each) for each in value] if isinstance(value, list | tuple) else value
