"""One list, two deliveries 一单双交: a key case goes to its solving unit, and in the same transaction the list of who
is responsible goes to the unit and to the leaders linked to the area. If either cannot be delivered, neither is
(INV-32)."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from caseway.access.actor import SYSTEM_ACTOR, Actor
from caseway.access.permissions import Permission
from caseway.access.policy import Policy
from caseway.cases import repository as cases
from caseway.cases.codes import GrantKind
from caseway.cases.entry import enter
from caseway.cases.hooks import listeners
from caseway.cases.models import Case
from caseway.cases.record import moment, record
from caseway.cases.texts import REASON, Check
from caseway.cases.workflow import Action, next_stage
from caseway.custody import repository as custody
from caseway.custody import routes, transfer
from caseway.custody.models import Order
from caseway.custody.workflow import OrderKind
from caseway.db.base import new_id
from caseway.db.session import UnitOfWork
from caseway.leads import repository
from caseway.leads.errors import LeaderNotLinked, LinkedLeaderBarred, NoListRule, NotResponsible
from caseway.leads.models import LiaisonLink, ResponsibilityList
from caseway.leads.workflow import HANDLING, LEADING, delivery
from caseway.notices import service as notices
from caseway.notices.codes import NoticeKind
from caseway.people import repository as people
from caseway.rules import service as rules
from caseway.tenancy import repository as offices
from caseway.tenancy.models import Office, OfficeKind

#: Events with which the solving unit comes to hold a case.
_ARRIVED = frozenset({"order.signed", "order.deemed_signed"})


@dataclass(frozen=True, slots=True)
class Delivered:
    """What a delivery did: the case, its version and stage now, the list, and the order that brings it to the unit
    (null if the unit held the case already)."""

    city_id: int
    case_id: uuid.UUID
    version: int
    stage: str
    list_id: uuid.UUID
    order_id: uuid.UUID | None


async def deliver(
    uow: UnitOfWork,
    policy: Policy,
    actor: Actor,
    *,
    city_id: int,
    case_id: uuid.UUID,
    solving_office_id: int,
    lead_person_id: int,
    handler_person_id: int,
    instruction: str,
    now: datetime,
    expected_version: int | None = None,
) -> Delivered:
    """Assign a key case to its solving unit and deliver the responsibility list to the unit and to the linked leaders.

    Custody moves when the unit signs; no clock of a matter that is being handled moves (INV-10). Raises ``NoListRule``,
    ``NotResponsible``, what ``routes`` refuses, ``TransitionRefused``, ``LeaderNotLinked``, ``LinkedLeaderBarred``.
    """
    entered = await enter(
        uow, policy, actor, Permission.CASE_DELIVER_LIST,
        city_id=city_id, case_id=case_id, now=now, expected_version=expected_version,
    )  # fmt: skip
    case = entered.case
    text = _text(instruction)
    wanted = delivery(await rules.effective(uow.session, actor.office_id, at=now))
    if wanted is None:
        raise NoListRule
    unit = await _solving_unit(uow, case, actor, solving_office_id)
    await _require_responsible(uow, case, unit, lead_person_id, handler_person_id, now=now)
    order = await _bring(uow, case, unit, actor=actor, at=entered.at, instruction=text)
    at = moment(case, entered.at)
    links = await _linked(uow, case, now=now) if wanted.second is not None else []
    changes: dict[str, Any] = {}
    for each in links:
        changes |= await cases.add_grant(
            uow, case,
            office_id=each.office_id, person_id=each.person_id, kind=GrantKind.LINKED, at=at,
            order_id=order.id if order is not None else None,
        )  # fmt: skip
    row = ResponsibilityList(
        city_id=case.city_id,
        id=new_id(),
        case_id=case.id,
        office_id=actor.office_id,
        person_id=actor.person_id,
        solving_office_id=unit.id,
        lead_person_id=lead_person_id,
        handler_person_id=handler_person_id,
        order_id=order.id if order is not None else None,
        area_id=links[0].area_id if links else None,
        linked_person_ids=[each.person_id for each in links],
        delivered_at=at,
        rule_book=wanted.ref.book,
        rule_version=wanted.ref.version,
        rule_row=wanted.ref.row_id,
    )
    await repository.add_list(uow, row)
    await _tell(uow, case, row, links, at=at)
    if order is None:
        changes["assignee_id"] = handler_person_id
    facts = {"list_id": row.id, "to": unit.id, "linked": row.linked_person_ids, "rule": str(wanted.ref)}
    await record(
        uow, case,
        type="list.delivered", at=at, actor=actor,
        facts=facts | ({"order_id": order.id} if order is not None else {}),
        changes={**changes, "lead_id": lead_person_id},
    )  # fmt: skip
    return Delivered(case.city_id, case.id, case.version, case.stage, row.id, row.order_id)


async def name_handler(uow: UnitOfWork, case: Case, type: str, *, at: datetime) -> None:
    """When the solving unit has signed, the officer on the list takes charge, unless they have left or are barred."""
    if type not in _ARRIVED or not case.lead_id:
        return
    row = await repository.newest(uow.session, case)
    if row is None or row.order_id is None or row.handler_person_id == case.assignee_id:
        return
    brought_by = (await custody.present(uow.session, case)).order_id
    able = await _able(uow, case, [case.holder_id], HANDLING, now=at)
    if brought_by != row.order_id or row.handler_person_id not in able:
        return
    await record(
        uow, case,
        type="handler.assigned", at=moment(case, at), actor=SYSTEM_ACTOR,
        facts={"person_id": row.handler_person_id, "previous_id": case.assignee_id},
        changes={"assignee_id": row.handler_person_id},
    )  # fmt: skip


def _text(instruction: str) -> str:
    check = Check()
    text = check.required("instruction", instruction, REASON)
    check.done()
    return text


async def _solving_unit(uow: UnitOfWork, case: Case, actor: Actor, office_id: int) -> Office:
    """The unit, if the case may go there from the actor's seat: inside its area, open, competent, not accused."""
    sender = await offices.by_id(uow.session, actor.office_id)
    assert sender is not None
    target = await offices.by_id(uow.session, office_id)
    accused = (await offices.by_ids(uow.session, case.accused_office_ids)).values()
    unit = routes.check_target(OrderKind.KEY_ASSIGN, case, sender, target, accused)
    routes.check_level(OrderKind.KEY_ASSIGN, sender, unit)
    return unit


async def _require_responsible(
    uow: UnitOfWork, case: Case, unit: Office, lead_id: int, handler_id: int, *, now: datetime
) -> None:
    leading = [unit.id]
    if unit.kind != OfficeKind.GOVERNMENT and unit.parent_id is not None:
        # The leaders of a government are its bureaus' leaders too.
        leading.append(unit.parent_id)
    if lead_id not in await _able(uow, case, leading, LEADING, now=now):
        raise NotResponsible(role="LEAD_LEADER")
    if handler_id not in await _able(uow, case, [unit.id], HANDLING, now=now):
        raise NotResponsible(role="NAMED_HANDLER")


async def _able(
    uow: UnitOfWork, case: Case, office_ids: Sequence[int], roles: Collection[str], *, now: datetime
) -> set[int]:
    """Who holds such a role in one of the offices, and to whom the case is not barred."""
    found = [
        person_id
        for office_id in office_ids
        for person_id in await people.handlers(uow.session, office_id, roles=roles, now=now)
    ]
    chains = await cases.chains(uow.session, found, at=now)
    barred = set(case.barred)
    return {each for each in found if barred.isdisjoint({-each, *chains.get(each, ())})}


async def _bring(
    uow: UnitOfWork, case: Case, unit: Office, *, actor: Actor, at: datetime, instruction: str
) -> Order | None:
    """The first delivery: the order to the unit, unless it holds the case already."""
    if case.holder_id == unit.id:
        return None
    stage = next_stage(case.stage, Action.DELIVER_LIST)
    order = transfer.new_order(
        case, OrderKind.KEY_ASSIGN,
        sender_id=actor.office_id, receiver_id=unit.id, actor=actor, at=at, instruction=instruction,
    )  # fmt: skip
    await transfer.send(uow, case, order, stage=stage, actor=actor, at=at)
    await transfer.deliver(uow, case, order, actor=actor, at=moment(case, at))
    return order


async def _linked(uow: UnitOfWork, case: Case, *, now: datetime) -> list[LiaisonLink]:
    """The second delivery: whom it goes to. The leaders linked to the place that the matter is about, or to the nearest
    area above it that has any; failing that, to the holder's own. Nobody, or somebody to whom the case is barred, and
    the whole delivery fails."""
    found: list[LiaisonLink] = []
    for chain in (await _place(uow, case), await _holder(uow, case)):
        links = await repository.links_to(uow.session, chain, at=now)
        nearest = next((area for area in reversed(chain) if any(each.area_id == area for each in links)), None)
        found = [each for each in links if each.area_id == nearest]
        if found:
            break
    if not found:
        raise LeaderNotLinked
    chains = await cases.chains(uow.session, [each.person_id for each in found], at=now)
    barred = set(case.barred)
    if any(barred & {-each.person_id, *chains.get(each.person_id, ())} for each in found):
        raise LinkedLeaderBarred
    return found


async def _place(uow: UnitOfWork, case: Case) -> tuple[int, ...]:
    """The chain of the lowest known office at or above the place of the matter."""
    codes = repository.prefixes(case.place_code)
    known = await offices.by_codes(uow.session, codes)
    lowest = next((known[code] for code in codes if code in known), None)
    return lowest.chain if lowest is not None else ()


async def _holder(uow: UnitOfWork, case: Case) -> tuple[int, ...]:
    holder = await offices.by_id(uow.session, case.holder_id)
    assert holder is not None
    return holder.chain


async def _tell(
    uow: UnitOfWork, case: Case, row: ResponsibilityList, links: Sequence[LiaisonLink], *, at: datetime
) -> None:
    for office_id in sorted({row.solving_office_id, *(each.office_id for each in links)}):
        await notices.tell(
            uow,
            office_id=office_id,
            kind=NoticeKind.LIST_DELIVERED,
            key=f"list:{row.id}",
            at=at,
            city_id=case.city_id,
            case_id=case.id,
            facts={"unit": row.solving_office_id, "rule": f"{row.rule_book} {row.rule_row}"},
        )


listeners.listen(recorded=name_handler)
