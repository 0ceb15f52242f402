"""What requests leave behind for operators: numbers, and nothing of what was asked."""

from __future__ import annotations

from pathlib import Path

from prometheus_client.parser import text_string_to_metric_families
from structlog.testing import capture_logs

from caseway.gql.http import Observation
from caseway.monitoring import Requests
from support import app
from support.database import Cluster

TOKEN = "a-token-of-operators"


def seen(**changes: object) -> Observation:
    values: dict[str, object] = {
        "kind": "query", "operation": "Inbox", "status": 200, "seconds": 0.02, "cost": 7, "codes": (), "document": "ab",
    }  # fmt: skip
    return Observation(**(values | changes))  # type: ignore[arg-type]


async def test_requests_are_counted_by_kind_status_time_and_code(cluster: Cluster, tmp_path: Path) -> None:
    async with app.world(cluster, tmp_path, metrics_token=TOKEN) as world:
        caller = await world.login("nanhu.clerk")
        await caller("query Secret { cases(first: 1) { nodes { id } } }")
        await caller("query { nothing }")
        told = await world.client.get("/metrics", headers={"authorization": f"Bearer {TOKEN}"})
    found = {
        (sample.name, *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(told.text)
        for sample in family.samples
    }
    assert found["caseway_requests_total", "query", "200"] == 1
    assert found["caseway_requests_total", "mutation", "200"] == 1
    assert found["caseway_refusals_total", "GRAPHQL_VALIDATION_FAILED"] == 1
    assert found["caseway_request_seconds_count", "query"] == 1
    assert found["caseway_request_seconds_bucket", "query", "10.0"] == 1
    assert "Secret" not in told.text and "nanhu" not in told.text


def test_a_slow_request_is_told_without_what_it_asked() -> None:
    requests = Requests(slow_seconds=1.0)
    with capture_logs() as logs:
        requests.observe(seen(seconds=0.9))
        requests.observe(seen(seconds=1.234))
    assert [(each["event"], each["seconds"], each["document"]) for each in logs] == [("slow_request", 1.23, "ab")]
    assert "Inbox" not in str(logs)


def test_labels_stay_few_whatever_codes_come() -> None:
    requests = Requests(slow_seconds=1.0)
    for number in range(1_000):
        requests.observe(seen(codes=(f"CODE_{number}",)))
    codes = {
        sample.labels["code"]
        for family in requests.registry.collect()
        for sample in family.samples
        if sample.name == "caseway_refusals_total"
    }
    assert len(codes) == 201
    assert "OTHER" in codes
