"""How long the machine runs: a short, repeatable run by default, a long one on demand.

HYPOTHESIS_PROFILE=thorough pytest tests/properties -s
"""

from __future__ import annotations

import os

import pytest
from hypothesis import HealthCheck, Phase, settings

from caseway.access.policy import Policy
from caseway.db.session import Database
from support.factories import TEST_KEYS
from support.province import Province, build_province

_COMMON = settings(
    deadline=None,
    database=None,
    suppress_health_check=list(HealthCheck),
    print_blob=True,
)
settings.register_profile(
    "default",
    _COMMON,
    derandomize=True,
    max_examples=16,
    stateful_step_count=50,
    phases=[Phase.generate, Phase.shrink],
)
settings.register_profile("quick", settings.get_profile("default"), phases=[Phase.generate])
settings.register_profile(
    "thorough",
    _COMMON,
    max_examples=400,
    stateful_step_count=80,
)


def machine_settings() -> settings:
    """The profile that the environment names, for the state machine only: other tests keep hypothesis' own."""
    return settings.get_profile(os.environ.get("HYPOTHESIS_PROFILE", "default"))


@pytest.fixture(autouse=True)
def _no_keys_of_another_database() -> None:
    TEST_KEYS.forget()


@pytest.fixture(scope="session")
def policy() -> Policy:
    """The committed policy: its answers are cached, so one serves the whole run."""
    return Policy()


@pytest.fixture
async def province(pool: Database, policy: Policy) -> Province:
    """Fixed offices with staff on demand, for the small tests that show one invariant each."""
    return await build_province(pool, policy)
