"""How far offices may change the matrix: a second, small Casbin model says what may be added and what must stay."""

from __future__ import annotations

import re

import casbin

from caseway import bundle as files
from caseway.access.bundles import Bundle
from caseway.access.errors import PolicyEmpty, PolicyInvalid
from caseway.access.facts import BIT, RELATIONS, ROW_STATES, needed, relation_of, state_mask
from caseway.access.matrix import BasePolicy, Rule, rule_faults
from caseway.access.permissions import ROLES, Permission

_DOMAIN = re.compile(r"t[1-9][0-9]{0,9}(\.\.)?")
#: Relations that no office may speak of: everybody's, and the accused side's.
_UNTOUCHABLE = frozenset({"any", "accused"})
_FEWEST_ROWS = 20
_AUDITOR = frozenset({"case:count", "case:stub", "case:card", "case:history"})
#: What only the handler, the leader in charge, or a recorded reason opens.
_IDENTITY_RELATIONS = ("mine", "led", "reasoned")


def within(kind: str, asked: str, listed: str) -> bool:
    """For a ceiling: what is asked is as narrow as what is listed, or narrower. For a floor: they overlap."""
    if not asked or not listed:
        return False
    if kind == "ceiling":
        return needed(listed) <= needed(asked)
    together = needed(asked) | needed(listed)
    return relation_of(asked) == relation_of(listed) and not {"ordinary", "accusation"} <= together


class Bounds:
    """Checks rules of offices. Says nothing about who may write them: that is a permission."""

    def __init__(self, base: BasePolicy) -> None:
        self._base = base
        self._enforcer = casbin.Enforcer(str(files.path("policies", "ceiling.conf")))
        self._enforcer.add_function("within", within)
        rows = self._enforcer.model["p"]["p"].policy
        rows.extend(_parse(files.text("policies", "ceiling.csv")))
        self._enforcer.model["g"]["g"].policy.extend(list(pair) for pair in base.inheritance)
        self._enforcer.build_role_links()

    def faults(self, rule: Rule) -> list[str]:
        """Why a rule must not be in force for any office; empty = sound. Asked again for every rule that is loaded."""
        return _syntax(rule) or self._limits(rule)

    def contradiction(self, rule: Rule, bundle: Bundle) -> Rule | None:
        """A deny of this office or one above that overlaps with an allow, so that the allow would have no effect."""
        sub, _, when, obj, act, eft = rule
        if eft != "allow":
            return None
        concerned = self._base.ancestors(sub)
        for other in bundle.overrides:
            same = other[3:5] == (obj, act) and other[5] == "deny" and other[0] in concerned
            if same and within("floor", when, other[2]):
                return other
        return None

    def _limits(self, rule: Rule) -> list[str]:
        sub, _, when, obj, act, eft = rule
        if eft == "allow":
            covered = self._enforcer.enforce("ceiling", sub, when, obj, act)
            return [] if covered else ["beyond what offices may add"]
        heirs = sorted(self._base.heirs(sub))
        if any(self._enforcer.enforce("floor", heir, when, obj, act) for heir in heirs):
            return ["touches what no office may take away"]
        return []

    def consequences(self, rule: Rule) -> list[str]:
        """Try a sound rule out beside the matrix and name the principle that it would break; empty = none. For every
        role that it reaches, every relation with and without the accused side, and every state. The ceiling should
        leave nothing to find here; this is the check that it does."""
        permission = Permission(f"{rule[3]}:{rule[4]}")
        if rule[5] != "allow" or permission.resource != "case":
            return []
        tried = Bundle(self._base, (rule,))
        for role in sorted(self._base.heirs(rule[0]) & set(ROLES)):
            for relation in RELATIONS:
                for state in ROW_STATES:
                    facts = BIT["any"] | BIT[relation] | state_mask(state)
                    if tried.granted(role, facts, permission) and (fault := broken(role, permission, facts)):
                        return [fault]
                    if tried.granted(role, facts | BIT["accused"], permission) and permission.needs_sight:
                        return ["the accused side would see or act"]
        return []


def broken(role: str, permission: Permission, facts: int) -> str | None:
    """The principle that a grant of a case permission under these facts would break; None = none. Holds for the matrix
    and for every rule that an office adds."""
    if permission.resource != "case" or permission is Permission.CASE_REGISTER:
        return None
    relations = [name for name in RELATIONS if name != "any" and facts & BIT[name]]
    if facts & BIT["accused"]:
        return "the accused side would see or act"
    if not relations:
        return "a case right without a relation to the case"
    if role in ("tenant_admin", "platform_operator", "agent"):
        return "administration stays apart from cases"
    if role == "auditor" and permission.value not in _AUDITOR:
        return "audit sees neither texts nor persons, and does nothing"
    if facts & BIT["accusation"]:
        return _broken_for_accusation(permission, frozenset(relations), bool(facts & BIT["competent"]))
    if permission is Permission.CASE_IDENTITY and not set(relations) & set(_IDENTITY_RELATIONS):
        return "identities are for the handler, the leader in charge and a recorded reason"
    return None


def _broken_for_accusation(permission: Permission, relations: frozenset[str], competent: bool) -> str | None:
    if permission is Permission.CASE_COUNT:
        return None if "below" in relations else "accusations are counted from above only"
    knowing = relations & {"mine", "addressee"} or (competent and relations & {"own", "led"})
    if permission is Permission.CASE_STUB:
        return None if knowing or "custody" in relations else "an accusation outside the competent body"
    if not knowing:
        return "an accusation outside the competent body"
    texts = (Permission.CASE_CONTENT, Permission.CASE_HISTORY, Permission.CASE_IDENTITY, Permission.CASE_ANSWER)
    if permission in texts and not ("mine" in relations or (competent and "led" in relations)):
        return "texts and persons of an accusation for anybody but its handler and its leader in the competent body"
    return None


def _syntax(rule: Rule) -> list[str]:
    """Only what is known, one relation, an office's own domain: nothing that Casbin would read as syntax gets in."""
    if faults := rule_faults(rule):
        return faults
    sub, dom, when, *_ = rule
    if sub not in ROLES:
        return ["rules of offices speak of one role that people hold"]
    if not _DOMAIN.fullmatch(dom):
        return ["the domain is t<office id> or t<office id>.."]
    if needed(when) & _UNTOUCHABLE:
        return ["offices may not speak of everybody or of the accused side"]
    return []


def _parse(text: str) -> list[list[str]]:
    rows = []
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip() or line.startswith("#"):
            continue
        kind, *fields = [field.strip() for field in line.split(",")]
        if kind != "p" or len(fields) != 5 or fields[0] not in ("ceiling", "floor"):
            raise PolicyInvalid(f"ceiling.csv line {number}: {line!r}")
        if faults := rule_faults((fields[1], "*", fields[2], fields[3], fields[4], "allow")):
            raise PolicyInvalid(f"ceiling.csv line {number}: {'; '.join(faults)}")
        rows.append(fields)
    if len(rows) < _FEWEST_ROWS:
        raise PolicyEmpty("the ceiling has too few rows to be the platform's own.", rows=len(rows))
    return rows
