"""Forms, fields of ledgers and the duty to archive."""

from __future__ import annotations

from typing import Literal

from caseway.rules.kinds._base import Code, Flag, Kind, Merge, param


class DocumentSet(Kind):
    """Papers that belong together, and what they say."""

    kind_name = "document_set"
    key_params = ("name",)

    name: Code = param("Name of the set.", merge=Merge.LOCK)
    documents: tuple[Code, ...] | None = param("Papers of the set.", merge=Merge.SUPERSET, default=None)
    fields: tuple[Code, ...] | None = param("What they say.", merge=Merge.SUPERSET, default=None)
    per: Literal["CASE", "SESSION", "OFFICE", "PERSON_MONTH"] | None = param(
        "What each set is about; PERSON_MONTH = one per official and month.", merge=Merge.FREE, default=None
    )
    keeper: Code | None = param("Who keeps it.", merge=Merge.FREE, default=None)
    archive: Flag | None = param("It goes to the archive.", merge=Merge.MIN, default=None)

    def waits(self) -> str | None:
        """Only the responsibility list has an effect; every other set waits for documents."""
        return super().waits() if self.name in WITH_EFFECT else DOCUMENTS


#: Sets that a slice gives an effect.
WITH_EFFECT = frozenset({"RESPONSIBILITY_LIST"})
#: What the others wait for.
DOCUMENTS = "documents"
