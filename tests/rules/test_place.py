"""Which offices a row reaches: the government of the book and its institutions, what lies below, and nobody beside."""

from __future__ import annotations

import pytest

from caseway.rules.place import OfficePlace, is_address, probes, reaches
from caseway.rules.resolve import row_reaches
from caseway.rules.values import Level
from caseway.tenancy.models import OfficeKind

from .chains import book, place, row

COUNTY = "330411"
PLACES = {
    "itself": place(COUNTY),
    "petition office": place(f"{COUNTY}-xfj", OfficeKind.PETITION_OFFICE),
    "discipline body": place(f"{COUNTY}-jw", OfficeKind.DISCIPLINE),
    "joint conference": place(f"{COUNTY}-lxh", OfficeKind.JOINT_CONFERENCE),
    "department": place(f"{COUNTY}-zrzy", OfficeKind.DEPARTMENT),
    "town": place("330411100"),
    "town's petition office": place("330411100-xfj", OfficeKind.PETITION_OFFICE),
    "town's department": place("330411100-nb", OfficeKind.DEPARTMENT),
    "village": place("330411100200"),
    "city": place("3304"),
    "neighbour": place("330402"),
    "neighbour's town": place("330402100"),
}
OWN = {"itself", "petition office", "discipline body", "joint conference"}
TOWN = {"town", "town's petition office"}
BELOW = {*TOWN, "town's department", "village"}


@pytest.mark.parametrize(
    ("applies_to", "expected"),
    [
        ("SELF", OWN),
        ("CHILDREN", TOWN),
        ("CHILD_UNITS", {"department"}),
        ("SUBTREE", {*OWN, "department", *BELOW}),
        ("LEVEL:TOWN", TOWN),
        ("LEVEL:VILLAGE", {"village"}),
        ("LEVEL:UNIT", {"department", "town's department"}),
        ("LEVEL:CITY", set()),
        ("OFFICE:330411100", TOWN),
        ("OFFICE:330411-zrzy", {"department"}),
    ],
)
def test_what_an_address_reaches(applies_to: str, expected: set[str]) -> None:
    assert is_address(applies_to)
    assert {name for name, each in PLACES.items() if reaches(applies_to, COUNTY, each)} == expected


@pytest.mark.parametrize(
    "applies_to", ["", "self", "LEVEL:", "LEVEL:BASE", "OFFICE:", "OFFICE:x y", "SELF ", "NEIGHBOURS"]
)
def test_other_texts_are_no_address(applies_to: str) -> None:
    assert not is_address(applies_to)


def test_the_book_of_an_institution_reaches_that_institution() -> None:
    own = place("5117-cl", OfficeKind.DEPARTMENT)
    assert reaches("SELF", "5117-cl", own)
    assert reaches("SELF", f"{COUNTY}-xfj", PLACES["petition office"])
    assert not reaches("SELF", f"{COUNTY}-xfj", PLACES["itself"])


def test_the_law_reaches_its_jurisdiction() -> None:
    nation = book("law", None, each := row("L-01", "routing", solve_locally=True))
    province = book("law-33", None, each, jurisdiction="33")
    towns = book("law-town", None, at_town := row("L-02", "routing", "LEVEL:TOWN", solve_locally=True))
    assert all(row_reaches(nation.book, each, where) for where in PLACES.values())
    assert row_reaches(province.book, each, PLACES["village"])
    assert {name for name, where in PLACES.items() if row_reaches(towns.book, at_town, where)} == {
        *("town", "town's petition office", "neighbour's town"),
    }


def test_duties_that_name_a_level_are_owed_by_that_level() -> None:
    duty = row(
        *("A-01", "leader_duty", "SUBTREE"),
        activity="RECEPTION",
        actor="TEAM",
        scope="OFFICE",
        min=1,
        unit="SESSION",
        per="DAY",
        level="TOWN",
    )
    of_county = book("a", COUNTY, duty).book
    assert {name for name, where in PLACES.items() if row_reaches(of_county, duty, where)} == TOWN


def test_probes_stand_for_every_sort_of_office_below() -> None:
    found = probes(place("3304"), ["OFFICE:330411", "SUBTREE"])
    assert found[0] == place("3304")
    levels = {each.rule_level for each in found}
    assert levels == {Level.CITY, Level.COUNTY, Level.TOWN, Level.VILLAGE, Level.UNIT}
    for address in ("SELF", "CHILDREN", "CHILD_UNITS", "SUBTREE", "LEVEL:TOWN", "LEVEL:VILLAGE", "OFFICE:330411"):
        assert any(reaches(address, "3304", each) for each in found), address
    assert not any(reaches("LEVEL:PROVINCE", "3304", each) for each in found)


def test_a_root_stands_below_nobody() -> None:
    root = OfficePlace(1, "33", Level.PROVINCE, OfficeKind.GOVERNMENT)
    assert (root.line, root.seat, root.above_seat) == (("33",), "33", None)
    assert PLACES["petition office"].above_seat == "3304"
