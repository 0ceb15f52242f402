"""The demo: real offices, invented staff, and a handful of cases to look at. Exists only where it was asked for."""

from __future__ import annotations

from datetime import datetime

from caseway import bundle
from caseway.administration.service import hooks
from caseway.db.scope import SYSTEM_SCOPE
from caseway.db.session import Database
from caseway.leads.declared import Links
from caseway.people.declared import Secrets, Several, declare
from caseway.rules.declared import Books
from caseway.tenancy import declarations, imports
from caseway.tenancy.declared import read_folder


async def offices_and_staff(database: Database, *, now: datetime) -> None:
    """The shipped excerpt of the divisions, the demo's offices and staff, in post from ``now``, and the shipped rule
    books: the law and the offices' own. Idempotent."""
    recorded = imports.read_changes(bundle.path("tenants", "divisions", "changes.yaml"))
    async with database.unit(SYSTEM_SCOPE) as uow:
        await uow.permitted()
        await imports.import_divisions(uow, bundle.path("tenants", "divisions"), recorded=recorded, hooks=hooks(now))
    for folder in ("demo", "rulebooks"):
        await declare(
            database,
            bundle.path("tenants", folder),
            secrets=Secrets.of_process(demo=True),
            store=True,
            now=now,
            hooks=hooks(now),
            further=Several(Books(), Links()),
        )


def password() -> str:
    """The one password of all demo accounts, as it stands in the demo's files."""
    documents = read_folder(bundle.path("tenants", "demo", "staff.yaml"))
    found = (declarations.setting(each, "password_demo") for each in documents)
    return next((text for text in found if text), "")


def welcome() -> str:
    """Who can log in, and three things to try."""
    return f"""
Demo accounts (password for all: {password()})
  jiaxing.clerk       嘉兴市          registers matters          jiaxing.dispatcher   sends them on
  nanhu.dispatcher    南湖区          signs for and forwards     nanhu.leader         leads, extends, decides
  fengqiao.handler    凤桥镇          handles and answers        daxing.clerk         大星村
  jiaxing.supervisor · jiaxing.auditor · jiaxing.admin, and the same for nanhu, fengqiao, daxing, xiuzhou, haiyan …

Three things to try
  1. Log in as jiaxing.clerk and register a matter; then forward it to 南湖区.
  2. Sign for it as nanhu.dispatcher and forward it to 凤桥镇; watch holder and due dates change.
  3. Look for it as yuxin.dispatcher (余新镇): it does not exist there.
"""
