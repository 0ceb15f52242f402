"""Duties to report, pure: what the rules ask of an office for which periods, until when, and whether it was done."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

from caseway.calendars.periods import CUT, ONE_DAY, Stretch, ended_at, periods
from caseway.calendars.workdays import Calendar
from caseway.clocks.arithmetic import Limit, Unit, due_date, reckon
from caseway.rules.kinds.report import Report
from caseway.rules.resolve import EffectiveRules
from caseway.rules.rows import RowRef
from caseway.rules.values import Span
from caseway.tenancy.models import Level, OfficeKind

#: A report is due at once: at the instant of its event.
IMMEDIATE = "IMMEDIATE"
#: No rule gives an office longer after the end of a period than this.
LOOK_BACK = timedelta(days=100)
#: Lowest level whose government answers for the petition office it does not have.
_STANDS_IN = frozenset({Level.PROVINCE, Level.CITY, Level.COUNTY})


class DutyState(StrEnum):
    """Whether a report that is owed was given."""

    MET = "MET"
    MISSING = "MISSING"
    PENDING = "PENDING"


class Occasion(StrEnum):
    """An event of a case that calls for a report, by the name that rule books know it by."""

    URGENT_MATTER = "URGENT_MATTER"
    KEY_CASE_ASSIGNED = "KEY_CASE_ASSIGNED"
    CLUE_FOUND = "CLUE_FOUND"
    SUPERVISION_RESULT = "SUPERVISION_RESULT"


@dataclass(frozen=True, slots=True)
class Sender:
    """What decides whether an office is the sender that a rule names."""

    code: str
    kind: OfficeKind
    level: Level
    #: Code of the office directly above it in the tree.
    parent_code: str | None
    has_petition_office: bool
    has_joint_conference: bool


@dataclass(frozen=True, slots=True)
class ReportRule:
    """One effective rule about a report, as an office finds it."""

    ref: RowRef
    name: str
    sender: str
    to: tuple[str, ...]
    cc: tuple[str, ...]
    per: str | None
    on_event: str | None
    within: Span | str | None
    fields: tuple[str, ...]

    @property
    def is_immediate(self) -> bool:
        """Whether it is due at once."""
        return self.within == IMMEDIATE


@dataclass(frozen=True, slots=True)
class PeriodDuty:
    """The report of one period that an office owes."""

    rule: ReportRule
    period: Stretch
    due_on: date
    #: The due date depends on a calendar year that is not published.
    provisional: bool

    @property
    def due_at(self) -> datetime:
        """The end of its last day, exclusive."""
        return ended_at(self.due_on)


def report_rules(rules: EffectiveRules) -> list[ReportRule]:
    """The effective rules about reports. Of several rows with one name, the nearest book names sender and event, lists
    of receivers unite, and the shorter period and time rule (the merge of the kind)."""
    return [
        ReportRule(
            ref=rule.rows[-1].ref,
            name=rule.params.name,
            sender=rule.params.sender,
            to=tuple(rule.params.to),
            cc=tuple(rule.params.cc or ()),
            per=str(rule.params.per) if rule.params.per is not None else None,
            on_event=str(rule.params.on_event) if rule.params.on_event is not None else None,
            within=rule.params.within,
            fields=tuple(rule.params.fields or ()),
        )
        for rule in rules.of(Report)
    ]


def is_sender(code: str, sender: Sender, *, owner_code: str | None) -> bool:
    """Whether an office that a row reaches is the one that has to report. ``owner_code`` = the office whose book the
    rule stands in; ``None`` for the law. Sections inside an office report as their office."""
    is_government = sender.kind == OfficeKind.GOVERNMENT
    stands_in = is_government and sender.level in _STANDS_IN
    match code:
        case "ANY_OFFICE":
            return True
        case "PETITION_OFFICE":
            return sender.kind == OfficeKind.PETITION_OFFICE or (stands_in and not sender.has_petition_office)
        case "JOINT_CONFERENCE_OFFICE" | "JOINT_CONFERENCE":
            if sender.kind == OfficeKind.JOINT_CONFERENCE:
                return True
            # Its office sits with the petition office (2022 regulation, art. 13).
            return not sender.has_joint_conference and is_sender("PETITION_OFFICE", sender, owner_code=owner_code)
        case "CHILD_OFFICE":
            own = sender.kind in (OfficeKind.GOVERNMENT, OfficeKind.DEPARTMENT)
            return own and owner_code is not None and sender.parent_code == owner_code
        case "DISCIPLINE":
            return sender.kind == OfficeKind.DISCIPLINE
        case _ if code in Level.__members__:
            return is_government and sender.level == code
        case _:
            return sender.code == owner_code


def due(period: Stretch, within: Span | str | None, calendar: Calendar) -> tuple[date, bool]:
    """The last day for the report of a period, and whether it may still change: the end of the period, unless the rule
    gives time after it."""
    if not isinstance(within, Span):
        return period.last, False
    found = reckon(ended_at(period.last) - timedelta(microseconds=1), _limit(within), calendar)
    return due_date(found.at), found.provisional


def due_after(event_at: datetime, within: Span | str | None, calendar: Calendar) -> datetime:
    """When a report on an event is due: at once, unless the rule gives time; the law names no hours (art. 25)."""
    if not isinstance(within, Span):
        return event_at
    return reckon(event_at, _limit(within), calendar).at


def first_days(within: Stretch) -> list[date]:
    """The first days of all periods whose report can be due in the range: what the rules said on those days counts
    (INV-22)."""
    looked_at = Stretch(within.first - LOOK_BACK, within.last)
    return sorted({each.first for per in CUT for each in periods(per, looked_at)})


def owed(
    rules_on: Callable[[date], Iterable[ReportRule]], *, within: Stretch, calendar: Calendar
) -> Iterator[PeriodDuty]:
    """The reports of periods that are due in the range, in the order of their due dates. ``rules_on`` = the rules that
    bind the office and that it is the sender of, as they stood on a day."""
    looked_at = Stretch(within.first - LOOK_BACK, within.last)
    found: list[PeriodDuty] = []
    for per in sorted(CUT):
        for period in periods(per, looked_at):
            if per == "WORKDAY" and not calendar.is_workday(period.first):
                continue
            for rule in rules_on(period.first):
                if rule.per == per:
                    due_on, provisional = due(period, rule.within, calendar)
                    found.append(PeriodDuty(rule, period, due_on, provisional))
    return iter(sorted((each for each in found if each.due_on in within), key=_order))


def period_duty(rule: ReportRule, first: date, *, within: Stretch, calendar: Calendar) -> PeriodDuty | None:
    """The duty of one rule for the period that begins on a day; ``None`` if no period of the rule does."""
    found = owed(lambda day: (rule,) if day == first else (), within=within, calendar=calendar)
    return next(found, None)


def state(due_at: datetime, *, filed_at: datetime | None, now: datetime) -> DutyState:
    """A report that was given is met, also when late (its instant says so); one that is due and was not is missing."""
    if filed_at is not None:
        return DutyState.MET
    return DutyState.MISSING if due_at <= now else DutyState.PENDING


def days_between(first: date, last: date) -> int:
    """Days of a range, both ends included."""
    return (last - first) // ONE_DAY + 1


def _order(duty: PeriodDuty) -> tuple[date, date, str, str]:
    return duty.due_on, duty.period.first, duty.rule.name, duty.rule.ref.row_id


def _limit(within: Span) -> Limit:
    return Limit(within.n, Unit(within.unit.value), "within")
