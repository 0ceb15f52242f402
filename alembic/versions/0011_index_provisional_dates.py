"""Finds the clocks with a provisional date when a calendar year is published.

Built beside the work that goes on: the table may be large. An index that a broken build left behind is taken away
first.

Revision: 0011, after 0010.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

_INDEX = "ix_clock_event_provisional"


def upgrade() -> None:
    """Apply."""
    with op.get_context().autocommit_block():
        op.drop_index(_INDEX, table_name="clock_event", if_exists=True, postgresql_concurrently=True)
        op.create_index(
            _INDEX,
            "clock_event",
            ["city_id", "case_id"],
            postgresql_where=sa.text("facts @@ '$.dues[*][1] == true'"),
            postgresql_concurrently=True,
            if_not_exists=True,
        )


def downgrade() -> None:
    """Take back."""
    op.drop_index(_INDEX, table_name="clock_event")
