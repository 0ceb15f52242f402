"""How big a document is, from its syntax alone: one pass that visits every fragment once, however often it is spread.

Counts are taken after expansion (a fragment spread twice counts twice), so a chain of fragments that each spread the
next one twice is seen as the 2^n fields it is, at the price of reading its n lines. Cycles count as nothing here;
validation refuses them later.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    GraphQLSyntaxError,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionSetNode,
    StringValueNode,
    Visitor,
    parse,
    visit,
)

from caseway.gql.refusals import (
    EdgeRefusal,
    InvalidCharacter,
    ParseFailed,
    QueryTooDeep,
    QueryTooManyAliases,
    QueryTooManyDirectives,
    QueryTooManyFragments,
    QueryTooManyRootFields,
    QueryTooManyTokens,
)
from caseway.settings import Settings

#: Counts stop here: nothing above it is told apart, and the numbers stay small.
CEILING = 10**9
#: Selection sets and fragments inside each other, before anything else is looked at (guards the stack).
DEEPEST_NESTING = 100


@dataclass(frozen=True, slots=True)
class Limits:
    """What one document may be."""

    tokens: int = 4_000
    depth: int = 12
    aliases: int = 30
    cost: int = 20_000
    directives: int = 50
    root_fields: int = 20
    fragments: int = 60
    #: ``__schema`` and ``__type`` follow wrapped types: they are deeper than data, and cheap.
    introspection_depth: int = 20

    @classmethod
    def of(cls, settings: Settings) -> Limits:
        """The limits a deployment has set."""
        return cls(
            tokens=settings.max_query_tokens,
            depth=settings.max_query_depth,
            aliases=settings.max_query_aliases,
            cost=settings.max_query_cost,
        )


@dataclass(frozen=True, slots=True)
class Size:
    """What a selection set expands to."""

    depth: int = 0
    fields: int = 0
    aliases: int = 0
    directives: int = 0

    def beside(self, other: Size) -> Size:
        """Two selections next to each other."""
        return Size(
            max(self.depth, other.depth),
            min(CEILING, self.fields + other.fields),
            min(CEILING, self.aliases + other.aliases),
            min(CEILING, self.directives + other.directives),
        )


def parse_text(text: str, limits: Limits) -> DocumentNode:
    """The document of a text; raises ``ParseFailed`` or ``QueryTooManyTokens``."""
    try:
        return parse(text, max_tokens=limits.tokens)
    except GraphQLSyntaxError as problem:
        if "tokens" in problem.message and "more than" in problem.message:
            raise QueryTooManyTokens(limit=limits.tokens) from None
        raise ParseFailed(problem) from None
    except GraphQLError as problem:
        raise ParseFailed(problem) from None


def check(document: DocumentNode, limits: Limits) -> Measure:
    """Refuse a document that is too big in any way; otherwise answer what was measured."""
    measure = Measure(document)
    if len(measure.fragments) > limits.fragments:
        raise QueryTooManyFragments(limit=limits.fragments)
    _check_texts(document)
    for definition in document.definitions:
        if isinstance(definition, OperationDefinitionNode):
            if refusal := _refusal(measure, definition, limits):
                raise refusal
        elif isinstance(definition, FragmentDefinitionNode):
            # Also those that nothing spreads: validation would still have to read them.
            measure.fragment(definition.name.value, 0)
    return measure


def _refusal(measure: Measure, operation: OperationDefinitionNode, limits: Limits) -> EdgeRefusal | None:
    size = measure.operation(operation)
    where = (operation,)
    deepest = limits.introspection_depth if measure.only_introspects(operation) else limits.depth
    if size.depth > deepest:
        return QueryTooDeep(nodes=where, limit=deepest, depth=size.depth)
    if size.aliases > limits.aliases:
        return QueryTooManyAliases(nodes=where, limit=limits.aliases, aliases=size.aliases)
    if size.directives > limits.directives:
        return QueryTooManyDirectives(nodes=where, limit=limits.directives, directives=size.directives)
    roots = measure.root_fields(operation)
    if roots > limits.root_fields:
        return QueryTooManyRootFields(nodes=where, limit=limits.root_fields, rootFields=roots)
    return None


class Measure:
    """The sizes of a document's operations and fragments. ``visits`` counts the work: one per selection written."""

    def __init__(self, document: DocumentNode) -> None:
        self.fragments = {
            each.name.value: each for each in document.definitions if isinstance(each, FragmentDefinitionNode)
        }
        self.visits = 0
        self._sizes: dict[str, Size] = {}
        self._roots: dict[str, int] = {}

    def operation(self, operation: OperationDefinitionNode) -> Size:
        """What an operation expands to; variable definitions count with their directives."""
        directives = len(operation.directives or ())
        directives += sum(len(variable.directives or ()) for variable in operation.variable_definitions or ())
        return self._set(operation.selection_set, 0, Counter()).beside(Size(directives=directives))

    def fragment(self, name: str, nesting: int) -> Size:
        """What a fragment expands to, computed once."""
        if name not in self._sizes:
            self._sizes[name] = Size()  # a cycle meets this and ends
            if definition := self.fragments.get(name):
                own = Size(directives=len(definition.directives or ()))
                self._sizes[name] = own.beside(self._set(definition.selection_set, nesting + 1, Counter()))
        return self._sizes[name]

    def root_fields(self, operation: OperationDefinitionNode) -> int:
        """How many root fields an operation asks for."""
        return self._root_count(operation.selection_set)

    def only_introspects(self, operation: OperationDefinitionNode) -> bool:
        """Whether all that an operation asks for directly is ``__schema``, ``__type`` or ``__typename``."""
        return all(
            isinstance(each, FieldNode) and each.name.value.startswith("__")
            for each in operation.selection_set.selections
        )

    def _set(self, selection_set: SelectionSetNode, nesting: int, keys: Counter[str]) -> Size:
        if nesting > DEEPEST_NESTING:
            raise QueryTooDeep(limit=DEEPEST_NESTING)
        size = Size()
        for selection in selection_set.selections:
            self.visits += 1
            size = size.beside(Size(directives=len(selection.directives or ())))
            if isinstance(selection, FieldNode):
                size = size.beside(self._field(selection, nesting, keys))
            elif isinstance(selection, InlineFragmentNode):
                size = size.beside(self._set(selection.selection_set, nesting + 1, keys))
            elif isinstance(selection, FragmentSpreadNode):
                size = size.beside(self.fragment(selection.name.value, nesting))
        return size

    def _field(self, node: FieldNode, nesting: int, keys: Counter[str]) -> Size:
        key = (node.alias or node.name).value
        keys[key] += 1
        # Asking for one field again and again burdens validation as much as aliases do.
        again = 1 if node.alias is not None or keys[key] > 1 else 0
        inner = self._set(node.selection_set, nesting + 1, Counter()) if node.selection_set else Size()
        return Size(
            inner.depth + 1, min(CEILING, inner.fields + 1), min(CEILING, inner.aliases + again), inner.directives
        )

    def _root_count(self, selection_set: SelectionSetNode) -> int:
        count = 0
        for selection in selection_set.selections:
            if isinstance(selection, FieldNode):
                count += 1
            elif isinstance(selection, InlineFragmentNode):
                count += self._root_count(selection.selection_set)
            elif isinstance(selection, FragmentSpreadNode):
                name = selection.name.value
                if name not in self._roots:
                    self._roots[name] = 0
                    if definition := self.fragments.get(name):
                        self._roots[name] = self._root_count(definition.selection_set)
                count += self._roots[name]
        return min(CEILING, count)


class _Texts(Visitor):
    def enter_string_value(self, node: StringValueNode, *_: object) -> None:
        if unstorable(node.value):
            raise InvalidCharacter(nodes=(node,))


def _check_texts(document: DocumentNode) -> None:
    """Refuse text literals that the database cannot hold. A look at the source spares most documents the walk."""
    source = document.loc.source.body if document.loc else ""
    if "\\u" in source or "\x00" in source:
        visit(document, _Texts())


def unstorable(text: str) -> bool:
    """Whether a text holds a NUL or half of a surrogate pair, which PostgreSQL and UTF-8 cannot hold."""
    try:
        return b"\x00" in text.encode()
    except UnicodeEncodeError:
        return True
