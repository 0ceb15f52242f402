"""Keeps the rules from looking at a case in the middle of an operation: they look once, when it is complete."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from caseway.cases.models import Case
from caseway.db.session import UnitOfWork

_KEY = "caseway.escalation.busy"


@contextmanager
def busy(uow: UnitOfWork, case: Case) -> Iterator[None]:
    """While it lasts, events of the case are ours."""
    working: set[Any] = uow.session.info.setdefault(_KEY, set())
    key = (case.city_id, case.id)
    already = key in working
    working.add(key)
    try:
        yield
    finally:
        if not already:
            working.discard(key)


def is_busy(uow: UnitOfWork, case: Case) -> bool:
    """Whether such an operation is under way."""
    return (case.city_id, case.id) in uow.session.info.get(_KEY, ())
