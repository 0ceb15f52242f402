"""A database for one simulation: an embedded PostgreSQL of its own, deleted at the end unless it is to be kept."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from caseway.db import migrate
from caseway.db.address import Address
from caseway.db.embedded import EmbeddedPostgres

_PREFIX = "caseway-simulation-"


@contextmanager
def scratch(*, keep: bool, progress: Callable[[str], None]) -> Iterator[tuple[Address, Path]]:
    """A migrated, empty database and the data directory it lies in. What is kept survives a crash of the machine as any
    other; what is not gives up that safety for speed. A simulation that fails leaves nothing behind."""
    directory = Path(tempfile.mkdtemp(prefix=_PREFIX))
    # The account that a server started by root drops to must get through; the files inside are nobody else's.
    directory.chmod(0o711)
    server = EmbeddedPostgres(directory, durable=keep, progress=progress)
    done = False
    try:
        progress("starting a database for the simulation")
        server.start()
        migrate.upgrade(server.address)
        yield server.address, directory
        done = True
    finally:
        if done and keep:
            server.stop()
        else:
            server.destroy()
            shutil.rmtree(directory, ignore_errors=True)
