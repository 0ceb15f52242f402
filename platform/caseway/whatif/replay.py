"""Replays the clocks of one case under other rules. Pure: the same history and setting give the same answer.

What people did stays what they did. Under the rules that were in force the replay gives exactly what happened, which is
checked for every case before other rules are believed; where the history cannot tell, it says so.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from caseway.cases import limits
from caseway.clocks import applicable
from caseway.clocks.applicable import Terms
from caseway.clocks.arithmetic import Limit, Unit, day_of, extended, reckon
from caseway.clocks.workflow import (
    ClockKind,
    ClockState,
    Event,
    ExtensionRule,
    Layer,
    PinnedLimit,
    StartEvent,
    StoredEvent,
    derive,
)
from caseway.rules import conditions
from caseway.rules.resolve import EffectiveRules
from caseway.whatif import ends
from caseway.whatif.clocks import Late, Played, Turn, lateness
from caseway.whatif.history import History, Missing, MissingCode, Recorded, Setting, columns_of
from caseway.whatif.occasions import ONLY_ONCE, Occasion, occasions

#: Clocks that rules limit in another place than in deadline rows.
_SINGLE: dict[ClockKind, Callable[[EffectiveRules], PinnedLimit]] = {
    ClockKind.OBJECT: applicable.objection,
    ClockKind.ANSWER_OBJECTION: applicable.answer_to_objection,
    ClockKind.DECIDE_DISPUTE: applicable.decision_on_dispute,
    ClockKind.REVIEW_WINDOW: applicable.review_window,
}
_EXTENDABLE = frozenset({ClockKind.HANDLE, ClockKind.HANDLE_ASSIGNED})
#: What is reckoned anew from what happened, instead of being taken over.
_RECKONED = frozenset({Event.START, Event.EXTEND, Event.RECLASSIFY, Event.REPROJECT})


@dataclass(frozen=True, slots=True)
class ClockRun:
    """A clock, recorded or replayed, with its events and the limits that passed."""

    id: uuid.UUID
    state: ClockState
    events: Sequence[StoredEvent]
    #: When each of its events was recorded.
    known: Sequence[datetime]
    late: tuple[Late, ...]
    #: Whether it ran in the past.
    was_recorded: bool = True


@dataclass(frozen=True, slots=True)
class Replayed:
    """What would have been of the clocks of a case, and what is not known of it."""

    clocks: tuple[ClockRun, ...]
    missing: tuple[Missing, ...]


def replay(history: History, setting: Setting, *, trusting: bool = True) -> Replayed:
    """The clocks of a case under the rules of a setting. Not ``trusting`` = the ends of clocks that deadline rows
    started are taken from the other events of the case instead of from their own."""
    running = _Replay(history, setting, trusting=trusting)
    for event in history.events:
        running.take(event)
    return running.result()


def recorded(history: History) -> tuple[ClockRun, ...]:
    """The clocks as they were, with the lateness that the ledger holds; the oldest first."""
    late: dict[uuid.UUID, list[Late]] = {}
    for event in history.events:
        if event.type == "clock.overdue":
            facts = event.facts
            noticed = Late(datetime.fromisoformat(facts["due_at"]), facts["source"], facts["layer"], event.at)
            late.setdefault(uuid.UUID(facts["clock"]), []).append(noticed)
    return tuple(
        ClockRun(
            id=key,
            state=derive(events)[0],
            events=events,
            known=[history.known_at(each.at) for each in events],
            late=tuple(sorted(late.get(key, ()))),
        )
        for key, events in _by_clock(history).items()
    )


def _by_clock(history: History) -> dict[uuid.UUID, list[StoredEvent]]:
    found: dict[uuid.UUID, list[StoredEvent]] = {}
    for event in history.clock_events:
        found.setdefault(event.clock_id, []).append(event)
    return found


class _Replay:
    """One case, event after event."""

    def __init__(self, history: History, setting: Setting, *, trusting: bool) -> None:
        self._history = history
        self._setting = setting
        self._trusting = trusting
        self._recorded = _by_clock(history)
        self._columns: dict[str, Any] = {}
        self._clocks: list[Played] = []
        self._missing: set[Missing] = set()
        self._taken: set[uuid.UUID] = set()
        self._starts: set[tuple[str, datetime, int, uuid.UUID | None]] = set()

    def take(self, event: Recorded) -> None:
        """The next event of the ledger: what it ends, what it changes, what it starts."""
        self._end(event)
        match event.type:
            case "case.graded":
                self._reclassify(event)
            case "case.extended":
                self._extend(event)
        for occasion in occasions(event, self._columns, self._history, lambda office_id: self._office_kind(office_id)):
            self._start(occasion)
        self._columns |= columns_of(event)

    def result(self) -> Replayed:
        """Everything together, when no event is left."""
        self._take_over()
        order = {key: place for place, key in enumerate(self._recorded)}
        runs = []
        for clock in sorted(self._clocks, key=lambda each: (each.known_at, order.get(each.id, len(order)), each.seq)):
            events = clock.events()
            runs.append(
                ClockRun(
                    id=clock.id,
                    state=derive(events)[0],
                    events=events,
                    known=clock.known,
                    late=tuple(lateness(events, clock.known, now=self._setting.now)),
                    was_recorded=clock.was_recorded,
                )
            )
        return Replayed(tuple(runs), tuple(sorted(self._missing)))

    # ---- starting

    def _start(self, occasion: Occasion) -> None:
        self._starts.add((str(occasion.start), occasion.at, occasion.office_id, occasion.order_id))
        rules = self._rules(occasion.office_id, occasion.at)
        holds = self._conditions(occasion.values())
        found = applicable.deadlines(rules, occasion.start, classes=occasion.classes, holds=holds, kinds=occasion.kinds)
        if occasion.start is StartEvent.ACCEPTED and self._is_handled(occasion):
            return
        for kind, terms in found.items():
            self._begin(occasion, kind, terms)

    def _is_handled(self, occasion: Occasion) -> bool:
        """What acceptance starts is never restarted while the matter is being handled (INV-10)."""
        return any(
            (each.kind, each.start) == ONLY_ONCE and each.is_running(until=occasion.known_at) for each in self._clocks
        )

    def _begin(self, occasion: Occasion, kind: ClockKind, terms: Terms) -> None:
        pinned, extension = terms
        known = self._match(occasion, kind)
        clock = Played(
            id=known or uuid.uuid5(self._history.case_id, f"{occasion.seq}:{occasion.start}:{kind}"),
            kind=kind,
            start=occasion.start,
            office_id=occasion.office_id,
            order_id=occasion.order_id,
            started_at=occasion.at,
            known_at=occasion.known_at,
            seq=occasion.seq,
            pinned=pinned,
            extension=extension,
            calendar=self._setting.calendar(occasion.office_id),
            was_recorded=known is not None,
        )
        if known is not None and self._trusting:
            clock.turns = self._later(known)
        self._clocks.append(clock)

    def _match(self, occasion: Occasion, kind: ClockKind) -> uuid.UUID | None:
        """The recorded clock that the same event started."""
        for key, (first, *_) in self._recorded.items():
            same = (first.kind, first.facts["start"], first.at, first.office_id, first.order_id)
            asked = (kind, occasion.start, occasion.at, occasion.office_id, occasion.order_id)
            if key not in self._taken and same == asked:
                self._taken.add(key)
                return key
        return None

    def _later(self, key: uuid.UUID) -> list[Turn]:
        """What happened to a recorded clock, but for what is reckoned anew."""
        return [
            Turn(Event(each.event), each.at, self._history.known_at(each.at), each.facts)
            for each in self._recorded[key]
            if Event(each.event) not in _RECKONED
        ]

    def _take_over(self) -> None:
        """Recorded clocks that no start event of this case explains: those that orders, the platform or a rule of
        another kind set, and those that came from a merged case."""
        for key, events in self._recorded.items():
            first = events[0]
            start = StartEvent(first.facts["start"])
            if key in self._taken or self._had_a_start(first):
                continue  # replayed already, or no row of these rules asks for it
            pinned = tuple(PinnedLimit.of(each) for each in first.facts["limits"])
            kind = ClockKind(first.kind)
            if start is not StartEvent.ORDERED:
                self._lacks(MissingCode.TAKEN_OVER, pinned[0].limit.source, f"whose case the clock {kind} began in")
            elif kind in _SINGLE and pinned[0].layer is not Layer.ORDER:
                pinned = (_SINGLE[kind](self._rules(first.office_id, first.at)),)
            self._clocks.append(
                Played(
                    id=key,
                    kind=kind,
                    start=start,
                    office_id=first.office_id,
                    order_id=first.order_id,
                    started_at=first.at,
                    known_at=self._history.known_at(first.at),
                    seq=0,
                    pinned=pinned,
                    extension=ExtensionRule.of(first.facts["extension"]),
                    calendar=self._setting.calendar(first.office_id),
                    was_recorded=True,
                    turns=self._later(key),
                )
            )

    def _had_a_start(self, first: StoredEvent) -> bool:
        """Whether an event of this case could have started the clock; if not, it came from a merged case."""
        return (first.facts["start"], first.at, first.office_id, first.order_id) in self._starts

    # ---- what happens later

    def _end(self, event: Recorded) -> None:
        """Clocks whose own end was not recorded end with the events that end such clocks."""
        for clock in self._clocks:
            if clock.seq >= event.seq or (clock.was_recorded and self._trusting):
                continue
            running = clock.is_running(until=event.at)
            found = ends.turn(event, clock.kind, clock.order_id, clock.stopped_by, self._history, is_running=running)
            if found is None:
                continue
            what, at = found
            clock.stopped_by = ends.stopping_order(event) if what is Event.STOP else None
            clock.turns.append(Turn(what, at, event.at))

    def _reclassify(self, event: Recorded) -> None:
        """Counted anew from its start by the rows for the other class (INV-07), unless a limit had passed."""
        occasion = Occasion(StartEvent.ORDERED, event.at, event.at, event.seq, 0, case=_Case(self._columns))
        asked = occasion.values() | {"grade": event.facts["to"]}
        classes = limits.classes_of(occasion.case, grade=event.facts["to"])
        for clock in self._clocks:
            if clock.start is StartEvent.ORDERED or not clock.is_running(until=event.at):
                continue
            rules = self._rules(clock.office_id, clock.started_at)
            holds = self._conditions(asked)
            found = applicable.deadlines(rules, clock.start, classes=classes, holds=holds, kinds=[clock.kind])
            state = clock.state(until=event.at)
            if clock.kind not in found or found[clock.kind][0] == tuple(each.pinned for each in state.limits):
                continue
            pinned, extension = found[clock.kind]
            if state.missed_by(event.at):
                self._lacks(MissingCode.REFUSED, pinned[0].limit.source, "the grading would have come too late")
                continue
            facts = {
                "limits": [each.facts() for each in pinned],
                "extension": extension.facts() if extension is not None else None,
            }
            clock.turns.append(Turn(Event.RECLASSIFY, event.at, event.at, facts))

    def _extend(self, event: Recorded) -> None:
        """An extension that was granted counts where these rules would have allowed it; what the office would have
        asked for instead is not known."""
        asked = Limit(event.facts["days"], Unit.DAY, "extension")
        running = [
            each
            for each in self._clocks
            if each.kind in _EXTENDABLE and each.is_running(until=event.at) and self._extension(each, event.at)
        ]
        for clock in running:
            if (refusal := self._refused(clock, asked, event.at)) is not None:
                self._lacks(MissingCode.REFUSED, refusal[0], refusal[1])
                return
        for clock in running:
            self._check_rank(clock, event.at)
            clock.turns.append(Turn(Event.EXTEND, event.at, event.at, {"limit": asked.facts()}))

    def _extension(self, clock: Played, at: datetime) -> ExtensionRule | None:
        return clock.state(until=at).extension

    def _refused(self, clock: Played, asked: Limit, at: datetime) -> tuple[str, str] | None:
        """The rule that would have refused an extension, and why; the same questions as ``clocks.changes``."""
        state, calendar = clock.state(until=at), clock.calendar
        rule = state.extension
        assert rule is not None
        due_at, source = state.due_at, rule.cap.source
        if state.missed_by(at):
            return source, "the extension would have come too late"
        if state.extensions >= rule.times:
            return source, "it would have been one extension too many"
        cap = rule.cap
        too_long = asked.unit is cap.unit and asked.amount > cap.amount
        if too_long or extended(due_at, asked, calendar).at > extended(due_at, cap, calendar).at:
            return source, f"an extension by {asked.amount} {asked.unit} would have been too long"
        total = rule.total
        if total is not None and extended(due_at, asked, calendar).at > reckon(clock.started_at, total, calendar).at:
            return source, "the whole time would have been too long"
        return None

    def _check_rank(self, clock: Played, at: datetime) -> None:
        """Who approved is recorded, their rank is not: where another rank would have had to, nobody knows."""
        rule = self._extension(clock, at)
        first = self._recorded[clock.id][0] if clock.was_recorded else None
        before = ExtensionRule.of(first.facts["extension"]) if first is not None else None
        if rule is not None and rule.by is not None and (before is None or before.by != rule.by):
            self._lacks(MissingCode.RANK, rule.cap.source, f"whether the extension was approved by {rule.by}")

    # ---- what is looked up

    def _rules(self, office_id: int, at: datetime) -> EffectiveRules:
        moved_at = self._setting.moved_at(office_id)
        if moved_at is not None and moved_at > at:
            self._lacks(MissingCode.OFFICE_CHANGED, "", f"where the office {office_id} stood on {day_of(at)}")
        return self._setting.rules(office_id, day_of(at))

    def _office_kind(self, office_id: int) -> str:
        return self._setting.office(office_id).kind

    def _conditions(self, known: dict[str, Any]) -> Callable[[str], bool]:
        values = conditions.Values(known)

        def holds(text: str) -> bool:
            verdict = conditions.compile(text).holds(values)
            if verdict.failed is not None:
                self._lacks(MissingCode.CONDITION, text, verdict.failed)
            return verdict.held

        return holds

    def _lacks(self, code: MissingCode, rule: str, what: str) -> None:
        self._missing.add(Missing(code, rule, what))


class _Case:
    """The columns of a case as attributes."""

    def __init__(self, columns: dict[str, Any]) -> None:
        self.__dict__.update(columns)


def reproduces(history: History, replayed: Replayed) -> list[str]:
    """Where a replay under the rules that were in force differs from what happened, in words; nothing = it is exact.

    A date that was counted anew because a calendar was published is compared as it is now.
    """
    was = {each.id: each for each in recorded(history)}
    found = {each.id: each for each in replayed.clocks}
    told = [f"{was[key].state.kind}: not replayed" for key in was.keys() - found.keys()]
    told += [f"{found[key].state.kind}: was not there" for key in found.keys() - was.keys()]
    for key in was.keys() & found.keys():
        told += _differences(was[key], found[key])
    return sorted(told)


def _differences(was: ClockRun, found: ClockRun) -> Iterable[str]:
    kind = was.state.kind
    projected = any(each.event == Event.REPROJECT for each in was.events)
    old = [each for each in was.events if each.event != Event.REPROJECT]
    if [(each.event, each.at) for each in old] != [(each.event, each.at) for each in found.events]:
        yield f"{kind}: other events"
    elif projected:
        if _limits(was.state) != _limits(found.state):
            yield f"{kind}: other dates"
    else:
        for before, after in zip(old, found.events, strict=True):
            if before.facts.get("dues") != after.facts.get("dues") or _pinned(before) != _pinned(after):
                yield f"{kind}: {before.event} of {before.at.isoformat()} leads to other dates"
    if was.late != found.late:
        yield f"{kind}: noticed late {len(was.late)} times, replayed {len(found.late)}"


def _limits(state: ClockState) -> list[tuple[str, datetime]]:
    return [(each.limit.source, each.due_at) for each in state.limits]


def _pinned(event: StoredEvent) -> Collection[Any] | None:
    found: Collection[Any] | None = event.facts.get("limits")
    return found


__all__ = ["ClockRun", "Replayed", "recorded", "replay", "reproduces"]
