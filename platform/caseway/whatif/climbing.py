"""Replays which rungs of which ladders a case would have climbed. Pure; the evaluation is the one by which rules fire
(``escalation.triggers``), at the same instants: after each event that they look at, and when time alone has done it."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from caseway.cases.workflow import PetitionClass
from caseway.clocks.arithmetic import day_of
from caseway.escalation.drafts import Sourced
from caseway.escalation.ladders import ladders
from caseway.escalation.models import Escalation
from caseway.escalation.triggers import Climbed, Finding, evaluate, first_due
from caseway.escalation.watching import SILENT
from caseway.escalation.workflow import EscalationState, Gives
from caseway.rules import conditions
from caseway.whatif.history import History, Missing, MissingCode, Setting
from caseway.whatif.moments import Moment, Rung, moments, snapshot
from caseway.whatif.replay import ClockRun

#: Rungs of one case and instant: a ladder whose rungs fire each other for ever would be one that the check refuses.
_MOST_AT_ONCE = 50
#: What of a case an escalation changes, besides the escalation itself.
_AFTER_RAISING = frozenset(
    {"under_supervision", "supervisions", "escalation_depth", "holder_level", "holder_kind", "days_held"}
)
_LEAVES_TRACES = frozenset({Gives.SUPERVISE, Gives.TAKE_UP})


@dataclass(frozen=True, slots=True)
class Raise:
    """One rung that was raised, or proposed to people."""

    #: Name of the ladder, and the row that describes it, e.g. ``feicheng FC-14``; empty for a take-up without a rule.
    name: str
    rule: str
    #: Code of the book that the row stands in: whose institutions its rungs name; empty without a rule.
    book: str
    rung: int
    #: Code of the office that is asked, and what it is asked for.
    tells: str
    gives: Gives
    #: What started it.
    occurrence: str
    at: datetime
    holder_id: int
    #: Whether it was raised at once. If not, people decided, or would have had to.
    automatic: bool
    #: Whether a person applied for it.
    applied: bool = False

    @property
    def key(self) -> tuple[str, int, str]:
        """Names it within its case."""
        return self.name, self.rung, self.occurrence

    @property
    def asks(self) -> tuple[str, Gives, bool]:
        """Whom it asks for what, and whether at once."""
        return self.tells, self.gives, self.automatic


@dataclass(frozen=True, slots=True)
class Climbing:
    """The rungs of a case, the oldest first, and what is not known of them."""

    raised: tuple[Raise, ...]
    missing: tuple[Missing, ...] = ()


def recorded_climbing(history: History) -> Climbing:
    """The rungs that were climbed."""
    return Climbing(tuple(_recorded(each) for each in history.escalations))


def climb(
    history: History, setting: Setting, clocks: Sequence[ClockRun], *, in_force: Climbing | None = None
) -> Climbing:
    """The rungs that would have been climbed by the rules of a setting, on the clocks as they would have run. What
    people applied for stays; accusations climb nothing. ``in_force`` = the same under the rules that were in force:
    without it these are meant. A rung that comes at another instant than then is counted on from that instant."""
    if history.petition_class == PetitionClass.ACCUSATION:
        return Climbing(())
    return _Climb(history, setting, clocks, in_force).run()


def climbs_as_recorded(history: History, climbing: Climbing) -> list[str]:
    """Where a replay under the rules that were in force differs from what was climbed, in words."""
    was = {each.key: each for each in recorded_climbing(history).raised}
    found = {each.key: each for each in climbing.raised}
    told = [f"{key[0]} rung {key[1]}: not replayed" for key in was.keys() - found.keys()]
    told += [f"{key[0]} rung {key[1]}: was not there" for key in found.keys() - was.keys()]
    for key in was.keys() & found.keys():
        if (was[key].automatic, was[key].tells, was[key].gives) != (
            found[key].automatic,
            found[key].tells,
            found[key].gives,
        ):
            told.append(f"{key[0]} rung {key[1]}: another rung")
    return sorted(told)


def _recorded(row: Escalation) -> Raise:
    began = row.proposed_at or row.raised_at
    assert began is not None
    return Raise(
        name=row.rule_name,
        rule=f"{row.rule_book} {row.rule_row}" if row.rule_book is not None else "",
        book=row.rule_book or "",
        rung=row.rung,
        tells=row.to_code,
        gives=Gives(row.gives),
        occurrence=row.occurrence,
        at=began,
        holder_id=row.from_office_id,
        automatic=row.is_automatic,
        applied=bool(row.triggers),
    )


class _Climb:
    """One case, instant after instant."""

    def __init__(
        self, history: History, setting: Setting, clocks: Sequence[ClockRun], in_force: Climbing | None
    ) -> None:
        self._history = history
        self._in_force = {each.key: each.at for each in in_force.raised} if in_force is not None else None
        self._setting = setting
        self._clocks = clocks
        self._moments = moments(history)
        self._by_key = {(each.rule_name, each.rung, each.occurrence): each for each in history.escalations}
        self._changes = list(_changes(history))
        self._rungs: list[tuple[Raise, Sourced | None]] = []
        self._missing: set[Missing] = set()
        self._counted: dict[tuple[str, int, str], frozenset[uuid.UUID]] = {}
        self._ladders: dict[tuple[int, date], list[Sourced]] = {}
        #: Applications that these rules would have refused.
        self._refused: set[tuple[str, int, str]] = set()

    def run(self) -> Climbing:
        """Look after every event, and in between when time alone brings something forward."""
        planned: datetime | None = None
        for place, moment in enumerate(self._moments):
            following = self._moments[place + 1].at if place + 1 < len(self._moments) else None
            self._apply(moment)
            if self._looks(place):
                planned = self._look(moment, moment.at)
            while planned is not None and planned <= self._setting.now and (following is None or planned < following):
                planned = self._look(moment, planned, after=planned)
        raised = sorted((each for each, _ in self._rungs), key=lambda each: each.at)
        return Climbing(tuple(raised), tuple(sorted(self._missing)))

    def _looks(self, place: int) -> bool:
        type_ = self._history.events[place].type
        return place == 0 or type_ == "registration.added" or type_ not in SILENT

    def _apply(self, moment: Moment) -> None:
        """Rungs that people asked for at this event: they stay, where these rules still offer them."""
        for row in self._history.escalations:
            found = _recorded(row)
            if found.at > moment.at or not (found.applied or not found.name) or self._known(found):
                continue
            if not found.name:
                self._rungs.append((found, None))
                continue
            sourced = self._offered(row)
            if sourced is None:
                self._refused.add(found.key)
                self._lacks(
                    MissingCode.REFUSED, found.rule, f"the application for {found.name} would have been refused"
                )
                continue
            self._rungs.append((found, replace(sourced, is_climbed=True)))

    def _known(self, found: Raise) -> bool:
        return found.key in self._refused or any(each.key == found.key for each, _ in self._rungs)

    def _offered(self, row: Escalation) -> Sourced | None:
        """The ladder that somebody applied to, as these rules have it."""
        for each in self._sourced(row.rules_office_id, row.rules_on):
            rule = each.ladder.rule
            named = not row.triggers or row.rung or set(row.triggers) <= set(rule.triggers)
            if rule.name == row.rule_name and row.rung < len(rule.rungs) and named:
                return each
        return None

    def _look(self, moment: Moment, at: datetime, *, after: datetime | None = None) -> datetime | None:
        """Climb what is due at an instant; when to look again if nothing happens."""
        for _ in range(_MOST_AT_ONCE):
            found = self._evaluate(moment, at)
            due = [each for each in found if each[1].fires]
            if not due:
                planned = first_due(each for _, each in found)
                return planned if planned is None or after is None or planned > after else None
            for sourced, finding in due:
                self._raise(moment, sourced, finding, at)
        return None

    def _evaluate(self, moment: Moment, at: datetime) -> list[tuple[Sourced, Finding]]:
        seen = snapshot(
            self._history, moment, at,
            clocks=self._clocks, climbed=[self._rung(each, at) for each, _ in self._rungs], setting=self._setting,
        )  # fmt: skip
        found = []
        for sourced in self._watched(moment):
            self._check_fields(sourced)
            for finding in evaluate(sourced.ladder.rule, seen):
                if (finding.rung > 0) is sourced.is_climbed:
                    found.append((sourced, finding))
                    if finding.failed is not None:
                        self._lacks(MissingCode.CONDITION, _row(sourced), finding.failed)
        return found

    def _watched(self, moment: Moment) -> list[Sourced]:
        """The ladders that can be climbed: those of the holder's rules on the day of registration for what has not
        begun, and those that were begun, by the rules of then."""
        registered_on = day_of(moment.columns["registered_at"])
        fresh = [each for each in self._sourced(moment.holder_id, registered_on) if each.ladder.rule.watches]
        begun: dict[str, Sourced] = {}
        for found, sourced in self._rungs:
            if sourced is not None and self._climbed(found, moment.at).raised_at is not None:
                begun[found.name] = sourced
        return fresh + [replace(each, is_climbed=True) for each in begun.values() if each.ladder.rule.goes_on_by_itself]

    def _sourced(self, office_id: int, on: date) -> list[Sourced]:
        if (office_id, on) not in self._ladders:
            found = ladders(self._setting.rules(office_id, on))
            self._ladders[office_id, on] = [Sourced(each, office_id, on) for each in found]
        return self._ladders[office_id, on]

    def _raise(self, moment: Moment, sourced: Sourced, finding: Finding, at: datetime) -> None:
        spec = sourced.ladder.rule.rungs[finding.rung]
        found = Raise(
            name=finding.rule,
            rule=_row(sourced),
            book=sourced.ladder.ref.book,
            rung=finding.rung,
            tells=spec.to,
            gives=spec.gives,
            occurrence=finding.occurrence,
            at=at,
            holder_id=moment.holder_id,
            automatic=finding.automatic,
        )
        self._rungs.append((found, sourced))
        self._counted[found.key] = finding.counted
        if not found.automatic and found.key not in self._by_key and len(sourced.ladder.rule.rungs) > found.rung + 1:
            self._lacks(MissingCode.DECISION, found.rule, f"what people would have decided about {found.name}")

    def _rung(self, found: Raise, at: datetime) -> Rung:
        row = self._by_key.get(found.key)
        return Rung(
            climbed=self._climbed(found, at),
            gives=found.gives,
            id=row.id if row is not None else "/".join(map(str, found.key)),
            parent_id=row.parent_id if row is not None else None,
        )

    def _climbed(self, found: Raise, at: datetime) -> Climbed:
        """A rung as it stood at an instant: what became of it is what was recorded of the same rung; one that was never
        climbed stays as it was raised."""
        row = self._by_key.get(found.key)
        state = EscalationState.RAISED if found.automatic else EscalationState.PROPOSED
        raised_at = found.at if found.automatic else None
        counted = self._counted.get(found.key, frozenset())
        if row is not None:
            for changed_at, escalation_id, changed in self._changes:
                if escalation_id == row.id and changed_at <= at:
                    state = changed
            if self._is_same(found):
                # Recorded a little later than it was due, if the worker was busy.
                known = found.automatic or (row.raised_at is not None and row.raised_at <= at)
                raised_at = row.raised_at if known else None
            counted = frozenset(row.counted)
        return Climbed(found.name, found.rung, found.occurrence, state, raised_at, counted)

    def _is_same(self, found: Raise) -> bool:
        """Whether a rung is the recorded one, and not the same one at another instant."""
        return self._in_force is None or found.applied or self._in_force.get(found.key) == found.at

    def _check_fields(self, sourced: Sourced) -> None:
        """What rungs that were never climbed would have led to is not known: a condition that asks for it cannot be
        answered."""
        text = sourced.ladder.rule.when
        if text is None or _AFTER_RAISING.isdisjoint(conditions.compile(text).fields):
            return
        if any(each.key not in self._by_key and each.gives in _LEAVES_TRACES for each, _ in self._rungs):
            self._lacks(MissingCode.CONDITION, _row(sourced), "what an escalation would have led to by then")

    def _lacks(self, code: MissingCode, rule: str, what: str) -> None:
        self._missing.add(Missing(code, rule, what))


def _changes(history: History) -> Iterable[tuple[datetime, uuid.UUID, EscalationState]]:
    """The states that escalations came into, and when."""
    for event in history.events:
        if event.type.startswith("escalation.") and "escalation_id" in event.facts:
            yield event.at, uuid.UUID(event.facts["escalation_id"]), EscalationState(event.facts["state"])


def _row(sourced: Sourced) -> str:
    ref = sourced.ladder.ref
    return f"{ref.book} {ref.row_id}"
