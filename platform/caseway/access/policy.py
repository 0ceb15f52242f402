"""The policy: every question about permission ends here, and here Casbin's answer is applied to an actor."""

from __future__ import annotations

import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from caseway.access import bounds, explain, matrix, repository
from caseway.access.actor import Actor
from caseway.access.bundles import Bundle, Bundles
from caseway.access.explain import Explanation
from caseway.access.facts import OFFICE_GRANTS, mask
from caseway.access.matrix import BasePolicy, Rule
from caseway.access.permissions import ROLES, SIGHT, Permission, Visibility
from caseway.access.plans import Alternative, alternatives, relations_of
from caseway.db.scope import AREA, DRAFTS, Scope
from caseway.db.session import UnitOfWork
from caseway.errors import NotFound, NotPermitted

log = structlog.get_logger(__name__)

_LEVELS: tuple[tuple[Permission, Visibility], ...] = (
    (Permission.CASE_CARD, Visibility.CARD),
    (Permission.CASE_STUB, Visibility.STUB),
    (Permission.CASE_COUNT, Visibility.COUNT),
)
_OFFICE_RELATIONS = frozenset({"own", *OFFICE_GRANTS})
_AREA_RELATIONS = frozenset({"below", "reasoned"})
_PERSON_RELATIONS = frozenset({"mine", "led", "linked"})


class Policy:
    """One per process. Questions are answered from memory; ``refresh`` takes in changes of the offices' own rules."""

    def __init__(self, base: BasePolicy | None = None) -> None:
        """Loads the committed policy (``PolicyEmpty`` when it is not whole)."""
        self.base = base or matrix.load()
        self.bounds = bounds.Bounds(self.base)
        self.bundles = Bundles(self.base)
        #: The epoch of the rules that are in force here.
        self.epoch = 0
        #: Rules found in the database that must not be: not applied, and an alarm in the log.
        self.dropped: tuple[Rule, ...] = ()
        self._live: dict[int, Rule] = {}

    def allows(self, actor: Actor, permission: Permission, facts: int) -> bool:
        """Whether some role of the actor grants the permission under these facts."""
        bundle = self.bundles.of(actor)
        return any(bundle.granted(role, facts, permission) for role in _known(actor))

    def permissions(self, actor: Actor, facts: int) -> frozenset[Permission]:
        """Everything that is granted under these facts."""
        bundle = self.bundles.of(actor)
        bits = 0
        for role in _known(actor):
            bits |= bundle.bits(role, facts)
        return frozenset(permission for permission in Permission if bits & permission.bit)

    def visibility(self, actor: Actor, facts: int) -> Visibility:
        """How much of a case the actor sees."""
        if self.allows(actor, Permission.CASE_CONTENT, facts):
            identity = self.allows(actor, Permission.CASE_IDENTITY, facts)
            return Visibility.FULL if identity else Visibility.CONTENT
        for permission, level in _LEVELS:
            if self.allows(actor, permission, facts):
                return level
        return Visibility.NONE

    async def require(self, uow: UnitOfWork, actor: Actor, permission: Permission, facts: int) -> None:
        """Grant the permission to a unit of work or refuse it.

        Rules that changed a moment ago in another process are taken in first. Whoever may not see the case is told
        ``NotFound``, exactly as if it did not exist; ``NotPermitted`` is only for those who see it.
        """
        await self.refresh(uow.session)
        if not self.allows(actor, permission, facts):
            if permission.needs_sight and self.visibility(actor, facts) < Visibility.STUB:
                raise NotFound
            raise NotPermitted(permission=permission.value)
        await uow.permitted()

    def scope(self, actor: Actor) -> Scope:
        """The principals under which the second lock opens rows to this actor: only such as its roles can use."""
        relations: set[str] = set()
        for permission in SIGHT:
            relations |= relations_of(self.alternatives(actor, permission))
        principals = []
        if actor.office_id > 0 and relations & _OFFICE_RELATIONS:
            principals.append(actor.office_id)
        if actor.office_id > 0 and actor.seat_id > 0 and relations & _AREA_RELATIONS:
            principals.append(AREA + actor.seat_id)
        if actor.person_id > 0 and relations & _PERSON_RELATIONS:
            principals.append(-actor.person_id)
        if actor.office_id > 0 and self.allows(actor, Permission.RULE_READ_DRAFT, mask("own")):
            principals.append(DRAFTS + actor.office_id)
        return Scope(principals=tuple(principals), bars=actor.bars)

    def alternatives(self, actor: Actor, permission: Permission) -> tuple[Alternative, ...]:
        """The ways to a permission, for ``plans_sql``."""
        return alternatives(self.bundles.of(actor), _known(actor), permission)

    def explain(self, actor: Actor, permission: Permission, facts: int) -> Explanation:
        """Which rule decided, and what is missing: for administrators."""
        return explain.explain(self.bundles.of(actor), _known(actor), permission, facts)

    def bundle_of(self, chain: tuple[int, ...]) -> Bundle:
        """The rules in force for the office at the end of a chain."""
        return self.bundles.of_chain(chain)

    async def refresh(self, session: AsyncSession) -> bool:
        """Take in the offices' own rules if they changed since the last look; whether they had. One short query when
        nothing changed. A transaction that changes rules itself learns nothing from itself: it may yet fail."""
        if repository.raises_epoch(session):
            return False
        while True:
            epoch = await repository.epoch(session)
            if epoch == self.epoch:
                return False
            if await self._take_in(session, epoch):
                return True

    async def refresh_locked(self, session: AsyncSession, epoch: int) -> None:
        """The same inside a transaction that has raised the epoch to ``epoch + 1``, before it writes a rule: while it
        holds the epoch, nobody else can change any."""
        while self.epoch != epoch:
            await self._take_in(session, epoch)

    async def _take_in(self, session: AsyncSession, epoch: int) -> bool:
        """Read and apply what changed; False when somebody else did so meanwhile and it must be looked at again."""
        before = self.epoch
        # A database that was restored or replaced can be behind: then everything is read anew.
        since = before if epoch > before else -1
        rows = await repository.changed_rules(session, since=since)
        if self.epoch != before:
            return False
        live = dict(self._live) if since >= 0 else {}
        for row in rows:
            if row.revoked_at is None:
                live[row.id] = (row.sub, row.dom, row.when, row.obj, row.act, row.eft)
            else:
                live.pop(row.id, None)
        self._apply(live)
        self.epoch = epoch
        return True

    def _apply(self, live: dict[int, Rule]) -> None:
        sound: list[Rule] = []
        unsound: list[Rule] = []
        for rule in live.values():
            (unsound if self.bounds.faults(rule) else sound).append(rule)
        for rule in unsound:
            if rule not in self.dropped:
                log.error("access.rule_dropped", rule=list(rule), faults=self.bounds.faults(rule))
        self.bundles.swap(sound)
        self._live = live
        self.dropped = tuple(sorted(unsound))


def _known(actor: Actor) -> tuple[str, ...]:
    """The actor's roles that exist. Casbin's role manager would remember every unknown name for ever."""
    return tuple(role for role in actor.roles if role in ROLES)
