"""Bundles: immutable sets of rules that Casbin decides by, and the bitmaps in which its decisions are remembered."""

from __future__ import annotations

import logging
import threading
from collections import OrderedDict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from casbin.fast_enforcer import FastEnforcer

from caseway import bundle as files
from caseway.access.actor import Actor
from caseway.access.facts import State, names, needed
from caseway.access.matrix import BasePolicy, Rule
from caseway.access.permissions import Permission

if TYPE_CHECKING:
    from caseway.access.plans import Alternative

#: One for all enforcers: Casbin parses its matcher at every call, which Python 3.11 does not do safely in several
#: threads at once, and its fast enforcer filters rows in the instance.
_LOCK = threading.RLock()
#: Requests are (role, domains, facts, resource, action): rows are found by the last two.
_KEYS = [3, 4]
_MOST_CELLS = 1 << 16
#: Casbin notes every "no" as a warning, with the facts it was asked about. It switches its logger off, but whoever
#: configures logging later (a web server) switches it on again; a level stays.
logging.getLogger("casbin.enforcer").setLevel(logging.ERROR)
_ALL_BITS = (1 << len(Permission)) - 1


def holds(facts: frozenset[str], when: str) -> bool:
    """Whether facts satisfy a condition. An empty one never holds: Casbin asks with it when it has no rules."""
    return bool(when) and needed(when) <= facts


@dataclass(frozen=True, slots=True)
class RolePlan:
    """What the enforcer answered about one role and permission: per relation, the states in which it grants it, and
    those in which it takes it away."""

    allow: dict[str, frozenset[State]]
    deny: dict[str, frozenset[State]]


class Bundle:
    """The rules in force for a chain of offices. Never changed after it was made; a change makes a new one."""

    def __init__(self, base: BasePolicy, overrides: tuple[Rule, ...] = ()) -> None:
        self.overrides = overrides
        self.domains = tuple(sorted({rule[1] for rule in overrides}))
        #: Answers of whole series of questions, kept by ``plans``.
        self.plans: dict[tuple[str, Permission], RolePlan] = {}
        self.ways: dict[tuple[tuple[str, ...], Permission], tuple[Alternative, ...]] = {}
        self._base = base
        #: (role, facts) -> (permissions asked, permissions granted), as bitmaps.
        self._cells: dict[tuple[str, int], tuple[int, int]] = {}
        with _LOCK:
            self._enforcer = FastEnforcer(str(files.path("policies", "model.conf")), cache_key_order=_KEYS)
            self._enforcer.add_function("holds", holds)
            rows = self._enforcer.model["p"]["p"].policy
            for rule in (*base.rules, *overrides):
                rows.append(list(rule))
            self._enforcer.model["g"]["g"].policy.extend(list(pair) for pair in base.inheritance)
            self._enforcer.build_role_links()

    def enforce(self, role: str, facts: int, permission: Permission) -> bool:
        """Ask Casbin, without remembering the answer."""
        with _LOCK:
            return self._ask(role, facts, permission)

    def granted(self, role: str, facts: int, permission: Permission) -> bool:
        """Casbin's answer, remembered."""
        asked, yes = self._cells.get((role, facts), (0, 0))
        if not asked & permission.bit:
            yes = self._fill(role, facts, permission.bit)
        return bool(yes & permission.bit)

    def bits(self, role: str, facts: int) -> int:
        """Casbin's answers about every permission, as a bitmap, remembered."""
        asked, yes = self._cells.get((role, facts), (0, 0))
        return yes if asked == _ALL_BITS else self._fill(role, facts, _ALL_BITS)

    def rules(self, role: str, permission: Permission) -> list[Rule]:
        """The rules about a permission that concern a role in this bundle's offices."""
        roles = self._base.ancestors(role)
        return [
            rule
            for rule in (*self._base.rules, *self.overrides)
            if rule[3] == permission.resource
            and rule[4] == permission.action
            and (rule[0] == "*" or rule[0] in roles)
            and (rule[1] == "*" or rule[1] in self.domains)
        ]

    def _fill(self, role: str, facts: int, wanted: int) -> int:
        with _LOCK:
            asked, yes = self._cells.get((role, facts), (0, 0))
            for permission in Permission:
                if wanted & permission.bit & ~asked and self._ask(role, facts, permission):
                    yes |= permission.bit
            if len(self._cells) >= _MOST_CELLS:
                self._cells.clear()
            self._cells[(role, facts)] = (asked | wanted, yes)
        return yes

    def _ask(self, role: str, facts: int, permission: Permission) -> bool:
        return bool(self._enforcer.enforce(role, self.domains, names(facts), permission.resource, permission.action))


@lru_cache(4)
def base_bundle(base: BasePolicy) -> Bundle:
    """The bundle of a policy without rules of offices. It never changes: all who ask share its remembered answers."""
    return Bundle(base)


def domains(chain: tuple[int, ...]) -> tuple[str, ...]:
    """The policy domains in force for the office at the end of a chain: every subtree above it, and itself."""
    return (*(f"t{office}.." for office in chain), *(f"t{office}" for office in chain[-1:]))


class Bundles:
    """Finds the bundle of an actor: the base one, unless somebody in the chain of offices has rules of its own."""

    def __init__(self, base: BasePolicy, *, overrides: Mapping[str, tuple[Rule, ...]] | None = None, most: int = 256):
        self.base_policy = base
        self.base = base_bundle(base)
        self._most = most
        self._overrides: Mapping[str, tuple[Rule, ...]] = overrides or {}
        self._by_rules: OrderedDict[tuple[Rule, ...], Bundle] = OrderedDict()

    def of(self, actor: Actor) -> Bundle:
        """The actor's bundle."""
        return self.of_chain(actor.chain)

    def of_chain(self, chain: tuple[int, ...]) -> Bundle:
        """The bundle of the office at the end of a chain."""
        overrides = self._overrides
        if not overrides:
            return self.base
        rules = tuple(sorted(rule for domain in domains(chain) for rule in overrides.get(domain, ())))
        return self.of_rules(rules)

    def of_rules(self, rules: tuple[Rule, ...]) -> Bundle:
        """The bundle with exactly these rules beside the base."""
        if not rules:
            return self.base
        with _LOCK:
            found = self._by_rules.get(rules)
            if found is None:
                found = self._by_rules[rules] = Bundle(self.base_policy, rules)
                while len(self._by_rules) > self._most:
                    self._by_rules.popitem(last=False)
            else:
                self._by_rules.move_to_end(rules)
            return found

    def swap(self, rules: Iterable[Rule]) -> None:
        """Replace every override at once. Bundles that are in use stay as they are; the next question finds the new."""
        fresh: dict[str, list[Rule]] = {}
        for rule in rules:
            fresh.setdefault(rule[1], []).append(rule)
        self._overrides = {domain: tuple(sorted(found)) for domain, found in fresh.items()}
