"""Who of an office's staff is meant when a rule names leaders: rank sets 领导干部范围 and the ranks that name a circle.

A post counts by its rank and by the role of a leader; titles are not read. What a rule book calls LEADERS is its own
rank set, and without one the heads and deputies of the office.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property

from caseway.calendars.periods import Stretch
from caseway.people import ranks
from caseway.reception.evidence import PostHeld
from caseway.rules.kinds.rank_set import RankSet
from caseway.rules.resolve import EffectiveRules
from caseway.rules.values import Rank

#: Circles that are the leading team 领导班子 of the office that the rule speaks to, whatever level it is.
_TEAM = frozenset(
    {
        *(Rank.TEAM, Rank.LEADERS, Rank.RECEIVING_LEADERS, Rank.CITY_LEADER, Rank.CITY_LEADERS_AND_DEPARTMENTS),
        *(Rank.COUNTY_LEADER, Rank.DISTRICT_LEADERS, Rank.PARTY_COMMITTEE_MEMBER, Rank.STANDING, Rank.GOV_LEADER),
        *(Rank.LINKED_LEADER, Rank.DISCIPLINE_LEADERS),
    }
)
_HEADS = frozenset({Rank.HEADS, Rank.UNIT_HEAD, Rank.VILLAGE_HEAD, Rank.TOWN_HEADS})
_DEPUTIES = frozenset({Rank.DEPUTY, Rank.OTHER_LEADERS, Rank.IN_CHARGE})
#: Circles that begin at a grade.
_FROM_GRADE: Mapping[Rank, str] = {
    Rank.DIVISION_DEPUTY: "DIVISION_DEPUTY",
    Rank.DIVISION_DEPUTY_UP: "DIVISION_DEPUTY",
    Rank.SECTION_DEPUTY: "SECTION_DEPUTY",
}
_ANYBODY = frozenset({Rank.CADRE, Rank.OFFICER, Rank.UNIT_OFFICER, Rank.TOWN_OFFICER, Rank.COMMUNITY_CADRE})
#: Circles that reach into the departments, so that a post in the office itself does not show who belongs to them.
BEYOND_OFFICE = frozenset({Rank.CITY_LEADERS_AND_DEPARTMENTS})


@dataclass(frozen=True)
class Rosters:
    """The circles of one office under some rules."""

    rules: EffectiveRules
    #: The grade of the office's heads (``people.ranks.heads_grade``).
    heads_grade: int
    posts: tuple[PostHeld, ...] = ()
    #: What was asked before: a year of daily duties asks the same again and again.
    _on: dict[tuple[Rank, date], frozenset[int]] = field(default_factory=dict, init=False, repr=False, compare=False)
    _members: dict[Rank, tuple[PostHeld, ...]] = field(default_factory=dict, init=False, repr=False, compare=False)

    @cached_property
    def sets(self) -> Mapping[str, RankSet]:
        """The rank sets about this office by name; sets about the people of another level are none of its own."""
        named = (rule.params for rule in self.rules.of(RankSet))
        return {each.name: each for each in named if each.at in (None, self.rules.place.rule_level)}

    def persons(self, circle: Rank, within: Stretch) -> list[int]:
        """Ids of everybody who belongs to a circle on some day of a stretch, those longest in post first."""
        return list(dict.fromkeys(post.person_id for post in self._posts_of(circle) if post.is_held_in(within)))

    def throughout(self, circle: Rank, person_id: int, within: Stretch) -> bool:
        """Whether a person belongs to a circle on the first and on the last day of a stretch."""
        mine = [post for post in self._posts_of(circle) if post.person_id == person_id]
        return all(any(post.is_held_in(Stretch(day, day)) for post in mine) for day in (within.first, within.last))

    def on(self, circle: Rank, day: date) -> frozenset[int]:
        """Everybody who belongs to a circle on a day."""
        found = self._on.get((circle, day))
        if found is None:
            found = self._on[circle, day] = frozenset(self.persons(circle, Stretch(day, day)))
        return found

    def _posts_of(self, circle: Rank) -> tuple[PostHeld, ...]:
        if circle not in self._members:
            self._members[circle] = tuple(post for post in self.posts if self.fills(circle, post))
        return self._members[circle]

    def fills(self, circle: Rank, post: PostHeld) -> bool:
        """Whether a post belongs to a circle."""
        return self._fills(circle, post, frozenset())

    def _fills(self, circle: Rank, post: PostHeld, asked: Collection[str]) -> bool:
        if circle in self.sets and circle not in asked:
            return self._in_set(self.sets[circle], post, {*asked, circle})
        leads = ranks.is_leader(post.roles)
        heads = ranks.is_head(post.rank, post.roles, at_least=self.heads_grade)
        if circle in _TEAM:
            return leads
        if circle in _HEADS:
            return heads
        if circle in _DEPUTIES:
            return leads and not heads
        if circle in _FROM_GRADE:
            return leads and ranks.grade(post.rank) >= ranks.grade(_FROM_GRADE[circle])
        if circle is Rank.MIDDLE_UP:
            return leads or ranks.grade(post.rank) >= ranks.grade("SECTION_DEPUTY")
        return circle in _ANYBODY or post.rank == circle

    def _in_set(self, named: RankSet, post: PostHeld, asked: Collection[str]) -> bool:
        """A set is its lowest rank and everybody above, or the leading team where it names none, and what it
        includes."""
        lowest = named.min_rank if named.min_rank is not None else Rank.TEAM
        above = lowest not in _ANYBODY and lowest not in _HEADS and lowest not in _FROM_GRADE
        return (above and ranks.is_leader(post.roles)) or any(
            self._fills(each, post, asked) for each in (lowest, *(named.includes or ()))
        )
