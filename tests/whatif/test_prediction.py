"""What a what-if says is what happens: the stricter book, tried out on a year under the plain one, foretells the year
that the same people then live through under the stricter book, to the minute."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

import pytest

from caseway.clocks.arithmetic import day_of, end_of
from caseway.clocks.workflow import ClockKind, Event, StartEvent
from caseway.whatif.climbing import Raise, climb, recorded_climbing
from caseway.whatif.history import History, MissingCode
from caseway.whatif.replay import ClockRun, recorded, replay
from support.pasts import Past, draft, read, stricter
from support.simulated import Year


@pytest.fixture(scope="module")
def past(plain_year: Year) -> Past:
    """The plain year, with the stricter book to be tried out on it."""
    return read(plain_year, draft(stricter()))


@pytest.fixture(scope="module")
def future(stricter_year: Year) -> dict[str, History]:
    """The stricter year by case number: the same cases."""
    return {each.number: each for each in read(stricter_year).histories}


def _clocks(runs: Iterable[ClockRun]) -> list[Any]:
    """Clocks as they can be compared between two years: ids are others."""
    return sorted(
        (
            str(each.state.kind),
            each.state.started_at,
            each.state.office_id,
            [(limit.limit.source, limit.due_at) for limit in each.state.limits],
            [(event.event, event.at) for event in each.events],
            [(late.source, late.due_at) for late in each.late],
        )
        for each in runs
        # Reports that escalations and supervisions ask for: the history of a case without them does not know them.
        if each.state.kind not in (ClockKind.ORDER, ClockKind.ESCALATION_ANSWER)
    )


def _rungs(found: Sequence[Raise]) -> list[tuple[str, int, datetime]]:
    return sorted((each.name, each.rung, _minute(each.at)) for each in found if not each.applied)


def _minute(at: datetime) -> datetime:
    return at - timedelta(seconds=at.second, microseconds=at.microsecond)


def test_the_forecast_comes_true(past: Past, future: dict[str, History]) -> None:
    in_force, setting = past.lookup.setting(with_draft=False), past.lookup.setting(with_draft=True)
    compared = changed = late = rungs = 0
    for history in past.histories:
        found = replay(history, setting)
        as_was = climb(history, in_force, replay(history, in_force).clocks)
        climbed = climb(history, setting, found.clocks, in_force=as_was)
        if found.missing or climbed.missing:
            continue
        then = future[history.number]
        assert _clocks(found.clocks) == _clocks(recorded(then)), history.number
        assert _rungs(climbed.raised) == _rungs(recorded_climbing(then).raised), history.number
        compared += 1
        changed += _clocks(found.clocks) != _clocks(recorded(history))
        late += sum(len(each.late) for each in found.clocks)
        rungs += len(climbed.raised)
    assert compared >= len(past.histories) * 0.6
    assert changed > compared / 2
    assert late > 20
    assert rungs > 10


def test_what_is_not_foretold_is_said_to_be_unknown(past: Past) -> None:
    """Extensions that came too late under the shorter limit would have been refused."""
    missing = {each for found in past.outcomes() for each in found.missing}
    assert {each.code for each in missing} <= {MissingCode.REFUSED, MissingCode.DECISION, MissingCode.CONDITION}
    assert not any("HISTORY_DIFFERS" in each.code for each in missing)


def test_limits_are_what_plain_counting_gives(past: Past) -> None:
    """The twelve days of NL-01, counted here by hand, on every clock that nothing else has moved."""
    checked = 0
    for history in past.histories:
        for run in replay(history, past.lookup.setting(with_draft=True)).clocks:
            moved = {each.event for each in run.events} - {Event.START, Event.STOP}
            for limit in run.state.limits:
                if limit.limit.source == "nanhu-lively NL-01" and not moved:
                    assert run.state.start is StartEvent.ACCEPTED
                    assert limit.due_at == end_of(day_of(run.state.started_at) + timedelta(days=12))
                    checked += 1
    assert checked > 4


def test_a_stage_that_was_not_watched_is_followed_from_start_to_end(past: Past) -> None:
    """The draft watches ACCEPT_NOTICE from the sign-for on; in the past nothing did."""
    news = [
        run
        for history in past.histories
        for run in replay(history, past.lookup.setting(with_draft=True)).clocks
        if run.state.kind is ClockKind.ACCEPT_NOTICE and run.state.start is StartEvent.SIGNED
    ]
    assert len(news) > 2
    assert not any(run.was_recorded for run in news)
    assert any(run.state.stopped_at is not None for run in news)


def test_a_rule_that_is_gone_asks_for_nothing(past: Past) -> None:
    for found in past.outcomes():
        for pair in found.clocks:
            if pair.kind is ClockKind.COORDINATE:
                assert pair.after is None
                assert found.is_changed
