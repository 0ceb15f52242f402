"""Between a case and its clocks: which rows of the rules are about this case, and which clocks its events start."""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import datetime
from typing import Any, Protocol

from caseway.access.actor import Actor
from caseway.cases.workflow import Grade, PetitionClass
from caseway.clock import SHANGHAI
from caseway.clocks import service as clocks
from caseway.clocks.service import Planned
from caseway.clocks.workflow import ClockKind, ClockState, StartEvent
from caseway.db.session import UnitOfWork
from caseway.notices import service as notices
from caseway.people import ranks
from caseway.rules import conditions
from caseway.rules.ranks import Rank
from caseway.tenancy.models import OfficeKind

#: Ends when the matter is accepted, refused or led elsewhere: what a decision about acceptance was owed for.
ARRIVAL = (
    ClockKind.FORWARD,
    ClockKind.DIRECT_NOTICE,
    ClockKind.ACCEPT_NOTICE,
    ClockKind.OBJECT,
    ClockKind.DISPATCH,
    ClockKind.SIGN_AND_ROUTE,
)
#: Ends with the served answer.
ANSWERED = (
    ClockKind.HANDLE,
    ClockKind.HANDLE_ASSIGNED,
    ClockKind.ASSIGNED,
    ClockKind.COORDINATE,
    ClockKind.ANSWER,
    ClockKind.RESPOND,
    ClockKind.RESPOND_DISPOSE,
    ClockKind.REDO,
    ClockKind.REVIEW_WINDOW,
)
#: What a move of the case never stops: what is owed to the petitioner whoever holds it, and reports that were asked.
KEPT_BY_MOVES = frozenset(
    {
        ClockKind.HANDLE,
        ClockKind.HANDLE_ASSIGNED,
        ClockKind.ASSIGNED,
        ClockKind.ANSWER,
        ClockKind.REDO,
        ClockKind.REVIEW_WINDOW,
        ClockKind.ORDER,
        ClockKind.ESCALATION_ANSWER,
    }
)
#: Offices that sort and forward what they receive (art. 22); all others tell the petitioner themselves (art. 23).
_SORTING = frozenset({OfficeKind.PETITION_OFFICE, OfficeKind.GOVERNMENT})
#: Class of deadline rows that art. 34 is about: appeals and claims handled by a written opinion.
_APPEAL = "APPEAL_CLAIM_31_6"
_FIRST_TIME = "FIRST_TIME"
#: What rules call the one who answers for a body (负责人).
_FOR_THE_BODY = frozenset({*ranks.HEAD_POSTS, "TOWN_HEADS", "LEADERS", "IN_CHARGE"})


class Classified(Protocol):
    """What of a case decides which rows of the rules are about it."""

    @property
    def petition_class(self) -> str: ...
    @property
    def grade(self) -> str: ...
    @property
    def is_first_time(self) -> bool: ...


def of_arrival(holder_kind: str) -> frozenset[ClockKind]:
    """The clocks that the receipt of a matter can start with an office of this kind (T1): those who sort have to
    forward, all others to tell the petitioner."""
    other = ClockKind.DIRECT_NOTICE if holder_kind in _SORTING else ClockKind.FORWARD
    return frozenset(ClockKind) - {other}


def classes(petition_class: str, grade: str, *, is_first_time: bool) -> frozenset[str]:
    """The classes of deadline rows that a case falls under. Art. 34 limits the handling of appeals and claims only
    (art. 31 no. 6): for suggestions (art. 29) and accusations (art. 30) the law names no number."""
    found = {grade}
    if petition_class == PetitionClass.APPEAL_CLAIM:
        found.add(_APPEAL)
    if is_first_time:
        found.add(_FIRST_TIME)
    if petition_class == PetitionClass.ACCUSATION:
        # The discipline body's own procedure sets its limits, no book of an office does (art. 30).
        return frozenset()
    return frozenset(found)


def classes_of(case: Classified, *, grade: Grade | None = None) -> frozenset[str]:
    """The classes of a case, or what they would be with another grade."""
    return classes(case.petition_class, grade or case.grade, is_first_time=case.is_first_time)


class Conditions:
    """Decides the conditions of deadline rows for a case that is about to start a clock. What cannot be decided does
    not hold, and is kept for the administrators of the office."""

    def __init__(self, known: dict[str, Any]) -> None:
        self._values = conditions.Values(known)
        self.failed: dict[str, str] = {}

    def __call__(self, text: str) -> bool:
        verdict = conditions.compile(text).holds(self._values)
        if verdict.failed is not None:
            self.failed[text] = verdict.failed
        return verdict.held

    async def report(self, uow: UnitOfWork, *, office_id: int, at: datetime) -> None:
        """Open a task for the administrators of the office for every condition that failed; once for each text."""
        for text, why in self.failed.items():
            await notices.open_task(
                uow,
                kind="CONDITION_FAILED",
                key=f"CONDITION_FAILED:{office_id}:{text}",
                office_id=office_id,
                at=at,
                facts={"condition": text, "problem": why},
            )


def known(case: Any, *, at: datetime) -> dict[str, Any]:
    """What a condition of a deadline row may ask about a case: what its row says by itself."""
    local = at.astimezone(SHANGHAI)
    names = ("petition_class", "stage", "channel", "field", "place_code", "grade", "is_first_time", "group_size")
    return {name: getattr(case, name) for name in names} | {
        "received_at": case.received_at,
        "registered_at": case.registered_at,
        "now": at,
        "month": local.month,
        "day_of_month": local.day,
        "weekday": local.isoweekday(),
    }


async def prepare(
    uow: UnitOfWork,
    case: Any,
    start: StartEvent,
    *,
    at: datetime,
    office_id: int,
    kinds: Collection[ClockKind] | None = None,
    order_id: Any = None,
) -> list[Planned]:
    """The clocks that an event of the case starts for an office, by the rules in force there (INV-22). ``case`` may
    be a draft: anything with the columns of one."""
    asked = Conditions(known(case, at=at))
    planned = await clocks.prepare(
        uow.session, start,
        at=at, office_id=office_id, classes=classes_of(case), kinds=kinds, order_id=order_id, holds=asked,
    )  # fmt: skip
    await asked.report(uow, office_id=office_id, at=at)
    return planned


async def begin(
    uow: UnitOfWork,
    case: Any,
    start: StartEvent,
    *,
    at: datetime,
    office_id: int,
    kinds: Collection[ClockKind] | None = None,
    order_id: Any = None,
    actor: Actor,
) -> datetime | None:
    """``prepare`` and start. Answers the case's due instant."""
    planned = await prepare(uow, case, start, at=at, office_id=office_id, kinds=kinds, order_id=order_id)
    return await clocks.begin(uow, case, planned, actor=actor)


def approver(actor: Actor, *, sender_of: Callable[[ClockState], int | None]) -> Callable[[str, ClockState], bool]:
    """Whether the actor has the rank that a rule names for an extension (INV-09).

    机关、单位负责人 is whoever answers for the body: its heads and the deputies in charge, told by civil-service
    rank. ASSIGNING_OFFICE is anybody who acts for the office that assigned the case.
    """

    def approves(rank: str, clock: ClockState) -> bool:
        if rank == Rank.ASSIGNING_OFFICE:
            return sender_of(clock) in (actor.office_id, actor.seat_id)
        if rank in _FOR_THE_BODY:
            return actor.rank == rank or answers_for_body(actor)
        if ranks.grade(rank):
            return ranks.grade(actor.rank) >= ranks.grade(rank)
        return actor.rank == rank

    return approves


def answers_for_body(actor: Actor) -> bool:
    """Whether the actor is a head of the own office or a deputy in charge, one grade below the heads."""
    if not ranks.is_leader(actor.roles):
        return False
    heads = ranks.heads_grade(level=actor.level, kind=actor.kind, municipal=False)
    return actor.rank in ranks.HEAD_POSTS or ranks.grade(actor.rank) >= heads - 1
