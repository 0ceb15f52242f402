"""Permissions on one row as SQL: for masks inside a statement that has found its rows already.

Like ``plans_sql``, but the grants of a row are looked up by the row (one index probe for all kinds together), where a
list begins at the grants of an office. Both say the same as ``facts.case_facts`` says in Python.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import Boolean, and_, false, literal_column, or_
from sqlalchemy.dialects.postgresql import asyncpg
from sqlalchemy.sql.elements import ClauseElement, ColumnElement

from caseway.access.actor import Actor
from caseway.access.facts import OFFICE_GRANTS, PERSONAL_GRANTS
from caseway.access.permissions import Permission
from caseway.access.plans_sql import Condition, ConditionWriter, Plans
from caseway.access.tables import CASES

#: The driver's own dialect: it writes the type of every parameter behind it.
_DIALECT = asyncpg.dialect(paramstyle="named")  # type: ignore[no-untyped-call]
_PARAMETER = re.compile(r"(?<!:):([a-z_][a-z0-9_]*)")
#: Of a live grant; ``g`` is the grant.
_LIVE = "(g.until_at is null or g.until_at > ⟨access_now⟩::timestamptz)"


def rendered(element: ClauseElement) -> str:
    """A condition or statement as text in which parameters stand as ``⟨name⟩``, for ``gql.compiler.binding``. Constants
    in it hold no colon."""
    return _PARAMETER.sub(r"⟨\1⟩", str(element.compile(dialect=_DIALECT)))


class RowFlags:
    """What an actor may on the row of ``cases`` under an alias, as the columns of one lateral join."""

    def __init__(self, policy: Plans, actor: Actor, *, now: datetime) -> None:
        self._policy, self._actor, self._now = policy, actor, now

    def columns(self, alias: str, permissions: Iterable[Permission]) -> str:
        """``<condition> as case_content, …``: a truth value for each permission, never null."""
        writer = _RowWriter(self._actor, alias, now=self._now)
        return ", ".join(
            f"({rendered(self._flag(writer, each))}) as {each.name.lower()}" for each in sorted(permissions)
        )

    def grants(self, alias: str) -> str:
        """A lateral join with the actor's live grants on the row, and the instant at which its office last gave it
        away (``held``)."""
        person = "⟨access_person⟩::integer"
        kinds = [(name, kind, "0") for name, kind in OFFICE_GRANTS.items()]
        kinds += [(name, kind, person) for name, kind in PERSONAL_GRANTS.items()]
        columns = [
            f"coalesce(bool_or(g.kind = '{kind}' and g.person_id = {owner} and {_LIVE}), false) as {name}"
            for name, kind, owner in kinds
        ]
        held = f"max(g.since_at) filter (where g.kind = '{OFFICE_GRANTS['custody']}' and g.person_id = 0) as held"
        return (
            f"cross join lateral (select {', '.join([*columns, held])} from case_grant g "
            f"where g.city_id = {alias}.city_id and g.case_id = {alias}.id "
            f"and g.office_id = ⟨access_office⟩::integer) {alias}_grant"
        )

    def _flag(self, writer: _RowWriter, permission: Permission) -> Condition:
        ways: list[Condition] = []
        for alternative in self._policy.alternatives(self._actor, permission):
            deny = writer.denied(alternative.deny)
            ways += [
                and_(writer.relation(relation), writer.states(states), *deny)
                for relation, states in alternative.allow
                if writer.possible(relation)
            ]
        return or_(*ways) if ways else false()


class _RowWriter(ConditionWriter):
    """Reads grants from the lateral join beside the row."""

    def __init__(self, actor: Actor, alias: str, *, now: datetime) -> None:
        super().__init__(actor, now=now, cases=CASES.alias(alias))
        self._alias = alias

    def _granted(self, name: str) -> Condition:
        parts: list[ColumnElement[bool]] = [
            literal_column(f"{self._alias}_grant.{part}", Boolean) for part in name.split("+")
        ]
        return or_(*parts) if len(parts) > 1 else parts[0]
