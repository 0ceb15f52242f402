"""Finding other cases of the same matter, inside the handling scope only, with a reason, and logged (INV-28)."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from caseway.access.actor import Actor
from caseway.access.facts import case_facts
from caseway.access.permissions import Permission, Visibility
from caseway.access.policy import Policy
from caseway.cases import repository
from caseway.cases.entry import enter
from caseway.cases.errors import NotForAccusations
from caseway.cases.models import Case
from caseway.cases.record import record
from caseway.cases.texts import REASON, TITLE, Check
from caseway.cases.workflow import PetitionClass
from caseway.db.session import UnitOfWork

#: The most cases one look answers: it serves to find a match, not to browse.
MOST_FOUND = 20
_SHORTEST_TEXT = 2


class MatchBy(StrEnum):
    """What two registrations of one matter may have in common."""

    PHONE = "PHONE"
    TEXT = "TEXT"


@dataclass(frozen=True, slots=True)
class Matches:
    """Cases that may be about the same matter, all of them held by the own office and visible to the actor."""

    version: int
    cases: tuple[Case, ...]


async def find_same_matter(
    uow: UnitOfWork,
    policy: Policy,
    actor: Actor,
    *,
    city_id: int,
    case_id: uuid.UUID,
    by: MatchBy,
    text: str | None = None,
    reason: str,
    now: datetime,
) -> Matches:
    """Look among the cases of the own office for others on the matter of this one.

    By PHONE it compares the petitioners of the case at hand, never a number that somebody types in: nobody can look a
    person up. By TEXT it looks for words in cases of the same place and field. Both leave a ``match.made`` event.
    """
    entered = await enter(uow, policy, actor, Permission.CASE_MATCH, city_id=city_id, case_id=case_id, now=now)
    case = entered.case
    if case.petition_class == PetitionClass.ACCUSATION:
        raise NotForAccusations
    check = Check()
    why = check.required("reason", reason, REASON, shortest=5)
    words = check.required("text", text, TITLE, shortest=_SHORTEST_TEXT) if by is MatchBy.TEXT else None
    check.done()
    found: list[Case] = []
    if words is not None:
        found = await repository.same_matter(uow.session, case, holder_id=actor.office_id, text=words, limit=MOST_FOUND)
    elif phones := [
        row.phone_index for row in await repository.petitioners(uow.session, case) if row.phone_index is not None
    ]:
        found = await repository.same_matter(
            uow.session, case, holder_id=actor.office_id, phones=phones, limit=MOST_FOUND
        )
    seen = [each for each in found if await _visible(uow, policy, actor, each, now=now)]
    await record(
        uow, case,
        type="match.made", at=entered.at, actor=actor, reason=why, facts={"by": by, "found": len(seen)}, changes={},
    )  # fmt: skip
    return Matches(case.version, tuple(seen))


async def _visible(uow: UnitOfWork, policy: Policy, actor: Actor, case: Case, *, now: datetime) -> bool:
    grants = await repository.grants(uow.session, case)
    return policy.visibility(actor, case_facts(actor, case, grants, now=now)) >= Visibility.CARD
