"""Fixtures of tests of supervision: the platform over HTTP."""

from __future__ import annotations

import pytest

from support.app import World
from support.scenes import Scene


@pytest.fixture
def scene(world: World) -> Scene:
    """The demo's offices and staff, with a clock to turn."""
    return Scene(world)
