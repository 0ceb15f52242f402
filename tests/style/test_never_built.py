"""What the platform must never become: nothing in the graph or the tables speaks of petitioners as persons to watch.

The names below belong to concepts that are ruled out for good: profiles, scores, risk, alerts and lists about people,
places and journeys, tasks whose object is a person, searches by identity, rankings by numbers of petitions, and reasons
for closing that are about people giving up. A name that returns here is a decision to be refused, not a test to be
changed. Accountability points at offices and officials, whose names are therefore no petitioners' ones.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import pytest
from graphql import GraphQLSchema, build_schema, is_enum_type, is_input_object_type

import caseway
from caseway import bundle
from caseway.db.base import Model

from .source import texts

#: Words that no type, field, argument, value, table or column may have in its name, by what they would mean.
FORBIDDEN: dict[str, str] = {
    "a judgement of a person": "risk score scoring credit rating profile profiles tag tags label labels behavior "
    "behaviour habit sentiment emotion sincerity trust suspicion suspicious abnormal dangerous extremist troublemaker",
    "a list or alert about people": "blacklist graylist greylist watchlist whitelist keyperson alert alerts alarm "
    "warning stability flagged wanted",
    "where a person is": "location locations latitude longitude gps geo geofence coordinates track tracking trace "
    "travel trip journey ticket tickets train flight hotel vehicle plate device imei camera",
    "who a person is elsewhere": "idcard passport ssn face facial fingerprint iris voiceprint biometric biometrics dna "
    "relatives employer household social wechat weibo",
    "a task about a person": "persuade persuasion dissuade intercept interception accompany escort detain detention "
    "surveil surveillance monitor stakeout controlled",
    "a contest of numbers": "ranking rankings leaderboard quota quotas kpi benchmarked",
    "a feed to others": "police policing prosecution feed",
}
#: Names of several words, as they would be joined.
FORBIDDEN_PHRASES = (
    "id number",
    "identity number",
    "identity card",
    "key person",
    "stopped petitioning",
    "gave up",
    "under control",
    "repeat petitioner",
    "petitioner history",
    "person task",
    "visit task",
)
#: The same in the language of the domain, in no file of ours but this one and documents that rule it out.
FORBIDDEN_TERMS = (
    "稳控",
    "劝返",
    "截访",
    "重点人员",
    "重点人",
    "黑名单",
    "息访",
    "上访人员管控",
    "风险评分",
    "信用评分",
    "积分排名",
    "缠访",
)


def _words(name: str) -> list[str]:
    """``phoneIndex``, ``phone_index`` and ``PHONE_INDEX`` alike as words."""
    return [word.lower() for word in re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+", name)]


def _offence(name: str) -> str | None:
    words = _words(name)
    for meaning, forbidden in FORBIDDEN.items():
        if hit := set(words) & set(forbidden.split()):
            return f"{name}: '{hit.pop()}' would be {meaning}"
    spaced = " ".join(words)
    return next((f"{name}: '{phrase}'" for phrase in FORBIDDEN_PHRASES if phrase in spaced), None)


@pytest.fixture(scope="module")
def graph() -> GraphQLSchema:
    """The committed schema."""
    return build_schema(bundle.text("schema", "schema.graphql"))


def _names_of(graph: GraphQLSchema) -> Iterator[str]:
    for name, kind in graph.type_map.items():
        if name.startswith("__"):
            continue
        yield name
        yield from kind.values if is_enum_type(kind) else ()
        for field, definition in getattr(kind, "fields", {}).items():
            yield field
            yield from getattr(definition, "args", ())


def _tables() -> None:
    for path in Path(caseway.__file__).parent.glob("*/*models.py"):
        import_module(f"caseway.{path.parent.name}.{path.stem}")


def test_the_guard_sees_what_it_is_meant_to_see() -> None:
    caught = ("riskScore", "KeyPersonFlag", "last_location", "personIdNumber", "STOPPED_PETITIONING", "keyPerson")
    assert all(_offence(name) for name in caught)
    assert not any(_offence(name) for name in ("petitioner", "idempotencyKey", "visit", "staffRank", "trackless"))


def test_nothing_in_the_graph_has_such_a_name(graph: GraphQLSchema) -> None:
    assert [offence for name in _names_of(graph) if (offence := _offence(name))] == []


def test_no_table_or_column_has_such_a_name() -> None:
    _tables()
    names = [name for table in Model.metadata.tables.values() for name in (table.name, *table.columns.keys())]
    assert len(names) > 150
    assert [offence for name in names if (offence := _offence(name))] == []


def test_no_permission_event_or_code_has_such_a_name() -> None:
    from caseway.access.permissions import Permission
    from caseway.clocks.timers import TimerKind

    names = [*Permission, *TimerKind]
    assert [offence for name in names if (offence := _offence(name))] == []


def test_the_words_of_control_over_people_are_in_no_file() -> None:
    for path, text in texts():
        if path.startswith(("docs/", "tests/style/")):
            continue
        assert not [term for term in FORBIDDEN_TERMS if term in text], path


def test_petitioners_exist_only_within_a_case() -> None:
    """No table of persons who petition: each row belongs to one registration of one case, every personal value is
    encrypted, and the one index over phone numbers is blind and within a city."""
    _tables()
    petitioner = Model.metadata.tables["petitioner"]
    assert not petitioner.c.case_id.nullable
    assert {key.target_fullname.partition(".")[0] for key in petitioner.foreign_keys} == {"registration"}
    plain = {column.name for column in petitioner.columns if not column.name.endswith(("_enc", "_index"))}
    assert plain == {
        *("city_id", "id", "case_id", "registration_id"),
        *("position", "is_representative", "residence_code"),
    }
    for index in petitioner.indexes:
        assert next(iter(index.columns)).name == "city_id"
    pointing = [
        table.name
        for table in Model.metadata.tables.values()
        for key in table.foreign_keys
        if key.target_fullname.startswith("petitioner.")
    ]
    assert pointing == [], "nothing hangs on a petitioner"


def test_the_graph_reaches_petitioners_through_their_case_only(graph: GraphQLSchema) -> None:
    assert graph.query_type and graph.mutation_type
    for name in graph.query_type.fields:
        assert "petitioner" not in _words(name) and "petitioners" not in _words(name), name
    holders = {
        name
        for name, kind in graph.type_map.items()
        for field in getattr(kind, "fields", {}).values()
        if str(field.type).strip("[]!") == "Petitioner" and not is_input_object_type(kind)
    }
    assert holders <= {"CaseReadIdentityPayload", "CaseIdentity", "Registration", "CaseIdentityReadPayload"}, holders


def test_cases_are_not_looked_for_by_who_brought_them(graph: GraphQLSchema) -> None:
    for name, kind in graph.type_map.items():
        if is_input_object_type(kind) and name.endswith(("Filter", "Order")):
            words = {word for field in kind.fields for word in _words(field)}
            assert not words & {"phone", "petitioner", "petitioners", "name", "address", "residence"}, name


def test_ending_a_case_says_what_was_done_about_the_matter() -> None:
    """Reasons about people giving up are no reasons: 'withdrawn' needs the petitioner's own signed statement (T23)."""
    from caseway.cases import codes, workflow

    values = [
        value
        for module in (codes, workflow)
        for kind in vars(module).values()
        if isinstance(kind, type) and hasattr(kind, "__members__")
        for value in kind.__members__
    ]
    assert len(values) > 30
    assert [offence for value in values if (offence := _offence(value))] == []
