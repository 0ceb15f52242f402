"""Administration on the graph: changes of the office tree, rules of access beside the matrix, explanations, audit."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Annotated

import strawberry

from caseway.access import overrides
from caseway.access.actor import Actor
from caseway.access.explain import Explanation
from caseway.access.facts import office_facts
from caseway.access.overrides import Override
from caseway.access.permissions import Permission
from caseway.administration import service
from caseway.administration.office_changes import OfficeMutations
from caseway.db.session import UnitOfWork
from caseway.errors import CasewayError, NotFound
from caseway.gql import ids
from caseway.gql.connection import After, Before, Connection, First, Last, connect, page
from caseway.gql.context import Context
from caseway.gql.enums import described
from caseway.gql.errors import mutation
from caseway.gql.fields import field
from caseway.gql.perform import Outcome, perform
from caseway.ledger.loaders import AUDIT_ORDER, access_events
from caseway.ledger.models import AccessEvent
from caseway.people.api import PersonType, known_person
from caseway.people.office_api import OfficeType, known_office


class Effect(StrEnum):
    """What a rule does."""

    ALLOW = "allow"
    DENY = "deny"


described(
    Effect,
    name="AccessEffect",
    description="What a rule of access does.",
    values={"ALLOW": "Grants the permission.", "DENY": "Takes it away; nothing outranks it."},
)


class UnknownPermission(CasewayError):
    """There is no such permission: permissions are written like ``case:content``."""

    code = "UNKNOWN_PERMISSION"


@strawberry.type(description="A rule of access that an office has added beside the national matrix.")
class AccessOverride:
    """Bounded by the ceiling and the floor."""

    id: strawberry.ID = strawberry.field(description="Global id of the rule.")
    role: str = strawberry.field(description="Role it is about.")
    relation: str = strawberry.field(description="Relation and states it needs, such as `own+ordinary`.")
    permission: str = strawberry.field(description="Permission, such as `case:content`.")
    effect: Effect = strawberry.field(description="What it does.")
    is_for_subtree: bool = strawberry.field(description="Whether it also holds for every office below.")
    created_at: datetime = strawberry.field(description="Since when it is in force.")
    revoked_at: datetime | None = strawberry.field(description="When it was revoked; null while it is in force.")
    office_id: strawberry.Private[int]

    @classmethod
    def of(cls, row: Override) -> AccessOverride:
        """The GraphQL object of a rule."""
        role, _, when, resource, action, effect = row.rule
        return cls(
            id=strawberry.ID(ids.encode("AccessOverride", row.id)),
            role=role,
            relation=when,
            permission=f"{resource}:{action}",
            effect=Effect(effect),
            is_for_subtree=row.subtree,
            created_at=row.created_at,
            revoked_at=row.revoked_at,
            office_id=row.office_id,
        )

    @field()
    async def office(self, info: strawberry.Info) -> OfficeType:
        """The office whose staff it is about."""
        return await known_office(info.context, self.office_id)


@strawberry.type(description="One rule that had a say, or would have had.")
class AccessRule:
    """A row of the policy in words."""

    role: str = strawberry.field(description="Role through which it speaks.")
    text: str = strawberry.field(description="The row: role, domain, condition, resource, action, effect.")
    missing: list[str] = strawberry.field(description="Facts it asks for in vain; empty if it holds.")


@strawberry.type(description="Why a permission is granted or refused.")
class AccessExplanation:
    """The verdict is the enforcer's own; the rules are shown beside it."""

    is_allowed: bool = strawberry.field(description="The verdict.")
    facts: list[str] = strawberry.field(description="Relations and states that held.")
    decided_by: str | None = strawberry.field(
        description="The rule that made the difference; null if none speaks of it."
    )
    missing: list[AccessRule] = strawberry.field(
        description="Nearest rules that would have granted it, fewest missing facts first; empty if it is granted."
    )

    @classmethod
    def of(cls, found: Explanation) -> AccessExplanation:
        """The GraphQL object of an explanation."""
        return cls(
            is_allowed=found.allowed,
            facts=list(found.facts),
            decided_by=" ".join(found.decided_by) if found.decided_by else None,
            missing=[
                AccessRule(role=each.role, text=" ".join(each.rule), missing=list(each.facts))
                for each in found.missing[:10]
            ],
        )


@strawberry.type(description="An attempt that was refused or found nothing, or a login: for audit.")
class AccessAttempt:
    """Ids and codes only, never names or texts."""

    at: datetime = strawberry.field(description="When.")
    action: str = strawberry.field(description="What was tried: the name of a field, or `login`.")
    outcome: str = strawberry.field(description="Code of the answer, such as NOT_FOUND.")
    subject: str = strawberry.field(description="Global id that was asked for; may be empty or belong to nothing.")
    person_id: strawberry.Private[int]

    @classmethod
    def of(cls, row: AccessEvent) -> AccessAttempt:
        """The GraphQL object of a row."""
        return cls(at=row.at, action=row.action, outcome=row.outcome, subject=row.subject, person_id=row.person_id)

    @field()
    async def person(self, info: strawberry.Info) -> PersonType | None:
        """Who tried; null if nobody was identified."""
        return await known_person(info.context, self.person_id) if self.person_id else None


@strawberry.input(description="A rule of access for your office or one below it.")
class AccessOverrideAddInput:
    """Input of ``accessOverrideAdd``."""

    office_id: strawberry.ID = strawberry.field(description="The office whose staff it is about.")
    is_for_subtree: bool = strawberry.field(default=False, description="Also for every office below.")
    role: str = strawberry.field(description="Role, such as `handler`.")
    relation: str = strawberry.field(description="One relation and any states, joined by +, such as `own+ordinary`.")
    permission: str = strawberry.field(description="Permission, such as `case:content`.")
    effect: Effect = strawberry.field(description="Grant it or take it away.")
    idempotency_key: str | None = strawberry.field(default=None, description="See other mutations: kept seven days.")


@strawberry.type(description="The rule that is in force now.")
class AccessOverrideAddPayload:
    """Payload of ``accessOverrideAdd``."""

    override: AccessOverride = strawberry.field(description="The rule.")


@strawberry.input(description="The rule to take out of force.")
class AccessOverrideRevokeInput:
    """Input of ``accessOverrideRevoke``."""

    override_id: strawberry.ID = strawberry.field(description="The rule.")
    idempotency_key: str | None = strawberry.field(default=None, description="See other mutations: kept seven days.")


@strawberry.type(description="The rule that is no longer in force.")
class AccessOverrideRevokePayload:
    """Payload of ``accessOverrideRevoke``."""

    override: AccessOverride = strawberry.field(description="The rule.")


@strawberry.type
class AdministrationQueries:
    """Root fields for administrators."""

    @field(metadata={"list_size": 20})
    async def access_overrides(
        self,
        info: strawberry.Info,
        office_id: Annotated[strawberry.ID, strawberry.argument(description="Your office or one below it.")],
    ) -> list[AccessOverride]:
        """Rules that an office has added beside the matrix, in force now; empty where you may not read the policy. An
        office has a handful: the ceiling bounds them."""
        context: Context = info.context
        actor = context.acting()
        number = ids.try_decode_number("Office", office_id)
        if number is None:
            return []
        async with context.reader() as session:
            try:
                found = await overrides.overrides_of(
                    session, context.policy, actor, office_id=number, now=context.now()
                )
            except NotFound:
                return []
        return [AccessOverride.of(each) for each in found]

    @field()
    async def access_attempts(
        self, info: strawberry.Info, first: First = None, after: After = None, last: Last = None, before: Before = None
    ) -> Connection[AccessAttempt] | None:
        """What people tried in vain while they acted for your office, newest first; null unless you audit it."""
        context: Context = info.context
        actor = context.acting()
        facts = office_facts(actor, actor.office_id, actor.office_path)
        if not context.policy.allows(actor, Permission.AUDIT_READ, facts):
            return None
        wanted = page(
            first=first, after=after, last=last, before=before, order=AUDIT_ORDER, filters={"office": actor.office_id}
        )
        async with context.reader() as session:
            found = await access_events(session, actor.office_id, wanted)
        return connect(found, node=AccessAttempt.of, key=lambda row: (row.at, row.id))

    @field()
    async def access_explain(
        self,
        info: strawberry.Info,
        case_id: Annotated[strawberry.ID, strawberry.argument(description="The case.")],
        person_id: Annotated[strawberry.ID, strawberry.argument(description="The colleague.")],
        office_id: Annotated[strawberry.ID, strawberry.argument(description="The office the colleague acts for.")],
        permission: Annotated[str, strawberry.argument(description="Permission, such as `case:content`.")],
    ) -> AccessExplanation | None:
        """Which rule decides whether a colleague may do something with a case, and what is missing. For administrators
        of the colleague's office; null for cases they must not learn of, as for cases that do not exist."""
        context: Context = info.context
        actor = context.acting()
        case = ids.try_decode_case_side("Case", case_id)
        person, office = ids.try_decode_number("Person", person_id), ids.try_decode_number("Office", office_id)
        if permission not in set(Permission):
            raise UnknownPermission
        if case is None or person is None or office is None:
            return None
        async with context.reader() as session:
            found = await service.explain(
                session, context.policy, actor,
                person_id=person, office_id=office, permission=Permission(permission),
                city_id=case[0], case_id=case[1], now=context.now(),
            )  # fmt: skip
        return AccessExplanation.of(found) if found is not None else None


@strawberry.type
class AdministrationMutations(OfficeMutations):
    """Mutations of administrators."""

    @mutation(AccessOverrideAddPayload)
    async def access_override_add(
        self, info: strawberry.Info, input: AccessOverrideAddInput
    ) -> AccessOverrideAddPayload:
        """Add a rule of access for your office or one below. It may not exceed the ceiling, touch the floor,
        or contradict an office above; it holds at once, in every process."""
        ctx, office_id = info.context, ids.decode_number("Office", input.office_id)
        done: list[Override] = []

        async def work(uow: UnitOfWork, actor: Actor, now: datetime) -> Outcome:
            row = await overrides.add_override(
                uow, ctx.policy, actor,
                office_id=office_id, subtree=input.is_for_subtree, role=input.role, when=input.relation,
                permission=input.permission, effect=input.effect.value, now=now,
            )  # fmt: skip
            done.append(row)
            return {"override": row.id, "office": office_id}

        outcome = await perform(info, input, work)
        return AccessOverrideAddPayload(override=AccessOverride.of(await _again(ctx, outcome, done)))

    @mutation(AccessOverrideRevokePayload)
    async def access_override_revoke(
        self, info: strawberry.Info, input: AccessOverrideRevokeInput
    ) -> AccessOverrideRevokePayload:
        """Take a rule of access out of force, at once, in every process."""
        ctx, override_id = info.context, ids.decode_number("AccessOverride", input.override_id)
        done: list[Override] = []

        async def work(uow: UnitOfWork, actor: Actor, now: datetime) -> Outcome:
            row = await overrides.revoke_override(uow, ctx.policy, actor, override_id=override_id, now=now)
            done.append(row)
            return {"override": row.id, "office": row.office_id}

        outcome = await perform(info, input, work)
        return AccessOverrideRevokePayload(override=AccessOverride.of(await _again(ctx, outcome, done)))


async def _again(context: Context, outcome: Outcome, done: list[Override]) -> Override:
    """The rule just changed; for a repeated request, the rule as it is now."""
    if done:
        return done[0]
    async with context.reader() as session:
        found = await overrides.override(session, int(outcome["override"]))
    if found is None:
        raise NotFound
    return found
