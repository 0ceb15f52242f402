"""Tables of what the platform tells offices: the outbox, the notices of an office, and tasks of administrators."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKeyConstraint, Index, PrimaryKeyConstraint, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from caseway.db.base import Model


class OutboxEntry(Model):
    """One message that has to go out by one channel, written in the transaction that it is about. Sent at least once:
    its id is the same at every attempt, so that whoever receives it can leave out what came before."""

    __tablename__ = "outbox"

    #: Home city of the case, or of the office where it is about no case.
    city_id: Mapped[int]
    id: Mapped[uuid.UUID]
    channel: Mapped[str]
    #: The office that is told.
    office_id: Mapped[int]
    kind: Mapped[str]
    #: What makes it the same message: a second one with this key, office and channel is not written.
    key: Mapped[str]
    case_id: Mapped[uuid.UUID | None]
    #: Codes, numbers, instants and ids; never personal data.
    facts: Mapped[dict[str, Any]]
    created_at: Mapped[datetime]
    #: When it is tried (again); while somebody is sending it, when others may take it over.
    due_at: Mapped[datetime]
    attempts: Mapped[int] = mapped_column(default=0, server_default="0")
    last_error: Mapped[str | None]
    #: Set when sending failed too often: visible, repaired by a command, never silent.
    dead_at: Mapped[datetime | None]
    sent_at: Mapped[datetime | None]

    __table_args__ = (
        PrimaryKeyConstraint("city_id", "id"),
        ForeignKeyConstraint(["city_id", "case_id"], ["cases.city_id", "cases.id"]),
        UniqueConstraint("city_id", "key", "office_id", "channel"),
        Index("ix_outbox_due_at", "due_at", postgresql_where=text("sent_at is null")),
        Index("ix_outbox_sent_at", "sent_at", postgresql_where=text("sent_at is not null")),
    )


class OfficeNotice(Model):
    """What an office was told. About a case it is visible only to those who see the case: an office that a complaint
    is about learns of it neither from a notice nor from the number of notices."""

    __tablename__ = "office_notice"

    city_id: Mapped[int]
    #: The id of the outbox entry: delivered twice, it is still one notice.
    id: Mapped[uuid.UUID]
    office_id: Mapped[int]
    kind: Mapped[str]
    case_id: Mapped[uuid.UUID | None]
    #: When the platform had it to tell.
    at: Mapped[datetime]
    facts: Mapped[dict[str, Any]]
    read_at: Mapped[datetime | None]
    #: Who marked it as read for the office.
    read_by: Mapped[int | None]

    __table_args__ = (
        PrimaryKeyConstraint("city_id", "id"),
        ForeignKeyConstraint(["city_id", "case_id"], ["cases.city_id", "cases.id"]),
        Index("ix_office_notice_office_id_at", "office_id", "at", "id"),
        Index("ix_office_notice_unread", "office_id", "at", "id", postgresql_where=text("read_at is null")),
        Index("ix_office_notice_read_at", "read_at", postgresql_where=text("read_at is not null")),
    )


class AdminTask(Model):
    """Something that an administrator has to put right: about an office's rules, calendars and set-up. It never speaks
    of a case or a person."""

    __tablename__ = "admin_task"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    #: The office whose administrators it is for; null = those who operate the platform.
    office_id: Mapped[int | None]
    kind: Mapped[str]
    #: What makes it the same task; unique with kind for ever, also after it was closed.
    key: Mapped[str]
    opened_at: Mapped[datetime]
    facts: Mapped[dict[str, Any]]
    closed_at: Mapped[datetime | None]
    #: Who closed it; 0 = the platform itself, because the cause has gone.
    closed_by: Mapped[int | None]

    __table_args__ = (
        UniqueConstraint("kind", "key"),
        Index("ix_admin_task_office_id_opened_at", "office_id", "opened_at", "id"),
    )
