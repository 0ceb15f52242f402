"""Which database a process uses: the one in ``DATABASE_URL``, else the embedded one, started when it is needed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from caseway.db.address import Address
from caseway.db.embedded import EmbeddedPostgres
from caseway.settings import Settings


def embedded(settings: Settings, *, progress: Callable[[str], None] = lambda _: None) -> EmbeddedPostgres:
    """The embedded server of the data directory; not started yet."""
    return EmbeddedPostgres(settings.data_dir, progress=progress)


def address(settings: Settings) -> Address:
    """The address of the database. It starts nothing."""
    if settings.embedded:
        return embedded(settings).address
    return Address.parse(settings.database_url.get_secret_value())


@contextmanager
def running(settings: Settings, *, progress: Callable[[str], None] = lambda _: None) -> Iterator[Address]:
    """The address of a database that runs: the embedded one is started before and left afterwards (the last process
    that leaves stops it)."""
    if not settings.embedded:
        yield address(settings)
        return
    server = embedded(settings, progress=progress)
    server.start()
    try:
        yield server.address
    finally:
        server.stop()
