"""The only reader of the system clock. Everything else is told the time."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

#: Convention C1: one time zone for the whole country; a day ends at 24:00 there.
SHANGHAI = ZoneInfo("Asia/Shanghai")

#: A source of the present instant (aware, UTC). Tests and simulations pass their own to ``build_app``.
Clock = Callable[[], datetime]


def now() -> datetime:
    """The present instant, aware, in UTC."""
    return datetime.now(UTC)
