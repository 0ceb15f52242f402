"""``caseway calendar``: the year as months, loading with every change shown, and the second opinion."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import psycopg
import pytest
from typer.testing import CliRunner, Result

from calendars.conftest import MADE_UP, MORE_OFF
from calendars.test_service import WEDNESDAY, decide
from caseway import bundle, cli, clock
from caseway.db.session import Database
from caseway.errors import CasewayError
from support.database import FreshDatabase
from support.factories import make_office

Run = Callable[..., Result]
SHIPPED = str(bundle.path("tenants", "calendar"))


@pytest.fixture
def run(database: FreshDatabase, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs ``caseway calendar …`` against this test's database, on a day in March 2026."""
    monkeypatch.setenv("DATABASE_URL", database.address.url)
    monkeypatch.setattr(clock, "now", lambda: datetime(2026, 3, 2, 1, tzinfo=UTC))
    return lambda *arguments: CliRunner().invoke(cli.build(), ["calendar", *arguments], env={"COLUMNS": "200"})


def _refused(done: Result) -> str:
    assert isinstance(done.exception, CasewayError), done.output
    return done.exception.code


def test_a_year_is_shown_month_by_month(run: Run) -> None:
    done = run("show", "2026")
    assert done.exit_code == 0, done.output
    assert "国办发明电〔2025〕7号" in done.stdout
    for month, workdays in ((3, 22), (5, 19), (6, 21), (9, 22), (10, 18)):
        assert f"2026-{month:02} · {workdays} workdays" in done.stdout
    assert "20班" in done.stdout and "17休" in done.stdout
    assert "2026-09-20 Sun worked 国庆节" in done.stdout and "2026-06-20 Sat off 端午节" in done.stdout
    assert done.stdout.count(" off ") == 33 and done.stdout.count(" worked ") == 6


def test_without_a_year_it_is_the_present_one(run: Run) -> None:
    assert run("show").stdout == run("show", "2026").stdout


def test_a_year_without_a_notice_says_so(run: Run) -> None:
    done = run("show", "2027")
    assert "2027: no notice is known: provisional" in done.stdout
    assert done.stdout.count(" off ") == 13 and " worked " not in done.stdout


async def test_an_office_sees_what_is_decided_for_it(run: Run, pool: Database) -> None:
    city = await make_office(pool, code="6590")
    await make_office(pool, parent=city, code="659001")
    await decide(pool, city, WEDNESDAY)
    done = await asyncio.to_thread(run, "show", "2026", "--office", "659001")
    assert f"{WEDNESDAY} Wed off 古尔邦节 by decision of an office" in done.stdout
    assert "by decision" not in (await asyncio.to_thread(run, "show", "2026")).stdout
    assert _refused(await asyncio.to_thread(run, "show", "--office", "0")) == "OFFICE_NOT_FOUND"


def test_loading_shows_what_it_changes_and_the_second_time_nothing(run: Run, file_2027: Path) -> None:
    first = run("load", str(file_2027))
    assert first.exit_code == 0, first.output
    assert "2027: a new year, 2 days" in first.stdout
    assert f"{MORE_OFF} Tue: as its day of the week -> off (春节)" in first.stdout
    assert f"{MADE_UP} Sat: as its day of the week -> worked (春节)" in first.stdout
    again = run("load", str(file_2027))
    assert again.exit_code == 0 and again.stdout == "" and "nothing to do" in again.stderr
    assert f"{MADE_UP} Sat worked 春节" in run("show", "2027").stdout


def test_a_preview_shows_the_same_and_stores_nothing(run: Run, file_2027: Path, database: FreshDatabase) -> None:
    tried = run("preview", str(file_2027))
    assert tried.exit_code == 0 and "nothing was stored" in tried.stderr
    with psycopg.connect(database.dsn) as connection:
        assert connection.execute("select max(year) from calendar_year").fetchone() == (2026,)
    assert run("load", str(file_2027)).stdout == tried.stdout


def test_what_ships_is_known_already(run: Run) -> None:
    for arguments in ([SHIPPED], [f"{SHIPPED}/2026.yaml"], ["--installed"]):
        done = run("load", *arguments)
        assert done.exit_code == 0 and done.stdout == "" and "nothing to do" in done.stderr, done.output


def test_a_file_with_faults_loads_nothing(run: Run, file_2027: Path, database: FreshDatabase) -> None:
    text = file_2027.read_text(encoding="utf-8")
    file_2027.write_text(text.replace(str(MADE_UP), "2027-02-22"), encoding="utf-8")
    assert _refused(run("load", str(file_2027))) == "CALENDAR_FILE_INVALID"
    with psycopg.connect(database.dsn) as connection:
        assert connection.execute("select max(year) from calendar_year").fetchone() == (2026,)


def test_it_must_be_said_what_is_loaded(run: Run, tmp_path: Path) -> None:
    assert _refused(run("load")) == "CALENDAR_FILE_UNNAMED"
    assert _refused(run("load", SHIPPED, "--installed")) == "CALENDAR_FILE_UNNAMED"
    assert _refused(run("preview", str(tmp_path))) == "CALENDAR_FILE_INVALID"
    assert _refused(run("load", str(tmp_path / "none.yaml"))) == "CALENDAR_FILE_INVALID"


def test_a_sound_calendar_passes_the_check(run: Run) -> None:
    done = run("check")
    assert done.exit_code == 0, done.output
    assert "20 years compared, no days differ" in done.stderr
    assert "published until 2026-12-31, 304 days from today" in done.stderr


def test_the_check_fails_where_a_day_differs_and_where_the_calendar_ends_soon(
    run: Run, database: FreshDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    with psycopg.connect(database.dsn) as connection:
        connection.execute("delete from calendar_day where day = '2026-09-20'")
        connection.execute("update calendar_revision set mark = gen_random_uuid()")
    done = run("check")
    assert done.exit_code == 1 and "2026-09-20 Sun is off here" in done.stdout and "1 days differ" in done.stderr
    with psycopg.connect(database.dsn) as connection:
        connection.execute("insert into calendar_day values ('2026-09-20', 2026, 'MAKE_UP_WORKDAY', '国庆节')")
        connection.execute("update calendar_revision set mark = gen_random_uuid()")
    monkeypatch.setattr(clock, "now", lambda: datetime(2026, 11, 22, tzinfo=UTC))
    done = run("check")
    assert done.exit_code == 1 and done.stdout == "" and "load the notice of 2027" in done.stderr
