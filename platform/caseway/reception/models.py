"""Tables of reception: sessions with their leaders, and what offices declare to have. No petitioner and no case is in
any of them."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal

from sqlalchemy import CheckConstraint, ForeignKey, Identity, Index, Numeric
from sqlalchemy.orm import Mapped, mapped_column

from caseway.db.base import Model
from caseway.reception.codes import SessionState


class ReceptionSession(Model):
    """One session of an office: leaders receive, visit, are on duty or read letters at a time and place."""

    __tablename__ = "reception_session"

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    office_id: Mapped[int] = mapped_column(ForeignKey("office.id"))
    activity: Mapped[str]
    #: Form of the session as the rule books name it (FIXED_PLACE, KEY_APPOINTMENT …).
    form: Mapped[str]
    #: The day in China on which it begins and ends.
    day: Mapped[date]
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    #: Where, in words.
    place: Mapped[str]
    #: Whether time, place, form and the leaders' names stand in the public schedule.
    is_public: Mapped[bool]
    state: Mapped[str] = mapped_column(default=SessionState.PLANNED, server_default="PLANNED")
    #: How many matters were worked on; a number and nothing about them.
    matters: Mapped[int] = mapped_column(default=0, server_default="0")
    planned_at: Mapped[datetime]
    planned_by: Mapped[int]
    #: When and by whom it was recorded as held or cancelled; null while it is planned.
    settled_at: Mapped[datetime | None]
    settled_by: Mapped[int | None]
    #: Why it was cancelled; empty otherwise.
    reason: Mapped[str] = mapped_column(default="", server_default="")

    __table_args__ = (
        CheckConstraint("ends_at > starts_at", name="ends_after_start"),
        CheckConstraint("state in ('PLANNED', 'HELD', 'CANCELLED')", name="state"),
        Index("ix_reception_session_office_id_day", "office_id", "day", "id"),
    )


class ReceptionTurn(Model):
    """One leader's turn at a session. It is covered by exactly one person: the leader or the recorded substitute."""

    __tablename__ = "reception_turn"

    session_id: Mapped[int] = mapped_column(ForeignKey("reception_session.id"), primary_key=True)
    leader_id: Mapped[int] = mapped_column(ForeignKey("person.id"), primary_key=True)
    #: Order in which the leaders were named, from 1.
    position: Mapped[int]
    #: Who was there; null while the session is planned, and for a turn that nobody covered.
    present_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))


class ResourceDeclaration(Model):
    """What an office says it has of something that a rule sets a standard for. The newest of an item counts."""

    __tablename__ = "resource_declaration"

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    office_id: Mapped[int] = mapped_column(ForeignKey("office.id"))
    item: Mapped[str]
    amount: Mapped[Decimal] = mapped_column(Numeric(14, 2))
    unit: Mapped[str]
    at: Mapped[datetime]
    person_id: Mapped[int]

    __table_args__ = (
        CheckConstraint("amount >= 0", name="amount"),
        Index("ix_resource_declaration_office_id_item", "office_id", "item", "id"),
    )
