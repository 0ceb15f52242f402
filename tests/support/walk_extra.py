"""The rest of what can be done: sessions, staff, offices and rules of access, once each, so that their answers are
walked too."""

from __future__ import annotations

from caseway import demo
from support.walk_build import XIUZHOU, Builder
from support.walk_case import Denied
from support.walk_rules import loosened

_PASSWORD = "a password of the walk 7"
#: Far from every case of the world.
_BANNER = "152525"


async def build_administration(to: Builder) -> tuple[tuple[str, ...], tuple[Denied, ...]]:
    """Ids of the rules of access that were added, and what they deny."""
    await _sessions(to)
    await _staff(to)
    await _offices(to)
    await _days(to)
    rule = {"officeId": to.offices[XIUZHOU], "role": "handler", "relation": "informed+ordinary", "effect": "DENY"}
    added = []
    for permission in ("case:card", "case:stub", "case:recuse"):
        made = await to.ask("xiuzhou.admin", "accessOverrideAdd", permission=permission, isForSubtree=True, **rule)
        added.append(made["override"]["id"])
    await to.ask("xiuzhou.admin", "accessOverrideRevoke", overrideId=added[-1])
    return tuple(added), ((XIUZHOU, "informed", "handler"),)


async def _sessions(to: Builder) -> None:
    started = await to.ask("", "sessionStart", username="ciwu.clerk", password=demo.password())
    await to.ask("", "sessionRefresh", refreshToken=started["session"]["refreshToken"])
    await to.ask("ciwu.clerk", "passwordChange", presentPassword=demo.password(), newPassword=_PASSWORD)
    await to.ask("hutun.clerk", "sessionEnd", everywhere=True)


async def _staff(to: Builder) -> None:
    post = {"officeId": to.offices[_BANNER], "roles": ["CLERK"], "title": "登记员", "portfolios": ["LAND"]}
    ends = to.local(days=300)
    made = await to.ask(
        "dongwuqi.admin", "staffCreate", name="乌兰", username="walk.clerk", post={**post, "validTo": ends}
    )
    person = made["membership"]["person"]["id"]
    await to.ask("dongwuqi.admin", "staffPasswordReset", personId=person)
    await to.ask("dongwuqi.admin", "staffDeactivate", personId=person)


async def _offices(to: Builder) -> None:
    who = "dongwuqi.admin"

    async def child(under: str, kind: str, code: str, name: str) -> str:
        made = await to.ask(who, "officeCreateChild", officeId=under, kind=kind, code=code, name=name)
        gid: str = made["office"]["id"]
        return gid

    town = await child(to.offices[_BANNER], "GOVERNMENT", "152525901", "走查镇")
    first = await child(town, "GOVERNMENT", "152525901201", "一村")
    second = await child(town, "GOVERNMENT", "152525901202", "二村")
    await to.ask(who, "officeRename", officeId=first, name="一村改名")
    await to.ask(who, "officeSuspend", officeId=second)
    await to.ask(who, "officeResume", officeId=second)
    await loosened(to, second, to.offices["152525100"])
    await to.ask(who, "officeMove", officeId=second, parentId=to.offices["152525100"])
    await to.ask(who, "officeMerge", officeId=first, intoId=second)
    to.offices["152525901201"] = first
    parts = [{"code": "152525902", "name": "新一镇"}, {"code": "152525903", "name": "新二镇"}]
    await to.ask(who, "officeSplit", officeId=town, parts=parts)


async def _days(to: Builder) -> None:
    """One day that counts and one that was taken back, both in the period that is asked for."""
    day = {"officeId": to.offices[_BANNER], "name": "那达慕", "basis": "旗人民政府决定"}
    await to.ask("dongwuqi.admin", "calendarLocalDayAdd", dayOn="2026-06-03", kind="HOLIDAY", **day)
    made = await to.ask("dongwuqi.admin", "calendarLocalDayAdd", dayOn="2026-06-07", kind="MAKE_UP_WORKDAY", **day)
    await to.ask("dongwuqi.admin", "calendarLocalDayRevoke", localDayId=made["localDay"]["id"])
