"""Persons and their posts on the graph, and who may see them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import strawberry

from caseway.access.facts import office_facts
from caseway.access.permissions import Permission, Role
from caseway.gql import ids
from caseway.gql.connection import Connection, connect, page
from caseway.gql.context import Context
from caseway.gql.enums import described
from caseway.gql.fields import field
from caseway.gql.node import Node
from caseway.people import loaders, models, repository
from caseway.people.office_api import OfficeType
from caseway.tenancy.models import Office

described(
    Role,
    name="Role",
    description="What a post allows, by the policy of access 角色.",
    values={
        "CLERK": "Registers petitions and keeps the register 登记员.",
        "HANDLER": "Handles cases that are assigned to them 承办人.",
        "DISPATCHER": "Sends, signs for and distributes cases 分办员.",
        "LEADER": "Leads the office: extensions, leads in charge, closing 领导.",
        "LINKED_LEADER": "Is linked to areas and helps solve what is delivered to them there 联系包保领导.",
        "SUPERVISOR": "Watches over the offices below and asks them to act 督查员.",
        "REVIEWER": "Works on reviews of answers 复查复核员.",
        "TENANT_ADMIN": "Administers the office and its staff; sees no case 机构管理员.",
        "AUDITOR": "Checks who did what; sees cards and history, never content or identity 审计员.",
        "AGENT": "Acts for petitioners or for villages without staff 代办员.",
        "PLATFORM_OPERATOR": "Runs the platform; sees no case 平台运维员.",
    },
)


@strawberry.type(name="Person", description="A member of staff 工作人员. Never a petitioner.")
class PersonType(Node):
    """A person as colleagues see them."""

    row: strawberry.Private[models.Person]
    name: str = strawberry.field(description="Name as written on letters.")
    is_active: bool = strawberry.field(description="Whether the person still works on the platform.")

    @classmethod
    def of(cls, row: models.Person) -> PersonType:
        """The GraphQL object of a row."""
        return cls(
            id=strawberry.ID(ids.encode("Person", row.id)),
            row=row,
            name=row.name,
            is_active=row.deactivated_at is None,
        )

    @field(metadata={"list_size": 3})
    async def memberships(self, info: strawberry.Info) -> list[MembershipType]:
        """Posts held at present, in offices whose staff you may see; all of them if the person is you."""
        context: Context = info.context
        posts = await posts_of(context, self.row.id)
        own = context.identity is not None and context.identity.person_id == self.row.id
        return [MembershipType.of(each) for each in posts if own or _may_read(context, each.office)]


@strawberry.type(name="Membership", description="A person's post in an office for a time 任职.")
class MembershipType(Node):
    """A post, past, present or future."""

    row: strawberry.Private[models.Membership]
    person: PersonType = strawberry.field(description="Who holds the post.")
    office: OfficeType = strawberry.field(description="Where.")
    roles: list[Role] = strawberry.field(description="What the post allows, one to ten roles.")
    rank: str = strawberry.field(description="Rank 职级 such as SECTION_DEPUTY 副科级; STAFF if none.")
    portfolios: list[str] = strawberry.field(description="Fields of work a leader is in charge of 分管领域.")
    title: str = strawberry.field(description="Name of the post as written on the door; may be empty.")
    valid_from: datetime = strawberry.field(description="Since when the post is held.")
    valid_to: datetime | None = strawberry.field(description="When it ends or ended; null while that is open.")

    @classmethod
    def of(cls, post: repository.Post) -> MembershipType:
        """The GraphQL object of a post."""
        row = post.membership
        return cls(
            id=strawberry.ID(ids.encode("Membership", row.id)),
            row=row,
            person=PersonType.of(post.person),
            office=OfficeType.of(post.office),
            roles=[Role(each) for each in row.roles],
            rank=row.rank,
            portfolios=list(row.portfolios),
            title=row.post,
            valid_from=row.valid_from,
            valid_to=row.valid_to,
        )


async def person(context: Context, person_id: int) -> PersonType | None:
    """The person of an id, batched over the request; null for 0 and for nobody. Whoever sees the row that names the
    person may see the name; for ids from outside use ``shown_person``."""
    if person_id <= 0:
        return None

    async def load(wanted: list[Any]) -> list[PersonType | None]:
        async with context.reader() as session:
            found = await loaders.persons(session, wanted)
        return [PersonType.of(each) if each else None for each in found]

    found: PersonType | None = await context.loader("person", load).load(person_id)
    return found


async def known_person(context: Context, person_id: int) -> PersonType:
    """The person of an id that a foreign key proves to exist."""
    found = await person(context, person_id)
    if found is None:
        raise LookupError(f"person {person_id} of a row does not exist")
    return found


async def shown_person(context: Context, person_id: int) -> PersonType | None:
    """For ``node(id:)``: yourself, or somebody who has or had a post where you may see the staff; else null."""
    if context.identity is None:
        return None
    if context.identity.person_id != person_id:
        async with context.reader() as session:
            history = await repository.history(session, person_id)
        if not any(_may_read(context, each.office) for each in history):
            return None
    return await person(context, person_id)


async def shown_membership(context: Context, membership_id: int) -> MembershipType | None:
    """For ``node(id:)``: one of your own posts, or one in an office whose staff you may see; else null."""
    async with context.reader() as session:
        found = await repository.post(session, membership_id)
    if found is None or context.identity is None:
        return None
    own = found.person.id == context.identity.person_id
    return MembershipType.of(found) if own or _may_read(context, found.office) else None


async def staff_of(
    context: Context,
    office: Office,
    *,
    first: int | None,
    after: str | None,
    last: int | None,
    before: str | None,
) -> Connection[MembershipType] | None:
    """The staff of an office as a page; null if you may not see it."""
    wanted = page(
        first=first,
        after=after,
        last=last,
        before=before,
        order=repository.STAFF_ORDER,
        filters={"office": office.id},
    )
    if not _may_read(context, office):
        return None
    async with context.reader() as session:
        found = await repository.staff(session, office.id, page=wanted, now=context.now())
    return connect(found, node=MembershipType.of, key=lambda each: (each.membership.valid_from, each.membership.id))


async def posts_of(context: Context, person_id: int) -> list[repository.Post]:
    """The posts a person holds now, batched over the request."""
    now = context.now()

    async def load(wanted: list[Any]) -> list[list[repository.Post]]:
        async with context.reader() as session:
            return await loaders.posts(session, wanted, now=now)

    found: list[repository.Post] = await context.loader("posts", load).load(person_id)
    return found


def _may_read(context: Context, office: Office) -> bool:
    actor = context.actor
    if actor is None:
        return False
    return context.policy.allows(actor, Permission.USER_READ, office_facts(actor, office.id, office.path))
