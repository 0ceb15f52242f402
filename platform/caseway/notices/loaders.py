"""Reading notices and tasks in pages, each only as far as the viewer may see them."""

from __future__ import annotations

import uuid
from datetime import datetime

from sqlalchemy import and_, exists, false, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.sql.elements import ColumnElement

from caseway.access.actor import Actor
from caseway.access.facts import mask, office_facts
from caseway.access.permissions import Permission
from caseway.access.plans_sql import predicate
from caseway.access.policy import Policy
from caseway.access.tables import CASES
from caseway.db.keyset import Page, SortKey, Window, seek, window
from caseway.notices.codes import NoticeKind
from caseway.notices.models import AdminTask, OfficeNotice

#: Newest first; the width of these cursors is 2.
NOTICE_ORDER, TASK_ORDER = "notice:at,id", "task:opened_at,id"
_NOTICE_KEYS = (SortKey(OfficeNotice.at, descending=True), SortKey(OfficeNotice.id, descending=True))
_TASK_KEYS = (SortKey(AdminTask.opened_at, descending=True), SortKey(AdminTask.id, descending=True))


async def notices(
    session: AsyncSession,
    policy: Policy,
    actor: Actor,
    page: Page,
    *,
    unread_only: bool,
    kind: NoticeKind | None,
    now: datetime,
) -> Window[OfficeNotice]:
    """A page of the acting office's notices, newest first: those about no case, and those about cases that the actor
    sees at least as cards. What is not seen is not even hinted at by a further page."""
    statement = select(OfficeNotice).where(_mine(policy, actor, now))
    if unread_only:
        statement = statement.where(OfficeNotice.read_at.is_(None))
    if kind is not None:
        statement = statement.where(OfficeNotice.kind == kind)
    return window(list(await session.scalars(seek(statement, page, _NOTICE_KEYS))), page)


async def notice(
    session: AsyncSession, policy: Policy, actor: Actor, *, city_id: int, notice_id: uuid.UUID, now: datetime
) -> OfficeNotice | None:
    """One notice of the acting office, under the same conditions as in the list."""
    found: OfficeNotice | None = await session.scalar(
        select(OfficeNotice).where(
            OfficeNotice.city_id == city_id, OfficeNotice.id == notice_id, _mine(policy, actor, now)
        )
    )
    return found


async def tasks(
    session: AsyncSession, policy: Policy, actor: Actor, page: Page, *, open_only: bool
) -> Window[AdminTask]:
    """A page of the tasks that the actor's roles look after, newest first: the acting office's, the platform's, or
    both; nobody else's."""
    kinds: list[ColumnElement[bool]] = []
    if policy.allows(actor, Permission.TASK_READ, task_facts(actor, actor.office_id)):
        kinds.append(AdminTask.office_id == actor.office_id)
    if policy.allows(actor, Permission.TASK_READ, task_facts(actor, None)):
        kinds.append(AdminTask.office_id.is_(None))
    statement = select(AdminTask).where(or_(*kinds) if kinds else false())
    if open_only:
        statement = statement.where(AdminTask.closed_at.is_(None))
    return window(list(await session.scalars(seek(statement, page, _TASK_KEYS))), page)


async def task(session: AsyncSession, policy: Policy, actor: Actor, task_id: uuid.UUID) -> AdminTask | None:
    """One task that the actor's roles look after."""
    found: AdminTask | None = await session.get(AdminTask, task_id)
    if found is None or not policy.allows(actor, Permission.TASK_READ, task_facts(actor, found.office_id)):
        return None
    return found


def task_facts(actor: Actor, office_id: int | None) -> int:
    """The facts between an actor and a task: one of the acting office, one of the platform (None), or of others, with
    whose tasks nobody has anything to do."""
    if office_id is None:
        return mask("any")
    return office_facts(actor, office_id, actor.office_path) if office_id == actor.office_id and office_id else 0


def _mine(policy: Policy, actor: Actor, now: datetime) -> ColumnElement[bool]:
    seen = predicate(policy, actor, Permission.CASE_CARD, now=now, cases=CASES)
    case = exists().where(and_(CASES.c.city_id == OfficeNotice.city_id, CASES.c.id == OfficeNotice.case_id), seen)
    return and_(OfficeNotice.office_id == actor.office_id, or_(OfficeNotice.case_id.is_(None), case))
