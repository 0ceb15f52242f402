"""Tables of staff: persons, accounts, memberships over time, refresh tokens, signing keys."""

from __future__ import annotations

import uuid
from datetime import datetime

from sqlalchemy import ForeignKey, Identity, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from caseway.db.base import Model


class Person(Model):
    """One member of staff. Never a petitioner."""

    __tablename__ = "person"

    id: Mapped[int] = mapped_column(Identity(always=False), primary_key=True)
    name: Mapped[str]
    locale: Mapped[str] = mapped_column(default="zh-CN", server_default="zh-CN")
    created_at: Mapped[datetime]
    #: A deactivated person cannot log in; history stays.
    deactivated_at: Mapped[datetime | None]


class Account(Model):
    """How a person logs in with a password (argon2id). OIDC accounts will stand beside it."""

    __tablename__ = "account"

    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), primary_key=True)
    username: Mapped[str] = mapped_column(unique=True)
    password_hash: Mapped[str]
    password_changed_at: Mapped[datetime]
    failed_count: Mapped[int] = mapped_column(default=0, server_default="0")
    locked_until: Mapped[datetime | None]
    #: Tokens issued before this instant are void (password change, revocation of everything).
    tokens_valid_from: Mapped[datetime]


class Membership(Model):
    """A person's post in an office for a time: roles for the policy, rank and portfolios for the rules."""

    __tablename__ = "membership"

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    office_id: Mapped[int] = mapped_column(ForeignKey("office.id"))
    roles: Mapped[list[str]]
    #: Civil-service rank such as DIVISION_DEPUTY, SECTION_DEPUTY; STAFF if none.
    rank: Mapped[str] = mapped_column(default="STAFF", server_default="STAFF")
    #: Fields a leader is in charge of.
    portfolios: Mapped[list[str]] = mapped_column(default=list, server_default="{}")
    post: Mapped[str] = mapped_column(default="", server_default="")
    valid_from: Mapped[datetime]
    valid_to: Mapped[datetime | None]

    __table_args__ = (
        Index("ix_membership_person_id", "person_id"),
        Index("ix_membership_office_id", "office_id"),
        Index("uq_membership_open", "person_id", "office_id", unique=True, postgresql_where=text("valid_to is null")),
    )


class RefreshToken(Model):
    """One refresh token (only its hash). A second use of a replaced token revokes its whole family."""

    __tablename__ = "refresh_token"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    family_id: Mapped[uuid.UUID] = mapped_column(index=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    token_hash: Mapped[bytes] = mapped_column(unique=True)
    issued_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    replaced_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]


class SigningKey(Model):
    """A token signing key, wrapped by the master key. The newest signs; older ones verify until they retire."""

    __tablename__ = "signing_key"

    kid: Mapped[str] = mapped_column(primary_key=True)
    wrapped: Mapped[bytes]
    created_at: Mapped[datetime]
    retired_at: Mapped[datetime | None]
