"""Locked protections of the petitioner and of the process."""

from __future__ import annotations

from caseway.rules.kinds._base import Code, Kind, Merge, param


class Protection(Kind):
    """A protection that no book below can change."""

    kind_name = "protection"
    key_params = ("item",)

    item: Code = param("What is protected.", merge=Merge.LOCK)
    effect: Code = param("How.", merge=Merge.LOCK)
