"""The invariants of domain 5.6 as checks of one case: what is stored about it now, and what was before."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from itertools import pairwise

from caseway.cases import rebuild
from caseway.cases.codes import GrantKind
from caseway.cases.workflow import Stage
from caseway.clocks import workflow as clocks
from caseway.clocks.timers import TimerKind
from caseway.custody import routes
from caseway.custody.models import Order
from caseway.custody.workflow import SPECS, OrderKind, OrderState, Relation
from caseway.ledger import service as ledger
from caseway.ledger.service import Head
from caseway.tenancy.models import OfficeKind
from properties.land import Dossier, Land

#: Looks at a case after a change; ``before`` is what was stored when it was looked at last, None for a new case.
CaseCheck = Callable[[Land, Dossier, Dossier | None], None]
_WAITING = (OrderState.SENT, OrderState.DELIVERED)
#: Events of one operation follow each other by microseconds.
_ONE_OPERATION = timedelta(milliseconds=1)


def check_inv_01_one_holder(land: Land, file: Dossier, before: Dossier | None) -> None:
    """Exactly one office holds the case at every instant, now the one that its row names."""
    now = [interval for interval in file.custody if interval.to_at is None]
    assert len(now) == 1 and now[0].office_id == file.case.holder_id, "INV-01"
    instants = {event.at for event in file.events} | {interval.from_at for interval in file.custody}
    for instant in instants:
        holding = [each for each in file.custody if each.from_at <= instant and (each.to_at or land.now) > instant]
        assert len(holding) == 1 or instant >= land.now, ("INV-01", instant)
    holder = land.offices[file.case.holder_id]
    levels = tuple(getattr(file.case, f"l{depth}") for depth in range(1, 7))
    assert levels == holder.levels, "INV-01: stamped with other levels than its holder's"
    if file.case.is_open:
        assert holder.valid_to is None, "INV-01: held by a closed office"
    if not file.case.is_open or before is None or before.case.holder_id == file.case.holder_id:
        return
    assert file.case.held_by_discipline == (holder.kind == OfficeKind.DISCIPLINE), "INV-01"


def check_inv_02_contiguous(land: Land, file: Dossier, before: Dossier | None) -> None:
    """The intervals of custody have no gap and no overlap, and the first starts at registration."""
    assert [interval.seq for interval in file.custody] == list(range(len(file.custody))), "INV-02"
    assert file.custody[0].from_at == file.events[0].at, "INV-02"
    for one, following in pairwise(file.custody):
        assert one.to_at == following.from_at and one.from_at < following.from_at, "INV-02"


def check_inv_03_the_sender_holds_until_signed(land: Land, file: Dossier, before: Dossier | None) -> None:
    """While an order is under way the sender, or its successor, holds; nobody holds by an order before its receipt."""
    under_way = [order for order in file.orders if order.moves_custody and order.state in _WAITING]
    assert len(under_way) == (file.case.stage == Stage.IN_TRANSIT), "INV-03"
    for order in under_way:
        assert file.case.holder_id == land.heir(order.sender_id).id, "INV-03"
    orders = {order.id: order for order in file.orders}
    for interval in file.custody:
        if interval.order_id is not None:
            order = orders[interval.order_id]
            began = order.signed_at if interval.from_at == order.signed_at else order.ended_at
            assert began is not None and abs(interval.from_at - began) < _ONE_OPERATION, "INV-03"
            assert order.state != OrderState.RECALLED, "INV-03"


def check_inv_04_never_with_the_accused_side(land: Land, file: Dossier, before: Dossier | None) -> None:
    """No accused office, and none below one, holds or is involved; no barred person is in charge."""
    accused = set(file.case.accused_office_ids)
    assert {*accused, *(-each for each in file.case.accused_person_ids)} <= set(file.case.barred), "INV-04"
    if file.case.is_open:
        holder = land.offices[file.case.holder_id]
        clean = accused.isdisjoint(holder.answers_to)
        assert clean, ("INV-04: held by the accused side", holder.kind, holder.path, accused)
    for grant in file.live_grants(land.now):
        if grant.kind in (GrantKind.ADDRESSEE, GrantKind.JOINT, GrantKind.ADVISOR, GrantKind.INFORMED):
            known = before is not None and any(
                (grant.office_id, grant.kind, grant.since_at) == (each.office_id, each.kind, each.since_at)
                for each in before.grants
            )
            assert known or accused.isdisjoint(land.offices[grant.office_id].answers_to), "INV-04: involved"
    in_charge = {-file.case.assignee_id, -file.case.lead_id} - {0}
    assert in_charge.isdisjoint(file.case.barred), "INV-04, INV-06: in charge of what is barred to them"


def check_inv_05_accusations_leave_only_to_the_competent_body(
    land: Land, file: Dossier, before: Dossier | None
) -> None:
    """An accusation is sent to discipline bodies only, involves nobody else, and never leaves them again."""
    if not file.is_accusation:
        return
    for order in file.orders:
        assert order.kind in (OrderKind.ACCUSATION_HAND_OVER, OrderKind.MOVE_UP, OrderKind.SUCCESSION), "INV-05"
        if order.kind == OrderKind.ACCUSATION_HAND_OVER:
            assert land.offices[order.receiver_id].kind == OfficeKind.DISCIPLINE, "INV-05"
        assert order.instruction is None and order.objection is None and not order.copied_office_ids, "INV-05"
    kinds = [land.offices[interval.office_id].kind for interval in file.custody]
    if OfficeKind.DISCIPLINE in kinds:
        since = kinds.index(OfficeKind.DISCIPLINE)
        assert set(kinds[since:]) == {OfficeKind.DISCIPLINE}, "INV-05: it left the discipline bodies"
    involved = {grant.kind for grant in file.grants if grant.person_id == 0}
    assert involved <= {GrantKind.CUSTODY, GrantKind.ADDRESSEE}, "INV-05"
    assert all(record.text is None for record in file.records), "INV-05: an unencrypted text"


def check_inv_06_the_recused_do_nothing(land: Land, file: Dossier, before: Dossier | None) -> None:
    """A recused officer is barred and leaves no further event; if they were the last who could handle it, it moved."""
    declared = {event.facts["person_id"]: event.seq for event in file.events if event.type == "recusal.declared"}
    assert set(declared) == {recusal.person_id for recusal in file.recusals}, "INV-06"
    for person_id, seq in declared.items():
        assert -person_id in file.case.barred, "INV-06"
        later = [event for event in file.events if event.seq > seq and event.person_id == person_id]
        own = [event for event in later if event.at - file.events[seq - 1].at < _ONE_OPERATION]
        assert later == own, "INV-06: a recused officer acted"
    newest = file.events[-1]
    if newest.type == "recusal.declared" and file.case.stage != Stage.IN_TRANSIT and file.case.is_open:
        recused = newest.facts["person_id"]
        if any(person.id == recused and office.id == file.case.holder_id for person, _, office in land.posts):
            assert _able(land, file), "INV-06: nobody is left and it did not move"


def _able(land: Land, file: Dossier) -> bool:
    barred = set(file.case.barred)
    return any(
        actor.office_id == file.case.holder_id
        and barred.isdisjoint(actor.bars)
        and {"handler", "clerk", "dispatcher"} & set(actor.roles)
        for actor in land.actors
    )


def check_inv_12_no_second_bounce(land: Land, file: Dossier, before: Dossier | None) -> None:
    """Between two agreed returns among the same two offices lies a decision on competence."""
    returned = [
        ({order.sender_id, order.receiver_id}, order.ended_at)
        for order in file.orders
        if order.state == OrderState.RETURNED and order.ended_at is not None
    ]
    returned.sort(key=lambda each: each[1])
    for number, (pair, at) in enumerate(returned):
        for other, later in returned[number + 1 :]:
            if pair == other:
                assert [each for each in file.decisions if at <= each.at <= later], "INV-12: a second bounce"


def check_inv_13_one_level_up_and_copies_down(land: Land, file: Dossier, before: Dossier | None) -> None:
    """New orders of people go up one level at most; what passes over a level's head is copied there (5.4 a)."""
    for order in _new_orders(file, before):
        kind = OrderKind(order.kind)
        if SPECS[kind].permission is None or kind is OrderKind.ACCUSATION_HAND_OVER:
            continue
        sender, receiver = land.offices[order.sender_id], land.offices[order.receiver_id]
        relation = routes.relation(sender, receiver)
        if order.moves_custody:
            assert relation not in (Relation.FAR_ABOVE, Relation.ELSEWHERE), ("INV-13", relation)
            assert (relation is Relation.FAR_BELOW) == bool(order.copied_office_ids), "INV-13"


def check_inv_32_orders_and_their_copies_are_one(land: Land, file: Dossier, before: Dossier | None) -> None:
    """An order over the head of a level and all its copies exist together, each copied office informed."""
    copies = {order.receiver_id for order in file.orders if order.kind == OrderKind.COPY}
    informed = {grant.office_id for grant in file.grants if grant.kind == GrantKind.INFORMED}
    for order in _new_orders(file, before):
        assert set(order.copied_office_ids) <= copies & informed, "INV-32"
        if order.copied_office_ids:
            sender, receiver = land.offices[order.sender_id], land.offices[order.receiver_id]
            heads = routes.seat_chain(receiver)[len(routes.seat_chain(sender)) : -1]
            copied = {land.offices[each].seat_id for each in order.copied_office_ids}
            accused = set(file.case.accused_office_ids)
            owed = {each for each in heads if accused.isdisjoint(land.offices[each].chain)}
            assert owed <= copied | {land.offices[receiver.id].parent_id}, ("INV-32", owed, copied)


def _new_orders(file: Dossier, before: Dossier | None) -> list[Order]:
    known = {order.id for order in before.orders} if before is not None else set()
    return [order for order in file.orders if order.id not in known]


def check_inv_19_few_representatives(land: Land, file: Dossier, before: Dossier | None) -> None:
    """No registration stores more than five petitioners, however large the group is."""
    counts: dict[object, int] = {}
    for petitioner in file.petitioners:
        counts[petitioner.registration_id] = counts.get(petitioner.registration_id, 0) + 1
    assert max(counts.values(), default=0) <= 5, "INV-19"
    assert file.case.group_size >= max(counts.values(), default=1), "INV-19"


def check_inv_29_reads_of_identity_are_recorded(land: Land, file: Dossier, before: Dossier | None) -> None:
    """Every answered read of identity is an event with its purpose, and nothing else is."""
    reads = [event for event in file.events if event.type == "identity.read"]
    assert len(reads) == land.identity_reads[file.case.id], "INV-29"
    assert all(event.reason and event.person_id for event in reads), "INV-29"


def check_inv_30_nothing_is_rewritten(land: Land, file: Dossier, before: Dossier | None) -> None:
    """What the ledger, the clocks and the chain of custody said before, they still say."""
    if before is None:
        return
    for old, new in ((before.events, file.events), (before.clock_events, file.clock_events)):
        assert [_row(each) for each in old] == [_row(each) for each in new[: len(old)]], "INV-30"
    for interval, now in zip(before.custody, file.custody, strict=False):
        assert _row(interval) | {"to_at": now.to_at} == _row(now), "INV-30"
        assert interval.to_at in (None, now.to_at), "INV-30"
    for was, still in ((before.decisions, file.decisions), (before.recusals, file.recusals)):
        assert [_row(each) for each in was] == [_row(each) for each in still[: len(was)]], "INV-30"


def _row(instance: object) -> dict[str, object]:
    return {name: value for name, value in vars(instance).items() if not name.startswith("_")}


def check_the_row_is_the_fold_of_its_ledger(land: Land, file: Dossier, before: Dossier | None) -> None:
    """The case row says what its events fold to."""
    differences = rebuild.row_differences(file.case, file.events, due_at=file.case.due_at)
    assert differences == [], differences


def check_the_ledger_verifies(land: Land, file: Dossier, before: Dossier | None) -> None:
    """The hash chain is whole, up to the head that the row names, and time never runs backwards in it."""
    head = Head(file.case.version, file.case.ledger_hash)
    assert ledger.check(file.case.city_id, file.case.id, file.events, head) == []
    assert all(one.at < following.at for one, following in pairwise(file.events))


def check_due_at_follows_from_the_clocks(land: Land, file: Dossier, before: Dossier | None) -> None:
    """The due instant of the row is the earliest of its running statutory clocks (INV-08); ended cases have none."""
    found = clocks.derive(file.clock_events)
    assert file.case.due_at == clocks.earliest_due(found), "due_at"
    if not file.case.is_open:
        assert not [clock for clock in found if clock.is_running], "a clock runs on in an ended case"


def check_inv_10_handling_is_never_restarted(land: Land, file: Dossier, before: Dossier | None) -> None:
    """One handling clock for the whole case, moved by an extension only."""
    handling = [clock for clock in clocks.derive(file.clock_events) if clock.kind is clocks.ClockKind.HANDLE]
    assert len(handling) <= 1, "INV-10"
    for clock in handling:
        moved = {step.event for step in clock.steps} - {clocks.Event.START, clocks.Event.STOP, clocks.Event.EXTEND}
        assert not moved and clock.extensions <= 1, "INV-10, INV-09"


def check_custody_is_what_the_ledger_tells(land: Land, file: Dossier, before: Dossier | None) -> None:
    """Every change of holder in the ledger is an interval of the chain, and the other way round."""
    differences = rebuild.custody_differences(file.case, file.events, file.custody)
    assert differences == [], differences


def check_granted_are_the_live_grants(land: Land, file: Dossier, before: Dossier | None) -> None:
    """The row names exactly the offices that have a live grant."""
    live = {grant.office_id for grant in file.live_grants(land.now) if grant.person_id == 0}
    assert sorted(live) == sorted(file.case.granted), "granted"
    case = file.case
    copies = {(grant.is_open, grant.due_at, grant.registered_at) for grant in file.grants}
    assert copies <= {(case.is_open, case.due_at, case.registered_at)}, "what lists of grants are sorted by"


def check_timers_are_what_is_awaited(land: Land, file: Dossier, before: Dossier | None) -> None:
    """A timer for each order that waits for a signature and each open window, and none has failed."""
    assert [(timer.kind, timer.last_error) for timer in file.timers if timer.attempts] == []
    waiting = {
        str(order.id)
        for order in file.orders
        if order.state == OrderState.DELIVERED and clocks.ClockKind.SIGN_FOR in SPECS[OrderKind(order.kind)].clocks
    }
    assert {timer.step for timer in file.timers if timer.kind == TimerKind.DEEMED_RECEIPT} == waiting


def check_events_carry_no_person(land: Land, file: Dossier, before: Dossier | None) -> None:
    """No name, number or text of a petitioner is in the ledger (design 7)."""
    for event in file.events[len(before.events) if before is not None else 0 :]:
        told = repr(event.facts)
        assert "张三" not in told and "13800000001" not in told and "征地补偿" not in told


PER_CASE: tuple[CaseCheck, ...] = (
    check_inv_01_one_holder,
    check_inv_02_contiguous,
    check_inv_03_the_sender_holds_until_signed,
    check_inv_04_never_with_the_accused_side,
    check_inv_05_accusations_leave_only_to_the_competent_body,
    check_inv_06_the_recused_do_nothing,
    check_inv_10_handling_is_never_restarted,
    check_inv_12_no_second_bounce,
    check_inv_13_one_level_up_and_copies_down,
    check_inv_19_few_representatives,
    check_inv_29_reads_of_identity_are_recorded,
    check_inv_30_nothing_is_rewritten,
    check_inv_32_orders_and_their_copies_are_one,
    check_the_row_is_the_fold_of_its_ledger,
    check_the_ledger_verifies,
    check_due_at_follows_from_the_clocks,
    check_custody_is_what_the_ledger_tells,
    check_granted_are_the_live_grants,
    check_timers_are_what_is_awaited,
    check_events_carry_no_person,
)
