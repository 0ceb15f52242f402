"""The closed lists of codes that rule kinds draw on, each code with what people read."""

from __future__ import annotations

from caseway.rules.values import Level, Period, Rank, Unit
from caseway.rules.vocabulary import Vocabulary


class Trigger(Vocabulary):
    """A property of a matter, or of its handling, on which a rule turns. Never a property of a person."""

    ADVICE_NEEDED = "ADVICE_NEEDED", "需要指导"
    BACKLOG = "BACKLOG", "积案"
    COMMON = "COMMON", "共性"
    COMPLEX = "COMPLEX", "情况复杂"
    CROSS_DEPT = "CROSS_DEPT", "跨部门"
    CROSS_REGION = "CROSS_REGION", "跨地区"
    CROSS_TRADE = "CROSS_TRADE", "跨行业"
    CURRENT_PROMINENT = "CURRENT_PROMINENT", "当前突出"
    DELAY = "DELAY", "拖延"
    DIFFICULT = "DIFFICULT", "疑难"
    DISSATISFIED_PROCESS = "DISSATISFIED_PROCESS", "对过程不满意"
    DISSATISFIED_RESULT = "DISSATISFIED_RESULT", "对结果不满意"
    EMERGING = "EMERGING", "苗头性"
    FALSIFY = "FALSIFY", "弄虚作假"
    FIRST_TIME = "FIRST_TIME", "初信初访"
    FROM_SUPERIOR = "FROM_SUPERIOR", "上级交办"
    GROUP = "GROUP", "群体/集体"
    GROUP_AT_CITY_UP = "GROUP_AT_CITY_UP", "到市以上集体反映的事项"
    GROUP_AT_PROVINCE_OR_CAPITAL = "GROUP_AT_PROVINCE_OR_CAPITAL", "到省进京集体反映的事项"
    GROUP_OCCURRED = "GROUP_OCCURRED", "已发生集体反映"
    HIGH_CASELOAD = "HIGH_CASELOAD", "案件量大"
    HOT_ISSUE = "HOT_ISSUE", "热点问题"
    KEY = "KEY", "重点"
    LED_CASE = "LED_CASE", "包案事项"
    LISTED = "LISTED", "列入清单"
    LONG_DELAY = "LONG_DELAY", "长期拖延"
    LONG_STANDING = "LONG_STANDING", "积案/钉子案/骨头案"
    MAJOR = "MAJOR", "重大"
    MINOR_OFFICIAL_MISCONDUCT = "MINOR_OFFICIAL_MISCONDUCT", "工作人员轻微违规"
    MULTI_DEPT = "MULTI_DEPT", "涉及多部门"
    NEGLECT = "NEGLECT", "失职"
    NO_FEEDBACK = "NO_FEEDBACK", "未反馈"
    ON_SHARED_PLATFORM = "ON_SHARED_PLATFORM", "共享平台上的事项"
    OPINION_NOT_EXECUTED = "OPINION_NOT_EXECUTED", "拒不执行处理意见"
    OTHER = "OTHER", "其他"
    OUT_OF_AUTHORITY = "OUT_OF_AUTHORITY", "超越职权"
    OVERDUE = "OVERDUE", "逾期"
    OWN_PORTFOLIO = "OWN_PORTFOLIO", "分管范围内"
    PERFUNCTORY = "PERFUNCTORY", "敷衍"
    PERSISTENT = "PERSISTENT", "反复到场 (attribute of the visit, not of the person)"
    PERSON_HOUSEHOLD_SPLIT = "PERSON_HOUSEHOLD_SPLIT", "人户分离"
    PERSON_MATTER_SPLIT = "PERSON_MATTER_SPLIT", "人事分离"
    PERSON_RESIDENCE_SPLIT = "PERSON_RESIDENCE_SPLIT", "人居分离"
    POLICY_CONFLICT = "POLICY_CONFLICT", "政策冲突"
    PROCEDURE_BREACH = "PROCEDURE_BREACH", "违反程序"
    PROMINENT = "PROMINENT", "突出"
    RAISED = "RAISED", "已提级"
    RAISED_AT_CAPITAL = "RAISED_AT_CAPITAL", "进京反映的事项"
    REPEAT = "REPEAT", "重复反映的同一事项"
    REPEAT_GTE_3 = "REPEAT_GTE_3", "同一事项3次以上"
    REPRESENTATIVE = "REPRESENTATIVE", "代表性"
    RULE_BREACH = "RULE_BREACH", "违反规定"
    SENSITIVE = "SENSITIVE", "敏感"
    SHIRK = "SHIRK", "推诿"
    SKIP_LEVEL = "SKIP_LEVEL", "越级"
    SPECIAL = "SPECIAL", "特殊"
    STILL_UNRESOLVED = "STILL_UNRESOLVED", "经研判仍未解决"
    SUDDEN = "SUDDEN", "突发"
    TYPICAL = "TYPICAL", "典型"
    UNSOLVED_BELOW = "UNSOLVED_BELOW", "下级未解决"
    UPPER_LEVEL_NEEDED = "UPPER_LEVEL_NEEDED", "需上级解决"
    WIDE_IMPACT = "WIDE_IMPACT", "涉及面广"


class CaseClass(Vocabulary):
    """Class of a case that has limits or outcomes of its own."""

    APPEAL_CLAIM_31_6 = "APPEAL_CLAIM_31_6", "申诉求决类，按第三十一条第六项办理"
    CLEAR_AND_LEGAL = "CLEAR_AND_LEGAL", "事实清楚、合法有据"
    CLEAR_LAW = "CLEAR_LAW", "法律法规明确"
    COMPLEX = "COMPLEX", "复杂"
    DUE_NOT_POSSIBLE = "DUE_NOT_POSSIBLE", "合理但暂不能解决"
    FIRST_TIME = "FIRST_TIME", "初信初访"
    GENERAL = "GENERAL", "一般"
    INQUIRY = "INQUIRY", "咨询"
    MAJOR = "MAJOR", "重大"
    NO_BASIS = "NO_BASIS", "无依据"
    REASONABLE = "REASONABLE", "合理"
    REASONABLE_NOT_YET = "REASONABLE_NOT_YET", "合理但条件不具备"
    REASONABLE_NO_BASIS = "REASONABLE_NO_BASIS", "合理但无政策依据"
    SIMPLE = "SIMPLE", "简易"
    UNREASONABLE = "UNREASONABLE", "不合理"


class Stage(Vocabulary):
    """A stage of the procedure that can have a limit."""

    ACCEPT_NOTICE = "ACCEPT_NOTICE", "受理告知"
    AFTER_VISIT = "AFTER_VISIT", "下访后办结"
    ANSWER = "ANSWER", "答复"
    APPOINTMENT_TO_PLAN = "APPOINTMENT_TO_PLAN", "约访到化解方案"
    APPRAISE = "APPRAISE", "评价"
    ASSIGNED = "ASSIGNED", "交办期限"
    CLOSE_CHECK = "CLOSE_CHECK", "办结审核"
    COORDINATE = "COORDINATE", "协调期限"
    DIRECT_NOTICE = "DIRECT_NOTICE", "直接收到后的告知"
    DISPATCH = "DISPATCH", "派发"
    FORWARD = "FORWARD", "转送"
    HANDLE = "HANDLE", "办理"
    HANDLE_ASSIGNED = "HANDLE_ASSIGNED", "办理交办事项"
    RESPOND = "RESPOND", "响应"
    RESPOND_DISPOSE = "RESPOND_DISPOSE", "响应处置"
    SIGN_AND_ROUTE = "SIGN_AND_ROUTE", "签收并派件"


class Event(Vocabulary):
    """What happens and starts a limit or a duty."""

    ACCEPTED = "ACCEPTED", "受理"
    APPOINTMENT_REQUESTED = "APPOINTMENT_REQUESTED", "申请约访"
    ASSIGNED = "ASSIGNED", "交办"
    CLOSED = "CLOSED", "办结"
    CLUE_FOUND = "CLUE_FOUND", "发现线索"
    DELIVERED = "DELIVERED", "送达"
    DISPATCHED = "DISPATCHED", "派发"
    KEY_CASE_ASSIGNED = "KEY_CASE_ASSIGNED", "重点事项交办"
    NOTIFIED = "NOTIFIED", "通知"
    RECEIVED = "RECEIVED", "收到"
    REGISTERED = "REGISTERED", "登记"
    RESULT_SUBMITTED = "RESULT_SUBMITTED", "提交结果"
    SESSION_START = "SESSION_START", "场次开始"
    SIGNED = "SIGNED", "签收"
    SUPERVISION_RESULT = "SUPERVISION_RESULT", "督办结果"
    URGENT_MATTER = "URGENT_MATTER", "紧急重大事项"
    VISIT_HELD = "VISIT_HELD", "下访结束"


class Form(Vocabulary):
    """How leaders receive or visit."""

    AD_HOC = "AD_HOC", "随机"
    ANY_TIME = "ANY_TIME", "随时"
    APPOINTMENT = "APPOINTMENT", "约访"
    CASE_VISIT = "CASE_VISIT", "带案下访"
    CONCENTRATED = "CONCENTRATED", "集中"
    COUNTY_TOUR_VISIT = "COUNTY_TOUR_VISIT", "县领导巡回下访"
    DEPT_BY_CATEGORY = "DEPT_BY_CATEGORY", "部门分类接访"
    DOOR_RETURN_VISIT = "DOOR_RETURN_VISIT", "上门回访"
    DOOR_VISIT = "DOOR_VISIT", "上门走访"
    FIXED_PLACE = "FIXED_PLACE", "定点接访"
    JOINT = "JOINT", "联合接访"
    KEY_APPOINTMENT = "KEY_APPOINTMENT", "重点约访"
    MULTI_DEPT = "MULTI_DEPT", "多部门联合"
    MULTI_LEADER = "MULTI_LEADER", "多位领导联合"
    ONE_WINDOW = "ONE_WINDOW", "一窗受理"
    ON_SITE = "ON_SITE", "现场接访"
    PROMPT = "PROMPT", "随时接访"
    PUBLIC = "PUBLIC", "公开接访"
    REGULAR = "REGULAR", "定期接访"
    REGULAR_VISIT = "REGULAR_VISIT", "定期下访"
    RETURN_VISIT = "RETURN_VISIT", "回访"
    STANDING = "STANDING", "常态"
    TARGETED_APPOINTMENT = "TARGETED_APPOINTMENT", "定向约访"
    TOPIC_CONSULT = "TOPIC_CONSULT", "专题会商"
    TOWN_ANY_TIME = "TOWN_ANY_TIME", "乡镇随时接访"
    VIDEO = "VIDEO", "视频接访"
    VILLAGE_DOOR_VISIT = "VILLAGE_DOOR_VISIT", "村级上门走访"
    WEEKLY = "WEEKLY", "每周接访"


class Duty(Vocabulary):
    """What a responsible leader owes the matter."""

    ARRANGE = "ARRANGE", "安排"
    ASK = "ASK", "过问"
    BY_LAW = "BY_LAW", "依法处理"
    CLOSE_WITH_ANSWER = "CLOSE_WITH_ANSWER", "答复办结"
    COORDINATE = "COORDINATE", "协调"
    DISPOSE = "DISPOSE", "处置"
    EXPLAIN = "EXPLAIN", "解释"
    FOLLOW_THROUGH = "FOLLOW_THROUGH", "跟进落实"
    FOUR_FIXED_FOUR_DUTIES_TENANT_LISTS = "FOUR_FIXED_FOUR_DUTIES_TENANT_LISTS", "四定四包（由本级列明）"
    HANDLE = "HANDLE", "办理"
    HEAR_PROGRESS = "HEAR_PROGRESS", "听取进展"
    INVESTIGATE = "INVESTIGATE", "调查"
    KNOW = "KNOW", "掌握情况"
    ORGANISE = "ORGANISE", "组织"
    PLAN = "PLAN", "制定方案"
    PRESS_EXECUTION = "PRESS_EXECUTION", "督促落实"
    RECEIVE = "RECEIVE", "接待"
    REVISIT = "REVISIT", "回访"
    SOLVE = "SOLVE", "解决"
    SUPERVISE = "SUPERVISE", "督办"
    TRACK = "TRACK", "跟踪办理进度"


class Channel(Vocabulary):
    """How a matter comes in."""

    FAX = "FAX", "传真"
    LETTER = "LETTER", "来信"
    MAILBOX = "MAILBOX", "信箱"
    NETWORK = "NETWORK", "网上"
    PHONE = "PHONE", "电话"
    QR = "QR", "扫码"
    VISIT = "VISIT", "走访"


class Metric(Vocabulary):
    """A figure with a definition."""

    BACKLOG_OPEN = "BACKLOG_OPEN", "未结积案"
    CLOSURE_RATE = "CLOSURE_RATE", "办结率"
    FIRST_TIME_RESOLUTION_RATE = "FIRST_TIME_RESOLUTION_RATE", "一次性化解率"
    HEARING_COUNT = "HEARING_COUNT", "听证次数"
    INCIDENCE_LOCAL_SKIP = "INCIDENCE_LOCAL_SKIP", "属地越级发生数"
    ITEMS_RECEIVED = "ITEMS_RECEIVED", "受理件数"
    LOCAL_RESOLUTION_RATE = "LOCAL_RESOLUTION_RATE", "属地化解率"
    NAMED_RECEPTION = "NAMED_RECEPTION", "点名接访"
    ON_TIME_ACCEPTANCE_RATE = "ON_TIME_ACCEPTANCE_RATE", "及时受理率"
    ON_TIME_CLOSURE_RATE = "ON_TIME_CLOSURE_RATE", "按期办结率"
    OVERSIGHT_COUNT = "OVERSIGHT_COUNT", "监督次数"
    PERSON_VISITS = "PERSON_VISITS", "走访人次"
    PETITION_VOLUME = "PETITION_VOLUME", "信访总量"
    PROVINCE_ASSESSMENT = "PROVINCE_ASSESSMENT", "省级考核"
    PUBLICITY = "PUBLICITY", "宣传"
    RATING_PARTICIPATION_RATE = "RATING_PARTICIPATION_RATE", "参评率"
    RECEPTION_COUNT = "RECEPTION_COUNT", "接访批次"
    REVIEW_COUNT = "REVIEW_COUNT", "研判次数"
    SATISFACTION_RATE = "SATISFACTION_RATE", "满意率"
    SATISFACTION_RATE_UNIT = "SATISFACTION_RATE_UNIT", "对单位满意率"
    SKIP_LEVEL_VISITS = "SKIP_LEVEL_VISITS", "越级走访"
    SUPERVISED_COUNT = "SUPERVISED_COUNT", "督办件数"
    TRAINING = "TRAINING", "培训"


class Activity(Vocabulary):
    """What leaders are on duty for."""

    APPOINTMENT = "APPOINTMENT", "约访"
    APPOINTMENT_OR_VISIT = "APPOINTMENT_OR_VISIT", "约访或下访"
    CLIENT_MEETING = "CLIENT_MEETING", "与信访人见面"
    DUTY_SHIFT = "DUTY_SHIFT", "值班/值守"
    HOUSEHOLD_VISIT = "HOUSEHOLD_VISIT", "走访"
    LETTER_READING = "LETTER_READING", "批阅来信"
    MEETING_ATTENDANCE = "MEETING_ATTENDANCE", "参加例会"
    RECEPTION = "RECEPTION", "接访"
    RECEPTION_AND_VISIT = "RECEPTION_AND_VISIT", "下访接访"
    RECEPTION_LETTERS_HOTLINE = "RECEPTION_LETTERS_HOTLINE", "接访、阅信、接听来电"
    RECEPTION_OR_VISIT = "RECEPTION_OR_VISIT", "接访或下访"
    VISIT = "VISIT", "下访"


#: Every closed list by the name that rule books give it.
VOCABULARIES: dict[str, type[Vocabulary]] = {
    "activity": Activity,
    "channel": Channel,
    "class": CaseClass,
    "duty": Duty,
    "event": Event,
    "form": Form,
    "level": Level,
    "metric": Metric,
    "period": Period,
    "rank": Rank,
    "stage": Stage,
    "trigger": Trigger,
    "unit": Unit,
}
