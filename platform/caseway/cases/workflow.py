"""The vocabulary of cases and, as one table, which event leads from which stage to which (domain part 5)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from caseway.cases.errors import TransitionRefused


class Stage(StrEnum):
    """Where the work of a proceeding stands (domain 5.2)."""

    REGISTERED = "REGISTERED"
    IN_TRANSIT = "IN_TRANSIT"
    SIGNED = "SIGNED"
    OBJECTED = "OBJECTED"
    ACCEPTED = "ACCEPTED"
    HANDLING = "HANDLING"
    ANSWERED = "ANSWERED"
    REDO = "REDO"
    UNDER_REVIEW = "UNDER_REVIEW"
    CLOSED = "CLOSED"
    CONCLUDED = "CONCLUDED"
    NOT_ACCEPTED = "NOT_ACCEPTED"
    REDIRECTED = "REDIRECTED"
    WITHDRAWN = "WITHDRAWN"
    MERGED = "MERGED"
    ARCHIVED = "ARCHIVED"


#: Stages in which the office still owes something: a proceeding in one of them is open.
OPEN_STAGES = frozenset(
    {
        Stage.REGISTERED,
        Stage.IN_TRANSIT,
        Stage.SIGNED,
        Stage.OBJECTED,
        Stage.ACCEPTED,
        Stage.HANDLING,
        Stage.ANSWERED,
        Stage.REDO,
        Stage.UNDER_REVIEW,
    }
)


class PetitionClass(StrEnum):
    """The three classes of matters (2022 regulation, art. 29–31)."""

    SUGGESTION = "SUGGESTION"
    ACCUSATION = "ACCUSATION"
    APPEAL_CLAIM = "APPEAL_CLAIM"


class Grade(StrEnum):
    """How much a case asks of an office; decides which limits of rule books are about it. Put there and changed by
    people, before the limit in question has passed (INV-07)."""

    GENERAL = "GENERAL"
    SIMPLE = "SIMPLE"
    COMPLEX = "COMPLEX"
    MAJOR = "MAJOR"


class Channel(StrEnum):
    """How a matter reached an office (2022 regulation, art. 17)."""

    NETWORK = "NETWORK"
    LETTER = "LETTER"
    PHONE = "PHONE"
    FAX = "FAX"
    VISIT = "VISIT"
    #: Only where an office's rules offer them.
    MAILBOX = "MAILBOX"
    QR = "QR"


class Proceeding(StrEnum):
    """Which proceeding on the matter a case is."""

    HANDLING = "HANDLING"
    REVIEW = "REVIEW"
    SECOND_REVIEW = "SECOND_REVIEW"


class Action(StrEnum):
    """What can happen to a registered case. One action may have several rows in the table, never two per stage."""

    FORWARD = "FORWARD"
    ASSIGN = "ASSIGN"
    DELIVER_LIST = "DELIVER_LIST"
    HAND_OVER = "HAND_OVER"
    HAND_OVER_ACCUSATION = "HAND_OVER_ACCUSATION"
    TAKE_UP = "TAKE_UP"
    HAND_BACK = "HAND_BACK"
    RECALL = "RECALL"
    SIGN_FOR = "SIGN_FOR"
    DEEM_RECEIPT = "DEEM_RECEIPT"
    OBJECT = "OBJECT"
    AGREE_OBJECTION = "AGREE_OBJECTION"
    REFUSE_OBJECTION = "REFUSE_OBJECTION"
    DECIDE_COMPETENCE = "DECIDE_COMPETENCE"
    REFER_DISPUTE = "REFER_DISPUTE"
    MOVE_UP = "MOVE_UP"
    SUCCEED = "SUCCEED"
    ACCEPT = "ACCEPT"
    REFUSE = "REFUSE"
    REDIRECT = "REDIRECT"
    START_HANDLING = "START_HANDLING"
    RECORD_HANDLING = "RECORD_HANDLING"
    ASSIST = "ASSIST"
    SUPERVISE = "SUPERVISE"
    COPY = "COPY"
    EXTEND = "EXTEND"
    GRADE = "GRADE"
    ASK_ADVICE = "ASK_ADVICE"
    REPORT_UP = "REPORT_UP"
    ANSWER = "ANSWER"
    ORDER_REDO = "ORDER_REDO"
    RECORD_EXECUTION = "RECORD_EXECUTION"
    CLOSE = "CLOSE"
    WITHDRAW = "WITHDRAW"
    MERGE = "MERGE"
    ARCHIVE = "ARCHIVE"
    NEW_FACTS = "NEW_FACTS"
    ASSIGN_HANDLER = "ASSIGN_HANDLER"
    ASSIGN_LEAD = "ASSIGN_LEAD"
    RECUSE = "RECUSE"
    ADD_REGISTRATION = "ADD_REGISTRATION"


#: Where every case starts (T1).
FIRST_STAGE = Stage.REGISTERED

_DECIDED = OPEN_STAGES - {Stage.IN_TRANSIT}
_ENDED = frozenset(Stage) - OPEN_STAGES - {Stage.ARCHIVED}
_UNSORTED = frozenset({Stage.REGISTERED, Stage.SIGNED})
#: Stages of a matter that somebody sorts or handles: it can be taken to the office above, and back.
_GOING_ON = _UNSORTED | {Stage.ACCEPTED, Stage.HANDLING}
#: Stages from which an order may leave, hence those that a recall or an agreed return restores.
_SENT_FROM = (Stage.REGISTERED, Stage.SIGNED, Stage.HANDLING)


@dataclass(frozen=True, slots=True)
class Transition:
    """One row of the table. No target = the stage stays; several = the caller names one, the first is usual."""

    rule: str
    action: Action
    sources: frozenset[Stage]
    targets: tuple[Stage, ...] = ()


def _row(rule: str, action: Action, sources: Iterable[Stage], *targets: Stage) -> Transition:
    return Transition(rule, action, frozenset(sources), targets)


#: Domain 5.3. The rule numbers are those of the domain; "-" marks events that never touch the stage. T20-T24 (reviews)
#: have their stages reserved and come with the reviews slice.
TABLE: tuple[Transition, ...] = (
    # T2 starts from SIGNED as well: a county that signed forwards to its town (scenario S3).
    _row("T2", Action.FORWARD, _UNSORTED, Stage.IN_TRANSIT),
    _row("T2", Action.ASSIGN, _UNSORTED, Stage.IN_TRANSIT),
    # What is accepted goes on being handled where it arrives, as for T15.
    _row("T2", Action.DELIVER_LIST, _GOING_ON, Stage.IN_TRANSIT),
    _row("T2", Action.HAND_OVER_ACCUSATION, {*_UNSORTED, Stage.HANDLING}, Stage.IN_TRANSIT),
    _row("T3", Action.RECALL, {Stage.IN_TRANSIT}, *_SENT_FROM, Stage.ACCEPTED),
    # What moves out of HANDLING (T15) goes on being handled where it arrives.
    _row("T4", Action.SIGN_FOR, {Stage.IN_TRANSIT}, Stage.SIGNED, Stage.HANDLING),
    _row("T5", Action.DEEM_RECEIPT, {Stage.IN_TRANSIT}, Stage.SIGNED, Stage.HANDLING),
    _row("T6", Action.OBJECT, {Stage.SIGNED}, Stage.OBJECTED),
    _row("T7", Action.AGREE_OBJECTION, {Stage.OBJECTED}, *_SENT_FROM),
    _row("T8", Action.REFUSE_OBJECTION, {Stage.OBJECTED}, Stage.SIGNED),
    # A refused objector may take the dispute to the superior. The backstop office holds until the decision.
    _row("T8", Action.REFER_DISPUTE, {Stage.SIGNED, Stage.OBJECTED}, Stage.OBJECTED),
    # A superior may decide that the holder is competent (SIGNED), that it goes back to be sorted anew (REGISTERED), or
    # that another office takes it (IN_TRANSIT to that office).
    _row("T8", Action.DECIDE_COMPETENCE, {Stage.OBJECTED}, Stage.SIGNED, Stage.REGISTERED, Stage.IN_TRANSIT),
    # After an agreed return the decision only allows the second forward (INV-12): nothing moves by itself.
    _row("T8", Action.DECIDE_COMPETENCE, _UNSORTED),
    _row("T9", Action.ACCEPT, _UNSORTED, Stage.ACCEPTED),
    _row("T10", Action.REFUSE, _UNSORTED, Stage.NOT_ACCEPTED),
    _row("T11", Action.REDIRECT, {*_UNSORTED, Stage.HANDLING}, Stage.REDIRECTED),
    _row("T12", Action.START_HANDLING, {Stage.ACCEPTED}, Stage.HANDLING),
    _row("T13", Action.RECORD_HANDLING, {Stage.HANDLING, Stage.REDO}),
    _row("T13", Action.ASSIST, OPEN_STAGES),
    _row("T14", Action.EXTEND, {Stage.HANDLING}),
    # INV-07: another class before expiry; the clocks that run are counted anew from their start.
    _row("-", Action.GRADE, _DECIDED - {Stage.ANSWERED}),
    _row("T15", Action.HAND_OVER, {*_UNSORTED, Stage.HANDLING}, Stage.IN_TRANSIT),
    _row("T15", Action.TAKE_UP, _GOING_ON, Stage.IN_TRANSIT),
    # The way back from a take-up: whoever took the case returns it with what is still to be done.
    _row("T15", Action.HAND_BACK, _GOING_ON, Stage.IN_TRANSIT),
    _row("T16", Action.ASK_ADVICE, _DECIDED - {Stage.ANSWERED}),
    _row("T16", Action.REPORT_UP, OPEN_STAGES),
    _row("T17", Action.ANSWER, {Stage.HANDLING}, Stage.ANSWERED),
    _row("T18", Action.ORDER_REDO, {Stage.ANSWERED}, Stage.REDO),
    _row("T19", Action.ANSWER, {Stage.REDO}, Stage.ANSWERED),
    _row("T25", Action.RECORD_EXECUTION, {Stage.ANSWERED}),
    _row("T25", Action.CLOSE, {Stage.ANSWERED}, Stage.CLOSED),
    _row("T26", Action.WITHDRAW, OPEN_STAGES, Stage.WITHDRAWN),
    _row("T27", Action.MERGE, _UNSORTED, Stage.MERGED),
    _row("T28", Action.ARCHIVE, _ENDED, Stage.ARCHIVED),
    # New facts make a new case (T29); the closed one stays as it is, for ever.
    _row("T29", Action.NEW_FACTS, _ENDED | {Stage.ARCHIVED}),
    _row("INV-06", Action.MOVE_UP, _DECIDED),
    _row("art. 24", Action.SUCCEED, OPEN_STAGES),
    _row("-", Action.SUPERVISE, OPEN_STAGES),
    _row("-", Action.COPY, OPEN_STAGES),
    _row("-", Action.ASSIGN_HANDLER, _DECIDED),
    _row("-", Action.ASSIGN_LEAD, _DECIDED),
    _row("-", Action.RECUSE, OPEN_STAGES),
    _row("-", Action.ADD_REGISTRATION, OPEN_STAGES),
)

#: ``(stage, action)`` -> the stages it may lead to, the usual one first; the table above, looked up.
TRANSITIONS: MappingProxyType[tuple[Stage, Action], tuple[Stage, ...]] = MappingProxyType(
    {(source, row.action): row.targets or (source,) for row in TABLE for source in row.sources}
)


def available(stage: str) -> frozenset[Action]:
    """The actions that the table allows in a stage, whoever asks."""
    return frozenset(action for source, action in TRANSITIONS if source == stage)


def next_stage(stage: str, action: Action, *, to: str | None = None) -> Stage:
    """The stage that ``action`` leads to. ``to`` names one of several targets, e.g. the stage a recall restores.

    Raises ``TransitionRefused`` (details: from, action, allowed) when the table has no such row.
    """
    targets = TRANSITIONS.get((Stage(stage), action), ())
    if not targets or (to is not None and to not in targets):
        raise TransitionRefused(
            f"{action} is not possible in the stage {stage}.",
            **{"from": str(stage), "action": str(action), "allowed": sorted(map(str, available(stage)))},
        )
    return Stage(to) if to is not None else targets[0]


def is_open(stage: str) -> bool:
    """Whether the office still owes something in this stage."""
    return stage in OPEN_STAGES
