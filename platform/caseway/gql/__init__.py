'''The edge of the platform: HTTP, documents and their limits, ids, pages, and how refusals look from outside.

How an ``api`` module of a slice uses it
----------------------------------------

A mutation: one input, a payload, a resolver without ``try``. Its docstring is its description in the schema. The
field's type becomes the union ``CaseAcceptResult = CaseAcceptPayload | NotFoundError | … | RefusedError``::

    @strawberry.type(description="The case that was accepted.")
    class CaseAcceptPayload:
        case: Case

    @strawberry.type
    class CaseMutations:
        @mutation(CaseAcceptPayload)
        async def case_accept(self, info: Info, input: CaseAcceptInput) -> CaseAcceptPayload:
            """Accept a case for handling."""
            problems = Problems()
            city_id, case_id = problems.case_side_id("caseId", "Case", input.case_id)
            reason = problems.text("reason", input.reason, longest=500)
            problems.refuse()                                   # all problems at once: InvalidInputError
            async with info.context.unit() as uow:
                case = await service.accept(uow, ..., now=info.context.now())   # raises CasewayError subclasses
            return CaseAcceptPayload(case=Case.of(case))

``NotFound``, ``NotPermitted``, ``InvalidInput``, ``Conflict``, ``StaleVersion`` and ``IdempotencyMismatch`` become
types of their own; every other ``CasewayError`` becomes ``RefusedError { code message details }``. A slice with an
error that deserves its own type writes it, calls ``expose(MyError, MyErrorType)`` and declares the mutation with
``@mutation(Payload, MyErrorType)``.

An id: ``ids.encode("Case", city_id, case_id)`` out; in as an input through ``Problems`` or ``ids.decode_case_side``; in
on a read through ``ids.try_decode_case_side``, where None is answered as null.

A field with a resolver is ``@field()``: its docstring is its description. For a connection the repository takes a
``Page`` and answers a ``Window`` (``caseway.db.keyset``, which knows no GraphQL)::

    @field()
    async def inbox(
        self, info: Info, first: First = None, after: After = None, last: Last = None, before: Before = None
    ) -> Connection[Case]:
        """Cases your office holds, the most urgent first."""
        wanted = page(first=first, after=after, last=last, before=before, order="due_at", filters={})
        async with info.context.reader() as session:
            found = await Cases(session).inbox(wanted)          # keyset.seek(...) and keyset.window(...)
        return connect(found, node=Case.of, key=lambda row: (row.due_at, row.id))

A missing or impossible page size is refused before anything runs, because the type is named ``…Connection``.

Absent or hidden objects on reads are None. Malformed cursors and page sizes, and any other ``CasewayError`` raised by a
query, are top-level errors with ``extensions.code``. Anything else is masked and logged (``masking``).
'''
