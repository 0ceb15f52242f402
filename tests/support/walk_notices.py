"""Notices and tasks of the walked world: of every case one to the office that holds it and one to an office that the
case is about or that has nothing to do with it, each delivered as the worker does; and tasks of an office and of the
platform."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import psycopg

from caseway.db.base import new_id
from caseway.db.scope import SYSTEM_SCOPE
from caseway.db.session import Database
from caseway.gql import ids
from caseway.notices import jobs, service
from caseway.notices.codes import NoticeKind
from caseway.notices.models import OfficeNotice
from support.walk_build import FENGQIAO, Builder
from support.walk_case import Known


@dataclass(frozen=True)
class Told:
    """To which office (code) something was told, and about which case (None = about none)."""

    office: str
    case: Known | None


@dataclass(frozen=True)
class Tasks:
    """Global ids of tasks: one of an office, one of the platform."""

    office: str
    platform: str


async def build_notices(to: Builder) -> tuple[dict[str, Told], Tasks]:
    """What was told, by global id, and the tasks."""
    database = Database(to.world.database.url)
    try:
        told = await _tell(to, database)
        tasks = await _open_tasks(to, database)
    finally:
        await database.close()
    mine = next(gid for gid, each in told.items() if each.office == FENGQIAO and each.case is to.cases["rich"])
    await to.ask("fengqiao.handler", "noticeMarkRead", noticeId=mine)
    return told, tasks


async def _tell(to: Builder, database: Database) -> dict[str, Told]:
    """Everything is told twice, and stands once. What an accused office is told by mistake is not even delivered; it is
    put among the notices by hand, so that the guards of reading are walked, too."""
    now, wanted = to.world.dial.by(minutes=1), []
    for case in to.cases.values():
        offices = {case.holder, FENGQIAO, *sorted(case.accused_offices)}
        wanted += [(office, case, NoticeKind.CLOCK_OVERDUE) for office in sorted(offices)]
    async with database.unit(SYSTEM_SCOPE) as uow:
        await uow.permitted()
        for _ in range(2):
            for code, case, kind in wanted:
                await service.tell(
                    uow, office_id=ids.decode_number("Office", to.offices[code]), kind=kind, key=f"walk:{case.name}",
                    at=now, city_id=case.key[0], case_id=case.key[1], facts={"layer": "LAW"},
                )  # fmt: skip
            await service.tell(
                uow, office_id=ids.decode_number("Office", to.offices[FENGQIAO]), kind=NoticeKind.RULES_CHANGED,
                key="walk:rules", at=now, facts={"book": "law-2022", "version": 2},
            )  # fmt: skip
    while await jobs.deliver(database, now=now):
        pass
    cases = {case.key[1]: case for case in to.cases.values()}
    async with database.unit(SYSTEM_SCOPE) as uow:
        await uow.permitted()
        for case in to.cases.values():
            for code in sorted(case.accused_offices):
                number = ids.decode_number("Office", to.offices[code])
                uow.session.add(
                    OfficeNotice(
                        city_id=case.key[0],
                        id=new_id(),
                        office_id=number,
                        kind=NoticeKind.CLOCK_OVERDUE,
                        case_id=case.key[1],
                        at=now,
                        facts={},
                        read_at=None,
                        read_by=None,
                    )
                )
    return {
        ids.encode("OfficeNotice", city, key): Told(code, cases.get(case) if case is not None else None)
        for city, key, code, case in _rows(
            to, "select n.city_id, n.id, o.code, n.case_id from office_notice n join office o on o.id = n.office_id"
        )
    }


async def _open_tasks(to: Builder, database: Database) -> Tasks:
    """One of each kind that stays open, and one that was closed by hand."""
    fengqiao, now = ids.decode_number("Office", to.offices[FENGQIAO]), to.world.dial.by(minutes=1)
    async with database.unit(SYSTEM_SCOPE) as uow:
        await uow.permitted()
        for office, subject in ((fengqiao, "stays"), (fengqiao, "closed"), (None, "platform")):
            await service.open_task(
                uow, kind="CONDITION_FAILED", key=f"walk:{subject}", office_id=office, at=now,
                facts={"condition": "group_size > 4", "problem": "no such name"},
            )  # fmt: skip
    found = {
        key: ids.encode("AdminTask", task)
        for key, task in _rows(to, "select key, id from admin_task where key like 'walk:%'")
    }
    await to.ask("fengqiao.admin", "adminTaskClose", taskId=found["walk:closed"])
    return Tasks(found["walk:stays"], found["walk:platform"])


def _rows(to: Builder, query: str) -> list[tuple[Any, ...]]:
    with psycopg.connect(to.world.database.dsn) as connection:
        return connection.execute(query).fetchall()
