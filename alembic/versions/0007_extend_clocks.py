"""Grades of cases, and clocks with several limits.

Revision: 0007, after 0006.
Rules: works while the previous release still runs; new columns have defaults. Clock events of the previous form are
rewritten: one limit becomes a list of one, and each date a list of dates.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

_STARTS = """
    case kind when 'FORWARD' then 'RECEIVED' when 'DIRECT_NOTICE' then 'RECEIVED' when 'ACCEPT_NOTICE' then 'DELIVERED'
      when 'HANDLE' then 'ACCEPTED' else 'ORDERED' end
"""
#: Who could extend handling, by the law as it stood.
_EXTENSION = """
    case when kind = 'HANDLE' then '{"cap": {"amount": 30, "unit": "DAY", "source": "law-2022 L22-17", "roll": "NEVER"},
      "by": "UNIT_HEAD", "times": 1,
      "total": {"amount": 90, "unit": "DAY", "source": "law-2022 L22-17", "roll": "NEVER"}}'::jsonb
      else 'null'::jsonb end
"""


def upgrade() -> None:
    """Apply."""
    op.add_column("cases", sa.Column("grade", sa.Text(), server_default="GENERAL", nullable=False))
    op.add_column("cases", sa.Column("is_first_time", sa.Boolean(), server_default=sa.text("true"), nullable=False))
    op.execute("update cases set is_first_time = false where preceding_id is not null")
    op.execute(
        f"""
        update clock_event set facts = (facts - 'limit' - 'due_at' - 'provisional') || jsonb_build_object(
            'start', {_STARTS},
            'limits', jsonb_build_array((facts -> 'limit') || jsonb_build_object(
                'layer', case when kind in ('ORDER', 'REDO') then 'ORDER' when kind = 'SIGN_FOR' then 'PLATFORM'
                         else 'LAW' end,
                'book', null, 'version', null, 'row', null, 'case_class', null, 'remind_before', '[]'::jsonb)),
            'extension', {_EXTENSION},
            'dues', jsonb_build_array(jsonb_build_array(facts -> 'due_at', facts -> 'provisional')))
        where event = 'START' and facts ? 'due_at'
        """
    )
    op.execute(
        """
        update clock_event set facts = (facts - 'due_at' - 'provisional') || jsonb_build_object(
            'dues', jsonb_build_array(jsonb_build_array(facts -> 'due_at', facts -> 'provisional')))
        where event <> 'START' and facts ? 'due_at'
        """
    )


def downgrade() -> None:
    """Undo. Of a clock with several limits the one that rules is kept."""
    op.execute(
        """
        update clock_event c set facts = (c.facts - 'start' - 'limits' - 'extension' - 'dues') || jsonb_build_object(
            'limit', c.facts -> 'limits' -> ruling.place, 'due_at', c.facts -> 'dues' -> ruling.place -> 0,
            'provisional', c.facts -> 'dues' -> ruling.place -> 1)
        from (select city_id, id, (select (n - 1)::int
                from jsonb_array_elements(facts -> 'dues') with ordinality d(due, n)
                order by (due ->> 0)::timestamptz, n limit 1) as place
              from clock_event where event = 'START' and facts ? 'dues') ruling
        where c.city_id = ruling.city_id and c.id = ruling.id
        """
    )
    op.execute(
        """
        update clock_event set facts = (facts - 'dues') || jsonb_build_object(
            'due_at', (select due -> 0 from jsonb_array_elements(facts -> 'dues') due
                       order by (due ->> 0)::timestamptz limit 1),
            'provisional', false)
        where event <> 'START' and facts ? 'dues'
        """
    )
    op.drop_column("cases", "is_first_time")
    op.drop_column("cases", "grade")
