"""Findings about the parameters of one row: what is wrong, said with the parameter's name and a cure."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from caseway.rules.findings import Finding, FindingCode, RowInvalid
from caseway.rules.kinds._base import Kind
from caseway.rules.kinds.forms import Accepted, accepted
from caseway.rules.values import Period, Rank

#: Our own errors of validators -> their code and cure.
_OWN: dict[str, tuple[FindingCode, str]] = {
    "not_positive": (FindingCode.NOT_POSITIVE, "give a number of at least 1"),
    "wrong_unit": (FindingCode.WRONG_UNIT, "use another unit"),
    "day_out_of_range": (FindingCode.DAY_OUT_OF_RANGE, "give days from 1 to 31"),
    "day_not_in_every_month": (
        FindingCode.DAY_NOT_IN_EVERY_MONTH,
        "say what happens then: short_month LAST_DAY or SKIP",
    ),
    "duplicate_value": (FindingCode.DUPLICATE_VALUE, "name it once"),
    "contradiction": (FindingCode.CONTRADICTION, "change one of the two"),
}
_TOO_SMALL = {"greater_than_equal", "greater_than"}
_TOO_LARGE = {"less_than_equal", "less_than"}


def findings_of(model: type[Kind], params: Mapping[str, Any], *, row_id: str = "") -> Kind:
    """The typed parameters. ``RowInvalid`` with one finding for each parameter that is wrong."""
    try:
        return model.model_validate(params)
    except ValidationError as problem:
        raise RowInvalid(_findings(model, params, problem.errors(include_url=False), row_id)) from None


def _findings(
    model: type[Kind], params: Mapping[str, Any], errors: Iterable[ErrorDetails], row_id: str
) -> Iterable[Finding]:
    by_parameter: dict[str, list[ErrorDetails]] = {}
    for error in errors:
        name = str(error["loc"][0]) if error["loc"] else str(error.get("ctx", {}).get("parameter", ""))
        by_parameter.setdefault(name, []).append(error)
    for name, found in by_parameter.items():
        code, message, cure = _told(model, params, name, found)
        yield Finding(code, "", row_id, name, f"{row_id}: {message}" if row_id else message, cure)


def _told(
    model: type[Kind], params: Mapping[str, Any], name: str, errors: list[ErrorDetails]
) -> tuple[FindingCode, str, str]:
    if name and name not in model.parameters:
        return _unknown_parameter(model, name)
    own = next((error for error in errors if error["type"] in _OWN), None)
    if own is not None:
        code, cure = _OWN[own["type"]]
        units = own.get("ctx", {}).get("units")
        return code, f"{name}: {own['msg']}", f"use {units}" if units else cure
    if errors[0]["type"] == "missing" and len(errors[0]["loc"]) == 1:
        return FindingCode.MISSING_PARAMETER, f"{name} is missing", f"give it: {model.parameters[name].description}"
    return _wrong_value(accepted(model, name), name, params.get(name), errors)


def _unknown_parameter(model: type[Kind], name: str) -> tuple[FindingCode, str, str]:
    near = difflib.get_close_matches(name, model.parameters, n=1)
    cure = f"did you mean {near[0]}?" if near else f"use one of {', '.join(model.parameters)}"
    return FindingCode.UNKNOWN_PARAMETER, f"{model.kind_name} has no parameter {name}", cure


def _wrong_value(form: Accepted, name: str, value: Any, errors: list[ErrorDetails]) -> tuple[FindingCode, str, str]:
    wants = form.sentence
    if isinstance(value, Mapping) and form.span:
        inner = next((error for error in errors if error["loc"][-1] in ("n", "unit")), None)
        if inner is not None and inner["loc"][-1] == "unit" and inner["type"] == "enum":
            return FindingCode.WRONG_UNIT, f"{name}: {inner['input']} is no unit of a span", f"use {wants}"
        return FindingCode.WRONG_TYPE, f"{name}: {_short(value)} is no span of time", f"use {wants}"
    bad = next((error for error in errors if error["type"] in ("enum", "literal_error")), None)
    if isinstance(value, str) and form.span and value in Period.__members__ and not form.has(Period):
        return FindingCode.WRONG_UNIT, f"{name}: {value} is a period, and a span is wanted", f"use {wants}"
    if bad is not None and isinstance(bad["input"], str):
        return _unknown_value(form, name, bad["input"])
    error = errors[0]
    if error["type"] in _TOO_SMALL:
        least = error.get("ctx", {}).get("ge", 1)
        code = FindingCode.NOT_POSITIVE if least == 1 else FindingCode.OUT_OF_RANGE
        return code, f"{name}: {_short(error['input'])} is too small", f"give at least {least}"
    if error["type"] in _TOO_LARGE:
        most = error.get("ctx", {}).get("le", 1)
        return FindingCode.OUT_OF_RANGE, f"{name}: {_short(error['input'])} is too large", f"give at most {most}"
    return FindingCode.WRONG_TYPE, f"{name}: {_short(error['input'])} cannot stand here", f"use {wants}"


def _unknown_value(form: Accepted, name: str, value: str) -> tuple[FindingCode, str, str]:
    near = difflib.get_close_matches(value, form.values, n=1)
    cure = f"did you mean {near[0]}?" if near else f"use {form.sentence}"
    if form.has(Rank):
        return FindingCode.UNKNOWN_RANK, f"{name}: there is no rank {_short(value)}", cure
    return FindingCode.UNKNOWN_VALUE, f"{name}: {_short(value)} is not on the list", cure


def _short(value: Any) -> str:
    text = str(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
