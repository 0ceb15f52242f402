"""Which of the shipped reads are compiled, and why the others are not: written anew by running this file."""

from __future__ import annotations

from pathlib import Path

from graphql.execution.values import VariableValues

from caseway import bundle
from caseway.gql.compiler.programs import Programs
from caseway.gql.compiler.selection import NotCompilable
from caseway.gql.documents import DocumentStore
from caseway.gql.execution import Prepared
from caseway.gql.limits import Limits
from caseway.schema import compiled, schema

GOLDEN = Path(__file__).with_name("operations_golden.txt")


def table() -> str:
    """A line for each read: its file, and ``compiled`` or what leaves it to the resolvers."""
    programs, store = Programs(schema, compiled), DocumentStore(schema._schema, Limits())
    folder = bundle.path("schema", "operations")
    lines = []
    for file in sorted(folder.glob("*/*.graphql")):
        document = store.get(file.read_text())
        operation = document.operation(None)
        if operation.operation.value != "query":
            continue
        try:
            programs.read(Prepared(document, operation, {}, 0), VariableValues({}, {}))
            answered = "compiled"
        except NotCompilable as reason:
            answered = str(reason)
        lines.append(f"{file.relative_to(folder).with_suffix('')}  {answered}")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    GOLDEN.write_text(table())
