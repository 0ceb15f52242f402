"""What the rules ask of a responsibility list, and that it has three roles for ever."""

from __future__ import annotations

from caseway.leads.models import ResponsibilityList
from caseway.leads.repository import prefixes
from caseway.leads.workflow import ResponsibilityRole, delivery
from caseway.rules.findings import RowRef
from caseway.tenancy.models import OfficeKind
from support.rulebooks import place, rules_for

CONFERENCE = place("370983-lxh", "37", "3709", "370983", kind=OfficeKind.JOINT_CONFERENCE)
FEICHENG = ["law-2022", "law-sd-2015", "feicheng"]


def test_the_list_goes_to_the_unit_and_to_the_linked_leader_where_the_rules_say_so() -> None:
    """FC-16 asks for the list, FC-17 for the second delivery."""
    found = delivery(rules_for(CONFERENCE, FEICHENG))
    assert found is not None
    assert found.ref == RowRef("feicheng", 1, "FC-16")
    assert found.second == RowRef("feicheng", 1, "FC-17")


def test_where_no_rule_asks_for_lists_there_are_none() -> None:
    assert delivery(rules_for(CONFERENCE, ["law-2022", "law-sd-2015"])) is None
    # The rules of the city are for its own government and what acts for it.
    town = place("370983105", "37", "3709", "370983")
    assert delivery(rules_for(town, FEICHENG)) is None


def test_a_list_has_exactly_three_roles_and_no_place_for_another() -> None:
    assert [*ResponsibilityRole] == ["SOLVING_UNIT", "LEAD_LEADER", "NAMED_HANDLER"]
    named = {column.name for column in ResponsibilityList.__table__.columns}
    assert {"solving_office_id", "lead_person_id", "handler_person_id"} < named
    others = named - {"solving_office_id", "lead_person_id", "handler_person_id"}
    # Who delivered it and to which leaders; nothing else points at an office or a person.
    assert {name for name in others if name.endswith(("office_id", "person_id", "person_ids"))} == {
        *("office_id", "person_id", "linked_person_ids"),
    }


def test_the_place_of_a_matter_is_looked_for_from_the_village_up() -> None:
    assert prefixes("370983105201") == ["370983105201", "370983105", "370983", "3709", "37"]
    assert prefixes("370983105") == ["370983105", "370983", "3709", "37"]
    assert prefixes("") == []
