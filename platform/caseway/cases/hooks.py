"""What slices above this one do when something happens to a case. Custody registers itself when it is imported; cases
cannot import custody (design §3), and an operation must not be half done because nobody listened."""

from __future__ import annotations

from collections.abc import Awaitable
from datetime import datetime
from typing import Protocol

from caseway.access.actor import Actor
from caseway.cases.models import Case
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


class Listeners:
    """The registered hooks of this process; exactly one each."""

    def __init__(self) -> None:
        self._move_up: MoveUp | None = None
        self._case_ended: CaseEnded | None = None
        self._case_answered: CaseAnswered | None = None

    def register(self, *, move_up: MoveUp, case_ended: CaseEnded, case_answered: CaseAnswered) -> None:
        """Called once, by custody, at import."""
        self._move_up, self._case_ended, self._case_answered = move_up, case_ended, case_answered

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


listeners = Listeners()
