"""Years of 南湖区 under lively books, played once for all tests of the folder."""

from __future__ import annotations

import pytest

from support import simulated
from support.database import Cluster
from support.pasts import FIRST, NANHU, SECOND, plain, stricter
from support.simulated import Year

CASES, SEED = 12, 11


@pytest.fixture(scope="package")
def year(cluster: Cluster) -> Year:
    """A year under the first book, and under the second one from July on."""
    return simulated.simulate(cluster, FIRST, SECOND, office=NANHU, cases=CASES, seed=SEED)


@pytest.fixture(scope="package")
def plain_year(cluster: Cluster) -> Year:
    """The same people and matters under the first book alone, without its take-up."""
    return simulated.simulate(cluster, plain(), office=NANHU, cases=CASES, seed=SEED)


@pytest.fixture(scope="package")
def stricter_year(cluster: Cluster) -> Year:
    """The same people and matters under the stricter book that the tests try out on the plain year."""
    return simulated.simulate(cluster, stricter(), office=NANHU, cases=CASES, seed=SEED)
