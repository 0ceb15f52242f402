"""The layers of the law that ship with the platform: every office stands on them, with or without books of its own."""

from __future__ import annotations

from datetime import datetime

from caseway import bundle
from caseway.db.session import UnitOfWork
from caseway.rules.declared import Books
from caseway.tenancy.declarations import DeclarationRefused, Fault
from caseway.tenancy.declared import Step


async def load(uow: UnitOfWork, *, now: datetime) -> list[Step]:
    """Bring in the shipped law layers, as ``caseway tenants apply`` would; a second time nothing changes. Part of every
    migration of a database, because without them no limit would run. Needs a permitted unit of work."""
    folder = bundle.path("tenants", "rulebooks")
    paths = sorted(path for path in folder.glob("law-*.yaml"))
    faults: list[Fault] = []
    steps = await Books()(uow, paths, now=now, faults=faults)
    if faults:
        raise DeclarationRefused(faults)
    return steps
