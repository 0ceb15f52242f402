"""Tables of the office tree: offices with effective dates, and the events that changed them."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Identity, Index, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from caseway.db.base import Model


class Level(StrEnum):
    """Administrative level, highest first. A parent's level is higher, not always exactly one higher."""

    PROVINCE = "PROVINCE"
    CITY = "CITY"
    COUNTY = "COUNTY"
    TOWN = "TOWN"
    VILLAGE = "VILLAGE"

    @property
    def order(self) -> int:
        """1 for PROVINCE … 5 for VILLAGE: a smaller number is a higher level."""
        return list(Level).index(self) + 1


class OfficeKind(StrEnum):
    """What an office is. A department, petition office, discipline body or joint conference has the level of the
    government it belongs to and hangs below it."""

    GOVERNMENT = "GOVERNMENT"
    PETITION_OFFICE = "PETITION_OFFICE"
    DEPARTMENT = "DEPARTMENT"
    DISCIPLINE = "DISCIPLINE"
    JOINT_CONFERENCE = "JOINT_CONFERENCE"


#: Kinds that act for the whole area of the government they hang below (their *seat*), not only for themselves.
ACTS_FOR_SEAT = frozenset({OfficeKind.PETITION_OFFICE, OfficeKind.DISCIPLINE, OfficeKind.JOINT_CONFERENCE})

#: Office ids an office of depth n keeps of itself and its ancestors (l1..l6): deeper trees are refused.
MAX_DEPTH = 6


class Office(Model):
    """One office. ``path`` is ``"1.33.421."`` (ids from the root, trailing separator, compared bytewise);
    ``l1..l6`` are the same ids by depth, 0 where there is none. Never deleted: closed by ``valid_to``."""

    __tablename__ = "office"

    id: Mapped[int] = mapped_column(Identity(always=False), primary_key=True)
    parent_id: Mapped[int | None] = mapped_column(ForeignKey("office.id"))
    level: Mapped[str]
    kind: Mapped[str] = mapped_column(default=OfficeKind.GOVERNMENT, server_default="GOVERNMENT")
    #: Division code (GB/T 2260 and below, trailing zeros stripped) or, for departments, a code of their own.
    code: Mapped[str]
    name: Mapped[str]
    #: Collation "C": whatever the database's own, a prefix is one range of the index.
    path: Mapped[str] = mapped_column(Text(collation="C"))
    depth: Mapped[int]
    l1: Mapped[int] = mapped_column(default=0, server_default="0")
    l2: Mapped[int] = mapped_column(default=0, server_default="0")
    l3: Mapped[int] = mapped_column(default=0, server_default="0")
    l4: Mapped[int] = mapped_column(default=0, server_default="0")
    l5: Mapped[int] = mapped_column(default=0, server_default="0")
    l6: Mapped[int] = mapped_column(default=0, server_default="0")
    #: Id of the CITY office above or at this one (of itself above city level): home city of cases registered here.
    city_id: Mapped[int] = mapped_column(default=0, server_default="0")
    #: Fields a department is competent for; empty = every field of its area.
    fields: Mapped[list[str]] = mapped_column(default=list, server_default="{}")
    #: For villages: RESIDENTS, VILLAGERS, LIKE_RESIDENTS, LIKE_VILLAGERS, from the last three digits of the code.
    committee_kind: Mapped[str | None]
    #: A statistical zone of the source, not an administrative unit.
    statistical_only: Mapped[bool] = mapped_column(default=False, server_default=text("false"))
    #: A virtual entry or farm quarter of the source: imported, not offered as a tenant.
    virtual: Mapped[bool] = mapped_column(default=False, server_default=text("false"))
    #: Office that holds disputed cases below this one meanwhile; null = this office's petition office, else itself.
    backstop_id: Mapped[int | None] = mapped_column(ForeignKey("office.id"))
    valid_from: Mapped[datetime]
    valid_to: Mapped[datetime | None]
    #: Office that takes over the duties after a merger (art. 24); null while open.
    successor_id: Mapped[int | None] = mapped_column(ForeignKey("office.id"))
    #: Suspended offices receive nothing new; what they hold they keep.
    suspended_at: Mapped[datetime | None]

    __table_args__ = (
        CheckConstraint("path like '%.'", name="path_ends_with_separator"),
        CheckConstraint(f"depth between 1 and {MAX_DEPTH}", name="depth"),
        Index("uq_office_code_open", "code", unique=True, postgresql_where=text("valid_to is null")),
        Index("ix_office_parent_id_code", "parent_id", "code"),
        Index("ix_office_path", "path"),
    )

    @property
    def chain(self) -> tuple[int, ...]:
        """Ids from the root down to this office."""
        return tuple(int(part) for part in self.path.split(".") if part)

    @property
    def answers_to(self) -> tuple[int, ...]:
        """The offices a complaint about which closes a case to this one: itself and everything above it. The discipline
        body of a top government is the exception: nobody stands above to whom a complaint about that government could
        go, so its own discipline body must be able to take it (it is led from outside the tree)."""
        chain = self.chain
        return chain[1:] if self.kind == OfficeKind.DISCIPLINE and len(chain) == 2 else chain

    @property
    def levels(self) -> tuple[int, int, int, int, int, int]:
        """``(l1, …, l6)``: what a case held here is stamped with."""
        return (self.l1, self.l2, self.l3, self.l4, self.l5, self.l6)

    @property
    def seat_id(self) -> int:
        """The office whose area this one acts for: its parent for petition offices, discipline bodies and joint
        conferences, itself for all others."""
        acts_for = self.kind in ACTS_FOR_SEAT and self.parent_id is not None
        return self.parent_id if acts_for and self.parent_id is not None else self.id

    @property
    def is_open(self) -> bool:
        """Neither closed nor suspended nor a mere statistical entry: may receive cases."""
        return self.valid_to is None and self.suspended_at is None and not self.statistical_only and not self.virtual


class OfficeEvent(Model):
    """What changed an office: append-only history (created, renamed, moved, merged, split, suspended, resumed)."""

    __tablename__ = "office_event"

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    office_id: Mapped[int] = mapped_column(ForeignKey("office.id"), index=True)
    type: Mapped[str]
    at: Mapped[datetime]
    #: 0 = the platform itself (import, declared configuration).
    person_id: Mapped[int] = mapped_column(default=0, server_default="0")
    #: Where the change was read: a file, a notice, or the mutation.
    source: Mapped[str]
    facts: Mapped[dict[str, Any]] = mapped_column(default=dict, server_default="{}")
