"""The life of an escalation as one table, and how several of them nest (domain 5.4, T15, T16).

An escalation is one rung of a ladder that was climbed once: it names what the upper office gets. Only a take-up moves
custody, so only take-ups nest: what a county took from a town and the city then took from the county comes back to the
county first and to the town afterwards. Everything else stands beside each other and ends by itself.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from types import MappingProxyType
from typing import Protocol, TypeVar

from caseway.escalation.errors import EscalationNested, EscalationStepRefused


class Gives(StrEnum):
    """What the upper office gets."""

    INFORM = "INFORM"  # 上报: it knows; nothing is owed
    SUPERVISE = "SUPERVISE"  # 督办: the holder owes it a written reply
    ADVISE = "ADVISE"  # 提级研判: it owes the holder advice; custody stays
    TAKE_UP = "TAKE_UP"  # 提级办理: it takes the case itself, from its sign-for on

    @property
    def moves_custody(self) -> bool:
        """Whether the upper office becomes the holder."""
        return self is Gives.TAKE_UP


class EscalationState(StrEnum):
    """Where an escalation stands."""

    PROPOSED = "PROPOSED"  # somebody has still to raise it
    RAISED = "RAISED"  # waits for the upper office
    TAKEN = "TAKEN"  # the upper office has signed, studies or supervises
    ANSWERED = "ANSWERED"  # advice was given
    REFUSED = "REFUSED"  # the upper office refused, with a reason that is counted and shown
    HANDED_BACK = "HANDED_BACK"  # on its way back with required points; the upper office still holds
    CLOSED = "CLOSED"
    RECALLED = "RECALLED"  # withdrawn before the upper office took it

    @property
    def is_open(self) -> bool:
        """Whether somebody has still to do something."""
        return self in _OPEN


_OPEN = frozenset(
    {EscalationState.PROPOSED, EscalationState.RAISED, EscalationState.TAKEN, EscalationState.HANDED_BACK}
)
#: States in which the upper office of a take-up holds the case, or somebody who took it from there.
_MOVED = frozenset({EscalationState.TAKEN, EscalationState.HANDED_BACK})


class Side(StrEnum):
    """Who acts: an office of the one end, of the other, or the platform itself."""

    LOWER = "LOWER"
    UPPER = "UPPER"
    PLATFORM = "PLATFORM"


class Step(StrEnum):
    """What can happen to an escalation."""

    RAISE = "RAISE"
    ACCEPT = "ACCEPT"
    ADVISE = "ADVISE"
    REFUSE = "REFUSE"
    HAND_BACK = "HAND_BACK"
    SIGN_BACK = "SIGN_BACK"
    STAY = "STAY"
    CLOSE = "CLOSE"
    RECALL = "RECALL"
    RELEASE = "RELEASE"
    END = "END"


@dataclass(frozen=True, slots=True)
class Row:
    """One row of the table."""

    step: Step
    sources: frozenset[EscalationState]
    target: EscalationState
    gives: frozenset[Gives]
    sides: frozenset[Side]
    #: Not for escalations that a rule raised by itself: nobody below makes one go away.
    by_application_only: bool = False


def _row(
    step: Step,
    sources: Iterable[EscalationState],
    target: EscalationState,
    *sides: Side,
    gives: Iterable[Gives] = Gives,
    by_application_only: bool = False,
) -> Row:
    return Row(step, frozenset(sources), target, frozenset(gives), frozenset(sides), by_application_only)


_S, _G = EscalationState, Gives

#: Every step there is.
TABLE: tuple[Row, ...] = (
    _row(Step.RAISE, {_S.PROPOSED}, _S.RAISED, Side.LOWER, Side.PLATFORM),
    # The platform accepts for an office that does not sign: deemed receipt (T5).
    _row(Step.ACCEPT, {_S.RAISED}, _S.TAKEN, Side.UPPER, Side.PLATFORM),
    _row(Step.ADVISE, {_S.RAISED, _S.TAKEN}, _S.ANSWERED, Side.UPPER, gives={_G.ADVISE}),
    _row(Step.REFUSE, {_S.RAISED}, _S.REFUSED, Side.UPPER, gives={_G.ADVISE, _G.TAKE_UP, _G.SUPERVISE}),
    _row(Step.HAND_BACK, {_S.TAKEN}, _S.HANDED_BACK, Side.UPPER, gives={_G.TAKE_UP}),
    _row(Step.SIGN_BACK, {_S.HANDED_BACK}, _S.CLOSED, Side.LOWER, Side.PLATFORM, gives={_G.TAKE_UP}),
    # It cannot go back there: the lower office is on the accused side now.
    _row(Step.STAY, {_S.HANDED_BACK}, _S.TAKEN, Side.PLATFORM, gives={_G.TAKE_UP}),
    # What was taken up and is closed stays with the upper office, which ends the case itself.
    _row(Step.CLOSE, {_S.TAKEN}, _S.CLOSED, Side.UPPER),
    _row(Step.CLOSE, {_S.ANSWERED}, _S.CLOSED, Side.UPPER, Side.LOWER, gives={_G.ADVISE}),
    _row(Step.CLOSE, {_S.RAISED}, _S.CLOSED, Side.UPPER, gives={_G.INFORM}),
    _row(Step.RECALL, {_S.PROPOSED}, _S.RECALLED, Side.LOWER),
    _row(Step.RECALL, {_S.RAISED}, _S.RECALLED, Side.LOWER, by_application_only=True),
    # The upper office passed the case on by an ordinary order.
    _row(Step.RELEASE, {_S.TAKEN}, _S.CLOSED, Side.PLATFORM, gives={_G.TAKE_UP}),
    _row(Step.END, _OPEN | {_S.ANSWERED}, _S.CLOSED, Side.PLATFORM),
)

_BY_STEP: MappingProxyType[tuple[EscalationState, Gives, Step], Row] = MappingProxyType(
    {(source, gives, row.step): row for row in TABLE for source in row.sources for gives in row.gives}
)


@cache
def available(state: str, gives: str, side: Side, *, automatic: bool) -> frozenset[Step]:
    """The steps that one side can take. ``automatic`` says that a rule raised the escalation by itself."""
    return frozenset(
        row.step
        for (source, given, _), row in _BY_STEP.items()
        if source == state and given == gives and side in row.sides and not (automatic and row.by_application_only)
    )


def next_state(state: str, gives: str, step: Step, side: Side, *, automatic: bool) -> EscalationState:
    """The state that a step leads to. Raises ``EscalationStepRefused`` (details: state, step, allowed) when the table
    has no such row for that side."""
    allowed = available(state, gives, side, automatic=automatic)
    if step not in allowed:
        raise EscalationStepRefused(state=str(state), step=str(step), allowed=sorted(map(str, allowed)))
    return _BY_STEP[EscalationState(state), Gives(gives), step].target


class Nested(Protocol):
    """What nesting looks at: an escalation of a case, whatever it is stored as."""

    @property
    def id(self) -> Hashable: ...
    @property
    def parent_id(self) -> Hashable | None: ...
    @property
    def gives(self) -> str: ...
    @property
    def state(self) -> str: ...


T = TypeVar("T", bound=Nested)


def has_moved(escalation: Nested) -> bool:
    """Whether custody went up with it and has not come back."""
    return escalation.gives == Gives.TAKE_UP and escalation.state in _MOVED


def innermost(escalations: Sequence[T]) -> T | None:
    """The take-up by which the present holder came to the case; null if it holds it otherwise."""
    moved = [each for each in escalations if has_moved(each)]
    outer = {each.parent_id for each in moved}
    return next((each for each in moved if each.id not in outer), None)


def inside(escalation: Nested, escalations: Sequence[T]) -> list[T]:
    """The take-ups that went on from this one and have not come back; the innermost last."""
    by_parent = {each.parent_id: each for each in escalations if has_moved(each)}
    found: list[T] = []
    current: Nested = escalation
    while (inner := by_parent.get(current.id)) is not None:
        found.append(inner)
        current = inner
    return found


def around(escalation: Nested, escalations: Sequence[T]) -> list[T]:
    """The take-ups within which this one happened and that have not come back; the innermost first."""
    by_id = {each.id: each for each in escalations if has_moved(each)}
    found: list[T] = []
    current: Nested = escalation
    while current.parent_id is not None and (outer := by_id.get(current.parent_id)) is not None:
        found.append(outer)
        current = outer
    return found


def released_with(escalation: Nested, step: Step, escalations: Sequence[T]) -> list[T]:
    """The take-ups that a step ends besides the one it is taken on, in the order in which they end.

    Who closes a take-up keeps the case, and who passes it on by an ordinary order gives it away: in both cases the
    offices that it had come through have nothing to hand back any more.
    """
    gone_for_good = has_moved(escalation) and step in (Step.CLOSE, Step.RELEASE)
    return around(escalation, escalations) if gone_for_good else []


def must_be_innermost(escalation: Nested, escalations: Sequence[Nested]) -> None:
    """Take-ups unwind in order. Raises ``EscalationNested`` (details: waiting_for) while another went on from it."""
    if inner := inside(escalation, escalations):
        raise EscalationNested(waiting_for=str(inner[-1].id))
