"""What simulated people do next with a case, and when: sorting, signing or letting lie, objecting, handling, answering,
closing. Each case has draws of its own, so that it goes on alike whatever happens to others.

The numbers are invented: they make every path of the platform be walked in a year, and describe no real office.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from random import Random
from typing import Any, TypeVar

from caseway.access.permissions import Permission
from caseway.cases.codes import Outcome
from caseway.cases.workflow import Grade, PetitionClass, Stage
from caseway.clocks.arithmetic import day_of
from caseway.custody.models import Order
from caseway.custody.workflow import OrderKind, OrderState
from caseway.escalation.models import Escalation
from caseway.escalation.workflow import EscalationState, Gives
from caseway.simulation.arrivals import office_hour
from caseway.simulation.chance import stream, weighted
from caseway.simulation.land import Land
from caseway.simulation.repository import View
from caseway.tenancy.models import Office, OfficeKind

T = TypeVar("T")

#: Moves of one case after which everybody keeps what they have.
_MOST_MOVES = 8
_WITH_CUSTODY = frozenset({OrderKind.FORWARD, OrderKind.ASSIGN, OrderKind.HAND_OVER})


@dataclass(frozen=True, slots=True)
class Intent:
    """Something that somebody is about to do."""

    deed: str
    at: datetime
    permission: Permission
    #: Offices whose people may do it, in this order of preference.
    office_ids: tuple[int, ...]
    #: What the deed needs to know: a target, an order, a choice.
    given: dict[str, Any] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """The deed, and what kind of order or rung it is about."""
        order, row = self.given.get("order"), self.given.get("escalation")
        about = order.kind if order is not None else f"{row.rule_name}:{row.rung}" if row is not None else ""
        return f"{self.deed}/{about}"


@dataclass(slots=True)
class Habits:
    """The draws of one case, and what was done so far. Each draw has a stream of its own, named after what it is for:
    a case goes on alike although other rules make something happen in between."""

    land: Land
    seed: int
    #: Tells the case from the others of the same seed.
    name: tuple[object, ...]
    #: Draws that stand: asked again, the answer is the same.
    drawn: dict[Hashable, Any] = field(default_factory=dict)
    done: set[str] = field(default_factory=set)
    #: Orders that were sent where the matter does not belong.
    misdirected: set[Any] = field(default_factory=set)
    #: Name of an intent -> when it is tried again.
    postponed: dict[str, datetime] = field(default_factory=dict)
    supported: bool = False
    redone: int = 0

    def intents(self, view: View) -> list[Intent]:
        """What is about to be done with a case, as things stand."""
        stage = Stage(view.case.stage)
        if not view.case.is_open:
            return [self._put_off(each) for each in self._after_the_end(view)]
        main: dict[Stage, Callable[[View], Iterator[Intent]]] = {
            Stage.REGISTERED: self._sorting,
            Stage.SIGNED: self._signed,
            Stage.IN_TRANSIT: self._in_transit,
            Stage.OBJECTED: self._objected,
            Stage.ACCEPTED: self._accepted,
            Stage.HANDLING: self._handling,
            Stage.ANSWERED: self._answered,
            Stage.REDO: self._redo,
        }
        return [self._put_off(each) for each in (*main.get(stage, _nothing)(view), *self._beside(view))]

    def put_off(self, intent: Intent, until: datetime) -> None:
        """It could not be done: tried again then."""
        self.postponed[intent.name] = until

    def _put_off(self, intent: Intent) -> Intent:
        return replace(intent, at=max(intent.at, self.postponed.get(intent.name, intent.at)))

    # ---- draws

    def pick(self, *key: object) -> Random:
        """The stream of draws for something."""
        return stream(self.seed, "habit", *self.name, *key)

    def _once(self, key: Hashable, draw: Callable[[Random], T]) -> T:
        if key not in self.drawn:
            self.drawn[key] = draw(self.pick(key))
        found: T = self.drawn[key]
        return found

    def _chosen(self, key: Hashable, *choices: tuple[T, float]) -> T:
        return self._once(key, lambda pick: weighted(pick, choices))

    def _happens(self, key: Hashable, chance: float) -> bool:
        return self._once(("happens", key), lambda pick: pick.random() < chance)

    def _after(self, key: Hashable, least: int, most: int, *, since: datetime | None = None) -> datetime:
        """A moment so many workdays after an instant (now), drawn once; more often soon than late."""

        def draw(pick: Random) -> datetime:
            start = since or self.land.now
            days = least + int((most - least + 1) * pick.random() ** 1.7)
            calendar, day = self.land.calendar, day_of(start)
            day = calendar.add_workdays(day, days) if days else calendar.workday_from(day)
            return office_hour(pick, day, after=start)

        return self._once(("after", key), draw)

    # ---- from arrival to acceptance

    def _sorting(self, view: View) -> Iterator[Intent]:
        case, holder = view.case, self._holder(view)
        turn = (holder.id, _moves(view))
        at = self._after(("sort", *turn), 0, 9 if self._happens(("slow", *turn), 0.1) else 4)
        if case.petition_class == PetitionClass.ACCUSATION and holder.kind != OfficeKind.DISCIPLINE:
            body = self.land.discipline_body(holder, case.accused_office_ids)
            if body is not None:
                yield self._intent(
                    "hand_over_accusation", at, Permission.CASE_HAND_OVER_ACCUSATION, holder, target=body
                )
            return
        target = self._target(view, holder) if _moves(view) < _MOST_MOVES else None
        if target is not None and case.petition_class != PetitionClass.ACCUSATION:
            is_below = target.parent_id == holder.seat_id
            deed = self._chosen(("send", *turn), ("forward", 80.0), ("assign", 20.0 if is_below else 0.0))
            permission = Permission.CASE_ASSIGN if deed == "assign" else Permission.CASE_FORWARD
            yield self._intent(deed, at, permission, holder, target=target)
            return
        deed = self._chosen(("decide", *turn), ("accept", 91.0), ("refuse", 3.0), ("redirect", 3.0), ("withdraw", 3.0))
        yield self._intent(deed, at, Permission(f"case:{deed}"), holder)

    def _target(self, view: View, holder: Office) -> Office | None:
        """Where the holder believes that the matter belongs; sometimes it is wrong."""

        def draw(pick: Random) -> Office | None:
            right = self.land.better_place(holder, field=view.case.field, place_code=view.case.place_code)
            wrong = [each for each in self.land.below(holder) if each != right and each.kind == OfficeKind.GOVERNMENT]
            if right is not None and wrong and pick.random() < 0.12:
                return pick.choice(wrong)
            return right

        return self._once(("target", holder.id, _moves(view)), draw)

    def _signed(self, view: View) -> Iterator[Intent]:
        holder, order = self._holder(view), _newest(view, *_WITH_CUSTODY)
        here = order is not None and order.receiver_id == holder.id
        if (
            order is not None
            and here
            and order.state == OrderState.UPHELD
            and self._happens(("refer", _mark(view, order)), 0.4)
        ):
            at = self._after(("refer", _mark(view, order)), 1, 3)
            yield self._intent("refer_dispute", at, Permission.CASE_OBJECT, holder, order=order)
            return
        fresh = here and "objected" not in self.done
        if (
            order is not None
            and fresh
            and order.state == OrderState.SIGNED
            and self._happens(("object", _mark(view, order)), 0.85 if order.id in self.misdirected else 0.03)
        ):
            at = self._after(("object", _mark(view, order)), 0, 5)
            yield self._intent("object", at, Permission.CASE_OBJECT, holder, order=order)
            return
        yield from self._sorting(view)

    def _in_transit(self, view: View) -> Iterator[Intent]:
        order = next((each for each in reversed(view.orders) if each.moves_custody), None)
        if order is None or order.state != OrderState.DELIVERED:
            return
        turn = self._chosen(("receipt", _mark(view, order)), ("sign", 84.0), ("silence", 11.0), ("recall", 5.0))
        if turn == "sign":
            at = self._after(("sign", _mark(view, order)), 0, 1)
            yield Intent("sign_for", at, Permission.CASE_SIGN_FOR, (order.receiver_id,), {"order": order})
        elif turn == "recall" and "recalled" not in self.done:
            at = self._after(("recall", _mark(view, order)), 0, 0)
            yield Intent("recall", at, Permission.CASE_RECALL, (order.sender_id,), {"order": order})

    def _objected(self, view: View) -> Iterator[Intent]:
        order = next((each for each in reversed(view.orders) if each.state == OrderState.OBJECTED), None)
        if order is None:
            return
        referred = any(each.kind == OrderKind.BACKSTOP for each in view.orders)
        turn = self._chosen(("answer", _mark(view, order)), ("agree", 60.0), ("refuse", 22.0), ("silence", 18.0))
        if turn != "silence" and not referred:
            at = self._after(("answer", _mark(view, order)), 1, 4)
            given = {"order": order, "agree": turn == "agree"}
            yield Intent("answer_objection", at, Permission.CASE_DECIDE_OBJECTION, (order.sender_id,), given)
        first, second = self.land.offices[order.sender_id], self.land.offices[order.receiver_id]
        deciders = self.land.deciders(first, second)
        at = self._after(("competence", _mark(view, order)), 8, 14)
        right = self.land.better_place(first, field=view.case.field, place_code=view.case.place_code)
        given = {"target": right if right is not None and self._happens(("right", _mark(view, order)), 0.7) else second}
        yield Intent("decide_competence", at, Permission.CASE_DECIDE_COMPETENCE, tuple(deciders), given)

    # ---- from acceptance to the answer

    def _accepted(self, view: View) -> Iterator[Intent]:
        yield from self._somebody_in_charge(view)
        at = self._after(("start", view.case.holder_id), 0, 5)
        yield self._intent("start_handling", at, Permission.CASE_HANDLE, self._holder(view))

    def _somebody_in_charge(self, view: View) -> Iterator[Intent]:
        """A case that nobody is in charge of, or somebody who is away, is given to a colleague."""
        case, today = view.case, self.land.today
        away = case.assignee_id and self.land.staff.back_on(case.assignee_id, today) > self._soon(today)
        if case.assignee_id and not away:
            return
        at = self._after(("in charge", case.holder_id, case.assignee_id, _moves(view)), 0, 2)
        yield self._intent("assign_handler", at, Permission.CASE_ASSIGN_HANDLER, self._holder(view))

    def _soon(self, today: date) -> date:
        return self.land.calendar.add_workdays(today, 3)

    def _handling(self, view: View) -> Iterator[Intent]:
        holder = self._holder(view)
        yield from self._somebody_in_charge(view)
        begun = self._once("begun", lambda _: self.land.now)
        workdays = self._once("workdays", lambda pick: max(3, min(110, int(pick.lognormvariate(3.05, 0.6)))))
        yield self._answering(view, self._after(("answering", 0), workdays, workdays, since=begun))
        for number in range(self._chosen("inquiries", (0, 35.0), (1, 45.0), (2, 20.0))):
            at = self._after(("inquiry", number), 1 + number, 12, since=begun)
            yield from self._unless_done(self._intent(f"inquiry:{number}", at, Permission.CASE_HANDLE, holder))
        superior = self.land.superior(holder)
        if workdays > 16 and self._happens("extension", 0.45):
            at = self._after("extension", 6, 15, since=begun)
            yield from self._unless_done(self._intent("extend", at, Permission.CASE_EXTEND, holder))
        if self._happens("grading", 0.06):
            grade = self._chosen("grade", (Grade.COMPLEX, 3.0), (Grade.SIMPLE, 2.0), (Grade.MAJOR, 1.0))
            at = self._after("grading", 1, 8, since=begun)
            yield from self._unless_done(self._intent("grade", at, Permission.CASE_GRADE, holder, grade=grade))
        if superior is not None and self._happens("advice", 0.05):
            at = self._after("advice", 2, 15, since=begun)
            yield from self._unless_done(
                self._intent("ask_advice", at, Permission.CASE_ASK_ADVICE, holder, target=superior)
            )
        if superior is not None and self._happens("taken up", 0.02):
            at = self._after("taken up", 5, 25, since=begun)
            above = self.land.for_seat(superior)
            yield from self._unless_done(Intent("take_up", at, Permission.CASE_TAKE_UP, tuple(above)))
        if superior is not None and self._happens("supervised", 0.04):
            at = self._after("supervised", 10, 40, since=begun)
            above = self.land.for_seat(superior)
            given = {"target": holder}
            yield from self._unless_done(Intent("supervise", at, Permission.CASE_SUPERVISE, tuple(above), given))
        beside = self.land.beside(holder)
        if self._happens("application", 0.07):
            at = self._after("application", 3, 20, since=begun)
            yield from self._unless_done(self._intent("escalate", at, Permission.CASE_ESCALATE, holder))
        if beside and self._happens("assistance", 0.05):
            at, helper = (
                self._after("assistance", 1, 8, since=begun),
                self._once("helper", lambda pick: pick.choice(beside)),
            )
            yield from self._unless_done(self._intent("assist", at, Permission.CASE_ASSIST, holder, target=helper))

    def _answering(self, view: View, at: datetime) -> Intent:
        outcome = self._chosen(
            ("outcome", self.redone),
            (Outcome.SUPPORTED, 40.0),
            (Outcome.EXPLAINED, 35.0),
            (Outcome.NOT_SUPPORTED, 25.0),
        )
        return self._intent("answer", at, Permission.CASE_ISSUE_ANSWER, self._holder(view), outcome=outcome)

    def _redo(self, view: View) -> Iterator[Intent]:
        yield from self._somebody_in_charge(view)
        yield self._answering(view, self._after(("answering", self.redone), 4, 18))

    # ---- after the answer

    def _answered(self, view: View) -> Iterator[Intent]:
        holder, superior = self._holder(view), self.land.superior(self._holder(view))
        if superior is not None and self.redone == 0 and self._happens("redo", 0.05):
            at = self._after("redo", 4, 15)
            given = {"within_days": self._chosen("redo days", (15, 2.0), (30, 1.0), (None, 1.0))}
            yield Intent("order_redo", at, Permission.CASE_ORDER_REDO, tuple(self.land.for_seat(superior)), given)
        if self.supported and f"executed:{self.redone}" not in self.done:
            at = self._after(("execution", self.redone), 3, 30)
            yield self._intent("record_execution", at, Permission.CASE_HANDLE, holder)
            return
        if self.supported and self._happens(("agreement", self.redone), 0.3):
            at = self._after(("agreement", self.redone), 1, 10)
            yield self._intent("close_by_agreement", at, Permission.CASE_CLOSE, holder)
            return
        # The window closes it by itself, unless the opinion was carried out later than that.
        answered_at = view.case.answered_at
        yield self._intent(
            "close", self._after(("close", self.redone), 26, 32, since=answered_at), Permission.CASE_CLOSE, holder
        )

    def _after_the_end(self, view: View) -> Iterator[Intent]:
        holder = self._holder(view)
        if view.case.stage == Stage.CLOSED and self._happens("new facts", 0.04):
            at = self._after("new facts", 5, 40)
            registering = self.land.offices[view.case.registering_office_id]
            yield from self._unless_done(self._intent("new_facts", at, Permission.CASE_REGISTER, registering))
        if view.case.stage not in (Stage.ARCHIVED, Stage.MERGED) and self._happens("archive", 0.6):
            at = self._after("archive", 3, 30)
            yield from self._unless_done(self._intent("archive", at, Permission.CASE_ARCHIVE, holder))

    # ---- beside the way of the case

    def _beside(self, view: View) -> Iterator[Intent]:
        case, holder = view.case, self._holder(view)
        for order in view.orders:
            if order.moves_custody or order.state != OrderState.DELIVERED:
                continue
            if order.kind == OrderKind.SUPERVISE and self._happens(("reply", _mark(view, order)), 0.75):
                at = self._after(("reply", _mark(view, order)), 2, 12)
                yield self._intent("reply_supervision", at, Permission.CASE_REPLY_SUPERVISION, holder, order=order)
            elif order.kind == OrderKind.ADVICE and self._happens(("advise", _mark(view, order)), 0.85):
                at = self._after(("advise", _mark(view, order)), 2, 9)
                yield Intent("advise", at, Permission.CASE_ADVISE, (order.receiver_id,), {"order": order})
            elif order.kind == OrderKind.ASSIST:
                at = self._after(("contribute", _mark(view, order)), 2, 9)
                given = {"order": order}
                yield from self._unless_done(
                    Intent(
                        f"contribute:{_mark(view, order)}", at, Permission.CASE_CONTRIBUTE, (order.receiver_id,), given
                    )
                )
        for place, row in enumerate(view.escalations):
            yield from self._escalated(row, place, holder)
        if case.petition_class != PetitionClass.ACCUSATION and case.stage != Stage.IN_TRANSIT:
            # Some come again; a few of them three times within a week.
            for number in range(self._chosen("again", (0, 92.0), (1, 5.0), (3, 3.0))):
                at = self._after(("again", number), 1 + number, 4 + number)
                yield from self._unless_done(
                    self._intent(f"register_again:{number}", at, Permission.CASE_MATCH, holder)
                )

    def _escalated(self, row: Escalation, place: int, holder: Office) -> Iterator[Intent]:
        """What the upper office does with a rung: advise or refuse, note what it was told, hand back what it took."""
        if row.to_office_id is None:
            return
        key, upper = ("escalation", row.rule_name, row.rung, place), (row.to_office_id,)
        if row.state == EscalationState.RAISED and row.gives == Gives.ADVISE:
            turn = self._chosen(key, ("advise", 65.0), ("refuse", 20.0), ("silence", 15.0))
            if turn != "silence":
                at, given = self._after(key, 2, 9), {"escalation": row, "advises": turn == "advise"}
                yield Intent("answer_escalation", at, Permission.CASE_ANSWER_ESCALATION, upper, given)
        elif row.state == EscalationState.RAISED and row.gives == Gives.INFORM and self._happens(key, 0.5):
            at = self._after(key, 1, 8)
            yield Intent("note_escalation", at, Permission.CASE_ANSWER_ESCALATION, upper, {"escalation": row})
        taken_here = row.state == EscalationState.TAKEN and row.gives == Gives.TAKE_UP and holder.id == row.to_office_id
        if taken_here and self._happens(key, 0.3):
            at = self._after(key, 3, 12)
            yield self._intent("hand_back", at, Permission.CASE_HAND_BACK, holder, escalation=row)

    # ---- helpers

    def _holder(self, view: View) -> Office:
        return self.land.offices[view.case.holder_id]

    def _intent(self, deed: str, at: datetime, permission: Permission, office: Office, **given: Any) -> Intent:
        return Intent(deed, at, permission, (office.id,), given)

    def _unless_done(self, intent: Intent) -> Iterator[Intent]:
        if intent.deed not in self.done:
            yield intent


def _nothing(view: View) -> Iterator[Intent]:
    """What is done in a stage that nobody in the simulation leads a case into."""
    return iter(())


def _moves(view: View) -> int:
    """How often the case was sent to another office."""
    return sum(each.moves_custody for each in view.orders)


def _mark(view: View, order: Order) -> str:
    """An order by its kind and its place among those of its kind: the same in every run of a seed."""
    same = [each.id for each in view.orders if each.kind == order.kind]
    return f"{order.kind}:{same.index(order.id)}"


def _newest(view: View, *kinds: str) -> Order | None:
    found: Sequence[Order] = [each for each in view.orders if each.kind in kinds]
    return found[-1] if found else None
