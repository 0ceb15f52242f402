"""``caseway keys …``: replace the keys that encrypt petitioners' data and that sign access tokens."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

import typer

from caseway import clock
from caseway.cli import console
from caseway.cli.work import with_database
from caseway.db import keys
from caseway.db.crypto import KeyRing, Purpose
from caseway.db.scope import SYSTEM_SCOPE
from caseway.db.session import Database
from caseway.ledger import audit
from caseway.people.keys import SigningKeys
from caseway.settings import Settings
from caseway.tenancy import repository as offices
from caseway.tenancy.errors import OfficeNotFound

commands = typer.Typer(help="Keys: whether the master key opens them, and new ones.", no_args_is_help=True)


def register(app: typer.Typer) -> None:
    """Add the command group."""
    app.add_typer(commands, name="keys")


@commands.command()
def check() -> None:
    """Open every stored key with the master key. MASTER_KEY_MISMATCH when it is not the one they were made with."""

    async def work(settings: Settings, database: Database) -> tuple[int, int]:
        master = keys.master_key(settings)
        async with database.reader(SYSTEM_SCOPE) as session:
            return await KeyRing(master).check(session), await SigningKeys(master).check(session)

    data, signing = with_database(work)
    console.say(f"the master key opens {data} data keys and {signing} signing keys")


@commands.command("rotate-data")
def rotate_data(
    city: Annotated[str | None, typer.Option("--city", help="Only the city with this office code.")] = None,
    purpose: Annotated[Purpose | None, typer.Option("--purpose", help="Only keys for this purpose.")] = None,
) -> None:
    """Give every city a new data key for each purpose it has one for. It encrypts as soon as every process knows it
    (150 s); what is encrypted already stays readable under its old key."""

    async def work(settings: Settings, database: Database) -> list[tuple[int, str]]:
        ring, now = KeyRing(keys.master_key(settings)), clock.now()
        async with database.unit(SYSTEM_SCOPE) as uow:
            await uow.permitted()
            only = None
            if city is not None:
                office = await offices.by_code(uow.session, city)
                if office is None:
                    raise OfficeNotFound
                only = office.id
            places = [
                place
                for place in await ring.places(uow.session)
                if only in (None, place[0]) and purpose in (None, place[1])
            ]
            for city_id, wanted in places:
                key = await ring.rotate(uow.session, city_id, wanted, now)
                await audit.note(
                    uow.session,
                    at=now,
                    person_id=0,
                    office_id=0,
                    action="keys:rotate_data",
                    outcome="ROTATED",
                    subject=f"DataKey:{key}",
                    facts={"city": city_id, "purpose": wanted},
                )
            return places

    console.say(f"{len(with_database(work))} data keys rotated")


@commands.command("rotate-signing")
def rotate_signing(
    immediately: Annotated[
        bool,
        typer.Option("--immediately", help="A key has leaked: end the old ones now; every access token is renewed."),
    ] = False,
) -> None:
    """Store a new key that signs access tokens. The old ones verify until the last token they signed has expired."""

    async def work(settings: Settings, database: Database) -> str:
        now = clock.now()
        async with database.unit(SYSTEM_SCOPE) as uow:
            await uow.permitted()
            signing = SigningKeys(keys.master_key(settings))
            lifetime = timedelta(seconds=settings.access_token_seconds)
            kid = await signing.rotate(uow.session, now=now, verify_for=lifetime, immediately=immediately)
            await audit.note(
                uow.session,
                at=now,
                person_id=0,
                office_id=0,
                action="keys:rotate_signing",
                outcome="ENDED" if immediately else "ROTATED",
                subject=f"SigningKey:{kid}",
            )
            return kid

    console.say(f"new signing key {with_database(work)}")
