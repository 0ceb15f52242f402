"""Steps around the cases: registering, posts and offices that change, time that passes, and people who must not."""

from __future__ import annotations

import uuid
from collections.abc import Awaitable, Callable
from datetime import timedelta
from random import Random
from typing import Any

from caseway.access.actor import Actor
from caseway.access.facts import mask
from caseway.access.permissions import Permission
from caseway.administration.service import OfficeGate, hooks
from caseway.cases import assignment, closing, identity, service
from caseway.cases.registration import Entry, PetitionerEntry
from caseway.cases.service import Notice
from caseway.cases.workflow import Channel, PetitionClass, is_open
from caseway.clocks.firing import run_due
from caseway.clocks.timers import TimerKind
from caseway.custody import service as custody
from caseway.errors import NotFound
from caseway.intake import service as intake
from caseway.intake.service import Intake, NewFacts
from caseway.people import staff
from caseway.people.staff import Post
from caseway.tenancy import service as tenancy
from caseway.tenancy.models import Office, OfficeKind
from caseway.worker import EFFECTS
from properties.country import FIELDS
from properties.land import Dossier, Land
from properties.steps import step

#: Cases of one country: enough for every step, few enough to check all of them.
MOST_CASES = 9


# ---- registering


#: What every office offers (art. 17), and sometimes what only its own rules would.
CHANNELS = (*[each for each in Channel if each not in (Channel.MAILBOX, Channel.QR)] * 4, Channel.QR)


def _room(land: Land) -> bool:
    return len(land.files) < MOST_CASES


def _entry(land: Land, pick: Random) -> Entry:
    people = (PetitionerEntry(name="张三", phone="13800000001"), PetitionerEntry(name="赵六"))
    group = pick.random() < 0.2
    return Entry(
        channel=pick.choice(CHANNELS),
        received_at=land.now - timedelta(days=pick.choice((0, 0, 2))),
        title="征地补偿款未发放",
        claim="请求依法发放征地补偿款。",
        petitioners=people if group else people[: pick.choice((0, 1, 1, 1))],
        group_size=8 if group else 1,
        name_consent=pick.random() < 0.5,
    )


async def _register(land: Land, pick: Random, actor: Actor, petition_class: PetitionClass, **given: Any) -> Any:
    field = given.pop("field", None) or pick.choice((FIELDS[0], *FIELDS))
    what = Intake(entry=_entry(land, pick), petition_class=petition_class, field=field, place_code="330402100", **given)
    return await land.do(intake.register, actor, land.keys, intake=what)


def registrars(land: Land) -> list[Actor]:
    """Who may register a matter with their office."""
    return [actor for actor in land.actors if land.policy.allows(actor, Permission.CASE_REGISTER, mask("own"))]


def _accused(land: Land, pick: Random, actor: Actor) -> dict[str, tuple[int, ...]]:
    """The own office, an office of the country, or a person of it."""
    match pick.randint(0, 3):
        case 0:
            return {"accused_office_ids": (actor.office_id,)}
        case 1:
            return {"accused_person_ids": (pick.choice(land.actors).person_id,)}
        case _:
            return {"accused_office_ids": (pick.choice(land.open_offices()).id,)}


@step(_room, weight=5)
async def register(land: Land, pick: Random) -> Any:
    """An ordinary matter enters an office."""
    classes = (PetitionClass.APPEAL_CLAIM, PetitionClass.APPEAL_CLAIM, PetitionClass.SUGGESTION)
    return await _register(land, pick, land.choose(pick, registrars(land)), pick.choice(classes))


@step(_room, weight=3)
async def register_complaint(land: Land, pick: Random) -> Any:
    """An ordinary matter about an office or an officer."""
    actor = land.choose(pick, registrars(land))
    return await _register(land, pick, actor, PetitionClass.APPEAL_CLAIM, **_accused(land, pick, actor))


@step(_room, weight=4)
async def register_accusation(land: Land, pick: Random) -> Any:
    """An accusation, also about the office where it is brought."""
    actor = land.choose(pick, registrars(land))
    return await _register(land, pick, actor, PetitionClass.ACCUSATION, **_accused(land, pick, actor))


@step(lambda land: land.files and _room(land), weight=2)
async def register_twin(land: Land, pick: Random) -> Any:
    """The same matter once more, where the first one lies."""
    file = land.choose(pick, land.cases(is_open=True, accusation=False, fits=lambda file: not file.case.barred))
    actor = land.choose(pick, [each for each in registrars(land) if each.office_id == file.case.holder_id])
    return await _register(land, pick, actor, PetitionClass(file.case.petition_class), field=file.case.field)


@step(lambda land: land.cases(is_open=False) and _room(land), weight=4)
async def register_new_facts(land: Land, pick: Random) -> Any:
    """New facts about a matter that has ended (T29)."""
    file = land.choose(pick, land.cases(is_open=False, fits=lambda file: not is_open(file.case.stage)))
    able = [each for each in registrars(land) if each.office_id == file.case.holder_id]
    actor = pick.choice(able or registrars(land))
    return await _register(
        land, pick, actor, PetitionClass.APPEAL_CLAIM,
        field=file.case.field, new_facts=NewFacts(file.case.city_id, file.case.id, "出现新的事实"),
    )  # fmt: skip


# ---- posts


@step(weight=1)
async def leave_a_post(land: Land, pick: Random) -> Any:
    """Somebody's post ends."""
    posts = [membership for _, membership, _ in land.posts if "platform_operator" not in membership.roles]
    return await land.do(staff.end, land.operator(), membership_id=land.choose(pick, posts).id)


@step(weight=2)
async def take_a_post(land: Land, pick: Random) -> Any:
    """Somebody gets a further post, also the accused and the recused."""
    known = [-each for file in land.files.values() for each in file.case.barred if each < 0]
    person_id = pick.choice(known) if known and pick.random() < 0.6 else pick.choice(land.actors).person_id
    post = Post(pick.choice(land.open_offices()).id, (pick.choice(("dispatcher", "handler", "clerk", "leader")),))
    return await land.do(staff.grant, land.operator(), person_id=person_id, post=post)


# ---- the tree

Change = Callable[..., Awaitable[Office]]


async def _change(land: Land, change: Change, **given: Any) -> Office:
    operator = land.operator()
    async with land.db.unit(land.policy.scope(operator)) as uow:
        return await change(uow, OfficeGate(land.policy, operator), operator, now=land.now, **given)


def _lesser(land: Land) -> list[Office]:
    """Open offices below the cities."""
    return [office for office in land.offices.values() if office.depth > 2 and office.valid_to is None]


@step(weight=1)
async def suspend_office(land: Land, pick: Random) -> Any:
    """An office receives nothing new any more."""
    found = [office for office in _lesser(land) if office.suspended_at is None]
    return await _change(land, tenancy.suspend, office_id=land.choose(pick, found).id)


@step(lambda land: [1 for office in _lesser(land) if office.suspended_at is not None], weight=3)
async def resume_office(land: Land, pick: Random) -> Any:
    """A suspended office receives again."""
    found = [office for office in _lesser(land) if office.suspended_at is not None]
    return await _change(land, tenancy.resume, office_id=land.choose(pick, found).id)


def _twins(land: Land) -> list[tuple[Office, Office]]:
    return [
        (one, other)
        for one in _lesser(land)
        for other in _lesser(land)
        if one.id != other.id and (one.kind, one.level) == (other.kind, other.level) and other.is_open
    ]


@step(_twins, weight=2)
async def merge_offices(land: Land, pick: Random) -> Any:
    """An office closes in favour of another of its kind and level, preferably one that holds something."""
    pairs = _twins(land)
    busy = {file.case.holder_id for file in land.cases(is_open=True)}
    old, new = land.choose(pick, [pair for pair in pairs if pair[0].id in busy] or pairs)
    return await _change(land, tenancy.merge, office_id=old.id, into_id=new.id, hooks=hooks(land.now))


@step(weight=2)
async def move_office(land: Land, pick: Random) -> Any:
    """A government hangs below another one, with everything that it holds."""
    found = [office for office in _lesser(land) if office.kind == OfficeKind.GOVERNMENT]
    office = land.choose(pick, found)
    order = {"PROVINCE": 1, "CITY": 2, "COUNTY": 3, "TOWN": 4, "VILLAGE": 5}
    parents = [
        each
        for each in land.offices.values()
        if each.kind == OfficeKind.GOVERNMENT
        and each.valid_to is None
        and order[each.level] < order[office.level]
        and each.id != office.parent_id
    ]
    parent = land.choose(pick, parents)
    return await _change(land, tenancy.move, office_id=office.id, parent_id=parent.id, hooks=hooks(land.now))


# ---- time


@step(weight=1)
async def wait(land: Land, pick: Random) -> Any:
    """Days pass, and the worker does what fell due."""
    land.now += timedelta(days=pick.choice((1, 3, 9)))
    return await run_due(land.db, EFFECTS, now=land.now)


def _due(land: Land, kind: TimerKind) -> list[Any]:
    return [timer for file in land.files.values() for timer in file.timers if timer.kind == kind]


async def _let_it_fire(land: Land, pick: Random, kind: TimerKind) -> None:
    timer = land.choose(pick, _due(land, kind))
    land.now = max(land.now, timer.due_at + timedelta(seconds=1))
    assert await run_due(land.db, EFFECTS, now=land.now) >= 1


@step(lambda land: _due(land, TimerKind.DEEMED_RECEIPT), weight=3)
async def receipt_is_deemed(land: Land, pick: Random) -> None:
    """Nobody signed within the limit (T5)."""
    await _let_it_fire(land, pick, TimerKind.DEEMED_RECEIPT)


@step(lambda land: _due(land, TimerKind.WINDOW_LAPSED), weight=6)
async def window_lapses(land: Land, pick: Random) -> None:
    """Nobody asked for a review (T25)."""
    await _let_it_fire(land, pick, TimerKind.WINDOW_LAPSED)


# ---- people who must not

Attempt = Callable[[Land, Actor, dict[str, Any]], Awaitable[Any]]
_ATTEMPTS: tuple[Attempt, ...] = (
    lambda land, actor, key: land.do(service.accept, actor, land.keys, notice=Notice(contact_unknown=True), **key),
    lambda land, actor, key: land.do(service.start_handling, actor, **key),
    lambda land, actor, key: land.do(identity.read, actor, land.keys, purpose="核实情况需要", **key),
    lambda land, actor, key: land.do(assignment.record_reason, actor, reason="督查需要查看", **key),
    lambda land, actor, key: land.do(assignment.recuse, actor, reason="有亲属关系", **key),
    lambda land, actor, key: land.do(closing.archive, actor, **key),
    lambda land, actor, key: land.do(custody.take_up, actor, reason="重大事项", **key),
    lambda land, actor, key: land.do(
        custody.sign_for, actor, city_id=key["city_id"], order_id=key.get("order_id", key["case_id"])
    ),
)


async def _answered_like_nothing(land: Land, pick: Random, actor: Actor, file: Dossier) -> None:
    """What is hidden is answered word for word like what does not exist (INV-05)."""
    attempt = pick.choice(_ATTEMPTS)
    answers = []
    for case_id in (file.case.id, uuid.UUID(int=pick.getrandbits(100))):
        try:
            await attempt(land, actor, {"city_id": file.case.city_id, "case_id": case_id})
        except NotFound as refusal:
            answers.append((refusal.code, str(refusal), getattr(refusal, "details", None)))
    assert len(answers) == 2 and answers[0] == answers[1], f"INV-05: {actor.person_id} got {answers}"


@step(lambda land: land.cases(fits=lambda file: bool(file.case.barred)), weight=3)
async def accused_or_recused_tries(land: Land, pick: Random) -> None:
    """Somebody of the accused side, or recused, tries something (INV-04, INV-06)."""
    file = land.choose(pick, land.cases(fits=lambda file: bool(file.case.barred)))
    actor = land.choose(pick, [each for each in land.actors if set(each.bars) & set(file.case.barred)])
    await _answered_like_nothing(land, pick, actor, file)


@step(lambda land: land.files, weight=1)
async def stranger_tries(land: Land, pick: Random) -> None:
    """Somebody whom nothing connects with the case tries something (INV-20)."""
    file = land.choose(pick, land.cases())
    actor = land.choose(
        pick, [each for each in land.actors if land.policy.visibility(each, land.facts(each, file)) == 0]
    )
    await _answered_like_nothing(land, pick, actor, file)
