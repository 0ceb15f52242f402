"""The one way a mutation runs: actor, transaction, idempotency key, audit of refusals. Resolvers only translate."""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager, nullcontext
from datetime import date, datetime
from enum import Enum
from typing import Any

from graphql import print_ast

from caseway.access.actor import Actor
from caseway.db import idempotency
from caseway.db.scope import NO_SCOPE
from caseway.db.session import UnitOfWork
from caseway.errors import CasewayError, NotFound, NotPermitted
from caseway.gql import idempotency as replaying
from caseway.gql.context import Context

#: What a mutation leaves behind: JSON-safe ids and codes, enough to render its payload again.
Outcome = dict[str, Any]
#: The work of a mutation: calls one service function and says what came out.
Work = Callable[[UnitOfWork, Actor, datetime], Awaitable[Outcome]]

#: Says whether the actor may still see what an outcome names.
Visible = Callable[[Outcome], Awaitable[bool]]

#: Purpose of the data key under which answered bytes are kept.
RESULT_KEY = "RESULT"


async def perform(info: Any, given: Any, work: Work, *, visible: Visible | None = None) -> Outcome:
    """Run ``work`` in one transaction under the actor's scope and give its outcome.

    With an ``idempotency_key`` in the input, the outcome is stored in the same transaction: the same key with the same
    input does nothing again and is answered with the same bytes; another input is ``IDEMPOTENCY_MISMATCH``. ``visible``
    says whether what came out may still be seen: bytes from before somebody was barred are not shown again. Refusals
    for lack of sight or permission are noted for audit, in a transaction of their own.
    """
    context: Context = info.context
    actor, now = context.acting(), context.now()
    key: str | None = getattr(given, "idempotency_key", None)
    input_hash = idempotency.fingerprint(info.field_name, canonical(given))
    selection = _selection(info) if key is not None else b""
    stored = None
    try:
        async with _turn(context, actor, key), context.unit() as uow:
            if key is not None:
                stored = await idempotency.begin(
                    uow.session,
                    person_id=actor.person_id,
                    office_id=actor.office_id,
                    key=key,
                    input_hash=input_hash,
                    now=now,
                )
            if stored is None:
                outcome = await work(uow, actor, now)
                if key is not None:
                    await idempotency.finish(
                        uow.session, person_id=actor.person_id, office_id=actor.office_id, key=key, outcome=outcome
                    )
            else:
                uow.nothing_to_do()
                outcome = dict(stored.outcome)
    except (NotFound, NotPermitted) as refusal:
        await _note(context, actor, now, info.field_name, given, refusal)
        raise
    finally:
        # What was read before may have changed.
        context.loaders.clear()
    if key is None:
        return outcome
    same = stored is not None and stored.response_enc is not None and stored.selection_hash == selection
    if stored is not None and same and (visible is None or await visible(outcome)):
        cipher = await _cipher(context, actor, now)
        answered = cipher.decrypt("idempotent_result", "response_enc", _row(actor, key), stored.response_enc or b"")
        replaying.replay(info, answered.encode())
    _remember(info, context, actor, key, selection, now)
    return outcome


def canonical(given: Any) -> Any:
    """An input as plain JSON values, the same for the same input whatever the client's order of fields."""
    match given:
        case Enum():
            return given.value
        case datetime() | date():
            return given.isoformat()
        case list() | tuple():
            return [canonical(each) for each in given]
        case Mapping():
            return {str(name): canonical(value) for name, value in given.items()}
        case None | str() | int() | float() | bool():
            return given
        case _ if dataclasses.is_dataclass(given):
            names = (each.name for each in dataclasses.fields(given) if each.name != "idempotency_key")
            return {name: canonical(getattr(given, name)) for name in names}
    return str(given)


def _turn(context: Context, actor: Actor, key: str | None) -> AbstractAsyncContextManager[None]:
    """Repeats of one key wait for each other in memory, not on pooled connections."""
    return context.services.turns.turn(actor.person_id, actor.office_id, key) if key is not None else nullcontext()


def _selection(info: Any) -> bytes:
    """What the client asked to be answered, so that stored bytes only ever answer the same question."""
    raw = info._raw_info
    texts = [*(print_ast(node) for node in raw.field_nodes), *(print_ast(each) for each in raw.fragments.values())]
    return hashlib.sha256("\n".join([*texts, repr(sorted(info.variable_values.items()))]).encode()).digest()


def _remember(info: Any, context: Context, actor: Actor, key: str, selection: bytes, now: datetime) -> None:
    async def recorder(answer: bytes) -> None:
        cipher = await _cipher(context, actor, now)
        async with context.unit(context.policy.scope(actor)) as uow:
            uow.nothing_to_do()
            await idempotency.remember_response(
                uow.session,
                person_id=actor.person_id,
                office_id=actor.office_id,
                key=key,
                selection_hash=selection,
                response_enc=cipher.encrypt("idempotent_result", "response_enc", _row(actor, key), answer.decode()),
            )

    replaying.record(info, recorder)


async def _cipher(context: Context, actor: Actor, now: datetime) -> Any:
    async with context.unit(NO_SCOPE) as uow:
        uow.nothing_to_do()
        return await context.keyring.cipher(uow.session, actor.city_id, RESULT_KEY, now)


async def note_missed(context: Context, action: str, subject: str) -> None:
    """Keep for audit that somebody asked for an object and was shown none. Done for ids that exist nowhere just as for
    those that are not theirs: neither the answer nor the work behind it tells which."""
    if context.actor is not None:
        await _write(context, context.actor, context.now(), action, NotFound.code, subject)


async def _note(context: Context, actor: Actor, now: datetime, action: str, given: Any, refusal: CasewayError) -> None:
    """Keep a refused mutation for audit: who, for which office, on which id, and how it was answered. Ids only."""
    subject = next((str(getattr(given, name)) for name in _SUBJECTS if getattr(given, name, None)), "")
    await _write(context, actor, now, action, refusal.code, subject)


async def _write(context: Context, actor: Actor, now: datetime, action: str, outcome: str, subject: str) -> None:
    async with context.unit(NO_SCOPE) as uow:
        uow.nothing_to_do()
        await context.services.audit(
            uow.session,
            at=now,
            person_id=actor.person_id,
            office_id=actor.office_id,
            action=action,
            outcome=outcome,
            subject=subject,
            facts={},
        )


def _row(actor: Actor, key: str) -> str:
    """What the stored bytes are bound to, so that they answer nobody else."""
    return f"{actor.person_id}:{actor.office_id}:{key}"


_SUBJECTS = ("case_id", "order_id", "office_id", "person_id")
