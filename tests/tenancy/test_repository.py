"""Reading the tree: up, down, where two offices meet, and pages that neither skip nor repeat."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from caseway.db.keyset import Page
from caseway.db.scope import NO_SCOPE
from caseway.db.session import Database
from caseway.tenancy import changes, repository
from caseway.tenancy.changes import Cause
from caseway.tenancy.models import Level, Office, OfficeKind

from .conftest import NOW, Writer


@pytest.fixture
async def session(tree: Database) -> AsyncIterator[AsyncSession]:
    """A reading session."""
    async with tree.reader(NO_SCOPE) as opened:
        yield opened


@pytest.fixture
async def institutions(write: Writer) -> None:
    """Petition office, discipline body and a department at 嘉兴市 and 南湖区."""
    async with write() as uow:
        for code in ("3304", "330402"):
            seat = await repository.by_code(uow.session, code)
            assert seat is not None
            for mark, kind in (
                ("xfj", OfficeKind.PETITION_OFFICE),
                ("jw", OfficeKind.DISCIPLINE),
                ("zj", OfficeKind.DEPARTMENT),
            ):
                await changes.create(
                    uow,
                    parent=seat,
                    level=Level(seat.level),
                    kind=kind,
                    code=f"{code}-{mark}",
                    name=mark,
                    cause=Cause(at=NOW, source="test"),
                )


async def _get(session: AsyncSession, code: str) -> Office:
    found = await repository.by_code(session, code)
    assert found is not None, code
    return found


async def _walk(session: AsyncSession, area: Office, size: int) -> list[str]:
    page, found = Page(limit=size), []
    while True:
        window = await repository.subtree(session, area, page)
        found += [office.code for office in window.rows]
        if not window.has_next:
            return found
        page = Page(limit=size, after=(window.rows[-1].code, window.rows[-1].id))


async def test_ancestors_come_from_the_root_down(session: AsyncSession) -> None:
    village = await _get(session, "330402100204")
    assert [office.code for office in await repository.ancestors(session, village)] == [
        "33",
        "3304",
        "330402",
        "330402100",
    ]
    assert await repository.ancestors(session, await _get(session, "12")) == []


@pytest.mark.parametrize(
    ("first", "second", "common"),
    [
        ("330402100", "330402101", "330402"),
        ("330402100204", "330411", "3304"),
        ("330402", "330402100204", "330402"),
        ("3304", "3306", "33"),
        ("330402", "330402", "330402"),
        ("33", "12", None),
    ],
)
async def test_two_offices_meet_at_their_lowest_common_superior(
    session: AsyncSession, first: str, second: str, common: str | None
) -> None:
    one, other = await _get(session, first), await _get(session, second)
    for pair in ((one, other), (other, one)):
        found = await repository.lowest_common(session, *pair)
        assert (found.code if found else None) == common


async def test_being_within_an_area_is_a_matter_of_the_path(session: AsyncSession) -> None:
    city, village = await _get(session, "3304"), await _get(session, "330402100204")
    assert repository.is_within(village, city) and repository.is_within(city, city)
    assert not repository.is_within(city, village)


async def test_a_subtree_is_read_page_by_page_without_gap_or_repetition(session: AsyncSession) -> None:
    county = await _get(session, "330424")
    small, large = await _walk(session, county, 7), await _walk(session, county, 100)
    assert small == large == sorted(large) and len(large) == 1 + 9 + 122


async def test_children_are_the_open_offices_directly_below(session: AsyncSession, institutions: None) -> None:
    city = await _get(session, "3304")
    every = await repository.children(session, city.id, Page(limit=100))
    counties = await repository.children(session, city.id, Page(limit=100), kinds=[OfficeKind.GOVERNMENT])
    assert (len(every.rows), len(counties.rows), counties.has_next) == (10, 7, False)
    roots = await repository.children(session, None, Page(limit=3))
    assert [office.code for office in roots.rows] == ["12", "15", "32"] and roots.has_next


@pytest.mark.parametrize(
    ("code", "superior"),
    [
        ("330402-zj", "330402"),
        ("330402-xfj", "3304"),
        ("330402-jw", "3304"),
        ("330402", "3304"),
        ("3304-xfj", "33"),
        ("33", None),
        ("330402100204", "330402100"),
    ],
)
async def test_the_superior_is_the_government_above_what_an_office_acts_for(
    session: AsyncSession, institutions: None, code: str, superior: str | None
) -> None:
    found = await repository.superior(session, await _get(session, code))
    assert (found.code if found else None) == superior


async def test_the_institutions_of_a_government(session: AsyncSession, institutions: None) -> None:
    city = await _get(session, "3304")
    found = await repository.institutions(session, city.id, OfficeKind.PETITION_OFFICE)
    assert [office.code for office in found] == ["3304-xfj"]
    one = await repository.institution(session, city.id, OfficeKind.DISCIPLINE)
    assert one is not None and one.code == "3304-jw"
    assert await repository.institution(session, city.id, OfficeKind.JOINT_CONFERENCE) is None
    assert (await repository.seat(session, one)).id == city.id


@pytest.mark.parametrize(
    ("sender", "receiver", "between"),
    [
        ("3304", "330402100", ["330402"]),
        ("3304-xfj", "330402100204", ["330402", "330402100"]),
        ("3304", "330402", []),
        ("330402", "330411", []),
        ("330402", "3304", []),
        ("3304", "330402-zj", ["330402"]),
        ("3304", "330402-xfj", []),
    ],
)
async def test_the_offices_that_an_order_down_passes_over(
    session: AsyncSession, institutions: None, sender: str, receiver: str, between: list[str]
) -> None:
    found = await repository.skipped(session, await _get(session, sender), await _get(session, receiver))
    assert [office.code for office in found] == between
