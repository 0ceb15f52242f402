"""Values that Python makes of what the database says: the statement leaves marks in its text, which are filled in
here."""

from __future__ import annotations

import re
from collections.abc import Sequence

from caseway.gql.compiler.mapping import Made
from caseway.gql.compiler.selection import Selected

#: What ``json_sql.mark`` writes. JSON escapes control characters, so no value holds such a sign.
_MARK = re.compile("\x01([0-9]+):([^\x02]*)\x02")

Makers = Sequence[tuple[Made, Selected]]


def filled(text: str, makers: Makers) -> str:
    """A text without its marks."""

    def make(found: re.Match[str]) -> str:
        mapped, selected = makers[int(found[1])]
        return mapped.make(found[2], selected.children)

    return _MARK.sub(make, text)
