"""What the walked world knows about its cases: who stands in which relation to them, and which texts tell them apart.

The relations are written down by whoever builds the world; nothing here is read from the platform's own access rules.
"""

from __future__ import annotations

import itertools
import re
import uuid
from dataclasses import dataclass, field

from caseway.gql import ids

#: What a marker belongs to.
CONTENT, IDENTITY, ANSWER, REASON = "content", "identity", "answer", "reason"
#: A reason that is also told to the petitioner: part of the content and of the history.
NOTICE = "notice"
MARKER = re.compile(r"mk[0-9]{6}z")
_numbers = itertools.count(1)


#: What an administrator took away: (office, relation, role).
Denied = tuple[str, str, str]


@dataclass(frozen=True)
class Post:
    """A post of one actor: office by its code."""

    office: str
    roles: frozenset[str]


@dataclass
class SentOrder:
    """An order, by whom and to whom it was sent, and the marker of what it says."""

    gid: str
    sender: str
    receiver: str
    texts: list[str] = field(default_factory=list)


@dataclass
class Raised:
    """An escalation: who asked whom, and what each of the two wrote about it."""

    lower: str
    upper: str
    gid: str = ""
    lower_texts: list[str] = field(default_factory=list)
    upper_texts: list[str] = field(default_factory=list)


@dataclass
class Known:
    """One case of the world. Offices by code, persons by user name."""

    name: str
    registered_by: str
    accusation: bool = False
    consent: bool = False
    gid: str = ""
    number: str = ""
    holder: str = ""
    discipline: bool = False
    is_open: bool = True
    assignee: str | None = None
    lead: str | None = None
    earlier: set[str] = field(default_factory=set)
    addressee: set[str] = field(default_factory=set)
    joint: set[str] = field(default_factory=set)
    informed: set[str] = field(default_factory=set)
    advisor: set[str] = field(default_factory=set)
    reasoned: set[str] = field(default_factory=set)
    #: Leaders to whom its responsibility list was delivered, and the government they lead.
    linked: dict[str, str] = field(default_factory=dict)
    accused_offices: set[str] = field(default_factory=set)
    barred_persons: set[str] = field(default_factory=set)
    orders: list[SentOrder] = field(default_factory=list)
    escalations: list[Raised] = field(default_factory=list)
    markers: dict[str, str] = field(default_factory=dict)

    def mark(self, category: str) -> str:
        """A text that stands nowhere else, belonging to this case."""
        text = f"mk{next(_numbers):06d}z"
        self.markers[text] = category
        return text

    def order_mark(self, order: SentOrder) -> str:
        """A text that an order of this case says."""
        text = f"mk{next(_numbers):06d}z"
        order.texts.append(text)
        return text

    @staticmethod
    def raised_mark(texts: list[str]) -> str:
        """A text that one side of an escalation writes."""
        text = f"mk{next(_numbers):06d}z"
        texts.append(text)
        return text

    @property
    def key(self) -> tuple[int, uuid.UUID]:
        """Home city and id."""
        return ids.decode_case_side("Case", self.gid)

    @property
    def stub_gid(self) -> str:
        """The global id of its stub."""
        return ids.encode("CaseStub", *self.key)
