"""Whether a rung of an escalation rule is due: one pure evaluation that fires, explains and predicts alike.

What a person is shown as "why" or "why not", what a timer waits for and what then happens are the same result, so a
prediction can only be wrong when something happens in between. A rule looks at clocks, at registrations of the matter
and at a condition on the case; a condition that cannot be answered is not met.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from caseway.calendars.workdays import Calendar
from caseway.clock import SHANGHAI
from caseway.clocks.arithmetic import Limit, Unit, before, day_of, extended, reckon, start_of
from caseway.escalation.counters import Counter, Occurrence, Reached, reached, standing
from caseway.escalation.workflow import EscalationState, Gives
from caseway.rules import conditions
from caseway.rules.conditions import Values

#: How far ahead a condition that time alone can fulfil is tried, in days. Later it is simply tried again.
HORIZON_DAYS = 400
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class ClockSeen:
    """A clock of the case at the instant that is looked at."""

    id: uuid.UUID
    stage: str
    #: Where its earliest limit ends.
    due_at: datetime
    #: The first instant that is too late for it: ``due_at`` itself for limits in days, just after it for hours.
    late_at: datetime
    stopped_at: datetime | None
    is_suspended: bool


@dataclass(frozen=True, slots=True)
class AfterClock:
    """So long after the end of a clock of the case; a negative amount is so long before it."""

    stage: str
    amount: int
    unit: Unit

    def instant(self, clock: ClockSeen, calendar: Calendar) -> datetime:
        """The instant meant on a clock. Days before the end begin at 0:00, days after it end at 24:00."""
        if self.amount < 0:
            return before(clock.due_at, -self.amount, self.unit, calendar)
        if not self.amount:
            return clock.late_at
        return extended(clock.due_at, Limit(self.amount, self.unit, "escalation"), calendar).at

    def __str__(self) -> str:
        if not self.amount:
            return f"the end of the clock {self.stage}"
        where = "before" if self.amount < 0 else "after"
        return f"{abs(self.amount)} {self.unit} {where} the end of the clock {self.stage}"


@dataclass(frozen=True, slots=True)
class RungRule:
    """One rung as a rule describes it."""

    #: Code of the office that is asked, e.g. COUNTY or JOINT_CONFERENCE_OFFICE.
    to: str
    gives: Gives
    #: How long after the rung before it was raised; null = a person goes on.
    after: Limit | None = None
    #: How long the upper office has to answer; null = no limit.
    answer_within: Limit | None = None
    #: Raised without a person. Null = the first rung of a rule that watches something is, a further one is not.
    automatic: bool | None = None


@dataclass(frozen=True, slots=True)
class EscalationRule:
    """An effective escalation rule of the office that holds a case."""

    name: str
    #: Codes that a person may name when applying.
    triggers: tuple[str, ...]
    rungs: tuple[RungRule, ...]
    after: AfterClock | None = None
    when: str | None = None
    counter: Counter | None = None
    #: Codes that a person names for a further rung.
    next_when: tuple[str, ...] = ()

    @property
    def watches(self) -> bool:
        """Whether anything but a person can start it."""
        return self.after is not None or self.when is not None or self.counter is not None

    @property
    def goes_on_by_itself(self) -> bool:
        """Whether a further rung can follow without a person."""
        return any(rung.after is not None or rung.automatic for rung in self.rungs[1:])

    def raises_by_itself(self, rung: int) -> bool:
        """Whether a rung that is due is raised at once, or only proposed to people."""
        asked = self.rungs[rung].automatic
        return (self.watches and rung == 0) if asked is None else asked


@dataclass(frozen=True, slots=True)
class Climbed:
    """A rung of a rule that was raised or proposed before."""

    rule: str
    #: Place on the ladder, 0 = the first.
    rung: int
    #: What made the rule start: the clock, the window of registrations, or the application.
    occurrence: str
    state: EscalationState
    #: Null while it is only proposed.
    raised_at: datetime | None
    #: Registrations that a counter has used for it.
    counted: frozenset[uuid.UUID] = frozenset()


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A case at an instant, as far as escalation rules look at it."""

    now: datetime
    stage: str
    is_open: bool
    #: Whether an answer was served and nothing is being done about it anew.
    is_answered: bool
    #: Every clock that had started, the oldest first.
    clocks: Sequence[ClockSeen]
    registrations: Sequence[Occurrence]
    climbed: Sequence[Climbed]
    #: The values of some fields of conditions, at any instant from ``now`` on if nothing else happens.
    values: Callable[[datetime, Collection[str]], Mapping[str, Any]]
    #: The calendar of the office that holds the case.
    calendar: Calendar


@dataclass(frozen=True, slots=True)
class ConditionSeen:
    """One thing that a rule asks for, beside what the case shows."""

    #: What is looked at, in words, or the text of a condition.
    text: str
    wanted: str
    seen: str
    met: bool


@dataclass(frozen=True, slots=True)
class Finding:
    """What a rule says about one of its rungs for one case."""

    rule: str
    rung: int
    #: Code of the office that is asked.
    tells: str
    gives: Gives
    conditions: tuple[ConditionSeen, ...]
    #: What makes it start; empty while that is not known. With the rule and the rung it names the escalation for good.
    occurrence: str
    fires: bool
    #: If it fires: raised at once, or only proposed.
    automatic: bool
    #: When it fires if nothing else happens: the instant itself if it does now; null = not by time alone.
    next_at: datetime | None
    #: When it has to be looked at again at the latest, although nothing happens; null = never.
    look_at: datetime | None
    #: Why a condition could not be answered; null if it could.
    failed: str | None = None
    #: Registrations that the counter has used.
    counted: frozenset[uuid.UUID] = frozenset()


def evaluate(rule: EscalationRule, snapshot: Snapshot) -> tuple[Finding, ...]:
    """What a rule says: about its first rung for what has not started it yet, and about the rung that follows the one
    climbed last. A ladder without a further rung says nothing more."""
    own = [each for each in snapshot.climbed if each.rule == rule.name]
    first = _first(rule, snapshot, own)
    runs = sorted((each for each in own if each.raised_at is not None), key=_raised)
    newest = runs[-1] if runs else None
    found = [] if first.occurrence in {each.occurrence for each in own} else [first]
    if newest is not None and newest.rung + 1 < len(rule.rungs):
        following = newest.rung + 1
        if not any(each.occurrence == newest.occurrence and each.rung == following for each in own):
            found.append(_further(rule, snapshot, newest))
    return tuple(found)


def first_due(findings: Iterable[Finding]) -> datetime | None:
    """The instant at which something has to be looked at again; null = only when something happens."""
    return min((each.look_at for each in findings if each.look_at is not None), default=None)


def _raised(climbed: Climbed) -> tuple[datetime, int]:
    assert climbed.raised_at is not None
    return climbed.raised_at, climbed.rung


def _first(rule: EscalationRule, snapshot: Snapshot, own: Sequence[Climbed]) -> Finding:
    """The rung that starts the ladder."""
    rung = rule.rungs[0]
    seen = [ConditionSeen("the case", "open", snapshot.stage, snapshot.is_open)]
    if not rule.watches:
        applied = ConditionSeen("an application", " or ".join(rule.triggers), "none", met=False)
        return _finding(rule, 0, rung, (*seen, applied), occurrence="")
    # The earliest instant that clock and counter allow; null = neither has come so far.
    earliest: datetime | None = snapshot.now if snapshot.is_open else None
    names: list[str] = []
    if rule.after is not None:
        clock, condition, instant = _clock(rule.after, snapshot)
        seen.append(condition)
        names += [str(clock.id)] if clock is not None else []
        earliest = max(earliest, instant) if earliest is not None and instant is not None else None
    counted: frozenset[uuid.UUID] = frozenset()
    if rule.counter is not None:
        window, condition = _count(rule.counter, snapshot, own)
        seen.append(condition)
        names += [window.key] if window is not None else []
        counted = frozenset(each.id for each in window.occurrences) if window is not None else frozenset()
        earliest = earliest if window is not None else None
    failed: str | None = None
    next_at = look_at = earliest
    if rule.when is not None:
        condition, failed = _condition(rule.when, snapshot)
        seen.append(condition)
        names += [] if names else ["condition"]
        next_at, look_at = _comes_true(rule.when, snapshot, earliest) if earliest is not None else (None, None)
    finding = _finding(rule, 0, rung, tuple(seen), occurrence="/".join(names), next_at=next_at, look_at=look_at)
    return replace(finding, failed=failed, counted=counted)


def _further(rule: EscalationRule, snapshot: Snapshot, climbed: Climbed) -> Finding:
    """The rung that follows one that was raised."""
    number = climbed.rung + 1
    rung = rule.rungs[number]
    assert climbed.raised_at is not None
    unresolved = snapshot.is_open and not snapshot.is_answered
    went_on = climbed.state is not EscalationState.RECALLED
    seen = [
        ConditionSeen(f"rung {number} before it", "raised and not recalled", climbed.state, met=went_on),
        ConditionSeen("the case", "open and not answered", snapshot.stage, met=unresolved),
    ]
    instant, condition = _goes_on(rule, number, climbed, snapshot)
    seen.append(condition)
    possible = all(each.met for each in seen[:-1]) and instant is not None
    next_at = max(instant, snapshot.now) if possible and instant is not None else None
    return _finding(rule, number, rung, tuple(seen), climbed.occurrence, next_at=next_at, look_at=next_at)


def _goes_on(
    rule: EscalationRule, number: int, climbed: Climbed, snapshot: Snapshot
) -> tuple[datetime | None, ConditionSeen]:
    """When a rung follows the one before it: after a time; where the rule raises it by itself without naming one, when
    the upper office has not answered in time; else when a person says so."""
    rung, below = rule.rungs[number], rule.rungs[number - 1]
    assert climbed.raised_at is not None
    waits = climbed.state in (EscalationState.RAISED, EscalationState.TAKEN)
    if rung.after is not None:
        limit, text = rung.after, f"{rung.after.amount} {rung.after.unit} after rung {number}"
    elif rung.automatic and below.answer_within is not None and waits:
        limit, text = below.answer_within, f"the answer to rung {number}"
    else:
        asked = " or ".join(rule.next_when) or "a reason"
        return None, ConditionSeen("a proposal by a person", asked, "none", met=False)
    instant = reckon(climbed.raised_at, limit, snapshot.calendar).at
    wanted = _shown(instant) if rung.after is not None else f"late after {_shown(instant)}"
    return instant, ConditionSeen(text, wanted, _shown(snapshot.now), met=instant <= snapshot.now)


def _finding(
    rule: EscalationRule,
    number: int,
    rung: RungRule,
    seen: tuple[ConditionSeen, ...],
    occurrence: str,
    *,
    next_at: datetime | None = None,
    look_at: datetime | None = None,
) -> Finding:
    fires = all(each.met for each in seen)
    return Finding(
        rule=rule.name,
        rung=number,
        tells=rung.to,
        gives=rung.gives,
        conditions=seen,
        occurrence=occurrence,
        fires=fires,
        automatic=rule.raises_by_itself(number),
        next_at=next_at,
        look_at=look_at,
    )


def _clock(after: AfterClock, snapshot: Snapshot) -> tuple[ClockSeen | None, ConditionSeen, datetime | None]:
    """The clock that is meant (the newest of its stage), what is seen of it, and the instant it leads to: null if it
    will not come."""
    clock = next((each for each in reversed(snapshot.clocks) if each.stage == after.stage), None)
    if clock is None:
        return None, ConditionSeen(str(after), "past", "no such clock has started", met=False), None
    instant = after.instant(clock, snapshot.calendar)
    # What was stopped in time never comes; what was stopped later had come.
    stopped = clock.stopped_at is not None and clock.stopped_at < instant
    if stopped or clock.is_suspended:
        seen = "stopped" if stopped else "suspended"
        return clock, ConditionSeen(str(after), _shown(instant), f"the clock is {seen}", met=False), None
    seen = _shown(snapshot.now)
    return clock, ConditionSeen(str(after), _shown(instant), seen, met=instant <= snapshot.now), instant


def _count(counter: Counter, snapshot: Snapshot, own: Sequence[Climbed]) -> tuple[Reached | None, ConditionSeen]:
    """The oldest window that was reached and has not started the rule yet, and how far the counter is."""
    spent = {registration for each in own for registration in each.counted}
    known = [each for each in snapshot.registrations if each.at <= snapshot.now]
    windows = reached(known, counter, snapshot.calendar, spent=spent)
    text = f"registrations of the matter within {counter.window.amount} {counter.window.unit}{_only(counter)}"
    if windows:
        return windows[0], ConditionSeen(text, str(counter.count), str(len(windows[0].occurrences)), met=True)
    stands = standing(known, counter, snapshot.calendar, now=snapshot.now, spent=spent)
    until = f", one more counts until {stands.until_on}" if stands.until_on is not None else ""
    return None, ConditionSeen(text, str(counter.count), f"{stands.counted}{until}", met=False)


def _only(counter: Counter) -> str:
    asked = [
        f"by {counter.channel}" if counter.channel is not None else "",
        f"of {counter.group_min} people or more" if counter.group_min is not None else "",
        f"at a {counter.at_level}" if counter.at_level is not None else "",
    ]
    return "".join(f", {each}" for each in asked if each)


def _condition(text: str, snapshot: Snapshot) -> tuple[ConditionSeen, str | None]:
    condition = conditions.compile(text)
    verdict = condition.holds(Values(snapshot.values(snapshot.now, condition.fields)))
    seen = ", ".join(f"{name} = {_value(value)}" for name, value in verdict.seen.items())
    if verdict.failed is not None:
        seen = f"{seen} ({verdict.failed})" if seen else verdict.failed
    return ConditionSeen(text, "holds", seen, met=verdict.held), verdict.failed


def _comes_true(text: str, snapshot: Snapshot, earliest: datetime) -> tuple[datetime | None, datetime | None]:
    """When a condition holds for the first time from an instant on if nothing else happens, and when it has to be tried
    again at the latest. It is tried at that instant, at every midnight in Asia/Shanghai, and when a clock ends."""
    condition = conditions.compile(text)
    if condition.problems:
        return None, None
    instants = _looks(snapshot, earliest) if condition.moves else [earliest]
    for instant in instants:
        if condition.holds(Values(snapshot.values(instant, condition.fields))).held:
            return instant, instant
    return None, instants[-1] if condition.moves else None


def _looks(snapshot: Snapshot, earliest: datetime) -> list[datetime]:
    first = day_of(earliest)
    midnights = (start_of(first + number * _DAY) for number in range(1, HORIZON_DAYS + 1))
    last = start_of(first + HORIZON_DAYS * _DAY)
    ends = (each.late_at for each in snapshot.clocks)
    return sorted({earliest, *midnights, *(each for each in ends if earliest < each < last)})


def _shown(instant: datetime) -> str:
    return instant.astimezone(SHANGHAI).isoformat(timespec="minutes")


def _value(value: Any) -> str:
    if isinstance(value, datetime):
        return _shown(value)
    return str(value).lower() if isinstance(value, bool) else str(value)
