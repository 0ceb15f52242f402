"""The edge walk of mutations: what is not yours answers like what is not there, byte for byte, and changes nothing."""

from __future__ import annotations

import pytest

from support.walk_attempts import differences
from support.walk_digest import digest
from support.walk_world import AS_EVERYBODY, Walked

pytestmark = pytest.mark.asyncio(loop_scope="module")

#: Who tries: accused, barred, beside, above, below, and from elsewhere.
TRYING: tuple[tuple[str, str | None], ...] = (
    ("fengqiao.handler", None), ("fengqiao.auditor", None), ("daxing.leader", None), ("jiaxing-jw.auditor", None),
    ("zhuji.leader", None), ("platform.operator", None),
)  # fmt: skip
if AS_EVERYBODY:
    TRYING += (("fengqiao.supervisor", None), ("yuxin.leader", None))


@pytest.mark.parametrize(("name", "office"), TRYING)
async def test_what_is_hidden_answers_like_what_is_not_there(locked: Walked, name: str, office: str | None) -> None:
    """Every mutation that takes a case or an order, with a hidden one and with one that nobody has."""
    walker = await locked.walker(name, office)
    before = digest(locked.world.database)
    assert await differences(locked, walker) == []
    assert digest(locked.world.database) == before
