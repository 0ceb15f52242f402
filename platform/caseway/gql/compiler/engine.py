"""The shortcut of the executor: an operation's JSON text by one statement a root field, or None.

None leaves the operation to the ordinary executor: it is not mapped, somebody is unknown, an argument is not
acceptable, or the database failed. It answers with the same bytes or words the refusal; nothing is decided here that
is not decided there.
"""

from __future__ import annotations

from collections import Counter, OrderedDict
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import strawberry
import structlog
from graphql.execution.values import VariableValues, get_variable_values

from caseway.access.actor import Actor
from caseway.access.flags_sql import RowFlags
from caseway.access.plans_sql import parameters
from caseway.access.policy import Policy
from caseway.errors import CasewayError
from caseway.gql.compiler import pages
from caseway.gql.compiler.mapping import Bound, Catalogue
from caseway.gql.compiler.programs import Programs, Root
from caseway.gql.compiler.selection import NotCompilable, deciding_variables
from caseway.gql.compiler.statements import Statement, statement
from caseway.gql.compiler.writing import Size, Writer
from caseway.gql.context import Context
from caseway.gql.execution import Prepared

_log = structlog.get_logger("caseway.compiler")
#: Operations remembered, compiled or known not to be; and statements, of which one root field has one for each kind of
#: actor and shape of arguments (some ten thousand characters each).
_MOST_PROGRAMS, _MOST_STATEMENTS = 1_000, 2_000
_FAILED, _MISTAKE = "database", "mistake"
COMPILED = "compiled"


@dataclass(frozen=True, slots=True)
class _Known:
    """What is remembered of an operation under one choice of ``@skip`` and ``@include``."""

    roots: list[Root]
    #: Why it cannot be compiled; empty if it can.
    reason: str = ""


class Engine:
    """One per process."""

    def __init__(self, schema: strawberry.Schema, catalogue: Catalogue) -> None:
        self._programs = Programs(schema, catalogue)
        self._catalogue = catalogue
        self._deciding: OrderedDict[str, tuple[str, ...]] = OrderedDict()
        self._known: OrderedDict[Hashable, _Known] = OrderedDict()
        self._statements: OrderedDict[Hashable, Statement] = OrderedDict()
        #: Operations answered here (``COMPILED``), and why others were not: names of the schema and codes of refusals.
        self.counts: Counter[str] = Counter()

    async def __call__(self, prepared: Prepared, context: Context) -> bytes | None:
        """The JSON text of ``data``, or None. See ``gql.execution.Shortcut``."""
        try:
            answer = await self._answer(prepared, context)
        except (NotCompilable, CasewayError) as problem:
            context.plan = problem.code if isinstance(problem, CasewayError) else str(problem)
            self.counts[context.plan] += 1
            return None
        except Exception as problem:  # a mistake of ours costs time, never the answer
            _log.error("compiler_failed", problem=type(problem).__name__)
            context.plan = _MISTAKE
            self.counts[_MISTAKE] += 1
            return None
        context.plan = COMPILED
        self.counts[COMPILED] += 1
        return answer.encode()

    async def _answer(self, prepared: Prepared, context: Context) -> str:
        if prepared.kind != "query":
            raise NotCompilable(prepared.kind)
        if context.actor is None:
            raise NotCompilable("nobody")
        variables = get_variable_values(
            self._programs.schema._schema, prepared.operation.variable_definitions or (), prepared.variables
        )
        if isinstance(variables, list):
            raise NotCompilable("variables")
        known = self._of(prepared, variables)
        if known.reason:
            raise NotCompilable(known.reason)
        members = []
        missed: list[Bound] = []
        for root in known.roots:
            text = '"Query"' if root.map is None else await self._root(root, prepared, variables, context, missed)
            members.append(f'"{root.selected.key}":{text}')
        for bound in missed:
            # Only now that no other root can leave the operation to the resolvers, which would note it again.
            assert bound.missed is not None
            await bound.missed()
        return "{" + ",".join(members) + "}"

    def _of(self, prepared: Prepared, variables: VariableValues) -> _Known:
        sha256 = prepared.document.sha256
        deciding = self._deciding.get(sha256)
        if deciding is None:
            deciding = self._deciding[sha256] = deciding_variables(prepared.document.node)
            if len(self._deciding) > _MOST_PROGRAMS:
                self._deciding.popitem(last=False)
        key = (sha256, prepared.name, tuple(variables.coerced.get(each) for each in deciding))
        found = self._known.get(key)
        if found is None:
            try:
                found = _Known(self._programs.read(prepared, variables))
            except NotCompilable as reason:
                found = _Known([], str(reason))
            self._known[key] = found
            if len(self._known) > _MOST_PROGRAMS:
                self._known.popitem(last=False)
        else:
            self._known.move_to_end(key)
        return found

    async def _root(
        self, root: Root, prepared: Prepared, variables: VariableValues, context: Context, missed: list[Bound]
    ) -> str:
        assert root.map is not None
        assert context.actor is not None
        bound: Bound | None = await root.map.bind(context, **self._programs.arguments(root, variables))
        if bound is None:
            raise NotCompilable(f"Query.{root.selected.name}")
        if bound.type:
            root = self._programs.concrete(prepared, variables, root, bound.type)
        sizes = root.sizes(variables)
        rows: Sequence[Any] = ()
        keys = 0
        if not bound.nothing:
            made = self._statement(root, bound, sizes, context.policy, context.actor, context)
            keys, found = made.keys, await self._rows(made, bound.values, context)
            if any(row[keys] for row in found):
                raise NotCompilable("odd row")
            rows = [made.texts(row) for row in found]
        if bound.page is not None:
            return pages.connection(root.selected, rows, bound.page, keys)
        if rows:
            text: str = rows[0][keys + 1]
            return text
        if bound.missed is not None:
            missed.append(bound)
        return "null"

    def _statement(
        self, root: Root, bound: Bound, sizes: Mapping[int, Size], policy: Policy, actor: Actor, context: Context
    ) -> Statement:
        key = (root, _alike(policy, actor), bound.shape, tuple(sizes.values()))
        found = self._statements.get(key)
        if found is not None:
            self._statements.move_to_end(key)
        else:
            flags = RowFlags(policy, actor, now=context.now())
            wanted = pages.wanted(root.selected) if bound.page is not None else [root.selected]
            found = statement(
                Writer(self._catalogue, flags, sizes), flags, wanted, bound.source(), shown=bound.page is None
            )
            self._statements[key] = found
            if len(self._statements) > _MOST_STATEMENTS:
                self._statements.popitem(last=False)
        return found

    async def _rows(self, made: Statement, values: Mapping[str, Any], context: Context) -> Sequence[Any]:
        assert context.actor is not None
        scopes, bars = context.scope.settings()
        everything = {
            **parameters(context.actor, now=context.now()), **values, "lock_scopes": scopes, "lock_bars": bars
        }  # fmt: skip
        try:
            return await context.fetch(made.text, made.arguments(everything))
        except Exception as problem:  # whatever it is, the ordinary executor meets it again and masks it
            _log.warning("compiled_statement_failed", problem=type(problem).__name__)
            raise NotCompilable(_FAILED) from problem


def _alike(policy: Policy, actor: Actor) -> Hashable:
    """Equal for actors whose permissions are the same text with other values."""
    possible = (actor.office_id > 0, actor.seat_id > 0, actor.person_id > 0, bool(actor.bars))
    return policy.bundles.of(actor), actor.roles, len(actor.chain), actor.seat_depth, possible
