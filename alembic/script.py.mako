"""${message}

Revision: ${up_revision}, after ${down_revision | comma,n}.
Rules: works while the previous release still runs; indexes on filled tables are created CONCURRENTLY inside
``op.get_context().autocommit_block()``; a new table gets its row policies in the same migration.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
${imports if imports else ""}
revision = ${repr(up_revision)}
down_revision = ${repr(down_revision)}
branch_labels = ${repr(branch_labels)}
depends_on = ${repr(depends_on)}


def upgrade() -> None:
    """Apply."""
    ${upgrades if upgrades else "pass"}


def downgrade() -> None:
    """Undo."""
    ${downgrades if downgrades else "pass"}
