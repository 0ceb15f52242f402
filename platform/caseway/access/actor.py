"""Who asks: one person acting for one office, with everything the policy needs to know about both."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Actor:
    """A member of staff in the office they act for. Built once per request from the token and the memberships."""

    person_id: int
    name: str
    #: The acting office; 0 = none (the platform itself).
    office_id: int
    #: ``"1.33.421."``: ids from the root down to the office, with the trailing separator.
    office_path: str
    office_name: str
    level: str
    kind: str
    #: The office whose area the acting office works for: its parent for petition offices, discipline bodies and joint
    #: conferences, itself for all others.
    seat_id: int
    seat_path: str
    city_id: int
    roles: tuple[str, ...]
    rank: str
    portfolios: tuple[str, ...]
    #: What closes cases to this person: the offices above and at all of their present posts, and minus their own id.
    bars: tuple[int, ...]
    locale: str

    @property
    def chain(self) -> tuple[int, ...]:
        """Ids from the root down to the acting office; empty without an office."""
        return ids(self.office_path)

    @property
    def seat_depth(self) -> int:
        """How deep the seat lies in the tree (1 = root): its cases carry its id in the level column of that number."""
        return len(ids(self.seat_path))


def ids(path: str) -> tuple[int, ...]:
    """The ids in an office path."""
    return tuple(int(part) for part in path.split(".") if part)


#: The platform itself (worker, imports). It has no role: what it does is not asked of the policy.
SYSTEM_ACTOR = Actor(
    person_id=0,
    name="Caseway",
    office_id=0,
    office_path="",
    office_name="",
    level="",
    kind="",
    seat_id=0,
    seat_path="",
    city_id=0,
    roles=(),
    rank="STAFF",
    portfolios=(),
    bars=(),
    locale="zh-CN",
)
