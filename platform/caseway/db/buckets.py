"""Leaky buckets that all processes share: how much somebody has asked for lately, a row for each.

A bucket takes what is poured into it as long as it does not run over, and leaks at its own pace. Instants are the
database's, so that processes agree. There are never more rows than people and offices that ever asked.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from caseway.db.session import Database

_POUR = """
with asked as (
  select * from unnest($1::text[], $2::float8[], $3::float8[], $4::float8[]) as a (key, amount, capacity, leak)
), present as (
  select a.*, greatest(0, coalesce(b.level - extract(epoch from clock_timestamp() - b.at) * a.leak, 0)) as level
  from asked a left join rate_bucket b using (key)
), over as (
  select key, (level + amount - capacity) / leak as seconds from present where level + amount > capacity
), poured as (
  insert into rate_bucket as b (key, level, at)
  select key, level + amount, clock_timestamp() from present where not exists (select from over) order by key
  on conflict (key) do update set
    level = greatest(0, b.level - extract(epoch from excluded.at - b.at) * (select leak from asked where key = b.key))
      + (select amount from asked where key = b.key),
    at = excluded.at
)
select key, seconds from over
"""


@dataclass(frozen=True, slots=True)
class Pour:
    """What somebody asks for."""

    key: str
    amount: float
    #: How much the bucket holds, and how much leaks from it in a second.
    capacity: float
    leak: float


async def pour(database: Database, pours: Sequence[Pour]) -> dict[str, float]:
    """Pour all, or nothing if one would run over: then the keys of those that would, with the seconds until they would
    not. One round trip. Two that pour at the same instant may both fit where one would: never by more than that."""
    rows = await database.fetch(
        _POUR,
        [
            [each.key for each in pours],
            [each.amount for each in pours],
            [each.capacity for each in pours],
            [each.leak for each in pours],
        ],
    )
    return {row["key"]: row["seconds"] for row in rows}
