"""The kill test in its short form: api, worker, backend and postmaster once each; ``benchmarks/kill.py`` does more."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

BENCHMARK = Path(__file__).resolve().parents[2] / "benchmarks" / "kill.py"


def test_kill_minus_nine_under_load_loses_and_doubles_nothing() -> None:
    arguments = [sys.executable, str(BENCHMARK), "--kills", "1", "--writers", "3", "--seconds", "60"]
    with subprocess.Popen(arguments, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as run:
        try:
            said, _ = run.communicate(timeout=150)
        except subprocess.TimeoutExpired:
            run.send_signal(signal.SIGINT)  # it ends what it started
            said, _ = run.communicate(timeout=60)
    assert run.returncode == os.EX_OK, said
    assert "nothing lost, nothing doubled" in said
