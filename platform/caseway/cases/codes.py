"""Closed lists of codes that the cases slice stores and shows: grounds, outcomes, kinds of records and of grants."""

from __future__ import annotations

from enum import StrEnum


class RefusalGround(StrEnum):
    """The legal grounds, and no others, on which a matter is not accepted (2022 regulation, article in brackets)."""

    SAME_MATTER_IN_PROGRESS = "SAME_MATTER_IN_PROGRESS"
    REVIEW_EXHAUSTED = "REVIEW_EXHAUSTED"
    STATUTORY_PATH = "STATUTORY_PATH"
    LITIGATION = "LITIGATION"

    @property
    def article(self) -> int:
        """The article that the notice names."""
        return _ARTICLES[self]


_ARTICLES = {
    RefusalGround.SAME_MATTER_IN_PROGRESS: 19,
    RefusalGround.REVIEW_EXHAUSTED: 36,
    RefusalGround.STATUTORY_PATH: 31,
    RefusalGround.LITIGATION: 28,
}


class StatutoryPath(StrEnum):
    """Where a matter is led that another procedure must decide (art. 28, 31)."""

    LITIGATION = "LITIGATION"
    ARBITRATION = "ARBITRATION"
    ADMINISTRATIVE_RECONSIDERATION = "ADMINISTRATIVE_RECONSIDERATION"
    ADMINISTRATIVE_RULING = "ADMINISTRATIVE_RULING"
    PARTY_APPEAL = "PARTY_APPEAL"
    LEGAL_SUPERVISION = "LEGAL_SUPERVISION"
    OTHER = "OTHER"


class Outcome(StrEnum):
    """What a handling opinion says about the claim (art. 32)."""

    SUPPORTED = "SUPPORTED"
    EXPLAINED = "EXPLAINED"
    NOT_SUPPORTED = "NOT_SUPPORTED"


class HandlingKind(StrEnum):
    """What is done to find an opinion. None of them stops the handling clock, a hearing neither."""

    INQUIRY = "INQUIRY"
    CONSULTATION = "CONSULTATION"
    MEDIATION = "MEDIATION"
    HEARING = "HEARING"


class CloseGround(StrEnum):
    """The only two reasons to close an answered case. That somebody stopped asking is not one (INV-17)."""

    AGREEMENT_PERFORMED = "AGREEMENT_PERFORMED"
    WINDOW_LAPSED = "WINDOW_LAPSED"


class RecordKind(StrEnum):
    """Kinds of the texts that belong to a case."""

    ACCEPTANCE_NOTICE = "ACCEPTANCE_NOTICE"
    REFUSAL_NOTICE = "REFUSAL_NOTICE"
    REDIRECTION_NOTICE = "REDIRECTION_NOTICE"
    INQUIRY = "INQUIRY"
    CONSULTATION = "CONSULTATION"
    MEDIATION = "MEDIATION"
    HEARING = "HEARING"
    EXTENSION_NOTICE = "EXTENSION_NOTICE"
    HANDLING_OPINION = "HANDLING_OPINION"
    LEGAL_BASIS = "LEGAL_BASIS"
    REMEDIES = "REMEDIES"
    REDO_ORDER = "REDO_ORDER"
    EXECUTION = "EXECUTION"
    WITHDRAWAL = "WITHDRAWAL"
    ADVICE = "ADVICE"
    REPORT_UP = "REPORT_UP"
    CONTRIBUTION = "CONTRIBUTION"
    SUPERVISION = "SUPERVISION"
    SUPERVISION_REPLY = "SUPERVISION_REPLY"
    COPY_NOTE = "COPY_NOTE"
    NEW_FACTS = "NEW_FACTS"


#: What the petitioner was told as the answer: shown also to earlier holders (domain 5.5, "the answer").
ANSWER_KINDS = (RecordKind.HANDLING_OPINION, RecordKind.LEGAL_BASIS, RecordKind.REMEDIES)


class GrantKind(StrEnum):
    """Why an office, or one person of it, that does not hold a case sees something of it."""

    CUSTODY = "CUSTODY"
    ADDRESSEE = "ADDRESSEE"
    JOINT = "JOINT"
    INFORMED = "INFORMED"
    ADVISOR = "ADVISOR"
    REASONED = "REASONED"
    #: Personal: the leader linked to the area, who was delivered the responsibility list.
    LINKED = "LINKED"
