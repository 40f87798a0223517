"""Failed requests are made again, after the wait that the site asks for, or one that doubles each time.

One request runs at a time, so that waiting here holds the whole crawl still.
"""

from __future__ import annotations

import asyncio
import time
from email.utils import parsedate_to_datetime

from scrapy import Request
from scrapy.downloadermiddlewares.retry import RetryMiddleware
from scrapy.http import Response

LONGEST_WAIT = 600.0  # seconds; a site that wants more of us is left alone until the next run
LONGEST_BACK_OFF = 60.0


def asked_wait(header: bytes | None, now: float) -> float | None:
    """Seconds that a Retry-After header asks for: a number, or a date. None where there is none that asks for any."""
    text = (header or b"").decode("latin-1").strip()
    if text.isdecimal():
        return float(text[:12]) or None
    try:
        seconds = parsedate_to_datetime(text).timestamp() - now
    except (ValueError, OverflowError, OSError):
        return None
    return seconds if seconds > 0 else None  # a clock that is wrong, or an answer that was long on its way


def in_words(seconds: float) -> str:
    """A long time: `25 minutes`, `24 hours`, `3,650 days`."""
    for size, name in ((172_800, "day"), (7_200, "hour")):
        if seconds >= size:
            return f"{seconds / {'day': 86_400, 'hour': 3_600}[name]:,.0f} {name}s"
    return f"{seconds / 60:.0f} minutes"


class PatientRetry(RetryMiddleware):
    """Scrapy's retries, with the waits. A wait that is asked for is kept after the last try too."""

    async def process_response(self, request: Request, response: Response) -> Request | Response:  # type: ignore[override]
        answer: Request | Response = super().process_response(request, response)
        asked = asked_wait(response.headers.get("Retry-After"), time.time())
        busy = response.status in self.retry_http_codes
        if busy and asked and asked > LONGEST_WAIT:
            self.crawler.spider.give_up(f"the site asks to wait for {in_words(asked)}")  # type: ignore[union-attr]
            return response
        lagging = asked and asked <= LONGEST_BACK_OFF and "cached" not in response.flags  # MediaWiki's maxlag is a 200
        if isinstance(answer, Request) or (busy and asked) or lagging:
            await self.wait(request, response.status, asked)
        return answer

    async def process_exception(self, request: Request, exception: Exception) -> Request | Response | None:  # type: ignore[override]
        answer: Request | Response | None = super().process_exception(request, exception)
        if isinstance(answer, Request):
            await self.wait(request, type(exception).__name__, None)
        return answer

    async def wait(self, request: Request, why: object, asked: float | None) -> None:
        """Sleep, but no longer than the crawl runs."""
        delay = self.crawler.settings.getfloat("DOWNLOAD_DELAY")
        doubling = delay * 2 ** (1 + int(request.meta.get("retry_times", 0)))
        seconds = asked if asked is not None else min(doubling, LONGEST_BACK_OFF)
        if seconds >= 1:
            said = "as the site asks" if asked is not None else "before the next try"
            self.crawler.spider.tell(f"{why}: waiting {seconds:.0f} s {said}")  # type: ignore[union-attr]
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0 and self.running():  # noqa: ASYNC110 - it is Ctrl-C that is looked out for
            await asyncio.sleep(min(left, 0.2))

    def running(self) -> bool:
        return bool(self.crawler.engine and self.crawler.engine.running)
