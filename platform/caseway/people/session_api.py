"""Sessions on the graph: logging in with a password, renewing, logging out, changing the password."""

from __future__ import annotations

from datetime import datetime

import strawberry

from caseway.access.identity import Identity, TokenPair, Unauthenticated
from caseway.gql.context import Context
from caseway.gql.errors import mutation
from caseway.people import service
from caseway.people.person_api import MembershipType, PersonType, known_person, posts_of


@strawberry.type(description="Tokens of a login. Keep the refresh token secret: it opens a new session part once.")
class Session:
    """What the client keeps."""

    access_token: str = strawberry.field(description="Send it as `Authorization: Bearer <token>`.")
    access_expires_at: datetime = strawberry.field(description="When the access token ends: renew it before.")
    refresh_token: str = strawberry.field(description="Good for one `sessionRefresh`; a second use ends the session.")
    ends_at: datetime = strawberry.field(description="When the session ends and a new login is needed.")

    @classmethod
    def of(cls, tokens: TokenPair) -> Session:
        """The GraphQL object of a token pair."""
        return cls(
            access_token=tokens.access_token,
            access_expires_at=tokens.access_expires_at,
            refresh_token=tokens.refresh_token,
            ends_at=tokens.refresh_expires_at,
        )


@strawberry.input(description="Name and password.")
class SessionStartInput:
    """Input of ``sessionStart``."""

    username: str = strawberry.field(description="User name, in any letter case.")
    password: str = strawberry.field(description="Password, exactly as chosen.")


@strawberry.type(description="The session that was opened.")
class SessionStartPayload:
    """Result of ``sessionStart``."""

    session: Session = strawberry.field(description="Tokens of the session.")
    person: PersonType = strawberry.field(description="Who has logged in.")
    memberships: list[MembershipType] = strawberry.field(
        description="Present posts: with more than one, choose the acting office.", metadata={"list_size": 3}
    )


@strawberry.input(description="The token to renew a session with.")
class SessionRefreshInput:
    """Input of ``sessionRefresh``."""

    refresh_token: str = strawberry.field(description="The newest refresh token of the session.")


@strawberry.type(description="The session, renewed.")
class SessionRefreshPayload:
    """Result of ``sessionRefresh``."""

    session: Session = strawberry.field(description="New tokens; the old refresh token is used up.")


@strawberry.input(description="Which sessions to end.")
class SessionEndInput:
    """Input of ``sessionEnd``."""

    everywhere: bool = strawberry.field(default=False, description="End your sessions on all devices, not only here.")


@strawberry.type(description="The session has ended.")
class SessionEndPayload:
    """Result of ``sessionEnd``."""

    ended: bool = strawberry.field(description="Always true.")


@strawberry.input(description="The present and the new password.")
class PasswordChangeInput:
    """Input of ``passwordChange``."""

    present_password: str = strawberry.field(description="The password in use.")
    new_password: str = strawberry.field(description="12 to 256 characters of any kind, nothing common.")


@strawberry.type(description="The password is changed; every earlier session has ended.")
class PasswordChangePayload:
    """Result of ``passwordChange``."""

    session: Session = strawberry.field(description="Tokens of a new session.")


@strawberry.type
class SessionMutations:
    """Root fields that open, renew and end sessions."""

    @mutation(SessionStartPayload)
    async def session_start(self, info: strawberry.Info, input: SessionStartInput) -> SessionStartPayload:
        """Log in with a password. Every refusal is LOGIN_FAILED; five in a row lock the account for a while."""
        context: Context = info.context
        services = context.services
        login = await service.login(
            services.database,
            services.tokens,
            username=input.username,
            password=input.password,
            now=context.now(),
            client=context.client,
        )
        return SessionStartPayload(
            session=Session.of(login.tokens),
            person=await known_person(context, login.person_id),
            memberships=[MembershipType.of(each) for each in await posts_of(context, login.person_id)],
        )

    @mutation(SessionRefreshPayload)
    async def session_refresh(self, info: strawberry.Info, input: SessionRefreshInput) -> SessionRefreshPayload:
        """Renew a session. Send it without the expired access token."""
        context: Context = info.context
        services = context.services
        login = await service.refresh(
            services.database,
            services.tokens,
            refresh_token=input.refresh_token,
            now=context.now(),
            client=context.client,
        )
        return SessionRefreshPayload(session=Session.of(login.tokens))

    @mutation(SessionEndPayload)
    async def session_end(self, info: strawberry.Info, input: SessionEndInput) -> SessionEndPayload:
        """Log out. Access and refresh tokens of the session are void at once."""
        context: Context = info.context
        await service.logout(
            context.services.database,
            _identity(context),
            everywhere=input.everywhere,
            now=context.now(),
            client=context.client,
        )
        return SessionEndPayload(ended=True)

    @mutation(PasswordChangePayload)
    async def password_change(self, info: strawberry.Info, input: PasswordChangeInput) -> PasswordChangePayload:
        """Change your own password. All your sessions end; the answer opens a new one."""
        context: Context = info.context
        services = context.services
        login = await service.change_password(
            services.database,
            services.tokens,
            _identity(context),
            present=input.present_password,
            new=input.new_password,
            now=context.now(),
            client=context.client,
        )
        return PasswordChangePayload(session=Session.of(login.tokens))


def _identity(context: Context) -> Identity:
    if context.identity is None:
        raise Unauthenticated
    return context.identity
