"""Access tokens (signed, short-lived) and refresh tokens (opaque, used once) of the platform's own accounts."""

from __future__ import annotations

import hashlib
import re
import secrets
import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

from joserfc import jws, jwt
from joserfc.errors import JoseError
from sqlalchemy.ext.asyncio import AsyncSession

from caseway.access.identity import Identity, TokenExpired, TokenPair, Unauthenticated
from caseway.db.base import new_id
from caseway.people import repository
from caseway.people.keys import SigningKeys
from caseway.people.models import RefreshToken
from caseway.settings import Settings

#: The only algorithm, also for verifying: what a token's header says is compared with it, never followed.
ALGORITHM = "Ed25519"
TYPE = "at+jwt"
ISSUER = "urn:caseway"
AUDIENCE = "urn:caseway:graphql"
#: How far the clocks of two processes may differ.
LEEWAY = timedelta(seconds=10)
LONGEST_TOKEN = 2_000
_BEARER = re.compile(r"Bearer +([A-Za-z0-9_.-]+) *\Z", re.IGNORECASE)
_REFRESH = re.compile(r"[A-Za-z0-9_-]{43}")


class Tokens:
    """Issues and checks tokens with the signing keys in the database."""

    def __init__(self, master: bytes, settings: Settings) -> None:
        self.keys = SigningKeys(master)
        self.access_for = timedelta(seconds=settings.access_token_seconds)
        self.session_for = timedelta(seconds=settings.refresh_token_seconds)

    async def check(self, session: AsyncSession, authorization: str, *, now: datetime) -> Identity:
        """The identity in an ``Authorization`` header.

        Signature, algorithm, type, issuer, audience and times are checked here; whether the session was ended or the
        person deactivated is read together with the memberships (``service.actor``).
        """
        found = _BEARER.match(authorization) if len(authorization) <= LONGEST_TOKEN else None
        if found is None:
            raise Unauthenticated
        token = found[1]
        try:
            header = jws.extract_compact(token.encode()).headers()
            kid = header.get("kid")
            if header.get("alg") != ALGORITHM or header.get("typ") != TYPE or not isinstance(kid, str):
                raise Unauthenticated
            signer = await self.keys.verifying(session, kid, now=now)
            if signer is None:
                raise Unauthenticated
            claims = jwt.decode(token, signer.key, algorithms=[ALGORITHM]).claims
        except (JoseError, ValueError, TypeError, KeyError):
            raise Unauthenticated from None
        return _identity(claims, now)

    async def issue(self, session: AsyncSession, person_id: int, *, now: datetime) -> TokenPair:
        """The tokens of a new login: a new family of refresh tokens that ends after ``session_for``."""
        return await self.renew(session, person_id, session_id=new_id(), until=now + self.session_for, now=now)

    async def renew(
        self, session: AsyncSession, person_id: int, *, session_id: uuid.UUID, until: datetime, now: datetime
    ) -> TokenPair:
        """New tokens within a login. The end of the login stays where it is, however often it is renewed."""
        signer = await self.keys.current(session, now=now)
        expires_at = min(now + self.access_for, until)
        claims = {
            "iss": ISSUER,
            "aud": AUDIENCE,
            "sub": str(person_id),
            # With its fraction: a token from just before a password change must be told from one just after it.
            "iat": now.timestamp(),
            "exp": expires_at.timestamp(),
            "jti": str(new_id()),
            "sid": str(session_id),
        }
        header = {"alg": ALGORITHM, "kid": signer.kid, "typ": TYPE}
        refresh = secrets.token_urlsafe(32)
        repository.add_refresh_token(
            session,
            RefreshToken(
                id=new_id(),
                family_id=session_id,
                person_id=person_id,
                token_hash=refresh_hash(refresh),
                issued_at=now,
                expires_at=until,
                replaced_at=None,
                revoked_at=None,
            ),
        )
        return TokenPair(
            access_token=jwt.encode(header, claims, signer.key, algorithms=[ALGORITHM]),
            access_expires_at=expires_at,
            refresh_token=refresh,
            refresh_expires_at=until,
        )


def refresh_hash(token: str) -> bytes:
    """What is stored of a refresh token. It is random, so a plain hash is enough."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()


def looks_like_refresh(token: str) -> bool:
    """Whether the text can be a refresh token at all."""
    return _REFRESH.fullmatch(token) is not None


def _identity(claims: dict[str, Any], now: datetime) -> Identity:
    issued_at, expires_at = _instant(claims.get("iat")), _instant(claims.get("exp"))
    subject, session_id = claims.get("sub"), claims.get("sid")
    if claims.get("iss") != ISSUER or claims.get("aud") != AUDIENCE or issued_at > now + LEEWAY:
        raise Unauthenticated
    if expires_at <= now:
        raise TokenExpired
    try:
        return Identity(int(str(subject)), issued_at, uuid.UUID(str(session_id)))
    except ValueError:
        raise Unauthenticated from None


def _instant(seconds: Any) -> datetime:
    if not isinstance(seconds, int | float) or isinstance(seconds, bool):
        raise Unauthenticated
    try:
        return datetime.fromtimestamp(seconds, UTC)
    except (ValueError, OverflowError, OSError):
        raise Unauthenticated from None
