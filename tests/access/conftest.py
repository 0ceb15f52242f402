"""A database with the tables and the generated row level security, and the policy that was committed."""

from __future__ import annotations

from collections.abc import Iterator

import psycopg
import pytest
from sqlalchemy import create_engine
from sqlalchemy.pool import NullPool

import caseway.access.models
import caseway.clocks.models
import caseway.custody.models
import caseway.db.support_models
import caseway.ledger.models
import caseway.notices.models
import caseway.people.models  # noqa: F401 - every table must exist
from access.store import Store
from caseway import bundle
from caseway.access.matrix import BasePolicy, load
from caseway.access.policy import Policy
from caseway.db.base import Model
from support.database import Cluster


@pytest.fixture(scope="session")
def store(cluster: Cluster) -> Iterator[Store]:
    """One database for all access tests that only read it or load their own world."""
    database = cluster.empty("access")
    address = database.address.sqlalchemy.replace("postgresql+asyncpg", "postgresql+psycopg")
    engine = create_engine(address, poolclass=NullPool)
    Model.metadata.create_all(engine)
    with psycopg.connect(database.dsn) as connection:
        connection.execute(bundle.path("policies", "rls.sql").read_bytes())
    yield Store(database, engine)
    engine.dispose()
    cluster.drop(database)


@pytest.fixture(scope="session")
def base() -> BasePolicy:
    """The committed policy."""
    return load()


@pytest.fixture(scope="session")
def policy(base: BasePolicy) -> Policy:
    """The committed policy without rules of offices; tests that add rules make their own."""
    return Policy(base)
