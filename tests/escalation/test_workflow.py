"""The life of an escalation, and all states that ladders of escalations can reach together."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import permutations, product

import pytest

from caseway.escalation.errors import EscalationNested, EscalationStepRefused
from caseway.escalation.workflow import (
    TABLE,
    EscalationState,
    Gives,
    Side,
    Step,
    available,
    has_moved,
    innermost,
    inside,
    must_be_innermost,
    next_state,
    released_with,
)

S = EscalationState


# --- One escalation -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("state", "gives", "step", "side", "after"),
    [
        (S.PROPOSED, Gives.ADVISE, Step.RAISE, Side.LOWER, S.RAISED),
        (S.PROPOSED, Gives.ADVISE, Step.RECALL, Side.LOWER, S.RECALLED),
        (S.RAISED, Gives.TAKE_UP, Step.ACCEPT, Side.UPPER, S.TAKEN),
        (S.RAISED, Gives.TAKE_UP, Step.ACCEPT, Side.PLATFORM, S.TAKEN),
        (S.RAISED, Gives.ADVISE, Step.ADVISE, Side.UPPER, S.ANSWERED),
        (S.TAKEN, Gives.ADVISE, Step.ADVISE, Side.UPPER, S.ANSWERED),
        (S.RAISED, Gives.SUPERVISE, Step.REFUSE, Side.UPPER, S.REFUSED),
        (S.TAKEN, Gives.TAKE_UP, Step.HAND_BACK, Side.UPPER, S.HANDED_BACK),
        (S.HANDED_BACK, Gives.TAKE_UP, Step.SIGN_BACK, Side.LOWER, S.CLOSED),
        (S.ANSWERED, Gives.ADVISE, Step.CLOSE, Side.LOWER, S.CLOSED),
        (S.RAISED, Gives.INFORM, Step.CLOSE, Side.UPPER, S.CLOSED),
    ],
)
def test_a_step_leads_on(state: S, gives: Gives, step: Step, side: Side, after: S) -> None:
    assert next_state(state, gives, step, side, automatic=False) is after


@pytest.mark.parametrize(
    ("state", "gives", "step", "side"),
    [
        (S.RAISED, Gives.INFORM, Step.REFUSE, Side.UPPER),  # knowing something is not refused
        (S.RAISED, Gives.TAKE_UP, Step.ACCEPT, Side.LOWER),  # nobody signs for the other side
        (S.RAISED, Gives.TAKE_UP, Step.ADVISE, Side.UPPER),  # a take-up is not settled by advice
        (S.TAKEN, Gives.TAKE_UP, Step.REFUSE, Side.UPPER),  # taken is taken: hand it back
        (S.TAKEN, Gives.ADVISE, Step.HAND_BACK, Side.UPPER),  # nothing came, nothing goes back
        (S.HANDED_BACK, Gives.TAKE_UP, Step.CLOSE, Side.UPPER),
        (S.REFUSED, Gives.ADVISE, Step.ADVISE, Side.UPPER),
        (S.CLOSED, Gives.TAKE_UP, Step.RAISE, Side.LOWER),
        (S.RAISED, Gives.ADVISE, Step.END, Side.UPPER),
    ],
)
def test_nothing_else_is_possible(state: S, gives: Gives, step: Step, side: Side) -> None:
    with pytest.raises(EscalationStepRefused) as refused:
        next_state(state, gives, step, side, automatic=False)
    assert refused.value.details["state"] == state
    assert step not in refused.value.details["allowed"]


def test_what_a_rule_raised_nobody_below_withdraws() -> None:
    assert next_state(S.RAISED, Gives.ADVISE, Step.RECALL, Side.LOWER, automatic=False) is S.RECALLED
    for gives in Gives:
        assert not available(S.RAISED, gives, Side.LOWER, automatic=True)


def test_a_state_is_left_by_one_row_per_step() -> None:
    seen = [(source, gives, row.step) for row in TABLE for source in row.sources for gives in row.gives]
    assert len(seen) == len(set(seen))


def test_states_that_are_over_lead_nowhere_but_to_closing() -> None:
    for state, gives, side in product(S, Gives, Side):
        if not state.is_open:
            steps = available(state, gives, side, automatic=False)
            assert steps <= {Step.CLOSE, Step.END}
            assert all(next_state(state, gives, step, side, automatic=False) is S.CLOSED for step in steps)


def test_every_open_state_can_be_left_by_people() -> None:
    for state, gives in product(S, Gives):
        reached = any(row.target is state and gives in row.gives for row in TABLE) or state is S.PROPOSED
        if state.is_open and reached:
            assert available(state, gives, Side.LOWER, automatic=True) | available(
                state, gives, Side.UPPER, automatic=True
            ), (state, gives)


# --- Several together: every state of every ladder ------------------------------------------------------------------

#: The office of rung n is number n; the case begins at office 0.
_START = 0


@dataclass(frozen=True)
class Item:
    """An escalation in the model."""

    id: int
    gives: Gives
    state: S
    lower: int
    upper: int
    parent_id: int | None = None


@dataclass(frozen=True)
class World:
    """A case: who holds it without any take-up, and its escalations, one per rung that was climbed."""

    base: int
    items: tuple[Item, ...] = ()

    def with_item(self, changed: Item) -> World:
        """The world with another state of one item. What is over is over: how and from where makes no difference to
        what can happen next, so such states are one."""
        if not changed.state.is_open:
            changed = Item(changed.id, changed.gives, S.CLOSED, _START, changed.upper)
        return World(self.base, tuple(changed if each.id == changed.id else each for each in self.items))

    def with_state(self, item: Item, state: S) -> World:
        return self.with_item(Item(item.id, item.gives, state, item.lower, item.upper, item.parent_id))

    def get(self, item_id: int) -> Item:
        return next(each for each in self.items if each.id == item_id)


def _holders(world: World) -> set[int]:
    """Every office that says that it holds the case. Each take-up that has moved says: not the lower one, but the
    upper. An office that gave the case up without the chain before it knowing would make two."""
    moved = {item.lower: item.upper for item in world.items if has_moved(item)}
    assert len(moved) == sum(map(has_moved, world.items)), "an office gave the same case up twice"
    holders, office = set(), world.base
    while office in moved:
        office = moved.pop(office)
    holders.add(office)
    return holders | (set(moved.values()) - set(moved))


def _holder(world: World) -> int:
    (holder,) = _holders(world)
    return holder


def _met(world: World) -> World:
    """A take-up that waits for an office which has the case meanwhile, or for one below it, is settled."""
    holder = _holder(world)
    for item in world.items:
        if item.gives is Gives.TAKE_UP and item.state is S.RAISED and item.upper <= holder:
            world = world.with_state(item, next_state(item.state, item.gives, Step.END, Side.PLATFORM, automatic=True))
    return world


Edge = tuple[bool, World]


def _moves(world: World, ladder: Sequence[Gives], order: Sequence[int]) -> Iterator[Edge]:
    """Every next state, and whether people (not the platform) lead to it."""
    climbed = {item.id for item in world.items}
    waiting = [rung for rung in order if rung not in climbed]
    for rung in waiting[:1]:
        for state in (S.PROPOSED, S.RAISED):
            item = Item(rung, ladder[rung - 1], state, _holder(world), rung)
            yield False, _met(World(world.base, (*world.items, item)))
    for item in world.items:
        for side in Side:
            for step in sorted(available(item.state, item.gives, side, automatic=True)):
                if step is not Step.END and (after := _after(world, item, step, side)) is not None:
                    yield side is not Side.PLATFORM, _met(after)


def _after(world: World, item: Item, step: Step, side: Side) -> World | None:
    state = next_state(item.state, item.gives, step, side, automatic=True)
    if item.gives is not Gives.TAKE_UP:
        return world.with_state(item, state)
    on_its_way_down = any(each.state is S.HANDED_BACK for each in world.items)
    match step:
        case Step.ACCEPT:
            if on_its_way_down:
                return None  # the case is in transit: it is signed for below first
            inner = innermost(world.items)
            parent_id = inner.id if inner is not None else None
            return world.with_item(Item(item.id, item.gives, state, _holder(world), item.upper, parent_id))
        case Step.HAND_BACK | Step.CLOSE | Step.RELEASE:
            try:
                must_be_innermost(item, world.items)
            except EscalationNested:
                return None
            released = released_with(item, step, world.items)
            world = world.with_state(item, state)
            for outer in released:
                ended = next_state(outer.state, outer.gives, Step.RELEASE, Side.PLATFORM, automatic=True)
                world = world.with_state(world.get(outer.id), ended)
            if step is Step.HAND_BACK:
                return world
            # Kept by the upper office, or passed on by an ordinary order to where it once began.
            return World(item.upper if step is Step.CLOSE else _START, world.items)
    return world.with_state(item, state)


def _explore(ladder: tuple[Gives, ...], order: tuple[int, ...]) -> dict[World, tuple[Edge, ...]]:
    start = World(_START)
    found: dict[World, tuple[Edge, ...]] = {}
    waiting = deque([start])
    while waiting:
        world = waiting.popleft()
        if world in found:
            continue
        assert len(_holders(world)) == 1, "two offices hold"
        found[world] = tuple(_moves(world, ladder, order))
        waiting.extend(after for _, after in found[world] if after not in found)
    return found


def _by_people(graph: dict[World, tuple[Edge, ...]]) -> dict[World, list[World]]:
    """State -> the states from which people get there in one step."""
    before: dict[World, list[World]] = {}
    for world, edges in graph.items():
        for by_people, after in edges:
            if by_people and after != world:
                before.setdefault(after, []).append(world)
    return before


def _leading_to(goals: set[World], before: dict[World, list[World]]) -> set[World]:
    """The states from which people can get to one of the goals."""
    reached, waiting = set(goals), deque(goals)
    while waiting:
        for world in before.get(waiting.popleft(), ()):
            if world not in reached:
                reached.add(world)
                waiting.append(world)
    return reached


def _cases(length: int) -> Iterator[tuple[tuple[Gives, ...], tuple[int, ...]]]:
    """Ladders of one to three rungs, climbed in any order (several rules), and of four, climbed upwards.

    Rungs that move no custody touch no other: of ladders that differ only in which of them comes first, one is enough;
    and of four rungs those without custody may all give advice, which is left as the others are (see below).
    """
    orders = permutations(range(1, length + 1)) if length < 4 else [(1, 2, 3, 4)]
    kinds = Gives if length < 4 else (Gives.ADVISE, Gives.TAKE_UP)
    for order, ladder in product(list(orders), product(kinds, repeat=length)):
        staying = [gives for gives in ladder if gives is not Gives.TAKE_UP]
        if staying == sorted(staying):
            yield ladder, order


def test_what_moves_no_custody_is_left_in_the_same_ways() -> None:
    """Being told, supervising and advising differ in their steps, not in where these lead while something is open."""
    for state, side in product((S.PROPOSED, S.RAISED, S.TAKEN), (Side.LOWER, Side.UPPER)):
        ways = [
            {
                (after if after.is_open else S.CLOSED)
                for step in available(state, gives, side, automatic=True)
                for after in [next_state(state, gives, step, side, automatic=True)]
            }
            for gives in (Gives.INFORM, Gives.SUPERVISE, Gives.ADVISE)
        ]
        assert ways[0] == ways[1] == ways[2], (state, side)


@pytest.mark.parametrize("length", [1, 2, 3, 4])
def test_from_every_state_there_is_a_way_back_and_a_way_to_the_end(length: int) -> None:
    states = 0
    for ladder, order in _cases(length):
        graph = _explore(ladder, order)
        states += len(graph)
        before = _by_people(graph)
        settled = {world for world in graph if not any(item.state.is_open for item in world.items)}
        assert _leading_to(settled, before) == set(graph), "a state without a way to closing"
        for rung, gives in enumerate(ladder, 1):
            if gives is Gives.TAKE_UP:
                up = {world for world in graph if _stands(world, rung, S.TAKEN)}
                back = {world for world in graph if _stands(world, rung, S.HANDED_BACK)}
                assert up
                assert up <= _leading_to(back, before), "a state without a way to hand back"
        for world, edges in graph.items():
            for _, after in edges:
                _unwinds_in_order(world, after)
    assert states > 3**length


def _stands(world: World, rung: int, state: S) -> bool:
    return any(item.id == rung and item.state is state for item in world.items)


def _unwinds_in_order(world: World, after: World) -> None:
    """What has come back left nothing behind that went on from it."""
    gone = {item.id for item in world.items if has_moved(item)} - {item.id for item in after.items if has_moved(item)}
    for item in after.items:
        if has_moved(item):
            assert item.parent_id not in gone
            assert [each.id for each in inside(item, after.items)] == sorted(
                each.id for each in after.items if has_moved(each) and each.lower >= item.upper
            )
