"""What the division codes say: parents, levels, collapsed entries, committees, zones."""

from __future__ import annotations

import io
import tarfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from caseway.tenancy import divisions
from caseway.tenancy.errors import DivisionsRefused
from caseway.tenancy.models import Level


@pytest.mark.parametrize(
    ("code", "parent", "level"),
    [
        ("33", None, Level.PROVINCE),
        ("3304", "33", Level.CITY),
        ("330402", "3304", Level.COUNTY),
        ("330402100", "330402", Level.TOWN),
        ("330402100204", "330402100", Level.VILLAGE),
        ("12", None, Level.CITY),
        ("120111", "12", Level.COUNTY),
        ("500229", "50", Level.COUNTY),
        ("419001", "41", Level.COUNTY),
        ("659001", "65", Level.COUNTY),
        ("441900003", "4419", Level.TOWN),
        ("620201100", "6202", Level.TOWN),
        ("460400100", "4604", Level.TOWN),
    ],
)
def test_a_code_tells_its_parent_and_level(code: str, parent: str | None, level: Level) -> None:
    found = divisions.division(code, "名")
    assert found is not None
    assert (found.parent, found.level) == (parent, level)


@pytest.mark.parametrize(
    "code",
    ["1101", "1201", "3101", "5001", "5002", "4190", "4290", "4690", "6590", "441900", "442000", "460400", "620201"],
)
def test_entries_that_are_no_government_are_collapsed(code: str) -> None:
    assert divisions.division(code, "市辖区") is None


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("330402100001", "RESIDENTS"),
        ("330402100199", "RESIDENTS"),
        ("330402100200", "VILLAGERS"),
        ("330402100399", "VILLAGERS"),
        ("330402100400", "LIKE_RESIDENTS"),
        ("330402100500", "LIKE_VILLAGERS"),
        ("330402100600", None),
        ("330402100000", None),
        ("330402100", None),
    ],
)
def test_the_last_three_digits_tell_the_kind_of_committee_not_the_name(code: str, kind: str | None) -> None:
    found = divisions.division(code, "某社区居委会")
    assert found is not None and found.committee_kind == kind


def test_county_numbers_71_to_79_are_statistical_zones() -> None:
    flags = {code: divisions.division(code, "名") for code in ("370971", "370979", "370970", "370983")}
    assert [entry is not None and entry.statistical_only for entry in flags.values()] == [True, True, False, False]


def test_virtual_entries_and_farm_quarters_are_marked() -> None:
    names = ["某某虚拟社区", "一连生活区", "生活区居委会", "大星村委会"]
    marks = [divisions.division(f"65900110{number}001", name) for number, name in enumerate(names)]
    assert [entry is not None and entry.virtual for entry in marks] == [True, True, False, False]


@given(st.text(alphabet="0123456789", min_size=12, max_size=12))
def test_every_village_code_leads_up_to_a_root_through_shorter_codes(code: str) -> None:
    seen = [code]
    while (above := divisions.parent_code(seen[-1])) is not None:
        assert len(above) < len(seen[-1]) and code.startswith(above) and not divisions.collapsed(above)
        seen.append(above)
    assert len(seen[-1]) == 2


def _write(folder: Path, name: str, data: bytes) -> Path:
    (folder / name).write_bytes(data)
    return folder


@pytest.mark.parametrize(
    ("data", "line", "words"),
    [
        (b"code;name\n33;x\n", 1, "code,name"),
        (b"code,name\n33,\xff\xfe\n", 2, "UTF-8"),
        (b"code,name\n33,A\n3x,B\n", 3, "division code"),
        (b"code,name\n333,A\n", 2, "division code"),
        (b"code,name\n33\n", 2, "name"),
        (b"code,name\n33,\x1b[31mA\n", 2, "control characters"),
        ("code,name\n３３,A\n".encode(), 2, "division code"),
    ],
)
def test_a_faulty_line_is_named(tmp_path: Path, data: bytes, line: int, words: str) -> None:
    with pytest.raises(DivisionsRefused, match=words) as refusal:
        list(divisions.read(_write(tmp_path, "provinces.csv", data)))
    assert refusal.value.details["line"] == line and "provinces.csv" in refusal.value.message


def test_names_are_kept_as_given_with_a_byte_order_mark_and_rare_characters(tmp_path: Path) -> None:
    data = '\ufeffcode,name\n42,"高\ue170省"\n'.encode()
    assert [entry.name for entry in divisions.read(_write(tmp_path, "provinces.csv", data))] == ["高\ue170省"]


def test_a_folder_without_division_files_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DivisionsRefused, match="holds none of"):
        list(divisions.read(tmp_path))
    with pytest.raises(DivisionsRefused, match="there is no file or folder"):
        list(divisions.read(tmp_path / "nowhere.tgz"))


def _package(path: Path, members: dict[str, bytes]) -> Path:
    with tarfile.open(path, "w:gz") as package:
        for name, data in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            package.addfile(info, io.BytesIO(data))
    return path


def test_a_packed_package_is_read_as_a_stream_in_any_order(tmp_path: Path) -> None:
    package = _package(
        tmp_path / "set.tgz",
        {
            "package/dist/cities.csv": "code,name,provinceCode\n3304,嘉兴市,33\n".encode(),
            "package/dist/pca.json": b"{}",
            "package/dist/provinces.csv": "code,name\n33,浙江省\n".encode(),
        },
    )
    assert [entry.code for entry in divisions.read(package)] == ["3304", "33"]
    assert sorted(file.name for file in tmp_path.iterdir()) == ["set.tgz"]


def test_a_broken_package_is_refused(tmp_path: Path) -> None:
    good = _package(tmp_path / "set.tgz", {"provinces.csv": b"code,name\n33,A\n" * 2000}).read_bytes()
    for data in (b"not a package", good[: len(good) // 2]):
        (tmp_path / "broken.tgz").write_bytes(data)
        with pytest.raises(DivisionsRefused, match=r"broken\.tgz"):
            list(divisions.read(tmp_path / "broken.tgz"))


def test_a_file_beyond_any_size_of_the_set_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(divisions, "_LARGEST_FILE", 1000)
    with pytest.raises(DivisionsRefused, match="larger than any file"):
        list(divisions.read(_write(tmp_path, "provinces.csv", b"code,name\n" + b"33,A\n" * 1000)))


def test_under_keeps_what_is_below_and_above_a_code(tmp_path: Path) -> None:
    data = "code,name\n33,浙\n3304,嘉\n3305,湖\n330402,南\n330411,秀\n330402100,凤\n".encode()
    found = divisions.read(_write(tmp_path, "offices.csv", data), under="330402")
    assert [entry.code for entry in found] == ["33", "3304", "330402", "330402100"]
