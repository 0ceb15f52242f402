"""Declared links of leaders: files with a ``liaison:`` list are brought about by ``caseway tenants plan|apply`` after
the offices and the staff. A link that stands is kept; what an office sets or ends itself is left alone."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

import msgspec

from caseway.db.session import UnitOfWork
from caseway.leads import repository
from caseway.leads.errors import NotLinkable
from caseway.leads.links import office_of
from caseway.people import repository as people
from caseway.tenancy import declarations
from caseway.tenancy import repository as offices
from caseway.tenancy.declarations import Fault
from caseway.tenancy.declared import Action, Declared, Step

_LIST = "liaison"
_IS_OURS = re.compile(rf"^{_LIST}:", re.MULTILINE)


class DeclaredLink(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A leader by user name, and the code of the area."""

    leader: str
    area: str


class Links:
    """What ``people.declared.declare`` calls for files of links."""

    def takes(self, path: Path) -> bool:
        """Whether a file holds links."""
        try:
            return bool(_IS_OURS.search(path.read_text(encoding="utf-8", errors="replace")))
        except OSError:
            return False

    async def __call__(
        self, uow: UnitOfWork, paths: Sequence[Path], *, now: datetime, faults: list[Fault]
    ) -> list[Step]:
        """Bring the links of these files about; faults are collected."""
        steps: list[Step] = []
        for path in paths:
            document = declarations.read(path)
            for key, index, value in declarations.items(document, (_LIST,)):
                where = Declared(document, (key, index))
                link = declarations.typed(document, where.place, value, DeclaredLink, faults)
                if link is not None and (step := await _apply(uow, where, link, now=now, faults=faults)) is not None:
                    steps.append(step)
        return steps


async def _apply(
    uow: UnitOfWork, where: Declared, link: DeclaredLink, *, now: datetime, faults: list[Fault]
) -> Step | None:
    credentials = await people.credentials(uow.session, link.leader)
    area = await offices.by_code(uow.session, link.area)
    if credentials is None:
        faults.append(where.fault("UNKNOWN_VALUE", f"there is no {link.leader}", "leader"))
        return None
    if area is None:
        faults.append(where.fault("OFFICE_NOT_FOUND", f"there is no open office {link.area}", "area"))
        return None
    office = await office_of(uow, credentials.person_id, area, now=now)
    if office is None:
        faults.append(where.fault(NotLinkable.code, f"{link.leader} leads no office above {link.area}", "leader"))
        return None
    subject, detail = f"link {link.leader}", f"{area.code} {area.name}"
    key = {"person_id": credentials.person_id, "office_id": office.id, "area_id": area.id}
    if await repository.open_link(uow.session, **key) is not None:
        return Step(Action.KEEP, subject, detail)
    await repository.add_link(uow, **key, at=now, set_by=0)
    return Step(Action.CREATE, subject, detail)
