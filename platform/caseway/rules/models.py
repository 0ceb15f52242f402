"""Tables of rule books: whose they are, their versions, the rows of each version, and the reviews of guarded rows.

A published version and its rows never change again: row level security refuses it (``access.rowsecurity``). That a
version is superseded follows from a later one in force; it is not stored.
"""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, ForeignKeyConstraint, Identity, Index, PrimaryKeyConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from caseway.db.base import Model


class VersionState(StrEnum):
    """Where a version of a book stands."""

    DRAFT = "DRAFT"
    PROPOSED = "PROPOSED"
    PUBLISHED = "PUBLISHED"
    DISCARDED = "DISCARDED"


#: States in which a version may still become the next one.
UNDECIDED = (VersionState.DRAFT, VersionState.PROPOSED)


class Decision(StrEnum):
    """What a review of a guarded row came to."""

    APPROVED = "APPROVED"
    REFUSED = "REFUSED"


class RuleBook(Model):
    """A law layer, or the one book of an office."""

    __tablename__ = "rule_book"

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    #: ``law-2022``, ``jiaxing``; unique for ever.
    code: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    #: LAW or OFFICE.
    role: Mapped[str]
    office_id: Mapped[int | None] = mapped_column(ForeignKey("office.id"), unique=True)
    #: For law layers: the division code they reach from ("" = the whole nation, "33" = 浙江省).
    jurisdiction: Mapped[str] = mapped_column(default="", server_default="")
    #: Code of the law that this one holds differences to, for the days before that one came into force.
    amends: Mapped[str | None]
    created_at: Mapped[datetime]

    __table_args__ = (
        CheckConstraint("role in ('LAW', 'OFFICE')", name="role"),
        CheckConstraint("(role = 'LAW') = (office_id is null)", name="owner"),
        # A handful of rows, asked for with every chain.
        Index("ix_rule_book_law", "jurisdiction", postgresql_where=text("role = 'LAW'")),
    )


class RuleBookVersion(Model):
    """One version of a book: drafted, perhaps proposed to a second person, published or discarded."""

    __tablename__ = "rule_book_version"

    book_id: Mapped[int] = mapped_column(ForeignKey("rule_book.id"))
    number: Mapped[int]
    #: The office of the book, 0 for law layers: who may read a draft is decided by it.
    office_id: Mapped[int] = mapped_column(default=0, server_default="0")
    state: Mapped[str] = mapped_column(default=VersionState.DRAFT, server_default="DRAFT")
    #: First day (Asia/Shanghai) on which it applies; null in a draft that has not said so yet.
    effective_from: Mapped[date | None]
    #: Number of the version whose content it started from.
    based_on: Mapped[int | None]
    note: Mapped[str | None]
    #: What the book's file says besides rules: source, summary, what it inherits, what was left out.
    about: Mapped[dict[str, Any]] = mapped_column(default=dict, server_default="{}")
    #: SHA-256 of the content; changes with every edit of a draft.
    digest: Mapped[bytes]
    #: SHA-256 of the declared document or pack that it came from, so that the same one is not brought in twice.
    origin: Mapped[bytes | None]
    created_at: Mapped[datetime]
    #: Person; 0 = the platform itself (declared configuration).
    created_by: Mapped[int] = mapped_column(default=0, server_default="0")
    proposed_at: Mapped[datetime | None]
    proposed_by: Mapped[int | None]
    published_at: Mapped[datetime | None]
    #: Who published it; the second person where two were needed.
    published_by: Mapped[int | None]
    discarded_at: Mapped[datetime | None]
    discarded_by: Mapped[int | None]

    __table_args__ = (
        PrimaryKeyConstraint("book_id", "number"),
        CheckConstraint("state in ('DRAFT', 'PROPOSED', 'PUBLISHED', 'DISCARDED')", name="state"),
        CheckConstraint("number >= 1", name="number"),
        CheckConstraint(
            "state <> 'PUBLISHED' or (effective_from is not null and published_at is not null)", name="published"
        ),
        CheckConstraint("state <> 'PROPOSED' or proposed_by is not null", name="proposed"),
        Index(
            "uq_rule_book_version_undecided",
            "book_id",
            unique=True,
            postgresql_where=text("state in ('DRAFT', 'PROPOSED')"),
        ),
        Index("ix_rule_book_version_office_id", "office_id"),
    )


class RuleRow(Model):
    """One rule of one version, as it stands in the book."""

    __tablename__ = "rule_row"

    book_id: Mapped[int]
    number: Mapped[int]
    #: ``JX-15``: the same rule keeps its id from version to version.
    row_id: Mapped[str]
    #: Order within the book.
    position: Mapped[int]
    kind: Mapped[str]
    applies_to: Mapped[str]
    params: Mapped[dict[str, Any]]
    quality: Mapped[str | None]
    guard: Mapped[str | None]
    enabled: Mapped[bool] = mapped_column(default=True, server_default=text("true"))
    #: Published without effect, because something of it is undecided.
    withheld: Mapped[bool] = mapped_column(default=False, server_default=text("false"))
    withheld_reason: Mapped[str | None]
    #: Parameters that a human must decide first.
    unresolved: Mapped[list[str]] = mapped_column(default=list, server_default="{}")
    #: The clause's own words, where the book gives them.
    clause: Mapped[str | None]
    #: Who wrote this content; 0 = the platform itself.
    edited_by: Mapped[int] = mapped_column(default=0, server_default="0")

    __table_args__ = (
        PrimaryKeyConstraint("book_id", "number", "row_id"),
        ForeignKeyConstraint(["book_id", "number"], ["rule_book_version.book_id", "rule_book_version.number"]),
    )


class RuleReview(Model):
    """A recorded review of a guarded row: it counts for exactly the content that was looked at, until the next one."""

    __tablename__ = "rule_review"

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    book_id: Mapped[int] = mapped_column(ForeignKey("rule_book.id"))
    #: The office of the book, 0 for law layers.
    office_id: Mapped[int] = mapped_column(default=0, server_default="0")
    row_id: Mapped[str]
    #: SHA-256 of the row's content.
    digest: Mapped[bytes]
    decision: Mapped[str]
    reason: Mapped[str]
    person_id: Mapped[int]
    #: The office that the reviewer acted for.
    reviewer_office_id: Mapped[int]
    at: Mapped[datetime]

    __table_args__ = (
        CheckConstraint("decision in ('APPROVED', 'REFUSED')", name="decision"),
        Index("ix_rule_review_book_id_row_id", "book_id", "row_id"),
    )


class RuleRecheck(Model):
    """Work that a publication or a moved office left: the books below, still to be compared with what now applies."""

    __tablename__ = "rule_recheck"

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    #: ``book:12:3`` or ``move:421:…``: what caused it, once.
    key: Mapped[str] = mapped_column(unique=True)
    #: Offices at and below this path (``"1.33."``), and of this jurisdiction for a law layer, are compared.
    path: Mapped[str]
    jurisdiction: Mapped[str] = mapped_column(default="", server_default="")
    #: Kinds of the rules that changed; empty = of all kinds.
    kinds: Mapped[list[str]] = mapped_column(default=list, server_default="{}")
    #: First day (Asia/Shanghai) of what caused it; null = at once.
    effective_from: Mapped[date | None]
    #: Offices up to this path are done.
    done_path: Mapped[str] = mapped_column(default="", server_default="")
    opened_at: Mapped[datetime]
    done_at: Mapped[datetime | None]

    __table_args__ = (Index("ix_rule_recheck_open", "id", postgresql_where=text("done_at is null")),)
