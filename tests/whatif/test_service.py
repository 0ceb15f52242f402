"""The walk over the past: every case once, in parts, with figures that name nobody they must not name."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from typer.testing import CliRunner

from caseway import clock
from caseway.access.rowsecurity import SMALLEST_COUNT
from caseway.cases.workflow import PetitionClass
from caseway.cli import build
from caseway.clocks.workflow import ClockKind
from caseway.db.scope import SYSTEM_SCOPE
from caseway.db.session import Database
from caseway.people.declared import Secrets, declare
from caseway.rules.declared import Books
from caseway.simulation import service as simulation
from caseway.whatif import repository, service
from caseway.whatif.errors import NothingToTry, WhatIfPeriod
from caseway.whatif.outcome import Outcome
from caseway.whatif.repository import Key
from caseway.whatif.totals import Totals
from support import simulated
from support.database import Cluster
from support.pasts import NANHU, NOW, draft, read, stricter
from support.simulated import YEAR, Year, office_of


@pytest.fixture
async def opened(plain_year: Year) -> AsyncIterator[Database]:
    """The plain year, as a process reads it."""
    database = Database(plain_year.database.url, pool_size=2)
    yield database
    await database.close()


async def test_a_walk_in_parts_meets_every_case_once(opened: Database) -> None:
    since = simulation.begin_of(YEAR)
    office = await office_of(opened, NANHU)
    async with opened.reader(SYSTEM_SCOPE) as session:
        holding = await repository.holders(session, office)
        newest = await repository.newest_keys(session, office, since=since, limit=1000)
        met: list[Key] = []
        after = None
        while part := await repository.keys(session, office, holding, since=since, after=after, limit=3):
            assert len(part) <= 3
            met += [key for _, key in part]
            after = part[-1][0]
    assert len(met) > 10
    assert len(met) == len(set(met))
    assert set(met) == set(newest)
    assert newest == sorted(newest, key=lambda key: key[1], reverse=True)


async def test_only_cases_that_were_held_in_the_period_are_looked_at(opened: Database) -> None:
    office = await office_of(opened, NANHU)
    async with opened.reader(SYSTEM_SCOPE) as session:
        late = await repository.newest_keys(session, office, since=NOW + timedelta(days=400), limit=1000)
        open_now = await repository.newest_keys(session, office, since=NOW + timedelta(days=4000), limit=1000)
    # What is still held is held at every later instant.
    assert late == open_now


async def test_the_newest_and_the_whole_walk_give_the_same_figures(opened: Database) -> None:
    office, tried = await office_of(opened, NANHU), draft(stricter())
    told: list[int] = []
    whole = await service.everything(opened, office, tried, months=12, now=NOW, progress=told.append)
    async with opened.reader(SYSTEM_SCOPE) as session:
        newest = await service.newest(session, office, tried, months=12, now=NOW, most=1000)
        some = await service.newest(session, office, tried, months=12, now=NOW, most=4)
        none = await service.newest(session, office, tried, months=12, now=NOW, most=9, goes_on=lambda: False)
    assert newest.is_complete
    assert whole.totals == newest.totals
    assert {each.number for each in whole.listed} == {each.number for each in newest.listed}
    assert told[-1] == whole.totals.cases + whole.totals.accusations
    assert whole.totals.changed > 5
    assert not some.is_complete
    assert some.totals.cases + some.totals.accusations == 4
    assert not none.is_complete
    assert none.totals == Totals()


async def test_figures_are_sums_over_the_cases(opened: Database, plain_year: Year) -> None:
    office, tried = await office_of(opened, NANHU), draft(stricter())
    totals = (await service.everything(opened, office, tried, months=12, now=NOW)).totals
    assert totals.rules["nanhu-lively NL-12"].before.all > 0
    assert totals.rules["nanhu-lively NL-12"].after.all == 0
    assert totals.clocks[ClockKind.COORDINATE].after.all == 0
    assert totals.rules["nanhu-lively NL-01"].after.late > totals.rules["nanhu-lively NL-01"].before.late
    assert {key.name for key in totals.rungs} >= {"LATE", "EARLY", "AGAIN"}
    assert all(key.office_id for key in totals.rungs if key.gives == "SUPERVISE")
    owed = sum(pair.before.all for pair in totals.offices.values())
    assert owed == sum(pair.before.all for kind, pair in totals.clocks.items() if kind is not ClockKind.REVIEW_WINDOW)


def _accusation(found: Outcome) -> Outcome:
    return replace(found, petition_class=PetitionClass.ACCUSATION)


def test_accusations_are_one_number_and_a_small_one_is_not_told(plain_year: Year) -> None:
    found = [_accusation(each) for each in read(plain_year, draft(stricter())).outcomes()]
    totals = Totals()
    for number, each in enumerate(found, 1):
        totals.add(each, [])
        assert totals.told(totals.accusations) == (number if number >= SMALLEST_COUNT else None)
    assert totals.accusations == len(found)
    assert replace(totals, accusations=0, accusations_changed=0) == Totals()


async def test_without_a_draft_there_is_nothing_to_try(opened: Database) -> None:
    office = await office_of(opened, NANHU)
    async with opened.reader(SYSTEM_SCOPE) as session:
        with pytest.raises(NothingToTry):
            await service.draft_of(session, office, now=NOW)


@pytest.mark.parametrize("months", [0, -1, 37])
def test_a_period_has_bounds(months: int) -> None:
    with pytest.raises(WhatIfPeriod):
        service.checked(months)
    assert service.checked(36) == 36


async def test_the_period_begins_with_a_day(opened: Database) -> None:
    async with opened.reader(SYSTEM_SCOPE) as session:
        since = await service.since(session, months=2, now=datetime(2026, 4, 30, 20, tzinfo=UTC))
    assert since == datetime(2026, 2, 28, 16, tzinfo=UTC)


def test_the_command_tells_figures_and_no_case(
    cluster: Cluster, plain_year: Year, monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    database = cluster.fresh("whatif", template=plain_year.database.name)
    drafted = tmp_path / "draft.yaml"
    drafted.write_text(stricter().replace("state: PUBLISHED", "state: DRAFT"), encoding="utf-8")
    simulated.run(database, lambda pool: declare(
        pool, drafted, secrets=Secrets.of_process(demo=True), store=True, now=NOW, further=Books()
    ))  # fmt: skip
    monkeypatch.setattr(clock, "now", lambda: NOW)
    monkeypatch.setenv("CASEWAY_DATABASE_URL", database.address.url)
    told = CliRunner().invoke(build(), ["tenants", "what-if", NANHU, "--months", "12", "--json"])
    assert told.exit_code == 0, told.output
    found = json.loads(told.stdout)
    assert found["cases"] > 10
    assert found["changed"] > 5
    assert found["rules"]["nanhu-lively NL-12"]["after"] == {"total": 0, "late": 0}
    assert any(each["office"] and each["after"] for each in found["escalations"])
    assert "330402-2026" not in told.stdout, "a case is named"
    shown = CliRunner().invoke(build(), ["tenants", "what-if", NANHU, "--months", "12"])
    assert shown.exit_code == 0
    for title in ("Limits by rule", "Clocks", "Load by office", "Escalations"):
        assert title in shown.stdout
