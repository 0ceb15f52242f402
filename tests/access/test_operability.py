"""Nobody is stuck: at every stage some role of the office that has to act can, also before anybody is the handler."""

from __future__ import annotations

import pytest

from caseway.access.bundles import base_bundle
from caseway.access.facts import mask
from caseway.access.matrix import BasePolicy
from caseway.access.permissions import ROLES, Permission

#: (what, relation of the office that has to act, states) -> what somebody there must be able to do. ``own`` = nobody is
#: the handler yet; ``mine`` = the handler.
DUTIES: tuple[tuple[str, str, str, str], ...] = (
    ("T1 register", "own", "", "register"),
    ("T2 sort before a handler", "own", "ordinary open", "forward assign hand_over copy match assign_handler"),
    ("T2 sort as the handler", "mine", "ordinary open", "forward assign hand_over copy match"),
    ("T3 recall", "own", "ordinary open", "recall"),
    ("T3 recall by who sent it", "mine", "ordinary open", "recall"),
    ("T4 sign for", "addressee", "ordinary open", "sign_for"),
    ("T6 object before a handler", "own", "ordinary open", "object"),
    ("T6 object as the handler", "mine", "ordinary open", "object"),
    ("T7 T8 answer an objection", "custody", "ordinary open", "decide_objection"),
    ("T8 decide competence above", "below", "ordinary open", "decide_competence"),
    ("T8 decide competence while holding meanwhile", "own", "ordinary open", "decide_competence"),
    ("T9 T10 T11 before a handler", "own", "ordinary open", "accept refuse redirect"),
    ("T9 T10 T11 as the handler", "mine", "ordinary open", "accept refuse redirect"),
    ("T12 T13 handle", "mine", "ordinary open", "handle assist"),
    ("T12 lead", "led", "ordinary open", "handle order_redo"),
    ("T13 contribute", "joint", "ordinary open", "contribute"),
    ("T14 extend", "own", "ordinary open", "extend"),
    ("T15 T16 upward", "mine", "ordinary open", "escalate ask_advice report_up"),
    ("T15 taken up by its superior", "below", "ordinary open", "take_up"),
    ("T16 advise", "advisor", "ordinary open", "advise"),
    ("T17 T19 answer", "mine", "ordinary open", "issue_answer"),
    ("T18 order redo", "below", "ordinary open", "order_redo"),
    ("T25 close", "mine", "ordinary open", "close"),
    ("T25 close without a handler", "own", "ordinary open", "close"),
    ("T26 withdraw", "own", "ordinary open", "withdraw"),
    ("T27 merge", "own", "ordinary open", "merge"),
    ("T28 archive", "own", "ordinary", "archive"),
    ("supervise and reply", "below", "ordinary open", "supervise reason"),
    ("assign a key case with its list", "below", "ordinary open", "deliver_list list"),
    ("see the list that was delivered", "linked", "ordinary", "card list"),
    ("reply to supervision before a handler", "own", "ordinary open", "reply_supervision"),
    ("reply to supervision as the handler", "mine", "ordinary open", "reply_supervision"),
    ("put somebody in charge", "own", "ordinary open", "assign_handler assign_lead"),
    ("step aside", "mine", "ordinary open", "recuse"),
    ("accusation: hand over", "mine", "accusation open", "hand_over_accusation recuse"),
    ("accusation: sign for", "addressee", "accusation open", "sign_for"),
    ("accusation: give to a handler", "own", "accusation open competent", "assign_handler hand_over_accusation"),
    ("accusation: accept before a handler", "own", "accusation open competent", "accept refuse redirect"),
    ("accusation: handle", "mine", "accusation open competent", "accept refuse redirect handle issue_answer close"),
    ("accusation: extend", "own", "accusation open competent", "extend"),
    ("accusation: archive", "own", "accusation competent", "archive"),
)


@pytest.mark.parametrize(("duty", "relation", "states", "actions"), DUTIES, ids=[duty[0] for duty in DUTIES])
def test_somebody_in_the_office_can_do_it(
    base: BasePolicy, duty: str, relation: str, states: str, actions: str
) -> None:
    asked = base_bundle(base)
    facts = mask(relation, *(("own",) if relation == "mine" else ()), *states.split())
    for action in actions.split():
        able = [role for role in ROLES if asked.granted(role, facts, Permission(f"case:{action}"))]
        assert able, (duty, action)


@pytest.mark.parametrize("role", ["clerk", "handler", "dispatcher"])
def test_an_office_of_one_person_can_work_a_case_to_its_end(base: BasePolicy, role: str) -> None:
    """Whoever signs for a case or registers it becomes its handler; from there on one role is enough."""
    asked = base_bundle(base)
    facts = mask("own", "mine", "ordinary", "open")
    for action in ["accept", "handle", "assist", "issue_answer", "close", "forward", "object", "withdraw", "escalate"]:
        assert asked.granted(role, facts, Permission(f"case:{action}"))
    assert asked.granted(role, mask("addressee", "ordinary", "open"), Permission.CASE_SIGN_FOR)
    assert asked.granted(role, mask("own", "mine", "accusation", "open"), Permission.CASE_HAND_OVER_ACCUSATION)


def test_a_closed_case_is_only_read_and_archived(base: BasePolicy) -> None:
    asked = base_bundle(base)
    reading = {
        "register",
        "count",
        "stub",
        "card",
        "answer",
        "part",
        "content",
        "history",
        "identity",
        "reason",
        "list",
    }
    for role in ROLES:
        for relation in ("own", "mine", "below", "led", "custody", "addressee", "joint", "advisor"):
            for states in (("ordinary",), ("accusation", "competent")):
                bits = asked.bits(role, mask(relation, *states))
                able = {p.action for p in Permission if p.resource == "case" and bits & p.bit}
                assert able <= reading | {"archive"}, (role, relation, states)
