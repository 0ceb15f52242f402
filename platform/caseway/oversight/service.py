"""Figures of an area, worked out at once from the cases themselves, each with its definition and its instant.

A figure reads the cases of the area that were open in the period, at most ``MOST_CASES`` of them, and their clock
events: about 1 ms for 20 cases. The number of offices plays no part: an area is one range of a level column, with a
hundred offices in the country and with 700,000. What grows is the number of cases of a large area, which is refused
(``FIGURE_TOO_LARGE``) before it is read; cities and provinces are for stored roll-ups.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy.ext.asyncio import AsyncSession

from caseway.access.actor import Actor
from caseway.access.facts import area_facts, mask
from caseway.access.permissions import Permission
from caseway.access.policy import Policy
from caseway.calendars.periods import ended_at, midnight
from caseway.oversight import repository
from caseway.oversight.definitions import DEFINITIONS, Definition
from caseway.oversight.errors import FigureNotLive, FigurePeriodInvalid, FigureTooLarge
from caseway.oversight.figures import CLOSING, Tally, is_told, tally
from caseway.oversight.timeliness import Measure
from caseway.rules.kinds.vocabulary import Metric
from caseway.tenancy.models import Office

#: Cases that a figure is worked out from.
MOST_CASES = 3_000
_MOST_DAYS = 366


@dataclass(frozen=True, slots=True)
class Part:
    """A rate by one measure; ``tally`` is null where the number is too small to be told."""

    measure: Measure
    tally: Tally | None


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure of an area for a period. ``as_of`` = facts before it are counted: the end of the period, or now."""

    definition: Definition
    as_of: datetime
    parts: tuple[Part, ...]


def may_count(policy: Policy, actor: Actor, office: Office) -> bool:
    """Whether somebody counts the cases of an area."""
    return policy.allows(actor, Permission.CASE_COUNT, area_facts(actor, office.path))


async def figure(
    session: AsyncSession,
    policy: Policy,
    actor: Actor,
    *,
    office: Office,
    code: str,
    from_on: date,
    to_on: date,
    now: datetime,
) -> Figure:
    """A live figure of the area of an office, for who may count it (``may_count``). ``session`` sees every case: what
    is barred to the actor is left out, and small numbers are not told to those who do not see the area's cases.
    Raises ``FigureNotLive``, ``FigurePeriodInvalid``, ``FigureTooLarge``."""
    definition = DEFINITIONS.get(code)
    if definition is None or not definition.is_live:
        raise FigureNotLive
    days = (to_on - from_on).days + 1
    if not 1 <= days <= _MOST_DAYS or from_on.year < 2000 or midnight(from_on) > now:
        raise FigurePeriodInvalid(most_days=_MOST_DAYS)
    since, until = midnight(from_on), min(ended_at(to_on), now)
    keys = await repository.concerned(session, office, since=since, until=until, bars=actor.bars, most=MOST_CASES + 1)
    if len(keys) > MOST_CASES:
        raise FigureTooLarge(most=MOST_CASES)
    metric = Metric(code)
    found = await repository.courses(session, keys, closing=CLOSING[metric], until=until)
    entitled = policy.allows(actor, Permission.CASE_CARD, mask("below", "ordinary"))
    parts = []
    for measure in Measure:
        counted = tally(metric, found, measure, since=since, until=until)
        parts.append(Part(measure, counted if is_told(counted, entitled=entitled) else None))
    return Figure(definition, until, tuple(parts))
