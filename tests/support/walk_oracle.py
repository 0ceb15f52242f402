"""Who may see what, written a second time from domain 5.5 and without the platform's own rules: the walk's judge.

One function per question. The first column of 5.5 says how far a relation reaches; which roles of an office take part
in it is said in the comments of the matrix, and repeated here in words of its own.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field

from support.walk_case import ANSWER, CONTENT, IDENTITY, NOTICE, REASON, Denied, Known, Post

NONE, STUB, CARD, FULL_CONTENT, FULL = 0, 2, 3, 4, 5
#: Names that the schema gives these levels.
NAMES = {STUB: "STUB", CARD: "CARD", FULL_CONTENT: "CONTENT", FULL: "FULL"}

_WORK_ON_CASES = frozenset({"clerk", "handler", "dispatcher", "leader", "linked_leader", "supervisor", "reviewer"})
_WATCH_BELOW = frozenset({"dispatcher", "leader", "supervisor"})
_ASSIST = frozenset({"handler", "dispatcher", "leader"})
_SIGN = frozenset({"clerk", "handler", "dispatcher", "leader"})
#: Roles that raise any case of their office; others raise what they handle, of which they see all.
RAISES = frozenset({"dispatcher", "leader"})


#: Roles that look after an office, its rules and its audit; they see no case by it.
ADMINISTERS = frozenset({"tenant_admin", "auditor", "platform_operator"})


@dataclass(frozen=True)
class Viewer:
    """One person acting for one office (``post``); ``others`` = offices of all their posts."""

    name: str
    post: Post
    others: frozenset[str]
    #: Offices by code from the top down to each of ``others``, and to the office acted for.
    lines: dict[str, tuple[str, ...]] = field(hash=False, compare=False, default_factory=dict)
    #: The government whose area the office acts for.
    seat: str = ""


def works_on_cases(viewer: Viewer) -> bool:
    """Whether the viewer has a role that works on cases."""
    return bool(viewer.post.roles & _WORK_ON_CASES)


def barred(viewer: Viewer, case: Known) -> bool:
    """The accused office, everything below it, an accused person after any change of post, a recused person."""
    if viewer.name in case.barred_persons:
        return True
    above = {code for office in viewer.others for code in viewer.lines[office]}
    return bool(above & case.accused_offices)


def level(viewer: Viewer, case: Known, line: Collection[str], denied: Collection[Denied] = ()) -> int:
    """How much the viewer sees. ``line`` = the holder's offices from the top down to itself; ``denied`` = what
    administrators took away from a role of an office."""
    if barred(viewer, case):
        return NONE
    roles, office = viewer.post.roles, viewer.post.office
    own, below = case.holder == office, viewer.seat in line and case.holder != office
    if roles & _WORK_ON_CASES:
        found = [_accusation(viewer, case, own=own) if case.accusation else _ordinary(viewer, case, own, below, denied)]
    else:
        found = []
    if "auditor" in roles and not case.accusation and (own or below):
        found.append(CARD)
    return max(found, default=NONE)


def _ordinary(viewer: Viewer, case: Known, own: bool, below: bool, denied: Collection[Denied]) -> int:
    roles, office = viewer.post.roles, viewer.post.office
    found = [NONE]
    if own:
        found.append(FULL if case.assignee == viewer.name else CARD)
    if case.lead == viewer.name:
        found.append(FULL)
    if case.linked.get(viewer.name) == office:
        found.append(CARD)
    if office in case.earlier:
        found.append(CARD)
    if office in case.informed and not roles & _WORK_ON_CASES <= _denied(office, "informed", denied):
        found.append(CARD)
    if office in case.addressee and roles & _SIGN:
        found.append(FULL_CONTENT if "dispatcher" in roles else CARD)
    if office in case.joint and roles & _ASSIST:
        found.append(FULL_CONTENT)
    if office in case.advisor and roles & _WATCH_BELOW:
        found.append(FULL_CONTENT)
    if below and roles & _WATCH_BELOW:
        found.append(FULL if viewer.name in case.reasoned else CARD)
    return max(found)


def _denied(office: str, relation: str, denied: Collection[Denied]) -> frozenset[str]:
    return frozenset(role for at, of, role in denied if (at, of) == (office, relation))


def _accusation(viewer: Viewer, case: Known, *, own: bool) -> int:
    roles, office = viewer.post.roles, viewer.post.office
    found = [NONE]
    if own and case.assignee == viewer.name:
        found.append(FULL)
    if case.discipline and case.lead == viewer.name:
        found.append(FULL)
    if own and case.discipline and roles & {"dispatcher", "leader"}:
        found.append(CARD)
    if office in case.addressee and roles & {"dispatcher", "handler", "leader"}:
        found.append(CARD)
    if office in case.earlier:
        found.append(STUB)
    return max(found)


def sees_history(viewer: Viewer, case: Known, line: Collection[str]) -> bool:
    """Everything that happened, with reasons: those who see all, and audit of the office or the area."""
    seen = level(viewer, case, line)
    return seen == FULL or ("auditor" in viewer.post.roles and seen >= CARD)


def allowed(viewer: Viewer, case: Known, line: Collection[str], denied: Collection[Denied] = ()) -> set[str]:
    """The texts of a case that may stand in an answer to this viewer: markers, number, ids. Identity never stands in an
    answer to a question; it is read by ``caseIdentityRead``, with a purpose."""
    seen = level(viewer, case, line, denied)
    if seen == NONE:
        return set()
    office = viewer.post.office
    found = {case.number, str(case.key[1])}
    history = sees_history(viewer, case, line)
    kinds: set[str] = set()
    if seen >= FULL_CONTENT:
        kinds |= {CONTENT, ANSWER, NOTICE}
    # "Earlier holder: CARD + own part + the answer"
    if office in case.earlier and not case.accusation:
        kinds.add(ANSWER)
    if history:
        kinds |= {REASON, NOTICE}
    for order in case.orders:
        ours = office in (order.sender, order.receiver)
        if history or (ours and seen >= STUB):
            found.add(order.gid)
            # What an office wrote itself, or was answered to what it wrote, is its own part.
            if seen >= FULL_CONTENT or office == order.sender:
                found |= set(order.texts)
    watches = viewer.seat in line and case.is_open and bool(viewer.post.roles & _WATCH_BELOW)
    for raised in case.escalations:
        # Those who watch from above see what was raised; what was written about it is content, or one's own.
        if history or (seen >= CARD and (watches or office in (raised.lower, raised.upper, case.holder))):
            found.add(raised.gid)
            found |= set(raised.lower_texts) if seen >= FULL_CONTENT or office == raised.lower else set()
            found |= set(raised.upper_texts) if seen >= FULL_CONTENT or office == raised.upper else set()
    return found | {text for text, kind in case.markers.items() if kind in kinds and kind != IDENTITY}


def identity_allowed(viewer: Viewer, case: Known, line: Collection[str], *, legal_power: bool) -> bool:
    """Whether names may be told to who asks with a purpose: FULL, and inside the competent body only with the
    informant's consent or a power of law that is named."""
    if level(viewer, case, line) != FULL:
        return False
    return not (case.accusation and case.discipline) or case.consent or legal_power


def sees_list(viewer: Viewer, case: Known, line: Collection[str]) -> bool:
    """Whether the list of who answers for a key case is shown: to who handles or leads it, to those who sort and lead
    at the holder and wherever it is signed for, to those who watch it from above, and to the linked leaders."""
    seen = level(viewer, case, line)
    if case.accusation or seen < CARD:
        return False
    roles, office = viewer.post.roles, viewer.post.office
    return bool(
        seen == FULL
        or case.linked.get(viewer.name) == office
        or (case.holder == office and roles & _WATCH_BELOW)
        or (office in case.addressee and roles & _SIGN)
        or (viewer.seat in line and roles & _WATCH_BELOW)
    )


def sees_duties(viewer: Viewer | None, line: Collection[str]) -> bool:
    """Whether what an office supervises, or owes to report, may be shown: to its own people, and to those who watch or
    audit the area. ``line`` = offices from the top down to this one."""
    if viewer is None:
        return False
    roles, office = viewer.post.roles, viewer.post.office
    own = list(line)[-1] == office
    above = viewer.seat in line or office in line
    return bool((own and roles & (_WORK_ON_CASES | {"auditor"})) or (above and roles & (_WATCH_BELOW | {"auditor"})))


def sees_reviews(viewer: Viewer | None, line: Collection[str]) -> bool:
    """Whether reviews whose duty an office has may be shown: to those who lead, supervise or audit it or the area."""
    if viewer is None:
        return False
    near = viewer.seat in line or viewer.post.office in line
    return bool(near and viewer.post.roles & {"leader", "supervisor", "auditor"})


def counts(viewer: Viewer | None, line: Collection[str]) -> bool:
    """Whether somebody counts an area; ``line`` = offices from the top down to the one whose area it is."""
    if viewer is None:
        return False
    return viewer.seat in line and bool(viewer.post.roles & {"leader", "supervisor", "auditor"})


def sees_statistics(viewer: Viewer | None, line: Collection[str]) -> bool:
    """Whether somebody is told the statistics of an area: who counts it and sees the cases in it."""
    if viewer is None:
        return False
    return viewer.seat in line and bool(viewer.post.roles & {"dispatcher", "leader", "supervisor", "auditor"})


def sees_staff(viewer: Viewer | None, line: Collection[str]) -> bool:
    """Whether the staff of an office may be listed: one's own colleagues; for administrators also those below; for
    operators of the platform all. ``line`` = offices from the top down to this one."""
    if viewer is None:
        return False
    roles, office = viewer.post.roles, viewer.post.office
    own = list(line)[-1] == office
    return bool(
        "platform_operator" in roles
        or (own and roles & (_WORK_ON_CASES | {"tenant_admin", "auditor"}))
        or ("tenant_admin" in roles and office in line)
    )


def sees_reception(viewer: Viewer | None, line: Collection[str]) -> bool:
    """Whether sessions, duties and resources of an office may be shown: to its own people, among them those of its
    petition office and joint conference, and to those who work or audit above it. ``line`` = offices from the top down
    to this one."""
    if viewer is None:
        return False
    roles, office = viewer.post.roles, viewer.post.office
    stands_for = viewer.seat if office.endswith(("-xfj", "-lxh")) else office
    own = list(line)[-1] in (office, stands_for)
    return bool(
        (own and roles & (_WORK_ON_CASES | {"tenant_admin", "auditor"}))
        or (stands_for in line and roles & (_WORK_ON_CASES | {"auditor"}))
    )


def reads_drafts(viewer: Viewer | None, office: str) -> bool:
    """Whether somebody may know what an office has not published of its rules: those alone who administer, lead or
    audit it (S4.7)."""
    return (
        viewer is not None
        and viewer.post.office == office
        and bool(viewer.post.roles & {"tenant_admin", "leader", "auditor"})
    )


def provides_rules(viewer: Viewer | None, line: Collection[str]) -> bool:
    """Whether somebody may bring rules to an office: its administrators, those above it, and who runs the platform."""
    if viewer is None:
        return False
    roles = viewer.post.roles
    return bool("platform_operator" in roles or ("tenant_admin" in roles and viewer.post.office in line))
