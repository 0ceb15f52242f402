"""The closed lists of the cases slice on the graph, every value described."""

from __future__ import annotations

from caseway.access.permissions import Visibility
from caseway.cases.codes import CloseGround, HandlingKind, Outcome, RecordKind, RefusalGround, StatutoryPath
from caseway.cases.workflow import Action, Channel, Grade, PetitionClass, Proceeding, Stage
from caseway.gql.enums import described

described(
    Stage,
    name="Stage",
    description="Where the work of a proceeding stands 环节.",
    values={
        "REGISTERED": "已登记: entered, not yet sorted.",
        "IN_TRANSIT": "转办在途: sent, not yet signed for; the sender still holds it.",
        "SIGNED": "已签收: the receiver holds it and decides what to do.",
        "OBJECTED": "已提异议: the holder disputes its competence.",
        "ACCEPTED": "已受理: accepted, the petitioner was told; the handling clock runs.",
        "HANDLING": "办理中: inquiry, consultation, mediation, hearing.",
        "ANSWERED": "已答复: the written opinion was served; this is 办结 for statistics.",
        "REDO": "重办: looked at again on a superior's order.",
        "UNDER_REVIEW": "复查/复核中: a review proceeding is open.",
        "CLOSED": "结案: the window lapsed or the agreement was performed.",
        "CONCLUDED": "终结: the second review was served.",
        "NOT_ACCEPTED": "不予受理: refused on a legal ground, with notice.",
        "REDIRECTED": "导入其他程序: led into another statutory procedure.",
        "WITHDRAWN": "撤回: withdrawn by the petitioner.",
        "MERGED": "并案: joined to another case of the same matter.",
        "ARCHIVED": "归档: the file is complete and stored.",
    },
)
described(
    PetitionClass,
    name="PetitionClass",
    description="The three classes of matters (art. 29-31).",
    values={
        "SUGGESTION": "建议意见类: proposals and opinions.",
        "ACCUSATION": "检举控告类: reports of misconduct by officials or units.",
        "APPEAL_CLAIM": "申诉求决类: appeals and claims.",
    },
)
described(
    Channel,
    name="Channel",
    description="How a matter reached an office (art. 17).",
    values={
        "NETWORK": "网上信访: online petition.",
        "LETTER": "来信: letter.",
        "PHONE": "电话: telephone.",
        "FAX": "传真: fax.",
        "VISIT": "走访: visit in person.",
        "MAILBOX": "信箱: letterbox, where the rules of the office offer one.",
        "QR": "扫码: code to scan, where the rules of the office offer one.",
    },
)
described(
    Proceeding,
    name="Proceeding",
    description="Which proceeding on the matter a case is.",
    values={
        "HANDLING": "办理: the first proceeding.",
        "REVIEW": "复查: first review by the next body up.",
        "SECOND_REVIEW": "复核: second and last review.",
    },
)
described(
    RefusalGround,
    name="RefusalGround",
    description="The legal grounds on which a matter is not accepted; there are no others.",
    values={
        "SAME_MATTER_IN_PROGRESS": "The same matter is already accepted or handled within its term (art. 19).",
        "REVIEW_EXHAUSTED": "The second review has concluded the same facts and reasons (art. 36).",
        "STATUTORY_PATH": "Another statutory path exists (art. 31).",
        "LITIGATION": "It belongs to litigation (art. 28).",
    },
)
described(
    StatutoryPath,
    name="StatutoryPath",
    description="Procedure that a matter is led into (art. 28, 31).",
    values={
        "LITIGATION": "诉讼: court proceedings.",
        "ARBITRATION": "仲裁: arbitration.",
        "ADMINISTRATIVE_RECONSIDERATION": "行政复议: administrative reconsideration.",
        "ADMINISTRATIVE_RULING": "行政裁决: administrative ruling.",
        "PARTY_APPEAL": "党员申诉: appeal within the party.",
        "LEGAL_SUPERVISION": "法律监督: supervision by the procuratorate.",
        "OTHER": "Another path; the body is named.",
    },
)
described(
    Outcome,
    name="OpinionOutcome",
    description="What a handling opinion says about the claim (art. 32).",
    values={
        "SUPPORTED": "支持: the claim is supported and will be carried out.",
        "EXPLAINED": "解释说明: explained.",
        "NOT_SUPPORTED": "不予支持: not supported, with reasons.",
    },
)
described(
    HandlingKind,
    name="HandlingKind",
    description="What is done to find an opinion. None of them stops the handling clock.",
    values={
        "INQUIRY": "调查: inquiry.",
        "CONSULTATION": "会商: consultation of others.",
        "MEDIATION": "调解: mediation, with the consent of both sides.",
        "HEARING": "听证: hearing.",
    },
)
described(
    CloseGround,
    name="CloseGround",
    description="Why an answered case is closed. That somebody stopped asking is not a reason.",
    values={
        "AGREEMENT_PERFORMED": "The agreement or supporting opinion was carried out.",
        "WINDOW_LAPSED": "The window to ask for a review has lapsed.",
    },
)
described(
    RecordKind,
    name="RecordKind",
    description="Kind of a text that belongs to a case.",
    values={
        "ACCEPTANCE_NOTICE": "受理告知书: notice of acceptance.",
        "REFUSAL_NOTICE": "不予受理告知书: notice of refusal.",
        "REDIRECTION_NOTICE": "Notice that another procedure decides.",
        "INQUIRY": "Record of an inquiry.",
        "CONSULTATION": "Record of a consultation.",
        "MEDIATION": "Record of a mediation.",
        "HEARING": "Record of a hearing.",
        "EXTENSION_NOTICE": "延期告知书: notice of an extension.",
        "HANDLING_OPINION": "处理意见书: the written opinion.",
        "LEGAL_BASIS": "Legal basis of the opinion.",
        "REMEDIES": "Remedies told with the opinion.",
        "REDO_ORDER": "A superior's order to look at it again.",
        "EXECUTION": "How an opinion or agreement was carried out.",
        "WITHDRAWAL": "The petitioner's signed statement of withdrawal.",
        "ADVICE": "研判意见: a superior's advice.",
        "REPORT_UP": "上报: information given to an upper office.",
        "CONTRIBUTION": "An assisting office's contribution.",
        "SUPERVISION": "督办: what a superior presses for.",
        "SUPERVISION_REPLY": "Written reply to a supervision.",
        "COPY_NOTE": "Note that came with a copy.",
        "NEW_FACTS": "New facts on a matter whose earlier case has ended.",
    },
)
described(
    Visibility,
    name="Visibility",
    description="How much of a case you see.",
    values={
        "NONE": "Nothing: the same answer as for a case that does not exist.",
        "COUNT": "Only inside totals.",
        "STUB": "Id and dates of an accusation that your office handed over.",
        "CARD": "Class, field, stage, holder, due dates.",
        "CONTENT": "Texts and records as well, identity masked.",
        "FULL": "Everything; identity through `caseIdentityRead`.",
    },
)
described(
    Grade,
    name="CaseGrade",
    description="How much a case asks of an office 难易程度; rule books set limits by it.",
    values={
        "GENERAL": "一般, unless somebody says otherwise.",
        "SIMPLE": "简易: clear and small.",
        "COMPLEX": "复杂: needs inquiry over a longer time.",
        "MAJOR": "重大: wide effect or great weight.",
    },
)
described(
    Action,
    name="CaseActionName",
    description="What can be done with a case.",
    values={
        "FORWARD": "转送: send it to the competent office. Mutation `caseForward`.",
        "ASSIGN": "交办: send it down with a limit and a duty to report. Mutation `caseAssign`.",
        "DELIVER_LIST": "一单双交: assign with a responsibility list. Mutation `responsibilityListDeliver`.",
        "HAND_OVER": "移交: hand it to an office at the side. Mutation `caseHandOver`.",
        "HAND_OVER_ACCUSATION": "检举移送: hand it to the discipline body. Mutation `caseHandOverAccusation`.",
        "TAKE_UP": "提级办理: ask the office above to take it (`caseEscalate`), or take it from below (`caseTakeUp`).",
        "HAND_BACK": "交还: return a case that your office took up. Mutation `caseHandBack`.",
        "RECALL": "撤回: take an unsigned order back. Mutation `caseRecall`.",
        "SIGN_FOR": "签收: sign for it; custody moves. Mutation `caseSignFor`.",
        "DEEM_RECEIPT": "视为签收: done by the platform when the limit to sign has lapsed.",
        "OBJECT": "异议: dispute the own competence. Mutation `caseObject`.",
        "AGREE_OBJECTION": "退回: agree to an objection and take it back. Mutation `caseObjectionDecide`.",
        "REFUSE_OBJECTION": "Refuse an objection. Mutation `caseObjectionDecide`.",
        "REFER_DISPUTE": "Put a dispute to the common superior. Mutation `caseDisputeRefer`.",
        "DECIDE_COMPETENCE": "指定管辖: decide who is competent. Mutation `caseCompetenceDecide`.",
        "MOVE_UP": "Done by the platform when nobody in the office may handle it.",
        "SUCCEED": "Done by the platform when the holder was merged.",
        "ACCEPT": "受理. Mutation `caseAccept`.",
        "REFUSE": "不予受理. Mutation `caseRefuseAcceptance`.",
        "REDIRECT": "导入其他程序. Mutation `caseRedirect`.",
        "START_HANDLING": "Begin the inquiry. Mutation `caseStartHandling`.",
        "RECORD_HANDLING": "Record an inquiry, consultation, mediation or hearing. Mutation `caseRecordAdd`.",
        "ASSIST": "协办: ask another office to help. Mutation `caseAssist`.",
        "SUPERVISE": "督办: press and ask for a written reply. Mutation `caseSupervise`.",
        "COPY": "抄送. Mutation `caseCopy`.",
        "EXTEND": "延期. Mutation `caseExtend`.",
        "GRADE": "Say how much the case asks of the office. Mutation `caseGrade`.",
        "ASK_ADVICE": "提级研判: ask the office above for advice. Mutation `caseAskAdvice`.",
        "REPORT_UP": "上报. Mutation `caseReportUp`.",
        "ANSWER": "答复: issue the opinion that was served. Mutation `caseAnswer`.",
        "ORDER_REDO": "重办: order the holder to look again. Mutation `caseOrderRedo`.",
        "RECORD_EXECUTION": "Record how an opinion was carried out. Mutation `caseExecutionRecord`.",
        "CLOSE": "结案. Mutation `caseClose`.",
        "WITHDRAW": "撤回: record the petitioner's withdrawal. Mutation `caseWithdraw`.",
        "MERGE": "并案. Mutation `caseMerge`.",
        "ARCHIVE": "归档. Mutation `caseArchive`.",
        "NEW_FACTS": "Register a new case for new facts. Mutation `caseRegister`.",
        "ASSIGN_HANDLER": "Assign the handler. Mutation `caseHandlerAssign`.",
        "ASSIGN_LEAD": "包案: put a leader in charge. Mutation `caseLeadAssign`.",
        "RECUSE": "回避: declare a direct interest. Mutation `caseRecuse`.",
        "ADD_REGISTRATION": "Add another registration of the matter. Mutation `caseRegistrationAdd`.",
    },
)
