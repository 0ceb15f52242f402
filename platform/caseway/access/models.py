"""Tables of access: rules that offices add to the matrix, and the number that tells when they last changed."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Identity, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from caseway.db.base import Big, Model


class AuthzRule(Model):
    """One rule of an office beside the matrix. Never changed: revoked and, if need be, added anew."""

    __tablename__ = "authz_rule"

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    sub: Mapped[str]
    #: ``t<office id>`` (that office) or ``t<office id>..`` (that office and everything below it).
    dom: Mapped[str]
    when: Mapped[str]
    obj: Mapped[str]
    act: Mapped[str]
    eft: Mapped[str]
    #: Person who added it, and the office they acted for.
    author: Mapped[int]
    author_office_id: Mapped[int] = mapped_column(ForeignKey("office.id"))
    created_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]
    revoked_by: Mapped[int | None]
    #: The epoch in which it was last added or revoked.
    epoch: Mapped[int] = mapped_column(Big)

    # What Casbin reads as syntax (commas, brackets, *) cannot even be stored.
    __table_args__ = (
        CheckConstraint("sub ~ '^[a-z_]{2,32}$'", name="sub"),
        CheckConstraint("dom ~ '^t[1-9][0-9]{0,9}([.][.])?$'", name="dom"),
        CheckConstraint("\"when\" ~ '^[a-z]+([+][a-z]+){0,4}$'", name="when"),
        CheckConstraint("obj ~ '^[a-z_]{2,32}$'", name="obj"),
        CheckConstraint("act ~ '^[a-z_]{2,32}$'", name="act"),
        CheckConstraint("eft in ('allow', 'deny')", name="eft"),
        Index(
            "uq_authz_rule_live",
            "sub",
            "dom",
            "when",
            "obj",
            "act",
            "eft",
            unique=True,
            postgresql_where=text("revoked_at is null"),
        ),
        Index("ix_authz_rule_dom", "dom"),
        Index("ix_authz_rule_epoch", "epoch"),
    )


class AuthzEpoch(Model):
    """The number of changes to ``authz_rule``: one row, raised in the transaction that changes a rule."""

    __tablename__ = "authz_epoch"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    value: Mapped[int] = mapped_column(Big)

    __table_args__ = (CheckConstraint("id = 1", name="single"),)
