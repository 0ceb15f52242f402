"""Refusals of the cases slice: facts with stable codes."""

from __future__ import annotations

from caseway.errors import CasewayError


class TransitionRefused(CasewayError):
    """The case is not in a stage in which this can be done: read it again and see its available actions."""

    code = "TRANSITION_REFUSED"


class NoticeRequired(CasewayError):
    """The petitioner must be told first: give the instant the notice was served, or say that no contact is known."""

    code = "NOTICE_REQUIRED"


class AlreadyAccepted(CasewayError):
    """The matter was accepted before it came here and the petitioner was told: handle, answer or redirect it."""

    code = "ALREADY_ACCEPTED"


class MediationConsentRequired(CasewayError):
    """Mediation needs the recorded consent of both sides (art. 33): record it with the mediation."""

    code = "MEDIATION_CONSENT_REQUIRED"


class AnswerIncomplete(CasewayError):
    """An opinion counts only when it is served and names the remedies (art. 32, 35): record both with it."""

    code = "ANSWER_INCOMPLETE"


class SameConclusion(CasewayError):
    """The revoked opinion may not be repeated with the same conclusion on the same facts: state the new facts."""

    code = "SAME_CONCLUSION"


class ExecutionNotRecorded(CasewayError):
    """The claim was supported: record how the opinion was carried out before closing."""

    code = "EXECUTION_NOT_RECORDED"


class WindowOpen(CasewayError):
    """The petitioner may still ask for a review: wait for the end of the window, or record the agreement performed."""

    code = "WINDOW_OPEN"


class StatementRequired(CasewayError):
    """A withdrawal needs the petitioner's own signed statement: record its words and when it was signed."""

    code = "STATEMENT_REQUIRED"


class MergeRefused(CasewayError):
    """Only two cases of the same matter held by your office can be merged, into the one that is still open."""

    code = "MERGE_REFUSED"


class NotEligible(CasewayError):
    """This person cannot take the case: choose active staff of the holding office with a role that handles cases."""

    code = "NOT_ELIGIBLE"


class AlreadyRecused(CasewayError):
    """This recusal is recorded already: it cannot be declared twice and is not taken back."""

    code = "ALREADY_RECUSED"


class RepresentativesMax(CasewayError):
    """A group names at most as many representatives as the rules of the office allow (art. 20: five): see the maximum
    and its source in the details; name the others in no register, only their number."""

    code = "REPRESENTATIVES_MAX"


class ChannelNotOffered(CasewayError):
    """Neither the law nor the rules of this office offer this channel: register it under the one it came by."""

    code = "CHANNEL_NOT_OFFERED"


class ConsentRequired(CasewayError):
    """The informant has not agreed that the name is shown: record the body's own legal power to read it."""

    code = "CONSENT_REQUIRED"


class NotForAccusations(CasewayError):
    """Accusations follow the discipline path: this operation is for ordinary cases."""

    code = "NOT_FOR_ACCUSATIONS"


class SameGrade(CasewayError):
    """The case has this grade already: choose another one."""

    code = "SAME_GRADE"
