"""Static check of books among themselves: codes given twice, parents that do not exist, loops."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from caseway.rules.findings import Finding, FindingCode
from caseway.rules.rows import Book


def library(books: Sequence[Book], *, known: Mapping[str, str | None] | None = None) -> tuple[Finding, ...]:
    """What is wrong between books. ``known`` are books that exist besides: code -> code of the book above."""
    parents = dict(known or {}) | {book.code: book.inherits for book in books}
    return (*_twice(books), *_missing(books, parents), *_loops(books, parents))


def _twice(books: Sequence[Book]) -> Iterator[Finding]:
    seen: set[str] = set()
    for book in books:
        if book.code in seen:
            message = f"{book.code} is the code of two books"
            yield Finding(FindingCode.DUPLICATE_BOOK, book.code, "", "", message, "give each book a code of its own")
        seen.add(book.code)


def _missing(books: Sequence[Book], parents: Mapping[str, str | None]) -> Iterator[Finding]:
    for book in books:
        for name, code in (("inherits", book.inherits), ("amends", book.amends)):
            if code is not None and code not in parents:
                message = f"{book.code} {name} {code}, and there is no such book"
                yield Finding(
                    FindingCode.MISSING_PARENT, book.code, "", name, message, f"name a book, or leave {name} out"
                )


def _loops(books: Sequence[Book], parents: Mapping[str, str | None]) -> Iterator[Finding]:
    for book in books:
        passed = [book.code]
        above = book.inherits
        while above is not None and above in parents and above not in passed:
            passed.append(above)
            above = parents[above]
        if above == book.code:
            message = f"{' inherits '.join((*passed, above))}: a loop"
            yield Finding(FindingCode.INHERITANCE_LOOP, book.code, "", "inherits", message, "break the loop")
