"""One case of a simulation from its arrival on: looked at, thought about, and acted on when the time has come."""

from __future__ import annotations

import uuid
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from caseway.access.actor import Actor
from caseway.access.facts import office_facts
from caseway.access.permissions import Permission
from caseway.cases.errors import RepresentativesMax
from caseway.cases.workflow import PetitionClass
from caseway.clocks import repository as timers
from caseway.errors import CasewayError
from caseway.simulation import deeds, repository
from caseway.simulation.arrivals import Arrival, office_hour
from caseway.simulation.deeds import Scene
from caseway.simulation.habits import Habits, Intent
from caseway.simulation.land import Land
from caseway.simulation.repository import View

#: Deeds of one case in a year: beyond it nobody does anything more.
_MOST_DEEDS = 60
#: When nobody can do anything: how many workdays until somebody looks again.
_LOOK_AGAIN = 4


@dataclass(slots=True)
class Life:
    """A case and what its people are about to do."""

    land: Land
    habits: Habits
    arrival: Arrival | None = None
    key: tuple[int, uuid.UUID] | None = None
    #: What was decided when the case was last looked at.
    intent: Intent | None = None
    #: The case as it was then; null once something else than its own people has changed it.
    view: View | None = None
    #: When the next timer of any case comes due, as far as this one knows.
    next_due: datetime | None = None
    count: int = 0
    #: Cases that this one has led to.
    born: list[tuple[int, uuid.UUID]] = field(default_factory=list)
    refused: Counter[str] = field(default_factory=Counter)

    async def wake(self) -> datetime | None:
        """Do what is due at the simulated instant; when to wake next, null = never again."""
        if self.key is None:
            await self._register()
            return self._plan(await self._look()) if self.key is not None else None
        if self.view is None:
            # Something has changed the case meanwhile: thought over before anything is done.
            self._plan(await self._look())
        if self.view is not None and self.intent is not None and self.intent.at <= self.land.now:
            await self._act(self.view, self.intent)
        return self._plan(await self._look())

    async def _register(self) -> None:
        assert self.arrival is not None
        actor = self._registrar(self.arrival.office_id)
        if actor is None:
            return
        accused, most = self._accused(self.arrival), deeds.MOST_NAMES
        while most:
            try:
                done = await deeds.register(self.land, actor, self.arrival, accused, most_names=most)
            except CasewayError as refusal:
                self.refused[refusal.code] += 1
                # A group that names too many is asked to name fewer; nobody is sent away for anything else.
                most = most - 1 if isinstance(refusal, RepresentativesMax) else 0
            else:
                # A case about the registering office is held elsewhere, where people see to it.
                self.key = done.city_id, await self._case_of(done.city_id, done.number)
                return

    async def _case_of(self, city_id: int, number: str) -> uuid.UUID:
        return await repository.case_of(self.land.watching, city_id, number)

    def _registrar(self, office_id: int) -> Actor | None:
        """Somebody who registers there: a colleague comes in when all of them are away."""
        office = self.land.offices[office_id]
        present = self.land.staff.present(office_id, self.land.today)
        everybody = [each.actor for each in self.land.staff.of(office_id)]
        for actors in (present, everybody):
            able = [
                each
                for each in actors
                if self.land.policy.allows(each, Permission.CASE_REGISTER, office_facts(each, office.id, office.path))
            ]
            if able:
                return self.habits.pick("registrar").choice(able)
        return None

    def _accused(self, arrival: Arrival) -> tuple[int, ...]:
        """Whom an accusation is about: an office below, the own one, or nobody the platform knows."""
        if arrival.petition_class is not PetitionClass.ACCUSATION:
            return ()
        office = self.land.offices[arrival.office_id]
        below = [each.id for each in self.land.below(office)]
        pick = self.habits.pick("accused")
        chance = pick.random()
        if chance < 0.25 or (chance < 0.8 and not below):
            return ()
        return (pick.choice(below),) if chance < 0.8 else (office.id,)

    async def _look(self) -> View:
        assert self.key is not None
        self.view = await repository.view(self.land.watching, *self.key)
        self.next_due = await timers.next_due(self.land.watching)
        return self.view

    def _plan(self, view: View) -> datetime | None:
        """Choose what comes first."""
        self.intent = None
        if self.count >= _MOST_DEEDS:
            return None
        intents = self.habits.intents(view)
        if not intents:
            return self._later() if view.case.is_open else None
        self.intent = min(intents, key=lambda each: each.at)
        pick = self.habits.pick("soon", self.intent.name)
        return max(self.intent.at, self.land.now + timedelta(minutes=pick.randint(1, 15)))

    def _later(self) -> datetime:
        day = self.land.calendar.add_workdays(self.land.today, _LOOK_AGAIN)
        return office_hour(self.habits.pick("later", day), day)

    async def _act(self, view: View, intent: Intent) -> None:
        able = self.land.able(view, intent.permission, *intent.office_ids)
        if not able:
            # Nobody is at work who may: tried again on the next workday.
            again = self.land.calendar.next_workday(self.land.today)
            self.habits.put_off(intent, office_hour(self.habits.pick(intent.name, again), again))
            return
        in_charge = [each for each in able if each.person_id == view.case.assignee_id]
        self.count += 1
        self.habits.done.add(intent.deed)
        try:
            result = await deeds.act((in_charge or able)[0], Scene(self.land, self.habits, view, intent))
        except CasewayError as refusal:
            self.refused[refusal.code] += 1
            again = self.land.calendar.add_workdays(self.land.today, _LOOK_AGAIN)
            self.habits.put_off(intent, office_hour(self.habits.pick(intent.name, again), again))
            return
        if (born := deeds.new_case(result)) is not None:
            self.born.append(born)
