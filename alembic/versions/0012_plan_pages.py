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
_INDEXES: dict[str, tuple[list[str | sa.TextClause], sa.TextClause | None]] = {
    "ix_cases_holder_due_open": (["holder_id", "due_at", "id"], sa.text("is_open")),
    "ix_cases_holder_registered": (["holder_id", sa.text("registered_at desc"), sa.text("id desc")], None),
}


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


def downgrade() -> None:
    """Take back."""
    for name in _INDEXES:
        op.drop_index(name, table_name="cases")
    _lock_with("&&")
    op.execute("drop operator app.&&& (anyarray, anyarray)")


def _lock_with(overlap: str) -> None:
    for statement in _LOCK.replace(_OPERATOR, overlap).split(";\n"):
        if statement.strip():
            op.get_bind().exec_driver_sql(statement) if not op.get_context().as_sql else op.execute(statement)
