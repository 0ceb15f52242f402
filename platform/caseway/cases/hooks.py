"""What slices above this one do when something happens to a case. They register themselves when they are imported;
cases cannot import them (design §3), and an operation must not be half done because nobody listened."""

from __future__ import annotations

from collections.abc import Awaitable
from datetime import datetime
from typing import Protocol

from caseway.access.actor import Actor
from caseway.cases.models import Case, Registration
from caseway.clocks.workflow import AppliedLimit, ClockState
from caseway.db.session import UnitOfWork


class MoveUp(Protocol):
    """Moves a case one level up because its office has no officer left who may handle it (INV-06)."""

    def __call__(self, uow: UnitOfWork, case: Case, *, actor: Actor, at: datetime) -> Awaitable[None]: ...


class CaseEnded(Protocol):
    """Ends whatever still waits on a case that has just ended: unsigned orders, assistance, their timers."""

    def __call__(self, uow: UnitOfWork, case: Case, *, actor: Actor, at: datetime) -> Awaitable[None]: ...


class CaseAnswered(Protocol):
    """Ends what was owed until the answer: the reports that assignments asked for."""

    def __call__(self, uow: UnitOfWork, case: Case, *, actor: Actor, at: datetime) -> Awaitable[None]: ...


class Registered(Protocol):
    """A matter was registered, for the first time or once more; its clocks run and its event is in the ledger."""

    def __call__(self, uow: UnitOfWork, case: Case, registration: Registration, *, at: datetime) -> Awaitable[None]: ...


class Recorded(Protocol):
    """An event of a case was recorded: the row shows its new state. Clocks that belong to the change have moved."""

    def __call__(self, uow: UnitOfWork, case: Case, type: str, *, at: datetime) -> Awaitable[None]: ...


class ClockOverdue(Protocol):
    """One limit of a running clock has passed; ``clock.overdue`` is in the ledger."""

    def __call__(
        self, uow: UnitOfWork, case: Case, *, clock: ClockState, limit: AppliedLimit, at: datetime
    ) -> Awaitable[None]: ...


class Listeners:
    """The registered hooks of this process: exactly one each of what must be done, any number of what may listen."""

    def __init__(self) -> None:
        self._move_up: MoveUp | None = None
        self._case_ended: CaseEnded | None = None
        self._case_answered: CaseAnswered | None = None
        self._registered: list[Registered] = []
        self._recorded: list[Recorded] = []
        self._clock_overdue: list[ClockOverdue] = []

    def register(self, *, move_up: MoveUp, case_ended: CaseEnded, case_answered: CaseAnswered) -> None:
        """Called once, by custody, at import."""
        self._move_up, self._case_ended, self._case_answered = move_up, case_ended, case_answered

    def listen(
        self,
        *,
        registered: Registered | None = None,
        recorded: Recorded | None = None,
        clock_overdue: ClockOverdue | None = None,
    ) -> None:
        """Called at import by slices that follow what happens; they are told in the order in which they registered."""
        if registered is not None:
            self._registered.append(registered)
        if recorded is not None:
            self._recorded.append(recorded)
        if clock_overdue is not None:
            self._clock_overdue.append(clock_overdue)

    async def move_up(self, uow: UnitOfWork, case: Case, *, actor: Actor, at: datetime) -> None:
        """Raises ``RuntimeError`` if nobody is registered: a mistake in putting the process together."""
        if self._move_up is None:
            raise RuntimeError("caseway.custody was not imported")
        await self._move_up(uow, case, actor=actor, at=at)

    async def case_answered(self, uow: UnitOfWork, case: Case, *, actor: Actor, at: datetime) -> None:
        """Raises ``RuntimeError`` if nobody is registered: a mistake in putting the process together."""
        if self._case_answered is None:
            raise RuntimeError("caseway.custody was not imported")
        await self._case_answered(uow, case, actor=actor, at=at)

    async def case_ended(self, uow: UnitOfWork, case: Case, *, actor: Actor, at: datetime) -> None:
        """Raises ``RuntimeError`` if nobody is registered: a mistake in putting the process together."""
        if self._case_ended is None:
            raise RuntimeError("caseway.custody was not imported")
        await self._case_ended(uow, case, actor=actor, at=at)

    async def registered(self, uow: UnitOfWork, case: Case, registration: Registration, *, at: datetime) -> None:
        """Tell everybody who listens."""
        for listener in self._registered:
            await listener(uow, case, registration, at=at)

    async def recorded(self, uow: UnitOfWork, case: Case, type: str, *, at: datetime) -> None:
        """Tell everybody who listens. Told at the end of ``record``: a listener that records something itself is told
        of that too, so it must know when it is done."""
        for listener in self._recorded:
            await listener(uow, case, type, at=at)

    async def clock_overdue(
        self, uow: UnitOfWork, case: Case, *, clock: ClockState, limit: AppliedLimit, at: datetime
    ) -> None:
        """Tell everybody who listens."""
        for listener in self._clock_overdue:
            await listener(uow, case, clock=clock, limit=limit, at=at)


listeners = Listeners()
