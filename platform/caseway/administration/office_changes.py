"""Mutations that change the office tree. History stays: nothing is deleted, what an office held passes on."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import asdict
from datetime import datetime
from typing import Any

import strawberry

from caseway.access.actor import Actor
from caseway.administration.service import OfficeGate, hooks
from caseway.db.session import UnitOfWork
from caseway.gql import ids
from caseway.gql.errors import mutation
from caseway.gql.perform import Outcome, perform
from caseway.people.office_api import OfficeType, known_office
from caseway.rules.api.findings import RuleFinding
from caseway.rules.findings import Finding
from caseway.tenancy import service
from caseway.tenancy.changes import Part
from caseway.tenancy.models import Level, Office, OfficeKind

#: Findings about rules that a move tells.
_MOST_FINDINGS = 50


@strawberry.input(description="What selects an office.")
class OfficeInput:
    """Base of the inputs of office mutations."""

    office_id: strawberry.ID = strawberry.field(description="The office.")
    idempotency_key: str | None = strawberry.field(
        default=None,
        description="A key of 8 to 255 printable characters, kept seven days: repeating it with the same input has no "
        "further effect and is answered with the same bytes.",
    )

    @property
    def number(self) -> int:
        """The office's number. Raises ``MalformedId``."""
        return ids.decode_number("Office", self.office_id)


@strawberry.type(description="An office after a change.")
class OfficePayload:
    """Base of the payloads of office mutations."""

    office: OfficeType = strawberry.field(description="The office as it is now.")


@strawberry.input(description="A new office below another one.")
class OfficeCreateChildInput(OfficeInput):
    """Input of ``officeCreateChild``; ``office_id`` is the parent."""

    kind: OfficeKind = strawberry.field(description="What it is.")
    code: str = strawberry.field(description="Code, unique among open offices.")
    name: str = strawberry.field(description="Name, up to 100 characters.")
    level: Level | None = strawberry.field(
        default=None, description="Level of a government, lower than the parent's; institutions have the parent's."
    )
    fields: list[str] = strawberry.field(
        default_factory=list, description="Fields a department is competent for; empty for all."
    )


@strawberry.type(description="The new office.")
class OfficeCreateChildPayload(OfficePayload):
    """Payload of ``officeCreateChild``."""


@strawberry.input(description="The office to rename.")
class OfficeRenameInput(OfficeInput):
    """Input of ``officeRename``."""

    name: str = strawberry.field(description="The new name, up to 100 characters.")


@strawberry.type(description="The renamed office.")
class OfficeRenamePayload(OfficePayload):
    """Payload of ``officeRename``."""


@strawberry.input(description="The office to hang under another one, with everything below it.")
class OfficeMoveInput(OfficeInput):
    """Input of ``officeMove``."""

    parent_id: strawberry.ID = strawberry.field(description="The new parent.")


@strawberry.type(description="The moved office.")
class OfficeMovePayload(OfficePayload):
    """Payload of ``officeMove``."""

    rule_findings: list[RuleFinding] = strawberry.field(
        description="Where its rule book, or one below it, is looser than what stands above it now; the stricter rule "
        "counts, and the administrators have a task. The first 50 of them."
    )


@strawberry.input(description="The office to close in favour of another one of its kind and level.")
class OfficeMergeInput(OfficeInput):
    """Input of ``officeMerge``."""

    into_id: strawberry.ID = strawberry.field(description="The successor, which takes over what it holds (art. 24).")


@strawberry.type(description="The successor.")
class OfficeMergePayload(OfficePayload):
    """Payload of ``officeMerge``."""


@strawberry.input(description="One of the offices that a split makes.")
class OfficePartInput:
    """Translated to ``changes.Part``."""

    code: str = strawberry.field(description="Its code.")
    name: str = strawberry.field(description="Its name.")
    children: list[str] = strawberry.field(
        default_factory=list, description="Codes of the children of the split office that hang below it from then on."
    )


@strawberry.input(description="The office to split.")
class OfficeSplitInput(OfficeInput):
    """Input of ``officeSplit``."""

    parts: list[OfficePartInput] = strawberry.field(description="The offices made of it.")
    successor_code: str | None = strawberry.field(
        default=None, description="Code of the part that takes over what it holds, if the split office closes."
    )


@strawberry.type(description="The offices that were made.")
class OfficeSplitPayload:
    """Payload of ``officeSplit``."""

    offices: list[OfficeType] = strawberry.field(description="In the order given.")


@strawberry.input(description="The office that is to receive nothing new.")
class OfficeSuspendInput(OfficeInput):
    """Input of ``officeSuspend``."""


@strawberry.type(description="The suspended office.")
class OfficeSuspendPayload(OfficePayload):
    """Payload of ``officeSuspend``."""


@strawberry.input(description="The office that is to receive again.")
class OfficeResumeInput(OfficeInput):
    """Input of ``officeResume``."""


@strawberry.type(description="The resumed office.")
class OfficeResumePayload(OfficePayload):
    """Payload of ``officeResume``."""


Change = Callable[[UnitOfWork, OfficeGate, Actor, datetime], Awaitable[Office]]


async def _changed(info: strawberry.Info, given: Any, call: Change) -> OfficeType:
    async def work(uow: UnitOfWork, actor: Actor, now: datetime) -> Outcome:
        office = await call(uow, OfficeGate(info.context.policy, actor), actor, now)
        return {"office": office.id}

    outcome = await perform(info, given, work)
    return await known_office(info.context, int(outcome["office"]))


@strawberry.type
class OfficeMutations:
    """Mutations of the office tree."""

    @mutation(OfficeCreateChildPayload)
    async def office_create_child(
        self, info: strawberry.Info, input: OfficeCreateChildInput
    ) -> OfficeCreateChildPayload:
        """Create an office below one that you administer."""
        return OfficeCreateChildPayload(
            office=await _changed(
                info,
                input,
                lambda uow, gate, actor, now: service.create_child(
                    uow, gate, actor,
                    parent_id=input.number, kind=input.kind, code=input.code, name=input.name,
                    level=input.level, fields=input.fields, now=now,
                ),
            )
        )  # fmt: skip

    @mutation(OfficeRenamePayload)
    async def office_rename(self, info: strawberry.Info, input: OfficeRenameInput) -> OfficeRenamePayload:
        """Rename an office; the old name stays in its history."""
        return OfficeRenamePayload(
            office=await _changed(
                info,
                input,
                lambda uow, gate, actor, now: service.rename(
                    uow, gate, actor, office_id=input.number, name=input.name, now=now
                ),
            )
        )

    @mutation(OfficeMovePayload)
    async def office_move(self, info: strawberry.Info, input: OfficeMoveInput) -> OfficeMovePayload:
        """Hang an office under another parent, with everything below it; what they hold moves along in every list."""
        parent_id = ids.decode_number("Office", input.parent_id)

        async def work(uow: UnitOfWork, actor: Actor, now: datetime) -> Outcome:
            findings: list[Finding] = []
            moved = await service.move(
                uow,
                OfficeGate(info.context.policy, actor),
                actor,
                office_id=input.number,
                parent_id=parent_id,
                now=now,
                hooks=hooks(now, findings=findings),
            )
            told = [asdict(RuleFinding.of(each)) for each in findings[:_MOST_FINDINGS]]
            return {"office": moved.id, "findings": told}

        outcome = await perform(info, input, work)
        return OfficeMovePayload(
            office=await known_office(info.context, int(outcome["office"])),
            rule_findings=[RuleFinding(**each) for each in outcome["findings"]],
        )

    @mutation(OfficeMergePayload)
    async def office_merge(self, info: strawberry.Info, input: OfficeMergeInput) -> OfficeMergePayload:
        """Close an office in favour of another; the successor takes over its cases and orders (art. 24)."""
        into_id = ids.decode_number("Office", input.into_id)
        return OfficeMergePayload(
            office=await _changed(
                info,
                input,
                lambda uow, gate, actor, now: service.merge(
                    uow, gate, actor, office_id=input.number, into_id=into_id, now=now, hooks=hooks(now)
                ),
            )
        )

    @mutation(OfficeSplitPayload)
    async def office_split(self, info: strawberry.Info, input: OfficeSplitInput) -> OfficeSplitPayload:
        """Make new offices out of one; it stays, or closes in favour of one of them."""
        parts = [Part(code=each.code, name=each.name, children=tuple(each.children)) for each in input.parts]

        async def work(uow: UnitOfWork, actor: Actor, now: datetime) -> Outcome:
            made = await service.split(
                uow, OfficeGate(info.context.policy, actor), actor,
                office_id=input.number, parts=parts, successor_code=input.successor_code, now=now, hooks=hooks(now),
            )  # fmt: skip
            return {"offices": [office.id for office in made]}

        outcome = await perform(info, input, work)
        return OfficeSplitPayload(offices=[await known_office(info.context, int(each)) for each in outcome["offices"]])

    @mutation(OfficeSuspendPayload)
    async def office_suspend(self, info: strawberry.Info, input: OfficeSuspendInput) -> OfficeSuspendPayload:
        """Let an office receive nothing new; what it holds it keeps."""
        return OfficeSuspendPayload(
            office=await _changed(
                info,
                input,
                lambda uow, gate, actor, now: service.suspend(uow, gate, actor, office_id=input.number, now=now),
            )
        )

    @mutation(OfficeResumePayload)
    async def office_resume(self, info: strawberry.Info, input: OfficeResumeInput) -> OfficeResumePayload:
        """Let a suspended office receive again."""
        return OfficeResumePayload(
            office=await _changed(
                info,
                input,
                lambda uow, gate, actor, now: service.resume(uow, gate, actor, office_id=input.number, now=now),
            )
        )
