"""How much of a case somebody sees, computed row by row from facts, and what they could do with it now."""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType

from sqlalchemy.ext.asyncio import AsyncSession

from caseway.access.actor import Actor
from caseway.access.facts import case_facts
from caseway.access.permissions import Permission, Visibility
from caseway.access.policy import Policy
from caseway.cases import loaders
from caseway.cases.codes import GrantKind
from caseway.cases.errors import TransitionRefused
from caseway.cases.models import Case, CaseGrant
from caseway.cases.workflow import Action, available
from caseway.errors import NotPermitted

#: What an actor must be permitted to do an action: one of these, where both ends of an order may begin it.
#: Actions of the platform itself are not offered to anybody.
PERMISSIONS_FOR: Mapping[Action, tuple[Permission, ...]] = MappingProxyType(
    {
        Action.FORWARD: (Permission.CASE_FORWARD,),
        Action.ASSIGN: (Permission.CASE_ASSIGN,),
        Action.DELIVER_LIST: (Permission.CASE_DELIVER_LIST,),
        Action.HAND_OVER: (Permission.CASE_HAND_OVER,),
        Action.HAND_OVER_ACCUSATION: (Permission.CASE_HAND_OVER_ACCUSATION,),
        Action.TAKE_UP: (Permission.CASE_ESCALATE, Permission.CASE_TAKE_UP),
        Action.HAND_BACK: (Permission.CASE_HAND_BACK,),
        Action.RECALL: (Permission.CASE_RECALL,),
        Action.SIGN_FOR: (Permission.CASE_SIGN_FOR,),
        Action.OBJECT: (Permission.CASE_OBJECT,),
        Action.AGREE_OBJECTION: (Permission.CASE_DECIDE_OBJECTION,),
        Action.REFUSE_OBJECTION: (Permission.CASE_DECIDE_OBJECTION,),
        Action.REFER_DISPUTE: (Permission.CASE_OBJECT, Permission.CASE_DECIDE_OBJECTION),
        Action.DECIDE_COMPETENCE: (Permission.CASE_DECIDE_COMPETENCE,),
        Action.ACCEPT: (Permission.CASE_ACCEPT,),
        Action.REFUSE: (Permission.CASE_REFUSE,),
        Action.REDIRECT: (Permission.CASE_REDIRECT,),
        Action.START_HANDLING: (Permission.CASE_HANDLE,),
        Action.RECORD_HANDLING: (Permission.CASE_HANDLE,),
        Action.ASSIST: (Permission.CASE_ASSIST,),
        Action.SUPERVISE: (Permission.CASE_SUPERVISE,),
        Action.COPY: (Permission.CASE_COPY,),
        Action.EXTEND: (Permission.CASE_EXTEND,),
        Action.GRADE: (Permission.CASE_GRADE,),
        Action.ASK_ADVICE: (Permission.CASE_ASK_ADVICE,),
        Action.REPORT_UP: (Permission.CASE_REPORT_UP,),
        Action.ANSWER: (Permission.CASE_ISSUE_ANSWER,),
        Action.ORDER_REDO: (Permission.CASE_ORDER_REDO,),
        Action.RECORD_EXECUTION: (Permission.CASE_HANDLE,),
        Action.CLOSE: (Permission.CASE_CLOSE,),
        Action.WITHDRAW: (Permission.CASE_WITHDRAW,),
        Action.MERGE: (Permission.CASE_MERGE,),
        Action.ARCHIVE: (Permission.CASE_ARCHIVE,),
        Action.NEW_FACTS: (Permission.CASE_REGISTER,),
        Action.ASSIGN_HANDLER: (Permission.CASE_ASSIGN_HANDLER,),
        Action.ASSIGN_LEAD: (Permission.CASE_ASSIGN_LEAD,),
        Action.RECUSE: (Permission.CASE_RECUSE,),
        Action.ADD_REGISTRATION: (Permission.CASE_MATCH,),
    }
)


@dataclass(frozen=True, slots=True)
class CaseView:
    """A case as one actor sees it. Every field shown is masked by ``permissions``, never by role or office."""

    case: Case
    facts: int
    visibility: Visibility
    permissions: frozenset[Permission]
    #: When the own office's latest custody ended; null = it never held the case, or holds it now.
    held_until: datetime | None

    def may(self, permission: Permission) -> bool:
        """Whether the actor has this permission on this case."""
        return permission in self.permissions


@dataclass(frozen=True, slots=True)
class Offer:
    """One action with whether it is possible now; ``reason`` is the error code it would be refused with."""

    action: Action
    is_available: bool
    reason: str | None


async def views(
    session: AsyncSession, policy: Policy, actor: Actor, cases: Sequence[Case], *, now: datetime
) -> list[CaseView]:
    """The views of a page of cases, in its order; one query for all grants. Cases below STUB are left out."""
    grants = await loaders.grants_of(session, cases, office_id=actor.office_id)
    found = [view(policy, actor, case, grants[case.city_id, case.id], now=now) for case in cases]
    return [each for each in found if each.visibility >= Visibility.STUB]


def view(policy: Policy, actor: Actor, case: Case, grants: Sequence[CaseGrant], *, now: datetime) -> CaseView:
    """The view of one case. ``grants`` = at least those of the actor's office."""
    facts = case_facts(actor, case, grants, now=now)
    held = [
        grant.since_at
        for grant in grants
        if grant.kind == GrantKind.CUSTODY and grant.office_id == actor.office_id and grant.person_id == 0
    ]
    return CaseView(
        case, facts, policy.visibility(actor, facts), policy.permissions(actor, facts), max(held, default=None)
    )


def available_actions(seen: CaseView) -> list[Offer]:
    """Every action, with the reason when it is not available. The permission comes first: what somebody may not do is
    not explained by the stage of a case they may not know. Guards beyond stage and permission (a limit that has
    expired, a notice not served) are told when the action is tried."""
    return offers(seen.case.stage, seen.permissions)


def offers(stage: str, granted: Container[Permission]) -> list[Offer]:
    """The same of a case in a stage, for somebody with these permissions on it."""
    stage_allows = available(stage)
    return [
        _offer(action, permitted=any(each in granted for each in permissions), allowed=action in stage_allows)
        for action, permissions in PERMISSIONS_FOR.items()
    ]


def _offer(action: Action, *, permitted: bool, allowed: bool) -> Offer:
    if not permitted:
        return Offer(action, False, NotPermitted.code)
    if not allowed:
        return Offer(action, False, TransitionRefused.code)
    return Offer(action, True, None)
