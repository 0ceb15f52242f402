"""Steps that move cases between offices or involve other offices: orders, their answers, disputes."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from functools import partial
from random import Random
from typing import Any

from caseway.access.actor import Actor
from caseway.access.permissions import Permission
from caseway.cases.workflow import Stage, available
from caseway.custody import assistance, disputes, routes, service
from caseway.custody.models import Order
from caseway.custody.workflow import SPECS, OrderKind, OrderState, Relation, disputed
from caseway.errors import CasewayError
from caseway.tenancy.models import Office
from properties.land import Dossier, Land
from properties.steps import add, step

REASON = "按职权办理"


# ---- sending


def _sendable(land: Land, kind: OrderKind) -> list[Dossier]:
    spec = SPECS[kind]
    wanted = spec.for_accusations is True
    return land.cases(accusation=wanted, fits=lambda file: spec.action in available(file.case.stage))


def _fits(land: Land, kind: OrderKind, file: Dossier, sender: Office, target: Office) -> Relation | None:
    """How the target stands to the sender, if the order may go there."""
    accused = [land.offices[each] for each in file.case.accused_office_ids]
    try:
        routes.check_target(kind, file.case, sender, target, accused)
        return routes.check_level(kind, sender, target)
    except CasewayError:
        return None


def _target(
    land: Land, pick: Random, kind: OrderKind, file: Dossier, sender: Office, relation: Relation | None = None
) -> Office:
    if SPECS[kind].to_holder:
        return land.offices[file.case.holder_id]
    fitting = [
        target
        for target in land.open_offices()
        if (found := _fits(land, kind, file, sender, target)) is not None and relation in (None, found)
    ]
    return pick.choice(fitting if fitting and pick.random() < 0.9 else list(land.offices.values()))


def _sender(land: Land, pick: Random, kind: OrderKind, file: Dossier) -> Actor:
    """Somebody who may; for orders to the holder mostly somebody whom they can reach from."""
    permission = SPECS[kind].permission
    assert permission is not None
    if SPECS[kind].to_holder and pick.random() < 0.9:
        holder = land.offices[file.case.holder_id]
        able = [
            each
            for each in land.allowed(file, permission)
            if _fits(land, kind, file, land.offices[each.office_id], holder) is not None
        ]
        if able:
            return pick.choice(able)
    return land.who(pick, file, permission)


async def _send(land: Land, actor: Actor, kind: OrderKind, file: Dossier, target: Office) -> Any:
    spec = SPECS[kind]
    return await land.do(
        service.send,
        actor,
        kind=kind,
        to_office_id=target.id,
        instruction=None if file.is_accusation else REASON,
        report_due_at=land.now + timedelta(days=10) if spec.needs_limit else None,
        **file.key,
    )


def _sending(kind: OrderKind, relation: Relation | None = None) -> Callable[[Land, Random], Awaitable[Any]]:
    async def run(land: Land, pick: Random) -> Any:
        spec = SPECS[kind]
        assert spec.permission is not None
        possible = _sendable(land, kind)
        if relation is not None:
            possible = [file for file in possible if _reaches(land, kind, file, relation)]
        file = land.workable(pick, possible, spec.permission)
        actor = _sender(land, pick, kind, file)
        sender = land.offices[file.case.holder_id if spec.moves_custody else actor.office_id]
        return await _send(land, actor, kind, file, _target(land, pick, kind, file, sender, relation))

    return run


def _reaches(land: Land, kind: OrderKind, file: Dossier, relation: Relation) -> bool:
    sender = land.offices[file.case.holder_id]
    return any(_fits(land, kind, file, sender, target) is relation for target in land.open_offices())


_SENT = {
    "forward": OrderKind.FORWARD,
    "assign": OrderKind.ASSIGN,
    "hand_over": OrderKind.HAND_OVER,
    "hand_over_accusation": OrderKind.ACCUSATION_HAND_OVER,
    "escalate": OrderKind.TAKE_UP,
    "ask_advice": OrderKind.ADVICE,
    "report_up": OrderKind.REPORT_UP,
    "assist": OrderKind.ASSIST,
    "supervise": OrderKind.SUPERVISE,
    "copy": OrderKind.COPY,
}
for _name, _kind in _SENT.items():
    add(
        _name,
        _sending(_kind),
        partial(_sendable, kind=_kind),
        weight=4 if _kind in (OrderKind.FORWARD, OrderKind.ACCUSATION_HAND_OVER) else 2,
    )
add(
    "forward_over_a_level",
    _sending(OrderKind.FORWARD, Relation.FAR_BELOW),
    lambda land: any(
        _reaches(land, OrderKind.FORWARD, file, Relation.FAR_BELOW) for file in _sendable(land, OrderKind.FORWARD)
    ),
    weight=4,
)


@step(lambda land: _sendable(land, OrderKind.FORWARD), weight=1)
async def forward_twice_at_once(land: Land, pick: Random) -> None:
    """INV-31: of two orders that leave at the same moment one wins."""
    file = land.workable(pick, _sendable(land, OrderKind.FORWARD), Permission.CASE_FORWARD)
    actor = land.who(pick, file, Permission.CASE_FORWARD)
    sender = land.offices[file.case.holder_id]
    targets = [_target(land, pick, OrderKind.FORWARD, file, sender) for _ in range(2)]
    await _one_of(*(_send(land, actor, OrderKind.FORWARD, file, target) for target in targets))


async def _one_of(*attempts: Awaitable[Any]) -> None:
    """Let them race. At most one may win; if none does, the refusal of the first is the result."""
    results = await asyncio.gather(*attempts, return_exceptions=True)
    for result in results:
        if isinstance(result, BaseException) and not isinstance(result, CasewayError):
            raise result
    refusals = [result for result in results if isinstance(result, CasewayError)]
    won = len(results) - len(refusals)
    assert won <= 1, "INV-31: both of two concurrent moves succeeded"
    if not won:
        raise refusals[0]


# ---- orders that move custody


def _moving(land: Land) -> list[tuple[Dossier, Order]]:
    return land.orders(OrderState.DELIVERED, fits=lambda order: order.moves_custody)


def _objected(land: Land) -> list[tuple[Dossier, Order]]:
    return land.orders(OrderState.OBJECTED)


@step(_moving, weight=7)
async def sign_for(land: Land, pick: Random) -> Any:
    """The receiver signs."""
    file, order, actor = land.workable_order(
        pick, _moving(land), Permission.CASE_SIGN_FOR, lambda file, order: land.heir(order.receiver_id).id
    )
    return await land.do(service.sign_for, actor, **file.order_key(order))


@step(_moving)
async def sign_for_twice_at_once(land: Land, pick: Random) -> None:
    """INV-31: two officers of the receiver sign at the same moment."""
    file, order = land.choose(pick, _moving(land))
    receiver = land.heir(order.receiver_id).id
    signers = [land.who(pick, file, Permission.CASE_SIGN_FOR, office_id=receiver) for _ in range(2)]
    await _one_of(*(land.do(service.sign_for, actor, **file.order_key(order)) for actor in signers))


def _recallable(land: Land) -> list[tuple[Dossier, Order]]:
    return [each for each in _moving(land) if SPECS[OrderKind(each[1].kind)].recallable]


@step(_recallable)
async def recall(land: Land, pick: Random) -> Any:
    """The sender takes it back before it is signed."""
    file, order, actor = land.workable_order(
        pick, _recallable(land), Permission.CASE_RECALL, lambda file, order: file.case.holder_id
    )
    return await land.do(service.recall, actor, **file.order_key(order))


def _objectable(land: Land) -> list[tuple[Dossier, Order]]:
    return [
        (file, order)
        for file, order in land.orders(OrderState.SIGNED)
        if file.case.stage == Stage.SIGNED
        and SPECS[OrderKind(order.kind)].objectable
        and file.custody[-1].order_id == order.id
    ]


@step(_objectable, weight=14)
async def object_to(land: Land, pick: Random) -> Any:
    """A wrong addressee objects."""
    file, order, actor = land.workable_order(
        pick, _objectable(land), Permission.CASE_OBJECT, lambda file, order: file.case.holder_id
    )
    return await land.do(disputes.object_to, actor, reason="不属我处管辖", **file.order_key(order))


def _deciding(agree: bool) -> Callable[[Land, Random], Awaitable[Any]]:
    async def run(land: Land, pick: Random) -> Any:
        file, order, actor = land.workable_order(
            pick,
            _objected(land),
            Permission.CASE_DECIDE_OBJECTION,
            lambda file, order: land.heir(order.sender_id).id,
        )
        return await land.do(
            disputes.decide_objection, actor, agree=agree, reason="属你处管辖", **file.order_key(order)
        )

    return run


add("agree_to_objection", _deciding(True), _objected, weight=8)
add("refuse_objection", _deciding(False), _objected, weight=8)


def _in_dispute(land: Land) -> list[tuple[Dossier, Order]]:
    return [
        (file, order)
        for file, order in land.orders(OrderState.OBJECTED, OrderState.UPHELD)
        if file.case.stage in (Stage.SIGNED, Stage.OBJECTED)
    ]


@step(_in_dispute, weight=10)
async def refer_dispute(land: Land, pick: Random) -> Any:
    """One of the two offices takes it to the superior."""
    if pick.random() < 0.5:
        file, order, actor = land.workable_order(
            pick, _in_dispute(land), Permission.CASE_OBJECT, lambda file, order: file.case.holder_id
        )
    else:
        file, order, actor = land.workable_order(
            pick,
            _in_dispute(land),
            Permission.CASE_DECIDE_OBJECTION,
            lambda file, order: land.heir(order.sender_id).id,
        )
    return await land.do(disputes.refer_dispute, actor, reason="不能协商一致", **file.order_key(order))


def _decidable(land: Land) -> list[Dossier]:
    return land.cases(
        Stage.OBJECTED, Stage.SIGNED, Stage.REGISTERED, fits=lambda file: disputed(file.orders) is not None
    )


@step(_decidable, weight=10)
async def decide_competence(land: Land, pick: Random) -> Any:
    """The common superior, or a joint conference, names the competent office: one of the two, or a third."""
    file = land.choose(pick, _decidable(land))
    pair = disputed(file.orders)
    assert pair is not None
    first, second = (land.heir(each) for each in pair)
    line = [each for each in first.chain if each in second.chain]
    able = [actor for actor in land.allowed(file, Permission.CASE_DECIDE_COMPETENCE) if actor.seat_id in line[-2:]]
    actor = pick.choice(able) if able else land.who(pick, file, Permission.CASE_DECIDE_COMPETENCE)
    named = pick.choice((first, second, land.heir(file.case.holder_id), pick.choice(land.open_offices())))
    return await land.do(
        disputes.decide_competence, actor, competent_office_id=named.id, reason="依照属地管理原则", **file.key
    )


def _takeable(land: Land) -> list[Dossier]:
    return land.cases(Stage.REGISTERED, Stage.SIGNED, Stage.HANDLING, accusation=False)


@step(_takeable)
async def take_up(land: Land, pick: Random) -> Any:
    """A superior takes a case to itself."""
    file = land.workable(pick, _takeable(land), Permission.CASE_TAKE_UP)
    return await land.do(service.take_up, land.who(pick, file, Permission.CASE_TAKE_UP), reason="重大事项", **file.key)


# ---- what involved offices give back


def _waiting(kind: OrderKind) -> Callable[[Land], list[tuple[Dossier, Order]]]:
    return lambda land: land.orders(OrderState.DELIVERED, fits=lambda order: order.kind == kind)


def _answering(
    kind: OrderKind, permission: Permission, operation: Callable[..., Awaitable[Any]], *, by_receiver: bool, text: bool
) -> Callable[[Land, Random], Awaitable[Any]]:
    async def run(land: Land, pick: Random) -> Any:
        file, order, actor = land.workable_order(
            pick,
            _waiting(kind)(land),
            permission,
            lambda file, order: land.heir(order.receiver_id).id if by_receiver else file.case.holder_id,
        )
        rings, given = ((land.keys,), {"text": "意见如下"}) if text else ((), {})
        return await land.do(operation, actor, *rings, **file.order_key(order), **given)

    return run


for _name, _kind, _permission, _operation, _by_receiver, _text in (
    ("contribute", OrderKind.ASSIST, Permission.CASE_CONTRIBUTE, assistance.contribute, True, True),
    ("end_assistance", OrderKind.ASSIST, Permission.CASE_ASSIST, assistance.end_assistance, False, False),
    ("advise", OrderKind.ADVICE, Permission.CASE_ADVISE, assistance.advise, True, True),
    (
        "reply_supervision",
        OrderKind.SUPERVISE,
        Permission.CASE_REPLY_SUPERVISION,
        assistance.reply_supervision,
        False,
        True,
    ),
):
    add(
        _name,
        _answering(_kind, _permission, _operation, by_receiver=_by_receiver, text=_text),
        _waiting(_kind),
        weight=6,
    )
