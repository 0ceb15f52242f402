"""What the worker does to cases when a timer comes due."""

from __future__ import annotations

from datetime import datetime

from caseway.access.actor import SYSTEM_ACTOR
from caseway.cases import closing, repository
from caseway.cases.record import moment
from caseway.clocks.models import Timer
from caseway.clocks.timers import Effects, TimerKind
from caseway.db.session import UnitOfWork


async def window_lapsed(uow: UnitOfWork, timer: Timer, now: datetime) -> None:
    """Close a case whose review window has lapsed (T25). Nothing happens if it was answered anew meanwhile, or if the
    execution of a supporting opinion is not recorded yet (INV-17)."""
    await uow.permitted()
    case = await repository.lock(uow, timer.city_id, timer.case_id)
    await closing.close_lapsed(uow, case, actor=SYSTEM_ACTOR, at=moment(case, now))


#: Timer kind -> effect, for the worker.
EFFECTS: Effects = {TimerKind.WINDOW_LAPSED: window_lapsed}
