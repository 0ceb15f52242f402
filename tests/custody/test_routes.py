"""Where cases may go: the pure route rules over a small country (domain 5.4 (a)-(d), scenario S5)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from caseway.cases.workflow import PetitionClass
from caseway.custody import routes
from caseway.custody.errors import NoCompetence, RouteToAccused, SameOffice
from caseway.custody.workflow import SPECS, Direction, OrderKind, Relation
from caseway.errors import CasewayError
from caseway.tenancy.errors import OfficeClosed, OfficeNotFound, OfficeSuspended, WrongLevel
from caseway.tenancy.models import Level, Office, OfficeKind

K, L = OfficeKind, Level
SINCE = datetime(2020, 1, 1, tzinfo=UTC)


def office(chain: Sequence[int], level: Level, kind: OfficeKind = K.GOVERNMENT, fields: Sequence[str] = ()) -> Office:
    """An open office that is stored nowhere."""
    return Office(
        id=chain[-1],
        parent_id=chain[-2] if len(chain) > 1 else None,
        level=level,
        kind=kind,
        code=str(chain[-1]),
        name=str(chain[-1]),
        path="".join(f"{each}." for each in chain),
        depth=len(chain),
        fields=list(fields),
        city_id=chain[1] if len(chain) > 1 else chain[0],
        statistical_only=False,
        virtual=False,
        valid_from=SINCE,
    )


PROVINCE = office([1], L.PROVINCE)
PROVINCE_DISCIPLINE = office([1, 90], L.PROVINCE, K.DISCIPLINE)
CITY = office([1, 2], L.CITY)
CITY_BUREAU = office([1, 2, 20], L.CITY, K.PETITION_OFFICE)
CITY_DISCIPLINE = office([1, 2, 21], L.CITY, K.DISCIPLINE)
CITY_CONFERENCE = office([1, 2, 22], L.CITY, K.JOINT_CONFERENCE)
CITY_LAND = office([1, 2, 23], L.CITY, K.DEPARTMENT, fields=["LAND"])
COUNTY = office([1, 2, 3], L.COUNTY)
COUNTY_BUREAU = office([1, 2, 3, 30], L.COUNTY, K.PETITION_OFFICE)
COUNTY_DISCIPLINE = office([1, 2, 3, 31], L.COUNTY, K.DISCIPLINE)
LAND = office([1, 2, 3, 33], L.COUNTY, K.DEPARTMENT, fields=["LAND"])
SCHOOLS = office([1, 2, 3, 34], L.COUNTY, K.DEPARTMENT, fields=["EDUCATION"])
ANY_FIELD = office([1, 2, 3, 35], L.COUNTY, K.DEPARTMENT)
TOWN = office([1, 2, 3, 4], L.TOWN)
SIBLING_TOWN = office([1, 2, 3, 5], L.TOWN)
VILLAGE = office([1, 2, 3, 4, 6], L.VILLAGE)
OTHER_COUNTY = office([1, 2, 7], L.COUNTY)
OTHER_COUNTY_LAND = office([1, 2, 7, 73], L.COUNTY, K.DEPARTMENT, fields=["LAND"])
FAR_TOWN = office([1, 2, 7, 8], L.TOWN)
OTHER_CITY = office([1, 9], L.CITY)
FOREIGN_COUNTY = office([1, 9, 10], L.COUNTY)
#: A city without counties: its town hangs directly below it.
FLAT_TOWN = office([1, 9, 11], L.TOWN)
EVERYBODY = [value for value in list(globals().values()) if isinstance(value, Office)]


@dataclass(frozen=True)
class Subject:
    """What of a case decides where it may go."""

    petition_class: str = PetitionClass.APPEAL_CLAIM
    field: str = "LAND"
    accused_office_ids: tuple[int, ...] = ()


def refusal(kind: OrderKind, sender: Office, target: Office | None, subject: Subject | None = None) -> type | None:
    """The class of the refusal of an order, None if the route is allowed."""
    subject = subject or Subject()
    accused = [each for each in EVERYBODY if each.id in subject.accused_office_ids]
    try:
        routes.check_level(kind, sender, routes.check_target(kind, subject, sender, target, accused))
    except CasewayError as refused:
        return type(refused)
    return None


@pytest.mark.parametrize(
    ("sender", "target", "relation", "direction"),
    [
        (CITY, CITY_BUREAU, Relation.SAME_SEAT, Direction.SAME),
        (COUNTY_BUREAU, COUNTY, Relation.SAME_SEAT, Direction.SAME),
        (COUNTY_BUREAU, LAND, Relation.OWN_BUREAU, Direction.DOWN),
        (LAND, COUNTY_BUREAU, Relation.OWN_GOVERNMENT, Direction.UP),
        (LAND, COUNTY, Relation.OWN_GOVERNMENT, Direction.UP),
        (LAND, SCHOOLS, Relation.FELLOW_BUREAU, Direction.SAME),
        (LAND, CITY_BUREAU, Relation.FAR_ABOVE, Direction.UP),
        (LAND, CITY_LAND, Relation.ELSEWHERE, None),
        (LAND, TOWN, Relation.ELSEWHERE, None),
        (CITY_BUREAU, COUNTY, Relation.BELOW, Direction.DOWN),
        (CITY_BUREAU, COUNTY_BUREAU, Relation.BELOW, Direction.DOWN),
        (CITY_BUREAU, LAND, Relation.FAR_BELOW, Direction.DOWN),
        (CITY, TOWN, Relation.FAR_BELOW, Direction.DOWN),
        (CITY, VILLAGE, Relation.FAR_BELOW, Direction.DOWN),
        (TOWN, VILLAGE, Relation.BELOW, Direction.DOWN),
        (TOWN, COUNTY_BUREAU, Relation.ABOVE, Direction.UP),
        (TOWN, CITY, Relation.FAR_ABOVE, Direction.UP),
        (FLAT_TOWN, OTHER_CITY, Relation.ABOVE, Direction.UP),
        (OTHER_CITY, FLAT_TOWN, Relation.BELOW, Direction.DOWN),
        (TOWN, SIBLING_TOWN, Relation.SIBLING, Direction.SAME),
        (COUNTY_BUREAU, OTHER_COUNTY, Relation.SIBLING, Direction.SAME),
        (CITY_BUREAU, OTHER_CITY, Relation.SIBLING, Direction.SAME),
        (TOWN, FAR_TOWN, Relation.ELSEWHERE, None),
        (LAND, OTHER_COUNTY_LAND, Relation.SIBLING, Direction.SAME),
        (COUNTY, FOREIGN_COUNTY, Relation.OTHER_CITY, Direction.SAME),
        (TOWN, OTHER_COUNTY, Relation.ELSEWHERE, None),
    ],
)
def test_relation_and_direction_follow_seats_and_levels(
    sender: Office, target: Office, relation: Relation, direction: Direction | None
) -> None:
    assert routes.relation(sender, target) is relation
    assert relation.direction is direction


@pytest.mark.parametrize(
    ("kind", "sender", "target", "expected"),
    [
        (OrderKind.FORWARD, CITY_BUREAU, COUNTY_BUREAU, None),
        (OrderKind.FORWARD, CITY_BUREAU, TOWN, None),
        (OrderKind.FORWARD, COUNTY_BUREAU, LAND, None),
        (OrderKind.FORWARD, LAND, ANY_FIELD, None),
        (OrderKind.FORWARD, TOWN, SIBLING_TOWN, WrongLevel),
        (OrderKind.FORWARD, TOWN, COUNTY_BUREAU, WrongLevel),
        (OrderKind.FORWARD, CITY, OTHER_CITY, WrongLevel),
        (OrderKind.ASSIGN, COUNTY_BUREAU, TOWN, None),
        (OrderKind.ASSIGN, COUNTY_BUREAU, COUNTY, WrongLevel),
        (OrderKind.ASSIGN, TOWN, COUNTY, WrongLevel),
        (OrderKind.ASSIGN, TOWN, SIBLING_TOWN, WrongLevel),
        (OrderKind.HAND_OVER, TOWN, SIBLING_TOWN, None),
        (OrderKind.HAND_OVER, CITY, OTHER_CITY, None),
        (OrderKind.HAND_OVER, COUNTY, FOREIGN_COUNTY, None),
        (OrderKind.HAND_OVER, TOWN, FAR_TOWN, WrongLevel),
        (OrderKind.HAND_OVER, CITY, FOREIGN_COUNTY, WrongLevel),
        (OrderKind.HAND_OVER, COUNTY, TOWN, WrongLevel),
        (OrderKind.TAKE_UP, TOWN, COUNTY_BUREAU, None),
        (OrderKind.TAKE_UP, TOWN, COUNTY, None),
        (OrderKind.TAKE_UP, LAND, COUNTY_BUREAU, None),
        (OrderKind.TAKE_UP, FLAT_TOWN, OTHER_CITY, None),
        (OrderKind.TAKE_UP, TOWN, CITY, WrongLevel),
        (OrderKind.TAKE_UP, VILLAGE, COUNTY, WrongLevel),
        (OrderKind.TAKE_UP, LAND, CITY, WrongLevel),
        (OrderKind.TAKE_UP, COUNTY, TOWN, WrongLevel),
        (OrderKind.ADVICE, TOWN, COUNTY, None),
        (OrderKind.ADVICE, TOWN, CITY, WrongLevel),
        (OrderKind.REPORT_UP, TOWN, CITY, None),
        (OrderKind.REPORT_UP, TOWN, PROVINCE, None),
        (OrderKind.REPORT_UP, TOWN, VILLAGE, WrongLevel),
        (OrderKind.SUPERVISE, CITY, TOWN, None),
        (OrderKind.SUPERVISE, TOWN, CITY, WrongLevel),
        (OrderKind.ASSIST, TOWN, LAND, None),
        (OrderKind.ASSIST, TOWN, FAR_TOWN, None),
        (OrderKind.COPY, TOWN, CITY_CONFERENCE, None),
        (OrderKind.ADVICE, COUNTY, CITY_CONFERENCE, None),
    ],
)
def test_each_kind_reaches_what_the_operations_table_says(
    kind: OrderKind, sender: Office, target: Office, expected: type | None
) -> None:
    assert refusal(kind, sender, target) is expected


@pytest.mark.parametrize("kind", [kind for kind in OrderKind if SPECS[kind].permission is not None])
def test_no_order_goes_to_its_sender(kind: OrderKind) -> None:
    sender = CITY_DISCIPLINE if SPECS[kind].for_accusations else CITY_BUREAU
    subject = Subject(petition_class=PetitionClass.ACCUSATION) if SPECS[kind].for_accusations else Subject()
    assert refusal(kind, sender, sender, subject) is SameOffice


@pytest.mark.parametrize(
    ("column", "value", "expected"),
    [
        ("valid_to", SINCE, OfficeClosed),
        ("suspended_at", SINCE, OfficeSuspended),
        ("statistical_only", True, OfficeClosed),
        ("virtual", True, OfficeClosed),
    ],
)
def test_an_office_that_is_not_open_receives_nothing(column: str, value: object, expected: type) -> None:
    closed = office([1, 2, 3, 99], L.TOWN)
    setattr(closed, column, value)
    assert refusal(OrderKind.FORWARD, COUNTY_BUREAU, closed) is expected


def test_an_unknown_office_is_not_found() -> None:
    assert refusal(OrderKind.FORWARD, COUNTY_BUREAU, None) is OfficeNotFound


@pytest.mark.parametrize("kind", [OrderKind.FORWARD, OrderKind.ASSIGN, OrderKind.ASSIST, OrderKind.COPY])
@pytest.mark.parametrize("target", [TOWN, VILLAGE])
@pytest.mark.parametrize("petition_class", list(PetitionClass))
def test_the_accused_office_and_what_lies_below_it_are_refused_first(
    kind: OrderKind, target: Office, petition_class: PetitionClass
) -> None:
    subject = Subject(petition_class=petition_class, accused_office_ids=(TOWN.id,))
    assert refusal(kind, COUNTY_BUREAU, target, subject) is RouteToAccused


def test_institutions_of_an_accused_government_are_refused() -> None:
    subject = Subject(petition_class=PetitionClass.ACCUSATION, accused_office_ids=(COUNTY.id,))
    for target in (COUNTY_BUREAU, COUNTY_DISCIPLINE, LAND):
        assert refusal(OrderKind.ACCUSATION_HAND_OVER, CITY_BUREAU, target, subject) is RouteToAccused


def test_a_sibling_town_is_not_competent_for_an_accusation() -> None:
    subject = Subject(petition_class=PetitionClass.ACCUSATION, accused_office_ids=(TOWN.id,))
    for kind in (OrderKind.FORWARD, OrderKind.ACCUSATION_HAND_OVER, OrderKind.ASSIST, OrderKind.COPY):
        assert refusal(kind, COUNTY_BUREAU, SIBLING_TOWN, subject) is NoCompetence


@pytest.mark.parametrize(
    ("sender", "body", "accused", "allowed"),
    [
        (COUNTY_BUREAU, COUNTY_DISCIPLINE, (TOWN,), True),
        (COUNTY_BUREAU, COUNTY_DISCIPLINE, (LAND,), True),
        (COUNTY_BUREAU, COUNTY_DISCIPLINE, (), True),
        (COUNTY_BUREAU, CITY_DISCIPLINE, (TOWN,), True),
        (TOWN, COUNTY_DISCIPLINE, (SIBLING_TOWN,), True),
        (COUNTY_BUREAU, COUNTY_DISCIPLINE, (OTHER_COUNTY,), False),
        (COUNTY_BUREAU, CITY_DISCIPLINE, (OTHER_COUNTY,), True),
        (COUNTY_BUREAU, CITY_DISCIPLINE, (OTHER_CITY,), False),
        (COUNTY_BUREAU, PROVINCE_DISCIPLINE, (OTHER_CITY,), True),
        (CITY_BUREAU, COUNTY_DISCIPLINE, (TOWN,), False),
        (CITY_DISCIPLINE, COUNTY_DISCIPLINE, (TOWN,), True),
        (CITY_DISCIPLINE, COUNTY_DISCIPLINE, (), False),
        (CITY_DISCIPLINE, COUNTY_DISCIPLINE, (OTHER_COUNTY,), False),
        (OTHER_CITY, CITY_DISCIPLINE, (TOWN,), False),
    ],
)
def test_an_accusation_goes_to_the_body_with_authority_over_the_accused(
    sender: Office, body: Office, accused: tuple[Office, ...], allowed: bool
) -> None:
    subject = Subject(PetitionClass.ACCUSATION, accused_office_ids=tuple(each.id for each in accused))
    assert refusal(OrderKind.ACCUSATION_HAND_OVER, sender, body, subject) is (None if allowed else NoCompetence)


def test_an_accusation_is_handed_over_and_never_forwarded() -> None:
    subject = Subject(petition_class=PetitionClass.ACCUSATION)
    for kind in (OrderKind.FORWARD, OrderKind.ASSIGN, OrderKind.HAND_OVER):
        assert refusal(kind, COUNTY_BUREAU, COUNTY_DISCIPLINE, subject) is NoCompetence


def test_a_discipline_body_receives_no_ordinary_case() -> None:
    for kind in OrderKind:
        assert refusal(kind, COUNTY_BUREAU, COUNTY_DISCIPLINE) is NoCompetence


def test_a_joint_conference_never_receives_custody() -> None:
    assert refusal(OrderKind.HAND_OVER, CITY_BUREAU, CITY_CONFERENCE) is NoCompetence
    assert refusal(OrderKind.TAKE_UP, COUNTY, CITY_CONFERENCE) is NoCompetence


def test_a_department_takes_only_its_fields_unless_a_superior_assigns() -> None:
    assert refusal(OrderKind.FORWARD, COUNTY_BUREAU, SCHOOLS) is NoCompetence
    assert refusal(OrderKind.HAND_OVER, LAND, SCHOOLS) is NoCompetence
    assert refusal(OrderKind.ASSIGN, COUNTY_BUREAU, SCHOOLS) is None
    assert refusal(OrderKind.ASSIST, COUNTY_BUREAU, SCHOOLS) is None
    assert refusal(OrderKind.FORWARD, COUNTY_BUREAU, ANY_FIELD) is None


offices = st.sampled_from(EVERYBODY)
accused_ids = st.lists(offices, max_size=3).map(lambda found: tuple(sorted({each.id for each in found})))


@given(kind=st.sampled_from(OrderKind), sender=offices, target=offices, accused=accused_ids, data=st.data())
def test_no_allowed_route_ever_leads_to_the_accused_side(
    kind: OrderKind, sender: Office, target: Office, accused: tuple[int, ...], data: st.DataObject
) -> None:
    subject = Subject(data.draw(st.sampled_from(PetitionClass)), accused_office_ids=accused)
    if refusal(kind, sender, target, subject) is None:
        assert not set(accused) & set(target.chain)
        assert (target.kind == K.DISCIPLINE) == (subject.petition_class == PetitionClass.ACCUSATION)
        if SPECS[kind].permission and SPECS[kind].moves_custody and not SPECS[kind].for_accusations:
            relation = routes.relation(sender, target)
            assert relation not in (Relation.FAR_ABOVE, Relation.ELSEWHERE)
