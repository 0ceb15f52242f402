"""House rules that imports alone do not show: where SQL stands, who reads the clock, how long a module may be."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

import pytest

from .source import ROOT, Module, modules

#: SQLAlchemy's names that begin or embed a statement.
_STATEMENTS = {
    "select",
    "insert",
    "update",
    "delete",
    "text",
    "union",
    "union_all",
    "exists",
    "table",
    "literal_column",
}
#: Modules outside ``repository.py``, ``loaders.py`` and ``db/`` that hold SQL, each with its reason.
_SQL_ALSO_IN = {
    "access.flags_sql": "what may be seen of a row, as columns of a compiled statement",
    "access.plans_sql": "list filters are compiled here, from what the enforcer answers",
    "access.tables": "the columns that plans speak of, for callers without the models of cases",
    "access.models": "conditions of partial indexes",
    "calendars.models": "conditions of partial indexes",
    "cases.models": "conditions of partial indexes",
    "clocks.models": "conditions of partial indexes",
    "custody.models": "conditions of partial indexes",
    "escalation.models": "conditions of partial indexes",
    "leads.models": "conditions of partial indexes",
    "notices.models": "conditions of partial indexes",
    "oversight.reading": "what roll-ups are added up for a question",
    "oversight.recount": "roll-ups against histories, compared by the database",
    "oversight.rollups": "counting in batches",
    "people.models": "conditions of partial indexes",
    "rules.models": "conditions of partial indexes",
    "supervision.models": "orders of indexes",
    "tenancy.models": "conditions of partial indexes",
}
#: Drivers and migrations are the business of ``db/`` alone.
_DRIVERS = ("psycopg", "asyncpg", "alembic")
#: Readings of the system clock. Monotonic clocks measure durations and are allowed.
_CLOCK_READINGS = {"now", "utcnow", "today", "time", "time_ns", "fromtimestamp"}
_LONGEST_MODULE = 500
#: Modules besides ``api`` modules and ``gql`` that know GraphQL, each with its reason.
_GRAPHQL_ALSO_IN = {
    "schema": "puts the root types of all slices together",
    "cli.schema": "prints the schema",
    "administration.office_changes": "the second half of the slice's api",
}


def _has_sql_place(module: Module) -> bool:
    last = module.name.rpartition(".")[2]
    return last in ("repository", "loaders") or module.name.startswith("db.") or module.name in _SQL_ALSO_IN


def test_sql_stands_only_where_it_is_looked_for() -> None:
    found = [each for module in modules("platform/caseway") if not _has_sql_place(module) for each in _sql(module)]
    assert found == []


@pytest.mark.parametrize(
    "line",
    [
        "from sqlalchemy import text",
        "import sqlalchemy as sa",
        "from sqlalchemy.dialects.postgresql import insert",
        "from sqlalchemy import sql",
        "connection.exec_driver_sql(statement)",
    ],
)
def test_sql_is_recognised(line: str) -> None:
    assert list(_sql(Module("platform/caseway/cases/service.py", line)))


def _sql(module: Module) -> Iterator[str]:
    for source, name, line in module.imported:
        if source.startswith("sqlalchemy") and (name in _STATEMENTS or not name or name in ("sql", "orm")):
            yield f"{module.path}:{line}: imports {name or source}"
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Attribute) and node.attr == "exec_driver_sql":
            yield f"{module.path}:{node.lineno}: runs SQL of its own"


def test_the_list_of_modules_with_sql_is_true() -> None:
    holding = {
        module.name
        for module in modules("platform/caseway")
        if any(source.startswith("sqlalchemy") and name for source, name, _ in module.imported)
    }
    assert _SQL_ALSO_IN.keys() <= holding


def test_only_db_knows_drivers_and_migrations() -> None:
    for module in modules("platform/caseway"):
        for source, _, line in module.imported:
            if source.partition(".")[0] in _DRIVERS:
                assert module.name.startswith("db."), f"{module.path}:{line}: imports {source}"


def test_only_clock_reads_the_system_clock() -> None:
    found = [
        f"{module.path}:{line}"
        for module in modules()
        if module.name != "clock"
        for line in _clock_readings(module.tree)
    ]
    assert found == []


def test_readings_of_the_clock_are_recognised() -> None:
    read = (
        "import time\nfrom datetime import datetime as d\nd.now()\ntime.time()\nd.utcnow()\ntime.monotonic()\nx.now()"
    )
    assert list(_clock_readings(ast.parse(read))) == [3, 4, 5]


def _clock_readings(tree: ast.Module) -> Iterator[int]:
    """Lines that call a reading of ``datetime``, ``date`` or ``time`` under whatever name it was imported, or import
    one of the readings of ``time`` themselves."""
    local: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            local |= {alias.asname or alias.name for alias in node.names if alias.name in ("datetime", "time")}
        elif isinstance(node, ast.ImportFrom) and node.module == "datetime":
            local |= {alias.asname or alias.name for alias in node.names if alias.name in ("datetime", "date")}
        elif isinstance(node, ast.ImportFrom) and node.module == "time":
            yield from (node.lineno for alias in node.names if alias.name in ("time", "time_ns"))
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in _CLOCK_READINGS:
            owner = node.func.value
            name = owner.id if isinstance(owner, ast.Name) else owner.attr if isinstance(owner, ast.Attribute) else ""
            if name in local and not (node.func.attr == "fromtimestamp" and node.args):
                yield node.lineno


def test_no_module_is_longer_than_500_lines() -> None:
    long = {module.path: module.text.count("\n") for module in modules() if module.text.count("\n") > _LONGEST_MODULE}
    assert long == {}


def test_source_roots_are_no_packages() -> None:
    """A package named ``platform`` would shadow the standard library (decision 1), one named ``alembic`` the tool."""
    assert not (ROOT / "platform" / "__init__.py").exists()
    assert not (ROOT / "alembic" / "__init__.py").exists()
    assert not list((ROOT / "tests").rglob("__init__.py"))


def test_only_api_modules_and_gql_know_graphql() -> None:
    for module in modules("platform/caseway"):
        parts = module.name.split(".")
        is_api = "api" in parts or parts[-1].endswith("_api")
        if is_api or parts[0] == "gql" or module.name in _GRAPHQL_ALSO_IN:
            continue
        for source, _, line in module.imported:
            assert source.partition(".")[0] not in ("strawberry", "graphql"), f"{module.path}:{line}: {source}"


def test_nothing_is_left_for_later() -> None:
    unfinished = re.compile(r"\b(TO" r"DO|FIX" r"ME|X" r"XX|HA" r"CK)\b")
    for module in modules():
        for number, line in enumerate(module.text.splitlines(), 1):
            assert not unfinished.search(line), f"{module.path}:{number}: {line.strip()}"
        for node in ast.walk(module.tree):
            raised = node.exc if isinstance(node, ast.Raise) else None
            called = raised.func if isinstance(raised, ast.Call) else raised
            assert not (isinstance(called, ast.Name) and called.id == "NotImplementedError"), module.path


def test_a_silenced_check_says_which_one() -> None:
    blanket = re.compile(r"#\s*(noqa(?!:)|type:\s*ignore(?!\[))")
    for module in modules():
        for number, line in enumerate(module.text.splitlines(), 1):
            assert not blanket.search(line), f"{module.path}:{number}: {line.strip()}"


def test_everything_public_says_what_it_is() -> None:
    silent = [f"{module.path}:{line}: {name}" for module in modules("platform") for name, line in _silent(module)]
    assert silent == []


def test_every_module_opens_with_a_sentence() -> None:
    without = [module.path for module in modules() if module.text.strip() and not ast.get_docstring(module.tree)]
    assert without == []


def _silent(module: Module) -> Iterator[tuple[str, int]]:
    """Public classes, functions and methods without a docstring. Functions inside functions are private; what only
    declares the shape of something described elsewhere (its body is ``...``) says enough by its name and type."""
    queue: list[tuple[str, ast.stmt, bool]] = [("", node, False) for node in module.tree.body]
    while queue:
        inside, node, is_private = queue.pop()
        if not isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        name = f"{inside}{node.name}"
        hidden = is_private or node.name.startswith("_")
        declares_only = isinstance(node.body[0], ast.Expr) and getattr(node.body[0].value, "value", None) is ...
        if not hidden and not declares_only and not ast.get_docstring(node):
            yield name, node.lineno
        if isinstance(node, ast.ClassDef):
            queue += [(f"{name}.", child, hidden) for child in node.body]
