"""The one engine that merges rows down the tree: LOCK, MAX, MIN, SUPERSET, FREE and NONE, with provenance.

Rows come in layers, the law first, the office itself last; the rows of one book are one layer. Every parameter is
folded on its own: a further layer is held against what the layers above it bind. A value that is looser than that is a
finding and has no effect: the stricter one stays.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any, Generic, TypeVar

from caseway.rules import merge_findings as tell
from caseway.rules.findings import Finding, RowRef
from caseway.rules.kinds._base import Kind, Merge, Parameter
from caseway.rules.order import Verdict, against, strictest_bands
from caseway.rules.rows import BookRole, Row
from caseway.rules.values import Level

K = TypeVar("K", bound=Kind)
K_co = TypeVar("K_co", bound=Kind, covariant=True)

_LISTS = (Merge.SUPERSET, Merge.FREE)
_BOUNDS = (Merge.MAX, Merge.MIN)
#: Modes under which a value says nothing to the books below.
_UNBOUND = (Merge.FREE, Merge.NONE)


@dataclass(frozen=True, slots=True)
class SourcedRow(Generic[K_co]):
    """One row that reaches an office, where it stands, and its typed parameters."""

    row: Row
    ref: RowRef
    layer: BookRole
    params: K_co


@dataclass(frozen=True, slots=True)
class Merged(Generic[K]):
    """What rows about the same thing come to."""

    params: K
    provenance: Mapping[str, tuple[RowRef, ...]]
    #: For MAX and MIN: every value that no other one is provably stricter than, the nearest last.
    bounds: Mapping[str, tuple[Any, ...]]
    findings: tuple[Finding, ...]


@dataclass(frozen=True, slots=True)
class _Stated:
    """One value, the rows that state it, and how it joins with values of books below."""

    value: Any
    refs: tuple[RowRef, ...]
    mode: Merge


@dataclass(slots=True)
class _State:
    """What the layers so far come to for one parameter (or for parameters that only together say how much)."""

    #: Values that stand, the nearest last: several only where dates alone can tell which is stricter.
    stands: tuple[_Stated, ...] = ()
    #: The same, of the layers that bind the books below.
    binds: tuple[_Stated, ...] = ()
    findings: list[Finding] = field(default_factory=list)


def merge(model: type[K], rows: Sequence[SourcedRow[K]], *, level: Level, own_books: Collection[str]) -> Merged[K]:
    """What rows of one kind and key come to for an office of a level whose own books are ``own_books``; the rows are in
    the order of their layers, the law first."""
    if len(rows) == 1:
        return _alone(model, rows[0], is_own=rows[0].ref.book in own_books)
    states: dict[str, _State] = {}
    findings: list[Finding] = []
    for book, layer in groupby(rows, key=lambda sourced: sourced.ref.book):
        members = list(layer)
        if len(members) > 1:
            findings += _disagreements(model, members)
        names = dict.fromkeys(name for each in members for name in each.params.stated)
        if not names.keys().isdisjoint(model.together):
            for name in model.together:
                states.pop(name, None)
        for name in names:
            if name in model.paced[1:] or name in model.key_params:
                continue
            state = states.setdefault(name, _State())
            for stated in _stated(model, name, members, level, is_own=book in own_books):
                _fold(model, name, state, stated)
    findings += (finding for state in states.values() for finding in state.findings)
    return _result(model, rows, states, tuple(findings))


def _alone(model: type[K], sourced: SourcedRow[K], *, is_own: bool) -> Merged[K]:
    """What one row by itself comes to: what it says, without what is not inherited."""
    stated = sourced.params.stated
    kept = {name: value for name, value in stated.items() if is_own or model.parameters[name].merge is not Merge.NONE}
    params = sourced.params if len(kept) == len(stated) else _constructed(model, kept)
    bounds = {
        name: (value,)
        for name, value in kept.items()
        if name not in model.paced and model.parameters[name].merge in _BOUNDS
    }
    return Merged(params, dict.fromkeys(kept, (sourced.ref,)), bounds, ())


def _constructed(model: type[K], values: Mapping[str, Any]) -> K:
    return model.model_construct(**values)


def _stated(
    model: type[K], name: str, members: Sequence[SourcedRow[K]], level: Level, *, is_own: bool
) -> Iterator[_Stated]:
    """What one layer says: one united list or mapping, or each scalar that one of its rows states."""
    merge_mode = model.parameters[name].merge
    if merge_mode is Merge.NONE and not is_own:
        return
    given = [each for each in members if name in each.params.stated]
    if name in model.paced:
        for each in given:
            pace = tuple(each.params.given(part) for part in model.paced)
            yield _Stated(pace, (each.ref,), each.params.mode_below(name, level))
        return
    values = [each.params.stated[name] for each in given]
    if len(given) > 1 and _unites(model.parameters[name], values[0]):
        modes = [each.params.mode_below(name, level) for each in given]
        mode = merge_mode if merge_mode in modes else modes[0]
        yield _Stated(_united(values), tuple(each.ref for each in given), mode)
        return
    for value, each in zip(values, given, strict=True):
        yield _Stated(value, (each.ref,), each.params.mode_below(name, level))


def _unites(parameter: Parameter, value: Any) -> bool:
    """Whether rows of one book add to a value instead of contradicting each other."""
    return isinstance(value, tuple | dict) and parameter.merge in _LISTS and not parameter.whole


def _united(values: Sequence[Any]) -> Any:
    if isinstance(values[0], dict):
        return {key: part for value in values for key, part in value.items()}
    return tuple(dict.fromkeys(part for value in values for part in value))


def _fold(model: type[Kind], name: str, state: _State, below: _Stated) -> None:
    """Hold a further value against what binds it, and let it stand where it may."""
    same_book = bool(state.stands) and state.stands[-1].refs[-1].book == below.refs[0].book
    if not state.binds:
        if same_book and state.stands[-1].value == below.value:
            state.stands = (_with_refs(below, state.stands),)
        elif not same_book or below.mode not in _UNBOUND:  # of rows that disagree, the one that binds has the effect
            state.stands = (below,)
    else:
        _bound(model, name, state, below, same_book=same_book)
    if below.mode not in _UNBOUND:
        state.binds = state.stands


def _bound(model: type[Kind], name: str, state: _State, below: _Stated, *, same_book: bool) -> None:
    above = state.binds[-1]
    row, parent = below.refs[0], above.refs[0]
    found: list[Finding] = []
    match above.mode:
        case Merge.SUPERSET:
            left_out = [value for value in above.value if value not in below.value]
            if left_out and model.parameters[name].complete:
                found.append(tell.missing(row, parent, name, left_out))
            state.stands = (_with_refs(_Stated(_united([above.value, below.value]), below.refs, below.mode), (above,)),)
        case Merge.LOCK if above.value == below.value:
            state.stands = (_with_refs(_Stated(above.value, below.refs, above.mode), (above,)),)
        case Merge.LOCK:
            found.append(tell.locked(row, parent, name, below.value, above.value))
        case _ if name in model.paced:
            found += _paced(model, state, below)
        case _ if isinstance(above.value, tuple):
            found += _banded(name, state, below)
        case _:
            found += _bounded(name, state, below)
    # Rows of one book that disagree are a finding of their own.
    state.findings += [] if same_book else found


def _with_refs(stated: _Stated, others: Sequence[_Stated]) -> _Stated:
    """The same value, stated by other rows as well."""
    refs = dict.fromkeys((*(ref for other in others for ref in other.refs), *stated.refs))
    return _Stated(stated.value, tuple(refs), stated.mode)


def _bounded(name: str, state: _State, below: _Stated) -> Iterator[Finding]:
    """MAX and MIN: refuse what is looser than any value above; drop every value that the new one is stricter than."""
    verdicts = [(above, against(above.mode, below.value, above.value)) for above in state.binds]
    for above, verdict in verdicts:
        if verdict is Verdict.LOOSER:
            yield tell.looser(below.refs[0], above.refs[0], name, below.value, above.value, mode=above.mode)
            return
        if verdict is Verdict.INCOMPARABLE:
            yield tell.incomparable(below.refs[0], above.refs[0], name, below.value, above.value)
            return
    equal = [above for above, verdict in verdicts if verdict is Verdict.EQUAL]
    beside = (above for above, verdict in verdicts if verdict is Verdict.UNDECIDED)
    state.stands = (*beside, _with_refs(below, equal))


def _paced(model: type[Kind], state: _State, below: _Stated) -> Iterator[Finding]:
    """Values that only together say how much: what is owed below has to keep what is owed above."""
    above = state.binds[-1]
    order = model.compare_paces(below.value, above.value)
    if order is None or order < 0:
        yield tell.less(below.refs[0], above.refs[0], model.paced, below.value, above.value)
    else:
        state.stands = (_with_refs(below, (above,) if order == 0 else ()),)


def _banded(name: str, state: _State, below: _Stated) -> Iterator[Finding]:
    """Representatives by the size of the group: for every size the fewest that a row allows."""
    above = state.binds[-1]
    if against(above.mode, below.value, above.value) is Verdict.LOOSER:
        yield tell.looser(below.refs[0], above.refs[0], name, below.value, above.value, mode=above.mode)
    strictest = strictest_bands(above.value, below.value)
    if strictest == below.value:
        state.stands = (_with_refs(below, (above,) if above.value == below.value else ()),)
    elif strictest != above.value:
        state.stands = (_with_refs(_Stated(strictest, below.refs, below.mode), (above,)),)


def _result(
    model: type[K], rows: Sequence[SourcedRow[K]], states: Mapping[str, _State], findings: tuple[Finding, ...]
) -> Merged[K]:
    nearest_row = rows[-1].params
    values = {name: nearest_row.stated[name] for name in model.key_params if name in nearest_row.stated}
    everywhere = tuple(each.ref for each in rows)
    provenance: dict[str, tuple[RowRef, ...]] = dict.fromkeys(values, everywhere)
    bounds: dict[str, tuple[Any, ...]] = {}
    for name, state in states.items():
        if not state.stands:
            continue
        stands = state.stands
        refs = stands[0].refs if len(stands) == 1 else tuple({ref: None for each in stands for ref in each.refs})
        nearest = state.stands[-1].value
        parts = zip(model.paced, nearest, strict=True) if name in model.paced else ((name, nearest),)
        for part, value in parts:
            values[part] = value
            provenance[part] = refs
        if model.parameters[name].merge in _BOUNDS and name not in model.paced:
            bounds[name] = tuple(stated.value for stated in state.stands)
    return Merged(_constructed(model, values), provenance, bounds, findings)


def _disagreements(model: type[K], members: Sequence[SourcedRow[K]]) -> Iterator[Finding]:
    """Scalars on which two rows of one book disagree."""
    for position, second in enumerate(members):
        for first in members[:position]:
            if any(second.params.given(name) != first.params.given(name) for name in model.apart_by):
                continue
            for name, value in second.params.stated.items():
                other, mode = first.params.given(name), model.parameters[name].merge
                if other is None or other == value or mode is Merge.NONE:
                    continue
                if not _unites(model.parameters[name], value):
                    yield tell.disagrees(second.ref, first.ref, name, value, other)
