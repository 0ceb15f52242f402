"""Importing divisions: counts, idempotency, renames, recorded changes, all or nothing."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import psycopg
import pytest

from caseway.db.session import Database
from caseway.tenancy import changes, imports, repository
from caseway.tenancy.changes import Cause
from caseway.tenancy.declarations import DeclarationRefused
from caseway.tenancy.errors import DivisionsRefused
from caseway.tenancy.imports import DivisionChange, Imported
from caseway.tenancy.models import Level, OfficeKind

from .conftest import EXCERPT, NOW, Writer

CONSISTENT = """
select count(*) from office o left join office p on p.id = o.parent_id
where o.path <> coalesce(p.path, '') || o.id || '.' or o.depth <> coalesce(p.depth, 0) + 1
   or array[o.l1, o.l2, o.l3, o.l4, o.l5, o.l6]
      <> (string_to_array(rtrim(o.path, '.'), '.')::int[] || array_fill(0, array[6 - o.depth]))
"""


def _one(rows: psycopg.Connection, statement: str, *parameters: object) -> object:
    found = rows.execute(statement.encode(), parameters).fetchone()
    assert found is not None
    return found[0]


async def _import(write: Writer, folder: Path, **options: object) -> Imported:
    async with write() as uow:
        return await imports.import_divisions(uow, folder, **options)  # type: ignore[arg-type]


def _csv(folder: Path, *lines: str) -> Path:
    (folder / "offices.csv").write_text("code,name\n" + "".join(f"{line}\n" for line in lines), encoding="utf-8")
    return folder


def test_jiaxing_has_its_1282_offices(rows: psycopg.Connection) -> None:
    found = rows.execute("select level, count(*) from office where code like '3304%' group by level").fetchall()
    assert dict(found) == {"CITY": 1, "COUNTY": 7, "TOWN": 72, "VILLAGE": 1202}
    kinds = rows.execute(
        "select committee_kind, count(*) from office where code like '3304%' and level = 'VILLAGE' group by 1"
    ).fetchall()
    assert dict(kinds) == {"RESIDENTS": 458, "VILLAGERS": 740, "LIKE_RESIDENTS": 4}


def test_paths_depths_and_levels_agree_with_the_parents(rows: psycopg.Connection) -> None:
    assert _one(rows, CONSISTENT) == 0
    wrong = """
    select count(*) from office o join office p on p.id = o.parent_id
    where array_position(array['PROVINCE', 'CITY', 'COUNTY', 'TOWN', 'VILLAGE'], p.level)
       >= array_position(array['PROVINCE', 'CITY', 'COUNTY', 'TOWN', 'VILLAGE'], o.level)
    """
    assert _one(rows, wrong) == 0


def test_a_municipality_is_a_city_without_province_and_the_parent_of_its_districts(rows: psycopg.Connection) -> None:
    assert rows.execute("select level, depth, parent_id from office where code = '12'").fetchone() == ("CITY", 1, None)
    assert _one(rows, "select p.code from office o join office p on p.id = o.parent_id where o.code = '120111'") == "12"


def test_the_home_city_is_the_city_at_or_above(rows: psycopg.Connection) -> None:
    home = "select c.code from office o join office c on c.id = o.city_id where o.code = %s"
    codes = ["330402100204", "330402", "3304", "33", "120111001", "12"]
    assert [_one(rows, home, code) for code in codes] == ["3304", "3304", "3304", "33", "12", "12"]


async def test_a_second_import_writes_nothing(write: Writer, rows: psycopg.Connection) -> None:
    before = rows.execute("select max(xmin::text::bigint), count(*) from office").fetchone()
    events = _one(rows, "select count(*) from office_event")
    done = await _import(write, EXCERPT, recorded=imports.read_changes(EXCERPT / "changes.yaml"))
    assert before is not None and done.wrote_nothing and done.read == before[1]
    assert rows.execute("select max(xmin::text::bigint), count(*) from office").fetchone() == before
    assert _one(rows, "select count(*) from office_event") == events


async def test_one_event_stands_for_each_imported_tree(rows: psycopg.Connection) -> None:
    found = rows.execute(
        "select o.code, (e.facts->>'offices_imported')::int from office_event e join office o on o.id = e.office_id"
    ).fetchall()
    assert {code for code, _ in found} == {"12", "15", "32", "33", "37", "51", "61"}
    assert sum(count for _, count in found) == _one(rows, "select count(*) from office")


async def test_a_new_office_joins_its_parent_and_gets_an_event(
    write: Writer, rows: psycopg.Connection, files: Path
) -> None:
    done = await _import(write, _csv(files, "330402199,新镇", "330402199201,新村委会"))
    assert (done.created, done.renamed) == (2, 0)
    assert _one(rows, CONSISTENT) == 0
    event = rows.execute(
        "select o.code, e.type, e.source, e.facts->>'offices_imported' from office_event e"
        " join office o on o.id = e.office_id order by e.id desc limit 1"
    ).fetchone()
    assert event == ("330402199", "created", files.name, "2")


async def test_a_changed_name_is_taken_over_with_an_event(write: Writer, rows: psycopg.Connection, files: Path) -> None:
    folder = _csv(files, "330402100,凤桥新镇")
    assert (await _import(write, folder, edition_date=date(2024, 6, 30))).renamed == 1
    assert _one(rows, "select name from office where code = '330402100'") == "凤桥新镇"
    facts = rows.execute("select facts from office_event where type = 'renamed'").fetchall()
    assert facts == [({"from": "凤桥镇", "to": "凤桥新镇"},)]
    assert (await _import(write, folder, edition_date=date(2024, 6, 30))).wrote_nothing


async def test_what_was_renamed_here_stays_renamed(write: Writer, rows: psycopg.Connection) -> None:
    async with write() as uow:
        office = await repository.by_code(uow.session, "330402100")
        assert office is not None
        await changes.rename(uow, office, "凤桥古镇", cause=Cause(at=NOW, source="notice", person_id=7))
    assert (await _import(write, EXCERPT)).wrote_nothing
    assert _one(rows, "select name from office where code = '330402100'") == "凤桥古镇"


async def test_what_was_merged_here_is_not_made_again_and_newcomers_go_to_the_successor(
    write: Writer, rows: psycopg.Connection, files: Path
) -> None:
    async with write() as uow:
        office = await repository.by_code(uow.session, "330402100")
        into = await repository.by_code(uow.session, "330402101")
        assert office is not None and into is not None
        await changes.merge(uow, office, into, cause=Cause(at=NOW, source="notice"))
    assert (await _import(write, EXCERPT)).wrote_nothing
    done = await _import(write, _csv(files, "330402100299,晚到村委会"))
    assert done.created == 1
    parent = "select p.code from office o join office p on p.id = o.parent_id where o.code = '330402100299'"
    assert _one(rows, parent) == "330402101"


async def test_an_import_is_all_or_nothing(write: Writer, rows: psycopg.Connection, files: Path) -> None:
    count = _one(rows, "select count(*) from office")
    for lines, words in (
        (["99,新省", "9901,新市", "990101100,无县之镇"], "office above is missing: 990101100"),
        (["99,新省", "9901,新市", "9901,又一市"], "given twice: 9901"),
    ):
        with pytest.raises(DivisionsRefused, match=words):
            await _import(write, _csv(files, *lines))
    assert _one(rows, "select count(*) from office") == count


async def test_under_a_code_that_is_not_there_is_refused(write: Writer) -> None:
    with pytest.raises(DivisionsRefused, match="no office with the code 4401"):
        await _import(write, EXCERPT, under="4401")


_CHANGES = [
    DivisionChange(
        date=date(2025, 11, 6), type="create", code="330457", name="新区", level=Level.COUNTY, parent="3304", source="n"
    ),
    DivisionChange(date=date(2025, 11, 6), type="move", code="330402101", parent="330411", source="n"),
    DivisionChange(date=date(2025, 11, 6), type="rename", code="330424", name="海盐新县", source="n"),
    DivisionChange(date=date(2025, 11, 6), type="merge", code="330402", into="330457", source="n"),
    DivisionChange(date=date(2025, 11, 6), type="merge", code="999999", into="330457", source="n"),
]


async def test_recorded_changes_are_applied_once_with_date_and_successor(
    write: Writer, rows: psycopg.Connection
) -> None:
    assert (await _import(write, EXCERPT, recorded=_CHANGES)).changed == 4
    assert _one(rows, CONSISTENT) == 0
    closed = rows.execute(
        "select o.valid_to, s.code from office o join office s on s.id = o.successor_id where o.code = '330402'"
    ).fetchone()
    assert closed == (imports.instant(date(2025, 11, 6)), "330457")
    parents = rows.execute(
        "select o.code, p.code from office o join office p on p.id = o.parent_id"
        " where o.code in ('330402100', '330402101') order by 1"
    ).fetchall()
    assert parents == [("330402100", "330457"), ("330402101", "330411")]
    assert (await _import(write, EXCERPT, recorded=_CHANGES)).wrote_nothing


async def test_a_recorded_change_does_not_undo_what_was_done_here_later(
    write: Writer, rows: psycopg.Connection
) -> None:
    async with write() as uow:
        office = await repository.by_code(uow.session, "330402101")
        parent = await repository.by_code(uow.session, "330424")
        assert office is not None and parent is not None
        await changes.move(uow, office, parent, cause=Cause(at=NOW, source="notice"))
    assert (await _import(write, EXCERPT, recorded=_CHANGES[1:2])).wrote_nothing


def test_the_shipped_changes_are_well_formed_and_ordered() -> None:
    shipped = imports.read_changes(EXCERPT / "changes.yaml")
    assert {entry.code for entry in shipped if entry.type == "create"} >= {"500157", "653228", "653229"}
    assert [entry.date for entry in shipped] == sorted(entry.date for entry in shipped)


def test_a_faulty_change_names_its_line(files: Path) -> None:
    (files / "changes.yaml").write_text(
        "changes:\n  - {date: 2025-01-01, type: merge, code: 33, source: n}\n"
        "  - {date: 2025-13-01, type: merge, code: 33, into: 34, source: n}\n"
        "  - date: 2025-01-01\n    type: vanish\n    code: 33\n    source: n\n",
        encoding="utf-8",
    )
    with pytest.raises(DeclarationRefused) as refusal:
        imports.read_changes(files / "changes.yaml")
    assert [(fault.line, fault.code) for fault in refusal.value.faults] == [
        (2, "MISSING_KEY"),
        (3, "INVALID"),
        (5, "UNKNOWN_VALUE"),
    ]


async def test_institutions_hang_below_their_government_and_share_its_home_city(write: Writer, tree: Database) -> None:
    async with write() as uow:
        for code in ("33", "3304", "330402100204"):
            seat = await repository.by_code(uow.session, code)
            assert seat is not None
            office = await changes.create(
                uow,
                parent=seat,
                level=Level(seat.level),
                kind=OfficeKind.PETITION_OFFICE,
                code=f"{code}-xfj",
                name="信访局",
                cause=Cause(at=NOW, source="test"),
            )
            assert (office.city_id, office.depth, office.seat_id) == (seat.city_id, seat.depth + 1, seat.id)
