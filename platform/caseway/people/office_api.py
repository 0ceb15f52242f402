"""Offices on the graph: the tree that everybody may look at, with its institutions and history."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import strawberry

from caseway.db.keyset import Window
from caseway.gql import ids
from caseway.gql.connection import After, Before, Connection, First, Last, connect, page
from caseway.gql.context import Context
from caseway.gql.enums import described
from caseway.gql.fields import field
from caseway.gql.node import Node
from caseway.tenancy import models, repository
from caseway.tenancy.models import Level, OfficeKind

if TYPE_CHECKING:
    from caseway.people.person_api import MembershipType

described(
    Level,
    name="Level",
    description="Administrative level 层级, highest first.",
    values={
        "PROVINCE": "Province 省, autonomous region; top of a tree.",
        "CITY": "City 市, prefecture, league, or a municipality itself.",
        "COUNTY": "County 县, district 区, banner 旗.",
        "TOWN": "Town 镇, township 乡, street 街道, sumu 苏木.",
        "VILLAGE": "Village 村 or community 社区 committee.",
    },
)
described(
    OfficeKind,
    name="OfficeKind",
    description="What kind of office this is.",
    values={
        "GOVERNMENT": "The government of a division, or a village committee.",
        "PETITION_OFFICE": "Petition office 信访局: acts for the whole area of its government.",
        "DEPARTMENT": "Department 部门 of a government, competent for its fields.",
        "DISCIPLINE": "Discipline body 纪检监察机关: the only one competent for accusations.",
        "JOINT_CONFERENCE": "Joint conference 联席会议: decides disputes, never holds a case.",
    },
)


class CommitteeKind(StrEnum):
    """Kind of a village's committee, from the last three digits of its division code."""

    RESIDENTS = "RESIDENTS"
    VILLAGERS = "VILLAGERS"
    LIKE_RESIDENTS = "LIKE_RESIDENTS"
    LIKE_VILLAGERS = "LIKE_VILLAGERS"


described(
    CommitteeKind,
    name="CommitteeKind",
    description="Kind of committee of a village or community, from the last three digits of its code.",
    values={
        "RESIDENTS": "Residents' committee 居委会 (001-199).",
        "VILLAGERS": "Villagers' committee 村委会 (200-399).",
        "LIKE_RESIDENTS": "Treated like a residents' committee (400-499).",
        "LIKE_VILLAGERS": "Treated like a villagers' committee (500-599).",
    },
)


@strawberry.type(
    name="Office",
    description="One office 机关: a tenant of the platform, with a level, a kind and a place in the tree.",
)
class OfficeType(Node):
    """An office as everybody may see it; what it holds is a matter of cases."""

    row: strawberry.Private[models.Office]
    code: str = strawberry.field(description="Division code without trailing zeros, or a department's own code.")
    name: str = strawberry.field(description="Official name as published.")
    level: Level = strawberry.field(description="Administrative level 层级.")
    kind: OfficeKind = strawberry.field(description="What kind of office it is.")
    committee_kind: CommitteeKind | None = strawberry.field(
        description="Kind of committee; null unless the office is a village or community."
    )
    fields: list[str] = strawberry.field(
        description="Fields that a department is competent for; empty means every field of its area."
    )
    is_open: bool = strawberry.field(
        description="Whether it may receive cases: neither closed, suspended, virtual nor merely statistical."
    )
    valid_from: datetime = strawberry.field(description="Since when it exists on the platform.")
    valid_to: datetime | None = strawberry.field(description="When it was closed; null while it exists.")
    suspended_at: datetime | None = strawberry.field(description="Since when it receives nothing; null if it does.")

    @classmethod
    def of(cls, row: models.Office) -> OfficeType:
        """The GraphQL object of a row."""
        return cls(
            id=strawberry.ID(ids.encode("Office", row.id)),
            row=row,
            code=row.code,
            name=row.name,
            level=Level(row.level),
            kind=OfficeKind(row.kind),
            committee_kind=CommitteeKind(row.committee_kind) if row.committee_kind else None,
            fields=list(row.fields),
            is_open=row.is_open,
            valid_from=row.valid_from,
            valid_to=row.valid_to,
            suspended_at=row.suspended_at,
        )

    @field()
    async def parent(self, info: strawberry.Info) -> OfficeType | None:
        """The office right above; null for the top of a tree."""
        return await office(info.context, self.row.parent_id)

    @field()
    async def successor(self, info: strawberry.Info) -> OfficeType | None:
        """The office that took over after a merger or split (art. 24); null while this one exists."""
        return await office(info.context, self.row.successor_id)

    @field(metadata={"list_size": 5})
    async def ancestors(self, info: strawberry.Info) -> list[OfficeType]:
        """All offices above, highest first; at most five."""
        above = [each for each in self.row.chain if each != self.row.id]
        found = [await office(info.context, each) for each in above]
        return [each for each in found if each is not None]

    @field()
    async def children(
        self,
        info: strawberry.Info,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
        kind: Annotated[
            OfficeKind | None,
            strawberry.argument(description="Only offices of this kind; absent means all."),
        ] = None,
    ) -> Connection[OfficeType]:
        """Open offices right below, by code. Paged by (code, id): the same cost for 100 and for 700,000 offices."""
        wanted = page(
            first=first,
            after=after,
            last=last,
            before=before,
            order=repository.OFFICE_ORDER,
            filters={"parent": self.row.id, "kind": kind.value if kind else None},
        )
        async with info.context.reader() as session:
            found: Window[models.Office] = await repository.children(
                session, self.row.id, wanted, kinds=[kind] if kind else []
            )
        return connect(found, node=OfficeType.of, key=lambda row: (row.code, row.id))

    @field()
    async def staff(
        self,
        info: strawberry.Info,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> Connection[Annotated[MembershipType, strawberry.lazy("caseway.people.person_api")]] | None:
        """Who works here at present, the longest-serving first; null if you may not see that."""
        from caseway.people import person_api  # persons know offices, offices their staff

        return await person_api.staff_of(info.context, self.row, first=first, after=after, last=last, before=before)


@strawberry.type
class OfficeQueries:
    """Root fields about offices. The tree is public among staff: what an office holds is not."""

    @field(name="office")
    async def office_by_id(
        self,
        info: strawberry.Info,
        id: Annotated[strawberry.ID, strawberry.argument(description="Global id of the office.")],
    ) -> OfficeType | None:
        """One office by its id, also a closed one; null if there is none."""
        info.context.acting()
        return await office(info.context, ids.try_decode_number("Office", id))

    @field()
    async def office_by_code(
        self,
        info: strawberry.Info,
        code: Annotated[str, strawberry.argument(description="Division code or a department's own code.")],
    ) -> OfficeType | None:
        """The open office with a code; null if there is none."""
        info.context.acting()
        async with info.context.reader() as session:
            row = await repository.by_code(session, code)
        return OfficeType.of(row) if row is not None else None


async def office(context: Context, office_id: int | None) -> OfficeType | None:
    """The office of an id, batched over the request; null for null."""
    if office_id is None or office_id == 0:
        return None

    async def load(wanted: list[Any]) -> list[OfficeType | None]:
        async with context.reader() as session:
            rows = await repository.by_ids(session, wanted)
        return [OfficeType.of(rows[each]) if each in rows else None for each in wanted]

    found: OfficeType | None = await context.loader("office", load).load(office_id)
    return found


async def known_office(context: Context, office_id: int) -> OfficeType:
    """The office of an id that a foreign key proves to exist."""
    found = await office(context, office_id)
    if found is None:
        raise LookupError(f"office {office_id} of a case row does not exist")
    return found
