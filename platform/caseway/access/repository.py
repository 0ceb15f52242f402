"""Reading and writing the offices' own rules."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import func, select, text, update
from sqlalchemy.ext.asyncio import AsyncSession

from caseway.access.matrix import Rule
from caseway.access.models import AuthzEpoch, AuthzRule
from caseway.tenancy.models import Office

#: The channel on which changes are announced; whoever misses it finds the epoch raised at the next look.
CHANNEL = "authz"
_RAISED = "authz_epoch_raised"


async def epoch(session: AsyncSession) -> int:
    """The number of changes so far."""
    return await session.scalar(select(AuthzEpoch.value)) or 0


async def raise_epoch(session: AsyncSession) -> int:
    """Count one more change. Holds the row until the transaction ends, so changes follow each other."""
    raised = await session.scalar(
        update(AuthzEpoch).where(AuthzEpoch.id == 1).values(value=AuthzEpoch.value + 1).returning(AuthzEpoch.value)
    )
    if raised is None:
        raise RuntimeError("the row of authz_epoch is missing: the migrations have not run")
    session.info[_RAISED] = True
    await session.execute(text("select pg_notify(:channel, :epoch)"), {"channel": CHANNEL, "epoch": str(raised)})
    return int(raised)


def raises_epoch(session: AsyncSession) -> bool:
    """Whether this session has raised the epoch itself: what it sees of the rules may never be committed."""
    return bool(session.info.get(_RAISED))


async def changed_rules(session: AsyncSession, *, since: int) -> Sequence[AuthzRule]:
    """Rules added or revoked after an epoch, in the order of change."""
    rows = await session.scalars(
        select(AuthzRule)
        .where(AuthzRule.epoch > since)
        .order_by(AuthzRule.epoch, AuthzRule.id)
        .execution_options(populate_existing=True)
    )
    return rows.all()


async def live_rule(session: AsyncSession, rule: Rule) -> AuthzRule | None:
    """The same rule, if it is in force already."""
    sub, dom, when, obj, act, eft = rule
    return await session.scalar(
        select(AuthzRule).where(
            AuthzRule.sub == sub,
            AuthzRule.dom == dom,
            AuthzRule.when == when,
            AuthzRule.obj == obj,
            AuthzRule.act == act,
            AuthzRule.eft == eft,
            AuthzRule.revoked_at.is_(None),
        )
    )


async def locked_rule(session: AsyncSession, rule_id: int) -> AuthzRule | None:
    """A rule by its id, locked until the transaction ends."""
    return await session.scalar(select(AuthzRule).where(AuthzRule.id == rule_id).with_for_update())


async def rules_of(session: AsyncSession, domains: Sequence[str]) -> Sequence[AuthzRule]:
    """The rules in force under some domains, oldest first."""
    rows = await session.scalars(
        select(AuthzRule)
        .where(AuthzRule.dom.in_(domains), AuthzRule.revoked_at.is_(None))
        .order_by(AuthzRule.created_at, AuthzRule.id)
    )
    return rows.all()


async def open_office(session: AsyncSession, office_id: int, *, now: datetime) -> Office | None:
    """An office that is not closed."""
    return await session.scalar(
        select(Office).where(Office.id == office_id, func.coalesce(Office.valid_to > now, True))
    )
