"""Add the second lock: row policies, the role of requests and its privileges, from the frozen file beside this one.

Revision: 0003, after 0002.
"""

from __future__ import annotations

from pathlib import Path

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_SQL = Path(__file__).with_suffix(".sql")


def upgrade() -> None:
    """Apply."""
    op.get_bind().exec_driver_sql(_SQL.read_text(encoding="utf-8")) if not op.get_context().as_sql else op.execute(
        _SQL.read_text(encoding="utf-8")
    )


def downgrade() -> None:
    """Undo."""
    op.execute(
        """
        do $$ declare found record; begin
          for found in select policyname, tablename from pg_policies where schemaname = 'public' loop
            execute format('drop policy %I on %I', found.policyname, found.tablename);
            execute format('alter table %I no force row level security', found.tablename);
            execute format('alter table %I disable row level security', found.tablename);
          end loop;
          revoke all on all tables in schema public from caseway_app;
          revoke all on all sequences in schema public from caseway_app;
          drop schema app cascade;
        end $$
        """
    )
