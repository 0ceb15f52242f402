"""Doing what was intended: each deed is one call of a service of the platform, in one transaction, in the name of
somebody who is at work."""

from __future__ import annotations

import uuid
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from caseway.access.actor import Actor
from caseway.cases import answering, assignment, closing, registration, service
from caseway.cases.codes import CloseGround, HandlingKind, Outcome, RefusalGround, StatutoryPath
from caseway.cases.registration import Entry, PetitionerEntry
from caseway.cases.service import Notice
from caseway.cases.workflow import Channel, PetitionClass
from caseway.clocks.arithmetic import day_of, end_of
from caseway.custody import assistance, disputes
from caseway.custody import service as custody
from caseway.custody.workflow import OrderKind
from caseway.db.session import UnitOfWork
from caseway.escalation import answering as escalation
from caseway.escalation import applying
from caseway.escalation.ladders import ladders
from caseway.intake import service as intake
from caseway.rules import service as rules
from caseway.simulation.arrivals import Arrival
from caseway.simulation.habits import Habits, Intent
from caseway.simulation.land import Land
from caseway.simulation.repository import View

#: Names that the simulated people give at most.
MOST_NAMES = 5
_REPORT_WITHIN = timedelta(days=45)
_REPLY_WITHIN = timedelta(days=12)
_EXTENSION_DAYS = 30


@dataclass(frozen=True, slots=True)
class Scene:
    """What a deed needs: the country, the case and its draws, and what was intended."""

    land: Land
    habits: Habits
    view: View
    intent: Intent

    @property
    def key(self) -> dict[str, Any]:
        """``city_id`` and ``case_id``, as services take them."""
        return {"city_id": self.view.case.city_id, "case_id": self.view.case.id}

    @property
    def order(self) -> dict[str, Any]:
        """``city_id`` and ``order_id``, as services take them."""
        return {"city_id": self.view.case.city_id, "order_id": self.intent.given["order"].id}

    @property
    def escalation(self) -> dict[str, Any]:
        """``city_id`` and ``escalation_id``, as services take them."""
        return {"city_id": self.view.case.city_id, "escalation_id": self.intent.given["escalation"].id}

    @property
    def notice(self) -> Notice:
        """The petitioner is told at once, where anybody can be reached."""
        return Notice(served_at=self.land.now)


Deed = Callable[[UnitOfWork, Actor, Scene], Awaitable[Any]]


async def act(actor: Actor, scene: Scene) -> Any:
    """Do it. Raises what the service refuses."""
    land = scene.land
    async with land.database.unit(land.policy.scope(actor)) as uow:
        return await DEEDS[scene.intent.deed.partition(":")[0]](uow, actor, scene)


async def register(
    land: Land, actor: Actor, arrival: Arrival, accused: tuple[int, ...], *, most_names: int = MOST_NAMES
) -> intake.Registered:
    """Register a matter that has arrived, with as many names as people came, or as may be."""
    names = ("甲", "乙", "丙", "丁", "戊")[: min(arrival.group_size, most_names)]
    is_accusation = arrival.petition_class is PetitionClass.ACCUSATION
    entry = Entry(
        channel=arrival.channel,
        received_at=arrival.received_at,
        title=f"模拟事项 {arrival.field}",
        claim="请求依法处理所反映的事项。",
        petitioners=tuple(PetitionerEntry(name=f"模拟信访人{name}") for name in names),
        group_size=arrival.group_size,
    )
    wanted = intake.Intake(
        entry=entry,
        petition_class=arrival.petition_class,
        field=arrival.field,
        place_code=arrival.place_code,
        accused_office_ids=accused if is_accusation else (),
        accused_unknown=is_accusation and not accused,
    )
    async with land.database.unit(land.policy.scope(actor)) as uow:
        return await intake.register(uow, land.policy, land.keyring, actor, intake=wanted, now=land.now)


async def _send(uow: UnitOfWork, actor: Actor, scene: Scene) -> Any:
    """Forward, assign, hand an accusation over, ask for advice or assistance, supervise."""
    kind, target = _ORDERS[scene.intent.deed], scene.intent.given["target"]
    limit: datetime | None = None
    if kind in (OrderKind.ASSIGN, OrderKind.SUPERVISE):
        within = _REPORT_WITHIN if kind is OrderKind.ASSIGN else _REPLY_WITHIN
        limit = end_of(day_of(scene.land.now + within))
    says = None if kind in (OrderKind.FORWARD, OrderKind.ACCUSATION_HAND_OVER) else "请依法办理并反馈。"
    done = await custody.send(
        uow, scene.land.policy, actor,
        kind=kind, **scene.key, to_office_id=target.id, now=scene.land.now, instruction=says, report_due_at=limit,
    )  # fmt: skip
    holder = scene.land.offices[scene.view.case.holder_id]
    right = scene.land.better_place(holder, field=scene.view.case.field, place_code=scene.view.case.place_code)
    if kind is OrderKind.FORWARD and target != right:
        scene.habits.misdirected.add(done.order_id)
    return done


async def _sign_for(uow: UnitOfWork, actor: Actor, scene: Scene) -> Any:
    return await custody.sign_for(uow, scene.land.policy, actor, **scene.order, now=scene.land.now)


async def _recall(uow: UnitOfWork, actor: Actor, scene: Scene) -> Any:
    scene.habits.done.add("recalled")
    return await custody.recall(uow, scene.land.policy, actor, **scene.order, now=scene.land.now)


async def _object(uow: UnitOfWork, actor: Actor, scene: Scene) -> Any:
    scene.habits.done.add("objected")
    return await disputes.object_to(
        uow, scene.land.policy, actor, **scene.order, reason="不属于本机关职权范围。", now=scene.land.now
    )


async def _answer_objection(uow: UnitOfWork, actor: Actor, scene: Scene) -> Any:
    return await disputes.decide_objection(
        uow, scene.land.policy, actor,
        **scene.order, agree=scene.intent.given["agree"], reason="属于该机关职权范围。", now=scene.land.now,
    )  # fmt: skip


async def _refer_dispute(uow: UnitOfWork, actor: Actor, scene: Scene) -> Any:
    return await disputes.refer_dispute(
        uow, scene.land.policy, actor, **scene.order, reason="双方意见不一致。", now=scene.land.now
    )


async def _decide_competence(uow: UnitOfWork, actor: Actor, scene: Scene) -> Any:
    return await disputes.decide_competence(
        uow, scene.land.policy, actor,
        **scene.key, competent_office_id=scene.intent.given["target"].id, reason="依职权指定。", now=scene.land.now,
    )  # fmt: skip


async def _accept(uow: UnitOfWork, actor: Actor, scene: Scene) -> Any:
    land = scene.land
    return await service.accept(uow, land.policy, land.keyring, actor, **scene.key, notice=scene.notice, now=land.now)


async def _refuse(uow: UnitOfWork, actor: Actor, scene: Scene) -> Any:
    land = scene.land
    return await service.refuse_acceptance(
        uow, land.policy, land.keyring, actor,
        **scene.key, ground=RefusalGround.LITIGATION, explanation="已进入诉讼程序。", notice=scene.notice, now=land.now,
    )  # fmt: skip


async def _redirect(uow: UnitOfWork, actor: Actor, scene: Scene) -> Any:
    land = scene.land
    return await service.redirect(
        uow, land.policy, land.keyring, actor,
        **scene.key, path=StatutoryPath.ARBITRATION, body="劳动人事争议仲裁委员会", explanation="应当依法申请仲裁。",
        notice=scene.notice, now=land.now,
    )  # fmt: skip


async def _withdraw(uow: UnitOfWork, actor: Actor, scene: Scene) -> Any:
    land = scene.land
    return await closing.withdraw(
        uow, land.policy, land.keyring, actor,
        **scene.key, statement="本人自愿撤回。", signed_at=land.now, now=land.now,
    )  # fmt: skip


async def _assign_handler(uow: UnitOfWork, actor: Actor, scene: Scene) -> Any:
    """Give it to somebody of the office who is at work and may handle it."""
    land, case = scene.land, scene.view.case
    able = await assignment.handlers(uow.session, land.policy, case, now=land.now)
    present = [each.person_id for each in land.staff.present(case.holder_id, land.today)]
    chosen = [each for each in able if each in present and each != case.assignee_id] or able
    return await assignment.assign_handler(
        uow, land.policy, actor, **scene.key, person_id=chosen[0] if chosen else 0, now=land.now
    )


async def _start_handling(uow: UnitOfWork, actor: Actor, scene: Scene) -> Any:
    return await service.start_handling(uow, scene.land.policy, actor, **scene.key, now=scene.land.now)


async def _inquiry(uow: UnitOfWork, actor: Actor, scene: Scene) -> Any:
    land = scene.land
    kind = HandlingKind.CONSULTATION if scene.intent.deed.endswith(":1") else HandlingKind.INQUIRY
    return await service.add_record(
        uow, land.policy, land.keyring, actor, **scene.key, kind=kind, text="已核实有关情况。", now=land.now
    )


async def _extend(uow: UnitOfWork, actor: Actor, scene: Scene) -> Any:
    land = scene.land
    return await service.extend(
        uow, land.policy, land.keyring, actor,
        **scene.key, days=_EXTENSION_DAYS, reason="情况复杂。", notice=scene.notice, now=land.now,
    )  # fmt: skip


async def _grade(uow: UnitOfWork, actor: Actor, scene: Scene) -> Any:
    return await service.grade(
        uow, scene.land.policy, actor,
        **scene.key, grade=scene.intent.given["grade"], reason="按情况分级。", now=scene.land.now,
    )  # fmt: skip


async def _take_up(uow: UnitOfWork, actor: Actor, scene: Scene) -> Any:
    return await custody.take_up(
        uow, scene.land.policy, actor, **scene.key, reason="由上级统一办理。", now=scene.land.now
    )


async def _answer(uow: UnitOfWork, actor: Actor, scene: Scene) -> Any:
    land, outcome = scene.land, scene.intent.given["outcome"]
    opinion = answering.Opinion(
        outcome=outcome, text="经调查，答复如下。", legal_basis="《信访工作条例》第三十二条",
        remedies="可自收到之日起30日内申请复查。", served_at=land.now,
        new_facts="补充查明了新的事实。" if scene.habits.redone else None,
    )  # fmt: skip
    done = await answering.answer(uow, land.policy, land.keyring, actor, **scene.key, opinion=opinion, now=land.now)
    scene.habits.supported = outcome is Outcome.SUPPORTED
    return done


async def _order_redo(uow: UnitOfWork, actor: Actor, scene: Scene) -> Any:
    land = scene.land
    done = await answering.order_redo(
        uow, land.policy, land.keyring, actor,
        **scene.key, instruction="请重新调查。", within_days=scene.intent.given["within_days"], now=land.now,
    )  # fmt: skip
    scene.habits.redone += 1
    return done


async def _record_execution(uow: UnitOfWork, actor: Actor, scene: Scene) -> Any:
    land = scene.land
    done = await answering.record_execution(
        uow, land.policy, land.keyring, actor, **scene.key, text="已执行到位。", now=land.now
    )
    scene.habits.done.add(f"executed:{scene.habits.redone}")
    return done


async def _close(uow: UnitOfWork, actor: Actor, scene: Scene) -> Any:
    ground = CloseGround.WINDOW_LAPSED if scene.intent.deed == "close" else CloseGround.AGREEMENT_PERFORMED
    return await closing.close(uow, scene.land.policy, actor, **scene.key, ground=ground, now=scene.land.now)


async def _archive(uow: UnitOfWork, actor: Actor, scene: Scene) -> Any:
    return await closing.archive(uow, scene.land.policy, actor, **scene.key, now=scene.land.now)


async def _reply_supervision(uow: UnitOfWork, actor: Actor, scene: Scene) -> Any:
    land = scene.land
    return await assistance.reply_supervision(
        uow, land.policy, land.keyring, actor, **scene.order, text="现将办理情况报告如下。", now=land.now
    )


async def _advise(uow: UnitOfWork, actor: Actor, scene: Scene) -> Any:
    land = scene.land
    return await assistance.advise(
        uow, land.policy, land.keyring, actor, **scene.order, text="建议依法调解。", now=land.now
    )


async def _contribute(uow: UnitOfWork, actor: Actor, scene: Scene) -> Any:
    land = scene.land
    return await assistance.contribute(
        uow, land.policy, land.keyring, actor, **scene.order, text="提供有关资料。", now=land.now
    )


async def _register_again(uow: UnitOfWork, actor: Actor, scene: Scene) -> Any:
    land = scene.land
    entry = Entry(
        channel=Channel.VISIT, received_at=land.now, title="再次反映", claim="请求尽快办理。",
        petitioners=(PetitionerEntry(name="模拟信访人甲"),), group_size=max(1, scene.view.case.group_size),
    )  # fmt: skip
    return await registration.add(uow, land.policy, land.keyring, actor, **scene.key, entry=entry, now=land.now)


async def _new_facts(uow: UnitOfWork, actor: Actor, scene: Scene) -> Any:
    land, case = scene.land, scene.view.case
    entry = Entry(
        channel=Channel.LETTER, received_at=land.now, title="新的事实", claim="提交新的事实和证据。",
        petitioners=(PetitionerEntry(name="模拟信访人甲"),), group_size=1,
    )  # fmt: skip
    wanted = intake.Intake(
        entry=entry, petition_class=PetitionClass(case.petition_class), field=case.field, place_code=case.place_code,
        accused_office_ids=tuple(case.accused_office_ids),
        accused_unknown=case.petition_class == PetitionClass.ACCUSATION and not case.accused_office_ids,
        new_facts=intake.NewFacts(case.city_id, case.id, "提交了新的测量结果。"),
    )  # fmt: skip
    return await intake.register(uow, land.policy, land.keyring, actor, intake=wanted, now=land.now)


async def _escalate(uow: UnitOfWork, actor: Actor, scene: Scene) -> Any:
    """Apply for the first ladder that the rules offer, whatever it is called."""
    land = scene.land
    effective = await rules.effective(uow.session, scene.view.case.holder_id, at=land.now)
    offered = [each.rule.triggers for each in ladders(effective) if each.rule.triggers]
    return await applying.apply(
        uow, land.policy, actor,
        **scene.key, triggers=offered[0][:1] if offered else ["OTHER"], reason="超越职权。", tried="已多次协调。",
        now=land.now,
    )  # fmt: skip


async def _answer_escalation(uow: UnitOfWork, actor: Actor, scene: Scene) -> Any:
    land = scene.land
    advises = scene.intent.given["advises"]
    said, points = ("建议依法调解。", ["查明事实"]) if advises else ("属于本级职权范围。", [])
    return await escalation.answer(
        uow, land.policy, land.keyring, actor,
        **scene.escalation, answer=escalation.Answer.ADVISE if advises else escalation.Answer.REFUSE,
        text=said, points=points, now=land.now,
    )  # fmt: skip


async def _note_escalation(uow: UnitOfWork, actor: Actor, scene: Scene) -> Any:
    return await escalation.close(
        uow, scene.land.policy, actor, **scene.escalation, reason="已知悉。", now=scene.land.now
    )


async def _hand_back(uow: UnitOfWork, actor: Actor, scene: Scene) -> Any:
    return await escalation.hand_back(
        uow, scene.land.policy, actor, **scene.key, points=["按意见办理"], now=scene.land.now
    )


_ORDERS = {
    "forward": OrderKind.FORWARD,
    "assign": OrderKind.ASSIGN,
    "hand_over_accusation": OrderKind.ACCUSATION_HAND_OVER,
    "ask_advice": OrderKind.ADVICE,
    "assist": OrderKind.ASSIST,
    "supervise": OrderKind.SUPERVISE,
}

#: Name of a deed (up to a colon) -> the service call.
DEEDS: dict[str, Deed] = {
    **dict.fromkeys(_ORDERS, _send),
    "sign_for": _sign_for,
    "recall": _recall,
    "object": _object,
    "answer_objection": _answer_objection,
    "refer_dispute": _refer_dispute,
    "decide_competence": _decide_competence,
    "accept": _accept,
    "refuse": _refuse,
    "redirect": _redirect,
    "withdraw": _withdraw,
    "assign_handler": _assign_handler,
    "start_handling": _start_handling,
    "inquiry": _inquiry,
    "extend": _extend,
    "grade": _grade,
    "take_up": _take_up,
    "answer": _answer,
    "order_redo": _order_redo,
    "record_execution": _record_execution,
    "close": _close,
    "close_by_agreement": _close,
    "archive": _archive,
    "reply_supervision": _reply_supervision,
    "advise": _advise,
    "contribute": _contribute,
    "escalate": _escalate,
    "answer_escalation": _answer_escalation,
    "note_escalation": _note_escalation,
    "hand_back": _hand_back,
    "register_again": _register_again,
    "new_facts": _new_facts,
}


def new_case(result: Any) -> tuple[int, uuid.UUID] | None:
    """The case that a deed has made besides the one it was done to, if any."""
    made = isinstance(result, intake.Registered) and result.case_id is not None
    return (result.city_id, result.case_id) if made else None
