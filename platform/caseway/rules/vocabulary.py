"""The base of closed lists of codes: every member carries a sentence (or the Chinese term) for people."""

from __future__ import annotations

from enum import StrEnum
from typing import Self


class Vocabulary(StrEnum):
    """A closed list of codes. A member is written ``CODE = "CODE", "what people read"``."""

    #: What people read: the Chinese term of the source where there is one, else English.
    description: str

    def __new__(cls, value: str, description: str = "") -> Self:
        """A member that equals its code."""
        member = str.__new__(cls, value)
        member._value_ = value
        member.description = description
        return member
