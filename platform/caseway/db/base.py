"""The declarative base, naming convention and id generation of every table."""

from __future__ import annotations

import secrets
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import date, datetime
from enum import Enum
from typing import Any, ClassVar, Protocol

import uuid_utils
from sqlalchemy import BigInteger, Date, DateTime, Integer, LargeBinary, MetaData, String, Text, Uuid
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import DeclarativeBase

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}


class Model(DeclarativeBase):
    """Base of all tables. Instants are ``timestamptz``; texts are ``text``; arrays and JSON are PostgreSQL's own."""

    metadata = MetaData(naming_convention=NAMING)
    type_annotation_map: ClassVar[dict[Any, Any]] = {
        datetime: DateTime(timezone=True),
        date: Date,
        str: Text,
        int: Integer,
        bytes: LargeBinary,
        uuid.UUID: Uuid,
        list[int]: ARRAY(Integer),
        list[str]: ARRAY(Text),
        dict[str, Any]: JSONB,
        Enum: String,
    }


#: A 64-bit whole number, for counters that may pass two thousand million.
Big = BigInteger


class Source(Protocol):
    """Where new ids and the random part of case numbers come from."""

    def new_id(self) -> uuid.UUID:
        """A fresh UUIDv7."""
        ...

    def symbols(self, alphabet: str, count: int) -> str:
        """So many symbols of an alphabet, each drawn by itself."""
        ...


class _Unpredictable:
    """The source of every process that works for people: nobody can guess what comes next."""

    def new_id(self) -> uuid.UUID:
        return uuid.UUID(bytes=uuid_utils.uuid7().bytes)

    def symbols(self, alphabet: str, count: int) -> str:
        return "".join(secrets.choice(alphabet) for _ in range(count))


_UNPREDICTABLE = _Unpredictable()
_source: ContextVar[Source] = ContextVar("source")


@contextmanager
def drawing_from(source: Source) -> Iterator[None]:
    """Within this block, and the tasks that are started in it, ids come from another source: for simulations, where the
    same seed must give the same ledger."""
    token = _source.set(source)
    try:
        yield
    finally:
        _source.reset(token)


def new_id() -> uuid.UUID:
    """A fresh UUIDv7, made by the application: ordered by time, unique without a sequence (design §11)."""
    return _source.get(_UNPREDICTABLE).new_id()


def symbols(alphabet: str, count: int) -> str:
    """Random symbols that tell nothing, such as the last part of a case number."""
    return _source.get(_UNPREDICTABLE).symbols(alphabet, count)
