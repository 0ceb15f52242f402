"""What administrators do with offices: guards, history, paths, and who may."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta

import psycopg
import pytest

from caseway.access.actor import Actor
from caseway.access.facts import office_facts
from caseway.access.permissions import Permission
from caseway.access.policy import Policy
from caseway.db.scope import NO_SCOPE
from caseway.db.session import Database, UnitOfWork
from caseway.errors import InvalidInput, NotPermitted
from caseway.tenancy import errors, repository, service
from caseway.tenancy.changes import Hooks, Part
from caseway.tenancy.models import Level, Office, OfficeKind

from .conftest import NOW

CONSISTENT = """
select count(*) from office o left join office p on p.id = o.parent_id
where o.path <> coalesce(p.path, '') || o.id || '.' or o.depth <> coalesce(p.depth, 0) + 1
   or array[o.l1, o.l2, o.l3, o.l4, o.l5, o.l6]
      <> (string_to_array(rtrim(o.path, '.'), '.')::int[] || array_fill(0, array[6 - o.depth]))
"""
POLICY = Policy()


class Admin:
    """An administrator of one office, and the platform's verbs as they call them."""

    def __init__(self, tree: Database, office: Office, role: str = "tenant_admin") -> None:
        self.tree = tree
        self.actor = Actor(
            person_id=77,
            name="管理员",
            office_id=office.id,
            office_path=office.path,
            office_name=office.name,
            level=office.level,
            kind=office.kind,
            seat_id=office.seat_id,
            seat_path=office.path,
            city_id=office.city_id,
            roles=(role,),
            rank="STAFF",
            portfolios=(),
            bars=(),
            locale="zh-CN",
        )
        self.moved: list[int] = []
        self.succeeded: list[tuple[int, int]] = []

    async def gate(self, uow: UnitOfWork, permission: str, office: Office) -> None:
        await POLICY.require(uow, self.actor, Permission(permission), office_facts(self.actor, office.id, office.path))

    @property
    def hooks(self) -> Hooks:
        async def on_moved(uow: UnitOfWork, ids: list[int]) -> None:
            self.moved += ids

        async def on_succeeded(uow: UnitOfWork, pairs: list[tuple[int, int]]) -> None:
            self.succeeded += pairs

        return Hooks(on_moved=on_moved, on_succeeded=on_succeeded)

    async def create(
        self, parent: Office, code: str, kind: OfficeKind = OfficeKind.DEPARTMENT, level: Level | None = None
    ) -> Office:
        async with self.tree.unit(NO_SCOPE) as uow:
            return await service.create_child(
                uow,
                self.gate,
                self.actor,
                parent_id=parent.id,
                kind=kind,
                level=level,
                code=code,
                name=f"机关 {code}",
                fields=["LAND"] if kind is OfficeKind.DEPARTMENT else [],
                now=NOW,
            )

    async def rename(self, office: Office, name: str, *, now: datetime = NOW, at: datetime | None = None) -> Office:
        async with self.tree.unit(NO_SCOPE) as uow:
            return await service.rename(uow, self.gate, self.actor, office_id=office.id, name=name, now=now, at=at)

    async def move(self, office: Office, parent: Office) -> Office:
        async with self.tree.unit(NO_SCOPE) as uow:
            return await service.move(
                uow, self.gate, self.actor, office_id=office.id, parent_id=parent.id, now=NOW, hooks=self.hooks
            )

    async def merge(self, office: Office, into: Office) -> Office:
        async with self.tree.unit(NO_SCOPE) as uow:
            return await service.merge(
                uow, self.gate, self.actor, office_id=office.id, into_id=into.id, now=NOW, hooks=self.hooks
            )

    async def split(self, office: Office, *parts: Part, successor_code: str | None = None) -> list[Office]:
        async with self.tree.unit(NO_SCOPE) as uow:
            return await service.split(
                uow,
                self.gate,
                self.actor,
                office_id=office.id,
                parts=parts,
                successor_code=successor_code,
                now=NOW,
                hooks=self.hooks,
            )

    async def suspend(self, office: Office) -> Office:
        async with self.tree.unit(NO_SCOPE) as uow:
            return await service.suspend(uow, self.gate, self.actor, office_id=office.id, now=NOW)

    async def resume(self, office: Office) -> Office:
        async with self.tree.unit(NO_SCOPE) as uow:
            return await service.resume(uow, self.gate, self.actor, office_id=office.id, now=NOW)


async def _office(tree: Database, code: str) -> Office:
    async with tree.reader(NO_SCOPE) as session:
        found = await repository.last_by_code(session, code)
        assert found is not None, code
        return found


@pytest.fixture
async def admin(tree: Database) -> Admin:
    """The administrator of 嘉兴市."""
    return Admin(tree, await _office(tree, "3304"))


def _events(rows: psycopg.Connection, office: Office) -> list[tuple[object, ...]]:
    statement = "select type, person_id, source from office_event where office_id = %s order by id"
    return rows.execute(statement, [office.id]).fetchall()


def _consistent(rows: psycopg.Connection) -> bool:
    return rows.execute(CONSISTENT.encode()).fetchone() == (0,)


async def test_a_new_department_has_the_level_of_its_government(
    admin: Admin, tree: Database, rows: psycopg.Connection
) -> None:
    office = await admin.create(await _office(tree, "330402"), "330402-zrzy")
    assert (office.level, office.depth, office.fields) == ("COUNTY", 4, ["LAND"])
    assert _events(rows, office) == [("created", 77, "createOffice")]
    assert _consistent(rows)


async def test_a_new_government_is_one_level_lower_unless_said_otherwise(admin: Admin, tree: Database) -> None:
    city = await _office(tree, "3304")
    assert (await admin.create(city, "330499", OfficeKind.GOVERNMENT)).level == "COUNTY"
    assert (await admin.create(city, "330499100", OfficeKind.GOVERNMENT, Level.TOWN)).level == "TOWN"


async def test_a_place_that_does_not_fit_is_refused(admin: Admin, tree: Database) -> None:
    city, village = await _office(tree, "3304"), await _office(tree, "330402100204")
    department = await admin.create(city, "3304-zrzy")
    with pytest.raises(errors.WrongLevel):
        await admin.create(city, "33", OfficeKind.GOVERNMENT, Level.PROVINCE)
    with pytest.raises(errors.WrongLevel):
        await admin.create(city, "3304-x", OfficeKind.DEPARTMENT, Level.TOWN)
    with pytest.raises(errors.WrongLevel):
        await admin.create(department, "3304-x")
    with pytest.raises(errors.WrongLevel):
        await admin.create(village, "330402100204001", OfficeKind.GOVERNMENT)
    with pytest.raises(errors.CodeTaken):
        await admin.create(city, "330402", OfficeKind.GOVERNMENT)
    with pytest.raises(InvalidInput):
        await admin.create(city, "a code")


async def test_a_rename_keeps_the_former_name_in_the_history(
    admin: Admin, tree: Database, rows: psycopg.Connection
) -> None:
    office = await _office(tree, "330402100")
    await admin.rename(office, " 凤桥古镇 ")
    facts = rows.execute("select facts from office_event where office_id = %s and type = 'renamed'", [office.id])
    assert facts.fetchall() == [({"from": "凤桥镇", "to": "凤桥古镇"},)]
    with pytest.raises(errors.OfficeUnchanged):
        await admin.rename(office, "凤桥古镇")
    for name in ("  ", "长" * 101, "a\nb"):
        with pytest.raises(InvalidInput):
            await admin.rename(office, name)


async def test_an_effective_date_lies_between_the_last_change_and_now(
    admin: Admin, tree: Database, rows: psycopg.Connection
) -> None:
    office = await _office(tree, "330402100")
    await admin.rename(office, "甲", at=NOW - timedelta(days=9))
    with pytest.raises(errors.OfficeDateConflict):
        await admin.rename(office, "乙", at=NOW - timedelta(days=10))
    with pytest.raises(errors.OfficeDateConflict):
        await admin.rename(office, "乙", at=NOW + timedelta(seconds=1))
    await admin.rename(office, "乙", at=NOW - timedelta(days=8))


async def test_a_move_takes_everything_below_along(admin: Admin, tree: Database, rows: psycopg.Connection) -> None:
    town, county = await _office(tree, "330402100"), await _office(tree, "330411")
    moved = await admin.move(town, county)
    assert moved.path == f"{county.path}{town.id}."
    village = await _office(tree, "330402100204")
    assert village.path.startswith(moved.path) and village.l3 == county.id and village.l4 == town.id
    below = rows.execute("select id from office where path like %s order by id", [f"{moved.path}%"]).fetchall()
    assert [office for (office,) in below] == admin.moved and len(admin.moved) > 10
    assert _consistent(rows)


async def test_a_move_across_cities_changes_the_home_city_of_new_cases(
    tree: Database, rows: psycopg.Connection
) -> None:
    province = Admin(tree, await _office(tree, "33"))
    await province.move(await _office(tree, "330402100"), await _office(tree, "330502"))
    village, city = await _office(tree, "330402100204"), await _office(tree, "3305")
    assert village.city_id == city.id and _consistent(rows)


async def test_an_office_does_not_move_where_it_does_not_fit(admin: Admin, tree: Database) -> None:
    county, town = await _office(tree, "330402"), await _office(tree, "330402100")
    with pytest.raises(errors.OfficeCycle):
        await admin.move(county, town)
    with pytest.raises(errors.OfficeUnchanged):
        await admin.move(town, county)
    with pytest.raises(errors.WrongLevel):
        await admin.move(await _office(tree, "330411"), county)
    department = await admin.create(county, "330402-zrzy")
    with pytest.raises(errors.WrongLevel):
        await admin.move(department, town)
    with pytest.raises(errors.WrongLevel):
        await admin.move(town, department)
    await admin.move(department, await _office(tree, "330411"))


async def test_a_tree_does_not_grow_deeper_than_its_columns(tree: Database, rows: psycopg.Connection) -> None:
    village = await _office(tree, "330402100204")
    province = Admin(tree, await _office(tree, "33"))
    await province.create(village, "330402100204-xfj", OfficeKind.PETITION_OFFICE)
    rows.execute("update office set depth = 6 where id = %s", [village.id])  # as if the tree were one level deeper
    with pytest.raises(errors.OfficeDepth):
        await province.create(await _office(tree, "330402100204"), "330402100204-jw", OfficeKind.DISCIPLINE)


async def test_a_merger_closes_one_office_and_hands_everything_to_the_other(
    admin: Admin, tree: Database, rows: psycopg.Connection
) -> None:
    nanhu, xiuzhou = await _office(tree, "330402"), await _office(tree, "330411")
    ours = {
        code: await admin.create(nanhu, f"330402-{code}", kind)
        for code, kind in (
            ("xfj", OfficeKind.PETITION_OFFICE),
            ("jw", OfficeKind.DISCIPLINE),
            ("zrzy", OfficeKind.DEPARTMENT),
        )
    }
    theirs = {
        code: await admin.create(xiuzhou, f"330411-{code}", kind)
        for code, kind in (("xfj", OfficeKind.PETITION_OFFICE), ("zrzy", OfficeKind.DEPARTMENT))
    }
    assert (await admin.merge(nanhu, xiuzhou)).id == xiuzhou.id
    assert admin.succeeded == [
        (nanhu.id, xiuzhou.id),
        (ours["xfj"].id, theirs["xfj"].id),
        (ours["zrzy"].id, theirs["zrzy"].id),
    ]
    closed = await _office(tree, "330402")
    assert (closed.valid_to, closed.successor_id, closed.path) == (NOW, xiuzhou.id, nanhu.path)
    assert not closed.is_open
    # The discipline body had no counterpart: it hangs below the successor, as do the towns.
    assert (await _office(tree, "330402-jw")).parent_id == xiuzhou.id
    assert (await _office(tree, "330402100")).parent_id == xiuzhou.id
    assert _consistent(rows)
    async with tree.reader(NO_SCOPE) as session:
        assert (await repository.successor(session, closed)).id == xiuzhou.id
        assert await repository.by_code(session, "330402") is None
    assert [kind for kind, _, _ in _events(rows, closed)] == ["merged"]
    with pytest.raises(errors.OfficeClosed) as refusal:
        await admin.rename(closed, "新名")
    assert refusal.value.details["successor_id"] == xiuzhou.id


async def test_offices_merge_only_with_their_like(admin: Admin, tree: Database) -> None:
    county, town = await _office(tree, "330402"), await _office(tree, "330424101")
    department = await admin.create(county, "330402-zrzy")
    with pytest.raises(errors.WrongLevel):
        await admin.merge(county, town)
    with pytest.raises(errors.WrongLevel):
        await admin.merge(department, await _office(tree, "330411"))
    with pytest.raises(errors.OfficeCycle):
        await admin.merge(county, county)
    other = await _office(tree, "330411")
    await admin.suspend(other)
    with pytest.raises(errors.OfficeSuspended):
        await admin.merge(county, other)


async def test_a_split_makes_new_offices_and_leaves_the_old_one_open(
    admin: Admin, tree: Database, rows: psycopg.Connection
) -> None:
    county = await _office(tree, "330402")
    (made,) = await admin.split(county, Part(code="330403", name="凤余区", children=["330402100", "330402101"]))
    assert (made.parent_id, made.level) == (county.parent_id, "COUNTY")
    assert {(await _office(tree, code)).parent_id for code in ("330402100", "330402101")} == {made.id}
    assert (await _office(tree, "330402")).valid_to is None and _consistent(rows)
    assert set(admin.moved) >= {(await _office(tree, "330402100204")).id} and admin.succeeded == []


async def test_a_split_that_closes_the_office_names_who_inherits(
    admin: Admin, tree: Database, rows: psycopg.Connection
) -> None:
    county = await _office(tree, "330402")
    made = await admin.split(
        county,
        Part(code="330403", name="东区", children=["330402100"]),
        Part(code="330404", name="西区"),
        successor_code="330404",
    )
    assert [office.code for office in made] == ["330403", "330404"]
    assert admin.succeeded == [(county.id, made[1].id)]
    left = rows.execute("select count(*) from office where parent_id = %s and valid_to is null", [county.id])
    assert left.fetchone() == (0,)
    assert (await _office(tree, "330402101")).parent_id == made[1].id and _consistent(rows)


@pytest.mark.parametrize(
    ("parts", "successor"),
    [
        ([], None),
        ([Part("330403", "甲"), Part("330403", "乙")], None),
        ([Part("330403", "甲", ["330411100"])], None),
        ([Part("330403", "甲", ["330402100"]), Part("330404", "乙", ["330402100"])], None),
        ([Part("330403", "甲")], "330499"),
    ],
)
async def test_a_split_that_does_not_add_up_is_refused(
    admin: Admin, tree: Database, parts: list[Part], successor: str | None
) -> None:
    with pytest.raises(InvalidInput):
        await admin.split(await _office(tree, "330402"), *parts, successor_code=successor)


async def test_a_suspended_office_receives_nothing_until_it_is_resumed(
    admin: Admin, tree: Database, rows: psycopg.Connection
) -> None:
    office = await _office(tree, "330402100")
    assert not (await admin.suspend(office)).is_open
    with pytest.raises(errors.OfficeSuspended):
        await admin.suspend(office)
    assert (await admin.resume(office)).is_open
    with pytest.raises(errors.OfficeNotSuspended):
        await admin.resume(office)
    assert [kind for kind, _, _ in _events(rows, office)] == ["suspended", "resumed"]


async def test_an_administrator_acts_only_below_the_own_office(tree: Database, rows: psycopg.Connection) -> None:
    county = await _office(tree, "330402")
    admin = Admin(tree, county)
    other, town = await _office(tree, "330411"), await _office(tree, "330402100")
    before = rows.execute("select count(*) from office_event").fetchone()
    for refused in (
        admin.rename(other, "新名"),
        admin.move(town, other),
        admin.merge(county, other),
        admin.suspend(county),
        admin.create(other, "330411-x"),
    ):
        with pytest.raises(NotPermitted):
            await refused
    assert rows.execute("select count(*) from office_event").fetchone() == before
    await admin.rename(town, "凤桥古镇")


async def test_clerks_and_leaders_change_no_office(tree: Database) -> None:
    county, town = await _office(tree, "330402"), await _office(tree, "330402100")
    for role in ("clerk", "dispatcher", "leader", "auditor"):
        with pytest.raises(NotPermitted):
            await Admin(tree, county, role).rename(town, "新名")


async def test_an_office_that_does_not_exist_is_not_found(admin: Admin, tree: Database) -> None:
    async with tree.unit(NO_SCOPE) as uow:
        uow.nothing_to_do()
        with pytest.raises(errors.OfficeNotFound):
            await service.rename(uow, admin.gate, admin.actor, office_id=99_999_999, name="新名", now=NOW)


async def test_two_moves_at_once_never_make_a_circle(tree: Database, rows: psycopg.Connection) -> None:
    city = await _office(tree, "3304")
    towns = [await Admin(tree, city).create(city, f"33049910{n}", OfficeKind.GOVERNMENT, Level.TOWN) for n in (0, 1)]
    counties = [await Admin(tree, city).create(city, f"33049{n}", OfficeKind.GOVERNMENT) for n in (1, 2)]
    merges = [
        Admin(tree, city).merge(counties[0], counties[1]),
        Admin(tree, city).merge(counties[1], counties[0]),
        Admin(tree, city).move(towns[0], counties[0]),
        Admin(tree, city).move(towns[1], counties[1]),
    ]
    results = await asyncio.gather(*merges, return_exceptions=True)
    refused = [found for found in results if isinstance(found, BaseException)]
    assert all(isinstance(found, errors.OfficeClosed) for found in refused), refused
    assert sum(isinstance(found, errors.OfficeClosed) for found in results[:2]) == 1
    assert _consistent(rows)
    circle = "select count(*) from office a join office b on b.id = a.successor_id where b.successor_id = a.id"
    assert rows.execute(circle).fetchone() == (0,)
    orphans = "select count(*) from office o join office p on p.id = o.parent_id where o.valid_to is null"
    assert rows.execute(f"{orphans} and p.valid_to is not null".encode()).fetchone() == (0,)
