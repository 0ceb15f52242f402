"""Pure rules of supervision: which lateness opens one, and where one stands."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from caseway.clocks.workflow import STATUTORY, ClockKind
from caseway.custody.workflow import OrderState
from caseway.rules.kinds.supervision import Supervision
from caseway.rules.kinds.vocabulary import Trigger
from caseway.rules.resolve import EffectiveRules
from caseway.rules.rows import RowRef
from caseway.rules.values import Span


class Cause(StrEnum):
    """Why a supervision was opened."""

    #: An officer of the supervising office ordered it.
    ORDERED = "ORDERED"
    #: A limit of the proceeding passed.
    OVERDUE = "OVERDUE"
    #: The report that an assignment asked for did not come in time.
    NO_FEEDBACK = "NO_FEEDBACK"


class SupervisionState(StrEnum):
    """Where a supervision stands; it follows from its order."""

    #: The written reply is awaited.
    OPEN = "OPEN"
    #: The limit for the reply has passed without one.
    LAPSED = "LAPSED"
    REPLIED = "REPLIED"
    #: The case ended before a reply.
    ENDED = "ENDED"


#: Which triggers of a rule a cause meets. Being late is a delay and a breach of the rules of handling (2022, art. 40);
#: the regulation of 2005 named it by itself.
MET_BY: dict[Cause, frozenset[Trigger]] = {
    Cause.OVERDUE: frozenset({Trigger.OVERDUE, Trigger.DELAY, Trigger.RULE_BREACH}),
    Cause.NO_FEEDBACK: frozenset({Trigger.NO_FEEDBACK}),
}
#: Who supervises in the discipline bodies' own line: such rules are for accusations, all others for ordinary cases.
OF_DISCIPLINE = frozenset({"DISCIPLINE", "DISCIPLINE_LEADERS", "DISCIPLINE_PETITION_OFFICE"})


@dataclass(frozen=True, slots=True)
class Opening:
    """A rule that opens a supervision now: who supervises, by which row, and how long the reply may take."""

    by: str
    ref: RowRef
    when: str | None
    reply_within: Span | None


def cause_of(kind: ClockKind) -> Cause | None:
    """What the passing of a limit of this clock is; ``None`` for clocks whose end supervises nobody. A clock of an
    order counts if the order asked for a report, which the caller knows."""
    if kind is ClockKind.ORDER:
        return Cause.NO_FEEDBACK
    return Cause.OVERDUE if kind in STATUTORY else None


def openings(rules: EffectiveRules, cause: Cause) -> Iterator[Opening]:
    """The effective rules that a cause meets, one per supervising body: the row nearest to the law that names the
    trigger, with the strictest time to reply of all rows of that body. Their conditions are for the caller to check."""
    for rule in rules.of(Supervision):
        named = [each for each in rule.rows if MET_BY[cause] & set(each.params.trigger or ())]
        if named:
            first = named[0]
            yield Opening(rule.params.by, first.ref, first.params.when, rule.params.reply_within)


def state_of(order_state: str, *, replied: bool, report_due_at: datetime | None, now: datetime) -> SupervisionState:
    """Where a supervision stands by its order."""
    if order_state == OrderState.DELIVERED:
        late = report_due_at is not None and report_due_at <= now
        return SupervisionState.LAPSED if late else SupervisionState.OPEN
    return SupervisionState.REPLIED if replied else SupervisionState.ENDED
