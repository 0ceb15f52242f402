"""Tables of leads: which leader is linked to which area, and the responsibility lists of key cases."""

from __future__ import annotations

import uuid
from datetime import datetime

from sqlalchemy import ForeignKey, ForeignKeyConstraint, Identity, Index, PrimaryKeyConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from caseway.db.base import Model


class LiaisonLink(Model):
    """A leader linked to an area for a time (联系包保), to help solve the matters there. Says nothing about cases."""

    __tablename__ = "liaison_link"

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    #: The leader.
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    #: The office in which the leader has the post for which the link stands.
    office_id: Mapped[int] = mapped_column(ForeignKey("office.id"))
    #: The area: a town or any other office below.
    area_id: Mapped[int] = mapped_column(ForeignKey("office.id"))
    valid_from: Mapped[datetime]
    valid_to: Mapped[datetime | None]
    #: Who set it; 0 = the platform itself (declared configuration).
    set_by: Mapped[int] = mapped_column(default=0, server_default="0")

    __table_args__ = (
        Index("ix_liaison_link_area_id", "area_id", "valid_from", "id"),
        Index("ix_liaison_link_office_id", "office_id", "valid_from", "id"),
        Index(
            "uq_liaison_link_open",
            "person_id",
            "office_id",
            "area_id",
            unique=True,
            postgresql_where=text("valid_to is null"),
        ),
    )


class ResponsibilityList(Model):
    """The responsibility list 责任清单 of a key case: who solves it, who leads, who handles, and nobody else. The
    newest of a case counts; an older one stays as it was delivered."""

    __tablename__ = "responsibility_list"

    city_id: Mapped[int]
    id: Mapped[uuid.UUID]
    case_id: Mapped[uuid.UUID]
    #: The office that delivered it, and the person for it.
    office_id: Mapped[int]
    person_id: Mapped[int]
    solving_office_id: Mapped[int]
    lead_person_id: Mapped[int]
    handler_person_id: Mapped[int]
    #: The order that brings the case to the solving unit; null if the unit held it already.
    order_id: Mapped[uuid.UUID | None]
    #: The area whose linked leaders it was delivered to as well; null if no rule asks for that.
    area_id: Mapped[int | None]
    linked_person_ids: Mapped[list[int]] = mapped_column(default=list, server_default="{}")
    delivered_at: Mapped[datetime]
    #: The row that asks for the list.
    rule_book: Mapped[str]
    rule_version: Mapped[int]
    rule_row: Mapped[str]

    __table_args__ = (
        PrimaryKeyConstraint("city_id", "id"),
        ForeignKeyConstraint(["city_id", "case_id"], ["cases.city_id", "cases.id"]),
        ForeignKeyConstraint(["city_id", "order_id"], ["custody_order.city_id", "custody_order.id"]),
        Index("ix_responsibility_list_case", "city_id", "case_id", "delivered_at"),
        Index("ix_responsibility_list_area_id", "area_id", postgresql_where=text("area_id is not null")),
    )
