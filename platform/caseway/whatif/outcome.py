"""What a draft would have changed of one case: clocks and escalations before and after, and what nobody can tell."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from caseway.cases.workflow import PetitionClass
from caseway.clocks.workflow import ClockKind
from caseway.escalation.workflow import Gives
from caseway.whatif.climbing import Climbing, Raise, climb, climbs_as_recorded, recorded_climbing
from caseway.whatif.history import History, Missing, MissingCode, Setting
from caseway.whatif.replay import ClockRun, recorded, replay, reproduces

#: Without these nothing that a replay says about the clocks of a case can be believed.
_ALL = frozenset({MissingCode.HISTORY_DIFFERS, MissingCode.OFFICE_CHANGED, MissingCode.MOVED})


@dataclass(frozen=True, slots=True)
class Limit:
    """One limit of a clock: the rule it comes from, and the instant it has come to."""

    rule: str
    layer: str
    due_at: datetime
    #: Whether it passed while the clock ran.
    is_late: bool


@dataclass(frozen=True, slots=True)
class Side:
    """A clock under one set of rules."""

    due_at: datetime
    limits: tuple[Limit, ...]

    @property
    def is_late(self) -> bool:
        """Whether any of its limits passed while it ran."""
        return any(each.is_late for each in self.limits)


@dataclass(frozen=True, slots=True)
class ClockPair:
    """A clock before and after; null where it would not run, or did not."""

    kind: ClockKind
    office_id: int
    started_at: datetime
    before: Side | None
    after: Side | None

    @property
    def is_changed(self) -> bool:
        """Whether other limits apply, or another date rules."""
        return self.before != self.after


@dataclass(frozen=True, slots=True)
class RaisePair:
    """A rung before and after; null where it would not be climbed, or was not."""

    before: Raise | None
    after: Raise | None

    @property
    def either(self) -> Raise:
        """The rung."""
        found = self.after or self.before
        assert found is not None
        return found

    @property
    def is_changed(self) -> bool:
        """Whether it is climbed in one of the two only, or asks for something else."""
        return self.before is None or self.after is None or self.before.asks != self.after.asks


@dataclass(frozen=True, slots=True)
class Outcome:
    """One case under the rules that were in force and under the draft."""

    city_id: int
    case_id: uuid.UUID
    number: str
    petition_class: str
    clocks: tuple[ClockPair, ...]
    raises: tuple[RaisePair, ...]
    missing: tuple[Missing, ...]
    #: Offices that the case may not go to: complained about.
    accused_office_ids: tuple[int, ...]

    @property
    def is_accusation(self) -> bool:
        """Whether its figures are told only in numbers that name nobody."""
        return self.petition_class == PetitionClass.ACCUSATION

    @property
    def is_told(self) -> bool:
        """Whether the history suffices for what is said about its clocks."""
        return not any(each.code in _ALL for each in self.missing)

    @property
    def is_reproduced(self) -> bool:
        """Whether the history suffices for what is said about its escalations."""
        return not any(each.code in _ALL - {MissingCode.MOVED} for each in self.missing)

    @property
    def changed_clocks(self) -> list[ClockPair]:
        """The clocks that would have been others."""
        return [each for each in self.clocks if each.is_changed] if self.is_told else []

    @property
    def changed_raises(self) -> list[RaisePair]:
        """The rungs that would have been others."""
        return [each for each in self.raises if each.is_changed] if self.is_reproduced else []

    @property
    def is_changed(self) -> bool:
        """Whether anything would have been otherwise."""
        return bool(self.changed_clocks or self.changed_raises)


def outcome(history: History, *, in_force: Setting, tried: Setting) -> Outcome:
    """Replay a case twice: under the rules that were in force, which must give what happened, and with the draft."""
    check, found = replay(history, in_force), replay(history, tried)
    as_was = climb(history, in_force, check.clocks)
    climbed = climb(history, tried, found.clocks, in_force=as_was)
    missing = {*found.missing, *climbed.missing}
    differences = [*reproduces(history, check), *climbs_as_recorded(history, as_was)]
    missing |= {Missing(MissingCode.HISTORY_DIFFERS, "", each) for each in differences}
    raises = _raise_pairs(recorded_climbing(history), climbed)
    missing |= set(_moves(raises))
    columns = history.events[0].facts["set"]
    return Outcome(
        city_id=history.city_id,
        case_id=history.case_id,
        number=history.number,
        petition_class=history.petition_class,
        clocks=_clock_pairs(recorded(history), found.clocks),
        raises=raises,
        missing=tuple(sorted(missing)),
        accused_office_ids=tuple(columns["accused_office_ids"]),
    )


def _clock_pairs(before: Sequence[ClockRun], after: Sequence[ClockRun]) -> tuple[ClockPair, ...]:
    was, found = {each.id: each for each in before}, {each.id: each for each in after}
    pairs = []
    for key in {**was, **found}:
        run = found.get(key) or was[key]
        state = run.state
        old, new = _side(was.get(key)), _side(found.get(key))
        pairs.append(ClockPair(state.kind, state.office_id, state.started_at, old, new))
    return tuple(pairs)


def _side(run: ClockRun | None) -> Side | None:
    if run is None:
        return None
    late = {each.source for each in run.late}
    limits = tuple(
        Limit(
            rule=each.limit.source,
            layer=str(each.layer),
            due_at=each.due_at,
            is_late=each.limit.source in late,
        )
        for each in run.state.limits
    )
    return Side(run.state.due_at, limits)


def _raise_pairs(before: Climbing, after: Climbing) -> tuple[RaisePair, ...]:
    was, found = {each.key: each for each in before.raised}, {each.key: each for each in after.raised}
    return tuple(RaisePair(was.get(key), found.get(key)) for key in {**was, **found})


def _moves(raises: Sequence[RaisePair]) -> Iterator[Missing]:
    """A take-up that was not, or would not have been: what the other office would have done is not known."""
    for each in raises:
        if each.is_changed and each.either.gives is Gives.TAKE_UP and each.either.automatic:
            yield Missing(MissingCode.MOVED, each.either.rule, "what would have happened at another office")
