"""Facts of events and notices as clients may use them: whatever has a global id is named by it."""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping
from typing import Any

from caseway.gql import ids

#: Facts that name something with a global id, by the type of the id.
_OFFICES = frozenset({"to", "from", "office", "unit", "competent", "copied", "between"})
_PERSONS = frozenset({"person_id", "previous_id", "linked"})
_ORDERS = frozenset({"order_id", "order_ids"})
_CASES = frozenset({"merged_from", "into"})
_ESCALATIONS = frozenset({"escalation_id"})
#: Keys of rows that have no global id: nothing a client could do with them.
_UNTOLD = frozenset({"record_id", "registration_id", "decision_id", "list_id", "duty_id"})


def told(facts: Mapping[str, Any], *, city_id: int) -> dict[str, Any]:
    """The facts of something that belongs to that home city."""
    return {key: _told(key, value, city_id) for key, value in facts.items() if key not in _UNTOLD}


def written(facts: Mapping[str, Any], *, city_id: int) -> str:
    """The same as one text, a JSON object with sorted keys."""
    return json.dumps(told(facts, city_id=city_id), ensure_ascii=False, sort_keys=True)


def _told(key: str, value: Any, city_id: int) -> Any:
    if isinstance(value, list):
        return [_told(key, each, city_id) for each in value]
    if value is None or (value == 0 and key in _PERSONS):
        return None
    if key in _OFFICES and isinstance(value, int):
        return ids.encode("Office", value)
    if key in _PERSONS and isinstance(value, int):
        return ids.encode("Person", value)
    if key in _ORDERS:
        return ids.encode("Order", city_id, uuid.UUID(str(value)))
    if key in _CASES:
        return ids.encode("Case", city_id, uuid.UUID(str(value)))
    if key in _ESCALATIONS:
        return ids.encode("Escalation", city_id, uuid.UUID(str(value)))
    return value
