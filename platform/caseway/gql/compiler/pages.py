"""A connection at the root: its rows were found one more than asked, and are put together here."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from caseway.db.keyset import Page, window
from caseway.gql.compiler.selection import TYPENAME, NotCompilable, Selected


def wanted(root: Selected) -> list[Selected]:
    """The different selections of a node: below ``nodes``, and below ``node`` of each ``edges``."""
    found = list(root.child("nodes"))
    for edges in root.child("edges"):
        found += edges.child("node")
    return found


def connection(root: Selected, rows: Sequence[Any], page: Page, keys: int) -> str:
    """The JSON text of a connection. A row holds ``keys`` sort keys, ``odd``, and a text for each of ``wanted``."""
    found = window(rows, page)
    texts = {id(each): keys + 1 + number for number, each in enumerate(wanted(root))}
    cursors = [page.cursor(*row[:keys]) for row in _with_cursors(root, found.rows)]
    members = []
    for part in root.children:
        match part.name:
            case "nodes":
                text = f"[{','.join([row[texts[id(part)]] for row in found.rows])}]"
            case "edges":
                text = (
                    f"[{','.join([_edge(part, row, texts, number, cursors) for number, row in enumerate(found.rows)])}]"
                )
            case "pageInfo":
                text = _page_info(part, found.has_next, found.has_previous, cursors)
            case name if name == TYPENAME:
                text = f'"{root.type_name}"'
            case name:
                raise NotCompilable(f"{root.type_name}.{name}")
        members.append(f'"{part.key}":{text}')
    return "{" + ",".join(members) + "}"


def check(root: Selected) -> None:
    """Raise ``NotCompilable`` for a member of the connection that is not known here."""
    for part in root.children:
        if part.name not in ("nodes", "edges", "pageInfo", TYPENAME):
            raise NotCompilable(f"{root.type_name}.{part.name}")


def _with_cursors(root: Selected, rows: Sequence[Any]) -> Sequence[Any]:
    """The rows whose cursors are asked for: all, the first and the last, or none."""
    if any(child.name == "cursor" for each in root.child("edges") for child in each.children):
        return rows
    ends = any(child.name in ("startCursor", "endCursor") for each in root.child("pageInfo") for child in each.children)
    return [rows[0], rows[-1]] if ends and rows else []


def _edge(part: Selected, row: Any, texts: dict[int, int], number: int, cursors: Sequence[str]) -> str:
    members = []
    for child in part.children:
        match child.name:
            case "node":
                text = row[texts[id(child)]]
            case "cursor":
                text = f'"{cursors[number]}"'
            case _:
                text = f'"{part.type_name}"'
        members.append(f'"{child.key}":{text}')
    return "{" + ",".join(members) + "}"


def _page_info(part: Selected, has_next: bool, has_previous: bool, cursors: Sequence[str]) -> str:
    def truth(value: bool) -> str:
        return "true" if value else "false"

    values = {
        "hasNextPage": truth(has_next),
        "hasPreviousPage": truth(has_previous),
        "startCursor": f'"{cursors[0]}"' if cursors else "null",
        "endCursor": f'"{cursors[-1]}"' if cursors else "null",
        TYPENAME: '"PageInfo"',
    }
    return "{" + ",".join(f'"{child.key}":{values[child.name]}' for child in part.children) + "}"
