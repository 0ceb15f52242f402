"""Buckets of what people and offices have asked for lately, shared by all processes.

Revision: 0014, after 0013.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "rate_bucket",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("level", sa.Float(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_rate_bucket")),
        prefixes=["UNLOGGED"],
    )
    op.execute("grant select, insert, update on rate_bucket to caseway_app")


def downgrade() -> None:
    """Take back."""
    op.drop_table("rate_bucket")
