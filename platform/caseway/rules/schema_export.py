"""The rule kinds as JSON Schema, for editors and forms outside the platform: ``schema/rule-kinds.json``."""

from __future__ import annotations

import json
from typing import Any

from pydantic.json_schema import GenerateJsonSchema, models_json_schema

from caseway.rules.kinds import KINDS
from caseway.rules.kinds._base import Merge
from caseway.rules.kinds.vocabulary import VOCABULARIES

_DIALECT = "https://json-schema.org/draft/2020-12/schema"


def document() -> dict[str, Any]:
    """One document: ``kinds`` names the schema of each kind's parameters (with ``x-merge``, ``x-unit``, ``x-key``),
    ``vocabularies`` the closed lists with what people read, ``mergeModes`` what the modes mean."""
    models = [(KINDS[name], "validation") for name in sorted(KINDS)]
    _, schema = models_json_schema(
        models,  # type: ignore[arg-type]  # a list of literals, for mypy a list of texts
        schema_generator=GenerateJsonSchema,
        ref_template="#/$defs/{model}",
    )
    definitions: dict[str, Any] = schema["$defs"]
    for kind in KINDS.values():
        definitions[kind.__name__] |= {"x-kind": kind.kind_name, "x-key": list(kind.key_params)}
    for vocabulary in VOCABULARIES.values():
        if vocabulary.__name__ in definitions:
            definitions[vocabulary.__name__]["x-meanings"] = _meanings(vocabulary)
    for definition in definitions.values():
        if "description" in definition:
            definition["description"] = " ".join(definition["description"].split())
    return {
        "$schema": _DIALECT,
        "title": "Parameters of the rule kinds",
        "kinds": {name: {"$ref": f"#/$defs/{KINDS[name].__name__}"} for name in sorted(KINDS)},
        "mergeModes": _meanings(Merge),
        "vocabularies": {name: _meanings(VOCABULARIES[name]) for name in sorted(VOCABULARIES)},
        "$defs": {name: definitions[name] for name in sorted(definitions)},
    }


def text() -> str:
    """The document as it is committed."""
    return json.dumps(document(), ensure_ascii=False, indent=2) + "\n"


def _meanings(vocabulary: Any) -> dict[str, str]:
    return {member.value: member.description for member in vocabulary}
