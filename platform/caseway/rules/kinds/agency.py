"""Officials or volunteers carry the matter for the petitioner, with consent."""

from __future__ import annotations

from typing import Literal

from caseway.rules.kinds._base import Code, Flag, Kind, Merge, param
from caseway.rules.kinds.vocabulary import Trigger


class Agency(Kind):
    """Agents who carry a matter to the body that can solve it. Never without the petitioner's consent."""

    kind_name = "agency"
    key_params = ("name",)

    name: Code = param("Name of the arrangement.", merge=Merge.FREE)
    agents: tuple[Code, ...] | None = param("Who may act.", merge=Merge.SUPERSET, default=None)
    scope: tuple[Trigger, ...] | None = param("For which matters.", merge=Merge.FREE, default=None)
    to: Code | None = param("Where the matter is carried to.", merge=Merge.FREE, default=None)
    steps: tuple[Code, ...] | None = param("What the agent does.", merge=Merge.SUPERSET, default=None)
    track: Flag | None = param("The course of the matter is written down.", merge=Merge.MIN, default=None)
    consent: Literal[True] = param("The petitioner consents; never otherwise.", merge=Merge.LOCK, default=True)
