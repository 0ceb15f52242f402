"""``caseway tenants what-if``: a draft of rules, tried out on everything that an office's area has held."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Column, Table

from caseway import clock
from caseway.cli import console
from caseway.cli.work import with_database
from caseway.db.scope import SYSTEM_SCOPE
from caseway.db.session import Database
from caseway.settings import Settings
from caseway.tenancy import repository as offices
from caseway.tenancy.errors import OfficeNotFound
from caseway.whatif import service
from caseway.whatif.service import WhatIf
from caseway.whatif.totals import Count, Pair


@dataclass(frozen=True, slots=True)
class Found:
    """What the walk has found, with the codes of the offices in it."""

    what_if: WhatIf
    codes: dict[int, str]


def what_if(
    code: Annotated[str, typer.Argument(help="Code of the office whose draft is tried out.")],
    months: Annotated[int, typer.Option(min=1, max=service.MOST_MONTHS, help="How many months to look back.")] = 3,
    as_json: Annotated[bool, typer.Option("--json", help="Print the figures as JSON.")] = False,
) -> None:
    """Show what a draft would have changed: what was due, late and escalated, before and after. Nothing is stored.

    Only figures are told; the cases themselves see those who may, with `ruleWhatIf`.
    """
    with _bar() as progress:

        async def work(settings: Settings, database: Database) -> Found:
            now = clock.now()
            async with database.reader(SYSTEM_SCOPE) as session:
                office = await offices.by_code(session, code)
                if office is None:
                    raise OfficeNotFound(f"there is no open office with the code {code}", code=code)
                draft = await service.draft_of(session, office, now=now)
            found = await service.everything(database, office, draft, months=months, now=now, progress=progress)
            named = {key.office_id for key in found.totals.rungs} | found.totals.offices.keys()
            async with database.reader(SYSTEM_SCOPE) as session:
                known = await offices.by_ids(session, named)
            return Found(found, {office_id: f"{each.code} {each.name}" for office_id, each in known.items()})

        found = with_database(work)
    if as_json:
        print(json.dumps(_plain(found), ensure_ascii=False, indent=2))
    else:
        _show(found)
    totals, draft = found.what_if.totals, found.what_if.draft
    console.say(
        f"{draft.book.code} v{draft.version}, since {found.what_if.since:%Y-%m-%d}: {totals.cases:,} cases,"
        f" {totals.changed:,} of them otherwise, {totals.unknown:,} of which the history does not tell"
    )


@contextmanager
def _bar() -> Iterator[service.Progress]:
    """How many cases were replayed, on a terminal."""
    shown = Console(stderr=True)
    columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    with Progress(*columns, console=shown, disable=not shown.is_terminal, transient=True) as progress:
        task = progress.add_task("replaying", total=None)
        yield lambda cases: progress.update(task, description=f"{cases:,} cases replayed")


def _figures(pair: Pair) -> dict[str, Any]:
    return {"before": _figure(pair.before), "after": _figure(pair.after), "unknown": pair.unknown}


def _figure(count: Count) -> dict[str, int]:
    return {"total": count.all, "late": count.late}


def _plain(found: Found) -> dict[str, Any]:
    totals, draft = found.what_if.totals, found.what_if.draft
    return {
        "book": draft.book.code,
        "version": draft.version,
        "since": found.what_if.since.isoformat(),
        "cases": totals.cases,
        "changed": totals.changed,
        "unknown": totals.unknown,
        "reasons": {str(code): cases for code, cases in sorted(totals.reasons.items())},
        "accusations": totals.told(totals.accusations),
        "accusations_changed": totals.told(totals.accusations_changed),
        "rules": {rule: _figures(pair) for rule, pair in sorted(totals.rules.items())},
        "clocks": {str(kind): _figures(pair) for kind, pair in sorted(totals.clocks.items())},
        "offices": {found.codes.get(each, str(each)): _figures(pair) for each, pair in sorted(totals.offices.items())},
        "escalations": [
            {
                "ladder": key.name,
                "rule": key.rule,
                "rung": key.rung,
                "gives": key.gives,
                "office": found.codes.get(key.office_id),
                "before": before,
                "after": after,
            }
            for key, (before, after) in sorted(totals.rungs.items())
        ],
    }


def _show(found: Found) -> None:
    totals = found.what_if.totals
    console.output().print(_pairs("rule", "Limits by rule", dict(sorted(totals.rules.items()))))
    console.output().print(_pairs("clock", "Clocks", {str(kind): pair for kind, pair in sorted(totals.clocks.items())}))
    named = {found.codes.get(each, str(each)): pair for each, pair in sorted(totals.offices.items())}
    console.output().print(_pairs("office", "Load by office", named))
    if totals.rungs:
        table = Table(
            "ladder", "rule", "rung", "gives", "office", _right("before"), _right("after"), title="Escalations"
        )
        for key, (before, after) in sorted(totals.rungs.items()):
            office = found.codes.get(key.office_id, "nobody")
            table.add_row(
                key.name, key.rule, str(key.rung), key.gives, escape(office), f"{before:,}", f"{after:,}",
                style="" if before == after else "yellow",
            )  # fmt: skip
        console.output().print(table)
    for code, cases in sorted(totals.reasons.items()):
        console.output().print(f"{cases:6,} cases: {code}", highlight=False)


def _pairs(name: str, title: str, pairs: dict[str, Pair]) -> Table:
    columns = [_right(each) for each in ("before", "late", "after", "late", "unknown")]
    table = Table(name, *columns, title=title)
    for key, pair in pairs.items():
        figures = (pair.before.all, pair.before.late, pair.after.all, pair.after.late, pair.unknown)
        changed = pair.before != pair.after
        table.add_row(escape(key), *(f"{each:,}" for each in figures), style="yellow" if changed else "")
    return table


def _right(name: str) -> Column:
    return Column(name, justify="right")
