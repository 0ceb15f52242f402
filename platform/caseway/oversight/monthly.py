"""Registrations of a month in an area for those who may count the cases there but not see them: small numbers and what
would give them away are suppressed, the same for everybody who asks."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy.ext.asyncio import AsyncSession

from caseway.access.actor import Actor
from caseway.access.facts import BIT, area_facts
from caseway.access.permissions import Permission
from caseway.access.policy import Policy
from caseway.calendars.periods import local_day, month_of
from caseway.oversight import reading, rollups
from caseway.oversight.counts import Count
from caseway.oversight.errors import MonthNotOver
from caseway.oversight.history import entries
from caseway.oversight.protected import Protected, protect
from caseway.oversight.spans import BEGINNING, Grain, Piece
from caseway.tenancy.models import Office


@dataclass(frozen=True, slots=True)
class Monthly:
    """The table of a month; ``as_of`` = its last day."""

    office: Office
    first: date
    as_of: date
    accusations: bool
    told: Protected


def may_ask(policy: Policy, actor: Actor, office: Office, *, accusations: bool) -> bool:
    """Whether somebody counts these cases of an area."""
    facts = area_facts(actor, office.path) | BIT["accusation" if accusations else "ordinary"]
    return policy.allows(actor, Permission.CASE_COUNT, facts)


async def monthly(
    session: AsyncSession, actor: Actor, office: Office, *, month: date, accusations: bool, now: datetime
) -> Monthly:
    """The table for somebody who may ask. Cases barred to the actor are left out as if there were none.
    Raises ``MonthNotOver``."""
    whole = month_of(month)
    if whole.last >= local_day(now) or whole.first.year < 2000:
        raise MonthNotOver
    chain = [each for each in office.levels if each]
    # What became known after the month is not in it.
    piece = Piece(Grain.MONTH, whole.first, whole.first, BEGINNING, whole.first)
    found = await reading.registered_by_child(session, chain, piece, accusations=accusations)
    await _without_barred(session, actor, office, found, whole.first, whole.last, accusations=accusations)
    told, table = True, protect({}, total_is_told=True)
    for number, each in enumerate(chain):
        table = protect(found[each], total_is_told=told)
        if number + 1 < len(chain):
            # What the table above tells of an office is what is told of its total anywhere.
            below = table.cells.get(chain[number + 1], 0)
            told = below is not None
    return Monthly(office, whole.first, whole.last, accusations, table)


async def _without_barred(
    session: AsyncSession,
    actor: Actor,
    office: Office,
    found: dict[int, dict[int, int]],
    first: date,
    last: date,
    *,
    accusations: bool,
) -> None:
    """Also out of the tables above, which decide what is told of this one: nothing barred may show in that either."""
    narrowing = reading.Narrowing(accusations=accusations)
    barred = await reading.barred_in(session, office.levels[0], bars=actor.bars)
    for past in await rollups.pasts(session, list(barred)):
        for seq, entry in entries(past.events, past.clock_events):
            counted = seq <= barred[past.key] and entry.what is Count.REGISTERED
            in_time = first <= entry.day <= last and entry.known_on <= last
            if (
                counted
                and in_time
                and narrowing.fits(
                    petition_class=entry.petition_class, channel=entry.channel, field=entry.field, stage=entry.stage
                )
            ):
                for depth, each in enumerate(entry.path, start=1):
                    if each in found:
                        via = entry.path[depth] if depth < len(entry.path) else 0
                        found[each][via] -= entry.amount
