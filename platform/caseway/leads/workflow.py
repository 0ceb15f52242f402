"""Pure rules of leads: the three roles of a responsibility list, and what the effective rules ask of its delivery."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from caseway.access.permissions import Role
from caseway.rules.kinds.document_set import DocumentSet
from caseway.rules.kinds.report import Report
from caseway.rules.kinds.vocabulary import Event
from caseway.rules.resolve import EffectiveRules
from caseway.rules.rows import RowRef

#: Name of the set of papers that rule books know the list by.
RESPONSIBILITY_LIST = "RESPONSIBILITY_LIST"
#: Receiver, in rules about reports, that stands for the leaders linked to the area of a matter.
LINKED_LEADER = "LINKED_LEADER"
#: Roles of posts that can lead a case or be linked to an area.
LEADING = (Role.LEADER, Role.LINKED_LEADER)
#: Roles of posts that can handle a case in the solving unit.
HANDLING = (Role.HANDLER, Role.CLERK, Role.DISPATCHER)


class ResponsibilityRole(StrEnum):
    """Who stands on a responsibility list. There is no other role: a rule book that names one has no effect by it."""

    SOLVING_UNIT = "SOLVING_UNIT"
    LEAD_LEADER = "LEAD_LEADER"
    NAMED_HANDLER = "NAMED_HANDLER"


@dataclass(frozen=True, slots=True)
class Delivery:
    """What the effective rules ask of a responsibility list."""

    #: The row that asks for the list.
    ref: RowRef
    #: The row by which the leaders linked to the area get it at the same time (INV-32); ``None`` = nobody but the unit.
    second: RowRef | None


def delivery(rules: EffectiveRules) -> Delivery | None:
    """How a list is delivered under these rules; ``None`` if none asks for lists. Of several rows that say the same the
    one nearest to the office is named."""
    asking = [row.ref for rule in rules.of(DocumentSet) if rule.params.name == RESPONSIBILITY_LIST for row in rule.rows]
    if not asking:
        return None
    second = [
        row.ref
        for rule in rules.of(Report)
        if rule.params.on_event is Event.KEY_CASE_ASSIGNED
        for row in rule.rows
        if LINKED_LEADER in (*row.params.to, *(row.params.cc or ()))
    ]
    return Delivery(asking[-1], second[-1] if second else None)
