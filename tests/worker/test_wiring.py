"""What a worker process of this release can do."""

from __future__ import annotations

import subprocess
import sys

from caseway import worker
from caseway.clocks.timers import TimerKind


def test_every_kind_of_timer_has_an_effect() -> None:
    assert set(worker.EFFECTS) == set(TimerKind)


def test_a_worker_process_knows_what_custody_does_when_a_case_ends() -> None:
    """In a process of its own: here other tests may have imported custody already."""
    program = "import sys, caseway.worker; sys.exit('caseway.custody.succession' not in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
