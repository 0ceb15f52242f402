"""The platform with manifests: its own documents and those of a deployment's clients, by their ids, and no others."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from caseway import demo
from caseway.app import trusted_documents
from caseway.cli import schema as commands
from caseway.gql.manifests import ManifestInvalid, sha256
from caseway.settings import Settings
from support import app
from support.app import World
from support.database import Cluster
from support.operations import operations, text

OWN = "query WhoAmI { viewer { person { name } } }"


async def ask(world: World, *, token: str = "", **body: Any) -> dict[str, Any]:
    headers = {"authorization": f"Bearer {token}"} if token else {}
    answer: dict[str, Any] = (await world.client.post("/graphql", json=body, headers=headers)).json()
    return answer


def test_the_committed_manifest_lists_the_shipped_documents() -> None:
    assert commands.committed_manifest().read_text(encoding="utf-8") == commands.manifest_text()
    assert set(trusted_documents(Settings()).values()) == {each.text for each in operations()}


async def test_nothing_but_documents_of_the_manifests_is_answered(cluster: Cluster, tmp_path: Path) -> None:
    manifest = tmp_path / "client.json"
    manifest.write_text(json.dumps({sha256(OWN): OWN}))
    options: dict[str, Any] = {"trusted_documents": str(manifest), "only_trusted_documents": True}
    async with app.world(cluster, tmp_path, **options) as world:
        given = {"input": {"username": "nanhu.clerk", "password": demo.password()}}
        started = await ask(world, documentId=sha256(text("shared/SessionStart")), variables=given)
        token = started["data"]["sessionStart"]["session"]["accessToken"]
        own = await ask(world, token=token, documentId=f"sha256:{sha256(OWN)}")
        assert own["data"]["viewer"]["person"]["name"]
        inbox = await ask(world, token=token, documentId=sha256(text("handler/Inbox")), variables={"first": 5})
        assert "errors" not in inbox, inbox
        refused = await ask(world, token=token, query="query { viewer { person { id } } }")
        assert refused["errors"][0]["extensions"]["code"] == "DOCUMENT_NOT_TRUSTED"
        assert "data" not in refused


def test_a_manifest_that_was_changed_stops_the_start(tmp_path: Path) -> None:
    (tmp_path / "client.json").write_text(json.dumps({sha256(OWN): OWN + " "}))
    with pytest.raises(ManifestInvalid):
        trusted_documents(Settings(trusted_documents=str(tmp_path)))
