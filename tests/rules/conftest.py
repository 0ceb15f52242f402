"""Fixtures of the tests of rule books over HTTP."""

from __future__ import annotations

import pytest

from support.app import World
from support.rule_desks import Author
from support.scenes import Scene


@pytest.fixture
def scene(world: World) -> Scene:
    """The demo's offices, staff and rule books, with a clock to turn."""
    return Scene(world)


@pytest.fixture
def xiuzhou(scene: Scene) -> Author:
    """秀洲's administrator: a book without rules, in force from the beginning."""
    return Author(scene, "xiuzhou.admin", "330411")
