"""Which limits an office's rules set for an event: deadline rows by stage, class and condition, and the limits that
stand in other kinds (the objection window, the petitioner's window). Where law and offices are silent, the platform's
own conventions stand in ``clocks.limits``."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from dataclasses import replace
from typing import Any

from caseway.clocks import limits
from caseway.clocks.arithmetic import Limit, Roll, RollOn, Unit
from caseway.clocks.workflow import ClockKind, ExtensionRule, Layer, PinnedLimit, StartEvent
from caseway.clocks.workflow import Span as Length
from caseway.rules.kinds.deadline import Deadline
from caseway.rules.kinds.review_chain import ReviewChain
from caseway.rules.kinds.routing import Routing
from caseway.rules.resolve import EffectiveRules, Rule, SourcedRow
from caseway.rules.values import Span

Terms = tuple[tuple[PinnedLimit, ...], ExtensionRule | None]

_KINDS = {str(kind) for kind in ClockKind}
_END_OF_MONTH = "END_OF_MONTH"


def never(condition: str) -> bool:
    """A condition that nobody can decide does not hold."""
    return False


def deadlines(
    rules: EffectiveRules,
    start: StartEvent,
    *,
    classes: Collection[str],
    holds: Callable[[str], bool] = never,
    kinds: Collection[ClockKind] | None = None,
) -> dict[ClockKind, Terms]:
    """Per stage the limits of all rows that count from this event and apply to the case, law first, and who may extend
    them. Each row gives a date and the earliest rules (C4); the cap of an extension is the smallest of all of them."""
    found: dict[ClockKind, list[Rule[Deadline]]] = {}
    for rule in rules.of(Deadline):
        stage = str(rule.params.stage)
        fits = rule.params.case_class is None or str(rule.params.case_class) in classes
        if stage in _KINDS and str(rule.params.start) == start and fits and (kinds is None or stage in kinds):
            found.setdefault(ClockKind(stage), []).append(rule)
    terms = {kind: _terms(each, holds) for kind, each in found.items()}
    return {kind: each for kind, each in terms.items() if each[0]}


def _terms(found: Iterable[Rule[Deadline]], holds: Callable[[str], bool]) -> Terms:
    pinned: list[PinnedLimit] = []
    extensions: list[ExtensionRule] = []
    for rule in found:
        rows = [each for each in rule.rows if each.params.when is None or holds(each.params.when)]
        pinned += [_pinned(each) for each in rows]
        if rows and (extension := _extension(rule)) is not None:
            extensions.append(extension)
    pinned.sort(key=lambda each: each.layer is not Layer.LAW)
    # Rows of several classes give caps of their own: the strictest of them binds.
    extension = min(extensions, key=lambda each: (each.times, _rough_days(each.cap)), default=None)
    return tuple(pinned), extension


def _pinned(each: SourcedRow[Deadline]) -> PinnedLimit:
    params = each.params
    if isinstance(params.limit, Span):
        amount, unit = params.limit.n, Unit(str(params.limit.unit.value))
    else:
        amount, unit = 0, Unit.END_OF_MONTH
    return PinnedLimit(
        limit=Limit(
            amount,
            unit,
            f"{each.ref.book} {each.ref.row_id}",
            Roll(params.roll),
            RollOn(params.roll_on or RollOn.NON_WORKDAY),
        ),
        layer=Layer(str(each.layer.value)),
        book=each.ref.book,
        version=each.ref.version,
        row_id=each.ref.row_id,
        case_class=str(params.case_class.value) if params.case_class is not None else None,
        remind_before=tuple(Length(span.n, Unit(span.unit.value)) for span in params.remind_before or ()),
    )


def _extension(rule: Rule[Deadline]) -> ExtensionRule | None:
    params = rule.params
    if params.extend is None:
        return None
    source = ", ".join(f"{ref.book} {ref.row_id}" for ref in rule.provenance["extend"])
    return ExtensionRule(
        cap=_limit(params.extend, source),
        by=str(params.extend_by.value) if params.extend_by is not None else None,
        times=params.extend_times if params.extend_times is not None else 1,
        total=_limit(params.total_max, source) if params.total_max is not None else None,
    )


def objection(rules: EffectiveRules) -> PinnedLimit:
    """How long the receiver of an order may object (art. 23): from delivery, 5 workdays at most."""
    return _of_routing(rules, "object_within", limits.OBJECT)


def answer_to_objection(rules: EffectiveRules) -> PinnedLimit:
    """How long the sender has to answer an objection; the law is silent, the platform is not."""
    return _of_routing(rules, "answer_objection_within", limits.ANSWER_OBJECTION)


def decision_on_dispute(rules: EffectiveRules) -> PinnedLimit:
    """How long the common superior has to decide a dispute; the law is silent, the platform is not."""
    return _of_routing(rules, "decide_dispute_within", limits.DECIDE_DISPUTE)


def review_window(rules: EffectiveRules) -> PinnedLimit:
    """How long the petitioner may ask for a review (art. 35). A window that ends on a rest day runs on (C3)."""
    for rule in rules.of(ReviewChain):
        pinned = _from_rule(rule, "ask_within", rule.params.ask_within)
        return replace(pinned, limit=replace(pinned.limit, roll=Roll.NEXT_WORKDAY))
    return limits.REVIEW_WINDOW


def receipt() -> PinnedLimit:
    """How long an order waits to be signed for before receipt is deemed (C5)."""
    return limits.SIGN_FOR


def ordered(amount: int, unit: Unit, source: str) -> PinnedLimit:
    """A limit that an order itself sets."""
    return PinnedLimit(Limit(amount, unit, source), Layer.ORDER)


def _of_routing(rules: EffectiveRules, name: str, otherwise: PinnedLimit) -> PinnedLimit:
    for rule in rules.of(Routing):
        span = getattr(rule.params, name)
        if span is not None:
            return _from_rule(rule, name, span)
    return otherwise


def _from_rule(rule: Rule[Any], name: str, span: Span) -> PinnedLimit:
    """A parameter that is a span, with the last row that set it: the one that came out strictest."""
    ref = rule.provenance[name][-1]
    layer = next((each.layer for each in rule.rows if each.ref == ref), None)
    return PinnedLimit(
        limit=_limit(span, f"{ref.book} {ref.row_id}"),
        layer=Layer(str(layer.value)) if layer is not None else Layer.OFFICE,
        book=ref.book,
        version=ref.version,
        row_id=ref.row_id,
    )


def _limit(span: Span, source: str) -> Limit:
    return Limit(span.n, Unit(str(span.unit.value)), source)


def _rough_days(limit: Limit) -> float:
    """For telling the smaller of two caps: exact within a unit, roughly between units."""
    return limit.amount * {Unit.MONTH: 30.0, Unit.WORKDAY: 1.4, Unit.DAY: 1.0}.get(limit.unit, 0.01)
