"""The commands: import, tree, plan and apply against a running database."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from caseway import cli
from caseway.errors import CasewayError
from support.database import FreshDatabase

from .conftest import EXCERPT


@pytest.fixture
def run(excerpt: FreshDatabase, monkeypatch: pytest.MonkeyPatch) -> Runner:
    """Runs ``caseway …`` against this test's database."""
    monkeypatch.setenv("DATABASE_URL", excerpt.address.url)
    return Runner()


class Runner:
    """The program as a person calls it."""

    def __call__(self, *arguments: str) -> Result:
        return CliRunner().invoke(cli.build(), ["tenants", *arguments], env={"COLUMNS": "200"})

    def refused(self, *arguments: str) -> CasewayError:
        """The refusal that the command ends with."""
        error = self(*arguments).exception
        assert isinstance(error, CasewayError), error
        return error


def test_importing_again_says_that_there_is_nothing_to_do(run: Runner) -> None:
    done = run("import", str(EXCERPT))
    assert done.exit_code == 0 and "all of them known: nothing to do" in done.stderr


def test_importing_one_city_of_a_set(run: Runner, files: Path) -> None:
    (files / "offices.csv").write_text(
        "code,name\n11,北京市\n110101,东城区\n13,河北省\n1301,石家庄市\n", encoding="utf-8"
    )
    done = run("import", str(files), "--under", "11")
    assert "2 offices read, 2 created" in done.stderr
    assert run.refused("import", str(files), "--under", "嘉兴").code == "DIVISIONS_REFUSED"
    assert run.refused("import", str(files / "none.tgz")).code == "DIVISIONS_REFUSED"


def test_the_tree_shows_what_is_above_and_below(run: Runner) -> None:
    lines = run("tree", "330402", "--depth", "2").stdout.splitlines()
    assert [line.strip("│├└─ ") for line in lines[:4]] == [
        "33 浙江省 [PROVINCE, GOVERNMENT]",
        "3304 嘉兴市 [CITY, GOVERNMENT]",
        "330402 南湖区 [COUNTY, GOVERNMENT]",
        "330402007 建设街道 [TOWN, GOVERNMENT]",
    ]
    assert any("330402100204 大星村委会" in line for line in lines)
    assert run.refused("tree", "9999").code == "OFFICE_NOT_FOUND"


def test_plan_and_apply_show_the_difference(run: Runner, files: Path) -> None:
    (files / "a.yaml").write_text(
        "offices:\n  - {code: 3304-xfj, parent: 3304, kind: PETITION_OFFICE, name: 信访局}\n", encoding="utf-8"
    )
    line = "+ office 3304-xfj 信访局: PETITION_OFFICE below 3304 嘉兴市"
    planned = run("plan", str(files))
    assert line in planned.stdout and "1 to create; nothing was stored" in planned.stderr
    applied = run("apply", str(files))
    assert line in applied.stdout and applied.exit_code == 0
    again = run("apply", str(files))
    assert again.stdout == "" and "all 1 declared things are as declared" in again.stderr
    assert "= office 3304-xfj" in run("plan", str(files), "--all").stdout


def test_a_refused_apply_names_file_and_line(run: Runner, files: Path) -> None:
    (files / "a.yaml").write_text("offices:\n  - {code: 3304-a, parent: 1, name: 甲}\n", encoding="utf-8")
    refusal = run.refused("apply", str(files))
    assert refusal.code == "DECLARATION_REFUSED"
    assert refusal.message == "a.yaml:2: OFFICE_NOT_FOUND: there is no open office 1"
