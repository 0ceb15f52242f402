"""Settings read once from the environment (prefix ``CASEWAY_``) and passed down; nobody imports them as a value."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict


def default_data_dir() -> Path:
    """The platform's user data directory: where the embedded database, keys and logs live."""
    if override := os.environ.get("XDG_DATA_HOME"):
        return Path(override) / "caseway"
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Application Support" / "caseway"
    try:
        return Path.home() / ".local" / "share" / "caseway"
    except RuntimeError:  # neither HOME nor an entry in the list of accounts, as in some containers
        return Path.cwd() / "var"


class Settings(BaseSettings):
    """Everything a deployment can set. Environment names are the field names in upper case with ``CASEWAY_``;
    the database address is also read from plain ``DATABASE_URL``."""

    model_config = SettingsConfigDict(env_prefix="CASEWAY_", frozen=True, extra="ignore")

    #: Any PostgreSQL >= 15; empty = the embedded one in ``data_dir``.
    database_url: SecretStr = Field(default_factory=lambda: SecretStr(os.environ.get("DATABASE_URL", "")))
    data_dir: Path = Field(default_factory=default_data_dir)
    host: str = "127.0.0.1"
    port: int = 8000
    #: Behind a transaction pooler that cannot keep prepared statements set "transaction".
    db_pooler: Literal["none", "transaction"] = "none"
    db_pool_size: int = 8
    db_pool_overflow: int = 4
    #: Master key (base64, 32 bytes) that wraps the data keys; empty = created once in ``data_dir/keys``.
    master_key: SecretStr = SecretStr("")
    #: How long an access token counts, and how long a session may be renewed after its login.
    access_token_seconds: int = 900
    refresh_token_seconds: int = 8 * 3600
    #: HTTP edge.
    #: A rule book of 1 MiB fits, also with every character escaped.
    max_body_bytes: int = 2_500_000
    request_timeout_seconds: float = 10.0
    #: A request that takes longer is told in the log, without what it asked.
    slow_request_seconds: float = 1.0
    max_query_depth: int = 12
    max_query_tokens: int = 4_000
    max_query_aliases: int = 30
    max_query_cost: int = 20_000
    #: Costs that one person, and one office, may ask for in a minute, over all processes; 0 = no limit.
    rate_person_per_minute: int = Field(default=2_000_000, ge=0)
    rate_office_per_minute: int = Field(default=20_000_000, ge=0)
    #: Answer reads that are mapped by one statement each; off = everything by resolvers, with the same bytes.
    compiled_reads: bool = True
    #: A manifest of trusted documents, or a folder of them, beside the shipped ones; empty = only those.
    trusted_documents: str = ""
    #: Answer trusted documents only, whoever asks.
    only_trusted_documents: bool = False
    #: Take the hash of a document that was sent before (automatic persisted queries).
    persisted_queries: bool = True
    introspection: bool = True
    graphiql: bool = True
    #: Where the worker sleeps at most between two looks for due timers.
    worker_poll_seconds: float = 1.0
    #: How many timers' batches one worker process works on side by side, each on a connection of its own.
    worker_consumers: int = Field(default=2, ge=1, le=32)
    #: Where messages that offices have something to read are sent to, and the secret they are signed with
    #: (``whsec_…``, Standard Webhooks); empty = nowhere.
    outbox_url: SecretStr = SecretStr("")
    outbox_secret: SecretStr = SecretStr("")
    #: Who may read ``/metrics``: bearer of this token; empty = nobody, there is no such page.
    metrics_token: SecretStr = SecretStr("")
    log_level: str = "INFO"
    log_json: bool = False

    @property
    def embedded(self) -> bool:
        """Whether the platform runs its own PostgreSQL."""
        return not self.database_url.get_secret_value()
