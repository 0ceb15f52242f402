"""The rule kinds, one module each, and the registry of them."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from caseway.rules.findings import Finding, FindingCode, RowInvalid
from caseway.rules.kinds._base import Kind, Merge, Parameter
from caseway.rules.kinds.accountability import Accountability
from caseway.rules.kinds.agency import Agency
from caseway.rules.kinds.attendance import Attendance
from caseway.rules.kinds.case_lead import CaseLead
from caseway.rules.kinds.choice_mode import ChoiceMode
from caseway.rules.kinds.deadline import Deadline
from caseway.rules.kinds.decision_check import DecisionCheck
from caseway.rules.kinds.document_set import DocumentSet
from caseway.rules.kinds.effects import EFFECTS, Effect
from caseway.rules.kinds.escalation import Escalation
from caseway.rules.kinds.fixed_day import FixedDay
from caseway.rules.kinds.follow_up import FollowUp
from caseway.rules.kinds.hearing import Hearing
from caseway.rules.kinds.intake import Intake
from caseway.rules.kinds.leader_duty import LeaderDuty
from caseway.rules.kinds.liaison import Liaison
from caseway.rules.kinds.meeting import Meeting
from caseway.rules.kinds.metric import MetricRule
from caseway.rules.kinds.preparation import Preparation
from caseway.rules.kinds.problems import findings_of
from caseway.rules.kinds.procedure import Procedure
from caseway.rules.kinds.protection import Protection
from caseway.rules.kinds.publication import Publication
from caseway.rules.kinds.rank_set import RankSet
from caseway.rules.kinds.report import Report
from caseway.rules.kinds.resource import Resource
from caseway.rules.kinds.review_chain import ReviewChain
from caseway.rules.kinds.routing import Routing
from caseway.rules.kinds.screening import Screening
from caseway.rules.kinds.session_setup import SessionSetup
from caseway.rules.kinds.substitution import Substitution
from caseway.rules.kinds.supervision import Supervision

__all__ = ["EFFECTS", "KINDS", "Effect", "Kind", "Merge", "Parameter", "parse"]

_ALL: tuple[type[Kind], ...] = (
    Accountability,
    Agency,
    Attendance,
    CaseLead,
    ChoiceMode,
    Deadline,
    DecisionCheck,
    DocumentSet,
    Escalation,
    FixedDay,
    FollowUp,
    Hearing,
    Intake,
    LeaderDuty,
    Liaison,
    Meeting,
    MetricRule,
    Preparation,
    Procedure,
    Protection,
    Publication,
    RankSet,
    Report,
    Resource,
    ReviewChain,
    Routing,
    Screening,
    SessionSetup,
    Substitution,
    Supervision,
)
#: Name of the kind in books -> its model.
KINDS: Mapping[str, type[Kind]] = MappingProxyType({kind.kind_name: kind for kind in _ALL})


def parse(kind: str, params: Mapping[str, Any], *, row_id: str = "") -> Kind:
    """The parameters of a row, checked and typed. ``RowInvalid`` with every finding if they are not acceptable."""
    model = KINDS.get(kind)
    if model is None:
        raise RowInvalid([unknown_kind(kind, row_id)])
    return findings_of(model, params, row_id=row_id)


def unknown_kind(kind: str, row_id: str) -> Finding:
    """The finding about a kind that is not in the registry."""
    message = f"{row_id}: there is no rule kind {kind}" if row_id else f"there is no rule kind {kind}"
    return Finding(FindingCode.UNKNOWN_KIND, "", row_id, "", message, f"use one of {', '.join(KINDS)}")
