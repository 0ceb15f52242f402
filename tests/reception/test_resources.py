"""How a declared amount stands to a standard."""

from __future__ import annotations

from decimal import Decimal

import pytest

from caseway.reception.codes import ResourceState
from caseway.reception.resources import compare


@pytest.mark.parametrize(
    ("amount", "state"),
    [
        (None, ResourceState.UNDECLARED),
        (Decimal(0), ResourceState.BELOW_STANDARD),
        (Decimal("49.99"), ResourceState.BELOW_STANDARD),
        (Decimal(50), ResourceState.MET),
        (Decimal(60), ResourceState.MET),
        (Decimal("60.01"), ResourceState.ABOVE_STANDARD),
    ],
)
def test_the_bounds_themselves_are_met(amount: Decimal | None, state: ResourceState) -> None:
    """C7: "以上" includes the number."""
    assert compare(amount, least=Decimal(50), most=Decimal(60)) is state


def test_a_bound_that_is_not_set_does_not_bind() -> None:
    assert compare(Decimal(10**9), least=Decimal(50), most=None) is ResourceState.MET
    assert compare(Decimal(0), least=None, most=Decimal(2)) is ResourceState.MET
