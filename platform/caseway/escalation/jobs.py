"""What the worker does when a rung of an escalation rule may be due."""

from __future__ import annotations

from datetime import datetime

from caseway.cases import repository as cases
from caseway.cases.record import moment
from caseway.cases.workflow import PetitionClass
from caseway.clocks.models import Timer
from caseway.clocks.timers import Effects, TimerKind
from caseway.db.session import UnitOfWork
from caseway.escalation import following, watching
from caseway.escalation.busy import busy


async def escalation_rung(uow: UnitOfWork, timer: Timer, now: datetime) -> None:
    """Look at a case as it was at the instant that was planned, then at the present: raise what is due, plan the next
    look. Nothing happens if the rules see nothing any more."""
    await uow.permitted()
    case = await cases.lock(uow, timer.city_id, timer.case_id)
    if case.petition_class == PetitionClass.ACCUSATION:
        return
    at = moment(case, now)
    with busy(uow, case):
        await following.follow(uow, case, at=at)
        await watching.look(uow, case, at=at, planned_at=timer.due_at)


#: Timer kind -> effect, for the worker.
EFFECTS: Effects = {TimerKind.ESCALATION_RUNG: escalation_rung}
