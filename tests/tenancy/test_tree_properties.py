"""Whatever administrators do in whatever order, paths, depths and level columns follow from the parents."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from caseway.db.scope import SYSTEM_SCOPE
from caseway.db.session import Database, UnitOfWork
from caseway.errors import CasewayError
from caseway.tenancy import changes, repository
from caseway.tenancy.changes import Cause, Hooks, Part
from caseway.tenancy.models import Level, OfficeKind
from support.database import Cluster, FreshDatabase

from .conftest import NOW

CAUSE = Cause(at=NOW, source="property")

#: Every fact that must follow from ``parent_id`` alone; each query counts violations.
LAWS = {
    "path, depth and level columns follow from the parent": """
        with recursive line(id, path, depth) as (
          select id, id || '.', 1 from office where parent_id is null
          union all
          select o.id, line.path || o.id || '.', line.depth + 1 from office o join line on line.id = o.parent_id
        )
        select count(*) from office o left join line using (id)
        where line.path is distinct from o.path or line.depth is distinct from o.depth
           or array[o.l1, o.l2, o.l3, o.l4, o.l5, o.l6]
              <> (string_to_array(rtrim(o.path, '.'), '.')::int[] || array_fill(0, array[6 - o.depth]))
    """,
    "a parent's level is higher, an institution's the same": """
        select count(*) from office o join office p on p.id = o.parent_id
        cross join (select array['PROVINCE', 'CITY', 'COUNTY', 'TOWN', 'VILLAGE'] as levels) l
        where p.kind <> 'GOVERNMENT' or case when o.kind = 'GOVERNMENT'
          then array_position(levels, p.level) >= array_position(levels, o.level) else p.level <> o.level end
    """,
    "no open office hangs below a closed one": """
        select count(*) from office o join office p on p.id = o.parent_id
        where o.valid_to is null and p.valid_to is not null
    """,
    "a closed office has a successor of its kind and level": """
        select count(*) from office o left join office s on s.id = o.successor_id
        where o.valid_to is not null and (s.id is null or s.kind <> o.kind or s.level <> o.level)
    """,
    "every line of successors ends at an open office": """
        with recursive heir(first, id) as (
          select id, successor_id from office where valid_to is not null
          union
          select heir.first, o.successor_id from heir join office o on o.id = heir.id where o.valid_to is not null
        )
        select count(*) from office c where c.valid_to is not null and not exists (
          select 1 from heir join office o on o.id = heir.id where heir.first = c.id and o.valid_to is null)
    """,
    "the home city is the topmost government below the province": """
        select count(*) from office o
        cross join lateral (
          select coalesce(
            (select a.id from office a where a.id = any(string_to_array(rtrim(o.path, '.'), '.')::int[])
             and a.kind = 'GOVERNMENT' and a.level <> 'PROVINCE' order by a.depth limit 1), o.l1) as id
        ) home where o.city_id <> home.id
    """,
}

_CODES = ["33", "3304", "330402", "330411", "330402100", "330402101", "330402100204", "3305", "330502", "3306"]
_SEED = """
delete from office_event;
delete from office where code not in ({})
""".format(", ".join(f"'{code}'" for code in _CODES))

place = st.integers(min_value=0, max_value=200)
step = st.one_of(
    st.tuples(st.just("create"), place, st.sampled_from(list(OfficeKind)), st.sampled_from(list(Level))),
    st.tuples(st.just("move"), place, place, st.none()),
    st.tuples(st.just("merge"), place, place, st.none()),
    st.tuples(st.just("split"), place, st.booleans(), st.none()),
    st.tuples(st.just("suspend"), place, st.booleans(), st.none()),
)


@pytest.fixture(scope="module")
def small(cluster: Cluster, excerpt_template: str) -> FreshDatabase:
    """Ten offices of 浙江: two cities with counties, towns and a village."""
    clone = cluster.fresh("small_tree", template=excerpt_template)
    with psycopg.connect(clone.dsn, autocommit=True) as connection:
        for statement in _SEED.split(";"):
            connection.execute(statement.encode())
    return clone


class _Undo(Exception):
    """Ends an example without storing what it did."""


class _Run:
    """Random operations on one tree inside one transaction; refusals are fine, broken laws are not."""

    def __init__(self, uow: UnitOfWork) -> None:
        self.uow = uow
        self.numbers = 0
        self.levels_of_moved: dict[int, tuple[int, ...]] = {}

    async def offices(self) -> list[int]:
        return list(await self.uow.session.scalars(text("select id from office order by id")))

    async def do(self, verb: str, first: int, second: Any, third: Any) -> None:
        ids = await self.offices()
        picked = ids[first % len(ids)]
        office = (await changes.hold(self.uow, picked))[0]
        self.numbers += 1
        hooks = Hooks(on_moved=self.remember)
        if verb == "create":
            code = f"new-{self.numbers}"
            await changes.create(self.uow, parent=office, level=third, kind=second, code=code, name=code, cause=CAUSE)
        elif verb == "split":
            children = await repository.open_children(self.uow.session, picked)
            part = Part(code=f"new-{self.numbers}", name="新", children=[child.code for child in children[:1]])
            await changes.split(
                self.uow, office, [part], cause=CAUSE, successor_code=part.code if second else None, hooks=hooks
            )
        elif verb == "suspend":
            await (changes.suspend if second else changes.resume)(self.uow, office, cause=CAUSE)
        else:
            other = (await changes.hold(self.uow, ids[second % len(ids)]))[0]
            act = changes.move if verb == "move" else changes.merge
            await act(self.uow, office, other, cause=CAUSE, hooks=hooks)

    async def remember(self, uow: UnitOfWork, ids: list[int]) -> None:
        """What a case slice would stamp its rows with when it is told that offices moved."""
        found = await repository.by_ids(uow.session, ids)
        self.levels_of_moved |= {office.id: office.levels for office in found.values()}

    async def check(self) -> None:
        for law, query in LAWS.items():
            broken = await self.uow.session.scalar(text(query))
            assert broken == 0, law
        await self.uow.session.flush()


def _in_transaction(url: str, work: Callable[[UnitOfWork], Coroutine[Any, Any, None]]) -> None:
    async def run() -> None:
        database = Database(url, pool_size=1)
        try:
            async with database.unit(SYSTEM_SCOPE) as uow:
                await uow.permitted()
                await work(uow)
                raise _Undo
        except _Undo:
            pass
        finally:
            await database.close()

    asyncio.run(run())


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=st.lists(step, min_size=1, max_size=12))
def test_any_sequence_of_changes_keeps_the_tree_sound(small: FreshDatabase, steps: list[Any]) -> None:
    async def work(uow: UnitOfWork) -> None:
        run = _Run(uow)
        for each in steps:
            try:
                async with uow.session.begin_nested():
                    await run.do(*each)
            except CasewayError:
                uow.session.expire_all()
            await run.check()
        # Whoever was told of every move has stamped exactly the levels that the offices have now.
        now = await repository.by_ids(uow.session, run.levels_of_moved)
        assert {office.id: office.levels for office in now.values()} == run.levels_of_moved

    _in_transaction(small.url, work)
