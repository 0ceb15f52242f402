"""What leaders and offices owe in a period and what of it was done, judged from rules, sessions and calendar. Pure.

Nothing is judged before it has ended: a duty is MET, MISSED or short only from the first instant after its period
(00:00 in China). A duty is pinned to the rules in force on the first day of its period (INV-22). Left out is what no
calendar can count: duties without a number (``min`` 0), per CAMPAIGN or EVENT, and those of key periods and campaigns,
which begin only when somebody declares one.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

from caseway.calendars.periods import ONE_DAY, Stretch, ended_at, periods, year_start
from caseway.calendars.workdays import Calendar
from caseway.reception.codes import DutyState, SessionActivity, counts
from caseway.reception.evidence import Attendance, Held
from caseway.reception.fixed_days import FixedDate
from caseway.reception.rosters import BEYOND_OFFICE, Rosters
from caseway.rules.kinds.leader_duty import LeaderDuty
from caseway.rules.resolve import EffectiveRules, Rule
from caseway.rules.rows import RowRef

_ROLLING = timedelta(days=10)
_DAILY = frozenset({"DAY", "WORKDAY"})


class DutyReason(StrEnum):
    """Why a duty is exempt, vacant or provisional."""

    NO_WORKDAY_IN_WEEK = "NO_WORKDAY_IN_WEEK"
    NOT_IN_POST_THROUGHOUT = "NOT_IN_POST_THROUGHOUT"
    NOBODY_HAS_THE_RANK = "NOBODY_HAS_THE_RANK"
    CALENDAR_NOT_PUBLISHED = "CALENDAR_NOT_PUBLISHED"


@dataclass(frozen=True, slots=True)
class Duty:
    """One duty of one period, of one leader or of the office as a whole."""

    activity: str
    #: EACH (of one leader) or OFFICE.
    scope: str
    #: Who owes it; None for the office, and where nobody has the rank.
    leader_id: int | None
    #: Rank or set of ranks that the rule names.
    actor: str
    unit: str
    per: str
    #: How many the rule asks for in each period.
    least: int
    #: The period; for daily duties the days of the range that they are counted over.
    period: Stretch
    required: int
    done: int
    missing: int
    state: DutyState
    reason: DutyReason | None
    #: The first instant at which it can be judged.
    judged_at: datetime
    #: Days on which a daily duty was not kept; None for other duties.
    uncovered: tuple[date, ...] | None
    #: Rows behind each parameter.
    sources: Mapping[str, tuple[RowRef, ...]]


@dataclass(frozen=True, slots=True)
class FixedDuty:
    """One fixed day, and whether it was kept."""

    date: FixedDate
    state: DutyState
    judged_at: datetime


@dataclass(frozen=True)
class Segment:
    """Days in a row under the same rules, with the circles of leaders that these rules draw."""

    days: Stretch
    rosters: Rosters

    @property
    def rules(self) -> EffectiveRules:
        """The rules of these days."""
        return self.rosters.rules


def fixed_duties(
    dates: Iterable[FixedDate], *, rosters: Rosters, held: Sequence[Held], now: datetime
) -> list[FixedDuty]:
    """Whether each fixed day was kept: MET when a session that counts was held on the very day, whatever happened on
    others; a provisional date is owed by nobody. ``rosters`` are those of the month that the dates belong to."""
    found = []
    for each in dates:
        judged_at = ended_at(each.on)
        if each.provisional is not None:
            state = DutyState.PROVISIONAL
        elif now < judged_at:
            state = DutyState.PENDING
        else:
            state = DutyState.MET if _kept(each, rosters, held) else DutyState.MISSED
        found.append(FixedDuty(each, state, judged_at))
    return found


def duties(
    segments: Iterable[Segment], *, within: Stretch, held: Sequence[Held], calendar: Calendar, now: datetime
) -> list[Duty]:
    """Every duty whose period touches the range, each whole period in the segment in which it begins. ``held`` reaches
    back to the beginning of the longest period that touches the range."""
    found: list[Duty] = []
    attendance = Attendance(held)
    for segment in segments:
        for rule in segment.rules.of(LeaderDuty):
            if rule.params.waits() is None:
                found += _Counted(rule, segment, within, attendance, calendar, now).found()
    return sorted(found, key=lambda each: (each.period, each.activity, each.per, each.scope, each.leader_id or 0))


def _kept(fixed: FixedDate, rosters: Rosters, held: Sequence[Held]) -> bool:
    present = {
        each.present_id
        for each in held
        if each.day == fixed.on and each.present_id is not None and counts(fixed.activity, each.activity)
    }
    if fixed.actor is None or fixed.actor in BEYOND_OFFICE:
        return bool(present)
    return not present.isdisjoint(rosters.on(fixed.actor, fixed.on))


@dataclass(frozen=True)
class _Counted:
    """One rule in one segment."""

    rule: Rule[LeaderDuty]
    segment: Segment
    within: Stretch
    attendance: Attendance
    calendar: Calendar
    now: datetime

    def found(self) -> Iterator[Duty]:
        """The rule's duties that touch the range."""
        per = self.rule.params.per
        if per in _DAILY:
            yield from self._daily()
        elif per == "TEN_DAYS":
            yield from self._rolling()
        else:
            for period in periods(per, self.within):
                if period.first in self.segment.days:
                    yield from (self._judged(period, leader) for leader in self._owing(period))

    def _daily(self) -> Iterator[Duty]:
        days = Stretch(max(self.segment.days.first, self.within.first), min(self.segment.days.last, self.within.last))
        if days.first > days.last:
            return
        for leader in self._owing(days):
            yield self._over_days(days, leader)

    def _over_days(self, days: Stretch, leader: int | None) -> Duty:
        """A daily duty is counted over the days that have ended; every day that has not is still open."""
        if self._is_vacant(leader):
            return self._duty(days, leader, DutyState.VACANT, reason=DutyReason.NOBODY_HAS_THE_RANK)
        least = self.rule.params.min
        owed, certain = self._owed(days, leader)
        over = [day for day in owed if ended_at(day) <= self.now]
        short = tuple(day for day in over if self._tally(Stretch(day, day), leader) < least)
        done = len(over) - len(short)
        if not certain:
            state = DutyState.PROVISIONAL
        elif len(over) < len(owed):
            state = DutyState.PENDING
        elif not owed:
            state = DutyState.EXEMPT
        else:
            state = DutyState.SHORTFALL if short else DutyState.MET
        reason = DutyReason.CALENDAR_NOT_PUBLISHED if not certain else None
        return self._duty(
            days, leader, state, reason=reason, required=len(over), done=done, missing=len(short), uncovered=short
        )

    def _owed(self, days: Stretch, leader: int | None) -> tuple[list[date], bool]:
        """The days on which a daily duty is owed, and whether the calendar of all of them is known. A leader owes it
        while in post."""
        actor = self.rule.params.actor
        mine = [day for day in days.days if leader is None or leader in self.segment.rosters.on(actor, day)]
        if self.rule.params.per == "DAY":
            return mine, True
        known = [day for day in mine if self.calendar.is_published(day)]
        return [day for day in known if self.calendar.is_workday(day)], len(known) == len(mine)

    def _rolling(self) -> Iterator[Duty]:
        """No ten days in a row without: each window begins after the session that ended the one before, or when it has
        run out. The first one begins with the year, or with the rules if they are newer."""
        start = max(self.segment.days.first, year_start(self.within.first))
        for leader in self._owing(Stretch(start, max(start, self.within.last))):
            first = start
            while first <= min(self.within.last, self.segment.days.last):
                last = self._fulfilled(first, leader)
                if last >= self.within.first:
                    yield self._judged(Stretch(first, last), leader)
                first = last + ONE_DAY

    def _fulfilled(self, first: date, leader: int | None) -> date:
        """The day on which a window that begins on ``first`` is fulfilled, else its tenth day."""
        window = Stretch(first, first + _ROLLING - ONE_DAY)
        enough = (day for day in window.days if self._tally(Stretch(first, day), leader) >= self.rule.params.min)
        return next(enough, window.last)

    def _owing(self, period: Stretch) -> list[int | None]:
        """Who owes the duty: each leader of the circle in post at some time of the period, or the office (None)."""
        if self.rule.params.scope == "OFFICE":
            return [None]
        return list(self.segment.rosters.persons(self.rule.params.actor, period)) or [None]

    def _is_vacant(self, leader: int | None) -> bool:
        return leader is None and self.rule.params.scope == "EACH"

    def _judged(self, period: Stretch, leader: int | None) -> Duty:
        params = self.rule.params
        if self._is_vacant(leader):
            return self._duty(period, leader, DutyState.VACANT, reason=DutyReason.NOBODY_HAS_THE_RANK)
        if params.per == "WEEK":
            days = list(period.days)
            if not all(self.calendar.is_published(day) for day in days):
                reason = DutyReason.CALENDAR_NOT_PUBLISHED
                return self._duty(period, leader, DutyState.PROVISIONAL, reason=reason)
            if not any(self.calendar.is_workday(day) for day in days):
                return self._duty(period, leader, DutyState.EXEMPT, reason=DutyReason.NO_WORKDAY_IN_WEEK)
        if leader is not None and not self.segment.rosters.throughout(params.actor, leader, period):
            return self._duty(period, leader, DutyState.EXEMPT, reason=DutyReason.NOT_IN_POST_THROUGHOUT)
        done = self._tally(period, leader)
        missing = max(params.min - done, 0)
        if self.now < ended_at(period.last):
            state, missing = DutyState.PENDING, 0
        else:
            state = DutyState.SHORTFALL if missing else DutyState.MET
        return self._duty(period, leader, state, required=params.min, done=done, missing=missing)

    def _tally(self, days: Stretch, leader: int | None) -> int:
        """How many of the rule's unit were done on some days: by the leader, or for an office by anybody of the
        circle."""
        params = self.rule.params
        present = [each for each in self.attendance.on(days, leader) if leader is not None or self._counts(each)]
        if params.unit == "SHIFT_DAY":
            return len({each.day for each in present if each.activity == SessionActivity.DUTY_SHIFT})
        mine = [each for each in present if counts(params.activity, each.activity)]
        match params.unit:
            case "SESSION":
                return len({each.session_id for each in mine})
            case "DAY":
                return len({each.day for each in mine})
            case "WORKDAY":
                return len({each.day for each in mine if self.calendar.is_workday(each.day)})
            case _:
                return sum({each.session_id: each.matters for each in mine}.values())

    def _counts(self, each: Held) -> bool:
        """Whether a turn was taken by somebody of the circle that the rule names, for a duty of the office."""
        actor = self.rule.params.actor
        return actor in BEYOND_OFFICE or each.present_id in self.segment.rosters.on(actor, each.day)

    def _duty(
        self,
        period: Stretch,
        leader: int | None,
        state: DutyState,
        *,
        reason: DutyReason | None = None,
        required: int = 0,
        done: int = 0,
        missing: int = 0,
        uncovered: tuple[date, ...] | None = None,
    ) -> Duty:
        params = self.rule.params
        return Duty(
            activity=params.activity.value,
            scope=params.scope,
            leader_id=leader,
            actor=params.actor.value,
            unit=params.unit,
            per=params.per.value,
            least=params.min,
            period=period,
            required=required,
            done=done,
            missing=missing,
            state=state,
            reason=reason,
            judged_at=ended_at(period.last),
            uncovered=uncovered,
            sources={name: refs for name, refs in self.rule.provenance.items() if refs},
        )
