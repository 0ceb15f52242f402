"""The declarative base, naming convention and id generation of every table."""

from __future__ import annotations

import uuid
from datetime import date, datetime
from enum import Enum
from typing import Any, ClassVar

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


def new_id() -> uuid.UUID:
    """A fresh UUIDv7, made by the application: ordered by time, unique without a sequence (design §11)."""
    return uuid.UUID(bytes=uuid_utils.uuid7().bytes)
