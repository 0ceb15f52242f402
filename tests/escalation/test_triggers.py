"""Escalation rules on snapshots of cases: what fires, what is told as the reason, and that predictions come true."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from caseway.calendars.published import calendar as published
from caseway.clocks.arithmetic import Limit, Unit
from caseway.escalation.counters import Counter, Occurrence
from caseway.escalation.triggers import (
    AfterClock,
    Climbed,
    ClockSeen,
    EscalationRule,
    Finding,
    RungRule,
    Snapshot,
    evaluate,
    first_due,
)
from caseway.escalation.values import NAMES, NEVER, CaseFacts, RunningLimit
from caseway.escalation.workflow import EscalationState, Gives
from caseway.rules import conditions
from caseway.rules.condition_fields import FIELDS, NO_LIMIT_DAYS

SHANGHAI = ZoneInfo("Asia/Shanghai")
CALENDAR = published()


def _at(text: str) -> datetime:
    return datetime.fromisoformat(f"2026-{text}").replace(tzinfo=SHANGHAI).astimezone(UTC)


REGISTERED = _at("09-08 10:00")
#: 24:00 of 09-30.
DUE = _at("10-01 00:00")
HANDLE = ClockSeen(uuid.UUID(int=1), "HANDLE", DUE, DUE, None, is_suspended=False)
COUNTY = RungRule("COUNTY", Gives.TAKE_UP)


def _facts(**changes: Any) -> CaseFacts:
    facts = CaseFacts(
        petition_class="APPEAL_CLAIM",
        proceeding="HANDLING",
        stage="HANDLING",
        channel="VISIT",
        field="LAND",
        place_code="370983105",
        grade="GENERAL",
        is_first_time=True,
        group_size=1,
        registrations=1,
        bounces=0,
        redos=0,
        extensions=0,
        assistants=0,
        holder_level="TOWN",
        holder_kind="GOVERNMENT",
        level_registered="TOWN",
        received_at=REGISTERED,
        registered_at=REGISTERED,
        under_supervision=False,
        supervisions=0,
        escalations=0,
        escalation_depth=0,
        escalations_refused=0,
        held_since=REGISTERED,
        limits=(RunningLimit("HANDLE", DUE, DUE, is_law=False),),
        calendar=CALENDAR,
    )
    return replace(facts, **changes)


def _snapshot(
    now: str | datetime,
    *,
    clocks: Sequence[ClockSeen] = (HANDLE,),
    registrations: Sequence[Occurrence] = (),
    climbed: Sequence[Climbed] = (),
    stage: str = "HANDLING",
    facts: CaseFacts | None = None,
) -> Snapshot:
    return Snapshot(
        now=_at(now) if isinstance(now, str) else now,
        stage=stage,
        is_open=stage != "CLOSED",
        is_answered=stage == "ANSWERED",
        clocks=clocks,
        registrations=registrations,
        climbed=climbed,
        values=(facts or _facts()).values,
        calendar=CALENDAR,
    )


def _rule(*rungs: RungRule, **parts: Any) -> EscalationRule:
    return EscalationRule("DEFAULT", ("MULTI_DEPT",), rungs or (COUNTY,), **parts)


def _only(rule: EscalationRule, snapshot: Snapshot) -> Finding:
    (finding,) = evaluate(rule, snapshot)
    return finding


# --- By a clock -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("amount", "unit", "instant"),
    [
        (0, Unit.DAY, "10-01 00:00"),
        (3, Unit.DAY, "10-04 00:00"),
        (1, Unit.WORKDAY, "10-09 00:00"),  # 10-01 to 10-07 are days off
        (-3, Unit.DAY, "09-27 00:00"),
        (-3, Unit.WORKDAY, "09-24 00:00"),  # 09-29, 09-28, 09-24: the Mid-Autumn days off lie between
        (-12, Unit.HOUR, "09-30 12:00"),
        (90, Unit.MINUTE, "10-01 01:30"),
        (1, Unit.MONTH, "10-31 00:00"),
    ],
)
def test_the_instant_is_counted_from_the_end_of_the_clock(amount: int, unit: Unit, instant: str) -> None:
    rule = _rule(after=AfterClock("HANDLE", amount, unit))
    finding = _only(rule, _snapshot("09-10 09:00"))
    assert finding.next_at == _at(instant)
    assert not finding.fires
    assert not _only(rule, _snapshot(_at(instant) - timedelta(microseconds=1))).fires
    fired = _only(rule, _snapshot(instant))
    assert fired.fires and fired.automatic and fired.next_at == _at(instant)
    assert fired.occurrence == str(HANDLE.id)


def test_a_clock_that_was_stopped_in_time_never_fires() -> None:
    rule = _rule(after=AfterClock("HANDLE", 0, Unit.DAY))
    stopped = replace(HANDLE, stopped_at=_at("09-30 23:59"))
    finding = _only(rule, _snapshot("10-09 09:00", clocks=[stopped]))
    assert not finding.fires and finding.next_at is None and finding.look_at is None
    assert "stopped" in finding.conditions[1].seen


def test_a_clock_that_was_stopped_too_late_has_fired() -> None:
    rule = _rule(after=AfterClock("HANDLE", 0, Unit.DAY))
    assert _only(rule, _snapshot("10-09 09:00", clocks=[replace(HANDLE, stopped_at=DUE)])).fires


def test_a_clock_that_is_suspended_waits() -> None:
    rule = _rule(after=AfterClock("HANDLE", 0, Unit.DAY))
    finding = _only(rule, _snapshot("10-09 09:00", clocks=[replace(HANDLE, is_suspended=True)]))
    assert not finding.fires and finding.next_at is None


def test_without_such_a_clock_nothing_happens() -> None:
    finding = _only(_rule(after=AfterClock("REDO", 0, Unit.DAY)), _snapshot("10-09 09:00"))
    assert not finding.fires and finding.next_at is None
    assert finding.conditions[1].seen == "no such clock has started"


def test_the_newest_clock_of_the_stage_counts_and_fires_for_itself() -> None:
    rule = _rule(after=AfterClock("HANDLE", 0, Unit.DAY))
    again = ClockSeen(uuid.UUID(int=2), "HANDLE", _at("11-01 00:00"), _at("11-01 00:00"), None, is_suspended=False)
    before = Climbed("DEFAULT", 0, str(HANDLE.id), EscalationState.CLOSED, DUE)
    stopped = replace(HANDLE, stopped_at=_at("10-02 09:00"))
    finding = _only(rule, _snapshot("10-05 09:00", clocks=[stopped, again], climbed=[before]))
    assert finding.occurrence == str(again.id) and finding.next_at == _at("11-01 00:00")


def test_a_limit_in_hours_is_met_at_its_last_instant() -> None:
    end = _at("09-08 10:30")
    clock = ClockSeen(
        uuid.UUID(int=3), "SIGN_AND_ROUTE", end, end + timedelta(microseconds=1), None, is_suspended=False
    )
    rule = _rule(after=AfterClock("SIGN_AND_ROUTE", 0, Unit.MINUTE))
    assert not _only(rule, _snapshot(end, clocks=[clock])).fires
    assert not _only(rule, _snapshot("09-08 11:00", clocks=[replace(clock, stopped_at=end)])).fires
    assert _only(rule, _snapshot("09-08 11:00", clocks=[clock])).fires


def test_what_was_raised_for_a_clock_is_not_raised_again() -> None:
    rule = _rule(after=AfterClock("HANDLE", 0, Unit.DAY))
    for state in EscalationState:
        climbed = [Climbed("DEFAULT", 0, str(HANDLE.id), state, DUE)]
        assert evaluate(rule, _snapshot("10-09 09:00", climbed=climbed)) == ()


def test_a_closed_case_is_left_alone() -> None:
    finding = _only(_rule(after=AfterClock("HANDLE", 0, Unit.DAY)), _snapshot("10-09 09:00", stage="CLOSED"))
    assert not finding.fires and finding.next_at is None


# --- By a condition -------------------------------------------------------------------------------------------------


def test_a_condition_that_holds_fires_at_once() -> None:
    finding = _only(_rule(when="group_size >= 20"), _snapshot("09-10 09:00", facts=_facts(group_size=23)))
    assert finding.fires and finding.next_at == _at("09-10 09:00")
    assert finding.conditions[1].seen == "group_size = 23"


def test_a_condition_that_time_cannot_fulfil_is_not_waited_for() -> None:
    finding = _only(_rule(when="group_size >= 20"), _snapshot("09-10 09:00"))
    assert not finding.fires and finding.next_at is None and finding.look_at is None


@pytest.mark.parametrize(
    ("text", "instant"),
    [
        ("days_open >= 30", "10-08 00:00"),
        ("workdays_open >= 5", "09-15 00:00"),
        ("months_open >= 1", "10-08 00:00"),
        ("days_held > 2", "09-11 00:00"),
        ("is_overdue", "10-01 00:00"),
        ("overdue_days >= 5", "10-05 00:00"),
        ("days_left <= 3", "09-27 00:00"),
        ("'HANDLE' in overdue_stages", "10-01 00:00"),
        ("month == 12 && day_of_month == 3", "12-03 00:00"),
        ("weekday == 1", "09-14 00:00"),
        ("now >= timestamp('2026-09-20T09:00:00+08:00')", "09-21 00:00"),  # looked at every midnight
    ],
)
def test_when_time_will_fulfil_a_condition_is_foretold(text: str, instant: str) -> None:
    finding = _only(_rule(when=text), _snapshot("09-10 09:00"))
    assert not finding.fires
    assert finding.next_at == finding.look_at == _at(instant)
    assert not _only(_rule(when=text), _snapshot(_at(instant) - timedelta(days=1))).fires
    assert _only(_rule(when=text), _snapshot(instant)).fires


def test_a_condition_is_looked_at_again_after_the_horizon() -> None:
    finding = _only(_rule(when="days_open > 900"), _snapshot("09-10 09:00"))
    assert finding.next_at is None
    assert finding.look_at is not None and finding.look_at > _at("12-31 00:00") + timedelta(days=200)
    assert first_due([finding]) == finding.look_at


def test_a_condition_that_cannot_be_answered_is_not_met_and_says_why() -> None:
    finding = _only(_rule(when="100 / extensions > 1"), _snapshot("09-10 09:00"))
    assert not finding.fires and finding.next_at is None
    assert finding.failed is not None and "zero" in finding.failed
    assert "zero" in finding.conditions[1].seen and not finding.conditions[1].met


def test_a_condition_with_a_mistake_never_fires() -> None:
    finding = _only(_rule(when="days_opn > 1"), _snapshot("09-10 09:00"))
    assert not finding.fires and finding.next_at is None and finding.failed


def test_a_clock_and_a_condition_are_both_asked_for() -> None:
    rule = _rule(after=AfterClock("HANDLE", 0, Unit.DAY), when="workdays_open >= 20")
    finding = _only(rule, _snapshot("09-10 09:00"))
    # Because of the holidays the twentieth workday is 10-12, later than the end of the clock.
    assert finding.next_at == _at("10-12 00:00")
    assert [each.met for each in finding.conditions] == [True, False, False]
    assert [each.met for each in _only(rule, _snapshot("10-02 09:00")).conditions] == [True, True, False]
    assert _only(rule, _snapshot("10-12 00:00")).fires


# --- By registrations -----------------------------------------------------------------------------------------------


def _visit(day: str) -> Occurrence:
    return Occurrence(uuid.uuid4(), _at(f"{day} 09:00"), "VISIT", 12, "CITY")


THREE = Counter(3, Limit(7, Unit.DAY, "test"), group_min=5, channel="VISIT", at_level="CITY")


def test_a_counter_fires_when_its_window_is_full() -> None:
    visits = [_visit("09-08"), _visit("09-10"), _visit("09-12")]
    waiting = _only(_rule(counter=THREE), _snapshot("09-11 09:00", registrations=visits))
    assert not waiting.fires and waiting.next_at is None
    assert (waiting.conditions[1].wanted, waiting.conditions[1].seen) == ("3", "2, one more counts until 2026-09-15")
    assert waiting.conditions[1].text == (
        "registrations of the matter within 7 DAY, by VISIT, of 5 people or more, at a CITY"
    )
    fired = _only(_rule(counter=THREE), _snapshot("09-12 09:00", registrations=visits))
    assert fired.fires and fired.occurrence == str(visits[2].id)
    assert fired.counted == {each.id for each in visits}


def test_a_window_fires_once_and_the_next_one_again() -> None:
    visits = [_visit(f"09-{day:02}") for day in range(8, 14)]
    first = _only(_rule(counter=THREE), _snapshot("09-20 09:00", registrations=visits))
    climbed = [Climbed("DEFAULT", 0, first.occurrence, EscalationState.RAISED, _at("09-20 09:00"), first.counted)]
    second = _only(_rule(counter=THREE), _snapshot("09-20 09:00", registrations=visits, climbed=climbed))
    assert second.fires and second.counted == {each.id for each in visits[3:]}
    climbed.append(Climbed("DEFAULT", 0, second.occurrence, EscalationState.RAISED, _at("09-20 09:01"), second.counted))
    third = _only(_rule(counter=THREE), _snapshot("09-20 09:00", registrations=visits, climbed=climbed))
    assert not third.fires


# --- Further rungs --------------------------------------------------------------------------------------------------

LADDER = (
    RungRule("COUNTY", Gives.ADVISE, answer_within=Limit(5, Unit.WORKDAY, "test")),
    RungRule("CITY", Gives.TAKE_UP, after=Limit(10, Unit.DAY, "test")),
    RungRule("PROVINCE", Gives.INFORM, after=Limit(10, Unit.DAY, "test"), automatic=True),
    RungRule("PROVINCE", Gives.ADVISE),
)
RAISED = _at("10-01 00:00")


def _climbed(rung: int, state: EscalationState = EscalationState.RAISED, *, after_days: int = 0) -> Climbed:
    return Climbed("DEFAULT", rung, str(HANDLE.id), state, RAISED + timedelta(days=after_days))


def test_the_next_rung_is_counted_from_the_one_before() -> None:
    rule = _rule(*LADDER, after=AfterClock("HANDLE", 0, Unit.DAY))
    finding = _only(rule, _snapshot("10-05 09:00", climbed=[_climbed(0)]))
    # Raised on 10-01 at 0:00: ten days after it end with 10-11.
    assert (finding.rung, finding.tells, finding.next_at) == (1, "CITY", _at("10-12 00:00"))
    fired = _only(rule, _snapshot("10-12 00:00", climbed=[_climbed(0)]))
    assert fired.fires and not fired.automatic, "a further rung is proposed, not raised, unless the rule says so"
    assert fired.occurrence == str(HANDLE.id)


def test_a_rung_that_the_rule_raises_by_itself_is_raised() -> None:
    rule = _rule(*LADDER, after=AfterClock("HANDLE", 0, Unit.DAY))
    climbed = [_climbed(0), _climbed(1, after_days=12)]
    fired = _only(rule, _snapshot("10-30 09:00", climbed=climbed))
    assert (fired.rung, fired.fires, fired.automatic) == (2, True, True)


@pytest.mark.parametrize(
    ("state", "next_at"),
    [
        (EscalationState.RAISED, "10-14 00:00"),  # five workdays after 10-01: 10-08, 10-09, 10-10, 10-12, 10-13
        (EscalationState.TAKEN, "10-14 00:00"),
        (EscalationState.ANSWERED, None),
        (EscalationState.REFUSED, None),
    ],
)
def test_a_rung_that_follows_by_itself_without_a_time_waits_for_the_answer(
    state: EscalationState, next_at: str | None
) -> None:
    rule = _rule(LADDER[0], replace(LADDER[3], automatic=True), after=AfterClock("HANDLE", 0, Unit.DAY))
    (finding,) = evaluate(rule, _snapshot("10-05 09:00", climbed=[_climbed(0, state)]))
    assert finding.next_at == (_at(next_at) if next_at is not None else None)
    (later,) = evaluate(rule, _snapshot("10-14 00:00", climbed=[_climbed(0, state)]))
    assert later.fires is (next_at is not None)


def test_a_rung_without_a_time_waits_for_people() -> None:
    rule = _rule(*LADDER, after=AfterClock("HANDLE", 0, Unit.DAY), next_when=("STILL_UNRESOLVED",))
    climbed = [_climbed(0), _climbed(1, after_days=12), _climbed(2, after_days=24)]
    finding = _only(rule, _snapshot("11-30 09:00", climbed=climbed))
    assert (finding.rung, finding.fires, finding.next_at) == (3, False, None)
    assert finding.conditions[-1].wanted == "STILL_UNRESOLVED"


def test_a_ladder_ends() -> None:
    rule = _rule(*LADDER[:1], after=AfterClock("HANDLE", 0, Unit.DAY))
    assert evaluate(rule, _snapshot("11-30 09:00", climbed=[_climbed(0)])) == ()


def test_what_is_proposed_is_not_proposed_again_and_goes_no_further() -> None:
    rule = _rule(*LADDER, after=AfterClock("HANDLE", 0, Unit.DAY))
    proposed = Climbed("DEFAULT", 1, str(HANDLE.id), EscalationState.PROPOSED, None)
    assert evaluate(rule, _snapshot("11-30 09:00", climbed=[_climbed(0), proposed])) == ()


@pytest.mark.parametrize(
    ("stage", "state", "fires"),
    [
        ("HANDLING", EscalationState.RAISED, True),  # no answer from above does not hold the matter up
        ("HANDLING", EscalationState.REFUSED, True),
        ("HANDLING", EscalationState.ANSWERED, True),
        ("HANDLING", EscalationState.CLOSED, True),
        ("HANDLING", EscalationState.RECALLED, False),
        ("ANSWERED", EscalationState.RAISED, False),
        ("CLOSED", EscalationState.CLOSED, False),
    ],
)
def test_a_matter_goes_on_while_it_is_unresolved(stage: str, state: EscalationState, fires: bool) -> None:
    rule = _rule(*LADDER, after=AfterClock("HANDLE", 0, Unit.DAY))
    (finding,) = evaluate(rule, _snapshot("10-30 09:00", climbed=[_climbed(0, state)], stage=stage))
    assert finding.rung == 1
    assert finding.fires is fires


def test_a_rule_that_watches_nothing_waits_for_an_application() -> None:
    finding = _only(EscalationRule("DEFAULT", ("OUT_OF_AUTHORITY", "MULTI_DEPT"), (COUNTY,)), _snapshot("12-01 09:00"))
    assert not finding.fires and finding.next_at is None and not finding.automatic
    assert finding.conditions[1].wanted == "OUT_OF_AUTHORITY or MULTI_DEPT"


def test_a_rule_may_only_propose_its_first_rung() -> None:
    rule = _rule(replace(COUNTY, automatic=False), when="group_size >= 20")
    finding = _only(rule, _snapshot("09-10 09:00", facts=_facts(group_size=23)))
    assert finding.fires and not finding.automatic


# --- Values ---------------------------------------------------------------------------------------------------------


def test_a_case_has_a_value_for_every_declared_field() -> None:
    assert FIELDS.keys() == NAMES
    values = conditions.Values(_facts().values(_at("10-05 09:00"), FIELDS))
    assert [name for name in FIELDS if values.wrong(name)] == []


def test_values_while_no_limit_runs() -> None:
    names = ("has_due", "due_at", "days_left", "is_overdue", "overdue_days", "overdue_stages")
    values = _facts(limits=()).values(_at("10-05 09:00"), names)
    assert list(values.values()) == [False, NEVER, NO_LIMIT_DAYS, False, 0, ()]


def test_law_and_office_are_told_apart() -> None:
    law = RunningLimit("HANDLE", _at("11-10 00:00"), _at("11-10 00:00"), is_law=True)
    facts = _facts(limits=(RunningLimit("HANDLE", DUE, DUE, is_law=False), law))
    names = ("is_overdue", "is_overdue_by_law", "overdue_days", "days_left")
    assert list(facts.values(_at("10-28 09:00"), names).values()) == [True, False, 28, -28]
    assert list(facts.values(_at("11-10 00:00"), names).values()) == [True, True, 41, -41]


# --- Predictions ----------------------------------------------------------------------------------------------------

_spans = st.builds(AfterClock, st.just("HANDLE"), st.integers(-20, 20), st.sampled_from([Unit.DAY, Unit.WORKDAY]))
_texts = st.sampled_from(
    [
        "days_open >= 25",
        "workdays_open >= 12 && grade == 'GENERAL'",
        "is_overdue || days_left < 4",
        "overdue_days > 3 && weekday == 3",
        "months_open >= 2",
        "group_size > 5",
        "100 / overdue_days < 30",
        "registrations > 1 && days_open > 5",
    ]
)
_visits = st.lists(
    st.builds(
        Occurrence,
        id=st.uuids(version=4),
        at=st.integers(0, 60 * 24).map(lambda hours: REGISTERED + timedelta(hours=hours)),
        channel=st.just("VISIT"),
        group_size=st.integers(1, 9),
        level=st.just("CITY"),
    ),
    max_size=6,
    unique_by=lambda each: each.id,
)
_rules = st.builds(
    lambda after, when, counter: _rule(after=after, when=when, counter=counter),
    st.none() | _spans,
    st.none() | _texts,
    st.none() | st.just(Counter(2, Limit(7, Unit.DAY, "test"))),
).filter(lambda rule: rule.watches)


@settings(deadline=None)
@given(_rules, _visits, st.integers(0, 50 * 24), st.integers(0, 40))
def test_what_is_foretold_is_what_happens(
    rule: EscalationRule, visits: list[Occurrence], hours: int, due_in: int
) -> None:
    """Whoever looks at the case again and again, at every midnight, at the end of its clock and at the instant that was
    foretold, sees it fire at exactly that instant and at none before, if no registration comes in between."""
    now = REGISTERED + timedelta(hours=hours)
    due = _at("09-09 00:00") + timedelta(days=due_in)
    clock = replace(HANDLE, due_at=due, late_at=due)
    facts = _facts(limits=(RunningLimit("HANDLE", due, due, is_law=True),), registrations=len(visits))
    known = [each for each in visits if each.at <= now]
    finding = _only(rule, _snapshot(now, clocks=[clock], registrations=known, facts=facts))
    assert finding.fires == (finding.next_at == now)

    midnights = [_at("09-09 00:00") + timedelta(days=day) for day in range(120)]
    looks = sorted({each for each in (*midnights, due, finding.next_at) if each is not None and each >= now})
    fired = [at for at in looks if _only(rule, _snapshot(at, clocks=[clock], registrations=known, facts=facts)).fires]
    assert (fired[0] if fired else None) == finding.next_at


@settings(deadline=None)
@given(_spans, st.integers(0, 60), st.none() | st.integers(0, 60 * 24))
def test_nothing_that_is_looked_at_late_is_missed(after: AfterClock, due_in: int, stopped_hours: int | None) -> None:
    """A worker that comes late finds the same as one that was there at the instant, whatever became of the clock."""
    due = _at("09-09 00:00") + timedelta(days=due_in)
    stopped_at = None if stopped_hours is None else REGISTERED + timedelta(hours=stopped_hours)
    clock = replace(HANDLE, due_at=due, late_at=due, stopped_at=stopped_at)
    rule = _rule(after=after)
    instant = after.instant(clock, CALENDAR)
    in_time = _only(rule, _snapshot(instant, clocks=[clock])).fires
    assert in_time is (stopped_at is None or stopped_at >= instant)
    assert _only(rule, _snapshot(instant + timedelta(days=30), clocks=[clock])).fires is in_time
