"""The figures of a what-if: cases, limits and lateness by rule, load by office, escalations by rung. Accusations are
one number only, and one below five is not told."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from caseway.access.rowsecurity import SMALLEST_COUNT
from caseway.clocks.workflow import ClockKind
from caseway.whatif.history import MissingCode
from caseway.whatif.outcome import Outcome, RaisePair, Side


@dataclass(slots=True)
class Count:
    """How many of something, and how many of them were late."""

    all: int = 0
    late: int = 0

    def add(self, *, late: bool) -> None:
        """One more."""
        self.all += 1
        self.late += late


@dataclass(slots=True)
class Pair:
    """The same figure before and after, over the cases whose history suffices."""

    before: Count = field(default_factory=Count)
    after: Count = field(default_factory=Count)
    #: Cases whose history does not tell what would have been by this rule.
    unknown: int = 0


@dataclass(frozen=True, slots=True, order=True)
class RungKey:
    """A rung of a ladder, and the office that it asks."""

    rule: str
    name: str
    rung: int
    gives: str
    #: 0 = nobody answers to the code of the rung.
    office_id: int


@dataclass(slots=True)
class Totals:
    """What a walk over the past has counted so far."""

    #: Ordinary cases that were looked at, that would have gone otherwise, and whose history does not tell.
    cases: int = 0
    changed: int = 0
    unknown: int = 0
    #: Of ``unknown``: how many for which reason; a case may have several.
    reasons: dict[MissingCode, int] = field(default_factory=dict)
    accusations: int = 0
    accusations_changed: int = 0
    #: Rule of a limit, e.g. ``law-2022 L22-17`` -> limits that applied, and those that passed.
    rules: dict[str, Pair] = field(default_factory=dict)
    clocks: dict[ClockKind, Pair] = field(default_factory=dict)
    #: Office -> clocks that it owed, and those that were late.
    offices: dict[int, Pair] = field(default_factory=dict)
    #: Rung -> how often it was climbed before and after.
    rungs: dict[RungKey, tuple[int, int]] = field(default_factory=dict)

    def add(self, found: Outcome, targets: Iterable[tuple[RaisePair, int | None]]) -> None:
        """Count one case. ``targets`` = its rungs with the offices that they ask."""
        if found.is_accusation:
            self.accusations += 1
            self.accusations_changed += found.is_changed
            return
        self.cases += 1
        self.changed += found.is_changed
        self._lacks(found)
        if found.is_told:
            for clock in found.clocks:
                self._clock(clock.kind, clock.office_id, clock.before, clock.after)
        if found.is_reproduced:
            for each, office_id in targets:
                self._rung(each, office_id)

    def told(self, count: int) -> int | None:
        """A number of accusations, if it is not too small to be told."""
        return count if count >= SMALLEST_COUNT else None

    def _lacks(self, found: Outcome) -> None:
        self.unknown += not found.is_told
        for code in sorted({each.code for each in found.missing}):
            self.reasons[code] = self.reasons.get(code, 0) + 1
        for rule in {each.rule for each in found.missing if each.rule}:
            self.rules.setdefault(rule, Pair()).unknown += 1

    def _clock(self, kind: ClockKind, office_id: int, before: Side | None, after: Side | None) -> None:
        for name, side in (("before", before), ("after", after)):
            if side is None:
                continue
            for limit in side.limits:
                self._side(self.rules.setdefault(limit.rule, Pair()), name).add(late=limit.is_late)
            self._side(self.clocks.setdefault(kind, Pair()), name).add(late=side.is_late)
            if kind is ClockKind.REVIEW_WINDOW:
                continue  # the petitioner's own time: no office owes it
            self._side(self.offices.setdefault(office_id, Pair()), name).add(late=side.is_late)

    def _side(self, pair: Pair, name: str) -> Count:
        return pair.before if name == "before" else pair.after

    def _rung(self, pair: RaisePair, office_id: int | None) -> None:
        either = pair.either
        key = RungKey(either.rule, either.name, either.rung, str(either.gives), office_id or 0)
        before, after = self.rungs.get(key, (0, 0))
        self.rungs[key] = before + (pair.before is not None), after + (pair.after is not None)
