"""Tables of supervision: why a supervision was opened, reviews of accountability, and what was reported."""

from __future__ import annotations

import uuid
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    PrimaryKeyConstraint,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from caseway.db.base import Model


class ReviewState(StrEnum):
    """Where a review of accountability stands."""

    OPEN = "OPEN"
    DECIDED = "DECIDED"
    DISMISSED = "DISMISSED"


class Supervision(Model):
    """A supervision 督办 and why it was opened, beside the order that carries it: ordered by an officer, or opened by a
    rule because of lateness, then once per clock and supervising body."""

    __tablename__ = "supervision"

    city_id: Mapped[int]
    order_id: Mapped[uuid.UUID]
    case_id: Mapped[uuid.UUID]
    #: The office that supervises, and the one whose reply it asks for.
    office_id: Mapped[int]
    subject_office_id: Mapped[int]
    #: ORDERED by an officer (everything but ``trigger`` is null then), or what opened it: OVERDUE, NO_FEEDBACK.
    trigger: Mapped[str]
    opened_at: Mapped[datetime]
    #: The clock whose limit passed.
    clock_id: Mapped[uuid.UUID | None]
    clock_kind: Mapped[str | None]
    #: LAW, OFFICE … : the layer of the limit that passed, and when it did.
    layer: Mapped[str | None]
    due_at: Mapped[datetime | None]
    #: Who supervises, as the rule says: PETITION_OFFICE, JOINT_CONFERENCE …
    by_code: Mapped[str | None]
    rule_book: Mapped[str | None]
    rule_version: Mapped[int | None]
    rule_row: Mapped[str | None]

    __table_args__ = (
        PrimaryKeyConstraint("city_id", "order_id"),
        ForeignKeyConstraint(["city_id", "case_id"], ["cases.city_id", "cases.id"]),
        ForeignKeyConstraint(["city_id", "order_id"], ["custody_order.city_id", "custody_order.id"]),
        UniqueConstraint("city_id", "case_id", "clock_id", "by_code"),
        CheckConstraint(
            "(trigger = 'ORDERED') = (clock_id is null) and (clock_id is null) = (rule_row is null)", name="cause"
        ),
        Index("ix_supervision_office_id", "office_id", "opened_at", "order_id"),
    )


class AccountabilityReview(Model):
    """A review whether an office, or the officials of a rank in it, did their duty (INV-27). It is opened by a rule or
    by a person who cites one, and decided by people; nothing follows from it by itself."""

    __tablename__ = "accountability_review"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    #: The office whose duty the review is.
    office_id: Mapped[int] = mapped_column(ForeignKey("office.id"))
    #: The office that it is about, and of its officials the rank that the rule names; never a person.
    subject_office_id: Mapped[int] = mapped_column(ForeignKey("office.id"))
    subject_rank: Mapped[str | None]
    trigger: Mapped[str]
    #: What the rule provides for; people decide whether it follows.
    measure: Mapped[str]
    rule_book: Mapped[str]
    rule_version: Mapped[int]
    rule_row: Mapped[str]
    #: What the platform opened it for, so that it opens it once; null if a person did.
    occurrence: Mapped[str | None] = mapped_column(unique=True)
    state: Mapped[str] = mapped_column(default=ReviewState.OPEN, server_default="OPEN")
    opened_at: Mapped[datetime]
    #: 0 = the platform, because a rule's count was reached.
    opened_by: Mapped[int] = mapped_column(default=0, server_default="0")
    reason: Mapped[str | None]
    decided_at: Mapped[datetime | None]
    decided_by: Mapped[int | None]
    decision: Mapped[str | None]

    __table_args__ = (
        CheckConstraint("state in ('OPEN', 'DECIDED', 'DISMISSED')", name="state"),
        CheckConstraint("(state = 'OPEN') = (decided_at is null)", name="decided"),
        Index("ix_accountability_review_office_id", "office_id", text("opened_at desc"), text("id desc")),
    )


class AccountabilityEvidence(Model):
    """A case in the file of a review, as it stood when the review was opened: the number of its newest ledger event,
    and a summary of how it was handled, by dates and offices only."""

    __tablename__ = "accountability_evidence"

    city_id: Mapped[int]
    case_id: Mapped[uuid.UUID]
    review_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("accountability_review.id"))
    version: Mapped[int]
    summary: Mapped[dict[str, Any]]

    __table_args__ = (
        PrimaryKeyConstraint("city_id", "case_id", "review_id"),
        ForeignKeyConstraint(["city_id", "case_id"], ["cases.city_id", "cases.id"]),
        Index("ix_accountability_evidence_review_id", "review_id"),
    )


class ReportFiling(Model):
    """That an office filed the report of a period (e.g. the March report of a town). Whether one was owed follows from
    the rules; a report that was not filed has no row."""

    __tablename__ = "report_filing"

    office_id: Mapped[int] = mapped_column(ForeignKey("office.id"))
    rule_book: Mapped[str]
    rule_row: Mapped[str]
    #: First day of the period.
    period_on: Mapped[date]
    rule_version: Mapped[int]
    name: Mapped[str]
    filed_at: Mapped[datetime]
    filed_by: Mapped[int]
    body: Mapped[str | None]

    __table_args__ = (PrimaryKeyConstraint("office_id", "rule_book", "rule_row", "period_on"),)


class ReportDuty(Model):
    """A report that an office owes because of an event of a case (an urgent matter, a key case assigned, a supervision
    replied to, a clue found), and when it was given."""

    __tablename__ = "report_duty"

    city_id: Mapped[int]
    id: Mapped[uuid.UUID]
    case_id: Mapped[uuid.UUID]
    #: The office that owes it.
    office_id: Mapped[int]
    event: Mapped[str]
    #: What happened, so that one occurrence opens one duty: the id of an order, the number of a ledger event …
    occurrence: Mapped[str]
    name: Mapped[str]
    rule_book: Mapped[str]
    rule_version: Mapped[int]
    rule_row: Mapped[str]
    opened_at: Mapped[datetime]
    #: When it must have been given; at once = the instant of the event.
    due_at: Mapped[datetime]
    filed_at: Mapped[datetime | None]
    #: 0 = by what the platform itself saw happen.
    filed_by: Mapped[int | None]
    body: Mapped[str | None]

    __table_args__ = (
        PrimaryKeyConstraint("city_id", "id"),
        ForeignKeyConstraint(["city_id", "case_id"], ["cases.city_id", "cases.id"]),
        UniqueConstraint(
            "city_id", "case_id", "office_id", "rule_book", "rule_row", "occurrence", name="uq_report_duty_occurrence"
        ),
        Index("ix_report_duty_office_id", "office_id", "opened_at", "id"),
    )
