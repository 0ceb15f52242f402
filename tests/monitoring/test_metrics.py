"""``/metrics``: what it says, and that it says it to nobody without the token."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import psycopg
from prometheus_client.parser import text_string_to_metric_families

from caseway.monitoring import CONTENT_TYPE_LATEST
from support import app
from support.app import World
from support.database import Cluster
from support.scenes import Scene, matter

TOKEN = "a-token-of-operators"


def _values(text: str) -> dict[tuple[str, str], float]:
    """(name, queue) -> value."""
    return {
        (sample.name, sample.labels.get("queue", "")): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


async def test_it_tells_how_far_the_worker_is_behind(cluster: Cluster, tmp_path: Path) -> None:
    async with app.world(cluster, tmp_path, metrics_token=TOKEN) as world:
        scene = Scene(world)
        scene.at("2026-03-02 09:00")
        clerk = scene.desk("jiaxing.clerk")
        case = (await clerk.do("clerk/RegisterCase", **matter("2026-03-02 08:40")))["case"]["id"]
        await clerk.forward(case, await scene.office("330402"))
        quiet = await _asked(world)
        assert quiet["caseway_due", "timers"] == quiet["caseway_lag_seconds", "timers"] == 0
        assert quiet["caseway_calendar_days", ""] == 304, "2 March to 31 December 2026"

        with psycopg.connect(world.database.dsn) as connection:
            ((first,),) = connection.execute("select min(due_at) from timer where dead_at is null").fetchall()
            ((told,),) = connection.execute("select count(*) from outbox where sent_at is null").fetchall()
        world.dial.instant = first + timedelta(minutes=3)
        late = await _asked(world)
        ready = (await world.client.get("/readyz")).json()
        assert (ready["status"], ready["workerLagSeconds"]) == ("ready", 180)
        assert ready["calendarDays"] == late["caseway_calendar_days", ""]
        assert late["caseway_due", "timers"] >= 1
        assert late["caseway_lag_seconds", "timers"] == 180
        assert late["caseway_due", "messages"] == told
        assert late["caseway_dead", "timers"] == late["caseway_dead", "messages"] == 0

        with psycopg.connect(world.database.dsn) as connection:
            connection.execute("update timer set dead_at = due_at where due_at = %s", (first,))
        assert (await _asked(world))["caseway_dead", "timers"] >= 1

        await clerk.inbox()
        counted = await world.client.get("/metrics", headers={"authorization": f"Bearer {TOKEN}"})
        assert 'caseway_operations_total{plan="compiled"}' in counted.text


async def _asked(world: World) -> dict[tuple[str, str], float]:
    response = await world.client.get("/metrics", headers={"authorization": f"Bearer {TOKEN}"})
    assert (response.status_code, response.headers["content-type"]) == (200, CONTENT_TYPE_LATEST)
    return _values(response.text)


async def test_only_the_bearer_of_the_token_reads_it(cluster: Cluster, tmp_path: Path) -> None:
    async with app.world(cluster, tmp_path, metrics_token=TOKEN) as world:
        for given in ({}, {"authorization": "Bearer"}, {"authorization": "Bearer another"}, {"authorization": TOKEN}):
            response = await world.client.get("/metrics", headers=given)
            assert response.status_code == 401
            assert "caseway_" not in response.text


async def test_without_a_token_there_is_no_such_page(world: World) -> None:
    response = await world.client.get("/metrics", headers={"authorization": "Bearer "})
    assert response.status_code == 404
