"""Notices of an office and tasks of administrators on the graph."""

from __future__ import annotations

import uuid
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any

import strawberry

from caseway.access.actor import Actor
from caseway.access.facts import office_facts
from caseway.access.permissions import Permission
from caseway.db.session import UnitOfWork
from caseway.gql import ids
from caseway.gql.connection import After, Before, Connection, First, Last, connect, page
from caseway.gql.context import Context
from caseway.gql.enums import described
from caseway.gql.errors import mutation
from caseway.gql.facts import written
from caseway.gql.fields import field
from caseway.gql.node import Node
from caseway.gql.perform import Outcome, perform
from caseway.notices import loaders, service
from caseway.notices.codes import SENTENCES, NoticeKind
from caseway.notices.models import AdminTask, OfficeNotice
from caseway.people.api import PersonType, known_person
from caseway.people.office_api import OfficeType, known_office

if TYPE_CHECKING:
    from caseway.cases.api.types import CaseType

described(
    NoticeKind,
    name="NoticeKind",
    description="What an office is told 通知.",
    values={kind.name: SENTENCES[kind] for kind in NoticeKind},
)

#: Shows a case to those who may see it: ``cases.api.types.shown_case``.
Shown = Callable[[Context, int, uuid.UUID], Awaitable[Any]]


class Cases:
    """Who shows a case here: it lies above this slice, and registers when the schema is put together."""

    def __init__(self) -> None:
        self._shown: Shown | None = None

    def register(self, shown: Shown) -> None:
        """Called once, at import of the schema."""
        self._shown = shown

    async def shown(self, context: Context, city_id: int, case_id: uuid.UUID) -> Any:
        """Raises ``RuntimeError`` if nobody is registered: a mistake in putting the schema together."""
        if self._shown is None:
            raise RuntimeError("nobody shows the case of a notice: register who does")
        return await self._shown(context, city_id, case_id)


cases = Cases()


@strawberry.type(name="OfficeNotice", description="What the platform has told your office 通知.")
class OfficeNoticeType(Node):
    """About a case it is shown only to those who see the case."""

    row: strawberry.Private[OfficeNotice]
    kind: NoticeKind = strawberry.field(description="What it is about.")
    at: datetime = strawberry.field(description="When the platform had it to tell.")
    facts: str = strawberry.field(
        description="Particulars as a JSON object: codes, numbers, instants; offices and orders by their global ids."
    )
    read_at: datetime | None = strawberry.field(description="When it was first marked as read; null before.")

    @classmethod
    def of(cls, row: OfficeNotice) -> OfficeNoticeType:
        """The GraphQL object of a notice."""
        return cls(
            id=strawberry.ID(ids.encode("OfficeNotice", row.city_id, row.id)),
            row=row,
            kind=NoticeKind(row.kind),
            at=row.at,
            facts=written(row.facts, city_id=row.city_id),
            read_at=row.read_at,
        )

    @field()
    async def case(
        self, info: strawberry.Info
    ) -> Annotated[CaseType, strawberry.lazy("caseway.cases.api.types")] | None:
        """The case it is about; null if it is about none."""
        if self.row.case_id is None:
            return None
        found: CaseType | None = await cases.shown(info.context, self.row.city_id, self.row.case_id)
        return found

    @field()
    async def read_by(self, info: strawberry.Info) -> PersonType | None:
        """Who marked it as read for the office; null before."""
        return await known_person(info.context, self.row.read_by) if self.row.read_by else None


@strawberry.type(
    name="AdminTask",
    description="Something that an administrator has to put right: rules, calendars, the set-up of an office. It never "
    "speaks of a case.",
)
class AdminTaskType(Node):
    """Of an office, or of those who operate the platform."""

    row: strawberry.Private[AdminTask]
    kind: str = strawberry.field(description="What has to be put right, such as CALENDAR_HORIZON or CONDITION_FAILED.")
    subject: str = strawberry.field(description="What exactly it is about; unique among the tasks of its kind.")
    opened_at: datetime = strawberry.field(description="When the platform found it.")
    facts: str = strawberry.field(
        description="Particulars as a JSON object: codes, numbers, instants, what would help."
    )
    closed_at: datetime | None = strawberry.field(description="When it was put right; null while it is open.")

    @classmethod
    def of(cls, row: AdminTask) -> AdminTaskType:
        """The GraphQL object of a task."""
        return cls(
            id=strawberry.ID(ids.encode("AdminTask", row.id)),
            row=row,
            kind=row.kind,
            subject=row.key,
            opened_at=row.opened_at,
            facts=written(row.facts, city_id=0),
            closed_at=row.closed_at,
        )

    @field()
    async def office(self, info: strawberry.Info) -> OfficeType | None:
        """The office whose administrators it is for; null if it is for those who operate the platform."""
        return await known_office(info.context, self.row.office_id) if self.row.office_id is not None else None

    @field()
    async def closed_by(self, info: strawberry.Info) -> PersonType | None:
        """Who closed it; null while it is open, and when the platform saw itself that the cause had gone."""
        return await known_person(info.context, self.row.closed_by) if self.row.closed_by else None


@strawberry.input(description="The notice that your office has read.")
class NoticeMarkReadInput:
    """Input of ``noticeMarkRead``."""

    notice_id: strawberry.ID = strawberry.field(description="The notice.")
    idempotency_key: str | None = strawberry.field(default=None, description="See other mutations: kept seven days.")


@strawberry.type(description="The notice, read.")
class NoticeMarkReadPayload:
    """Payload of ``noticeMarkRead``."""

    notice: OfficeNoticeType | None = strawberry.field(
        description="The notice; null for a repeated request of somebody who may no longer see it."
    )


@strawberry.input(description="The task that has been put right.")
class AdminTaskCloseInput:
    """Input of ``adminTaskClose``."""

    task_id: strawberry.ID = strawberry.field(description="The task.")
    idempotency_key: str | None = strawberry.field(default=None, description="See other mutations: kept seven days.")


@strawberry.type(description="The task, closed.")
class AdminTaskClosePayload:
    """Payload of ``adminTaskClose``."""

    task: AdminTaskType | None = strawberry.field(
        description="The task; null for a repeated request of somebody who no longer looks after it."
    )


@strawberry.type
class NoticeQueries:
    """Root fields about notices and tasks."""

    @field()
    async def office_notices(
        self,
        info: strawberry.Info,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
        unread_only: Annotated[bool, strawberry.argument(description="Leave out what was read.")] = False,
        kind: Annotated[NoticeKind | None, strawberry.argument(description="Only of this kind.")] = None,
    ) -> Connection[OfficeNoticeType] | None:
        """What your office was told, newest first; of cases only those that you see. Null unless you work on cases."""
        context: Context = info.context
        actor = context.acting()
        if not context.policy.allows(actor, Permission.NOTICE_READ, _own(actor)):
            return None
        wanted = page(
            first=first, after=after, last=last, before=before, order=loaders.NOTICE_ORDER,
            filters={"office": actor.office_id, "unread": unread_only, "kind": kind},
        )  # fmt: skip
        async with context.reader() as session:
            found = await loaders.notices(
                session, context.policy, actor, wanted, unread_only=unread_only, kind=kind, now=context.now()
            )
        return connect(found, node=OfficeNoticeType.of, key=lambda row: (row.at, row.id))

    @field()
    async def admin_tasks(
        self,
        info: strawberry.Info,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
        open_only: Annotated[bool, strawberry.argument(description="Leave out what was closed.")] = True,
    ) -> Connection[AdminTaskType]:
        """What administrators have to put right, newest first: in your office if you administer it, of the platform if
        you operate it; empty for everybody else."""
        context: Context = info.context
        actor = context.acting()
        wanted = page(
            first=first, after=after, last=last, before=before, order=loaders.TASK_ORDER,
            filters={"office": actor.office_id, "open": open_only},
        )  # fmt: skip
        async with context.reader() as session:
            found = await loaders.tasks(session, context.policy, actor, wanted, open_only=open_only)
        return connect(found, node=AdminTaskType.of, key=lambda row: (row.opened_at, row.id))


@strawberry.type
class NoticeMutations:
    """Mutations about notices and tasks."""

    @mutation(NoticeMarkReadPayload)
    async def notice_mark_read(self, info: strawberry.Info, input: NoticeMarkReadInput) -> NoticeMarkReadPayload:
        """Mark a notice as read for your office. Read it stays: whoever did so first is kept."""
        context: Context = info.context
        city_id, notice_id = ids.decode_case_side("OfficeNotice", input.notice_id)

        async def work(uow: UnitOfWork, actor: Actor, now: datetime) -> Outcome:
            await service.mark_read(uow, context.policy, actor, city_id=city_id, notice_id=notice_id, now=now)
            return {"city": city_id, "notice": str(notice_id)}

        async def visible(outcome: Outcome) -> bool:
            return await shown_notice(context, outcome["city"], uuid.UUID(outcome["notice"])) is not None

        outcome = await perform(info, input, work, visible=visible)
        return NoticeMarkReadPayload(notice=await shown_notice(context, outcome["city"], uuid.UUID(outcome["notice"])))

    @mutation(AdminTaskClosePayload)
    async def admin_task_close(self, info: strawberry.Info, input: AdminTaskCloseInput) -> AdminTaskClosePayload:
        """Say that a task of your office, or of the platform, has been put right. What the platform finds again is a
        new task."""
        context: Context = info.context
        task_id = _task_id(input.task_id)

        async def work(uow: UnitOfWork, actor: Actor, now: datetime) -> Outcome:
            await service.put_right(uow, context.policy, actor, task_id=task_id, now=now)
            return {"task": str(task_id)}

        async def visible(outcome: Outcome) -> bool:
            return await shown_task(context, uuid.UUID(outcome["task"])) is not None

        outcome = await perform(info, input, work, visible=visible)
        return AdminTaskClosePayload(task=await shown_task(context, uuid.UUID(outcome["task"])))


async def shown_notice(context: Context, city_id: int, notice_id: uuid.UUID) -> OfficeNoticeType | None:
    """A notice of the acting office as in its list; null for "not there" and "not yours"."""
    actor = context.acting()
    if not context.policy.allows(actor, Permission.NOTICE_READ, _own(actor)):
        return None
    async with context.reader() as session:
        found = await loaders.notice(
            session, context.policy, actor, city_id=city_id, notice_id=notice_id, now=context.now()
        )
    return OfficeNoticeType.of(found) if found is not None else None


async def shown_task(context: Context, task_id: uuid.UUID) -> AdminTaskType | None:
    """A task as in the list of those who look after it; null for everybody else."""
    async with context.reader() as session:
        found = await loaders.task(session, context.policy, context.acting(), task_id)
    return AdminTaskType.of(found) if found is not None else None


def _own(actor: Actor) -> int:
    return office_facts(actor, actor.office_id, actor.office_path)


def _task_id(given: str) -> uuid.UUID:
    match ids.decode("AdminTask", given):
        case (uuid.UUID() as task_id,):
            return task_id
    raise ids.MalformedId(expected="AdminTask")
