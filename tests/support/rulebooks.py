"""Rule books for tests: the shipped ones resolved for one office without a database, and others brought into one."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import cache
from pathlib import Path

from caseway import bundle
from caseway.db.session import Database
from caseway.people.declared import Secrets, declare
from caseway.rules import yaml
from caseway.rules.declared import Books
from caseway.rules.place import OfficePlace
from caseway.rules.resolve import EffectiveRules, resolve
from caseway.rules.rows import BookVersion
from caseway.rules.values import Level
from caseway.tenancy.models import OfficeKind


@cache
def shipped(*systems: str) -> tuple[BookVersion, ...]:
    """The first versions of these books, in force."""
    return tuple(_version(bundle.path("tenants", "rulebooks", f"{system}.yaml").read_bytes()) for system in systems)


def _version(data: bytes) -> BookVersion:
    found = yaml.parse_one(data)
    return found.version(1)


def place(code: str, *above: str, level: Level = Level.COUNTY, kind: OfficeKind = OfficeKind.GOVERNMENT) -> OfficePlace:
    """An office with the codes of those above it, the root first."""
    chain = tuple((number, each) for number, each in enumerate(above, start=1))
    return OfficePlace(id=99, code=code, level=level, kind=kind, chain=chain)


def rules_for(where: OfficePlace, systems: Sequence[str]) -> EffectiveRules:
    """What these books come to there."""
    return resolve(shipped(*systems), where)


async def bring(url: str, folder: Path, *rules: str, system: str, office: str, level: str, now: datetime) -> None:
    """Publish a book of an office that has none, as ``caseway tenants apply`` does, in force from 2026 on. Each rule is
    one line of YAML without the dash."""
    _write(folder, system, office, level, rules)
    database = Database(url, pool_size=1)
    try:
        await declare(database, folder, secrets=Secrets({}), store=True, now=now, further=Books())
    finally:
        await database.close()


def _write(folder: Path, system: str, office: str, level: str, rules: Sequence[str]) -> None:
    head = (
        f"schema_version: 1\nsystem: {system}\nname: {system}\nrole: office\n"
        f"office: {{level: {level}, code: '{office}'}}\ninherits: law-2022\neffective_from: 2026-01-01\n"
        "state: PUBLISHED\nrules:\n"
    )
    folder.mkdir(parents=True, exist_ok=True)
    rows = "".join(f"- {{{rule}}}\n" for rule in rules)
    (folder / f"{system}.yaml").write_text(head + rows, encoding="utf-8")
