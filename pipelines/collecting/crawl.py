"""A source's asks as a Scrapy crawl: each page is journalled before what it leads to is asked for."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import scrapy
from scrapy import signals
from scrapy.crawler import CrawlerProcess
from scrapy.downloadermiddlewares.retry import get_retry_request
from scrapy.exceptions import CloseSpider
from scrapy.extensions.throttle import AutoThrottle
from scrapy.http import Request, Response
from scrapy.robotstxt import RobotParser
from twisted.python.failure import Failure

from pipelines.collecting.faults import reason
from pipelines.collecting.settings import ROBOT
from pipelines.collecting.snapshot import Snapshot
from pipelines.collecting.source import Ask, Page, UnreadableError, WebSource

MOST_FAILURES = 10  # pages in a row that could not be had: the site, not the page, is in trouble
LONGEST_CRAWL_DELAY = 60.0


class Crawl(scrapy.Spider):
    """Follows one source's asks. What it has comes from the snapshot and goes into it."""

    name = "collect"

    def __init__(self, source: WebSource, snapshot: Snapshot, limit: int | None, tell: Callable[[str], None]) -> None:
        super().__init__()
        self.source, self.snapshot, self.left, self.tell = source, snapshot, limit, tell
        self.handle_httpstatus_list = list(source.nothing_there)
        self.asked: set[str] = set()
        self.in_a_row = 0
        self.stopped = ""  # why the crawl ended before its end
        self.crash: BaseException | None = None  # an error that no page is to blame for, such as a full disk

    async def start(self) -> AsyncIterator[Request]:
        """The first pages, no sooner than the pages before them are done: the queue stays short."""
        self.crawler.signals.connect(self.heed_crawl_delay, signal=signals.robots_parsed)
        self.crawler.signals.connect(self.crashed, signal=signals.spider_error)
        for ask in self.source.asks():
            for request in self.requests(ask):
                while self.crawler.engine and self.crawler.engine.needs_backout():
                    await self.crawler.signals.wait_for(signals.scheduler_empty)
                yield request

    def requests(self, ask: Ask) -> Iterator[Request]:
        """A request for a page, or for those that a page known already leads to and that are not known."""
        todo = [ask]
        while todo:
            ask = todo.pop()
            if ask.key in self.asked:
                continue
            self.asked.add(ask.key)
            known = self.snapshot.known(ask)
            if known is None:
                yield self.request(ask)
            else:
                todo += reversed(known)

    def request(self, ask: Ask) -> Request:
        open_path = self.source.options.by_api_policy and ask.url.startswith(
            tuple(self.source.base + path for path in self.source.api_paths)
        )
        meta = {"dont_obey_robotstxt": True} if open_path else {}
        return Request(
            ask.url, self.page, errback=self.failed, cb_kwargs={"ask": ask}, meta=meta, dont_filter=True, priority=0
        )

    def page(self, response: Response, ask: Ask) -> Iterator[Request]:
        """One answer: read it, keep it, go on from it."""
        if self.crash:
            raise CloseSpider("crash")
        try:
            records, following = self.read(response, ask)
        except UnreadableError as error:
            again = response.request and get_retry_request(response.request, spider=self, reason="unreadable")
            if again:
                yield again
            else:
                self.give_up_page(ask, str(error))
            return
        self.keep(ask, records, following)
        self.in_a_row = 0
        for next_ask in following:
            yield from self.requests(next_ask)
        self.count_down()

    def read(self, response: Response, ask: Ask) -> tuple[list[dict[str, Any]], list[Ask]]:
        """The records of an answer and the asks it leads to. Raises UnreadableError."""
        if response.status in self.source.nothing_there:
            return [], []
        page = Page(ask, response.status, response.body, getattr(response, "encoding", None) or "utf-8")
        try:
            found = list(self.source.read(page))
        except (KeyError, TypeError, AttributeError, ValueError) as error:
            raise UnreadableError(f"not in the shape that {self.source.name} has: {error!r:.200}") from None
        following = [item for item in found if isinstance(item, Ask)]
        records = [item for item in found if not isinstance(item, Ask)]
        return records, [Ask(**{**vars(item), "parent": ask.group}) for item in following]

    def keep(self, ask: Ask, records: list[dict[str, Any]], following: list[Ask]) -> None:
        try:
            self.snapshot.write(ask, records, following)
        except OSError as error:  # nothing more can be kept, so nothing more is asked for
            self.crash = error
            raise CloseSpider("crash") from None

    def failed(self, failure: Failure) -> None:
        """A page that could not be had, after every try."""
        request: Request = failure.request  # type: ignore[attr-defined]
        self.give_up_page(request.cb_kwargs["ask"], reason(failure.value, request, self.crawler.settings))

    def give_up_page(self, ask: Ask, why: str) -> None:
        self.snapshot.failed[ask.key] = (ask.url, why)
        self.tell(f"not collected: {ask.url[:150]}: {why}")
        self.in_a_row += 1
        if self.in_a_row >= MOST_FAILURES:
            self.give_up(f"{self.in_a_row} pages in a row could not be had")
        if self.stopped:
            raise CloseSpider(self.stopped)
        self.count_down()

    def crashed(self, failure: Failure) -> None:
        """Scrapy would log it and go on."""
        self.crash = self.crash or failure.value

    def give_up(self, why: str) -> None:
        self.stopped = self.stopped or why

    def count_down(self) -> None:
        if self.left is not None:
            self.left -= 1
            if self.left <= 0:
                raise CloseSpider("limit")

    def heed_crawl_delay(self, robotparser: RobotParser, request: Request) -> None:
        """Go as slowly as robots.txt asks for, within reason."""
        asked = robotparser.crawl_delay(ROBOT)
        throttle = self.crawler.get_extension(AutoThrottle)
        if asked and throttle:
            throttle.mindelay = max(throttle.mindelay, min(float(asked), LONGEST_CRAWL_DELAY))


def crawl(
    source: WebSource, snapshot: Snapshot, settings: dict[str, Any], limit: int | None, tell: Callable[[str], None]
) -> str:
    """Run the crawl to its end; gives why it stopped before, or "". Ctrl-C ends it in good order.

    Once in a process: Twisted's reactor cannot be started again.
    """
    process = CrawlerProcess(settings)
    crawler = process.create_crawler(Crawl)
    ended: list[str] = []
    broken: list[Any] = []

    def closed(spider: Crawl, reason: str) -> None:  # a name keeps it alive: signals hold their receivers weakly
        ended.append(spider.stopped or reason)
        broken.append(spider.crash)

    crawler.signals.connect(closed, signal=signals.spider_closed)
    started = process.crawl(crawler, source=source, snapshot=snapshot, limit=limit, tell=tell)
    started.addErrback(lambda failure: broken.append(failure.value))
    process.start()
    for error in filter(None, broken):
        raise error
    end = ended[0] if ended else "shutdown"  # a second Ctrl-C does not wait for the end
    return "" if end in ("finished", "limit") else end
