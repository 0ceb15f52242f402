"""Which reports an office owes for which periods, until when, and whether they were filed."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from caseway.calendars.periods import CUT, Stretch, ended_at, midnight
from caseway.calendars.published import calendar
from caseway.rules.place import OfficePlace
from caseway.rules.rows import RowRef
from caseway.rules.values import Level, Span, Unit
from caseway.supervision.report_duties import (
    DutyState,
    PeriodDuty,
    ReportRule,
    Sender,
    due_after,
    first_days,
    is_sender,
    owed,
    period_duty,
    report_rules,
    state,
)
from caseway.tenancy.models import Level as TreeLevel
from caseway.tenancy.models import OfficeKind
from support.rulebooks import place, rules_for

BANNER = ["law-2022", "dongwuqi"]
FORESTRY = place("152525-lcj", "15", "1525", "152525", kind=OfficeKind.DEPARTMENT)
TOWN = place("152525100", "15", "1525", "152525", level=Level.TOWN)
VILLAGE = place("152525100201", "15", "1525", "152525", "152525100", level=Level.VILLAGE)
MARCH = Stretch(date(2026, 3, 1), date(2026, 3, 31))


def sender(where: OfficePlace, *, petition_office: bool = True, conference: bool = True) -> Sender:
    """The facts of an office from its place."""
    parent = where.chain[-1][1] if where.chain else None
    return Sender(where.code, where.kind, TreeLevel(where.level.value), parent, petition_office, conference)


def sent_by(where: OfficePlace, systems: list[str], owners: dict[str, str]) -> list[ReportRule]:
    """The rules of these books that name the office as the sender."""
    found = report_rules(rules_for(where, systems))
    return [each for each in found if is_sender(each.sender, sender(where), owner_code=owners.get(each.ref.book))]


def rule(per: str | None, *, within: Span | str | None = None, on_event: str | None = None) -> ReportRule:
    """Some rule about a report."""
    return ReportRule(RowRef("own", 1, "R-1"), "SUMMARY", "SELF", ("GOVERNMENT",), (), per, on_event, within, ())


def always(*rules: ReportRule) -> Callable[[date], Iterable[ReportRule]]:
    """The same rules on every day."""
    return lambda day: rules


@pytest.mark.parametrize("where", [FORESTRY, TOWN], ids=["unit", "town"])
def test_units_and_towns_of_the_banner_owe_the_march_report(where: OfficePlace) -> None:
    """S2.12: to 旗委 and 旗政府, copy to 旗信访局."""
    rules = sent_by(where, BANNER, {"dongwuqi": "152525"})
    (found,) = owed(always(*rules), within=MARCH, calendar=calendar())
    assert (found.rule.name, found.rule.ref.row_id) == ("MONTHLY_SUMMARY", "DWQ-19")
    assert (found.rule.to, found.rule.cc) == (("PARTY_COMMITTEE", "GOVERNMENT"), ("PETITION_OFFICE",))
    assert (found.period, found.due_on, found.provisional) == (MARCH, date(2026, 3, 31), False)


def test_neither_the_banner_itself_nor_a_village_owes_it() -> None:
    banner = place("152525", "15", "1525")
    for where in (banner, VILLAGE):
        assert "MONTHLY_SUMMARY" not in {each.name for each in sent_by(where, BANNER, {"dongwuqi": "152525"})}


def test_a_report_is_missing_when_its_last_day_has_ended_and_met_also_when_it_came_late() -> None:
    due_at = ended_at(date(2026, 3, 31))
    just_before = due_at - timedelta(microseconds=1)
    assert state(due_at, filed_at=None, now=just_before) is DutyState.PENDING
    assert state(due_at, filed_at=None, now=due_at) is DutyState.MISSING
    assert state(due_at, filed_at=due_at + timedelta(days=3), now=due_at + timedelta(days=4)) is DutyState.MET


def test_the_yearly_report_is_the_petition_offices_and_of_a_county_without_one_its_governments() -> None:
    office = place("370983-xfj", "37", "3709", "370983", kind=OfficeKind.PETITION_OFFICE)
    county = place("370983", "37", "3709")
    town = place("370983105", "37", "3709", "370983", level=Level.TOWN)
    assert is_sender("PETITION_OFFICE", sender(office), owner_code=None)
    assert not is_sender("PETITION_OFFICE", sender(county), owner_code=None)
    assert is_sender("PETITION_OFFICE", sender(county, petition_office=False), owner_code=None)
    assert not is_sender("PETITION_OFFICE", sender(town, petition_office=False), owner_code=None)
    assert "ANNUAL" in {each.name for each in sent_by(office, ["law-2022"], {})}


def test_a_joint_conference_without_an_office_reports_through_the_petition_office() -> None:
    office = place("3304-xfj", "33", "3304", kind=OfficeKind.PETITION_OFFICE, level=Level.CITY)
    conference = place("3304-lxh", "33", "3304", kind=OfficeKind.JOINT_CONFERENCE, level=Level.CITY)
    assert is_sender("JOINT_CONFERENCE_OFFICE", sender(conference), owner_code="3304")
    assert not is_sender("JOINT_CONFERENCE_OFFICE", sender(office), owner_code="3304")
    assert is_sender("JOINT_CONFERENCE_OFFICE", sender(office, conference=False), owner_code="3304")


def test_a_section_reports_as_its_office_and_nobody_else() -> None:
    federation = place("5117-cl", "51", "5117", kind=OfficeKind.DEPARTMENT, level=Level.CITY)
    other = place("5117-jy", "51", "5117", kind=OfficeKind.DEPARTMENT, level=Level.CITY)
    assert is_sender("RIGHTS_SECTION", sender(federation), owner_code="5117-cl")
    assert is_sender("SELF", sender(federation), owner_code="5117-cl")
    assert not is_sender("SELF", sender(other), owner_code="5117-cl")
    assert not is_sender("SELF", sender(other), owner_code=None)


def test_every_period_has_its_last_day() -> None:
    """The first quarter of 2026; 02-14 and 02-28 are make-up workdays, 02-15 to 02-23 a holiday."""
    quarter = Stretch(date(2026, 1, 1), date(2026, 3, 31))

    def due_days(per: str) -> list[date]:
        return [each.due_on for each in owed(always(rule(per)), within=quarter, calendar=calendar())]

    assert due_days("MONTH") == [date(2026, 1, 31), date(2026, 2, 28), date(2026, 3, 31)]
    assert due_days("HALF_MONTH")[:2] == [date(2026, 1, 15), date(2026, 1, 31)]
    assert due_days("WEEK")[0] == date(2026, 1, 4)
    assert due_days("TWO_MONTHS") == [date(2026, 2, 28)]
    assert due_days("QUARTER") == [date(2026, 3, 31)]
    assert due_days("HALF_YEAR") == due_days("YEAR") == []
    assert len(due_days("DAY")) == 90
    workdays = due_days("WORKDAY")
    assert date(2026, 2, 14) in workdays and date(2026, 2, 16) not in workdays
    assert due_days("PERIODIC") == due_days("EVENT") == []


def test_time_after_the_end_of_a_period_moves_the_last_day() -> None:
    five = Span(5, Unit.WORKDAY)
    duty = period_duty(
        rule("MONTH", within=five), date(2026, 1, 1), within=Stretch(date(2026, 1, 1), date(2026, 4, 1)),
        calendar=calendar(),
    )  # fmt: skip
    assert duty is not None
    assert duty.due_on == date(2026, 2, 6)
    assert period_duty(rule("MONTH"), date(2026, 1, 2), within=MARCH, calendar=calendar()) is None
    found = list(owed(always(rule("MONTH", within=five)), within=MARCH, calendar=calendar()))
    assert [each.period.first for each in found] == [date(2026, 2, 1)]


def test_a_last_day_in_a_year_without_a_calendar_is_provisional() -> None:
    within = Stretch(date(2027, 1, 1), date(2027, 1, 31))
    found = list(owed(always(rule("YEAR", within=Span(10, Unit.WORKDAY))), within=within, calendar=calendar()))
    assert [(each.period.first, each.provisional) for each in found] == [(date(2026, 1, 1), True)]


def test_a_period_is_judged_by_the_rules_of_its_first_day() -> None:
    """INV-22: the rule is new from 10 March, so the first report is that of April."""

    def rules_on(day: date) -> list[ReportRule]:
        return [rule("MONTH")] if day >= date(2026, 3, 10) else []

    spring = Stretch(date(2026, 3, 1), date(2026, 5, 31))
    found = list(owed(rules_on, within=spring, calendar=calendar()))
    assert [each.due_on for each in found] == [date(2026, 4, 30), date(2026, 5, 31)]


def test_a_report_on_an_event_is_due_at_once_unless_the_rule_gives_time() -> None:
    at = datetime(2026, 9, 17, 7, tzinfo=UTC)
    assert due_after(at, "IMMEDIATE", calendar()) == at
    assert due_after(at, None, calendar()) == at
    assert due_after(at, Span(1, Unit.HOUR), calendar()) == at + timedelta(hours=1)
    assert due_after(at, Span(1, Unit.DAY), calendar()) == midnight(date(2026, 9, 19))


SPANS = st.one_of(
    st.none(), st.builds(Span, st.integers(1, 20), st.sampled_from([Unit.DAY, Unit.WORKDAY])), st.just("IMMEDIATE")
)
DAYS = st.dates(date(2025, 1, 1), date(2026, 12, 1))


@given(per=st.sampled_from(sorted(CUT)), within=SPANS, first=DAYS, length=st.integers(1, 100))
def test_every_period_is_owed_exactly_once_and_never_due_before_it_ends(
    per: str, within: Span | str | None, first: date, length: int
) -> None:
    """However the days are cut into ranges, the same duties come out."""
    last = first + timedelta(days=length - 1)

    def found(low: date, high: date) -> list[PeriodDuty]:
        return list(owed(always(rule(per, within=within)), within=Stretch(low, high), calendar=calendar()))

    whole = found(first, last)
    assert len({each.period for each in whole}) == len(whole)
    assert all(first <= each.due_on <= last and each.due_on >= each.period.last for each in whole)
    assert {each.period.first for each in whole} <= set(first_days(Stretch(first, last)))
    if length > 1:
        middle = first + timedelta(days=length // 2 - 1)
        parts = [*found(first, middle), *found(middle + timedelta(days=1), last)]
        assert sorted(parts, key=lambda each: each.period) == sorted(whole, key=lambda each: each.period)
