"""A case as it stood at an instant, for the rules of escalation to look at."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from caseway.cases.workflow import is_open
from caseway.clocks.workflow import ClockKind, ClockState, derive
from caseway.custody.workflow import OrderKind, OrderState, times_returned
from caseway.escalation import snapshots
from caseway.escalation.triggers import Climbed, Snapshot
from caseway.escalation.values import CaseFacts
from caseway.escalation.workflow import EscalationState, Gives, has_moved
from caseway.whatif.history import History, OrderLike, Setting, columns_of
from caseway.whatif.replay import ClockRun


@dataclass(slots=True)
class OrderThen:
    """An order as it stood at an instant."""

    kind: str
    state: str
    sender_id: int
    receiver_id: int


@dataclass(frozen=True, slots=True)
class Rung:
    """A rung that was climbed until an instant, with what it gave."""

    climbed: Climbed
    gives: Gives
    id: uuid.UUID | str
    parent_id: uuid.UUID | None = None

    @property
    def state(self) -> EscalationState:
        """Where it stood."""
        return self.climbed.state


@dataclass(frozen=True, slots=True)
class Moment:
    """The columns of the case at an instant, and since when its holder had it."""

    at: datetime
    columns: Mapping[str, Any]
    held_since: datetime

    @property
    def stage(self) -> str:
        """The stage."""
        return str(self.columns["stage"])

    @property
    def holder_id(self) -> int:
        """The office that held it."""
        found: int = self.columns["holder_id"]
        return found


def moments(history: History) -> list[Moment]:
    """The case after each of its events."""
    found: list[Moment] = []
    columns: dict[str, Any] = {}
    held_since = history.events[0].at
    for event in history.events:
        changed = columns_of(event)
        if "holder_id" in changed and changed["holder_id"] != columns.get("holder_id"):
            held_since = event.at
        columns = {**columns, **changed}
        found.append(Moment(event.at, columns, held_since))
    return found


def snapshot(
    history: History,
    moment: Moment,
    at: datetime,
    *,
    clocks: Sequence[ClockRun],
    climbed: Sequence[Rung],
    setting: Setting,
) -> Snapshot:
    """What rules see at an instant: the columns of the newest event until then, and everything else as it was."""
    running = states(clocks, at)
    registrations = [occurrence for entered_at, occurrence in history.registrations if entered_at <= at]
    calendar = setting.calendar(moment.holder_id)

    @cache
    def facts() -> CaseFacts:
        return _facts(history, moment, at, running, climbed, setting, registrations=len(registrations))

    def values(instant: datetime, names: Collection[str]) -> Mapping[str, Any]:
        return facts().values(instant, names)

    return Snapshot(
        now=at,
        stage=moment.stage,
        is_open=is_open(moment.stage),
        is_answered=moment.stage in snapshots.ANSWERED,
        clocks=[snapshots.seen(each) for each in running],
        registrations=registrations,
        climbed=[each.climbed for each in climbed],
        values=values,
        calendar=calendar,
    )


def states(clocks: Sequence[ClockRun], at: datetime) -> list[ClockState]:
    """The clocks by what was recorded of them until an instant; the oldest first."""
    found = []
    for clock in clocks:
        until = [event for event, known_at in zip(clock.events, clock.known, strict=True) if known_at <= at]
        found += derive(until)
    return found


def _facts(
    history: History,
    moment: Moment,
    at: datetime,
    running: Sequence[ClockState],
    climbed: Sequence[Rung],
    setting: Setting,
    *,
    registrations: int,
) -> CaseFacts:
    columns = moment.columns
    holder = setting.office(moment.holder_id)
    orders = [found for each in history.orders if (found := order_then(each, at)) is not None]
    supervisions = [each for each in orders if each.kind == OrderKind.SUPERVISE]
    handling = [each for each in running if each.kind is ClockKind.HANDLE]
    return CaseFacts(
        petition_class=columns["petition_class"],
        proceeding=columns["proceeding"],
        stage=moment.stage,
        channel=columns["channel"],
        field=columns["field"],
        place_code=columns["place_code"],
        grade=columns["grade"],
        is_first_time=columns["is_first_time"],
        group_size=columns["group_size"],
        registrations=registrations,
        bounces=times_returned(orders),
        redos=sum(each.kind is ClockKind.REDO for each in running),
        extensions=handling[-1].extensions if handling else 0,
        assistants=sum(each.kind == OrderKind.ASSIST and each.state == OrderState.DELIVERED for each in orders),
        holder_level=holder.level,
        holder_kind=holder.kind,
        level_registered=setting.office(columns["registering_office_id"]).level,
        received_at=columns["received_at"],
        registered_at=columns["registered_at"],
        under_supervision=any(each.state == OrderState.DELIVERED for each in supervisions),
        supervisions=len(supervisions),
        escalations=sum(each.climbed.raised_at is not None for each in climbed),
        escalation_depth=sum(map(has_moved, climbed)),
        escalations_refused=sum(each.state is EscalationState.REFUSED for each in climbed),
        held_since=moment.held_since,
        limits=tuple(snapshots.running_limits(running)),
        calendar=setting.calendar(moment.holder_id),
    )


def order_then(order: OrderLike, at: datetime) -> OrderThen | None:
    """An order as it stood at an instant; null before it was sent."""
    if order.sent_at > at:
        return None
    state = OrderState.SENT
    if order.delivered_at is not None and order.delivered_at <= at:
        state = OrderState.DELIVERED
    if order.signed_at is not None and order.signed_at <= at:
        state = OrderState.SIGNED
    if order.objected_at is not None and order.objected_at <= at:
        state = OrderState.OBJECTED
    if order.ended_at is not None and order.ended_at <= at:
        state = OrderState(order.state)
    return OrderThen(order.kind, state, order.sender_id, order.receiver_id)
