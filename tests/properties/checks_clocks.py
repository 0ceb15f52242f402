"""The invariants of domain 5.6 that are about clocks, as checks of one case (see ``checks``)."""

from __future__ import annotations

from datetime import timedelta

from caseway.calendars.published import calendar
from caseway.cases.codes import RecordKind
from caseway.cases.workflow import Stage
from caseway.clocks.explain import explain, recompute
from caseway.clocks.workflow import ClockKind, ClockState, Event, StartEvent, derive
from properties.land import Dossier, Land

_NATIONAL = calendar()
#: Events of one operation follow each other by microseconds.
_ONE_OPERATION = timedelta(milliseconds=1)
#: What may move a due date (INV-07), and the recall of an order, after which the days that were left run on.
_MOVES = (Event.EXTEND, Event.RECLASSIFY, Event.RESUME, Event.MOVE, Event.REPROJECT, Event.RESTART)


def _pairs(file: Dossier, before: Dossier | None) -> list[tuple[ClockState | None, ClockState]]:
    """Each clock as it was when it was looked at last, and as it is now."""
    known = {clock.clock_id: clock for clock in derive(before.clock_events)} if before is not None else {}
    return [(known.get(clock.clock_id), clock) for clock in derive(file.clock_events)]


def check_inv_07_only_recorded_events_move_a_date(land: Land, file: Dossier, before: Dossier | None) -> None:
    """A date that is another one than before has an event that may move it, with its actor, instant and rule."""
    for was, now in _pairs(file, before):
        if was is None:
            continue
        assert now.steps[: len(was.steps)] == was.steps, "INV-07: a step was rewritten"
        assert now.started_at == was.started_at, "INV-07"
        if now.due_at != was.due_at:
            moving = [step for step in now.steps[len(was.steps) :] if step.event in _MOVES]
            assert moving, ("INV-07", was.kind, was.due_at, now.due_at)
            assert all(step.rule and "person_id" in step.facts for step in moving), "INV-07"


def check_inv_08_explanations_come_to_the_same_instant(land: Land, file: Dossier, before: Dossier | None) -> None:
    """The earliest of the limits rules, and whoever counts again from the explanation alone comes to it."""
    for was, now in _pairs(file, before):
        if was is not None and len(was.steps) == len(now.steps):
            continue
        assert now.due_at == min(each.due_at for each in now.limits), "INV-08"
        assert recompute(explain(now, _NATIONAL)) == now.due_at, (now.kind, now.due_at)


def check_inv_09_extensions_are_few_short_early_and_told(land: Land, file: Dossier, before: Dossier | None) -> None:
    """As often and as far as the pinned rule says, before expiry, with a reason and a notice."""
    notices = [record for record in file.records if record.kind == RecordKind.EXTENSION_NOTICE]
    for _, clock in _pairs(file, None):
        extensions = [(place, step) for place, step in enumerate(clock.steps) if step.event is Event.EXTEND]
        if not extensions:
            continue
        rule = clock.extension
        assert rule is not None and len(extensions) <= rule.times, "INV-09"
        for place, step in extensions:
            assert step.facts["limit"]["amount"] <= rule.cap.amount and step.facts["reason"], "INV-09"
            assert step.at.date() <= clock.steps[place - 1].due_date, "INV-09: extended after its end"
        assert len(notices) >= len(extensions), "INV-09: nobody was told"


def check_inv_11_what_is_owed_counts_from_delivery(land: Land, file: Dossier, before: Dossier | None) -> None:
    """Signing late, or not at all, gains the receiver nothing."""
    delivered = [order.delivered_at for order in file.orders if order.delivered_at is not None]
    for _, clock in _pairs(file, None):
        if clock.kind is ClockKind.ACCEPT_NOTICE and clock.start is StartEvent.DELIVERED:
            near = [at for at in [*delivered, file.case.registered_at] if abs(clock.started_at - at) < _ONE_OPERATION]
            assert near, ("INV-11: counts from no delivery", clock.started_at)


def check_inv_14_answers_count_when_they_are_served(land: Land, file: Dossier, before: Dossier | None) -> None:
    """The answer has a date of service, names the remedies, and its date begins the petitioner's window."""
    if file.case.stage != Stage.ANSWERED:
        return
    served = [record.served_at for record in file.records if record.kind == RecordKind.HANDLING_OPINION]
    assert served and file.case.answered_at == max(filter(None, served)), "INV-14"
    assert any(record.kind == RecordKind.REMEDIES for record in file.records), "INV-14"
    windows = [clock for _, clock in _pairs(file, None) if clock.kind is ClockKind.REVIEW_WINDOW]
    assert windows and windows[-1].started_at == file.case.answered_at, "INV-14"


PER_CLOCK = (
    check_inv_07_only_recorded_events_move_a_date,
    check_inv_08_explanations_come_to_the_same_instant,
    check_inv_09_extensions_are_few_short_early_and_told,
    check_inv_11_what_is_owed_counts_from_delivery,
    check_inv_14_answers_count_when_they_are_served,
)
