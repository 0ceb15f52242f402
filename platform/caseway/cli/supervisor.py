"""Keeping child processes alive: start, restart with growing pauses, stop gracefully, and never leave one behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

#: Names the inherited end of a pipe whose other end only the supervisor holds: when it closes, the supervisor is gone.
LIFELINE = "CASEWAY_LIFELINE"
#: A child that lived this long (seconds) was well: its next failure is the first again.
_WELL = 30.0
_FIRST_PAUSE, _LONGEST_PAUSE = 0.5, 30.0
#: So many failures in a row before everything was ready once mean that it never will be.
_HOPELESS = 4


@dataclass
class _Child:
    name: str
    arguments: list[str]
    process: subprocess.Popen[bytes] | None = None
    started: float = 0.0
    failures: int = 0
    due: float = 0.0


@dataclass
class Supervisor:
    """Runs children until it is told to stop (SIGINT, SIGTERM or SIGHUP, or ``stop()``)."""

    #: Name and arguments (after the interpreter) of each child.
    commands: Mapping[str, list[str]]
    environment: Mapping[str, str]
    say: Callable[[str], None]
    #: Open files that every child inherits.
    inherited: tuple[int, ...] = ()
    #: Called about once a second, e.g. to see that the database still lives.
    tend: Callable[[], None] = lambda: None
    #: Seconds that children get to finish what they do.
    grace: float = 20.0
    #: A plain flag: signal handlers set it, and one that sets a lock's event while the same thread waits for that
    #: event never returns.
    _stopping: bool = False
    _hurry: bool = False
    _ready: bool = False
    _failed: bool = False

    def stop(self) -> None:
        """Begin to stop; a second call ends the children at once."""
        self._hurry = self._stopping
        self._stopping = True

    def run(self, *, ready: Callable[[], bool], announce: Callable[[], None]) -> int:
        """Run until told to stop. ``ready`` is asked until it says yes, then ``announce`` is called once. Returns the
        exit code: 0 after an orderly stop, 1 when the children could not be brought up."""
        kept, inherited = self._lifeline()
        children = [_Child(name, arguments) for name, arguments in self.commands.items()]
        before = self._take_signals()
        try:
            next_look = 0.0
            while not self._stopping:
                now = time.monotonic()
                for child in children:
                    self._look_after(child, inherited)
                if now >= next_look:
                    next_look = now + 1.0
                    self.tend()
                if not self._ready and ready():
                    self._ready = True
                    announce()
                time.sleep(0.1)
        finally:
            self._end(children)
            for number, handler in before.items():
                signal.signal(number, handler)
            os.close(kept)
            os.close(inherited)
        return 1 if self._failed else 0

    def _look_after(self, child: _Child, inherited: int) -> None:
        now = time.monotonic()
        if child.process is None:
            if now >= child.due:
                child.started = now
                child.process = subprocess.Popen(
                    [sys.executable, *child.arguments],
                    env={**self.environment, LIFELINE: str(inherited)},
                    pass_fds=(inherited, *self.inherited),
                    stdin=subprocess.DEVNULL,
                    start_new_session=True,  # Ctrl-C reaches the supervisor, which stops everything in order
                )
            return
        code = child.process.poll()
        if code is None:
            return
        child.process = None
        child.failures = 1 if now - child.started >= _WELL else child.failures + 1
        pause = min(_LONGEST_PAUSE, _FIRST_PAUSE * 2 ** (child.failures - 1))
        child.due = now + pause
        if not self._ready and child.failures >= _HOPELESS:
            self.say(f"{child.name} ended {child.failures} times at its start; giving up. The reason stands above.")
            self._failed = True
            self._stopping = True
        else:
            self.say(f"{child.name} ended ({_reason(code)}); it starts again in {pause:.1f} s")

    def _end(self, children: Iterable[_Child]) -> None:
        living = [child.process for child in children if child.process is not None]
        for process in living:
            process.terminate()
        deadline = time.monotonic() + self.grace
        while any(process.poll() is None for process in living):
            if self._hurry or time.monotonic() > deadline:
                for process in living:
                    process.kill()
            time.sleep(0.05)

    def _lifeline(self) -> tuple[int, int]:
        inherited, kept = os.pipe()
        return kept, inherited

    def _take_signals(self) -> dict[int, signal._HANDLER]:
        def heed(*_: object) -> None:
            self.stop()

        return {number: signal.signal(number, heed) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}


def end_with_supervisor(grace: float = 20.0) -> None:
    """Called by a child at its start: when the supervisor dies, however it dies, the child stops as if told to, and is
    gone after ``grace`` seconds at the latest. Without a supervisor it does nothing."""
    handle = os.environ.pop(LIFELINE, "")
    if not handle:
        return

    def watch() -> None:
        try:
            os.read(int(handle), 1)  # returns only when the other end is closed
        except (OSError, ValueError):
            return
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(grace)
        os._exit(1)

    threading.Thread(target=watch, name="lifeline", daemon=True).start()


def _reason(code: int) -> str:
    return f"signal {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"
