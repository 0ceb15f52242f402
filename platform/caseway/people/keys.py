"""Keys that sign access tokens (Ed25519): made, rotated and retired; stored wrapped by the master key."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.keywrap import InvalidUnwrap, aes_key_unwrap, aes_key_wrap
from joserfc.jwk import OKPKey
from sqlalchemy.ext.asyncio import AsyncSession

from caseway.db.keys import MasterKeyMismatch, derived
from caseway.people import repository
from caseway.people.models import SigningKey

#: How long a process may work with the keys it has read before it looks again.
REFRESH_AFTER = timedelta(seconds=30)
#: A new key is stored this long before it signs, so that every process can verify what it signs.
SIGNS_AFTER = timedelta(seconds=90)
#: An unknown key id makes a process look again, but not more often than this: made-up ids cost nothing.
LOOK_AGAIN_AFTER = timedelta(seconds=2)
_WRITTEN = "caseway.signing_keys_written"


@dataclass(frozen=True, slots=True)
class Signer:
    """One signing key, unwrapped."""

    kid: str
    key: OKPKey
    created_at: datetime
    retired_at: datetime | None

    def verifies(self, now: datetime) -> bool:
        """Whether tokens signed with it are still accepted."""
        return self.retired_at is None or self.retired_at > now


class SigningKeys:
    """The signing keys as this process knows them; tells when to look again."""

    def __init__(self, master: bytes) -> None:
        self._wrapping = derived(master, "signing keys")
        self._known: dict[str, Signer] = {}
        self._read_at: datetime | None = None

    async def current(self, session: AsyncSession, *, now: datetime) -> Signer:
        """The key that signs now; the very first one is created here, in the session's transaction."""
        if self._is_stale(now):
            await self._read(session, now)
        if (signer := self._signing(now)) is not None:
            return signer
        await repository.lock_signing_keys(session)
        await self._read(session, now)
        if (signer := self._signing(now)) is not None:
            return signer
        return await self._create(session, now)

    async def verifying(self, session: AsyncSession, kid: str, *, now: datetime) -> Signer | None:
        """The key of that id, if tokens signed with it are accepted now."""
        if self._is_stale(now) or (kid not in self._known and self._may_look_again(now)):
            await self._read(session, now)
        signer = self._known.get(kid)
        return signer if signer is not None and signer.verifies(now) else None

    async def rotate(
        self, session: AsyncSession, *, now: datetime, verify_for: timedelta, immediately: bool = False
    ) -> str:
        """Store a new key and let the present ones retire: they sign a moment longer and verify for ``verify_for``
        after that. ``immediately`` (a key has leaked) ends them at once: everybody renews their token. Gives the kid.
        """
        await repository.lock_signing_keys(session)
        until = now if immediately else now + SIGNS_AFTER + verify_for
        await repository.retire_signing_keys(session, until=until)
        return (await self._create(session, now)).kid

    async def check(self, session: AsyncSession) -> int:
        """Whether the master key opens every stored signing key: ``MasterKeyMismatch`` if not, else how many."""
        rows = await repository.signing_keys(session)
        for row in rows:
            self._signer(row)
        return len(rows)

    def _signing(self, now: datetime) -> Signer | None:
        """The newest key that everybody knows by now; while there is none, the oldest."""
        usable = sorted((each for each in self._known.values() if each.verifies(now)), key=lambda each: each.created_at)
        settled = [each for each in usable if each.created_at + SIGNS_AFTER <= now]
        return next(iter(settled[-1:] or usable[:1]), None)

    def _is_stale(self, now: datetime) -> bool:
        return self._read_at is None or abs(now - self._read_at) >= REFRESH_AFTER

    def _may_look_again(self, now: datetime) -> bool:
        return self._read_at is None or abs(now - self._read_at) >= LOOK_AGAIN_AFTER

    async def _read(self, session: AsyncSession, now: datetime) -> None:
        self._known = {row.kid: self._signer(row) for row in await repository.signing_keys(session)}
        # What this transaction wrote itself may yet be rolled back: every session after it looks for itself.
        self._read_at = None if _WRITTEN in session.info else now

    async def _create(self, session: AsyncSession, now: datetime) -> Signer:
        private = Ed25519PrivateKey.generate()
        seed = private.private_bytes_raw()
        key = _okp(seed)
        row = SigningKey(kid=key.thumbprint()[:22], wrapped=aes_key_wrap(self._wrapping, seed), created_at=now)
        session.add(row)
        await session.flush()
        session.info[_WRITTEN] = True
        self._read_at = None
        return Signer(row.kid, key, now, None)

    def _signer(self, row: SigningKey) -> Signer:
        try:
            seed = aes_key_unwrap(self._wrapping, row.wrapped)
        except InvalidUnwrap:
            raise MasterKeyMismatch from None
        return Signer(row.kid, _okp(seed), row.created_at, row.retired_at)


def _okp(seed: bytes) -> OKPKey:
    return OKPKey.import_key(Ed25519PrivateKey.from_private_bytes(seed))
