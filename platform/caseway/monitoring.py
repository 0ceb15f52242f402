"""What operators watch: how far the worker is behind, how far the published calendar reaches, and how requests went.

Numbers of the platform as a whole, about no office, no person and no case; the labels are few and fixed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

import structlog
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from caseway.calendars import jobs as calendars
from caseway.calendars.jobs import Horizon
from caseway.clocks import repository as timers
from caseway.db.scope import SYSTEM_SCOPE
from caseway.db.session import Database
from caseway.gql.http import Observation
from caseway.notices import jobs as notices
from caseway.oversight import rollups

__all__ = ["CONTENT_TYPE_LATEST", "Measures", "Requests", "exposition", "measure", "pulse"]

_log = structlog.get_logger("caseway.requests")
_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
#: Codes of refusals that are counted apart; there are about as many as top-level errors have.
_MOST_CODES = 200


@dataclass(frozen=True, slots=True)
class Measures:
    """The platform at an instant."""

    timers: timers.Lag
    messages: notices.Lag
    statistics: rollups.Lag
    calendar: Horizon


class Requests:
    """How the requests of this process went, since its start."""

    def __init__(self, *, slow_seconds: float) -> None:
        """``slow_seconds``: a request that took longer is told in the log, by the hash of its document."""
        self.registry = CollectorRegistry()
        self._slow = slow_seconds
        self._codes: set[str] = set()
        self._seconds = Histogram(
            "caseway_request_seconds", "How long requests took.", ["kind"], buckets=_SECONDS, registry=self.registry
        )
        self._answers = Counter(
            "caseway_requests", "Requests by HTTP status.", ["kind", "status"], registry=self.registry
        )
        self._refusals = Counter("caseway_refusals", "Top-level errors by code.", ["code"], registry=self.registry)

    def observe(self, seen: Observation) -> None:
        """Count one request."""
        self._seconds.labels(seen.kind).observe(seen.seconds)
        self._answers.labels(seen.kind, str(seen.status)).inc()
        for code in seen.codes:
            if len(self._codes) < _MOST_CODES:
                self._codes.add(code)
            self._refusals.labels(code if code in self._codes else "OTHER").inc()
        if seen.seconds > self._slow:
            _log.warning(
                "slow_request",
                kind=seen.kind,
                seconds=round(seen.seconds, 2),
                cost=seen.cost,
                status=seen.status,
                document=seen.document,
            )


async def measure(database: Database, *, now: datetime) -> Measures:
    """Look once: some counts over partial indexes, the same cost at 100 offices and at 700,000."""
    async with database.reader(SYSTEM_SCOPE) as session:
        behind, calendar = await timers.lag(session, now=now), await calendars.horizon(session, now=now)
        uncounted = await rollups.lag(session, now=now)
    return Measures(behind, await notices.lag(database, now=now), uncounted, calendar)


async def pulse(database: Database, *, now: datetime) -> dict[str, int]:
    """What a look at readiness tells beside it: seconds by which the oldest due timer is late (0 if none is), and days
    until the published calendar ends. Two index look-ups, whoever asks how often."""
    async with database.reader(SYSTEM_SCOPE) as session:
        due, calendar = await timers.next_due(session), await calendars.horizon(session, now=now)
    late = max(0, int((now - due).total_seconds())) if due is not None else 0
    return {"workerLagSeconds": late, "calendarDays": calendar.days_left}


def exposition(found: Measures, reads: Mapping[str, int], requests: Requests) -> bytes:
    """The measures in Prometheus' text format (``CONTENT_TYPE_LATEST``). ``reads``: how often this process answered by
    one statement (``compiled``), and why otherwise by resolvers."""
    registry = CollectorRegistry()
    due = Gauge("caseway_due", "What is due and waits for the worker.", ["queue"], registry=registry)
    lag = Gauge("caseway_lag_seconds", "How long the oldest of it has waited.", ["queue"], registry=registry)
    dead = Gauge("caseway_dead", "What failed too often and waits for people.", ["queue"], registry=registry)
    for queue, each in (("timers", found.timers), ("messages", found.messages)):
        due.labels(queue).set(each.waiting)
        lag.labels(queue).set(each.oldest.total_seconds())
        dead.labels(queue).set(each.dead)
    due.labels("statistics").set(found.statistics.waiting)
    lag.labels("statistics").set(found.statistics.oldest.total_seconds())
    wrong = Gauge("caseway_statistics_wrong", "Roll-ups that the last checks found to be wrong.", registry=registry)
    wrong.set(found.statistics.differences)
    reaches = Gauge(
        "caseway_calendar_days",
        "Days until the published calendar ends; dates beyond are provisional.",
        registry=registry,
    )
    reaches.set(found.calendar.days_left)
    answered = Counter("caseway_operations", "Operations by the way they were answered.", ["plan"], registry=registry)
    for plan, count in reads.items():
        answered.labels(plan).inc(count)
    return generate_latest(registry) + generate_latest(requests.registry)
