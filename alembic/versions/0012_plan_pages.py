"""Lists that end with a page: the second lock takes an operator of which PostgreSQL expects that rows pass, and what an
office itself holds gets indexes of its own.

Indexes are built beside the work that goes on; one that a broken build left behind is taken away first.

Revision: 0012, after 0011.
"""

from __future__ import annotations

from pathlib import Path

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

_LOCK = Path(__file__).with_suffix(".sql").read_text(encoding="utf-8")
_OPERATOR = "operator(app.&&&)"
_NEWEST = (sa.text("registered_at desc"), sa.text("id desc"))
_INDEXES: dict[str, tuple[list[str | sa.TextClause], sa.TextClause | None]] = {
    "ix_cases_holder_due_open": (["holder_id", "due_at", "id"], sa.text("is_open")),
    "ix_cases_holder_registered": (["holder_id", *_NEWEST], None),
    "ix_cases_assignee_due_open": (["assignee_id", "due_at", "id"], sa.text("assignee_id <> 0 and is_open")),
    "ix_cases_lead_due_open": (["lead_id", "due_at", "id"], sa.text("lead_id <> 0 and is_open")),
    "ix_cases_assignee_registered": (["assignee_id", *_NEWEST], sa.text("assignee_id <> 0")),
    "ix_cases_lead_registered": (["lead_id", *_NEWEST], sa.text("lead_id <> 0")),
}
#: Their places are taken by the last four.
_BEFORE = ("assignee", "lead")


def upgrade() -> None:
    """Apply."""
    op.execute(
        "create operator app.&&& (leftarg = anyarray, rightarg = anyarray, "
        "procedure = pg_catalog.arrayoverlap, restrict = pg_catalog.neqsel)"
    )
    _lock_with(_OPERATOR)
    with op.get_context().autocommit_block():
        for name, (columns, where) in _INDEXES.items():
            op.drop_index(name, table_name="cases", if_exists=True, postgresql_concurrently=True)
            op.create_index(
                name, "cases", columns, postgresql_where=where, postgresql_concurrently=True, if_not_exists=True
            )
        for who in _BEFORE:
            op.drop_index(f"ix_cases_{who}", table_name="cases", if_exists=True, postgresql_concurrently=True)


def downgrade() -> None:
    """Take back."""
    for who in _BEFORE:
        where = sa.text(f"{who}_id <> 0")
        op.create_index(f"ix_cases_{who}", "cases", [f"{who}_id", "due_at", "id"], postgresql_where=where)
    for name in _INDEXES:
        op.drop_index(name, table_name="cases")
    _lock_with("&&")
    op.execute("drop operator app.&&& (anyarray, anyarray)")


def _lock_with(overlap: str) -> None:
    for statement in _LOCK.replace(_OPERATOR, overlap).split(";\n"):
        if statement.strip():
            op.get_bind().exec_driver_sql(statement) if not op.get_context().as_sql else op.execute(statement)
