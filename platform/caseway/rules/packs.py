"""Packs: ready-made rules for offices of one level, kept as files, and what an office has of a pack."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from caseway import bundle
from caseway.rules import content, yaml
from caseway.rules.documents import BookDocument
from caseway.rules.errors import PackUnknown
from caseway.rules.rows import Row
from caseway.rules.values import Level


@dataclass(frozen=True, slots=True)
class Pack:
    """Rules for the offices of one level."""

    code: str
    name: str
    #: What it is for, in a sentence or two.
    note: str
    level: Level
    rows: tuple[Row, ...]

    @property
    def origin(self) -> bytes:
        """Names the content of the pack."""
        return content.digest(self.rows)


@dataclass(frozen=True, slots=True)
class Drift:
    """How the rules of an office differ from a pack: ids of rules that it lacks, and that it says differently."""

    missing: tuple[str, ...]
    differing: tuple[str, ...]


def packs(folder: Path | None = None) -> Mapping[str, Pack]:
    """The packs of a folder (those that ship by default) by code. ``RuleBookRefused`` when a file is none."""
    found = {}
    for path in sorted((folder or bundle.path("tenants", "packs")).glob("*.yaml")):
        for document in yaml.parse(path.read_bytes()):
            found[document.system] = _pack(document)
    return found


def pack(code: str) -> Pack:
    """The pack of a code. ``PackUnknown`` if there is none."""
    known = packs()
    if code not in known:
        raise PackUnknown(f"there is no pack {code[:40]!r}: use one of {', '.join(known)}.")
    return known[code]


def applied(pack: Pack, present: Sequence[Row], *, overwrite: bool) -> list[Row]:
    """The rules of an office with a pack brought in: its own stay, missing ones are added at the end, and those that
    it says differently are replaced only with ``overwrite``."""
    wanted = {row.id: row for row in pack.rows}
    known = {row.id for row in present}
    kept = [wanted[row.id] if overwrite and row.id in wanted else row for row in present]
    return [*kept, *(row for row in pack.rows if row.id not in known)]


def drift(pack: Pack, present: Sequence[Row]) -> Drift:
    """How the rules of an office differ from a pack."""
    known = {row.id: row for row in present}
    return Drift(
        missing=tuple(row.id for row in pack.rows if row.id not in known),
        differing=tuple(
            row.id for row in pack.rows if row.id in known and content.digest([known[row.id]]) != content.digest([row])
        ),
    )


def _pack(document: BookDocument) -> Pack:
    if document.level is None:
        raise ValueError(f"the pack {document.system} names no level")
    return Pack(document.system, document.name, document.note or "", document.level, document.rows)
