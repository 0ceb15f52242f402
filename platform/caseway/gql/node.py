"""The Node interface: everything with a global id."""

from __future__ import annotations

import strawberry


@strawberry.interface(name="Node", description="An object with a global id, which `node(id:)` finds again.")
class Node:
    """Everything with a global id (see ``gql.ids``)."""

    id: strawberry.ID = strawberry.field(description="Opaque global id, unique over all types.")
