"""Civil-service ranks 职级 as an order, and who of an office is a head 正职 or a deputy 副职 of its leading team.

A rank is a grade (BUREAU_DEPUTY 副厅级, DIVISION_HEAD 正处级). Whether somebody heads an office follows from the grade
that its level gives to its heads; no list of names is kept. Ranks that are posts (HEADS, HEAD_PARTY, UNIT_HEAD) say so
themselves, for offices whose heads have another grade than usual.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

from caseway.access.permissions import Role
from caseway.tenancy.models import Level, OfficeKind

#: Grade of each rank: a larger number stands higher (公务员法, art. 18 and 19; village posts have no grade and stand
#: below all others).
GRADES: Mapping[str, int] = {
    "PROVINCE_HEAD": 10,
    "PROVINCE_DEPUTY": 9,
    "BUREAU_HEAD": 8,
    "BUREAU_DEPUTY": 7,
    "DIVISION_HEAD": 6,
    "DIVISION_DEPUTY": 5,
    "SECTION_HEAD": 4,
    "SECTION_DEPUTY": 3,
    "VILLAGE_HEAD": 2,
}
#: Ranks that name the head of an office whatever the grade.
HEAD_POSTS = frozenset({"HEADS", "HEAD_PARTY", "UNIT_HEAD", "VILLAGE_HEAD"})
_OF_LEVEL: Mapping[str, str] = {
    Level.PROVINCE: "PROVINCE_HEAD",
    Level.CITY: "BUREAU_HEAD",
    Level.COUNTY: "DIVISION_HEAD",
    Level.TOWN: "SECTION_HEAD",
    Level.VILLAGE: "VILLAGE_HEAD",
}
#: From one level to the next there are two grades, a head's and a deputy's.
_STEP = 2


def grade(rank: str) -> int:
    """The grade of a rank; 0 for STAFF and for ranks without a grade of their own."""
    return GRADES.get(rank, 0)


def heads_grade(*, level: str, kind: str, municipal: bool) -> int:
    """The grade of the heads of an office. A department or another institution stands one step below its government;
    everything in a municipality directly under the centre (``municipal``) one step above its namesakes elsewhere."""
    usual = GRADES[_OF_LEVEL[level]]
    step = _STEP * (municipal and level != Level.VILLAGE) - _STEP * (kind != OfficeKind.GOVERNMENT)
    return max(usual + step, GRADES["VILLAGE_HEAD"])


def is_leader(roles: Collection[str]) -> bool:
    """Whether a post belongs to the leading team 领导班子 of its office: a leader of the whole office, or one who is
    linked to areas."""
    return not {Role.LEADER, Role.LINKED_LEADER}.isdisjoint(roles)


def is_head(rank: str, roles: Collection[str], *, at_least: int) -> bool:
    """Whether a post is that of a head 党政主要领导. ``at_least`` is the grade of the heads of the office."""
    return is_leader(roles) and (rank in HEAD_POSTS or grade(rank) >= at_least)
