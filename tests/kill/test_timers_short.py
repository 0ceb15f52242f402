"""The race of workers under kill -9 in its short form; ``benchmarks/timers.py --kills`` does more."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

BENCHMARK = Path(__file__).resolve().parents[2] / "benchmarks" / "timers.py"


def test_racing_workers_that_are_killed_fire_every_timer_exactly_once_or_never_after_its_cancellation() -> None:
    arguments = [sys.executable, str(BENCHMARK), "--kills", "3", "--timers", "1000"]
    with subprocess.Popen(arguments, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as run:
        try:
            said, _ = run.communicate(timeout=150)
        except subprocess.TimeoutExpired:
            run.send_signal(signal.SIGINT)  # it ends what it started
            said, _ = run.communicate(timeout=60)
    assert run.returncode == os.EX_OK, said
    assert "every effect exactly once" in said
