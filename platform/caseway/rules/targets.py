"""What the bodies that books name stand for, seen from the office whose book it is."""

from __future__ import annotations

from collections.abc import Sequence

from caseway.rules.place import OfficePlace
from caseway.rules.values import Level

#: Where a matter starts: the office that has it, at any level.
STARTS = frozenset({"VILLAGE_OR_UNIT", "TOWN_OR_DEPT", "UNIT", "APPLICANT", "SELF", "CHILD_OFFICE", "RESPONSIBLE_UNIT"})
#: Institutions and leaders of the office whose book it is.
OWN = frozenset(
    {
        *("PETITION_OFFICE", "JOINT_CONFERENCE", "JOINT_CONFERENCE_OFFICE", "DISCIPLINE", "GOVERNMENT"),
        *("PARTY_COMMITTEE", "LEADERS", "HEADS", "TOWN_LEADERS", "COUNTY_LEADERS", "CITY_LEADERS", "PROVINCE_LEADERS"),
        *("COUNTY_PETITION_OFFICE", "CITY_PETITION_OFFICE", "DISCIPLINE_PETITION_OFFICE", "DISCIPLINE_LEADERS"),
    }
)
#: The office directly above the one that has the matter.
ABOVE = frozenset({"PARENT", "SUPERIOR", "COMMON_SUPERIOR", "UPPER_OFFICE", "UPPER_PETITION_OFFICE"})
#: Bodies that a matter can go up to, besides the levels. Discipline bodies take accusations by their own way.
RUNGS = ABOVE | {code for code in OWN if not code.startswith("DISCIPLINE")}

#: Length of a division code -> its level.
_LENGTHS = {2: Level.PROVINCE, 4: Level.CITY, 6: Level.COUNTY, 9: Level.TOWN, 12: Level.VILLAGE}
#: Municipalities: two digits, level of a city.
_MUNICIPALITIES = {"11", "12", "31", "50"}
_HEIGHTS = {level: height for height, level in enumerate(Level)}


def level_of(code: str) -> Level | None:
    """The level that a division code tells; ``None`` for codes that are none."""
    division = code.partition("-")[0]
    if division in _MUNICIPALITIES:
        return Level.CITY
    return _LENGTHS.get(len(division)) if division.isdigit() else None


def levels_of(place: OfficePlace) -> Sequence[Level | None]:
    """Levels of the offices from the root down to an office."""
    return [*(level_of(code) for _, code in place.chain), place.level]


def depth(code: str, place: OfficePlace) -> int | None:
    """How deep below the root the body stands that a code names in the book of an office: 0 = the root; ``None`` if it
    depends on who has the matter, or the code is not known, or nobody answers to it (see ``answers``)."""
    own = len(place.line) - 1
    if code in STARTS:
        return own + 1
    if code in OWN:
        return own
    if code in Level.__members__:
        levels = levels_of(place)
        level = Level(code)
        if level in levels:
            return levels.index(level)
        below = _HEIGHTS[level] > _HEIGHTS[place.level]
        return own + _HEIGHTS[level] - _HEIGHTS[place.level] if below else None
    return None


def answers(code: str, place: OfficePlace, *, below: bool = True) -> bool | None:
    """Whether somebody of the chain answers to a code; ``None`` for a code that only the office itself can know.
    ``below``: whether matters of offices below are meant too, and not only those of the office itself."""
    if code in STARTS or code in OWN:
        return True
    if code in ABOVE:
        return below or len(place.line) > 1
    if code in Level.__members__:
        return depth(code, place) is not None if below else Level(code) in levels_of(place)
    return None
