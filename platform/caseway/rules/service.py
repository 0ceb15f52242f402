"""The rules that apply to an office at an instant: which published versions count, and what they come to together.

The chain is read in the caller's own transaction, so a publication counts from its commit on, in every process. Rows
and results are remembered by their content (``memory``).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy.ext.asyncio import AsyncSession

from caseway.clock import SHANGHAI
from caseway.rules import content, loaders, repository
from caseway.rules.loaders import Link, Standing
from caseway.rules.memory import Memory
from caseway.rules.models import RuleBookVersion
from caseway.rules.place import OfficePlace
from caseway.rules.resolve import EffectiveRules, resolve
from caseway.rules.rows import Book, BookRole, BookVersion, Row
from caseway.rules.values import Level
from caseway.tenancy.errors import OfficeNotFound
from caseway.tenancy.models import Office, OfficeKind

#: Contents kept by a process (of versions), and results (of places).
_CONTENTS: Memory[bytes, tuple[Row, ...]] = Memory(4096)
_RESULTS: Memory[tuple[object, ...], EffectiveRules] = Memory(1024)


@dataclass(frozen=True, slots=True)
class Chain:
    """Where an office stands, and the versions that count for it, from the law layers down to its own book."""

    place: OfficePlace
    versions: tuple[BookVersion, ...]
    key: tuple[object, ...]


async def effective(session: AsyncSession, office_id: int, *, at: datetime) -> EffectiveRules:
    """What applies to an office on the day (Asia/Shanghai) of an instant. ``OfficeNotFound`` for no office.

    Law layers come first, by the jurisdiction that the office lies in, then the books of the offices from the root down
    to it (an institution has those of its government and its own), each in the version in force that day.
    """
    return await effective_on(session, office_id, day=day_of(at))


async def effective_for(session: AsyncSession, office: Office, *, at: datetime) -> EffectiveRules:
    """The same for an office that was read already."""
    return await effective_on(session, office.id, day=day_of(at))


async def effective_on(session: AsyncSession, office_id: int, *, day: date) -> EffectiveRules:
    """What applies to an office on a day in China's time zone."""
    found = await chains(session, [office_id], day=day)
    if office_id not in found:
        raise OfficeNotFound(office_id=office_id)
    return resolved(found[office_id])


async def chains(session: AsyncSession, office_ids: Collection[int], *, day: date) -> dict[int, Chain]:
    """The chains of several offices on a day: at most two queries for all of them."""
    links = await loaders.chains(session, office_ids, day=day)
    laws = {office_id: list(_laws(each.laws)) for office_id, each in links.items()}
    standings = [standing for each in laws.values() for standing in each]
    standings += [link.standing for each in links.values() for link in each.offices if link.standing is not None]
    contents = await contents_of(session, standings)
    return {office_id: _chain(laws[office_id], each.offices, contents) for office_id, each in links.items()}


async def law_layers(session: AsyncSession, jurisdiction: str, *, day: date) -> list[BookVersion]:
    """The law layers that reach a jurisdiction (a division code, "" = the nation) on a day, the widest first."""
    laws = list(_laws(await loaders.laws(session, jurisdiction, day=day)))
    contents = await contents_of(session, laws)
    return [_version(law, None, contents) for law in laws]


def resolved(chain: Chain) -> EffectiveRules:
    """What a chain comes to; computed once per chain and process, as long as it is remembered."""
    found = _RESULTS.get(chain.key)
    return found if found is not None else _RESULTS.put(chain.key, resolve(chain.versions, chain.place))


def forget() -> None:
    """Start cold: for measurements."""
    _CONTENTS.clear()
    forget_results()


def forget_results() -> None:
    """Start with the contents of books known and nothing worked out: for measurements."""
    _RESULTS.clear()


def day_of(at: datetime) -> date:
    """The day in China's time zone that an instant lies in (convention C1)."""
    return at.astimezone(SHANGHAI).date()


async def contents_of(session: AsyncSession, standings: Iterable[Standing]) -> dict[bytes, tuple[Row, ...]]:
    """The rows of these versions by their digest; what is not remembered is read with one query."""
    return await _contents(session, {each.digest: (each.book_id, each.number) for each in standings})


async def contents_of_versions(
    session: AsyncSession, versions: Iterable[RuleBookVersion]
) -> dict[bytes, tuple[Row, ...]]:
    """The same for versions that were read already."""
    return await _contents(session, {each.digest: (each.book_id, each.number) for each in versions})


async def _contents(session: AsyncSession, wanted: Mapping[bytes, tuple[int, int]]) -> dict[bytes, tuple[Row, ...]]:
    found = {digest: known for digest in wanted if (known := _CONTENTS.get(digest)) is not None}
    missing = {digest: version for digest, version in wanted.items() if digest not in found}
    if missing:
        stored = await repository.rows(session, missing.values())
        for digest, version in missing.items():
            found[digest] = _CONTENTS.put(digest, tuple(content.to_row(row) for row in stored[version]))
    return found


def _laws(laws: Iterable[Standing]) -> Iterator[Standing]:
    """The law layers that count, the widest first. A law that only holds differences to another counts for the days
    before that one came into force, on top of it."""
    known = {law.code: law for law in laws}
    for law in known.values():
        if law.amends is not None:
            continue
        if law.in_force:
            yield law
        elif before := [each for each in known.values() if each.amends == law.code and each.in_force]:
            yield law
            yield from before


def _chain(laws: Sequence[Standing], offices: Sequence[Link], contents: Mapping[bytes, tuple[Row, ...]]) -> Chain:
    own = offices[-1]
    place = OfficePlace(
        id=own.office_id,
        code=own.code,
        level=Level(own.level),
        kind=OfficeKind(own.kind),
        chain=tuple((link.office_id, link.code) for link in offices[:-1]),
    )
    counted: list[tuple[Standing, str | None]] = [(law, None) for law in laws]
    counted += [(link.standing, link.code) for link in offices if link.standing is not None]
    versions = tuple(_version(standing, code, contents) for standing, code in counted)
    named = ((each.code, each.name, each.number, each.effective_from, each.digest) for each, _ in counted)
    return Chain(place=place, versions=versions, key=(place, *named))


def _version(standing: Standing, office_code: str | None, contents: Mapping[bytes, tuple[Row, ...]]) -> BookVersion:
    book = Book(
        code=standing.code,
        name=standing.name,
        role=BookRole(standing.role),
        office_code=office_code,
        jurisdiction=standing.jurisdiction,
        amends=standing.amends,
    )
    return BookVersion(
        book=book,
        version=standing.number,
        effective_from=standing.effective_from,
        rows=contents[standing.digest],
    )
