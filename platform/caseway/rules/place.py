"""Where an office stands, and which rows of which books reach it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from caseway.rules.values import Level
from caseway.tenancy.models import ACTS_FOR_SEAT, OfficeKind


@dataclass(frozen=True, slots=True)
class OfficePlace:
    """Where an office stands in the tree: all that decides which rows reach it."""

    id: int
    code: str
    #: The office's own level; a department is a ``UNIT`` for rule books whatever this says.
    level: Level
    kind: OfficeKind
    #: ``(id, code)`` of the offices above it, the root first, the office itself not among them.
    chain: tuple[tuple[int, str], ...] = ()

    @property
    def rule_level(self) -> Level:
        """The level by which rule books speak of the office: ``UNIT`` for departments."""
        return Level.UNIT if self.kind == OfficeKind.DEPARTMENT else self.level

    @property
    def line(self) -> tuple[str, ...]:
        """Codes from the root down to the office itself."""
        return (*(code for _, code in self.chain), self.code)

    @property
    def seat(self) -> str:
        """Code of the office for whose area this one acts: the government above for petition offices, discipline bodies
        and joint conferences, the office itself for all others."""
        return self.chain[-1][1] if self.kind in ACTS_FOR_SEAT and self.chain else self.code

    @property
    def above_seat(self) -> str | None:
        """Code of the office directly above the seat; ``None`` at the root."""
        line = self.line[: -1 if self.seat != self.code else None]
        return line[-2] if len(line) > 1 else None


_ADDRESS = re.compile(
    rf"SELF|CHILDREN|CHILD_UNITS|SUBTREE|LEVEL:({'|'.join(Level)})|OFFICE:[0-9A-Za-z][0-9A-Za-z-]{{0,39}}"
)


def is_address(applies_to: str) -> bool:
    """Whether this says which offices a row applies to."""
    return _ADDRESS.fullmatch(applies_to) is not None


def reaches(applies_to: str, book_office: str, place: OfficePlace) -> bool:
    """Whether a row of the book of ``book_office`` that applies to ``applies_to`` reaches an office.

    SELF is the book's own government with the institutions that act for it; CHILDREN are the governments directly
    below with theirs; departments are reached by CHILD_UNITS, SUBTREE, ``LEVEL:UNIT``, ``OFFICE:<code>`` and by SELF of
    a book of their own. ``ValueError`` for an unknown address.
    """
    if book_office not in place.line:
        return False
    is_unit = place.kind == OfficeKind.DEPARTMENT
    target, _, argument = applies_to.partition(":")
    match target:
        case "SELF":
            return book_office in (place.code, place.seat)
        case "CHILDREN":
            return not is_unit and place.above_seat == book_office
        case "CHILD_UNITS":
            return is_unit and place.above_seat == book_office
        case "SUBTREE":
            return True
        case "LEVEL":
            return place.rule_level == Level(argument)
        case "OFFICE":
            return argument in (place.code, place.seat)
        case _:
            raise ValueError(f"{applies_to} is no address of offices")


#: Levels from the highest down.
_DOWN = (Level.PROVINCE, Level.CITY, Level.COUNTY, Level.TOWN, Level.VILLAGE)


def probes(place: OfficePlace, addresses: Sequence[str]) -> tuple[OfficePlace, ...]:
    """Places that together stand for every office which rows of the book of ``place`` with these addresses can reach:
    the office itself first, an institution of it, offices at each level below, departments, and the offices named."""
    found = [place]
    if place.kind is not OfficeKind.GOVERNMENT:
        return (place,)
    found.append(_below(place, "xfj", place.level, OfficeKind.PETITION_OFFICE))
    found.append(_below(place, "bm", place.level, OfficeKind.DEPARTMENT))
    parent = place
    for level in _DOWN[_DOWN.index(place.level) + 1 :]:
        child = _below(parent, "z", level, OfficeKind.GOVERNMENT)
        found += [child, _below(child, "bm", level, OfficeKind.DEPARTMENT)]
        if parent is not place:
            found.append(_below(place, f"z{level.value}", level, OfficeKind.GOVERNMENT))
        parent = child
    named = {address.partition(":")[2] for address in addresses if address.startswith("OFFICE:")}
    lower = _DOWN[min(_DOWN.index(place.level) + 1, len(_DOWN) - 1)]
    found += [_below(place, "", lower, OfficeKind.GOVERNMENT, code=code) for code in sorted(named - {place.code})]
    return tuple(found)


def _below(above: OfficePlace, suffix: str, level: Level, kind: OfficeKind, code: str | None = None) -> OfficePlace:
    """A place directly below another one; its id stands for no office."""
    return OfficePlace(0, code or f"{above.code}-{suffix}", level, kind, (*above.chain, (above.id, above.code)))
