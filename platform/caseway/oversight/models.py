"""Tables of statistics: what waits to be counted, how far cases are counted, roll-ups, and what is behind them."""

from __future__ import annotations

import uuid
from datetime import date, datetime

from sqlalchemy import ForeignKeyConstraint, Index, PrimaryKeyConstraint
from sqlalchemy.orm import Mapped, mapped_column

from caseway.db.base import Model


class StatDelta(Model):
    """An event that is not counted yet, written in the transaction of the event itself; gone when it is counted."""

    __tablename__ = "stat_delta"

    city_id: Mapped[int]
    case_id: Mapped[uuid.UUID]
    #: Number of the ledger event.
    seq: Mapped[int]
    at: Mapped[datetime]

    __table_args__ = (
        PrimaryKeyConstraint("city_id", "case_id", "seq"),
        ForeignKeyConstraint(["city_id", "case_id"], ["cases.city_id", "cases.id"]),
        Index("ix_stat_delta_at", "at"),
    )


class StatCase(Model):
    """How far a case is counted: up to and with this event of its ledger."""

    __tablename__ = "stat_case"

    city_id: Mapped[int]
    case_id: Mapped[uuid.UUID]
    seq: Mapped[int]

    __table_args__ = (
        PrimaryKeyConstraint("city_id", "case_id"),
        ForeignKeyConstraint(["city_id", "case_id"], ["cases.city_id", "cases.id"]),
    )


class StatCell(Model):
    """One roll-up: how often something counts for an office's area in a day, month or year, as it became known in a
    day, month or year. Apart by home city, so that a city is counted anew by itself."""

    __tablename__ = "stat_cell"

    city_id: Mapped[int]
    #: The office whose area it is; ``via_id`` = the office right below it on the way to the holder, 0 = itself held it.
    office_id: Mapped[int]
    via_id: Mapped[int]
    #: ``spans.Grain``; ``day`` and ``known_on`` are the first day of such a stretch.
    grain: Mapped[int]
    #: ``counts.Count``.
    what: Mapped[str]
    day: Mapped[date]
    known_on: Mapped[date]
    petition_class: Mapped[str]
    channel: Mapped[str]
    field: Mapped[str]
    #: Of open cases; otherwise empty, or ``BY_DATE`` (see ``history``).
    stage: Mapped[str]
    amount: Mapped[int]

    __table_args__ = (
        PrimaryKeyConstraint(
            "city_id", "office_id", "grain", "what", "day", "known_on", "via_id",
            "petition_class", "channel", "field", "stage",
        ),
        Index("ix_stat_cell_day", "office_id", "grain", "what", "day"),
        Index("ix_stat_cell_known", "office_id", "grain", "what", "known_on"),
    )  # fmt: skip


class StatMark(Model):
    """One thing that happened to a case and was counted: what is behind a number of flows."""

    __tablename__ = "stat_mark"

    city_id: Mapped[int]
    case_id: Mapped[uuid.UUID]
    #: Number of the ledger event that made it known.
    seq: Mapped[int]
    what: Mapped[str]
    day: Mapped[date]
    known_on: Mapped[date]
    l1: Mapped[int]
    l2: Mapped[int]
    l3: Mapped[int]
    l4: Mapped[int]
    l5: Mapped[int]
    l6: Mapped[int]

    __table_args__ = (
        PrimaryKeyConstraint("city_id", "case_id", "what", "seq"),
        ForeignKeyConstraint(["city_id", "case_id"], ["cases.city_id", "cases.id"]),
        # One index for all levels: a day of a period is one range of it, whatever the area.
        Index("ix_stat_mark_area", "what", "day", "l1", "l2", "l3", "l4", "l5", "l6", "case_id"),
    )


class StatCheck(Model):
    """When the roll-ups of a city were last counted anew and compared, and how many were wrong."""

    __tablename__ = "stat_check"

    city_id: Mapped[int] = mapped_column(primary_key=True)
    checked_at: Mapped[datetime]
    differences: Mapped[int]
