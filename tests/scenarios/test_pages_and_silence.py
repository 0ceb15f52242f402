"""Two things that a petitioner and a receiver rely on: a limit that can be printed and counted again, and the law's
rule that silence accepts an order."""

from __future__ import annotations

from html.parser import HTMLParser

from caseway.clocks import page
from caseway.clocks.workflow import ClockKind, Event, Layer, StartEvent
from support.app import World
from support.scenes import Scene, matter


class Reader(HTMLParser):
    """The words of a page, and whether its tags are closed in order."""

    def __init__(self) -> None:
        super().__init__()
        self.words: list[str] = []
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: object) -> None:
        if tag != "meta":
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.words.append(data.strip())


async def test_the_page_of_a_limit_says_in_chinese_what_the_explanation_says(world: World) -> None:
    scene = Scene(world)
    scene.at("2026-04-30 09:00")
    clerk = scene.desk("jiaxing.clerk")
    made = (await clerk.do("clerk/RegisterCase", **matter("2026-04-30 08:40")))["case"]
    caller = await world.login("jiaxing.clerk")
    text = """query P($id: ID!) { case(id: $id) { number clocks { kind dueOn explanation { page
      limits { limit { source } skippedDays { dayOn } dueOn isRuling } } } } }"""
    shown = (await caller(text, id=made["id"])).data["case"]
    forward = next(each for each in shown["clocks"] if each["kind"] == "FORWARD")
    html = forward["explanation"]["page"]
    assert html.startswith('<!DOCTYPE html>\n<html lang="zh-CN">')
    reader = Reader()
    reader.feed(html)
    assert reader.open == []
    words = " ".join(reader.words)
    assert "转送期限说明" in words
    assert shown["number"] in words
    year, month, day = map(int, forward["dueOn"].split("-"))
    assert f"{year}年{month}月{day}日" in words
    skipped = 0
    for limit in forward["explanation"]["limits"]:
        assert limit["limit"]["source"] in words
        for each in limit["skippedDays"]:
            _, month, day = map(int, each["dayOn"].split("-"))
            assert f"{month}月{day}日" in words
            skipped += 1
    assert skipped, "the first days of May are skipped one by one"


def test_the_page_has_words_for_every_kind_start_event_and_layer() -> None:
    for known, every in (
        (page._KINDS, ClockKind), (page._STARTS, StartEvent), (page._EVENTS, Event), (page._LAYERS, Layer),
    ):  # fmt: skip
        assert set(known) == set(every)


async def test_silence_accepts_an_order(world: World) -> None:
    """Five working days after delivery (2022 regulation, art. 23): then it is too late to object."""
    scene = Scene(world)
    scene.at("2026-03-02 09:00")
    clerk, county = scene.desk("jiaxing.clerk"), scene.desk("nanhu.dispatcher")
    case = (await clerk.do("clerk/RegisterCase", **matter("2026-03-02 08:40")))["case"]["id"]
    order = await clerk.forward(case, await scene.office("330402"))
    await county.sign(order)
    scene.at("2026-03-09 23:59")
    await scene.work()
    assert "order.accepted_by_silence" not in await county.events(case)
    scene.at("2026-03-10 00:00")
    await scene.work()
    assert "order.accepted_by_silence" in await county.events(case)
    await county.refused("dispatcher/ObjectToOrder", orderId=order, reason="不属于本区的事项范围")
    assert (await county.seen(case))["stage"] == "SIGNED"
