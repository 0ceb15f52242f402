"""The demo's cases: stories told by the demo's own staff, through the same services as everybody's work."""

from __future__ import annotations

import uuid
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from caseway.access.actor import Actor
from caseway.access.policy import Policy
from caseway.cases import answering, service
from caseway.cases.codes import Outcome
from caseway.cases.registration import Entry, PetitionerEntry
from caseway.cases.service import Notice
from caseway.cases.workflow import Channel, PetitionClass
from caseway.custody import disputes
from caseway.custody import service as custody
from caseway.custody.workflow import OrderKind
from caseway.db import idempotency
from caseway.db.crypto import KeyRing
from caseway.db.scope import NO_SCOPE
from caseway.db.session import Database, UnitOfWork
from caseway.intake import service as intake
from caseway.people import loaders, repository
from caseway.people.service import as_actor
from caseway.tenancy import repository as offices

#: Since when the demo's staff are in their posts: its stories begin in the past.
STAFF_SINCE = timedelta(days=60)


@dataclass(frozen=True, slots=True)
class Told:
    """What a story has come to: its case, and the newest order about it."""

    city_id: int
    case_id: uuid.UUID
    order_id: uuid.UUID | None = None


@dataclass(slots=True)
class Stories:
    """Tells stories; each step is told once, however often the demo is loaded."""

    database: Database
    policy: Policy
    keyring: KeyRing
    now: datetime

    async def load(self) -> int:
        """Tell every story that has not been told. How many cases there are."""
        told = [await self._answered(), await self._in_transit(), await self._objected(), await self._waiting()]
        told += [await self._group(), await self._taken_up(), await self._accusation()]
        return len(told)

    async def _answered(self) -> Told:
        """From the city through the county to the town, and answered."""
        case = await self._register(
            "answered", "jiaxing.clerk", days=25, title="宅基地边界纠纷", field="LAND", place="330402100",
            claim="与邻居的宅基地边界多年未确权，请求依法处理。", people=["王小明"],
        )  # fmt: skip
        case = await self._send(case, "answered", "jiaxing.clerk", "330402", days=24)
        case = await self._sign(case, "answered", "nanhu.dispatcher", days=23)
        case = await self._send(case, "answered", "nanhu.dispatcher", "330402100", days=22)
        case = await self._sign(case, "answered", "fengqiao.handler", days=21)
        at = self._ago(20)
        await self._do("answered-accept", "fengqiao.handler", lambda uow, actor: service.accept(
            uow, self.policy, self.keyring, actor, city_id=case.city_id, case_id=case.case_id,
            notice=Notice(served_at=at), now=at,
        ))  # fmt: skip
        await self._do("answered-start", "fengqiao.handler", lambda uow, actor: service.start_handling(
            uow, self.policy, actor, city_id=case.city_id, case_id=case.case_id, now=self._ago(19),
        ))  # fmt: skip
        served = self._ago(4)
        opinion = answering.Opinion(
            outcome=Outcome.SUPPORTED, text="经实地测量并核对档案，支持信访人的请求，由镇政府组织重新确权。",
            legal_basis="《土地管理法》第十四条", remedies="可自收到之日起30日内向南湖区人民政府申请复查。",
            served_at=served,
        )  # fmt: skip
        await self._do("answered-answer", "fengqiao.handler", lambda uow, actor: answering.answer(
            uow, self.policy, self.keyring, actor, city_id=case.city_id, case_id=case.case_id, opinion=opinion,
            now=served,
        ))  # fmt: skip
        return case

    async def _in_transit(self) -> Told:
        """Sent down an hour ago; nobody has signed for it."""
        case = await self._register(
            "transit", "jiaxing.clerk", days=1, title="道路积水", field="HOUSING", place="330402",
            claim="小区门前道路雨后积水严重，影响老人出行。", people=["李秀英"],
        )  # fmt: skip
        return await self._send(case, "transit", "jiaxing.clerk", "330402", days=0.04)

    async def _objected(self) -> Told:
        """Sent to the wrong district, which objects."""
        case = await self._register(
            "objected", "jiaxing.clerk", days=3, title="学校周边噪音", field="EDUCATION", place="330411",
            claim="学校旁工地夜间施工，噪音影响学生休息。", people=["赵国强"],
        )  # fmt: skip
        case = await self._send(case, "objected", "jiaxing.clerk", "330411", days=2)
        case = await self._sign(case, "objected", "xiuzhou.dispatcher", days=1.5)
        order_id = _known(case.order_id)
        await self._do("objected-object", "xiuzhou.dispatcher", lambda uow, actor: disputes.object_to(
            uow, self.policy, actor, city_id=case.city_id, order_id=order_id,
            reason="工地位于南湖区辖区，应由南湖区办理。", now=self._ago(1),
        ))  # fmt: skip
        return case

    async def _waiting(self) -> Told:
        """A village registered it this morning."""
        return await self._register(
            "waiting", "daxing.clerk", days=0.2, title="路灯损坏", field="HOUSING", place="330402100204",
            claim="村道三盏路灯损坏一个月，夜间通行不便。", people=["陈桂花"],
        )  # fmt: skip

    async def _group(self) -> Told:
        """A group visit with three representatives."""
        return await self._register(
            "group", "fengqiao.clerk", days=6, title="征地补偿标准", field="LAND", place="330402100",
            claim="十八户村民对征地补偿标准有异议，请求公开核算依据。", people=["周德明", "吴春梅", "郑海涛"], size=18,
        )  # fmt: skip

    async def _taken_up(self) -> Told:
        """The county takes a case from a town."""
        case = await self._register(
            "taken", "yuxin.clerk", days=9, title="河道排污", field="LAND", place="330402101",
            claim="河道上游有企业排放污水，涉及两个镇，请求统一处理。", people=["孙立军"],
        )  # fmt: skip
        await self._do("taken-take", "nanhu.dispatcher", lambda uow, actor: custody.take_up(
            uow, self.policy, actor, city_id=case.city_id, case_id=case.case_id,
            reason="涉及两个镇，由区里统一办理。", now=self._ago(8),
        ))  # fmt: skip
        return case

    async def _accusation(self) -> Told:
        """About a town: its own superior registered it and keeps it from the town."""
        return await self._register(
            "accusation", "nanhu.clerk", days=2, title="反映镇干部作风问题", field="OTHER", place="330402101",
            claim="反映余新镇工作人员在项目审批中吃拿卡要。", people=[], about="330402101",
        )  # fmt: skip

    async def _register(
        self, story: str, username: str, *, days: float, title: str, claim: str, field: str, place: str,
        people: list[str], size: int | None = None, about: str | None = None,
    ) -> Told:  # fmt: skip
        at = self._ago(days)

        async def call(uow: UnitOfWork, actor: Actor) -> Any:
            accused = await offices.by_code(uow.session, about) if about is not None else None
            entry = Entry(
                channel=Channel.VISIT if people else Channel.LETTER, received_at=at, title=title, claim=claim,
                petitioners=tuple(PetitionerEntry(name=name) for name in people),
                group_size=size or max(1, len(people)),
            )  # fmt: skip
            return await intake.register(
                uow, self.policy, self.keyring, actor, now=at,
                intake=intake.Intake(
                    entry=entry, petition_class=PetitionClass.ACCUSATION if about else PetitionClass.APPEAL_CLAIM,
                    field=field, place_code=place, accused_office_ids=(accused.id,) if accused is not None else (),
                ),
            )  # fmt: skip

        return await self._do(f"{story}-register", username, call)

    async def _send(self, case: Told, story: str, username: str, code: str, *, days: float) -> Told:
        async def call(uow: UnitOfWork, actor: Actor) -> Any:
            to = await offices.by_code(uow.session, code)
            return await custody.send(
                uow, self.policy, actor, kind=OrderKind.FORWARD, city_id=case.city_id, case_id=case.case_id,
                to_office_id=to.id if to is not None else 0, now=self._ago(days),
            )  # fmt: skip

        return await self._do(f"{story}-send-{code}", username, call)

    async def _sign(self, case: Told, story: str, username: str, *, days: float) -> Told:
        order_id = _known(case.order_id)
        return await self._do(f"{story}-sign-{username}", username, lambda uow, actor: custody.sign_for(
            uow, self.policy, actor, city_id=case.city_id, order_id=order_id, now=self._ago(days),
        ))  # fmt: skip

    async def _do(self, step: str, username: str, call: Callable[[UnitOfWork, Actor], Awaitable[Any]]) -> Told:
        """One step in one transaction, under an idempotency key: told before, it only says what came of it."""
        actor = await self._actor(username)
        person_id, office_id, key = actor.person_id, actor.office_id, f"demo-{step}"
        async with self.database.unit(self.policy.scope(actor)) as uow:
            stored = await idempotency.begin(
                uow.session,
                person_id=person_id,
                office_id=office_id,
                key=key,
                input_hash=idempotency.fingerprint("demo", step),
                now=self.now,
            )
            if stored is not None:
                uow.nothing_to_do()
                outcome = stored.outcome
            else:
                done = await call(uow, actor)
                order_id = getattr(done, "order_id", None)
                outcome = {"city": done.city_id, "case": str(done.case_id), "order": order_id and str(order_id)}
                await idempotency.finish(
                    uow.session, person_id=person_id, office_id=office_id, key=key, outcome=outcome
                )
        order = outcome["order"]
        return Told(outcome["city"], uuid.UUID(outcome["case"]), uuid.UUID(order) if order else None)

    async def _actor(self, username: str) -> Actor:
        async with self.database.reader(NO_SCOPE) as session:
            account = await repository.credentials(session, username)
            if account is None:
                raise LookupError(f"the demo has no {username}")
            (posts,) = await loaders.posts(session, [account.person_id], now=self.now)
        post = posts[0]
        return as_actor(post.person, post.membership, post.office, [each.office for each in posts])

    def _ago(self, days: float) -> datetime:
        return self.now - timedelta(days=days)


def _known(order_id: uuid.UUID | None) -> uuid.UUID:
    assert order_id is not None
    return order_id
