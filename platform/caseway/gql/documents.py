"""Documents: parsed, measured, validated and priced once, then remembered by the hash of their text.

The memory is bounded twice, by documents and by tokens, so that a flood of ever new texts costs a bounded amount of
memory. Refused texts are remembered too: asking a bad question again is as cheap as asking a good one.
"""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from dataclasses import dataclass

from graphql import (
    DocumentNode,
    GraphQLSchema,
    NoSchemaIntrospectionCustomRule,
    OperationDefinitionNode,
    OperationType,
    specified_rules,
    validate,
)
from strawberry.schema.validation_rules.maybe_null import MaybeNullValidationRule
from strawberry.schema.validation_rules.one_of import OneOfInputValidationRule

from caseway.gql import limits
from caseway.gql.cost import CostFormula
from caseway.gql.limits import Limits
from caseway.gql.refusals import EdgeRefusal, OperationUnknown, ValidationFailed

#: Strawberry's own rules for ``Maybe`` and one-of inputs belong to the specification's.
RULES = (*specified_rules, MaybeNullValidationRule, OneOfInputValidationRule)


@dataclass(frozen=True, slots=True)
class Document:
    """A document that may be executed: valid against the schema and within the limits (its cost apart)."""

    #: SHA-256 of the text in hexadecimal: the key of everything that is remembered about it.
    sha256: str
    node: DocumentNode
    operations: tuple[OperationDefinitionNode, ...]
    formula: CostFormula
    tokens: int

    def operation(self, name: str | None) -> OperationDefinitionNode:
        """The operation of that name, or the only one; raises ``OperationUnknown``."""
        found = [each for each in self.operations if name is None or (each.name and each.name.value == name)]
        if len(found) != 1:
            raise OperationUnknown
        return found[0]


class DocumentStore:
    """Texts to documents, least recently used forgotten first."""

    def __init__(
        self,
        schema: GraphQLSchema,
        limits_: Limits,
        *,
        introspection: bool = True,
        most_documents: int = 1_000,
        most_tokens: int = 200_000,
        longest_text: int = 100_000,
    ) -> None:
        self._schema = schema
        self._limits = limits_
        self._introspection = introspection
        self._most_documents, self._most_tokens, self._longest_text = most_documents, most_tokens, longest_text
        self._known: OrderedDict[bytes, Document | EdgeRefusal] = OrderedDict()
        self._tokens = 0
        self.misses = 0

    def get(self, text: str) -> Document:
        """The document of a text; raises an ``EdgeRefusal`` that says what is wrong with it."""
        digest = hashlib.sha256(text.encode())
        key = digest.digest()
        known = self._known.get(key)
        if known is None:
            self.misses += 1
            known = self._read(text, digest.hexdigest())
            if len(text) <= self._longest_text:
                self._remember(key, known)
        else:
            self._known.move_to_end(key)
        if isinstance(known, EdgeRefusal):
            raise known.with_traceback(None)
        return known

    def __len__(self) -> int:
        return len(self._known)

    def _read(self, text: str, sha256: str) -> Document | EdgeRefusal:
        try:
            node = limits.parse_text(text, self._limits)
            limits.check(node, self._limits)
            self._validate(node)
        except EdgeRefusal as refusal:
            return refusal
        operations = tuple(each for each in node.definitions if isinstance(each, OperationDefinitionNode))
        return Document(sha256, node, operations, CostFormula(self._schema, node), getattr(node, "token_count", 0))

    def _validate(self, node: DocumentNode) -> None:
        rules = RULES if self._introspection else (*RULES, NoSchemaIntrospectionCustomRule)
        # "Did you mean ..." would give the schema away word by word where introspection is meant to be off.
        problems = validate(self._schema, node, rules, max_errors=10, hide_suggestions=not self._introspection)
        if problems:
            raise ValidationFailed(problems)

    def _remember(self, key: bytes, outcome: Document | EdgeRefusal) -> None:
        self._known[key] = outcome
        self._tokens += _weight(outcome)
        while len(self._known) > self._most_documents or self._tokens > self._most_tokens:
            _, forgotten = self._known.popitem(last=False)
            self._tokens -= _weight(forgotten)


def _weight(outcome: Document | EdgeRefusal) -> int:
    """Tokens a remembered outcome holds on to; a refusal is a few formatted messages."""
    return outcome.tokens if isinstance(outcome, Document) else 20


def is_mutation(operation: OperationDefinitionNode) -> bool:
    """Whether an operation writes."""
    return operation.operation is OperationType.MUTATION


def is_subscription(operation: OperationDefinitionNode) -> bool:
    """Whether an operation is a stream of events."""
    return operation.operation is OperationType.SUBSCRIPTION
