"""The master key: 32 bytes from the settings, or from a file that is created once; everything secret hangs on it."""

from __future__ import annotations

import base64
import binascii
import fcntl
import os
import secrets
from pathlib import Path

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from caseway.errors import CasewayError
from caseway.settings import Settings

KEY_BYTES = 32
FILE_NAME = "master.key"


class MasterKeyInvalid(CasewayError):
    """The master key is not 32 bytes in base64: make one with ``openssl rand -base64 32``."""

    code = "MASTER_KEY_INVALID"


class MasterKeyMismatch(CasewayError):
    """The master key does not open the keys stored in this database: start with the key the database was made with."""

    code = "MASTER_KEY_MISMATCH"


def master_key(settings: Settings) -> bytes:
    """The key in ``settings.master_key``, else the one in ``data_dir/keys/master.key``, created at the first use.

    ``MasterKeyInvalid`` when what is there is not a key; an unreadable file is never replaced by a new key.
    """
    given = settings.master_key.get_secret_value().strip()
    if given:
        return _decoded(given, "CASEWAY_MASTER_KEY")
    return _from_file(settings.data_dir / "keys" / FILE_NAME)


def derived(master: bytes, purpose: str, *, length: int = KEY_BYTES) -> bytes:
    """A key of its own for one purpose, so that the master key itself never encrypts or signs anything."""
    return HKDF(algorithm=hashes.SHA256(), length=length, salt=None, info=f"caseway/{purpose}".encode()).derive(master)


def _from_file(path: Path) -> bytes:
    if not path.exists():
        _create(path)
    return _decoded(path.read_text(encoding="ascii", errors="replace"), str(path))


def _create(path: Path) -> None:
    """Write a new key so that whoever comes at the same time, or after a power cut, finds all of it or nothing."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    directory = os.open(path.parent, os.O_RDONLY)
    try:
        fcntl.flock(directory, fcntl.LOCK_EX)
        if path.exists():
            return
        draft = path.with_suffix(".new")
        draft.unlink(missing_ok=True)  # of a process that died while it held the lock
        file = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            os.write(file, base64.b64encode(secrets.token_bytes(KEY_BYTES)) + b"\n")
            os.fsync(file)
        finally:
            os.close(file)
        os.rename(draft, path)
        os.fsync(directory)
    finally:
        os.close(directory)


def _decoded(text: str, origin: str) -> bytes:
    try:
        key = base64.b64decode(text.strip(), validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if len(key) != KEY_BYTES:
        raise MasterKeyInvalid(
            f"the master key in {origin} is not {KEY_BYTES} bytes in base64: make one with openssl rand -base64 32.",
            origin=origin,
        )
    return key
