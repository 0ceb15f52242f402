"""The register of steps: what can happen in the country, and when it is worth trying."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from random import Random

from properties.land import Land

Run = Callable[[Land, Random], Awaitable[object]]
Possible = Callable[[Land], object]


@dataclass(frozen=True, slots=True)
class Step:
    """One kind of step. It tries something; a refusal of the platform is a result like any other."""

    name: str
    possible: Possible
    run: Run
    weight: int


STEPS: dict[str, Step] = {}


def step(possible: Possible = lambda land: True, *, name: str | None = None, weight: int = 2) -> Callable[[Run], Run]:
    """Add a function to the register under its own name. ``possible``: whether something may come of it now."""

    def register(run: Run) -> Run:
        called = name or str(getattr(run, "__name__", ""))
        assert called not in STEPS, called
        STEPS[called] = Step(called, possible, run, weight)
        return run

    return register


def add(name: str, run: Run, possible: Possible, *, weight: int = 2) -> None:
    """Add a function that was made for this name."""
    step(possible, name=name, weight=weight)(run)
