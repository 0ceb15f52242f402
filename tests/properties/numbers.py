"""Statistics of a country against its cases: counted by roll-ups, and one by one from what is stored of every case."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from itertools import product
from random import Random
from typing import Any

from sqlalchemy import true

from caseway.access.actor import SYSTEM_ACTOR, Actor
from caseway.calendars.periods import ended_at, local_day, midnight
from caseway.cases.record import fold as row_of
from caseway.clocks.arithmetic import day_of
from caseway.clocks.workflow import derive
from caseway.db.keyset import Page
from caseway.db.scope import SYSTEM_SCOPE
from caseway.oversight import counting, figures, monthly, reading, recount, tables
from caseway.oversight.counts import AGES, Count
from caseway.oversight.figures import CLOSING, Course
from caseway.oversight.protected import protect
from caseway.oversight.reading import Narrowing
from caseway.oversight.tables import Dimension, Question
from caseway.oversight.timeliness import ACCEPTANCE, HANDLING, Measure, limits_of
from caseway.rules.kinds.vocabulary import Metric
from caseway.tenancy import repository as tree
from caseway.tenancy.models import Office
from properties.land import Dossier, Land

_METRICS = {Metric.ON_TIME_CLOSURE_RATE: "ANSWER", Metric.ON_TIME_ACCEPTANCE_RATE: "NOTICE"}
_BY_TYPE = {
    "case.registered": Count.REGISTERED, "case.accepted": Count.ACCEPTED, "case.refused": Count.REFUSED,
    "case.redirected": Count.REDIRECTED, "case.objected": Count.OBJECTED, "case.supervised": Count.SUPERVISED,
    "case.extended": Count.EXTENDED, "case.redo_ordered": Count.REDONE, "case.closed": Count.CLOSED,
    "case.merged": Count.MERGED,
}  # fmt: skip
_OVER_TIME = (Dimension.DAY, Dimension.MONTH, Dimension.YEAR)
_ESCALATING = {"escalation.raised", "case.take_up_requested", "case.taken_up"}


@dataclass(frozen=True, slots=True)
class Report:
    """A report that was made once, and must come out the same whenever it is made again."""

    question: Question
    told: Any


async def fold_some(land: Land, pick: Random) -> None:
    """Count some of what waits, in batches of any size."""
    for _ in range(pick.randrange(4)):
        await counting.fold(land.db, limit=pick.choice((1, 2, 5, 50)))


async def make_report(land: Land, pick: Random) -> Report:
    """A report as of a day that is over, after everything of that day is counted."""
    today = local_day(land.now)
    as_of = today - timedelta(days=pick.randrange(1, 4))
    while await counting.fold(land.db):
        pass
    office = pick.choice(list(land.offices.values()))
    first = as_of - timedelta(days=pick.randrange(40))
    question = Question(office, first, as_of, as_of, tuple(Count), pick.choice(list(Dimension)), Narrowing())
    if question.by is Dimension.STAGE:
        question = replace(question, counts=(Count.OPEN,))
    return Report(question, await _told(land, SYSTEM_ACTOR, question))


async def check_numbers(land: Land, eyes: Iterable[Actor], reports: Iterable[Report], pick: Random) -> None:
    """Every number of some areas and periods is what the cases themselves give, for everybody; reports are made again;
    counting anew finds nothing wrong."""
    while await counting.fold(land.db):
        pass
    for report in reports:
        assert await _told(land, SYSTEM_ACTOR, report.question) == report.told, "a report came out differently"
    today = local_day(land.now)
    for actor in (SYSTEM_ACTOR, *eyes):
        inside = [each for each in land.offices.values() if actor is SYSTEM_ACTOR or actor.seat_id in each.levels]
        for office in pick.sample(inside, min(2 if actor is SYSTEM_ACTOR else 1, len(inside))):
            for accusations in (False, True):
                last = today - timedelta(days=pick.randrange(3))
                question = Question(
                    office, last - timedelta(days=pick.choice((0, 3, 40, 200))), last, today, tuple(Count),
                    Dimension.CHILD_OFFICE, Narrowing(accusations=accusations),
                )  # fmt: skip
                await _compare(land, actor, question)
            await _compare_over_time(
                land, actor, question, pick.choice((Dimension.DAY, Dimension.MONTH, Dimension.YEAR))
            )
            if actor is SYSTEM_ACTOR:
                await _compare_behind(land, replace(question, narrowing=Narrowing()))
            for accusations in (False, True):
                await _compare_protected(land, actor, office, accusations=accusations)
    async with land.db.reader(SYSTEM_SCOPE) as session:
        cities = await recount.cities(session)
    for city_id in cities:
        found = await recount.recount(land.db, city_id, repair=False)
        assert not found.differences and not found.forgotten, found


async def _compare(land: Land, actor: Actor, question: Question) -> None:
    expected = Counter[tuple[Any, ...]]()
    for file in land.files.values():
        if set(actor.bars).isdisjoint(file.case.barred):
            for key, amount in _of_case(file, question, land):
                expected[key] += amount
    for by, place in ((Dimension.CHILD_OFFICE, 0), (Dimension.PETITION_CLASS, 1), (Dimension.CHANNEL, 2),
                      (Dimension.FIELD, 3), (Dimension.STAGE, 4), (None, None)):  # fmt: skip
        wanted = Counter[tuple[Any, Count]]()
        for (*dimensions, count), amount in expected.items():
            if by is not Dimension.STAGE or count is Count.OPEN:
                wanted[dimensions[place] if place is not None else None, count] += amount
        counts = (Count.OPEN,) if by is Dimension.STAGE else question.counts
        async with land.db.reader(SYSTEM_SCOPE) as session:
            found = await tables.table(session, actor, replace(question, by=by, counts=counts), now=land.now)
        rows = found.rows if by is not None else (found.total,)
        told = {(row.key, count): value for row in rows for count, value in row.values.items() if value}
        assert told == {key: value for key, value in wanted.items() if value}, (by, question)
        # INV-25: offices right below and the office itself add up to the whole.
        totals = Counter[Count]()
        for (_, count), value in told.items():
            totals[count] += value
        assert {count: value for count, value in found.total.values.items() if value} == dict(totals), "INV-25"


def _of_case(file: Dossier, question: Question, land: Land) -> Iterator[tuple[tuple[Any, ...], int]]:
    """What one case gives to a question as of now, told from its events one by one."""
    first, last = question.first, question.last
    states = [row_of(file.events[: number + 1]) for number in range(len(file.events))]

    def key(state: dict[str, Any], count: Count, stage: str = "") -> tuple[Any, ...] | None:
        path = [state[f"l{depth}"] for depth in range(1, 7) if state[f"l{depth}"]]
        is_accusation = state["petition_class"] == "ACCUSATION"
        if question.office.id not in path or is_accusation is not question.narrowing.accusations:
            return None
        below = path[path.index(question.office.id) + 1 :]
        return (below[0] if below else 0, state["petition_class"], state["channel"], state["field"], stage, count)

    found: list[tuple[Any, ...] | None] = []
    answered = False
    for number, event in enumerate(file.events):
        after, before = states[number], states[number - 1] if number else None
        counts: list[tuple[dict[str, Any], Count]] = []
        if first <= day_of(event.at) <= last:
            if event.type in _BY_TYPE:
                counts.append((after, _BY_TYPE[event.type]))
            if event.type == "registration.added" and "merged_from" not in event.facts:
                counts.append((after, Count.REPEATED))
            if event.type == "case.withdrawn" and not after["is_open"]:
                counts.append((after, Count.WITHDRAWN))
            if before is not None and event.type == "case.returned":
                counts.append((before, Count.RETURNED))
            if before is not None and event.type in _ESCALATING:
                counts.append((before, Count.ESCALATED))
            if before is not None and before["holder_id"] != after["holder_id"]:
                counts += [(before, Count.MOVED_OUT), (after, Count.MOVED_IN)]
        if event.type == "case.answered" and not answered:
            answered = True
            if first <= _local(event.facts["served_at"]) <= last:
                counts.append((after, Count.ANSWERED))
        found += [key(state, count) for state, count in counts]
    found += _verdicts(file, states, question, key)
    found += _stocks(file, states, last, land, key)
    for each in found:
        if each is not None:
            yield each, 1


def _local(instant: str) -> date:
    return day_of(datetime.fromisoformat(instant))


def _verdicts(file: Dossier, states: list[dict[str, Any]], question: Question, key: Any) -> Iterator[Any]:
    since, until = midnight(question.first), ended_at(question.last)
    for metric, what in _METRICS.items():
        closing = [event for event in file.events if event.type in CLOSING[metric]]
        instants = [datetime.fromisoformat(event.facts["served_at"]) if "served_at" in event.facts else event.at
                    for event in closing]  # fmt: skip
        course = Course(tuple(derive(file.clock_events)), tuple(instants))
        for measure in Measure:
            counted = figures.tally(metric, [course], measure, since=since, until=until)
            if counted.closed:
                where = next(event for event, at in zip(closing, instants, strict=True) if since <= at < until)
                how = "ON_TIME" if counted.on_time else "LATE"
                yield key(states[where.seq - 1], Count[f"{what}_{how}_{measure}"])


def _stocks(file: Dossier, states: list[dict[str, Any]], last: date, land: Land, key: Any) -> Iterator[Any]:
    happened = [state for event, state in zip(file.events, states, strict=True) if day_of(event.at) <= last]
    if not happened or not happened[-1]["is_open"]:
        return
    state = happened[-1]
    yield key(state, Count.OPEN, state["stage"])
    for days in AGES:
        if (last - day_of(file.case.registered_at)).days > days:
            yield key(state, Count[f"OPEN_OVER_{days}"])
    # A day that is not over: what has passed before it.
    judged_at = ended_at(last) if last < local_day(land.now) else midnight(last)
    clocks = derive([event for event in file.clock_events if event.at < ended_at(last)])
    running = [clock for clock in clocks if clock.is_running and clock.suspended_at is None]
    for what, kinds in (("ANSWER", HANDLING), ("NOTICE", ACCEPTANCE)):
        for measure in Measure:
            if any(limit.missed_by(judged_at) for _, limit in limits_of(running, kinds, measure)):
                yield key(state, Count[f"{what}_OVERDUE_{measure}"])


async def _compare_behind(land: Land, question: Question) -> None:
    """As many cases are behind a number as it says, also where an office was moved since."""
    for own, count in product((False, True), (Count.REGISTERED, Count.MOVED_OUT, Count.ACCEPTED)):
        async with land.db.reader(SYSTEM_SCOPE) as session:
            found = await reading.behind_flow(
                session, question.office, count,
                own=own, moved=await tree.has_moved(session, question.office),
                first=question.first, last=question.last, as_of=question.as_of,
                narrowing=question.narrowing, visible=true(), page=Page(100),
            )  # fmt: skip
            told = await tables.table(session, SYSTEM_ACTOR, question, now=land.now)
        rows = [row for row in told.rows if not own or row.key == 0]
        assert len(found.rows) == sum(row.values.get(count, 0) for row in rows), (own, count)


async def _compare_over_time(land: Land, actor: Actor, question: Question, by: Dimension) -> None:
    """Every line of a table over time is what the same days give when they are asked for alone."""
    async with land.db.reader(SYSTEM_SCOPE) as session:
        found = await tables.table(session, actor, replace(question, by=by), now=land.now)
        lines = found.rows if len(found.rows) < 8 else (*found.rows[:2], *found.rows[-4:])
        for line in lines:
            alone = replace(question, first=line.first, last=line.last, by=None)
            total = (await tables.table(session, actor, alone, now=land.now)).total
            told = {count: value for count, value in line.values.items() if value}
            assert told == {count: value for count, value in total.values.items() if value}, (by, line.first)


async def _compare_protected(land: Land, actor: Actor, office: Office, *, accusations: bool) -> None:
    """What is told of the present month once it is over: each table by what the table above it tells of the office."""
    month = local_day(land.now).replace(day=1)
    later = land.now + timedelta(days=40)
    async with land.db.reader(SYSTEM_SCOPE) as session:
        found = await monthly.monthly(session, actor, office, month=month, accusations=accusations, now=later)
    chain, is_told, wanted = [each for each in office.levels if each], True, protect({}, total_is_told=True)
    for office_id, below in zip(chain, (*chain[1:], 0), strict=True):
        registered = Counter[int]()
        for file in land.files.values():
            first = row_of(file.events[:1])
            path = [first[f"l{depth}"] for depth in range(1, 7) if first[f"l{depth}"]]
            alike = (first["petition_class"] == "ACCUSATION") is accusations
            seen = alike and set(actor.bars).isdisjoint(file.case.barred)
            if seen and office_id in path and day_of(file.events[0].at) >= month:
                registered[(*path, 0)[path.index(office_id) + 1]] += 1
        wanted = protect(registered, total_is_told=is_told)
        is_told = below not in wanted.cells or wanted.cells[below] is not None
    assert found.told.total == wanted.total
    told = {key: value for key, value in found.told.cells.items() if value != 0}
    assert told == dict(wanted.cells), (office.id, month, accusations)


async def _told(land: Land, actor: Actor, question: Question) -> Any:
    async with land.db.reader(SYSTEM_SCOPE) as session:
        found = await tables.table(session, actor, question, now=land.now)
    return [(row.key, row.first, row.last, sorted((k, v) for k, v in row.values.items() if v)) for row in found.rows]
