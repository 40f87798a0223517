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
    """Seconds that a Retry-After header asks for: a number, or a date. None where there is none that is understood."""
    text = (header or b"").decode("latin-1").strip()
    if text.isdecimal():
        return float(text[:9])
    try:
        return max(0.0, parsedate_to_datetime(text).timestamp() - now)
    except (ValueError, OverflowError):
        return None


class PatientRetry(RetryMiddleware):
    """Scrapy's retries, with the waits."""

    async def process_response(self, request: Request, response: Response) -> Request | Response:  # type: ignore[override]
        answer: Request | Response = super().process_response(request, response)
        if isinstance(answer, Request):
            asked = asked_wait(response.headers.get("Retry-After"), time.time())
            if asked is not None and asked > LONGEST_WAIT:
                self.crawler.spider.give_up(f"the site asks to wait for {asked / 60:.0f} minutes")  # type: ignore[union-attr]
                return response
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
