"""Duties are judged when their period has ended: the examples of the scenarios, and what holds for every duty."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from caseway.calendars.periods import ONE_DAY, Stretch, ended_at
from caseway.calendars.published import calendar
from caseway.reception.codes import COUNTS_AS, DutyState, SessionActivity
from caseway.reception.duties import Duty, DutyReason, Segment, duties
from caseway.reception.evidence import Held
from caseway.rules.kinds.vocabulary import Activity
from reception.books import duty, fixed, own, rules_of, seed
from reception.duty_world import FEBRUARY, at, ended, kept, on, owed, post, rosters

SECRETARY, HEAD, DEPUTY, CLERK = 1, 2, 3, 9
#: Heads of districts in a municipality have the rank of a bureau's head.
DISTRICT = rules_of("120111", "COUNTY", seed("tianjin"))
DISTRICT_STAFF = [
    *(post(SECRETARY, "BUREAU_HEAD"), post(HEAD, "BUREAU_HEAD"), post(DEPUTY, "BUREAU_DEPUTY")),
    post(CLERK, "STAFF", role="clerk"),
]
STREET = rules_of("120111001", "TOWN", seed("tianjin"), own("120111"))
BUREAU_HEADS = 8


def of_the_district(held: Sequence[Held] = (), *, per: str, now: str = "2027-01-01 00:00") -> list[Duty]:
    """Duties of the district in February with one period."""
    found = owed(DISTRICT, DISTRICT_STAFF, held, now=now, heads_grade=BUREAU_HEADS)
    return [each for each in found if each.per == per]


def of_one_leader(held: Sequence[Held] = (), *, within: Stretch = FEBRUARY, **changes: Any) -> list[Duty]:
    """A duty of one leader."""
    return owed(rules_of("1", "COUNTY", own("1", duty(**changes))), [post(DEPUTY)], held, within=within)


def test_a_visit_on_another_day_does_not_keep_the_fixed_day() -> None:
    """S1.4"""
    visit = on("2026-02-20", DEPUTY, activity="VISIT")
    (missed,) = kept(DISTRICT, DISTRICT_STAFF, visit)
    assert (missed.date.on, missed.state) == (date(2026, 2, 24), DutyState.MISSED)
    (met,) = kept(DISTRICT, DISTRICT_STAFF, [*visit, *on("2026-02-24", DEPUTY, activity="VISIT")])
    assert met.state is DutyState.MET


@pytest.mark.parametrize(
    ("present", "activity"), [((None,), "VISIT"), ((CLERK,), "VISIT"), ((DEPUTY,), "LETTER_READING")]
)
def test_a_fixed_day_is_kept_by_a_leader_who_does_what_the_day_is_for(
    present: tuple[int | None, ...], activity: str
) -> None:
    (found,) = kept(DISTRICT, DISTRICT_STAFF, on("2026-02-24", *present, activity=activity))
    assert found.state is DutyState.MISSED


def test_a_fixed_day_is_judged_when_it_has_ended() -> None:
    visit = on("2026-02-24", DEPUTY, activity="VISIT")
    (open_,) = kept(DISTRICT, DISTRICT_STAFF, visit, now="2026-02-24 23:59")
    assert (open_.state, open_.judged_at) == (DutyState.PENDING, ended("2026-02-25"))
    (judged,) = kept(DISTRICT, DISTRICT_STAFF, visit, now="2026-02-25 00:00")
    assert judged.state is DutyState.MET


def test_nothing_is_owed_on_a_provisional_date() -> None:
    within = Stretch(date(2027, 2, 1), date(2027, 2, 28))
    (found,) = kept(DISTRICT, DISTRICT_STAFF, within=within, now="2027-06-01 00:00")
    assert found.state is DutyState.PROVISIONAL


def test_a_day_held_together_with_departments_is_kept_by_anybody_of_the_roster() -> None:
    rules = rules_of("1", "CITY", own("1", fixed(roll="NEVER", actor="CITY_LEADERS_AND_DEPARTMENTS")))
    (found,) = kept(rules, [], on("2026-02-20", 77, activity="VISIT"))
    assert found.state is DutyState.MET


def test_a_street_receives_every_day_and_uncovered_days_are_listed() -> None:
    """S1.5"""
    covered = [day for day in FEBRUARY.days if day not in (date(2026, 2, 17), date(2026, 2, 18))]
    held = [each for day in covered for each in on(day.isoformat(), DEPUTY)]
    (found,) = owed(STREET, [post(DEPUTY)], held)
    assert (found.required, found.done, found.missing) == (28, 26, 2)
    assert round(found.done / found.required, 4) == 0.9286
    assert found.uncovered == (date(2026, 2, 17), date(2026, 2, 18))
    assert (found.state, found.scope, found.leader_id) == (DutyState.SHORTFALL, "OFFICE", None)


def test_a_daily_duty_is_counted_over_the_days_that_have_ended() -> None:
    (found,) = owed(STREET, [post(DEPUTY)], on("2026-02-01", DEPUTY), now="2026-02-03 12:00")
    assert (found.state, found.required, found.done, found.uncovered) == (
        *(DutyState.PENDING, 2, 1),
        (date(2026, 2, 2),),
    )


def test_a_week_without_any_workday_is_exempt() -> None:
    """S1.6, C8"""
    weeks = {each.period.first: each for each in of_the_district(per="WEEK")}
    assert (weeks[date(2026, 2, 16)].state, weeks[date(2026, 2, 16)].reason) == (
        DutyState.EXEMPT,
        DutyReason.NO_WORKDAY_IN_WEEK,
    )
    short = weeks[date(2026, 2, 23)]
    assert (short.period.last, short.state, short.missing) == (date(2026, 3, 1), DutyState.SHORTFALL, 1)
    held = on("2026-03-01", DEPUTY)
    weeks = {each.period.first: each for each in of_the_district(held, per="WEEK")}
    assert weeks[date(2026, 2, 23)].state is DutyState.MET


def test_each_head_of_a_district_receives_once_a_month() -> None:
    """S1.7: judged at 2026-03-01 00:00, not earlier."""
    held = on("2026-02-11", SECRETARY)
    found = of_the_district(held, per="MONTH", now="2026-03-01 00:00")
    assert [(each.leader_id, each.state, each.missing) for each in found] == [
        (SECRETARY, DutyState.MET, 0),
        (HEAD, DutyState.SHORTFALL, 1),
    ]
    assert {each.judged_at for each in found} == {ended("2026-03-01")}
    found = of_the_district(held, per="MONTH", now="2026-02-28 23:59")
    assert {each.state for each in found} == {DutyState.PENDING}
    assert [(each.done, each.missing) for each in found] == [(1, 0), (0, 0)]


def test_each_leader_of_the_city_receives_or_visits_in_each_half_year() -> None:
    """S1.8"""
    rules = rules_of("12", "CITY", seed("tianjin"))
    within = Stretch(date(2026, 1, 1), date(2026, 6, 30))
    held = on("2026-06-30", 1)
    staff = [post(1), post(2)]
    found = owed(rules, staff, held, within=within, now="2026-07-01 00:00")
    assert [(each.leader_id, each.state, each.missing) for each in found] == [
        (1, DutyState.MET, 0),
        (2, DutyState.SHORTFALL, 1),
    ]
    found = owed(rules, staff, held, within=within, now="2026-06-30 23:59")
    assert {each.state for each in found} == {DutyState.PENDING}


def test_city_leaders_owe_two_days_on_duty_and_a_visit_each_month() -> None:
    """S6: the duties of September."""
    rules = rules_of("370983", "COUNTY", seed("feicheng"))
    third, fifth = 3, 5
    held = [
        *(each for day in ("2026-09-03", "2026-09-21") for each in on(day, third, activity="DUTY_SHIFT")),
        *on("2026-09-24", third, activity="VISIT"),
        *on("2026-09-10", fifth, activity="DUTY_SHIFT"),
    ]
    within = Stretch(date(2026, 9, 1), date(2026, 9, 30))
    found = owed(rules, [post(third), post(fifth)], held, within=within, now="2026-10-01 00:00")
    states = {(each.leader_id, each.activity): (each.state, each.required, each.missing) for each in found}
    assert states == {
        (third, "DUTY_SHIFT"): (DutyState.MET, 2, 0),
        (third, "VISIT"): (DutyState.MET, 1, 0),
        (fifth, "DUTY_SHIFT"): (DutyState.SHORTFALL, 2, 1),
        (fifth, "VISIT"): (DutyState.SHORTFALL, 1, 1),
    }


def test_two_sessions_on_one_day_are_two_sessions_and_one_day() -> None:
    held = [*on("2026-02-10", DEPUTY), *on("2026-02-10", DEPUTY, activity="RECEPTION_AND_VISIT")]
    assert [each.done for each in of_one_leader(held, unit="SESSION")] == [2]
    assert [each.done for each in of_one_leader(held, unit="DAY")] == [1]


def test_only_workdays_count_where_workdays_are_asked_for() -> None:
    held = [*on("2026-02-08", DEPUTY), *on("2026-02-14", DEPUTY)]  # a Sunday, and a Saturday that is worked on
    assert [each.done for each in of_one_leader(held, unit="DAY")] == [2]
    assert [each.done for each in of_one_leader(held, unit="WORKDAY")] == [1]


def test_shift_days_are_days_on_duty_and_cases_are_the_matters_of_the_sessions() -> None:
    held = [*on("2026-02-10", DEPUTY, activity="DUTY_SHIFT"), *on("2026-02-10", DEPUTY, matters=4)]
    held += on("2026-02-11", DEPUTY)
    assert [each.done for each in of_one_leader(held, unit="SHIFT_DAY", activity="DUTY_SHIFT")] == [1]
    assert [each.done for each in of_one_leader(held, unit="CASE")] == [4]


def test_a_substitute_is_credited_and_the_absent_leader_is_not() -> None:
    rules = rules_of("1", "COUNTY", own("1", duty()))
    found = owed(rules, [post(1), post(2)], on("2026-02-10", 2))
    assert {each.leader_id: each.state for each in found} == {1: DutyState.SHORTFALL, 2: DutyState.MET}


def test_an_office_is_not_credited_with_a_session_of_others() -> None:
    rules = rules_of("1", "COUNTY", own("1", duty(scope="OFFICE")))
    (found,) = owed(rules, [post(DEPUTY), post(CLERK, "STAFF", role="clerk")], on("2026-02-10", CLERK))
    assert found.state is DutyState.SHORTFALL


def test_no_leader_owes_a_duty_of_a_period_that_they_were_not_in_post_throughout() -> None:
    rules = rules_of("1", "COUNTY", own("1", duty()))
    came, left = at("2026-02-02 08:00"), at("2026-02-27 18:00")
    found = owed(
        rules, [post(1, since=came), post(2, until=left), post(3, until=came), post(4, until=at("2026-03-01 00:00"))]
    )
    assert {each.leader_id: (each.state, each.reason) for each in found} == {
        **dict.fromkeys((1, 2, 3), (DutyState.EXEMPT, DutyReason.NOT_IN_POST_THROUGHOUT)),
        4: (DutyState.SHORTFALL, None),
    }


def test_a_post_that_was_renewed_is_one_time_in_post() -> None:
    rules = rules_of("1", "COUNTY", own("1", duty()))
    change = at("2026-02-10 08:00")
    (found,) = owed(rules, [post(1, until=change), post(1, "DIVISION_HEAD", since=change)])
    assert found.state is DutyState.SHORTFALL


def test_a_duty_that_nobody_has_the_rank_for_is_vacant() -> None:
    rules = rules_of("1", "COUNTY", own("1", duty(actor="HEADS")))
    (found,) = owed(rules, [post(DEPUTY)])
    assert (found.state, found.reason, found.leader_id) == (DutyState.VACANT, DutyReason.NOBODY_HAS_THE_RANK, None)


@pytest.mark.parametrize(
    "changes", [{"min": 0}, {"per": "EVENT"}, {"per": "CAMPAIGN", "season": "CAMPAIGN"}, {"season": "KEY_PERIOD"}]
)
def test_what_no_calendar_can_count_is_left_out(changes: dict[str, Any]) -> None:
    assert of_one_leader(**changes) == []


def test_workdays_are_owed_and_days_off_are_not() -> None:
    rules = rules_of("1", "COUNTY", own("1", duty(scope="OFFICE", per="WORKDAY")))
    held = [each for day in FEBRUARY.days if calendar().is_workday(day) for each in on(day.isoformat(), DEPUTY)]
    (found,) = owed(rules, [post(DEPUTY)], held)
    assert (found.state, found.required) == (DutyState.MET, 16)
    assert found.uncovered == ()


@pytest.mark.parametrize(("per", "reason"), [("WORKDAY", True), ("WEEK", True), ("DAY", False), ("MONTH", False)])
def test_duties_that_depend_on_an_unpublished_calendar_are_provisional(per: str, reason: bool) -> None:
    within = Stretch(date(2027, 2, 1), date(2027, 2, 7))
    rules = rules_of("1", "COUNTY", own("1", duty(scope="OFFICE", per=per)))
    (found,) = owed(rules, [post(DEPUTY)], within=within, now="2027-06-01 00:00")
    provisional = (DutyState.PROVISIONAL, DutyReason.CALENDAR_NOT_PUBLISHED)
    assert ((found.state, found.reason) == provisional) is reason


def test_no_ten_days_in_a_row_pass_without() -> None:
    held = [*on("2026-01-05", DEPUTY), *on("2026-01-15", DEPUTY)]
    found = of_one_leader(held, per="TEN_DAYS", within=Stretch(date(2026, 1, 1), date(2026, 2, 4)))
    assert [(each.period.first.day, each.period.last.day, each.state) for each in found] == [
        (1, 5, DutyState.MET),
        (6, 15, DutyState.MET),
        (16, 25, DutyState.SHORTFALL),
        (26, 4, DutyState.SHORTFALL),
    ]


def test_a_duty_is_pinned_to_the_rules_of_the_first_day_of_its_period() -> None:
    """INV-22: twice a week from Wednesday, 11 February on; the week that has begun stays as it was."""
    old, new = (rules_of("1", "COUNTY", own("1", duty(scope="OFFICE", per="WEEK", min=n))) for n in (1, 2))
    change = date(2026, 2, 11)
    segments = [
        Segment(Stretch(date(2026, 1, 1), change - ONE_DAY), rosters(old, [post(DEPUTY)])),
        Segment(Stretch(change, FEBRUARY.last), rosters(new, [post(DEPUTY)])),
    ]
    found = duties(segments, within=FEBRUARY, held=[], calendar=calendar(), now=datetime(2027, 1, 1, tzinfo=UTC))
    asked = [(each.period.first, each.least) for each in found]
    assert asked == [
        *((date(2026, 1, 26), 1), (date(2026, 2, 2), 1), (date(2026, 2, 9), 1)),
        *((date(2026, 2, 16), 2), (date(2026, 2, 23), 2)),
    ]


def test_a_daily_duty_is_counted_apart_under_each_version() -> None:
    rules = rules_of("1", "COUNTY", own("1", duty(scope="OFFICE", per="DAY")))
    segments = [
        Segment(Stretch(date(2026, 1, 1), date(2026, 2, 9)), rosters(rules, [post(DEPUTY)])),
        Segment(Stretch(date(2026, 2, 10), date(2026, 2, 28)), rosters(rules, [post(DEPUTY)])),
    ]
    found = duties(segments, within=FEBRUARY, held=[], calendar=calendar(), now=datetime(2027, 1, 1, tzinfo=UTC))
    assert [(each.period.first.day, each.required) for each in found] == [(1, 9), (10, 19)]


def test_every_activity_of_a_rule_can_be_done_by_some_session_but_campaigns() -> None:
    assert {each.value for each in Activity} - COUNTS_AS.keys() == {"HOUSEHOLD_VISIT"}
    assert set().union(*COUNTS_AS.values()) == set(SessionActivity)


PERS = st.sampled_from(["DAY", "WORKDAY", "WEEK", "TEN_DAYS", "HALF_MONTH", "MONTH", "TWO_MONTHS", "QUARTER", "YEAR"])


@settings(deadline=None, max_examples=60)
@given(
    per=PERS,
    least=st.integers(1, 4),
    scope=st.sampled_from(["EACH", "OFFICE"]),
    unit=st.sampled_from(["SESSION", "DAY", "WORKDAY"]),
    days=st.lists(st.dates(date(2026, 1, 1), date(2026, 4, 30)), max_size=30),
    first=st.dates(date(2026, 1, 1), date(2026, 4, 1)),
    length=st.integers(0, 60),
    late=st.integers(0, 200),
)
def test_every_duty_adds_up_and_nothing_is_judged_early(
    per: str, least: int, scope: str, unit: str, days: list[date], first: date, length: int, late: int
) -> None:
    within = Stretch(first, first + timedelta(days=length))
    now = ended_at(first + timedelta(days=late))
    rules = rules_of("1", "COUNTY", own("1", duty(per=per, min=least, scope=scope, unit=unit)))
    held = [each for day in sorted(set(days)) for each in on(day.isoformat(), DEPUTY)]
    found = owed(rules, [post(DEPUTY)], held, within=within, now=now.strftime("%Y-%m-%d %H:%M"))
    daily = per in ("DAY", "WORKDAY")
    for each in found:
        assert each.period.touches(within)
        assert each.judged_at == ended_at(each.period.last)
        if each.state in (DutyState.MET, DutyState.SHORTFALL):
            assert each.judged_at <= now
            assert (each.missing > 0) is (each.state is DutyState.SHORTFALL)
        if each.state is DutyState.PENDING:
            assert each.judged_at > now
        assert each.missing == (each.required - each.done if daily else max(each.required - each.done, 0)) or (
            each.state is DutyState.PENDING and each.missing == 0
        )
        assert (each.uncovered is not None) is daily
    if daily:
        (only,) = found
        assert only.period == within and only.uncovered is not None
        assert len(only.uncovered) == only.missing
