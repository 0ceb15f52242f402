"""The operations table, the life of an order, and what counts as a bounce (INV-12)."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from caseway.cases.codes import GrantKind
from caseway.custody.workflow import (
    LIFE,
    SPECS,
    OrderEvent,
    OrderKind,
    OrderState,
    after,
    bounced,
    disputed,
)
from caseway.errors import Conflict

A, B, C = 1, 2, 3
_ENDS = {OrderState.RETURNED, OrderState.SETTLED, OrderState.RECALLED, OrderState.DONE}


@dataclass
class Sent:
    """An order as the bounce rules see it."""

    sender_id: int
    receiver_id: int
    state: str = OrderState.SIGNED
    kind: str = OrderKind.FORWARD


def test_every_kind_has_one_row() -> None:
    assert set(SPECS) == set(OrderKind)


@pytest.mark.parametrize("kind", list(OrderKind))
def test_whoever_must_sign_becomes_an_addressee_and_has_a_limit(kind: OrderKind) -> None:
    spec = SPECS[kind]
    must_sign = spec.moves_custody and spec.grant is not None
    assert must_sign == (spec.grant is GrantKind.ADDRESSEE) == ("SIGN_FOR" in spec.clocks)
    assert not (spec.objectable and not must_sign)
    assert not (spec.fresh_notice and not must_sign)


@given(st.lists(st.sampled_from(OrderEvent), max_size=8))
def test_a_life_never_leaves_the_table_and_never_goes_on_after_its_end(events: list[OrderEvent]) -> None:
    state = OrderState.SENT
    for event in events:
        try:
            following = after(state, event)
        except Conflict:
            assert (state, event) not in LIFE
            continue
        assert state not in _ENDS
        state = following


def test_a_delivered_order_is_signed_or_recalled_but_not_both() -> None:
    for first, second in ((OrderEvent.SIGN, OrderEvent.RECALL), (OrderEvent.RECALL, OrderEvent.SIGN)):
        with pytest.raises(Conflict):
            after(after(OrderState.DELIVERED, first), second)


def test_an_agreed_return_is_a_bounce_of_the_pair_in_both_directions() -> None:
    orders = [Sent(A, B, OrderState.RETURNED)]
    assert bounced(orders, A, B)
    assert bounced(orders, B, A)
    assert not bounced(orders, A, C)


def test_handing_back_by_a_new_order_is_a_bounce_too() -> None:
    orders = [Sent(A, B), Sent(B, A, kind=OrderKind.HAND_OVER)]
    assert bounced(orders, A, B)


def test_taking_up_and_recalling_are_no_bounces() -> None:
    assert not bounced([Sent(A, B), Sent(B, A, kind=OrderKind.TAKE_UP)], A, B)
    assert not bounced([Sent(A, B), Sent(B, A, OrderState.RECALLED)], A, B)
    assert not bounced([Sent(A, B, OrderState.UPHELD)], A, B)


def test_the_last_disagreement_is_the_one_in_dispute() -> None:
    assert disputed([Sent(A, B)]) is None
    assert disputed([Sent(A, B, OrderState.UPHELD)]) == (A, B)
    assert disputed([Sent(A, B, OrderState.RETURNED), Sent(A, C, OrderState.OBJECTED)]) == (A, C)
    assert disputed([Sent(A, B), Sent(B, A)]) == (A, B)
