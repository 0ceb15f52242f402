"""From the hand-written matrix to the rows that Casbin reads, and the checks that every row must pass."""

from __future__ import annotations

from dataclasses import dataclass

from caseway import bundle
from caseway.access.errors import PolicyEmpty, PolicyInvalid
from caseway.access.facts import RELATIONS, STATES
from caseway.access.permissions import BASE_ROLES, ROLES, action_names

#: (role, domain, condition, resource, action, effect)
Rule = tuple[str, str, str, str, str, str]
#: (role, role it inherits from)
Inheritance = tuple[str, str]

#: A base policy with fewer rows was truncated on its way here.
FEWEST_RULES = 150
EFFECTS = ("allow", "deny")
_HEADER = "# Generated from matrix.tsv by `caseway policies generate`: do not edit."
_COLUMNS = 5


@dataclass(frozen=True, slots=True)
class BasePolicy:
    """The policy that holds for the whole platform."""

    rules: tuple[Rule, ...]
    inheritance: tuple[Inheritance, ...]

    def ancestors(self, role: str) -> frozenset[str]:
        """The role and everything it inherits from."""
        found = {role}
        while more := {base for heir, base in self.inheritance if heir in found} - found:
            found |= more
        return frozenset(found)

    def heirs(self, role: str) -> frozenset[str]:
        """The role and everything that inherits from it; every role for ``*``."""
        known = (*ROLES, *BASE_ROLES)
        return frozenset(name for name in known if role == "*" or role in self.ancestors(name))


def load() -> BasePolicy:
    """The committed policy; refuses to serve when it is empty, cut short or malformed."""
    return parse_policy(bundle.text("policies", "policy.csv"))


def parse_policy(text: str) -> BasePolicy:
    """Rules and inheritance in Casbin's own CSV; ``PolicyEmpty`` when there are too few, else ``PolicyInvalid``."""
    rules: list[Rule] = []
    inheritance: list[Inheritance] = []
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip() or line.startswith("#"):
            continue
        kind, *fields = [field.strip() for field in line.split(",")]
        if kind == "p" and len(fields) == 6:
            rule = (fields[0], fields[1], fields[2], fields[3], fields[4], fields[5])
            if faults := rule_faults(rule):
                raise PolicyInvalid(f"policy.csv line {number}: {'; '.join(faults)}")
            rules.append(rule)
        elif kind == "g" and len(fields) == 2:
            inheritance.append((fields[0], fields[1]))
        else:
            raise PolicyInvalid(f"policy.csv line {number}: neither a rule nor an inheritance: {line!r}")
    if len(rules) < FEWEST_RULES or not inheritance:
        raise PolicyEmpty(rows=len(rules), fewest=FEWEST_RULES)
    if not any(rule[2] == "accused" and rule[0] == "*" and rule[5] == "deny" for rule in rules):
        raise PolicyInvalid("policy.csv: the deny for the accused side is missing")
    return BasePolicy(tuple(rules), tuple(inheritance))


def parse_matrix(text: str) -> BasePolicy:
    """The hand-written matrix as rules and inheritance, in its order and without repetition."""
    rules: dict[Rule, None] = {}
    inheritance: dict[Inheritance, None] = {}
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip() or line.startswith("#"):
            continue
        fields = line.split("\t")
        if len(fields) != _COLUMNS:
            raise PolicyInvalid(f"matrix.tsv line {number}: {len(fields)} columns instead of {_COLUMNS}")
        effect, role, when, resource, words = fields
        if effect == "inherit":
            inheritance |= dict.fromkeys((role, base) for base in words.split())
            continue
        for action in _actions(resource, words, number):
            rule = (role, "*", when, resource, action, effect)
            if faults := rule_faults(rule):
                raise PolicyInvalid(f"matrix.tsv line {number}: {'; '.join(faults)}")
            rules[rule] = None
    return BasePolicy(tuple(rules), tuple(inheritance))


def render_policy(policy: BasePolicy) -> str:
    """The text of policy.csv."""
    lines = [_HEADER]
    lines += [f"p, {', '.join(rule)}" for rule in policy.rules]
    lines += [f"g, {heir}, {base}" for heir, base in policy.inheritance]
    return "\n".join(lines) + "\n"


def rule_faults(rule: Rule) -> list[str]:
    """What is wrong with a rule's fields; empty = well formed. That each condition names exactly one relation is what
    makes SQL plans complete: no combination of relations can mean more than its members."""
    role, _, when, resource, action, effect = rule
    faults = []
    if role != "*" and role not in ROLES and role not in BASE_ROLES:
        faults.append(f"unknown role {role!r}")
    words = when.split("+")
    unknown = [word for word in words if word not in RELATIONS and word not in STATES]
    if unknown:
        faults.append(f"unknown fact {unknown[0]!r}")
    if sum(word in RELATIONS for word in words) != 1 or len(set(words)) != len(words):
        faults.append(f"{when!r} must name exactly one relation, and each state at most once")
    if action not in action_names(resource):
        faults.append(f"unknown permission {resource}:{action}")
    if effect not in EFFECTS:
        faults.append(f"unknown effect {effect!r}")
    return faults


def _actions(resource: str, words: str, number: int) -> list[str]:
    first, *rest = words.split()
    if first != "ALL":
        return [first, *rest]
    known = action_names(resource)
    without = [word.removeprefix("-") for word in rest]
    if any(not word.startswith("-") for word in rest) or any(name not in known for name in without):
        raise PolicyInvalid(f"matrix.tsv line {number}: after ALL only known actions with a minus")
    return [action for action in known if action not in without]
