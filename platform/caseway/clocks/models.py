"""Tables of clocks: typed clock events (due dates are derived from them) and durable timers."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKeyConstraint, Index, PrimaryKeyConstraint, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from caseway.db.base import Model


class ClockEvent(Model):
    """One typed event of one clock of a case: see ``workflow.Event``. Append-only (INV-30); the state of a clock is
    derived from its events, never stored beside them."""

    __tablename__ = "clock_event"

    city_id: Mapped[int]
    id: Mapped[uuid.UUID]
    case_id: Mapped[uuid.UUID]
    #: Order of the events within the case.
    seq: Mapped[int]
    #: The clock that this event belongs to; its id is the id of its START event.
    clock_id: Mapped[uuid.UUID]
    #: FORWARD, DIRECT_NOTICE, SIGN_FOR, ACCEPT_NOTICE, OBJECT, HANDLE, REVIEW_WINDOW, REDO, ORDER …
    kind: Mapped[str]
    event: Mapped[str]
    at: Mapped[datetime]
    #: Office that owes what the clock measures.
    office_id: Mapped[int]
    #: Order whose clock this is (SIGN_FOR, OBJECT, ORDER); null for clocks of the proceeding.
    order_id: Mapped[uuid.UUID | None]
    #: START: what it counts from, the pinned limits and who may extend them; EXTEND: by how much; RECLASSIFY: the other
    #: limits; all: who did it, why and by which rule; all but STOP and SUSPEND: the instant that each limit comes to by
    #: the calendar of its day, and whether that is provisional ("dues").
    facts: Mapped[dict[str, Any]]

    __table_args__ = (
        PrimaryKeyConstraint("city_id", "id"),
        ForeignKeyConstraint(["city_id", "case_id"], ["cases.city_id", "cases.id"]),
        UniqueConstraint("city_id", "case_id", "seq"),
        # Dates that wait for the calendar of their year.
        Index(
            "ix_clock_event_provisional",
            "city_id",
            "case_id",
            postgresql_where=text("facts @@ '$.dues[*][1] == true'"),
        ),
    )


class Timer(Model):
    """The next instant that matters for a case: effect, case change and deletion of the row are one transaction."""

    __tablename__ = "timer"

    city_id: Mapped[int]
    id: Mapped[uuid.UUID]
    case_id: Mapped[uuid.UUID]
    kind: Mapped[str]
    #: What the timer is for, e.g. the order's id: unique with kind, so a timer is never set twice.
    step: Mapped[str]
    due_at: Mapped[datetime]
    attempts: Mapped[int] = mapped_column(default=0, server_default="0")
    last_error: Mapped[str | None]
    #: Set when the effect failed too often: visible, repaired by a command, never silent.
    dead_at: Mapped[datetime | None]

    __table_args__ = (
        PrimaryKeyConstraint("city_id", "id"),
        UniqueConstraint("city_id", "case_id", "kind", "step"),
        Index("ix_timer_due_at", "due_at"),
    )
