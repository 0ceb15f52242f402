"""The values that conditions of rules see of a case: what stands in its records, and what follows from an instant."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, fields
from datetime import UTC, date, datetime
from types import MappingProxyType
from typing import Any

from caseway.calendars.workdays import Calendar
from caseway.clock import SHANGHAI
from caseway.clocks.arithmetic import day_of, due_date
from caseway.rules.condition_fields import NO_LIMIT_DAYS

#: What ``due_at`` is while no limit runs.
NEVER = datetime(9999, 12, 31, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class RunningLimit:
    """A limit of the proceeding that runs."""

    stage: str
    due_at: datetime
    #: The first instant that is too late.
    late_at: datetime
    is_law: bool


@dataclass(frozen=True, slots=True)
class CaseFacts:
    """What conditions may ask about a case and does not change by time alone. The names are those of the fields."""

    petition_class: str
    proceeding: str
    stage: str
    channel: str
    field: str
    place_code: str
    grade: str
    is_first_time: bool
    group_size: int
    registrations: int
    bounces: int
    redos: int
    extensions: int
    assistants: int
    holder_level: str
    holder_kind: str
    level_registered: str
    received_at: datetime
    registered_at: datetime
    under_supervision: bool
    supervisions: int
    escalations: int
    escalation_depth: int
    escalations_refused: int
    #: Since when the present holder has the case.
    held_since: datetime
    limits: tuple[RunningLimit, ...]
    calendar: Calendar

    def values(self, at: datetime, names: Collection[str]) -> Mapping[str, Any]:
        """The values of some declared fields at an instant, if nothing happens until then."""
        return {name: _MOVING[name](self, at) if name in _MOVING else getattr(self, name) for name in names}

    @property
    def due_at(self) -> datetime:
        """Where the earliest running limit ends."""
        return min((each.due_at for each in self.limits), default=NEVER)


def _late(facts: CaseFacts, at: datetime) -> list[RunningLimit]:
    return [each for each in facts.limits if at >= each.late_at]


def _overdue_days(facts: CaseFacts, at: datetime) -> int:
    return max(((day_of(at) - due_date(each.due_at)).days for each in _late(facts, at)), default=0)


def _days_left(facts: CaseFacts, at: datetime) -> int:
    return (due_date(facts.due_at) - day_of(at)).days if facts.limits else NO_LIMIT_DAYS


def _months(first: date, last: date) -> int:
    return (last.year - first.year) * 12 + last.month - first.month - (last.day < first.day)


#: Fields that are reckoned: from an instant, or from several facts.
_MOVING: MappingProxyType[str, Callable[[CaseFacts, datetime], Any]] = MappingProxyType(
    {
        "now": lambda facts, at: at,
        "month": lambda facts, at: at.astimezone(SHANGHAI).month,
        "day_of_month": lambda facts, at: at.astimezone(SHANGHAI).day,
        "weekday": lambda facts, at: at.astimezone(SHANGHAI).isoweekday(),
        "days_open": lambda facts, at: (day_of(at) - day_of(facts.registered_at)).days,
        "workdays_open": lambda facts, at: facts.calendar.workdays_between(day_of(facts.registered_at), day_of(at)),
        "months_open": lambda facts, at: _months(day_of(facts.registered_at), day_of(at)),
        "days_held": lambda facts, at: (day_of(at) - day_of(facts.held_since)).days,
        "has_due": lambda facts, at: bool(facts.limits),
        "days_left": _days_left,
        "is_overdue": lambda facts, at: bool(_late(facts, at)),
        "is_overdue_by_law": lambda facts, at: any(each.is_law for each in _late(facts, at)),
        "overdue_days": _overdue_days,
        "overdue_stages": lambda facts, at: tuple(sorted({each.stage for each in _late(facts, at)})),
    }
)

#: Every field that a case can be asked for.
NAMES = frozenset({each.name for each in fields(CaseFacts)} - {"held_since", "limits", "calendar"}) | {
    "due_at",
    *_MOVING,
}
