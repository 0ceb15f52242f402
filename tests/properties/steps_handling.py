"""Steps of the office that holds a case: from acceptance to the archive, and who there works on it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from random import Random
from typing import Any

from caseway.access.permissions import Permission, Role
from caseway.cases import answering, assignment, closing, identity, matching, registration, service
from caseway.cases.answering import Opinion
from caseway.cases.codes import CloseGround, HandlingKind, Outcome, RecordKind, RefusalGround, StatutoryPath
from caseway.cases.matching import MatchBy
from caseway.cases.registration import Entry, PetitionerEntry
from caseway.cases.service import Notice
from caseway.cases.workflow import Action, Channel, Stage, available
from caseway.db.crypto import KeyRing
from caseway.tenancy.models import OfficeKind
from properties.land import MASTER, Dossier, Land
from properties.steps import add, step

Given = Callable[[Land, Dossier, Random], dict[str, Any]]


def _in_stage(action: Action) -> Callable[[Land], list[Dossier]]:
    return lambda land: land.cases(fits=lambda file: action in available(file.case.stage))


def _on_case(
    operation: Callable[..., Awaitable[Any]], permission: Permission, action: Action, given: Given, *, text: bool
) -> Callable[[Land, Random], Awaitable[Any]]:
    async def run(land: Land, pick: Random) -> Any:
        file = land.workable(pick, _in_stage(action)(land), permission)
        actor = land.who(pick, file, permission)
        rings = (land.keys,) if text else ()
        return await land.do(operation, actor, *rings, **file.key, **given(land, file, pick))

    return run


def _notice(land: Land, pick: Random) -> Notice:
    match pick.randint(0, 9):
        case 0:
            return Notice()
        case 1 | 2 | 3:
            return Notice(contact_unknown=True)
        case _:
            return Notice(served_at=land.now, text="已告知")


def _opinion(land: Land, pick: Random) -> Opinion:
    return Opinion(
        outcome=pick.choice(list(Outcome)),
        text="处理意见",
        legal_basis="依据条例第三十二条",
        remedies="可自收到之日起三十日内请求复查",
        served_at=land.now if pick.random() < 0.9 else None,
        new_facts="新的事实" if pick.random() < 0.3 else None,
    )


_ON_CASE: tuple[tuple[str, Callable[..., Awaitable[Any]], Permission, Action, bool, int, Given], ...] = (
    (
        "accept", service.accept, Permission.CASE_ACCEPT, Action.ACCEPT, True, 6,
        lambda land, file, pick: {"notice": _notice(land, pick)},
    ),
    (
        "refuse_acceptance", service.refuse_acceptance, Permission.CASE_REFUSE, Action.REFUSE, True, 1,
        lambda land, file, pick: {
            "ground": pick.choice(list(RefusalGround)), "explanation": "依法不予受理", "notice": _notice(land, pick)
        },
    ),
    (
        "redirect", service.redirect, Permission.CASE_REDIRECT, Action.REDIRECT, True, 1,
        lambda land, file, pick: {
            "path": pick.choice(list(StatutoryPath)), "body": "人民法院", "explanation": "依法导入",
            "notice": _notice(land, pick),
        },
    ),
    (
        "start_handling", service.start_handling, Permission.CASE_HANDLE, Action.START_HANDLING, False, 8,
        lambda land, file, pick: {},
    ),
    (
        "add_record", service.add_record, Permission.CASE_HANDLE, Action.RECORD_HANDLING, True, 2,
        lambda land, file, pick: {
            "kind": pick.choice(list(HandlingKind)), "text": "调查情况", "consent": pick.random() < 0.7
        },
    ),
    (
        "extend", service.extend, Permission.CASE_EXTEND, Action.EXTEND, True, 12,
        lambda land, file, pick: {
            "days": pick.choice((10, 10, 30, 40)), "reason": "情况复杂", "notice": _notice(land, pick)
        },
    ),
    (
        "answer", answering.answer, Permission.CASE_ISSUE_ANSWER, Action.ANSWER, True, 10,
        lambda land, file, pick: {"opinion": _opinion(land, pick)},
    ),
    (
        "order_redo", answering.order_redo, Permission.CASE_ORDER_REDO, Action.ORDER_REDO, True, 4,
        lambda land, file, pick: {
            "instruction": "重新调查", "revokes": pick.random() < 0.5, "within_days": pick.choice((None, 15))
        },
    ),
    (
        "record_execution", answering.record_execution, Permission.CASE_HANDLE, Action.RECORD_EXECUTION, True, 14,
        lambda land, file, pick: {"text": "已履行"},
    ),
    (
        "withdraw", closing.withdraw, Permission.CASE_WITHDRAW, Action.WITHDRAW, True, 1,
        lambda land, file, pick: {"statement": "本人自愿撤回", "signed_at": land.now},
    ),
    (
        "archive", closing.archive, Permission.CASE_ARCHIVE, Action.ARCHIVE, False, 2,
        lambda land, file, pick: {},
    ),
    (
        "add_registration", registration.add, Permission.CASE_MATCH, Action.ADD_REGISTRATION, True, 1,
        lambda land, file, pick: {"entry": again(land)},
    ),
)  # fmt: skip
for _name, _operation, _permission, _action, _text, _weight, _given in _ON_CASE:
    add(_name, _on_case(_operation, _permission, _action, _given, text=_text), _in_stage(_action), weight=_weight)


def again(land: Land) -> Entry:
    """The same matter, brought once more by a group."""
    return Entry(
        channel=Channel.VISIT,
        received_at=land.now,
        title="征地补偿款仍未发放",
        claim="再次请求。",
        petitioners=(PetitionerEntry(name="李四", phone="13800000002"), PetitionerEntry(name="王五")),
        group_size=12,
    )


def _carried_out(file: Dossier) -> bool:
    """Whether the newest opinion was carried out, so that nothing but the window stands in the way of closing."""
    kinds = [
        record.kind for record in file.records if record.kind in (RecordKind.HANDLING_OPINION, RecordKind.EXECUTION)
    ]
    return bool(kinds) and kinds[-1] == RecordKind.EXECUTION


@step(lambda land: land.cases(Stage.ANSWERED), weight=8)
async def close(land: Land, pick: Random) -> Any:
    """An answered case is closed (T25), mostly one that may be."""
    answered = land.cases(Stage.ANSWERED)
    ready = [file for file in answered if _carried_out(file)]
    file = land.workable(pick, ready if ready and pick.random() < 0.8 else answered, Permission.CASE_CLOSE)
    grounds = (CloseGround.AGREEMENT_PERFORMED, CloseGround.AGREEMENT_PERFORMED, CloseGround.WINDOW_LAPSED)
    actor = land.who(pick, file, Permission.CASE_CLOSE)
    return await land.do(closing.close, actor, ground=pick.choice(grounds), **file.key)


def _mergeable(land: Land) -> list[tuple[Dossier, Dossier]]:
    return [
        (source, target)
        for source in land.cases(Stage.REGISTERED, Stage.SIGNED, accusation=False)
        for target in land.cases(is_open=True, accusation=False)
        if source is not target
        and (source.case.holder_id, source.case.field, source.case.petition_class, source.case.barred)
        == (target.case.holder_id, target.case.field, target.case.petition_class, target.case.barred)
    ]


@step(_mergeable, weight=3)
async def merge(land: Land, pick: Random) -> Any:
    """Two cases of one matter become one."""
    pairs = _mergeable(land)
    both = [
        (source, target)
        for source, target in pairs
        if {each.person_id for each in land.allowed(source, Permission.CASE_MERGE)}
        & {each.person_id for each in land.allowed(target, Permission.CASE_MERGE)}
    ]
    source, target = land.choose(pick, both or pairs)
    able = land.allowed(source, Permission.CASE_MERGE)
    both_sides = [each for each in able if each in land.allowed(target, Permission.CASE_MERGE)]
    actor = pick.choice(both_sides) if both_sides else land.who(pick, source, Permission.CASE_MERGE)
    return await land.do(closing.merge, actor, target_id=target.case.id, reason="同一事项", **source.key)


# ---- who works on it


def _working(land: Land) -> list[Dossier]:
    return land.cases(fits=lambda file: Action.ASSIGN_HANDLER in available(file.case.stage))


@step(_working)
async def assign_handler(land: Land, pick: Random) -> Any:
    """The dispatcher or leader gives the case to a colleague, sometimes to somebody else."""
    file = land.workable(pick, _working(land), Permission.CASE_ASSIGN_HANDLER)
    actor = land.who(pick, file, Permission.CASE_ASSIGN_HANDLER)
    colleagues = [each.person_id for each in land.actors if each.office_id == file.case.holder_id]
    anybody = [each.person_id for each in land.actors]
    person_id = pick.choice(colleagues if colleagues and pick.random() < 0.9 else anybody)
    return await land.do(assignment.assign_handler, actor, person_id=person_id, **file.key)


@step(_working)
async def assign_lead(land: Land, pick: Random) -> Any:
    """A leader takes charge."""
    file = land.workable(pick, _working(land), Permission.CASE_ASSIGN_LEAD)
    holder = land.offices[file.case.holder_id]
    places = {holder.id} if holder.kind == OfficeKind.GOVERNMENT else {holder.id, holder.parent_id}
    leaders = [each.person_id for each in land.actors if each.office_id in places and Role.LEADER in each.roles]
    person_id = land.choose(pick, leaders if leaders and pick.random() < 0.9 else [e.person_id for e in land.actors])
    actor = land.who(pick, file, Permission.CASE_ASSIGN_LEAD)
    return await land.do(assignment.assign_lead, actor, person_id=person_id, reason="领导包案", **file.key)


@step(lambda land: land.cases(is_open=True), weight=3)
async def recuse(land: Land, pick: Random) -> Any:
    """Somebody steps aside, or is asked to by who assigns handlers."""
    file = land.workable(pick, land.cases(is_open=True), Permission.CASE_RECUSE)
    actor = land.who(pick, file, Permission.CASE_RECUSE)
    colleagues = [each.person_id for each in land.actors if each.office_id == file.case.holder_id]
    person_id = pick.choice(colleagues) if colleagues and pick.random() < 0.4 else None
    return await land.do(assignment.recuse, actor, person_id=person_id, reason="与申请人有亲属关系", **file.key)


@step(lambda land: land.cases(accusation=False), weight=3)
async def record_reason(land: Land, pick: Random) -> Any:
    """A superior opens a case to itself by saying why."""
    file = land.workable(pick, land.cases(accusation=False), Permission.CASE_REASON)
    actor = land.who(pick, file, Permission.CASE_REASON)
    return await land.do(assignment.record_reason, actor, reason="督查需要查看", **file.key)


@step(lambda land: land.files, weight=3)
async def read_identity(land: Land, pick: Random) -> None:
    """Somebody reads who brought the matter, with keys that were never in this process's memory."""
    file = land.workable(pick, land.cases(), Permission.CASE_IDENTITY)
    actor = land.who(pick, file, Permission.CASE_IDENTITY)
    fresh = KeyRing(MASTER)
    power = "监察法第二十五条" if pick.random() < 0.7 else None
    found = await land.do(identity.read, actor, fresh, purpose="联系信访人核实情况", legal_power=power, **file.key)
    assert {each.id for each in found.petitioners} == {each.id for each in file.petitioners}
    assert all(each.name.strip() for each in found.petitioners)
    land.identity_reads[file.case.id] += 1


@step(lambda land: land.cases(is_open=True, accusation=False), weight=3)
async def find_same_matter(land: Land, pick: Random) -> None:
    """A registrar looks for other cases of the matter; INV-28: only among those of the own office."""
    file = land.workable(pick, land.cases(is_open=True, accusation=False), Permission.CASE_MATCH)
    actor = land.who(pick, file, Permission.CASE_MATCH)
    by = pick.choice(list(MatchBy))
    text = "征地补偿" if by is MatchBy.TEXT else None
    found = await land.do(matching.find_same_matter, actor, by=by, text=text, reason="核对是否重复", **file.key)
    assert all(each.holder_id == actor.office_id for each in found.cases), "INV-28"
