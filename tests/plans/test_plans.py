"""How PostgreSQL means to answer the ten commonest questions: a change of the golden file is looked at, and meant."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

BENCHMARK = Path(__file__).resolve().parents[2] / "benchmarks" / "plans.py"
#: Written anew with ``python benchmarks/plans.py > tests/plans/plans.txt``.
GOLDEN = Path(__file__).with_name("plans.txt")


@pytest.fixture(scope="module")
def shapes() -> str:
    """As the command prints them."""
    run = subprocess.run([sys.executable, str(BENCHMARK)], capture_output=True, text=True, timeout=170)
    assert run.returncode == 0, run.stderr
    return run.stdout


def test_the_plans_are_those_of_the_golden_file(shapes: str) -> None:
    assert shapes == GOLDEN.read_text(encoding="utf-8")


def test_no_question_reads_a_growing_table_from_end_to_end(shapes: str) -> None:
    """Nor all that is open in an area: that is what a bitmap of an index of open cases would be."""
    assert "Seq Scan" not in shapes
    assert "by nothing" not in shapes
    assert "Bitmap" not in shapes
