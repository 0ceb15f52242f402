"""The policy that ships: generated from the matrix, golden, whole, and true to its principles in every cell."""

from __future__ import annotations

from itertools import combinations

import pytest

from access.world import NOW, make_world
from caseway import bundle
from caseway.access import golden, matrix
from caseway.access.bounds import broken
from caseway.access.bundles import base_bundle
from caseway.access.errors import PolicyEmpty, PolicyInvalid
from caseway.access.facts import BIT, OFFICE_GRANTS, RELATIONS, ROW_STATES, case_facts, mask, state_mask
from caseway.access.matrix import BasePolicy
from caseway.access.permissions import BASE_ROLES, CASE_PERMISSIONS, ROLES, SIGHT, Permission, Visibility
from caseway.access.policy import Policy


def test_policy_csv_is_what_the_matrix_says() -> None:
    base = matrix.parse_matrix(bundle.text("policies", "matrix.tsv"))
    assert bundle.text("policies", "policy.csv") == matrix.render_policy(base)


def test_the_golden_table_is_up_to_date(base: BasePolicy) -> None:
    assert bundle.text("policies", "golden.tsv").splitlines() == golden.render(base).splitlines()


@pytest.mark.parametrize("keep", [0, 1, 100])
def test_an_empty_or_short_policy_refuses_to_start(keep: int) -> None:
    lines = bundle.text("policies", "policy.csv").splitlines()
    rules = [line for line in lines if line.startswith("p,")][:keep]
    roles = [line for line in lines if line.startswith("g,")]
    with pytest.raises(PolicyEmpty) as refused:
        matrix.parse_policy("\n".join([*rules, *roles]))
    assert refused.value.code == "POLICY_EMPTY"


def test_a_policy_without_the_deny_for_the_accused_side_refuses_to_start() -> None:
    lines = bundle.text("policies", "policy.csv").splitlines()
    with pytest.raises(PolicyInvalid):
        matrix.parse_policy("\n".join(line for line in lines if ", accused, " not in line))


@pytest.mark.parametrize(
    "line",
    [
        "allow\tclerk\town+below\tcase\tcard",
        "allow\tclerk\tordinary\tcase\tcard",
        "allow\tclerk\town+own\tcase\tcard",
        "allow\tclerk\town\tcase\tfly",
        "allow\tclerk\town\tplane\tread",
        "allow\tking\town\tcase\tcard",
        "Deny\tclerk\town\tcase\tcard",
        "allow\tclerk\town\tcase\tALL card",
        "allow clerk own case card",
    ],
)
def test_a_line_that_is_not_well_formed_is_refused(line: str) -> None:
    with pytest.raises(PolicyInvalid):
        matrix.parse_matrix(line)


def test_every_permission_is_somebodys(base: BasePolicy) -> None:
    allowed = {(rule[3], rule[4]) for rule in base.rules if rule[5] == "allow"}
    assert {(permission.resource, permission.action) for permission in Permission} == allowed


def test_every_role_inherits_from_officer_and_no_role_from_itself(base: BasePolicy) -> None:
    for role in ROLES:
        assert "officer" in base.ancestors(role)
    assert {heir for heir, _ in base.inheritance} | {b for _, b in base.inheritance} <= {*ROLES, *BASE_ROLES}
    assert all(heir not in base.ancestors(of) for heir, of in base.inheritance)


def _cells() -> list[int]:
    """Every state with up to two relations."""
    names = [name for name in RELATIONS if name not in ("any", "accused")]
    pairs = [(), *combinations(names, 1), *combinations(names, 2)]
    return [mask(*pair) | state_mask(state) for pair in pairs for state in ROW_STATES]


def test_no_cell_breaks_a_principle(base: BasePolicy) -> None:
    """All roles x up to two relations x all states x all permissions, each asked of Casbin relation by relation: rules
    name one relation each, so what two relations grant together is what either grants alone."""
    tried = base_bundle(base)
    cells = _cells()
    assert len(cells) > 400
    for role in ROLES:
        alone = {
            (relation, state): tried.bits(role, mask(relation) | state_mask(state))
            for relation in RELATIONS
            for state in ROW_STATES
        }
        for facts in cells:
            state = (bool(facts & BIT["open"]), bool(facts & BIT["accusation"]), bool(facts & BIT["competent"]))
            held = [name for name in RELATIONS if facts & BIT[name]]
            bits = 0
            for relation in held:
                bits |= alone[relation, state]
            for permission in CASE_PERMISSIONS:
                if bits & permission.bit:
                    assert broken(role, permission, facts) is None, (role, held, state, permission)


def test_two_relations_grant_what_either_grants(base: BasePolicy) -> None:
    tried = base_bundle(base)
    for role in ("dispatcher", "auditor", "leader"):
        for first, second in (("own", "custody"), ("below", "reasoned"), ("mine", "own"), ("below", "informed")):
            for state in ROW_STATES[1::2]:
                together = tried.bits(role, mask(first, second) | state_mask(state))
                apart = tried.bits(role, mask(first) | state_mask(state)) | tried.bits(
                    role, mask(second) | state_mask(state)
                )
                assert together == apart


def test_the_accused_side_can_do_nothing_but_register(base: BasePolicy) -> None:
    tried = base_bundle(base)
    register = Permission.CASE_REGISTER.bit
    case_bits = sum(permission.bit for permission in CASE_PERMISSIONS)
    everything = mask(*(name for name in RELATIONS if name != "accused"))
    for role in ROLES:
        for state in ROW_STATES:
            for facts in (everything, *(mask(relation) for relation in RELATIONS)):
                assert not tried.bits(role, facts | BIT["accused"] | state_mask(state)) & case_bits & ~register
        assert bool(tried.bits(role, mask("own", "accused")) & register) == (role in ("clerk", "dispatcher"))


def test_administration_has_no_case_right_at_all(base: BasePolicy) -> None:
    tried = base_bundle(base)
    everything = mask(*(name for name in RELATIONS if name != "accused"))
    case_bits = sum(permission.bit for permission in CASE_PERMISSIONS)
    for role in ("tenant_admin", "platform_operator", "agent"):
        for state in ROW_STATES:
            assert not tried.bits(role, everything | state_mask(state)) & case_bits


def test_audit_reads_cards_and_histories_of_ordinary_cases_only(base: BasePolicy) -> None:
    policy = Policy(base)
    auditor = make_world(1, cases=0).actor(1, 1, "auditor")
    for relation in ("own", "below"):
        found = policy.permissions(auditor, mask(relation, "ordinary", "open"))
        cases = {permission.action for permission in found if permission.resource == "case"}
        assert cases - {"count"} == {"stub", "card", "history"}
    assert policy.visibility(auditor, mask("below", "accusation", "open")) == Visibility.COUNT
    assert policy.visibility(auditor, mask("own", "accusation", "open")) == Visibility.NONE


@pytest.mark.parametrize("role", ROLES)
def test_whoever_may_act_on_a_case_sees_it(base: BasePolicy, role: str) -> None:
    tried = base_bundle(base)
    sight = sum(permission.bit for permission in SIGHT)
    for relation in RELATIONS:
        for state in ROW_STATES:
            bits = tried.bits(role, mask(relation) | state_mask(state))
            if any(bits & permission.bit for permission in CASE_PERMISSIONS if permission.needs_sight):
                assert bits & sight, (relation, state)
            if bits & (Permission.CASE_CARD.bit | Permission.CASE_CONTENT.bit):
                assert bits & Permission.CASE_STUB.bit, (relation, state)


_O, _A = ("ordinary", "open"), ("accusation", "open")
_V = Visibility


@pytest.mark.parametrize(
    ("relations", "states", "expected"),
    [
        # domain 5.5, "ordinary case"
        (("own", "mine"), _O, {"clerk": _V.FULL, "handler": _V.FULL, "leader": _V.FULL}),
        (("led",), _O, {"leader": _V.FULL}),
        (("own",), _O, {"clerk": _V.CARD, "handler": _V.CARD, "dispatcher": _V.CARD, "leader": _V.CARD}),
        (("custody",), _O, {"clerk": _V.CARD, "handler": _V.CARD, "leader": _V.CARD}),
        (("joint",), _O, {"handler": _V.CONTENT, "dispatcher": _V.CONTENT, "leader": _V.CONTENT, "clerk": _V.NONE}),
        (("below",), _O, {"dispatcher": _V.CARD, "leader": _V.CARD, "supervisor": _V.CARD, "handler": _V.NONE}),
        (("below", "reasoned"), _O, {"dispatcher": _V.FULL, "leader": _V.FULL, "supervisor": _V.FULL}),
        (("informed",), _O, {"clerk": _V.CARD, "handler": _V.CARD}),
        (("linked",), _O, {"linked_leader": _V.CARD, "leader": _V.CARD, "auditor": _V.NONE}),
        (("below",), _O, {"linked_leader": _V.NONE}),
        (("advisor",), _O, {"leader": _V.CONTENT, "handler": _V.NONE}),
        (("addressee",), _O, {"dispatcher": _V.CONTENT, "handler": _V.CARD, "clerk": _V.CARD, "reviewer": _V.NONE}),
        ((), _O, dict.fromkeys(ROLES, _V.NONE)),
        # domain 5.5, "accusation"
        (("own", "mine"), (*_A, "competent"), {"handler": _V.FULL, "clerk": _V.FULL}),
        (("led",), (*_A, "competent"), {"leader": _V.FULL}),
        (("own", "mine"), _A, {"handler": _V.FULL, "clerk": _V.FULL}),
        (("led",), _A, dict.fromkeys(ROLES, _V.NONE)),
        (("own",), _A, dict.fromkeys(ROLES, _V.NONE)),
        (("own",), (*_A, "competent"), {"dispatcher": _V.CARD, "leader": _V.CARD, "handler": _V.NONE}),
        (("below",), _A, {"leader": _V.COUNT, "supervisor": _V.COUNT, "dispatcher": _V.NONE, "handler": _V.NONE}),
        (("below", "reasoned"), _A, {"leader": _V.COUNT, "dispatcher": _V.NONE}),
        (("joint",), _A, dict.fromkeys(ROLES, _V.NONE)),
        (("informed",), _A, dict.fromkeys(ROLES, _V.NONE)),
        (("linked",), _A, dict.fromkeys(ROLES, _V.NONE)),
        (("advisor",), _A, dict.fromkeys(ROLES, _V.NONE)),
        (("custody",), _A, {"clerk": _V.STUB, "leader": _V.STUB, "auditor": _V.NONE}),
        (("addressee",), _A, {"dispatcher": _V.CARD, "handler": _V.CARD, "leader": _V.CARD, "clerk": _V.NONE}),
        ((), _A, dict.fromkeys(ROLES, _V.NONE)),
    ],
)
def test_who_sees_how_much(
    policy: Policy, relations: tuple[str, ...], states: tuple[str, ...], expected: dict[str, Visibility]
) -> None:
    world = make_world(1, cases=0)
    for role, level in expected.items():
        actor = world.actor(1, 1, role)
        assert policy.visibility(actor, mask(*relations, *states)) == level, role
        assert policy.visibility(actor, mask(*relations, *states, "accused")) == Visibility.NONE


def test_facts_are_those_of_the_row() -> None:
    world = make_world(3, cases=300)
    seen: set[str] = set()
    for actor in (world.actor(p, o, "leader") for p in (1, 2, 3) for o in sorted(world.places)):
        for case in world.cases:
            facts = case_facts(actor, case, world.grants[case.id], now=NOW)
            seen |= {name for name in RELATIONS if facts & BIT[name]}
            own, below = bool(facts & BIT["own"]), bool(facts & BIT["below"])
            holder = world.places[case.holder_id]
            assert own == (holder.id == actor.office_id)
            assert below == (holder.path.startswith(actor.seat_path) and not own)
            for relation, kind in OFFICE_GRANTS.items():
                live = any(
                    grant.kind == kind
                    and grant.office_id == actor.office_id
                    and (grant.until_at is None or grant.until_at > NOW)
                    for grant in world.grants[case.id]
                )
                assert bool(facts & BIT[relation]) == live
    assert seen == set(RELATIONS)
