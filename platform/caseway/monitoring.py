"""What operators watch: how far the worker is behind, and how far the published calendar reaches.

Numbers of the platform as a whole, about no office and no case; the labels are few and fixed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, Gauge, generate_latest

from caseway.calendars import jobs as calendars
from caseway.calendars.jobs import Horizon
from caseway.clocks import repository as timers
from caseway.db.scope import SYSTEM_SCOPE
from caseway.db.session import Database
from caseway.notices import jobs as notices

__all__ = ["CONTENT_TYPE_LATEST", "Measures", "exposition", "measure", "pulse"]


@dataclass(frozen=True, slots=True)
class Measures:
    """The platform at an instant."""

    timers: timers.Lag
    messages: notices.Lag
    calendar: Horizon


async def measure(database: Database, *, now: datetime) -> Measures:
    """Look once: three counts over partial indexes, the same cost at 100 offices and at 700,000."""
    async with database.reader(SYSTEM_SCOPE) as session:
        behind, calendar = await timers.lag(session, now=now), await calendars.horizon(session, now=now)
    return Measures(behind, await notices.lag(database, now=now), calendar)


async def pulse(database: Database, *, now: datetime) -> dict[str, int]:
    """What a look at readiness tells beside it: seconds by which the oldest due timer is late (0 if none is), and days
    until the published calendar ends. Two index look-ups, whoever asks how often."""
    async with database.reader(SYSTEM_SCOPE) as session:
        due, calendar = await timers.next_due(session), await calendars.horizon(session, now=now)
    late = max(0, int((now - due).total_seconds())) if due is not None else 0
    return {"workerLagSeconds": late, "calendarDays": calendar.days_left}


def exposition(found: Measures, reads: Mapping[str, int]) -> bytes:
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
    reaches = Gauge(
        "caseway_calendar_days",
        "Days until the published calendar ends; dates beyond are provisional.",
        registry=registry,
    )
    reaches.set(found.calendar.days_left)
    answered = Counter("caseway_operations", "Operations by the way they were answered.", ["plan"], registry=registry)
    for plan, count in reads.items():
        answered.labels(plan).inc(count)
    return generate_latest(registry)
