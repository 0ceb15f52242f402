"""Replaying the books that were in force gives exactly what happened: every clock event with its dates, every lateness,
every rung. The past was played through the real services."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

import pytest

from caseway.clocks.workflow import Event, StartEvent
from caseway.whatif.climbing import climb, climbs_as_recorded, recorded_climbing
from caseway.whatif.history import Missing, MissingCode
from caseway.whatif.outcome import outcome
from caseway.whatif.replay import recorded, replay, reproduces
from support.pasts import Past, draft, plain, read, tampered
from support.simulated import Year


@pytest.fixture(scope="module")
def past(year: Year) -> Past:
    """The year with its change of rules in July."""
    return read(year)


def test_the_past_is_lively_enough(past: Past) -> None:
    """What the other tests say is said about much."""
    clocks = [each for history in past.histories for each in recorded(history)]
    assert len({each.state.kind for each in clocks}) >= 12
    assert {each.state.start for each in clocks} >= set(StartEvent) - {StartEvent.CLOSED, StartEvent.ASSIGNED}
    events = Counter(event.event for each in clocks for event in each.events)
    assert events[Event.STOP] > 50
    assert sum(len(each.late) for each in clocks) > 40
    raised = [each for history in past.histories for each in recorded_climbing(history).raised]
    assert {each.name for each in raised} >= {"LATE", "EARLY", "AGAIN"}
    assert any(each.rung for each in raised)
    versions = {limit["version"] for each in clocks for limit in each.events[0].facts["limits"] if limit["version"]}
    assert versions >= {1, 2}


@pytest.mark.parametrize("trusting", [True, False])
def test_every_clock_comes_out_as_it_was(past: Past, trusting: bool) -> None:
    """Also when the ends of clocks are taken from the other events of the case: the two agree on what ends a clock."""
    setting = past.lookup.setting(with_draft=False)
    for history in past.histories:
        found = replay(history, setting, trusting=trusting)
        assert reproduces(history, found) == [], history.number
        assert found.missing == ()


def test_every_rung_comes_out_as_it_was_and_when_it_was(past: Past) -> None:
    setting = past.lookup.setting(with_draft=False)
    compared = 0
    for history in past.histories:
        found = climb(history, setting, replay(history, setting).clocks)
        assert climbs_as_recorded(history, found) == [], history.number
        assert found.missing == ()
        was = {each.key: each for each in recorded_climbing(history).raised}
        for each in found.raised:
            assert abs(was[each.key].at - each.at) < timedelta(seconds=1), history.number
            compared += 1
    assert compared > 15


def test_lateness_is_noticed_at_the_same_instants(past: Past) -> None:
    setting = past.lookup.setting(with_draft=False)
    for history in past.histories:
        was = {each.id: each.late for each in recorded(history)}
        for each in replay(history, setting).clocks:
            for old, new in zip(was[each.id], each.late, strict=True):
                assert abs(old.at - new.at) < timedelta(seconds=1), history.number


def test_a_draft_that_says_the_same_changes_nothing(plain_year: Year) -> None:
    for each in read(plain_year, draft(plain())).outcomes():
        assert not each.is_changed
        assert each.missing == ()


def test_a_history_that_does_not_fit_its_rules_is_not_believed(past: Past) -> None:
    """The guard of everything else: had the replay nothing to compare itself with, this would pass unnoticed."""
    history = tampered(
        past.histories[0], lambda facts: {**facts, "limits": [{**each, "amount": 99} for each in facts["limits"]]}
    )
    setting = past.lookup.setting(with_draft=False)
    assert reproduces(history, replay(history, setting)) != []
    found = outcome(history, in_force=setting, tried=setting)
    assert {each.code for each in found.missing} == {MissingCode.HISTORY_DIFFERS}
    assert not found.is_told
    assert found.changed_clocks == []
    assert found.changed_raises == []


def test_missing_things_have_an_order_of_their_own() -> None:
    assert sorted([Missing(MissingCode.RANK, "b", ""), Missing(MissingCode.CONDITION, "a", "")])[0].rule == "a"
