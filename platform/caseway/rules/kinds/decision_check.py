"""A look at what a major decision would mean for people, before it is taken."""

from __future__ import annotations

from caseway.rules.kinds._base import Code, Kind, Merge, param


class DecisionCheck(Kind):
    """Which decisions are looked at beforehand, how, and when they are stopped."""

    kind_name = "decision_check"
    key_params = ()

    subject: tuple[Code, ...] = param("Which decisions.", merge=Merge.SUPERSET)
    methods: tuple[Code, ...] | None = param("How people are asked.", merge=Merge.SUPERSET, default=None)
    stop_when: Code | None = param("When the decision is stopped.", merge=Merge.LOCK, default=None)
    measure: tuple[Code, ...] | None = param("What is done then.", merge=Merge.FREE, default=None)
