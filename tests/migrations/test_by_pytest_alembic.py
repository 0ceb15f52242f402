"""The tests that pytest-alembic ships, by name: one head, up from nothing, models and migrations alike, down and up."""

from __future__ import annotations

from collections.abc import Iterator

import psycopg
import pytest
from alembic.config import Config
from pytest_alembic.tests import (
    test_model_definitions_match_ddl,
    test_single_head_revision,
    test_up_down_consistency,
    test_upgrade,
)
from sqlalchemy import Engine, create_engine, pool

from caseway.db import migrate
from support.database import Cluster

__all__ = [
    "test_model_definitions_match_ddl",
    "test_single_head_revision",
    "test_up_down_consistency",
    "test_upgrade",
]


@pytest.fixture
def alembic_config() -> Config:
    """Our configuration, as the program itself uses it."""
    return migrate.configuration()


@pytest.fixture
def alembic_engine(cluster: Cluster) -> Iterator[Engine]:
    """A synchronous engine on a database without any table."""
    database = cluster.empty("alembic")
    engine = create_engine(
        "postgresql+psycopg://", creator=lambda: psycopg.connect(database.dsn), poolclass=pool.NullPool
    )
    yield engine
    engine.dispose()
    cluster.drop(database)
