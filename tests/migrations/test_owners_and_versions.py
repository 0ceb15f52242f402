"""The platform on servers that are not its own: an owner without rights, and the oldest supported version."""

from __future__ import annotations

from pathlib import Path

import psycopg

from caseway.db import migrate
from support import operations
from support.app import World
from support.database import Cluster

from .conftest import application_on, owned_by_plain_user, register_one


async def _is_served(world: World) -> None:
    """One registration, found again by number, by words and in the counts; hidden from those it does not concern."""
    clerk, number = await register_one(world)
    search = operations.text("dispatcher/SearchCases")
    found = await clerk(search, filter={"text": "征地补偿"})
    assert [case["number"] for case in found.result["nodes"]] == [number]
    elsewhere = await (await world.login("yuxin.clerk"))(search, filter={"text": "征地补偿"})
    assert elsewhere.result["nodes"] == []

    leader = await world.login("jiaxing.leader")
    city = (await leader(operations.text("shared/OfficeByCode"), code="3304")).result["id"]
    counts = await leader(operations.text("leader/AreaCounts"), officeId=city)
    assert [(row["petitionClass"], row["count"]) for row in counts.data["caseCounts"]] == [("APPEAL_CLAIM", 1)]


async def test_an_owner_without_any_right_on_the_server_is_enough(cluster: Cluster, tmp_path: Path) -> None:
    """FORCE ROW LEVEL SECURITY binds such an owner too, hence also the functions that run with the owner's rights."""
    database = owned_by_plain_user(cluster, "landlord_new")
    async with application_on(database, tmp_path) as world:
        await _is_served(world)
    cluster.drop(database)


async def test_the_owner_sees_no_case_outside_the_application(cluster: Cluster) -> None:
    database = owned_by_plain_user(cluster, "landlord_curious")
    migrate.upgrade(database.address)
    with psycopg.connect(database.dsn) as connection:
        bound = connection.execute(
            "SELECT count(*) FROM pg_class WHERE relname = 'cases' AND relforcerowsecurity AND row_security_active(oid)"
        ).fetchone()
    assert bound == (1,)
    cluster.drop(database)


async def test_the_oldest_supported_server_is_enough(oldest: Cluster, tmp_path: Path) -> None:
    database = owned_by_plain_user(oldest, "landlord_old")
    async with application_on(database, tmp_path) as world:
        with psycopg.connect(database.dsn) as connection:
            assert connection.info.server_version // 10_000 == 15
        await _is_served(world)


def test_the_oldest_supported_server_goes_down_and_up_again(oldest: Cluster) -> None:
    database = oldest.fresh("down_and_up")
    migrate.downgrade(database.address, "base")
    assert migrate.current(database.address) is None
    migrate.upgrade(database.address)
    migrate.check(database.address)
