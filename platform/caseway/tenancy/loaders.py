"""Set-based writing of the office tree: staging whole division sets, and moving subtrees in one statement."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from caseway.tenancy.models import Level

_COLUMNS = ("code", "name", "parent", "level", "committee_kind", "statistical_only", "virtual")

#: Advisory lock of the tree's shape: structure changes one at a time ("tree" in ASCII).
_TREE = 0x74726565

_STAGE = """
create temp table division_stage (
  code text not null, name text not null, parent text, level text not null,
  committee_kind text, statistical_only boolean not null, virtual boolean not null
) on commit drop
"""

# Where a closed office's duties lie now, so that a new office below it finds its place.
_HEIRS = """
create temp table division_heir on commit drop as
with recursive heir(code, id) as (
  select code, successor_id from office where valid_to is not null and successor_id is not null
  union
  select heir.code, office.successor_id from heir join office on office.id = heir.id
  where office.valid_to is not null and office.successor_id is not null
)
select heir.code, max(office.id) as id from heir join office on office.id = heir.id
where office.valid_to is null and not exists (select 1 from office o where o.code = heir.code and o.valid_to is null)
group by heir.code
"""

# One level (and one province, so that progress can be told) of new offices below parents that stand already.
# {levels} is l1..l6: the parent's, then the new office itself at its own depth.
_INSERT = """
insert into office (id, parent_id, level, kind, code, name, path, depth, l1, l2, l3, l4, l5, l6, city_id,
                    committee_kind, statistical_only, virtual, valid_from)
select n.id, p.id, n.level, 'GOVERNMENT', n.code, n.name, coalesce(p.path, '') || n.id || '.',
       coalesce(p.depth, 0) + 1, {levels},
       case when n.level = 'PROVINCE' then n.id when p.id is null or p.level = 'PROVINCE' then n.id else p.city_id end,
       n.committee_kind, n.statistical_only, n.virtual, :valid_from
from (
  select nextval(pg_get_serial_sequence('office', 'id'))::int as id, fresh.*
  from (
    select s.* from division_stage s
    where s.level = :level and s.code >= :low and s.code < :high
      and not exists (select 1 from office o where o.code = s.code)
    order by s.code
  ) fresh
) n
left join lateral (
  select o.id, o.path, o.depth, o.level, o.city_id, o.l1, o.l2, o.l3, o.l4, o.l5, o.l6
  from office o where o.valid_to is null
    and o.id = coalesce((select c.id from office c where c.code = n.parent and c.valid_to is null),
                        (select h.id from division_heir h where h.code = n.parent))
) p on true
order by n.id
""".format(
    levels=", ".join(
        f"case when coalesce(p.depth, 0) = {n - 1} then n.id else coalesce(p.l{n}, 0) end" for n in range(1, 7)
    )
)

_RENAME = """
with renamed as (
  update office o set name = s.name
  from division_stage s
  where o.code = s.code and o.valid_to is null and o.name <> s.name
    and not exists (
      select 1 from office_event e where e.office_id = o.id and e.type = 'renamed' and e.at > :valid_from)
  returning o.id, o.code, s.name as new_name
)
insert into office_event (office_id, type, at, person_id, source, facts)
select r.id, 'renamed', :valid_from, 0, :source, jsonb_build_object('from', before.name, 'to', r.new_name)
from renamed r join office before on before.id = r.id
"""

_CREATED = """
insert into office_event (office_id, type, at, person_id, source, facts)
select o.id, 'created', :valid_from, 0, :source,
       jsonb_build_object('code', o.code, 'offices_imported', (
         select count(*) from office b
         where b.id > :before and b.path >= o.path and b.path < rtrim(o.path, '.') || '/'))
from office o where o.id > :before and (o.parent_id is null or o.parent_id <= :before)
"""


@dataclass(frozen=True, slots=True)
class StageFaults:
    """What is wrong with a staged set: codes given twice, and offices whose parent is neither staged nor known."""

    duplicates: list[str]
    orphans: list[str]


async def lock_tree(session: AsyncSession) -> None:
    """Wait for the tree: until the transaction ends nobody else changes its shape."""
    await session.execute(text("select pg_advisory_xact_lock(:lock)"), {"lock": _TREE})


async def open_stage(session: AsyncSession) -> None:
    """Make the staging table and lift the limits meant for requests; both end with the transaction."""
    await session.execute(text("set local statement_timeout = 0"))
    await session.execute(text("set local idle_in_transaction_session_timeout = 0"))
    await session.execute(text("set local lock_timeout = 0"))
    await lock_tree(session)
    await session.execute(text(_STAGE))


async def copy(session: AsyncSession, rows: Sequence[tuple[Any, ...]]) -> None:
    """Put rows into the staging table with PostgreSQL's COPY."""
    connection = await session.connection()
    driver = (await connection.get_raw_connection()).driver_connection
    if driver is None:
        raise RuntimeError("the database connection is gone")
    await driver.copy_records_to_table("division_stage", records=rows, columns=_COLUMNS)


async def close_stage(session: AsyncSession) -> StageFaults:
    """Index what was staged and look for what makes it unusable (the first few of each fault)."""
    await session.execute(text("create index on division_stage (code)"))
    await session.execute(text("analyze division_stage"))
    await session.execute(text(_HEIRS))
    duplicates = await session.scalars(
        text("select code from division_stage group by code having count(*) > 1 order by code limit 5")
    )
    orphans = await session.scalars(
        text(
            "select s.code from division_stage s where s.parent is not null"
            " and not exists (select 1 from division_stage p where p.code = s.parent)"
            " and not exists (select 1 from office o where o.code = s.parent and o.valid_to is null)"
            " and not exists (select 1 from division_heir h where h.code = s.parent)"
            " and not exists (select 1 from office o where o.code = s.code) order by s.code limit 5"
        )
    )
    return StageFaults(list(duplicates), list(orphans))


async def staged_provinces(session: AsyncSession) -> list[str]:
    """The two-digit beginnings of the staged codes."""
    return list(await session.scalars(text("select distinct left(code, 2) from division_stage order by 1")))


async def newest_id(session: AsyncSession) -> int:
    """The highest office id given out; what an import makes afterwards is higher."""
    return int(await session.scalar(text("select coalesce(max(id), 0) from office")) or 0)


async def insert_level(session: AsyncSession, level: Level, province: str, *, valid_from: datetime) -> int:
    """Insert the staged offices of one level and province that are not known yet; returns how many."""
    parameters = {"level": str(level), "low": province, "high": f"{province}:", "valid_from": valid_from}
    return _count(await session.execute(text(_INSERT), parameters))


async def rename_staged(session: AsyncSession, *, valid_from: datetime, source: str) -> int:
    """Take over changed names, each with an event. A name that was changed here after the edition's date stays."""
    parameters = {"valid_from": valid_from, "source": source}
    return _count(await session.execute(text(_RENAME), parameters))


async def note_created(session: AsyncSession, before: int, *, valid_from: datetime, source: str) -> None:
    """One event for each topmost office that was made since ``before``: it stands for everything below it."""
    await session.execute(text(_CREATED), {"before": before, "valid_from": valid_from, "source": source})


_REPATH = """
update office o set
  path = new.path, depth = cardinality(new.ids), city_id = coalesce(:city_id, o.city_id),
  l1 = new.ids[1], l2 = coalesce(new.ids[2], 0), l3 = coalesce(new.ids[3], 0),
  l4 = coalesce(new.ids[4], 0), l5 = coalesce(new.ids[5], 0), l6 = coalesce(new.ids[6], 0)
from (
  select id, moved.path, string_to_array(rtrim(moved.path, '.'), '.')::int[] as ids
  from (
    select id, cast(:new_path as text) || substr(path, length(cast(:old_path as text)) + 1) as path
    from office where path >= :old_path and path < :old_end
  ) moved
) new
where o.id = new.id
returning o.id
"""


async def deepest(session: AsyncSession, path: str) -> int:
    """The depth of the deepest office, open or closed, at or below a path."""
    found = await session.scalar(
        text("select max(depth) from office where path >= :path and path < :end"), {"path": path, "end": _end(path)}
    )
    return int(found or 0)


async def repath(session: AsyncSession, *, old_path: str, new_path: str, city_id: int | None) -> list[int]:
    """Give an office and everything below it (closed offices too) their new path, depth, level columns and home city in
    one statement; returns the ids. ``city_id`` None leaves the home cities as they are."""
    parameters = {"old_path": old_path, "old_end": _end(old_path), "new_path": new_path, "city_id": city_id}
    return sorted(await session.scalars(text(_REPATH), parameters))


def _end(path: str) -> str:
    """The first text that sorts after everything below a path: the separator's next character is ``/``."""
    return path[:-1] + "/"


def _count(result: Any) -> int:
    return int(result.rowcount)
