"""Whether a case was handled in time, pure: by the limits of the law, and by all limits of the offices as well."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from caseway.clocks.arithmetic import day_of, due_date
from caseway.clocks.workflow import AppliedLimit, ClockKind, ClockState, Layer

#: Clocks of handling: what is owed until the opinion is served.
HANDLING = frozenset({ClockKind.HANDLE, ClockKind.HANDLE_ASSIGNED, ClockKind.ASSIGNED, ClockKind.ANSWER})
#: Clocks of the notice of acceptance.
ACCEPTANCE = frozenset({ClockKind.ACCEPT_NOTICE, ClockKind.DIRECT_NOTICE})


class Measure(StrEnum):
    """Which limits a case is measured by."""

    #: Those of the law alone.
    LAW = "LAW"
    #: Those of the law and of every office in the chain: the earliest rules (INV-08).
    OFFICE = "OFFICE"


class Timeliness(StrEnum):
    """How something that was owed by a limit went."""

    ON_TIME = "ON_TIME"
    LATE = "LATE"
    RUNNING = "RUNNING"
    NOT_APPLICABLE = "NOT_APPLICABLE"


#: Layers whose limits each measure counts.
LAYERS: dict[Measure, frozenset[Layer]] = {
    Measure.LAW: frozenset({Layer.LAW}),
    Measure.OFFICE: frozenset({Layer.LAW, Layer.OFFICE}),
}


@dataclass(frozen=True, slots=True)
class Verdict:
    """How a case went by one measure."""

    measure: Measure
    timeliness: Timeliness
    #: Last day of the limit that ruled; null if none applies.
    due_on: date | None
    #: Whole days between that day and the day of the answer, or today while it is owed; 0 if it was in time.
    days_late: int


def limits_of(
    clocks: Iterable[ClockState], kinds: frozenset[ClockKind], measure: Measure
) -> list[tuple[ClockState, AppliedLimit]]:
    """The limits of these clocks that a measure counts, each with its clock."""
    return [
        (clock, limit)
        for clock in clocks
        if clock.kind in kinds
        for limit in clock.limits
        if limit.layer in LAYERS[measure]
    ]


def handled(clocks: Sequence[ClockState], measure: Measure, *, answered_at: datetime | None, now: datetime) -> Verdict:
    """How the handling of a case went. The first served opinion counts (办结): what is redone later has a limit of its
    own. A case that ended without an opinion, or that no limit of the measure was about, has no timeliness."""
    found = limits_of(clocks, HANDLING, measure)
    if not found:
        return Verdict(measure, Timeliness.NOT_APPLICABLE, None, 0)
    ruling = min((limit for _, limit in found), key=lambda each: each.due_at)
    due_on = due_date(ruling.due_at)
    if any(each.is_running for each, _ in found):
        late = ruling.missed_by(now)
        days = max((day_of(now) - due_on).days, 0) if late else 0
        return Verdict(measure, Timeliness.LATE if late else Timeliness.RUNNING, due_on, days)
    if answered_at is None:
        return Verdict(measure, Timeliness.NOT_APPLICABLE, due_on, 0)
    met_at = max(each.stopped_at for each, _ in found if each.stopped_at is not None)
    late = any(each.missed_by(met_at) for _, each in found)
    days = max((day_of(met_at) - due_on).days, 0) if late else 0
    return Verdict(measure, Timeliness.LATE if late else Timeliness.ON_TIME, due_on, days)


def verdicts(clocks: Sequence[ClockState], *, answered_at: datetime | None, now: datetime) -> list[Verdict]:
    """By every measure, the law's first."""
    return [handled(clocks, measure, answered_at=answered_at, now=now) for measure in Measure]
