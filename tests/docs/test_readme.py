"""The README and the tour stay true: their requests are answered as shown; links, commands and targets exist."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import typer.main
from graphql import parse

from caseway import demo
from caseway.cli import build
from support.app import World

ROOT = Path(__file__).resolve().parents[2]
PAGES = ("README.md", "docs/tour.md")
#: When the run was made that the pages show (local time in China).
TOLD_AT = "2026-11-22 19:30"
#: Stands for the middle of an id, a token or a number.
CUT = "…"

_STEP = re.compile(r"^As (?:nobody yet|`(?P<who>[\w.-]+)`)(?:, `(?P<again>\w+)` again)?:$", re.M)
_FENCE = re.compile(r"^```(graphql|json variables|json answer|sh)\n(.*?)^```$", re.M | re.S)


@dataclass(frozen=True, slots=True)
class Step:
    """One request of a page with the answer it shows."""

    who: str
    document: str
    variables: dict[str, Any]
    answer: dict[str, Any]


def page(name: str) -> str:
    """The text of a page."""
    return (ROOT / name).read_text(encoding="utf-8")


def steps(text: str) -> Iterator[Step]:
    """The requests of a page in their order."""
    documents: dict[str, str] = {}
    starts = [*_STEP.finditer(text)]
    ends = [each.start() for each in starts[1:]] + [len(text)]
    for start, end in zip(starts, ends, strict=True):
        blocks = dict(reversed(_FENCE.findall(text[start.end() : end])))
        if start["again"]:
            document = documents[start["again"]]
        else:
            document = blocks["graphql"]
            documents[re.findall(r"(?:query|mutation) (\w+)", document)[0]] = document
        yield Step(
            start["who"] or "",
            document,
            json.loads(blocks.get("json variables", "{}")),
            json.loads(blocks["json answer"]),
        )


def learn(shown: Any, real: Any, known: dict[str, str]) -> None:
    """Compare an answer with the one shown; what is cut short there is remembered in full, and always the same."""
    if isinstance(shown, dict):
        assert isinstance(real, dict) and list(real) == list(shown)
        for name, value in shown.items():
            learn(value, real[name], known)
    elif isinstance(shown, list):
        assert isinstance(real, list) and len(real) == len(shown)
        for one, other in zip(shown, real, strict=True):
            learn(one, other, known)
    elif isinstance(shown, str) and CUT in shown:
        assert isinstance(real, str) and real.startswith(shown.split(CUT)[0])
        assert known.setdefault(shown, real) == real
    else:
        assert shown == real


def filled(value: Any, known: dict[str, str]) -> Any:
    """Variables as a reader would send them: with what was answered before."""
    if isinstance(value, dict):
        return {name: filled(each, known) for name, each in value.items()}
    if isinstance(value, list):
        return [filled(each, known) for each in value]
    return known[value] if isinstance(value, str) and CUT in value else value


@pytest.mark.parametrize("name", PAGES)
async def test_the_requests_of_a_page_are_answered_as_it_shows(world: World, name: str) -> None:
    world.dial.to(TOLD_AT)
    known: dict[str, str] = {}
    told = list(steps(page(name)))
    assert len(told) >= 7
    for step in told:
        world.dial.by(seconds=1)
        variables = filled(step.variables, known)
        if step.who:
            caller = await world.login(step.who)
            answer = await caller(step.document, **variables)
        else:
            answer = await world.post(step.document, variables, {})
        learn(step.answer, answer.data, known)


def test_the_whole_tour_shows_the_sides_of_the_platform() -> None:
    """Nothing seen next door, a card from above, an objection and a refusal are on it."""
    answers = json.dumps([step.answer for step in steps(page("docs/tour.md"))])
    for shown in ('{"case": null}', '"CARD"', '"FULL"', '"OBJECTED"', '"RETURNED"', '"RECALL_TOO_LATE"'):
        assert shown in answers, shown


@pytest.mark.parametrize("name", PAGES)
def test_links_lead_somewhere(name: str) -> None:
    base = (ROOT / name).parent
    links = re.findall(r"\]\(([^)#]+?)(?:#[^)]*)?\)", page(name))
    assert links
    missing = [each for each in links if "://" not in each and not (base / each).exists()]
    assert missing == []


def test_targets_and_commands_exist() -> None:
    text = page("README.md") + page("docs/tour.md")
    targets = set(re.findall(r"^([a-z]+):", page("Makefile"), re.M))
    assert set(re.findall(r"\bmake ([a-z]+)", text)) <= targets
    program = typer.main.get_command(build())
    for line in re.findall(r"^(?:\.venv/bin/)?caseway ([^#\n`]+)", text, re.M):
        command: Any = program
        for word in line.split():
            if not hasattr(command, "commands"):
                break
            assert word in command.commands, line
            command = command.commands[word]


def test_the_curl_example_is_a_request() -> None:
    (body,) = re.findall(r"-d '(\{.*\})'", page("README.md"))
    parse(json.loads(body)["query"])


def test_the_password_shown_is_the_demos() -> None:
    for name in PAGES:
        assert demo.password() in page(name)


def test_nothing_is_left_to_fill_in() -> None:
    for name in PAGES:
        assert not re.search(r"\b(TBD|placeholder|lorem|to be measured)\b", page(name), re.I)
