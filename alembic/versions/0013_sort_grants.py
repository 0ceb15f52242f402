"""Grants get copies of what lists of cases are sorted by, so that a page of what an office sees by grants costs a page
and not all that it ever was granted.

The previous release writes grants without copies: run ``caseway ledger rebuild`` once it has ended.

Revision: 0013, after 0012.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

_TABLE = "case_grant"
_INDEXES: dict[str, tuple[list[str | sa.TextClause], sa.TextClause | None]] = {
    "ix_case_grant_due_open": (["office_id", "due_at", "case_id"], sa.text("is_open")),
    "ix_case_grant_registered": (["office_id", sa.text("registered_at desc"), sa.text("case_id desc")], None),
}
#: What is outside the scope of nobody: the platform's own.
_FILL = """
select set_config('app.scopes', '{0}', true);
update case_grant g set is_open = c.is_open, due_at = c.due_at, registered_at = c.registered_at
from cases c where c.city_id = g.city_id and c.id = g.case_id;
"""


def upgrade() -> None:
    """Apply."""
    op.add_column(_TABLE, sa.Column("is_open", sa.Boolean(), server_default=sa.text("true"), nullable=False))
    op.add_column(_TABLE, sa.Column("due_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column(_TABLE, sa.Column("registered_at", sa.DateTime(timezone=True), nullable=True))
    op.execute(_FILL)
    with op.get_context().autocommit_block():
        for name, (columns, where) in _INDEXES.items():
            op.drop_index(name, table_name=_TABLE, if_exists=True, postgresql_concurrently=True)
            op.create_index(
                name, _TABLE, columns, postgresql_where=where, postgresql_concurrently=True, if_not_exists=True
            )


def downgrade() -> None:
    """Take back."""
    for name in _INDEXES:
        op.drop_index(name, table_name=_TABLE)
    for column in ("registered_at", "due_at", "is_open"):
        op.drop_column(_TABLE, column)
