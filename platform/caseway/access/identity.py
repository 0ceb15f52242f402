"""Who a request comes from, before any office is chosen: the interface behind which every way to log in stands."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from sqlalchemy.ext.asyncio import AsyncSession

from caseway.errors import CasewayError


class Unauthenticated(CasewayError):
    """This needs a valid session: log in and send the access token as ``Authorization: Bearer <token>``."""

    code = "UNAUTHENTICATED"


class TokenExpired(Unauthenticated):
    """The access token has expired: get a new one with the refresh token."""

    code = "TOKEN_EXPIRED"


@dataclass(frozen=True, slots=True)
class Identity:
    """A person whom a token vouches for. Whether the person may still act is read with the memberships."""

    person_id: int
    #: When the token was issued: one from before a password change or a deactivation is void.
    issued_at: datetime
    #: The login it stems from; null where the identity provider has no such thing.
    session_id: uuid.UUID | None = None


@dataclass(frozen=True, slots=True)
class TokenPair:
    """What a client holds after a login."""

    access_token: str
    access_expires_at: datetime
    refresh_token: str
    #: The end of the whole session: renewing does not move it.
    refresh_expires_at: datetime


class TokenChecker(Protocol):
    """Tells who sent a request."""

    async def check(self, session: AsyncSession, authorization: str, *, now: datetime) -> Identity:
        """The identity in an ``Authorization`` header; ``Unauthenticated`` or ``TokenExpired`` otherwise."""


class TokenIssuer(TokenChecker, Protocol):
    """Also gives out tokens: the platform's own accounts."""

    async def issue(self, session: AsyncSession, person_id: int, *, now: datetime) -> TokenPair:
        """The tokens of a new login."""

    async def renew(
        self, session: AsyncSession, person_id: int, *, session_id: uuid.UUID, until: datetime, now: datetime
    ) -> TokenPair:
        """New tokens within a login that ends at ``until``."""
