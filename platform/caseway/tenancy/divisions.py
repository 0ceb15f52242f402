"""What the national division files say: which rows are offices, of which level, and below what.

The codes carry the tree (GB/T 2260 and the three digits each for town and village), so that a row's parent follows from
its own code. The source holds entries that are no government of their own; they are collapsed into what stands above.
"""

from __future__ import annotations

import csv
import io
import re
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from caseway.tenancy.errors import DivisionsRefused
from caseway.tenancy.models import Level

#: The files that are read, wherever they lie in a folder or package: all five of the national set, or one excerpt.
FILES = ("provinces.csv", "cities.csv", "areas.csv", "streets.csv", "villages.csv", "offices.csv")
#: No file of the set comes near this (villages: 38 MB); a larger one is not what it says it is.
_LARGEST_FILE = 256 * 1024 * 1024
_LONGEST_NAME = 100
#: Names may hold private-use characters (the source writes rare ones so), but nothing that controls a terminal or line.
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")

#: Length of a code -> the level of its office.
_LEVELS = {2: Level.PROVINCE, 4: Level.CITY, 6: Level.COUNTY, 9: Level.TOWN, 12: Level.VILLAGE}
#: Length of a code -> length of the code above it.
_ABOVE = {12: 9, 9: 6, 6: 4, 4: 2}
#: 北京, 天津, 上海, 重庆: province and city at once; their districts hang directly below.
MUNICIPALITIES = frozenset({"11", "12", "31", "50"})
#: City part of the entries that only group the counties a province governs directly (省直辖县级行政区划).
_DIRECTLY_GOVERNED = "90"
#: 嘉峪关市, a city without counties whose pseudo-county does not end in 00.
_PSEUDO_COUNTIES = frozenset({"620201"})


@dataclass(frozen=True, slots=True)
class Division:
    """One office of the source, in the order of the staging table's columns."""

    code: str
    name: str
    #: Code of the office above; None for a root.
    parent: str | None
    level: str
    committee_kind: str | None
    statistical_only: bool
    virtual: bool

    def row(self) -> tuple[str, str, str | None, str, str | None, bool, bool]:
        """The values for the staging table."""
        return (
            self.code,
            self.name,
            self.parent,
            self.level,
            self.committee_kind,
            self.statistical_only,
            self.virtual,
        )


def collapsed(code: str) -> bool:
    """Whether a code of the source is no office: the "districts" and "counties" entries of a municipality, the
    directly governed counties of a province, the single pseudo-county of a city without counties."""
    if len(code) == 4:
        return code[:2] in MUNICIPALITIES or code[2:] == _DIRECTLY_GOVERNED
    return len(code) == 6 and (code.endswith("00") or code in _PSEUDO_COUNTIES)


def parent_code(code: str) -> str | None:
    """The code of the office above; collapsed entries are passed over."""
    while (length := _ABOVE.get(len(code))) is not None:
        code = code[:length]
        if not collapsed(code):
            return code
    return None


def committee_kind(code: str) -> str | None:
    """What kind of committee a village code's last three digits stand for: the name does not tell reliably."""
    if len(code) != 12:
        return None
    number = int(code[9:])
    for last, kind in ((0, None), (199, "RESIDENTS"), (399, "VILLAGERS"), (499, "LIKE_RESIDENTS")):
        if number <= last:
            return kind
    return "LIKE_VILLAGERS" if number <= 599 else None


def division(code: str, name: str) -> Division | None:
    """The office that a row of the source stands for; None for a collapsed entry. ``ValueError`` says what is wrong."""
    level = _LEVELS.get(len(code))
    if level is None or not (code.isascii() and code.isdigit()):
        raise ValueError(f"{code!r} is no division code of 2, 4, 6, 9 or 12 digits")
    if not name or len(name) > _LONGEST_NAME or name != name.strip() or _CONTROL.search(name):
        raise ValueError(f"the name of {code} is empty, too long or holds control characters")
    if collapsed(code):
        return None
    return Division(
        code=code,
        name=name,
        parent=parent_code(code),
        level=Level.CITY if code in MUNICIPALITIES else level,
        committee_kind=committee_kind(code),
        # County numbers 71-79 are development zones that exist for statistics only.
        statistical_only=len(code) == 6 and "71" <= code[4:] <= "79",
        virtual="虚拟" in name or name.endswith("生活区"),
    )


def related(code: str, under: str | None) -> bool:
    """Whether a code lies at, below or above ``under`` (everything does when it is None)."""
    return under is None or code.startswith(under) or under.startswith(code)


def read(source: Path, *, under: str | None = None) -> Iterator[Division]:
    """The offices of a folder of CSV files or of the packed package file (.tgz), read as a stream: nothing is unpacked
    to disk and nothing is kept in memory. With ``under`` only that office, what lies below it and what lies above."""
    found = False
    for name, lines in _files(source):
        found = True
        for number, row in enumerate(csv.reader(_decoded(lines, name)), start=1):
            if number == 1:
                if row[:2] != ["code", "name"]:
                    raise DivisionsRefused(f"{name}:1: the first columns must be code,name", file=name, line=1)
                continue
            if not row:
                continue
            try:
                entry = division(row[0], row[1] if len(row) > 1 else "")
            except ValueError as fault:
                raise DivisionsRefused(f"{name}:{number}: {fault}", file=name, line=number) from None
            if entry is not None and related(entry.code, under):
                yield entry
    if not found:
        raise DivisionsRefused(f"{source.name} holds none of {', '.join(FILES)}", file=source.name)


def _decoded(stream: IO[bytes], name: str) -> Iterator[str]:
    for number, line in enumerate(io.BufferedReader(_Limited(stream, name), 1 << 20), start=1):
        try:
            yield line.decode("utf-8-sig" if number == 1 else "utf-8")
        except UnicodeDecodeError:
            raise DivisionsRefused(f"{name}:{number}: this line is not UTF-8", file=name, line=number) from None


class _Limited(io.RawIOBase):
    """Reads a stream up to the largest size a file of the set may have."""

    def __init__(self, stream: IO[bytes], name: str) -> None:
        self._stream, self._name, self._left = stream, name, _LARGEST_FILE

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]
        data = self._stream.read(len(buffer))
        self._left -= len(data)
        if self._left < 0:
            raise DivisionsRefused(f"{self._name} is larger than any file of the set", file=self._name)
        buffer[: len(data)] = data
        return len(data)


def _files(source: Path) -> Iterator[tuple[str, IO[bytes]]]:
    if source.is_dir():
        for name in FILES:
            if (file := source / name).is_file():
                with file.open("rb") as stream:
                    yield name, stream
        return
    if not source.is_file():
        raise DivisionsRefused(f"there is no file or folder {source}", file=source.name)
    try:
        with tarfile.open(source, mode="r|gz") as package:
            missing = set(FILES)
            for member in package:
                name = member.name.rpartition("/")[2]
                if name not in missing or not member.isfile():
                    continue
                missing.remove(name)
                content = package.extractfile(member)
                if content is not None:
                    yield name, content
                if missing == {"offices.csv"}:
                    return  # the national set is complete: the databases and JSON files behind it need not be unpacked
    except (tarfile.TarError, EOFError, OSError) as fault:
        raise DivisionsRefused(f"{source.name} is not a readable .tgz package: {fault}", file=source.name) from None
