"""The test database itself: fresh for every test, gone afterwards."""

from __future__ import annotations

import psycopg
import pytest

from support.database import Cluster, FreshDatabase


@pytest.mark.parametrize("turn", [1, 2])
def test_every_test_gets_a_database_of_its_own(database: FreshDatabase, turn: int) -> None:
    with psycopg.connect(database.dsn) as connection:
        connection.execute("CREATE TABLE only_here (turn int)")


def test_a_dropped_clone_is_gone(cluster: Cluster) -> None:
    clone = cluster.fresh()
    with psycopg.connect(clone.dsn):
        cluster.drop(clone)
    with pytest.raises(psycopg.OperationalError, match="does not exist"):
        psycopg.connect(clone.dsn)
