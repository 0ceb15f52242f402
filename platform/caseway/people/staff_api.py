"""Administration of staff on the graph: taking on, granting and ending posts, resetting passwords, deactivating."""

from __future__ import annotations

from datetime import datetime

import strawberry

from caseway.access.actor import Actor
from caseway.access.permissions import Role
from caseway.db.session import UnitOfWork
from caseway.errors import NotFound
from caseway.gql.context import Context
from caseway.gql.errors import mutation
from caseway.gql.perform import Outcome, perform
from caseway.gql.problems import Problems
from caseway.people import repository, staff
from caseway.people.person_api import MembershipType, PersonType, known_person

_KEY = "8 to 255 printable characters. A repeat with the same key and input does nothing again; kept seven days."


@strawberry.input(description="A post to be granted.")
class PostInput:
    """A post in inputs."""

    office_id: strawberry.ID = strawberry.field(description="Office of the post: yours or one below it.")
    roles: list[Role] = strawberry.field(description="At least one; TENANT_ADMIN and AUDITOR exclude each other.")
    rank: str = strawberry.field(default="STAFF", description="Rank such as SECTION_DEPUTY; STAFF if none.")
    portfolios: list[str] = strawberry.field(default_factory=list, description="Codes of fields, 30 at most.")
    title: str = strawberry.field(default="", description="Name of the post, 100 characters at most.")
    valid_from: datetime | None = strawberry.field(default=None, description="Begin; absent means now.")
    valid_to: datetime | None = strawberry.field(default=None, description="End; absent means until it is ended.")


@strawberry.input(description="A new member of staff and their first post.")
class StaffCreateInput:
    """Input of ``staffCreate``."""

    name: str = strawberry.field(description="Name, 1 to 60 characters.")
    username: str = strawberry.field(description="3 to 64 letters, digits and . - _ @; letter case does not matter.")
    post: PostInput = strawberry.field(description="The first post.")
    locale: str = strawberry.field(default="zh-CN", description="Language of labels: zh-CN or en.")
    password: str | None = strawberry.field(default=None, description="Initial password; absent means one is made.")
    idempotency_key: str | None = strawberry.field(default=None, description=_KEY)


@strawberry.type(description="The person who was taken on.")
class StaffCreatePayload:
    """Result of ``staffCreate``."""

    membership: MembershipType = strawberry.field(description="The first post, with the person.")
    initial_password: str | None = strawberry.field(
        description="The password that was made, told this once; null if one was given."
    )


@strawberry.input(description="A further post for a person who has or had one in your area.")
class MembershipGrantInput:
    """Input of ``membershipGrant``."""

    person_id: strawberry.ID = strawberry.field(description="Who gets the post.")
    post: PostInput = strawberry.field(description="The post.")
    idempotency_key: str | None = strawberry.field(default=None, description=_KEY)


@strawberry.type(description="The post that was granted.")
class MembershipGrantPayload:
    """Result of ``membershipGrant``."""

    membership: MembershipType = strawberry.field(description="The post.")


@strawberry.input(description="The post to end now.")
class MembershipEndInput:
    """Input of ``membershipEnd``."""

    membership_id: strawberry.ID = strawberry.field(description="Which post.")
    idempotency_key: str | None = strawberry.field(default=None, description=_KEY)


@strawberry.type(description="The post that was ended; it stays in the person's history.")
class MembershipEndPayload:
    """Result of ``membershipEnd``."""

    membership: MembershipType = strawberry.field(description="The post.")


@strawberry.input(description="The person to deactivate.")
class StaffDeactivateInput:
    """Input of ``staffDeactivate``."""

    person_id: strawberry.ID = strawberry.field(description="Who leaves.")
    idempotency_key: str | None = strawberry.field(default=None, description=_KEY)


@strawberry.type(description="The person who was deactivated.")
class StaffDeactivatePayload:
    """Result of ``staffDeactivate``."""

    person: PersonType = strawberry.field(description="The person.")


@strawberry.input(description="The person whose password is made anew.")
class StaffPasswordResetInput:
    """Input of ``staffPasswordReset``."""

    person_id: strawberry.ID = strawberry.field(description="Who cannot log in any more.")
    idempotency_key: str | None = strawberry.field(default=None, description=_KEY)


@strawberry.type(description="The new password.")
class StaffPasswordResetPayload:
    """Result of ``staffPasswordReset``."""

    person: PersonType = strawberry.field(description="The person.")
    new_password: str | None = strawberry.field(
        description="To be handed over and changed at once. Null when a repeat of the request asks for it again."
    )


@strawberry.type
class StaffMutations:
    """Root fields that change something about staff."""

    @mutation(StaffCreatePayload)
    async def staff_create(self, info: strawberry.Info, input: StaffCreateInput) -> StaffCreatePayload:
        """Take on a person with an account and a first post in your office or below."""
        problems = Problems()
        post = _post(problems, input.post)
        problems.refuse()
        # Kept out of the stored outcome, which is not encrypted: only the answer itself holds it.
        told: list[str | None] = []

        async def work(uow: UnitOfWork, actor: Actor, now: datetime) -> Outcome:
            made = await staff.create(
                uow,
                info.context.policy,
                actor,
                name=input.name,
                username=input.username,
                password=input.password,
                locale=input.locale,
                post=post,
                now=now,
            )
            told.append(made.initial_password)
            return {"membership": made.membership.id}

        outcome = await perform(info, input, work)
        membership = await _membership(info.context, outcome["membership"])
        return StaffCreatePayload(membership=membership, initial_password=told[0] if told else None)

    @mutation(MembershipGrantPayload)
    async def membership_grant(self, info: strawberry.Info, input: MembershipGrantInput) -> MembershipGrantPayload:
        """Give a person a further post in your office or below. It counts from their next request on."""
        problems = Problems()
        person_id = problems.number_id("personId", "Person", input.person_id)
        post = _post(problems, input.post)
        problems.refuse()

        async def work(uow: UnitOfWork, actor: Actor, now: datetime) -> Outcome:
            made = await staff.grant(uow, info.context.policy, actor, person_id=person_id, post=post, now=now)
            return {"membership": made.id}

        outcome = await perform(info, input, work)
        return MembershipGrantPayload(membership=await _membership(info.context, outcome["membership"]))

    @mutation(MembershipEndPayload)
    async def membership_end(self, info: strawberry.Info, input: MembershipEndInput) -> MembershipEndPayload:
        """End a post now. The person's next request is refused in that office."""
        problems = Problems()
        membership_id = problems.number_id("membershipId", "Membership", input.membership_id)
        problems.refuse()

        async def work(uow: UnitOfWork, actor: Actor, now: datetime) -> Outcome:
            await staff.end(uow, info.context.policy, actor, membership_id=membership_id, now=now)
            return {"membership": membership_id}

        outcome = await perform(info, input, work)
        return MembershipEndPayload(membership=await _membership(info.context, outcome["membership"]))

    @mutation(StaffDeactivatePayload)
    async def staff_deactivate(self, info: strawberry.Info, input: StaffDeactivateInput) -> StaffDeactivatePayload:
        """Close a person's account, end their posts and sessions at once. What they did stays on record."""
        person_id = _person_id(input.person_id)

        async def work(uow: UnitOfWork, actor: Actor, now: datetime) -> Outcome:
            await staff.deactivate(uow, info.context.policy, actor, person_id=person_id, now=now)
            return {"person": person_id}

        outcome = await perform(info, input, work)
        return StaffDeactivatePayload(person=await known_person(info.context, outcome["person"]))

    @mutation(StaffPasswordResetPayload)
    async def staff_password_reset(
        self, info: strawberry.Info, input: StaffPasswordResetInput
    ) -> StaffPasswordResetPayload:
        """Make a new password for a person of your area. Their sessions end and a lock is lifted."""
        person_id = _person_id(input.person_id)
        told: list[str] = []

        async def work(uow: UnitOfWork, actor: Actor, now: datetime) -> Outcome:
            told.append(await staff.reset_password(uow, info.context.policy, actor, person_id=person_id, now=now))
            return {"person": person_id}

        outcome = await perform(info, input, work)
        found = await known_person(info.context, outcome["person"])
        return StaffPasswordResetPayload(person=found, new_password=told[0] if told else None)


async def _membership(context: Context, membership_id: int) -> MembershipType:
    async with context.reader() as session:
        found = await repository.post(session, membership_id)
    if found is None:
        raise NotFound
    return MembershipType.of(found)


def _person_id(given: str) -> int:
    problems = Problems()
    person_id = problems.number_id("personId", "Person", given)
    problems.refuse()
    return person_id


def _post(problems: Problems, given: PostInput) -> staff.Post:
    return staff.Post(
        office_id=problems.number_id("post.officeId", "Office", given.office_id),
        roles=tuple(each.value for each in given.roles),
        rank=given.rank,
        portfolios=tuple(given.portfolios),
        title=given.title,
        valid_from=given.valid_from,
        valid_to=given.valid_to,
    )
