"""Documents that a client names instead of sending them: trusted ones, which a manifest lists, and those that some
client sent before together with their hash (automatic persisted queries).

A process remembers a bounded amount of the latter and shares it with no other: whoever asks another one is told that
the document is not found there, and sends it once more, as these clients do by themselves.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping

from caseway.gql.manifests import plain, sha256
from caseway.gql.refusals import (
    DocumentNotTrusted,
    DocumentUnknown,
    PersistedQueryMismatch,
    PersistedQueryNotFound,
    PersistedQueryNotSupported,
)
from caseway.gql.requests import GraphQLRequest


class Texts:
    """From what a client sent to the text of the document that it means."""

    def __init__(
        self,
        trusted: Mapping[str, str],
        *,
        automatic: bool = True,
        only_trusted: bool = False,
        most_texts: int = 1_000,
        most_characters: int = 2_000_000,
    ) -> None:
        """``trusted``: texts by their plain ids. ``automatic``: also take hashes of documents sent before.
        ``only_trusted``: refuse whatever no manifest lists, however it is sent."""
        self._trusted = trusted
        self._allowed = frozenset(trusted.values()) if only_trusted else None
        self._automatic = automatic and not only_trusted
        self._most_texts, self._most_characters = most_texts, most_characters
        self._sent: OrderedDict[str, str] = OrderedDict()
        self._characters = 0

    def of(self, asked: GraphQLRequest) -> str:
        """The text; raises an ``EdgeRefusal`` if it is not known, not what its hash or id says, or not allowed."""
        if asked.query is None:
            return self._named(asked)
        if asked.persisted is not None and asked.persisted != sha256(asked.query):
            raise PersistedQueryMismatch
        if asked.document_id is not None and self._trusted.get(plain(asked.document_id)) != asked.query:
            raise DocumentUnknown
        if self._allowed is not None and asked.query not in self._allowed:
            raise DocumentNotTrusted
        return asked.query

    def keep(self, asked: GraphQLRequest) -> None:
        """Remember a document that was sent with its hash, once it has proved good."""
        digest, text = asked.persisted, asked.query
        if not self._automatic or digest is None or text is None or digest in self._sent:
            return
        self._sent[digest] = text
        self._characters += len(text)
        while len(self._sent) > self._most_texts or self._characters > self._most_characters:
            _, forgotten = self._sent.popitem(last=False)
            self._characters -= len(forgotten)

    def _named(self, asked: GraphQLRequest) -> str:
        if asked.document_id is not None:
            known = self._trusted.get(plain(asked.document_id))
            if known is None:
                raise DocumentUnknown
            return known
        digest = asked.persisted or ""
        known = self._trusted.get(digest)
        if known is not None:
            return known
        if not self._automatic:
            raise PersistedQueryNotSupported("PersistedQueryNotSupported")
        known = self._sent.get(digest)
        if known is None:
            # Clients know both by these very words, or by their codes, and send the document itself.
            raise PersistedQueryNotFound("PersistedQueryNotFound")
        self._sent.move_to_end(digest)
        return known
