"""The explanation of a limit as a page to print, in Chinese: for the petitioner, who asks when an answer is due, and
for the inspector, who counts it again."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from html import escape

from caseway.clock import SHANGHAI
from caseway.clocks.arithmetic import Limit, Roll, RollOn, Skipped, Unit
from caseway.clocks.explain import ExplainedLimit, Explanation
from caseway.clocks.workflow import ClockKind, Event, Layer, StartEvent, Step

_KINDS = {
    ClockKind.FORWARD: "转送期限",
    ClockKind.DIRECT_NOTICE: "接收告知期限",
    ClockKind.ACCEPT_NOTICE: "受理告知期限",
    ClockKind.SIGN_FOR: "签收期限",
    ClockKind.OBJECT: "提出异议期限",
    ClockKind.ANSWER_OBJECTION: "答复异议期限",
    ClockKind.DECIDE_DISPUTE: "指定管辖期限",
    ClockKind.HANDLE: "办理期限",
    ClockKind.HANDLE_ASSIGNED: "交办事项办理期限",
    ClockKind.ASSIGNED: "交办期限",
    ClockKind.COORDINATE: "协调期限",
    ClockKind.ANSWER: "答复期限",
    ClockKind.DISPATCH: "派发期限",
    ClockKind.SIGN_AND_ROUTE: "签收流转期限",
    ClockKind.RESPOND: "响应期限",
    ClockKind.RESPOND_DISPOSE: "响应处置期限",
    ClockKind.CLOSE_CHECK: "办结审核期限",
    ClockKind.APPRAISE: "分析考评期限",
    ClockKind.REDO: "重办期限",
    ClockKind.REVIEW_WINDOW: "申请复查（复核）期限",
    ClockKind.DECIDE: "复查（复核）期限",
    ClockKind.ORDER: "报告期限",
    ClockKind.ESCALATION_ANSWER: "提级答复期限",
}
_STARTS = {
    StartEvent.RECEIVED: "收到",
    StartEvent.REGISTERED: "登记",
    StartEvent.DISPATCHED: "派发",
    StartEvent.DELIVERED: "送达",
    StartEvent.ASSIGNED: "交办",
    StartEvent.SIGNED: "签收",
    StartEvent.ACCEPTED: "受理",
    StartEvent.RESULT_SUBMITTED: "答复送达",
    StartEvent.CLOSED: "结案",
    StartEvent.ORDERED: "决定",
}
_EVENTS = {
    Event.START: "开始计算",
    Event.STOP: "停止计算",
    Event.RESTART: "撤回后按剩余期限继续计算",
    Event.MOVE: "退回后重新计算",
    Event.EXTEND: "延期",
    Event.RECLASSIFY: "调整类别后重新计算",
    Event.SUSPEND: "听证开始，停止计算",
    Event.RESUME: "听证结束，扣除听证时间",
    Event.REPROJECT: "日历公布后重新计算",
}
_LAYERS = {Layer.LAW: "法规", Layer.OFFICE: "机关规定", Layer.PLATFORM: "平台惯例", Layer.ORDER: "交办要求"}
_UNITS = {
    Unit.DAY: "日",
    Unit.WORKDAY: "个工作日",
    Unit.MONTH: "个月",
    Unit.HOUR: "小时",
    Unit.MINUTE: "分钟",
    Unit.SECOND: "秒",
}
_REST = {"WEEKEND": "周末", "HOLIDAY": "节假日"}
_WEEKDAYS = "一二三四五六日"

_STYLE = (
    "body{font-family:'Noto Serif CJK SC','Songti SC',SimSun,serif;margin:2.5cm auto;max-width:17cm;line-height:1.7}"
    "h1{text-align:center;font-size:1.5rem}table{border-collapse:collapse;width:100%;margin:.5rem 0 1rem}"
    "td,th{border:1px solid #333;padding:.2rem .5rem;text-align:left;vertical-align:top}"
    "th{background:#f3f3f3;font-weight:600}.due{font-size:1.2rem;text-align:center;margin:1rem 0}"
    "@media print{body{margin:0}}"
)


def html(found: Explanation, *, number: str) -> str:
    """A complete HTML document about one limit of the case with that number. No names: offices are in the rules."""
    kind = _KINDS[found.kind]
    body = [
        f"<h1>{kind}说明</h1>",
        f"<p>信访件编号：{escape(number)}</p>",
        f"<p>起算事件：{_STARTS[found.start]}，{_instant(found.started_at)}。"
        f"事件当日不计算在内，自{_day(found.counted_from)}起算。</p>",
        f'<p class="due">截止日期：<strong>{_day(found.due_date)}</strong>'
        f"{'（暂定）' if found.provisional else ''}{_until(found)}</p>",
    ]
    if found.provisional:
        body.append("<p>截止日期所在年份的放假安排尚未公布，公布后将重新计算并记录。</p>")
    body += ["<h2>适用的期限</h2>", "<p>有多个期限同时适用的，以最早到期的为准。</p>", _limits(found.limits)]
    body += [_skipped(each) for each in found.limits if each.skipped]
    if len(found.steps) > 1:
        body += ["<h2>经过</h2>", _steps(found.steps)]
    if found.extension is not None:
        body.append(
            f"<p>延期：最多{_length(found.extension.cap)}，最多{found.extension.times}次"
            f"（{escape(found.extension.cap.source)}）。</p>"
        )
    text = "\n".join(body)
    return (
        f'<!DOCTYPE html>\n<html lang="zh-CN"><head><meta charset="utf-8"><title>{kind}说明</title>'
        f"<style>{_STYLE}</style></head><body>\n{text}\n</body></html>\n"
    )


def _limits(limits: Iterable[ExplainedLimit]) -> str:
    rows = "".join(
        f"<tr><td>{_length(each.pinned.limit)}{_roll(each.pinned.limit)}</td><td>{_LAYERS[each.pinned.layer]}</td>"
        f"<td>{escape(_source(each))}</td><td>{_day(each.due_date)}</td><td>{'是' if each.rules else ''}</td></tr>"
        for each in limits
    )
    return f"<table><tr><th>期限</th><th>层级</th><th>依据</th><th>到期日</th><th>以此为准</th></tr>{rows}</table>"


def _source(each: ExplainedLimit) -> str:
    version = each.pinned.version
    return each.pinned.limit.source if version is None else f"{each.pinned.limit.source}（第{version}版）"


def _skipped(each: ExplainedLimit) -> str:
    days = "、".join(f"{_short(day)}{escape(day.name or _REST.get(day.kind, ''))}" for day in each.skipped)
    return f"<p>{_length(each.pinned.limit)}（{escape(each.pinned.limit.source)}）未计入的日期：{days}。</p>"


def _steps(steps: Iterable[Step]) -> str:
    rows = "".join(
        f"<tr><td>{_instant(each.at)}</td><td>{_EVENTS[each.event]}</td><td>{_day(each.due_date)}</td>"
        f"<td>{escape(each.rule or '')}</td></tr>"
        for each in steps
    )
    return f"<table><tr><th>时间</th><th>事项</th><th>之后的截止日</th><th>依据</th></tr>{rows}</table>"


def _length(limit: Limit) -> str:
    return "当月底" if limit.unit is Unit.END_OF_MONTH else f"{limit.amount}{_UNITS[limit.unit]}"


def _roll(limit: Limit) -> str:
    if limit.roll is Roll.NEVER:
        return ""
    return "，遇法定节假日顺延" if limit.roll_on is RollOn.STATUTORY_HOLIDAY else "，遇休息日顺延"


def _until(found: Explanation) -> str:
    exact = found.ruling.pinned.limit.unit.is_exact
    return f" {found.due_at.astimezone(SHANGHAI):%H:%M:%S}" if exact else " 24时"


def _instant(at: datetime) -> str:
    local = at.astimezone(SHANGHAI)
    return f"{local.year}年{local.month}月{local.day}日 {local:%H:%M}"


def _day(day: date) -> str:
    return f"{day.year}年{day.month}月{day.day}日（星期{_WEEKDAYS[day.weekday()]}）"


def _short(day: Skipped) -> str:
    return f"{day.day.month}月{day.day.day}日"
