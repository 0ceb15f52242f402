"""Tables of custody: the chain of holding intervals, orders, and decisions on competence disputes."""

from __future__ import annotations

import uuid
from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Index, PrimaryKeyConstraint, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from caseway.db.base import Model


class Custody(Model):
    """One interval ``[from_at, to_at)`` in which one office holds a case. The constraints prove INV-01 and INV-02:
    each interval but the first starts exactly where another ended, and only one is open."""

    __tablename__ = "custody"

    city_id: Mapped[int]
    case_id: Mapped[uuid.UUID]
    #: 0, 1, 2 …
    seq: Mapped[int]
    office_id: Mapped[int]
    from_at: Mapped[datetime]
    to_at: Mapped[datetime | None]
    #: Order that brought it here; null for the first interval.
    order_id: Mapped[uuid.UUID | None]
    #: Equals ``from_at`` and points at the ``to_at`` of the interval before; null for the first one.
    follows_at: Mapped[datetime | None]

    __table_args__ = (
        PrimaryKeyConstraint("city_id", "case_id", "seq"),
        ForeignKeyConstraint(["city_id", "case_id"], ["cases.city_id", "cases.id"]),
        UniqueConstraint("city_id", "case_id", "to_at"),
        UniqueConstraint("city_id", "case_id", "follows_at"),
        ForeignKeyConstraint(
            ["city_id", "case_id", "follows_at"],
            ["custody.city_id", "custody.case_id", "custody.to_at"],
            name="fk_custody_follows",
        ),
        CheckConstraint("to_at > from_at", name="positive"),
        CheckConstraint("(seq = 0) = (follows_at is null)", name="first"),
        CheckConstraint("follows_at = from_at", name="contiguous"),
        Index("uq_custody_open", "city_id", "case_id", unique=True, postgresql_where=text("to_at is null")),
        Index("ix_custody_office_id", "office_id", "case_id"),
    )


class Order(Model):
    """One order between two offices about a case: forward, assign, hand over, take up, assist, supervise, copy …

    A life: SENT → DELIVERED → SIGNED | OBJECTED → RETURNED | UPHELD | RECALLED (design §7)."""

    __tablename__ = "custody_order"

    city_id: Mapped[int]
    id: Mapped[uuid.UUID]
    case_id: Mapped[uuid.UUID]
    kind: Mapped[str]
    #: Whether custody moves at sign-for: a copy of the kind's row in the operations table (domain 5.4).
    moves_custody: Mapped[bool]
    state: Mapped[str]
    sender_id: Mapped[int]
    receiver_id: Mapped[int]
    sent_by: Mapped[int]
    sent_at: Mapped[datetime]
    delivered_at: Mapped[datetime | None]
    signed_at: Mapped[datetime | None]
    #: Person who signed; 0 = deemed receipt by the platform.
    signed_by: Mapped[int | None]
    objected_at: Mapped[datetime | None]
    #: When it reached its end: returned, upheld, recalled, or (without custody) done.
    ended_at: Mapped[datetime | None]
    instruction: Mapped[str | None]
    objection: Mapped[str | None]
    #: Offices that were copied because the order went down over their heads (INV-13).
    copied_office_ids: Mapped[list[int]] = mapped_column(default=list, server_default="{}")
    #: Assign-down: when the closing report is due; supervise: when the written reply is due.
    report_due_at: Mapped[datetime | None]
    #: Stage the case was in when the order left, so that a recall can restore it.
    stage_before: Mapped[str]

    __table_args__ = (
        PrimaryKeyConstraint("city_id", "id"),
        ForeignKeyConstraint(["city_id", "case_id"], ["cases.city_id", "cases.id"]),
        Index(
            "uq_custody_order_live",
            "city_id",
            "case_id",
            unique=True,
            postgresql_where=text("moves_custody and state in ('SENT', 'DELIVERED')"),
        ),
        Index("ix_custody_order_case", "city_id", "case_id", "sent_at"),
        Index(
            "ix_custody_order_inbox",
            "receiver_id",
            "sent_at",
            "id",
            postgresql_where=text("state in ('SENT', 'DELIVERED')"),
        ),
    )


class CompetenceDecision(Model):
    """Who is competent, decided by the lowest common superior or the joint conference (art. 24; INV-12)."""

    __tablename__ = "competence_decision"

    city_id: Mapped[int]
    id: Mapped[uuid.UUID]
    case_id: Mapped[uuid.UUID]
    at: Mapped[datetime]
    #: Office that decided, and the person for it.
    office_id: Mapped[int]
    person_id: Mapped[int]
    competent_office_id: Mapped[int]
    reason: Mapped[str]

    __table_args__ = (
        PrimaryKeyConstraint("city_id", "id"),
        ForeignKeyConstraint(["city_id", "case_id"], ["cases.city_id", "cases.id"]),
        Index("ix_competence_decision_case", "city_id", "case_id", "at"),
    )
