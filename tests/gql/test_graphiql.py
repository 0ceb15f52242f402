"""GraphiQL comes from this server alone."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest

from caseway.gql import graphiql
from gql.toy import Toy

BROWSER = {"Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8"}


class _Page(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.lang: str | None = None
        self.addresses: list[str] = []
        self.inline: list[str] = []
        self._open: list[str] = []
        self.title = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._open.append(tag)
        found = dict(attrs)
        self.lang = found.get("lang") or self.lang
        self.addresses += [value for key in ("src", "href", "action") if (value := found.get(key))]
        self.inline += [key for key in found if key.startswith("on") or key == "style"]

    def handle_endtag(self, tag: str) -> None:
        self._open.pop()

    def handle_data(self, data: str) -> None:
        if self._open and self._open[-1] in ("script", "style") and data.strip():
            self.inline.append(data)
        if self._open and self._open[-1] == "title":
            self.title += data


async def test_the_page_asks_nobody_but_this_server() -> None:
    async with Toy().client() as client:
        response = await client.get("/graphql", headers=BROWSER)
        assert response.headers["content-type"] == "text/html; charset=utf-8"
        page = _Page()
        page.feed(response.text)
        assert page.lang == "en" and "GraphiQL" in page.title
        assert page.inline == []
        local = [address for address in page.addresses if address.startswith("/static/graphiql/")]
        assert sorted(set(page.addresses) - set(local)) == ["data:,"]
        for address in local:
            file = await client.get(address)
            assert file.status_code == 200 and file.content
        script = (await client.get("/static/graphiql/start.js")).text
        assert "://" not in script


async def test_the_browser_is_told_to_load_nothing_from_elsewhere() -> None:
    async with Toy().client() as client:
        policy = (await client.get("/graphql", headers=BROWSER)).headers["content-security-policy"]
    assert policy.startswith("default-src 'self'; script-src 'self';")
    assert "://" not in policy and "unsafe-eval" not in policy and "frame-ancestors 'none'" in policy


@pytest.mark.parametrize("name", ["graphiql.min.css", "page.css"])
def test_style_sheets_load_nothing(name: str) -> None:
    css = (graphiql.DIRECTORY / name).read_text(encoding="utf-8")
    assert [
        found for found in re.findall(r"url\(['\"]?([^)'\"]{1,20})", css) if not found.startswith(("data:", "#"))
    ] == []
    assert "@import" not in css


def test_the_vendored_files_name_their_licences_and_no_source_maps() -> None:
    notice = (graphiql.DIRECTORY / "NOTICE").read_text(encoding="utf-8")
    for file in graphiql.DIRECTORY.glob("*.min.*"):
        assert file.name in notice
        assert "sourceMappingURL" not in file.read_text(encoding="utf-8")
    assert sum(file.stat().st_size for file in graphiql.DIRECTORY.iterdir()) < 2_000_000


async def test_the_page_is_for_browsers_and_can_be_switched_off() -> None:
    async with Toy().client() as client:
        assert (await client.get("/graphql", headers={"Accept": "*/*"})).status_code == 400
        query = await client.get("/graphql", params={"query": "{ hello }"}, headers=BROWSER)
        assert query.json()["data"]
        assert (await client.get("/static/graphiql/../http.py")).status_code == 404
        assert (await client.get("/static/graphiql/%2e%2e/%2e%2e/http.py")).status_code == 404
    async with Toy(graphiql=False).client() as client:
        assert (await client.get("/graphql", headers=BROWSER)).status_code == 400
        assert (await client.get("/static/graphiql/start.js")).status_code == 404
