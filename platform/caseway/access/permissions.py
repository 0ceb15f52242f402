"""The catalogue of permissions (``<resource>:<action>``), of roles, and of the levels of seeing a case."""

from __future__ import annotations

from enum import IntEnum, StrEnum
from functools import cached_property


class Permission(StrEnum):
    """One thing that can be permitted. The value is ``<resource>:<action>``; the order gives the bit in bitmaps."""

    CASE_REGISTER = "case:register"
    CASE_COUNT = "case:count"
    CASE_STUB = "case:stub"
    CASE_CARD = "case:card"
    CASE_ANSWER = "case:answer"
    CASE_PART = "case:part"
    CASE_CONTENT = "case:content"
    CASE_HISTORY = "case:history"
    CASE_IDENTITY = "case:identity"
    CASE_REASON = "case:reason"
    CASE_MATCH = "case:match"
    CASE_FORWARD = "case:forward"
    CASE_ASSIGN = "case:assign"
    CASE_HAND_OVER = "case:hand_over"
    CASE_HAND_OVER_ACCUSATION = "case:hand_over_accusation"
    CASE_RECALL = "case:recall"
    CASE_SIGN_FOR = "case:sign_for"
    CASE_OBJECT = "case:object"
    CASE_DECIDE_OBJECTION = "case:decide_objection"
    CASE_DECIDE_COMPETENCE = "case:decide_competence"
    CASE_ESCALATE = "case:escalate"
    CASE_TAKE_UP = "case:take_up"
    CASE_ASK_ADVICE = "case:ask_advice"
    CASE_ADVISE = "case:advise"
    CASE_REPORT_UP = "case:report_up"
    CASE_ASSIST = "case:assist"
    CASE_CONTRIBUTE = "case:contribute"
    CASE_SUPERVISE = "case:supervise"
    CASE_REPLY_SUPERVISION = "case:reply_supervision"
    CASE_COPY = "case:copy"
    CASE_ACCEPT = "case:accept"
    CASE_REFUSE = "case:refuse"
    CASE_REDIRECT = "case:redirect"
    CASE_HANDLE = "case:handle"
    CASE_ASSIGN_HANDLER = "case:assign_handler"
    CASE_ASSIGN_LEAD = "case:assign_lead"
    CASE_EXTEND = "case:extend"
    CASE_GRADE = "case:grade"
    CASE_ISSUE_ANSWER = "case:issue_answer"
    CASE_ORDER_REDO = "case:order_redo"
    CASE_CLOSE = "case:close"
    CASE_WITHDRAW = "case:withdraw"
    CASE_MERGE = "case:merge"
    CASE_ARCHIVE = "case:archive"
    CASE_RECUSE = "case:recuse"
    CASE_LIST = "case:list"
    CASE_DELIVER_LIST = "case:deliver_list"
    CASE_ANSWER_ESCALATION = "case:answer_escalation"
    CASE_HAND_BACK = "case:hand_back"
    OFFICE_READ = "office:read"
    OFFICE_CREATE_CHILD = "office:create_child"
    OFFICE_RENAME = "office:rename"
    OFFICE_MOVE = "office:move"
    OFFICE_MERGE = "office:merge"
    OFFICE_SPLIT = "office:split"
    OFFICE_SUSPEND = "office:suspend"
    USER_READ = "user:read"
    USER_MANAGE = "user:manage"
    USER_GRANT = "user:grant"
    POLICY_READ = "policy:read"
    POLICY_OVERRIDE = "policy:override"
    POLICY_EXPLAIN = "policy:explain"
    RULE_READ = "rule:read"
    RULE_READ_DRAFT = "rule:read_draft"
    RULE_DRAFT = "rule:draft"
    RULE_PUBLISH = "rule:publish"
    RULE_REVIEW = "rule:review"
    RULE_PROVIDE = "rule:provide"
    AUDIT_READ = "audit:read"
    NOTICE_READ = "notice:read"
    TASK_READ = "task:read"
    TASK_CLOSE = "task:close"
    RECEPTION_READ = "reception:read"
    RECEPTION_PLAN = "reception:plan"
    RESOURCE_DECLARE = "resource:declare"
    CALENDAR_READ = "calendar:read"
    CALENDAR_EDIT = "calendar:edit"
    LIAISON_MANAGE = "liaison:manage"
    SUPERVISION_READ = "supervision:read"
    ACCOUNTABILITY_READ = "accountability:read"
    ACCOUNTABILITY_OPEN = "accountability:open"
    ACCOUNTABILITY_DECIDE = "accountability:decide"
    REPORT_READ = "report:read"
    REPORT_FILE = "report:file"
    SYSTEM_OPERATE = "system:operate"

    @cached_property
    def resource(self) -> str:
        """What it is about: case, office, user, policy, rule, audit, system."""
        return self.value.partition(":")[0]

    @cached_property
    def action(self) -> str:
        """What may be done with it."""
        return self.value.partition(":")[2]

    @cached_property
    def bit(self) -> int:
        """This permission's bit in a permission bitmap."""
        return 1 << _POSITIONS[self]

    @property
    def needs_sight(self) -> bool:
        """Whether it is about one existing case: whoever cannot see that case is told that there is none."""
        return self.resource == "case" and self not in (Permission.CASE_REGISTER, Permission.CASE_COUNT)


_POSITIONS: dict[Permission, int] = {permission: position for position, permission in enumerate(Permission)}
CASE_PERMISSIONS: tuple[Permission, ...] = tuple(p for p in Permission if p.resource == "case")
#: From any of these follows that the actor knows of the case.
SIGHT: tuple[Permission, ...] = (Permission.CASE_STUB, Permission.CASE_CARD, Permission.CASE_CONTENT)


def action_names(resource: str) -> tuple[str, ...]:
    """The actions of a resource, in the catalogue's order; empty for an unknown resource."""
    return tuple(p.action for p in Permission if p.resource == resource)


class Visibility(IntEnum):
    """How much of a case somebody sees (domain 5.5)."""

    NONE = 0
    COUNT = 1
    STUB = 2
    CARD = 3
    CONTENT = 4
    FULL = 5


class Role(StrEnum):
    """A role a membership can hold."""

    CLERK = "clerk"
    HANDLER = "handler"
    DISPATCHER = "dispatcher"
    LEADER = "leader"
    LINKED_LEADER = "linked_leader"
    SUPERVISOR = "supervisor"
    REVIEWER = "reviewer"
    TENANT_ADMIN = "tenant_admin"
    AUDITOR = "auditor"
    AGENT = "agent"
    PLATFORM_OPERATOR = "platform_operator"


ROLES: tuple[str, ...] = tuple(role.value for role in Role)
#: Roles that only other roles inherit from; nobody holds them.
BASE_ROLES: tuple[str, ...] = ("officer", "caseworker")
