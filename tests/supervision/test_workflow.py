"""Which lateness opens a supervision by which rule, and where one stands."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from caseway.clocks.workflow import ClockKind
from caseway.rules.resolve import EffectiveRules, resolve
from caseway.rules.rows import Book, BookRole, BookVersion, Row
from caseway.rules.values import Level, Span, Unit
from caseway.supervision.workflow import Cause, SupervisionState, cause_of, openings, state_of
from caseway.tenancy.models import OfficeKind
from support.rulebooks import place, rules_for, shipped

UNIT = place("370983-zrzy", "37", "3709", "370983", kind=OfficeKind.DEPARTMENT)
NOW = datetime(2026, 10, 1, tzinfo=UTC)


def opened(rules: EffectiveRules, cause: Cause = Cause.OVERDUE) -> list[tuple[str, str, str, Span | None]]:
    """Supervising body, book, row, and time to reply of each opening."""
    return [(each.by, each.ref.book, each.ref.row_id, each.reply_within) for each in openings(rules, cause)]


def office_book(code: str, *rows: Row) -> BookVersion:
    """A book of an office with these rows."""
    return BookVersion(Book("own", "own", BookRole.OFFICE, office_code=code), 1, date(2026, 1, 1), rows)


def supervision(id: str, **params: object) -> Row:
    """A row about supervision that reaches everything below."""
    return Row(id=id, kind="supervision", applies_to="SUBTREE", params=params)


def test_a_limit_that_passed_is_a_delay_and_a_breach_under_the_law_of_2022() -> None:
    """S6: the law's grounds of art. 40; it gives no number of days for the reply."""
    rules = rules_for(UNIT, ["law-2022", "law-sd-2015", "feicheng"])
    assert opened(rules) == [("PETITION_OFFICE", "law-2022", "L22-28", None)]


def test_before_2022_the_reply_was_due_in_30_days_and_a_missing_report_counted_too() -> None:
    rules = rules_for(place("3709", "37", level=Level.CITY), ["law-2005"])
    reply = Span(30, Unit.DAY)
    assert opened(rules) == [("PETITION_OFFICE", "law-2005", "L05-04", reply)]
    assert opened(rules, Cause.NO_FEEDBACK) == [("PETITION_OFFICE", "law-2005", "L05-04", reply)]


def test_rules_without_lateness_among_their_triggers_open_nothing() -> None:
    county = place("610402", "61", "6104")
    found = rules_for(county, ["qindu"])
    assert opened(found) == []
    assert opened(found, Cause.NO_FEEDBACK) == []


def test_two_bodies_supervise_side_by_side_and_the_strictest_time_to_reply_counts() -> None:
    own = office_book(
        "3709",
        supervision("O-1", by="PETITION_OFFICE", reply_within={"n": 10, "unit": "WORKDAY"}),
        supervision("O-2", by="JOINT_CONFERENCE", trigger=["OVERDUE"], reply_within={"n": 3, "unit": "DAY"}),
    )
    rules = resolve([*shipped("law-2022"), own], UNIT)
    assert opened(rules) == [
        ("PETITION_OFFICE", "law-2022", "L22-28", Span(10, Unit.WORKDAY)),
        ("JOINT_CONFERENCE", "own", "O-2", Span(3, Unit.DAY)),
    ]


def test_a_row_that_is_switched_off_opens_nothing() -> None:
    off = replace(supervision("O-2", by="JOINT_CONFERENCE", trigger=["OVERDUE"]), enabled=False)
    assert opened(resolve([office_book("3709", off)], UNIT)) == []


@pytest.mark.parametrize(
    ("kind", "cause"),
    [
        (ClockKind.HANDLE, Cause.OVERDUE),
        (ClockKind.FORWARD, Cause.OVERDUE),
        (ClockKind.ACCEPT_NOTICE, Cause.OVERDUE),
        (ClockKind.REDO, Cause.OVERDUE),
        (ClockKind.ORDER, Cause.NO_FEEDBACK),
        (ClockKind.SIGN_FOR, None),
        (ClockKind.OBJECT, None),
        (ClockKind.REVIEW_WINDOW, None),
    ],
)
def test_only_what_an_office_owes_supervises_it(kind: ClockKind, cause: Cause | None) -> None:
    assert cause_of(kind) is cause


def test_where_a_supervision_stands_follows_from_its_order() -> None:
    before, after = datetime(2026, 9, 1, tzinfo=UTC), datetime(2026, 11, 1, tzinfo=UTC)

    def stands(state: str, *, replied: bool = False, due: datetime | None = None) -> SupervisionState:
        return state_of(state, replied=replied, report_due_at=due, now=NOW)

    assert stands("DELIVERED") is SupervisionState.OPEN
    assert stands("DELIVERED", due=after) is SupervisionState.OPEN
    assert stands("DELIVERED", due=NOW) is SupervisionState.LAPSED
    assert stands("DELIVERED", due=before) is SupervisionState.LAPSED
    assert stands("DONE", replied=True, due=before) is SupervisionState.REPLIED
    assert stands("DONE", due=before) is SupervisionState.ENDED
