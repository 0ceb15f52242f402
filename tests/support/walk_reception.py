"""Sessions, duties and resources of the walked world: sessions of a town in every state, a book of another town that
sets what no shipped book around it sets, and what the city declares to have."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from typing import TYPE_CHECKING, Any

from caseway.gql import ids
from support.walk_build import YUXIN, Builder
from support.walk_schema import pages

if TYPE_CHECKING:
    from support.walk_values import Places

#: What a root is asked with: its arguments, and whether whole objects are asked for.
Asked = Iterator[tuple[dict[str, Any], bool]]
#: A street with daily, weekly and monthly duties and a visit day that rolls; its staff are walked, too.
STREET = "120111001"


async def build_reception(to: Builder) -> tuple[str, ...]:
    """Ids of the sessions."""
    leader, deputy = to.persons["fengqiao.leader"], to.persons["fengqiao.dispatcher"]
    given: dict[str, Any] = {
        "activity": "RECEPTION",
        "form": "FIXED_PLACE",
        "startsAt": to.local(minutes=-90),
        "endsAt": to.local(minutes=-30),
        "place": "凤桥镇接访大厅",
        "leaderIds": [leader, deputy],
    }
    made = []
    for shown in (True, False, True):
        done = await to.ask("fengqiao.clerk", "receptionSessionPlan", isPublic=shown, **given)
        made += [each["id"] for each in done["sessions"]]
    absences = [{"leaderId": leader, "substituteId": to.persons["fengqiao.handler"]}]
    await to.ask("fengqiao.clerk", "receptionSessionHold", sessionId=made[0], absences=absences, matters=3)
    await to.ask("fengqiao.clerk", "receptionSessionCancel", sessionId=made[1], reason="镇里会议")
    await to.ask("jiaxing.clerk", "resourceDeclare", item="JOINT_CENTRE", amount=12)
    await _book(to)
    return tuple(made)


async def _book(to: Builder) -> None:
    """Parameters that no book around states: the fewest groups of a day, and the most of a resource."""
    office = {"officeId": to.offices[YUXIN]}
    day = {"activity": "VISIT", "days": [20], "roll": "NEXT_WORKDAY", "roll_on": "NON_WORKDAY", "groups_min": 2}
    room = {"item": "RECEPTION_ROOM", "min": 1, "max": 3, "unit": "ROOM", "per": "TOWN", "attrs": ["QUIET"]}
    await to.ask("yuxin.admin", "ruleDraftOpen", **office)
    for code, kind, params in (("YX-01", "fixed_day", day), ("YX-02", "resource", room)):
        parameters = [{"name": name, "value": value} for name, value in params.items()]
        rule = {"code": code, "kind": kind, "parameters": parameters}
        put = await to.ask("yuxin.admin", "ruleDraftPut", rule=rule, **office)
    await to.ask("yuxin.admin", "ruleBookPublish", revision=put["version"]["revision"], **office)


def reception_values(person: str, *, soon: str) -> dict[str, Any]:
    """Values for input fields that only reception has: a person far from most, and an instant that is ahead."""
    return {
        "sessionId": ids.encode("ReceptionSession", 2_000_000_000),
        "leaderId": person,
        "substituteId": person,
        "leaderIds": [person],
        "startsAt": soon,
        "endsAt": soon,
        "alsoOn": [],
        "matters": 1,
        "amount": 1,
        "place": "走查的接访大厅",
        "item": "RECEPTION_AREA",
    }


class ReceptionRoots:
    """How the walk asks the roots of reception (a part of ``walk_values.Roots``)."""

    places: Places
    chosen: list[str]

    def _fixed_days(self) -> Asked:
        """With and without a published calendar."""
        for gid, year in product([*self._received, ids.encode("Office", 2_000_000_000)], (2026, 2027)):
            yield {"officeId": gid, "year": year}, True

    def _reception_sessions(self) -> Asked:
        days = {"fromOn": "2026-04-01", "toOn": "2026-06-30"}
        yield from (({"officeId": gid, "first": 100, **days}, True) for gid in self._received)
        town = {"officeId": self.places.offices["330402100"], **days}
        yield from pages(**town)

    def _duty_statement(self) -> Asked:
        """A month with a week that is off."""
        yield from (({"officeId": gid, "fromOn": "2026-02-01", "toOn": "2026-03-01"}, True) for gid in self._received)

    def _resource_standards(self) -> Asked:
        yield from (({"officeId": gid}, True) for gid in self._received)

    def _reception_schedule(self) -> Asked:
        yield from (({"officeCode": code, "month": "2026-04", "first": 100}, True) for code in ("330402100", "nowhere"))
        town = {"officeCode": "330402100", "month": "2026-04"}
        yield from pages(**town)

    @property
    def _received(self) -> list[str]:
        """Offices whose receptions are asked for: the chosen ones, and a street far from all of them."""
        return [*self.chosen, self.places.offices[STREET]]
