"""Staff on the graph: who is asking, and everything that sessions and administrators do."""

from __future__ import annotations

import strawberry

from caseway.access.permissions import Role
from caseway.gql.context import Context
from caseway.gql.fields import field
from caseway.people.office_api import OfficeType, known_office
from caseway.people.person_api import (
    MembershipType,
    PersonType,
    known_person,
    person,
    posts_of,
    shown_membership,
    shown_person,
)
from caseway.people.session_api import SessionMutations
from caseway.people.staff_api import StaffMutations

__all__ = [
    "MembershipType",
    "PeopleMutations",
    "PeopleQueries",
    "PersonType",
    "known_person",
    "person",
    "shown_membership",
    "shown_person",
]


@strawberry.type(description="You: the person behind the access token, and the office you act for.")
class Viewer:
    """Whoever asks. Also there while no acting office is chosen yet, so that one can be chosen."""

    person: PersonType = strawberry.field(description="Who you are.")
    locale: str = strawberry.field(description="Language of labels for you: zh-CN or en.")

    @field()
    async def acting_office(self, info: strawberry.Info) -> OfficeType | None:
        """The office you act for (header `Caseway-Office`); null while it is not clear."""
        actor = info.context.actor
        return await known_office(info.context, actor.office_id) if actor else None

    @field(metadata={"list_size": 3})
    def roles(self, info: strawberry.Info) -> list[Role]:
        """Your roles in the office you act for; none while it is not clear."""
        actor = info.context.actor
        return [Role(each) for each in actor.roles] if actor else []

    @field(metadata={"list_size": 3})
    async def memberships(self, info: strawberry.Info) -> list[MembershipType]:
        """Your present posts: the offices you may act for."""
        return [MembershipType.of(each) for each in await posts_of(info.context, self.person.row.id)]


@strawberry.type
class PeopleQueries:
    """Root fields about staff."""

    @field()
    async def viewer(self, info: strawberry.Info) -> Viewer | None:
        """You; null without a valid access token."""
        context: Context = info.context
        if context.identity is None:
            return None
        found = await person(context, context.identity.person_id)
        return Viewer(person=found, locale=found.row.locale) if found else None


@strawberry.type
class PeopleMutations(SessionMutations, StaffMutations):
    """Root fields that change something about sessions and staff."""
