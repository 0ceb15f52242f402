"""Explaining a decision to administrators: which rule decided, which others had a say, what was missing."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from caseway.access.bundles import Bundle, holds
from caseway.access.facts import FACTS, names, needed
from caseway.access.matrix import Rule
from caseway.access.permissions import Permission


@dataclass(frozen=True, slots=True)
class Missing:
    """A rule that would have granted it, and the facts that it asks for in vain."""

    role: str
    rule: Rule
    facts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RoleExplanation:
    """What one role contributed. ``decided_by`` is the deny that refused, else the allow that granted, else None."""

    role: str
    allowed: bool
    decided_by: Rule | None
    denies: tuple[Rule, ...]
    allows: tuple[Rule, ...]


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why a permission is granted or refused. Several roles: one that grants is enough."""

    permission: Permission
    allowed: bool
    #: The facts that held, in the catalogue's order.
    facts: tuple[str, ...]
    roles: tuple[RoleExplanation, ...]
    #: Nearest rules that would have granted it, fewest missing facts first; empty when it is granted.
    missing: tuple[Missing, ...]

    @property
    def decided_by(self) -> Rule | None:
        """The rule that made the difference; None when no rule speaks of it."""
        deciding = [part.decided_by for part in self.roles if part.allowed == self.allowed and part.decided_by]
        return deciding[0] if deciding else None


def explain(bundle: Bundle, roles: Iterable[str], permission: Permission, facts: int) -> Explanation:
    """Explain the bundle's answer. The verdict is Casbin's own; the rules are shown beside it."""
    held = names(facts)
    parts = []
    missing: list[Missing] = []
    for role in roles:
        allowed = bundle.enforce(role, facts, permission)
        rules = bundle.rules(role, permission)
        met = [rule for rule in rules if holds(held, rule[2])]
        denies = tuple(rule for rule in met if rule[5] == "deny")
        allows = tuple(rule for rule in met if rule[5] == "allow")
        parts.append(RoleExplanation(role, allowed, (*denies, *allows, None)[0], denies, allows))
        missing += [
            Missing(role, rule, tuple(sorted(needed(rule[2]) - held, key=FACTS.index)))
            for rule in rules
            if rule[5] == "allow" and not holds(held, rule[2])
        ]
    allowed = any(part.allowed for part in parts)
    missing.sort(key=lambda miss: (len(miss.facts), miss.rule))
    ordered = tuple(name for name in FACTS if name in held)
    return Explanation(permission, allowed, ordered, tuple(parts), () if allowed else tuple(missing))
