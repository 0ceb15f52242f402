"""Which events can start the limit of which stage: a limit that starts when its stage is over measures nothing."""

from __future__ import annotations

from caseway.rules.kinds.vocabulary import Event, Stage

#: Events in the life of a case in their order; those of one entry may come in any order.
_LIFE: tuple[frozenset[Event], ...] = (
    frozenset({Event.RECEIVED}),
    frozenset({Event.REGISTERED}),
    frozenset({Event.DISPATCHED, Event.ASSIGNED}),
    frozenset({Event.DELIVERED}),
    frozenset({Event.SIGNED}),
    frozenset({Event.ACCEPTED}),
    frozenset({Event.RESULT_SUBMITTED}),
    frozenset({Event.CLOSED}),
)


def _before(event: Event) -> frozenset[Event]:
    position = next(i for i, events in enumerate(_LIFE) if event in events)
    return frozenset[Event]().union(*_LIFE[:position])


#: Stage -> the events at which it can still lie ahead.
STARTS: dict[Stage, frozenset[Event]] = {
    Stage.DISPATCH: frozenset({Event.RECEIVED, Event.REGISTERED}),
    Stage.FORWARD: _before(Event.DELIVERED),
    Stage.SIGN_AND_ROUTE: _before(Event.SIGNED),
    Stage.RESPOND: _before(Event.ACCEPTED),
    Stage.ACCEPT_NOTICE: _before(Event.ACCEPTED),
    Stage.DIRECT_NOTICE: _before(Event.ACCEPTED),
    Stage.ANSWER: _before(Event.RESULT_SUBMITTED),
    Stage.ASSIGNED: _before(Event.RESULT_SUBMITTED),
    Stage.COORDINATE: _before(Event.RESULT_SUBMITTED),
    Stage.HANDLE: _before(Event.RESULT_SUBMITTED),
    Stage.HANDLE_ASSIGNED: _before(Event.RESULT_SUBMITTED),
    Stage.RESPOND_DISPOSE: _before(Event.RESULT_SUBMITTED),
    Stage.CLOSE_CHECK: frozenset({Event.RESULT_SUBMITTED}),
    Stage.APPRAISE: frozenset({Event.RESULT_SUBMITTED, Event.CLOSED}),
    Stage.AFTER_VISIT: frozenset({Event.VISIT_HELD}),
    Stage.APPOINTMENT_TO_PLAN: frozenset({Event.APPOINTMENT_REQUESTED}),
}


def can_start(stage: Stage, event: Event) -> bool:
    """Whether a limit of a stage can start with an event."""
    return event in STARTS[stage]
