"""Ranks that rule books name, and their order by authority.

The order is partial: every rank has a family and a grade. Within a family a higher grade is more authority and the same
grade is the same authority; ranks of different families cannot be compared.
"""

from __future__ import annotations

from caseway.rules.vocabulary import Vocabulary


class Rank(Vocabulary):
    """Who owes or decides something, as the rule books name it."""

    ASSIGNING_OFFICE = "ASSIGNING_OFFICE", "交办机关"
    CADRE = "CADRE", "干部"
    CASE_LEAD = "CASE_LEAD", "包案领导"
    CITY_LEADER = "CITY_LEADER", "市级领导"
    CITY_LEADERS_AND_DEPARTMENTS = "CITY_LEADERS_AND_DEPARTMENTS", "市领导及部门负责人"
    COMMUNITY_CADRE = "COMMUNITY_CADRE", "社区干部"
    COUNTY_LEADER = "COUNTY_LEADER", "县领导"
    COURT_HEAD = "COURT_HEAD", "法院主要领导"
    CPPCC = "CPPCC", "政协"
    DEPUTY = "DEPUTY", "副职/其他班子成员"
    DISCIPLINE_LEADERS = "DISCIPLINE_LEADERS", "纪委领导"
    DISTRICT_LEADERS = "DISTRICT_LEADERS", "区级领导"
    DIVISION_DEPUTY = "DIVISION_DEPUTY", "副处级"
    DIVISION_DEPUTY_UP = "DIVISION_DEPUTY_UP", "副处级以上"
    GOV_LEADER = "GOV_LEADER", "政府领导"
    HEADS = "HEADS", "党政主要领导"
    HEAD_PARTY = "HEAD_PARTY", "党委书记"
    IN_CHARGE = "IN_CHARGE", "分管领导"
    LAWYER = "LAWYER", "律师"
    LEADERS = "LEADERS", "本级适用的领导集合 (rank_set)"
    LINKED_LEADER = "LINKED_LEADER", "联系包保领导"
    MIDDLE_UP = "MIDDLE_UP", "中层以上"
    NPC = "NPC", "人大"
    NPC_OR_CPPCC = "NPC_OR_CPPCC", "人大或政协领导"
    OFFICER = "OFFICER", "工作人员"
    OTHER_LEADERS = "OTHER_LEADERS", "其他领导"
    PARTY_COMMITTEE_MEMBER = "PARTY_COMMITTEE_MEMBER", "党委成员"
    PROCURATORATE_HEAD = "PROCURATORATE_HEAD", "检察院主要领导"
    RECEIVING_LEADERS = "RECEIVING_LEADERS", "接访领导集合"
    SECTION_DEPUTY = "SECTION_DEPUTY", "副科级"
    SECTION_HEAD = "SECTION_HEAD", "科室负责人"
    STANDING = "STANDING", "常委"
    TEAM = "TEAM", "班子成员"
    TOWN_AND_DEPT_RESPONSIBLE = "TOWN_AND_DEPT_RESPONSIBLE", "乡镇及部门负责同志"
    TOWN_HEADS = "TOWN_HEADS", "乡镇主要领导"
    TOWN_OFFICER = "TOWN_OFFICER", "乡镇到场人员"
    UNIT_HEAD = "UNIT_HEAD", "单位主要负责人"
    UNIT_OFFICER = "UNIT_OFFICER", "单位到场人员"
    VILLAGE_HEAD = "VILLAGE_HEAD", "村支书/村主任"


#: Authority within the own office, highest last.
_OFFICE = (
    (Rank.OFFICER, Rank.CADRE, Rank.UNIT_OFFICER, Rank.TOWN_OFFICER, Rank.COMMUNITY_CADRE),
    (Rank.SECTION_HEAD, Rank.MIDDLE_UP),
    (Rank.TEAM,),
    (Rank.DEPUTY, Rank.IN_CHARGE, Rank.OTHER_LEADERS, Rank.PARTY_COMMITTEE_MEMBER),
    (Rank.STANDING,),
    (Rank.HEADS, Rank.HEAD_PARTY, Rank.UNIT_HEAD, Rank.VILLAGE_HEAD, Rank.TOWN_HEADS),
)
#: Leaders named by the level they lead.
_AREA = (
    (Rank.TOWN_AND_DEPT_RESPONSIBLE,),
    (Rank.COUNTY_LEADER, Rank.DISTRICT_LEADERS),
    (Rank.CITY_LEADER, Rank.CITY_LEADERS_AND_DEPARTMENTS),
)
#: Grades of the civil service.
_GRADE = ((Rank.SECTION_DEPUTY,), (Rank.DIVISION_DEPUTY, Rank.DIVISION_DEPUTY_UP))

_PLACES: dict[Rank, tuple[str, int]] = {
    rank: (family, grade)
    for family, grades in (("office", _OFFICE), ("area", _AREA), ("grade", _GRADE))
    for grade, ranks in enumerate(grades)
    for rank in ranks
}


def family(rank: Rank) -> str:
    """The family within which a rank can be compared; a rank outside the three orders is a family of its own."""
    return _PLACES.get(rank, (rank.value, 0))[0]


def grade(rank: Rank) -> int:
    """The height within the family: more is more authority."""
    return _PLACES.get(rank, (rank.value, 0))[1]


def compare(left: Rank, right: Rank) -> int | None:
    """-1, 0 or 1 as ``left`` has less, the same or more authority; ``None`` if the two cannot be compared."""
    if left == right:
        return 0
    if family(left) != family(right):
        return None
    return (grade(left) > grade(right)) - (grade(left) < grade(right))
