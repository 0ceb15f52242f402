"""Tables of the calendar: the published years with their special days, what offices add, and the revision of it all.

Only exceptions are stored. Every other day of a published year is a workday or a weekend by its day of the week.
"""

from __future__ import annotations

import uuid
from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, Identity, Index, Uuid, text
from sqlalchemy.orm import Mapped, mapped_column

from caseway.db.base import Big, Model

_KINDS = "kind in ('HOLIDAY', 'MAKE_UP_WORKDAY')"


class CalendarYear(Model):
    """A year whose notice is known. What is reckoned in any other year is provisional."""

    __tablename__ = "calendar_year"

    year: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    #: The notice that announces the year: its title and number.
    notice: Mapped[str]
    #: Where the days were read.
    source: Mapped[str]
    loaded_at: Mapped[datetime]
    #: 0 = the platform itself, or whoever runs its commands.
    loaded_by: Mapped[int] = mapped_column(default=0, server_default="0")

    __table_args__ = (CheckConstraint("year between 2000 and 2099", name="year"),)


class CalendarDay(Model):
    """A day of a published year that is not what its day of the week says."""

    __tablename__ = "calendar_day"

    day: Mapped[date] = mapped_column(primary_key=True)
    year: Mapped[int] = mapped_column(ForeignKey("calendar_year.year"), index=True)
    kind: Mapped[str]
    #: Of the holiday, or of the holiday that is made up for.
    name: Mapped[str]

    __table_args__ = (
        CheckConstraint("year = extract(year from day)", name="year_of_day"),
        CheckConstraint(_KINDS, name="kind"),
    )


class LocalDay(Model):
    """A day that an office has decided for itself and everything below it (art. 4 of the holiday regulation: holidays
    of areas where minorities live; and days on which its offices work). Revoked, never deleted."""

    __tablename__ = "local_day"

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    office_id: Mapped[int] = mapped_column(ForeignKey("office.id"))
    day: Mapped[date]
    kind: Mapped[str]
    name: Mapped[str]
    #: The decision or rule behind it, in words.
    basis: Mapped[str]
    added_by: Mapped[int]
    added_at: Mapped[datetime]
    revoked_by: Mapped[int | None]
    revoked_at: Mapped[datetime | None]

    __table_args__ = (
        CheckConstraint(_KINDS, name="kind"),
        Index("uq_local_day_live", "office_id", "day", unique=True, postgresql_where=text("revoked_at is null")),
    )


class CalendarRevision(Model):
    """Which state of the calendar this is: one row, changed in the transaction that changes any day.

    ``mark`` is new with every change, so that a process may keep what it knows of a state for as long as it likes: the
    same mark is the same content, in every database and after a backup was restored.
    """

    __tablename__ = "calendar_revision"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    #: The number of changes so far.
    value: Mapped[int] = mapped_column(Big)
    mark: Mapped[uuid.UUID] = mapped_column(Uuid, server_default=text("gen_random_uuid()"))
    #: The number of changes that running dates have followed.
    followed: Mapped[int] = mapped_column(Big, default=0, server_default="0")

    __table_args__ = (CheckConstraint("id = 1", name="single"),)
