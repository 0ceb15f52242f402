"""What every rule kind is made of: parameters that declare their merge mode, unit, default and description."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from types import MappingProxyType
from typing import Annotated, Any, ClassVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, Strict, StringConstraints
from pydantic.fields import FieldInfo
from pydantic_core import PydanticCustomError, PydanticUndefined

from caseway.rules.kinds.effects import EFFECTS, Effect
from caseway.rules.values import Level, Span, Unit
from caseway.rules.vocabulary import Vocabulary

#: A code that is not on a closed list: upper case letters, digits and underscores.
Code = Annotated[str, StringConstraints(pattern=r"^[A-Z][A-Z0-9_]*$", max_length=64)]
#: A text of the condition language.
Condition = Annotated[str, StringConstraints(min_length=1, max_length=2000)]
Flag = Annotated[bool, Strict()]
Count = Annotated[int, Strict(), Field(ge=1)]
CountOrNone = Annotated[int, Strict(), Field(ge=0)]
Year = Annotated[int, Strict(), Field(ge=1900, le=2999)]


class Merge(Vocabulary):
    """How the value of an office joins the values above it."""

    LOCK = "LOCK", "the value above is fixed"
    MAX = "MAX", "at most the value above"
    MIN = "MIN", "at least the value above"
    SUPERSET = "SUPERSET", "adds to the values above"
    FREE = "FREE", "replaces the value above"
    NONE = "NONE", "is not inherited"


#: Words that stand for a value which somebody has still to decide.
PLACEHOLDERS = ("TENANT_SETS", "UNSPECIFIED")


class Key(StrEnum):
    """The absent value in the key of a rule."""

    ABSENT = ""


@dataclass(frozen=True, slots=True)
class Parameter:
    """What a kind says about one of its parameters."""

    name: str
    #: Name of the attribute of the model; differs from ``name`` only where Python keeps the name for itself.
    attribute: str
    merge: Merge
    description: str
    #: What its number counts, where it has one.
    unit: str | None
    required: bool
    default: Any
    #: For SUPERSET: a child that states the list must repeat what stands above.
    complete: bool
    #: The list is one value: rows of one book do not add to it.
    whole: bool


def param(
    description: str,
    *,
    merge: Merge,
    default: Any = PydanticUndefined,
    unit: str | None = None,
    complete: bool = False,
    whole: bool = False,
    alias: str | None = None,
) -> Any:
    """A parameter of a kind. Without a default it must stand in every row."""
    extra: dict[str, Any] = {"x-merge": merge.value}
    if unit is not None:
        extra["x-unit"] = unit
    if complete:
        extra["x-complete"] = True
    if whole:
        extra["x-whole"] = True
    return Field(default, description=description, json_schema_extra=extra, alias=alias)


class Kind(BaseModel):
    """The parameters of one rule, checked. Absent parameters are ``None`` (or their default) and not in
    ``model_fields_set``; instances never change."""

    model_config = ConfigDict(frozen=True, extra="forbid", arbitrary_types_allowed=False)

    #: The name under which books know the kind.
    kind_name: ClassVar[str]
    #: Parameters whose values say which rows speak of the same thing.
    key_params: ClassVar[tuple[str, ...]]
    #: Parameters that only together say how much is owed; ``compare_paces`` compares them.
    paced: ClassVar[tuple[str, ...]] = ()
    #: Parameters that only make sense together: a book that states one of them replaces all of them.
    together: ClassVar[tuple[str, ...]] = ()
    #: Parameters by which rows of one office are told apart although they speak of the same thing.
    apart_by: ClassVar[tuple[str, ...]] = ()
    #: Where the effect lives; ``kinds/effects.py`` gives it.
    effect_in: ClassVar[Effect]
    parameters: ClassVar[Mapping[str, Parameter]] = MappingProxyType({})

    @classmethod
    def __pydantic_init_subclass__(cls, **kwargs: Any) -> None:
        super().__pydantic_init_subclass__(**kwargs)
        declared = {field.alias or name: _parameter(name, field) for name, field in cls.model_fields.items()}
        cls.parameters = MappingProxyType(declared)
        cls.effect_in = EFFECTS[cls.kind_name]

    @cached_property
    def stated(self) -> Mapping[str, Any]:
        """Parameter -> the value that the row states for it, in the order of the kind; nothing for absent ones."""
        given = self.model_fields_set
        found = {p.name: getattr(self, p.attribute) for p in self.parameters.values() if p.attribute in given}
        return MappingProxyType({name: value for name, value in found.items() if value is not None})

    def given(self, name: str) -> Any:
        """The value that the row states for a parameter; ``None`` if it states none."""
        return self.stated.get(name)

    @cached_property
    def key(self) -> tuple[Any, ...]:
        """Which rows speak of the same thing: the values of ``key_params``, lists as sorted tuples."""
        return tuple(_plain(getattr(self, self.parameters[name].attribute)) for name in self.key_params)

    def reaches_level(self, level: Level) -> bool:
        """Whether the row speaks to offices of a level at all; overridden by kinds that name levels."""
        return True

    def mode_below(self, name: str, level: Level) -> Merge:
        """How the value of this row joins with that of a book below, for an office of that level; overridden where a
        row binds some levels only."""
        return self.parameters[name].merge

    @classmethod
    def compare_paces(cls, left: tuple[Any, ...], right: tuple[Any, ...]) -> int | None:
        """-1, 0 or 1 as the values ``left`` ask for less, the same or more than ``right``; ``None`` if neither
        implies the other."""
        return 0 if left == right else None

    def waits(self) -> str | None:
        """What this very row waits for; ``None`` = it has its effect."""
        return self.effect_in.waits_for

    @cached_property
    def undecided(self) -> tuple[str, ...]:
        """Parameters that hold a placeholder instead of a value."""
        return tuple(name for name, value in self.stated.items() if value in PLACEHOLDERS)


def _parameter(name: str, field: FieldInfo) -> Parameter:
    extra = field.json_schema_extra if isinstance(field.json_schema_extra, dict) else {}
    unit = extra.get("x-unit")
    return Parameter(
        name=field.alias or name,
        attribute=name,
        merge=Merge(str(extra["x-merge"])),
        description=field.description or "",
        unit=str(unit) if unit is not None else None,
        required=field.is_required(),
        default=None if field.is_required() else field.get_default(),
        complete=bool(extra.get("x-complete", False)),
        whole=bool(extra.get("x-whole", False)),
    )


def _plain(value: Any) -> Any:
    if isinstance(value, tuple):
        return tuple(sorted(str(each) for each in value))
    return Key.ABSENT if value is None else value


def distinct(values: tuple[Any, ...], parameter: str) -> None:
    """Refuse a list that names a value twice."""
    seen: set[Any] = set()
    for value in values:
        if value in seen:
            raise PydanticCustomError(
                "duplicate_value", "{value} is given twice", {"value": str(value), "parameter": parameter}
            )
        seen.add(value)


def _positive(span: Span) -> Span:
    if span.n < 1:
        raise PydanticCustomError("not_positive", "a span of time has at least 1 {unit}", {"unit": span.unit.value})
    return span


def _not_negative(span: Span) -> Span:
    if span.n < 0:
        raise PydanticCustomError("not_positive", "a span of time is not negative here", {})
    return span


def _days(span: Span) -> Span:
    if span.unit not in (Unit.DAY, Unit.WORKDAY):
        raise PydanticCustomError(
            "wrong_unit", "{unit} cannot stand here", {"unit": span.unit.value, "units": "DAY or WORKDAY"}
        )
    return span


def _day_of_month(day: int) -> int:
    if not 1 <= day <= 31:
        raise PydanticCustomError("day_out_of_range", "{day} is no day of a month", {"day": day})
    return day


#: A span of at least one unit.
PositiveSpan = Annotated[Span, AfterValidator(_positive)]
#: A span of none or more.
AnySpan = Annotated[Span, AfterValidator(_not_negative)]
#: A span of at least one day or workday.
DaySpan = Annotated[Span, AfterValidator(_positive), AfterValidator(_days)]
#: 1 to 31.
DayOfMonth = Annotated[int, Strict(), AfterValidator(_day_of_month)]
#: The last day that every month has.
SHORTEST_MONTH = 28


def in_every_month(days: tuple[int, ...], short_month: str | None) -> None:
    """Refuse days that some months do not have, unless the row says what happens then."""
    late = [day for day in days if day > SHORTEST_MONTH]
    if late and short_month is None:
        raise PydanticCustomError(
            "day_not_in_every_month", "day {day} does not exist in every month", {"day": late[0], "parameter": "days"}
        )


#: A finite number.
Number = Annotated[int, Strict()] | Annotated[float, Strict(), Field(allow_inf_nan=False)]
