"""Table of escalations: every rung of a ladder that was climbed, proposed or asked for."""

from __future__ import annotations

import uuid
from datetime import date, datetime
from typing import Any

from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    PrimaryKeyConstraint,
    UniqueConstraint,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column

from caseway.db.base import Model


class Escalation(Model):
    """One rung of a ladder that a case climbed: who asked whom for what, by which rule, and what became of it."""

    __tablename__ = "escalation"

    city_id: Mapped[int]
    id: Mapped[uuid.UUID]
    case_id: Mapped[uuid.UUID]
    #: Name of the rule's ladder; empty for a take-up that no rule asked for.
    rule_name: Mapped[str]
    #: The row that describes the ladder; null without a rule.
    rule_book: Mapped[str | None]
    rule_version: Mapped[int | None]
    rule_row: Mapped[str | None]
    #: The office under whose rules it was raised, and their day (Asia/Shanghai): the further rungs follow the same.
    rules_office_id: Mapped[int] = mapped_column(ForeignKey("office.id"))
    rules_on: Mapped[date]
    #: Place on the ladder, 0 = the first.
    rung: Mapped[int]
    #: Code of the office that the rung names, such as COUNTY.
    to_code: Mapped[str]
    gives: Mapped[str]
    state: Mapped[str]
    #: What started the ladder: a clock, a window of registrations, or an application.
    occurrence: Mapped[str]
    #: Registrations that a counter has used for it.
    counted: Mapped[list[uuid.UUID]] = mapped_column(ARRAY(Uuid), default=list, server_default="{}")
    #: Codes that a person named; empty if the rule started it.
    triggers: Mapped[list[str]] = mapped_column(default=list, server_default="{}")
    #: What the rule asked for and what was seen when it was raised or proposed, in its order.
    conditions: Mapped[list[dict[str, Any]]] = mapped_column(JSONB, default=list, server_default="[]")
    #: Raised by a rule, without a person: nobody below withdraws it.
    is_automatic: Mapped[bool]
    #: Who applied or proposed, and who raised it; 0 = the platform.
    applied_by: Mapped[int]
    raised_by: Mapped[int | None]
    from_office_id: Mapped[int] = mapped_column(ForeignKey("office.id"))
    #: Null if nobody above answers to the code who is free of the complaint.
    to_office_id: Mapped[int | None] = mapped_column(ForeignKey("office.id"))
    #: How long the upper office has to answer, or with SUPERVISE the holder to reply, as pinned from the rule.
    answer_limit: Mapped[dict[str, Any] | None]
    #: The order that carries it; null while it waits for a case that is on its way.
    order_id: Mapped[uuid.UUID | None]
    #: The order that brings the case back.
    back_order_id: Mapped[uuid.UUID | None]
    #: The take-up within which it happened.
    parent_id: Mapped[uuid.UUID | None]
    proposed_at: Mapped[datetime | None]
    raised_at: Mapped[datetime | None]
    taken_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    #: Why it was applied for or proposed, and what had been tried; content.
    reason: Mapped[str | None]
    tried: Mapped[str | None]
    #: Why it was refused, recalled or closed; content.
    outcome: Mapped[str | None]
    #: What the lower office has to do with it, one line each; content.
    points: Mapped[list[str]] = mapped_column(default=list, server_default="{}")
    #: The text of the advice.
    record_id: Mapped[uuid.UUID | None]

    __table_args__ = (
        PrimaryKeyConstraint("city_id", "id"),
        ForeignKeyConstraint(["city_id", "case_id"], ["cases.city_id", "cases.id"]),
        ForeignKeyConstraint(["city_id", "order_id"], ["custody_order.city_id", "custody_order.id"]),
        ForeignKeyConstraint(["city_id", "back_order_id"], ["custody_order.city_id", "custody_order.id"]),
        ForeignKeyConstraint(["city_id", "parent_id"], ["escalation.city_id", "escalation.id"]),
        # A rung fires once for what started it.
        UniqueConstraint("city_id", "case_id", "rule_name", "rung", "occurrence"),
        CheckConstraint("gives in ('INFORM', 'SUPERVISE', 'ADVISE', 'TAKE_UP')", name="gives"),
        CheckConstraint(
            "state in ('PROPOSED', 'RAISED', 'TAKEN', 'ANSWERED', 'REFUSED', 'HANDED_BACK', 'CLOSED', 'RECALLED')",
            name="state",
        ),
        CheckConstraint("state not in ('RAISED', 'TAKEN', 'HANDED_BACK') or raised_at is not null", name="raised"),
        CheckConstraint("(state in ('PROPOSED', 'RAISED', 'TAKEN', 'HANDED_BACK')) = (ended_at is null)", name="ended"),
        Index("ix_escalation_case", "city_id", "case_id", "raised_at"),
        Index("ix_escalation_to_office", "to_office_id", "raised_at", "id", postgresql_where=text("ended_at is null")),
    )
