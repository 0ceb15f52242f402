"""Batched reads of chains: for many offices at once, the law layers and books that count for each on a day."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from sqlalchemy import Select, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from caseway.db.keyset import Page, SortKey, Window, seek, window
from caseway.tenancy import repository as offices
from caseway.tenancy.models import Office, OfficeKind

#: One office's chain with the published version of each book in it, and the law layers that reach the office. A law
#: that is not in force yet comes with its first version: another one may hold differences to it for the days before.
_CHAIN = text(
    """
with target as (
  select id, l1, l2, l3, l4, l5, l6 from office where id = any(:offices)
), place as (
  select t.id as target_id, o.id, o.code, o.level, o.kind, o.depth
  from target t join office o on o.id in (t.l1, t.l2, t.l3, t.l4, t.l5, t.l6)
)
select p.target_id, p.depth, p.id as office_id, p.code as office_code, p.level, p.kind,
       b.id as book_id, b.code, b.name, b.role, b.jurisdiction, b.amends,
       v.number, v.effective_from, v.digest, v.number is not null
from place p
left join rule_book b on b.office_id = p.id
left join lateral (
  select v.number, v.effective_from, v.digest from rule_book_version v
  where v.book_id = b.id and v.state = 'PUBLISHED' and v.effective_from <= :day
  order by v.number desc limit 1
) v on true
union all
select t.id, 0, null, null, null, null, b.id, b.code, b.name, b.role, b.jurisdiction, b.amends,
       v.number, v.effective_from, v.digest, v.effective_from <= :day
from target t
join rule_book b on b.role = 'LAW'
  and exists (select from place p where p.target_id = t.id and starts_with(p.code, b.jurisdiction))
cross join lateral (
  select v.number, v.effective_from, v.digest from rule_book_version v
  where v.book_id = b.id and v.state = 'PUBLISHED'
  order by v.effective_from <= :day desc, case when v.effective_from <= :day then -v.number else v.number end
  limit 1
) v
order by 1, 2, 11, 8
"""
)


@dataclass(frozen=True, slots=True)
class Standing:
    """A published version of a book: the one in force, or the first one of a law that is not in force yet."""

    book_id: int
    code: str
    name: str
    role: str
    jurisdiction: str
    amends: str | None
    number: int
    effective_from: date
    digest: bytes
    in_force: bool


@dataclass(frozen=True, slots=True)
class Link:
    """One office of a chain and what stands in its book, if anything does."""

    office_id: int
    code: str
    level: str
    kind: str
    standing: Standing | None


@dataclass(slots=True)
class Links:
    """The law layers that reach an office, and the offices from the root down to it."""

    laws: list[Standing] = field(default_factory=list)
    offices: list[Link] = field(default_factory=list)


async def chains(session: AsyncSession, office_ids: Collection[int], *, day: date) -> dict[int, Links]:
    """The chain of each office, with what is in force on a day (Asia/Shanghai). No office, no chain."""
    rows = await session.execute(_CHAIN, {"offices": sorted(set(office_ids)), "day": day})
    found: dict[int, Links] = {}
    for target_id, _, office_id, office_code, level, kind, *book in rows:
        links = found.setdefault(target_id, Links())
        standing = Standing(*book) if book[-4] is not None else None
        if office_id is not None:
            links.offices.append(Link(office_id, office_code, level, kind, standing))
        elif standing is not None:
            links.laws.append(standing)
    return found


_LAWS = text(
    """
select b.id, b.code, b.name, b.role, b.jurisdiction, b.amends,
       v.number, v.effective_from, v.digest, v.effective_from <= :day
from rule_book b
cross join lateral (
  select v.number, v.effective_from, v.digest from rule_book_version v
  where v.book_id = b.id and v.state = 'PUBLISHED'
  order by v.effective_from <= :day desc, case when v.effective_from <= :day then -v.number else v.number end
  limit 1
) v
where b.role = 'LAW' and starts_with(:jurisdiction, b.jurisdiction)
order by b.jurisdiction, b.code
"""
)


async def laws(session: AsyncSession, jurisdiction: str, *, day: date) -> list[Standing]:
    """The law layers that reach a jurisdiction, in force on a day or with their first version (see ``chains``)."""
    return [Standing(*row) for row in await session.execute(_LAWS, {"jurisdiction": jurisdiction, "day": day})]


@dataclass(frozen=True, slots=True)
class Below:
    """A book with a published version at or below a place in the tree."""

    office_id: int
    path: str
    book_id: int
    code: str
    #: First days of its versions that are still to come.
    coming: tuple[date, ...]


_BELOW = text(
    """
select o.id, o.path, b.id, b.code,
       array(select v.effective_from from rule_book_version v
             where v.book_id = b.id and v.state = 'PUBLISHED' and v.effective_from > :day
             order by v.effective_from)
from office o join rule_book b on b.office_id = o.id
where o.path > :after and o.path >= :path and o.path < :beyond and o.valid_to is null
  and starts_with(o.code, :jurisdiction)
  and exists (select from rule_book_version v where v.book_id = b.id and v.state = 'PUBLISHED'
    and (cardinality(cast(:kinds as text[])) = 0 or exists (
      select from rule_row r
      where r.book_id = v.book_id and r.number = v.number and r.kind = any(cast(:kinds as text[])))))
order by o.path
limit :limit
"""
)


async def books_below(
    session: AsyncSession,
    *,
    path: str,
    after: str = "",
    jurisdiction: str = "",
    kinds: Collection[str] = (),
    day: date,
    limit: int,
) -> list[Below]:
    """Books at and below a path (everywhere for an empty one) whose office's path comes after ``after``, by path; with
    ``kinds`` only those that speak of one of them."""
    given = {
        "path": path,
        "after": after,
        "beyond": path[:-1] + chr(ord(path[-1]) + 1) if path else "\U0010ffff",
        "jurisdiction": jurisdiction,
        "kinds": sorted(kinds),
        "day": day,
        "limit": limit,
    }
    return [Below(row[0], row[1], row[2], row[3], tuple(row[4])) for row in await session.execute(_BELOW, given)]


async def governments_in(session: AsyncSession, area: Office, *, level: str, limit: int) -> list[Office]:
    """The governments of a level at and below an office that may receive cases, by code."""
    statement = _governments(area, level).order_by(Office.code, Office.id).limit(limit)
    return list(await session.scalars(statement))


async def governments_page(session: AsyncSession, area: Office, page: Page, *, level: str) -> Window[Office]:
    """A page of the same."""
    keys = (SortKey(Office.code), SortKey(Office.id))
    return window(list(await session.scalars(seek(_governments(area, level), page, keys))), page)


def _governments(area: Office, level: str) -> Select[Any]:
    return select(Office).where(
        offices.below(area.path),
        Office.level == level,
        Office.kind == OfficeKind.GOVERNMENT,
        Office.valid_to.is_(None),
        Office.suspended_at.is_(None),
        Office.statistical_only.is_(False),
        Office.virtual.is_(False),
    )


_WITH_BOOKS = text(
    """
select distinct o.id from office o join office l on l.path > o.path and l.path < left(o.path, -1) || '/'
join rule_book b on b.office_id = l.id
where o.id = any(:ids)
"""
)


async def with_books_below(session: AsyncSession, office_ids: Collection[int]) -> set[int]:
    """Those of these offices below which some office has a book."""
    return set(await session.scalars(_WITH_BOOKS, {"ids": sorted(set(office_ids))}))


_COMING = text(
    """
select distinct v.effective_from
from rule_book b join rule_book_version v on v.book_id = b.id and v.state = 'PUBLISHED' and v.effective_from > :day
where b.office_id = any(:above) or (b.role = 'LAW' and starts_with(:code, b.jurisdiction))
order by 1
"""
)


async def coming_above(session: AsyncSession, office: Office, *, day: date) -> list[date]:
    """First days, after a day, of versions above an office that are published already."""
    above = [each for each in office.chain if each != office.id]
    return list(await session.scalars(_COMING, {"above": above, "code": office.code, "day": day}))
