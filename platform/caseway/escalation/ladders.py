"""From effective rules to ladders: what the escalation rules of an office say, in the terms that triggers evaluate."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from caseway.clocks.arithmetic import Limit, Unit
from caseway.escalation.counters import Counter
from caseway.escalation.triggers import AfterClock, EscalationRule, RungRule
from caseway.escalation.workflow import Gives
from caseway.rules.findings import RowRef
from caseway.rules.kinds import escalation as kind
from caseway.rules.kinds.vocabulary import Trigger
from caseway.rules.resolve import EffectiveRules, Rule
from caseway.rules.values import Span

#: What a rule watches that names lateness as its trigger and is to start by itself, without saying when.
_LATE = frozenset({Trigger.OVERDUE, Trigger.DELAY, Trigger.LONG_DELAY})
_SILENT = Trigger.NO_FEEDBACK
#: The clock of the report that an order asked for.
_REPORT_CLOCK = "ORDER"


@dataclass(frozen=True, slots=True)
class Ladder:
    """An escalation rule as it reaches an office."""

    rule: EscalationRule
    #: The row that describes the ladder: of several the one nearest to the office.
    ref: RowRef
    #: Code of the body that applies; null = whoever holds the case.
    applicant: str | None


def ladders(effective: EffectiveRules) -> tuple[Ladder, ...]:
    """The escalation rules among the effective rules of an office, in their order; those without a rung say nothing."""
    return tuple(_ladders(effective))


def _ladders(effective: EffectiveRules) -> Iterator[Ladder]:
    for rule in effective.of(kind.Escalation):
        ref = _source(rule)
        rungs = tuple(_rung(each, ref) for each in rule.params.steps)
        if rungs:
            yield Ladder(_evaluated(rule.params, rungs, ref), ref, _applicant(rule.params))


def _source(rule: Rule[kind.Escalation]) -> RowRef:
    stated = rule.provenance.get("rungs") or rule.provenance["ladder"]
    return stated[-1]


def _evaluated(params: kind.Escalation, rungs: tuple[RungRule, ...], ref: RowRef) -> EscalationRule:
    after = _after(params.after) if params.after is not None else None
    counter = _counter(params.counter, ref) if params.counter is not None else None
    when = params.when
    if rungs[0].automatic and after is None and counter is None and when is None:
        if _LATE.intersection(params.trigger):
            when = "is_overdue"
        elif _SILENT in params.trigger:
            after = AfterClock(_REPORT_CLOCK, 0, Unit.DAY)
    return EscalationRule(
        name=params.name,
        triggers=tuple(each.value for each in params.trigger),
        rungs=rungs,
        after=after,
        when=when,
        counter=counter,
        next_when=tuple(each.value for each in params.next_when or ()),
    )


def _rung(rung: kind.Rung, ref: RowRef) -> RungRule:
    return RungRule(
        to=rung.to,
        gives=Gives(rung.gives),
        after=_limit(rung.after, ref),
        answer_within=_limit(rung.answer_within, ref),
        automatic=rung.automatic,
    )


def _after(after: kind.After) -> AfterClock:
    return AfterClock(after.clock.value, after.offset.n, Unit(after.offset.unit.value))


def _counter(counter: kind.Counter, ref: RowRef) -> Counter:
    window = _limit(counter.window, ref)
    assert window is not None
    return Counter(
        counter.count,
        window,
        group_min=counter.group_min,
        channel=counter.channel.value if counter.channel is not None else None,
        at_level=counter.at_level.value if counter.at_level is not None else None,
    )


def _limit(span: Span | None, ref: RowRef) -> Limit | None:
    return Limit(span.n, Unit(span.unit.value), str(ref)) if span is not None else None


def _applicant(params: kind.Escalation) -> str | None:
    """Who applies: as the rule says, else where its ladder starts."""
    if params.applicant is not None:
        return params.applicant
    return params.ladder[0] if params.ladder and params.rungs is None else None
