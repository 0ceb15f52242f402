"""Who is meant by the ranks that rules name: heads, deputies, grades, and an office's own rank sets."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

import pytest

from caseway.calendars.periods import Stretch
from caseway.people import ranks
from caseway.reception.rosters import Rosters
from caseway.rules.values import Rank
from caseway.tenancy.models import Level, OfficeKind
from reception.books import own, rules_of
from reception.duty_world import at, post, rosters

#: A county's staff, by what they are.
STAFF = {
    "head": post(1, "DIVISION_HEAD"),
    "deputy": post(2, "DIVISION_DEPUTY"),
    "assistant": post(3, "SECTION_HEAD"),
    "supervisor": post(4, "SECTION_DEPUTY", role="supervisor"),
    "section": post(5, "SECTION_HEAD", role="handler"),
    "clerk": post(6, "STAFF", role="clerk"),
    "court": post(7, "COURT_HEAD", role="handler"),
}


def with_set(*sets: Mapping[str, Any], level: str = "COUNTY") -> Rosters:
    """The circles of the office with these rank sets of its own."""
    rules = rules_of("1", level, own("1", *(("rank_set", params) for params in sets)))
    return rosters(rules, STAFF.values())


def members(circles: Rosters, circle: Rank) -> set[str]:
    """Who belongs to a circle."""
    return {name for name, each in STAFF.items() if circles.fills(circle, each)}


@pytest.mark.parametrize(
    ("circle", "expected"),
    [
        (Rank.HEADS, {"head"}),
        (Rank.UNIT_HEAD, {"head"}),
        (Rank.DEPUTY, {"deputy", "assistant"}),
        (Rank.LEADERS, {"head", "deputy", "assistant"}),
        (Rank.CITY_LEADER, {"head", "deputy", "assistant"}),
        (Rank.DIVISION_DEPUTY_UP, {"head", "deputy"}),
        (Rank.SECTION_DEPUTY, {"head", "deputy", "assistant"}),
        (Rank.MIDDLE_UP, {"head", "deputy", "assistant", "supervisor", "section"}),
        (Rank.SECTION_HEAD, {"assistant", "section"}),
        (Rank.COURT_HEAD, {"court"}),
        (Rank.CADRE, set(STAFF)),
        (Rank.LAWYER, set()),
    ],
)
def test_a_rank_names_a_circle_of_the_office(circle: Rank, expected: set[str]) -> None:
    assert members(with_set(), circle) == expected


@pytest.mark.parametrize(
    ("params", "expected"),
    [
        ({"min_rank": "DIVISION_DEPUTY"}, {"head", "deputy"}),
        ({"min_rank": "SECTION_DEPUTY"}, {"head", "deputy", "assistant"}),
        ({"min_rank": "DEPUTY"}, {"head", "deputy", "assistant"}),
        ({"min_rank": "HEADS"}, {"head"}),
        ({"includes": ["SECTION_HEAD"]}, {"head", "deputy", "assistant", "section"}),
        ({"min_rank": "DIVISION_DEPUTY", "includes": ["COURT_HEAD"]}, {"head", "deputy", "court"}),
        ({"includes": ["LEADERS"]}, {"head", "deputy", "assistant"}),
        ({"headcount": 23}, {"head", "deputy", "assistant"}),
    ],
)
def test_a_rank_set_says_who_the_leaders_are(params: Mapping[str, Any], expected: set[str]) -> None:
    assert members(with_set({"name": "LEADERS", **params}), Rank.LEADERS) == expected


def test_a_set_of_its_own_name_leaves_the_leaders_as_they_are() -> None:
    circles = with_set({"name": "RECEIVING_LEADERS", "includes": ["COURT_HEAD"]})
    assert members(circles, Rank.RECEIVING_LEADERS) == {"head", "deputy", "assistant", "court"}
    assert members(circles, Rank.LEADERS) == {"head", "deputy", "assistant"}


def test_a_set_about_the_people_of_another_level_is_none_of_the_offices_own() -> None:
    circles = with_set({"name": "LEADERS", "min_rank": "HEADS", "at": "TOWN"})
    assert members(circles, Rank.LEADERS) == {"head", "deputy", "assistant"}


def test_people_belong_to_a_circle_while_they_are_in_post() -> None:
    until = at("2026-02-10 18:00")
    circles = rosters(rules_of("1", "COUNTY"), [post(1, until=until), post(2, since=until)])
    assert circles.on(Rank.LEADERS, date(2026, 2, 9)) == {1}
    assert circles.on(Rank.LEADERS, date(2026, 2, 10)) == {1, 2}
    assert circles.on(Rank.LEADERS, date(2026, 2, 11)) == {2}
    assert circles.persons(Rank.LEADERS, Stretch(date(2026, 2, 1), date(2026, 2, 28))) == [1, 2]


@pytest.mark.parametrize(
    ("level", "kind", "municipal", "rank"),
    [
        (Level.PROVINCE, OfficeKind.GOVERNMENT, False, "PROVINCE_HEAD"),
        (Level.CITY, OfficeKind.GOVERNMENT, False, "BUREAU_HEAD"),
        (Level.CITY, OfficeKind.GOVERNMENT, True, "PROVINCE_HEAD"),
        (Level.COUNTY, OfficeKind.GOVERNMENT, False, "DIVISION_HEAD"),
        (Level.COUNTY, OfficeKind.GOVERNMENT, True, "BUREAU_HEAD"),
        (Level.COUNTY, OfficeKind.DEPARTMENT, False, "SECTION_HEAD"),
        (Level.TOWN, OfficeKind.GOVERNMENT, True, "DIVISION_HEAD"),
        (Level.TOWN, OfficeKind.DEPARTMENT, False, "VILLAGE_HEAD"),
        (Level.VILLAGE, OfficeKind.GOVERNMENT, True, "VILLAGE_HEAD"),
    ],
)
def test_the_heads_of_an_office_have_the_grade_of_its_level(
    level: Level, kind: OfficeKind, municipal: bool, rank: str
) -> None:
    assert ranks.heads_grade(level=level, kind=kind, municipal=municipal) == ranks.GRADES[rank]


def test_nobody_heads_an_office_without_the_role_of_a_leader() -> None:
    assert not ranks.is_head("BUREAU_HEAD", ["supervisor"], at_least=ranks.GRADES["DIVISION_HEAD"])
    assert ranks.is_head("HEAD_PARTY", ["leader"], at_least=ranks.GRADES["BUREAU_HEAD"])
