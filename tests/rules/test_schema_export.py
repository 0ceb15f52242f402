"""The JSON Schema of the kinds: the committed file is what the code says, and it accepts what the kinds accept."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]
from typer.testing import CliRunner

from caseway import bundle
from caseway.cli import build
from caseway.rules import schema_export
from caseway.rules.kinds import KINDS

from .chains import shipped

COMMITTED = bundle.path("schema", "rule-kinds.json")
WRONG: list[dict[str, Any]] = yaml.safe_load(Path(__file__).with_name("wrong_rows.yaml").read_text("utf-8"))
DOCUMENT = schema_export.document()
#: What JSON Schema does not say here: relations between values, bounds of spans, which units a window may have.
_BEYOND = {
    *("CONTRADICTION", "DUPLICATE_VALUE", "DAY_NOT_IN_EVERY_MONTH", "DAY_OUT_OF_RANGE", "NOT_POSITIVE"),
    "UNKNOWN_KIND",
}


def validator(kind: str) -> Draft202012Validator:
    """Checks the parameters of a kind."""
    return Draft202012Validator({"$ref": DOCUMENT["kinds"][kind]["$ref"], "$defs": DOCUMENT["$defs"]})


def test_the_committed_file_is_what_the_code_says() -> None:
    assert COMMITTED.read_text(encoding="utf-8") == schema_export.text(), "run: caseway schema rule-kinds export"
    assert json.loads(schema_export.text()) == DOCUMENT


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_is_described(kind: str) -> None:
    schema = DOCUMENT["$defs"][KINDS[kind].__name__]
    Draft202012Validator.check_schema(schema)
    assert schema["description"] and "\n" not in schema["description"]
    assert schema["x-kind"] == kind
    assert schema["x-key"] == list(KINDS[kind].key_params)
    assert schema["properties"].keys() == KINDS[kind].parameters.keys()
    for name, each in schema["properties"].items():
        parameter = KINDS[kind].parameters[name]
        assert each["description"] == parameter.description
        assert each["x-merge"] in DOCUMENT["mergeModes"] and each["x-merge"] == parameter.merge
        assert each.get("x-unit") == parameter.unit
        assert ("default" in each) != parameter.required


def test_closed_lists_carry_what_people_read() -> None:
    assert DOCUMENT["vocabularies"]["rank"]["HEADS"] == "党政主要领导"
    assert DOCUMENT["$defs"]["Rank"]["x-meanings"] == DOCUMENT["vocabularies"]["rank"]
    assert all(text for each in DOCUMENT["vocabularies"].values() for text in each.values())


def test_every_row_that_ships_fits_its_schema() -> None:
    for document in shipped().values():
        for row in document.rows:
            assert list(validator(row.kind).iter_errors(dict(row.params))) == [], row.id


@pytest.mark.parametrize(
    "wrong",
    [each for each in WRONG if each["code"] not in _BEYOND and each["parameter"] != "window"],
    ids=lambda each: f"{each['code']} {each['kind']}.{each['parameter']}",
)
def test_rows_of_a_wrong_shape_do_not_fit(wrong: dict[str, Any]) -> None:
    assert list(validator(wrong["kind"]).iter_errors(wrong["params"]))


def test_the_commands_write_and_compare(tmp_path: Path) -> None:
    target = tmp_path / "kinds.json"
    run = CliRunner()
    assert run.invoke(build(), ["schema", "rule-kinds", "export", str(target)]).exit_code == 0
    assert target.read_text(encoding="utf-8") == schema_export.text()
    assert run.invoke(build(), ["schema", "rule-kinds", "check", str(target)]).exit_code == 0
    assert run.invoke(build(), ["schema", "rule-kinds", "check"]).exit_code == 0
    printed = run.invoke(build(), ["schema", "rule-kinds", "export", "-"])
    assert printed.output == schema_export.text()
    target.write_text(schema_export.text().replace("HEADS", "HEAD", 1), encoding="utf-8")
    refused = run.invoke(build(), ["schema", "rule-kinds", "check", str(target)])
    assert refused.exit_code == 1
    assert "HEAD" in refused.output
